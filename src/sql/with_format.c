/* with_format.c -- what WITH says about formats and time, checked against the columns. */
#include "data/time.h"
#include "sql/resolve.h"

static enum err refuse(const struct with_value *value, struct why *why, const char *format, ...)
    PRINTF_LIKE(3, 4);
static enum err side_delimiter(const struct with_value *value, struct format_spec *spec,
                               struct why *why);
static enum err side_name(const struct with_value *value, struct format_spec *spec,
                          struct why *why);
static enum err side_id(const struct with_value *value, struct format_spec *spec, struct why *why);
static enum err value_wrapping(const struct with_value *value, uint32_t value_count,
                               struct format_spec *spec, struct why *why);
static enum err timestamp_format(const struct with_value *format, const struct type *type,
                                 struct arena *arena, struct why *why);

enum err with_formats(const struct with *with, enum format_kind *ret_key,
                      enum format_kind *ret_value, struct why *why)
{
    const struct with_value *both = &with->values[WITH_FORMAT];
    const struct with_value *key = &with->values[WITH_KEY_FORMAT];
    const struct with_value *value = &with->values[WITH_VALUE_FORMAT];
    if (both->given && (key->given || value->given))
        return refuse(both, why,
                      "FORMAT sets the formats of key and value: it cannot stand beside %s",
                      key->given ? "KEY_FORMAT" : "VALUE_FORMAT");
    if (both->given || key->given)
        *ret_key = (enum format_kind)(both->given ? both->number : key->number);
    if (both->given || value->given)
        *ret_value = (enum format_kind)(both->given ? both->number : value->number);
    return OK;
}

enum err with_sides(const struct with *with, uint32_t value_count, struct format_spec *key,
                    struct format_spec *value, struct why *why)
{
    const struct with_value *values = with->values;
    enum err err = side_delimiter(&values[WITH_KEY_DELIMITER], key, why);
    if (!err)
        err = side_delimiter(&values[WITH_VALUE_DELIMITER], value, why);
    if (!err)
        err = side_name(&values[WITH_KEY_SCHEMA_FULL_NAME], key, why);
    if (!err)
        err = side_name(&values[WITH_VALUE_SCHEMA_FULL_NAME], value, why);
    if (!err)
        err = side_name(&values[WITH_VALUE_AVRO_SCHEMA_FULL_NAME], value, why);
    if (!err)
        err = side_id(&values[WITH_KEY_SCHEMA_ID], key, why);
    if (!err)
        err = side_id(&values[WITH_VALUE_SCHEMA_ID], value, why);
    if (!err)
        err = value_wrapping(&values[WITH_WRAP_SINGLE_VALUE], value_count, value, why);
    return err;
}

enum err with_timestamp(const struct with *with, const struct row_type *row_type,
                        struct arena *arena, struct source *source, struct why *why)
{
    const struct with_value *column = &with->values[WITH_TIMESTAMP];
    const struct with_value *format = &with->values[WITH_TIMESTAMP_FORMAT];
    if (!column->given) {
        if (format->given)
            return refuse(format, why, "TIMESTAMP_FORMAT needs TIMESTAMP, which names the column");
        return OK;
    }
    const int index = row_type_find(row_type, column->text);
    if (index < 0) {
        struct str *names = ARENA_ARRAY(arena, struct str, row_type->column_count);
        for (uint32_t i = 0; i < row_type->column_count; i++)
            names[i] = row_type->columns[i].name;
        const struct str near = str_nearest(column->text, names, row_type->column_count);
        if (near.size > 0)
            return refuse(column, why, "unknown TIMESTAMP column '%.*s', did you mean '%.*s'?",
                          STR_ARGS(column->text), STR_ARGS(near));
        return refuse(column, why, "unknown TIMESTAMP column '%.*s'", STR_ARGS(column->text));
    }
    const struct type *type = row_type->columns[index].type;
    const bool is_text = type->kind == TYPE_STRING;
    if (!is_text && type->kind != TYPE_BIGINT && type->kind != TYPE_TIMESTAMP)
        return refuse(column, why,
                      "the TIMESTAMP column '%.*s' is of type %.*s, expected BIGINT, TIMESTAMP or "
                      "STRING",
                      STR_ARGS(column->text), STR_ARGS(type_text(type, arena)));
    if (is_text && !format->given)
        return refuse(column, why,
                      "the TIMESTAMP column '%.*s' is of type STRING, which needs TIMESTAMP_FORMAT",
                      STR_ARGS(column->text));
    if (format->given) {
        enum err err = timestamp_format(format, type, arena, why);
        if (err)
            return err;
        source->timestamp_format = format->text;
    }
    source->timestamp_column = column->text;
    return OK;
}

