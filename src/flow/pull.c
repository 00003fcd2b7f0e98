/* pull.c -- committed rows of a table, asked of the workers that own it.
 *
 * A worker copies the bytes of the rows and goes on; reading them, and all that stands between the
 * state and the answer, is done in the caller's thread. */
#include "flow/pull.h"

#include "base/memory.h"
#include "flow/query.h"
#include "flow/table.h"

#define ROWS_ARENA_BLOCK (1 << 20)

struct question {
    struct pull *pull;
    bool unavailable;
};

static void act_copy(struct worker *worker, void *context);
static void copy_rows(struct pull *pull, const struct task *task);
static bool copy_row(void *context, struct str key, struct str value);

enum err flow_pull(struct flow_query *query, const struct pull_plan *plan, flow_rows *on_rows,
                   void *context, struct why *why)
{
    struct pull pull = {
        .query = query, .plan = plan, .on_rows = on_rows, .context = context, .left = plan->limit};
    arena_init(&pull.arena, 0);
    arena_init(&pull.batch_arena, 0);
    arena_init(&pull.rows_arena, ROWS_ARENA_BLOCK);
    enum err err = pull_resolve(&pull, why);
    pull.stopped = plan->limit == 0;
    struct flow *flow = query->flow;
    for (uint32_t i = 0; i < flow->worker_count && err == OK && !pull.stopped; i++) {
        struct question question = {.pull = &pull};
        pull.row_count = 0;
        arena_clear(&pull.rows_arena);
        worker_ask(flow->workers[i], act_copy, &question);
        if (question.unavailable)
            err =
                why_set(why, ERR_UNAVAILABLE, "query '%.*s' is reading its state back, or stopped",
                        STR_ARGS(query->id));
        else
            err = pull_pass_rows(&pull, why);
    }
    free(pull.rows);
    arena_release(&pull.rows_arena);
    arena_release(&pull.batch_arena);
    arena_release(&pull.arena);
    return err;
}

static void act_copy(struct worker *worker, void *context)
{
    struct question *question = context;
    const struct flow_query *query = question->pull->query;
    for (uint32_t i = 0; i < query->task_count; i++) {
        const struct query_task *place = &query->tasks[i];
        if (place->worker != worker || place->stage != question->pull->stage)
            continue;
        if (!place->task || place->task->restoring || place->task->replaying) {
            question->unavailable = true;
            return;
        }
        copy_rows(question->pull, place->task);
    }
}

static void copy_rows(struct pull *pull, const struct task *task)
{
    const struct table *table = NULL;
    for (uint32_t i = 0; i < task->operator_count; i++)
        if (task->operators[i]->node == pull->state)
            table = task->operators[i]->table;
    must(table != NULL);
    if (!pull->keys)
        table_committed_scan(table, copy_row, pull);
    for (uint32_t i = 0; i < pull->key_count; i++)
        table_committed_find(table, pull->keys[i], copy_row, pull);
}

static bool copy_row(void *context, struct str key, struct str value)
{
    struct pull *pull = context;
    if (pull->row_count >= pull->rows_max)
        return false;
    if (pull->row_count == pull->row_capacity) {
        pull->row_capacity = pull->row_capacity ? pull->row_capacity * 2 : 64;
        pull->rows = memory_realloc(pull->rows, pull->row_capacity * sizeof(*pull->rows));
    }
    char *bytes = arena_alloc(&pull->rows_arena, key.size + value.size + 1);
    memcpy(bytes, key.data, key.size);
    memcpy(bytes + key.size, value.data, value.size);
    pull->rows[pull->row_count++] =
        (struct pull_row){.key = {bytes, key.size}, .value = {bytes + key.size, value.size}};
    return true;
}
