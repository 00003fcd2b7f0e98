/* log_kafka.c -- the log on Apache Kafka: opens its clients, and closes them. */
#include "log/log_kafka.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"
#include "base/properties.h"
#include "log/instance_id.h"
#include "log/lock_file.h"

#include <unistd.h>

#define COMMIT_INTERVAL_MS_DEFAULT 100
#define ASK_MS 500
#define REFUSED_MS_MAX 2000 /* one server refuses us: the others may still take us */

static enum log_health kafka_health(struct log *log, struct why *why);
static void kafka_close(struct log *log);
static void log_free(struct kafka_log *log);
static void init_conditions(struct kafka_log *log);
static enum err make_conf(struct kafka_log *log, const struct properties *settings,
                          struct why *why);
static enum err name_instance(struct kafka_log *log, const struct log_kafka_options *options,
                              struct why *why);
static enum err reach(struct kafka_log *log, const struct properties *settings, struct why *why);
static void set_heartbeat(rd_kafka_conf_t *conf);

const struct log_ops kafka_ops = {
    .create = kafka_create,
    .topic = kafka_topic_open,
    .describe = kafka_describe,
    .list = kafka_list,
    .remove = kafka_remove,
    .find = kafka_find,
    .readers = kafka_readers,
    .join = kafka_join,
    .group = kafka_group_join,
    .claim = kafka_claim,
    .append_at = kafka_append_at,
    .forget = kafka_forget,
    .health = kafka_health,
    .close = kafka_close,
};

const struct log_member_ops kafka_member_ops = {
    .read = kafka_read,
    .release = kafka_release,
    .wait = kafka_wait,
    .wake = kafka_wake,
    .commit = kafka_commit,
    .committed = kafka_committed,
    .load = kafka_load,
    .leave = kafka_leave,
};

enum err log_kafka_open(const struct log_kafka_options *options, struct log **ret_log,
                        struct why *why)
{
    must(options != NULL);
    must(options->settings != NULL);
    must(options->commit_interval_ms >= 0);
    must(ret_log != NULL);
    struct kafka_log *log = MEMORY_NEW(struct kafka_log);
    const int64_t interval_ms =
        options->commit_interval_ms ? options->commit_interval_ms : COMMIT_INTERVAL_MS_DEFAULT;
    log->base.ops = &kafka_ops;
    log->lows.look = kafka_look;
    log->lock_file = -1;
    log->commit_interval_ns = interval_ms * 1000000;
    log->internal_replicas = options->internal_replicas;
    log->runs_queries = options->runs_queries;
    log->service_id = memory_zalloc(options->service_id.size + 1);
    memcpy(log->service_id, options->service_id.data, options->service_id.size);
    init_conditions(log);
    enum err err = OK;
    if (options->runs_queries)
        err = lock_file_take(options->directory, &log->lock_file, why);
    if (!err)
        err = name_instance(log, options, why);
    if (!err)
        err = make_conf(log, options->settings, why);
    if (!err)
        err = reach(log, options->settings, why);
    if (!err) {
        const int code = pthread_create(&log->committer, NULL, kafka_committer_run, log);
        log->committer_runs = code == 0;
        if (code)
            err = why_set(why, ERR_IO, "cannot start the log's committer: %s", strerror(code));
    }
    if (err) {
        log_free(log);
        return err;
    }
    *ret_log = &log->base;
    return OK;
}

struct kafka_log *kafka_of(struct log *log)
{
    must(log != NULL);
    must(log->ops == &kafka_ops);
    return (struct kafka_log *)log;
}

struct kafka_member *kafka_member_of(struct log_member *member)
{
    must(member != NULL);
    must(member->ops == &kafka_member_ops);
    return (struct kafka_member *)member;
}

struct kafka_topic *kafka_topic_of(struct log_topic *topic)
{
    must(topic != NULL);
    return (struct kafka_topic *)topic;
}

void kafka_news(struct kafka_log *log)
{
    pthread_mutex_lock(&log->news_lock);
    log->news++;
    pthread_cond_broadcast(&log->news_changed);
    pthread_mutex_unlock(&log->news_lock);
}

