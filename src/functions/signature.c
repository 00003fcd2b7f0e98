/* signature.c -- the text of signatures: parsed, and turned into types. */
#include "functions/function.h"

struct parser {
    struct arena *arena;
    const char *at;
};

static const struct {
    const char *name;
    enum type_kind kind;
} type_names[] = {
    {"BOOLEAN", TYPE_BOOLEAN}, {"INTEGER", TYPE_INTEGER},     {"BIGINT", TYPE_BIGINT},
    {"DECIMAL", TYPE_DECIMAL}, {"DOUBLE", TYPE_DOUBLE},       {"STRING", TYPE_STRING},
    {"BYTES", TYPE_BYTES},     {"TIMESTAMP", TYPE_TIMESTAMP}, {"TIME", TYPE_TIME},
    {"DATE", TYPE_DATE},       {"ARRAY", TYPE_ARRAY},         {"MAP", TYPE_MAP},
    {"STRUCT", TYPE_STRUCT},
};

static const struct pattern *parse_type(struct parser *parser);
static const struct pattern *parse_lambda(struct parser *parser);
static void parse_items(struct parser *parser, struct pattern *pattern);
static struct str parse_word(struct parser *parser);
static bool parse_accept(struct parser *parser, const char *text);
static void parse_expect(struct parser *parser, const char *text);
static const struct type *struct_type(struct arena *arena, const struct pattern *pattern,
                                      const struct binding *binding);

struct str function_overload_name(const struct function_overload *overload)
{
    const struct str text = str_from(overload->signature);
    return (struct str){text.data, str_index(text, '(')};
}

/* signature: NAME '(' [param {',' param} {'[,' param} ']'...] ')' type */
struct signature *signature_parse(struct arena *arena, const char *text)
{
    struct parser parser = {.arena = arena, .at = strchr(text, '(')};
    must(parser.at != NULL);
    parser.at++;
    struct signature *signature = ARENA_NEW(arena, struct signature);
    signature->variadic = -1;
    bool is_optional = false;
    while (!parse_accept(&parser, ")")) {
        is_optional = parse_accept(&parser, "[") || is_optional;
        parse_accept(&parser, ",");
        if (parse_accept(&parser, "]"))
            continue;
        must(signature->param_count < SIGNATURE_PARAMS_MAX);
        signature->params[signature->param_count] = parse_type(&parser);
        if (parse_accept(&parser, "..."))
            signature->variadic = (int)signature->param_count;
        signature->param_count++;
        if (!is_optional)
            signature->required_count = signature->param_count;
    }
    signature->result = parse_type(&parser);
    must(*parser.at == 0);
    return signature;
}

const struct pattern *pattern_parse(struct arena *arena, const char *text)
{
    struct parser parser = {.arena = arena, .at = text};
    const struct pattern *pattern = parse_type(&parser);
    must(*parser.at == 0);
    return pattern;
}

const struct type *pattern_type(struct arena *arena, const struct pattern *pattern,
                                const struct binding *binding)
{
    if (pattern->kind == PATTERN_LETTER)
        return binding->letters[pattern->letter];
    must(pattern->kind == PATTERN_TYPE);
    static const struct type *const basic[] = {
        [TYPE_BOOLEAN] = &type_boolean,     [TYPE_INTEGER] = &type_integer,
        [TYPE_BIGINT] = &type_bigint,       [TYPE_DOUBLE] = &type_double,
        [TYPE_STRING] = &type_string,       [TYPE_BYTES] = &type_bytes,
        [TYPE_TIME] = &type_time,           [TYPE_DATE] = &type_date,
        [TYPE_TIMESTAMP] = &type_timestamp,
    };
    if (pattern->type == TYPE_DECIMAL)
        return binding->decimal;
    if (pattern->type < TYPE_ARRAY)
        return basic[pattern->type];
    if (pattern->type == TYPE_STRUCT)
        return struct_type(arena, pattern, binding);
    const struct type *items[2] = {NULL, NULL};
    for (uint32_t i = 0; i < pattern->item_count; i++) {
        items[i] = pattern_type(arena, pattern->items[i], binding);
        if (items[i] == NULL)
            return NULL;
    }
    return pattern->type == TYPE_ARRAY ? type_array(arena, items[0])
                                       : type_map(arena, items[0], items[1]);
}

