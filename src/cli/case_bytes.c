/* case_bytes.c -- a record's key or value between the JSON of a case and the bytes of its format.
 */
#include "base/base64.h"
#include "base/varint.h"
#include "cli/cases.h"
#include "format/format.h"

static const struct format_spec *side_spec(const struct case_side *side)
{
    return side->is_key ? &side->format->key : &side->format->value;
}

static uint32_t side_columns(const struct case_side *side, uint16_t *ret_first)
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

static enum err encode_avro_message(const struct case_side *side, const struct json_node *node,
                                    struct buf *buf, struct why *why)
{
    const struct format_spec *spec = side_spec(side);
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
    err = encode_avro(schema->root, node, buf, 0);
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
    const enum format_kind kind = side->format ? side_spec(side)->kind : FORMAT_JSON;
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
        if (side_columns(side, &first) == 0)
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

/* JSON with times as numbers, as the cases have them. */
static void write_raw(const struct type *type, const struct value *value, struct buf *buf)
{
    if (value->is_null) {
        buf_append_str(buf, STR("null"));
        return;
    }
    switch (type->kind) {
    case TYPE_TIME:
    case TYPE_DATE:
        buf_printf(buf, "%d", value->integer);
        return;
    case TYPE_TIMESTAMP:
        buf_printf(buf, "%lld", (long long)value->bigint);
        return;
    case TYPE_ARRAY:
        for (uint32_t i = 0; i < value->list.count; i++) {
            buf_append_byte(buf, i == 0 ? '[' : ',');
            write_raw(type->item, &value->list.items[i], buf);
        }
        buf_append_str(buf, value->list.count == 0 ? STR("[]") : STR("]"));
        return;
    case TYPE_MAP:
        for (uint32_t i = 0; i < value->list.count; i++) {
            buf_append_byte(buf, i == 0 ? '{' : ',');
            json_write_string(buf, value->list.items[2 * i].text);
            buf_append_byte(buf, ':');
            write_raw(type->item, &value->list.items[2 * i + 1], buf);
        }
        buf_append_str(buf, value->list.count == 0 ? STR("{}") : STR("}"));
        return;
    case TYPE_STRUCT:
        for (uint32_t i = 0; i < type->field_count; i++) {
            buf_append_byte(buf, i == 0 ? '{' : ',');
            json_write_string(buf, type->fields[i].name);
            buf_append_byte(buf, ':');
            write_raw(type->fields[i].type, &value->list.items[i], buf);
        }
        buf_append_str(buf, type->field_count == 0 ? STR("{}") : STR("}"));
        return;
    default:
        value_write_json(type, value, buf);
        return;
    }
}

static bool side_is_bare(const struct case_side *side)
{
    uint16_t first = 0;
    const struct format_spec *spec = side_spec(side);
    return side_columns(side, &first) == 1 &&
           (side->is_key || spec->unwrapped || spec->kind == FORMAT_KAFKA);
}

static void write_side(const struct case_side *side, const struct batch *row, struct buf *buf)
{
    const struct row_type *row_type = row->row_type;
    const bool bare = side_is_bare(side);
    uint32_t written = 0;
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        if (row_type->columns[i].role != (side->is_key ? COLUMN_KEY : COLUMN_VALUE))
            continue;
        const struct value value = column_get(&row->columns[i], 0, side->arena);
        if (!bare) {
            buf_append_byte(buf, written++ == 0 ? '{' : ',');
            json_write_string(buf, row_type->columns[i].name);
            buf_append_byte(buf, ':');
        }
        write_raw(row_type->columns[i].type, &value, buf);
    }
    if (!bare)
        buf_append_str(buf, written == 0 ? STR("{}") : STR("}"));
}

/* The side as the record's own Avro schema has it: what was written, not what was to be. */
static enum err side_as_written(const struct case_side *side, struct str bytes,
                                struct case_side *ret_side, struct why *why)
{
    const struct avro_schema *schema;
    int32_t id = 0;
    for (size_t i = 1; i < 5 && i < bytes.size; i++)
        id = id << 8 | (uint8_t)bytes.data[i];
    const enum err err = registry_by_id(side->registry, id, &schema, why);
    if (err)
        return err;
    const struct type *type = avro_sql_type(schema->root, false, side->arena);
    if (!type)
        return why_set(why, ERR_INVALID, "schema %d has no SQL type", id);
    const bool whole = type->kind != TYPE_STRUCT || side_is_bare(side);
    const uint32_t count = whole ? 1 : type->field_count;
    struct row_column *columns = ARENA_ARRAY(side->arena, struct row_column, count + 1);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = (struct row_column){.name = whole ? STR("ROWVAL") : type->fields[i].name,
                                         .type = whole ? type : type->fields[i].type,
                                         .role = side->is_key ? COLUMN_KEY : COLUMN_VALUE};
    struct record_format *format = arena_copy(side->arena, side->format, sizeof(*side->format));
    format->row_type = row_type_new(side->arena, columns, count);
    format->value.unwrapped = whole;
    *(side->is_key ? &format->value.kind : &format->key.kind) = FORMAT_NONE;
    *ret_side = *side;
    ret_side->format = format;
    return OK;
}

/* Through the format's own decoder. */
static enum err decode_row(const struct case_side *side, const struct record *record,
                           struct buf *buf, struct why *why)
{
    const struct row_type *row_type = side->format->row_type;
    struct column_origin *origins =
        ARENA_ARRAY(side->arena, struct column_origin, row_type->column_count + 1);
    struct decoder *decoder;
    struct format_reject reject;
    uint32_t reject_count = 0;
    uint32_t done = 0;
    for (uint32_t i = 0; i < row_type->column_count; i++)
        origins[i] = (struct column_origin){ORIGIN_COLUMN, (uint16_t)i};
    struct batch *row = batch_new(side->arena, row_type, 1);
    batch_add_null_values(row);
    batch_add_windows(row);
    enum err err =
        decoder_new(side->format, origins, row_type->column_count, side->registry, &decoder, why);
    if (err)
        return err;
    err = decoder_decode(decoder, record, 1, 0, row, &reject, &reject_count, &done, why);
    if (err == OK && reject_count > 0)
        err = why_set(why, ERR_MALFORMED, "an output does not decode: %s", reject.why.text);
    if (err == OK)
        write_side(side, row, buf);
    decoder_free(decoder);
    return err;
}

enum err case_decode(const struct case_side *side, const struct record *record,
                     struct json_node **ret_node, struct why *why)
{
    struct buf buf = {0};
    const struct str bytes = side->is_key ? record->key : record->value;
    const enum format_kind kind = side->format ? side_spec(side)->kind : FORMAT_JSON;
    enum err err = OK;
    if (!bytes.data) {
        buf_append_str(&buf, STR("null"));
    } else {
        switch (kind) {
        case FORMAT_NONE:
        case FORMAT_JSON:
        case FORMAT_KEPT:
            buf_append_str(&buf, bytes);
            break;
        case FORMAT_DELIMITED:
            json_write_string(&buf, bytes);
            break;
        case FORMAT_KAFKA:
            err = decode_row(side, record, &buf, why);
            break;
        case FORMAT_AVRO: {
            struct case_side written;
            err = side_as_written(side, bytes, &written, why);
            if (err == OK)
                err = decode_row(&written, record, &buf, why);
            break;
        }
        }
    }
    const struct str text = arena_str(side->arena, buf_str(&buf));
    buf_release(&buf);
    if (err == OK && json_tree_parse(text, side->arena, ret_node) != OK)
        err = why_set(why, ERR_MALFORMED, "an output is not JSON: '%.*s'", STR_ARGS(text));
    return err;
}
