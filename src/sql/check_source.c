/* check_source.c -- CREATE STREAM and CREATE TABLE over a topic. */
#include "sql/resolve.h"
#include "sql/vector.h"

/* One check. */
struct source_check {
    const struct statement *statement;
    const struct catalog *catalog;
    struct arena *arena;
    struct why *why;
    struct with with;
    struct source source;
    struct vector keys;    /* of struct row_column */
    struct vector columns; /* values and headers */
    uint32_t value_count;
};

static enum err check_formats(struct source_check *check);
static enum err check_elements(struct source_check *check);
static enum err check_element(struct source_check *check, const struct syntax_element *element);
static enum err check_key_rules(struct source_check *check, const struct syntax_element *element);
static enum err check_headers(struct source_check *check, const struct syntax_element *element,
                              const struct type *type);
static enum err check_duplicate(struct source_check *check, const struct syntax_element *element);
static enum err infer_side(struct source_check *check, bool is_key);
static enum err check_columns(struct source_check *check);
static enum err check_window(struct source_check *check);
static enum err refuse_name(struct source_check *check, const char *words);

bool name_is_reserved(struct str name)
{
    static const char *const names[] = {"ROWTIME", "ROWPARTITION", "ROWOFFSET", "WINDOWSTART",
                                        "WINDOWEND"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_equal(name, str_from(names[i])))
            return true;
    }
    return false;
}

enum err sql_check_source(const struct statement *statement, const struct catalog *catalog,
                          struct arena *arena, struct source_wish *ret_wish, struct why *why)
{
    must(statement->kind == STATEMENT_CREATE_STREAM || statement->kind == STATEMENT_CREATE_TABLE);
    must(catalog != NULL);
    must(arena != NULL);
    must(ret_wish != NULL);
    struct source_check check = {
        .statement = statement, .catalog = catalog, .arena = arena, .why = why};
    check.source = (struct source){
        .name = statement->name,
        .kind = statement->kind == STATEMENT_CREATE_STREAM ? SOURCE_STREAM : SOURCE_TABLE,
        .read_only = statement->read_only,
        .sql = statement->text,
    };
    if (statement->or_replace && statement->read_only)
        return refuse_name(&check, "CREATE OR REPLACE is not supported on source streams and "
                                   "tables");
    enum err err = with_check(statement, WITH_DECLARED, arena, &check.with, why);
    if (!err)
        err = check_formats(&check);
    if (!err)
        err = check_elements(&check);
    if (!err)
        err = check_columns(&check);
    if (!err)
        err = check_window(&check);
    if (!err)
        err = with_timestamp(&check.with, check.source.format.row_type, arena, &check.source, why);
    if (!err)
        err = formats_check(&check.source.format, statement->name_place, arena, why);
    if (err)
        return err;
    const struct with_value *values = check.with.values;
    *ret_wish = (struct source_wish){
        .source = check.source,
        .topic_must_exist = !values[WITH_PARTITIONS].given,
        .partition_count = (int32_t)values[WITH_PARTITIONS].number,
        .replica_count = (int16_t)values[WITH_REPLICAS].number,
        .retention_ms = values[WITH_RETENTION_MS].number,
    };
    return OK;
}

static enum err check_formats(struct source_check *check)
{
    struct record_format *format = &check->source.format;
    const struct with_value *values = check->with.values;
    if (!values[WITH_KAFKA_TOPIC].given)
        return refuse_name(check, "the property KAFKA_TOPIC is missing from WITH");
    format->topic = values[WITH_KAFKA_TOPIC].text;
    format->key.kind = check->catalog->default_key_format;
    format->value.kind = check->catalog->default_value_format;
    format->key.delimiter = ',';
    format->value.delimiter = ',';
    if (!values[WITH_FORMAT].given && !values[WITH_VALUE_FORMAT].given &&
        !check->catalog->default_value_format_given)
        return refuse_name(check, "the property VALUE_FORMAT is missing from WITH, and "
                                  "ksql.persistence.default.format.value is not set");
    return with_formats(&check->with, &format->key.kind, &format->value.kind, check->why);
}

