/* worker.h -- a thread that owns tasks: gives each its turn, answers messages between batches. */
#ifndef FLOW_WORKER_H
#define FLOW_WORKER_H

#include "base/err.h"

#include <stdint.h>

struct flow;
struct worker;

MUST_CHECK enum err worker_new(struct flow *flow, uint32_t index, struct worker **ret_worker,
                               struct why *why);
/* Stops the thread; its tasks have been taken from it before. Frees it. NULL is fine. */
void worker_free(struct worker *worker);

/* What a message does, on the worker's thread, between two batches: tasks of this worker and their
 * operators may be touched. */
typedef void worker_act(struct worker *worker, void *context);
/* Sends a message and waits until it was done. [any thread but the worker's] */
void worker_ask(struct worker *worker, worker_act *act, void *context);

#endif
