/* budget.c -- sums of what tasks hold, kept up to date by differences. */
#include "flow/budget.h"

#include "flow/query.h"

#include <inttypes.h>

static void tell(struct task *task, uint64_t movable_bytes, uint64_t fixed_bytes);

void budget_settle(struct task *task)
{
    struct flow *flow = task->query->flow;
    const uint64_t max = flow->options.memory_max;
    if (max == 0)
        return;
    struct operator_usage usage = {0};
    for (uint32_t i = 0; i < task->operator_count; i++)
        task->operators[i]->ops->measure(task->operators[i], &usage);
    const uint64_t fixed_bytes = usage.state_bytes - usage.movable_bytes;
    const bool has_grown = fixed_bytes > task->fixed_bytes;
    tell(task, usage.movable_bytes, fixed_bytes);
    const uint64_t fixed = atomic_load(&flow->fixed_bytes);
    const uint64_t all = fixed + atomic_load(&flow->movable_bytes);
    task->over_bytes = all > max ? all - max : 0;
    if (fixed <= max || !has_grown)
        return;
    struct why why;
    (void)why_set(&why, ERR_LIMIT,
                  "tables and the indexes of windows take %" PRIu64
                  " bytes, more than memory.max, which is %" PRIu64,
                  fixed, max);
    task_fail(task, ERR_LIMIT, &why);
}

void budget_leave(struct task *task)
{
    tell(task, 0, 0);
}

/* Unsigned numbers wrap: what is less is added as well. */
static void tell(struct task *task, uint64_t movable_bytes, uint64_t fixed_bytes)
{
    struct flow *flow = task->query->flow;
    atomic_fetch_add(&flow->movable_bytes, movable_bytes - task->movable_bytes);
    atomic_fetch_add(&flow->fixed_bytes, fixed_bytes - task->fixed_bytes);
    task->movable_bytes = movable_bytes;
    task->fixed_bytes = fixed_bytes;
}
