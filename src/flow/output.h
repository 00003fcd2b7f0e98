/* output.h -- where a branch's rows go: a topic, or whoever listens. An operator without a node. */
#ifndef FLOW_OUTPUT_H
#define FLOW_OUTPUT_H

#include "flow/operator.h"
#include "log/log.h"

/* The plan's output stays borrowed. For AVRO this registers the schemas. */
MUST_CHECK enum err output_new(struct task *task, const struct plan_output *plan,
                               struct operator** ret_op, struct why *why);
/* The topic it writes to; NULL: a feed. */
struct log_topic *output_topic(const struct operator* op);

#endif
