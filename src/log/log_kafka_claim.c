/* log_kafka_claim.c -- a topic that processes write in turn, as ksqlDB's servers do.
 *
 * Whoever claims makes a transactional producer by the service's name: initTransactions ends what
 * the one before had open, and the broker refuses whatever that one still sends. The producer is
 * kept: as long as nobody else has claimed, one statement after another needs no new one. */
#include "log/log_kafka.h"

#include "base/clock.h"
#include "base/memory.h"

#define TRIES_MAX 50
#define RECORDS_MAX 64

/* What became of the records of one append. */
struct claim_fate {
    int64_t first_offset; /* -1: not known yet */
    rd_kafka_resp_err_t code;
};

static enum err make_claimant(struct kafka_log *log, struct why *why);
static enum err end_of(struct kafka_log *log, struct kafka_topic *topic, int64_t *ret_end_offset,
                       struct why *why);
static enum err produce_all(struct kafka_log *log, struct kafka_topic *topic, struct str batch,
                            struct claim_fate *fate);
static bool is_over(rd_kafka_error_t *error, enum err *ret_err);
static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque);

enum err kafka_claim(struct log *base, struct log_topic *handle, int64_t *ret_end_offset,
                     struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    struct kafka_topic *topic = kafka_topic_of(handle);
    must(ret_end_offset != NULL);
    if (log->claimed != topic)
        kafka_unclaim(log);
    if (!log->claimant) {
        const enum err err = make_claimant(log, why);
        if (err)
            return err;
        log->claimed = topic;
    }
    const enum err err = end_of(log, topic, ret_end_offset, why);
    if (err)
        kafka_unclaim(log);
    return err;
}

enum err kafka_append_at(struct log *base, struct log_topic *handle, int64_t end_offset,
                         struct str batch, struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    struct kafka_topic *topic = kafka_topic_of(handle);
    struct claim_fate fate = {.first_offset = -1};
    enum err err = log->claimant && log->claimed == topic ? OK : ERR_AGAIN;
    if (!err)
        (void)is_over(rd_kafka_begin_transaction(log->claimant), &err);
    if (!err)
        err = produce_all(log, topic, batch, &fate);
    if (!err && (fate.code || fate.first_offset != end_offset))
        err = ERR_AGAIN;
    bool over = err != OK;
    for (int i = 0; i < TRIES_MAX && !over; i++)
        over = is_over(rd_kafka_commit_transaction(log->claimant, KAFKA_CALL_MS_MAX), &err);
    if (!over)
        err = ERR_UNAVAILABLE;
    if (err) {
        /* A new claim ends what this one has open. */
        kafka_unclaim(log);
        return why_set(why, err, "cannot write to topic '%s': %s", topic->name,
                       fate.code          ? rd_kafka_err2str(fate.code)
                       : err == ERR_AGAIN ? "another process of the service was faster"
                                          : err_text(err));
    }
    pthread_mutex_lock(&log->lock);
    kafka_partition_reaches(&topic->partitions[0], end_offset + 1);
    pthread_mutex_unlock(&log->lock);
    return OK;
}

void kafka_unclaim(struct kafka_log *log)
{
    if (log->claimant) {
        (void)rd_kafka_purge(log->claimant, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_destroy(log->claimant);
    }
    log->claimant = NULL;
    log->claimed = NULL;
}

static enum err make_claimant(struct kafka_log *log, struct why *why)
{
    const char *name = log->service_id[0] ? log->service_id : "drivethru";
    const char *const settings[] = {"transactional.id", name, "linger.ms", "0", NULL};
    const enum err made =
        kafka_client_new(log, RD_KAFKA_PRODUCER, settings, on_delivery, &log->claimant, why);
    if (made)
        return made;
    rd_kafka_error_t *error = rd_kafka_init_transactions(log->claimant, KAFKA_CALL_MS_MAX);
    if (!error)
        return OK;
    const enum err err =
        kafka_why(log, why, rd_kafka_error_code(error), "cannot write commands as", str_from(name));
    rd_kafka_error_destroy(error);
    kafka_unclaim(log);
    return err;
}

static enum err end_of(struct kafka_log *log, struct kafka_topic *topic, int64_t *ret_end_offset,
                       struct why *why)
{
    struct arena arena;
    struct log_topic_info info;
    arena_init(&arena, 0);
    const enum err err = kafka_describe(&log->base, topic->base.name, &arena, &info, why);
    if (!err)
        *ret_end_offset = info.partitions[0].end_offset;
    arena_release(&arena);
    return err;
}

/* Produces the batch's records and waits until the broker has said where they are. */
static enum err produce_all(struct kafka_log *log, struct kafka_topic *topic, struct str batch,
                            struct claim_fate *fate)
{
    struct record_batch_info info;
    struct record records[RECORDS_MAX];
    struct arena arena;
    uint32_t count = 0;
    enum err err = record_batch_check(batch, &info, NULL);
    if (err)
        return err;
    must(info.record_count <= RECORDS_MAX);
    arena_init(&arena, 0);
    err = record_batch_read(batch, 0, records, &count, &arena, NULL);
    for (uint32_t i = 0; i < count && !err; i++) {
        const struct record *record = &records[i];
        const rd_kafka_resp_err_t code = rd_kafka_producev(
            log->claimant, RD_KAFKA_V_TOPIC(topic->name), RD_KAFKA_V_PARTITION(0),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_VALUE((void *)record->value.data, record->value.size),
            RD_KAFKA_V_KEY(record->key.data, record->key.size),
            RD_KAFKA_V_TIMESTAMP(record->timestamp_ms), RD_KAFKA_V_OPAQUE(fate), RD_KAFKA_V_END);
        if (code) {
            fate->code = code;
            err = ERR_UNAVAILABLE;
        }
    }
    /* Whatever is not known by then is never told: what it would be written to is gone. */
    if (rd_kafka_flush(log->claimant, KAFKA_CALL_MS_MAX)) {
        (void)rd_kafka_purge(log->claimant, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        (void)rd_kafka_flush(log->claimant, KAFKA_CALL_MS_MAX);
    }
    arena_release(&arena);
    return err;
}

/* Unless the same call may succeed when it is made again. */
static bool is_over(rd_kafka_error_t *error, enum err *ret_err)
{
    if (!error)
        return true;
    const bool again = rd_kafka_error_is_retriable(error) && !rd_kafka_error_is_fatal(error);
    if (!again)
        *ret_err = ERR_AGAIN;
    rd_kafka_error_destroy(error);
    return !again;
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct claim_fate *fate = message->_private;
    (void)producer, (void)opaque;
    if (message->err)
        fate->code = message->err;
    else if (fate->first_offset < 0)
        fate->first_offset = message->offset;
}
