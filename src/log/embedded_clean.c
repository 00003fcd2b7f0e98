/* embedded_clean.c -- the cleaner: of a compacted topic the latest record a key stays.
 *
 * A pass over one partition has two halves, each done in pieces between commits. First the keys of
 * records that came since the last pass go into a table, with the offset of the latest. Then all
 * batches from the begin offset on are read, and those that hold a superseded record are written
 * anew without it. A batch keeps its offset range, also when nothing is left in it, so that batches
 * still follow each other without a gap.
 *
 * The table has 128 bits of a key's hash instead of the key, and a fixed size: when it is full, the
 * pass covers no more than what it holds. Records a task may read again stay as they are. A
 * tombstone that is itself the latest goes a day later. */
#include "base/big_endian.h"
#include "log/embedded.h"
#include "log/embedded_committer.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/varint.h"

#define PIECE_BYTES (4 << 20)
#define SLOTS_MAX (1u << 19) /* of 24 bytes */
#define KEYS_MAX (SLOTS_MAX / 4 * 3)
#define DIRTY_RECORDS_MIN 1000
#define TOMBSTONE_MS 86400000
/* Kafka's record batch, see data/record.h. */
#define AT_LENGTH 8
#define AT_CRC 17
#define AT_ATTRIBUTES 21
#define AT_RECORD_COUNT 57
#define LENGTH_BEFORE 12

struct slot {
    uint64_t hash[2];
    int64_t offset; /* + 1; 0: free */
};

struct cleaner {
    struct embedded_topic *topic; /* NULL: no pass is under way */
    int32_t partition;
    bool rewriting;
    int64_t next_offset;
    int64_t upto_offset;  /* the pass ends here */
    int64_t known_offset; /* where the last pass ended */
    int64_t kept_count;
    struct slot *slots;
    uint32_t key_count;
    struct record *records;
    uint32_t record_capacity;
    struct arena arena;
    struct buf batch;
};

static bool find_work(struct embedded_log *log, struct cleaner *cleaner);
static bool wants_pass(struct embedded_log *log, struct embedded_topic *topic, int32_t partition,
                       struct cleaner *cleaner);
static enum err note_keys(struct embedded_log *log, struct cleaner *cleaner);
static enum err rewrite(struct embedded_log *log, struct cleaner *cleaner);
static enum err rewrite_batches(struct cleaner *cleaner, struct store_txn *txn, bool *ret_changed);
static enum err read_batch(struct cleaner *cleaner, struct str key, struct str value,
                           struct record_batch_info *ret_info);
static struct slot *find_slot(struct cleaner *cleaner, struct str key);
static bool keeps(struct cleaner *cleaner, const struct record *record, int64_t now_ms);
static uint32_t build_batch(struct cleaner *cleaner, struct str value, uint32_t record_count);
static enum err at_offset(struct store_cursor *cursor, int64_t offset, struct str *ret_key,
                          struct str *ret_value);
static void end_pass(struct cleaner *cleaner, bool done);

bool clean_topics(struct embedded_log *log)
{
    if (!log->cleaner) {
        log->cleaner = MEMORY_NEW(struct cleaner);
        arena_init(&log->cleaner->arena, 0);
    }
    struct cleaner *cleaner = log->cleaner;
    if (!cleaner->topic && !find_work(log, cleaner))
        return false;
    const enum err err = cleaner->rewriting ? rewrite(log, cleaner) : note_keys(log, cleaner);
    if (err) /* what is damaged is left for a reader to find; a full disk for another time */
        end_pass(cleaner, false);
    return cleaner->topic != NULL;
}

void cleaner_free(struct cleaner *cleaner)
{
    if (!cleaner)
        return;
    free(cleaner->slots);
    free(cleaner->records);
    arena_release(&cleaner->arena);
    buf_release(&cleaner->batch);
    free(cleaner);
}

static bool find_work(struct embedded_log *log, struct cleaner *cleaner)
{
    pthread_mutex_lock(&log->lock);
    struct embedded_topic *topic = log->handles;
    pthread_mutex_unlock(&log->lock);
    for (; topic; topic = topic->next) {
        if (topic->removed || topic->base.internal || !topic->config.compacted)
            continue;
        for (int32_t i = 0; i < topic->base.partition_count; i++)
            if (wants_pass(log, topic, i, cleaner))
                return true;
    }
    return false;
}