/* Declared columns, then what the registry knows of the sides that have none declared. */
static enum err check_elements(struct source_check *check)
{
    const struct statement *statement = check->statement;
    struct record_format *format = &check->source.format;
    for (uint32_t i = 0; i < statement->element_count; i++) {
        enum err err = check_element(check, &statement->elements[i]);
        if (err)
            return err;
    }
    const struct with_value *values = check->with.values;
    const bool key_given = check->keys.count > 0;
    const bool value_given = check->value_count > 0;
    for (int side = 0; side < 2; side++) {
        const struct with_value *id = &values[side ? WITH_VALUE_SCHEMA_ID : WITH_KEY_SCHEMA_ID];
        if (id->given && (side ? value_given : key_given))
            return why_set_at(check->why, ERR_INVALID, id->place.line, id->place.column,
                              "%s columns and %s cannot both be given", side ? "value" : "key",
                              side ? "VALUE_SCHEMA_ID" : "KEY_SCHEMA_ID");
    }
    /* The names and ids of schemas are wanted before the columns are known. */
    enum err err =
        with_sides(&check->with, check->value_count, &format->key, &format->value, check->why);
    if (!err && !key_given && format->key.kind == FORMAT_AVRO)
        err = infer_side(check, true);
    if (!err && !value_given && format->value.kind == FORMAT_AVRO)
        err = infer_side(check, false);
    if (!err && check->columns.count == 0 && check->keys.count == 0)
        err = refuse_name(check, "the statement does not define any columns");
    return err;
}

static enum err check_element(struct source_check *check, const struct syntax_element *element)
{
    const struct place place = element->place;
    if (name_is_reserved(element->name))
        return why_set_at(check->why, ERR_INVALID, place.line, place.column,
                          "'%.*s' is a reserved column name: it cannot be the name of a column",
                          STR_ARGS(element->name));
    const struct type *type;
    enum err err = type_resolve(element->type, check->catalog, check->arena, &type, check->why);
    if (!err)
        err = check_key_rules(check, element);
    if (!err)
        err = check_duplicate(check, element);
    if (!err && element->is_headers)
        err = check_headers(check, element, type);
    if (err)
        return err;
    const bool is_key = element->is_key || element->is_primary_key;
    struct row_column *column =
        VECTOR_PUSH(is_key ? &check->keys : &check->columns, check->arena, struct row_column);
    *column = (struct row_column){
        .name = element->name,
        .type = type,
        .role = is_key                ? COLUMN_KEY
                : element->is_headers ? COLUMN_HEADERS
                                      : COLUMN_VALUE,
        .header_name = element->header_name,
    };
    check->value_count += column->role == COLUMN_VALUE;
    return OK;
}

static enum err check_key_rules(struct source_check *check, const struct syntax_element *element)
{
    const struct place place = element->place;
    if (element->is_primary_key && check->source.kind == SOURCE_STREAM)
        return why_set_at(check->why, ERR_INVALID, place.line, place.column,
                          "column '%.*s' is a PRIMARY KEY column: use KEY for streams",
                          STR_ARGS(element->name));
    if (element->is_key && check->source.kind == SOURCE_TABLE)
        return why_set_at(check->why, ERR_INVALID, place.line, place.column,
                          "column '%.*s' is a KEY column: use PRIMARY KEY for tables",
                          STR_ARGS(element->name));
    return OK;
}

static enum err check_headers(struct source_check *check, const struct syntax_element *element,
                              const struct type *type)
{
    const struct type_field fields[] = {{STR("KEY"), &type_string}, {STR("VALUE"), &type_bytes}};
    const struct type *wanted =
        element->has_header_name ? &type_bytes
                                 : type_array(check->arena, type_struct(check->arena, fields, 2));
    if (!type_equal(type, wanted))
        return why_set_at(
            check->why, ERR_INVALID, element->type->place.line, element->type->place.column,
            "invalid type of a %s column: found %.*s, expected %.*s",
            element->has_header_name ? "HEADER" : "HEADERS",
            STR_ARGS(type_text(type, check->arena)), STR_ARGS(type_text(wanted, check->arena)));
    const struct row_column *columns = check->columns.data;
    for (uint32_t i = 0; i < check->columns.count; i++) {
        if (columns[i].role != COLUMN_HEADERS)
            continue;
        const bool all = !element->has_header_name || columns[i].header_name.size == 0;
        if (all || str_equal(columns[i].header_name, element->header_name))
            return why_set_at(check->why, ERR_INVALID, element->place.line, element->place.column,
                              "column '%.*s' already holds %s", STR_ARGS(columns[i].name),
                              all ? "headers: HEADERS stands alone" : "this header");
    }
    return OK;
}

