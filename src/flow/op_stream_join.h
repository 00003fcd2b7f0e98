/* op_stream_join.h -- what the task asks of a stream-stream join beside the seam of operators. */
#ifndef FLOW_OP_STREAM_JOIN_H
#define FLOW_OP_STREAM_JOIN_H

#include "flow/operator.h"

struct input;

/* Whether a side can take the records of this input as they lie: an internal topic whose value is a
 * kept row with all that the join carries. Then the input need not decode, and batches have no
 * columns: the join looks at input->batch_records, by row. */
bool stream_join_take_raw(struct operator* op, uint32_t side, const struct input *input);
/* For an input that decodes: lets a side's window keep the records' own bytes where that is good,
 * and read them again for each partner. *ret_keeps: it does. */
MUST_CHECK enum err stream_join_keep_records(struct operator* op, uint32_t side,
                                             const struct input *input, bool *ret_keeps,
                                             struct why *why);

#endif
