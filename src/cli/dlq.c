/* dlq.c -- drivethru dlq: records that were set aside.
 *
 * A dead-letter topic is any topic whose name ends in "-dlq". Its records carry the original bytes
 * and headers that say where they came from and why they were refused. A sink's dead letters are
 * keyed by sink and place, so that one written twice counts once; the original key is a header. */
#include "base/map.h"
#include "cli/world.h"
#include "data/dead_letter.h"
#include "format/format.h"

#define READ_BYTES_MAX (256 << 10)
#define COMMIT_TIMEOUT_MS 30000

/* Whether a sink's dead letter turned up before. */
static bool is_again(struct map *seen, const struct record *record)
{
    return dead_letter_is_sinks(record) && map_set(seen, record->key, seen) != NULL;
}

/* Calls on_record for every record of the topic, once; stops at the first error. */
static enum err each_record(struct world *world, struct str name,
                            enum err (*on_record)(void *context, const struct record *record,
                                                  int32_t partition, struct why *why),
                            void *context, struct why *why)
{
    const struct log_member_options options = {.name = STR("dlq"), .committed_only = true};
    struct log_member *member;
    struct log_topic *topic;
    struct log_topic_info info;
    struct map seen = {0};
    struct arena arena;
    arena_init(&arena, 0);
    enum err err = log_topic_open(world->log, name, &topic);
    if (err)
        err = why_set(why, err, "no topic '%.*s'", STR_ARGS(name));
    if (err == OK)
        err = log_describe(world->log, name, &arena, &info, why);
    if (err == OK)
        err = log_join(world->log, &options, &member, why);
    if (err)
        goto out;
    for (int32_t p = 0; err == OK && p < topic->partition_count; p++) {
        int64_t offset = info.partitions[p].begin_offset;
        while (err == OK && offset < info.partitions[p].end_offset) {
            struct log_records *records;
            err = log_read(member, topic, p, offset, READ_BYTES_MAX, &records, why);
            if (err)
                break;
            for (uint32_t i = 0; err == OK && i < records->count; i++)
                if (!is_again(&seen, &records->at[i]))
                    err = on_record(context, &records->at[i], p, why);
            offset = records->next_offset;
            log_records_release(records);
        }
    }
    log_leave(member);
out:
    map_release(&seen);
    arena_release(&arena);
    return err;
}

static enum err count_record(void *context, const struct record *record, int32_t partition,
                             struct why *why)
{
    (void)record, (void)partition, (void)why;
    ++*(int64_t *)context;
    return OK;
}

static int list(struct invocation *invocation, struct world *world)
{
    struct str *names;
    size_t count;
    struct why why = {0};
    enum err err = log_list(world->log, &invocation->arena, &names, &count, &why);
    if (err)
        return fail(err, &why);
    printf("%-40s %10s\n", "dead-letter topic", "records");
    for (size_t i = 0; i < count; i++) {
        int64_t records = 0;
        if (!dead_letter_is_topic(names[i]))
            continue;
        err = each_record(world, names[i], count_record, &records, &why);
        if (err)
            return fail(err, &why);
        printf("%-40.*s %10lld\n", STR_ARGS(names[i]), (long long)records);
    }
    return EXIT_OK;
}

static enum err show_record(void *context, const struct record *record, int32_t partition,
                            struct why *why)
{
    struct buf line = {0};
    struct dead_letter letter;
    (void)context, (void)why;
    dead_letter_read(record, &letter);
    buf_printf(&line, "%d/%lld from %.*s/%.*s/%.*s: %.*s\n    value: ", partition,
               (long long)record->offset, STR_ARGS(letter.topic), STR_ARGS(letter.partition),
               STR_ARGS(letter.offset), STR_ARGS(letter.reason));
    format_show(record->value, record->value.data == NULL, NULL, &line);
    buf_append_byte(&line, '\n');
    fwrite(line.data, 1, line.size, stdout);
    buf_release(&line);
    return OK;
}

/* Sends the original bytes back to the topic they came from. */
struct replay {
    struct world *world;
    struct log_member *member;
    uint64_t count;
};

