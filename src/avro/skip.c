/* skip.c -- past a value that nobody wants, checked all the same; and the heads of blocks. */
#include "avro/program.h"

#define HIGH_8 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80

/* Sixteen bytes that look at a byte's top bit, then sixteen that do not look. */
const uint8_t high_bits[32] = {HIGH_8, HIGH_8};

enum err avro_block_read_slow(const uint8_t *at, const uint8_t *end, uint32_t width_min,
                              struct allowance *allowance, struct block *ret_block,
                              const uint8_t **ret_at)
{
    int64_t count;
    struct block block = {0};
    at = varint_get(at, end, &count);
    if (!at || count == INT64_MIN)
        return ERR_MALFORMED;
    if (count < 0) {
        int64_t size;
        count = -count;
        at = varint_get(at, end, &size);
        if (!at || size < 0 || size > end - at)
            return ERR_MALFORMED;
        block.end = at + size;
    }
    const int64_t room = (block.end ? block.end : end) - at;
    if (width_min == 0) {
        if (count > allowance->zero_width_items)
            return ERR_LIMIT;
        allowance->zero_width_items -= count;
    } else if (count > room || count * (int64_t)width_min > room) {
        return ERR_MALFORMED;
    }
    block.count = (uint32_t)count;
    *ret_block = block;
    *ret_at = at;
    return OK;
}

static enum err skip_list(const struct avro_node *node, const uint8_t *at, const uint8_t *end,
                          struct allowance *allowance, int depth, const uint8_t **ret_at)
{
    const bool map = node->kind == AVRO_MAP;
    for (;;) {
        struct block block;
        enum err err =
            avro_block_read(at, end, node->item->width_min + (map ? 1 : 0), allowance, &block, &at);
        if (err)
            return err;
        if (block.count == 0 && block.end && block.end != at)
            return ERR_MALFORMED;
        if (block.count == 0)
            break;
        for (uint32_t i = 0; i < block.count; i++) {
            struct str key;
            if (map && !(at = string_read(at, end, &key)))
                return ERR_MALFORMED;
            err = avro_skip_value(node->item, at, end, allowance, depth + 1, &at);
            if (err)
                return err;
        }
        if (block.end && block.end != at)
            return ERR_MALFORMED;
    }
    *ret_at = at;
    return OK;
}

static enum err skip_fields(const struct avro_node *node, const uint8_t *at, const uint8_t *end,
                            struct allowance *allowance, int depth, const uint8_t **ret_at)
{
    /* Records without bytes can hold each other by the million in a schema made to hurt. */
    if (node->width_min == 0 && (allowance->zero_width_items -= node->count + 1) < 0)
        return ERR_LIMIT;
    for (uint32_t i = 0; i < node->count; i++) {
        const enum err err =
            avro_skip_value(node->fields[i].node, at, end, allowance, depth + 1, &at);
        if (err)
            return err;
    }
    *ret_at = at;
    return OK;
}

static const uint8_t *skip_fixed(const uint8_t *at, const uint8_t *end, size_t size)
{
    return size <= (size_t)(end - at) ? at + size : NULL;
}

enum err avro_skip_value(const struct avro_node *node, const uint8_t *at, const uint8_t *end,
                         struct allowance *allowance, int depth, const uint8_t **ret_at)
{
    if (depth >= AVRO_DEPTH_MAX)
        return ERR_LIMIT;
    struct str text;
    int64_t number;
    int32_t small;
    switch (node->kind) {
    case AVRO_NULL:
        break;
    case AVRO_BOOLEAN:
        at = at < end && at[0] <= 1 ? at + 1 : NULL;
        break;
    case AVRO_INT:
        at = int_read(at, end, &small);
        break;
    case AVRO_LONG:
        at = varint_get(at, end, &number);
        break;
    case AVRO_FLOAT:
        at = skip_fixed(at, end, 4);
        break;
    case AVRO_DOUBLE:
        at = skip_fixed(at, end, 8);
        break;
    case AVRO_BYTES:
        at = bytes_read(at, end, &text);
        break;
    case AVRO_STRING:
        at = string_read(at, end, &text);
        break;
    case AVRO_FIXED:
        at = skip_fixed(at, end, node->count);
        break;
    case AVRO_ENUM:
        at = varint_get(at, end, &number);
        if (at && (uint64_t)number >= node->count)
            at = NULL;
        break;
    case AVRO_UNION:
        at = varint_get(at, end, &number);
        if (!at || (uint64_t)number >= node->count)
            return ERR_MALFORMED;
        return avro_skip_value(node->branches[number], at, end, allowance, depth + 1, ret_at);
    case AVRO_RECORD:
        return skip_fields(node, at, end, allowance, depth, ret_at);
    case AVRO_ARRAY:
    case AVRO_MAP:
        return skip_list(node, at, end, allowance, depth, ret_at);
    }
    if (!at)
        return ERR_MALFORMED;
    *ret_at = at;
    return OK;
}
