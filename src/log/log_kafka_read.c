/* log_kafka_read.c -- reading: a pool of consumers, and one cursor a member and partition.
 *
 * librdkafka reads a partition once a client, so clients are taken from the pool until one is found
 * that does not read it yet. A cursor is started, sought and read by its member's thread alone:
 * with 2.0.2 messages can be lost when these meet on several. It hands out what it fetched as it
 * lies in librdkafka's memory, and keeps it until something beyond is asked for.
 *
 * Nobody is told that there is nothing more at an offset before a fetch has found the partition's
 * end there, or while this process knows of records behind it, as it does of those it committed. */
#include "log/log_kafka.h"

#include "base/clock.h"
#include "base/memory.h"

#define READ_WAIT_NS 10000000000 /* for records that have to be there */
#define READ_STEP_MS 50

static enum err read_once(struct kafka_member *member, struct kafka_cursor *cursor, int64_t offset,
                          bool *ret_known, struct why *why);
static enum err fetch(struct kafka_member *member, struct kafka_cursor *cursor, struct why *why);
static enum err take_error(struct kafka_member *member, struct kafka_cursor *cursor,
                           rd_kafka_message_t *message, struct why *why);
static void fill(struct kafka_cursor *cursor);
static void fill_headers(struct kafka_cursor *cursor, const rd_kafka_message_t *message,
                         struct record *record);
static struct kafka_cursor *find_cursor(struct kafka_member *member, struct kafka_topic *topic,
                                        int32_t partition, int64_t offset);
static enum err cursor_open(struct kafka_member *member, struct kafka_topic *topic,
                            int32_t partition, int64_t offset, struct kafka_cursor **ret_cursor,
                            struct why *why);
static enum err cursor_start(struct kafka_member *member, struct kafka_cursor *cursor,
                             int64_t offset, struct why *why);
static enum err cursor_seek(struct kafka_member *member, struct kafka_cursor *cursor,
                            int64_t offset, struct why *why);
static void cursor_stop(struct kafka_log *log, struct kafka_cursor *cursor);
static void cursor_drop(struct kafka_cursor *cursor, int64_t before_offset);
static struct kafka_cursor *cursor_take(struct kafka_member *member);
static enum err reader_take(struct kafka_log *log, struct kafka_partition *partition,
                            uint32_t *ret_reader, struct why *why);
static void on_queue(rd_kafka_t *client, void *opaque);

enum err kafka_read(struct log_member *base, struct log_topic *handle, int32_t partition,
                    int64_t offset, size_t bytes_max, struct log_records **ret_records,
                    struct why *why)
{
    struct kafka_member *member = kafka_member_of(base);
    struct kafka_topic *topic = kafka_topic_of(handle);
    struct kafka_log *log = member->log;
    const int64_t deadline_ns = clock_monotonic_ns() + READ_WAIT_NS;
    must(partition >= 0);
    must(partition < handle->partition_count);
    (void)bytes_max;
    pthread_mutex_lock(&log->lock);
    enum err err = topic->removed ? ERR_NOT_FOUND : OK;
    if (!err && member->account.aborted && !member->account.committed_only)
        err = ERR_ABORTED;
    pthread_mutex_unlock(&log->lock);
    if (err)
        return why_set(why, err, "topic '%.*s' partition %d: cannot read: %s",
                       STR_ARGS(handle->name), partition, err_text(err));
    struct kafka_cursor *cursor = find_cursor(member, topic, partition, offset);
    if (!cursor)
        err = cursor_open(member, topic, partition, offset, &cursor, why);
    member->read_count++;
    for (bool known = false; !err && !known;) {
        cursor->used = member->read_count;
        err = read_once(member, cursor, offset, &known, why);
        if (err || known)
            break;
        if (member->is_impatient)
            return ERR_AGAIN;
        if (clock_monotonic_ns() >= deadline_ns)
            return why_set(why, ERR_UNAVAILABLE,
                           "topic '%.*s' partition %d: nothing came from the broker",
                           STR_ARGS(handle->name), partition);
        err = kafka_wait(base, READ_STEP_MS);
        if (err == ERR_AGAIN)
            err = OK;
    }
    if (err) {
        why_prefix(why, "topic '%.*s' partition %d", STR_ARGS(handle->name), partition);
        return err;
    }
    cursor->held = true;
    *ret_records = &cursor->records;
    return OK;
}