/* A pass costs a read of all there is: it waits until a third of that is new. */
static bool wants_pass(struct embedded_log *log, struct embedded_topic *topic, int32_t partition,
                       struct cleaner *cleaner)
{
    struct partition *at = &topic->partitions[partition];
    pthread_mutex_lock(&log->lock);
    const int64_t begin_offset = at->begin_offset;
    const int64_t end_offset = at->end_offset;
    pthread_mutex_unlock(&log->lock);
    const int64_t floor = task_table_floor(&log->tasks, topic->id, partition);
    const int64_t upto_offset = floor < end_offset ? floor : end_offset;
    if (at->cleaned_offset < begin_offset)
        at->cleaned_offset = begin_offset;
    const int64_t dirty = upto_offset - at->cleaned_offset;
    if (dirty < DIRTY_RECORDS_MIN || dirty < at->cleaned_records / 2)
        return false;
    cleaner->topic = topic;
    cleaner->partition = partition;
    cleaner->rewriting = false;
    cleaner->next_offset = at->cleaned_offset;
    cleaner->known_offset = at->cleaned_offset;
    cleaner->upto_offset = upto_offset;
    cleaner->kept_count = 0;
    cleaner->key_count = 0;
    cleaner->slots = memory_zalloc(SLOTS_MAX * sizeof(*cleaner->slots));
    return true;
}

static enum err note_keys(struct embedded_log *log, struct cleaner *cleaner)
{
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    struct str key;
    struct str value;
    size_t bytes = 0;
    enum err err = store_begin(log->store, false, &txn);
    if (!err)
        err = store_cursor_open(txn, cleaner->topic->partitions[cleaner->partition].database,
                                &cursor);
    if (!err)
        err = at_offset(cursor, cleaner->next_offset, &key, &value);
    while (!err && bytes < PIECE_BYTES) {
        struct record_batch_info info;
        err = read_batch(cleaner, key, value, &info);
        if (err || info.last_offset >= cleaner->upto_offset ||
            cleaner->key_count + info.record_count > KEYS_MAX)
            break;
        for (uint32_t i = 0; i < info.record_count; i++) {
            if (!cleaner->records[i].key.data)
                continue;
            struct slot *slot = find_slot(cleaner, cleaner->records[i].key);
            cleaner->key_count += slot->offset == 0;
            slot->offset = cleaner->records[i].offset + 1;
        }
        bytes += value.size;
        cleaner->next_offset = info.last_offset + 1;
        err = store_cursor_move(cursor, STORE_NEXT, &key, &value);
    }
    store_cursor_close(cursor);
    store_abort(txn);
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (!err && bytes >= PIECE_BYTES)
        return OK;
    cleaner->upto_offset = cleaner->next_offset;
    cleaner->next_offset = 0;
    cleaner->rewriting = true;
    return OK;
}

static enum err rewrite(struct embedded_log *log, struct cleaner *cleaner)
{
    struct partition *touched = NULL;
    struct store_txn *txn = NULL;
    bool changed = false;
    enum err err = tend_begin(log, &txn);
    if (err)
        return err;
    /* Another process may have removed the topic. */
    err = partition_touch(log, txn, cleaner->topic, cleaner->partition, &touched);
    if (!err)
        err = rewrite_batches(cleaner, txn, &changed);
    const bool done = err == ERR_NOT_FOUND;
    if (done)
        err = OK;
    if (changed || err) {
        const enum err failed = err;
        err = tend_commit(log, txn, &touched, failed);
        if (failed)
            err = failed;
    } else {
        pthread_mutex_lock(&log->lock);
        partitions_forget(&touched);
        pthread_mutex_unlock(&log->lock);
        store_abort(txn);
    }
    if (!err && done)
        end_pass(cleaner, true);
    return err;
}

/* ERR_NOT_FOUND when the pass has come to its end. */
static enum err rewrite_batches(struct cleaner *cleaner, struct store_txn *txn, bool *ret_changed)
{
    const store_database database = cleaner->topic->partitions[cleaner->partition].database;
    const int64_t now_ms = clock_wall_ms();
    enum err err = OK;
    for (size_t bytes = 0; !err && bytes < PIECE_BYTES;) {
        struct store_cursor *cursor = NULL;
        struct str key;
        struct str value;
        struct record_batch_info info;
        err = store_cursor_open(txn, database, &cursor);
        if (!err)
            err = at_offset(cursor, cleaner->next_offset, &key, &value);
        store_cursor_close(cursor);
        if (!err && (int64_t)batch_key(key) >= cleaner->upto_offset)
            err = ERR_NOT_FOUND;
        if (!err)
            err = read_batch(cleaner, key, value, &info);
        if (err)
            break;
        uint32_t kept = 0;
        for (uint32_t i = 0; i < info.record_count; i++) {
            const bool stays = keeps(cleaner, &cleaner->records[i], now_ms);
            cleaner->records[i].offset = stays ? 1 : 0; /* all that is asked of it from here on */
            kept += stays;
        }
        bytes += value.size;
        cleaner->kept_count += kept;
        cleaner->next_offset = info.last_offset + 1;
        if (kept == info.record_count)
            continue;
        const uint64_t base_offset = (uint64_t)info.base_offset;
        must(build_batch(cleaner, value, info.record_count) == kept);
        err =
            store_put(txn, database, (struct str){(const char *)&base_offset, sizeof(base_offset)},
                      buf_str(&cleaner->batch));
        *ret_changed = true;
    }
    return err;
}

