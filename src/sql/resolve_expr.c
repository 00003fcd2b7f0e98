/* resolve_expr.c -- syntax to typed expressions: names are looked up here, types are functions/'s.
 */
#include "sql/scope.h"

#include <math.h>

static enum err resolve_plain(struct resolver *resolver, const struct syntax_expr *syntax,
                              struct expr **ret_expr);
static enum err resolve_column(struct resolver *resolver, const struct syntax_expr *syntax,
                               struct expr **ret_expr);
static enum err resolve_case(struct resolver *resolver, const struct syntax_expr *syntax,
                             struct expr *const *args, struct expr **ret_expr);
static enum err resolve_map(struct resolver *resolver, const struct syntax_expr *syntax,
                            struct expr *const *args, struct expr **ret_expr);
static enum err resolve_lambda(struct resolver *resolver, const struct syntax_expr *call,
                               struct expr *const *args_before, uint32_t argument,
                               struct expr **ret_expr);
static enum err resolve_integer(struct resolver *resolver, const struct syntax_expr *syntax,
                                struct expr **ret_expr);
static enum err resolve_decimal(struct resolver *resolver, const struct syntax_expr *syntax,
                                struct expr **ret_expr);
static enum err resolve_double(struct resolver *resolver, const struct syntax_expr *syntax,
                               struct expr **ret_expr);

enum err resolve_expr(struct resolver *resolver, const struct syntax_expr *syntax,
                      struct expr **ret_expr)
{
    if (resolver->special) {
        const enum err err = resolver->special(resolver, syntax, ret_expr);
        if (err != ERR_NOT_FOUND)
            return err;
    }
    if (syntax->kind <= SYNTAX_TEXT)
        return resolve_literal(resolver, syntax, ret_expr);
    if (syntax->kind == SYNTAX_NAME)
        return resolve_column(resolver, syntax, ret_expr);
    return resolve_plain(resolver, syntax, ret_expr);
}

enum err resolve_condition(struct resolver *resolver, const struct syntax_expr *syntax,
                           struct expr **ret_expr)
{
    struct expr *expr;
    enum err err = resolve_expr(resolver, syntax, &expr);
    if (err)
        return err;
    if (!expr->type || expr->type->kind != TYPE_BOOLEAN)
        return why_set_at(
            resolver->why, ERR_INVALID, syntax->place.line, syntax->place.column,
            "%s should be of type BOOLEAN, but %.*s is of type %.*s", resolver->clause,
            STR_ARGS(syntax_text(syntax, resolver->arena)),
            STR_ARGS(expr->type ? type_text(expr->type, resolver->arena) : STR("NULL")));
    *ret_expr = expr;
    return OK;
}

/* Kinds that have arguments: these first, then functions/ builds and checks the whole. */
static enum err resolve_plain(struct resolver *resolver, const struct syntax_expr *syntax,
                              struct expr **ret_expr)
{
    struct arena *arena = resolver->arena;
    struct why *why = resolver->why;
    const struct place place = syntax->place;
    struct expr **args;
    enum err err = resolve_args(resolver, syntax, &args);
    if (err)
        return err;
    const uint32_t count = syntax->arg_count;
    switch (syntax->kind) {
    case SYNTAX_CALL:
    case SYNTAX_OPERATOR:
        return expr_call(arena, syntax->name, args, count, place, ret_expr, why);
    case SYNTAX_AND:
        return expr_logic(arena, EXPR_AND, args, count, place, ret_expr, why);
    case SYNTAX_OR:
        return expr_logic(arena, EXPR_OR, args, count, place, ret_expr, why);
    case SYNTAX_NOT:
        return expr_logic(arena, EXPR_NOT, args, count, place, ret_expr, why);
    case SYNTAX_IS_NULL:
        *ret_expr = expr_is_null(arena, args[0], place);
        return OK;
    case SYNTAX_CASE:
        return resolve_case(resolver, syntax, args, ret_expr);
    case SYNTAX_CAST: {
        const struct type *type;
        err = type_resolve(syntax->type, resolver->catalog, arena, &type, why);
        return err ? err : expr_cast(arena, args[0], type, place, ret_expr, why);
    }
    case SYNTAX_FIELD:
        return expr_field(arena, args[0], syntax->name, place, ret_expr, why);
    case SYNTAX_SUBSCRIPT:
        return expr_subscript(arena, args[0], args[1], place, ret_expr, why);
    case SYNTAX_ARRAY:
        return expr_array(arena, args, count, place, ret_expr, why);
    case SYNTAX_MAP:
        return resolve_map(resolver, syntax, args, ret_expr);
    case SYNTAX_STRUCT:
        return expr_struct(arena, syntax->names, args, count, place, ret_expr, why);
    default:
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "a lambda can only stand among the arguments of a function");
    }
}

