/* embedded_partition.c -- what the store says of one partition: its bounds, its batches. */
#include "log/embedded.h"
#include "log/embedded_catalog.h"

#include "base/memory.h"

static enum err find_in(struct store_cursor *cursor, int64_t timestamp_ms, int64_t *ret_offset,
                        struct why *why);

static uint64_t begins_key(uint32_t topic_id, int32_t partition)
{
    return (uint64_t)topic_id << 32 | (uint32_t)partition;
}

static enum err read_begin(struct embedded_log *log, uint32_t topic_id, int32_t partition,
                           struct store_txn *txn, int64_t *ret_begin_offset)
{
    const uint64_t key = begins_key(topic_id, partition);
    struct str value;
    const enum err err = store_get_checked(txn, log->begins_database,
                                           (struct str){(const char *)&key, sizeof(key)}, &value);
    if (err == ERR_NOT_FOUND)
        return OK; /* never trimmed */
    if (err)
        return err;
    if (value.size != sizeof(*ret_begin_offset))
        return ERR_CORRUPT;
    memcpy(ret_begin_offset, value.data, sizeof(*ret_begin_offset));
    return OK;
}

enum err partition_read_bounds(struct embedded_log *log, struct embedded_topic *topic,
                               int32_t partition, struct store_txn *txn,
                               struct partition_bounds *ret_bounds)
{
    struct partition_bounds bounds = {0};
    struct store_cursor *cursor = NULL;
    struct str key;
    struct str value;
    const enum err begin_err = read_begin(log, topic->id, partition, txn, &bounds.begin_offset);
    if (begin_err && begin_err != ERR_CORRUPT)
        return begin_err;
    bounds.end_offset = bounds.begin_offset;
    enum err err = store_cursor_open(txn, topic->partitions[partition].database, &cursor);
    if (!err && begin_err) {
        /* Damaged: the first batch tells it as well, if there is one. */
        err = store_cursor_move(cursor, STORE_FIRST, &key, &value);
        if (!err)
            bounds.begin_offset = (int64_t)batch_key(key);
        else if (err == ERR_NOT_FOUND)
            err = ERR_CORRUPT;
    }
    if (!err)
        err = store_cursor_move(cursor, STORE_LAST, &key, &value);
    if (!err) {
        struct record_batch_info info = {0};
        const bool fine =
            batch_check(key, value, &info, NULL) == OK && info.base_offset >= bounds.begin_offset;
        bounds.broken = !fine;
        bounds.end_offset = fine ? info.last_offset + 1 : (int64_t)batch_key(key) + 1;
    }
    store_cursor_close(cursor);
    if (err && err != ERR_NOT_FOUND)
        return err;
    *ret_bounds = bounds;
    return OK;
}

enum err partition_refresh(struct embedded_log *log, struct embedded_topic *topic,
                           int32_t partition, struct store_txn *txn, uint64_t generation)
{
    struct partition_bounds bounds;
    enum err err = topic_check_current(log, topic, txn);
    if (err)
        return err;
    err = partition_read_bounds(log, topic, partition, txn, &bounds);
    if (err)
        return err;
    struct partition *at = &topic->partitions[partition];
    pthread_mutex_lock(&log->lock);
    /* Offsets only grow, and memory may be ahead of this snapshot. */
    if (bounds.begin_offset > at->begin_offset)
        at->begin_offset = bounds.begin_offset;
    if (bounds.end_offset >= at->end_offset) {
        at->end_offset = bounds.end_offset;
        at->broken = bounds.broken;
    }
    if (at->assigned_offset < at->end_offset && !at->pending_first)
        at->assigned_offset = at->end_offset;
    if (at->generation < generation)
        at->generation = generation;
    pthread_mutex_unlock(&log->lock);
    return OK;
}

enum err partition_write_begin(struct embedded_log *log, struct store_txn *txn, uint32_t topic_id,
                               int32_t partition, int64_t begin_offset)
{
    const uint64_t key = begins_key(topic_id, partition);
    return store_put_checked(txn, log->begins_database,
                             (struct str){(const char *)&key, sizeof(key)},
                             (struct str){(const char *)&begin_offset, sizeof(begin_offset)});
}

