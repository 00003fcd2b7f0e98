/* query.h -- a flow and its queries as the room sees them. */
#ifndef FLOW_QUERY_H
#define FLOW_QUERY_H

#include "flow/flow.h"
#include "flow/task.h"
#include "flow/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define FLOW_WORKERS_MAX 256
#define FLOW_QUERIES_MAX 1024

/* Made by flow_start and freed by flow_stop, on the control thread. Workers read it; `tasks` slots
 * are filled and emptied by the worker that owns the task. */
struct flow_query {
    struct flow *flow;
    const struct plan *plan;
    struct arena arena;
    struct str id;
    struct str internal_prefix;
    struct str dead_letter_topic;
    bool from_earliest;
    bool stops_at_bad_time;
    bool stays;
    bool says_lows; /* of its sink's topic: lows.h */
    flow_feed *feed;
    void *feed_context;

    struct query_task *tasks;
    uint32_t task_count;
    struct log_group *group; /* NULL: it has none */
    _Atomic bool is_placed;  /* it is known which places are this process's */
    struct counters counters;
    _Atomic bool paused;
    _Atomic int state; /* enum flow_state, without FLOW_PAUSED */
    pthread_mutex_t why_lock;
    struct why why; /* under why_lock */
};

/* A task's place: which worker owns it. `task` is NULL until it is built, while the process goes
 * back to the last commit, and when the place is another process's; only the owner's thread may
 * look. */
struct query_task {
    uint32_t stage;
    int32_t partition;
    int32_t partition_count;
    struct log_topic *topic; /* the stage's first input: whose partition, his place */
    _Atomic bool is_ours;    /* places.h */
    struct worker *worker;
    struct task *task;
    int64_t retry_ns; /* not built or run before */
    bool released;    /* nobody waits for it: it is paused or has failed */
};

struct flow {
    struct flow_options options;
    struct worker *workers[FLOW_WORKERS_MAX];
    uint32_t worker_count;
    struct flow_query *queries[FLOW_QUERIES_MAX];
    uint32_t query_count;

    _Atomic bool held;             /* no task gets a turn */
    _Atomic uint32_t failed_count; /* queries in FLOW_ERROR */

    _Atomic uint64_t movable_bytes; /* of all tasks, in memory: budget.h */
    _Atomic uint64_t fixed_bytes;

    /* Going back to the last commit, all workers together. */
    _Atomic uint64_t generation; /* grows when a worker wants it */
    pthread_mutex_t return_lock;
    pthread_cond_t returned;
    uint64_t returned_generation; /* all have left for it; under return_lock */
    uint32_t left_count;          /* likewise */
};

/* The query stops with these words; the first ones count. [any thread] */
void query_fail(struct flow_query *query, enum err err, const struct why *why);
static inline bool query_failed(struct flow_query *query)
{
    return atomic_load(&query->state) == FLOW_ERROR;
}

/* "CSAS_PAID_3/1/0": query, stage, partition; in the arena. */
struct str query_task_name(const struct flow_query *query, const struct query_task *place,
                           struct arena *arena);

/* Full name of an internal topic, in the arena. */
struct str query_internal_topic(const struct flow_query *query, struct str suffix,
                                struct arena *arena);

/* Full name of the topic an input reads. */
struct str query_input_topic(const struct flow_query *query, const struct plan_input *input,
                             struct arena *arena);

#endif
