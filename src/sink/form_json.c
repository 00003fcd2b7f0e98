/* form_json.c -- documents as MongoDB Extended JSON (v2, relaxed).
 *
 * TIMESTAMP, DATE and TIME are dates, DECIMAL {"$numberDecimal":"1.50"}, BYTES {"$binary":...},
 * numbers plain, a NaN or an infinity {"$numberDouble":"NaN"}. A name is the text `"NAME":`. */
#include "sink/form.h"

#include "base/base64.h"
#include "base/json.h"
#include "data/column_json.h"
#include "data/time.h"

#include <inttypes.h>
#include <math.h>

/* From 10000-01-01 on, and before 1970, dates are numbers. */
#define DATE_TEXT_MAX_MS 253402300800000

static void write_plain(const struct column *column, uint32_t row, struct buf *buf);

static enum err form_name(struct str name, struct arena *arena, struct str *ret_name,
                          struct why *why)
{
    struct buf buf = {0};
    json_write_string(&buf, name);
    buf_append_byte(&buf, ':');
    *ret_name = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return OK;
}

static void begin_member(struct str name, struct buf *buf)
{
    if (buf->size > 0 && buf->data[buf->size - 1] != '{')
        buf_append_byte(buf, ',');
    buf_append_str(buf, name);
}

static size_t form_open_document(struct str id, struct buf *buf)
{
    buf_append_str(buf, STR("{\"_id\":"));
    buf_append_str(buf, id);
    return 0;
}

static size_t form_open_object(struct str name, struct buf *buf)
{
    if (name.size > 0)
        begin_member(name, buf);
    buf_append_byte(buf, '{');
    return 0;
}

static void form_close(size_t opened, struct buf *buf)
{
    (void)opened;
    buf_append_byte(buf, '}');
}

static enum err form_cell(struct str name, const struct column *column, uint32_t row,
                          struct buf *buf, struct why *why)
{
    (void)why;
    if (name.size > 0)
        begin_member(name, buf);
    column_write_json(column, row, write_plain, buf);
    return OK;
}

static void form_date(struct str name, int64_t timestamp_ms, struct buf *buf)
{
    if (name.size > 0)
        begin_member(name, buf);
    json_form_date(timestamp_ms, buf);
}

static void form_text(struct str name, struct str text, struct buf *buf)
{
    if (name.size > 0)
        begin_member(name, buf);
    json_write_string(buf, text);
}

static void form_object_id(struct str name, const uint8_t bytes[OBJECT_ID_BYTES], struct buf *buf)
{
    if (name.size > 0)
        begin_member(name, buf);
    json_form_object_id(bytes, buf);
}

static void form_uuid(struct str name, const uint8_t bytes[UUID_BYTES], struct buf *buf)
{
    if (name.size > 0)
        begin_member(name, buf);
    json_form_uuid(bytes, buf);
}

/* As they stand. */
static enum err form_members(struct str json, struct arena *arena, struct buf *buf, struct why *why)
{
    struct json_reader reader;
    json_reader_init(&reader, json, arena);
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
        buf_append_byte(buf, ',');
        json_write_string(buf, name);
        buf_append_byte(buf, ':');
        buf_append_str(buf, value);
    }
    if (token != JSON_OBJECT_END || json_next(&reader) != JSON_END)
        return why_set(why, ERR_INVALID, "the value is no JSON object");
    return OK;
}

const struct form form_json = {
    .name = form_name,
    .open_document = form_open_document,
    .open_object = form_open_object,
    .close = form_close,
    .cell = form_cell,
    .date = form_date,
    .text = form_text,
    .object_id = form_object_id,
    .uuid = form_uuid,
    .members = form_members,
};

const struct form *form_get(enum document_form form)
{
    return form == DOCUMENTS_BSON ? &form_bson : &form_json;
}

/* Types are at most TYPE_DEPTH_MAX deep. */
static void write_plain(const struct column *column, uint32_t row, struct buf *buf)
{
    switch (column->type->kind) {
    case TYPE_BOOLEAN:
        buf_append_str(buf, column->booleans[row] ? STR("true") : STR("false"));
        return;
    case TYPE_INTEGER:
        buf_printf(buf, "%" PRId32, column->integers[row]);
        return;
    case TYPE_BIGINT:
        buf_printf(buf, "%" PRId64, column->bigints[row]);
        return;
    case TYPE_DOUBLE:
        json_form_double(column->doubles[row], buf);
        return;
    case TYPE_DECIMAL:
        json_form_decimal(column->decimals[row], column->type->scale, buf);
        return;
    case TYPE_BYTES:
        json_form_bytes(column->strings[row], 0, buf);
        return;
    case TYPE_TIME:
        json_form_date(column->integers[row], buf);
        return;
    case TYPE_DATE:
        json_form_date((int64_t)column->integers[row] * TIME_DAY_MS, buf);
        return;
    case TYPE_TIMESTAMP:
        json_form_date(column->bigints[row], buf);
        return;
    default:
        must_not_reach();
    }
}

void json_form_date(int64_t timestamp_ms, struct buf *buf)
{
    if (timestamp_ms < 0 || timestamp_ms >= DATE_TEXT_MAX_MS) {
        buf_printf(buf, "{\"$date\":{\"$numberLong\":\"%" PRId64 "\"}}", timestamp_ms);
        return;
    }
    char text[TIME_TEXT_MAX];
    size_t size = timestamp_write_iso(timestamp_ms, text);
    if (timestamp_ms % 1000 == 0)
        size -= STR(".000").size;
    buf_append_str(buf, STR("{\"$date\":\""));
    buf_append(buf, text, size);
    buf_append_str(buf, STR("Z\"}"));
}

void json_form_double(double number, struct buf *buf)
{
    const bool is_plain = isfinite(number);
    if (!is_plain)
        buf_append_str(buf, STR("{\"$numberDouble\":\""));
    json_write_double(buf, number);
    if (!is_plain)
        buf_append_str(buf, STR("\"}"));
}

void json_form_decimal(decimal value, int scale, struct buf *buf)
{
    char text[DECIMAL_TEXT_MAX];
    buf_append_str(buf, STR("{\"$numberDecimal\":\""));
    buf_append(buf, text, decimal_write(value, scale, text));
    buf_append_str(buf, STR("\"}"));
}

void json_form_bytes(struct str bytes, uint8_t subtype, struct buf *buf)
{
    buf_append_str(buf, STR("{\"$binary\":{\"base64\":\""));
    base64_encode(bytes, buf);
    buf_printf(buf, "\",\"subType\":\"%02x\"}}", subtype);
}

void json_form_object_id(const uint8_t bytes[OBJECT_ID_BYTES], struct buf *buf)
{
    buf_append_str(buf, STR("{\"$oid\":\""));
    for (int i = 0; i < OBJECT_ID_BYTES; i++)
        buf_printf(buf, "%02x", bytes[i]);
    buf_append_str(buf, STR("\"}"));
}

void json_form_uuid(const uint8_t bytes[UUID_BYTES], struct buf *buf)
{
    buf_append_str(buf, STR("{\"$uuid\":\""));
    json_form_uuid_text(bytes, buf);
    buf_append_str(buf, STR("\"}"));
}

void json_form_uuid_text(const uint8_t bytes[UUID_BYTES], struct buf *buf)
{
    for (int i = 0; i < UUID_BYTES; i++)
        buf_printf(buf, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
}
