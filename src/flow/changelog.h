/* changelog.h -- a node's table changes, kept in the log: appended with the task's steps, loaded
 * whole at restore.
 *
 * The topic is the query's internal prefix, the node's number and "-changelog"; a task of partition
 * p owns partition p and nobody else writes to it. [worker] */
#ifndef FLOW_CHANGELOG_H
#define FLOW_CHANGELOG_H

#include "base/err.h"
#include "data/record.h"

#include <stdint.h>

struct changelog;
struct task;

/* Opens the task's partition, and makes the topic if it is not there. Freed with the task. */
MUST_CHECK enum err changelog_open(struct task *task, uint32_t node_id,
                                   struct changelog **ret_changelog, struct why *why);
/* Appends to the step that is being made; bytes are copied. is_delete: `value` is not looked at.
 * ret_offset (may be NULL): the offset the record will have. ERR_LIMIT: larger than a record may
 * be. */
MUST_CHECK enum err changelog_append(struct changelog *changelog, struct str key, struct str value,
                                     bool is_delete, int64_t *ret_offset);
/* With the step that is being made, records before this offset go. Never goes back. */
void changelog_trim(struct changelog *changelog, int64_t before_offset);
/* The offset the next record will have; where the first one still there is. */
int64_t changelog_next_offset(const struct changelog *changelog);
int64_t changelog_begin_offset(const struct changelog *changelog);

/* A record of the changelog: value.data == NULL is a deletion. Borrowed for the call. */
typedef MUST_CHECK enum err changelog_record(void *context, const struct record *record,
                                             struct why *why);
/* Hands out all records in order, from the first still there to the end. Before any append. Stops
 * at the first error of the callback. */
MUST_CHECK enum err changelog_load(struct changelog *changelog, changelog_record *on_record,
                                   void *context, struct why *why);

#endif
