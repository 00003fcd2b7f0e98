/* log_kafka_producer.c -- the transaction: begun, filled, committed or aborted. [committer]
 *
 * Errors as librdkafka's INTRODUCTION.md ("Transactional producer") says: what is retriable is
 * tried again; whatever else happens to an open transaction, it is aborted; whatever happens to an
 * abort, or is fatal, takes the producer with it. A new one begins by ending what the old one left
 * open.
 *
 * Values are produced as they lie in the step's batches, which live until the transaction ended. */
#include "log/log_kafka.h"

#include "base/clock.h"
#include "base/memory.h"

#define RETRIES_MAX 50
#define POLL_MS 10

static enum err make_producer(struct kafka_log *log);
static enum err produce_batch(struct kafka_log *log, const struct kafka_step *step,
                              const struct log_append *append);
static void sign(struct kafka_log *log, const struct kafka_step *step, struct record *record,
                 struct buf *text);
static rd_kafka_headers_t *headers_of(const struct record *record);
static enum err send_offsets(struct kafka_log *log);
static bool is_expulsion(rd_kafka_resp_err_t code);
static enum err settle(rd_kafka_error_t *error, bool *ret_again);
static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque);

enum err kafka_transaction_begin(struct kafka_log *log)
{
    if (log->transaction_is_open)
        return OK;
    if (!log->producer) {
        const enum err err = make_producer(log);
        if (err)
            return err;
    }
    bool again;
    const enum err err = settle(rd_kafka_begin_transaction(log->producer), &again);
    if (err || again) {
        kafka_producer_free(log);
        return ERR_UNAVAILABLE;
    }
    log->transaction_is_open = true;
    log->transaction_is_empty = true;
    log->refused = 0;
    log->delivery_failed = false;
    return OK;
}

enum err kafka_transaction_add(struct kafka_log *log, const struct kafka_step *step)
{
    enum err err = OK;
    for (uint32_t i = 0; i < step->append_count && !err; i++)
        err = produce_batch(log, step, &step->appends[i]);
    if (!err && step->position_count > 0) {
        log->transaction_is_empty = false;
        err = kafka_groups_add(log, step);
        kafka_lows_note(log, step);
    }
    return err ? err : log->delivery_failed ? ERR_ABORTED : OK;
}

/* Lows alone change nothing that a broker would have to keep: the transaction stays open. */
enum err kafka_transaction_commit(struct kafka_log *log)
{
    must(log->transaction_is_open);
    if (log->transaction_is_empty)
        return OK;
    enum err err = log->delivery_failed ? ERR_ABORTED : kafka_lows_say(log);
    if (!err)
        err = send_offsets(log);
    bool again = true;
    for (int i = 0; i < RETRIES_MAX && !err && again; i++)
        err = settle(rd_kafka_commit_transaction(log->producer, KAFKA_CALL_MS_MAX), &again);
    if (err || again)
        return ERR_ABORTED;
    log->transaction_is_open = false;
    kafka_groups_clear(log);
    return OK;
}

void kafka_transaction_abort(struct kafka_log *log)
{
    kafka_groups_clear(log);
    if (!log->transaction_is_open || !log->producer)
        return;
    log->transaction_is_open = false;
    char words[KAFKA_WORDS_MAX];
    const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(log->producer, words, sizeof(words));
    enum err err = fatal ? ERR_ABORTED : OK;
    log->is_fenced = fatal == RD_KAFKA_RESP_ERR__FENCED ||
                     fatal == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
                     fatal == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    bool again = true;
    for (int i = 0; i < RETRIES_MAX && !err && again; i++)
        err = settle(rd_kafka_abort_transaction(log->producer, KAFKA_CALL_MS_MAX / 5), &again);
    if (err || again)
        kafka_producer_free(log);
}

