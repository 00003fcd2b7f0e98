/* case_avro.c -- the JSON of a case as an Avro body, by the schema to write it with. */
#include "cli/case_bytes.h"

#include "base/base64.h"
#include "base/varint.h"
#include "format/format.h"

static enum err encode_avro(const struct avro_node *schema, const struct json_node *node,
                            struct buf *buf, int depth);

static bool branch_takes(const struct avro_node *branch, const struct json_node *node)
{
    switch (node->kind) {
    case JSON_NULL:
        return branch->kind == AVRO_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return branch->kind == AVRO_BOOLEAN;
    case JSON_ARRAY_BEGIN:
        return branch->kind == AVRO_ARRAY;
    case JSON_OBJECT_BEGIN:
        return branch->kind == AVRO_RECORD || branch->kind == AVRO_MAP ||
               (branch->kind == AVRO_ARRAY && branch->is_map_entry);
    default:
        return branch->kind != AVRO_NULL;
    }
}

static enum err encode_union(const struct avro_node *schema, const struct json_node *node,
                             struct buf *buf, int depth)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        const size_t before = buf->size;
        if (!branch_takes(schema->branches[i], node))
            continue;
        varint_append(buf, i);
        if (encode_avro(schema->branches[i], node, buf, depth) == OK)
            return OK;
        buf->size = before;
    }
    return ERR_INVALID;
}

static enum err encode_record(const struct avro_node *schema, const struct json_node *node,
                              struct buf *buf, int depth)
{
    static const struct json_node null_node = {.kind = JSON_NULL};
    if (node->kind != JSON_OBJECT_BEGIN)
        return ERR_INVALID;
    for (uint32_t i = 0; i < schema->count; i++) {
        const struct json_node *member = node->child;
        while (member && !str_equal_nocase(member->name, schema->fields[i].name))
            member = member->next;
        const enum err err =
            encode_avro(schema->fields[i].node, member ? member : &null_node, buf, depth);
        if (err)
            return err;
    }
    return OK;
}

/* Arrays, maps, and the arrays of entries that stand for maps. */
static enum err encode_items(const struct avro_node *schema, const struct json_node *node,
                             struct buf *buf, int depth)
{
    const bool entries = schema->kind == AVRO_ARRAY && node->kind == JSON_OBJECT_BEGIN;
    if (node->kind != JSON_ARRAY_BEGIN && node->kind != JSON_OBJECT_BEGIN)
        return ERR_INVALID;
    for (const struct json_node *at = node->child; at; at = at->next) {
        struct json_node name = {.kind = JSON_STRING, .text = at->name};
        enum err err = OK;
        varint_append(buf, 1);
        if (entries) {
            const struct avro_node *entry = schema->item;
            if (entry->kind != AVRO_RECORD || entry->count != 2)
                return ERR_INVALID;
            err = encode_avro(entry->fields[0].node, &name, buf, depth);
            if (err == OK)
                err = encode_avro(entry->fields[1].node, at, buf, depth);
        } else {
            if (schema->kind == AVRO_MAP) {
                varint_append(buf, (int64_t)at->name.size);
                buf_append_str(buf, at->name);
            }
            err = encode_avro(schema->item, at, buf, depth);
        }
        if (err)
            return err;
    }
    varint_append(buf, 0);
    return OK;
}

static enum err encode_bytes(const struct avro_node *schema, const struct json_node *node,
                             struct buf *buf)
{
    uint8_t bytes[16];
    decimal value;
    if (schema->logical != AVRO_DECIMAL) {
        struct buf plain = {0};
        uint8_t *place = (uint8_t *)buf_reserve(&plain, base64_decoded_max(node->text.size));
        const enum err err = base64_decode(node->text, place, &plain.size);
        if (err == OK) {
            if (schema->kind == AVRO_BYTES)
                varint_append(buf, (int64_t)plain.size);
            buf_append(buf, plain.data, plain.size);
        }
        buf_release(&plain);
        return err;
    }
    if (decimal_parse(node->text, schema->precision, schema->scale, &value) != OK)
        return ERR_INVALID;
    const size_t size = decimal_to_bytes(value, bytes);
    varint_append(buf, (int64_t)size);
    buf_append(buf, bytes, size);
    return OK;
}

static enum err encode_avro(const struct avro_node *schema, const struct json_node *node,
                            struct buf *buf, int depth)
{
    int64_t number;
    double real;
    if (depth > AVRO_DEPTH_MAX)
        return ERR_LIMIT;
    switch (schema->kind) {
    case AVRO_NULL:
        return node->kind == JSON_NULL ? OK : ERR_INVALID;
    case AVRO_BOOLEAN:
        if (node->kind != JSON_TRUE && node->kind != JSON_FALSE)
            return ERR_INVALID;
        buf_append_byte(buf, node->kind == JSON_TRUE);
        return OK;
    case AVRO_INT:
    case AVRO_LONG:
        if (str_to_int64(node->text, &number) != OK)
            return ERR_INVALID;
        varint_append(buf, number);
        return OK;
    case AVRO_FLOAT:
    case AVRO_DOUBLE: {
        if (str_to_double(node->text, &real) != OK)
            return ERR_INVALID;
        const float single = (float)real;
        if (schema->kind == AVRO_FLOAT)
            buf_append(buf, &single, 4);
        else
            buf_append(buf, &real, 8);
        return OK;
    }
    case AVRO_STRING:
        if (node->kind != JSON_STRING && node->kind != JSON_NUMBER)
            return ERR_INVALID;
        varint_append(buf, (int64_t)node->text.size);
        buf_append_str(buf, node->text);
        return OK;
    case AVRO_BYTES:
    case AVRO_FIXED:
        return encode_bytes(schema, node, buf);
    case AVRO_ENUM:
        for (uint32_t i = 0; i < schema->count; i++) {
            if (!str_equal(schema->symbols[i], node->text))
                continue;
            varint_append(buf, i);
            return OK;
        }
        return ERR_INVALID;
    case AVRO_RECORD:
        return encode_record(schema, node, buf, depth + 1);
    case AVRO_ARRAY:
    case AVRO_MAP:
        return encode_items(schema, node, buf, depth + 1);
    case AVRO_UNION:
        return encode_union(schema, node, buf, depth + 1);
    }
    must_not_reach();
}

enum err case_encode_avro(const struct avro_node *schema, const struct json_node *node,
                          struct buf *buf)
{
    return encode_avro(schema, node, buf, 0);
}
