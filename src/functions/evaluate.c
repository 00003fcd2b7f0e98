/* evaluate.c -- running expressions over batches, a column at a time. */
#include "functions/function.h"

static const struct column *literal_evaluate(const struct scope *scope, const struct expr *expr);
static const struct column *null_test_evaluate(const struct scope *scope, const struct expr *expr);
static struct scope scope_of(struct evaluation *evaluation, struct poison *poison);
static void spread_poison(const struct scope *scope, const struct column *column);

const struct column *expr_evaluate(const struct expr *expr, struct evaluation *evaluation)
{
    must(evaluation->batch != NULL);
    if (expr->kind == EXPR_COLUMN)
        return &evaluation->batch->columns[expr->index];
    struct poison poison = {NULL};
    const struct scope scope = scope_of(evaluation, &poison);
    const struct column *column = scope_evaluate(&scope, expr);
    spread_poison(&scope, column);
    return column;
}

void expr_filter(const struct expr *expr, struct evaluation *evaluation, struct batch *batch)
{
    must(evaluation->batch == batch);
    must(expr->type->kind == TYPE_BOOLEAN);
    struct poison poison = {NULL};
    const struct scope scope = scope_of(evaluation, &poison);
    const struct column *column = scope_evaluate(&scope, expr);
    const uint8_t *booleans = column->booleans, *nulls = column->nulls;
    uint16_t *selection = batch->selection;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->selected_count; i++) {
        const uint16_t row = selection[i];
        selection[kept] = row;
        kept += booleans[row] & !nulls[row] & !(poison.rows && poison.rows[row]);
    }
    batch->selected_count = kept;
}

enum err expr_constant(const struct expr *expr, struct arena *arena, struct value *ret_value,
                       struct why *why)
{
    must(expr->type != NULL || expr->kind == EXPR_LITERAL);
    if (expr->kind == EXPR_LITERAL) {
        *ret_value = expr->literal;
        return OK;
    }
    static const struct row_type no_columns = {.column_count = 0};
    struct batch *batch = batch_new(arena, &no_columns, 1);
    batch->row_count = 1;
    batch_select_all(batch);
    struct evaluation evaluation = {.arena = arena, .batch = batch};
    const struct column *column = expr_evaluate(expr, &evaluation);
    if (evaluation.fail_count > 0 && column->nulls[0])
        return why_set_at(why, ERR_INVALID, expr->place.line, expr->place.column,
                          "expression cannot be evaluated");
    *ret_value = column_get(column, 0, arena);
    return OK;
}

const struct column *scope_evaluate(const struct scope *scope, const struct expr *expr)
{
    switch (expr->kind) {
    case EXPR_LITERAL:
        return literal_evaluate(scope, expr);
    case EXPR_COLUMN:
        return &scope->evaluation->batch->columns[expr->index];
    case EXPR_PARAMETER:
        must(scope->parameters != NULL);
        return scope->parameters[expr->index];
    case EXPR_CALL:
        return call_evaluate(scope, expr);
    case EXPR_CAST:
        return cast_evaluate(scope, expr);
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_NOT:
        return logic_evaluate(scope, expr);
    case EXPR_IS_NULL:
        return null_test_evaluate(scope, expr);
    case EXPR_CASE:
        return case_evaluate(scope, expr);
    case EXPR_FIELD:
        return field_evaluate(scope, expr);
    case EXPR_SUBSCRIPT:
        return subscript_evaluate(scope, expr);
    case EXPR_ARRAY:
    case EXPR_MAP:
    case EXPR_STRUCT:
        return construct_evaluate(scope, expr);
    case EXPR_LAMBDA:
        break;
    }
    must_not_reach();
}

const struct column *scope_evaluate_guarded(const struct scope *scope, const struct expr *expr)
{
    struct poison poison = {NULL};
    struct scope inner = *scope;
    inner.poison = &poison;
    const struct column *column = scope_evaluate(&inner, expr);
    spread_poison(&inner, column);
    return column;
}