static enum err replay_record(void *context, const struct record *record, int32_t partition,
                              struct why *why)
{
    struct replay *replay = context;
    struct log_topic *topic;
    struct dead_letter letter;
    struct record original;
    int32_t origin;
    bool taken = false;
    (void)partition;
    dead_letter_read(record, &letter);
    enum err err = log_topic_open(replay->world->log, letter.topic, &topic);
    if (err)
        return why_set(why, err, "no topic '%.*s' to send the record back to",
                       STR_ARGS(letter.topic));
    if (dead_letter_original(record, &original, &origin) != OK || origin >= topic->partition_count)
        return why_set(why, ERR_CORRUPT, "record %lld does not say which partition it came from",
                       (long long)record->offset);
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    err = record_batch_add(&builder, &original);
    if (err == OK) {
        record_batch_finish(&builder);
        const struct log_append append = {.topic = topic,
                                          .partition = origin,
                                          .batch = builder.buf.data,
                                          .batch_size = builder.buf.size};
        const struct log_step step = {.appends = &append, .append_count = 1};
        err = log_commit_wait(replay->member, &step, COMMIT_TIMEOUT_MS, &taken);
    }
    if (taken)
        builder.buf = (struct buf){0};
    record_batch_builder_release(&builder);
    if (err == OK)
        replay->count++;
    return err;
}

static enum err drop_records(struct world *world, struct str name, struct arena *arena,
                             struct why *why)
{
    const struct log_member_options options = {.name = STR("dlq")};
    struct log_topic_info info;
    struct log_topic *topic;
    struct log_member *member;
    bool taken = false;
    enum err err = log_topic_open(world->log, name, &topic);
    if (err)
        return why_set(why, err, "no topic '%.*s'", STR_ARGS(name));
    err = log_describe(world->log, name, arena, &info, why);
    if (err == OK)
        err = log_join(world->log, &options, &member, why);
    if (err)
        return err;
    struct log_trim *trims =
        ARENA_ARRAY(arena, struct log_trim, (size_t)info.config.partition_count);
    for (int32_t p = 0; p < info.config.partition_count; p++)
        trims[p] = (struct log_trim){topic, p, info.partitions[p].end_offset};
    const struct log_step step = {.trims = trims,
                                  .trim_count = (uint32_t)info.config.partition_count};
    err = log_commit_wait(member, &step, COMMIT_TIMEOUT_MS, &taken);
    log_leave(member);
    return err;
}

static enum err replay_topic(struct world *world, struct str name, struct arena *arena,
                             struct why *why)
{
    const struct log_member_options options = {.name = STR("dlq replay")};
    struct replay replay = {.world = world};
    enum err err = log_join(world->log, &options, &replay.member, why);
    if (err)
        return err;
    err = each_record(world, name, replay_record, &replay, why);
    log_leave(replay.member);
    fprintf(stderr, "%llu records sent back\n", (unsigned long long)replay.count);
    return err ? err : drop_records(world, name, arena, why);
}

static int run(struct invocation *invocation)
{
    struct world world;
    struct why why = {0};
    const struct str verb = invocation->argument_count > 0 ? invocation->arguments[0] : STR("");
    const struct str name = invocation->argument_count > 1 ? invocation->arguments[1] : STR("");
    const bool listing = str_equal(verb, STR("list"));
    const bool showing = str_equal(verb, STR("show"));
    const bool replaying = str_equal(verb, STR("replay"));
    const bool dropping = str_equal(verb, STR("drop"));
    if (!listing && (!(showing || replaying || dropping) || name.size == 0))
        return fail_usage(&command_dlq, "say list, or show, replay or drop and a topic");
    if (name.size > 0 && !dead_letter_is_topic(name))
        return fail_usage(&command_dlq, "'%.*s' is no dead-letter topic: those end in -dlq",
                          STR_ARGS(name));
    enum err err = world_open(invocation, WORLD_LOG | WORLD_EXISTING, &world, &why);
    if (err)
        return fail(err, &why);
    int code = EXIT_OK;
    if (listing)
        code = list(invocation, &world);
    if (showing)
        err = each_record(&world, name, show_record, NULL, &why);
    if (replaying)
        err = replay_topic(&world, name, &invocation->arena, &why);
    if (dropping)
        err = drop_records(&world, name, &invocation->arena, &why);
    if (err)
        code = fail(err, &why);
    world_close(&world);
    return code;
}

const struct command command_dlq = {
    .name = "dlq",
    .summary = "list, show, send back or drop records that were set aside",
    .usage = "dlq list | show TOPIC | replay TOPIC | drop TOPIC [flags]",
    .flags = "data config",
    .examples = "  drivethru dlq list\n"
                "  drivethru dlq show drivethru-dlq\n"
                "  drivethru dlq replay mcd-documents-dlq\n",
    .run = run,
};
