/* worker.c -- the loop of a worker's thread. */
#include "flow/worker.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"
#include "base/queue.h"
#include "flow/lows.h"
#include "flow/query.h"

#define MESSAGES_MAX 64
#define LOOK_MS 100         /* tasks get a turn at least so often, news or not */
#define AWAY_MS 10          /* between two looks at the messages while the log cannot be had */
#define RETRY_NS 100000000  /* after something that is not reachable */
#define SETTLE_MS_MAX 10000 /* a query that stops waits for its steps */
#define RETURN_NS_MIN 10000000
#define RETURN_NS_MAX 2000000000

struct seat {
    struct flow_query *query;
    uint32_t index;
};

struct worker {
    struct flow *flow;
    pthread_t thread;
    struct queue messages; /* of struct worker_message *, the sender's */
    bool stopping;
    pthread_mutex_t member_lock; /* so that nobody wakes a member that is leaving */
    _Atomic bool waits;          /* for news: who sends a message must wake it */
    struct log_member *member;   /* to wait with; NULL while it cannot be had */
    /* the thread's own */
    struct seat *seats;
    uint32_t seat_count;
    uint32_t seat_capacity;
    uint64_t generation;
    int64_t return_ns; /* how long to wait after going back */
    uint64_t activity;
};

static void wait_until_settled(struct worker *worker, const struct flow_query *query);
static bool is_settled(struct worker *worker, const struct flow_query *query);
static void *worker_run(void *context);
static bool handle_messages(struct worker *worker);
static bool turn_all(struct worker *worker);
static bool go_round(struct worker *worker);
static bool turn(struct worker *worker, struct seat seat);
static void rest(struct flow_query *query, struct query_task *slot);
static enum err build(struct worker *worker, struct seat seat, struct why *why);
static void react(struct worker *worker, struct seat seat, enum err err, const struct why *why);
static bool wait_for_news(struct worker *worker, int64_t until_ns);
static void wake(struct worker *worker);
static void set_member(struct worker *worker, struct log_member *member);
static void go_back(struct worker *worker);
static void meet_others(struct worker *worker, uint64_t generation);

enum err worker_new(struct flow *flow, struct worker **ret_worker, struct why *why)
{
    struct worker *worker = MEMORY_NEW(struct worker);
    worker->flow = flow;
    worker->return_ns = RETURN_NS_MIN;
    const struct log_member_options options = {.name = STR("worker")};
    const enum err err = log_join(flow->options.log, &options, &worker->member, why);
    if (err != OK) {
        free(worker);
        return err;
    }
    queue_init(&worker->messages, MESSAGES_MAX);
    pthread_mutex_init(&worker->member_lock, NULL);
    must(pthread_create(&worker->thread, NULL, worker_run, worker) == 0);
    *ret_worker = worker;
    return OK;
}

static bool act_stop(struct worker *worker, void *context)
{
    worker->stopping = true;
    return true;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    worker_ask(worker, act_stop, NULL);
    pthread_join(worker->thread, NULL);
    must(worker->seat_count == 0);
    log_leave(worker->member);
    queue_release(&worker->messages);
    pthread_mutex_destroy(&worker->member_lock);
    free(worker->seats);
    free(worker);
}

void worker_send(struct worker *worker, struct worker_message *message, worker_act *act,
                 void *context)
{
    *message = (struct worker_message){.act = act, .context = context};
    pthread_mutex_init(&message->lock, NULL);
    pthread_cond_init(&message->done_changed, NULL);
    const enum err err = queue_push(&worker->messages, message, QUEUE_FOREVER);
    must(err == OK);
    if (atomic_load(&worker->waits))
        wake(worker);
}

void worker_await(struct worker_message *message)
{
    pthread_mutex_lock(&message->lock);
    while (!message->done)
        pthread_cond_wait(&message->done_changed, &message->lock);
    pthread_mutex_unlock(&message->lock);
    pthread_cond_destroy(&message->done_changed);
    pthread_mutex_destroy(&message->lock);
}

