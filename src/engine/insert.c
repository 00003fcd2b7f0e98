/* insert.c -- INSERT INTO ... VALUES: one row, encoded and durable when it returns. */
#include "base/clock.h"
#include "base/hash.h"
#include "engine/state.h"

#define INSERT_TIMEOUT_MS 30000

static enum err append_record(struct engine *engine, struct log_topic *topic,
                              const struct record *record, struct why *why)
{
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    bool taken = false;
    enum err err = record_batch_add(&builder, record);
    if (err) {
        why_set(why, err, "the row is larger than a record may be (%d bytes)", RECORD_BYTES_MAX);
        goto out;
    }
    record_batch_finish(&builder);
    const bool keyless = record->key.data == NULL;
    const struct log_append append = {
        .topic = topic,
        .partition =
            keyless ? (int32_t)((uint64_t)clock_monotonic_ns() % (uint64_t)topic->partition_count)
                    : hash_partition(record->key.data, record->key.size, topic->partition_count),
        .batch = builder.buf.data,
        .batch_size = builder.buf.size};
    const struct log_step step = {.appends = &append, .append_count = 1};
    err = log_commit_wait(engine->writer, &step, INSERT_TIMEOUT_MS, &taken);
    if (err)
        why_set(why, err, "cannot write to topic '%.*s': %s", STR_ARGS(topic->name), err_text(err));
out:
    if (taken)
        builder.buf = (struct buf){0};
    record_batch_builder_release(&builder);
    return err;
}

enum err execute_insert_values(struct execution *execution)
{
    struct engine *engine = execution->engine;
    const struct source *source;
    struct batch *row;
    struct encoder *encoder = NULL;
    struct buf key = {0};
    struct buf value = {0};
    struct log_topic *topic;
    bool key_null = true;
    bool value_null = true;
    enum err err = sql_check_insert(execution->statement, &execution->catalog, clock_wall_ms(),
                                    execution->arena, &source, &row, execution->why);
    if (err)
        return err;
    const uint32_t column_count = source->format.row_type->column_count;
    uint16_t *map = ARENA_ARRAY(execution->arena, uint16_t, column_count + 1);
    for (uint32_t i = 0; i < column_count; i++)
        map[i] = (uint16_t)i;
    err = log_topic_open(engine->options.log, source->format.topic, &topic);
    if (err)
        return why_set(execution->why, err, "no topic '%.*s'", STR_ARGS(source->format.topic));
    err = encoder_new(&source->format, map, engine->options.registry, &encoder, execution->why);
    if (err == OK)
        err = encoder_key(encoder, row, 0, &key, &key_null);
    if (err == OK)
        err = encoder_value(encoder, row, 0, &value, &value_null);
    if (err == OK) {
        const struct record record = {.timestamp_ms = row->timestamps[0],
                                      .key = key_null ? (struct str){0} : buf_str(&key),
                                      .value = value_null ? (struct str){0} : buf_str(&value)};
        err = append_record(engine, topic, &record, execution->why);
    }
    encoder_free(encoder);
    buf_release(&key);
    buf_release(&value);
    return err;
}
