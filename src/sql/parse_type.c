/* parse_type.c -- types as written. What a name means is looked up later. */
#include "sql/parser.h"

static enum err parse_type_body(struct parser *parser, struct syntax_type *type);
static enum err parse_type_items(struct parser *parser, struct syntax_type *type, uint32_t count);
static enum err parse_type_fields(struct parser *parser, struct syntax_type *type);
static enum err parse_type_numbers(struct parser *parser, struct syntax_type *type);

/* type := ARRAY '<' type '>' | MAP '<' type ',' type '>' | STRUCT '<' [name type {',' ..}] '>'
 *       | name ['(' (number | STRING) {',' ..} ')'] */
enum err parse_type(struct parser *parser, struct syntax_type **ret_type)
{
    enum err err = parser_enter(parser);
    if (err)
        return err;
    struct syntax_type *type = ARENA_NEW(parser->arena, struct syntax_type);
    type->place = parser->token.place;
    type->is_quoted = parser->token.kind == TOKEN_QUOTED;
    err = parser_at_name(parser) ? parser_name(parser, "a type", &type->name)
                                 : parser_fail(parser, "a type");
    if (!err)
        err = parse_type_body(parser, type);
    parser_leave(parser);
    if (err)
        return err;
    *ret_type = type;
    return OK;
}

static enum err parse_type_body(struct parser *parser, struct syntax_type *type)
{
    if (!type->is_quoted && parser_at_symbol(parser, "<>") &&
        str_equal(type->name, STR("STRUCT"))) {
        parser_advance(parser);
        return OK;
    }
    if (!type->is_quoted && parser_at_symbol(parser, "<")) {
        if (str_equal(type->name, STR("ARRAY")))
            return parse_type_items(parser, type, 1);
        if (str_equal(type->name, STR("MAP")))
            return parse_type_items(parser, type, 2);
        if (str_equal(type->name, STR("STRUCT")))
            return parse_type_fields(parser, type);
    }
    if (parser_take_symbol(parser, "("))
        return parse_type_numbers(parser, type);
    return OK;
}

static enum err parse_type_items(struct parser *parser, struct syntax_type *type, uint32_t count)
{
    parser_advance(parser);
    type->args = ARENA_ARRAY(parser->arena, struct syntax_type *, count);
    type->arg_count = count;
    for (uint32_t i = 0; i < count; i++) {
        enum err err = i > 0 ? parser_expect_symbol(parser, ",") : OK;
        if (err)
            return err;
        err = parse_type(parser, &type->args[i]);
        if (err)
            return err;
    }
    return parser_expect_symbol(parser, ">");
}

static enum err parse_type_fields(struct parser *parser, struct syntax_type *type)
{
    parser_advance(parser);
    struct vector names = {0};
    struct vector types = {0};
    if (parser_take_symbol(parser, ">"))
        return OK;
    enum err err;
    do {
        err = parser_name(parser, "a field", VECTOR_PUSH(&names, parser->arena, struct str));
        if (err)
            return err;
        struct syntax_type *field;
        err = parse_type(parser, &field);
        if (err)
            return err;
        *VECTOR_PUSH(&types, parser->arena, struct syntax_type *) = field;
    } while (parser_take_symbol(parser, ","));
    type->names = names.data;
    type->args = types.data;
    type->arg_count = types.count;
    return parser_expect_symbol(parser, ">");
}

/* VARCHAR(STRING) and VARCHAR(20) are old ways to write VARCHAR: they are read and mean nothing. */
static enum err parse_type_numbers(struct parser *parser, struct syntax_type *type)
{
    do {
        if (type->number_count == 2)
            return parser_fail(parser, "')'");
        int64_t *number = &type->numbers[type->number_count];
        if (parser_take_word(parser, "STRING"))
            continue;
        enum err err = parser_integer(parser, "a whole number", number);
        if (err)
            return err;
        type->number_count++;
    } while (parser_take_symbol(parser, ","));
    return parser_expect_symbol(parser, ")");
}
