/* pull.c -- SELECT without EMIT: rows of a table as they are committed now. */
#include "engine/state.h"

#define PULL_SETTLE_MS 600000

static bool answer_pulled(void *context, const struct batch *rows)
{
    struct execution *execution = context;
    const struct answer answer = {.kind = ANSWER_ROWS, .row_type = rows->row_type, .rows = rows};
    return !is_interrupted(execution) &&
           execution->on_answer(execution->context, execution->statement, &answer);
}

enum err execute_pull(struct execution *execution)
{
    struct engine *engine = execution->engine;
    struct pull_plan *pull;
    enum err err = sql_plan_pull(execution->statement, &execution->catalog, execution->arena, &pull,
                                 execution->why);
    if (err)
        return err;
    const struct running *query = query_find(engine, pull->table->query);
    if (!query || !query->flow)
        return why_set(execution->why, ERR_UNAVAILABLE,
                       "no query keeps table '%.*s': CREATE TABLE ... AS SELECT * FROM it, and "
                       "query that",
                       STR_ARGS(pull->table->name));
    if (engine->options.settle_pulls) {
        err = flow_wait_idle(engine->flow, PULL_SETTLE_MS);
        if (err)
            return why_set(execution->why, err, "queries did not catch up: %s", err_text(err));
    }
    if (engine->peers)
        return pull_shared(execution, query, pull);
    const struct answer header = {.kind = ANSWER_HEADER, .row_type = pull->row_type};
    if (!execution->on_answer(execution->context, execution->statement, &header))
        return OK;
    return flow_pull(query->flow, pull, answer_pulled, execution, execution->why);
}

enum err engine_plan_scan(struct engine *engine, struct str text, struct arena *arena,
                          struct pull_plan **ret_plan, struct why *why)
{
    must(engine != NULL);
    struct session session;
    struct statement *statements;
    uint32_t count;
    session_init(&session, arena);
    enum err err = sql_parse(text, NULL, arena, &statements, &count, why);
    if (err)
        return err;
    if (count != 1 || statements[0].kind != STATEMENT_SELECT)
        return why_set_at(why, ERR_INVALID, 1, 1, "one SELECT is wanted");
    pthread_mutex_lock(&engine->lock);
    const struct catalog catalog = catalog_view(engine, &session);
    err = sql_plan_scan(&statements[0], &catalog, arena, ret_plan, why);
    pthread_mutex_unlock(&engine->lock);
    return err;
}
