/* form_bson.c -- documents as BSON (bsonspec.org, version 1.1), types as MongoDB's connector makes
 * them from Avro.
 *
 * A document is its size (4 bytes, little-endian, all of it), its elements, a zero. An element is
 * a byte of type, a name with a zero, the value. INTEGER is int32, BIGINT int64, also where it is
 * small; DECIMAL is Decimal128 with the column's scale, TIMESTAMP, DATE and TIME are dates, BYTES
 * is binary. A name here is the name with its zero. */
#include "base/json.h"
#include "data/time.h"
#include "sink/bson_layout.h"
#include "sink/form.h"

#include "base/utf8.h"

static enum err write_cell(struct str name, const struct column *column, uint32_t row,
                           struct buf *buf, struct why *why);
static enum err write_decimal(struct str name, decimal value, int scale, struct buf *buf,
                              struct why *why);
static enum err write_span(const struct column *column, uint32_t row, struct buf *buf,
                           struct why *why);
static enum err write_struct(const struct column *column, uint32_t row, struct buf *buf,
                             struct why *why);
static enum err write_json_value(struct str name, struct json_reader *reader, enum json_token token,
                                 struct buf *buf, struct why *why);
static enum err write_json_number(struct str name, struct str text, struct buf *buf,
                                  struct why *why);

static void put(struct buf *buf, uint64_t number, int size)
{
    char *at = buf_reserve(buf, (size_t)size);
    for (int i = 0; i < size; i++)
        at[i] = (char)(number >> (8 * i));
    buf->size += (size_t)size;
}

static void begin_element(uint8_t type, struct str name, struct buf *buf)
{
    buf_append_byte(buf, type);
    buf_append_str(buf, name);
}

static size_t open_document(struct buf *buf)
{
    const size_t opened = buf->size;
    put(buf, 0, 4);
    return opened;
}

static void form_close(size_t opened, struct buf *buf)
{
    buf_append_byte(buf, 0);
    const size_t size = buf->size - opened;
    for (int i = 0; i < 4; i++)
        buf->data[opened + (size_t)i] = (char)(size >> (8 * i));
}

static enum err check_name(struct str name, struct why *why)
{
    if (name.size > 0 && memchr(name.data, 0, name.size))
        return why_set(why, ERR_INVALID, "a member's name has a NUL in it");
    return OK;
}

/* Bytes that are no UTF-8 become U+FFFD, as in JSON. */
static void append_text(struct str text, struct buf *buf)
{
    const char *at = text.data;
    const char *const end = at + text.size;
    if (str_is_utf8(text)) {
        buf_append_str(buf, text);
        return;
    }
    while (at < end) {
        uint32_t point;
        const char *const next = utf8_get(at, end, &point);
        if (next)
            buf_append(buf, at, (size_t)(next - at));
        else
            buf_append_str(buf, STR("\xEF\xBF\xBD"));
        at = next ? next : at + 1;
    }
}

static enum err form_name(struct str name, struct arena *arena, struct str *ret_name,
                          struct why *why)
{
    const enum err err = check_name(name, why);
    if (err)
        return err;
    struct buf buf = {0};
    append_text(name, &buf);
    buf_append_byte(&buf, 0);
    *ret_name = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return OK;
}

static size_t form_open_document(struct str id, struct buf *buf)
{
    const size_t opened = open_document(buf);
    buf_append_str(buf, id);
    return opened;
}

static size_t form_open_object(struct str name, struct buf *buf)
{
    begin_element(BSON_LAYOUT_DOCUMENT, name, buf);
    return open_document(buf);
}

static void form_date(struct str name, int64_t timestamp_ms, struct buf *buf)
{
    begin_element(BSON_LAYOUT_DATE, name, buf);
    put(buf, (uint64_t)timestamp_ms, 8);
}

static void form_text(struct str name, struct str text, struct buf *buf)
{
    begin_element(BSON_LAYOUT_STRING, name, buf);
    const size_t at = buf->size;
    put(buf, 0, 4);
    append_text(text, buf);
    buf_append_byte(buf, 0);
    const size_t size = buf->size - at - 4;
    for (int i = 0; i < 4; i++)
        buf->data[at + (size_t)i] = (char)(size >> (8 * i));
}

static void form_binary(struct str name, struct str bytes, uint8_t subtype, struct buf *buf)
{
    begin_element(BSON_LAYOUT_BINARY, name, buf);
    put(buf, bytes.size, 4);
    buf_append_byte(buf, subtype);
    buf_append_str(buf, bytes);
}

static void form_object_id(struct str name, const uint8_t bytes[OBJECT_ID_BYTES], struct buf *buf)
{
    begin_element(BSON_LAYOUT_OBJECT_ID, name, buf);
    buf_append(buf, bytes, OBJECT_ID_BYTES);
}

