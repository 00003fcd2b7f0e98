/* schema.c -- schema text to nodes: names, unions, arrays, maps; the parser of Avro's JSON. */
#include "avro/schema_parser.h"
#include "base/memory.h"

static enum err parse_union(struct parser *parser, const json_t *json, struct str space,
                            const struct place *place, const struct avro_node **ret_node);
static enum err parse_object(struct parser *parser, const json_t *json, struct str space,
                             const struct place *place, const struct avro_node **ret_node);
static enum err parse_list(struct parser *parser, const json_t *json, enum avro_kind kind,
                           struct str space, const struct place *place,
                           const struct avro_node **ret_node);

static enum err load_text(struct str text, json_t **ret_json, struct why *why)
{
    if (text.size > AVRO_SCHEMA_BYTES_MAX)
        return why_set(why, ERR_LIMIT, "schema has %zu bytes, more than %d", text.size,
                       AVRO_SCHEMA_BYTES_MAX);
    json_error_t error;
    *ret_json = json_loadb(text.size ? text.data : "", text.size,
                           JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (*ret_json)
        return OK;
    return why_set_at(why, ERR_INVALID, error.line > 0 ? error.line : 1,
                      error.column > 0 ? error.column : 1, "schema is not JSON: %s", error.text);
}

/* Names defined by the text are known to what is parsed after it. */
static enum err parse_text(struct parser *parser, struct str text, json_t **ret_json,
                           const struct avro_node **ret_root)
{
    const struct place root = {0};
    const enum err err = load_text(text, ret_json, parser->why);
    return err ? err : avro_parse_type(parser, *ret_json, (struct str){0}, &root, ret_root);
}

enum err avro_schema_parse(struct str text, struct avro_schema **ret_schema, struct why *why)
{
    return avro_schema_parse_with(text, NULL, 0, ret_schema, why);
}

enum err avro_schema_parse_with(struct str text, const struct str *others, uint32_t other_count,
                                struct avro_schema **ret_schema, struct why *why)
{
    must(ret_schema != NULL);
    must(others != NULL || other_count == 0);
    struct avro_schema *schema = MEMORY_NEW(struct avro_schema);
    arena_init(&schema->arena, 0);
    schema->text = arena_str(&schema->arena, text);
    struct parser parser = {.arena = &schema->arena, .why = why};
    json_t *json = NULL;
    enum err err = OK;
    for (uint32_t i = 0; i < other_count && !err; i++) {
        err = parse_text(&parser, others[i], &json, &schema->root);
        json_decref(json);
        json = NULL;
    }
    if (!err)
        err = parse_text(&parser, text, &json, &schema->root);
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

struct avro_node *avro_node_new(struct parser *parser, enum avro_kind kind, uint64_t width_min)
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
        *ret_node = avro_node_new(parser, kind, primitives[kind].width_min);
        return OK;
    }
    if (name.size > NAME_BYTES_MAX)
        return avro_parser_fail(parser, place, ERR_LIMIT, "name of %zu bytes", name.size);
    const struct avro_node *node =
        map_get(&parser->names, avro_full_name(name, space, parser->arena));
    if (!node)
        node = map_get(&parser->names, name);
    if (!node)
        return avro_parser_fail(parser, place, ERR_INVALID, "unknown type '%.*s'", STR_ARGS(name));
    *ret_node = node;
    return OK;
}

/* type = name | union | object */
enum err avro_parse_type(struct parser *parser, const json_t *json, struct str space,
                         const struct place *place, const struct avro_node **ret_node)
{
    if (place->depth > AVRO_DEPTH_MAX)
        return avro_parser_fail(parser, place, ERR_LIMIT, "types nested deeper than %d",
                                AVRO_DEPTH_MAX);
    if (json_is_string(json))
        return parse_name(parser, json_text(json), space, place, ret_node);
    if (json_is_array(json))
        return parse_union(parser, json, space, place, ret_node);
    if (json_is_object(json))
        return parse_object(parser, json, space, place, ret_node);
    return avro_parser_fail(parser, place, ERR_INVALID,
                            "expected a type: a name, an object or an array");
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
        err = avro_parse_type(parser, json_array_get(json, i), space, &at, &branches[i]);
        if (err)
            break;
        if (branches[i]->kind == AVRO_UNION)
            err = avro_parser_fail(parser, &at, ERR_INVALID, "union directly in a union");
        else if (map_set(&seen, branch_name(branches[i]), parser))
            err = avro_parser_fail(parser, &at, ERR_INVALID, "second '%.*s' in a union",
                                   STR_ARGS(branch_name(branches[i])));
        if (branches[i]->width_min < width_min)
            width_min = branches[i]->width_min;
    }
    map_release(&seen);
    if (err)
        return err;
    struct avro_node *node = avro_node_new(parser, AVRO_UNION, width_min + 1);
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
        return avro_parser_fail(parser, place, ERR_INVALID, "no 'type'");
    if (json_is_string(type)) {
        const enum avro_kind kind = kind_of_word(json_text(type));
        if (kind == AVRO_ARRAY || kind == AVRO_MAP)
            return parse_list(parser, json, kind, space, place, ret_node);
        if (kind != AVRO_UNION)
            return avro_parse_named(parser, json, kind, space, place, ret_node);
        const enum avro_kind primitive = avro_primitive(json_text(type));
        if (primitive != AVRO_UNION) {
            struct avro_node *node =
                avro_node_new(parser, primitive, primitives[primitive].width_min);
            avro_note_logical(json, node);
            *ret_node = node;
            return OK;
        }
    }
    const struct place inner = {.up = place, .name = "type", .depth = place->depth + 1};
    return avro_parse_type(parser, type, space, &inner, ret_node);
}

/* list = '{' "type": "array", "items": type '}' | '{' "type": "map", "values": type '}' */
static enum err parse_list(struct parser *parser, const json_t *json, enum avro_kind kind,
                           struct str space, const struct place *place,
                           const struct avro_node **ret_node)
{
    const char *member = kind == AVRO_ARRAY ? "items" : "values";
    const json_t *item = json_object_get(json, member);
    if (!item)
        return avro_parser_fail(parser, place, ERR_INVALID, "no '%s'", member);
    const struct place at = {.up = place, .name = member, .depth = place->depth + 1};
    struct avro_node *node = avro_node_new(parser, kind, 1);
    const enum err err = avro_parse_type(parser, item, space, &at, &node->item);
    if (err)
        return err;
    node->is_map_entry = kind == AVRO_ARRAY && node->item->is_map_entry;
    *ret_node = node;
    return OK;
}

enum err avro_parser_fail(struct parser *parser, const struct place *place, enum err err,
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
