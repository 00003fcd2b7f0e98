/* follow.c -- a service of several processes: each keeps statements in its turn, all run them.
 *
 * As ksqlDB's servers do it: whoever is asked claims the command topic, which ends what another has
 * under way, runs what was kept until then, checks the statement against that, and appends it. Who
 * has lost the topic meanwhile begins anew. */
#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/trace.h"
#include "engine/state.h"

#include <unistd.h>

#define TURN_MS_MAX 30000
#define PAUSE_MS_MAX 1000
#define FOLLOW_MS 100
#define FOLLOW_AGAIN_MS 2000
#define AWAIT_STEP_MS 10
#define FORGET_PAUSE_MS 250
#define FORGET_PAUSE_MS_MAX 4000
#define FORGET_MS_MAX 60000

/* A query that is to be forgotten when no process runs it any more. */
struct leftover {
    struct arena arena;
    struct str id;
    struct str prefix;
    struct str topic; /* size 0: none */
    int64_t next_ns;  /* not tried before */
    int64_t pause_ms;
    int64_t deadline_ns;
    struct leftover *next;
};

struct follower {
    struct engine *engine;
    pthread_t thread;
    pthread_mutex_t lock; /* what is below */
    pthread_cond_t changed;
    struct leftover *leftovers;
    bool stopping;
};

static struct str new_token(struct arena *arena)
{
    static atomic_uint tokens;
    struct random random = {.state = (uint64_t)clock_wall_ms() << 20};
    random.state ^= (uint64_t)clock_monotonic_ns();
    random.state ^= (uint64_t)getpid() << 40;
    random.state += atomic_fetch_add(&tokens, 1);
    return arena_printf(arena, "%016llx%016llx", (unsigned long long)random_next(&random),
                        (unsigned long long)random_next(&random));
}

static enum err try_once(struct execution *execution)
{
    bool leave = false;
    enum err err = OK;
    if (execution->judge)
        err = execution->judge(execution, &leave);
    if (err || leave)
        return err;
    err = execute_statement(execution);
    if (err == OK) {
        connector_note(execution->engine, &execution->stops, false);
        connector_note(execution->engine, &execution->starts, true);
    }
    return err;
}

/* Longer and longer, each process differently: of several that want the topic one gets it. */
static void pause_before(struct engine *engine, int tries, struct random *random)
{
    const uint64_t most_ms = tries < 6 ? UINT64_C(50) << tries : PAUSE_MS_MAX;
    pthread_mutex_unlock(&engine->lock);
    clock_sleep_ms((int64_t)random_below(random, most_ms < PAUSE_MS_MAX ? most_ms : PAUSE_MS_MAX));
    pthread_mutex_lock(&engine->lock);
}

enum err execute_in_turn(struct execution *execution)
{
    struct engine *engine = execution->engine;
    if (!engine->command_topic || !statement_is_kept(execution->statement->kind))
        return try_once(execution);
    const int64_t deadline_ns = clock_monotonic_ns() + TURN_MS_MAX * INT64_C(1000000);
    struct random random = {.state = (uint64_t)clock_monotonic_ns() ^ (uint64_t)getpid() << 32};
    execution->token = new_token(execution->arena);
    for (int tries = 0;; tries++) {
        enum err err = command_claim(execution);
        if (err == OK && !execution->is_done) {
            execution->is_lost = false;
            err = try_once(execution);
            if (!execution->is_lost)
                return err;
        }
        if (err == OK)
            return execution->done_err;
        const bool passes = err == ERR_AGAIN || err == ERR_ABORTED || err == ERR_UNAVAILABLE;
        if (!passes || clock_monotonic_ns() >= deadline_ns)
            return err;
        pause_before(engine, tries, &random);
    }
}

/* Until it is stopped, at most. */
static bool follower_wait(struct follower *follower, int64_t timeout_ms)
{
    const int64_t until_ns = clock_monotonic_ns() + timeout_ms * 1000000;
    pthread_mutex_lock(&follower->lock);
    while (!follower->stopping)
        if (!condition_wait(&follower->changed, &follower->lock, until_ns))
            break;
    const bool goes_on = !follower->stopping;
    pthread_mutex_unlock(&follower->lock);
    return goes_on;
}

void follower_forget(struct engine *engine, struct str query_id, struct str topic)
{
    struct follower *follower = engine->follower;
    struct leftover *leftover = MEMORY_NEW(struct leftover);
    must(follower != NULL);
    arena_init(&leftover->arena, 0);
    leftover->id = arena_str(&leftover->arena, query_id);
    leftover->prefix = query_prefix(engine, query_id, &leftover->arena);
    leftover->topic = arena_str(&leftover->arena, topic);
    leftover->pause_ms = FORGET_PAUSE_MS;
    leftover->next_ns = clock_monotonic_ns() + FORGET_PAUSE_MS * INT64_C(1000000);
    leftover->deadline_ns = clock_monotonic_ns() + FORGET_MS_MAX * INT64_C(1000000);
    pthread_mutex_lock(&follower->lock);
    leftover->next = follower->leftovers;
    follower->leftovers = leftover;
    pthread_mutex_unlock(&follower->lock);
}

