/* output.c -- rows to records: encoded, partitioned by key, collected in the step. */
#include "flow/output.h"

#include "base/hash.h"
#include "base/memory.h"
#include "data/time.h"
#include "flow/query.h"
#include "flow/step.h"
#include "flow/task.h"

struct output {
    struct operator op; /* first */
    const struct plan_output *plan;
    struct record_format format; /* with the topic's full name */
    struct log_topic *topic;
    struct encoder *encoder;
    const struct time_pattern *pattern;
    struct step_writer **writers; /* one a partition */
    uint32_t next_partition;      /* of rows without a key: in turns */
    struct buf key;
    struct buf value;
};

static struct output *output_of(struct operator* op);
static void output_run(struct operator* op, uint32_t side, struct batch *batch);
static void output_free(struct operator* op);
static void feed_run(struct operator* op, uint32_t side, struct batch *batch);
static enum err open_topic(struct output *output, struct why *why);
static void write_row(struct output *output, const struct batch *batch, uint32_t row);
static bool timestamp_of(const struct output *output, const struct batch *batch, uint32_t row,
                         int64_t *ret_timestamp_ms);
static void reject_row(struct output *output, const struct batch *batch, uint32_t row,
                       const char *reason);

static const struct operator_ops output_ops = {
    .prepare = operator_prepare_none,
    .run = output_run,
    .drain = operator_drain_none,
    .end_step = operator_end_step_none,
    .restore = operator_restore_none,
    .committed = operator_committed_none,
    .measure = operator_measure_none,
    .free = output_free,
};

static const struct operator_ops feed_ops = {
    .prepare = operator_prepare_none,
    .run = feed_run,
    .drain = operator_drain_none,
    .end_step = operator_end_step_none,
    .restore = operator_restore_none,
    .committed = operator_committed_none,
    .measure = operator_measure_none,
    .free = output_free,
};

enum err output_new(struct task *task, const struct plan_output *plan, struct operator** ret_op,
                    struct why *why)
{
    struct output *output = MEMORY_NEW(struct output);
    const bool is_feed = plan->kind == OUTPUT_FEED;
    output->op = (struct operator){.ops = is_feed ? &feed_ops : &output_ops, .task = task};
    output->plan = plan;
    output->format = plan->format;
    enum err err = OK;
    if (is_feed)
        goto out;
    err = open_topic(output, why);
    if (err != OK)
        goto out;
    if (plan->timestamp_format.size > 0)
        err = time_pattern_compile(plan->timestamp_format, &task->arena, &output->pattern, why);
    if (err == OK)
        err = encoder_new(&output->format, plan->map, task->query->flow->options.registry,
                          &output->encoder, why);
out:
    if (err == OK)
        *ret_op = &output->op;
    else
        output_free(&output->op);
    return err;
}

struct log_topic *output_topic(const struct operator* op)
{
    must(op->node == NULL);
    return ((const struct output *)op)->topic;
}

static struct output *output_of(struct operator* op)
{
    must(op->node == NULL);
    return (struct output *)op;
}

static void output_run(struct operator* op, uint32_t side, struct batch *batch)
{
    struct output *output = output_of(op);
    for (uint32_t i = 0; i < batch->selected_count; i++)
        write_row(output, batch, batch->selection[i]);
}

static void output_free(struct operator* op)
{
    struct output *output = output_of(op);
    encoder_free(output->encoder);
    buf_release(&output->key);
    buf_release(&output->value);
    free(output);
}

/* Whoever listens gets the result's columns in the result's order; nothing is copied. */
static void feed_run(struct operator* op, uint32_t side, struct batch *batch)
{
    struct output *output = output_of(op);
    const struct row_type *row_type = output->plan->format.row_type;
    struct batch view = *batch;
    view.row_type = row_type;
    view.columns = arena_alloc(batch->arena, row_type->column_count * sizeof(*view.columns));
    for (uint32_t i = 0; i < row_type->column_count; i++)
        view.columns[i] = batch->columns[output->plan->map[i]];
    struct flow_query *query = op->task->query;
    if (query->feed && !query->feed(query->feed_context, &view))
        atomic_store(&query->paused, true);
    task_count(op->task, COUNTER_records_out, batch->selected_count);
}

