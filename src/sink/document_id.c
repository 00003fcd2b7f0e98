/* document_id.c -- where a document's _id comes from.
 *
 * Whatever the strategy, the same record gives the same _id each time, so that writing it again
 * does no harm: also where the official connector makes a random one. An ObjectId is the record's
 * time in seconds (4 bytes) and a mix of topic, partition and offset (8 bytes); within a topic the
 * mix is one to one. */
#include "sink/document.h"
#include "sink/form.h"

#include <inttypes.h>

static enum err write_provided(const struct document_columns *columns, int column, bool as_uuid,
                               const struct batch *batch, uint32_t row, struct buf *buf,
                               struct why *why);
static enum err write_key(const struct document_columns *columns, const struct batch *batch,
                          uint32_t row, struct buf *buf, struct why *why);
static enum err write_partial(const struct document_columns *columns, bool of_key,
                              const struct batch *batch, uint32_t row, struct buf *buf,
                              struct why *why);
static enum err write_object(const struct document_columns *columns,
                             const struct projection *projection, uint32_t begin, uint32_t end,
                             const struct batch *batch, uint32_t row, struct buf *buf,
                             struct why *why);
static uint64_t mix(struct str topic, const struct batch *batch, uint32_t row, uint64_t salt);
static bool parse_uuid(struct str text, uint8_t bytes[UUID_BYTES]);

