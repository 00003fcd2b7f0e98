/* op_explode.c -- table functions: a row for each item of the arrays they give.
 *
 * With several functions a row's arrays stand side by side, shorter ones are filled up with NULL. A
 * row whose arrays are all empty or NULL goes no further. */
#include "base/memory.h"
#include "flow/operator.h"
#include "flow/task.h"

static void run(struct operator* op, uint32_t side, struct batch *batch);
static uint32_t item_count(const struct column *const *arrays, uint32_t count, uint32_t row);
static void copy_row(struct batch *to, const struct batch *from, uint32_t row,
                     const struct column *const *arrays, uint32_t item);

static const struct operator_ops explode_ops = {
    .prepare = operator_prepare_none,
    .run = run,
    .drain = operator_drain_none,
    .end_step = operator_end_step_none,
    .restore = operator_restore_none,
    .committed = operator_committed_none,
    .measure = operator_measure_none,
    .free = operator_free_plain,
};

enum err op_explode_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                        struct why *why)
{
    must(node->kind == NODE_EXPLODE);
    must(node->row_type->column_count ==
         node->inputs[0]->row_type->column_count + node->expr_count);
    struct operator* op = MEMORY_NEW(struct operator);
    *op = (struct operator){.ops = &explode_ops, .node = node, .task = task};
    *ret_op = op;
    return OK;
}

static void run(struct operator* op, uint32_t side, struct batch *batch)
{
    const struct plan_node *node = op->node;
    struct evaluation evaluation = {.arena = batch->arena, .batch = batch};
    const struct column **arrays =
        ARENA_ARRAY(batch->arena, const struct column *, node->expr_count);
    for (uint32_t i = 0; i < node->expr_count; i++)
        arrays[i] = expr_evaluate(node->exprs[i], &evaluation);
    task_count(op->task, COUNTER_expression_errors, evaluation.fail_count);

    struct batch *to = NULL;
    for (uint32_t i = 0; i < batch->selected_count; i++) {
        const uint32_t row = batch->selection[i];
        if (batch->null_values && batch->null_values[row])
            continue;
        const uint32_t items = item_count(arrays, node->expr_count, row);
        for (uint32_t item = 0; item < items; item++) {
            if (!to)
                to = batch_new(batch->arena, node->row_type, BATCH_ROWS_MAX);
            copy_row(to, batch, row, arrays, item);
            if (to->row_count == to->capacity) {
                batch_select_all(to);
                operator_emit(op, to);
                to = NULL;
            }
        }
    }
    if (!to)
        return;
    batch_select_all(to);
    operator_emit(op, to);
}

static uint32_t item_count(const struct column *const *arrays, uint32_t count, uint32_t row)
{
    uint32_t items = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!arrays[i]->nulls[row] && arrays[i]->spans[row].count > items)
            items = arrays[i]->spans[row].count;
    return items;
}

static void copy_row(struct batch *to, const struct batch *from, uint32_t row,
                     const struct column *const *arrays, uint32_t item)
{
    const uint32_t at = to->row_count++;
    const uint32_t below = from->row_type->column_count;
    for (uint32_t i = 0; i < below; i++)
        column_copy_cell(&to->columns[i], at, &from->columns[i], row, to->arena);
    for (uint32_t i = below; i < to->row_type->column_count; i++) {
        const struct column *array = arrays[i - below];
        const struct span span = array->nulls[row] ? (struct span){0} : array->spans[row];
        if (item < span.count)
            column_copy_cell(&to->columns[i], at, &array->children[0], span.start + item,
                             to->arena);
        else
            column_set_null(&to->columns[i], at);
    }
    to->timestamps[at] = from->timestamps[row];
    to->offsets[at] = from->offsets[row];
    to->partitions[at] = from->partitions[row];
    batch_set_headers(to, at, batch_headers(from, row));
}
