/* input.c -- reads, decodes and times the rows of one partition. */
#include "flow/input.h"

#include "flow/query.h"
#include "flow/task.h"

static enum err read_more(struct input *input, struct why *why);
static enum err skip_gap(struct input *input, struct why *why);
static enum err decode(struct input *input, const struct record *records, uint32_t count,
                       uint32_t *ret_done, struct why *why);
static void map_records(struct input *input, uint32_t reject_count);
static void take_raw(struct input *input, const struct record *records, uint32_t count);
static struct batch *batch_make(struct input *input, uint32_t count);
static void set_headers(struct input *input, struct batch *batch);
static void set_timestamps(struct input *input, struct batch *batch);
static bool timestamp_of(const struct input *input, const struct batch *batch, uint32_t row,
                         int64_t *ret_timestamp_ms);
static void add_reject(struct input *input, const struct record *record, enum reject_stage stage,
                       struct str reason);
static void stop_at_bad_time(struct input *input, const struct reject *reject);
static void pass_rejects(struct input *input, int64_t before_offset);
static void count_in(struct input *input, const struct record *records, uint32_t count);

void input_release(struct input *input)
{
    log_records_release(input->records);
    input->records = NULL;
    decoder_free(input->decoder);
    decoder_free(input->brief.decoder);
    input->decoder = NULL;
    input->brief.decoder = NULL;
    arena_release(&input->arena);
    input->batch = NULL;
}

void input_seek(struct input *input, int64_t offset)
{
    log_records_release(input->records);
    input->records = NULL;
    input->record_at = 0;
    input->batch = NULL;
    input->next_offset = offset;
    input->read_offset = offset;
    input->low_ms = LOG_LOW_UNKNOWN;
    input->polled = 0;
}

enum err input_poll(struct input *input, bool *ret_got, struct why *why)
{
    must(!input_has_row(input));
    input->batch = NULL;
    *ret_got = false;
    if (!input->records || input->record_at == input->records->count) {
        const enum err err = read_more(input, why);
        if (err != OK || !input->records)
            return err;
    }

    const uint32_t rows_max = input->task->query->flow->options.batch_rows;
    const struct record *records = &input->records->at[input->record_at];
    uint32_t count = input->records->count - input->record_at;
    if (count > rows_max)
        count = rows_max;
    while (count > 0 && records[count - 1].offset >= input->stop_offset)
        count--;
    if (count == 0) {
        input_seek(input, input->stop_offset);
        input->low_ms = LOG_LOW_NONE;
        return OK;
    }
    uint32_t done = count;
    enum err err = OK;
    if (input->decoder)
        err = decode(input, records, count, &done, why);
    else
        take_raw(input, records, count);
    if (err != OK && done == 0) {
        input->batch = NULL;
        return err;
    }
    *ret_got = true;
    input->record_at += done;
    count_in(input, records, done);
    const bool ends = input->record_at == input->records->count;
    input->after_offset = ends ? input->records->next_offset : records[done - 1].offset + 1;
    if (input->after_offset > input->stop_offset)
        input->after_offset = input->stop_offset;
    if (!input_has_row(input))
        input_run(input, 0);
    return OK;
}

void input_run(struct input *input, uint32_t end)
{
    struct batch *batch = input->batch;
    must(end <= batch->row_count);
    const uint32_t begin = input->selected_at;
    while (input->selected_at < input->selected_count && input->selection[input->selected_at] < end)
        input->selected_at++;
    if (input->selected_at > begin) {
        batch->selection = input->selection + begin;
        batch->selected_count = input->selected_at - begin;
        input->entry->ops->run(input->entry, input->entry_side, batch);
    }
    struct task *task = input->task;
    for (uint32_t i = input->row; i < end; i++)
        if (batch->timestamps[i] > input->time_ms)
            input->time_ms = batch->timestamps[i];
    if (input->time_ms > atomic_load_explicit(&task->stream_time_ms, memory_order_relaxed))
        atomic_store_explicit(&task->stream_time_ms, input->time_ms, memory_order_relaxed);
    input->row = end;
    input->next_offset = end < batch->row_count ? batch->offsets[end] : input->after_offset;
    if (input->reject_at < input->reject_count)
        pass_rejects(input, input->next_offset);
}

