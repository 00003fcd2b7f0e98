/* unlanded.c -- operators that are still being written refuse. */
#include "flow/flow.h"
#include "flow/operator.h"

enum err op_table_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                      struct why *why)
{
    return why_set(why, ERR_UNSUPPORTED, "not there yet");
}

enum err op_changes_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                        struct why *why)
{
    return why_set(why, ERR_UNSUPPORTED, "not there yet");
}

enum err op_table_join_new(struct task *task, const struct plan_node *node,
                           struct operator** ret_op, struct why *why)
{
    return why_set(why, ERR_UNSUPPORTED, "not there yet");
}

enum err op_aggregate_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                          struct why *why)
{
    return why_set(why, ERR_UNSUPPORTED, "not there yet");
}

enum err op_explode_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                        struct why *why)
{
    return why_set(why, ERR_UNSUPPORTED, "not there yet");
}

enum err flow_pull(struct flow_query *query, const struct pull_plan *pull, flow_rows *on_rows,
                   void *context, struct why *why)
{
    return why_set(why, ERR_UNSUPPORTED, "not there yet");
}