enum err resolve_args(struct resolver *resolver, const struct syntax_expr *call,
                      struct expr ***ret_args)
{
    struct expr **args = ARENA_ARRAY(resolver->arena, struct expr *, call->arg_count);
    for (uint32_t i = 0; i < call->arg_count; i++) {
        const struct syntax_expr *arg = call->args[i];
        const enum err err = arg->kind == SYNTAX_LAMBDA && call->kind == SYNTAX_CALL
                                 ? resolve_lambda(resolver, call, args, i, &args[i])
                                 : resolve_expr(resolver, arg, &args[i]);
        if (err)
            return err;
    }
    *ret_args = args;
    return OK;
}

static enum err resolve_column(struct resolver *resolver, const struct syntax_expr *syntax,
                               struct expr **ret_expr)
{
    const struct lambda_frame *frame = resolver->frame;
    for (uint32_t i = 0; frame && syntax->qualifier.size == 0 && i < frame->count; i++) {
        if (str_equal(frame->names[i], syntax->name)) {
            *ret_expr = expr_parameter(resolver->arena, i, frame->types[i], syntax->place);
            return OK;
        }
    }
    for (frame = frame ? frame->outer : NULL; frame; frame = frame->outer) {
        for (uint32_t i = 0; syntax->qualifier.size == 0 && i < frame->count; i++) {
            if (str_equal(frame->names[i], syntax->name))
                return why_set_at(resolver->why, ERR_UNSUPPORTED, syntax->place.line,
                                  syntax->place.column,
                                  "'%.*s' is a parameter of an outer lambda, which is not "
                                  "supported inside another",
                                  STR_ARGS(syntax->name));
        }
    }
    const struct scope_column *column;
    enum err err = resolve_name(resolver, syntax, &column);
    if (err)
        return err;
    *ret_expr = expr_column(resolver->arena, column->column, column->type, syntax->place);
    return OK;
}

static enum err resolve_case(struct resolver *resolver, const struct syntax_expr *syntax,
                             struct expr *const *args, struct expr **ret_expr)
{
    const uint32_t count = syntax->arg_count / 2;
    struct expr **conditions = ARENA_ARRAY(resolver->arena, struct expr *, count);
    struct expr **results = ARENA_ARRAY(resolver->arena, struct expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        conditions[i] = args[i * 2];
        results[i] = args[i * 2 + 1];
    }
    struct expr *otherwise = syntax->arg_count % 2 ? args[syntax->arg_count - 1] : NULL;
    return expr_case(resolver->arena, conditions, results, count, otherwise, syntax->place,
                     ret_expr, resolver->why);
}

static enum err resolve_map(struct resolver *resolver, const struct syntax_expr *syntax,
                            struct expr *const *args, struct expr **ret_expr)
{
    const uint32_t count = syntax->arg_count / 2;
    struct expr **keys = ARENA_ARRAY(resolver->arena, struct expr *, count);
    struct expr **values = ARENA_ARRAY(resolver->arena, struct expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = args[i * 2];
        values[i] = args[i * 2 + 1];
    }
    return expr_map(resolver->arena, keys, values, count, syntax->place, ret_expr, resolver->why);
}

