/* embedded_trim.c -- partitions inside a write transaction: working offsets, whole batches deleted.
 */
#include "log/embedded.h"
#include "log/embedded_committer.h"

static enum err begin_after_first(struct store_cursor *cursor, int64_t end_offset,
                                  int64_t *ret_offset);

enum err partition_touch(struct embedded_log *log, struct store_txn *txn,
                         struct embedded_topic *topic, int32_t partition,
                         struct partition **touched)
{
    struct partition *at = &topic->partitions[partition];
    if (at->touched)
        return OK;
    pthread_mutex_lock(&log->lock);
    const uint64_t generation = log->generation;
    const bool known = at->generation == generation;
    bool removed = topic->removed;
    pthread_mutex_unlock(&log->lock);
    enum err err = OK;
    if (!removed && !known) {
        err = partition_refresh(log, topic, partition, txn, generation);
        removed = err == ERR_NOT_FOUND;
    }
    pthread_mutex_lock(&log->lock);
    if (removed)
        topic->removed = true;
    at->working_begin = at->begin_offset;
    at->working_end = at->end_offset;
    at->working_broken = at->broken;
    pthread_mutex_unlock(&log->lock);
    if (removed)
        return ERR_NOT_FOUND;
    if (err)
        return err;
    at->touched = true;
    at->touched_next = *touched;
    *touched = at;
    return OK;
}

void partitions_publish(struct partition **touched)
{
    for (struct partition *at = *touched; at; at = at->touched_next) {
        if (at->working_begin > at->begin_offset)
            at->begin_offset = at->working_begin;
        if (at->working_end > at->end_offset)
            at->end_offset = at->working_end;
        while (at->pending_first && at->pending_first->base_offset < at->end_offset) {
            struct pending_batch *batch = at->pending_first;
            at->pending_first = batch->next;
            pending_batch_release(batch);
        }
        if (!at->pending_first) {
            at->pending_last = NULL;
            at->assigned_offset = at->end_offset;
        }
    }
    partitions_forget(touched);
}

void partitions_forget(struct partition **touched)
{
    for (struct partition *at = *touched; at; at = at->touched_next)
        at->touched = false;
    *touched = NULL;
}

enum err partition_trim(struct embedded_log *log, struct store_txn *txn,
                        struct embedded_topic *topic, int32_t partition, int64_t before_offset,
                        uint32_t count_max, uint32_t *ret_count)
{
    struct partition *at = &topic->partitions[partition];
    must(at->touched);
    struct store_cursor *cursor = NULL;
    uint32_t count = 0;
    int64_t begin_offset = at->working_begin;
    if (before_offset <= begin_offset)
        return OK;
    enum err err = store_cursor_open(txn, at->database, &cursor);
    while (!err && count < count_max) {
        struct str key;
        struct str value;
        int64_t next_offset = 0;
        err = begin_after_first(cursor, at->working_end, &next_offset);
        if (err || next_offset > before_offset)
            break;
        err = store_cursor_move(cursor, STORE_FIRST, &key, &value);
        if (!err)
            err = store_cursor_delete(cursor);
        if (!err) {
            begin_offset = next_offset;
            count++;
        }
    }
    store_cursor_close(cursor);
    if (err == ERR_NOT_FOUND) /* nothing is left */
        err = OK;
    if (!err && count)
        err = partition_write_begin(log, txn, topic->id, partition, begin_offset);
    if (err)
        return err;
    at->working_begin = begin_offset;
    *ret_count += count;
    return OK;
}

/* Where the partition would begin without its first batch. Keys tell, so that a batch whose bytes
 * are damaged can be trimmed as well. */
static enum err begin_after_first(struct store_cursor *cursor, int64_t end_offset,
                                  int64_t *ret_offset)
{
    struct str key;
    struct str value;
    enum err err = store_cursor_move(cursor, STORE_FIRST, &key, &value);
    if (err)
        return err;
    err = store_cursor_move(cursor, STORE_NEXT, &key, &value);
    if (err && err != ERR_NOT_FOUND)
        return err;
    *ret_offset = err ? end_offset : (int64_t)batch_key(key);
    return OK;
}
