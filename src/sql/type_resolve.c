/* type_resolve.c -- types as written to types. */
#include "sql/parser.h"
#include "sql/resolve.h"

static const struct {
    const char *name;
    const struct type *type;
} basic_types[] = {
    {"BOOLEAN", &type_boolean}, {"INT", &type_integer},        {"INTEGER", &type_integer},
    {"BIGINT", &type_bigint},   {"DOUBLE", &type_double},      {"STRING", &type_string},
    {"VARCHAR", &type_string},  {"BYTES", &type_bytes},        {"TIME", &type_time},
    {"DATE", &type_date},       {"TIMESTAMP", &type_timestamp}};

static enum err resolve(const struct syntax_type *syntax, const struct catalog *catalog,
                        uint32_t depth, struct arena *arena, const struct type **ret_type,
                        struct why *why);
static enum err resolve_decimal(const struct syntax_type *syntax, struct arena *arena,
                                const struct type **ret_type, struct why *why);
static enum err resolve_struct(const struct syntax_type *syntax, const struct type *const *types,
                               struct arena *arena, const struct type **ret_type, struct why *why);
static enum err unknown_type(const struct syntax_type *syntax, struct why *why);

enum err sql_parse_type(struct str text, const struct catalog *catalog, struct arena *arena,
                        const struct type **ret_type, struct why *why)
{
    must(arena != NULL);
    must(ret_type != NULL);
    if (text.size > SQL_TEXT_BYTES_MAX)
        return why_set(why, ERR_INVALID, "a type of %zu bytes is too long", text.size);
    struct parser parser;
    parser_init(&parser, text, (struct place){1, 1}, arena, why);
    struct syntax_type *syntax;
    enum err err = parse_type(&parser, &syntax);
    if (!err && parser.token.kind != TOKEN_END)
        err = parser_fail(&parser, "the end of the type");
    if (err)
        return err;
    return type_resolve(syntax, catalog, arena, ret_type, why);
}

enum err type_resolve(const struct syntax_type *syntax, const struct catalog *catalog,
                      struct arena *arena, const struct type **ret_type, struct why *why)
{
    return resolve(syntax, catalog, 0, arena, ret_type, why);
}

static enum err resolve(const struct syntax_type *syntax, const struct catalog *catalog,
                        uint32_t depth, struct arena *arena, const struct type **ret_type,
                        struct why *why)
{
    if (depth == TYPE_DEPTH_MAX)
        return why_set_at(why, ERR_INVALID, syntax->place.line, syntax->place.column,
                          "a type nested deeper than %d levels", TYPE_DEPTH_MAX);
    for (size_t i = 0; !syntax->is_quoted && i < sizeof(basic_types) / sizeof(basic_types[0]);
         i++) {
        if (str_equal(syntax->name, str_from(basic_types[i].name))) {
            *ret_type = basic_types[i].type;
            return OK;
        }
    }
    if (!syntax->is_quoted &&
        (str_equal(syntax->name, STR("DECIMAL")) || str_equal(syntax->name, STR("DEC"))))
        return resolve_decimal(syntax, arena, ret_type, why);

    const bool is_struct = !syntax->is_quoted && str_equal(syntax->name, STR("STRUCT"));
    if (syntax->arg_count > 0 || is_struct) {
        const struct type **types = ARENA_ARRAY(arena, const struct type *, syntax->arg_count);
        for (uint32_t i = 0; i < syntax->arg_count; i++) {
            enum err err = resolve(syntax->args[i], catalog, depth + 1, arena, &types[i], why);
            if (err)
                return err;
        }
        if (is_struct)
            return resolve_struct(syntax, types, arena, ret_type, why);
        *ret_type = syntax->arg_count == 1 ? type_array(arena, types[0])
                                           : type_map(arena, types[0], types[1]);
        return OK;
    }
    const struct type *custom =
        catalog && catalog->type ? catalog->type(catalog->context, syntax->name) : NULL;
    if (!custom)
        return unknown_type(syntax, why);
    *ret_type = type_copy(arena, custom);
    return OK;
}

static enum err resolve_decimal(const struct syntax_type *syntax, struct arena *arena,
                                const struct type **ret_type, struct why *why)
{
    const int64_t precision = syntax->numbers[0];
    const int64_t scale = syntax->numbers[1];
    const struct place place = syntax->place;
    if (syntax->number_count == 0)
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "DECIMAL needs a precision and a scale, as in DECIMAL(10, 2)");
    if (precision < 1)
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "invalid precision %lld of DECIMAL, expected at least 1",
                          (long long)precision);
    if (precision > DECIMAL_PRECISION_MAX)
        return why_set_at(why, ERR_UNSUPPORTED, place.line, place.column,
                          "a DECIMAL of precision %lld is not supported, at most %d",
                          (long long)precision, DECIMAL_PRECISION_MAX);
    if (scale < 0 || scale > precision)
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "invalid scale %lld of DECIMAL, expected 0 to its precision %lld",
                          (long long)scale, (long long)precision);
    *ret_type = type_decimal(arena, (int)precision, (int)scale);
    return OK;
}

static enum err resolve_struct(const struct syntax_type *syntax, const struct type *const *types,
                               struct arena *arena, const struct type **ret_type, struct why *why)
{
    struct type_field *fields = ARENA_ARRAY(arena, struct type_field, syntax->arg_count);
    for (uint32_t i = 0; i < syntax->arg_count; i++) {
        fields[i] = (struct type_field){.name = syntax->names[i], .type = types[i]};
        for (uint32_t j = 0; j < i; j++) {
            if (str_equal(fields[j].name, fields[i].name))
                return why_set_at(why, ERR_INVALID, syntax->args[i]->place.line,
                                  syntax->args[i]->place.column, "duplicate field '%.*s' in STRUCT",
                                  STR_ARGS(fields[i].name));
        }
    }
    *ret_type = type_struct(arena, fields, syntax->arg_count);
    return OK;
}

static enum err unknown_type(const struct syntax_type *syntax, struct why *why)
{
    struct str names[sizeof(basic_types) / sizeof(basic_types[0]) + 4];
    size_t count = 0;
    for (size_t i = 0; i < sizeof(basic_types) / sizeof(basic_types[0]); i++)
        names[count++] = str_from(basic_types[i].name);
    names[count++] = STR("DECIMAL");
    names[count++] = STR("ARRAY");
    names[count++] = STR("MAP");
    names[count++] = STR("STRUCT");
    for (size_t i = 0; !syntax->is_quoted && i < count; i++) {
        if (str_equal(syntax->name, names[i]))
            return why_set_at(why, ERR_INVALID, syntax->place.line, syntax->place.column,
                              "%.*s needs the types it is made of, in <>", STR_ARGS(names[i]));
    }
    const struct str near = str_nearest(syntax->name, names, count);
    if (near.size > 0)
        return why_set_at(why, ERR_INVALID, syntax->place.line, syntax->place.column,
                          "unknown type '%.*s', did you mean '%.*s'?", STR_ARGS(syntax->name),
                          STR_ARGS(near));
    return why_set_at(why, ERR_INVALID, syntax->place.line, syntax->place.column,
                      "unknown type '%.*s'", STR_ARGS(syntax->name));
}
