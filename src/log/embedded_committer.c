/* embedded_committer.c -- the one thread that writes: steps to transactions, and their outcome. */
#include "log/embedded_committer.h"
#include "log/embedded.h"
#include "log/embedded_lows.h"
#include "log/embedded_member.h"

#include "base/clock.h"
#include "base/condition.h"

#define IDLE_NS 1000000000
#define TEND_NS 1000000000
#define FULL_RETRY_NS 100000000
#define FAILURES_MAX 3

static void wait_for_work(struct embedded_log *log);
static void commit_steps(struct embedded_log *log, struct step_list *steps);
static enum err write_steps(struct embedded_log *log, const struct step_list *steps,
                            struct partition **touched, bool *ret_wrote);
static enum err write_step(struct embedded_log *log, struct store_txn *txn,
                           const struct pending_step *step, struct partition **touched);
static enum err write_batch(struct embedded_log *log, struct store_txn *txn,
                            struct pending_batch *batch, struct partition **touched);
static void show(struct embedded_log *log, const struct step_list *steps);
static void publish(struct embedded_log *log, struct step_list *steps, struct partition **touched,
                    bool wrote);
static bool wait_for_room(struct embedded_log *log);
static void fail(struct embedded_log *log, struct step_list *steps, enum err err);
static void drop_pending(struct embedded_topic *topic);
static void step_done(struct pending_step *step, uint64_t sequence);
static struct step_list take_first(struct step_list *steps);

void *committer_run(void *argument)
{
    struct embedded_log *log = argument;
    log->tended_ns = clock_monotonic_ns();
    for (bool closing = false; !closing;) {
        pthread_mutex_lock(&log->lock);
        wait_for_work(log);
        struct step_list steps = log->queue;
        log->queue = (struct step_list){0};
        log->hurry = false;
        closing = log->closing && !steps.first;
        pthread_mutex_unlock(&log->lock);
        if (steps.first)
            commit_steps(log, &steps);
        if (!closing && log->runs_queries && clock_monotonic_ns() - log->tended_ns >= TEND_NS &&
            !embedded_tend(log))
            log->tended_ns = clock_monotonic_ns();
    }
    return NULL;
}

/* A commit starts at once when the last one began an interval ago, else then; many bytes do not
 * wait, nor does a member that may hand over no more. */
static void wait_for_work(struct embedded_log *log)
{
    for (;;) {
        const int64_t now_ns = clock_monotonic_ns();
        if (log->closing)
            return;
        if (log->queue.first) {
            const int64_t start_ns = log->begun_ns + log->commit_interval_ns;
            if (now_ns >= start_ns || log->queue.bytes >= log->commit_bytes || log->hurry)
                return;
            condition_wait(&log->work, &log->lock, start_ns);
            continue;
        }
        const int64_t tend_ns = log->tended_ns + TEND_NS;
        if (log->runs_queries && now_ns >= tend_ns)
            return;
        look_for_news(log);
        int64_t until_ns = now_ns + (log->waiting_count ? NEWS_POLL_NS : IDLE_NS);
        if (log->runs_queries && tend_ns < until_ns)
            until_ns = tend_ns;
        condition_wait(&log->work, &log->lock, until_ns);
    }
}

/* A transaction that is not of this thread: offsets and tasks in memory may be behind. */
void look_for_news(struct embedded_log *log)
{
    const uint64_t last_txn = store_last_txn(log->store);
    if (last_txn == atomic_load(&log->txn_seen))
        return;
    atomic_store(&log->txn_seen, last_txn);
    log->generation++;
    log->tasks_stale = true;
    log->news++;
    pthread_cond_broadcast(&log->changed);
}

void tell_readers(struct embedded_log *log)
{
    log->handovers++;
    if (log->waiting_count)
        pthread_cond_broadcast(&log->changed);
}

