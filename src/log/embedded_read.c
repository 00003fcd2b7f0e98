/* embedded_read.c -- reads: committed batches from the map, batches on their way from memory. */
#include "log/embedded.h"
#include "log/embedded_member.h"

#include "base/memory.h"

/* What a partition looked like when the read began. */
struct view {
    int64_t begin_offset;
    int64_t end_offset; /* committed */
    int64_t limit;      /* one past the last record this member may see */
    int64_t low_ms;
    int64_t reached_ms;
    uint64_t generation;
    bool stale; /* another process has written since the offsets were read */
};

static struct held_read *take_read(struct embedded_member *member);
static enum err look(struct embedded_member *member, struct embedded_topic *topic,
                     int32_t partition, int64_t offset, size_t bytes_max, struct held_read *read,
                     struct view *ret_view);
static void hold_pending(struct held_read *read, const struct partition *partition, int64_t offset,
                         size_t bytes_max);
static enum err take_snapshot(struct embedded_log *log, struct held_read *read);
static enum err read_stored(struct embedded_log *log, struct embedded_topic *topic,
                            int32_t partition, const struct view *view, int64_t offset,
                            size_t bytes_max, struct held_read *read, struct why *why);
static enum err read_pending(struct held_read *read, int64_t offset, struct why *why);
static enum err find_batch(struct store_cursor *cursor, int64_t offset, struct str *ret_key,
                           struct str *ret_value);
static enum err add_batch(struct held_read *read, struct str batch,
                          const struct record_batch_info *info, int64_t offset, struct why *why);
static void let_go(struct held_read *read);

enum err embedded_read(struct log_member *base, struct log_topic *handle, int32_t partition,
                       int64_t offset, size_t bytes_max, struct log_records **ret_records,
                       struct why *why)
{
    struct embedded_member *member = embedded_member_of(base);
    struct embedded_topic *topic = embedded_topic_of(handle);
    struct embedded_log *log = member->log;
    must(partition >= 0);
    must(partition < handle->partition_count);
    struct held_read *read = take_read(member);
    struct view view;
    enum err err = look(member, topic, partition, offset, bytes_max, read, &view);
    if (!err && read->batch_count == 0 && offset >= view.end_offset &&
        (view.stale || store_last_txn(log->store) != atomic_load(&log->txn_seen))) {
        /* News from another process, perhaps for this partition. */
        err = take_snapshot(log, read);
        if (!err)
            err = partition_refresh(log, topic, partition, read->txn, view.generation);
        let_go(read); /* the second look may see an end that this snapshot does not have */
        if (!err)
            err = look(member, topic, partition, offset, bytes_max, read, &view);
    }
    if (err) {
        why_set(why, err, "cannot read: %s", err_text(err));
        goto out;
    }
    if (offset < view.begin_offset || offset > view.limit) {
        err = why_set(why, ERR_OUT_OF_RANGE, "offset %lld is not within %lld to %lld",
                      (long long)offset, (long long)view.begin_offset, (long long)view.limit);
        goto out;
    }
    read->records.count = 0;
    read->records.next_offset = offset;
    read->records.end_offset = view.limit;
    read->records.low_ms = view.low_ms;
    read->records.reached_ms = view.reached_ms;
    if (read->batch_count)
        err = read_pending(read, offset, why);
    else if (offset < view.end_offset)
        err = read_stored(log, topic, partition, &view, offset, bytes_max, read, why);
out:
    if (err || read->records.count == 0)
        let_go(read);
    if (err) {
        read->held = false;
        why_prefix(why, "topic '%.*s' partition %d", STR_ARGS(handle->name), partition);
        return err;
    }
    read->records.at = read->at;
    *ret_records = &read->records;
    return OK;
}

void embedded_release(struct log_member *base, struct log_records *records)
{
    struct embedded_member *member = embedded_member_of(base);
    struct held_read *read = (struct held_read *)records;
    must(read >= member->reads);
    must(read < member->reads + READS_HELD_MAX);
    must(read->held);
    let_go(read);
    read->held = false;
}