struct column *scope_column(const struct scope *scope, const struct type *type)
{
    struct column *column = arena_alloc(scope->arena, sizeof(*column));
    column_init(column, type, scope->capacity, scope->arena);
    return column;
}

uint16_t *scope_selection(const struct scope *scope)
{
    return arena_alloc(scope->arena, (size_t)scope->rows.count * sizeof(uint16_t));
}

void scope_fail(const struct scope *scope, uint32_t row, bool spreads)
{
    struct evaluation *evaluation = scope->evaluation;
    evaluation->fail_count++;
    if (evaluation->failed)
        evaluation->failed[row] = 1;
    if (spreads)
        scope_poison(scope, row);
}

void scope_poison(const struct scope *scope, uint32_t row)
{
    if (scope->poison == NULL)
        return;
    if (scope->poison->rows == NULL)
        scope->poison->rows = ARENA_ARRAY(scope->arena, uint8_t, scope->capacity);
    scope->poison->rows[row] = 1;
}

static struct scope scope_of(struct evaluation *evaluation, struct poison *poison)
{
    const struct batch *batch = evaluation->batch;
    struct scope scope = {
        .evaluation = evaluation,
        .arena = evaluation->arena,
        .capacity = batch->row_count > 0 ? batch->row_count : 1,
        .rows = {.at = batch->selection, .count = batch->selected_count},
        .poison = poison,
    };
    /* All rows selected: say so, for the loops that need not look at the selection then. */
    const uint32_t count = batch->selected_count;
    uint32_t in_place = 0;
    if (count == batch->row_count)
        while (in_place < count && batch->selection[in_place] == in_place)
            in_place++;
    if (in_place == count && count == batch->row_count)
        scope.rows.at = NULL;
    return scope;
}

/* An operator failed somewhere in the expression: all of it is NULL. Plain columns cannot fail, so
 * what is written to was made here. */
static void spread_poison(const struct scope *scope, const struct column *column)
{
    if (scope->poison->rows == NULL)
        return;
    for (uint32_t i = 0; i < scope->rows.count; i++) {
        const uint32_t row = rows_get(scope->rows, i);
        if (scope->poison->rows[row])
            column->nulls[row] = 1;
    }
}

static const struct column *literal_evaluate(const struct scope *scope, const struct expr *expr)
{
    struct column *column = scope_column(scope, expr->type ? expr->type : &type_string);
    const struct rows rows = scope->rows;
    if (expr->literal.is_null || expr->type == NULL) {
        memset(column->nulls, 1, scope->capacity);
        return column;
    }
    switch (expr->type->kind) {
    case TYPE_INTEGER:
        for (uint32_t i = 0; i < rows.count; i++)
            column->integers[rows_get(rows, i)] = expr->literal.integer;
        break;
    case TYPE_BIGINT:
        for (uint32_t i = 0; i < rows.count; i++)
            column->bigints[rows_get(rows, i)] = expr->literal.bigint;
        break;
    case TYPE_DOUBLE:
        for (uint32_t i = 0; i < rows.count; i++)
            column->doubles[rows_get(rows, i)] = expr->literal.number;
        break;
    case TYPE_STRING:
        for (uint32_t i = 0; i < rows.count; i++)
            column->strings[rows_get(rows, i)] = expr->literal.text;
        break;
    default:
        for (uint32_t i = 0; i < rows.count; i++)
            column_set(column, rows_get(rows, i), &expr->literal, scope->arena);
        break;
    }
    return column;
}

static const struct column *null_test_evaluate(const struct scope *scope, const struct expr *expr)
{
    const struct column *of = scope_evaluate(scope, expr->args[0]);
    struct column *result = scope_column(scope, &type_boolean);
    const struct rows rows = scope->rows;
    for (uint32_t i = 0; i < rows.count; i++) {
        const uint32_t row = rows_get(rows, i);
        result->booleans[row] = of->nulls[row] != 0;
    }
    return result;
}
