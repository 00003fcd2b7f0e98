/* case_bytes.c -- the JSON of a case as the bytes of a record's format. */
#include "cli/case_bytes.h"

#include "base/base64.h"
#include "format/format.h"

const struct format_spec *case_side_spec(const struct case_side *side)
{
    return side->is_key ? &side->format->key : &side->format->value;
}

uint32_t case_side_columns(const struct case_side *side, uint16_t *ret_first)
{
    const struct row_type *row_type = side->format->row_type;
    uint32_t count = 0;
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        if (row_type->columns[i].role != (side->is_key ? COLUMN_KEY : COLUMN_VALUE))
            continue;
        if (count == 0)
            *ret_first = (uint16_t)i;
        count++;
    }
    return count;
}

static void put_big_endian(struct buf *buf, uint64_t bits, int size)
{
    for (int i = size - 1; i >= 0; i--)
        buf_append_byte(buf, (uint8_t)(bits >> (8 * i)));
}

static enum err encode_kafka(const struct type *type, const struct json_node *node, struct buf *buf,
                             struct why *why)
{
    int64_t number;
    double real;
    uint64_t bits;
    switch (type->kind) {
    case TYPE_STRING:
        buf_append_str(buf, node->text);
        return OK;
    case TYPE_INTEGER:
    case TYPE_BIGINT:
        if (str_to_int64(node->text, &number) != OK)
            break;
        put_big_endian(buf, (uint64_t)number, type->kind == TYPE_INTEGER ? 4 : 8);
        return OK;
    case TYPE_DOUBLE:
        if (str_to_double(node->text, &real) != OK)
            break;
        memcpy(&bits, &real, 8);
        put_big_endian(buf, bits, 8);
        return OK;
    case TYPE_BYTES: {
        uint8_t *bytes = (uint8_t *)buf_reserve(buf, base64_decoded_max(node->text.size));
        size_t size;
        if (base64_decode(node->text, bytes, &size) != OK)
            break;
        buf->size += size;
        return OK;
    }
    default:
        break;
    }
    return why_set(why, ERR_INVALID, "'%.*s' is no KAFKA value", STR_ARGS(node->source));
}

static enum err encode_avro_message(const struct case_side *side, const struct json_node *node,
                                    struct buf *buf, struct why *why)
{
    const struct format_spec *spec = case_side_spec(side);
    struct registry_version version = {.id = spec->schema_id};
    const struct avro_schema *schema;
    enum err err = OK;
    if (version.id == 0) {
        const struct str subject = arena_printf(
            side->arena, "%.*s-%s", STR_ARGS(side->format->topic), side->is_key ? "key" : "value");
        err = registry_get_version(side->registry, subject, 0, side->arena, &version, why);
    }
    if (err == OK)
        err = registry_by_id(side->registry, version.id, &schema, why);
    if (err)
        return err;
    uint8_t head[REGISTRY_HEAD_SIZE];
    registry_head_put(head, version.id);
    buf_append(buf, head, sizeof(head));
    err = case_encode_avro(schema->root, node, buf);
    if (err)
        return why_set(why, err, "'%.*s' is no value of its Avro schema", STR_ARGS(node->source));
    return OK;
}

enum err case_encode(const struct case_side *side, const struct json_node *node,
                     struct str *ret_bytes, struct why *why)
{
    struct buf buf = {0};
    uint16_t first = 0;
    enum err err = OK;
    *ret_bytes = (struct str){0};
    if (!node || node->kind == JSON_NULL)
        return OK;
    const enum format_kind kind = side->format ? case_side_spec(side)->kind : FORMAT_JSON;
    switch (kind) {
    case FORMAT_NONE:
        return OK;
    case FORMAT_JSON:
    case FORMAT_KEPT:
        buf_append_str(&buf, node->source);
        break;
    case FORMAT_DELIMITED:
        buf_append_str(&buf, node->kind == JSON_STRING ? node->text : node->source);
        break;
    case FORMAT_KAFKA:
        if (case_side_columns(side, &first) == 0)
            buf_append_str(&buf, node->kind == JSON_STRING ? node->text : node->source);
        else
            err = encode_kafka(side->format->row_type->columns[first].type, node, &buf, why);
        break;
    case FORMAT_AVRO:
        err = encode_avro_message(side, node, &buf, why);
        break;
    }
    if (err == OK)
        *ret_bytes = arena_str(side->arena, buf_str(&buf));
    buf_release(&buf);
    return err;
}
