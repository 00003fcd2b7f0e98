/* parse_primary.c -- literals, names, calls, constructors, and what may follow them. */
#include "sql/parser.h"

static enum err parse_base(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_number(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_name_or_call(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_call(struct parser *parser, struct syntax_expr *call);
static enum err parse_argument(struct parser *parser, const struct syntax_expr *call,
                               uint32_t index, struct syntax_expr **ret_expr);
static bool at_lambda(const struct parser *parser);
static enum err parse_lambda(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_parenthesis(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_case(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_cast(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_array(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_map(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_struct(struct parser *parser, struct syntax_expr **ret_expr);

/* primary := base {'[' value ']' | '->' name}; '->' '*' is the select list's. */
enum err parse_primary(struct parser *parser, struct syntax_expr **ret_expr)
{
    struct syntax_expr *expr;
    enum err err = parse_base(parser, &expr);
    while (!err) {
        const struct place place = parser->token.place;
        const struct token next = parser_peek(parser);
        if (parser_at_symbol(parser, "->") && !token_is_symbol(&next, "*")) {
            parser_advance(parser);
            struct syntax_expr *field = syntax_new(parser, SYNTAX_FIELD, parser->token.place);
            err = parser_name(parser, "a field", &field->name);
            if (!err)
                err = syntax_set_args(parser, field, &expr, 1);
            expr = field;
        } else if (parser_take_symbol(parser, "[")) {
            struct syntax_expr *args[2] = {expr, NULL};
            struct syntax_expr *subscript = syntax_new(parser, SYNTAX_SUBSCRIPT, place);
            err = parse_value_expr(parser, &args[1]);
            if (!err)
                err = parser_expect_symbol(parser, "]");
            if (!err)
                err = syntax_set_args(parser, subscript, args, 2);
            expr = subscript;
        } else {
            break;
        }
    }
    if (err)
        return err;
    *ret_expr = expr;
    return OK;
}

struct syntax_expr *syntax_new(struct parser *parser, enum syntax_kind kind, struct place place)
{
    struct syntax_expr *expr = ARENA_NEW(parser->arena, struct syntax_expr);
    expr->kind = kind;
    expr->place = place;
    expr->depth = 1;
    return expr;
}

enum err syntax_set_args(struct parser *parser, struct syntax_expr *expr,
                         struct syntax_expr *const *args, uint32_t arg_count)
{
    expr->args = ARENA_ARRAY(parser->arena, struct syntax_expr *, arg_count);
    expr->arg_count = arg_count;
    for (uint32_t i = 0; i < arg_count; i++) {
        expr->args[i] = args[i];
        if (args[i]->depth >= expr->depth)
            expr->depth = args[i]->depth + 1;
    }
    if (expr->depth > SYNTAX_DEPTH_MAX)
        return why_set_at(parser->why, ERR_INVALID, expr->place.line, expr->place.column,
                          "an expression nested deeper than %d levels", SYNTAX_DEPTH_MAX);
    return OK;
}

/* base := NULL | TRUE | FALSE | number | 'text' | CASE .. | CAST .. | ARRAY '[' .. | MAP '(' ..
 *       | STRUCT '(' .. | '(' expression ')' | name */
static enum err parse_base(struct parser *parser, struct syntax_expr **ret_expr)
{
    const struct place place = parser->token.place;
    const struct token next = parser_peek(parser);
    if (parser->token.kind == TOKEN_TEXT) {
        struct syntax_expr *expr = syntax_new(parser, SYNTAX_TEXT, place);
        expr->text = token_unquote(&parser->token, parser->arena);
        parser_advance(parser);
        *ret_expr = expr;
        return OK;
    }
    if (parser_at_word(parser, "NULL") || parser_at_word(parser, "TRUE") ||
        parser_at_word(parser, "FALSE")) {
        const bool is_null = parser_at_word(parser, "NULL");
        struct syntax_expr *expr =
            syntax_new(parser, is_null ? SYNTAX_NULL : SYNTAX_BOOLEAN, place);
        expr->is_true = parser_at_word(parser, "TRUE");
        parser_advance(parser);
        *ret_expr = expr;
        return OK;
    }
    if (parser->token.kind == TOKEN_INTEGER || parser->token.kind == TOKEN_DECIMAL ||
        parser->token.kind == TOKEN_DOUBLE)
        return parse_number(parser, ret_expr);
    if (parser_at_symbol(parser, "("))
        return parse_parenthesis(parser, ret_expr);
    if (parser_at_word(parser, "CASE"))
        return parse_case(parser, ret_expr);
    if (parser_at_word(parser, "CAST"))
        return parse_cast(parser, ret_expr);
    if (parser_at_word(parser, "ARRAY") && token_is_symbol(&next, "["))
        return parse_array(parser, ret_expr);
    if (parser_at_word(parser, "MAP") && token_is_symbol(&next, "("))
        return parse_map(parser, ret_expr);
    if (parser_at_word(parser, "STRUCT") && token_is_symbol(&next, "("))
        return parse_struct(parser, ret_expr);
    if (parser_at_name(parser) || token_is_symbol(&next, "("))
        return parse_name_or_call(parser, ret_expr);
    return parser_fail(parser, "an expression");
}

static enum err parse_number(struct parser *parser, struct syntax_expr **ret_expr)
{
    const enum syntax_kind kind = parser->token.kind == TOKEN_INTEGER   ? SYNTAX_INTEGER
                                  : parser->token.kind == TOKEN_DECIMAL ? SYNTAX_DECIMAL
                                                                        : SYNTAX_DOUBLE;
    struct syntax_expr *expr = syntax_new(parser, kind, parser->token.place);
    expr->text = parser->token.text;
    parser_advance(parser);
    *ret_expr = expr;
    return OK;
}

/* parenthesis := '(' expression ')' */
static enum err parse_parenthesis(struct parser *parser, struct syntax_expr **ret_expr)
{
    parser_advance(parser);
    struct syntax_expr *expr;
    enum err err = parse_expr(parser, &expr);
    if (err)
        return err;
    err = parser_expect_symbol(parser, ")");
    if (err)
        return err;
    *ret_expr = expr;
    return OK;
}

/* name := name ['.' name] | name '(' .. ')'; some functions are called as reserved words. */
static enum err parse_name_or_call(struct parser *parser, struct syntax_expr **ret_expr)
{
    const struct token next = parser_peek(parser);
    const struct place place = parser->token.place;
    struct str name;
    if (token_is_symbol(&next, "(") && parser->token.kind == TOKEN_WORD) {
        struct syntax_expr *call = syntax_new(parser, SYNTAX_CALL, place);
        call->name = str_upper(parser->token.text, parser->arena);
        parser_advance(parser);
        enum err err = parse_call(parser, call);
        if (err)
            return err;
        *ret_expr = call;
        return OK;
    }
    const char *begin = parser->token.text.data;
    enum err err = parser_name(parser, "a column", &name);
    if (err)
        return err;
    struct syntax_expr *expr = syntax_new(parser, SYNTAX_NAME, place);
    expr->name = name;
    expr->qualifier_place = place;
    const struct token after = parser_peek(parser);
    if (parser_at_symbol(parser, ".") && !token_is_symbol(&after, "*")) {
        parser_advance(parser);
        expr->qualifier = name;
        expr->place = parser->token.place;
        err = parser_name(parser, "a column", &expr->name);
        if (err)
            return err;
    }
    expr->text = (struct str){begin, (size_t)(parser->last - begin)};
    *ret_expr = expr;
    return OK;
}

/* call := '(' ['*' | argument {',' argument}] ')' */
static enum err parse_call(struct parser *parser, struct syntax_expr *call)
{
    parser_advance(parser);
    struct vector args = {0};
    enum err err = OK;
    if (parser_take_symbol(parser, "*")) {
        call->is_star = true;
    } else if (!parser_at_symbol(parser, ")")) {
        do {
            struct syntax_expr *arg;
            err = parse_argument(parser, call, args.count, &arg);
            if (err)
                return err;
            *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = arg;
        } while (parser_take_symbol(parser, ","));
    }
    err = parser_expect_symbol(parser, ")");
    if (err)
        return err;
    return syntax_set_args(parser, call, args.data, args.count);
}

/* argument := lambda | unit | expression; units are the first argument of DATEADD and its like. */
static enum err parse_argument(struct parser *parser, const struct syntax_expr *call,
                               uint32_t index, struct syntax_expr **ret_expr)
{
    static const char *const units[] = {"DAY",         "DAYS",         "HOUR",    "HOURS", "MINUTE",
                                        "MINUTES",     "SECOND",       "SECONDS", "YEAR",  "YEARS",
                                        "MILLISECOND", "MILLISECONDS", "MONTH",   "MONTHS"};
    static const char *const takers[] = {"DATEADD", "DATESUB",      "TIMEADD",
                                         "TIMESUB", "TIMESTAMPADD", "TIMESTAMPSUB"};
    if (at_lambda(parser))
        return parse_lambda(parser, ret_expr);
    bool takes_unit = false;
    for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
        takes_unit |= index == 0 && str_equal(call->name, str_from(takers[i]));
    for (size_t i = 0; takes_unit && i < sizeof(units) / sizeof(units[0]); i++) {
        if (!parser_at_word(parser, units[i]))
            continue;
        struct syntax_expr *unit = syntax_new(parser, SYNTAX_TEXT, parser->token.place);
        unit->text = str_from(units[i]);
        parser_advance(parser);
        *ret_expr = unit;
        return OK;
    }
    return parse_expr(parser, ret_expr);
}

static bool at_lambda(const struct parser *parser)
{
    struct parser ahead = *parser;
    if (!parser_take_symbol(&ahead, "(")) {
        if (!parser_at_name(&ahead))
            return false;
        parser_advance(&ahead);
        return parser_at_symbol(&ahead, "=>");
    }
    for (int i = 0; i < 4 && parser_at_name(&ahead); i++) {
        parser_advance(&ahead);
        if (!parser_take_symbol(&ahead, ","))
            break;
    }
    return parser_take_symbol(&ahead, ")") && parser_at_symbol(&ahead, "=>");
}

/* lambda := name '=>' expression | '(' name {',' name} ')' '=>' expression */
static enum err parse_lambda(struct parser *parser, struct syntax_expr **ret_expr)
{
    struct syntax_expr *lambda = syntax_new(parser, SYNTAX_LAMBDA, parser->token.place);
    struct vector names = {0};
    const bool in_parenthesis = parser_take_symbol(parser, "(");
    enum err err;
    do {
        err = parser_name(parser, "a lambda's parameter",
                          VECTOR_PUSH(&names, parser->arena, struct str));
        if (err)
            return err;
    } while (in_parenthesis && parser_take_symbol(parser, ","));
    if (in_parenthesis) {
        err = parser_expect_symbol(parser, ")");
        if (err)
            return err;
    }
    err = parser_expect_symbol(parser, "=>");
    if (err)
        return err;
    struct syntax_expr *body;
    err = parse_expr(parser, &body);
    if (err)
        return err;
    lambda->names = names.data;
    lambda->name_count = names.count;
    err = syntax_set_args(parser, lambda, &body, 1);
    if (err)
        return err;
    *ret_expr = lambda;
    return OK;
}

/* case := CASE [expression] WHEN expression THEN expression {WHEN ..} [ELSE expression] END
 * With an operand each condition is 'operand = condition'. */
static enum err parse_case(struct parser *parser, struct syntax_expr **ret_expr)
{
    struct syntax_expr *expr = syntax_new(parser, SYNTAX_CASE, parser->token.place);
    parser_advance(parser);
    struct syntax_expr *operand = NULL;
    enum err err = OK;
    if (!parser_at_word(parser, "WHEN"))
        err = parse_expr(parser, &operand);
    if (!err && !parser_at_word(parser, "WHEN"))
        err = parser_fail(parser, "WHEN");
    struct vector args = {0};
    while (!err && parser_take_word(parser, "WHEN")) {
        struct syntax_expr *condition;
        err = parse_expr(parser, &condition);
        if (!err && operand) {
            struct syntax_expr *sides[2] = {operand, condition};
            condition = syntax_new(parser, SYNTAX_OPERATOR, condition->place);
            condition->name = STR("=");
            err = syntax_set_args(parser, condition, sides, 2);
        }
        if (!err)
            err = parser_expect_word(parser, "THEN");
        struct syntax_expr *result = NULL;
        if (!err)
            err = parse_expr(parser, &result);
        if (err)
            break;
        *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = condition;
        *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = result;
    }
    if (!err && parser_take_word(parser, "ELSE")) {
        struct syntax_expr *otherwise;
        err = parse_expr(parser, &otherwise);
        if (!err)
            *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = otherwise;
    }
    if (!err)
        err = parser_expect_word(parser, "END");
    if (!err)
        err = syntax_set_args(parser, expr, args.data, args.count);
    if (err)
        return err;
    *ret_expr = expr;
    return OK;
}

/* cast := CAST '(' expression AS type ')' */
static enum err parse_cast(struct parser *parser, struct syntax_expr **ret_expr)
{
    struct syntax_expr *cast = syntax_new(parser, SYNTAX_CAST, parser->token.place);
    parser_advance(parser);
    enum err err = parser_expect_symbol(parser, "(");
    if (err)
        return err;
    struct syntax_expr *of;
    err = parse_expr(parser, &of);
    if (err)
        return err;
    err = parser_expect_word(parser, "AS");
    if (err)
        return err;
    err = parse_type(parser, &cast->type);
    if (err)
        return err;
    err = parser_expect_symbol(parser, ")");
    if (err)
        return err;
    err = syntax_set_args(parser, cast, &of, 1);
    if (err)
        return err;
    *ret_expr = cast;
    return OK;
}

/* array := ARRAY '[' [expression {',' expression}] ']' */
static enum err parse_array(struct parser *parser, struct syntax_expr **ret_expr)
{
    struct syntax_expr *array = syntax_new(parser, SYNTAX_ARRAY, parser->token.place);
    parser_advance(parser);
    parser_advance(parser);
    struct vector args = {0};
    enum err err = OK;
    if (!parser_at_symbol(parser, "]")) {
        do {
            struct syntax_expr *arg;
            err = parse_expr(parser, &arg);
            if (err)
                return err;
            *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = arg;
        } while (parser_take_symbol(parser, ","));
    }
    err = parser_expect_symbol(parser, "]");
    if (err)
        return err;
    err = syntax_set_args(parser, array, args.data, args.count);
    if (err)
        return err;
    *ret_expr = array;
    return OK;
}

/* map := MAP '(' [expression ':=' expression {',' ..}] ')' */
static enum err parse_map(struct parser *parser, struct syntax_expr **ret_expr)
{
    struct syntax_expr *map = syntax_new(parser, SYNTAX_MAP, parser->token.place);
    parser_advance(parser);
    parser_advance(parser);
    struct vector args = {0};
    enum err err = OK;
    if (!parser_at_symbol(parser, ")")) {
        do {
            struct syntax_expr *arg;
            err = parse_expr(parser, &arg);
            if (err)
                return err;
            *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = arg;
            err = parser_expect_symbol(parser, ":=");
            if (err)
                return err;
            err = parse_expr(parser, &arg);
            if (err)
                return err;
            *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = arg;
        } while (parser_take_symbol(parser, ","));
    }
    err = parser_expect_symbol(parser, ")");
    if (err)
        return err;
    err = syntax_set_args(parser, map, args.data, args.count);
    if (err)
        return err;
    *ret_expr = map;
    return OK;
}

/* struct := STRUCT '(' [name ':=' expression {',' ..}] ')' */
static enum err parse_struct(struct parser *parser, struct syntax_expr **ret_expr)
{
    struct syntax_expr *expr = syntax_new(parser, SYNTAX_STRUCT, parser->token.place);
    parser_advance(parser);
    parser_advance(parser);
    struct vector args = {0};
    struct vector names = {0};
    enum err err = OK;
    if (!parser_at_symbol(parser, ")")) {
        do {
            err = parser_name(parser, "a field", VECTOR_PUSH(&names, parser->arena, struct str));
            if (err)
                return err;
            err = parser_expect_symbol(parser, ":=");
            if (err)
                return err;
            struct syntax_expr *arg;
            err = parse_expr(parser, &arg);
            if (err)
                return err;
            *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = arg;
        } while (parser_take_symbol(parser, ","));
    }
    err = parser_expect_symbol(parser, ")");
    if (err)
        return err;
    expr->names = names.data;
    expr->name_count = names.count;
    err = syntax_set_args(parser, expr, args.data, args.count);
    if (err)
        return err;
    *ret_expr = expr;
    return OK;
}