/* After this there are records to decode, or none because the end was reached. */
static enum err read_more(struct input *input, struct why *why)
{
    log_records_release(input->records);
    input->records = NULL;
    input->record_at = 0;
    if (input->read_offset >= input->stop_offset) {
        input->low_ms = LOG_LOW_NONE;
        return OK;
    }
    struct log_records *records = NULL;
    enum err err = log_read(input->reader, input->topic, input->partition, input->read_offset,
                            INPUT_READ_BYTES_MAX, &records, why);
    if (err == ERR_OUT_OF_RANGE) {
        err = skip_gap(input, why);
        if (err == OK && input->read_offset >= input->stop_offset) {
            input->low_ms = LOG_LOW_NONE;
            return OK;
        }
        if (err == OK)
            err = log_read(input->reader, input->topic, input->partition, input->read_offset,
                           INPUT_READ_BYTES_MAX, &records, why);
    }
    if (err != OK)
        return err;
    input->low_ms = records->low_ms;
    input->reached_ms = records->reached_ms;
    input->read_offset = records->next_offset;
    if (records->count == 0) {
        /* A gap without records: nothing to run, but the position moves. */
        input->next_offset = records->next_offset;
        log_records_release(records);
        return OK;
    }
    input->records = records;
    return OK;
}

/* Retention was faster than this reader. What is gone is counted, and the rest read. */
static enum err skip_gap(struct input *input, struct why *why)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct log_topic_info info;
    enum err err =
        log_describe(input->task->query->flow->options.log, input->topic->name, &arena, &info, why);
    if (err == OK) {
        const int64_t begin = info.partitions[input->partition].begin_offset;
        if (begin <= input->read_offset) {
            err = why_set(why, ERR_CORRUPT, "'%.*s' partition %d ends before offset %lld",
                          STR_ARGS(input->topic->name), input->partition,
                          (long long)input->read_offset);
        } else {
            /* What is gone behind the end of a replay is met, and counted, when reading goes on. */
            const int64_t to = begin < input->stop_offset ? begin : input->stop_offset;
            counters_add(input->task->counters, COUNTER_gap_records,
                         (uint64_t)(to - input->read_offset));
            input->read_offset = to;
            input->next_offset = to;
        }
    }
    arena_release(&arena);
    return err;
}

static enum err decode(struct input *input, const struct record *records, uint32_t count,
                       uint32_t *ret_done, struct why *why)
{
    arena_clear(&input->arena);
    struct batch *batch = batch_make(input, count);
    struct format_reject *rejects = arena_alloc(&input->arena, (count + 1) * sizeof(*rejects));
    uint32_t reject_count = 0;
    *ret_done = 0;
    struct decoder *decoder = input->brief.is_used ? input->brief.decoder : input->decoder;
    const enum err err = decoder_decode(decoder, records, count, input->partition, batch, rejects,
                                        &reject_count, ret_done, why);
    if (err == OK)
        must(*ret_done == count);

    input->batch = batch;
    input->batch_records = records;
    map_records(input, reject_count);
    input->row = 0;
    input->rejects = ARENA_ARRAY(&input->arena, struct reject, count + 1);
    input->reject_count = 0;
    input->reject_at = 0;
    for (uint32_t i = 0; i < reject_count; i++)
        add_reject(input, &records[rejects[i].record], REJECT_DECODE,
                   arena_str(&input->arena, str_from(rejects[i].why.text)));
    if (*ret_done == 0)
        return err;

    set_headers(input, batch);
    set_timestamps(input, batch);
    for (uint32_t i = 0; i < input->prefix_count; i++)
        input->prefix[i]->ops->run(input->prefix[i], 0, batch);
    input->selection = batch->selection;
    input->selected_count = batch->selected_count;
    input->selected_at = 0;
    if (batch->selected_count > 0)
        input->entry->ops->prepare(input->entry, input->entry_side, batch);
    return err;
}

/* Records that were set aside are no rows. */
static void map_records(struct input *input, uint32_t reject_count)
{
    const struct batch *batch = input->batch;
    input->row_records = NULL;
    if (reject_count == 0)
        return;
    input->row_records = ARENA_ARRAY(&input->arena, const struct record *, batch->row_count + 1);
    const struct record *record = input->batch_records;
    for (uint32_t i = 0; i < batch->row_count; i++, record++) {
        while (record->offset != batch->offsets[i])
            record++;
        input->row_records[i] = record;
    }
}

/* The records stay as they are; row numbers are places in batch_records. */
static void take_raw(struct input *input, const struct record *records, uint32_t count)
{
    static const struct row_type none = {0};
    arena_clear(&input->arena);
    struct batch *batch = batch_new(&input->arena, &none, count);
    batch_add_null_values(batch);
    batch->row_count = count;
    batch_select_all(batch);
    for (uint32_t i = 0; i < count; i++) {
        batch->timestamps[i] = records[i].timestamp_ms;
        batch->offsets[i] = records[i].offset;
        batch->null_values[i] = records[i].value.data == NULL;
    }
    input->batch = batch;
    input->batch_records = records;
    input->row_records = NULL;
    set_headers(input, batch);
    input->row = 0;
    input->reject_count = 0;
    input->reject_at = 0;
    input->selection = batch->selection;
    input->selected_count = count;
    input->selected_at = 0;
    if (count > 0)
        input->entry->ops->prepare(input->entry, input->entry_side, batch);
}

