/* document.c -- rows as documents: _id, key columns, window, value columns. */
#include "sink/document.h"

#include "sink/form.h"

struct document_maker {
    struct document_shape shape;
    struct document_columns columns;
    bool *is_written; /* a column: whether it is a member of the document */
    struct str inserted_name;
    struct str modified_name;
    bool may_share_id;
    struct buf buf;
};

static struct str name_of(const struct topic_settings *settings, const struct row_column *column);
static enum err make_names(struct document_maker *maker, struct arena *arena, struct why *why);
static enum err check_shape(const struct document_maker *maker, struct why *why);
static enum err write_body(struct document_maker *maker, const struct batch *batch, uint32_t row,
                           struct str id, struct arena *arena, struct why *why);
static enum err write_columns(struct document_maker *maker, const struct batch *batch, uint32_t row,
                              uint32_t begin, uint32_t end, struct why *why);

enum err document_maker_new(struct arena *arena, const struct document_shape *shape,
                            struct document_maker **ret_maker, struct why *why)
{
    const struct row_type *row_type = shape->row_type;
    const struct topic_settings *settings = shape->settings;
    struct document_maker *maker = ARENA_NEW(arena, struct document_maker);
    maker->shape = *shape;
    maker->is_written = ARENA_ARRAY(arena, bool, row_type->column_count);
    maker->columns =
        (struct document_columns){.shape = &maker->shape, .id_in_key = -1, .id_in_value = -1};
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        const struct row_column *column = &row_type->columns[i];
        const bool in_key = column->role == COLUMN_KEY;
        const bool is_id = str_equal(column->name, STR("_id"));
        maker->columns.key_count += in_key;
        if (is_id)
            *(in_key ? &maker->columns.id_in_key : &maker->columns.id_in_value) = (int)i;
        maker->is_written[i] =
            !is_id && (!in_key || settings->key_columns) &&
            projection_has(in_key ? &settings->key : &settings->value, column->name);
    }
    enum err err = check_shape(maker, why);
    if (err == OK)
        err = make_names(maker, arena, why);
    if (err)
        return err;
    const enum id_strategy id = document_id_strategy(&maker->columns);
    maker->may_share_id = id != ID_OBJECT_ID && id != ID_COORDINATES && id != ID_UUID;
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
        .database = settings->database,
        .collection = settings->collection,
        .id = arena_str(arena, buf_str(buf)),
        .may_share_id = maker->may_share_id,
        .ordered = settings->ordered,
        .time_ms = batch->timestamps[row],
        .topic = maker->shape.topic,
        .partition = batch->partitions[row],
        .offset = batch->offsets[row],
    };
    if (!deletes) {
        buf_clear(buf);
        err = write_body(maker, batch, row, document.id, arena, why);
        if (err)
            return err;
        document.body = arena_str(arena, buf_str(buf));
    }
    if (document.write == DOCUMENT_UPDATE && settings->model == MODEL_UPDATE_TIMESTAMPS) {
        buf_clear(buf);
        maker->shape.form->date(maker->inserted_name, document.time_ms, buf);
        document.on_insert = arena_str(arena, buf_str(buf));
    }
    *ret_document = document;
    return OK;
}

static struct str name_of(const struct topic_settings *settings, const struct row_column *column)
{
    struct str name = column->name;
    for (uint32_t i = 0; i < settings->rename_count; i++) {
        const struct rename *rename = &settings->renames[i];
        if (rename->in_key == (column->role == COLUMN_KEY) && str_equal(rename->from, column->name))
            name = rename->to;
    }
    return name;
}

static enum err make_names(struct document_maker *maker, struct arena *arena, struct why *why)
{
    const struct form *form = maker->shape.form;
    const struct row_type *row_type = maker->shape.row_type;
    struct str *names = ARENA_ARRAY(arena, struct str, row_type->column_count);
    enum err err = OK;
    for (uint32_t i = 0; i < row_type->column_count && err == OK; i++)
        err = form->name(name_of(maker->shape.settings, &row_type->columns[i]), arena, &names[i],
                         why);
    struct document_columns *columns = &maker->columns;
    columns->names = names;
    if (err == OK)
        err = form->name(STR("WINDOWSTART"), arena, &columns->window_start_name, why);
    if (err == OK)
        err = form->name(STR("WINDOWEND"), arena, &columns->window_end_name, why);
    if (err == OK)
        err = form->name(STR("_insertedTS"), arena, &maker->inserted_name, why);
    if (err == OK)
        err = form->name(STR("_modifiedTS"), arena, &maker->modified_name, why);
    return err;
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

static enum err write_body(struct document_maker *maker, const struct batch *batch, uint32_t row,
                           struct str id, struct arena *arena, struct why *why)
{
    const struct document_shape *shape = &maker->shape;
    const struct document_columns *columns = &maker->columns;
    const struct form *form = shape->form;
    const uint32_t key_count = columns->key_count;
    struct buf *buf = &maker->buf;
    const size_t opened = form->open_document(id, buf);
    enum err err = write_columns(maker, batch, row, 0, key_count, why);
    if (shape->window != WINDOW_NONE && shape->settings->key_columns) {
        form->date(columns->window_start_name, batch->window_starts[row], buf);
        form->date(columns->window_end_name, batch->window_ends[row], buf);
    }
    if (err == OK && shape->is_raw)
        err = form->members(batch->columns[key_count].strings[row], arena, buf, why);
    else if (err == OK)
        err = write_columns(maker, batch, row, key_count, shape->row_type->column_count, why);
    if (shape->settings->model == MODEL_UPDATE_TIMESTAMPS)
        form->date(maker->modified_name, batch->timestamps[row], buf);
    form->close(opened, buf);
    return err;
}

static enum err write_columns(struct document_maker *maker, const struct batch *batch, uint32_t row,
                              uint32_t begin, uint32_t end, struct why *why)
{
    enum err err = OK;
    for (uint32_t i = begin; i < end && err == OK; i++)
        if (maker->is_written[i])
            err = maker->shape.form->cell(maker->columns.names[i], &batch->columns[i], row,
                                          &maker->buf, why);
    return err;
}
