/* emitter.h -- changes of a table as batches for the operator above, on the worker. */
#ifndef FLOW_EMITTER_H
#define FLOW_EMITTER_H

#include "flow/operator.h"
#include "flow/state_row.h"
#include "flow/table.h"

struct emitter {
    struct operator* op;
    const struct state_shape *shape;
    struct batch *batch; /* being filled, in task->batch_arena; NULL: none */
    bool with_before;    /* somebody above looks at the row before */
};

/* A row of a table as it was and is; data NULL: there was, or is, none. */
struct emission {
    struct str key;
    struct str before;
    struct str value;
    int64_t timestamp_ms;       /* of a deletion */
    struct row_headers headers; /* borrowed until the task has drained */
};

/* Before the first emission, when the operators above are known. */
void emitter_init(struct emitter *emitter, struct operator* op, const struct state_shape *shape);
/* Copies the bytes. A failure is the task's. */
void emitter_add(struct emitter *emitter, const struct emission *emission);
/* Hands on what was added; it stays until the task has drained. */
void emitter_flush(struct emitter *emitter);
/* Adds all changes of the step being made, each key's last one. */
void emitter_add_step(struct emitter *emitter, const struct table *table);

#endif
