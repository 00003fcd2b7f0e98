/* worker.h -- a thread that owns tasks: gives each its turn, answers messages between batches.
 *
 * When a commit fails, or the log cannot be read, all tasks of the process go back to the last
 * commit: every worker frees its tasks and leaves the log, and when all have left, each joins again
 * and builds its tasks anew. */
#ifndef FLOW_WORKER_H
#define FLOW_WORKER_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct flow;
struct flow_query;
struct worker;

MUST_CHECK enum err worker_new(struct flow *flow, struct worker **ret_worker, struct why *why);
/* Stops the thread; its tasks have been taken from it before. Frees it. NULL is fine. */
void worker_free(struct worker *worker);

/* What a message does, on the worker's thread, between two batches: tasks of this worker and their
 * operators may be touched. True: tasks may have something to do by it. */
typedef bool worker_act(struct worker *worker, void *context);

/* A message on its way: the sender's, from worker_send until worker_await has returned. */
struct worker_message {
    worker_act *act;
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t done_changed;
    bool done;
};

/* Sends a message; so several workers can be asked at once. [any thread but a worker's] */
void worker_send(struct worker *worker, struct worker_message *message, worker_act *act,
                 void *context);
/* Waits until it was done. */
void worker_await(struct worker_message *message);
/* Both. */
void worker_ask(struct worker *worker, worker_act *act, void *context);

/* Builds the query's tasks that belong to this worker and takes them on. On failure it has none of
 * them. [worker] */
MUST_CHECK enum err worker_add_query(struct worker *worker, struct flow_query *query,
                                     struct why *why);
/* Frees the query's tasks, after what they have on their way to the log has come to its end (or a
 * while, when the log has no room). [worker] */
void worker_remove_query(struct worker *worker, struct flow_query *query);
/* Frees the query's tasks of this worker, whose places are not this process's any more. settles:
 * after what they have on their way has come to its end, as worker_remove_query. [worker] */
void worker_end_tasks(struct worker *worker, struct flow_query *query, bool settles);
/* Gives every task a turn and says whether nothing was left to do, for any. *activity grows
 * whenever a task did something. [worker] */
bool worker_is_idle(struct worker *worker, uint64_t *activity);

#endif