void kafka_producer_free(struct kafka_log *log)
{
    if (!log->producer)
        return;
    log->transaction_is_open = false;
    for (struct kafka_topic *topic = log->handles; topic; topic = topic->next) {
        if (topic->producer_topic)
            rd_kafka_topic_destroy(topic->producer_topic);
        topic->producer_topic = NULL;
    }
    (void)rd_kafka_purge(log->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(log->producer);
    log->producer = NULL;
}

static enum err make_producer(struct kafka_log *log)
{
    const char *const settings[] = {"transactional.id", log->transactional_id, "partitioner",
                                    "murmur2_random", NULL};
    enum err err =
        kafka_client_new(log, RD_KAFKA_PRODUCER, settings, on_delivery, &log->producer, NULL);
    if (err)
        return err;
    rd_kafka_error_t *error = rd_kafka_init_transactions(log->producer, KAFKA_CALL_MS_MAX);
    if (!error)
        return OK;
    err = kafka_err(rd_kafka_error_code(error));
    rd_kafka_error_destroy(error);
    kafka_producer_free(log);
    return err == ERR_DENIED ? err : ERR_UNAVAILABLE;
}

/* A step's batch is taken apart: librdkafka makes batches of its own. */
static enum err produce_batch(struct kafka_log *log, const struct kafka_step *step,
                              const struct log_append *append)
{
    struct kafka_topic *topic = kafka_topic_of(append->topic);
    const struct str batch = {append->batch, append->batch_size};
    struct record_batch_info info;
    uint32_t count = 0;
    enum err err = record_batch_check(batch, &info, NULL);
    if (err || topic->removed) /* so are its records */
        return err;
    if (info.record_count > log->record_capacity) {
        log->record_capacity = info.record_count * 2;
        log->records = memory_realloc(log->records, log->record_capacity * sizeof(*log->records));
    }
    arena_clear(&log->arena);
    err = record_batch_read(batch, 0, log->records, &count, &log->arena, NULL);
    if (err)
        return err;
    struct buf text = {0};
    bool says_low = false;
    for (uint32_t i = 0; i < step->low_count; i++)
        says_low |= step->lows[i].topic == append->topic;
    if (says_low && step->is_shared && append->topic->internal && count > 0)
        sign(log, step, &log->records[0], &text);
    for (uint32_t i = 0; i < count && !err; i++)
        err = kafka_produce(log, topic, append->partition, &log->records[i]);
    buf_release(&text);
    rd_kafka_poll(log->producer, 0);
    return err;
}

/* With a header more. */
static void sign(struct kafka_log *log, const struct kafka_step *step, struct record *record,
                 struct buf *text)
{
    struct record_header *headers =
        ARENA_ARRAY(&log->arena, struct record_header, record->header_count + 1);
    for (uint32_t i = 0; i < record->header_count; i++)
        headers[i] = record->headers[i];
    headers[record->header_count++] = kafka_by_header(step, text);
    record->headers = headers;
}

enum err kafka_produce(struct kafka_log *log, struct kafka_topic *topic, int32_t partition,
                       const struct record *record)
{
    struct kafka_partition *at = &topic->partitions[partition];
    if (!topic->producer_topic)
        topic->producer_topic = rd_kafka_topic_new(log->producer, topic->name, NULL);
    topic->was_written = true;
    log->transaction_is_empty = false;
    rd_kafka_headers_t *headers = record->header_count > 0 ? headers_of(record) : NULL;
    rd_kafka_resp_err_t code;
    for (;;) {
        if (headers)
            code =
                rd_kafka_producev(log->producer, RD_KAFKA_V_RKT(topic->producer_topic),
                                  RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(0),
                                  RD_KAFKA_V_VALUE((void *)record->value.data, record->value.size),
                                  RD_KAFKA_V_KEY(record->key.data, record->key.size),
                                  RD_KAFKA_V_TIMESTAMP(record->timestamp_ms), RD_KAFKA_V_OPAQUE(at),
                                  RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        else
            code = rd_kafka_producev(
                log->producer, RD_KAFKA_V_RKT(topic->producer_topic),
                RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(0),
                RD_KAFKA_V_VALUE((void *)record->value.data, record->value.size),
                RD_KAFKA_V_KEY(record->key.data, record->key.size),
                RD_KAFKA_V_TIMESTAMP(record->timestamp_ms), RD_KAFKA_V_OPAQUE(at), RD_KAFKA_V_END);
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            break;
        rd_kafka_poll(log->producer, POLL_MS);
    }
    if (!code)
        return OK;
    if (headers)
        rd_kafka_headers_destroy(headers);
    if (kafka_err(code) == ERR_NOT_FOUND && kafka_topic_check(log, topic) == ERR_NOT_FOUND)
        return OK;
    return ERR_ABORTED;
}

static rd_kafka_headers_t *headers_of(const struct record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct record_header *header = &record->headers[i];
        const rd_kafka_resp_err_t code =
            rd_kafka_header_add(headers, header->name.data, (ssize_t)header->name.size,
                                header->is_null ? NULL : header->value.data,
                                header->is_null ? 0 : (ssize_t)header->value.size);
        must(!code);
    }
    return headers;
}

static enum err send_offsets(struct kafka_log *log)
{
    enum err err = OK;
    for (const struct kafka_group *group = log->groups; group && !err; group = group->next) {
        rd_kafka_consumer_group_metadata_t *metadata =
            group->assignment > 0 ? kafka_assignment_metadata(log, group->assignment)
                                  : rd_kafka_consumer_group_metadata_new(group->name);
        if (!metadata) {
            log->is_stale = true;
            return ERR_ABORTED;
        }
        bool again = true;
        for (int i = 0; i < RETRIES_MAX && !err && again && group->offsets->cnt > 0; i++) {
            rd_kafka_error_t *error = rd_kafka_send_offsets_to_transaction(
                log->producer, group->offsets, metadata, KAFKA_CALL_MS_MAX);
            if (error && is_expulsion(rd_kafka_error_code(error))) {
                log->is_stale = true;
                kafka_assignment_refused(log, group->assignment);
            }
            err = settle(error, &again);
        }
        rd_kafka_consumer_group_metadata_destroy(metadata);
        if (again && group->offsets->cnt > 0)
            err = ERR_ABORTED;
    }
    return err;
}

/* This process is no member of the group any more, or not of its current generation. */
static bool is_expulsion(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
           code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

/* *ret_again: the same call may succeed; it is worth another try. */
static enum err settle(rd_kafka_error_t *error, bool *ret_again)
{
    *ret_again = false;
    if (!error)
        return OK;
    *ret_again = rd_kafka_error_is_retriable(error) && !rd_kafka_error_is_fatal(error);
    rd_kafka_error_destroy(error);
    return *ret_again ? OK : ERR_ABORTED;
}

/* Of the record itself, by its topic's settings. */
static bool is_refusal(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
           code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
           code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP ||
           code == RD_KAFKA_RESP_ERR_INVALID_RECORD || code == RD_KAFKA_RESP_ERR_INVALID_MSG;
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_log *log = opaque;
    struct kafka_partition *partition = message->_private;
    if (message->err) {
        log->delivery_failed = true;
        if (is_refusal(message->err))
            log->refused = message->err;
        return;
    }
    if (!partition->is_acked) {
        partition->is_acked = true;
        partition->acked_end = 0;
        partition->acked_next = log->acked;
        log->acked = partition;
    }
    if (message->offset >= partition->acked_end)
        partition->acked_end = message->offset + 1;
}
