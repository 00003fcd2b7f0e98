/* op_project.c -- SELECT's expressions: new columns over the same rows. */
#include "base/memory.h"
#include "flow/operator.h"
#include "flow/task.h"

static void project_run(struct operator* op, uint32_t side, struct batch *batch);
static void project_columns(struct operator* op, const struct batch *from, struct batch *to);
static void null_without_value(struct column *column, const struct batch *batch);

static const struct operator_ops project_ops = {
    .prepare = operator_prepare_none,
    .run = project_run,
    .drain = operator_drain_none,
    .end_step = operator_end_step_none,
    .restore = operator_restore_none,
    .committed = operator_committed_none,
    .measure = operator_measure_none,
    .free = operator_free_plain,
};

enum err op_project_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                        struct why *why)
{
    must(node->kind == NODE_PROJECT);
    must(node->expr_count == node->row_type->column_count);
    struct operator* op = MEMORY_NEW(struct operator);
    *op = (struct operator){
        .ops = &project_ops, .node = node, .task = task, .is_stateless = !node->is_table};
    *ret_op = op;
    return OK;
}

/* Row numbers, times and kinds stay: the batch becomes one with other columns. Columns that an
 * expression merely names are the old ones. */
static void project_run(struct operator* op, uint32_t side, struct batch *batch)
{
    struct batch *after = arena_copy(batch->arena, batch, sizeof(*batch));
    project_columns(op, batch, after);
    if (batch->before) {
        struct batch *before = batch->before;
        uint32_t count = 0;
        for (uint32_t i = 0; i < batch->selected_count; i++)
            if (batch->before_exists[batch->selection[i]])
                before->selection[count++] = batch->selection[i];
        before->selected_count = count;
        after->before = arena_copy(batch->arena, before, sizeof(*before));
        project_columns(op, before, after->before);
    }
    if (op->in_prefix)
        *batch = *after;
    else
        operator_emit(op, after);
}

static void project_columns(struct operator* op, const struct batch *from, struct batch *to)
{
    const struct plan_node *node = op->node;
    struct evaluation evaluation = {.arena = from->arena, .batch = from};
    to->row_type = node->row_type;
    to->columns = ARENA_ARRAY(from->arena, struct column, node->expr_count);
    for (uint32_t i = 0; i < node->expr_count; i++) {
        to->columns[i] = *expr_evaluate(node->exprs[i], &evaluation);
        if (node->needs_value && node->needs_value[i] && from->null_values)
            null_without_value(&to->columns[i], from);
    }
    task_count(op->task, COUNTER_expression_errors, evaluation.fail_count);
}

/* The column may be the batch's own: its nulls are copied before they are changed. */
static void null_without_value(struct column *column, const struct batch *batch)
{
    uint8_t *nulls = arena_copy(batch->arena, column->nulls, batch->row_count);
    for (uint32_t i = 0; i < batch->selected_count; i++)
        nulls[batch->selection[i]] |= batch->null_values[batch->selection[i]];
    column->nulls = nulls;
}
