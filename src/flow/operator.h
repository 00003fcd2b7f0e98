/* operator.h -- the seam of operators: one a plan node, rows in below, rows out above.
 *
 * A task's operators are a tree like the plan's nodes; `next` leads to the root, whose next is the
 * branch's output. Batches are pushed upward by calls, no row waits between two operators unless
 * its operator keeps it. A failure that is not one row's is the task's: task_fail. [worker] */
#ifndef FLOW_OPERATOR_H
#define FLOW_OPERATOR_H

#include "data/batch.h"
#include "sql/sql.h"

#include <stdint.h>

struct operator;
struct task;
struct table;

struct operator_usage {
    uint64_t state_bytes;   /* in memory */
    uint64_t movable_bytes; /* of them: rows of windows, which can move to files */
    uint64_t file_bytes;
    uint64_t state_rows;
};

struct operator_ops {
    /* Once for every batch, before any of its rows are run: what can be done for all at once
     * (hashing, prefetching). The batch's selection is all that will come of it on this side. */
    void (*prepare)(struct operator* op, uint32_t side, struct batch *batch);
    /* The selected rows, in the selection's order; side says which of node->inputs they come from.
     * One batch may come in several runs, each with a part of its selection, other sides' rows in
     * between. The operator may shorten the selection, and hand the batch on. Rows and what they
     * borrow stay until `drain` has been called. What is made for a batch and lives as long goes
     * into batch->arena. */
    void (*run)(struct operator* op, uint32_t side, struct batch *batch);
    /* Emits rows that were only held to make batches larger: what was borrowed from batches run so
     * far, and all memory of task->batch_arena, is given back after this. Called leaves first. */
    void (*drain)(struct operator* op);
    /* A step ends: emits table changes that were held to be one a key, appends to changelogs, sets
     * marks. Called leaves first, after a drain; what it emits is drained before the step is handed
     * over. */
    void (*end_step)(struct operator* op);
    /* Once before the first run, when its changelogs have been read back: builds the rest from them
     * and from marks.
     * Windows follow after it: batches are run with task->replaying set, which emit nothing. */
    MUST_CHECK enum err (*restore)(struct operator* op, struct why *why);
    /* All steps up to this number (task->step_number when they were made) are durable. */
    void (*committed)(struct operator* op, uint64_t step_number);
    /* Adds to the usage. */
    void (*measure)(const struct operator* op, struct operator_usage *usage);
    /* Frees it and its state, also half-built. */
    void (*free)(struct operator* op);
};

/* First member of each operator's own struct. */
struct operator
{
    const struct operator_ops *ops;
    const struct plan_node *node; /* NULL: an output */
    struct task *task;
    struct operator* next; /* NULL: an output */
    uint32_t next_side;
    struct table *table; /* what pull queries read; NULL: none */
    /* Rows in, the same row numbers out, nothing remembered: filter and project. Where these stand
     * right above an input, the task runs them over whole decoded batches, before it merges its
     * inputs by time. */
    bool is_stateless;
    bool reads_in_order; /* its windows are read back with both sides in order of time */
    bool in_prefix;      /* ... then `run` changes the batch in place, and emits nothing */
};

/* Hands rows to the next operator, unless the task is replaying. Empty selections go nowhere. */
void operator_emit(struct operator* op, struct batch *batch);

/* Members that have nothing to do. */
void operator_prepare_none(struct operator* op, uint32_t side, struct batch *batch);
void operator_drain_none(struct operator* op);
void operator_end_step_none(struct operator* op);
MUST_CHECK enum err operator_restore_none(struct operator* op, struct why *why);
void operator_committed_none(struct operator* op, uint64_t step_number);
void operator_measure_none(const struct operator* op, struct operator_usage *usage);
/* free() of the struct. */
void operator_free_plain(struct operator* op);

/* Each makes the operator of a node (`next` is filled in by the caller, state comes with restore).
 * Memory that lives as long as the operator may come from task->arena. */
/* op_input.c */
MUST_CHECK enum err op_input_new(struct task *task, const struct plan_node *node,
                                 struct operator** ret_op, struct why *why);
/* op_filter.c */
MUST_CHECK enum err op_filter_new(struct task *task, const struct plan_node *node,
                                  struct operator** ret_op, struct why *why);
/* op_project.c */
MUST_CHECK enum err op_project_new(struct task *task, const struct plan_node *node,
                                   struct operator** ret_op, struct why *why);
/* op_stream_join.c */
MUST_CHECK enum err op_stream_join_new(struct task *task, const struct plan_node *node,
                                       struct operator** ret_op, struct why *why);
/* op_explode.c */
MUST_CHECK enum err op_explode_new(struct task *task, const struct plan_node *node,
                                   struct operator** ret_op, struct why *why);
/* op_table.c: run gets changes of an input that is a table (kinds set, no row before) */
MUST_CHECK enum err op_table_new(struct task *task, const struct plan_node *node,
                                 struct operator** ret_op, struct why *why);
/* op_changes.c */
MUST_CHECK enum err op_changes_new(struct task *task, const struct plan_node *node,
                                   struct operator** ret_op, struct why *why);
/* op_table_join.c */
MUST_CHECK enum err op_table_join_new(struct task *task, const struct plan_node *node,
                                      struct operator** ret_op, struct why *why);
/* op_tables_join.c */
MUST_CHECK enum err op_tables_join_new(struct task *task, const struct plan_node *node,
                                       struct operator** ret_op, struct why *why);
/* op_aggregate.c */
MUST_CHECK enum err op_aggregate_new(struct task *task, const struct plan_node *node,
                                     struct operator** ret_op, struct why *why);

#endif
