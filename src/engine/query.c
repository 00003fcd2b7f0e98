/* query.c -- persistent queries: made, replaced, started again, terminated.
 *
 * A new query is started before its command is kept, so that one which cannot run is refused; but
 * it is held until then, and leaves nothing behind when another process was faster. */
#include "base/memory.h"
#include "base/trace.h"
#include "engine/state.h"

#define QUERY_PREFIX_BYTES_MAX 511

static struct running *running_new(void)
{
    struct running *query = MEMORY_NEW(struct running);
    arena_init(&query->arena, 0);
    return query;
}

static void running_free(struct running *query)
{
    if (!query)
        return;
    arena_release(&query->arena);
    free(query);
}

struct running *query_find(struct engine *engine, struct str id)
{
    for (uint32_t i = 0; i < engine->query_count; i++)
        if (str_equal_nocase(engine->queries[i]->id, id))
            return engine->queries[i];
    return NULL;
}

static struct running *query_of_sink(struct engine *engine, struct str sink)
{
    const struct catalog_entry *entry = catalog_find(engine, sink);
    return entry && entry->source.query.size > 0 ? query_find(engine, entry->source.query) : NULL;
}

static void query_remove(struct engine *engine, struct running *query)
{
    for (uint32_t i = 0; i < engine->query_count; i++) {
        if (engine->queries[i] != query)
            continue;
        engine->queries[i] = engine->queries[--engine->query_count];
        running_free(query);
        return;
    }
    must_not_reach();
}

enum err query_stop(struct engine *engine, struct running *query, bool forget, struct str topic,
                    struct why *why)
{
    const bool later = engine->follower != NULL;
    enum err err = OK;
    if (query->flow)
        err = flow_stop(query->flow, forget && !later, why);
    if (err == OK && forget && later)
        follower_forget(engine, query->id, topic);
    if (err == OK && forget && !later && topic.size > 0)
        err = log_remove(engine->options.log, topic, why);
    if (err)
        return err;
    query_remove(engine, query);
    return OK;
}

void queries_release(struct engine *engine)
{
    if (engine->flow)
        flow_hold(engine->flow, true);
    while (engine->query_count > 0) {
        struct running *query = engine->queries[engine->query_count - 1];
        if (query->flow && flow_stop(query->flow, false, NULL) != OK)
            trace(TRACE_WARNING, "engine", "query %.*s did not stop cleanly", STR_ARGS(query->id));
        query_remove(engine, query);
    }
}

static struct str query_id(struct execution *execution, const struct plan *plan,
                           struct arena *arena)
{
    const long long number = (long long)execution->engine->next_number;
    if (plan->query_name.size > 0)
        return arena_str(arena, plan->query_name);
    if (!plan->creates_sink)
        return arena_printf(arena, "INSERTQUERY_%lld", number);
    return arena_printf(arena, "%s_%.*s_%lld", plan->sink->kind == SOURCE_STREAM ? "CSAS" : "CTAS",
                        STR_ARGS(plan->sink->name), number);
}

/* Parses and plans the statement once more, into memory that lives as long as the query. */
static enum err plan_again(struct execution *execution, struct running *query)
{
    struct statement *statements;
    uint32_t count;
    query->sql = arena_str(&query->arena, execution->statement->text);
    properties_init(&query->settings, &query->arena);
    properties_copy(&query->settings, &execution->session->settings);
    enum err err = sql_parse(query->sql, NULL, &query->arena, &statements, &count, execution->why);
    if (err)
        return err;
    must(count == 1);
    return sql_plan_query(&statements[0], &execution->catalog, &query->arena, &query->plan,
                          execution->why);
}

/* What WITH does not say of the topic is as at the left-most source's. */
static enum err ensure_sink_topic(struct execution *execution, const struct plan *plan)
{
    struct engine *engine = execution->engine;
    struct log_topic_config wish = {
        .partition_count = plan->partition_count,
        .replica_count = plan->replica_count,
        .retention_ms = plan->retention_ms,
        .compacted = plan->sink->kind == SOURCE_TABLE && plan->sink->format.window == WINDOW_NONE,
    };
    struct log_topic *topic;
    if (!plan->creates_sink)
        return OK;
    /* A topic that is there stays as it is. */
    if (log_topic_open(engine->options.log, plan->sink->format.topic, &topic) != OK) {
        must(plan->source_count > 0);
        const struct str first = catalog_find(engine, plan->sources[0])->source.format.topic;
        struct log_topic_info info;
        const enum err err =
            log_describe(engine->options.log, first, execution->arena, &info, NULL);
        if (err)
            return why_set(execution->why, err, "no topic '%.*s'", STR_ARGS(first));
        if (wish.partition_count == 0)
            wish.partition_count = info.config.partition_count;
        if (wish.replica_count == 0)
            wish.replica_count = info.config.replica_count;
        if (wish.retention_ms == 0 && !wish.compacted)
            wish.retention_ms = info.config.retention_ms;
    }
    return topic_ensure(engine, plan->sink->format.topic, &wish, false, execution->why);
}