/* All steps in one transaction; when there is no room for all, one by one until there is. */
static void commit_steps(struct embedded_log *log, struct step_list *steps)
{
    bool one_by_one = false;
    while (steps->first) {
        struct partition *touched = NULL;
        struct step_list some = one_by_one ? take_first(steps) : *steps;
        if (!one_by_one)
            *steps = (struct step_list){0};
        const int64_t begun_ns = clock_monotonic_ns();
        bool wrote = true;
        const enum err err = write_steps(log, &some, &touched, &wrote);
        if (wrote)
            log->begun_ns = begun_ns;
        if (!err) {
            publish(log, &some, &touched, wrote);
            continue;
        }
        pthread_mutex_lock(&log->lock);
        partitions_forget(&touched);
        pthread_mutex_unlock(&log->lock);
        log->tasks_stale = true;
        log->tasks.sum = 0;
        const bool several = some.first != some.last;
        some.last->next = steps->first;
        if (!steps->last)
            steps->last = some.last;
        steps->first = some.first;
        const bool again = err == ERR_FULL ? wait_for_room(log) : err == ERR_LIMIT && several;
        if (!again)
            fail(log, steps, err);
        one_by_one = true;
    }
}

static struct step_list take_first(struct step_list *steps)
{
    struct pending_step *step = steps->first;
    steps->first = step->next;
    if (!steps->first)
        steps->last = NULL;
    step->next = NULL;
    return (struct step_list){.first = step, .last = step, .bytes = step->bytes};
}

static enum err write_steps(struct embedded_log *log, const struct step_list *steps,
                            struct partition **touched, bool *ret_wrote)
{
    struct store_txn *txn = NULL;
    bool tasks_changed = false;
    bool has_records = false;
    enum err err = store_begin(log->store, true, &txn);
    if (err)
        return err;
    const uint64_t last_txn = store_last_txn(log->store); /* stays: nobody else can write now */
    notice_other_writers(log);
    for (const struct pending_step *step = steps->first; step && !err; step = step->next) {
        err = write_step(log, txn, step, touched);
        has_records |= step->batch_count > 0 || step->trim_count > 0;
        if (err || !step->task.size)
            continue;
        if (log->tasks_stale)
            err = task_table_read(&log->tasks, log, txn);
        log->tasks_stale = err != OK;
        if (!err)
            tasks_changed |= task_table_apply(&log->tasks, step);
    }
    if (!err && tasks_changed)
        err = task_table_write(&log->tasks, log, txn);
    if (err) {
        store_abort(txn);
        return err;
    }
    *ret_wrote = has_records || tasks_changed;
    if (!*ret_wrote) {
        /* Lows alone, or positions that are stored already, as when queries start again: nothing
         * to wait for the disk for. */
        store_abort(txn);
        return OK;
    }
    show(log, steps);
    err = store_commit(txn);
    if (!err)
        atomic_store(&log->txn_seen, last_txn + 1);
    return err;
}

void notice_other_writers(struct embedded_log *log)
{
    if (store_last_txn(log->store) == atomic_load(&log->txn_seen))
        return;
    pthread_mutex_lock(&log->lock);
    log->generation++;
    pthread_mutex_unlock(&log->lock);
    log->tasks_stale = true;
}

static enum err write_step(struct embedded_log *log, struct store_txn *txn,
                           const struct pending_step *step, struct partition **touched)
{
    enum err err = OK;
    for (uint32_t i = 0; i < step->batch_count && !err; i++) {
        err = write_batch(log, txn, step->batches[i], touched);
        if (err == ERR_NOT_FOUND) /* the topic was removed: so are its records */
            err = OK;
    }
    for (uint32_t i = 0; i < step->trim_count && !err; i++) {
        const struct pending_trim *trim = &step->trims[i];
        uint32_t count = 0;
        err = partition_touch(log, txn, trim->topic, trim->partition, touched);
        if (!err)
            err = partition_trim(log, txn, trim->topic, trim->partition, trim->before_offset,
                                 UINT32_MAX, &count);
        if (err == ERR_NOT_FOUND)
            err = OK;
    }
    return err;
}

static enum err write_batch(struct embedded_log *log, struct store_txn *txn,
                            struct pending_batch *batch, struct partition **touched)
{
    struct partition *partition = &batch->topic->partitions[batch->partition];
    char *place = NULL;
    enum err err = partition_touch(log, txn, batch->topic, batch->partition, touched);
    if (err)
        return err;
    if (partition->working_broken)
        return ERR_CORRUPT;
    if (!batch->shown) {
        batch->base_offset = partition->working_end;
        record_batch_set_base_offset(batch->bytes, batch->base_offset);
    } else if (batch->base_offset != partition->working_end) {
        pthread_mutex_lock(&log->lock);
        batch->topic->is_shared = true;
        pthread_mutex_unlock(&log->lock);
        return ERR_ABORTED;
    }
    err = store_append(txn, partition->database, (uint64_t)batch->base_offset, batch->size, &place);
    if (err)
        return err;
    memcpy(place, batch->bytes, batch->size);
    partition->working_end += batch->offset_count;
    return OK;
}

