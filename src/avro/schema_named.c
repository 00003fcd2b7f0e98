/* schema_named.c -- records, enums and fixed in schema text. */
#include "avro/schema_parser.h"

#define FIXED_BYTES_MAX (1 << 20)

static enum err parse_record(struct parser *parser, const json_t *json, const struct place *place,
                             struct avro_node *node);
static enum err parse_field(struct parser *parser, const json_t *json, struct str space,
                            const struct place *place, struct avro_field *field);
static enum err parse_enum(struct parser *parser, const json_t *json, const struct place *place,
                           struct avro_node *node);
static enum err parse_fixed(struct parser *parser, const json_t *json, const struct place *place,
                            struct avro_node *node);
static enum err parse_aliases(struct parser *parser, const json_t *json, bool full,
                              struct str space, const struct place *place,
                              const struct str **ret_aliases, uint32_t *ret_count);
static bool name_is_valid(struct str name, bool dots);
static bool is_map_entry(const json_t *record, const struct avro_node *node);

enum err avro_parse_named(struct parser *parser, const json_t *json, enum avro_kind kind,
                          struct str space, const struct place *place,
                          const struct avro_node **ret_node)
{
    const json_t *name = json_object_get(json, "name");
    const json_t *own_space = json_object_get(json, "namespace");
    if (!json_is_string(name))
        return avro_parser_fail(parser, place, ERR_INVALID, "no 'name'");
    if (!name_is_valid(json_text(name), true))
        return avro_parser_fail(parser, place, ERR_INVALID, "invalid name '%.*s'",
                                STR_ARGS(json_text(name)));
    if (json_is_string(own_space) && json_string_length(own_space) > 0 &&
        !name_is_valid(json_text(own_space), true))
        return avro_parser_fail(parser, place, ERR_INVALID, "invalid namespace '%.*s'",
                                STR_ARGS(json_text(own_space)));
    const struct str full =
        arena_str(parser->arena, avro_definition_name(json, space, parser->arena));
    if (avro_primitive(full) != AVRO_UNION)
        return avro_parser_fail(parser, place, ERR_INVALID, "'%.*s' cannot be redefined",
                                STR_ARGS(full));
    struct avro_node *node = avro_node_new(parser, kind, 0);
    node->name = full;
    if (map_get(&parser->names, full))
        return avro_parser_fail(parser, place, ERR_INVALID, "'%.*s' is defined twice",
                                STR_ARGS(full));
    map_set(&parser->names, full, node);
    const enum err err = parse_aliases(parser, json, true, avro_namespace(full), place,
                                       &node->aliases, &node->alias_count);
    if (err)
        return err;
    *ret_node = node;
    if (kind == AVRO_RECORD)
        return parse_record(parser, json, place, node);
    if (kind == AVRO_ENUM)
        return parse_enum(parser, json, place, node);
    return parse_fixed(parser, json, place, node);
}

/* record = '{' "type": "record", "name": name, "fields": '[' { field } ']' '}' */
static enum err parse_record(struct parser *parser, const json_t *json, const struct place *place,
                             struct avro_node *node)
{
    const json_t *fields = json_object_get(json, "fields");
    if (!json_is_array(fields))
        return avro_parser_fail(parser, place, ERR_INVALID, "record '%.*s' has no 'fields'",
                                STR_ARGS(node->name));
    const size_t count = json_array_size(fields);
    struct avro_field *made = ARENA_ARRAY(parser->arena, struct avro_field, count);
    const struct place list = {.up = place, .name = "fields", .depth = place->depth};
    const struct str space = avro_namespace(node->name);
    struct map seen = {0};
    uint64_t width_min = 0;
    enum err err = OK;
    for (size_t i = 0; i < count && !err; i++) {
        const struct place at = {.up = &list, .index = i, .depth = place->depth};
        err = parse_field(parser, json_array_get(fields, i), space, &at, &made[i]);
        if (err)
            break;
        width_min += made[i].node->width_min;
        if (map_set(&seen, made[i].name, parser))
            err = avro_parser_fail(parser, &at, ERR_INVALID, "second field '%.*s'",
                                   STR_ARGS(made[i].name));
    }
    map_release(&seen);
    if (err)
        return err;
    node->fields = made;
    node->count = (uint32_t)count;
    node->width_min = width_min < WIDTH_MAX ? (uint32_t)width_min : WIDTH_MAX;
    node->is_map_entry = is_map_entry(json, node);
    return OK;
}

/* field = '{' "name": name, "type": type, ["default": json], ["aliases": names] '}' */
static enum err parse_field(struct parser *parser, const json_t *json, struct str space,
                            const struct place *place, struct avro_field *field)
{
    const json_t *name = json_object_get(json, "name");
    if (!json_is_string(name))
        return avro_parser_fail(parser, place, ERR_INVALID, "field has no 'name'");
    if (!name_is_valid(json_text(name), false))
        return avro_parser_fail(parser, place, ERR_INVALID, "invalid name '%.*s'",
                                STR_ARGS(json_text(name)));
    field->name = arena_str(parser->arena, json_text(name));
    const json_t *type = json_object_get(json, "type");
    if (!type)
        return avro_parser_fail(parser, place, ERR_INVALID, "field '%.*s' has no 'type'",
                                STR_ARGS(field->name));
    const struct place at = {.up = place, .name = "type", .depth = place->depth + 1};
    const enum err err = avro_parse_type(parser, type, space, &at, &field->node);
    if (err)
        return err;
    const json_t *value = json_object_get(json, "default");
    if (value) {
        struct buf text = {0};
        avro_json_write(value, &text);
        field->has_default = true;
        field->default_json = arena_str(parser->arena, buf_str(&text));
        buf_release(&text);
    }
    return parse_aliases(parser, json, false, space, place, &field->aliases, &field->alias_count);
}

