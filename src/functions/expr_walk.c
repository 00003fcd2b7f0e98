/* expr_walk.c -- questions about whole expressions, and copies of them. */
#include "functions/function.h"

static bool leaf_equal(const struct expr *a, const struct expr *b);

bool expr_equal(const struct expr *a, const struct expr *b)
{
    if (a->kind != b->kind || a->arg_count != b->arg_count || a->overload != b->overload)
        return false;
    if ((a->type == NULL) != (b->type == NULL) || (a->type && !type_equal(a->type, b->type)))
        return false;
    if (!leaf_equal(a, b))
        return false;
    for (uint32_t i = 0; i < a->arg_count; i++)
        if (!expr_equal(a->args[i], b->args[i]))
            return false;
    return true;
}

static bool leaf_equal(const struct expr *a, const struct expr *b)
{
    switch (a->kind) {
    case EXPR_LITERAL:
        if (a->type == NULL || a->literal.is_null || b->literal.is_null)
            return a->literal.is_null == b->literal.is_null;
        return value_equal(a->type, &a->literal, &b->literal);
    case EXPR_COLUMN:
    case EXPR_PARAMETER:
    case EXPR_FIELD:
        return a->index == b->index;
    case EXPR_LAMBDA:
        return a->parameter_count == b->parameter_count;
    case EXPR_CALL:
        return !(a->overload->flags & FUNCTION_VOLATILE);
    default:
        return true;
    }
}

bool expr_is_constant(const struct expr *expr)
{
    if (expr->kind == EXPR_COLUMN || expr->kind == EXPR_PARAMETER)
        return false;
    if (expr->kind == EXPR_CALL && expr->overload->flags & FUNCTION_VOLATILE)
        return false;
    /* A lambda is constant as far as its own parameters go; what it captures are columns. */
    if (expr->kind == EXPR_LAMBDA)
        return false;
    for (uint32_t i = 0; i < expr->arg_count; i++)
        if (!expr_is_constant(expr->args[i]))
            return false;
    return true;
}

void expr_columns(const struct expr *expr, bool *used)
{
    if (expr->kind == EXPR_COLUMN)
        used[expr->index] = true;
    for (uint32_t i = 0; i < expr->arg_count; i++)
        expr_columns(expr->args[i], used);
}

struct expr *expr_remap(struct arena *arena, const struct expr *expr, const uint16_t *map)
{
    struct expr *copy = arena_copy(arena, expr, sizeof(*expr));
    if (expr->kind == EXPR_COLUMN) {
        must(map[expr->index] != UINT16_MAX);
        copy->index = map[expr->index];
    }
    if (expr->arg_count == 0)
        return copy;
    struct expr **args = ARENA_ARRAY(arena, struct expr *, expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++)
        args[i] = expr_remap(arena, expr->args[i], map);
    copy->args = args;
    return copy;
}
