/* pull.c -- committed rows of a table, asked of the workers that own it.
 *
 * A worker copies the bytes of the rows and goes on; reading them, and all that stands between the
 * state and the answer, is done in the caller's thread. */
#include "flow/pull.h"

#include "base/memory.h"
#include "flow/query.h"
#include "flow/table.h"

#define ROWS_ARENA_BLOCK (1 << 20)
#define FOUND_ARENA_BLOCK (1 << 12) /* some keys' rows */

static enum err pass_answers(struct pull *pull, struct pull_answer *answers, struct why *why);
static bool act_copy(struct worker *worker, void *context);
static void copy_rows(struct pull_answer *answer, const struct task *task);
static bool copy_row(void *context, struct str key, struct str value);

enum err flow_pull(struct flow_query *query, const struct pull_plan *plan, flow_rows *on_rows,
                   void *context, struct why *why)
{
    return flow_pull_of(query, plan, NULL, 0, on_rows, context, why);
}

/* All workers are asked at once: each may have a batch to finish first. */
enum err flow_pull_of(struct flow_query *query, const struct pull_plan *plan,
                      const int32_t *partitions, uint32_t partition_count, flow_rows *on_rows,
                      void *context, struct why *why)
{
    struct pull pull = {.query = query,
                        .plan = plan,
                        .partitions = partitions,
                        .partition_count = partition_count,
                        .on_rows = on_rows,
                        .context = context,
                        .left = plan->limit};
    arena_init(&pull.arena, 0);
    arena_init(&pull.batch_arena, 0);
    enum err err = pull_resolve(&pull, why);
    pull.stopped = plan->limit == 0;
    const struct flow *flow = query->flow;
    struct pull_answer *answers = ARENA_ARRAY(&pull.arena, struct pull_answer, flow->worker_count);
    if (err == OK && !pull.stopped) {
        for (uint32_t i = 0; i < flow->worker_count; i++) {
            answers[i] = (struct pull_answer){.pull = &pull};
            arena_init(&answers[i].arena, pull.keys ? FOUND_ARENA_BLOCK : ROWS_ARENA_BLOCK);
            worker_send(flow->workers[i], &answers[i].message, act_copy, &answers[i]);
        }
        err = pass_answers(&pull, answers, why);
    }
    arena_release(&pull.batch_arena);
    arena_release(&pull.arena);
    return err;
}

static enum err pass_answers(struct pull *pull, struct pull_answer *answers, struct why *why)
{
    const struct flow_query *query = pull->query;
    const struct pull_answer *unavailable = NULL;
    uint32_t found_count = 0;
    enum err err = OK;
    for (uint32_t i = 0; i < query->flow->worker_count; i++) {
        worker_await(&answers[i].message);
        found_count += answers[i].found_count;
        if (answers[i].unavailable && !unavailable)
            unavailable = &answers[i];
    }
    if (unavailable)
        err = why_set(why, ERR_UNAVAILABLE,
                      "partition %d of query '%.*s' is being read back, or stopped: %d %%",
                      unavailable->partition, STR_ARGS(query->id),
                      (int)(unavailable->restored * 100));
    else if (pull->partitions && found_count < pull->partition_count)
        err = why_set(why, ERR_UNAVAILABLE, "query '%.*s' has no such partition",
                      STR_ARGS(query->id));
    for (uint32_t i = 0; i < query->flow->worker_count; i++) {
        if (err == OK && !pull->stopped)
            err = pull_pass_rows(pull, &answers[i], why);
        free(answers[i].rows);
        arena_release(&answers[i].arena);
    }
    return err;
}

static bool is_asked(const struct pull *pull, int32_t partition)
{
    bool is_asked = !pull->partitions;
    for (uint32_t i = 0; i < pull->partition_count && !is_asked; i++)
        is_asked = pull->partitions[i] == partition;
    return is_asked;
}

static bool act_copy(struct worker *worker, void *context)
{
    struct pull_answer *answer = context;
    const struct flow_query *query = answer->pull->query;
    for (uint32_t i = 0; i < query->task_count; i++) {
        const struct query_task *place = &query->tasks[i];
        if (place->worker != worker || place->stage != answer->pull->stage ||
            !is_asked(answer->pull, place->partition))
            continue;
        answer->found_count++;
        if (!place->task || place->task->restoring || place->task->replaying) {
            answer->unavailable = true;
            answer->partition = place->partition;
            answer->restored = place->task ? task_restored(place->task) : 0;
            break;
        }
        copy_rows(answer, place->task);
    }
    return false;
}

static void copy_rows(struct pull_answer *answer, const struct task *task)
{
    const struct pull *pull = answer->pull;
    const struct table *table = NULL;
    for (uint32_t i = 0; i < task->operator_count; i++)
        if (task->operators[i]->node == pull->state)
            table = task->operators[i]->table;
    must(table != NULL);
    if (!pull->keys)
        table_committed_scan(table, copy_row, answer);
    for (uint32_t i = 0; i < pull->key_count; i++)
        table_committed_find(table, pull->keys[i], copy_row, answer);
}

static bool copy_row(void *context, struct str key, struct str value)
{
    struct pull_answer *answer = context;
    if (answer->count >= answer->pull->rows_max)
        return false;
    if (answer->count == answer->capacity) {
        answer->capacity = answer->capacity ? answer->capacity * 2 : 64;
        answer->rows = memory_realloc(answer->rows, answer->capacity * sizeof(*answer->rows));
    }
    char *bytes = arena_alloc(&answer->arena, key.size + value.size + 1);
    memcpy(bytes, key.data, key.size);
    memcpy(bytes + key.size, value.data, value.size);
    answer->rows[answer->count++] =
        (struct pull_row){.key = {bytes, key.size}, .value = {bytes + key.size, value.size}};
    return true;
}
