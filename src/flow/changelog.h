/* changelog.h -- a node's table changes, kept in the log: appended with the task's steps, loaded
 * whole at restore, a piece at a time.
 *
 * The topic is the query's internal prefix, the node's number and "-changelog"; a task of partition
 * p owns partition p and nobody else writes to it. [worker] */
#ifndef FLOW_CHANGELOG_H
#define FLOW_CHANGELOG_H

#include "base/err.h"
#include "data/record.h"

#include <stdint.h>

struct changelog;
struct log_member;
struct task;

/* A record of the changelog: value.data == NULL is a deletion. Borrowed for the call. */
typedef MUST_CHECK enum err changelog_record(void *context, const struct record *record,
                                             struct why *why);

/* Opens the task's partition, and makes the topic if it is not there. Freed with the task. The task
 * reads it back: on_record gets all records in order, from the first still there to the end. */
MUST_CHECK enum err changelog_open(struct task *task, uint32_t node_id, changelog_record *on_record,
                                   void *context, struct changelog **ret_changelog,
                                   struct why *why);
/* Where it begins and ends now: nothing of the task is on its way to the log any more. */
MUST_CHECK enum err changelog_find_ends(struct changelog *changelog, struct why *why);
/* Reads a piece back; before any append. Stops at the first error of on_record. */
MUST_CHECK enum err changelog_load(struct changelog *changelog, struct log_member *reader,
                                   struct why *why);
/* Offsets still to be read back. */
int64_t changelog_left(const struct changelog *changelog);
/* Appends to the step that is being made; bytes are copied. is_delete: `value` is not looked at.
 * ret_offset (may be NULL): the offset the record will have. ERR_LIMIT: larger than a record may
 * be. */
MUST_CHECK enum err changelog_append(struct changelog *changelog, struct str key, struct str value,
                                     bool is_delete, int64_t *ret_offset);
/* With the step that is being made, records before this offset go. Never goes back. */
void changelog_trim(struct changelog *changelog, int64_t before_offset);
/* The offset the next record will have. */
int64_t changelog_next_offset(const struct changelog *changelog);

#endif
