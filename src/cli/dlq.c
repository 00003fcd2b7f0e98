/* dlq.c -- drivethru dlq: records that were set aside. Letters stay until they are dropped. */
#include "base/json.h"
#include "cli/printable.h"
#include "cli/world.h"
#include "format/format.h"
#include "letters/letters.h"

#define COMMIT_TIMEOUT_MS 30000

/* By its name, or by what it begins with: a connector's may have any name. */
static bool is_dead_letter_topic(struct world *world, struct str name)
{
    return dead_letter_is_topic(name) || letters_are_in(world->log, name);
}

static int list(struct invocation *invocation, struct world *world)
{
    struct str *names;
    size_t count;
    struct why why = {0};
    enum err err = log_list(world->log, &invocation->arena, &names, &count, &why);
    if (err)
        return fail(err, &why);
    printf("%-40s %10s %10s\n", "dead-letter topic", "letters", "sent back");
    for (size_t i = 0; i < count; i++) {
        struct letters letters;
        struct letter letter;
        uint64_t letter_count = 0;
        uint64_t sent_count = 0;
        if (!is_dead_letter_topic(world, names[i]))
            continue;
        err = letters_open(world->log, names[i], &letters, &why);
        while (err == OK && (err = letters_next(&letters, &letter, &why)) == OK) {
            letter_count++;
            sent_count += letter.is_sent_back;
        }
        letters_release(&letters);
        if (err != ERR_NOT_FOUND)
            return fail(err, &why);
        printf("%-40.*s %10llu %10llu\n", STR_ARGS(names[i]), (unsigned long long)letter_count,
               (unsigned long long)sent_count);
    }
    return EXIT_OK;
}

static void write_member(struct buf *line, const char *name, struct str text)
{
    buf_printf(line, ",\"%s\":", name);
    json_write_string(line, text);
}

/* A number as one, "?" as text. */
static void write_number(struct buf *line, const char *name, struct str text)
{
    int64_t number;
    if (str_to_int64(text, &number) == OK)
        buf_printf(line, ",\"%s\":%lld", name, (long long)number);
    else
        write_member(line, name, text);
}

/* One letter as a line of JSON: nothing in it can touch the terminal. */
static void show_letter(const struct letter *letter)
{
    struct buf line = {0};
    struct record original;
    int32_t origin;
    const struct record *record = letter->record;
    if (dead_letter_original(record, &original, &origin) != OK)
        original = *record;
    buf_printf(&line, "{\"letter\":\"%d/%lld\",\"sent_back\":%s", letter->partition,
               (long long)record->offset, letter->is_sent_back ? "true" : "false");
    write_member(&line, "topic", letter->says.topic);
    write_number(&line, "partition", letter->says.partition);
    write_number(&line, "offset", letter->says.offset);
    write_member(&line, "by", letter->says.by);
    write_member(&line, "stage", letter->says.stage);
    write_member(&line, "reason", letter->says.reason);
    buf_append_str(&line, STR(",\"key\":"));
    format_show(original.key, original.key.data == NULL, NULL, &line);
    buf_append_str(&line, STR(",\"value\":"));
    format_show(original.value, original.value.data == NULL, NULL, &line);
    buf_append_str(&line, letter->says.is_short ? STR(",\"shortened\":true}") : STR("}"));
    printable_put_json(stdout, buf_str(&line));
    buf_release(&line);
}

static enum err show(struct world *world, struct str topic, struct why *why)
{
    struct letters letters;
    struct letter letter;
    enum err err = letters_open(world->log, topic, &letters, why);
    if (err == OK) {
        while ((err = letters_next(&letters, &letter, why)) == OK)
            show_letter(&letter);
        err = err == ERR_NOT_FOUND ? OK : err;
    }
    letters_release(&letters);
    return err;
}

static enum err replay(struct invocation *invocation, struct world *world, struct str topic,
                       struct why *why)
{
    uint64_t sent_count = 0;
    uint64_t short_count = 0;
    const enum err err = letters_replay(world->log, config_path(invocation, "data"), topic,
                                        &sent_count, &short_count, why);
    fprintf(stderr, "%llu records sent back\n", (unsigned long long)sent_count);
    if (short_count > 0)
        fprintf(stderr, "%llu were too large to keep: they are where their letters say\n",
                (unsigned long long)short_count);
    return err;
}

/* Those that are there now: what comes meanwhile stays. */
static enum err drop(struct world *world, struct str topic, struct arena *arena, struct why *why)
{
    const struct log_member_options options = {.name = STR("dlq drop")};
    struct letters letters;
    struct log_member *member = NULL;
    bool taken = false;
    enum err err = letters_open(world->log, topic, &letters, why);
    if (err == OK)
        err = log_join(world->log, &options, &member, why);
    if (err == OK) {
        const int32_t count = letters.topic->partition_count;
        struct log_trim *trims = ARENA_ARRAY(arena, struct log_trim, (size_t)count);
        for (int32_t p = 0; p < count; p++)
            trims[p] = (struct log_trim){letters.topic, p, letters.info.partitions[p].end_offset};
        const struct log_step step = {.trims = trims, .trim_count = (uint32_t)count};
        err = log_commit_wait(member, &step, COMMIT_TIMEOUT_MS, &taken);
        if (err)
            why_set(why, err, "cannot drop the letters: %s", err_text(err));
    }
    log_leave(member);
    letters_release(&letters);
    return err;
}

static int run(struct invocation *invocation)
{
    struct world world;
    struct why why = {0};
    const struct str verb = invocation->argument_count > 0 ? invocation->arguments[0] : STR("");
    const struct str topic = invocation->argument_count > 1 ? invocation->arguments[1] : STR("");
    const bool listing = str_equal(verb, STR("list"));
    const bool showing = str_equal(verb, STR("show"));
    const bool replaying = str_equal(verb, STR("replay"));
    const bool dropping = str_equal(verb, STR("drop"));
    if (!listing && (!(showing || replaying || dropping) || topic.size == 0))
        return fail_usage(&command_dlq, "say list, or show, replay or drop and a topic");
    enum err err = world_open(invocation, WORLD_LOG | WORLD_EXISTING, &world, &why);
    if (err)
        return fail(err, &why);
    int code = EXIT_OK;
    struct log_topic *found;
    if (listing)
        code = list(invocation, &world);
    else if (log_topic_open(world.log, topic, &found) != OK)
        err = why_set(&why, ERR_NOT_FOUND, "no topic '%.*s'", STR_ARGS(topic));
    else if (!is_dead_letter_topic(&world, topic))
        code = fail_usage(&command_dlq, "there are no dead letters in '%.*s'", STR_ARGS(topic));
    else if (showing)
        err = show(&world, topic, &why);
    else if (replaying)
        err = replay(invocation, &world, topic, &why);
    else
        err = drop(&world, topic, &invocation->arena, &why);
    if (err)
        code = fail(err, &why);
    world_close(&world);
    return code;
}

const struct command command_dlq = {
    .name = "dlq",
    .summary = "list, show, send back or drop records that were set aside",
    .usage = "dlq list | show TOPIC | replay TOPIC | drop TOPIC [flags]",
    .flags = "data config bootstrap.servers ksql.service.id",
    .examples = "  drivethru dlq list\n"
                "  drivethru dlq show drivethru-dlq\n"
                "  drivethru dlq replay mcd-documents-dlq\n",
    .run = run,
};
