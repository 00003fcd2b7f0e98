/* schema.c -- schema text to nodes: the parser of Avro's JSON. */
#include "avro/place.h"
#include "avro/schema_json.h"
#include "base/map.h"
#include "base/memory.h"

#define NAME_BYTES_MAX 1024
#define FIXED_BYTES_MAX (1 << 20)
#define WIDTH_MAX (1u << 30)

struct parser {
    struct arena *arena;
    struct map names; /* full name → struct avro_node of RECORD, ENUM, FIXED */
    struct why *why;
};

static enum err parse_type(struct parser *parser, const json_t *json, struct str space,
                           const struct place *place, const struct avro_node **ret_node);
static enum err parse_union(struct parser *parser, const json_t *json, struct str space,
                            const struct place *place, const struct avro_node **ret_node);
static enum err parse_object(struct parser *parser, const json_t *json, struct str space,
                             const struct place *place, const struct avro_node **ret_node);
static enum err parse_list(struct parser *parser, const json_t *json, enum avro_kind kind,
                           struct str space, const struct place *place,
                           const struct avro_node **ret_node);
static enum err parse_named(struct parser *parser, const json_t *json, enum avro_kind kind,
                            struct str space, const struct place *place,
                            const struct avro_node **ret_node);
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
static void note_logical(const json_t *json, struct avro_node *node);
static bool is_map_entry(const json_t *record, const struct avro_node *node);
static bool name_is_valid(struct str name, bool dots);
static enum err fail(struct parser *parser, const struct place *place, enum err err,
                     const char *format, ...) PRINTF_LIKE(4, 5);

enum err avro_schema_parse(struct str text, struct avro_schema **ret_schema, struct why *why)
{
    must(ret_schema != NULL);
    if (text.size > AVRO_SCHEMA_BYTES_MAX)
        return why_set(why, ERR_LIMIT, "schema has %zu bytes, more than %d", text.size,
                       AVRO_SCHEMA_BYTES_MAX);
    json_error_t error;
    json_t *json = json_loadb(text.size ? text.data : "", text.size,
                              JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!json)
        return why_set_at(why, ERR_INVALID, error.line > 0 ? error.line : 1,
                          error.column > 0 ? error.column : 1, "schema is not JSON: %s",
                          error.text);
    struct avro_schema *schema = MEMORY_NEW(struct avro_schema);
    arena_init(&schema->arena, 0);
    schema->text = arena_str(&schema->arena, text);
    struct parser parser = {.arena = &schema->arena, .why = why};
    const struct place root = {0};
    enum err err = parse_type(&parser, json, (struct str){0}, &root, &schema->root);
    map_release(&parser.names);
    if (!err) {
        struct buf identity = {0};
        avro_identity_write(json, &identity);
        schema->identity = arena_str(&schema->arena, buf_str(&identity));
        buf_release(&identity);
    }
    json_decref(json);
    if (err) {
        avro_schema_free(schema);
        return err;
    }
    *ret_schema = schema;
    return OK;
}

void avro_schema_free(struct avro_schema *schema)
{
    if (!schema)
        return;
    arena_release(&schema->arena);
    free(schema);
}

void avro_schema_identity(const struct avro_schema *schema, struct buf *buf)
{
    must(schema != NULL);
    buf_append_str(buf, schema->identity);
}

static const struct {
    struct str name;
    uint32_t width_min;
} primitives[] = {
    [AVRO_NULL] = {{"null", 4}, 0},   [AVRO_BOOLEAN] = {{"boolean", 7}, 1},
    [AVRO_INT] = {{"int", 3}, 1},     [AVRO_LONG] = {{"long", 4}, 1},
    [AVRO_FLOAT] = {{"float", 5}, 4}, [AVRO_DOUBLE] = {{"double", 6}, 8},
    [AVRO_BYTES] = {{"bytes", 5}, 1}, [AVRO_STRING] = {{"string", 6}, 1},
};

enum avro_kind avro_primitive(struct str name)
{
    for (enum avro_kind kind = AVRO_NULL; kind <= AVRO_STRING; kind++)
        if (str_equal(name, primitives[kind].name))
            return kind;
    return AVRO_UNION;
}

struct str avro_namespace(struct str full_name)
{
    for (size_t i = full_name.size; i > 0; i--)
        if (full_name.data[i - 1] == '.')
            return (struct str){full_name.data, i - 1};
    return (struct str){0};
}

struct str avro_unqualified(struct str full_name)
{
    const struct str space = avro_namespace(full_name);
    const size_t skip = space.data ? space.size + 1 : 0;
    return (struct str){full_name.data + skip, full_name.size - skip};
}