static void form_uuid(struct str name, const uint8_t bytes[UUID_BYTES], struct buf *buf)
{
    form_binary(name, (struct str){(const char *)bytes, UUID_BYTES}, BSON_LAYOUT_UUID, buf);
}

/* As JsonConverter reads them: whole numbers are int64, others doubles. */
static enum err form_members(struct str json, struct arena *arena, struct buf *buf, struct why *why)
{
    struct json_reader reader;
    json_reader_init(&reader, json, arena);
    enum json_token token = json_next(&reader);
    enum err err = OK;
    if (token != JSON_OBJECT_BEGIN)
        return why_set(why, ERR_INVALID, "the value is no JSON object");
    while (err == OK && (token = json_next(&reader)) == JSON_NAME) {
        struct str name;
        const bool is_id = str_equal(reader.text, STR("_id"));
        err = form_name(reader.text, arena, &name, why);
        if (err == OK && is_id)
            err = json_skip(&reader, json_next(&reader), NULL);
        else if (err == OK)
            err = write_json_value(name, &reader, json_next(&reader), buf, why);
    }
    if (err == OK && (token != JSON_OBJECT_END || json_next(&reader) != JSON_END))
        err = ERR_MALFORMED;
    return err == ERR_MALFORMED ? why_set(why, ERR_INVALID, "the value is no JSON object") : err;
}

const struct form form_bson = {
    .name = form_name,
    .open_document = form_open_document,
    .open_object = form_open_object,
    .close = form_close,
    .cell = write_cell,
    .date = form_date,
    .text = form_text,
    .object_id = form_object_id,
    .uuid = form_uuid,
    .members = form_members,
    .id_name = {"_id", 4},
};

static void write_double(struct str name, double number, struct buf *buf)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    begin_element(BSON_LAYOUT_DOUBLE, name, buf);
    put(buf, bits, 8);
}

static void write_int64(struct str name, int64_t number, struct buf *buf)
{
    begin_element(BSON_LAYOUT_INT64, name, buf);
    put(buf, (uint64_t)number, 8);
}

static void write_boolean(struct str name, bool value, struct buf *buf)
{
    begin_element(BSON_LAYOUT_BOOLEAN, name, buf);
    buf_append_byte(buf, value);
}

/* Types are at most TYPE_DEPTH_MAX deep. */
static enum err write_cell(struct str name, const struct column *column, uint32_t row,
                           struct buf *buf, struct why *why)
{
    if (column->nulls[row]) {
        begin_element(BSON_LAYOUT_NULL, name, buf);
        return OK;
    }
    switch (column->type->kind) {
    case TYPE_BOOLEAN:
        write_boolean(name, column->booleans[row], buf);
        return OK;
    case TYPE_INTEGER:
        begin_element(BSON_LAYOUT_INT32, name, buf);
        put(buf, (uint32_t)column->integers[row], 4);
        return OK;
    case TYPE_BIGINT:
        write_int64(name, column->bigints[row], buf);
        return OK;
    case TYPE_DOUBLE:
        write_double(name, column->doubles[row], buf);
        return OK;
    case TYPE_DECIMAL:
        return write_decimal(name, column->decimals[row], column->type->scale, buf, why);
    case TYPE_STRING:
        form_text(name, column->strings[row], buf);
        return OK;
    case TYPE_BYTES:
        form_binary(name, column->strings[row], 0, buf);
        return OK;
    case TYPE_TIME:
        form_date(name, column->integers[row], buf);
        return OK;
    case TYPE_DATE:
        form_date(name, (int64_t)column->integers[row] * TIME_DAY_MS, buf);
        return OK;
    case TYPE_TIMESTAMP:
        form_date(name, column->bigints[row], buf);
        return OK;
    case TYPE_ARRAY:
    case TYPE_MAP:
        begin_element(column->type->kind == TYPE_MAP ? BSON_LAYOUT_DOCUMENT : BSON_LAYOUT_ARRAY,
                      name, buf);
        return write_span(column, row, buf, why);
    case TYPE_STRUCT:
        begin_element(BSON_LAYOUT_DOCUMENT, name, buf);
        return write_struct(column, row, buf, why);
    default:
        must_not_reach();
    }
}

/* Decimal128, binary integer form: sign, 14 bits of exponent, 113 bits of coefficient. */
static enum err write_decimal(struct str name, decimal value, int scale, struct buf *buf,
                              struct why *why)
{
    while (decimal_digits(value) > DECIMAL128_DIGITS_MAX && value % 10 == 0) {
        value /= 10;
        scale--;
    }
    if (decimal_digits(value) > DECIMAL128_DIGITS_MAX)
        return why_set(why, ERR_INVALID, "a DECIMAL has more than %d digits",
                       DECIMAL128_DIGITS_MAX);
    const unsigned __int128 size = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    const uint64_t exponent = (uint64_t)(DECIMAL128_EXPONENT_BIAS - scale);
    begin_element(BSON_LAYOUT_DECIMAL128, name, buf);
    put(buf, (uint64_t)size, 8);
    put(buf, (uint64_t)(size >> 64) | exponent << 49 | (uint64_t)(value < 0) << 63, 8);
    return OK;
}

