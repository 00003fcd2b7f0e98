/* document_id.c -- where a document's _id comes from.
 *
 * Whatever the strategy, the same record gives the same _id each time, so that writing it again
 * does no harm: also where the official connector makes a random one. An ObjectId is the record's
 * time in seconds (4 bytes) and a mix of topic, partition and offset (8 bytes); within a topic the
 * mix is one to one. */
#include "sink/document.h"
#include "sink/extended_json.h"

#include "base/json.h"

#include <inttypes.h>

static enum err write_provided(const struct document_columns *columns, int column, bool as_uuid,
                               const struct batch *batch, uint32_t row, struct buf *buf,
                               struct why *why);
static enum err write_key(const struct document_columns *columns, const struct batch *batch,
                          uint32_t row, struct buf *buf, struct why *why);
static enum err write_partial(const struct document_columns *columns, bool of_key,
                              const struct batch *batch, uint32_t row, struct buf *buf,
                              struct why *why);
static uint64_t mix(struct str topic, const struct batch *batch, uint32_t row, uint64_t salt);
static bool is_uuid(struct str text);

static void write_object_id(const struct document_columns *columns, const struct batch *batch,
                            uint32_t row, struct buf *buf)
{
    const int64_t seconds = batch->timestamps[row] / 1000;
    const uint32_t time = seconds < 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
    buf_printf(buf, "{\"$oid\":\"%08" PRIx32 "%016" PRIx64 "\"}", time,
               mix(columns->shape->topic, batch, row, 0));
}

static void write_uuid(const struct document_columns *columns, const struct batch *batch,
                       uint32_t row, struct buf *buf)
{
    /* Version 8, variant 10: RFC 9562, "custom". */
    const uint64_t high =
        (mix(columns->shape->topic, batch, row, 1) & ~UINT64_C(0xf000)) | UINT64_C(0x8000);
    const uint64_t low =
        (mix(columns->shape->topic, batch, row, 2) & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
    buf_printf(buf, "{\"$uuid\":\"%08x-%04x-%04x-%04x-%012" PRIx64 "\"}", (unsigned)(high >> 32),
               (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
               low & UINT64_C(0xffffffffffff));
}

enum err document_id_write(const struct document_columns *columns, const struct batch *batch,
                           uint32_t row, struct buf *buf, struct why *why)
{
    const struct document_shape *shape = columns->shape;
    struct buf text = {0};
    enum id_strategy strategy = shape->settings->id;
    const bool is_implicit = strategy == ID_DEFAULT || strategy == ID_OBJECT_ID;
    if (is_implicit && !shape->settings->overwrite_id && columns->id_in_value >= 0)
        strategy = ID_PROVIDED_IN_VALUE;
    if (strategy == ID_DEFAULT)
        strategy = shape->is_table ? ID_FULL_KEY : ID_OBJECT_ID;
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
        json_write_string(buf, buf_str(&text));
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
    if (cells->nulls[row])
        return why_set(why, ERR_INVALID, "the record's _id is NULL");
    if (!as_uuid) {
        extended_json_write(cells, row, buf);
        return OK;
    }
    const struct str text = cells->type->kind == TYPE_STRING ? cells->strings[row] : STR("");
    if (!is_uuid(text))
        return why_set(why, ERR_INVALID, "the record's _id is no UUID");
    buf_printf(buf, "{\"$uuid\":\"%.*s\"}", STR_ARGS(text));
    return OK;
}

static void write_window(const struct batch *batch, uint32_t row, struct buf *buf)
{
    buf_append_str(buf, STR(",\"WINDOWSTART\":"));
    extended_json_write_date(batch->window_starts[row], buf);
    buf_append_str(buf, STR(",\"WINDOWEND\":"));
    extended_json_write_date(batch->window_ends[row], buf);
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
    const bool is_windowed = columns->shape->window != WINDOW_NONE;
    if (columns->key_count == 1 && !is_windowed) {
        extended_json_write(&batch->columns[0], row, buf);
        return OK;
    }
    for (uint32_t i = 0; i < columns->key_count; i++) {
        buf_append_byte(buf, i == 0 ? '{' : ',');
        buf_append_str(buf, columns->names[i]);
        extended_json_write(&batch->columns[i], row, buf);
    }
    if (is_windowed)
        write_window(batch, row, buf);
    buf_append_byte(buf, '}');
    return OK;
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
    const size_t size = buf->size;
    bool is_null = true;
    for (uint32_t i = begin; i < end; i++) {
        if (!projection_has(projection, shape->row_type->columns[i].name))
            continue;
        is_null &= batch->columns[i].nulls[row] != 0;
        buf_append_byte(buf, buf->size == size ? '{' : ',');
        buf_append_str(buf, columns->names[i]);
        extended_json_write(&batch->columns[i], row, buf);
    }
    if (is_null) {
        buf->size = size;
        return why_set(why, ERR_INVALID, "the record has none of the columns its _id is made of");
    }
    if (of_key && shape->window != WINDOW_NONE)
        write_window(batch, row, buf);
    buf_append_byte(buf, '}');
    return OK;
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
static bool is_uuid(struct str text)
{
    if (text.size != 36)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        const char byte = text.data[i];
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool is_digit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
                              (byte >= 'A' && byte <= 'F');
        if (is_dash ? byte != '-' : !is_digit)
            return false;
    }
    return true;
}