void kafka_release(struct log_member *base, struct log_records *records)
{
    struct kafka_cursor *cursor =
        (struct kafka_cursor *)(void *)((char *)records - offsetof(struct kafka_cursor, records));
    must(kafka_member_of(base) == kafka_member_of(records->member));
    must(cursor->held);
    cursor->held = false;
    arena_clear(&cursor->arena);
}

void kafka_cursors_close(struct kafka_member *member)
{
    for (uint32_t i = 0; i < member->cursor_count; i++) {
        struct kafka_cursor *cursor = member->cursors[i];
        must(!cursor->held);
        cursor_stop(member->log, cursor);
        arena_release(&cursor->arena);
        free(cursor);
    }
    member->cursor_count = 0;
}

/* *ret_known: the cursor's records are what there is from the offset on. */
static enum err read_once(struct kafka_member *member, struct kafka_cursor *cursor, int64_t offset,
                          bool *ret_known, struct why *why)
{
    struct kafka_log *log = member->log;
    const uint32_t partition = (uint32_t)cursor->partition;
    cursor_drop(cursor, offset);
    if (cursor->message_count == 0) {
        if (cursor->next_offset != offset) {
            const enum err err = cursor_seek(member, cursor, offset, why);
            if (err)
                return err;
        }
        const enum err err = fetch(member, cursor, why);
        if (err)
            return err;
    }
    fill(cursor);
    struct log_records *records = &cursor->records;
    records->member = &member->base;
    records->next_offset = cursor->next_offset;
    pthread_mutex_lock(&log->lock);
    struct kafka_partition *at = &cursor->topic->partitions[partition];
    kafka_partition_reaches(at, cursor->next_offset);
    records->end_offset = at->known_end;
    *ret_known = records->count > 0 || records->next_offset > offset ||
                 (cursor->eof_offset == offset && at->known_end <= offset);
    kafka_lows_read(log, cursor->topic, cursor->partition, cursor->next_offset, &records->low_ms,
                    &records->reached_ms);
    pthread_mutex_unlock(&log->lock);
    return OK;
}

/* What has come of the partition, without waiting. */
static enum err fetch(struct kafka_member *member, struct kafka_cursor *cursor, struct why *why)
{
    rd_kafka_message_t *got[KAFKA_READ_MESSAGES_MAX];
    const ssize_t count = rd_kafka_consume_batch(cursor->reader_topic, cursor->partition, 0, got,
                                                 KAFKA_READ_MESSAGES_MAX);
    enum err err = OK;
    for (ssize_t i = 0; i < count; i++) {
        rd_kafka_message_t *message = got[i];
        if (message->err) {
            const enum err failed = take_error(member, cursor, message, err ? NULL : why);
            err = err ? err : failed;
            rd_kafka_message_destroy(message);
        } else if (message->offset < cursor->next_offset || err) {
            rd_kafka_message_destroy(message); /* of before a seek */
        } else if (kafka_lows_hear(member->log, cursor->topic, cursor->partition, message)) {
            cursor->next_offset = message->offset + 1;
            rd_kafka_message_destroy(message);
        } else {
            cursor->messages[cursor->message_count++] = message;
            cursor->next_offset = message->offset + 1;
        }
    }
    if (err)
        cursor_stop(member->log, cursor);
    return err;
}

/* The end of a partition is told as an error; others pass by themselves, or do not. */
static enum err take_error(struct kafka_member *member, struct kafka_cursor *cursor,
                           rd_kafka_message_t *message, struct why *why)
{
    struct kafka_log *log = member->log;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (message->offset >= cursor->next_offset)
            cursor->eof_offset = cursor->next_offset = message->offset;
        return OK;
    }
    enum err err = kafka_err(message->err);
    switch (err) {
    case ERR_NOT_FOUND: /* perhaps only not known everywhere yet */
        err = kafka_topic_check(log, cursor->topic);
        return err == ERR_NOT_FOUND ? why_set(why, err, "the topic was deleted") : OK;
    case ERR_OUT_OF_RANGE:
        return why_set(why, err, "offset %lld is not there (any more)",
                       (long long)cursor->next_offset);
    case ERR_CORRUPT:
    case ERR_DENIED:
        return why_set(why, err, "%s", rd_kafka_message_errstr(message));
    default:
        return OK;
    }
}