static struct batch *batch_make(struct input *input, uint32_t count)
{
    struct batch *batch = batch_new(&input->arena, input->plan->row_type, count);
    batch_add_null_values(batch);
    if (input->plan->format.window != WINDOW_NONE)
        batch_add_windows(batch);
    if (input->plan->is_table)
        batch_add_kinds(batch);
    return batch;
}

/* They go with the row into whatever is made of it. */
static void set_headers(struct input *input, struct batch *batch)
{
    for (uint32_t i = 0; i < batch->row_count; i++) {
        const struct record *record = input_record(input, i);
        if (record->header_count > 0)
            batch_set_headers(batch, i,
                              (struct row_headers){record->headers, record->header_count});
    }
}

/* ROWTIME of each row, from its column if there is one. Rows without a time that can be read are
 * set aside; they keep their neighbour's, so that they do not stand in the way of the merge. */
static void set_timestamps(struct input *input, struct batch *batch)
{
    if (batch->kinds)
        for (uint32_t i = 0; i < batch->row_count; i++)
            batch->kinds[i] = batch->null_values[i] ? ROW_DELETE : ROW_PUT;
    uint32_t kept = 0;
    int64_t last_ms = 0;
    for (uint32_t i = 0; i < batch->row_count; i++) {
        int64_t timestamp_ms = 0;
        if (timestamp_of(input, batch, i, &timestamp_ms)) {
            batch->timestamps[i] = last_ms = timestamp_ms;
            batch->selection[kept++] = (uint16_t)i;
            continue;
        }
        batch->timestamps[i] = last_ms;
        add_reject(input, input_record(input, i), REJECT_TIMESTAMP,
                   STR("no timestamp can be read from the row"));
    }
    batch->selected_count = kept;
}

static bool timestamp_of(const struct input *input, const struct batch *batch, uint32_t row,
                         int64_t *ret_timestamp_ms)
{
    const int32_t index = input->plan->timestamp_column;
    int64_t timestamp_ms = batch->timestamps[row];
    if (index >= 0 && !batch->null_values[row]) {
        const struct column *column = &batch->columns[index];
        if (column->nulls[row])
            return false;
        switch (column->type->kind) {
        case TYPE_BIGINT:
        case TYPE_TIMESTAMP:
            timestamp_ms = column->bigints[row];
            break;
        case TYPE_STRING: {
            const struct str text = column->strings[row];
            const enum err err = input->pattern ? time_pattern_parse(input->pattern, text,
                                                                     (struct str){0}, &timestamp_ms)
                                                : timestamp_parse_iso(text, &timestamp_ms);
            if (err != OK)
                return false;
            break;
        }
        default:
            return false;
        }
    }
    if (timestamp_ms < 0)
        return false;
    *ret_timestamp_ms = timestamp_ms;
    return true;
}

/* Kept in order of offset: both sources of rejects come in order, and are merged here. */
static void add_reject(struct input *input, const struct record *record, enum reject_stage stage,
                       struct str reason)
{
    if (input->brief.rejected_offset <= record->offset)
        input->brief.rejected_offset = record->offset + 1;
    uint32_t at = input->reject_count++;
    while (at > 0 && input->rejects[at - 1].record->offset > record->offset) {
        input->rejects[at] = input->rejects[at - 1];
        at--;
    }
    input->rejects[at] = (struct reject){.record = record, .stage = stage, .reason = reason};
}

/* The step is given up, too: whoever mends the record or the statement finds it read anew. */
static void stop_at_bad_time(struct input *input, const struct reject *reject)
{
    struct why why;
    (void)why_set(&why, ERR_MALFORMED, "'%.*s' partition %d offset %lld: %.*s",
                  STR_ARGS(input->topic->name), input->partition, (long long)reject->record->offset,
                  STR_ARGS(reject->reason));
    task_fail(input->task, ERR_MALFORMED, &why);
}

static void pass_rejects(struct input *input, int64_t before_offset)
{
    while (input->reject_at < input->reject_count &&
           input->rejects[input->reject_at].record->offset < before_offset) {
        const struct reject *reject = &input->rejects[input->reject_at++];
        if (reject->stage == REJECT_TIMESTAMP && input->task->query->stops_at_bad_time &&
            !input->task->replaying) {
            stop_at_bad_time(input, reject);
            return;
        }
        task_reject(input->task, reject->record, input->topic->name, input->partition,
                    reject->stage, reject->reason);
    }
}

static void count_in(struct input *input, const struct record *records, uint32_t count)
{
    if (input->task->replaying)
        return;
    uint64_t new_count = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (records[i].offset < input->counted_offset)
            continue;
        new_count++;
        bytes += records[i].key.size + records[i].value.size;
        input->counted_offset = records[i].offset + 1;
    }
    counters_add(input->task->counters, COUNTER_records_in, new_count);
    counters_add(input->task->counters, COUNTER_bytes_in, bytes);
}
