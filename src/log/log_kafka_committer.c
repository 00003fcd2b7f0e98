/* log_kafka_committer.c -- the one thread that writes: steps into transactions, and their outcome.
 *
 * What comes is produced at once and committed when the last commit began an interval ago. */
#include "log/log_kafka.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"

#define IDLE_NS 1000000000
#define RETRY_NS 200000000
#define FAILURES_MAX 20 /* transactions in a row that failed: something must be said */
#define FENCED_MAX 3    /* once may be a producer that stood still for too long */
#define FENCED_NS 60000000000

static void wait_for_work(struct kafka_log *log);
static bool is_due(const struct kafka_log *log, int64_t now_ns);
static void work_off(struct kafka_log *log, struct kafka_steps *steps);
static bool begin(struct kafka_log *log);
static void append_steps(struct kafka_steps *list, struct kafka_steps *more);
static void publish(struct kafka_log *log);
static void fail(struct kafka_log *log);
static bool judge(struct kafka_log *log, struct why *why);
static void read_settings_again(struct kafka_log *log);

void *kafka_committer_run(void *argument)
{
    struct kafka_log *log = argument;
    for (bool closing = false; !closing;) {
        pthread_mutex_lock(&log->lock);
        wait_for_work(log);
        struct kafka_steps steps = log->queue;
        log->queue = (struct kafka_steps){0};
        closing = log->closing && !steps.first;
        const bool commits = is_due(log, clock_monotonic_ns());
        log->hurry = false;
        pthread_mutex_unlock(&log->lock);
        const bool is_silent = !steps.first && !log->taken.first && !closing;
        if (steps.first)
            work_off(log, &steps);
        const bool repeats = is_silent && kafka_lows_are_due(log) && begin(log);
        if (repeats)
            log->transaction_is_empty = false;
        if ((!log->taken.first && !repeats) || !commits)
            continue;
        log->begun_ns = clock_monotonic_ns();
        if (kafka_transaction_commit(log))
            fail(log);
        else
            publish(log);
    }
    return NULL;
}

void kafka_committer_release(struct kafka_log *log)
{
    kafka_producer_free(log);
    kafka_groups_clear(log);
    kafka_steps_free(&log->taken);
    kafka_steps_free(&log->queue);
}

/* Under the lock. Returns when there are steps to produce, or those produced are to be committed;
 * now and then without either. */
static void wait_for_work(struct kafka_log *log)
{
    const int64_t from_ns = clock_monotonic_ns();
    for (;;) {
        const int64_t now_ns = clock_monotonic_ns();
        if (log->queue.first || log->closing || now_ns >= from_ns + IDLE_NS)
            return;
        if (log->taken.first && is_due(log, now_ns))
            return;
        condition_wait(&log->work, &log->lock,
                       log->taken.first ? log->begun_ns + log->commit_interval_ns
                                        : now_ns + IDLE_NS);
    }
}

static bool is_due(const struct kafka_log *log, int64_t now_ns)
{
    return log->closing || log->hurry || log->giving_back > 0 ||
           now_ns >= log->begun_ns + log->commit_interval_ns;
}

/* All into the open transaction, or, when it fails, none of that and what is in it. */
static void work_off(struct kafka_log *log, struct kafka_steps *steps)
{
    const bool begun = begin(log);
    enum err err = begun ? OK : ERR_UNAVAILABLE;
    for (const struct kafka_step *step = steps->first; step && !err; step = step->next)
        err = kafka_transaction_add(log, step);
    append_steps(&log->taken, steps);
    if (err)
        fail(log);
}

/* Steps wait while no broker can be had. False: the log is being closed, or it will never be. */
static bool begin(struct kafka_log *log)
{
    for (;;) {
        const enum err err = kafka_transaction_begin(log);
        pthread_mutex_lock(&log->lock);
        const bool closing = log->closing;
        const enum log_health before = log->ledger.health;
        if (!err && log->ledger.health == LOG_FULL)
            ledger_recover(&log->ledger);
        else if (err && log->ledger.health != LOG_BROKEN)
            log->ledger.health = err == ERR_DENIED ? LOG_BROKEN : LOG_FULL;
        const bool changed = log->ledger.health != before;
        const bool is_over = err && (closing || log->ledger.health == LOG_BROKEN);
        pthread_mutex_unlock(&log->lock);
        if (changed)
            kafka_news(log);
        if (!err || is_over)
            return !err;
        clock_sleep_ms(RETRY_NS / 1000000);
    }
}

