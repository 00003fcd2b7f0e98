/* unlanded.c -- what is still being written refuses. */
#include "flow/flow.h"

enum err flow_pull(struct flow_query *query, const struct pull_plan *pull, flow_rows *on_rows,
                   void *context, struct why *why)
{
    return why_set(why, ERR_UNSUPPORTED, "not there yet");
}
