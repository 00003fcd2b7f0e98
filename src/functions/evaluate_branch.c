/* evaluate_branch.c -- AND, OR, NOT and CASE: only rows that need a branch run it.
 *
 * So a division in a branch that a row does not take cannot fail for that row. */
#include "functions/function.h"

static void not_evaluate(struct column *result, const struct column *of, struct rows rows);
static uint32_t case_split(struct rows rows, const struct column *condition, uint16_t *taken,
                           uint16_t *left, uint32_t *ret_left_count);
static void case_take(const struct scope *scope, const struct expr *branch, struct column *result);

/* ANSI's three values: NULL AND FALSE is FALSE, NULL OR TRUE is TRUE. */
const struct column *logic_evaluate(const struct scope *scope, const struct expr *expr)
{
    struct column *result = scope_column(scope, &type_boolean);
    if (expr->kind == EXPR_NOT) {
        not_evaluate(result, scope_evaluate(scope, expr->args[0]), scope->rows);
        return result;
    }
    /* AND is decided by a FALSE, OR by a TRUE; undecided rows go on to the next argument. */
    const uint8_t deciding = expr->kind == EXPR_OR;
    for (uint32_t i = 0; i < scope->rows.count; i++)
        result->booleans[rows_get(scope->rows, i)] = !deciding;

    struct scope rest = *scope;
    uint16_t *undecided = scope_selection(scope);
    for (uint32_t k = 0; k < expr->arg_count && rest.rows.count > 0; k++) {
        const struct column *of = scope_evaluate(&rest, expr->args[k]);
        uint32_t count = 0;
        for (uint32_t i = 0; i < rest.rows.count; i++) {
            const uint32_t row = rows_get(rest.rows, i);
            const bool is_null = of->nulls[row];
            const bool decides = !is_null && of->booleans[row] == deciding;
            if (is_null)
                result->nulls[row] = 1;
            if (decides) {
                result->nulls[row] = 0;
                result->booleans[row] = deciding;
            }
            undecided[count] = (uint16_t)row;
            count += !decides;
        }
        /* Nothing decided: keep the rows as they are, dense ones stay dense. */
        if (count < rest.rows.count)
            rest.rows = (struct rows){.at = undecided, .count = count};
    }
    return result;
}

static void not_evaluate(struct column *result, const struct column *of, struct rows rows)
{
    for (uint32_t i = 0; i < rows.count; i++) {
        const uint32_t row = rows_get(rows, i);
        result->nulls[row] = of->nulls[row];
        result->booleans[row] = !of->booleans[row];
    }
}

const struct column *case_evaluate(const struct scope *scope, const struct expr *expr)
{
    struct column *result = scope_column(scope, expr->type);
    struct scope rest = *scope;
    struct scope branch = *scope;
    uint16_t *left = scope_selection(scope);
    uint16_t *taken = scope_selection(scope);
    const uint32_t count = expr->arg_count / 2;
    for (uint32_t k = 0; k < count && rest.rows.count > 0; k++) {
        const struct column *condition = scope_evaluate(&rest, expr->args[2 * k]);
        uint32_t left_count = 0;
        branch.rows.at = taken;
        branch.rows.count = case_split(rest.rows, condition, taken, left, &left_count);
        if (branch.rows.count > 0)
            case_take(&branch, expr->args[2 * k + 1], result);
        rest.rows = (struct rows){.at = left, .count = left_count};
    }
    if (rest.rows.count > 0)
        case_take(&rest, expr->args[2 * count], result);
    return result;
}

/* Rows where the condition is true go to `taken`, the others to `left`, which may be where the rows
 * stand already. */
static uint32_t case_split(struct rows rows, const struct column *condition, uint16_t *taken,
                           uint16_t *left, uint32_t *ret_left_count)
{
    uint32_t taken_count = 0, left_count = 0;
    for (uint32_t i = 0; i < rows.count; i++) {
        const uint32_t row = rows_get(rows, i);
        if (!condition->nulls[row] && condition->booleans[row])
            taken[taken_count++] = (uint16_t)row;
        else
            left[left_count++] = (uint16_t)row;
    }
    *ret_left_count = left_count;
    return taken_count;
}

static void case_take(const struct scope *scope, const struct expr *branch, struct column *result)
{
    const struct column *from = scope_evaluate(scope, branch);
    for (uint32_t i = 0; i < scope->rows.count; i++) {
        const uint32_t row = rows_get(scope->rows, i);
        column_copy_cell(result, row, from, row, scope->arena);
    }
}
