/* embedded_step.h -- steps on their way: handed over, not yet committed. Private to the embedded
 * log. */
#ifndef LOG_EMBEDDED_STEP_H
#define LOG_EMBEDDED_STEP_H

#include "log/embedded_topic.h"

/* A batch on its way. Readers hold references. */
struct pending_batch {
    struct pending_batch *next; /* in its partition, once shown */
    bool shown;                 /* members may have read it: its offsets stay */
    _Atomic uint32_t references;
    struct embedded_topic *topic;
    int32_t partition;
    uint32_t offset_count; /* last offset delta + 1 */
    uint32_t record_count;
    int64_t base_offset; /* given when it is shown, at the latest in the commit's transaction */
    char *bytes;
    size_t size;
};

/* A trim on its way. */
struct pending_trim {
    struct embedded_topic *topic;
    int32_t partition;
    int64_t before_offset;
};

/* A step on its way: one allocation but for the batches. */
struct pending_step {
    struct pending_step *next;
    struct embedded_member *member;
    uint64_t sequence;
    struct str task;
    struct str marks;
    bool forget;
    struct pending_batch **batches;
    uint32_t batch_count;
    struct task_position *positions;
    uint32_t position_count;
    struct pending_trim *trims;
    uint32_t trim_count;
    struct log_low *lows; /* that count from the commit on */
    uint32_t low_count;
    struct low_input *low_inputs; /* position_count of them, or NULL: there are no lows */
    size_t bytes;
};

struct step_list {
    struct pending_step *first;
    struct pending_step *last;
    size_t bytes;
};

enum err embedded_commit(struct log_member *member, const struct log_step *step,
                         uint64_t *ret_sequence);
void pending_batch_release(struct pending_batch *batch);
/* Its base offset is set: members that do not wait for commits read it from here on. Under the
 * lock. */
void pending_batch_show(struct pending_batch *batch);
/* Frees the step and its hold on its batches. */
void pending_step_free(struct pending_step *step);

#endif
