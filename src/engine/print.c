/* print.c -- PRINT: a topic's records as text. */
#include "data/time.h"
#include "engine/state.h"

#define PRINT_READ_BYTES (256 << 10)
#define PRINT_WAIT_MS 50

struct print {
    struct execution *execution;
    struct log_member *member;
    struct log_topic *topic;
    struct viewer *viewer;
    struct buf line;
    int64_t seen;
    int64_t left;
    bool wanted;
};

static void print_record(struct print *print, const struct record *record, int32_t partition)
{
    const struct statement *statement = print->execution->statement;
    struct buf *line = &print->line;
    struct arena arena;
    if (print->seen++ % (statement->interval > 0 ? statement->interval : 1) != 0)
        return;
    arena_init(&arena, 0);
    buf_clear(line);
    buf_printf(
        line, "rowtime: %.*s, key: ", STR_ARGS(timestamp_format_iso(record->timestamp_ms, &arena)));
    viewer_show_key(print->viewer, record, line);
    buf_append_str(line, STR(", value: "));
    viewer_show_value(print->viewer, record, line);
    buf_printf(line, ", partition: %d, offset: %lld", partition, (long long)record->offset);
    arena_release(&arena);
    const struct answer answer = {.kind = ANSWER_TEXT, .text = buf_str(line)};
    print->wanted = print->execution->on_answer(print->execution->context, statement, &answer);
    if (print->left > 0 && --print->left == 0)
        print->wanted = false;
}

/* Prints what a partition has from *offset on, one read's worth. */
static enum err print_partition(struct print *print, int32_t partition, int64_t *offset,
                                bool *ret_any)
{
    struct log_records *records;
    const enum err err = log_read(print->member, print->topic, partition, *offset, PRINT_READ_BYTES,
                                  &records, print->execution->why);
    if (err)
        return err;
    for (uint32_t i = 0; i < records->count && print->wanted; i++)
        print_record(print, &records->at[i], partition);
    if (records->next_offset > *offset)
        *ret_any = true;
    *offset = records->next_offset;
    log_records_release(records);
    return OK;
}

static enum err print_loop(struct print *print, int64_t *offsets)
{
    enum err err = OK;
    while (err == OK && print->wanted && !is_interrupted(print->execution)) {
        bool any = false;
        for (int32_t i = 0; err == OK && i < print->topic->partition_count && print->wanted; i++)
            err = print_partition(print, i, &offsets[i], &any);
        if (err == OK && !any && print->wanted) {
            err = log_wait(print->member, PRINT_WAIT_MS);
            if (err == ERR_AGAIN)
                err = OK;
        }
    }
    return err;
}

enum err execute_print(struct execution *execution)
{
    struct engine *engine = execution->engine;
    const struct statement *statement = execution->statement;
    const struct log_member_options options = {.name = STR("print"), .committed_only = true};
    struct log_topic_info info;
    struct print print = {.execution = execution,
                          .left = statement->limit >= 0 ? statement->limit : -1,
                          .wanted = statement->limit != 0};
    enum err err = log_topic_open(engine->options.log, statement->name, &print.topic);
    if (err)
        return why_set_at(execution->why, err, statement->name_place.line,
                          statement->name_place.column, "no topic '%.*s'",
                          STR_ARGS(statement->name));
    err =
        log_describe(engine->options.log, statement->name, execution->arena, &info, execution->why);
    if (err == OK)
        err = engine_view_topic(engine, statement->name, execution->arena, &print.viewer,
                                execution->why);
    if (err == OK)
        err = log_join(engine->options.log, &options, &print.member, execution->why);
    if (err) {
        viewer_free(print.viewer);
        return err;
    }
    int64_t *offsets = ARENA_ARRAY(execution->arena, int64_t, (size_t)print.topic->partition_count);
    for (int32_t i = 0; i < print.topic->partition_count; i++)
        offsets[i] = statement->from_beginning ? info.partitions[i].begin_offset
                                               : info.partitions[i].end_offset;
    err = print_loop(&print, offsets);
    viewer_free(print.viewer);
    buf_release(&print.line);
    log_leave(print.member);
    return err;
}
