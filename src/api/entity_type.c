/* entity_type.c -- SQL types as ksqlDB's clients read them: its "schema". */
#include "api/entity.h"
#include "base/json.h"

static const char *kind_name(enum type_kind kind)
{
    static const char *const names[TYPE_KIND_COUNT] = {
        [TYPE_BOOLEAN] = "BOOLEAN",     [TYPE_INTEGER] = "INTEGER", [TYPE_BIGINT] = "BIGINT",
        [TYPE_DECIMAL] = "DECIMAL",     [TYPE_DOUBLE] = "DOUBLE",   [TYPE_STRING] = "STRING",
        [TYPE_BYTES] = "BYTES",         [TYPE_TIME] = "TIME",       [TYPE_DATE] = "DATE",
        [TYPE_TIMESTAMP] = "TIMESTAMP", [TYPE_ARRAY] = "ARRAY",     [TYPE_MAP] = "MAP",
        [TYPE_STRUCT] = "STRUCT",
    };
    return names[kind];
}

void entity_write_type(const struct type *type, struct buf *json)
{
    buf_printf(json, "{\"type\":\"%s\",\"fields\":", kind_name(type->kind));
    if (type->kind == TYPE_STRUCT) {
        for (uint32_t i = 0; i < type->field_count; i++) {
            buf_append_str(json, i == 0 ? STR("[{\"name\":") : STR(",{\"name\":"));
            json_write_string(json, type->fields[i].name);
            buf_append_str(json, STR(",\"schema\":"));
            entity_write_type(type->fields[i].type, json);
            buf_append_byte(json, '}');
        }
        buf_append_str(json, type->field_count == 0 ? STR("[]") : STR("]"));
    } else {
        buf_append_str(json, STR("null"));
    }
    buf_append_str(json, STR(",\"memberSchema\":"));
    if (type->kind == TYPE_ARRAY || type->kind == TYPE_MAP)
        entity_write_type(type->item, json);
    else
        buf_append_str(json, STR("null"));
    if (type->kind == TYPE_DECIMAL)
        buf_printf(json, ",\"parameters\":{\"precision\":%d,\"scale\":%d}", type->precision,
                   type->scale);
    buf_append_byte(json, '}');
}

void entity_write_fields(const struct row_type *row_type, struct buf *json)
{
    buf_append_byte(json, '[');
    for (uint32_t i = 0; row_type && i < row_type->column_count; i++) {
        const struct row_column *column = &row_type->columns[i];
        buf_append_str(json, i == 0 ? STR("{\"name\":") : STR(",{\"name\":"));
        json_write_string(json, column->name);
        buf_append_str(json, STR(",\"schema\":"));
        entity_write_type(column->type, json);
        if (column->role == COLUMN_KEY)
            buf_append_str(json, STR(",\"type\":\"KEY\""));
        if (column->role == COLUMN_HEADERS)
            buf_append_str(json, STR(",\"type\":\"HEADER\""));
        buf_append_byte(json, '}');
    }
    buf_append_byte(json, ']');
}
