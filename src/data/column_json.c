/* column_json.c -- cells as JSON, from the outside in. */
#include "data/column_json.h"

#include "base/json.h"

static void write_name(const struct column *keys, uint32_t row, column_plain_json *plain,
                       struct buf *buf)
{
    if (keys->nulls[row] || keys->type->kind == TYPE_STRING) {
        json_write_string(buf, keys->nulls[row] ? STR("null") : keys->strings[row]);
        return;
    }
    struct buf name = {0};
    column_write_json(keys, row, plain, &name);
    json_write_string(buf, buf_str(&name));
    buf_release(&name);
}

static void write_span(const struct column *column, uint32_t row, column_plain_json *plain,
                       struct buf *buf)
{
    const struct span span = column->spans[row];
    const bool is_map = column->type->kind == TYPE_MAP;
    buf_append_byte(buf, is_map ? '{' : '[');
    for (uint32_t i = span.start; i < span.start + span.count; i++) {
        if (i > span.start)
            buf_append_byte(buf, ',');
        if (is_map) {
            write_name(&column->children[0], i, plain, buf);
            buf_append_byte(buf, ':');
        }
        column_write_json(&column->children[is_map ? 1 : 0], i, plain, buf);
    }
    buf_append_byte(buf, is_map ? '}' : ']');
}

static void write_struct(const struct column *column, uint32_t row, column_plain_json *plain,
                         struct buf *buf)
{
    const struct type *type = column->type;
    buf_append_byte(buf, '{');
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        json_write_string(buf, type->fields[i].name);
        buf_append_byte(buf, ':');
        column_write_json(&column->children[i], row, plain, buf);
    }
    buf_append_byte(buf, '}');
}

void column_write_json(const struct column *column, uint32_t row, column_plain_json *plain,
                       struct buf *buf)
{
    if (column->nulls[row]) {
        buf_append_str(buf, STR("null"));
        return;
    }
    switch (column->type->kind) {
    case TYPE_STRING:
        json_write_string(buf, column->strings[row]);
        return;
    case TYPE_ARRAY:
    case TYPE_MAP:
        write_span(column, row, plain, buf);
        return;
    case TYPE_STRUCT:
        write_struct(column, row, plain, buf);
        return;
    default:
        plain(column, row, buf);
    }
}
