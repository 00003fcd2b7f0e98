/* op_changes.c -- changes of a table as a stream of rows to take back and rows to add. */
#include "base/memory.h"
#include "flow/operator.h"
#include "flow/task.h"

static void run(struct operator* op, uint32_t side, struct batch *batch);
static void copy_row(struct batch *to, const struct batch *now, const struct batch *from,
                     uint32_t row, bool take_back);

static const struct operator_ops changes_ops = {
    .prepare = operator_prepare_none,
    .run = run,
    .drain = operator_drain_none,
    .end_step = operator_end_step_none,
    .restore = operator_restore_none,
    .committed = operator_committed_none,
    .measure = operator_measure_none,
    .free = operator_free_plain,
};

enum err op_changes_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                        struct why *why)
{
    must(node->kind == NODE_CHANGES);
    must(node->row_type->column_count == node->inputs[0]->row_type->column_count + 1);
    struct operator* op = MEMORY_NEW(struct operator);
    *op = (struct operator){.ops = &changes_ops, .node = node, .task = task};
    *ret_op = op;
    return OK;
}

/* The two rows of one change stay in one batch, so that whoever adds them up sees both. */
static void run(struct operator* op, uint32_t side, struct batch *batch)
{
    struct batch *to = NULL;
    for (uint32_t i = 0; i < batch->selected_count; i++) {
        const uint32_t row = batch->selection[i];
        if (to && to->row_count + 2 > to->capacity) {
            batch_select_all(to);
            operator_emit(op, to);
            to = NULL;
        }
        if (!to) {
            const uint32_t rows = 2 * (batch->selected_count - i);
            to = batch_new(batch->arena, op->node->row_type,
                           rows < BATCH_ROWS_MAX ? rows : BATCH_ROWS_MAX);
        }
        if (batch->before && batch->before_exists[row])
            copy_row(to, batch, batch->before, row, true);
        if (batch->kinds[row] == ROW_PUT)
            copy_row(to, batch, batch, row, false);
    }
    if (!to)
        return;
    batch_select_all(to);
    operator_emit(op, to);
}

/* Both have the time of the change. */
static void copy_row(struct batch *to, const struct batch *now, const struct batch *from,
                     uint32_t row, bool take_back)
{
    const uint32_t at = to->row_count++;
    const uint32_t last = to->row_type->column_count - 1;
    for (uint32_t i = 0; i < last; i++)
        column_copy_cell(&to->columns[i], at, &from->columns[i], row, to->arena);
    to->columns[last].nulls[at] = 0;
    to->columns[last].booleans[at] = take_back;
    to->timestamps[at] = now->timestamps[row];
    to->offsets[at] = now->offsets[row];
    to->partitions[at] = now->partitions[row];
    batch_set_headers(to, at, batch_headers(now, row));
}
