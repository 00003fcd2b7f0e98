/* budget.h -- memory.max: how much of memory all queries' windows and tables may take together.
 *
 * Windows' rows can move to files, oldest first; indexes and tables cannot. When these alone are
 * more than the limit, the query that made them grow past it stops. */
#ifndef FLOW_BUDGET_H
#define FLOW_BUDGET_H

#include <stdint.h>

struct task;

/* Measures what the task holds, and says how much of its windows must move: task->over_bytes.
 * Fails the task with ERR_LIMIT. [worker] */
void budget_settle(struct task *task);
/* The task goes. [worker] */
void budget_leave(struct task *task);

#endif
