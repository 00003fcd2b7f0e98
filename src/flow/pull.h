/* pull.h -- a pull query on its way: which state it reads, what its rows pass, where they go. */
#ifndef FLOW_PULL_H
#define FLOW_PULL_H

#include "flow/flow.h"
#include "flow/state_row.h"

#include <stdint.h>

#define PULL_NODES_MAX 64

/* A committed row of the state, copied by the worker that owns it. */
struct pull_row {
    struct str key;
    struct str value;
};

struct pull {
    struct flow_query *query;
    const struct pull_plan *plan;
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

    struct arena rows_arena; /* of one worker's answer */
    struct pull_row *rows;
    size_t row_count;
    size_t row_capacity;
    size_t rows_max; /* more are of no use */
};

/* pull_plan.c: finds the state and what stands above it. ERR_UNSUPPORTED: the query keeps no
 * table. The arena is there; the rest is zeroed. */
MUST_CHECK enum err pull_resolve(struct pull *pull, struct why *why);
/* pull_rows.c: hands the rows on, in batches. ERR_CORRUPT. */
MUST_CHECK enum err pull_pass_rows(struct pull *pull, struct why *why);

#endif