struct str query_prefix(const struct engine *engine, struct str id, struct arena *arena)
{
    return arena_printf(arena, "_confluent-ksql-%.*squery_%.*s-",
                        STR_ARGS(engine->options.service_id), STR_ARGS(id));
}

/* stays: it ran before, and is there even if it cannot go on. */
static enum err query_start(struct engine *engine, struct running *query, bool stays,
                            struct why *why)
{
    struct str prefix = query_prefix(engine, query->id, &query->arena);
    if (prefix.size > QUERY_PREFIX_BYTES_MAX)
        return why_set(why, ERR_LIMIT, "query id '%.*s' is too long", STR_ARGS(query->id));
    const struct str reset =
        setting_get(engine, &query->settings, STR("auto.offset.reset"), STR("latest"));
    const struct str throws =
        setting_get(engine, &query->settings, STR("timestamp.throw.on.invalid"), STR("false"));
    const struct flow_query_options options = {
        .id = query->id,
        .internal_prefix = prefix,
        .dead_letter_topic = STR(ENGINE_DEAD_LETTER_TOPIC),
        .from_earliest = str_equal_nocase(reset, STR("earliest")),
        .stops_at_bad_time = str_equal_nocase(throws, STR("true")),
        .stays = stays,
    };
    const enum err err = flow_start(engine->flow, query->plan, &options, &query->flow, why);
    if (err == OK && query->paused)
        flow_pause(query->flow, true);
    return err;
}

/* Whether rows that `before` kept mean the same to `after`: the same state in the same shape. */
static bool node_state_same(const struct plan_node *before, const struct plan_node *after)
{
    if (!before || !after)
        return before == after;
    if (before->kind != after->kind ||
        before->row_type->column_count != after->row_type->column_count)
        return false;
    if (before->kind == NODE_AGGREGATE) {
        if (before->aggregate_count != after->aggregate_count || before->window != after->window ||
            before->window_size_ms != after->window_size_ms ||
            before->window_advance_ms != after->window_advance_ms)
            return false;
        for (uint32_t i = 0; i < before->aggregate_count; i++)
            if (!type_equal(before->aggregates[i].aggregate->state_type,
                            after->aggregates[i].aggregate->state_type) ||
                !str_equal(before->aggregates[i].aggregate->name,
                           after->aggregates[i].aggregate->name))
                return false;
    }
    if (before->kind == NODE_STREAM_JOIN &&
        (before->before_ms != after->before_ms || before->after_ms != after->after_ms ||
         before->grace_ms != after->grace_ms || before->join != after->join))
        return false;
    for (uint32_t i = 0; i < before->row_type->column_count; i++)
        if (!type_equal(before->row_type->columns[i].type, after->row_type->columns[i].type))
            return false;
    return node_state_same(before->inputs[0], after->inputs[0]) &&
           node_state_same(before->inputs[1], after->inputs[1]);
}

static bool has_state(const struct plan_node *node)
{
    if (!node)
        return false;
    return node_keeps_state(node->kind) || has_state(node->inputs[0]) || has_state(node->inputs[1]);
}

/* Skips the stateless nodes on top: those may change freely. */
static const struct plan_node *top_state(const struct plan_node *node)
{
    while (node && !node_keeps_state(node->kind))
        node = node->inputs[0];
    return node;
}

static bool plan_state_same(const struct plan *before, const struct plan *after)
{
    if (before->stage_count != after->stage_count)
        return false;
    for (uint32_t i = 0; i < before->stage_count; i++) {
        const struct plan_stage *a = &before->stages[i];
        const struct plan_stage *b = &after->stages[i];
        if (a->input_count != b->input_count || a->branch_count != b->branch_count)
            return false;
        for (uint32_t j = 0; j < a->input_count; j++)
            if (!str_equal(a->inputs[j].format.topic, b->inputs[j].format.topic))
                return false;
        for (uint32_t j = 0; j < a->branch_count; j++) {
            const bool state = has_state(a->branches[j].root);
            if (state != has_state(b->branches[j].root))
                return false;
            if (state &&
                !node_state_same(top_state(a->branches[j].root), top_state(b->branches[j].root)))
                return false;
        }
    }
    return true;
}

