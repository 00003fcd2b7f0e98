/* case_decode.c -- the bytes of a record's format as the JSON of a case. */
#include "cli/case_bytes.h"

#include "format/format.h"

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
    const struct format_spec *spec = case_side_spec(side);
    return case_side_columns(side, &first) == 1 &&
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
    const enum format_kind kind = side->format ? case_side_spec(side)->kind : FORMAT_JSON;
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