enum err formats_check(const struct record_format *format, struct place place, struct arena *arena,
                       struct why *why)
{
    const struct row_type *row_type = format->row_type;
    const uint32_t key_count = row_type_key_count(row_type);
    struct why own = {0};
    enum err err = format_check(&format->key, true, row_type->columns, key_count, &own);
    if (err)
        return why_set_at(why, err, place.line, place.column, "%s", own.text);

    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, row_type->column_count);
    uint32_t count = 0;
    for (uint32_t i = key_count; i < row_type->column_count; i++) {
        if (row_type->columns[i].role == COLUMN_VALUE)
            columns[count++] = row_type->columns[i];
    }
    err = format_check(&format->value, false, columns, count, &own);
    if (err)
        return why_set_at(why, err, place.line, place.column, "%s", own.text);
    return OK;
}

static enum err refuse(const struct with_value *value, struct why *why, const char *format, ...)
{
    struct buf buf = {0};
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(&buf, format, arguments);
    va_end(arguments);
    const enum err err =
        why_set_at(why, ERR_INVALID, value->place.line, value->place.column, "%s", buf_text(&buf));
    buf_release(&buf);
    return err;
}

static enum err side_delimiter(const struct with_value *value, struct format_spec *spec,
                               struct why *why)
{
    if (!value->given)
        return OK;
    if (spec->kind != FORMAT_DELIMITED)
        return refuse(value, why, "the format %s has no delimiter", format_name(spec->kind));
    spec->delimiter = (char)value->number;
    return OK;
}

static enum err side_name(const struct with_value *value, struct format_spec *spec, struct why *why)
{
    if (!value->given)
        return OK;
    if (spec->kind != FORMAT_AVRO)
        return refuse(value, why, "the format %s has no schema that could have a name",
                      format_name(spec->kind));
    if (str_trim(value->text).size == 0)
        return refuse(value, why, "the name of a schema cannot be empty");
    spec->schema_full_name = str_trim(value->text);
    return OK;
}

static enum err side_id(const struct with_value *value, struct format_spec *spec, struct why *why)
{
    if (!value->given)
        return OK;
    if (spec->kind != FORMAT_AVRO)
        return refuse(value, why, "the format %s has no schema that could have an id",
                      format_name(spec->kind));
    spec->schema_id = (int32_t)value->number;
    return OK;
}

static enum err value_wrapping(const struct with_value *value, uint32_t value_count,
                               struct format_spec *spec, struct why *why)
{
    if (!value->given)
        return OK;
    const bool can_wrap = format_wraps(spec->kind);
    if (spec->kind == FORMAT_NONE || (!can_wrap && value->is_true))
        return refuse(value, why, "the format %s does not support WRAP_SINGLE_VALUE=%s",
                      format_name(spec->kind), value->is_true ? "true" : "false");
    if (value_count > 1)
        return refuse(value, why, "WRAP_SINGLE_VALUE is only valid for a single value column");
    spec->unwrapped = !value->is_true;
    return OK;
}

static enum err timestamp_format(const struct with_value *format, const struct type *type,
                                 struct arena *arena, struct why *why)
{
    if (type->kind != TYPE_STRING)
        return refuse(format, why, "TIMESTAMP_FORMAT is only for columns of type STRING");
    const struct time_pattern *pattern;
    struct why own = {0};
    if (time_pattern_compile(format->text, arena, &pattern, &own) != OK)
        return refuse(format, why, "invalid TIMESTAMP_FORMAT '%.*s': %s", STR_ARGS(format->text),
                      own.text);
    return OK;
}
