/* query.c -- starting and stopping a query: its internal topics, its tasks, their workers. */
#include "flow/query.h"

#include "base/memory.h"
#include "flow/lows.h"
#include "flow/places.h"

#include <inttypes.h>

struct add_question {
    struct flow_query *query;
    enum err err;
    struct why *why;
};

static struct flow_query *query_new(struct flow *flow, const struct plan *plan,
                                    const struct flow_query_options *options);
static void query_free(struct flow_query *query);
static enum err make_topics(struct flow_query *query, struct why *why);
static enum err make_topic(struct flow_query *query, const struct plan_stage *stage,
                           const struct plan_output *output, struct why *why);
static enum err place_tasks(struct flow_query *query, struct why *why);
static enum err stage_partitions(struct flow_query *query, const struct plan_stage *stage,
                                 bool must_agree, int32_t *ret_count, struct why *why);
static bool act_add(struct worker *worker, void *context);
static bool act_remove(struct worker *worker, void *context);
static bool act_nothing(struct worker *worker, void *context);

enum err flow_start(struct flow *flow, const struct plan *plan,
                    const struct flow_query_options *options, struct flow_query **ret_query,
                    struct why *why)
{
    must(plan->stage_count > 0);
    must(options->id.size > 0);
    if (flow->query_count == FLOW_QUERIES_MAX)
        return why_set(why, ERR_LIMIT, "more than %d queries", FLOW_QUERIES_MAX);
    struct flow_query *query = query_new(flow, plan, options);
    query->says_lows = lows_are_free(query);
    enum err err = make_topics(query, why);
    if (err == OK)
        err = place_tasks(query, why);
    if (err != OK && options->stays) {
        query->task_count = 0;
        query_fail(query, err, why);
        err = OK;
    }
    if (err == OK)
        err = places_join(query, why);
    struct add_question question = {.query = query, .err = err, .why = why};
    for (uint32_t i = 0; i < flow->worker_count && question.err == OK; i++)
        worker_ask(flow->workers[i], act_add, &question);
    err = question.err;
    if (err != OK) {
        for (uint32_t i = 0; i < flow->worker_count; i++)
            worker_ask(flow->workers[i], act_remove, query);
        places_leave(query);
        query_free(query);
        return err;
    }
    flow->queries[flow->query_count++] = query;
    *ret_query = query;
    return OK;
}

enum err flow_stop(struct flow_query *query, bool forgets, struct why *why)
{
    struct flow *flow = query->flow;
    for (uint32_t i = 0; i < flow->worker_count; i++)
        worker_ask(flow->workers[i], act_remove, query);
    places_leave(query);
    const enum err err = forgets ? flow_forget(flow, query->id, query->internal_prefix, why) : OK;
    for (uint32_t i = 0; i < flow->query_count; i++) {
        if (flow->queries[i] == query) {
            flow->queries[i] = flow->queries[--flow->query_count];
            break;
        }
    }
    query_free(query);
    return err;
}

void flow_pause(struct flow_query *query, bool paused)
{
    atomic_store(&query->paused, paused);
    for (uint32_t i = 0; i < query->flow->worker_count; i++)
        worker_ask(query->flow->workers[i], act_nothing, NULL);
}

bool flow_is_paused(const struct flow_query *query)
{
    return atomic_load(&query->paused);
}

void flow_hold(struct flow *flow, bool held)
{
    atomic_store(&flow->held, held);
    for (uint32_t i = 0; i < flow->worker_count; i++)
        worker_ask(flow->workers[i], act_nothing, NULL);
}

void query_fail(struct flow_query *query, enum err err, const struct why *why)
{
    pthread_mutex_lock(&query->why_lock);
    if (!query_failed(query)) {
        if (why && why->text[0] != '\0')
            query->why = *why;
        else
            (void)why_set(&query->why, err, "%s", err_text(err));
        atomic_store(&query->state, FLOW_ERROR);
        atomic_fetch_add(&query->flow->failed_count, 1);
    }
    pthread_mutex_unlock(&query->why_lock);
}

