/* topic.c -- drivethru topic: what the log holds. */
#include "base/json.h"
#include "cli/answer.h"
#include "cli/printable.h"
#include "cli/world.h"
#include "data/time.h"
#include "format/format.h"
#include "generator/generator.h"

#define READ_BYTES_MAX (256 << 10)
#define WAIT_MS 100
#define NAMES_MAX 4096

/* With the nearest name there is. */
static int fail_topic(enum err err, struct invocation *invocation, struct world *world,
                      struct why *why)
{
    struct str *names;
    size_t count;
    if (err != ERR_NOT_FOUND ||
        log_list(world->log, &invocation->arena, &names, &count, NULL) != OK || count > NAMES_MAX)
        return fail(err, why);
    const struct str near = str_nearest(invocation->arguments[1], names, count);
    if (near.size > 0)
        err = why_set(why, err, "no topic '%.*s', did you mean '%.*s'?",
                      STR_ARGS(invocation->arguments[1]), STR_ARGS(near));
    return fail(err, why);
}

static int list(struct invocation *invocation, struct world *world)
{
    static const char *const columns[] = {"topic", "partitions", "records", "bytes"};
    struct arena *arena = &invocation->arena;
    struct table_text table;
    struct str *names;
    size_t count;
    struct why why = {0};
    enum err err = log_list(world->log, arena, &names, &count, &why);
    table_init(&table, arena, columns, 4);
    for (size_t i = 0; i < count && !err; i++) {
        struct log_topic_info info;
        int64_t records = 0;
        uint64_t bytes = 0;
        err = log_describe(world->log, names[i], arena, &info, &why);
        if (err == ERR_NOT_FOUND) {
            err = OK; /* removed meanwhile */
            continue;
        }
        for (int32_t p = 0; !err && p < info.config.partition_count; p++) {
            records += info.partitions[p].end_offset - info.partitions[p].begin_offset;
            bytes += info.partitions[p].bytes;
        }
        const struct str cells[] = {names[i],
                                    arena_printf(arena, "%d", info.config.partition_count),
                                    arena_printf(arena, "%lld", (long long)records),
                                    arena_printf(arena, "%llu", (unsigned long long)bytes)};
        if (!err)
            table_add(&table, cells);
    }
    if (err)
        return fail(err, &why);
    table_print(&table, invocation);
    return EXIT_OK;
}

static enum err describe_partitions(struct invocation *invocation,
                                    const struct log_topic_info *info)
{
    static const char *const columns[] = {"partition", "begin", "end", "bytes"};
    struct arena *arena = &invocation->arena;
    struct table_text table;
    table_init(&table, arena, columns, 4);
    for (int32_t p = 0; p < info->config.partition_count; p++) {
        const struct log_partition_info *partition = &info->partitions[p];
        const struct str cells[] = {
            arena_printf(arena, "%d", p),
            arena_printf(arena, "%lld", (long long)partition->begin_offset),
            arena_printf(arena, "%lld", (long long)partition->end_offset),
            arena_printf(arena, "%llu", (unsigned long long)partition->bytes)};
        table_add(&table, cells);
    }
    table_print(&table, invocation);
    return OK;
}

static enum err describe_readers(struct invocation *invocation, struct world *world,
                                 const struct log_topic_info *info, struct why *why)
{
    static const char *const columns[] = {"reader", "partition", "position", "lag"};
    struct arena *arena = &invocation->arena;
    struct table_text table;
    struct log_topic *topic;
    struct log_reader *readers;
    size_t count;
    enum err err = log_topic_open(world->log, info->name, &topic);
    if (!err)
        err = log_readers(world->log, topic, arena, &readers, &count, why);
    if (err || count == 0)
        return err;
    table_init(&table, arena, columns, 4);
    for (size_t i = 0; i < count; i++) {
        const int64_t end_offset = info->partitions[readers[i].partition].end_offset;
        const int64_t lag = end_offset - readers[i].next_offset;
        const struct str cells[] = {readers[i].task,
                                    arena_printf(arena, "%d", readers[i].partition),
                                    arena_printf(arena, "%lld", (long long)readers[i].next_offset),
                                    arena_printf(arena, "%lld", lag > 0 ? (long long)lag : 0)};
        table_add(&table, cells);
    }
    table_print(&table, invocation);
    return OK;
}