static const struct type *struct_type(struct arena *arena, const struct pattern *pattern,
                                      const struct binding *binding)
{
    struct type_field *fields = ARENA_ARRAY(arena, struct type_field, pattern->item_count);
    for (uint32_t i = 0; i < pattern->item_count; i++) {
        fields[i].name = pattern->names[i];
        fields[i].type = pattern_type(arena, pattern->items[i], binding);
        if (fields[i].type == NULL)
            return NULL;
    }
    return type_struct(arena, fields, pattern->item_count);
}

/* type: lambda | LETTER | 'ANY' | NAME ['<' item {',' item} '>'] */
static const struct pattern *parse_type(struct parser *parser)
{
    if (parse_accept(parser, "("))
        return parse_lambda(parser);
    struct pattern *pattern = ARENA_NEW(parser->arena, struct pattern);
    const struct str word = parse_word(parser);
    if (word.size == 1) {
        pattern->kind = PATTERN_LETTER;
        pattern->letter = (uint32_t)(word.data[0] - 'A');
        return pattern;
    }
    if (str_equal(word, STR("ANY"))) {
        pattern->kind = PATTERN_ANY;
        return pattern;
    }
    size_t i = 0;
    while (i < sizeof(type_names) / sizeof(*type_names) &&
           !str_equal(word, str_from(type_names[i].name)))
        i++;
    must(i < sizeof(type_names) / sizeof(*type_names));
    pattern->type = type_names[i].kind;
    if (parse_accept(parser, "<"))
        parse_items(parser, pattern);
    return pattern;
}

/* lambda, after its '(': type {',' type} ')' '=>' type */
static const struct pattern *parse_lambda(struct parser *parser)
{
    struct pattern *pattern = ARENA_NEW(parser->arena, struct pattern);
    const struct pattern **items =
        ARENA_ARRAY(parser->arena, const struct pattern *, SIGNATURE_PARAMS_MAX);
    pattern->kind = PATTERN_LAMBDA;
    pattern->items = items;
    do
        items[pattern->item_count++] = parse_type(parser);
    while (parse_accept(parser, ","));
    parse_expect(parser, ")");
    parse_expect(parser, "=>");
    items[pattern->item_count++] = parse_type(parser);
    return pattern;
}

/* items, after their '<': [NAME] type {',' [NAME] type} '>' */
static void parse_items(struct parser *parser, struct pattern *pattern)
{
    const struct pattern **items =
        ARENA_ARRAY(parser->arena, const struct pattern *, SIGNATURE_PARAMS_MAX);
    struct str *names = ARENA_ARRAY(parser->arena, struct str, SIGNATURE_PARAMS_MAX);
    pattern->items = items;
    pattern->names = names;
    do {
        must(pattern->item_count < SIGNATURE_PARAMS_MAX);
        if (pattern->type == TYPE_STRUCT)
            names[pattern->item_count] = parse_word(parser);
        items[pattern->item_count++] = parse_type(parser);
    } while (parse_accept(parser, ","));
    parse_expect(parser, ">");
}

static struct str parse_word(struct parser *parser)
{
    while (*parser->at == ' ')
        parser->at++;
    const char *begin = parser->at;
    while ((*parser->at >= 'A' && *parser->at <= 'Z') || *parser->at == '_' ||
           (*parser->at >= '0' && *parser->at <= '9') || (*parser->at >= 'a' && *parser->at <= 'z'))
        parser->at++;
    must(parser->at > begin);
    return (struct str){begin, (size_t)(parser->at - begin)};
}

static bool parse_accept(struct parser *parser, const char *text)
{
    while (*parser->at == ' ')
        parser->at++;
    const size_t size = strlen(text);
    if (strncmp(parser->at, text, size) != 0)
        return false;
    parser->at += size;
    return true;
}

static void parse_expect(struct parser *parser, const char *text)
{
    const bool is_there = parse_accept(parser, text);
    must(is_there);
}
