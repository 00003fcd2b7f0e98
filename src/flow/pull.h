/* pull.h -- a pull query on its way: which state it reads, what its rows pass, where they go. */
#ifndef FLOW_PULL_H
#define FLOW_PULL_H

#include "flow/flow.h"
#include "flow/state_row.h"
#include "flow/worker.h"

#include <stdint.h>

#define PULL_NODES_MAX 64

/* A committed row of the state, copied by the worker that owns it. */
struct pull_row {
    struct str key;
    struct str value;
};

/* What one worker answers. */
struct pull_answer {
    const struct pull *pull;
    struct worker_message message;
    uint32_t found_count; /* partitions */
    bool unavailable;     /* this one: */
    int32_t partition;
    double restored; /* 0 to 1 */
    struct arena arena;
    struct pull_row *rows;
    size_t count;
    size_t capacity;
};

struct pull {
    struct flow_query *query;
    const struct pull_plan *plan;
    const int32_t *partitions; /* NULL: all */
    uint32_t partition_count;
    struct arena arena;
    uint32_t stage;
    const struct plan_output *output;
    const struct plan_node *state;                 /* TABLE, KEEP or AGGREGATE */
    const struct plan_node *above[PULL_NODES_MAX]; /* filters and projections, lowest first */
    uint32_t above_count;
    struct state_shape shape;
    const struct str *keys; /* to look up, as the state has them; NULL: all rows are read */
    uint32_t key_count;
    bool compares; /* rows are compared with the plan's keys */

    flow_rows *on_rows;
    void *context;
    struct arena batch_arena;
    int64_t left; /* rows until the limit; -1: none */
    bool stopped;

    size_t rows_max; /* more of one worker are of no use */
};

/* pull_plan.c: finds the state and what stands above it. ERR_UNSUPPORTED: the query keeps no
 * table. The arena is there; the rest is zeroed. */
MUST_CHECK enum err pull_resolve(struct pull *pull, struct why *why);
/* pull_rows.c: hands the rows on, in batches. ERR_CORRUPT. */
MUST_CHECK enum err pull_pass_rows(struct pull *pull, const struct pull_answer *answer,
                                   struct why *why);

#endif
