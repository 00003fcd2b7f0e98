/* extended_json.c -- cells as MongoDB Extended JSON. */
#include "sink/extended_json.h"

#include "base/base64.h"
#include "base/json.h"
#include "data/time.h"

#include <inttypes.h>
#include <math.h>

/* From 10000-01-01 on, and before 1970, dates are numbers. */
#define DATE_TEXT_MAX_MS 253402300800000

static void write_double(double number, struct buf *buf);
static void write_span(const struct column *column, uint32_t row, struct buf *buf);
static void write_struct(const struct column *column, uint32_t row, struct buf *buf);

/* Types are at most TYPE_DEPTH_MAX deep. */
void extended_json_write(const struct column *column, uint32_t row, struct buf *buf)
{
    char text[DECIMAL_TEXT_MAX];
    if (column->nulls[row]) {
        buf_append_str(buf, STR("null"));
        return;
    }
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
        write_double(column->doubles[row], buf);
        return;
    case TYPE_DECIMAL:
        buf_append_str(buf, STR("{\"$numberDecimal\":\""));
        buf_append(buf, text, decimal_write(column->decimals[row], column->type->scale, text));
        buf_append_str(buf, STR("\"}"));
        return;
    case TYPE_STRING:
        json_write_string(buf, column->strings[row]);
        return;
    case TYPE_BYTES:
        buf_append_str(buf, STR("{\"$binary\":{\"base64\":\""));
        base64_encode(column->strings[row], buf);
        buf_append_str(buf, STR("\",\"subType\":\"00\"}}"));
        return;
    case TYPE_TIME:
        extended_json_write_date(column->integers[row], buf);
        return;
    case TYPE_DATE:
        extended_json_write_date((int64_t)column->integers[row] * TIME_DAY_MS, buf);
        return;
    case TYPE_TIMESTAMP:
        extended_json_write_date(column->bigints[row], buf);
        return;
    case TYPE_ARRAY:
    case TYPE_MAP:
        write_span(column, row, buf);
        return;
    case TYPE_STRUCT:
        write_struct(column, row, buf);
        return;
    default:
        must_not_reach();
    }
}

void extended_json_write_date(int64_t timestamp_ms, struct buf *buf)
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

static void write_double(double number, struct buf *buf)
{
    const bool is_plain = isfinite(number);
    if (!is_plain)
        buf_append_str(buf, STR("{\"$numberDouble\":\""));
    json_write_double(buf, number);
    if (!is_plain)
        buf_append_str(buf, STR("\"}"));
}

static void write_span(const struct column *column, uint32_t row, struct buf *buf)
{
    const struct span span = column->spans[row];
    const struct column *keys = &column->children[0];
    const bool is_map = column->type->kind == TYPE_MAP;
    buf_append_byte(buf, is_map ? '{' : '[');
    for (uint32_t i = span.start; i < span.start + span.count; i++) {
        if (i > span.start)
            buf_append_byte(buf, ',');
        if (!is_map) {
            extended_json_write(keys, i, buf);
            continue;
        }
        if (keys->nulls[i] || keys->type->kind == TYPE_STRING) {
            json_write_string(buf, keys->nulls[i] ? STR("null") : keys->strings[i]);
        } else {
            struct buf name = {0};
            extended_json_write(keys, i, &name);
            json_write_string(buf, buf_str(&name));
            buf_release(&name);
        }
        buf_append_byte(buf, ':');
        extended_json_write(&column->children[1], i, buf);
    }
    buf_append_byte(buf, is_map ? '}' : ']');
}

static void write_struct(const struct column *column, uint32_t row, struct buf *buf)
{
    const struct type *type = column->type;
    buf_append_byte(buf, '{');
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        json_write_string(buf, type->fields[i].name);
        buf_append_byte(buf, ':');
        extended_json_write(&column->children[i], row, buf);
    }
    buf_append_byte(buf, '}');
}