static void fill(struct kafka_cursor *cursor)
{
    cursor->records.at = cursor->at;
    cursor->records.count = cursor->message_count;
    for (uint32_t i = 0; i < cursor->message_count; i++) {
        const rd_kafka_message_t *message = cursor->messages[i];
        rd_kafka_timestamp_type_t type;
        const int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);
        cursor->at[i] = (struct record){
            .offset = message->offset,
            .timestamp_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : timestamp_ms,
            .key = {message->key, message->key_len},
            .value = {message->payload, message->len},
        };
        fill_headers(cursor, message, &cursor->at[i]);
    }
}

static void fill_headers(struct kafka_cursor *cursor, const rd_kafka_message_t *message,
                         struct record *record)
{
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(message, &headers))
        return;
    const size_t count = rd_kafka_header_cnt(headers);
    struct record_header *all = ARENA_ARRAY(&cursor->arena, struct record_header, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *name = NULL;
        const void *value = NULL;
        size_t size = 0;
        if (rd_kafka_header_get_all(headers, i, &name, &value, &size))
            break;
        if (cursor->topic->base.internal && kafka_header_is_ours(name))
            continue;
        all[record->header_count] =
            (struct record_header){.name = arena_str(&cursor->arena, str_from(name)),
                                   .value = {value, value ? size : 0},
                                   .is_null = !value};
        record->header_count++;
    }
    record->headers = all;
}

/* One that is at the offset, or has it, else any of the partition; not one that is held. */
static struct kafka_cursor *find_cursor(struct kafka_member *member, struct kafka_topic *topic,
                                        int32_t partition, int64_t offset)
{
    struct kafka_cursor *found = NULL;
    for (uint32_t i = 0; i < member->cursor_count; i++) {
        struct kafka_cursor *cursor = member->cursors[i];
        if (cursor->topic != topic || cursor->partition != partition || cursor->held)
            continue;
        const int64_t from =
            cursor->message_count > 0 ? cursor->messages[0]->offset : cursor->next_offset;
        if (offset >= from && offset <= cursor->next_offset)
            return cursor;
        found = cursor;
    }
    return found;
}

static enum err cursor_open(struct kafka_member *member, struct kafka_topic *topic,
                            int32_t partition, int64_t offset, struct kafka_cursor **ret_cursor,
                            struct why *why)
{
    struct kafka_log *log = member->log;
    struct kafka_cursor *cursor = cursor_take(member);
    enum err err = reader_take(log, &topic->partitions[partition], &cursor->reader, why);
    if (err)
        return err;
    cursor->topic = topic;
    cursor->partition = partition;
    cursor->reader_topic = rd_kafka_topic_new(log->readers[cursor->reader], topic->name, NULL);
    err = cursor_start(member, cursor, offset, why);
    if (err) {
        cursor_stop(log, cursor);
        return err;
    }
    cursor->queue =
        rd_kafka_queue_get_partition(log->readers[cursor->reader], topic->name, cursor->partition);
    rd_kafka_queue_cb_event_enable(cursor->queue, on_queue, log);
    *ret_cursor = cursor;
    return OK;
}

static enum err cursor_start(struct kafka_member *member, struct kafka_cursor *cursor,
                             int64_t offset, struct why *why)
{
    cursor->next_offset = offset;
    cursor->eof_offset = -1;
    if (rd_kafka_consume_start(cursor->reader_topic, cursor->partition, offset) == 0)
        return OK;
    return why_set(why, ERR_UNAVAILABLE, "cannot begin to read: %s",
                   rd_kafka_err2str(rd_kafka_last_error()));
}

static enum err cursor_seek(struct kafka_member *member, struct kafka_cursor *cursor,
                            int64_t offset, struct why *why)
{
    const rd_kafka_resp_err_t code =
        rd_kafka_seek(cursor->reader_topic, cursor->partition, offset, KAFKA_CALL_MS_MAX);
    if (code) {
        cursor_stop(member->log, cursor);
        return why_set(why, ERR_UNAVAILABLE, "cannot seek: %s", rd_kafka_err2str(code));
    }
    cursor->next_offset = offset;
    cursor->eof_offset = -1;
    return OK;
}