enum err kafka_client_new(struct kafka_log *log, rd_kafka_type_t type, const char *const *settings,
                          kafka_on_delivery *on_delivery, rd_kafka_t **ret_client, struct why *why)
{
    char text[KAFKA_WORDS_MAX];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(log->conf);
    for (size_t i = 0; settings[i]; i += 2)
        if (rd_kafka_conf_set(conf, settings[i], settings[i + 1], text, sizeof(text)))
            must(!"a setting of ours is unknown to librdkafka");
    if (on_delivery)
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *client = rd_kafka_new(type, conf, text, sizeof(text));
    if (!client) {
        rd_kafka_conf_destroy(conf);
        return why_set(why, ERR_SETTING, "cannot make a Kafka client: %s", text);
    }
    *ret_client = client;
    return OK;
}

enum err kafka_err(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return OK;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND:
        return ERR_NOT_FOUND;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
        return ERR_EXISTS;
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_REQUEST:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
        return ERR_INVALID;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        return ERR_DENIED;
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        return ERR_OUT_OF_RANGE;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
        return ERR_CORRUPT;
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
        return ERR_AGAIN;
    default:
        return ERR_UNAVAILABLE;
    }
}

static void init_conditions(struct kafka_log *log)
{
    pthread_mutex_init(&log->lock, NULL);
    pthread_mutex_init(&log->news_lock, NULL);
    pthread_mutex_init(&log->memberships_lock, NULL);
    condition_init(&log->memberships_changed);
    condition_init(&log->work);
    condition_init(&log->news_changed);
    arena_init(&log->arena, 0);
}

static enum err make_conf(struct kafka_log *log, const struct properties *settings, struct why *why)
{
    /* Defaults; the user's settings may say otherwise. A long poll would keep a partition that is
     * read from now on waiting, and the end of one unknown for as long. */
    static const char *const defaults[][2] = {
        {"client.id", "drivethru"},
        {"enable.auto.commit", "false"},
        {"check.crcs", "true"},
        {"fetch.wait.max.ms", "25"},
        {"fetch.error.backoff.ms", "100"},
        {"queued.min.messages", "1000000"},
        {"session.timeout.ms", "10000"},
        {"transaction.timeout.ms", "10000"},
        {"linger.ms", "5"},
        {"batch.num.messages", "10000"},
        {"batch.size", "1000000"},
        {"message.max.bytes", KAFKA_MESSAGE_BYTES_MAX},
        {"queue.buffering.max.messages", "1000000"},
        {"topic.metadata.refresh.interval.ms", "30000"},
    };
    log->conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (rd_kafka_conf_set(log->conf, defaults[i][0], defaults[i][1], NULL, 0))
            must(!"a setting of ours is unknown to librdkafka");
    enum err err = kafka_conf_apply(log->conf, settings, why);
    if (!err && !properties_get(settings, STR("heartbeat.interval.ms")))
        set_heartbeat(log->conf);
    rd_kafka_conf_set_rebalance_cb(log->conf, kafka_on_rebalance);
    kafka_words_listen(log);
    return err;
}

/* Three tries within a session, as Kafka advises. */
static void set_heartbeat(rd_kafka_conf_t *conf)
{
    char text[32] = "";
    size_t size = sizeof(text);
    int64_t session_ms = 0;
    if (rd_kafka_conf_get(conf, "session.timeout.ms", text, &size) ||
        str_to_int64(str_from(text), &session_ms) != OK)
        return;
    snprintf(text, sizeof(text), "%lld", (long long)(session_ms / 3));
    (void)rd_kafka_conf_set(conf, "heartbeat.interval.ms", text, NULL, 0);
}

/* A process that starts again under its name ends what it left open, and takes its own place in its
 * groups. Tools are somebody else each time. */
