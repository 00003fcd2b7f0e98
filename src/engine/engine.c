/* engine.c -- opens, executes texts statement by statement, closes. */
#include "base/memory.h"
#include "base/trace.h"
#include "engine/state.h"

/* Another process may be running it all. */
static enum err open_catalog(struct engine *engine, struct why *why)
{
    struct log_topic *topic;
    const struct str name = arena_printf(&engine->arena, "_confluent-ksql-%.*s_command_topic",
                                         STR_ARGS(engine->options.service_id));
    if (log_topic_open(engine->options.log, name, &topic) == ERR_NOT_FOUND)
        return OK;
    const enum err err = command_topic_open(engine, why);
    return err ? err : command_replay(engine, why);
}

static enum err writer_join(struct engine *engine, struct why *why)
{
    const struct log_member_options writer = {.name = STR("engine"), .committed_only = true};
    return log_join(engine->options.log, &writer, &engine->writer, why);
}

/* Others' failed commits end the writer's membership, too: it joins again. */
enum err writer_commit(struct engine *engine, const struct log_step *step, int64_t timeout_ms,
                       bool *ret_taken)
{
    enum err err = log_commit_wait(engine->writer, step, timeout_ms, ret_taken);
    for (int again = 0; err == ERR_ABORTED && again < 2; again++) {
        struct log_member *before = engine->writer;
        if (writer_join(engine, NULL) != OK)
            return err;
        log_leave(before);
        if (*ret_taken)
            return err; /* whoever asked has to say whether once more is right */
        err = log_commit_wait(engine->writer, step, timeout_ms, ret_taken);
    }
    return err;
}

static enum err open_inside(struct engine *engine, struct why *why)
{
    enum err err = writer_join(engine, why);
    if (err)
        return err;
    const struct str cache =
        setting_get(engine, NULL, STR("cache.max.bytes.buffering"), STR("10000000"));
    const struct flow_options flow = {
        .log = engine->options.log,
        .registry = engine->options.registry,
        .thread_count = engine->options.thread_count > 0 ? engine->options.thread_count : 1,
        .batch_rows = engine->options.batch_rows,
        .memory_max = engine->options.memory_max,
        .emit_every_change = str_equal(cache, STR("0")),
        .window_directory = engine->options.window_directory,
    };
    err = flow_open(&flow, &engine->flow, why);
    if (err)
        return err;
    if (engine->options.catalog_only)
        return open_catalog(engine, why);
    /* Kept until somebody drops them: their time is that of the original, which may be old. */
    err = topic_ensure(engine, STR(ENGINE_DEAD_LETTER_TOPIC),
                       &(struct log_topic_config){.partition_count = 1}, false, why);
    if (err || !engine->options.interactive)
        return err;
    err = command_topic_open(engine, why);
    if (err == OK)
        err = command_replay(engine, why);
    if (err == OK && engine->options.shared)
        err = peers_open(engine, why);
    if (err == OK)
        err = queries_start(engine, why);
    if (err == OK && engine->options.shared)
        err = follower_start(engine, why);
    return err;
}

enum err engine_open(const struct engine_options *options, struct engine **ret_engine,
                     struct why *why)
{
    must(options != NULL);
    must(options->log != NULL);
    must(options->registry != NULL);
    struct engine *engine = MEMORY_NEW(struct engine);
    arena_init(&engine->arena, 0);
    properties_init(&engine->settings, &engine->arena);
    engine->options = *options;
    engine->command_number = -1;
    engine->options.service_id = arena_str(&engine->arena, options->service_id);
    engine->options.instance = arena_str(&engine->arena, options->instance);
    if (options->settings)
        properties_copy(&engine->settings, options->settings);
    pthread_mutex_init(&engine->lock, NULL);
    const enum err err = open_inside(engine, why);
    if (err) {
        engine_close(engine);
        return err;
    }
    *ret_engine = engine;
    return OK;
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    follower_stop(engine);
    peers_close(engine);
    queries_release(engine);
    flow_close(engine->flow);
    log_leave(engine->writer);
    catalog_release(engine);
    connectors_release(engine);
    pthread_mutex_destroy(&engine->lock);
    arena_release(&engine->arena);
    free(engine);
}