/* A replacement may add columns at the end, nothing else. */
static enum err check_replacement(struct execution *execution, const struct source *old,
                                  const struct running *before, const struct plan *after)
{
    const struct row_type *a = old->format.row_type;
    const struct row_type *b = after->sink->format.row_type;
    const struct place place = execution->statement->name_place;
    bool same = a->column_count <= b->column_count && old->kind == after->sink->kind;
    for (uint32_t i = 0; same && i < a->column_count; i++)
        same = str_equal(a->columns[i].name, b->columns[i].name) &&
               type_equal(a->columns[i].type, b->columns[i].type) &&
               a->columns[i].role == b->columns[i].role;
    if (!same)
        return why_set_at(execution->why, ERR_INCOMPATIBLE, place.line, place.column,
                          "cannot replace '%.*s': its columns may only be added to at the end",
                          STR_ARGS(old->name));
    if (!plan_state_same(before->plan, after))
        return why_set_at(execution->why, ERR_INCOMPATIBLE, place.line, place.column,
                          "cannot replace '%.*s': what query %.*s keeps would mean something else; "
                          "drop it and create it anew",
                          STR_ARGS(old->name), STR_ARGS(before->id));
    return OK;
}

static enum err existing_sink(struct execution *execution, const struct plan *plan,
                              struct running **ret_old, bool *ret_done)
{
    const struct statement *statement = execution->statement;
    const struct place place = statement->name_place;
    struct catalog_entry *entry = catalog_find(execution->engine, plan->sink->name);
    *ret_old = NULL;
    *ret_done = false;
    if (!entry)
        return OK;
    if (statement->if_not_exists) {
        answer_message(execution, STR(""), "%.*s exists already", STR_ARGS(plan->sink->name));
        *ret_done = true;
        return OK;
    }
    if (!statement->or_replace)
        return why_set_at(
            execution->why, ERR_EXISTS, place.line, place.column, "a %s '%.*s' exists already",
            entry->source.kind == SOURCE_STREAM ? "stream" : "table", STR_ARGS(plan->sink->name));
    struct running *old = query_of_sink(execution->engine, plan->sink->name);
    if (!old)
        return why_set_at(execution->why, ERR_INVALID, place.line, place.column,
                          "cannot replace '%.*s': no query writes it", STR_ARGS(plan->sink->name));
    if (str_equal(old->sql, statement->text)) {
        answer_message(execution, old->id, "query %.*s runs as it is", STR_ARGS(old->id));
        *ret_done = true;
        return OK;
    }
    *ret_old = old;
    return check_replacement(execution, &entry->source, old, plan);
}

/* It could not be replaced: goes on as it was. */
static void restart(struct engine *engine, struct running *old)
{
    struct why why = {0};
    if (query_start(engine, old, true, &why) != OK)
        trace(TRACE_ERROR, "engine", "query %.*s, which was to be replaced, does not run: %s",
              STR_ARGS(old->id), why.text);
}

/* Starts it, in place of `old` if that is not NULL, and keeps the statement; neither if one of the
 * two fails. Nothing is read meanwhile. */
static enum err start_and_keep(struct execution *execution, struct running *old,
                               struct running *query)
{
    struct engine *engine = execution->engine;
    enum err err = engine->following ? OK : ensure_sink_topic(execution, query->plan);
    if (err)
        return err;
    flow_hold(engine->flow, true);
    if (old && old->flow) {
        err = flow_stop(old->flow, false, execution->why);
        old->flow = NULL;
    }
    if (err == OK)
        err = query_start(engine, query, engine->following, execution->why);
    if (err == OK)
        err = command_append(execution);
    if (err && query->flow && flow_stop(query->flow, false, NULL) != OK)
        trace(TRACE_WARNING, "engine", "query %.*s did not stop", STR_ARGS(query->id));
    if (err && old)
        restart(engine, old);
    flow_hold(engine->flow, false);
    return err;
}