static enum err open_topic(struct output *output, struct why *why)
{
    struct task *task = output->op.task;
    if (output->plan->kind == OUTPUT_INTERNAL)
        output->format.topic =
            query_internal_topic(task->query, output->plan->format.topic, &task->arena);
    const struct str name = output->format.topic;
    const enum err err = log_topic_open(task->query->flow->options.log, name, &output->topic);
    if (err != OK)
        return why_set(why, err, "cannot open topic '%.*s': %s", STR_ARGS(name), err_text(err));
    const uint32_t count = (uint32_t)output->topic->partition_count;
    output->writers = ARENA_ARRAY(&task->arena, struct step_writer *, count);
    for (uint32_t i = 0; i < count; i++)
        output->writers[i] = step_add_writer(task->step, output->topic, (int32_t)i);
    return OK;
}

static void write_row(struct output *output, const struct batch *batch, uint32_t row)
{
    const struct row_headers headers = batch_headers(batch, row);
    struct record record = {.headers = headers.at, .header_count = headers.count};
    buf_clear(&output->key);
    buf_clear(&output->value);
    if (!timestamp_of(output, batch, row, &record.timestamp_ms)) {
        reject_row(output, batch, row, "no timestamp can be read from the row");
        return;
    }
    bool key_is_null = false;
    bool value_is_null = false;
    if (encoder_key(output->encoder, batch, row, &output->key, &key_is_null) != OK) {
        reject_row(output, batch, row, "the key cannot be written in its format");
        return;
    }
    if (key_is_null && output->plan->drop_null_keys) {
        task_count(output->op.task, COUNTER_null_key, 1);
        return;
    }
    if (encoder_value(output->encoder, batch, row, &output->value, &value_is_null) != OK) {
        reject_row(output, batch, row, "the value cannot be written in its format");
        return;
    }
    const int32_t count = output->topic->partition_count;
    int32_t partition;
    if (key_is_null) {
        partition = (int32_t)(output->next_partition++ % (uint32_t)count);
    } else {
        record.key = (struct str){output->key.size > 0 ? output->key.data : "", output->key.size};
        partition = count == 1 ? 0 : hash_partition(record.key.data, record.key.size, count);
    }
    if (!value_is_null)
        record.value =
            (struct str){output->value.size > 0 ? output->value.data : "", output->value.size};
    const char *reason = log_refuses(output->topic, &record);
    if (reason)
        reject_row(output, batch, row, reason);
    else if (step_write(output->op.task->step, output->writers[partition], &record) != OK)
        reject_row(output, batch, row, "the record is larger than a topic takes");
}

static bool timestamp_of(const struct output *output, const struct batch *batch, uint32_t row,
                         int64_t *ret_timestamp_ms)
{
    const int32_t index = output->plan->timestamp_column;
    int64_t timestamp_ms = batch->timestamps[row];
    /* A deletion has no columns to read a time from. */
    if (index >= 0 && !(batch->kinds && batch->kinds[row] == ROW_DELETE)) {
        const struct column *column = &batch->columns[index];
        if (column->nulls[row])
            return false;
        if (column->type->kind != TYPE_STRING) {
            timestamp_ms = column->bigints[row];
        } else {
            const struct str text = column->strings[row];
            const enum err err =
                output->pattern
                    ? time_pattern_parse(output->pattern, text, (struct str){0}, &timestamp_ms)
                    : timestamp_parse_iso(text, &timestamp_ms);
            if (err != OK)
                return false;
        }
    }
    if (timestamp_ms < 0)
        return false;
    *ret_timestamp_ms = timestamp_ms;
    return true;
}

/* The record the row came from is no longer at hand: the dead letter has what was made of it, as
 * far as it fits, and where it stood. */
static void reject_row(struct output *output, const struct batch *batch, uint32_t row,
                       const char *reason)
{
    const struct row_headers headers = batch_headers(batch, row);
    struct record record = {.offset = batch->offsets[row],
                            .timestamp_ms = batch->timestamps[row],
                            .headers = headers.at,
                            .header_count = headers.count};
    if (output->key.size > 0 && output->key.size < RECORD_BYTES_MAX / 2)
        record.key = buf_str(&output->key);
    if (output->value.size > 0 && output->value.size < RECORD_BYTES_MAX / 4)
        record.value = buf_str(&output->value);
    task_reject(output->op.task, &record, output->format.topic, batch->partitions[row],
                REJECT_ENCODE, str_from(reason));
}