struct str engine_service_id(const struct engine *engine)
{
    return engine->options.service_id;
}

void engine_interrupt(struct engine *engine)
{
    atomic_fetch_add(&engine->interrupts, 1);
}

bool is_interrupted(const struct execution *execution)
{
    return atomic_load(&execution->session->interrupted) ||
           atomic_load(&execution->engine->interrupts) != execution->interrupts;
}

void answer_text(struct execution *execution, struct str text, const struct described *described)
{
    const struct answer answer = {.kind = ANSWER_TEXT, .text = text, .described = described};
    (void)execution->on_answer(execution->context, execution->statement, &answer);
}

void answer_message(struct execution *execution, struct str query_id, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const struct str text = arena_vprintf(execution->arena, format, arguments);
    va_end(arguments);
    const struct answer answer = {.kind = ANSWER_MESSAGE,
                                  .text = text,
                                  .query_id = query_id,
                                  .command_number = execution->engine->command_number};
    (void)execution->on_answer(execution->context, execution->statement, &answer);
}

/* One row a kind of statement: who executes it. */
enum err execute_statement(struct execution *execution)
{
    switch (execution->statement->kind) {
    case STATEMENT_CREATE_STREAM:
    case STATEMENT_CREATE_TABLE:
        return execute_create_source(execution);
    case STATEMENT_CREATE_STREAM_AS:
    case STATEMENT_CREATE_TABLE_AS:
    case STATEMENT_INSERT_SELECT:
        return execute_create_query(execution);
    case STATEMENT_INSERT_VALUES:
        return execute_insert_values(execution);
    case STATEMENT_SELECT:
        return execution->statement->emit ? execute_push(execution) : execute_pull(execution);
    case STATEMENT_DROP_STREAM:
    case STATEMENT_DROP_TABLE:
        return execute_drop(execution);
    case STATEMENT_CREATE_TYPE:
        return execute_create_type(execution);
    case STATEMENT_DROP_TYPE:
        return execute_drop_type(execution);
    case STATEMENT_CREATE_CONNECTOR:
        return execute_create_connector(execution);
    case STATEMENT_DROP_CONNECTOR:
        return execute_drop_connector(execution);
    case STATEMENT_PAUSE_CONNECTOR:
    case STATEMENT_RESUME_CONNECTOR:
        return execute_pause_connector(execution);
    case STATEMENT_SHOW_CONNECTORS:
        execute_show_connectors(execution);
        return OK;
    case STATEMENT_DESCRIBE_CONNECTOR:
        return execute_describe_connector(execution);
    case STATEMENT_TERMINATE:
        return execute_terminate(execution);
    case STATEMENT_PAUSE:
    case STATEMENT_RESUME:
        return execute_pause(execution);
    case STATEMENT_SET:
    case STATEMENT_UNSET:
    case STATEMENT_DEFINE:
    case STATEMENT_UNDEFINE:
        return execute_setting(execution);
    case STATEMENT_SHOW_STREAMS:
    case STATEMENT_SHOW_TABLES:
    case STATEMENT_SHOW_TOPICS:
    case STATEMENT_SHOW_QUERIES:
    case STATEMENT_SHOW_FUNCTIONS:
    case STATEMENT_SHOW_TYPES:
    case STATEMENT_SHOW_PROPERTIES:
    case STATEMENT_SHOW_VARIABLES:
        return execute_show(execution);
    case STATEMENT_DESCRIBE:
    case STATEMENT_DESCRIBE_FUNCTION:
        return execute_describe(execution);
    case STATEMENT_EXPLAIN:
        return execute_explain(execution);
    case STATEMENT_PRINT:
        return execute_print(execution);
    }
    must_not_reach();
}

