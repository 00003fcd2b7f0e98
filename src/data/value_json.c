/* value_json.c -- boxed values as JSON, the way ksqlDB shows rows. */
#include "data/value.h"

#include "base/base64.h"
#include "base/json.h"
#include "data/time.h"

#include <inttypes.h>
#include <math.h>

static void write_double(double number, struct buf *buf);
static void write_key(const struct type *type, const struct value *key, struct buf *buf);
static void write_list(const struct type *type, const struct value *value, struct buf *buf);
static void write_quoted(const char *text, size_t size, struct buf *buf);

void value_write_json(const struct type *type, const struct value *value, struct buf *buf)
{
    char text[DECIMAL_TEXT_MAX > TIME_TEXT_MAX ? DECIMAL_TEXT_MAX : TIME_TEXT_MAX];
    if (value->is_null) {
        buf_append_str(buf, STR("null"));
        return;
    }
    switch (type->kind) {
    case TYPE_BOOLEAN:
        buf_append_str(buf, value->boolean ? STR("true") : STR("false"));
        return;
    case TYPE_INTEGER:
        buf_printf(buf, "%" PRId32, value->integer);
        return;
    case TYPE_BIGINT:
        buf_printf(buf, "%" PRId64, value->bigint);
        return;
    case TYPE_DOUBLE:
        write_double(value->number, buf);
        return;
    case TYPE_DECIMAL:
        buf_append(buf, text, decimal_write(value->decimal, type->scale, text));
        return;
    case TYPE_STRING:
        json_write_string(buf, value->text);
        return;
    case TYPE_BYTES:
        buf_append_byte(buf, '"');
        base64_encode(value->text, buf);
        buf_append_byte(buf, '"');
        return;
    case TYPE_TIME:
        write_quoted(text, time_write_iso(value->integer, text), buf);
        return;
    case TYPE_DATE:
        write_quoted(text, date_write_iso(value->integer, text), buf);
        return;
    case TYPE_TIMESTAMP:
        write_quoted(text, timestamp_write_iso(value->bigint, text), buf);
        return;
    case TYPE_ARRAY:
    case TYPE_MAP:
    case TYPE_STRUCT:
        write_list(type, value, buf);
        return;
    default:
        must_not_reach();
    }
}

/* JSON has no word for NaN and the infinities: they are strings. */
static void write_double(double number, struct buf *buf)
{
    const bool quoted = !isfinite(number);
    if (quoted)
        buf_append_byte(buf, '"');
    json_write_double(buf, number);
    if (quoted)
        buf_append_byte(buf, '"');
}

/* A member's name is a string whatever the key's type is. */
static void write_key(const struct type *type, const struct value *key, struct buf *buf)
{
    struct buf text = {0};
    value_write_json(type, key, &text);
    if (text.size > 0 && text.data[0] == '"')
        buf_append_str(buf, buf_str(&text));
    else
        json_write_string(buf, buf_str(&text));
    buf_release(&text);
}

static void write_list(const struct type *type, const struct value *value, struct buf *buf)
{
    buf_append_byte(buf, type->kind == TYPE_ARRAY ? '[' : '{');
    for (uint32_t i = 0; i < value->list.count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        switch (type->kind) {
        case TYPE_ARRAY:
            value_write_json(type->item, &value->list.items[i], buf);
            break;
        case TYPE_MAP:
            write_key(type->key, &value->list.items[2 * (size_t)i], buf);
            buf_append_byte(buf, ':');
            value_write_json(type->item, &value->list.items[2 * (size_t)i + 1], buf);
            break;
        default:
            json_write_string(buf, type->fields[i].name);
            buf_append_byte(buf, ':');
            value_write_json(type->fields[i].type, &value->list.items[i], buf);
        }
    }
    buf_append_byte(buf, type->kind == TYPE_ARRAY ? ']' : '}');
}

static void write_quoted(const char *text, size_t size, struct buf *buf)
{
    buf_append_byte(buf, '"');
    buf_append(buf, text, size);
    buf_append_byte(buf, '"');
}