void held_reads_free(struct embedded_member *member)
{
    for (size_t i = 0; i < READS_HELD_MAX; i++) {
        struct held_read *read = &member->reads[i];
        must(!read->held);
        if (read->txn) {
            if (read->has_snapshot)
                store_reset(read->txn);
            store_abort(read->txn);
        }
        arena_release(&read->arena);
        free(read->at);
        free(read->batches);
    }
}

static struct held_read *take_read(struct embedded_member *member)
{
    struct held_read *read = member->reads;
    while (read < member->reads + READS_HELD_MAX && read->held)
        read++;
    must(read < member->reads + READS_HELD_MAX);
    read->held = true;
    read->records.member = &member->base;
    read->records.count = 0;
    read->batch_count = 0;
    arena_clear(&read->arena);
    return read;
}

/* Bounds and batches on their way are taken together, so that they fit each other; what is
 * committed by then, a snapshot taken later has. */
static enum err look(struct embedded_member *member, struct embedded_topic *topic,
                     int32_t partition, int64_t offset, size_t bytes_max, struct held_read *read,
                     struct view *ret_view)
{
    struct embedded_log *log = member->log;
    const struct partition *at = &topic->partitions[partition];
    enum err err = OK;
    pthread_mutex_lock(&log->lock);
    if (topic->removed)
        err = ERR_NOT_FOUND;
    else if (member->account.aborted && !member->account.committed_only)
        err = ERR_ABORTED;
    const bool may = topic->base.internal ? !member->account.committed_only : member->reads_ahead;
    const bool ahead = may && at->assigned_offset > at->end_offset;
    ret_view->begin_offset = at->begin_offset;
    ret_view->end_offset = at->end_offset;
    ret_view->limit = ahead ? at->assigned_offset : at->end_offset;
    topic_lows_read(&log->lows, &topic->lows, &ret_view->low_ms, &ret_view->reached_ms);
    ret_view->generation = log->generation;
    ret_view->stale = at->generation != log->generation;
    if (!err && ahead && offset >= at->end_offset)
        hold_pending(read, at, offset, bytes_max);
    pthread_mutex_unlock(&log->lock);
    return err;
}

static void hold_pending(struct held_read *read, const struct partition *partition, int64_t offset,
                         size_t bytes_max)
{
    size_t bytes = 0;
    for (struct pending_batch *batch = partition->pending_first; batch; batch = batch->next) {
        if (batch->base_offset + batch->offset_count <= offset)
            continue;
        if (read->batch_count && bytes + batch->size > bytes_max)
            break;
        if (read->batch_count == read->batch_capacity) {
            read->batch_capacity = read->batch_capacity ? read->batch_capacity * 2 : 16;
            read->batches =
                memory_realloc(read->batches, read->batch_capacity * sizeof(*read->batches));
        }
        atomic_fetch_add_explicit(&batch->references, 1, memory_order_relaxed);
        read->batches[read->batch_count++] = batch;
        bytes += batch->size;
    }
}

static enum err take_snapshot(struct embedded_log *log, struct held_read *read)
{
    if (read->has_snapshot)
        return OK;
    const enum err err =
        read->txn ? store_renew(read->txn) : store_begin(log->store, false, &read->txn);
    read->has_snapshot = err == OK;
    return err;
}

