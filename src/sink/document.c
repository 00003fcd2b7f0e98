/* document.c -- rows as documents: _id, key columns, window, value columns. */
#include "sink/document.h"

#include "base/json.h"
#include "sink/extended_json.h"

struct document_maker {
    struct document_shape shape;
    struct document_columns columns;
    bool *is_written; /* a column: whether it is a member of the document */
    struct buf buf;
};

static struct str name_of(const struct topic_settings *settings, const struct row_column *column,
                          struct arena *arena);
static enum err check_shape(const struct document_maker *maker, struct why *why);
static enum err write_json(struct document_maker *maker, const struct batch *batch, uint32_t row,
                           struct str id, struct arena *arena, struct why *why);
static enum err write_raw(struct document_maker *maker, struct str text, struct arena *arena,
                          struct why *why);
static void write_columns(struct document_maker *maker, const struct batch *batch, uint32_t row,
                          uint32_t begin, uint32_t end);
static void write_timestamp(const char *opening, int64_t timestamp_ms, struct buf *buf);

enum err document_maker_new(struct arena *arena, const struct document_shape *shape,
                            struct document_maker **ret_maker, struct why *why)
{
    const struct row_type *row_type = shape->row_type;
    const struct topic_settings *settings = shape->settings;
    struct document_maker *maker = ARENA_NEW(arena, struct document_maker);
    struct str *names = ARENA_ARRAY(arena, struct str, row_type->column_count);
    maker->shape = *shape;
    maker->is_written = ARENA_ARRAY(arena, bool, row_type->column_count);
    maker->columns = (struct document_columns){
        .shape = &maker->shape, .names = names, .id_in_key = -1, .id_in_value = -1};
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        const struct row_column *column = &row_type->columns[i];
        const bool in_key = column->role == COLUMN_KEY;
        const bool is_id = str_equal(column->name, STR("_id"));
        names[i] = name_of(settings, column, arena);
        maker->columns.key_count += in_key;
        if (is_id)
            *(in_key ? &maker->columns.id_in_key : &maker->columns.id_in_value) = (int)i;
        maker->is_written[i] =
            !is_id && (!in_key || settings->key_columns) &&
            projection_has(in_key ? &settings->key : &settings->value, column->name);
    }
    const enum err err = check_shape(maker, why);
    if (err)
        return err;
    *ret_maker = maker;
    return OK;
}

void document_maker_release(struct document_maker *maker)
{
    if (maker)
        buf_release(&maker->buf);
}

enum err document_make(struct document_maker *maker, const struct batch *batch, uint32_t row,
                       struct arena *arena, struct document *ret_document, struct why *why)
{
    static const enum document_write writes[] = {
        [MODEL_REPLACE] = DOCUMENT_REPLACE, [MODEL_INSERT] = DOCUMENT_INSERT,
        [MODEL_UPDATE] = DOCUMENT_UPDATE,   [MODEL_UPDATE_TIMESTAMPS] = DOCUMENT_UPDATE,
        [MODEL_DELETE] = DOCUMENT_DELETE,   [MODEL_DELETE_TOMBSTONE] = DOCUMENT_REPLACE,
    };
    const struct topic_settings *settings = maker->shape.settings;
    const bool has_value = !batch->null_values || !batch->null_values[row];
    const bool deletes =
        settings->model == MODEL_DELETE ||
        (!has_value && (settings->delete_on_null || settings->model == MODEL_DELETE_TOMBSTONE));
    if (!has_value && !deletes)
        return why_set(why, ERR_INVALID,
                       "the record has no value, and nothing says which document to delete");
    struct buf *buf = &maker->buf;
    buf_clear(buf);
    enum err err = document_id_write(&maker->columns, batch, row, buf, why);
    if (err)
        return err;
    struct document document = {
        .write = deletes ? DOCUMENT_DELETE : writes[settings->model],
        .collection = settings->collection,
        .id = arena_str(arena, buf_str(buf)),
        .time_ms = batch->timestamps[row],
    };
    if (!deletes) {
        buf_clear(buf);
        err = write_json(maker, batch, row, document.id, arena, why);
        if (err)
            return err;
        document.json = arena_str(arena, buf_str(buf));
    }
    if (document.write == DOCUMENT_UPDATE && settings->model == MODEL_UPDATE_TIMESTAMPS) {
        buf_clear(buf);
        write_timestamp("\"_insertedTS\":", document.time_ms, buf);
        document.on_insert = arena_str(arena, buf_str(buf));
    }
    *ret_document = document;
    return OK;
}

