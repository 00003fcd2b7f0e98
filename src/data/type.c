/* type.c -- SQL types and row types: made in arenas, compared by structure, written as text. */
#include "data/type.h"

#include "data/decimal.h"

const struct type type_boolean = {.kind = TYPE_BOOLEAN};
const struct type type_integer = {.kind = TYPE_INTEGER};
const struct type type_bigint = {.kind = TYPE_BIGINT};
const struct type type_double = {.kind = TYPE_DOUBLE};
const struct type type_string = {.kind = TYPE_STRING};
const struct type type_bytes = {.kind = TYPE_BYTES};
const struct type type_time = {.kind = TYPE_TIME};
const struct type type_date = {.kind = TYPE_DATE};
const struct type type_timestamp = {.kind = TYPE_TIMESTAMP};

static const char *const kind_names[TYPE_KIND_COUNT] = {
    [TYPE_BOOLEAN] = "BOOLEAN",     [TYPE_INTEGER] = "INTEGER", [TYPE_BIGINT] = "BIGINT",
    [TYPE_DECIMAL] = "DECIMAL",     [TYPE_DOUBLE] = "DOUBLE",   [TYPE_STRING] = "STRING",
    [TYPE_BYTES] = "BYTES",         [TYPE_TIME] = "TIME",       [TYPE_DATE] = "DATE",
    [TYPE_TIMESTAMP] = "TIMESTAMP", [TYPE_ARRAY] = "ARRAY",     [TYPE_MAP] = "MAP",
    [TYPE_STRUCT] = "STRUCT",
};

static const struct type *type_static(enum type_kind kind);
static void name_format(struct str name, struct buf *buf);

const struct type *type_decimal(struct arena *arena, int precision, int scale)
{
    must(precision > 0);
    must(precision <= DECIMAL_PRECISION_MAX);
    must(scale >= 0);
    must(scale <= precision);
    struct type *type = ARENA_NEW(arena, struct type);
    *type = (struct type){
        .kind = TYPE_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale};
    return type;
}

const struct type *type_array(struct arena *arena, const struct type *item)
{
    must(item);
    struct type *type = ARENA_NEW(arena, struct type);
    *type = (struct type){.kind = TYPE_ARRAY, .item = item};
    return type;
}

const struct type *type_map(struct arena *arena, const struct type *key, const struct type *item)
{
    must(key);
    must(item);
    struct type *type = ARENA_NEW(arena, struct type);
    *type = (struct type){.kind = TYPE_MAP, .key = key, .item = item};
    return type;
}

const struct type *type_struct(struct arena *arena, const struct type_field *fields,
                               uint32_t field_count)
{
    struct type_field *copies = ARENA_ARRAY(arena, struct type_field, field_count);
    for (uint32_t i = 0; i < field_count; i++) {
        must(fields[i].type);
        copies[i] =
            (struct type_field){.name = arena_str(arena, fields[i].name), .type = fields[i].type};
    }
    struct type *type = ARENA_NEW(arena, struct type);
    *type = (struct type){.kind = TYPE_STRUCT, .field_count = field_count, .fields = copies};
    return type;
}

const struct type *type_copy(struct arena *arena, const struct type *type)
{
    switch (type->kind) {
    case TYPE_DECIMAL:
        return type_decimal(arena, type->precision, type->scale);
    case TYPE_ARRAY:
        return type_array(arena, type_copy(arena, type->item));
    case TYPE_MAP:
        return type_map(arena, type_copy(arena, type->key), type_copy(arena, type->item));
    case TYPE_STRUCT: {
        struct type_field *fields = ARENA_ARRAY(arena, struct type_field, type->field_count);
        for (uint32_t i = 0; i < type->field_count; i++)
            fields[i] = (struct type_field){.name = type->fields[i].name,
                                            .type = type_copy(arena, type->fields[i].type)};
        return type_struct(arena, fields, type->field_count);
    }
    default:
        return type_static(type->kind);
    }
}

bool type_equal(const struct type *a, const struct type *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case TYPE_DECIMAL:
        return a->precision == b->precision && a->scale == b->scale;
    case TYPE_ARRAY:
        return type_equal(a->item, b->item);
    case TYPE_MAP:
        return type_equal(a->key, b->key) && type_equal(a->item, b->item);
    case TYPE_STRUCT:
        if (a->field_count != b->field_count)
            return false;
        for (uint32_t i = 0; i < a->field_count; i++) {
            if (!str_equal(a->fields[i].name, b->fields[i].name))
                return false;
            if (!type_equal(a->fields[i].type, b->fields[i].type))
                return false;
        }
        return true;
    default:
        return true;
    }
}