struct str avro_full_name(struct str name, struct str space, struct arena *arena)
{
    if (avro_namespace(name).data || space.size == 0)
        return name;
    return arena_printf(arena, "%.*s.%.*s", STR_ARGS(space), STR_ARGS(name));
}

struct str avro_definition_name(const json_t *definition, struct str space, struct arena *arena)
{
    const json_t *own = json_object_get(definition, "namespace");
    const struct str name = json_text(json_object_get(definition, "name"));
    return avro_full_name(name, json_is_string(own) ? json_text(own) : space, arena);
}

static struct avro_node *node_new(struct parser *parser, enum avro_kind kind, uint64_t width_min)
{
    struct avro_node *node = ARENA_NEW(parser->arena, struct avro_node);
    node->kind = kind;
    node->width_min = width_min < WIDTH_MAX ? (uint32_t)width_min : WIDTH_MAX;
    return node;
}

/* A name: of a primitive, or of a type defined further up, in this namespace or in none. */
static enum err parse_name(struct parser *parser, struct str name, struct str space,
                           const struct place *place, const struct avro_node **ret_node)
{
    const enum avro_kind kind = avro_primitive(name);
    if (kind != AVRO_UNION) {
        *ret_node = node_new(parser, kind, primitives[kind].width_min);
        return OK;
    }
    if (name.size > NAME_BYTES_MAX)
        return fail(parser, place, ERR_LIMIT, "name of %zu bytes", name.size);
    const struct avro_node *node =
        map_get(&parser->names, avro_full_name(name, space, parser->arena));
    if (!node)
        node = map_get(&parser->names, name);
    if (!node)
        return fail(parser, place, ERR_INVALID, "unknown type '%.*s'", STR_ARGS(name));
    *ret_node = node;
    return OK;
}

/* type = name | union | object */
static enum err parse_type(struct parser *parser, const json_t *json, struct str space,
                           const struct place *place, const struct avro_node **ret_node)
{
    if (place->depth > AVRO_DEPTH_MAX)
        return fail(parser, place, ERR_LIMIT, "types nested deeper than %d", AVRO_DEPTH_MAX);
    if (json_is_string(json))
        return parse_name(parser, json_text(json), space, place, ret_node);
    if (json_is_array(json))
        return parse_union(parser, json, space, place, ret_node);
    if (json_is_object(json))
        return parse_object(parser, json, space, place, ret_node);
    return fail(parser, place, ERR_INVALID, "expected a type: a name, an object or an array");
}

/* The name that must not occur twice in a union. */
static struct str branch_name(const struct avro_node *node)
{
    if (node->name.size)
        return node->name;
    if (node->kind == AVRO_ARRAY)
        return STR("array");
    return node->kind == AVRO_MAP ? STR("map") : primitives[node->kind].name;
}

/* union = '[' { type } ']' */
static enum err parse_union(struct parser *parser, const json_t *json, struct str space,
                            const struct place *place, const struct avro_node **ret_node)
{
    const size_t count = json_array_size(json);
    const struct avro_node **branches = ARENA_ARRAY(parser->arena, const struct avro_node *, count);
    struct map seen = {0};
    enum err err = OK;
    uint64_t width_min = count ? WIDTH_MAX : 0;
    for (size_t i = 0; i < count && !err; i++) {
        const struct place at = {.up = place, .index = i, .depth = place->depth + 1};
        err = parse_type(parser, json_array_get(json, i), space, &at, &branches[i]);
        if (err)
            break;
        if (branches[i]->kind == AVRO_UNION)
            err = fail(parser, &at, ERR_INVALID, "union directly in a union");
        else if (map_set(&seen, branch_name(branches[i]), parser))
            err = fail(parser, &at, ERR_INVALID, "second '%.*s' in a union",
                       STR_ARGS(branch_name(branches[i])));
        if (branches[i]->width_min < width_min)
            width_min = branches[i]->width_min;
    }
    map_release(&seen);
    if (err)
        return err;
    struct avro_node *node = node_new(parser, AVRO_UNION, width_min + 1);
    node->count = (uint32_t)count;
    node->branches = branches;
    *ret_node = node;
    return OK;
}

static enum avro_kind kind_of_word(struct str word)
{
    static const struct {
        struct str word;
        enum avro_kind kind;
    } words[] = {
        {{"record", 6}, AVRO_RECORD}, {{"error", 5}, AVRO_RECORD}, {{"enum", 4}, AVRO_ENUM},
        {{"fixed", 5}, AVRO_FIXED},   {{"array", 5}, AVRO_ARRAY},  {{"map", 3}, AVRO_MAP},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_equal(word, words[i].word))
            return words[i].kind;
    return AVRO_UNION;
}

