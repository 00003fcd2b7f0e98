/* parts.c -- which parts of a query are this process's, and how far each is read back.
 *
 * Light enough to be asked several times a second: the log is not asked. */
#include "flow/query.h"

struct parts_question {
    const struct flow_query *query;
    struct flow_part *parts; /* as many as tasks */
};

static bool act_parts(struct worker *worker, void *context);

enum flow_state flow_get_parts(struct flow_query *query, struct arena *arena,
                               struct flow_part **ret_parts, uint32_t *ret_count)
{
    struct parts_question question = {
        .query = query, .parts = ARENA_ARRAY(arena, struct flow_part, query->task_count + 1)};
    for (uint32_t i = 0; i < query->flow->worker_count; i++)
        worker_ask(query->flow->workers[i], act_parts, &question);
    enum flow_state state = atomic_load(&query->is_placed) ? FLOW_RUNNING : FLOW_RESTORING;
    for (uint32_t i = 0; i < query->task_count; i++)
        if (question.parts[i].is_ours && question.parts[i].restored < 1)
            state = FLOW_RESTORING;
    if (atomic_load(&query->paused))
        state = FLOW_PAUSED;
    if (query_failed(query))
        state = FLOW_ERROR;
    *ret_parts = question.parts;
    *ret_count = query->task_count;
    return state;
}

static bool act_parts(struct worker *worker, void *context)
{
    const struct parts_question *question = context;
    const struct flow_query *query = question->query;
    for (uint32_t i = 0; i < query->task_count; i++) {
        const struct query_task *place = &query->tasks[i];
        if (place->worker != worker)
            continue;
        question->parts[i] = (struct flow_part){.stage = place->stage,
                                                .partition = place->partition,
                                                .is_ours = atomic_load(&place->is_ours)};
        if (place->task)
            question->parts[i].restored = task_restored(place->task);
    }
    return false;
}

double task_restored(const struct task *task)
{
    if (!task->restoring && !task->replaying)
        return 1;
    const uint64_t total = task->restore_total + task->replay_total;
    const uint64_t done =
        task->restore_done + (task->replaying ? task->replay_done : task->replay_total);
    return total > 0 && done < total ? (double)done / (double)total : 0;
}