static int describe(struct invocation *invocation, struct world *world)
{
    struct log_topic_info info;
    struct why why = {0};
    enum err err =
        log_describe(world->log, invocation->arguments[1], &invocation->arena, &info, &why);
    if (err)
        return fail_topic(err, invocation, world, &why);
    if (!config_wants_json(invocation)) {
        printf("topic %.*s: %d partitions%s%s", STR_ARGS(info.name), info.config.partition_count,
               info.config.internal ? ", internal" : "",
               info.config.compacted ? ", compacted" : "");
        if (info.config.retention_ms >= 0)
            printf(", kept for %lld s", (long long)info.config.retention_ms / 1000);
        putchar('\n');
    }
    err = describe_partitions(invocation, &info);
    if (!err)
        err = describe_readers(invocation, world, &info, &why);
    return err ? fail(err, &why) : EXIT_OK;
}

/* Reading: one offset a partition, round and round. */
struct reading {
    struct world *world;
    struct log_member *member;
    struct log_topic *topic;
    struct viewer *viewer;
    int64_t *offsets;
    int64_t left; /* -1: no limit */
    int32_t only; /* -1: all partitions */
};

static void show_record(struct reading *reading, const struct record *record, int32_t partition)
{
    struct buf line = {0};
    struct arena arena;
    arena_init(&arena, 0);
    buf_printf(
        &line, "{\"partition\":%d,\"offset\":%lld,\"timestamp\":\"%.*s\",\"key\":", partition,
        (long long)record->offset, STR_ARGS(timestamp_format_iso(record->timestamp_ms, &arena)));
    viewer_show_key(reading->viewer, record, &line);
    buf_append_str(&line, STR(",\"value\":"));
    if (!generator_show_truth(reading->topic->name, record->key, record->value, &line))
        viewer_show_value(reading->viewer, record, &line);
    for (uint32_t i = 0; i < record->header_count; i++) {
        buf_append_str(&line, i == 0 ? STR(",\"headers\":{") : STR(","));
        json_write_string(&line, record->headers[i].name);
        buf_append_byte(&line, ':');
        format_show(record->headers[i].value, record->headers[i].is_null, NULL, &line);
    }
    buf_append_str(&line, record->header_count > 0 ? STR("}}") : STR("}"));
    printable_put_json(stdout, buf_str(&line));
    arena_release(&arena);
    buf_release(&line);
}

static enum err read_round(struct reading *reading, bool *ret_any, struct why *why)
{
    for (int32_t p = 0; p < reading->topic->partition_count && reading->left != 0; p++) {
        struct log_records *records;
        if (reading->only >= 0 && p != reading->only)
            continue;
        const enum err err = log_read(reading->member, reading->topic, p, reading->offsets[p],
                                      READ_BYTES_MAX, &records, why);
        if (err)
            return err;
        for (uint32_t i = 0; i < records->count && reading->left != 0; i++) {
            show_record(reading, &records->at[i], p);
            if (reading->left > 0)
                reading->left--;
        }
        *ret_any = *ret_any || records->next_offset > reading->offsets[p];
        reading->offsets[p] = records->next_offset;
        log_records_release(records);
    }
    return OK;
}

/* Where to begin: "beginning", "end", an offset, or a time. */
static enum err find_begin(struct reading *reading, struct str from,
                           const struct log_topic_info *info, struct why *why)
{
    int64_t number;
    int64_t time_ms;
    for (int32_t p = 0; p < info->config.partition_count; p++) {
        const struct log_partition_info *partition = &info->partitions[p];
        int64_t *offset = &reading->offsets[p];
        if (str_equal(from, STR("beginning"))) {
            *offset = partition->begin_offset;
        } else if (str_equal(from, STR("end"))) {
            *offset = partition->end_offset;
        } else if (str_to_int64(from, &number) == OK) {
            *offset = number < partition->begin_offset ? partition->begin_offset : number;
            if (*offset > partition->end_offset)
                *offset = partition->end_offset;
        } else if (timestamp_parse_iso(from, &time_ms) == OK) {
            const enum err err =
                log_find(reading->world->log, reading->topic, p, time_ms, offset, why);
            if (err)
                return err;
        } else {
            return why_set(why, ERR_INVALID,
                           "'--from' is beginning, end, an offset or an ISO time, not '%.*s'",
                           STR_ARGS(from));
        }
    }
    return OK;
}

