/* shares.c -- which partitions a sink has in this process, where several run its connector.
 *
 * The log's group says in a thread of its own what is given and what is taken back; the sink's
 * thread goes by it from its next round on. A share is given back when the round at hand has ended,
 * so that what was written has its position. Who is given one takes its position over in the
 * target, by an epoch where it has them: whoever had it before and does not know yet (it stood
 * still past its session) cannot move it any more. */
#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"
#include "sink/runtime.h"

/* Less than a session, after which the others go on anyway. */
#define GIVE_BACK_WAIT_NS 5000000000
/* A process that stood still hears of it with its next heartbeat. */
#define LOSS_WAIT_NS 10000000000

static void on_change(void *context, enum log_group_change change, const struct log_share *shares,
                      uint32_t count);
static enum err group_join(struct sink *sink, struct why *why);
static bool shares_distribute(struct sink *sink);
static enum err check_private(struct sink *sink, struct why *why);
static enum err take_given(struct sink *sink, struct why *why);

enum err shares_begin_round(struct sink *sink, struct why *why)
{
    pthread_mutex_lock(&sink->lock);
    sink->in_round = true;
    pthread_mutex_unlock(&sink->lock);
    if (sink->group_is_stale) {
        const enum err err = group_join(sink, why);
        if (err)
            return err;
    }
    if (shares_distribute(sink)) {
        delivery_drop(sink);
        sink->hold_is_due = true;
    }
    const enum err err = check_private(sink, why);
    return err ? err : take_given(sink, why);
}

void shares_end_round(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    sink->in_round = false;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
}

void shares_leave(struct sink *sink)
{
    if (!sink->group)
        return;
    pthread_mutex_lock(&sink->lock);
    sink->is_leaving = true;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
    log_group_leave(sink->group);
    sink->group = NULL;
    sink->group_is_stale = true;
    pthread_mutex_lock(&sink->lock);
    sink->is_leaving = false;
    sink->is_assigned = false;
    sink->shares_changed = true;
    sink->share_count = 0;
    free(sink->shares);
    sink->shares = NULL;
    pthread_mutex_unlock(&sink->lock);
}

bool shares_await_loss(struct sink *sink)
{
    const int64_t until_ns = clock_monotonic_ns() + LOSS_WAIT_NS;
    pthread_mutex_lock(&sink->lock);
    while (!sink->shares_changed && !sink->stopping && clock_monotonic_ns() < until_ns)
        condition_wait(&sink->changed, &sink->lock, until_ns);
    const bool is_lost = sink->shares_changed || sink->stopping;
    pthread_mutex_unlock(&sink->lock);
    return is_lost;
}

static void on_change(void *context, enum log_group_change change, const struct log_share *shares,
                      uint32_t count)
{
    struct sink *sink = context;
    const int64_t until_ns = clock_monotonic_ns() + GIVE_BACK_WAIT_NS;
    pthread_mutex_lock(&sink->lock);
    sink->is_assigned = change == LOG_GROUP_ASSIGNED;
    sink->share_count = sink->is_assigned ? count : 0;
    sink->shares = memory_realloc(sink->shares, (sink->share_count + 1) * sizeof(*shares));
    for (uint32_t i = 0; i < sink->share_count; i++)
        sink->shares[i] = shares[i];
    sink->shares_changed = true;
    pthread_cond_broadcast(&sink->changed);
    while (change == LOG_GROUP_REVOKED && sink->in_round && !sink->stopping && !sink->is_leaving &&
           clock_monotonic_ns() < until_ns)
        condition_wait(&sink->changed, &sink->lock, until_ns);
    pthread_mutex_unlock(&sink->lock);
}

/* Joins it for the topics there are now. */
static enum err group_join(struct sink *sink, struct why *why)
{
    shares_leave(sink);
    struct log_topic **topics = memory_alloc((sink->topic_count + 1) * sizeof(struct log_topic *));
    uint32_t count = 0;
    for (uint32_t t = 0; t < sink->topic_count; t++)
        if (!sink->topics[t]->is_gone)
            topics[count++] = sink->topics[t]->log_topic;
    const struct log_group_options options = {.name = sink->task,
                                              .topics = topics,
                                              .topic_count = count,
                                              .on_change = on_change,
                                              .context = sink};
    const enum err err =
        count > 0 ? log_group_join(sink->options.log, &options, &sink->group, why) : OK;
    free(topics);
    sink->group_is_stale = err != OK;
    return err;
}

/* False: nothing changed. */
static bool shares_distribute(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    const bool changed = sink->shares_changed;
    sink->shares_changed = false;
    for (uint32_t t = 0; t < sink->topic_count && changed; t++) {
        struct sink_topic *topic = sink->topics[t];
        for (int32_t p = 0; p < topic->log_topic->partition_count; p++)
            topic->partitions[p].is_given = topic->partitions[p].is_ours = false;
        for (uint32_t i = 0; i < sink->share_count; i++)
            if (sink->shares[i].topic == topic->log_topic)
                topic->partitions[sink->shares[i].partition].is_given = true;
    }
    pthread_mutex_unlock(&sink->lock);
    return changed;
}

/* A file has one process's share only, and nobody would find the others': who comes second stops,
 * and who was first waits until it has gone. */
static enum err check_private(struct sink *sink, struct why *why)
{
    pthread_mutex_lock(&sink->lock);
    const bool is_assigned = sink->is_assigned && !sink->shares_changed;
    pthread_mutex_unlock(&sink->lock);
    if (!sink->options.target->is_private || !is_assigned)
        return OK;
    bool has_all = true;
    for (uint32_t t = 0; t < sink->topic_count; t++)
        for (int32_t p = 0; p < sink->topics[t]->log_topic->partition_count; p++)
            has_all &= sink->topics[t]->partitions[p].is_given;
    sink->had_all |= has_all;
    if (has_all)
        return OK;
    return why_set(why, sink->had_all ? ERR_UNAVAILABLE : ERR_LOCKED,
                   "another process runs '%.*s', too, and a file of documents belongs to one: set "
                   "'connection.uri' to a MongoDB that they share",
                   STR_ARGS(sink->name));
}

/* Where the target says the sink is; a partition it does not know begins at its first record. */
static enum err take_one(struct sink *sink, struct sink_topic *topic, int32_t p, struct why *why)
{
    struct sink_partition *partition = &topic->partitions[p];
    int64_t next_offset = -1;
    const enum err err =
        target_take(sink->options.target, sink->name, topic->name, p, &next_offset, why);
    if (err)
        return err;
    partition->delivered_offset = next_offset;
    partition->next_offset = next_offset < 0 ? 0 : next_offset;
    partition->is_ours = true;
    if (!sink->is_restarted && !partition->was_counted) {
        pthread_mutex_lock(&sink->lock);
        sink->status.documents_before += (uint64_t)partition->next_offset;
        pthread_mutex_unlock(&sink->lock);
    }
    partition->was_counted = true;
    return OK;
}

static enum err take_given(struct sink *sink, struct why *why)
{
    enum err err = OK;
    for (uint32_t t = 0; t < sink->topic_count && err == OK; t++) {
        struct sink_topic *topic = sink->topics[t];
        for (int32_t p = 0; p < topic->log_topic->partition_count && err == OK; p++)
            if (topic->partitions[p].is_given && !topic->partitions[p].is_ours)
                err = take_one(sink, topic, p, why);
    }
    return err;
}