void worker_ask(struct worker *worker, worker_act *act, void *context)
{
    struct worker_message message;
    worker_send(worker, &message, act, context);
    worker_await(&message);
}

enum err worker_add_query(struct worker *worker, struct flow_query *query, struct why *why)
{
    for (uint32_t i = 0; i < query->task_count; i++) {
        if (query->tasks[i].worker != worker)
            continue;
        if (worker->seat_count == worker->seat_capacity) {
            worker->seat_capacity = worker->seat_capacity ? worker->seat_capacity * 2 : 16;
            worker->seats =
                memory_realloc(worker->seats, worker->seat_capacity * sizeof(*worker->seats));
        }
        const struct seat seat = {.query = query, .index = i};
        worker->seats[worker->seat_count++] = seat;
        /* On its way back to the last commit, it builds them with all the others. */
        const bool is_back = atomic_load(&worker->flow->generation) == worker->generation;
        const bool is_ours = atomic_load(&query->tasks[i].is_ours);
        enum err err = is_back && is_ours ? build(worker, seat, why) : OK;
        if (err != OK && query->stays) {
            react(worker, seat, err, why);
            err = OK;
        }
        if (err != OK) {
            worker_remove_query(worker, query);
            return err;
        }
    }
    return OK;
}

void worker_remove_query(struct worker *worker, struct flow_query *query)
{
    wait_until_settled(worker, query);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < worker->seat_count; i++) {
        const struct seat seat = worker->seats[i];
        if (seat.query != query) {
            worker->seats[kept++] = seat;
            continue;
        }
        task_free(query->tasks[seat.index].task);
        query->tasks[seat.index].task = NULL;
        /* If the log does not take it now, it takes no rows of others either. */
        if (lows_release(query, &query->tasks[seat.index]) != OK)
            continue;
    }
    worker->seat_count = kept;
}

void worker_end_tasks(struct worker *worker, struct flow_query *query, bool settles)
{
    if (settles)
        wait_until_settled(worker, query);
    for (uint32_t i = 0; i < worker->seat_count; i++) {
        const struct seat seat = worker->seats[i];
        struct query_task *slot = &query->tasks[seat.index];
        if (seat.query != query)
            continue;
        task_free(slot->task);
        slot->task = NULL;
        slot->retry_ns = 0;
    }
}

bool worker_is_idle(struct worker *worker, uint64_t *activity)
{
    bool idle = atomic_load(&worker->flow->generation) == worker->generation;
    if (idle && turn_all(worker))
        idle = false;
    for (uint32_t i = 0; i < worker->seat_count && idle; i++) {
        struct flow_query *query = worker->seats[i].query;
        const struct task *task = query->tasks[worker->seats[i].index].task;
        if (query_failed(query) || atomic_load(&query->paused))
            continue;
        if (!atomic_load(&query->tasks[worker->seats[i].index].is_ours)) {
            idle = atomic_load(&query->is_placed);
            continue;
        }
        idle = task && !task->restoring && !task->replaying && task_is_idle(task);
    }
    *activity += worker->activity;
    return idle;
}

/* On a full disk steps may wait for ever; each query would, one after another. */
static void wait_until_settled(struct worker *worker, const struct flow_query *query)
{
    struct log *log = worker->flow->options.log;
    const int64_t end_ns = clock_monotonic_ns() + SETTLE_MS_MAX * (int64_t)1000000;
    while (!is_settled(worker, query) && clock_monotonic_ns() < end_ns) {
        if (log_get_health(log) != LOG_HEALTHY)
            break;
        clock_sleep_ms(1);
    }
}

/* NULL: all queries. */
static bool is_settled(struct worker *worker, const struct flow_query *query)
{
    for (uint32_t i = 0; i < worker->seat_count; i++) {
        const struct seat seat = worker->seats[i];
        struct task *task = seat.query->tasks[seat.index].task;
        if (task && (!query || seat.query == query) && !task_is_settled(task))
            return false;
    }
    return true;
}