static enum err resolve_lambda(struct resolver *resolver, const struct syntax_expr *call,
                               struct expr *const *args_before, uint32_t argument,
                               struct expr **ret_expr)
{
    const struct syntax_expr *lambda = call->args[argument];
    const struct type *types[3];
    uint32_t count;
    enum err err = function_lambda_types(resolver->arena, call->name, args_before, argument,
                                         argument, types, &count, lambda->place, resolver->why);
    if (err)
        return err;
    if (count != lambda->name_count)
        return why_set_at(resolver->why, ERR_INVALID, lambda->place.line, lambda->place.column,
                          "a lambda of %u parameters, but %.*s expects one of %u",
                          lambda->name_count, STR_ARGS(call->name), count);
    const struct lambda_frame frame = {
        .names = lambda->names, .types = types, .count = count, .outer = resolver->frame};
    resolver->frame = &frame;
    struct expr *body;
    err = resolve_expr(resolver, lambda->args[0], &body);
    resolver->frame = frame.outer;
    if (err)
        return err;
    *ret_expr = expr_lambda(resolver->arena, count, body, lambda->place);
    return OK;
}

enum err resolve_literal(struct resolver *resolver, const struct syntax_expr *syntax,
                         struct expr **ret_expr)
{
    switch (syntax->kind) {
    case SYNTAX_NULL:
        *ret_expr = expr_null(resolver->arena, syntax->place);
        return OK;
    case SYNTAX_BOOLEAN:
        *ret_expr = expr_literal(resolver->arena, &type_boolean,
                                 (struct value){.boolean = syntax->is_true}, syntax->place);
        return OK;
    case SYNTAX_INTEGER:
        return resolve_integer(resolver, syntax, ret_expr);
    case SYNTAX_DECIMAL:
        return resolve_decimal(resolver, syntax, ret_expr);
    case SYNTAX_DOUBLE:
        return resolve_double(resolver, syntax, ret_expr);
    case SYNTAX_TEXT:
        *ret_expr = expr_literal(resolver->arena, &type_string,
                                 (struct value){.text = syntax->text}, syntax->place);
        return OK;
    default:
        must_not_reach();
    }
}

static enum err resolve_integer(struct resolver *resolver, const struct syntax_expr *syntax,
                                struct expr **ret_expr)
{
    int64_t number;
    if (str_to_int64(syntax->text, &number) != OK)
        return why_set_at(resolver->why, ERR_INVALID, syntax->place.line, syntax->place.column,
                          "invalid numeric literal: %.*s", STR_ARGS(syntax->text));
    if (number >= INT32_MIN && number <= INT32_MAX)
        *ret_expr = expr_literal(resolver->arena, &type_integer,
                                 (struct value){.integer = (int32_t)number}, syntax->place);
    else
        *ret_expr = expr_literal(resolver->arena, &type_bigint, (struct value){.bigint = number},
                                 syntax->place);
    return OK;
}

/* 2.345 is a DECIMAL(4, 3), 0.05 a DECIMAL(2, 2). */
static enum err resolve_decimal(struct resolver *resolver, const struct syntax_expr *syntax,
                                struct expr **ret_expr)
{
    const struct str text = syntax->text;
    const size_t dot = str_index(text, '.');
    size_t first = 0;
    while (first < dot && (text.data[first] == '-' || text.data[first] == '0'))
        first++;
    const size_t scale = text.size - dot - 1;
    const size_t digits = dot - first + scale;
    const size_t precision = digits > 0 ? digits : 1;
    struct value value = {0};
    if (precision > DECIMAL_PRECISION_MAX ||
        decimal_parse(text, (int)precision, (int)scale, &value.decimal) != OK)
        return why_set_at(resolver->why, ERR_UNSUPPORTED, syntax->place.line, syntax->place.column,
                          "a number of more than %d digits: %.*s", DECIMAL_PRECISION_MAX,
                          STR_ARGS(text));
    *ret_expr =
        expr_literal(resolver->arena, type_decimal(resolver->arena, (int)precision, (int)scale),
                     value, syntax->place);
    return OK;
}

static enum err resolve_double(struct resolver *resolver, const struct syntax_expr *syntax,
                               struct expr **ret_expr)
{
    double number;
    if (str_to_double(syntax->text, &number) != OK || !isfinite(number))
        return why_set_at(resolver->why, ERR_INVALID, syntax->place.line, syntax->place.column,
                          "number overflows DOUBLE: %.*s", STR_ARGS(syntax->text));
    *ret_expr = expr_literal(resolver->arena, &type_double, (struct value){.number = number},
                             syntax->place);
    return OK;
}