enum err partition_remove_begin(struct embedded_log *log, struct store_txn *txn, uint32_t topic_id,
                                int32_t partition)
{
    const uint64_t key = begins_key(topic_id, partition);
    const enum err err =
        store_delete(txn, log->begins_database, (struct str){(const char *)&key, sizeof(key)});
    return err == ERR_NOT_FOUND ? OK : err;
}

struct str partition_name(uint32_t topic_id, int32_t partition, char text[32])
{
    const int size = snprintf(text, 32, "p/%u/%d", topic_id, partition);
    return (struct str){text, (size_t)size};
}

uint64_t batch_key(struct str key)
{
    uint64_t number = UINT64_MAX;
    if (key.size == sizeof(number))
        memcpy(&number, key.data, sizeof(number));
    return number;
}

enum err batch_check(struct str key, struct str value, struct record_batch_info *ret_info,
                     struct why *why)
{
    struct record_batch_info info;
    const enum err err = record_batch_check(value, &info, why);
    if (err)
        return err;
    /* What lies outside the batch's sum: base offset, size, and an epoch that producers leave at
     * -1 (bytes 12 to 15). */
    uint32_t epoch;
    memcpy(&epoch, value.data + 12, sizeof(epoch));
    if (info.size != value.size || (uint64_t)info.base_offset != batch_key(key) ||
        epoch != UINT32_MAX)
        return why_set(why, ERR_CORRUPT, "the batch at offset %lld is not the one stored there",
                       (long long)batch_key(key));
    *ret_info = info;
    return OK;
}

/* Batches are not in order of time, so all are looked at until one has it. */
enum err embedded_find(struct log *base, struct log_topic *handle, int32_t partition,
                       int64_t timestamp_ms, int64_t *ret_offset, struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    struct embedded_topic *topic = embedded_topic_of(handle);
    must(partition < handle->partition_count);
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    struct partition_bounds bounds;
    enum err err = store_begin(log->store, false, &txn);
    if (!err)
        err = topic_check_current(log, topic, txn);
    if (!err)
        err = partition_read_bounds(log, topic, partition, txn, &bounds);
    if (!err)
        err = store_cursor_open(txn, topic->partitions[partition].database, &cursor);
    if (err) {
        why_set(why, err, "%s", err_text(err));
    } else {
        int64_t offset = bounds.end_offset;
        err = find_in(cursor, timestamp_ms, &offset, why);
        if (!err)
            *ret_offset = offset;
    }
    store_cursor_close(cursor);
    store_abort(txn);
    if (err)
        why_prefix(why, "topic '%.*s' partition %d", STR_ARGS(handle->name), partition);
    return err;
}

/* Leaves the offset alone when there is no such record. */
static enum err find_in(struct store_cursor *cursor, int64_t timestamp_ms, int64_t *ret_offset,
                        struct why *why)
{
    struct record *records = NULL;
    struct arena arena;
    struct str key;
    struct str value;
    arena_init(&arena, 0);
    enum err err = store_cursor_move(cursor, STORE_FIRST, &key, &value);
    for (bool found = false; !err && !found;) {
        struct record_batch_info info = {0};
        uint32_t count = 0;
        err = batch_check(key, value, &info, why);
        if (!err && info.max_timestamp_ms >= timestamp_ms) {
            arena_clear(&arena);
            records = memory_realloc(records, (info.record_count + 1) * sizeof(*records));
            err = record_batch_read(value, info.base_offset, records, &count, &arena, why);
        }
        for (uint32_t i = 0; i < count && !err && !found; i++) {
            found = records[i].timestamp_ms >= timestamp_ms;
            if (found)
                *ret_offset = records[i].offset;
        }
        if (!err && !found)
            err = store_cursor_move(cursor, STORE_NEXT, &key, &value);
    }
    free(records);
    arena_release(&arena);
    return err == ERR_NOT_FOUND ? OK : err;
}