static void *worker_run(void *context)
{
    struct worker *worker = context;
    bool has_news = true;
    int64_t look_ns = 0;
    while (!worker->stopping) {
        if (handle_messages(worker))
            has_news = true;
        if (atomic_load(&worker->flow->generation) != worker->generation) {
            go_back(worker);
            has_news = true;
        }
        const int64_t now_ns = clock_monotonic_ns();
        if (has_news || now_ns >= look_ns) {
            look_ns = now_ns + LOOK_MS * 1000000;
            has_news = go_round(worker);
            continue;
        }
        has_news = wait_for_news(worker, look_ns);
    }
    return NULL;
}

/* True: tasks may have something to do by them. */
static bool handle_messages(struct worker *worker)
{
    bool any = false;
    void *item;
    while (queue_pop(&worker->messages, 0, &item) == OK) {
        struct worker_message *message = item;
        if (message->act(worker, message->context))
            any = true;
        pthread_mutex_lock(&message->lock);
        message->done = true;
        pthread_cond_signal(&message->done_changed);
        pthread_mutex_unlock(&message->lock);
    }
    return any;
}

/* As turn_all; whoever asks something waits for one task's turn, not for all. A message may take
 * seats away or add some: who misses a turn by that has the next. */
static bool go_round(struct worker *worker)
{
    bool did = false;
    for (uint32_t i = 0; i < worker->seat_count; i++) {
        if (turn(worker, worker->seats[i]))
            did = true;
        if (handle_messages(worker))
            did = true;
    }
    if (did)
        worker->activity++;
    return did;
}

static bool turn_all(struct worker *worker)
{
    bool did = false;
    for (uint32_t i = 0; i < worker->seat_count; i++)
        if (turn(worker, worker->seats[i]))
            did = true;
    if (did)
        worker->activity++;
    return did;
}

static bool turn(struct worker *worker, struct seat seat)
{
    struct flow_query *query = seat.query;
    struct query_task *slot = &query->tasks[seat.index];
    if (atomic_load(&worker->flow->held) || !atomic_load(&slot->is_ours) ||
        atomic_load(&worker->flow->generation) != worker->generation)
        return false;
    if (query_failed(query) || atomic_load(&query->paused)) {
        rest(query, slot);
        return false;
    }
    if (slot->released && slot->task)
        slot->task->must_hand_over = true;
    slot->released = false;
    if (slot->retry_ns != 0 && clock_monotonic_ns() < slot->retry_ns)
        return false;
    slot->retry_ns = 0;
    struct why why = {0};
    bool did = false;
    enum err err = OK;
    if (!slot->task) {
        err = build(worker, seat, &why);
        did = err == OK;
    } else {
        err = task_turn(slot->task, &did, &why);
    }
    if (err != OK)
        react(worker, seat, err, &why);
    else if (did)
        worker->return_ns = RETURN_NS_MIN;
    return did;
}

/* A query that reads the result of one that is paused or has failed goes on without it. What a
 * failed one had in memory is of no use any more; records that a paused one held for long would
 * hold all room in the log that is given up meanwhile. */
static void rest(struct flow_query *query, struct query_task *slot)
{
    const bool has_failed = query_failed(query);
    if (slot->task && (has_failed || !slot->released) && !task_is_settled(slot->task))
        return;
    if (has_failed) {
        task_free(slot->task);
        slot->task = NULL;
    }
    if (slot->released)
        return;
    if (slot->task)
        task_give_back(slot->task);
    slot->released = lows_release(query, slot) == OK;
}

static enum err build(struct worker *worker, struct seat seat, struct why *why)
{
    struct task *task;
    const enum err err = task_new(seat.query, seat.index, &task, why);
    if (err == OK)
        seat.query->tasks[seat.index].task = task;
    return err;
}