/* Statements that answer for as long as the client listens run without the lock. */
static bool is_streaming(const struct statement *statement)
{
    return (statement->kind == STATEMENT_SELECT && statement->emit) ||
           statement->kind == STATEMENT_PRINT;
}

enum err engine_execute(struct engine *engine, struct session *session, struct str text,
                        engine_answer *on_answer, void *context, struct why *why)
{
    struct arena arena;
    struct statement *statements;
    uint32_t count;
    arena_init(&arena, 0);
    const unsigned interrupts = atomic_load(&engine->interrupts);
    enum err err = sql_parse(text, &session->variables, &arena, &statements, &count, why);
    for (uint32_t i = 0; err == OK && i < count; i++) {
        const bool streaming = is_streaming(&statements[i]);
        if (!streaming)
            pthread_mutex_lock(&engine->lock);
        struct execution execution = {.engine = engine,
                                      .session = session,
                                      .statement = &statements[i],
                                      .catalog = catalog_view(engine, session),
                                      .arena = &arena,
                                      .on_answer = on_answer,
                                      .context = context,
                                      .why = why,
                                      .interrupts = interrupts};
        if (why)
            why->line = 0;
        err = streaming ? execute_statement(&execution) : execute_in_turn(&execution);
        if (!streaming)
            pthread_mutex_unlock(&engine->lock);
        connectors_tell(engine);
        if (err && why && why->line == 0) {
            why->line = statements[i].place.line;
            why->column = statements[i].place.column;
        }
    }
    arena_release(&arena);
    return err;
}

enum err engine_wait_idle(struct engine *engine, int64_t timeout_ms)
{
    return flow_wait_idle(engine->flow, timeout_ms);
}

void engine_queries(struct engine *engine, struct arena *arena, struct engine_query **ret_queries,
                    uint32_t *ret_count)
{
    pthread_mutex_lock(&engine->lock);
    const uint32_t count = engine->query_count;
    struct engine_query *queries = ARENA_ARRAY(arena, struct engine_query, count + 1);
    struct flow_query **flows = ARENA_ARRAY(arena, struct flow_query *, count + 1);
    struct flow_status *statuses = ARENA_ARRAY(arena, struct flow_status, count + 1);
    for (uint32_t i = 0; i < count; i++)
        flows[i] = engine->queries[i]->flow;
    flow_get_statuses(flows, count, arena, statuses);
    for (uint32_t i = 0; i < count; i++) {
        queries[i].id = arena_str(arena, engine->queries[i]->id);
        queries[i].sql = arena_str(arena, engine->queries[i]->sql);
        queries[i].sink = arena_str(arena, engine->queries[i]->sink);
        queries[i].status = statuses[i];
    }
    *ret_queries = queries;
    *ret_count = count;
    pthread_mutex_unlock(&engine->lock);
}

enum err engine_source(struct engine *engine, struct str name, struct arena *arena,
                       struct source *ret_source)
{
    pthread_mutex_lock(&engine->lock);
    const struct catalog_entry *entry = catalog_find(engine, name);
    if (entry)
        source_copy(arena, &entry->source, ret_source);
    pthread_mutex_unlock(&engine->lock);
    return entry ? OK : ERR_NOT_FOUND;
}

enum err engine_source_of_topic(struct engine *engine, struct str topic, struct arena *arena,
                                struct source *ret_source)
{
    pthread_mutex_lock(&engine->lock);
    const struct catalog_entry *entry = catalog_find_topic(engine, topic);
    if (entry)
        source_copy(arena, &entry->source, ret_source);
    pthread_mutex_unlock(&engine->lock);
    return entry ? OK : ERR_NOT_FOUND;
}

enum err engine_view_topic(struct engine *engine, struct str topic, struct arena *arena,
                           struct viewer **ret_viewer, struct why *why)
{
    struct source *source = ARENA_NEW(arena, struct source);
    const enum err err = engine_source_of_topic(engine, topic, arena, source);
    return viewer_new(err ? NULL : &source->format, engine->options.registry, ret_viewer, why);
}
