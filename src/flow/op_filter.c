/* op_filter.c -- WHERE and HAVING: shortens the selection.
 *
 * A row without a value passes no condition. For changes of a table the row before goes through the
 * condition too: see filter_changes. */
#include "base/memory.h"
#include "flow/operator.h"
#include "flow/task.h"

static void filter_run(struct operator* op, uint32_t side, struct batch *batch);
static void drop_null_values(struct batch *batch);
static void filter_changes(struct operator* op, struct batch *batch);
static void evaluate(struct operator* op, struct batch *batch);

static const struct operator_ops filter_ops = {
    .prepare = operator_prepare_none,
    .run = filter_run,
    .drain = operator_drain_none,
    .end_step = operator_end_step_none,
    .restore = operator_restore_none,
    .committed = operator_committed_none,
    .measure = operator_measure_none,
    .free = operator_free_plain,
};

enum err op_filter_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                       struct why *why)
{
    must(node->kind == NODE_FILTER);
    struct operator* op = MEMORY_NEW(struct operator);
    *op = (struct operator){
        .ops = &filter_ops, .node = node, .task = task, .is_stateless = !node->is_table};
    *ret_op = op;
    return OK;
}

static void filter_run(struct operator* op, uint32_t side, struct batch *batch)
{
    if (batch->kinds) {
        filter_changes(op, batch);
    } else {
        if (batch->null_values)
            drop_null_values(batch);
        evaluate(op, batch);
    }
    if (!op->in_prefix)
        operator_emit(op, batch);
}

static void drop_null_values(struct batch *batch)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->selected_count; i++)
        if (!batch->null_values[batch->selection[i]])
            batch->selection[kept++] = batch->selection[i];
    batch->selected_count = kept;
}

/* A change of a table seen through a condition: the row before counts only where it passed, and a
 * row that no longer passes is a deletion. A deletion of what was not there goes no further. */
static void filter_changes(struct operator* op, struct batch *batch)
{
    uint8_t *passes = arena_zalloc(batch->arena, batch->capacity);
    uint16_t *all = arena_copy(batch->arena, batch->selection,
                               batch->selected_count * sizeof(*batch->selection));
    const uint32_t all_count = batch->selected_count;

    uint32_t count = 0;
    for (uint32_t i = 0; i < all_count; i++)
        if (batch->kinds[all[i]] == ROW_PUT)
            batch->selection[count++] = all[i];
    batch->selected_count = count;
    evaluate(op, batch);
    for (uint32_t i = 0; i < batch->selected_count; i++)
        passes[batch->selection[i]] = 1;

    if (batch->before) {
        struct batch *before = batch->before;
        count = 0;
        for (uint32_t i = 0; i < all_count; i++)
            if (batch->before_exists[all[i]])
                before->selection[count++] = all[i];
        before->selected_count = count;
        memset(batch->before_exists, 0, batch->capacity);
        evaluate(op, before);
        for (uint32_t i = 0; i < before->selected_count; i++)
            batch->before_exists[before->selection[i]] = 1;
    }

    count = 0;
    for (uint32_t i = 0; i < all_count; i++) {
        const uint16_t row = all[i];
        batch->kinds[row] = passes[row] ? ROW_PUT : ROW_DELETE;
        if (passes[row] || !batch->before || batch->before_exists[row])
            batch->selection[count++] = row;
    }
    batch->selected_count = count;
}

static void evaluate(struct operator* op, struct batch *batch)
{
    struct evaluation evaluation = {.arena = batch->arena, .batch = batch};
    expr_filter(op->node->condition, &evaluation, batch);
    task_count(op->task, COUNTER_expression_errors, evaluation.fail_count);
}