static enum err name_instance(struct kafka_log *log, const struct log_kafka_options *options,
                              struct why *why)
{
    const struct str *given = properties_get(options->settings, STR("group.instance.id"));
    char id[INSTANCE_ID_SIZE + 1] = "";
    struct buf instance = {0};
    struct buf name = {0};
    enum err err = OK;
    if (!options->runs_queries)
        buf_printf(&instance, "tool-%ld-%lld", (long)getpid(), (long long)clock_wall_ms());
    else if (given)
        buf_append_str(&instance, *given);
    else
        err = instance_id_get(options->directory, id, why);
    if (instance.size == 0)
        buf_append_str(&instance, str_from(id));
    buf_printf(&name, "%sdrivethru-%s", log->service_id, buf_text(&instance));
    log->instance = memory_strdup(buf_text(&instance));
    log->transactional_id = memory_strdup(buf_text(&name));
    buf_release(&name);
    buf_release(&instance);
    return err;
}

/* Whether anybody answers, before anything is done that could hang. */
static enum err reach(struct kafka_log *log, const struct properties *settings, struct why *why)
{
    /* It joins no group, but one without a group's name crashes where it asks for another group's
     * positions and their coordinator is not ready (2.0.2: rd_kafka_handle_OffsetFetch). */
    static const char *const names[] = {"group.id", "drivethru", NULL};
    const struct str *servers = properties_get(settings, STR("bootstrap.servers"));
    must(servers != NULL);
    const enum err err = kafka_client_new(log, RD_KAFKA_CONSUMER, names, NULL, &log->client, why);
    if (err)
        return err;
    const int64_t begun_ns = clock_monotonic_ns();
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code;
    int64_t ms_max = KAFKA_CALL_MS_MAX;
    do {
        code = rd_kafka_metadata(log->client, 0, NULL, &metadata, ASK_MS);
        if (kafka_words_refused(log))
            ms_max = REFUSED_MS_MAX;
    } while (code && clock_monotonic_ns() - begun_ns < ms_max * 1000000);
    if (code)
        return kafka_why(log, why, code, "cannot reach Kafka at", *servers);
    rd_kafka_metadata_destroy(metadata);
    kafka_words_forget(log);
    return OK;
}

static enum log_health kafka_health(struct log *base, struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    pthread_mutex_lock(&log->lock);
    const enum log_health health = log->ledger.health;
    if (why && health == LOG_BROKEN)
        *why = log->broken;
    pthread_mutex_unlock(&log->lock);
    return health;
}

static void kafka_close(struct log *base)
{
    struct kafka_log *log = kafka_of(base);
    pthread_mutex_lock(&log->lock);
    must(log->ledger.accounts == NULL);
    log->closing = true;
    pthread_cond_broadcast(&log->work);
    pthread_mutex_unlock(&log->lock);
    log_free(log);
}

static void log_free(struct kafka_log *log)
{
    kafka_memberships_close(log);
    if (log->committer_runs)
        pthread_join(log->committer, NULL);
    kafka_committer_release(log);
    kafka_unclaim(log);
    for (uint32_t i = 0; i < log->reader_count; i++)
        if (!(log->stuck & UINT64_C(1) << i))
            rd_kafka_destroy_flags(log->readers[i], RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    if (log->client)
        rd_kafka_destroy_flags(log->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    if (log->conf)
        rd_kafka_conf_destroy(log->conf);
    for (struct kafka_topic *topic = log->handles; topic;) {
        struct kafka_topic *next = topic->next;
        kafka_topic_free(topic);
        topic = next;
    }
    map_release(&log->topics);
    kafka_lows_release(log);
    if (log->lock_file >= 0)
        close(log->lock_file);
    /* A consumer that has read a topic which was deleted meanwhile waits for ever when it is
     * destroyed (2.0.2): it is left to the end of the process, and with it what its threads use. */
    if (log->stuck)
        return;
    arena_release(&log->arena);
    pthread_cond_destroy(&log->memberships_changed);
    pthread_mutex_destroy(&log->memberships_lock);
    pthread_cond_destroy(&log->work);
    pthread_cond_destroy(&log->news_changed);
    pthread_mutex_destroy(&log->lock);
    pthread_mutex_destroy(&log->news_lock);
    free(log->service_id);
    free(log->instance);
    free(log->transactional_id);
    free(log->records);
    free(log);
}
