/* table.h -- a table that is kept: a map in memory of key bytes to value bytes, and its changelog.
 *
 * What the bytes mean is state_row.h's. A windowed table's keys begin with the window; its rows
 * stand in one index a window, so that a window goes as a whole. Each step's changes go to the
 * changelog once a key, and stay undoable until the step is durable: `table_committed_*` sees what
 * is committed, everything else sees the newest. [worker] */
#ifndef FLOW_TABLE_H
#define FLOW_TABLE_H

#include "base/buf.h"
#include "flow/operator.h"
#include "flow/row_index.h"
#include "flow/table_step.h"

#include <stdint.h>

struct table;

/* Opens the node's changelog in the task, which reads it back before anything else. */
MUST_CHECK enum err table_open(struct task *task, uint32_t node_id, bool is_windowed,
                               struct table **ret_table, struct why *why);
/* NULL is fine. */
void table_free(struct table *table);

/* The newest value of a key, borrowed until the next change of the table. */
bool table_get(const struct table *table, struct str key, struct str *ret_value);
/* ... as it was when the step that is being made began. */
bool table_get_before(const struct table *table, struct str key, struct str *ret_value);
/* Sets a row; bytes are copied. ERR_LIMIT. */
MUST_CHECK enum err table_put(struct table *table, struct str key, struct str value);
/* Removes a row, if there is one. The change is noted in any case. */
void table_remove(struct table *table, struct str key, int64_t timestamp_ms);

/* The step being made, for whoever emits its changes. Valid until table_end_step. */
const struct table_step *table_step(const struct table *table);
/* The step ends: changes go to the changelog, its oldest records are tidied up. ERR_LIMIT: a row is
 * larger than a record may be. */
MUST_CHECK enum err table_end_step(struct table *table);
/* Steps up to this number are durable. */
void table_committed(struct table *table, uint64_t step_number);

/* Windows, in order of start and end. Empty ones do not exist. */
struct table_window {
    int64_t start_ms;
    int64_t end_ms;
    struct row_index rows;
};
uint32_t table_window_count(const struct table *table);
const struct table_window *table_window_at(const struct table *table, uint32_t index);
/* Drops windows that start before start_ms, from map and changelog. */
void table_expire(struct table *table, int64_t start_ms);
/* A row of a window by its slot, 0 to rows.capacity - 1; false: the slot is free. */
bool table_window_row(const struct table *table, const struct table_window *window, uint32_t slot,
                      struct str *ret_key, struct str *ret_value);

/* What of a windowed key comes before the kept key. */
void table_key_window(struct buf *buf, int64_t start_ms, int64_t end_ms);
/* The kept key, and the window; ERR_CORRUPT. Not windowed: the key itself. */
MUST_CHECK enum err table_key_read(bool is_windowed, struct str key, struct str *ret_kept,
                                   int64_t *ret_start_ms, int64_t *ret_end_ms);

/* A committed row; borrowed for the call. False: stop. */
typedef bool table_row(void *context, struct str key, struct str value);
/* All committed rows, in no order. */
void table_committed_scan(const struct table *table, table_row *on_row, void *context);
/* The committed row of a key, in every window there is when the table is windowed: kept is the key
 * without the window. */
void table_committed_find(const struct table *table, struct str kept, table_row *on_row,
                          void *context);

void table_measure(const struct table *table, struct operator_usage *usage);

#endif
