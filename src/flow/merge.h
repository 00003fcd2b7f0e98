/* merge.h -- a task's inputs in order of time.
 *
 * The next row is the one with the smallest timestamp among the inputs' heads; ties go to the
 * plan's first input, then to the lower partition. An input read to its end is not waited for, but
 * it is looked at once more whenever another input has read something new: what was in the log
 * before that comes first. For an internal topic the lowest timestamp its writers may still send
 * (its low) stands in for the missing head. */
#ifndef FLOW_MERGE_H
#define FLOW_MERGE_H

#include "base/err.h"

#include <stdint.h>

struct input;
struct task;

enum merge_state {
    MERGE_ROWS,  /* there is a next row */
    MERGE_WAITS, /* for an internal topic's writers, or for something that is not reachable now */
    MERGE_ENDED  /* all inputs are at their end */
};

struct merge;

/* inputs in the order of ties; borrowed. */
struct merge *merge_new(struct task *task, struct input *inputs, uint32_t input_count);
/* NULL is fine. */
void merge_free(struct merge *merge);
/* After a seek. */
void merge_reset(struct merge *merge);
/* Fills the inputs that have no row. Drains the task's operators before a batch is given back. */
MUST_CHECK enum err merge_fill(struct merge *merge, enum merge_state *ret_state, struct why *why);
/* After MERGE_ROWS: runs the next rows of one input, up to the first that another input's head
 * comes before (but see replays_in_order), at most its batch. Returns how many; 0 when an input
 * must be filled first. */
uint32_t merge_run(struct merge *merge);
/* The timestamp of the next row, or the lowest low of inputs without one; LOG_LOW_NONE when all
 * are at their end. After merge_fill. */
int64_t merge_low_ms(const struct merge *merge);

#endif
