/* stream_join_fetch.c -- rows of a window that was read back, when one is wanted: from the log. */
#include "data/kept.h"
#include "flow/budget.h"
#include "flow/input.h"
#include "flow/op_stream_join.h"
#include "flow/query.h"
#include "flow/stream_join.h"
#include "flow/task.h"

static enum err fetch_rows(struct join_fetch *fetch, const struct join_side *side, struct why *why);
static enum err fetch_records(struct join_fetch *fetch, const struct join_side *side,
                              const struct log_records *records, struct why *why);
static enum err decode_keys(struct join_fetch *fetch, const struct join_side *side,
                            const struct record *records, uint32_t count, struct why *why);
static struct str decoded_key(struct join_fetch *fetch, uint32_t row);

/* A row without partners to wait for is wanted by none but a partner. What is kept is a record's
 * own bytes, so that the log has it as well. */
bool join_fetch_can(const struct stream_join *join, const struct join_side *side)
{
    return !join->waits && (side->raw || side->kept);
}

enum err join_fetch_open(struct join_fetch *fetch, const struct stream_join *join,
                         const struct input *input, struct why *why)
{
    struct column_origin origins[ROW_TYPE_COLUMNS_MAX];
    const uint32_t column_count = input->plan->row_type->column_count;
    fetch->key_count = join->op.node->key_count;
    fetch->key_is_text = join->key_is_text;
    for (uint32_t i = 0; i < column_count; i++)
        origins[i] = i < fetch->key_count ? input->plan->origins[i]
                                          : (struct column_origin){.kind = ORIGIN_NONE};
    return decoder_new(&input->format, origins, column_count,
                       join->op.task->query->flow->options.registry, &fetch->decoder, why);
}

void join_fetch_close(struct join_fetch *fetch)
{
    decoder_free(fetch->decoder);
    log_leave(fetch->reader);
    arena_release(&fetch->arena);
    buf_release(&fetch->key_bytes);
    buf_release(&fetch->window.bytes);
}

bool join_fetch(struct stream_join *join, uint32_t side_index, uint32_t id)
{
    struct join_side *side = &join->sides[side_index];
    struct join_fetch *fetch = &side->fetch;
    struct task *task = join->op.task;
    const struct flow_options *options = &task->query->flow->options;
    const struct log_member_options member = {.name = task->query->id};
    struct why why = {0};
    enum err err = OK;
    if (!fetch->reader)
        err = log_join(options->log, &member, &fetch->reader, &why);
    window_fetch_begin(&fetch->window, &side->window, id);
    if (err == OK)
        err = fetch_rows(fetch, side, &why);
    if (err != OK) {
        /* What a second try would not find, reading everything back will name. */
        const bool again = err_reaction(err) == REACTION_RETRY || err == ERR_OUT_OF_RANGE;
        task_fail(task, again ? ERR_ABORTED : err, &why);
        return false;
    }
    window_fetch_end(&fetch->window);
    if (options->memory_max > 0) {
        budget_settle(task);
        join_move_rows(join);
    }
    return true;
}

static enum err fetch_rows(struct join_fetch *fetch, const struct join_side *side, struct why *why)
{
    const struct input *input = side->raw ? side->raw : side->kept;
    for (;;) {
        const int64_t offset = window_fetch_offset(&fetch->window);
        struct log_records *records;
        if (offset < 0)
            return OK;
        enum err err = log_read(fetch->reader, input->topic, input->partition, offset,
                                INPUT_READ_BYTES_MAX, &records, why);
        if (err != OK)
            return err;
        err = fetch_records(fetch, side, records, why);
        log_records_release(records);
        if (err == OK && window_fetch_offset(&fetch->window) == offset)
            err = why_set(why, ERR_CORRUPT, "'%.*s' partition %d has no offset %lld any more",
                          STR_ARGS(input->topic->name), input->partition, (long long)offset);
        if (err != OK)
            return err;
    }
}

/* Takes those that are wanted: all but records that were set aside or came too late. */
static enum err fetch_records(struct join_fetch *fetch, const struct join_side *side,
                              const struct log_records *records, struct why *why)
{
    for (uint32_t begin = 0; begin < records->count; begin += BATCH_ROWS_MAX) {
        const struct record *at = &records->at[begin];
        uint32_t count = records->count - begin;
        if (count > BATCH_ROWS_MAX)
            count = BATCH_ROWS_MAX;
        enum err err = side->raw ? OK : decode_keys(fetch, side, at, count, why);
        uint32_t row = 0;
        for (uint32_t i = 0; i < count && err == OK; i++) {
            while (!side->raw && row < fetch->batch->row_count &&
                   fetch->batch->offsets[row] < at[i].offset)
                row++;
            if (at[i].offset != window_fetch_offset(&fetch->window))
                continue;
            if (side->raw)
                window_fetch_add(&fetch->window, at[i].key, at[i].value);
            else if (row < fetch->batch->row_count && fetch->batch->offsets[row] == at[i].offset)
                window_fetch_add(&fetch->window, decoded_key(fetch, row), at[i].value);
            else
                err = why_set(why, ERR_CORRUPT, "the key of offset %lld cannot be read any more",
                              (long long)at[i].offset);
        }
        if (err != OK)
            return err;
    }
    return OK;
}

static enum err decode_keys(struct join_fetch *fetch, const struct join_side *side,
                            const struct record *records, uint32_t count, struct why *why)
{
    arena_clear(&fetch->arena);
    fetch->batch = batch_new(&fetch->arena, side->kept->plan->row_type, count);
    batch_add_null_values(fetch->batch);
    struct format_reject *rejects = arena_alloc(&fetch->arena, (count + 1) * sizeof(*rejects));
    uint32_t reject_count = 0;
    uint32_t done = 0;
    return decoder_decode(fetch->decoder, records, count, side->kept->partition, fetch->batch,
                          rejects, &reject_count, &done, why);
}

/* The same bytes as key_of makes. Valid until the next call. */
static struct str decoded_key(struct join_fetch *fetch, uint32_t row)
{
    if (fetch->key_is_text) {
        const struct str text = fetch->batch->columns[0].strings[row];
        return (struct str){text.data ? text.data : "", text.size};
    }
    buf_clear(&fetch->key_bytes);
    kept_append(fetch->batch->columns, NULL, fetch->key_count, row, &fetch->key_bytes);
    return buf_str(&fetch->key_bytes);
}
