/* step.h -- a task's step while it is being made, and until the log has taken it. */
#ifndef FLOW_STEP_H
#define FLOW_STEP_H

#include "data/record.h"
#include "log/log.h"

#include <stdint.h>

#define STEP_ROWS_MAX 10000      /* rows in: a step ends after so many */
#define STEP_BYTES_MAX (1 << 20) /* bytes out: likewise */

struct task;
struct step;

/* Where records for one partition are collected. Lives as long as the step's struct. */
struct step_writer;

struct step *step_new(struct task *task);
/* With all that the log has not taken. NULL is fine. */
void step_free(struct step *step);

struct step_writer *step_add_writer(struct step *step, struct log_topic *topic, int32_t partition);
/* Copies the record into the step. ERR_LIMIT: it is larger than a record may be. */
MUST_CHECK enum err step_write(struct step *step, struct step_writer *writer,
                               const struct record *record);
/* How many records the writer has got in all steps so far. */
int64_t step_writer_count(const struct step_writer *writer);
/* Records before this offset go with this step. */
void step_trim(struct step *step, struct log_topic *topic, int32_t partition,
               int64_t before_offset);

/* Rows that were run since the last step. */
void step_count_rows(struct step *step, uint64_t count);
/* Whether the step should end now, because of its size. */
bool step_is_full(const struct step *step);
/* Nothing is in it but perhaps positions that stood still. */
bool step_is_empty(const struct step *step);

/* Positions and lows of the step that ends; arrays are copied. */
struct step_ends {
    const struct log_position *positions;
    uint32_t position_count;
    const struct log_low *lows;
    uint32_t low_count;
};
/* Closes the step: it is not changed any more, and waits for step_hand_over. */
void step_seal(struct step *step, const struct step_ends *ends);
bool step_is_sealed(const struct step *step);
/* Hands a sealed step to the log. ERR_FULL: try again later. Afterwards the next one is made. */
MUST_CHECK enum err step_hand_over(struct step *step);
/* Hands over lows alone, at once. The step that is being made is not sealed. */
MUST_CHECK enum err step_say_lows(struct step *step, const struct log_low *lows, uint32_t count);
/* Steps handed over, and how many of them are durable. ERR_ABORTED and the like: the process goes
 * back to the last commit. */
MUST_CHECK enum err step_collect(struct step *step, uint64_t *ret_durable);
uint64_t step_handed_over(const struct step *step);

#endif
