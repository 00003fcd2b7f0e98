/* format_json.c -- JSON: what it carries, and rows as JSON text.
 *
 * A record is an object with a member a column, in the columns' order and under their names; a bare
 * column is its value. DECIMAL is a number with all its places, TIMESTAMP, DATE and TIME are whole
 * numbers, BYTES base64. Numbers have Java's text. json_read.c reads it. */
#include "base/json.h"
#include "data/column_json.h"
#include "format/cell_text.h"
#include "format/json_side.h"

#include <math.h>

struct json_writer {
    struct side_writer base;
    struct str *openings; /* a column: what stands before its value: `{"ID":`, `,"TOTAL":` */
};

static enum err check_type(const struct row_column *column, const struct type *type,
                           struct why *why);
static void write_plain(const struct column *column, uint32_t row, struct buf *buf);

static enum err json_check(const struct format_spec *spec, bool is_key,
                           const struct row_column *columns, uint32_t count, struct why *why)
{
    for (uint32_t i = 0; i < count; i++)
        if (check_type(&columns[i], columns[i].type, why))
            return ERR_INVALID;
    return OK;
}

static enum err json_writer_new(const struct side *side, struct side_writer **ret_writer,
                                struct why *why)
{
    struct json_writer *writer = ARENA_NEW(side->arena, struct json_writer);
    writer->base.side = side;
    writer->openings = ARENA_ARRAY(side->arena, struct str, side->count);
    struct buf buf = {0};
    for (uint32_t i = 0; i < side->count; i++) {
        buf_clear(&buf);
        buf_append_byte(&buf, i == 0 ? '{' : ',');
        json_write_string(&buf, side->columns[i].name);
        buf_append_byte(&buf, ':');
        writer->openings[i] = arena_str(side->arena, buf_str(&buf));
    }
    buf_release(&buf);
    *ret_writer = &writer->base;
    return OK;
}

static enum err json_write(struct side_writer *base, const struct column *columns, uint32_t row,
                           struct buf *buf, bool *ret_is_null)
{
    const struct json_writer *writer = (const struct json_writer *)base;
    const struct side *side = base->side;
    if (side->whole) {
        column_write_json(&columns[side->columns[0].column], row, write_plain, buf);
        return OK;
    }
    if (side->count == 0)
        buf_append_byte(buf, '{');
    for (uint32_t i = 0; i < side->count; i++) {
        buf_append_str(buf, writer->openings[i]);
        column_write_json(&columns[side->columns[i].column], row, write_plain, buf);
    }
    buf_append_byte(buf, '}');
    return OK;
}

/* Types are at most TYPE_DEPTH_MAX deep. */
static enum err check_type(const struct row_column *column, const struct type *type,
                           struct why *why)
{
    switch (type->kind) {
    case TYPE_MAP:
        if (type->key->kind != TYPE_STRING)
            return why_set(why, ERR_INVALID,
                           "JSON only supports MAP types with STRING keys, column: `%.*s`",
                           STR_ARGS(column->name));
        return check_type(column, type->item, why);
    case TYPE_ARRAY:
        return check_type(column, type->item, why);
    case TYPE_STRUCT:
        for (uint32_t i = 0; i < type->field_count; i++)
            if (check_type(column, type->fields[i].type, why))
                return ERR_INVALID;
        return OK;
    default:
        return OK;
    }
}

static void write_plain(const struct column *column, uint32_t row, struct buf *buf)
{
    const enum type_kind kind = column->type->kind;
    /* JSON has no word for NaN and the infinities: they are strings. */
    const bool is_quoted =
        kind == TYPE_BYTES || (kind == TYPE_DOUBLE && !isfinite(column->doubles[row]));
    if (is_quoted)
        buf_append_byte(buf, '"');
    cell_to_text(column, row, buf);
    if (is_quoted)
        buf_append_byte(buf, '"');
}

const struct format_ops format_json = {
    .name = "JSON",
    .check = json_check,
    .reader_new = json_side_reader_new,
    .read = json_side_read,
    .reader_free = side_reader_keep,
    .writer_new = json_writer_new,
    .write = json_write,
};