struct str query_task_name(const struct flow_query *query, const struct query_task *place,
                           struct arena *arena)
{
    return arena_printf(arena, "%.*s/%" PRIu32 "/%" PRId32, STR_ARGS(query->id), place->stage,
                        place->partition);
}

struct str query_internal_topic(const struct flow_query *query, struct str suffix,
                                struct arena *arena)
{
    return arena_printf(arena, "%.*s%.*s", STR_ARGS(query->internal_prefix), STR_ARGS(suffix));
}

struct str query_input_topic(const struct flow_query *query, const struct plan_input *input,
                             struct arena *arena)
{
    if (input->is_internal)
        return query_internal_topic(query, input->format.topic, arena);
    return input->format.topic;
}

static struct flow_query *query_new(struct flow *flow, const struct plan *plan,
                                    const struct flow_query_options *options)
{
    struct flow_query *query = MEMORY_NEW(struct flow_query);
    arena_init(&query->arena, 0);
    query->flow = flow;
    query->plan = plan;
    query->id = arena_str(&query->arena, options->id);
    query->internal_prefix = arena_str(&query->arena, options->internal_prefix);
    query->dead_letter_topic = arena_str(&query->arena, options->dead_letter_topic);
    query->from_earliest = options->from_earliest;
    query->stops_at_bad_time = options->stops_at_bad_time;
    query->stays = options->stays;
    query->feed = options->feed;
    query->feed_context = options->feed_context;
    atomic_store(&query->state, FLOW_RUNNING);
    pthread_mutex_init(&query->why_lock, NULL);
    return query;
}

static void query_free(struct flow_query *query)
{
    if (query_failed(query))
        atomic_fetch_sub(&query->flow->failed_count, 1);
    pthread_mutex_destroy(&query->why_lock);
    arena_release(&query->arena);
    free(query);
}

static enum err make_topics(struct flow_query *query, struct why *why)
{
    for (uint32_t i = 0; i < query->plan->stage_count; i++) {
        const struct plan_stage *stage = &query->plan->stages[i];
        for (uint32_t j = 0; j < stage->branch_count; j++) {
            const struct plan_output *output = &stage->branches[j].output;
            if (output->kind != OUTPUT_INTERNAL)
                continue;
            const enum err err = make_topic(query, stage, output, why);
            if (err != OK)
                return err;
        }
    }
    return OK;
}

static enum err make_topic(struct flow_query *query, const struct plan_stage *stage,
                           const struct plan_output *output, struct why *why)
{
    struct log *log = query->flow->options.log;
    const struct str name = query_internal_topic(query, output->format.topic, &query->arena);
    int32_t count = output->partition_count;
    if (count == 0) {
        const enum err err = stage_partitions(query, stage, false, &count, why);
        if (err != OK)
            return err;
    }
    const struct log_topic_config config = {
        .partition_count = count, .internal = true, .retention_ms = -1, .retention_bytes = -1};
    /* Of an earlier start, or another process's: both are found sooner than made in vain. */
    struct log_topic *topic;
    if (log_topic_open(log, name, &topic) != OK) {
        const enum err err = log_create(log, name, &config, why);
        if (err != ERR_EXISTS)
            return err;
    }
    if (log_topic_open(log, name, &topic) != OK || topic->partition_count != count ||
        !topic->internal)
        return why_set(why, ERR_EXISTS, "topic '%.*s' exists and is another's", STR_ARGS(name));
    return OK;
}

