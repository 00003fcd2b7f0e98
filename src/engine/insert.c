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
    const char *refusal = log_refuses(topic, record);
    if (refusal) {
        why_set(why, ERR_INVALID, "topic '%.*s' does not take the row: %s", STR_ARGS(topic->name),
                refusal);
        err = ERR_INVALID;
        goto out;
    }
    err = writer_commit(engine, &step, INSERT_TIMEOUT_MS, &taken);
    if (err)
        why_set(why, err, "cannot write to topic '%.*s': %s", STR_ARGS(topic->name), err_text(err));
out:
    if (taken)
        builder.buf = (struct buf){0};
    record_batch_builder_release(&builder);
    return err;
}

/* ksqlDB writes what is inserted in the schema that its subject has, if it has one: other writers'
 * names of records and their further fields stay. */
static enum err use_registered(struct engine *engine, struct str topic, bool is_key,
                               struct format_spec *spec, struct arena *arena, struct why *why)
{
    if (spec->kind != FORMAT_AVRO || spec->schema_id > 0)
        return OK;
    struct registry_version version;
    const enum err err = subject_latest(engine, topic, is_key, arena, &version, why);
    if (err == OK)
        spec->schema_id = version.id;
    return err == ERR_NOT_FOUND ? OK : err;
}

enum err insert_row(struct engine *engine, const struct source *source, const struct batch *row,
                    struct arena *arena, struct why *why)
{
    struct encoder *encoder = NULL;
    struct buf key = {0};
    struct buf value = {0};
    struct log_topic *topic;
    bool key_null = true;
    bool value_null = true;
    const uint32_t column_count = source->format.row_type->column_count;
    uint16_t *map = ARENA_ARRAY(arena, uint16_t, column_count + 1);
    for (uint32_t i = 0; i < column_count; i++)
        map[i] = (uint16_t)i;
    enum err err = log_topic_open(engine->options.log, source->format.topic, &topic);
    if (err)
        return why_set(why, err, "no topic '%.*s'", STR_ARGS(source->format.topic));
    struct record_format format = source->format;
    err = use_registered(engine, format.topic, true, &format.key, arena, why);
    if (err == OK)
        err = use_registered(engine, format.topic, false, &format.value, arena, why);
    if (err == OK)
        err = encoder_new(&format, map, engine->options.registry, &encoder, why);
    if (err == OK && (encoder_key(encoder, row, 0, &key, &key_null) != OK ||
                      encoder_value(encoder, row, 0, &value, &value_null) != OK))
        err = why_set(why, ERR_INVALID, "the row cannot be written as topic '%.*s' has it",
                      STR_ARGS(source->format.topic));
    if (err == OK) {
        const struct record record = {.timestamp_ms = row->timestamps[0],
                                      .key = key_null ? (struct str){0} : buf_str(&key),
                                      .value = value_null ? (struct str){0} : buf_str(&value)};
        err = append_record(engine, topic, &record, why);
    }
    encoder_free(encoder);
    buf_release(&key);
    buf_release(&value);
    return err;
}

enum err execute_insert_values(struct execution *execution)
{
    const struct source *source;
    struct batch *row;
    const enum err err =
        sql_check_insert(execution->statement, &execution->catalog, clock_wall_ms(),
                         execution->arena, &source, &row, execution->why);
    if (err)
        return err;
    return insert_row(execution->engine, source, row, execution->arena, execution->why);
}

/* All columns of the source as one side of a JSON record, in its order. */
static struct record_format json_shape(const struct source *source, struct arena *arena)
{
    const struct row_type *row_type = source->format.row_type;
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, row_type->column_count + 1);
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        columns[i] = row_type->columns[i];
        columns[i].role = COLUMN_VALUE;
    }
    return (struct record_format){.topic = source->format.topic,
                                  .row_type = row_type_new(arena, columns, row_type->column_count),
                                  .key = {.kind = FORMAT_NONE},
                                  .value = {.kind = FORMAT_JSON}};
}

static enum err row_decode(const struct source *source, struct str json, struct arena *arena,
                           struct batch **ret_row, struct why *why)
{
    const struct record_format shape = json_shape(source, arena);
    const uint32_t column_count = shape.row_type->column_count;
    struct column_origin *origins = ARENA_ARRAY(arena, struct column_origin, column_count + 1);
    for (uint32_t i = 0; i < column_count; i++)
        origins[i] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = (uint16_t)i};
    struct decoder *decoder;
    enum err err = decoder_new(&shape, origins, column_count, NULL, &decoder, why);
    if (err)
        return err;
    const struct record record = {.timestamp_ms = clock_wall_ms(), .value = json};
    struct format_reject reject;
    uint32_t reject_count;
    uint32_t done;
    struct batch *row = batch_new(arena, source->format.row_type, 1);
    err = decoder_decode(decoder, &record, 1, 0, row, &reject, &reject_count, &done, why);
    if (err == OK && reject_count > 0)
        err = why_set(why, ERR_INVALID, "the row does not fit '%.*s': %s", STR_ARGS(source->name),
                      reject.why.text);
    decoder_free(decoder);
    *ret_row = row;
    return err;
}

enum err engine_insert(struct engine *engine, struct str name, struct str json, struct why *why)
{
    struct arena arena;
    struct source source;
    struct batch *row;
    arena_init(&arena, 0);
    enum err err = engine_source(engine, name, &arena, &source);
    if (err)
        why_set(why, err, "no stream or table '%.*s'", STR_ARGS(name));
    if (err == OK && source.query.size > 0 && source.kind == SOURCE_TABLE)
        err = why_set(why, ERR_INVALID, "table '%.*s' is written by query %.*s", STR_ARGS(name),
                      STR_ARGS(source.query));
    if (err == OK && source.read_only)
        err = why_set(why, ERR_INVALID, "'%.*s' is read-only", STR_ARGS(name));
    if (err == OK)
        err = row_decode(&source, json, &arena, &row, why);
    if (err == OK) {
        pthread_mutex_lock(&engine->lock); /* the writer is one member */
        err = insert_row(engine, &source, row, &arena, why);
        pthread_mutex_unlock(&engine->lock);
    }
    arena_release(&arena);
    return err;
}
