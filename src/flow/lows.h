/* lows.h -- what a task says of the topics it writes: nothing earlier than this will come.
 *
 * It goes with every step, and in one of its own when it changes without rows. Topics of sinks have
 * lows too, so that a query that reads another's result keeps to the order of time when both catch
 * up; but none that would lead back to the query itself: everybody would wait for everybody. */
#ifndef FLOW_LOWS_H
#define FLOW_LOWS_H

#include "base/err.h"

#include <stdint.h>

struct flow_query;
struct query_task;
struct task;

/* Whether the query has a sink that may have lows: what it writes does not come back to what it
 * reads, through the flow's other queries. [control] */
bool lows_are_free(const struct flow_query *query);

/* Puts the task's lows, as things stand after the last fill, into task->lows; how many. [worker] */
uint32_t lows_collect(struct task *task);
/* Whether they differ from what was said last. After lows_collect found some. [worker] */
bool lows_have_changed(const struct task *task);
/* They go with the step that ends now. [worker] */
void lows_note_said(struct task *task, uint32_t count);
/* Before a task's first row: others do not run ahead of it from now on. [worker] */
MUST_CHECK enum err lows_begin(struct task *task, struct why *why);
/* The task will not run for a while: nobody waits for it. Its step must not be under way. [worker]
 */
MUST_CHECK enum err lows_release(struct flow_query *query, const struct query_task *place);

#endif