/* What to do about a failure stands with each error. */
static void react(struct worker *worker, struct seat seat, enum err err, const struct why *why)
{
    struct query_task *slot = &seat.query->tasks[seat.index];
    uint64_t generation = worker->generation;
    switch (err_reaction(err)) {
    case REACTION_REBUILD:
        atomic_compare_exchange_strong(&worker->flow->generation, &generation, generation + 1);
        for (uint32_t i = 0; i < worker->flow->worker_count; i++)
            wake(worker->flow->workers[i]);
        return;
    case REACTION_RETRY:
        slot->retry_ns = clock_monotonic_ns() + RETRY_NS;
        return;
    default:
        query_fail(seat.query, err, why);
    }
}

/* Whoever has sent a message sees that it waits, or it sees the message. */
static bool wait_for_news(struct worker *worker, int64_t until_ns)
{
    if (!worker->member) {
        clock_sleep_ms(AWAY_MS);
        return true;
    }
    const int64_t wait_ms = (until_ns - clock_monotonic_ns()) / 1000000 + 1;
    enum err err = ERR_AGAIN;
    atomic_store(&worker->waits, true);
    if (queue_count(&worker->messages) == 0)
        err = log_wait(worker->member, wait_ms);
    atomic_store(&worker->waits, false);
    if (err != OK && err != ERR_AGAIN) {
        /* Whoever reads or commits will say what is wrong. */
        clock_sleep_ms(AWAY_MS);
    }
    return err != ERR_AGAIN;
}

static void wake(struct worker *worker)
{
    pthread_mutex_lock(&worker->member_lock);
    if (worker->member)
        log_wake(worker->member);
    pthread_mutex_unlock(&worker->member_lock);
}

static void set_member(struct worker *worker, struct log_member *member)
{
    pthread_mutex_lock(&worker->member_lock);
    struct log_member *before = worker->member;
    worker->member = member;
    pthread_mutex_unlock(&worker->member_lock);
    if (before)
        log_leave(before);
}

static void go_back(struct worker *worker)
{
    const uint64_t generation = atomic_load(&worker->flow->generation);
    while (!is_settled(worker, NULL)) {
        (void)handle_messages(worker);
        clock_sleep_ms(1);
    }
    for (uint32_t i = 0; i < worker->seat_count; i++) {
        const struct seat seat = worker->seats[i];
        struct query_task *slot = &seat.query->tasks[seat.index];
        if (seat.index == 0)
            counters_add(&seat.query->counters, COUNTER_rebuilds, 1);
        task_free(slot->task);
        slot->task = NULL;
        slot->retry_ns = clock_monotonic_ns() + worker->return_ns;
    }
    if (worker->return_ns < RETURN_NS_MAX)
        worker->return_ns *= 2;
    set_member(worker, NULL);
    meet_others(worker, generation);
    worker->generation = generation;
    const struct log_member_options options = {.name = STR("worker")};
    struct log_member *member;
    if (log_join(worker->flow->options.log, &options, &member, NULL) == OK)
        set_member(worker, member);
}

/* Nobody joins again before everybody has left; messages are answered meanwhile. */
static void meet_others(struct worker *worker, uint64_t generation)
{
    struct flow *flow = worker->flow;
    pthread_mutex_lock(&flow->return_lock);
    if (++flow->left_count == flow->worker_count) {
        flow->left_count = 0;
        flow->returned_generation = generation;
        pthread_cond_broadcast(&flow->returned);
    }
    while (flow->returned_generation < generation) {
        condition_wait(&flow->returned, &flow->return_lock,
                       clock_monotonic_ns() + AWAY_MS * 1000000);
        pthread_mutex_unlock(&flow->return_lock);
        (void)handle_messages(worker);
        pthread_mutex_lock(&flow->return_lock);
    }
    pthread_mutex_unlock(&flow->return_lock);
}