static enum err check_duplicate(struct source_check *check, const struct syntax_element *element)
{
    const struct vector *vectors[] = {&check->keys, &check->columns};
    for (int side = 0; side < 2; side++) {
        const struct row_column *columns = vectors[side]->data;
        for (uint32_t i = 0; i < vectors[side]->count; i++) {
            if (str_equal(columns[i].name, element->name))
                return why_set_at(check->why, ERR_INVALID, element->place.line,
                                  element->place.column, "duplicate column '%.*s'",
                                  STR_ARGS(element->name));
        }
    }
    return OK;
}

static enum err infer_side(struct source_check *check, bool is_key)
{
    const struct record_format *format = &check->source.format;
    const struct place place = check->statement->name_place;
    struct row_column *columns;
    uint32_t count;
    struct why own = {0};
    const enum err err = check->catalog->schema(check->catalog->context, format->topic,
                                                is_key ? &format->key : &format->value, is_key,
                                                check->arena, &columns, &count, &own);
    if (err)
        return why_set_at(check->why, err, place.line, place.column,
                          "no schema of the %s of topic '%.*s' can be had: %s; declare the columns "
                          "or register a schema",
                          is_key ? "key" : "value", STR_ARGS(format->topic),
                          own.text[0] ? own.text : err_text(err));
    for (uint32_t i = 0; i < count; i++) {
        const struct syntax_element element = {.name = columns[i].name, .place = place};
        const enum err duplicate = check_duplicate(check, &element);
        if (duplicate)
            return duplicate;
        struct row_column *column =
            VECTOR_PUSH(is_key ? &check->keys : &check->columns, check->arena, struct row_column);
        *column = columns[i];
        column->role = is_key ? COLUMN_KEY : COLUMN_VALUE;
        check->value_count += !is_key;
    }
    return OK;
}

static enum err check_columns(struct source_check *check)
{
    struct record_format *format = &check->source.format;
    if (check->source.kind == SOURCE_TABLE && check->keys.count == 0)
        return refuse_name(check, "a table needs a PRIMARY KEY: declare one");
    if (check->keys.count + check->columns.count > ROW_TYPE_COLUMNS_MAX)
        return refuse_name(check, "there are too many columns");
    struct vector all = {0};
    for (uint32_t i = 0; i < check->keys.count; i++)
        *VECTOR_PUSH(&all, check->arena, struct row_column) =
            ((struct row_column *)check->keys.data)[i];
    for (uint32_t i = 0; i < check->columns.count; i++)
        *VECTOR_PUSH(&all, check->arena, struct row_column) =
            ((struct row_column *)check->columns.data)[i];
    format->row_type = row_type_new(check->arena, all.data, all.count);
    format->key.unwrapped = check->keys.count == 1;
    const struct with_value *wrap = &check->with.values[WITH_WRAP_SINGLE_VALUE];
    if (!wrap->given && check->value_count == 1 && format_wraps(format->value.kind))
        format->value.unwrapped = check->catalog->unwraps_single_values;
    /* A second look: inferred columns may be too many to go without a wrapping. */
    if (wrap->given && check->value_count > 1)
        return why_set_at(check->why, ERR_INVALID, wrap->place.line, wrap->place.column,
                          "WRAP_SINGLE_VALUE is only valid for a single value column");
    return OK;
}

static enum err check_window(struct source_check *check)
{
    const struct with_value *window = &check->with.values[WITH_WINDOW_TYPE];
    const struct with_value *size = &check->with.values[WITH_WINDOW_SIZE];
    const bool is_session = window->given && window->number == WINDOW_SESSION;
    const struct place place = size->given ? size->place : window->place;
    if (size->given && (!window->given || is_session))
        return why_set_at(check->why, ERR_INVALID, place.line, place.column,
                          is_session ? "WINDOW_SIZE should not be set for SESSION windows"
                                     : "WINDOW_SIZE needs WINDOW_TYPE");
    if (!window->given)
        return OK;
    if (!is_session && !size->given)
        return why_set_at(check->why, ERR_INVALID, place.line, place.column,
                          "%s windows need WINDOW_SIZE",
                          window->number == WINDOW_TUMBLING ? "TUMBLING" : "HOPPING");
    if (check->keys.count == 0)
        return why_set_at(check->why, ERR_INVALID, place.line, place.column,
                          "windowed sources require a key column");
    check->source.format.window = (enum window_kind)window->number;
    check->source.format.window_size_ms = size->number;
    return OK;
}

static enum err refuse_name(struct source_check *check, const char *words)
{
    const struct place place = check->statement->name_place;
    return why_set_at(check->why, ERR_INVALID, place.line, place.column, "cannot create '%.*s': %s",
                      STR_ARGS(check->statement->name), words);
}