static enum err run_query(struct execution *execution, struct running *old, struct running *query)
{
    struct engine *engine = execution->engine;
    if (!old && engine->query_count == ENGINE_QUERIES_MAX)
        return why_set(execution->why, ERR_LIMIT, "%d queries run already", ENGINE_QUERIES_MAX);
    if (query->plan->creates_sink) {
        query->plan->sink->query = query->id;
        query->plan->sink->sql = query->sql;
    }
    const enum err err = engine->replaying ? OK : start_and_keep(execution, old, query);
    if (err)
        return err;
    if (old)
        query_remove(engine, old);
    if (query->plan->creates_sink)
        catalog_put(engine, query->plan->sink);
    engine->queries[engine->query_count++] = query;
    return OK;
}

enum err execute_create_query(struct execution *execution)
{
    struct engine *engine = execution->engine;
    struct plan *checked;
    struct running *old = NULL;
    bool done = false;
    enum err err = sql_plan_query(execution->statement, &execution->catalog, execution->arena,
                                  &checked, execution->why);
    if (err == OK && checked->creates_sink)
        err = existing_sink(execution, checked, &old, &done);
    if (err || done)
        return err;
    struct running *query = running_new();
    err = plan_again(execution, query);
    if (err)
        goto out;
    query->id =
        old ? arena_str(&query->arena, old->id) : query_id(execution, query->plan, &query->arena);
    query->sink = query->plan->sink->name;
    if (!old && query_find(engine, query->id))
        err = why_set(execution->why, ERR_EXISTS, "a query '%.*s' exists already",
                      STR_ARGS(query->id));
    if (err == OK)
        err = run_query(execution, old, query);
    if (err)
        goto out;
    answer_message(execution, query->id, "created query with id %.*s", STR_ARGS(query->id));
    return OK;
out:
    running_free(query);
    return err;
}

enum err queries_start(struct engine *engine, struct why *why)
{
    enum err err = OK;
    flow_hold(engine->flow, true);
    for (uint32_t i = 0; err == OK && i < engine->query_count; i++) {
        err = query_start(engine, engine->queries[i], true, why);
        if (err)
            why_prefix(why, "cannot start query %.*s", STR_ARGS(engine->queries[i]->id));
    }
    flow_hold(engine->flow, false);
    return err;
}

enum err execute_terminate(struct execution *execution)
{
    struct engine *engine = execution->engine;
    const struct statement *statement = execution->statement;
    const bool all = statement->name.size == 0;
    if (!all && !query_find(engine, statement->name)) {
        struct str names[ENGINE_QUERIES_MAX];
        for (uint32_t i = 0; i < engine->query_count; i++)
            names[i] = engine->queries[i]->id;
        const struct str near = str_nearest(statement->name, names, engine->query_count);
        return why_set_at(
            execution->why, ERR_NOT_FOUND, statement->name_place.line, statement->name_place.column,
            near.size > 0 ? "no query '%.*s', did you mean '%.*s'?" : "no query '%.*s'%.*s",
            STR_ARGS(statement->name), STR_ARGS(near));
    }
    enum err err = command_append(execution);
    for (uint32_t i = engine->query_count; err == OK && i-- > 0;) {
        struct running *query = engine->queries[i];
        if (!all && !str_equal_nocase(query->id, statement->name))
            continue;
        const struct str id = arena_str(execution->arena, query->id);
        err = query_stop(engine, query, !engine->following, STR(""), execution->why);
        if (err == OK)
            answer_message(execution, id, "query %.*s terminated", STR_ARGS(id));
    }
    return err;
}

enum err execute_pause(struct execution *execution)
{
    struct engine *engine = execution->engine;
    const struct statement *statement = execution->statement;
    const bool paused = statement->kind == STATEMENT_PAUSE;
    const bool all = statement->name.size == 0;
    if (!all && !query_find(engine, statement->name))
        return why_set_at(execution->why, ERR_NOT_FOUND, statement->name_place.line,
                          statement->name_place.column, "no query '%.*s'",
                          STR_ARGS(statement->name));
    const enum err err = command_append(execution);
    if (err)
        return err;
    for (uint32_t i = 0; i < engine->query_count; i++) {
        struct running *query = engine->queries[i];
        if (!all && !str_equal_nocase(query->id, statement->name))
            continue;
        query->paused = paused;
        if (query->flow)
            flow_pause(query->flow, paused);
        answer_message(execution, query->id, "query %.*s %s", STR_ARGS(query->id),
                       paused ? "paused" : "resumed");
    }
    return OK;
}
