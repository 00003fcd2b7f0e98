/* embedded_lows.h -- the earliest that may still come into a topic. Private to the embedded log.
 *
 * All under the lock. */
#ifndef LOG_EMBEDDED_LOWS_H
#define LOG_EMBEDDED_LOWS_H

#include "log/embedded_step.h"

/* Where a writing task stood in one of its inputs when it spoke. */
struct low_input {
    struct embedded_topic *topic;
    int32_t partition;
    int64_t next_offset;
};

/* The low one writing task has spoken for. */
struct topic_low {
    char *task; /* from malloc, size in task_size */
    size_t task_size;
    int64_t low_ms;
    bool at_end;
    struct low_input *inputs; /* at_end: from malloc */
    uint32_t input_count;
};

/* At hand-over; the step keeps what counts later. */
void lows_hand_over(struct pending_step *step, const struct log_step *given);
void lows_commit(struct pending_step *step);
void topic_forget_lows(struct embedded_topic *topic, struct str prefix);
/* After a failure writers begin again further back: each must speak anew. */
void topic_reset_lows(struct embedded_topic *topic);
void topic_release_lows(struct embedded_topic *topic);
void topic_read_low(struct embedded_log *log, struct embedded_topic *topic, int64_t *ret_low_ms,
                    int64_t *ret_reached_ms);

#endif