static enum err map_name(const struct column *keys, uint32_t at, struct buf *ret_name,
                         struct why *why)
{
    buf_clear(ret_name);
    if (keys->nulls[at]) {
        buf_append_str(ret_name, STR("null"));
    } else if (keys->type->kind == TYPE_STRING) {
        append_text(keys->strings[at], ret_name);
    } else {
        const enum err err = form_json.cell((struct str){0}, keys, at, ret_name, why);
        if (err)
            return err;
    }
    const enum err err = check_name(buf_str(ret_name), why);
    buf_append_byte(ret_name, 0);
    return err;
}

/* An array's names are its indexes. */
static enum err write_span(const struct column *column, uint32_t row, struct buf *buf,
                           struct why *why)
{
    const struct span span = column->spans[row];
    const bool is_map = column->type->kind == TYPE_MAP;
    const struct column *values = &column->children[is_map ? 1 : 0];
    const size_t opened = open_document(buf);
    struct buf map_key = {0};
    enum err err = OK;
    for (uint32_t i = 0; i < span.count && err == OK; i++) {
        char index[16];
        struct str name = {index, (size_t)snprintf(index, sizeof(index), "%u", i) + 1};
        if (is_map) {
            err = map_name(&column->children[0], span.start + i, &map_key, why);
            name = buf_str(&map_key);
        }
        if (err == OK)
            err = write_cell(name, values, span.start + i, buf, why);
    }
    buf_release(&map_key);
    form_close(opened, buf);
    return err;
}

static enum err write_struct(const struct column *column, uint32_t row, struct buf *buf,
                             struct why *why)
{
    const struct type *type = column->type;
    const size_t opened = open_document(buf);
    enum err err = OK;
    struct buf name = {0};
    for (uint32_t i = 0; i < type->field_count && err == OK; i++) {
        buf_clear(&name);
        append_text(type->fields[i].name, &name);
        err = check_name(buf_str(&name), why);
        buf_append_byte(&name, 0);
        if (err == OK)
            err = write_cell(buf_str(&name), &column->children[i], row, buf, why);
    }
    buf_release(&name);
    form_close(opened, buf);
    return err;
}

/* value := what the token begins. The reader bounds the depth. */
static enum err write_json_value(struct str name, struct json_reader *reader, enum json_token token,
                                 struct buf *buf, struct why *why)
{
    enum err err = OK;
    size_t opened;
    switch (token) {
    case JSON_STRING:
        form_text(name, reader->text, buf);
        return OK;
    case JSON_NUMBER:
        return write_json_number(name, reader->text, buf, why);
    case JSON_TRUE:
    case JSON_FALSE:
        write_boolean(name, token == JSON_TRUE, buf);
        return OK;
    case JSON_NULL:
        begin_element(BSON_LAYOUT_NULL, name, buf);
        return OK;
    case JSON_OBJECT_BEGIN:
        opened = form_open_object(name, buf);
        while (err == OK && (token = json_next(reader)) == JSON_NAME) {
            struct str member;
            err = form_name(reader->text, reader->arena, &member, why);
            if (err == OK)
                err = write_json_value(member, reader, json_next(reader), buf, why);
        }
        form_close(opened, buf);
        return err == OK && token != JSON_OBJECT_END ? ERR_MALFORMED : err;
    case JSON_ARRAY_BEGIN:
        begin_element(BSON_LAYOUT_ARRAY, name, buf);
        opened = open_document(buf);
        for (uint32_t i = 0; err == OK && (token = json_next(reader)) != JSON_ARRAY_END; i++) {
            char index[16];
            const struct str at = {index, (size_t)snprintf(index, sizeof(index), "%u", i) + 1};
            err = write_json_value(at, reader, token, buf, why);
        }
        form_close(opened, buf);
        return err;
    default:
        return ERR_MALFORMED;
    }
}

static enum err write_json_number(struct str name, struct str text, struct buf *buf,
                                  struct why *why)
{
    int64_t whole;
    double number;
    if (str_to_int64(text, &whole) == OK) {
        write_int64(name, whole, buf);
        return OK;
    }
    if (str_to_double(text, &number))
        return why_set(why, ERR_INVALID, "'%.*s' is no number", STR_ARGS(text));
    write_double(name, number, buf);
    return OK;
}
