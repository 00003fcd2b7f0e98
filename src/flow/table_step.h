/* table_step.h -- what one step changed in a table: for each key, the row as it was before.
 *
 * Kept until the step is durable, so that readers of committed rows see past it. [worker] */
#ifndef FLOW_TABLE_STEP_H
#define FLOW_TABLE_STEP_H

#include "base/arena.h"

#include <stdint.h>

struct table_change {
    struct str key;
    struct str before;    /* data NULL: there was no row */
    int64_t timestamp_ms; /* of the last change, if that was a deletion */
};

struct table_step {
    uint64_t number;         /* of the task's step; 0: it is being made */
    struct table_step *next; /* newer */
    struct arena arena;
    struct table_change *changes; /* in the order of each key's first change */
    uint32_t count;
    uint32_t capacity;
    uint32_t *slots; /* index of a change, from 1 */
    uint32_t slot_count;
};

struct table_step *table_step_new(void);
void table_step_free(struct table_step *step);
/* NULL: the step did not touch the key. */
struct table_change *table_step_find(const struct table_step *step, uint64_t hash, struct str key);
/* The key was not touched so far. Copies key and value; before.data NULL: there was no row. */
struct table_change *table_step_add(struct table_step *step, uint64_t hash, struct str key,
                                    struct str before);

#endif