/* object = '{' "type": (word of a complex type | type), ... '}' */
static enum err parse_object(struct parser *parser, const json_t *json, struct str space,
                             const struct place *place, const struct avro_node **ret_node)
{
    const json_t *type = json_object_get(json, "type");
    if (!type)
        return fail(parser, place, ERR_INVALID, "no 'type'");
    if (json_is_string(type)) {
        const enum avro_kind kind = kind_of_word(json_text(type));
        if (kind == AVRO_ARRAY || kind == AVRO_MAP)
            return parse_list(parser, json, kind, space, place, ret_node);
        if (kind != AVRO_UNION)
            return parse_named(parser, json, kind, space, place, ret_node);
        const enum avro_kind primitive = avro_primitive(json_text(type));
        if (primitive != AVRO_UNION) {
            struct avro_node *node = node_new(parser, primitive, primitives[primitive].width_min);
            note_logical(json, node);
            *ret_node = node;
            return OK;
        }
    }
    const struct place inner = {.up = place, .name = "type", .depth = place->depth + 1};
    return parse_type(parser, type, space, &inner, ret_node);
}

/* list = '{' "type": "array", "items": type '}' | '{' "type": "map", "values": type '}' */
static enum err parse_list(struct parser *parser, const json_t *json, enum avro_kind kind,
                           struct str space, const struct place *place,
                           const struct avro_node **ret_node)
{
    const char *member = kind == AVRO_ARRAY ? "items" : "values";
    const json_t *item = json_object_get(json, member);
    if (!item)
        return fail(parser, place, ERR_INVALID, "no '%s'", member);
    const struct place at = {.up = place, .name = member, .depth = place->depth + 1};
    struct avro_node *node = node_new(parser, kind, 1);
    const enum err err = parse_type(parser, item, space, &at, &node->item);
    if (err)
        return err;
    node->is_map_entry = kind == AVRO_ARRAY && node->item->is_map_entry;
    *ret_node = node;
    return OK;
}