static enum err place_tasks(struct flow_query *query, struct why *why)
{
    const struct plan *plan = query->plan;
    struct flow *flow = query->flow;
    int32_t *counts = ARENA_ARRAY(&query->arena, int32_t, plan->stage_count);
    struct log_topic **topics = ARENA_ARRAY(&query->arena, struct log_topic *, plan->stage_count);
    for (uint32_t i = 0; i < plan->stage_count; i++) {
        const struct plan_stage *stage = &plan->stages[i];
        struct log_topic *topic;
        const struct str name = query_input_topic(query, &stage->inputs[0], &query->arena);
        enum err err = log_topic_open(flow->options.log, name, &topic);
        if (err != OK)
            return why_set(why, err, "cannot open topic '%.*s': %s", STR_ARGS(name), err_text(err));
        topics[i] = topic;
        counts[i] = 1;
        if (!stage->gathers) {
            err = stage_partitions(query, stage, true, &counts[i], why);
            if (err != OK)
                return err;
        }
        query->task_count += (uint32_t)counts[i];
    }
    query->tasks = ARENA_ARRAY(&query->arena, struct query_task, query->task_count);
    uint32_t at = 0;
    for (uint32_t i = 0; i < plan->stage_count; i++)
        for (int32_t partition = 0; partition < counts[i]; partition++, at++)
            query->tasks[at] = (struct query_task){
                .stage = i,
                .partition = partition,
                .partition_count = counts[i],
                .topic = topics[i],
                .worker = flow->workers[(at + flow->query_count) % flow->worker_count]};
    return OK;
}

/* The most partitions of the stage's inputs; must_agree: all have the same number, because rows of
 * one key must meet. */
static enum err stage_partitions(struct flow_query *query, const struct plan_stage *stage,
                                 bool must_agree, int32_t *ret_count, struct why *why)
{
    int32_t count = 0;
    struct str first = {0};
    for (uint32_t i = 0; i < stage->input_count; i++) {
        const struct plan_input *input = &stage->inputs[i];
        const struct str name = query_input_topic(query, input, &query->arena);
        struct log_topic *topic;
        const enum err err = log_topic_open(query->flow->options.log, name, &topic);
        if (err != OK)
            return why_set(why, err, "cannot open topic '%.*s': %s", STR_ARGS(name), err_text(err));
        const struct str shown = input->source.size > 0 ? input->source : name;
        if (must_agree && i > 0 && topic->partition_count != count)
            return why_set(why, ERR_INVALID,
                           "can't join '%.*s' with '%.*s' since the number of partitions don't "
                           "match: %d and %d; please repartition either one so that the number of "
                           "partitions match",
                           STR_ARGS(first), STR_ARGS(shown), count, topic->partition_count);
        if (i == 0)
            first = shown;
        if (topic->partition_count > count)
            count = topic->partition_count;
    }
    must(count > 0);
    *ret_count = count;
    return OK;
}

static bool act_add(struct worker *worker, void *context)
{
    struct add_question *question = context;
    question->err = worker_add_query(worker, question->query, question->why);
    return true;
}

static bool act_remove(struct worker *worker, void *context)
{
    worker_remove_query(worker, context);
    return true;
}

static bool act_nothing(struct worker *worker, void *context)
{
    return true;
}

enum err flow_forget(struct flow *flow, struct str id, struct str internal_prefix, struct why *why)
{
    struct log *log = flow->options.log;
    struct arena arena;
    struct str *names;
    size_t count = 0;
    arena_init(&arena, 0);
    enum err err = log_forget(log, arena_printf(&arena, "%.*s/", STR_ARGS(id)), why);
    if (err == OK && internal_prefix.size > 0)
        err = log_list(log, &arena, &names, &count, why);
    for (size_t i = 0; i < count && err == OK; i++) {
        struct log_topic *topic;
        if (!str_starts_with(names[i], internal_prefix) ||
            log_topic_open(log, names[i], &topic) != OK || !topic->internal)
            continue;
        err = log_remove(log, names[i], why);
        if (err == ERR_NOT_FOUND)
            err = OK;
    }
    arena_release(&arena);
    if (err)
        why_prefix(why, "cannot forget query '%.*s'", STR_ARGS(id));
    return err;
}
