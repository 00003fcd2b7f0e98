/* embedded_claim.c -- a topic written in turn: in one process the end alone says whose turn it is.
 *
 * Only the process that holds the data directory's query lock appends this way, so that a mutex is
 * enough between looking at the end and appending there. */
#include "log/embedded_claim.h"

#include "base/memory.h"
#include "log/embedded.h"

#define APPEND_TIMEOUT_MS 30000

static enum err end_of(struct log *log, const struct log_topic *topic, int64_t *ret_end_offset,
                       struct why *why);
static enum err append(struct log *log, struct log_topic *topic, struct str batch, struct why *why);

enum err embedded_claim(struct log *log, struct log_topic *topic, int64_t *ret_end_offset,
                        struct why *why)
{
    must(ret_end_offset != NULL);
    return end_of(log, topic, ret_end_offset, why);
}

enum err embedded_append_at(struct log *base, struct log_topic *topic, int64_t end_offset,
                            struct str batch, struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    int64_t end_now;
    pthread_mutex_lock(&log->claim_lock);
    enum err err = end_of(base, topic, &end_now, why);
    if (!err && end_now != end_offset)
        err = why_set(why, ERR_AGAIN, "topic '%.*s' has grown meanwhile", STR_ARGS(topic->name));
    if (!err)
        err = append(base, topic, batch, why);
    pthread_mutex_unlock(&log->claim_lock);
    return err;
}

static enum err end_of(struct log *log, const struct log_topic *topic, int64_t *ret_end_offset,
                       struct why *why)
{
    struct arena arena;
    struct log_topic_info info;
    arena_init(&arena, 0);
    const enum err err = log_describe(log, topic->name, &arena, &info, why);
    if (!err)
        *ret_end_offset = info.partitions[0].end_offset;
    arena_release(&arena);
    return err;
}

static enum err append(struct log *log, struct log_topic *topic, struct str batch, struct why *why)
{
    const struct log_member_options options = {.name = STR("claim"), .committed_only = true};
    struct log_member *member;
    enum err err = log_join(log, &options, &member, why);
    if (err)
        return err;
    char *copy = memory_alloc(batch.size);
    memcpy(copy, batch.data, batch.size);
    const struct log_append append = {.topic = topic, .batch = copy, .batch_size = batch.size};
    const struct log_step step = {.appends = &append, .append_count = 1};
    bool taken = false;
    err = log_commit_wait(member, &step, APPEND_TIMEOUT_MS, &taken);
    if (!taken)
        free(copy);
    log_leave(member);
    return err ? why_set(why, err, "cannot write to topic '%.*s': %s", STR_ARGS(topic->name),
                         err_text(err))
               : OK;
}
