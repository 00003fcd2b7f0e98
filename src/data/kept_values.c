/* kept_values.c -- kept rows between boxed values and bytes. */
#include "data/kept.h"

#include "data/kept_bytes.h"

static void value_append(const struct type *type, const struct value *value, struct buf *buf);
static void items_append(const struct type *type, const struct value *items, uint32_t count,
                         uint32_t stride, struct buf *buf);
static bool value_read(struct kept_reader *reader, const struct type *type, struct value *value,
                       struct arena *arena, int depth);
static bool items_read(struct kept_reader *reader, const struct type *type, struct value *items,
                       uint32_t count, uint32_t stride, struct arena *arena, int depth);
static bool list_read(struct kept_reader *reader, const struct type *type, struct value *value,
                      struct arena *arena, int depth);
static bool struct_read(struct kept_reader *reader, const struct type *type, struct value *value,
                        struct arena *arena, int depth);
static uint64_t cells_of_item(const struct type *type);

void kept_append_values(const struct type *const *types, const struct value *values, uint32_t count,
                        struct buf *buf)
{
    const size_t bits = kept_bits_append(buf, count);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].is_null)
            kept_bit_set(buf, bits, i);
        else
            value_append(types[i], &values[i], buf);
    }
}

enum err kept_read_values(struct str bytes, const struct type *const *types, uint32_t count,
                          struct value *ret_values, struct arena *arena)
{
    struct kept_reader reader = kept_reader_make(bytes);
    const uint8_t *bits = kept_bits_read(&reader, count);
    if (!bits)
        return ERR_MALFORMED;
    for (uint32_t i = 0; i < count; i++) {
        ret_values[i] = VALUE_NULL;
        if (!kept_bit(bits, i) && !value_read(&reader, types[i], &ret_values[i], arena, 1))
            return ERR_MALFORMED;
    }
    return reader.at == reader.end ? OK : ERR_MALFORMED;
}

bool kept_count_read(struct kept_reader *reader, const struct type *type, uint32_t *ret_count)
{
    int64_t count = 0;
    if (!kept_number_read(reader, &count) || count < 0)
        return false;
    /* Each item has a null bit at least. */
    if ((uint64_t)count > 8 * (uint64_t)(reader->end - reader->at) || count > UINT32_MAX)
        return false;
    const uint64_t cells =
        cells_of_item(type->item) + (type->kind == TYPE_MAP ? cells_of_item(type->key) : 0);
    if ((uint64_t)count > reader->cells_left / cells)
        return false;
    reader->cells_left -= (uint64_t)count * cells;
    *ret_count = (uint32_t)count;
    return true;
}

static void value_append(const struct type *type, const struct value *value, struct buf *buf)
{
    switch (type->kind) {
    case TYPE_BOOLEAN:
        buf_append_byte(buf, value->boolean);
        return;
    case TYPE_INTEGER:
    case TYPE_TIME:
    case TYPE_DATE:
        varint_append(buf, value->integer);
        return;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        varint_append(buf, value->bigint);
        return;
    case TYPE_DOUBLE:
        kept_double_append(buf, value->number);
        return;
    case TYPE_DECIMAL:
        kept_decimal_append(buf, value->decimal);
        return;
    case TYPE_STRING:
    case TYPE_BYTES:
        kept_text_append(buf, value->text);
        return;
    case TYPE_ARRAY:
        varint_append(buf, value->list.count);
        items_append(type->item, value->list.items, value->list.count, 1, buf);
        return;
    case TYPE_MAP:
        varint_append(buf, value->list.count);
        items_append(type->key, value->list.items, value->list.count, 2, buf);
        items_append(type->item, value->list.items + (value->list.count > 0), value->list.count, 2,
                     buf);
        return;
    case TYPE_STRUCT: {
        must(value->list.count == type->field_count);
        const size_t bits = kept_bits_append(buf, type->field_count);
        for (uint32_t i = 0; i < type->field_count; i++) {
            if (value->list.items[i].is_null)
                kept_bit_set(buf, bits, i);
            else
                value_append(type->fields[i].type, &value->list.items[i], buf);
        }
        return;
    }
    default:
        must_not_reach();
    }
}

