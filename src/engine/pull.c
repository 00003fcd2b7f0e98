/* pull.c -- SELECT without EMIT: rows of a table as they are committed now. */
#include "engine/state.h"

static bool answer_pulled(void *context, const struct batch *rows)
{
    struct execution *execution = context;
    const struct answer answer = {.kind = ANSWER_ROWS, .row_type = rows->row_type, .rows = rows};
    return !atomic_load(&execution->engine->interrupted) &&
           execution->on_answer(execution->context, execution->statement, &answer);
}

enum err execute_pull(struct execution *execution)
{
    struct engine *engine = execution->engine;
    struct pull_plan *pull;
    enum err err =
        sql_plan_pull(execution->statement, &execution->catalog, &execution->session->settings,
                      execution->arena, &pull, execution->why);
    if (err)
        return err;
    const struct running *query = query_find(engine, pull->table->query);
    if (!query || !query->flow)
        return why_set(execution->why, ERR_UNAVAILABLE, "no query keeps table '%.*s' now",
                       STR_ARGS(pull->table->name));
    const struct answer header = {.kind = ANSWER_HEADER, .row_type = pull->row_type};
    if (!execution->on_answer(execution->context, execution->statement, &header))
        return OK;
    return flow_pull(query->flow, pull, answer_pulled, execution, execution->why);
}