/* Fills cleaner->records. */
static enum err read_batch(struct cleaner *cleaner, struct str key, struct str value,
                           struct record_batch_info *ret_info)
{
    uint32_t count = 0;
    enum err err = batch_check(key, value, ret_info, NULL);
    if (err)
        return err;
    if (ret_info->record_count > cleaner->record_capacity) {
        cleaner->record_capacity = ret_info->record_count;
        cleaner->records =
            memory_realloc(cleaner->records, cleaner->record_capacity * sizeof(*cleaner->records));
    }
    arena_clear(&cleaner->arena);
    err = record_batch_read(value, ret_info->base_offset, cleaner->records, &count, &cleaner->arena,
                            NULL);
    return !err && count != ret_info->record_count ? ERR_CORRUPT : err;
}

/* The key's slot, or the free one where it belongs. */
static struct slot *find_slot(struct cleaner *cleaner, struct str key)
{
    const uint64_t first = hash64(key.data, key.size);
    const uint64_t second = hash64_seeded(key.data, key.size, 0x9E3779B97F4A7C15ull);
    uint32_t index = (uint32_t)first & (SLOTS_MAX - 1);
    for (;;) {
        struct slot *slot = &cleaner->slots[index];
        if (slot->offset == 0) {
            slot->hash[0] = first;
            slot->hash[1] = second;
            return slot;
        }
        if (slot->hash[0] == first && slot->hash[1] == second)
            return slot;
        index = (index + 1) & (SLOTS_MAX - 1);
    }
}

static bool keeps(struct cleaner *cleaner, const struct record *record, int64_t now_ms)
{
    if (!record->key.data)
        return true;
    const struct slot *slot = find_slot(cleaner, record->key);
    if (slot->offset > record->offset + 1)
        return false;
    return record->value.data || record->offset >= cleaner->known_offset ||
           now_ms - record->timestamp_ms <= TOMBSTONE_MS;
}

/* The batch without the records that go: their bytes are left out, all others stay as they are. */
static uint32_t build_batch(struct cleaner *cleaner, struct str value, uint32_t record_count)
{
    struct buf *batch = &cleaner->batch;
    const uint8_t *at = (const uint8_t *)value.data + RECORD_BATCH_OVERHEAD;
    const uint8_t *end = (const uint8_t *)value.data + value.size;
    uint32_t kept = 0;
    buf_clear(batch);
    buf_append(batch, value.data, RECORD_BATCH_OVERHEAD);
    for (uint32_t i = 0; i < record_count; i++) {
        int64_t size = 0;
        const uint8_t *content = varint_get(at, end, &size);
        must(content != NULL);
        must(size >= 0);
        must(size <= end - content);
        if (cleaner->records[i].offset) {
            buf_append(batch, at, (size_t)(content + size - at));
            kept++;
        }
        at = content + size;
    }
    big_endian_put_32(batch->data + AT_LENGTH, (uint32_t)(batch->size - LENGTH_BEFORE));
    big_endian_put_32(batch->data + AT_RECORD_COUNT, kept);
    big_endian_put_32(batch->data + AT_CRC,
                      crc32c(0, batch->data + AT_ATTRIBUTES, batch->size - AT_ATTRIBUTES));
    return kept;
}

static enum err at_offset(struct store_cursor *cursor, int64_t offset, struct str *ret_key,
                          struct str *ret_value)
{
    const uint64_t wanted = (uint64_t)offset;
    struct str key = {(const char *)&wanted, sizeof(wanted)};
    const enum err err = store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, ret_value);
    if (!err)
        *ret_key = key;
    return err;
}

/* After a failure the next pass waits for as many new records as after a good one. */
static void end_pass(struct cleaner *cleaner, bool done)
{
    struct partition *at = &cleaner->topic->partitions[cleaner->partition];
    at->cleaned_offset = cleaner->upto_offset;
    if (done)
        at->cleaned_records = cleaner->kept_count;
    free(cleaner->slots);
    cleaner->slots = NULL;
    cleaner->topic = NULL;
}
