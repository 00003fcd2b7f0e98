/* operator.c -- what operators share: handing rows on, and members with nothing to do. */
#include "flow/operator.h"

#include "flow/task.h"

void operator_emit(struct operator* op, struct batch *batch)
{
    must(op->next != NULL);
    if (batch->selected_count == 0 || op->task->replaying)
        return;
    op->next->ops->prepare(op->next, op->next_side, batch);
    op->next->ops->run(op->next, op->next_side, batch);
}

void operator_prepare_none(struct operator* op, uint32_t side, struct batch *batch)
{
}

void operator_drain_none(struct operator* op)
{
}

void operator_end_step_none(struct operator* op)
{
}

enum err operator_restore_none(struct operator* op, struct why *why)
{
    return OK;
}

void operator_committed_none(struct operator* op, uint64_t step_number)
{
}

void operator_measure_none(const struct operator* op, struct operator_usage *usage)
{
}

void operator_free_plain(struct operator* op)
{
    free(op);
}
