/* apply.c -- a pipeline's files at start: what runs already is left alone, what is new is run.
 *
 * The command topic says what runs; files only add to it. A statement that was changed under a name
 * that exists is refused, because both cannot be true; OR REPLACE says which one is meant. */
#include "engine/state.h"

enum verdict { RUN_IT, LEAVE_IT, REFUSE_IT };

static bool insert_runs(struct engine *engine, struct str text)
{
    for (uint32_t i = 0; i < engine->query_count; i++)
        if (str_equal(engine->queries[i]->sql, text))
            return true;
    return false;
}

static enum verdict judge(struct engine *engine, const struct statement *statement)
{
    const struct catalog_entry *entry;
    switch (statement->kind) {
    case STATEMENT_SET:
    case STATEMENT_UNSET:
    case STATEMENT_DEFINE:
    case STATEMENT_UNDEFINE:
        return RUN_IT;
    case STATEMENT_CREATE_TYPE: {
        const struct catalog_type *type = map_get(&engine->types, statement->name);
        if (!type)
            return RUN_IT;
        return str_equal(type->text, statement->type_text) ? LEAVE_IT : REFUSE_IT;
    }
    case STATEMENT_CREATE_STREAM:
    case STATEMENT_CREATE_TABLE:
    case STATEMENT_CREATE_STREAM_AS:
    case STATEMENT_CREATE_TABLE_AS:
        entry = catalog_find(engine, statement->name);
        if (!entry)
            return RUN_IT;
        if (str_equal(entry->source.sql, statement->text))
            return LEAVE_IT;
        return statement->or_replace || statement->if_not_exists ? RUN_IT : REFUSE_IT;
    case STATEMENT_CREATE_CONNECTOR: {
        const struct catalog_connector *connector = map_get(&engine->connectors, statement->name);
        if (!connector || statement->if_not_exists)
            return RUN_IT;
        return str_equal(connector->text, statement->text) ? LEAVE_IT : REFUSE_IT;
    }
    case STATEMENT_INSERT_SELECT:
        return insert_runs(engine, statement->text) ? LEAVE_IT : RUN_IT;
    default:
        return REFUSE_IT;
    }
}

static enum err refuse(const struct statement *statement, struct why *why)
{
    const struct place place = statement->place;
    if (statement->kind == STATEMENT_CREATE_CONNECTOR)
        return why_set_at(
            why, ERR_EXISTS, place.line, place.column,
            "the connector '%.*s' runs already, from another statement: DROP it first",
            STR_ARGS(statement->name));
    if (statement->kind == STATEMENT_CREATE_STREAM || statement->kind == STATEMENT_CREATE_TABLE ||
        statement->kind == STATEMENT_CREATE_STREAM_AS ||
        statement->kind == STATEMENT_CREATE_TABLE_AS)
        return why_set_at(why, ERR_EXISTS, place.line, place.column,
                          "'%.*s' runs already, from another statement: say CREATE OR REPLACE to "
                          "change it, or DROP it first",
                          STR_ARGS(statement->name));
    if (statement->kind == STATEMENT_CREATE_TYPE)
        return why_set_at(why, ERR_EXISTS, place.line, place.column,
                          "type '%.*s' is there already, and is another: DROP it first",
                          STR_ARGS(statement->name));
    return why_set_at(why, ERR_INVALID, place.line, place.column,
                      "only CREATE, INSERT INTO ... SELECT, SET and DEFINE belong in a pipeline's "
                      "files; use 'drivethru run' for others");
}

static enum err judge_it(struct execution *execution, bool *ret_leave)
{
    const enum verdict verdict = judge(execution->engine, execution->statement);
    *ret_leave = verdict == LEAVE_IT;
    return verdict == REFUSE_IT ? refuse(execution->statement, execution->why) : OK;
}

enum err engine_apply(struct engine *engine, struct str file_name, struct str text,
                      engine_answer *on_answer, void *context, struct why *why)
{
    struct arena arena;
    struct session session;
    struct statement *statements;
    uint32_t count = 0;
    arena_init(&arena, 0);
    session_init(&session, &arena);
    enum err err = sql_parse(text, &session.variables, &arena, &statements, &count, why);
    pthread_mutex_lock(&engine->lock);
    for (uint32_t i = 0; err == OK && i < count; i++) {
        struct execution execution = {.engine = engine,
                                      .session = &session,
                                      .statement = &statements[i],
                                      .catalog = catalog_view(engine, &session),
                                      .arena = &arena,
                                      .on_answer = on_answer,
                                      .context = context,
                                      .why = why,
                                      .judge = judge_it};
        if (why)
            why->line = 0;
        err = execute_in_turn(&execution);
        if (err && why && why->line == 0) {
            why->line = statements[i].place.line;
            why->column = statements[i].place.column;
        }
    }
    pthread_mutex_unlock(&engine->lock);
    connectors_tell(engine);
    arena_release(&arena);
    if (err)
        why_place(why, file_name.data);
    return err;
}