/* True when it is done with, also in vain. */
static bool leftover_try(struct engine *engine, struct leftover *leftover, bool is_last)
{
    struct why why = {0};
    enum err err = flow_forget(engine->flow, leftover->id, leftover->prefix, &why);
    if (err == OK && leftover->topic.size > 0)
        err = log_remove(engine->options.log, leftover->topic, &why);
    if (err == OK || err == ERR_NOT_FOUND)
        return true;
    const int64_t now_ns = clock_monotonic_ns();
    if (!is_last && now_ns < leftover->deadline_ns) {
        leftover->next_ns = now_ns + leftover->pause_ms * 1000000;
        if (leftover->pause_ms < FORGET_PAUSE_MS_MAX)
            leftover->pause_ms *= 2;
        return false;
    }
    trace(TRACE_WARNING, "engine",
          "query %.*s was stopped, but its group or topics are still there: %s",
          STR_ARGS(leftover->id), why.text);
    return true;
}

/* Only this thread takes out of the list. */
static void forget_leftovers(struct follower *follower, bool is_last)
{
    pthread_mutex_lock(&follower->lock);
    struct leftover *leftover = follower->leftovers;
    pthread_mutex_unlock(&follower->lock);
    while (leftover) {
        struct leftover *next = leftover->next;
        const bool is_due = is_last || clock_monotonic_ns() >= leftover->next_ns;
        if (is_due && leftover_try(follower->engine, leftover, is_last)) {
            pthread_mutex_lock(&follower->lock);
            struct leftover **at = &follower->leftovers;
            while (*at != leftover)
                at = &(*at)->next;
            *at = leftover->next;
            pthread_mutex_unlock(&follower->lock);
            arena_release(&leftover->arena);
            free(leftover);
        }
        leftover = next;
    }
}

static void *follower_run(void *context)
{
    struct follower *follower = context;
    struct engine *engine = follower->engine;
    bool failed = false;
    while (follower_wait(follower, failed ? FOLLOW_AGAIN_MS : FOLLOW_MS)) {
        struct why why = {0};
        pthread_mutex_lock(&engine->lock);
        const enum err err = command_follow(engine, -1, NULL, &why);
        pthread_mutex_unlock(&engine->lock);
        connectors_tell(engine);
        if (err && !failed)
            trace(TRACE_WARNING, "engine", "statements of the service are not followed: %s",
                  why.text);
        failed = err != OK;
        forget_leftovers(follower, false);
    }
    return NULL;
}

enum err follower_start(struct engine *engine, struct why *why)
{
    struct follower *follower = MEMORY_NEW(struct follower);
    follower->engine = engine;
    pthread_mutex_init(&follower->lock, NULL);
    condition_init(&follower->changed);
    const int code = pthread_create(&follower->thread, NULL, follower_run, follower);
    if (code) {
        pthread_mutex_destroy(&follower->lock);
        pthread_cond_destroy(&follower->changed);
        free(follower);
        return why_set(why, ERR_IO, "cannot start a thread: %s", strerror(code));
    }
    engine->follower = follower;
    return OK;
}

enum err engine_await_command(struct engine *engine, int64_t number, int64_t timeout_ms,
                              struct why *why)
{
    const int64_t deadline_ns = clock_monotonic_ns() + timeout_ms * 1000000;
    must(engine != NULL);
    for (;;) {
        pthread_mutex_lock(&engine->lock);
        const bool is_run = !engine->follower || engine->command_number >= number;
        pthread_mutex_unlock(&engine->lock);
        if (is_run)
            return OK;
        if (clock_monotonic_ns() >= deadline_ns)
            return why_set(why, ERR_UNAVAILABLE, "command %lld of the service was not run here yet",
                           (long long)number);
        clock_sleep_ms(AWAIT_STEP_MS);
    }
}

void follower_stop(struct engine *engine)
{
    struct follower *follower = engine->follower;
    if (!follower)
        return;
    pthread_mutex_lock(&follower->lock);
    follower->stopping = true;
    pthread_cond_broadcast(&follower->changed);
    pthread_mutex_unlock(&follower->lock);
    pthread_join(follower->thread, NULL);
    forget_leftovers(follower, true);
    pthread_mutex_destroy(&follower->lock);
    pthread_cond_destroy(&follower->changed);
    free(follower);
    engine->follower = NULL;
}