static int read_topic(struct invocation *invocation, struct world *world)
{
    const struct log_member_options member = {.name = STR("topic read"), .committed_only = true};
    const bool follow = config_flag(invocation, "follow");
    struct reading reading = {.world = world,
                              .left = config_number(invocation, "limit"),
                              .only = (int32_t)config_number(invocation, "partition")};
    struct log_topic_info info;
    struct why why = {0};
    enum err err =
        log_describe(world->log, invocation->arguments[1], &invocation->arena, &info, &why);
    if (err == OK)
        err = log_topic_open(world->log, invocation->arguments[1], &reading.topic);
    if (err)
        return fail_topic(err, invocation, world, &why);
    if (reading.only >= info.config.partition_count)
        return fail_usage(&command_topic, "'--partition' is at most %d here, not %d",
                          info.config.partition_count - 1, reading.only);
    err = engine_view_topic(world->engine, reading.topic->name, &invocation->arena, &reading.viewer,
                            &why);
    if (err)
        return fail(err, &why);
    reading.offsets = ARENA_ARRAY(&invocation->arena, int64_t, (size_t)info.config.partition_count);
    err = find_begin(&reading, config_text(invocation, "from"), &info, &why);
    if (err == ERR_INVALID) {
        viewer_free(reading.viewer);
        return fail_usage(&command_topic, "%s", why.text);
    }
    if (err == OK)
        err = log_join(world->log, &member, &reading.member, &why);
    while (err == OK && reading.left != 0 && !interrupt_wanted() && !ferror(stdout)) {
        bool any = false;
        err = read_round(&reading, &any, &why);
        if (err || any)
            continue;
        if (!follow)
            break;
        fflush(stdout);
        err = log_wait(reading.member, WAIT_MS);
        if (err == ERR_AGAIN)
            err = OK;
    }
    log_leave(reading.member);
    viewer_free(reading.viewer);
    if (err)
        return fail(err, &why);
    return interrupt_wanted() && !follow ? EXIT_INTERRUPTED : EXIT_OK;
}

static int run(struct invocation *invocation)
{
    struct world world;
    struct why why = {0};
    const struct str verb = invocation->argument_count > 0 ? invocation->arguments[0] : STR("");
    const bool named = invocation->argument_count > 1;
    int (*act)(struct invocation *, struct world *) = NULL;
    if (str_equal(verb, STR("list")))
        act = list;
    if (str_equal(verb, STR("describe")) && named)
        act = describe;
    if (str_equal(verb, STR("read")) && named)
        act = read_topic;
    if (!act)
        return fail_usage(&command_topic, "say list, describe and a topic, or read and a topic");
    interrupt_catch();
    const unsigned catalog = act == read_topic ? WORLD_CATALOG : 0;
    const enum err err = world_open(invocation, WORLD_LOG | WORLD_EXISTING | catalog, &world, &why);
    if (err)
        return fail(err, &why);
    const int code = act(invocation, &world);
    world_close(&world);
    return code;
}

const struct command command_topic = {
    .name = "topic",
    .summary = "list, describe and read topics, decoded",
    .usage = "topic list | describe TOPIC | read TOPIC [flags]",
    .flags = "data config bootstrap.servers schema.registry.url from limit partition follow output "
             "ksql.service.id",
    .examples = "  drivethru topic list\n"
                "  drivethru topic read mcd_orders --limit 3\n"
                "  drivethru topic read MCD_ORDERS_PAYMENTS_JOINED --from end --follow\n"
                "  drivethru topic read drivethru-dlq\n",
    .run = run,
};