static void append_steps(struct kafka_steps *list, struct kafka_steps *more)
{
    if (list->last)
        list->last->next = more->first;
    else
        list->first = more->first;
    list->last = more->last;
    list->bytes += more->bytes;
    *more = (struct kafka_steps){0};
}

static void publish(struct kafka_log *log)
{
    struct kafka_steps done = log->taken;
    log->taken = (struct kafka_steps){0};
    log->failure_count = 0;
    pthread_mutex_lock(&log->lock);
    while (log->acked) {
        struct kafka_partition *partition = log->acked;
        log->acked = partition->acked_next;
        kafka_partition_reaches(partition, partition->acked_end);
        partition->is_acked = false;
    }
    for (struct kafka_step *step = done.first; step; step = step->next) {
        /* Whose partitions have gone meanwhile says nothing more here. */
        const bool is_here = kafka_assignment_is_live(log, step->assignment);
        for (uint32_t i = 0; i < step->low_count && is_here; i++)
            topic_lows_set(&kafka_topic_of(step->lows[i].topic)->lows, step->task, &step->lows[i],
                           step->low_inputs, step->position_count);
        kafka_step_done(step, step->sequence);
    }
    pthread_mutex_unlock(&log->lock);
    kafka_news(log);
    kafka_trim(log, &done);
    kafka_steps_free(&done);
}

/* Nothing handed over before this may commit later: it was computed from what is now gone. */
static void fail(struct kafka_log *log)
{
    kafka_transaction_abort(log);
    kafka_lows_unsay(log);
    struct why broken = {0};
    const bool is_broken = judge(log, &broken);
    if (log->refused) /* its settings are others than were read */
        read_settings_again(log);
    pthread_mutex_lock(&log->lock);
    append_steps(&log->taken, &log->queue);
    while (log->acked) {
        log->acked->is_acked = false;
        log->acked = log->acked->acked_next;
    }
    ledger_abort(&log->ledger);
    if (is_broken) {
        log->ledger.health = LOG_BROKEN;
        log->broken = broken;
    } else if (log->ledger.health != LOG_BROKEN) {
        ledger_recover(&log->ledger);
    }
    for (struct kafka_step *step = log->taken.first; step; step = step->next)
        kafka_step_done(step, 0);
    for (struct kafka_topic *topic = log->handles; topic; topic = topic->next)
        topic_lows_reset(&topic->lows);
    pthread_mutex_unlock(&log->lock);
    kafka_steps_free(&log->taken);
    kafka_news(log);
}

/* Whether to go on: two processes that are the same instance would take the producer from each
 * other for ever, and what is refused again and again will not be taken. */
static bool judge(struct kafka_log *log, struct why *why)
{
    const int64_t now_ns = clock_monotonic_ns();
    log->failure_count += !log->is_stale;
    log->is_stale = false;
    if (log->is_fenced) {
        log->is_fenced = false;
        log->fenced_count = now_ns - log->fenced_ns < FENCED_NS ? log->fenced_count + 1 : 1;
        log->fenced_ns = now_ns;
    }
    if (log->fenced_count >= FENCED_MAX) {
        why_set(why, ERR_LOCKED,
                "another process is instance '%s' of service '%s', too: a data directory may have "
                "been copied with its file 'instance'",
                log->instance, log->service_id);
        return true;
    }
    if (log->failure_count < FAILURES_MAX)
        return false;
    why_set(why, ERR_ABORTED, "%d transactions in a row failed on Kafka%s%s", FAILURES_MAX,
            log->refused ? ", the last as a record was refused: " : "",
            log->refused ? rd_kafka_err2str(log->refused) : "");
    return true;
}

static void read_settings_again(struct kafka_log *log)
{
    pthread_mutex_lock(&log->lock);
    struct kafka_topic *topic = log->handles;
    pthread_mutex_unlock(&log->lock);
    for (; topic; topic = topic->next) /* handles stay, and new ones come before */
        if (topic->was_written && !topic->removed && kafka_topic_settings(log, topic, NULL) != OK)
            continue;
}
