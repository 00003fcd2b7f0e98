/* embedded_member.c -- members: join, wait, ask how far, load a task, leave. */
#include "log/embedded_member.h"
#include "log/embedded.h"
#include "log/embedded_committer.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"
#include "log/group_alone.h"

#define LOAD_WAIT_MS 2000

static enum err poll_once(struct embedded_log *log, int64_t deadline_ns);
static enum err wait_until_done(struct embedded_log *log, struct why *why);

enum err embedded_join(struct log *base, const struct log_member_options *options,
                       struct log_member **ret_member, struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    must(ret_member != NULL);
    (void)why;
    struct embedded_member *member = MEMORY_NEW(struct embedded_member);
    member->base.ops = &embedded_member_ops;
    member->log = log;
    member->reads_ahead = options->reads_ahead;
    for (size_t i = 0; i < READS_HELD_MAX; i++)
        arena_init(&member->reads[i].arena, 0);
    pthread_mutex_lock(&log->lock);
    ledger_join(&log->ledger, &member->account, options,
                log->commit_interval_ns == 0 ? STEPS_MAX_AT_ONCE : STEPS_MAX_DEFAULT);
    pthread_mutex_unlock(&log->lock);
    *ret_member = &member->base;
    return OK;
}

/* Counters instead of flags: news between two waits ends the second at once. */
enum err embedded_wait(struct log_member *base, int64_t timeout_ms)
{
    struct embedded_member *member = embedded_member_of(base);
    struct embedded_log *log = member->log;
    const int64_t until_ns = clock_monotonic_ns() + (timeout_ms > 0 ? timeout_ms : 0) * 1000000;
    enum err err = OK;
    pthread_mutex_lock(&log->lock);
    while (!err) {
        const uint64_t handovers = member->account.committed_only ? 0 : log->handovers;
        if (member->news_seen != log->news || member->handovers_seen != handovers ||
            member->sequence_seen != member->account.durable_sequence) {
            member->news_seen = log->news;
            member->handovers_seen = handovers;
            member->sequence_seen = member->account.durable_sequence;
            break;
        }
        if (member->woken) {
            err = ERR_AGAIN;
            break;
        }
        if (log->waiting_count++ == 0)
            pthread_cond_signal(&log->work); /* somebody listens: look out for other processes */
        if (log->read_only)
            err = poll_once(log, until_ns); /* there is no committer to look out */
        else if (!condition_wait(&log->changed, &log->lock, until_ns))
            err = ERR_AGAIN;
        log->waiting_count--;
    }
    member->woken = false;
    pthread_mutex_unlock(&log->lock);
    return err;
}

void embedded_wake(struct log_member *base)
{
    struct embedded_member *member = embedded_member_of(base);
    struct embedded_log *log = member->log;
    pthread_mutex_lock(&log->lock);
    member->woken = true;
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->lock);
}

enum err embedded_committed(struct log_member *base, uint64_t *ret_sequence)
{
    struct embedded_member *member = embedded_member_of(base);
    struct embedded_log *log = member->log;
    must(ret_sequence != NULL);
    pthread_mutex_lock(&log->lock);
    const enum err err = ledger_committed(&log->ledger, &member->account, ret_sequence);
    pthread_mutex_unlock(&log->lock);
    return err;
}

enum err embedded_load(struct log_member *base, struct str task, const struct log_share *inputs,
                       uint32_t input_count, struct arena *arena, struct log_task_state *ret_state,
                       struct why *why)
{
    struct embedded_log *log = embedded_member_of(base)->log;
    struct store_txn *txn = NULL;
    struct task_view view;
    struct str value;
    enum err err = wait_until_done(log, why);
    if (err)
        return err;
    err = store_begin(log->store, false, &txn);
    if (!err)
        err = store_get_checked(txn, log->tasks_database, STR("tasks"), &value);
    if (!err)
        err = task_value_find(value, task, &view);
    struct log_task_state state = {.exists = err == OK};
    if (!err) {
        state.marks = arena_str(arena, view.marks);
        state.positions = ARENA_ARRAY(arena, struct log_position, view.position_count);
        for (uint32_t i = 0; i < view.position_count; i++) {
            const struct task_position position = task_view_position(&view, i);
            struct embedded_topic *topic = topics_by_id(log, position.topic_id);
            if (!topic && topics_open_all(log, NULL) == OK)
                topic = topics_by_id(log, position.topic_id);
            if (!topic || position.partition >= topic->base.partition_count)
                continue; /* the topic was removed */
            state.positions[state.position_count++] = (struct log_position){
                .topic = &topic->base,
                .partition = position.partition,
                .next_offset = position.next_offset,
                .from_offset = position.from_offset,
            };
        }
    }
    store_abort(txn);
    if (err && err != ERR_NOT_FOUND)
        return why_set(why, err, "cannot load task '%.*s': %s", STR_ARGS(task), err_text(err));
    *ret_state = state;
    return OK;
}

void embedded_leave(struct log_member *base)
{
    struct embedded_member *member = embedded_member_of(base);
    struct embedded_log *log = member->log;
    held_reads_free(member);
    pthread_mutex_lock(&log->lock);
    const bool done = ledger_leave(&log->ledger, &member->account);
    pthread_mutex_unlock(&log->lock);
    if (done)
        free(member);
}

enum err embedded_group(struct log *base, const struct log_group_options *options,
                        struct log_group **ret_group, struct why *why)
{
    (void)embedded_of(base);
    (void)why;
    return group_alone_join(options, ret_group);
}

static enum err poll_once(struct embedded_log *log, int64_t deadline_ns)
{
    const int64_t now_ns = clock_monotonic_ns();
    if (now_ns >= deadline_ns)
        return ERR_AGAIN;
    const int64_t until_ns =
        now_ns + NEWS_POLL_NS < deadline_ns ? now_ns + NEWS_POLL_NS : deadline_ns;
    condition_wait(&log->changed, &log->lock, until_ns);
    look_for_news(log);
    return OK;
}

/* What an earlier member of the task handed over belongs to the state that is loaded. */
static enum err wait_until_done(struct embedded_log *log, struct why *why)
{
    const int64_t until_ns = clock_monotonic_ns() + LOAD_WAIT_MS * (int64_t)1000000;
    enum err err = OK;
    pthread_mutex_lock(&log->lock);
    const uint64_t wanted = log->ledger.handed_count;
    while (log->ledger.done_count < wanted && !err)
        if (!condition_wait(&log->changed, &log->lock, until_ns))
            err = log->ledger.health == LOG_FULL ? ERR_FULL : ERR_AGAIN;
    if (log->ledger.done_count >= wanted)
        err = OK;
    pthread_mutex_unlock(&log->lock);
    return err ? why_set(why, err, "steps handed over before are not committed yet") : OK;
}
