/* table_log.h -- which row each record of a table's changelog is of, and who of them still counts.
 *
 * Four bytes a record: the oldest records' rows that still count are appended anew and the topic
 * is trimmed behind them, so that it stays within about twice the table. [worker] */
#ifndef FLOW_TABLE_LOG_H
#define FLOW_TABLE_LOG_H

#include "flow/changelog.h"
#include "flow/row_store.h"

/* Zeroed but for `changelog` when it begins. */
struct table_log {
    struct changelog *changelog; /* the task's */
    row_ref *refs;               /* a ring: of each record, 0 when it is a deletion */
    uint32_t capacity;           /* a power of two, or 0 */
    uint32_t first;
    uint32_t count;
    int64_t begin_offset; /* of the record at `first` */
};

void table_log_release(struct table_log *log);
/* A record that was read back, in order. */
void table_log_loaded(struct table_log *log, struct row_store *store, row_ref ref, int64_t offset);
/* The row is called otherwise now. */
void table_log_moved(struct table_log *log, const struct row_store *store, row_ref ref);
/* ERR_LIMIT. */
MUST_CHECK enum err table_log_put(struct table_log *log, struct row_store *store, row_ref ref);
MUST_CHECK enum err table_log_remove(struct table_log *log, struct str key);
/* Once a step. */
MUST_CHECK enum err table_log_tidy(struct table_log *log, struct row_store *store,
                                   uint64_t row_count, uint32_t change_count);
uint64_t table_log_bytes(const struct table_log *log);

#endif
