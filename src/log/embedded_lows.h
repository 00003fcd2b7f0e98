/* embedded_lows.h -- when a task's lows count. Private to the embedded log.
 *
 * All under the lock. */
#ifndef LOG_EMBEDDED_LOWS_H
#define LOG_EMBEDDED_LOWS_H

#include "log/embedded_step.h"

/* At hand-over; the step keeps what counts later. */
void lows_hand_over(struct pending_step *step, const struct log_step *given);
void lows_commit(struct pending_step *step);
/* Of struct lows_board. */
enum low_news embedded_look(const struct lows_board *board, const struct topic_lows *topic,
                            int32_t partition, int64_t next_offset);

#endif