/* Makes the cursor a free one. */
static void cursor_stop(struct kafka_log *log, struct kafka_cursor *cursor)
{
    if (!cursor->topic)
        return;
    if (cursor->queue) {
        rd_kafka_queue_cb_event_enable(cursor->queue, NULL, NULL);
        rd_kafka_queue_destroy(cursor->queue);
        cursor->queue = NULL;
    }
    cursor_drop(cursor, INT64_MAX);
    (void)rd_kafka_consume_stop(cursor->reader_topic, cursor->partition);
    rd_kafka_topic_destroy(cursor->reader_topic);
    pthread_mutex_lock(&log->lock);
    cursor->topic->partitions[cursor->partition].readers &= ~(UINT64_C(1) << cursor->reader);
    if (cursor->topic->removed)
        log->stuck |= UINT64_C(1) << cursor->reader;
    pthread_mutex_unlock(&log->lock);
    cursor->topic = NULL;
}

static void cursor_drop(struct kafka_cursor *cursor, int64_t before_offset)
{
    must(!cursor->held);
    uint32_t dropped = 0;
    /* Asked for what lies before what was fetched: all of it is of no use. */
    if (cursor->message_count > 0 && before_offset < cursor->messages[0]->offset)
        before_offset = INT64_MAX;
    while (dropped < cursor->message_count && cursor->messages[dropped]->offset < before_offset)
        rd_kafka_message_destroy(cursor->messages[dropped++]);
    cursor->message_count -= dropped;
    if (dropped > 0 && cursor->message_count > 0)
        memmove(cursor->messages, cursor->messages + dropped,
                cursor->message_count * sizeof(*cursor->messages));
}

/* A free one, a new one, or the one that was not used for longest. */
static struct kafka_cursor *cursor_take(struct kafka_member *member)
{
    struct kafka_cursor *oldest = NULL;
    for (uint32_t i = 0; i < member->cursor_count; i++) {
        struct kafka_cursor *cursor = member->cursors[i];
        if (!cursor->topic)
            return cursor;
        if (!cursor->held && (!oldest || cursor->used < oldest->used))
            oldest = cursor;
    }
    if (member->cursor_count < KAFKA_CURSORS_MAX) {
        struct kafka_cursor *cursor = MEMORY_NEW(struct kafka_cursor);
        arena_init(&cursor->arena, 0);
        member->cursors[member->cursor_count++] = cursor;
        return cursor;
    }
    must(oldest != NULL);
    cursor_stop(member->log, oldest);
    return oldest;
}

/* The first client of the pool that does not read the partition, made when there is none. */
static enum err reader_take(struct kafka_log *log, struct kafka_partition *partition,
                            uint32_t *ret_reader, struct why *why)
{
    static const char *const settings[] = {"isolation.level",
                                           "read_committed",
                                           "enable.partition.eof",
                                           "true",
                                           "enable.auto.offset.store",
                                           "false",
                                           "auto.offset.reset",
                                           "error",
                                           NULL};
    enum err err = OK;
    pthread_mutex_lock(&log->lock);
    uint32_t reader = 0;
    while (reader < KAFKA_READERS_MAX && (partition->readers & (UINT64_C(1) << reader)))
        reader++;
    if (reader == KAFKA_READERS_MAX) {
        err = why_set(why, ERR_LIMIT, "more than %d readers of one partition", KAFKA_READERS_MAX);
    } else if (reader >= log->reader_count) {
        must(reader == log->reader_count);
        err = kafka_client_new(log, RD_KAFKA_CONSUMER, settings, NULL, &log->readers[reader], why);
        log->reader_count += !err;
    }
    if (!err)
        partition->readers |= UINT64_C(1) << reader;
    pthread_mutex_unlock(&log->lock);
    if (!err)
        *ret_reader = reader;
    return err;
}

/* [librdkafka's] */
static void on_queue(rd_kafka_t *client, void *opaque)
{
    kafka_news(opaque);
}
