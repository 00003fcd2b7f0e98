/* call.c -- calls of functions and operators by name: building them and running their bodies. */
#include "functions/function.h"

static const char *const arithmetic_names[] = {"+", "-", "*", "/", "%"};
static const char *const compare_names[] = {
    "=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM",
};

static enum err check_unit(const struct function_overload *overload, struct expr *const *args,
                           uint32_t arg_count, struct why *why);
static enum err unknown_function(struct str name, struct place place, struct why *why);
static bool name_in(struct str name, const char *const *names, size_t count);
static void spread_nulls(const struct scope *scope, const struct column *result);
static void run_values(struct call *call, const struct column *const *args, struct column *result);

enum err expr_call(struct arena *arena, struct str name, struct expr *const *args,
                   uint32_t arg_count, struct place place, struct expr **ret_expr, struct why *why)
{
    enum err err = operator_call(arena, name, args, arg_count, place, ret_expr, why);
    if (err != ERR_NOT_FOUND)
        return err;
    const struct function_entry *entry = function_entry_find(name);
    if (entry == NULL)
        return unknown_function(name, place, why);
    if (entry->kind == FUNCTION_AGGREGATE)
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "aggregate function '%s' is not allowed here", entry->name);
    struct why own = {0};
    struct expr **wanted = ARENA_ARRAY(arena, struct expr *, arg_count);
    const struct function_overload *overload = NULL;
    const struct type *type = NULL;
    struct binding binding;
    err = overload_choose(arena, entry, args, arg_count, place, &overload, wanted, &binding, &type,
                          why ? why : &own);
    if (err != OK)
        return err;
    err = check_unit(overload, wanted, arg_count, why);
    if (err != OK)
        return err;
    struct expr *expr = operator_node(arena, overload, type, wanted, arg_count, place);
    err = expr_check_depth(expr, why);
    if (err == OK)
        *ret_expr = expr;
    return err;
}

enum err operator_call(struct arena *arena, struct str name, struct expr *const *args,
                       uint32_t arg_count, struct place place, struct expr **ret_expr,
                       struct why *why)
{
    struct expr *expr = NULL;
    enum err err = ERR_NOT_FOUND;
    for (uint32_t i = 0; i < arg_count; i++)
        if (args[i]->kind == EXPR_LAMBDA)
            return ERR_NOT_FOUND;
    if (name_in(name, arithmetic_names, sizeof(arithmetic_names) / sizeof(char *)))
        err = arg_count == 2 ? arithmetic_call(arena, name, args, place, &expr, why) : ERR_INVALID;
    else if (name_in(name, compare_names, sizeof(compare_names) / sizeof(char *)))
        err = arg_count == 2 ? compare_call(arena, name, args, place, &expr, why) : ERR_INVALID;
    else if (str_equal_nocase(name, STR("NEGATE")))
        err = arg_count == 1 ? negate_call(arena, args[0], place, &expr, why) : ERR_INVALID;
    else if (str_equal_nocase(name, STR("BETWEEN")))
        err = arg_count == 3 ? between_call(arena, args, place, &expr, why) : ERR_INVALID;
    else if (str_equal_nocase(name, STR("IN")))
        err = arg_count >= 2 ? in_call(arena, args, arg_count, place, &expr, why) : ERR_INVALID;
    else if (str_equal_nocase(name, STR("LIKE")))
        err = arg_count == 2 || arg_count == 3
                  ? like_call(arena, args, arg_count, place, &expr, why)
                  : ERR_INVALID;
    else if (str_equal(name, STR("||")))
        err = expr_call(arena, STR("CONCAT"), args, arg_count, place, &expr, why);
    else if (str_equal_nocase(name, STR("AT TIME ZONE")))
        err = ERR_NOT_FOUND;
    if (err == OK)
        err = expr_check_depth(expr, why);
    if (err == OK)
        *ret_expr = expr;
    return err;
}

struct expr *operator_node(struct arena *arena, const struct function_overload *overload,
                           const struct type *type, struct expr *const *args, uint32_t arg_count,
                           struct place place)
{
    struct expr *expr = expr_new(arena, EXPR_CALL, type, place, args, arg_count);
    expr->overload = overload;
    return expr;
}