/* Every `stride`th of the values: a map's keys and values lie in turn. */
static void items_append(const struct type *type, const struct value *items, uint32_t count,
                         uint32_t stride, struct buf *buf)
{
    const size_t bits = kept_bits_append(buf, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct value *item = &items[(size_t)i * stride];
        if (item->is_null)
            kept_bit_set(buf, bits, i);
        else
            value_append(type, item, buf);
    }
}

static bool value_read(struct kept_reader *reader, const struct type *type, struct value *value,
                       struct arena *arena, int depth)
{
    int64_t number = 0;
    uint8_t boolean = 0;
    value->is_null = false;
    switch (type->kind) {
    case TYPE_BOOLEAN:
        if (!kept_boolean_read(reader, &boolean))
            return false;
        value->boolean = boolean;
        return true;
    case TYPE_INTEGER:
    case TYPE_TIME:
    case TYPE_DATE:
        if (!kept_number_read(reader, &number) || number != (int32_t)number)
            return false;
        value->integer = (int32_t)number;
        return true;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        return kept_number_read(reader, &value->bigint);
    case TYPE_DOUBLE:
        return kept_double_read(reader, &value->number);
    case TYPE_DECIMAL:
        return kept_decimal_read(reader, type->precision, &value->decimal);
    case TYPE_STRING:
    case TYPE_BYTES:
        return kept_text_read(reader, &value->text);
    case TYPE_ARRAY:
    case TYPE_MAP:
        return list_read(reader, type, value, arena, depth);
    case TYPE_STRUCT:
        return struct_read(reader, type, value, arena, depth);
    default:
        must_not_reach();
    }
}

static bool list_read(struct kept_reader *reader, const struct type *type, struct value *value,
                      struct arena *arena, int depth)
{
    uint32_t count = 0;
    if (depth >= TYPE_DEPTH_MAX || !kept_count_read(reader, type, &count))
        return false;
    const uint32_t stride = type->kind == TYPE_MAP ? 2 : 1;
    struct value *items = arena_alloc(arena, (size_t)count * stride * sizeof(*items));
    value->list.items = items;
    value->list.count = count;
    if (type->kind == TYPE_ARRAY)
        return items_read(reader, type->item, items, count, 1, arena, depth + 1);
    return items_read(reader, type->key, items, count, 2, arena, depth + 1) &&
           items_read(reader, type->item, items + (count > 0), count, 2, arena, depth + 1);
}

static bool items_read(struct kept_reader *reader, const struct type *type, struct value *items,
                       uint32_t count, uint32_t stride, struct arena *arena, int depth)
{
    const uint8_t *bits = kept_bits_read(reader, count);
    if (!bits)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct value *item = &items[(size_t)i * stride];
        *item = VALUE_NULL;
        if (!kept_bit(bits, i) && !value_read(reader, type, item, arena, depth))
            return false;
    }
    return true;
}

static bool struct_read(struct kept_reader *reader, const struct type *type, struct value *value,
                        struct arena *arena, int depth)
{
    const uint32_t count = type->field_count;
    const uint8_t *bits = depth < TYPE_DEPTH_MAX ? kept_bits_read(reader, count) : NULL;
    if (!bits)
        return false;
    struct value *fields = arena_alloc(arena, (size_t)count * sizeof(*fields));
    for (uint32_t i = 0; i < count; i++) {
        fields[i] = VALUE_NULL;
        if (!kept_bit(bits, i) &&
            !value_read(reader, type->fields[i].type, &fields[i], arena, depth + 1))
            return false;
    }
    value->list.items = fields;
    value->list.count = count;
    return true;
}

/* The cell itself and those of a STRUCT's fields, which have the same row. */
static uint64_t cells_of_item(const struct type *type)
{
    uint64_t cells = 1;
    if (type->kind == TYPE_STRUCT)
        for (uint32_t i = 0; i < type->field_count; i++)
            cells += cells_of_item(type->fields[i].type);
    return cells;
}