static enum err read_stored(struct embedded_log *log, struct embedded_topic *topic,
                            int32_t partition, const struct view *view, int64_t offset,
                            size_t bytes_max, struct held_read *read, struct why *why)
{
    struct store_cursor *cursor = NULL;
    struct str key;
    struct str value;
    size_t bytes = 0;
    enum err err = take_snapshot(log, read);
    if (!err)
        err = store_cursor_open(read->txn, topic->partitions[partition].database, &cursor);
    if (err)
        return why_set(why, err, "cannot read: %s", err_text(err));
    err = find_batch(cursor, offset, &key, &value);
    while (!err && read->records.next_offset < view->end_offset) {
        struct record_batch_info info;
        if (read->records.count && bytes + value.size > bytes_max)
            break;
        err = batch_check(key, value, &info, why);
        if (err)
            break;
        const int64_t next_offset = read->records.next_offset;
        const bool follows = bytes ? info.base_offset == next_offset
                                   : info.base_offset <= offset && offset <= info.last_offset;
        if (!follows) {
            err = why_set(why, ERR_CORRUPT, "no batch holds offset %lld", (long long)next_offset);
            break;
        }
        err = add_batch(read, value, &info, offset, why);
        if (err)
            break;
        bytes += value.size;
        err = store_cursor_move(cursor, STORE_NEXT, &key, &value);
    }
    store_cursor_close(cursor);
    /* A partition trimmed by another process ends here too: its begin is not known yet. */
    if (err == ERR_NOT_FOUND && read->records.next_offset < view->end_offset)
        err = why_set(why, ERR_CORRUPT, "no batch holds offset %lld",
                      (long long)read->records.next_offset);
    if (err == ERR_CORRUPT && bytes == 0) {
        struct partition_bounds bounds;
        if (partition_read_bounds(log, topic, partition, read->txn, &bounds) == OK &&
            offset < bounds.begin_offset)
            err = why_set(why, ERR_OUT_OF_RANGE, "offset %lld is before %lld", (long long)offset,
                          (long long)bounds.begin_offset);
    }
    /* Good batches before a bad one are given out; the next read meets it. */
    return bytes || err == ERR_NOT_FOUND ? OK : err;
}

static enum err read_pending(struct held_read *read, int64_t offset, struct why *why)
{
    enum err err = OK;
    for (uint32_t i = 0; i < read->batch_count && !err; i++) {
        const struct pending_batch *batch = read->batches[i];
        const struct record_batch_info info = {
            .base_offset = batch->base_offset,
            .last_offset = batch->base_offset + batch->offset_count - 1,
            .record_count = batch->record_count,
        };
        err = add_batch(read, (struct str){batch->bytes, batch->size}, &info, offset, why);
    }
    return err;
}

/* The batch with the greatest base offset <= offset; else the first. */
static enum err find_batch(struct store_cursor *cursor, int64_t offset, struct str *ret_key,
                           struct str *ret_value)
{
    const uint64_t wanted = (uint64_t)offset;
    struct str key = {(const char *)&wanted, sizeof(wanted)};
    struct str value;
    enum err err = store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &value);
    if (err == ERR_NOT_FOUND)
        err = store_cursor_move(cursor, STORE_LAST, &key, &value);
    else if (!err && batch_key(key) != wanted)
        err = store_cursor_move(cursor, STORE_PREVIOUS, &key, &value);
    if (err)
        return err;
    *ret_key = key;
    *ret_value = value;
    return OK;
}

static enum err add_batch(struct held_read *read, struct str batch,
                          const struct record_batch_info *info, int64_t offset, struct why *why)
{
    const uint32_t needed = read->records.count + info->record_count;
    if (needed > read->capacity) {
        read->capacity = needed > 2 * read->capacity ? needed : 2 * read->capacity;
        read->at = memory_realloc(read->at, read->capacity * sizeof(*read->at));
    }
    uint32_t count = 0;
    const enum err err =
        record_batch_read(batch, offset, read->at + read->records.count, &count, &read->arena, why);
    if (err)
        return err;
    read->records.count += count;
    read->records.next_offset = info->last_offset + 1;
    return OK;
}

static void let_go(struct held_read *read)
{
    for (uint32_t i = 0; i < read->batch_count; i++)
        pending_batch_release(read->batches[i]);
    read->batch_count = 0;
    if (read->has_snapshot)
        store_reset(read->txn);
    read->has_snapshot = false;
}
