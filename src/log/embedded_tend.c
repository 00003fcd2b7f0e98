/* embedded_tend.c -- retention by time and by bytes; when the cleaner runs. Committer's thread.
 *
 * Whole batches go, from the front, none that a task still needs (task_table_floor). Each call does
 * a bounded piece in a transaction of its own, so that steps never wait for long. */
#include "log/embedded.h"
#include "log/embedded_committer.h"

#include "base/clock.h"

#define DELETED_MAX 512 /* batches a call */

static bool retain(struct embedded_log *log);
static bool has_retention(const struct embedded_topic *topic);
static enum err expired_before(struct embedded_log *log, struct store_txn *txn,
                               struct embedded_topic *topic, int32_t partition,
                               int64_t *ret_before);
static enum err is_expired(struct partition *partition, const struct log_topic_config *config,
                           struct str key, struct str value, int64_t now_ms, bool *ret_expired);
static enum err refresh_tasks(struct embedded_log *log, struct store_txn *txn);

bool embedded_tend(struct embedded_log *log)
{
    pthread_mutex_lock(&log->lock);
    const bool news = log->generation != log->generation_tended;
    log->generation_tended = log->generation;
    pthread_mutex_unlock(&log->lock);
    if (news && topics_open_all(log, NULL) != OK) /* topics that other processes made */
        return false;
    const bool more = retain(log);
    return clean_topics(log) || more;
}

static bool retain(struct embedded_log *log)
{
    pthread_mutex_lock(&log->lock);
    struct embedded_topic *topics = log->handles; /* those behind it stay as they are */
    pthread_mutex_unlock(&log->lock);
    struct store_txn *txn = NULL;
    struct partition *touched = NULL;
    uint32_t deleted_count = 0;
    enum err err = OK;
    for (struct embedded_topic *topic = topics; topic && !err; topic = topic->next) {
        if (!has_retention(topic))
            continue;
        for (int32_t i = 0; i < topic->base.partition_count && !err; i++) {
            struct store_txn *look = txn;
            int64_t before = 0;
            if (deleted_count >= DELETED_MAX)
                break;
            if (!look)
                err = store_begin(log->store, false, &look);
            if (!err)
                err = expired_before(log, look, topic, i, &before);
            if (look != txn)
                store_abort(look);
            if (err || before == 0)
                continue;
            if (!txn)
                err = tend_begin(log, &txn);
            if (!err)
                err = partition_touch(log, txn, topic, i, &touched);
            if (!err)
                err = partition_trim(log, txn, topic, i, before, DELETED_MAX - deleted_count,
                                     &deleted_count);
            if (err == ERR_NOT_FOUND)
                err = OK;
        }
    }
    if (!txn)
        return false;
    err = tend_commit(log, txn, &touched, err);
    return !err && deleted_count >= DELETED_MAX;
}

enum err tend_begin(struct embedded_log *log, struct store_txn **ret_txn)
{
    struct store_txn *txn = NULL;
    enum err err = store_begin(log->store, true, &txn);
    if (err)
        return err;
    notice_other_writers(log);
    err = refresh_tasks(log, txn);
    if (err) {
        store_abort(txn);
        return err;
    }
    *ret_txn = txn;
    return OK;
}

enum err tend_commit(struct embedded_log *log, struct store_txn *txn, struct partition **touched,
                     enum err err)
{
    const uint64_t last_txn = store_last_txn(log->store);
    if (err)
        store_abort(txn);
    else
        err = store_commit(txn);
    pthread_mutex_lock(&log->lock);
    if (err) {
        partitions_forget(touched);
    } else {
        partitions_publish(touched);
        atomic_store(&log->txn_seen, last_txn + 1);
        log->news++;
        pthread_cond_broadcast(&log->changed);
    }
    pthread_mutex_unlock(&log->lock);
    return err;
}

static bool has_retention(const struct embedded_topic *topic)
{
    return !topic->removed && !topic->base.internal &&
           (topic->config.retention_ms >= 0 || topic->config.retention_bytes >= 0);
}

/* The offset before which nothing needs to stay; 0: all stays. */
static enum err expired_before(struct embedded_log *log, struct store_txn *txn,
                               struct embedded_topic *topic, int32_t partition, int64_t *ret_before)
{
    struct partition *at = &topic->partitions[partition];
    const struct log_topic_config *config = &topic->config;
    const int64_t now_ms = clock_wall_ms();
    struct store_cursor *cursor = NULL;
    struct str key;
    struct str value;
    uint64_t entry_count = 0;
    uint64_t bytes = 0;
    pthread_mutex_lock(&log->lock);
    const int64_t begin_offset = at->begin_offset;
    const int64_t end_offset = at->end_offset;
    pthread_mutex_unlock(&log->lock);
    enum err err = store_database_size(txn, at->database, &entry_count, &bytes);
    const bool is_large = config->retention_bytes >= 0 && bytes > (uint64_t)config->retention_bytes;
    const bool is_old =
        config->retention_ms >= 0 &&
        (at->oldest_offset != begin_offset || now_ms - at->oldest_ms > config->retention_ms);
    if (err || entry_count == 0 || (!is_large && !is_old))
        return err;
    err = refresh_tasks(log, txn);
    if (err)
        return err;
    const int64_t floor = task_table_floor(&log->tasks, topic->id, partition);
    int64_t before = 0;
    err = store_cursor_open(txn, at->database, &cursor);
    if (!err)
        err = store_cursor_move(cursor, STORE_FIRST, &key, &value);
    for (uint32_t i = 0; i < DELETED_MAX && !err; i++) {
        bool expired = config->retention_bytes >= 0 && bytes > (uint64_t)config->retention_bytes;
        if (!expired)
            err = is_expired(at, config, key, value, now_ms, &expired);
        if (err || !expired)
            break;
        const uint64_t freed = store_entry_bytes(log->store, value.size);
        bytes -= freed < bytes ? freed : bytes;
        err = store_cursor_move(cursor, STORE_NEXT, &key, &value);
        const int64_t next = err == OK ? (int64_t)batch_key(key) : end_offset;
        if (next > floor)
            break;
        before = next;
    }
    store_cursor_close(cursor);
    /* A batch that fails its check is left for whoever reads it to find. */
    if (!err || err == ERR_NOT_FOUND || err == ERR_CORRUPT)
        *ret_before = before;
    return err == ERR_NOT_FOUND || err == ERR_CORRUPT ? OK : err;
}

static enum err is_expired(struct partition *partition, const struct log_topic_config *config,
                           struct str key, struct str value, int64_t now_ms, bool *ret_expired)
{
    struct record_batch_info info;
    *ret_expired = false;
    if (config->retention_ms < 0)
        return OK;
    const enum err err = batch_check(key, value, &info, NULL);
    if (err)
        return err;
    /* Remembered, so that the batch is not summed again each second. */
    partition->oldest_offset = info.base_offset;
    partition->oldest_ms = info.max_timestamp_ms;
    *ret_expired = now_ms - info.max_timestamp_ms > config->retention_ms;
    return OK;
}

static enum err refresh_tasks(struct embedded_log *log, struct store_txn *txn)
{
    if (!log->tasks_stale)
        return OK;
    const enum err err = task_table_read(&log->tasks, log, txn);
    log->tasks_stale = err != OK;
    return err;
}