/* Big-endian. */
static void put(uint8_t *bytes, int size, uint64_t number)
{
    for (int i = 0; i < size; i++)
        bytes[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
}

static void write_object_id(const struct document_columns *columns, const struct batch *batch,
                            uint32_t row, struct buf *buf)
{
    const struct form *form = columns->shape->form;
    const int64_t seconds = batch->timestamps[row] / 1000;
    uint8_t bytes[OBJECT_ID_BYTES];
    put(bytes, 4, seconds < 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : (uint64_t)seconds);
    put(bytes + 4, 8, mix(columns->shape->topic, batch, row, 0));
    form->object_id(form->id_name, bytes, buf);
}

/* Version 8, variant 10: RFC 9562, "custom". Text, as the official connector writes its own. */
static void write_uuid(const struct document_columns *columns, const struct batch *batch,
                       uint32_t row, struct buf *buf)
{
    const struct form *form = columns->shape->form;
    uint8_t bytes[UUID_BYTES];
    struct buf text = {0};
    put(bytes, 8,
        (mix(columns->shape->topic, batch, row, 1) & ~UINT64_C(0xf000)) | UINT64_C(0x8000));
    put(bytes + 8, 8,
        (mix(columns->shape->topic, batch, row, 2) & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63);
    json_form_uuid_text(bytes, &text);
    form->text(form->id_name, buf_str(&text), buf);
    buf_release(&text);
}

enum id_strategy document_id_strategy(const struct document_columns *columns)
{
    const struct document_shape *shape = columns->shape;
    const enum id_strategy strategy = shape->settings->id;
    const bool is_implicit = strategy == ID_DEFAULT || strategy == ID_OBJECT_ID;
    if (is_implicit && !shape->settings->overwrite_id && columns->id_in_value >= 0)
        return ID_PROVIDED_IN_VALUE;
    if (strategy != ID_DEFAULT)
        return strategy;
    return shape->is_table ? ID_FULL_KEY : ID_OBJECT_ID;
}

enum err document_id_write(const struct document_columns *columns, const struct batch *batch,
                           uint32_t row, struct buf *buf, struct why *why)
{
    const struct document_shape *shape = columns->shape;
    const enum id_strategy strategy = document_id_strategy(columns);
    struct buf text = {0};
    switch (strategy) {
    case ID_DEFAULT:
    case ID_OBJECT_ID:
        write_object_id(columns, batch, row, buf);
        return OK;
    case ID_UUID:
        write_uuid(columns, batch, row, buf);
        return OK;
    case ID_COORDINATES:
        buf_printf(&text, "%.*s#%" PRId32 "#%" PRId64, STR_ARGS(shape->topic),
                   batch->partitions[row], batch->offsets[row]);
        shape->form->text(shape->form->id_name, buf_str(&text), buf);
        buf_release(&text);
        return OK;
    case ID_FULL_KEY:
        return write_key(columns, batch, row, buf, why);
    case ID_PARTIAL_KEY:
    case ID_PARTIAL_VALUE:
        return write_partial(columns, strategy == ID_PARTIAL_KEY, batch, row, buf, why);
    case ID_PROVIDED_IN_KEY:
    case ID_UUID_PROVIDED_IN_KEY:
        return write_provided(columns, columns->id_in_key, strategy == ID_UUID_PROVIDED_IN_KEY,
                              batch, row, buf, why);
    case ID_PROVIDED_IN_VALUE:
    case ID_UUID_PROVIDED_IN_VALUE:
        return write_provided(columns, columns->id_in_value, strategy == ID_UUID_PROVIDED_IN_VALUE,
                              batch, row, buf, why);
    }
    must_not_reach();
}

bool projection_has(const struct projection *projection, struct str name)
{
    if (projection->kind == PROJECTION_ALL)
        return true;
    bool is_listed = false;
    for (uint32_t i = 0; i < projection->count; i++)
        is_listed |= str_equal(projection->names[i], name);
    return is_listed == (projection->kind == PROJECTION_ALLOW);
}

static enum err write_provided(const struct document_columns *columns, int column, bool as_uuid,
                               const struct batch *batch, uint32_t row, struct buf *buf,
                               struct why *why)
{
    must(column >= 0);
    const struct column *cells = &batch->columns[column];
    const struct form *form = columns->shape->form;
    uint8_t bytes[UUID_BYTES];
    if (cells->nulls[row])
        return why_set(why, ERR_INVALID, "the record's _id is NULL");
    if (!as_uuid)
        return form->cell(form->id_name, cells, row, buf, why);
    if (!parse_uuid(cells->type->kind == TYPE_STRING ? cells->strings[row] : STR(""), bytes))
        return why_set(why, ERR_INVALID, "the record's _id is no UUID");
    form->uuid(form->id_name, bytes, buf);
    return OK;
}

static void write_window(const struct document_columns *columns, const struct batch *batch,
                         uint32_t row, struct buf *buf)
{
    const struct form *form = columns->shape->form;
    form->date(columns->window_start_name, batch->window_starts[row], buf);
    form->date(columns->window_end_name, batch->window_ends[row], buf);
}

/* One column without a window is the _id itself, else they are members of it. */
static enum err write_key(const struct document_columns *columns, const struct batch *batch,
                          uint32_t row, struct buf *buf, struct why *why)
{
    bool is_null = true;
    for (uint32_t i = 0; i < columns->key_count; i++)
        is_null &= batch->columns[i].nulls[row] != 0;
    if (is_null)
        return why_set(why, ERR_INVALID, "the record has no key to make an _id of");
    const struct form *form = columns->shape->form;
    const bool is_windowed = columns->shape->window != WINDOW_NONE;
    if (columns->key_count == 1 && !is_windowed)
        return form->cell(form->id_name, &batch->columns[0], row, buf, why);
    const struct projection all = {.kind = PROJECTION_ALL};
    return write_object(columns, &all, 0, columns->key_count, batch, row, buf, why);
}

static enum err write_partial(const struct document_columns *columns, bool of_key,
                              const struct batch *batch, uint32_t row, struct buf *buf,
                              struct why *why)
{
    const struct document_shape *shape = columns->shape;
    const struct projection *projection =
        of_key ? &shape->settings->id_key : &shape->settings->id_value;
    const uint32_t begin = of_key ? 0 : columns->key_count;
    const uint32_t end = of_key ? columns->key_count : shape->row_type->column_count;
    bool is_null = true;
    for (uint32_t i = begin; i < end; i++)
        if (projection_has(projection, shape->row_type->columns[i].name))
            is_null &= batch->columns[i].nulls[row] != 0;
    if (is_null)
        return why_set(why, ERR_INVALID, "the record has none of the columns its _id is made of");
    return write_object(columns, projection, begin, end, batch, row, buf, why);
}

/* The columns as members of an object; with those of a key, its window. */
static enum err write_object(const struct document_columns *columns,
                             const struct projection *projection, uint32_t begin, uint32_t end,
                             const struct batch *batch, uint32_t row, struct buf *buf,
                             struct why *why)
{
    const struct document_shape *shape = columns->shape;
    const struct form *form = shape->form;
    const size_t size = buf->size;
    const size_t opened = form->open_object(form->id_name, buf);
    enum err err = OK;
    for (uint32_t i = begin; i < end && err == OK; i++)
        if (projection_has(projection, shape->row_type->columns[i].name))
            err = form->cell(columns->names[i], &batch->columns[i], row, buf, why);
    if (end == columns->key_count && shape->window != WINDOW_NONE)
        write_window(columns, batch, row, buf);
    form->close(opened, buf);
    if (err)
        buf->size = size;
    return err;
}

/* FNV-1a of the topic, then SplitMix64's finalizer, which is one to one, over where the record
 * stands in it. */
static uint64_t mix(struct str topic, const struct batch *batch, uint32_t row, uint64_t salt)
{
    uint64_t hash = UINT64_C(14695981039346656037) + salt;
    for (size_t i = 0; i < topic.size; i++)
        hash = (hash ^ (uint8_t)topic.data[i]) * UINT64_C(1099511628211);
    hash ^= (uint64_t)batch->offsets[row] ^ (uint64_t)batch->partitions[row] << 48;
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94D049BB133111EB);
    return hash ^ (hash >> 31);
}

/* 8-4-4-4-12 hex digits. */
static bool parse_uuid(struct str text, uint8_t bytes[UUID_BYTES])
{
    if (text.size != 36)
        return false;
    int digits = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char byte = text.data[i];
        const bool is_letter = (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
        const bool is_digit = is_letter || (byte >= '0' && byte <= '9');
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (byte != '-')
                return false;
            continue;
        }
        if (!is_digit)
            return false;
        const int value = is_letter ? (byte | 0x20) - 'a' + 10 : byte - '0';
        bytes[digits / 2] = (uint8_t)(digits % 2 == 0 ? value << 4 : bytes[digits / 2] | value);
        digits++;
    }
    return true;
}
