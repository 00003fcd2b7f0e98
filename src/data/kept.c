/* kept.c -- kept rows between columns and bytes. */
#include "data/kept.h"

#include "base/varint.h"
#include "data/kept_bytes.h"

static void column_append(const struct column *column, uint32_t row, struct buf *buf);
static void items_append(const struct column *items, struct span span, struct buf *buf);
static bool column_read(struct kept_reader *reader, struct column *column, uint32_t row,
                        struct arena *arena, int depth);
static bool items_read(struct kept_reader *reader, struct column *items, uint32_t start,
                       uint32_t count, struct arena *arena, int depth);
static bool list_read(struct kept_reader *reader, struct column *column, uint32_t row,
                      struct arena *arena, int depth);
static bool struct_read(struct kept_reader *reader, struct column *column, uint32_t row,
                        struct arena *arena, int depth);

void kept_append(const struct column *columns, const uint16_t *indexes, uint32_t count,
                 uint32_t row, struct buf *buf)
{
    const size_t bits = kept_bits_append(buf, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct column *column = &columns[indexes ? indexes[i] : i];
        must(row < column->capacity);
        if (column->nulls[row])
            kept_bit_set(buf, bits, i);
        else
            column_append(column, row, buf);
    }
}

enum err kept_read(struct str bytes, struct column *columns, const uint16_t *indexes,
                   uint32_t count, uint32_t row, struct arena *arena)
{
    struct kept_reader reader = kept_reader_make(bytes);
    const uint8_t *bits = kept_bits_read(&reader, count);
    if (!bits)
        return ERR_MALFORMED;
    for (uint32_t i = 0; i < count; i++) {
        struct column *column = &columns[indexes ? indexes[i] : i];
        must(row < column->capacity);
        const bool is_null = kept_bit(bits, i);
        column->nulls[row] = is_null;
        if (!is_null && !column_read(&reader, column, row, arena, 1))
            return ERR_MALFORMED;
    }
    return reader.at == reader.end ? OK : ERR_MALFORMED;
}

static void column_append(const struct column *column, uint32_t row, struct buf *buf)
{
    switch (column->type->kind) {
    case TYPE_BOOLEAN:
        buf_append_byte(buf, column->booleans[row] != 0);
        return;
    case TYPE_INTEGER:
    case TYPE_TIME:
    case TYPE_DATE:
        varint_append(buf, column->integers[row]);
        return;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        varint_append(buf, column->bigints[row]);
        return;
    case TYPE_DOUBLE:
        kept_double_append(buf, column->doubles[row]);
        return;
    case TYPE_DECIMAL:
        kept_decimal_append(buf, column->decimals[row]);
        return;
    case TYPE_STRING:
    case TYPE_BYTES:
        kept_text_append(buf, column->strings[row]);
        return;
    case TYPE_ARRAY:
    case TYPE_MAP: {
        const struct span span = column->spans[row];
        varint_append(buf, span.count);
        items_append(&column->children[0], span, buf);
        if (column->type->kind == TYPE_MAP)
            items_append(&column->children[1], span, buf);
        return;
    }
    case TYPE_STRUCT:
        kept_append(column->children, NULL, column->type->field_count, row, buf);
        return;
    default:
        must_not_reach();
    }
}

static void items_append(const struct column *items, struct span span, struct buf *buf)
{
    const size_t bits = kept_bits_append(buf, span.count);
    for (uint32_t i = 0; i < span.count; i++) {
        if (items->nulls[span.start + i])
            kept_bit_set(buf, bits, i);
        else
            column_append(items, span.start + i, buf);
    }
}

static bool column_read(struct kept_reader *reader, struct column *column, uint32_t row,
                        struct arena *arena, int depth)
{
    int64_t number = 0;
    switch (column->type->kind) {
    case TYPE_BOOLEAN:
        return kept_boolean_read(reader, &column->booleans[row]);
    case TYPE_INTEGER:
    case TYPE_TIME:
    case TYPE_DATE:
        if (!kept_number_read(reader, &number) || number != (int32_t)number)
            return false;
        column->integers[row] = (int32_t)number;
        return true;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        return kept_number_read(reader, &column->bigints[row]);
    case TYPE_DOUBLE:
        return kept_double_read(reader, &column->doubles[row]);
    case TYPE_DECIMAL:
        return kept_decimal_read(reader, column->type->precision, &column->decimals[row]);
    case TYPE_STRING:
    case TYPE_BYTES:
        return kept_text_read(reader, &column->strings[row]);
    case TYPE_ARRAY:
    case TYPE_MAP:
        return list_read(reader, column, row, arena, depth);
    case TYPE_STRUCT:
        return struct_read(reader, column, row, arena, depth);
    default:
        must_not_reach();
    }
}

static bool list_read(struct kept_reader *reader, struct column *column, uint32_t row,
                      struct arena *arena, int depth)
{
    uint32_t count = 0;
    if (depth >= TYPE_DEPTH_MAX || !kept_count_read(reader, column->type, &count))
        return false;
    const uint32_t start = column_append_items(column, row, count, arena);
    if (!items_read(reader, &column->children[0], start, count, arena, depth + 1))
        return false;
    return column->type->kind == TYPE_ARRAY ||
           items_read(reader, &column->children[1], start, count, arena, depth + 1);
}

static bool items_read(struct kept_reader *reader, struct column *items, uint32_t start,
                       uint32_t count, struct arena *arena, int depth)
{
    const uint8_t *bits = kept_bits_read(reader, count);
    if (!bits)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t row = start + i;
        const bool is_null = kept_bit(bits, i);
        items->nulls[row] = is_null;
        if (!is_null && !column_read(reader, items, row, arena, depth))
            return false;
    }
    return true;
}

static bool struct_read(struct kept_reader *reader, struct column *column, uint32_t row,
                        struct arena *arena, int depth)
{
    const uint32_t count = column->type->field_count;
    const uint8_t *bits = depth < TYPE_DEPTH_MAX ? kept_bits_read(reader, count) : NULL;
    if (!bits)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct column *field = &column->children[i];
        const bool is_null = kept_bit(bits, i);
        field->nulls[row] = is_null;
        if (!is_null && !column_read(reader, field, row, arena, depth + 1))
            return false;
    }
    return true;
}
