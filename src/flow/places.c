/* places.c -- a query's group: its places as partitions are assigned, revoked and lost. */
#include "flow/places.h"

#include "flow/query.h"

struct end_question {
    struct flow_query *query;
    bool settles;
};

static void on_change(void *context, enum log_group_change change, const struct log_share *shares,
                      uint32_t count);
static bool has_share(const struct query_task *place, const struct log_share *shares,
                      uint32_t count);
static bool act_end(struct worker *worker, void *context);

enum err places_join(struct flow_query *query, struct why *why)
{
    const struct plan *plan = query->plan;
    if (query->feed || query->task_count == 0) {
        for (uint32_t i = 0; i < query->task_count; i++)
            atomic_store(&query->tasks[i].is_ours, true);
        atomic_store(&query->is_placed, true);
        return OK;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->stage_count; i++)
        count += plan->stages[i].input_count;
    struct log_topic **topics = ARENA_ARRAY(&query->arena, struct log_topic *, count);
    uint32_t at = 0;
    for (uint32_t i = 0; i < plan->stage_count; i++)
        for (uint32_t j = 0; j < plan->stages[i].input_count; j++) {
            const struct str name =
                query_input_topic(query, &plan->stages[i].inputs[j], &query->arena);
            const enum err err = log_topic_open(query->flow->options.log, name, &topics[at]);
            if (err != OK)
                return why_set(why, err, "cannot open topic '%.*s': %s", STR_ARGS(name),
                               err_text(err));
            at++;
        }
    const struct log_group_options options = {.name = query->id,
                                              .topics = topics,
                                              .topic_count = count,
                                              .on_change = on_change,
                                              .context = query};
    return log_group_join(query->flow->options.log, &options, &query->group, why);
}

void places_leave(struct flow_query *query)
{
    log_group_leave(query->group);
    query->group = NULL;
}

/* Taken away: no turn begins any more, then the workers end the tasks one after another. */
static void on_change(void *context, enum log_group_change change, const struct log_share *shares,
                      uint32_t count)
{
    struct flow_query *query = context;
    const bool is_assigned = change == LOG_GROUP_ASSIGNED;
    for (uint32_t i = 0; i < query->task_count; i++)
        atomic_store(&query->tasks[i].is_ours,
                     is_assigned && has_share(&query->tasks[i], shares, count));
    atomic_store(&query->is_placed, is_assigned);
    if (is_assigned)
        return;
    struct end_question question = {.query = query, .settles = change == LOG_GROUP_REVOKED};
    for (uint32_t i = 0; i < query->flow->worker_count; i++)
        worker_ask(query->flow->workers[i], act_end, &question);
}

static bool has_share(const struct query_task *place, const struct log_share *shares,
                      uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (shares[i].topic == place->topic && shares[i].partition == place->partition)
            return true;
    return false;
}

static bool act_end(struct worker *worker, void *context)
{
    const struct end_question *question = context;
    worker_end_tasks(worker, question->query, question->settles);
    return false;
}