/* enum = '{' "type": "enum", "name": name, "symbols": '[' { name } ']', ["default": name] '}' */
static enum err parse_enum(struct parser *parser, const json_t *json, const struct place *place,
                           struct avro_node *node)
{
    const json_t *symbols = json_object_get(json, "symbols");
    if (!json_is_array(symbols))
        return avro_parser_fail(parser, place, ERR_INVALID, "enum '%.*s' has no 'symbols'",
                                STR_ARGS(node->name));
    const size_t count = json_array_size(symbols);
    struct str *made = ARENA_ARRAY(parser->arena, struct str, count);
    struct map seen = {0};
    enum err err = OK;
    for (size_t i = 0; i < count && !err; i++) {
        const json_t *symbol = json_array_get(symbols, i);
        const struct place list = {.up = place, .name = "symbols"};
        const struct place at = {.up = &list, .index = i};
        if (!json_is_string(symbol) || !name_is_valid(json_text(symbol), false))
            err = avro_parser_fail(parser, &at, ERR_INVALID, "invalid symbol");
        else if (map_set(&seen, json_text(symbol), parser))
            err = avro_parser_fail(parser, &at, ERR_INVALID, "second symbol '%.*s'",
                                   STR_ARGS(json_text(symbol)));
        else
            made[i] = arena_str(parser->arena, json_text(symbol));
    }
    const json_t *value = json_object_get(json, "default");
    if (!err && value) {
        if (!json_is_string(value) || !map_get(&seen, json_text(value)))
            err = avro_parser_fail(parser, place, ERR_INVALID,
                                   "default of enum '%.*s' is none of its symbols",
                                   STR_ARGS(node->name));
        else
            node->enum_default = arena_str(parser->arena, json_text(value));
    }
    map_release(&seen);
    node->symbols = made;
    node->count = (uint32_t)count;
    node->width_min = 1;
    return err;
}

/* fixed = '{' "type": "fixed", "name": name, "size": number '}' */
static enum err parse_fixed(struct parser *parser, const json_t *json, const struct place *place,
                            struct avro_node *node)
{
    const json_t *size = json_object_get(json, "size");
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return avro_parser_fail(parser, place, ERR_INVALID, "fixed '%.*s' has no valid 'size'",
                                STR_ARGS(node->name));
    if (json_integer_value(size) > FIXED_BYTES_MAX)
        return avro_parser_fail(parser, place, ERR_LIMIT, "fixed '%.*s' has more than %d bytes",
                                STR_ARGS(node->name), FIXED_BYTES_MAX);
    node->count = (uint32_t)json_integer_value(size);
    node->width_min = node->count;
    avro_note_logical(json, node);
    return OK;
}

static enum err parse_aliases(struct parser *parser, const json_t *json, bool full,
                              struct str space, const struct place *place,
                              const struct str **ret_aliases, uint32_t *ret_count)
{
    const json_t *aliases = json_object_get(json, "aliases");
    if (!aliases)
        return OK;
    if (!json_is_array(aliases))
        return avro_parser_fail(parser, place, ERR_INVALID, "'aliases' is not an array");
    const size_t count = json_array_size(aliases);
    struct str *made = ARENA_ARRAY(parser->arena, struct str, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *alias = json_array_get(aliases, i);
        if (!json_is_string(alias) || !name_is_valid(json_text(alias), full))
            return avro_parser_fail(parser, place, ERR_INVALID, "invalid alias");
        const struct str name =
            full ? avro_full_name(json_text(alias), space, parser->arena) : json_text(alias);
        made[i] = arena_str(parser->arena, name);
    }
    *ret_aliases = made;
    *ret_count = (uint32_t)count;
    return OK;
}

/* Connect's maps with keys that may be null: records of key and value, marked or named so. */
static bool is_map_entry(const json_t *record, const struct avro_node *node)
{
    if (node->count != 2)
        return false;
    const json_t *mark = json_object_get(record, "connect.internal.type");
    const bool marked = json_is_string(mark) && str_equal(json_text(mark), STR("MapEntry"));
    if (!marked && !str_equal(node->name, STR("io.confluent.connect.avro.MapEntry")))
        return false;
    return str_equal(node->fields[0].name, STR("key")) &&
           str_equal(node->fields[1].name, STR("value"));
}

/* [A-Za-z_][A-Za-z0-9_]*, with dots between such names where `dots`. */
static bool name_is_valid(struct str name, bool dots)
{
    bool first = true;
    for (size_t i = 0; i < name.size; i++) {
        const char c = name.data[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (c == '.' && dots && !first) {
            first = true;
            continue;
        }
        if (!letter && (first || c < '0' || c > '9'))
            return false;
        first = false;
    }
    return !first && name.size <= NAME_BYTES_MAX;
}
