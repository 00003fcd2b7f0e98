/* columns.c -- the schema that ksqlDB registers for columns. */
#include "avro/schema_json.h"

static void write_type(struct buf *buf, const struct type *type, struct str full_name, int depth);

/* `part`: what a record in the field is called after the one around it. */
static void write_field(struct buf *buf, struct str name, const struct type *type,
                        struct str record_name, struct str part, int depth)
{
    buf_append_str(buf, STR("{\"name\":"));
    avro_string_write(buf, name);
    buf_append_str(buf, STR(",\"type\":[\"null\","));
    struct buf full_name = {0};
    buf_printf(&full_name, "%.*s_%.*s", STR_ARGS(record_name), STR_ARGS(part));
    write_type(buf, type, buf_str(&full_name), depth + 1);
    buf_release(&full_name);
    buf_append_str(buf, STR("],\"default\":null}"));
}

static void begin_record(struct buf *buf, struct str full_name, int depth)
{
    buf_append_str(buf, STR("{\"type\":\"record\",\"name\":"));
    avro_string_write(buf, avro_unqualified(full_name));
    const struct str space = avro_namespace(full_name);
    if (depth == 0 && space.size) {
        buf_append_str(buf, STR(",\"namespace\":"));
        avro_string_write(buf, space);
    }
    buf_append_str(buf, STR(",\"fields\":["));
}

static void end_record(struct buf *buf, struct str full_name)
{
    buf_append_str(buf, STR("],\"connect.name\":"));
    avro_string_write(buf, full_name);
    buf_append_byte(buf, '}');
}

void avro_schema_of_columns(const struct row_column *columns, uint32_t column_count,
                            struct str full_name, bool whole, struct buf *buf)
{
    must(buf != NULL);
    if (whole) {
        must(column_count == 1);
        write_type(buf, columns[0].type, full_name, 0);
        return;
    }
    begin_record(buf, full_name, 0);
    for (uint32_t i = 0; i < column_count; i++) {
        if (i)
            buf_append_byte(buf, ',');
        write_field(buf, columns[i].name, columns[i].type, full_name, columns[i].name, 0);
    }
    end_record(buf, full_name);
}

/* Connect's logical types: what Avro knows of them and what only Connect does. */
static void write_logical(struct buf *buf, const char *type, const char *logical, const char *name)
{
    buf_printf(buf,
               "{\"type\":\"%s\",\"connect.version\":1,"
               "\"connect.name\":\"org.apache.kafka.connect.data.%s\",\"logicalType\":\"%s\"}",
               type, name, logical);
}

static void write_decimal(struct buf *buf, const struct type *type)
{
    buf_printf(buf,
               "{\"type\":\"bytes\",\"scale\":%d,\"precision\":%d,\"connect.version\":1,"
               "\"connect.parameters\":{\"scale\":\"%d\",\"connect.decimal.precision\":\"%d\"},"
               "\"connect.name\":\"org.apache.kafka.connect.data.Decimal\","
               "\"logicalType\":\"decimal\"}",
               type->scale, type->precision, type->scale, type->precision);
}

/* A map is an array of entries whose keys may be null, as Connect has it. */
static void write_map(struct buf *buf, const struct type *type, struct str full_name, int depth)
{
    buf_append_str(buf, STR("{\"type\":\"array\",\"items\":"));
    begin_record(buf, full_name, depth);
    write_field(buf, STR("key"), type->key, full_name, STR("MapKey"), depth + 1);
    buf_append_byte(buf, ',');
    write_field(buf, STR("value"), type->item, full_name, STR("MapValue"), depth + 1);
    buf_append_str(buf, STR("],\"connect.internal.type\":\"MapEntry\"},\"connect.name\":"));
    avro_string_write(buf, full_name);
    buf_append_byte(buf, '}');
}

static void write_struct(struct buf *buf, const struct type *type, struct str full_name, int depth)
{
    begin_record(buf, full_name, depth);
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i)
            buf_append_byte(buf, ',');
        write_field(buf, type->fields[i].name, type->fields[i].type, full_name,
                    type->fields[i].name, depth);
    }
    end_record(buf, full_name);
}

/* The depth of a type is bounded where it is made. */
static void write_type(struct buf *buf, const struct type *type, struct str full_name, int depth)
{
    must(depth <= 2 * TYPE_DEPTH_MAX);
    switch (type->kind) {
    case TYPE_BOOLEAN:
        buf_append_str(buf, STR("\"boolean\""));
        return;
    case TYPE_INTEGER:
        buf_append_str(buf, STR("\"int\""));
        return;
    case TYPE_BIGINT:
        buf_append_str(buf, STR("\"long\""));
        return;
    case TYPE_DOUBLE:
        buf_append_str(buf, STR("\"double\""));
        return;
    case TYPE_STRING:
        buf_append_str(buf, STR("\"string\""));
        return;
    case TYPE_BYTES:
        buf_append_str(buf, STR("\"bytes\""));
        return;
    case TYPE_DECIMAL:
        write_decimal(buf, type);
        return;
    case TYPE_DATE:
        write_logical(buf, "int", "date", "Date");
        return;
    case TYPE_TIME:
        write_logical(buf, "int", "time-millis", "Time");
        return;
    case TYPE_TIMESTAMP:
        write_logical(buf, "long", "timestamp-millis", "Timestamp");
        return;
    case TYPE_ARRAY:
        buf_append_str(buf, STR("{\"type\":\"array\",\"items\":[\"null\","));
        write_type(buf, type->item, full_name, depth);
        buf_append_str(buf, STR("]}"));
        return;
    case TYPE_MAP:
        write_map(buf, type, full_name, depth);
        return;
    case TYPE_STRUCT:
        write_struct(buf, type, full_name, depth);
        return;
    default:
        must_not_reach();
    }
}
