/* embedded_tasks.h -- every task's positions and marks. Private to the embedded log.
 *
 * Of the committer's thread, but for task_value_find and embedded_readers. */
#ifndef LOG_EMBEDDED_TASKS_H
#define LOG_EMBEDDED_TASKS_H

#include "base/map.h"
#include "log/embedded_step.h"

#define MARKS_BYTES_MAX 3072
#define TASK_NAME_BYTES_MAX 1000

/* A position as it is stored. */
struct task_position {
    uint32_t topic_id;
    int32_t partition;
    int64_t next_offset;
    int64_t from_offset;
};

/* Every task's last commit, each entry as it is stored. */
struct task_table {
    struct map entries; /* name to struct task_entry */
    uint32_t sum;       /* of the stored value this mirrors; 0: none */
};

void task_table_release(struct task_table *table);
/* False: the table says this already. */
bool task_table_apply(struct task_table *table, const struct pending_step *step);
/* Reads the stored value again if it is not the one this mirrors. */
enum err task_table_read(struct task_table *table, struct embedded_log *log, struct store_txn *txn);
enum err task_table_write(struct task_table *table, struct embedded_log *log,
                          struct store_txn *txn);
/* The lowest offset any task still needs of a partition; INT64_MAX: none. */
int64_t task_table_floor(const struct task_table *table, uint32_t topic_id, int32_t partition);
/* One task's entry in a stored value; positions are borrowed and not aligned. ERR_NOT_FOUND. */
struct task_view {
    struct str name;
    struct str marks;
    const char *positions;
    uint32_t position_count;
};
enum err task_value_find(struct str value, struct str name, struct task_view *ret_view);
enum err embedded_readers(struct log *log, struct log_topic *topic, struct arena *arena,
                          struct log_reader **ret_readers, size_t *ret_count, struct why *why);
struct task_position task_view_position(const struct task_view *view, uint32_t index);

#endif