bool type_is_numeric(const struct type *type)
{
    return type->kind == TYPE_INTEGER || type->kind == TYPE_BIGINT || type->kind == TYPE_DECIMAL ||
           type->kind == TYPE_DOUBLE;
}

void type_format(const struct type *type, struct buf *buf)
{
    must(type->kind < TYPE_KIND_COUNT);
    buf_append_str(buf, str_from(kind_names[type->kind]));
    switch (type->kind) {
    case TYPE_DECIMAL:
        buf_printf(buf, "(%d, %d)", type->precision, type->scale);
        return;
    case TYPE_ARRAY:
        buf_append_byte(buf, '<');
        type_format(type->item, buf);
        buf_append_byte(buf, '>');
        return;
    case TYPE_MAP:
        buf_append_byte(buf, '<');
        type_format(type->key, buf);
        buf_append_str(buf, STR(", "));
        type_format(type->item, buf);
        buf_append_byte(buf, '>');
        return;
    case TYPE_STRUCT:
        buf_append_byte(buf, '<');
        for (uint32_t i = 0; i < type->field_count; i++) {
            if (i > 0)
                buf_append_str(buf, STR(", "));
            name_format(type->fields[i].name, buf);
            buf_append_byte(buf, ' ');
            type_format(type->fields[i].type, buf);
        }
        buf_append_byte(buf, '>');
        return;
    default:
        return;
    }
}

struct str type_text(const struct type *type, struct arena *arena)
{
    struct buf buf = {0};
    type_format(type, &buf);
    const struct str text = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return text;
}

const struct row_type *row_type_new(struct arena *arena, const struct row_column *columns,
                                    uint32_t column_count)
{
    must(column_count <= ROW_TYPE_COLUMNS_MAX);
    struct row_column *copies = ARENA_ARRAY(arena, struct row_column, column_count);
    for (uint32_t i = 0; i < column_count; i++) {
        must(columns[i].type);
        copies[i] = columns[i];
        copies[i].name = arena_str(arena, columns[i].name);
        copies[i].header_name = arena_str(arena, columns[i].header_name);
    }
    struct row_type *row_type = ARENA_NEW(arena, struct row_type);
    *row_type = (struct row_type){.column_count = column_count, .columns = copies};
    return row_type;
}

int row_type_find(const struct row_type *row_type, struct str name)
{
    for (uint32_t i = 0; i < row_type->column_count; i++)
        if (str_equal(row_type->columns[i].name, name))
            return (int)i;
    return -1;
}

uint32_t row_type_key_count(const struct row_type *row_type)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < row_type->column_count; i++)
        count += row_type->columns[i].role == COLUMN_KEY;
    return count;
}

uint32_t row_type_value_count(const struct row_type *row_type)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < row_type->column_count; i++)
        count += row_type->columns[i].role == COLUMN_VALUE;
    return count;
}

void row_type_format(const struct row_type *row_type, struct buf *buf)
{
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        const struct row_column *column = &row_type->columns[i];
        if (i > 0)
            buf_append_str(buf, STR(", "));
        name_format(column->name, buf);
        buf_append_byte(buf, ' ');
        type_format(column->type, buf);
        if (column->role == COLUMN_KEY)
            buf_append_str(buf, STR(" KEY"));
        if (column->role == COLUMN_HEADERS && column->header_name.size == 0)
            buf_append_str(buf, STR(" HEADERS"));
        if (column->role == COLUMN_HEADERS && column->header_name.size > 0)
            buf_printf(buf, " HEADER('%.*s')", STR_ARGS(column->header_name));
    }
}

static const struct type *type_static(enum type_kind kind)
{
    static const struct type *const types[TYPE_KIND_COUNT] = {
        [TYPE_BOOLEAN] = &type_boolean,     [TYPE_INTEGER] = &type_integer,
        [TYPE_BIGINT] = &type_bigint,       [TYPE_DOUBLE] = &type_double,
        [TYPE_STRING] = &type_string,       [TYPE_BYTES] = &type_bytes,
        [TYPE_TIME] = &type_time,           [TYPE_DATE] = &type_date,
        [TYPE_TIMESTAMP] = &type_timestamp,
    };
    must(kind < TYPE_KIND_COUNT);
    must(types[kind]);
    return types[kind];
}

/* A backtick inside a name is written twice, as the lexer reads it. */
static void name_format(struct str name, struct buf *buf)
{
    buf_append_byte(buf, '`');
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '`')
            buf_append_byte(buf, '`');
        buf_append_byte(buf, (uint8_t)name.data[i]);
    }
    buf_append_byte(buf, '`');
}
