/* with.c -- the properties of WITH: one table, one check a type. */
#include "sql/parser.h"
#include "sql/resolve.h"

#include <stdint.h>

static const struct with_entry {
    struct str name;
    enum with_type type;
    int allowed;
} with_entries[WITH_COUNT] = {
#define WITH(name, type, allowed) {STR(#name), WITH_TYPE_##type, (allowed)},
#include "sql/with.def"
#undef WITH
};

static enum err with_find(const struct with_property *property, int allowed, size_t *ret_index,
                          struct why *why);
static enum err with_read(const struct with_property *property, enum with_type type,
                          struct arena *arena, struct with_value *value, struct why *why);
static enum err with_wrong(const struct with_property *property, const char *expected,
                           struct why *why);
static enum err read_integer(const struct with_property *property, struct with_value *value,
                             struct why *why);
static enum err read_delimiter(const struct with_property *property, struct with_value *value,
                               struct why *why);
static enum err read_window(const struct with_property *property, struct with_value *value,
                            struct why *why);
static enum err read_duration(const struct with_property *property, struct arena *arena,
                              struct with_value *value, struct why *why);
static enum err read_format(const struct with_property *property, struct with_value *value,
                            struct why *why);
static struct str column_name(struct str text, struct arena *arena);

enum err with_check(const struct statement *statement, int allowed, struct arena *arena,
                    struct with *ret_with, struct why *why)
{
    struct with with = {0};
    for (uint32_t i = 0; i < statement->property_count; i++) {
        const struct with_property *property = &statement->properties[i];
        size_t index = 0;
        enum err err = with_find(property, allowed, &index, why);
        if (err)
            return err;
        struct with_value *value = &with.values[index];
        if (value->given)
            return why_set_at(why, ERR_INVALID, property->place.line, property->place.column,
                              "the property '%.*s' stands there twice", STR_ARGS(property->name));
        value->given = true;
        value->place = property->place;
        err = with_read(property, with_entries[index].type, arena, value, why);
        if (err)
            return err;
    }
    *ret_with = with;
    return OK;
}

static enum err with_find(const struct with_property *property, int allowed, size_t *ret_index,
                          struct why *why)
{
    struct str names[WITH_COUNT];
    size_t count = 0;
    bool elsewhere = false;
    for (size_t i = 0; i < WITH_COUNT; i++) {
        const bool same = str_equal(with_entries[i].name, property->name);
        if (with_entries[i].allowed & allowed) {
            names[count++] = with_entries[i].name;
            if (same) {
                *ret_index = i;
                return OK;
            }
        }
        elsewhere |= same;
    }
    const struct place place = property->place;
    if (elsewhere)
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "the property '%.*s' has no meaning in this statement",
                          STR_ARGS(property->name));
    const struct str near = str_nearest(property->name, names, count);
    if (near.size > 0)
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "unknown property '%.*s', did you mean '%.*s'?", STR_ARGS(property->name),
                          STR_ARGS(near));
    return why_set_at(why, ERR_INVALID, place.line, place.column, "unknown property '%.*s'",
                      STR_ARGS(property->name));
}

static enum err with_read(const struct with_property *property, enum with_type type,
                          struct arena *arena, struct with_value *value, struct why *why)
{
    const struct str text = str_trim(property->text);
    value->text = text;
    switch (type) {
    case WITH_TYPE_TEXT:
        if (!property->is_text)
            return with_wrong(property, "a text in quotes", why);
        if (text.size == 0)
            return with_wrong(property, "a text that is not empty", why);
        value->text = property->text;
        return OK;
    case WITH_TYPE_NAME:
        if (!property->is_text || text.size == 0)
            return with_wrong(property, "a column's name in quotes", why);
        value->text = column_name(text, arena);
        return OK;
    case WITH_TYPE_INTEGER:
        return read_integer(property, value, why);
    case WITH_TYPE_BOOLEAN:
        value->is_true = str_equal_nocase(text, STR("true"));
        if (!value->is_true && !str_equal_nocase(text, STR("false")))
            return with_wrong(property, "true or false", why);
        return OK;
    case WITH_TYPE_FORMAT:
        return read_format(property, value, why);
    case WITH_TYPE_DELIMITER:
        return read_delimiter(property, value, why);
    case WITH_TYPE_WINDOW:
        return read_window(property, value, why);
    case WITH_TYPE_DURATION:
        return read_duration(property, arena, value, why);
    }
    must_not_reach();
}

static enum err with_wrong(const struct with_property *property, const char *expected,
                           struct why *why)
{
    return why_set_at(why, ERR_INVALID, property->place.line, property->place.column,
                      "invalid value '%.*s' of the property '%.*s', expected %s",
                      STR_ARGS(property->text), STR_ARGS(property->name), expected);
}

static enum err read_integer(const struct with_property *property, struct with_value *value,
                             struct why *why)
{
    const bool can_be_minus = str_equal(property->name, STR("RETENTION_MS"));
    const int64_t max = can_be_minus                                   ? INT64_MAX
                        : str_equal(property->name, STR("PARTITIONS")) ? 10000
                        : str_equal(property->name, STR("REPLICAS"))   ? INT16_MAX
                                                                       : INT32_MAX;
    if (str_to_int64(str_trim(property->text), &value->number) != OK)
        return with_wrong(property, "a whole number", why);
    if (value->number < 1 && !(can_be_minus && value->number == -1))
        return with_wrong(property, "at least 1", why);
    if (value->number > max)
        return with_wrong(property, "a smaller number", why);
    return OK;
}

static enum err read_format(const struct with_property *property, struct with_value *value,
                            struct why *why)
{
    enum format_kind kind;
    enum err err = format_parse(value->text, &kind, why);
    if (err) {
        if (why) {
            why->line = property->place.line;
            why->column = property->place.column;
        }
        return err;
    }
    value->number = kind;
    return OK;
}

static enum err read_delimiter(const struct with_property *property, struct with_value *value,
                               struct why *why)
{
    if (str_equal_nocase(property->text, STR("SPACE")))
        value->number = ' ';
    else if (str_equal_nocase(property->text, STR("TAB")))
        value->number = '\t';
    else if (property->is_text && property->text.size == 1)
        value->number = (unsigned char)property->text.data[0];
    else
        return with_wrong(property, "one character, SPACE or TAB", why);
    return OK;
}

static enum err read_window(const struct with_property *property, struct with_value *value,
                            struct why *why)
{
    if (str_equal_nocase(value->text, STR("TUMBLING")))
        value->number = WINDOW_TUMBLING;
    else if (str_equal_nocase(value->text, STR("HOPPING")))
        value->number = WINDOW_HOPPING;
    else if (str_equal_nocase(value->text, STR("SESSION")))
        value->number = WINDOW_SESSION;
    else
        return with_wrong(property, "TUMBLING, HOPPING or SESSION", why);
    return OK;
}

static enum err read_duration(const struct with_property *property, struct arena *arena,
                              struct with_value *value, struct why *why)
{
    struct parser parser;
    parser_init(&parser, value->text, property->place, arena, NULL);
    if (parse_duration(&parser, &value->number) != OK || parser.token.kind != TOKEN_END ||
        value->number < 1)
        return with_wrong(property, "a time like '30 SECONDS'", why);
    return OK;
}

static struct str column_name(struct str text, struct arena *arena)
{
    struct lexer lexer;
    lexer_init(&lexer, text, (struct place){1, 1});
    const struct token token = lexer_next(&lexer);
    if (token.kind == TOKEN_QUOTED && token.text.size == text.size)
        return token_unquote(&token, arena);
    return str_upper(text, arena);
}