/* What waits for the disk only. Nobody else can write now, so the offsets stay; should the commit
 * fail, then all that was made of it fails with it: whoever reads it works while the disk does. */
static void show(struct embedded_log *log, const struct step_list *steps)
{
    bool any = false;
    pthread_mutex_lock(&log->lock);
    for (const struct pending_step *step = steps->first; step; step = step->next)
        for (uint32_t i = 0; i < step->batch_count; i++) {
            struct pending_batch *batch = step->batches[i];
            if (batch->shown || batch->topic->removed)
                continue;
            pending_batch_show(batch);
            any = true;
        }
    if (any)
        tell_readers(log);
    pthread_mutex_unlock(&log->lock);
}

static void step_done(struct pending_step *step, uint64_t sequence)
{
    if (ledger_done(&step->member->log->ledger, &step->member->account, sequence))
        free(step->member);
}

/* Only what was written says anything about the disk. */
static void publish(struct embedded_log *log, struct step_list *steps, struct partition **touched,
                    bool wrote)
{
    pthread_mutex_lock(&log->lock);
    partitions_publish(touched);
    for (struct pending_step *step = steps->first; step; step = step->next) {
        lows_commit(step);
        step_done(step, step->sequence);
    }
    if (wrote && (log->ledger.health == LOG_FULL || log->ledger.health == LOG_BROKEN))
        ledger_recover(&log->ledger);
    if (wrote)
        log->failure_count = 0;
    log->news++;
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->lock);
    for (struct pending_step *step = steps->first; step;) {
        struct pending_step *next = step->next;
        pending_step_free(step);
        step = next;
    }
}

/* False when the log is being closed: what could not be committed was never reported. */
static bool wait_for_room(struct embedded_log *log)
{
    const int64_t until_ns = clock_monotonic_ns() + FULL_RETRY_NS;
    pthread_mutex_lock(&log->lock);
    if (log->ledger.health != LOG_FULL) {
        log->ledger.health = LOG_FULL;
        pthread_cond_broadcast(&log->changed);
    }
    while (!log->closing && clock_monotonic_ns() < until_ns)
        condition_wait(&log->work, &log->lock, until_ns);
    const bool again = !log->closing;
    pthread_mutex_unlock(&log->lock);
    if (again && log->runs_queries)
        (void)embedded_tend(log); /* retention may make room */
    return again;
}

/* Nothing handed over before this may commit later: it was computed from what is now gone.
 *
 * A failed write or sync is never tried again by itself, as nobody knows then what is on the disk:
 * a later transaction begins at the last one that was whole, and writes every page it needs anew.
 * A disk that fails several in a row will not get better by it. */
static void fail(struct embedded_log *log, struct step_list *steps, enum err err)
{
    log->failure_count = err == ERR_IO ? log->failure_count + 1 : 0;
    pthread_mutex_lock(&log->lock);
    steps->last->next = log->queue.first;
    log->queue = (struct step_list){0};
    struct pending_step *dropped = steps->first;
    *steps = (struct step_list){0};
    ledger_abort(&log->ledger);
    ledger_recover(&log->ledger);
    if (log->failure_count >= FAILURES_MAX)
        log->ledger.health = LOG_BROKEN;
    for (struct pending_step *step = dropped; step; step = step->next)
        step_done(step, 0);
    for (struct embedded_topic *topic = log->handles; topic; topic = topic->next)
        drop_pending(topic);
    log->generation++;
    log->news++;
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->lock);
    while (dropped) {
        struct pending_step *next = dropped->next;
        pending_step_free(dropped);
        dropped = next;
    }
}

static void drop_pending(struct embedded_topic *topic)
{
    for (int32_t i = 0; i < topic->base.partition_count; i++) {
        struct partition *partition = &topic->partitions[i];
        while (partition->pending_first) {
            struct pending_batch *batch = partition->pending_first;
            partition->pending_first = batch->next;
            pending_batch_release(batch);
        }
        partition->pending_last = NULL;
        partition->assigned_offset = partition->end_offset;
    }
    topic_lows_reset(&topic->lows);
}