/* ksqlDB lets a function go on with NULL where its argument failed, if that is a call of a
 * function, a field, or had to be converted; any other failure makes all of the expression NULL. */
static bool is_guarded(const struct expr *arg)
{
    return arg->kind == EXPR_FIELD || arg->kind == EXPR_CAST ||
           (arg->kind == EXPR_CALL && !(arg->overload->flags & FUNCTION_OPERATOR));
}

const struct column *call_evaluate(const struct scope *scope, const struct expr *expr)
{
    const struct function_overload *overload = expr->overload;
    const bool is_operator = overload->flags & FUNCTION_OPERATOR;
    const struct column **args = ARENA_ARRAY(scope->arena, const struct column *, expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (expr->args[i]->kind == EXPR_LAMBDA)
            continue;
        const bool guards = !is_operator && is_guarded(expr->args[i]);
        args[i] = guards ? scope_evaluate_guarded(scope, expr->args[i])
                         : scope_evaluate(scope, expr->args[i]);
    }
    struct column *result = scope_column(scope, expr->type);
    struct call call = {
        .scope = scope,
        .expr = expr,
        .arena = scope->arena,
        .rows = scope->rows,
        .arg_count = expr->arg_count,
    };
    if (overload->columns)
        overload->columns(&call, args, result);
    else
        run_values(&call, args, result);
    if (overload->flags & FUNCTION_NULL_SPREADS && scope->poison)
        spread_nulls(scope, result);
    return result;
}

/* ksqlDB cannot add to a NULL: all of the expression is NULL then, not only the sum. */
static void spread_nulls(const struct scope *scope, const struct column *result)
{
    const struct rows rows = scope->rows;
    uint8_t any_null = 0;
    for (uint32_t i = 0; i < rows.count; i++)
        any_null |= result->nulls[rows_get(rows, i)];
    if (!any_null)
        return;
    for (uint32_t i = 0; i < rows.count; i++) {
        const uint32_t row = rows_get(rows, i);
        if (result->nulls[row])
            scope_poison(scope, row);
    }
}

void call_fail(struct call *call, struct column *result, uint32_t row)
{
    result->nulls[row] = 1;
    scope_fail(call->scope, row, call->expr->overload->flags & FUNCTION_OPERATOR);
}

/* Runs a body that works on one value for each row. */
static void run_values(struct call *call, const struct column *const *args, struct column *result)
{
    const struct function_overload *overload = call->expr->overload;
    const bool sees_nulls = overload->flags & FUNCTION_SEES_NULLS;
    struct value *values = ARENA_ARRAY(call->arena, struct value, call->arg_count);
    for (uint32_t i = 0; i < call->rows.count; i++) {
        const uint32_t row = rows_get(call->rows, i);
        bool has_null = false;
        for (uint32_t k = 0; k < call->arg_count; k++) {
            values[k] = column_get(args[k], row, call->arena);
            has_null = has_null || values[k].is_null;
        }
        if (has_null && !sees_nulls) {
            result->nulls[row] = 1;
            continue;
        }
        struct value value = VALUE_NULL;
        if (overload->value(call, values, &value) == OK)
            column_set(result, row, &value, call->arena);
        else
            call_fail(call, result, row);
    }
}

static enum err check_unit(const struct function_overload *overload, struct expr *const *args,
                           uint32_t arg_count, struct why *why)
{
    if (!(overload->flags & FUNCTION_UNIT_LITERAL) || expr_is_text_literal(args[0]))
        return OK;
    return why_set_at(why, ERR_INVALID, args[0]->place.line, args[0]->place.column,
                      "expected a unit of time, found an expression");
}

static enum err unknown_function(struct str name, struct place place, struct why *why)
{
    const struct str nearest = function_nearest(name);
    if (nearest.size == 0)
        return why_set_at(why, ERR_INVALID, place.line, place.column, "unknown function '%.*s'",
                          STR_ARGS(name));
    return why_set_at(why, ERR_INVALID, place.line, place.column,
                      "unknown function '%.*s', did you mean '%.*s'?", STR_ARGS(name),
                      STR_ARGS(nearest));
}

static bool name_in(struct str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_nocase(name, str_from(names[i])))
            return true;
    return false;
}
