/* format.c -- the list of formats, and what all of them refuse. */
#include "format/side.h"

static enum err check_key_maps(const struct row_column *columns, uint32_t count, struct why *why);
static bool has_map(const struct type *type);

static const struct format_ops *const formats[] = {
    [FORMAT_NONE] = &format_none,           [FORMAT_KAFKA] = &format_kafka,
    [FORMAT_AVRO] = &format_avro,           [FORMAT_JSON] = &format_json,
    [FORMAT_DELIMITED] = &format_delimited, [FORMAT_KEPT] = &format_kept,
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

const struct format_ops *format_get_ops(enum format_kind kind)
{
    must(kind < FORMAT_COUNT);
    return formats[kind];
}

const char *format_name(enum format_kind kind)
{
    return format_get_ops(kind)->name;
}

bool format_wraps(enum format_kind kind)
{
    return kind == FORMAT_AVRO || kind == FORMAT_JSON;
}

enum err format_parse(struct str name, enum format_kind *ret_kind, struct why *why)
{
    struct str names[FORMAT_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (i == FORMAT_KEPT)
            continue;
        names[count] = str_from(formats[i]->name);
        if (str_equal_nocase(name, names[count])) {
            *ret_kind = (enum format_kind)i;
            return OK;
        }
        count++;
    }
    static const char *const absent[] = {"PROTOBUF", "PROTOBUF_NOSR", "JSON_SR"};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        if (str_equal_nocase(name, str_from(absent[i])))
            return why_set(why, ERR_UNSUPPORTED, "the format %s is not supported", absent[i]);
    const struct str nearest = str_nearest(name, names, count);
    if (nearest.size > 0)
        return why_set(why, ERR_INVALID, "unknown format '%.*s', did you mean '%.*s'?",
                       STR_ARGS(name), STR_ARGS(nearest));
    return why_set(why, ERR_INVALID, "unknown format '%.*s'", STR_ARGS(name));
}

enum err format_check(const struct format_spec *spec, bool is_key, const struct row_column *columns,
                      uint32_t column_count, struct why *why)
{
    must(column_count == 0 || columns != NULL);
    const struct format_ops *ops = format_get_ops(spec->kind);
    if (spec->kind != FORMAT_AVRO && spec->schema_full_name.size > 0)
        return why_set(why, ERR_INVALID,
                       "%s does not support a schema's full name, which is '%.*s'", ops->name,
                       STR_ARGS(spec->schema_full_name));
    if (spec->kind != FORMAT_AVRO && spec->schema_id != 0)
        return why_set(why, ERR_INVALID, "%s does not support a schema id, which is %d", ops->name,
                       spec->schema_id);
    if (!is_key && spec->unwrapped && column_count > 1)
        return why_set(why, ERR_INVALID,
                       "'WRAP_SINGLE_VALUE' is only valid for single-field value schemas, there "
                       "are %u columns",
                       column_count);
    if (is_key && spec->kind != FORMAT_KEPT && check_key_maps(columns, column_count, why))
        return ERR_INVALID;
    return ops->check(spec, is_key, columns, column_count, why);
}

enum err format_refuse_type(const struct format_ops *ops, const struct row_column *column,
                            const struct type *type, struct why *why)
{
    struct buf text = {0};
    type_format(type, &text);
    const size_t size = str_index(buf_str(&text), '<');
    const size_t parameters = str_index(buf_str(&text), '(');
    const int kind_size = (int)(size < parameters ? size : parameters);
    const enum err err =
        why_set(why, ERR_INVALID, "the '%s' format does not support type '%.*s', column: `%.*s`",
                ops->name, kind_size, text.data, STR_ARGS(column->name));
    buf_release(&text);
    return err;
}

/* The same map can be written in many orders, so it would not find its partition again. */
static enum err check_key_maps(const struct row_column *columns, uint32_t count, struct why *why)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!has_map(columns[i].type))
            continue;
        struct buf text = {0};
        type_format(columns[i].type, &text);
        const enum err err = why_set(why, ERR_INVALID,
                                     "map keys, including types that contain maps, are not "
                                     "supported: key column `%.*s` is of type %.*s",
                                     STR_ARGS(columns[i].name), STR_ARGS(buf_str(&text)));
        buf_release(&text);
        return err;
    }
    return OK;
}

/* Types are at most TYPE_DEPTH_MAX deep. */
static bool has_map(const struct type *type)
{
    switch (type->kind) {
    case TYPE_MAP:
        return true;
    case TYPE_ARRAY:
        return has_map(type->item);
    case TYPE_STRUCT:
        for (uint32_t i = 0; i < type->field_count; i++)
            if (has_map(type->fields[i].type))
                return true;
        return false;
    default:
        return false;
    }
}