/* `"NAME":` */
static struct str name_of(const struct topic_settings *settings, const struct row_column *column,
                          struct arena *arena)
{
    struct str name = column->name;
    for (uint32_t i = 0; i < settings->rename_count; i++) {
        const struct rename *rename = &settings->renames[i];
        if (rename->in_key == (column->role == COLUMN_KEY) && str_equal(rename->from, column->name))
            name = rename->to;
    }
    struct buf buf = {0};
    json_write_string(&buf, name);
    buf_append_byte(&buf, ':');
    const struct str text = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return text;
}

/* What the strategy asks for must be among the columns. */
static enum err check_shape(const struct document_maker *maker, struct why *why)
{
    const struct document_columns *columns = &maker->columns;
    const enum id_strategy id = maker->shape.settings->id;
    const bool by_key = id == ID_FULL_KEY || id == ID_PARTIAL_KEY;
    const bool in_key = id == ID_PROVIDED_IN_KEY || id == ID_UUID_PROVIDED_IN_KEY;
    const bool in_value = id == ID_PROVIDED_IN_VALUE || id == ID_UUID_PROVIDED_IN_VALUE;
    const struct str topic = maker->shape.topic;
    if (by_key && columns->key_count == 0)
        return why_set(why, ERR_INVALID, "'%.*s' has no key columns to make an _id of",
                       STR_ARGS(topic));
    if (in_key && columns->id_in_key < 0)
        return why_set(why, ERR_INVALID, "the key of '%.*s' has no column _id", STR_ARGS(topic));
    if (in_value && columns->id_in_value < 0)
        return why_set(why, ERR_INVALID, "the value of '%.*s' has no column _id", STR_ARGS(topic));
    if (maker->shape.is_raw && id == ID_PARTIAL_VALUE)
        return why_set(why, ERR_INVALID,
                       "the columns of '%.*s' are not known: declare a stream over it",
                       STR_ARGS(topic));
    return OK;
}

static enum err write_json(struct document_maker *maker, const struct batch *batch, uint32_t row,
                           struct str id, struct arena *arena, struct why *why)
{
    const struct document_shape *shape = &maker->shape;
    const uint32_t key_count = maker->columns.key_count;
    struct buf *buf = &maker->buf;
    enum err err = OK;
    buf_append_str(buf, STR("{\"_id\":"));
    buf_append_str(buf, id);
    write_columns(maker, batch, row, 0, key_count);
    if (shape->window != WINDOW_NONE && shape->settings->key_columns) {
        write_timestamp(",\"WINDOWSTART\":", batch->window_starts[row], buf);
        write_timestamp(",\"WINDOWEND\":", batch->window_ends[row], buf);
    }
    if (shape->is_raw)
        err = write_raw(maker, batch->columns[key_count].strings[row], arena, why);
    else
        write_columns(maker, batch, row, key_count, shape->row_type->column_count);
    if (shape->settings->model == MODEL_UPDATE_TIMESTAMPS)
        write_timestamp(",\"_modifiedTS\":", batch->timestamps[row], buf);
    buf_append_byte(buf, '}');
    return err;
}

static void write_columns(struct document_maker *maker, const struct batch *batch, uint32_t row,
                          uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i++) {
        if (!maker->is_written[i])
            continue;
        buf_append_byte(&maker->buf, ',');
        buf_append_str(&maker->buf, maker->columns.names[i]);
        extended_json_write(&batch->columns[i], row, &maker->buf);
    }
}

/* The members of a JSON object as they stand, but for an _id. */
static enum err write_raw(struct document_maker *maker, struct str text, struct arena *arena,
                          struct why *why)
{
    struct json_reader reader;
    json_reader_init(&reader, text, arena);
    enum json_token token = json_next(&reader);
    if (token != JSON_OBJECT_BEGIN)
        return why_set(why, ERR_INVALID, "the value is no JSON object");
    for (token = json_next(&reader); token == JSON_NAME; token = json_next(&reader)) {
        const struct str name = reader.text;
        struct str value;
        if (json_skip(&reader, json_next(&reader), &value))
            return why_set(why, ERR_INVALID, "the value is no JSON object");
        if (str_equal(name, STR("_id")))
            continue;
        buf_append_byte(&maker->buf, ',');
        json_write_string(&maker->buf, name);
        buf_append_byte(&maker->buf, ':');
        buf_append_str(&maker->buf, value);
    }
    return OK;
}

static void write_timestamp(const char *opening, int64_t timestamp_ms, struct buf *buf)
{
    buf_append_str(buf, str_from(opening));
    extended_json_write_date(timestamp_ms, buf);
}
