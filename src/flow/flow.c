/* flow.c -- a flow: its workers, and waiting until all is done. */
#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"
#include "flow/query.h"

#define IDLE_POLL_MS 1

struct idle_question {
    bool idle;
    uint64_t activity;
};

static bool ask_idle(struct flow *flow, uint64_t *ret_activity);
static bool act_idle(struct worker *worker, void *context);

enum err flow_open(const struct flow_options *options, struct flow **ret_flow, struct why *why)
{
    must(options->log != NULL);
    must(options->thread_count > 0);
    must(options->batch_rows <= BATCH_ROWS_MAX);
    if (options->thread_count > FLOW_WORKERS_MAX)
        return why_set(why, ERR_LIMIT, "more than %d workers", FLOW_WORKERS_MAX);
    struct flow *flow = MEMORY_NEW(struct flow);
    flow->options = *options;
    if (flow->options.batch_rows == 0)
        flow->options.batch_rows = BATCH_ROWS_MAX;
    pthread_mutex_init(&flow->return_lock, NULL);
    condition_init(&flow->returned);
    enum err err = OK;
    while (flow->worker_count < options->thread_count && err == OK) {
        err = worker_new(flow, &flow->workers[flow->worker_count], why);
        if (err == OK)
            flow->worker_count++;
    }
    if (err == OK)
        *ret_flow = flow;
    else
        flow_close(flow);
    return err;
}

void flow_close(struct flow *flow)
{
    if (!flow)
        return;
    flow_hold(flow, true);
    while (flow->query_count > 0) {
        const enum err err = flow_stop(flow->queries[flow->query_count - 1], false, NULL);
        must(err == OK);
    }
    for (uint32_t i = 0; i < flow->worker_count; i++)
        worker_free(flow->workers[i]);
    pthread_cond_destroy(&flow->returned);
    pthread_mutex_destroy(&flow->return_lock);
    free(flow);
}

/* Nothing is left to do when every worker says so twice, and none did anything in between: then
 * each looked after all others had last written something. */
enum err flow_wait_idle(struct flow *flow, int64_t timeout_ms)
{
    const int64_t end_ns = clock_monotonic_ns() + timeout_ms * 1000000;
    bool was_idle = false;
    uint64_t last_activity = 0;
    for (;;) {
        if (atomic_load(&flow->failed_count) > 0)
            return ERR_ABORTED;
        uint64_t activity = 0;
        const bool idle = ask_idle(flow, &activity);
        if (idle && was_idle && activity == last_activity)
            return OK;
        was_idle = idle;
        last_activity = activity;
        if (clock_monotonic_ns() >= end_ns)
            return ERR_AGAIN;
        if (!idle)
            clock_sleep_ms(IDLE_POLL_MS);
    }
}

static bool ask_idle(struct flow *flow, uint64_t *ret_activity)
{
    struct idle_question question = {.idle = true};
    for (uint32_t i = 0; i < flow->worker_count; i++)
        worker_ask(flow->workers[i], act_idle, &question);
    *ret_activity = question.activity;
    return question.idle;
}

static bool act_idle(struct worker *worker, void *context)
{
    struct idle_question *question = context;
    if (!worker_is_idle(worker, &question->activity))
        question->idle = false;
    return true;
}
