/* op_input.c -- the leaves: rows as an input decoded them. */
#include "base/memory.h"
#include "flow/operator.h"

static void input_run_on(struct operator* op, uint32_t side, struct batch *batch);

static const struct operator_ops input_ops = {
    .prepare = operator_prepare_none,
    .run = input_run_on,
    .drain = operator_drain_none,
    .end_step = operator_end_step_none,
    .restore = operator_restore_none,
    .committed = operator_committed_none,
    .measure = operator_measure_none,
    .free = operator_free_plain,
};

/* The task runs rows past this one, straight into what follows: a leaf holds the place only. */
enum err op_input_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                      struct why *why)
{
    must(node->kind == NODE_INPUT);
    struct operator* op = MEMORY_NEW(struct operator);
    *op = (struct operator){.ops = &input_ops, .node = node, .task = task};
    *ret_op = op;
    return OK;
}

static void input_run_on(struct operator* op, uint32_t side, struct batch *batch)
{
    operator_emit(op, batch);
}
