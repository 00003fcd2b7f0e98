/* evaluate_nested.c -- fields, subscripts and constructors of nested values. */
#include "functions/function.h"

static uint32_t find_key(const struct column *map, struct span span, const struct column *keys,
                         uint32_t row, struct arena *arena);
static int64_t subscript_at(const struct column *index, uint32_t row);
static void construct_list(const struct scope *scope, const struct expr *expr,
                           const struct column *const *args, struct column *result);

const struct column *field_evaluate(const struct scope *scope, const struct expr *expr)
{
    const struct column *of = scope_evaluate(scope, expr->args[0]);
    const struct column *field = &of->children[expr->index];
    const struct rows rows = scope->rows;
    uint8_t any_null = 0;
    for (uint32_t i = 0; i < rows.count; i++)
        any_null |= of->nulls[rows_get(rows, i)];
    if (!any_null)
        return field;

    /* The field of a NULL is NULL: the same cells with flags of their own. */
    struct column *result = arena_copy(scope->arena, field, sizeof(*field));
    result->nulls = arena_alloc(scope->arena, field->capacity);
    for (uint32_t i = 0; i < rows.count; i++) {
        const uint32_t row = rows_get(rows, i);
        result->nulls[row] = of->nulls[row] | field->nulls[row];
    }
    return result;
}

const struct column *subscript_evaluate(const struct scope *scope, const struct expr *expr)
{
    const struct column *of = scope_evaluate(scope, expr->args[0]);
    const struct column *index = scope_evaluate(scope, expr->args[1]);
    const bool is_map = of->type->kind == TYPE_MAP;
    struct column *result = scope_column(scope, expr->type);
    for (uint32_t i = 0; i < scope->rows.count; i++) {
        const uint32_t row = rows_get(scope->rows, i);
        result->nulls[row] = 1;
        if (of->nulls[row] || index->nulls[row])
            continue;
        const struct span span = of->spans[row];
        uint32_t at = span.count;
        if (is_map) {
            at = find_key(of, span, index, row, scope->arena);
        } else {
            const int64_t wanted = subscript_at(index, row);
            const int64_t from_zero = wanted > 0 ? wanted - 1 : (int64_t)span.count + wanted;
            if (wanted != 0 && from_zero >= 0 && from_zero < span.count)
                at = (uint32_t)from_zero;
        }
        if (at < span.count)
            column_copy_cell(result, row, &of->children[is_map ? 1 : 0], span.start + at,
                             scope->arena);
    }
    return result;
}

/* The entry's number within the span, span.count when there is none. */
static uint32_t find_key(const struct column *map, struct span span, const struct column *keys,
                         uint32_t row, struct arena *arena)
{
    const struct column *own = &map->children[0];
    if (own->type->kind == TYPE_STRING) {
        for (uint32_t i = 0; i < span.count; i++)
            if (!own->nulls[span.start + i] &&
                str_equal(own->strings[span.start + i], keys->strings[row]))
                return i;
        return span.count;
    }
    const struct value key = column_get(keys, row, arena);
    for (uint32_t i = 0; i < span.count; i++) {
        const struct value found = column_get(own, span.start + i, arena);
        if (value_equal(own->type, &found, &key))
            return i;
    }
    return span.count;
}

static int64_t subscript_at(const struct column *index, uint32_t row)
{
    return index->type->kind == TYPE_BIGINT ? index->bigints[row] : index->integers[row];
}

const struct column *construct_evaluate(const struct scope *scope, const struct expr *expr)
{
    /* An item that fails is NULL, the others stay. */
    const struct column **args = ARENA_ARRAY(scope->arena, const struct column *, expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++)
        args[i] = scope_evaluate_guarded(scope, expr->args[i]);
    struct column *result = scope_column(scope, expr->type);
    if (expr->kind != EXPR_STRUCT) {
        construct_list(scope, expr, args, result);
        return result;
    }
    for (uint32_t k = 0; k < expr->arg_count; k++)
        for (uint32_t i = 0; i < scope->rows.count; i++) {
            const uint32_t row = rows_get(scope->rows, i);
            column_copy_cell(&result->children[k], row, args[k], row, scope->arena);
        }
    return result;
}

/* ARRAY[...] and MAP(...): as many items in every row. A key that is there twice keeps its first
 * place and its last value. */
static void construct_list(const struct scope *scope, const struct expr *expr,
                           const struct column *const *args, struct column *result)
{
    const uint32_t stride = expr->kind == EXPR_MAP ? 2 : 1;
    const uint32_t count = expr->arg_count / stride;
    for (uint32_t i = 0; i < scope->rows.count; i++) {
        const uint32_t row = rows_get(scope->rows, i);
        const uint32_t start = column_append_items(result, row, count, scope->arena);
        uint32_t used = 0;
        for (uint32_t k = 0; k < count; k++) {
            uint32_t at = start + used;
            if (stride == 2) {
                const struct span so_far = {.start = start, .count = used};
                at = args[2 * k]->nulls[row]
                         ? at
                         : start + find_key(result, so_far, args[2 * k], row, scope->arena);
                column_copy_cell(&result->children[0], at, args[2 * k], row, scope->arena);
            }
            column_copy_cell(&result->children[stride - 1], at, args[stride * k + stride - 1], row,
                             scope->arena);
            used += at == start + used;
        }
        result->spans[row].count = used;
    }
}
