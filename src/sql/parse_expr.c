/* parse_expr.c -- conditions and arithmetic: precedence climbing above the primaries.
 *
 *     OR, AND, NOT, comparisons and predicates, ||, + -, * / %, sign
 */
#include "sql/parser.h"

static enum err parse_or(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_and(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_not(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_predicate(struct parser *parser, struct syntax_expr **ret_expr);
static enum err parse_binary(struct parser *parser, int level, struct syntax_expr **ret_expr);
static enum err parse_sign(struct parser *parser, struct syntax_expr **ret_expr);
static const char *comparison_at(const struct parser *parser);
static enum err parse_in(struct parser *parser, struct syntax_expr *left,
                         struct syntax_expr **ret_expr);
static enum err parse_between(struct parser *parser, struct syntax_expr *left,
                              struct syntax_expr **ret_expr);
static enum err parse_like(struct parser *parser, struct syntax_expr *left,
                           struct syntax_expr **ret_expr);
static enum err parse_is(struct parser *parser, struct syntax_expr *left,
                         struct syntax_expr **ret_expr);
static enum err syntax_operator(struct parser *parser, const char *name, struct place place,
                                struct syntax_expr *const *args, uint32_t arg_count,
                                struct syntax_expr **ret_expr);
static enum err syntax_not(struct parser *parser, struct place place, struct syntax_expr *of,
                           struct syntax_expr **ret_expr);
static enum err syntax_chain(struct parser *parser, enum syntax_kind kind, struct place place,
                             struct vector *args, struct syntax_expr **ret_expr);

/* expression := or */
enum err parse_expr(struct parser *parser, struct syntax_expr **ret_expr)
{
    enum err err = parser_enter(parser);
    if (err)
        return err;
    err = parse_or(parser, ret_expr);
    parser_leave(parser);
    return err;
}

/* value := value {'||' | '+' | '-' | '*' | '/' | '%'} value | sign */
enum err parse_value_expr(struct parser *parser, struct syntax_expr **ret_expr)
{
    enum err err = parser_enter(parser);
    if (err)
        return err;
    err = parse_binary(parser, 0, ret_expr);
    parser_leave(parser);
    return err;
}

/* or := and {OR and}; a chain is one node, however long. */
static enum err parse_or(struct parser *parser, struct syntax_expr **ret_expr)
{
    const struct place place = parser->token.place;
    struct vector args = {0};
    do {
        struct syntax_expr *arg;
        enum err err = parse_and(parser, &arg);
        if (err)
            return err;
        *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = arg;
    } while (parser_take_word(parser, "OR"));
    return syntax_chain(parser, SYNTAX_OR, place, &args, ret_expr);
}

/* and := not {AND not} */
static enum err parse_and(struct parser *parser, struct syntax_expr **ret_expr)
{
    const struct place place = parser->token.place;
    struct vector args = {0};
    do {
        struct syntax_expr *arg;
        enum err err = parse_not(parser, &arg);
        if (err)
            return err;
        *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = arg;
    } while (parser_take_word(parser, "AND"));
    return syntax_chain(parser, SYNTAX_AND, place, &args, ret_expr);
}

/* not := NOT not | predicate */
static enum err parse_not(struct parser *parser, struct syntax_expr **ret_expr)
{
    if (!parser_at_word(parser, "NOT"))
        return parse_predicate(parser, ret_expr);
    const struct place place = parser->token.place;
    parser_advance(parser);
    enum err err = parser_enter(parser);
    if (err)
        return err;
    struct syntax_expr *of;
    err = parse_not(parser, &of);
    parser_leave(parser);
    if (err)
        return err;
    return syntax_not(parser, place, of, ret_expr);
}

/* predicate := value [comparison value | [NOT] (BETWEEN .. | IN .. | LIKE ..) | IS ..] */
static enum err parse_predicate(struct parser *parser, struct syntax_expr **ret_expr)
{
    struct syntax_expr *left;
    enum err err = parse_binary(parser, 0, &left);
    if (err)
        return err;
    const struct place place = parser->token.place;
    const char *comparison = comparison_at(parser);
    if (comparison) {
        parser_advance(parser);
        struct syntax_expr *args[2] = {left, NULL};
        err = parse_binary(parser, 0, &args[1]);
        if (err)
            return err;
        return syntax_operator(parser, comparison, place, args, 2, ret_expr);
    }
    if (parser_take_word(parser, "IS"))
        return parse_is(parser, left, ret_expr);
    const bool negated = parser_take_word(parser, "NOT");
    struct syntax_expr *result = left;
    if (parser_take_word(parser, "BETWEEN"))
        err = parse_between(parser, left, &result);
    else if (parser_take_word(parser, "IN"))
        err = parse_in(parser, left, &result);
    else if (parser_take_word(parser, "LIKE"))
        err = parse_like(parser, left, &result);
    else if (negated)
        err = parser_fail(parser, "BETWEEN, IN or LIKE");
    if (err)
        return err;
    if (negated)
        return syntax_not(parser, place, result, ret_expr);
    *ret_expr = result;
    return OK;
}

static const char *comparison_at(const struct parser *parser)
{
    static const char *const comparisons[][2] = {
        {"=", "="}, {"<>", "<>"}, {"!=", "<>"}, {"<=", "<="}, {">=", ">="}, {"<", "<"}, {">", ">"}};
    for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
        if (parser_at_symbol(parser, comparisons[i][0]))
            return comparisons[i][1];
    }
    return NULL;
}

/* between := BETWEEN value AND value */
static enum err parse_between(struct parser *parser, struct syntax_expr *left,
                              struct syntax_expr **ret_expr)
{
    struct syntax_expr *args[3] = {left};
    enum err err = parse_binary(parser, 0, &args[1]);
    if (err)
        return err;
    err = parser_expect_word(parser, "AND");
    if (err)
        return err;
    err = parse_binary(parser, 0, &args[2]);
    if (err)
        return err;
    return syntax_operator(parser, "BETWEEN", left->place, args, 3, ret_expr);
}

/* in := IN '(' expression {',' expression} ')' */
static enum err parse_in(struct parser *parser, struct syntax_expr *left,
                         struct syntax_expr **ret_expr)
{
    enum err err = parser_expect_symbol(parser, "(");
    if (err)
        return err;
    struct vector args = {0};
    *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = left;
    do {
        struct syntax_expr *arg;
        err = parse_expr(parser, &arg);
        if (err)
            return err;
        *VECTOR_PUSH(&args, parser->arena, struct syntax_expr *) = arg;
    } while (parser_take_symbol(parser, ","));
    err = parser_expect_symbol(parser, ")");
    if (err)
        return err;
    return syntax_operator(parser, "IN", left->place, args.data, args.count, ret_expr);
}

/* like := LIKE value [ESCAPE 'c'] */
static enum err parse_like(struct parser *parser, struct syntax_expr *left,
                           struct syntax_expr **ret_expr)
{
    struct syntax_expr *args[3] = {left};
    enum err err = parse_binary(parser, 0, &args[1]);
    if (err)
        return err;
    uint32_t arg_count = 2;
    if (parser_take_word(parser, "ESCAPE")) {
        const struct place place = parser->token.place;
        struct str escape;
        err = parser_text(parser, "one quoted character", &escape);
        if (err)
            return err;
        if (escape.size != 1)
            return why_set_at(parser->why, ERR_INVALID, place.line, place.column,
                              "invalid escape '%.*s', expected one character", STR_ARGS(escape));
        args[2] = syntax_new(parser, SYNTAX_TEXT, place);
        args[2]->text = escape;
        arg_count = 3;
    }
    return syntax_operator(parser, "LIKE", left->place, args, arg_count, ret_expr);
}

/* is := IS [NOT] (NULL | DISTINCT FROM value) */
static enum err parse_is(struct parser *parser, struct syntax_expr *left,
                         struct syntax_expr **ret_expr)
{
    const bool negated = parser_take_word(parser, "NOT");
    if (parser_take_word(parser, "NULL")) {
        struct syntax_expr *expr = syntax_new(parser, SYNTAX_IS_NULL, left->place);
        enum err err = syntax_set_args(parser, expr, &left, 1);
        if (err)
            return err;
        if (negated)
            return syntax_not(parser, left->place, expr, ret_expr);
        *ret_expr = expr;
        return OK;
    }
    if (!parser_take_word(parser, "DISTINCT"))
        return parser_fail(parser,
                           negated ? "NULL or DISTINCT FROM" : "NULL, NOT or DISTINCT FROM");
    enum err err = parser_expect_word(parser, "FROM");
    if (err)
        return err;
    struct syntax_expr *args[2] = {left, NULL};
    err = parse_binary(parser, 0, &args[1]);
    if (err)
        return err;
    struct syntax_expr *distinct;
    err = syntax_operator(parser, "IS DISTINCT FROM", left->place, args, 2, &distinct);
    if (err)
        return err;
    if (negated)
        return syntax_not(parser, left->place, distinct, ret_expr);
    *ret_expr = distinct;
    return OK;
}

/* level 0: '||', 1: '+' '-', 2: '*' '/' '%'; all from left to right. */
static enum err parse_binary(struct parser *parser, int level, struct syntax_expr **ret_expr)
{
    static const char *const operators[3][4] = {{"||"}, {"+", "-"}, {"*", "/", "%"}};
    if (level == 3)
        return parse_sign(parser, ret_expr);
    struct syntax_expr *left;
    enum err err = parse_binary(parser, level + 1, &left);
    if (err)
        return err;
    for (;;) {
        const char *found = NULL;
        for (int i = 0; operators[level][i] && !found; i++) {
            if (parser_at_symbol(parser, operators[level][i]))
                found = operators[level][i];
        }
        if (!found)
            break;
        const struct place place = parser->token.place;
        parser_advance(parser);
        struct syntax_expr *args[2] = {left, NULL};
        err = parse_binary(parser, level + 1, &args[1]);
        if (err)
            return err;
        err = syntax_operator(parser, found, place, args, 2, &left);
        if (err)
            return err;
    }
    *ret_expr = left;
    return OK;
}

/* sign := ('-' | '+') sign | primary; a minus before a number belongs to the number. */
static enum err parse_sign(struct parser *parser, struct syntax_expr **ret_expr)
{
    const struct place place = parser->token.place;
    const bool minus = parser_at_symbol(parser, "-");
    if (!minus && !parser_at_symbol(parser, "+"))
        return parse_primary(parser, ret_expr);
    parser_advance(parser);
    enum err err = parser_enter(parser);
    if (err)
        return err;
    const bool number = parser->token.kind == TOKEN_INTEGER ||
                        parser->token.kind == TOKEN_DECIMAL || parser->token.kind == TOKEN_DOUBLE;
    struct syntax_expr *of;
    err = parse_sign(parser, &of);
    parser_leave(parser);
    if (err)
        return err;
    if (minus && number && of->kind >= SYNTAX_INTEGER && of->kind <= SYNTAX_DOUBLE) {
        of->text = arena_printf(parser->arena, "-%.*s", STR_ARGS(of->text));
        of->place = place;
        *ret_expr = of;
        return OK;
    }
    if (minus)
        return syntax_operator(parser, "NEGATE", place, &of, 1, ret_expr);
    *ret_expr = of;
    return OK;
}

static enum err syntax_operator(struct parser *parser, const char *name, struct place place,
                                struct syntax_expr *const *args, uint32_t arg_count,
                                struct syntax_expr **ret_expr)
{
    struct syntax_expr *expr = syntax_new(parser, SYNTAX_OPERATOR, place);
    expr->name = str_from(name);
    enum err err = syntax_set_args(parser, expr, args, arg_count);
    if (err)
        return err;
    *ret_expr = expr;
    return OK;
}

static enum err syntax_not(struct parser *parser, struct place place, struct syntax_expr *of,
                           struct syntax_expr **ret_expr)
{
    struct syntax_expr *expr = syntax_new(parser, SYNTAX_NOT, place);
    enum err err = syntax_set_args(parser, expr, &of, 1);
    if (err)
        return err;
    *ret_expr = expr;
    return OK;
}

static enum err syntax_chain(struct parser *parser, enum syntax_kind kind, struct place place,
                             struct vector *args, struct syntax_expr **ret_expr)
{
    if (args->count == 1) {
        *ret_expr = *(struct syntax_expr **)args->data;
        return OK;
    }
    struct syntax_expr *expr = syntax_new(parser, kind, place);
    enum err err = syntax_set_args(parser, expr, args->data, args->count);
    if (err)
        return err;
    *ret_expr = expr;
    return OK;
}
