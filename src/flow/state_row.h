/* state_row.h -- what the bytes of a node's table mean: from rows of batches, and back.
 *
 * Key: the window, if the table is windowed (table.h), then the key columns as a kept row. Value:
 * ROWTIME as a varint, then a kept row: of NODE_TABLE the columns that are no key, of
 * NODE_AGGREGATE the states of its aggregates. Shapes are immutable and may be used by any
 * thread. */
#ifndef FLOW_STATE_ROW_H
#define FLOW_STATE_ROW_H

#include "base/buf.h"
#include "sql/sql.h"

#include <stdint.h>

struct state_shape {
    const struct plan_node *node;
    bool is_windowed;
    const uint16_t *keys; /* columns of node->row_type */
    const struct type *const *key_types;
    uint32_t key_count;
    const uint16_t *values; /* TABLE: columns of node->row_type */
    uint32_t value_count;
    const struct type *const *state_types; /* AGGREGATE: one an aggregate */
};

/* Of a node of kind NODE_TABLE or NODE_AGGREGATE; lives in the arena. */
void state_shape_init(struct state_shape *shape, const struct plan_node *node, struct arena *arena);

/* NODE_TABLE: appends the key's bytes of a row; false: a key column is NULL. */
bool state_row_key(const struct state_shape *shape, const struct batch *batch, uint32_t row,
                   struct buf *buf);
/* NODE_TABLE: appends the value's bytes. */
void state_row_value(const struct state_shape *shape, const struct batch *batch, uint32_t row,
                     struct buf *buf);

/* Reads a row into columns, time and window of a batch of node->row_type. value.data NULL: a
 * deletion, only the key and the window are set. The bytes stay borrowed. ERR_MALFORMED,
 * ERR_CORRUPT. */
MUST_CHECK enum err state_row_read(const struct state_shape *shape, struct str key,
                                   struct str value, struct batch *batch, uint32_t row);
/* NODE_AGGREGATE: ROWTIME and states, one an aggregate. */
MUST_CHECK enum err state_row_states(const struct state_shape *shape, struct str value,
                                     struct arena *arena, int64_t *ret_timestamp_ms,
                                     struct value *ret_states);
/* ... and back: appends. */
void state_row_set_states(const struct state_shape *shape, int64_t timestamp_ms,
                          const struct value *states, struct buf *buf);

#endif