static enum err parse_named(struct parser *parser, const json_t *json, enum avro_kind kind,
                            struct str space, const struct place *place,
                            const struct avro_node **ret_node)
{
    const json_t *name = json_object_get(json, "name");
    const json_t *own_space = json_object_get(json, "namespace");
    if (!json_is_string(name))
        return fail(parser, place, ERR_INVALID, "no 'name'");
    if (!name_is_valid(json_text(name), true))
        return fail(parser, place, ERR_INVALID, "invalid name '%.*s'", STR_ARGS(json_text(name)));
    if (json_is_string(own_space) && json_string_length(own_space) > 0 &&
        !name_is_valid(json_text(own_space), true))
        return fail(parser, place, ERR_INVALID, "invalid namespace '%.*s'",
                    STR_ARGS(json_text(own_space)));
    const struct str full =
        arena_str(parser->arena, avro_definition_name(json, space, parser->arena));
    if (avro_primitive(full) != AVRO_UNION)
        return fail(parser, place, ERR_INVALID, "'%.*s' cannot be redefined", STR_ARGS(full));
    struct avro_node *node = node_new(parser, kind, 0);
    node->name = full;
    if (map_get(&parser->names, full))
        return fail(parser, place, ERR_INVALID, "'%.*s' is defined twice", STR_ARGS(full));
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
        return fail(parser, place, ERR_INVALID, "record '%.*s' has no 'fields'",
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
            err = fail(parser, &at, ERR_INVALID, "second field '%.*s'", STR_ARGS(made[i].name));
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
        return fail(parser, place, ERR_INVALID, "field has no 'name'");
    if (!name_is_valid(json_text(name), false))
        return fail(parser, place, ERR_INVALID, "invalid name '%.*s'", STR_ARGS(json_text(name)));
    field->name = arena_str(parser->arena, json_text(name));
    const json_t *type = json_object_get(json, "type");
    if (!type)
        return fail(parser, place, ERR_INVALID, "field '%.*s' has no 'type'",
                    STR_ARGS(field->name));
    const struct place at = {.up = place, .name = "type", .depth = place->depth + 1};
    const enum err err = parse_type(parser, type, space, &at, &field->node);
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
        return fail(parser, place, ERR_INVALID, "enum '%.*s' has no 'symbols'",
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
            err = fail(parser, &at, ERR_INVALID, "invalid symbol");
        else if (map_set(&seen, json_text(symbol), parser))
            err =
                fail(parser, &at, ERR_INVALID, "second symbol '%.*s'", STR_ARGS(json_text(symbol)));
        else
            made[i] = arena_str(parser->arena, json_text(symbol));
    }
    const json_t *value = json_object_get(json, "default");
    if (!err && value) {
        if (!json_is_string(value) || !map_get(&seen, json_text(value)))
            err = fail(parser, place, ERR_INVALID, "default of enum '%.*s' is none of its symbols",
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
        return fail(parser, place, ERR_INVALID, "fixed '%.*s' has no valid 'size'",
                    STR_ARGS(node->name));
    if (json_integer_value(size) > FIXED_BYTES_MAX)
        return fail(parser, place, ERR_LIMIT, "fixed '%.*s' has more than %d bytes",
                    STR_ARGS(node->name), FIXED_BYTES_MAX);
    node->count = (uint32_t)json_integer_value(size);
    node->width_min = node->count;
    note_logical(json, node);
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
        return fail(parser, place, ERR_INVALID, "'aliases' is not an array");
    const size_t count = json_array_size(aliases);
    struct str *made = ARENA_ARRAY(parser->arena, struct str, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *alias = json_array_get(aliases, i);
        if (!json_is_string(alias) || !name_is_valid(json_text(alias), full))
            return fail(parser, place, ERR_INVALID, "invalid alias");
        const struct str name =
            full ? avro_full_name(json_text(alias), space, parser->arena) : json_text(alias);
        made[i] = arena_str(parser->arena, name);
    }
    *ret_aliases = made;
    *ret_count = (uint32_t)count;
    return OK;
}

/* Digits that a decimal says it has: Avro's own members, else Connect's parameters as text. */
static int64_t decimal_number(const json_t *json, const char *member, const char *parameter,
                              int64_t otherwise)
{
    const json_t *own = json_object_get(json, member);
    if (json_is_integer(own))
        return json_integer_value(own);
    const json_t *text = json_object_get(json_object_get(json, "connect.parameters"), parameter);
    int64_t number;
    if (json_is_string(text) && !str_to_int64(json_text(text), &number))
        return number;
    return otherwise;
}

static void note_decimal(const json_t *json, struct avro_node *node)
{
    const int64_t precision = decimal_number(json, "precision", "connect.decimal.precision", 64);
    const int64_t scale = decimal_number(json, "scale", "scale", 0);
    const bool fits = precision > 0 && precision <= UINT8_MAX && scale >= 0 && scale <= precision &&
                      scale <= DECIMAL_PRECISION_MAX;
    if (!fits || (node->kind != AVRO_BYTES && node->kind != AVRO_FIXED))
        return;
    node->logical = AVRO_DECIMAL;
    node->precision = (uint8_t)precision;
    node->scale = (uint8_t)scale;
}

/* A logical type by Avro's name or by Connect's; one that does not fit its type means nothing, as
 * the specification wants it. */
static void note_logical(const json_t *json, struct avro_node *node)
{
    static const struct {
        const char *avro, *connect;
        enum avro_kind kind;
        enum avro_logical logical;
    } words[] = {
        {"date", "org.apache.kafka.connect.data.Date", AVRO_INT, AVRO_DATE},
        {"time-millis", "org.apache.kafka.connect.data.Time", AVRO_INT, AVRO_TIME_MILLIS},
        {"timestamp-millis", "org.apache.kafka.connect.data.Timestamp", AVRO_LONG,
         AVRO_TIMESTAMP_MILLIS},
        {"time-micros", "", AVRO_LONG, AVRO_TIME_MICROS},
        {"timestamp-micros", "", AVRO_LONG, AVRO_TIMESTAMP_MICROS},
    };
    const json_t *avro = json_object_get(json, "logicalType");
    const json_t *connect = json_object_get(json, "connect.name");
    const struct str avro_word = json_is_string(avro) ? json_text(avro) : (struct str){0};
    const struct str connect_word = json_is_string(connect) ? json_text(connect) : (struct str){0};
    if (str_equal(avro_word, STR("decimal")) ||
        str_equal(connect_word, STR("org.apache.kafka.connect.data.Decimal"))) {
        note_decimal(json, node);
        return;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const bool named = str_equal(avro_word, str_from(words[i].avro)) ||
                           (words[i].connect[0] && connect_word.size > 0 &&
                            str_equal(connect_word, str_from(words[i].connect)));
        if (named && node->kind == words[i].kind)
            node->logical = words[i].logical;
    }
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

static enum err fail(struct parser *parser, const struct place *place, enum err err,
                     const char *format, ...)
{
    struct buf words = {0};
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(&words, format, arguments);
    va_end(arguments);
    place_write(place, &words);
    why_set(parser->why, err, "%s", buf_text(&words));
    buf_release(&words);
    return err;
}
