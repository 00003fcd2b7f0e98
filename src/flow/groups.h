/* groups.h -- the groups of an aggregate that the step touched, with their states unboxed from the
 * table.
 *
 * A group is read from the table when a row first asks for it, changed in memory, and written back
 * at the step's end, or when the groups have grown too large to keep. [worker] */
#ifndef FLOW_GROUPS_H
#define FLOW_GROUPS_H

#include "flow/state_row.h"
#include "flow/table.h"

struct group {
    uint64_t hash;
    struct str key;       /* of the table */
    int64_t timestamp_ms; /* highest of its rows */
    struct value *states; /* one an aggregate */
    bool exists;
    bool is_changed; /* since it was last written back */
};

struct groups {
    const struct state_shape *shape;
    struct table *table;
    struct arena arena;
    struct group **at; /* in the order they were asked for */
    uint32_t count;
    uint32_t capacity;
    uint32_t *slots; /* index, from 1 */
    uint32_t slot_count;
    struct buf value; /* scratch */
};

void groups_init(struct groups *groups, const struct state_shape *shape, struct table *table);
/* Zeroed is fine. */
void groups_release(struct groups *groups);
/* The group of a key; valid until groups_clear. ERR_CORRUPT: the table's row cannot be read. */
MUST_CHECK enum err groups_get(struct groups *groups, struct str key, struct group **ret_group);
/* Gives a group its first states. */
void groups_begin(struct groups *groups, struct group *group);
/* Into the table, if it changed; the value's bytes are valid until the next call. ERR_LIMIT. */
MUST_CHECK enum err groups_write(struct groups *groups, struct group *group, struct str *ret_value);
MUST_CHECK enum err groups_write_all(struct groups *groups);
/* Their memory asks for groups_write_all and groups_clear. */
bool groups_are_large(const struct groups *groups);
/* Forgets them; what changed has been written. */
void groups_clear(struct groups *groups);

#endif
