/* default.c -- a field's default: JSON to Avro bytes (specification, "Complex Types, Records"). */
#include "avro/program.h"
#include "avro/resolve.h"
#include "avro/schema_json.h"

#define DEFAULT_BYTES_MAX (1 << 20)
#define DEFAULT_VALUES_MAX (1 << 20)

/* A default in the making; the values bound records without bytes that hold each other. */
struct maker {
    struct buf *buf;
    uint32_t values;
};

static enum err encode(struct maker *maker, const struct avro_node *node, const json_t *json,
                       int depth);
static enum err encode_field(struct maker *maker, const struct avro_field *field, int depth);

enum err avro_default_encode(const struct avro_field *field, struct buf *buf)
{
    struct maker maker = {.buf = buf};
    return encode_field(&maker, field, 0);
}

static enum err encode_field(struct maker *maker, const struct avro_field *field, int depth)
{
    struct buf *buf = maker->buf;
    const size_t size = buf->size;
    if (!field->has_default) {
        must(field->node->kind == AVRO_ENUM);
        varint_append(buf, avro_symbol_index(field->node, field->node->enum_default));
        return OK;
    }
    json_error_t error;
    json_t *json =
        json_loadb(field->default_json.data, field->default_json.size, JSON_DECODE_ANY, &error);
    must(json != NULL);
    const enum err err = encode(maker, field->node, json, depth);
    json_decref(json);
    if (err)
        buf->size = size;
    return err;
}

static void append_bytes(const void *bytes, size_t size, struct buf *buf)
{
    varint_append(buf, (int64_t)size);
    buf_append(buf, bytes, size);
}

/* Code points 0 to 255 stand for bytes. */
static enum err append_latin(struct str text, struct buf *buf)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        if (byte >= 0x80) {
            if (byte > 0xc3 || i + 1 == text.size)
                return ERR_INVALID;
            byte = (uint8_t)((byte & 3) << 6 | ((uint8_t)text.data[++i] & 0x3f));
        }
        buf_append_byte(buf, byte);
    }
    return OK;
}

static enum err encode_bytes(const struct avro_node *node, struct str text, struct buf *buf)
{
    struct buf bytes = {0};
    enum err err = append_latin(text, &bytes);
    if (!err && node->kind == AVRO_BYTES)
        append_bytes(bytes.data, bytes.size, buf);
    else if (!err && bytes.size == node->count)
        buf_append(buf, bytes.data, bytes.size);
    else
        err = ERR_INVALID;
    buf_release(&bytes);
    return err;
}

static enum err encode_number(const struct avro_node *node, const json_t *json, struct buf *buf)
{
    const double real = json_number_value(json);
    const float narrow = (float)real;
    if (node->kind == AVRO_DOUBLE) {
        buf_append(buf, &real, sizeof(real));
        return OK;
    }
    if (node->kind == AVRO_FLOAT) {
        buf_append(buf, &narrow, sizeof(narrow));
        return OK;
    }
    const int64_t whole = json_integer_value(json);
    if (!json_is_integer(json) || (node->kind == AVRO_INT && whole != (int32_t)whole))
        return ERR_INVALID;
    varint_append(buf, whole);
    return OK;
}

static enum err encode_record(struct maker *maker, const struct avro_node *node, const json_t *json,
                              int depth)
{

    for (uint32_t i = 0; i < node->count; i++) {
        const struct avro_field *field = &node->fields[i];
        const json_t *value = json_object_getn(json, field->name.data, field->name.size);
        enum err err = ERR_INVALID;
        if (value)
            err = encode(maker, field->node, value, depth + 1);
        else if (field->has_default)
            err = encode_field(maker, field, depth + 1);
        if (err)
            return err;
    }
    return OK;
}

static enum err encode_list(struct maker *maker, const struct avro_node *node, const json_t *json,
                            int depth)
{
    struct buf *buf = maker->buf;

    size_t i;
    const char *key;
    const json_t *item;
    enum err err = OK;
    const size_t count = json_is_array(json) ? json_array_size(json) : json_object_size(json);
    if (count > 0)
        varint_append(buf, (int64_t)count);
    if (node->kind == AVRO_ARRAY) {
        json_array_foreach(json, i, item)
        {
            err = encode(maker, node->item, item, depth + 1);
            if (err)
                return err;
        }
    } else {
        json_object_foreach((json_t *)json, key, item)
        {
            append_bytes(key, strlen(key), buf);
            err = encode(maker, node->item, item, depth + 1);
            if (err)
                return err;
        }
    }
    varint_append(buf, 0);
    return OK;
}

/* A union's default is of one of its branches: the first, said the specification; any, it says
 * now. The first that fits is taken. */
static enum err encode_union(struct maker *maker, const struct avro_node *node, const json_t *json,
                             int depth)
{
    struct buf *buf = maker->buf;

    const size_t size = buf->size;
    for (uint32_t i = 0; i < node->count; i++) {
        varint_append(buf, i);
        const enum err err = encode(maker, node->branches[i], json, depth + 1);
        if (err != ERR_INVALID)
            return err;
        buf->size = size;
    }
    return ERR_INVALID;
}

static enum err encode(struct maker *maker, const struct avro_node *node, const json_t *json,
                       int depth)
{
    struct buf *buf = maker->buf;
    if (depth >= AVRO_DEPTH_MAX || buf->size > DEFAULT_BYTES_MAX ||
        ++maker->values > DEFAULT_VALUES_MAX)
        return ERR_LIMIT;
    switch (node->kind) {
    case AVRO_NULL:
        return json_is_null(json) ? OK : ERR_INVALID;
    case AVRO_BOOLEAN:
        if (!json_is_boolean(json))
            return ERR_INVALID;
        buf_append_byte(buf, json_is_true(json));
        return OK;
    case AVRO_INT:
    case AVRO_LONG:
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
        return json_is_number(json) ? encode_number(node, json, buf) : ERR_INVALID;
    case AVRO_BYTES:
    case AVRO_FIXED:
        return json_is_string(json) ? encode_bytes(node, json_text(json), buf) : ERR_INVALID;
    case AVRO_STRING:
        if (!json_is_string(json))
            return ERR_INVALID;
        append_bytes(json_string_value(json), json_string_length(json), buf);
        return OK;
    case AVRO_ENUM:
        if (!json_is_string(json) || avro_symbol_index(node, json_text(json)) < 0)
            return ERR_INVALID;
        varint_append(buf, avro_symbol_index(node, json_text(json)));
        return OK;
    case AVRO_ARRAY:
        return json_is_array(json) ? encode_list(maker, node, json, depth) : ERR_INVALID;
    case AVRO_MAP:
        return json_is_object(json) ? encode_list(maker, node, json, depth) : ERR_INVALID;
    case AVRO_RECORD:
        return json_is_object(json) ? encode_record(maker, node, json, depth) : ERR_INVALID;
    case AVRO_UNION:
        return encode_union(maker, node, json, depth);
    }
    must_not_reach();
}
