/* log_kafka_examine.c -- what stands in the way of Kafka, step by step, for people. */
#include "log/log_kafka.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/properties.h"
#include "net/examine.h"

#include <unistd.h>

#define ANSWER_MS 8000
#define SLICE_MS 500
#define CALL_MS 8000

/* One server's examination. Of the log there are only the settings that clients are made from, and
 * what clients complain of. */
struct examination {
    const struct examiner *examiner;
    struct kafka_log *log;
    struct arena arena;
    const char *server; /* "host:port" */
    bool is_tls;
    bool has_login;
};

static void say(struct examination *examination, const char *step, enum examined verdict,
                const char *words, const char *advice)
{
    examination->examiner->say(examination->examiner->context, step, verdict, words, advice);
}

static void begin(struct examination *examination, const char *step)
{
    examination->examiner->begin(examination->examiner->context, step, examination->server);
}

static rd_kafka_t *client_new(struct examination *examination, rd_kafka_type_t type,
                              const char *name, const char *value)
{
    const char *const settings[] = {"bootstrap.servers", examination->server, name, value, NULL};
    rd_kafka_t *client = NULL;
    struct why why = {0};
    if (kafka_client_new(examination->log, type, settings, NULL, &client, &why) != OK)
        say(examination, "settings", EXAMINED_WRONG, why.text, NULL);
    return client;
}

static const char *login_advice(const char *words)
{
    return strstr(words, "mechanism")
               ? "'sasl.mechanism' has to be one that the server takes: PLAIN on Confluent Cloud"
               : "user and password ('sasl.username', 'sasl.password') are the cluster's own, not "
                 "the "
                 "registry's";
}

static void say_unanswered(struct examination *examination, rd_kafka_resp_err_t code)
{
    struct why why = {0};
    const enum err err =
        kafka_why(examination->log, &why, code, "no answer of", str_from(examination->server));
    if (err == ERR_DENIED)
        say(examination, "login", EXAMINED_WRONG, why.text, login_advice(why.text));
    else if (kafka_words_refused(examination->log))
        say(examination, "TLS", EXAMINED_WRONG, why.text, NULL);
    else
        say(examination, "answer", EXAMINED_AWAY, why.text,
            examination->is_tls
                ? "is it Kafka that listens there, and does it want a login (SASL_SSL)?"
                : "is it Kafka that listens there, and does it want TLS or a login "
                  "('security.protocol')?");
}

/* The first answer tells of the login. NULL: none came, and that is said. */
static const struct rd_kafka_metadata *examine_login(struct examination *examination,
                                                     rd_kafka_t *client)
{
    const int64_t until_ns = clock_monotonic_ns() + ANSWER_MS * 1000000LL;
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    begin(examination, examination->has_login ? "login" : "answer");
    while (!metadata && !kafka_words_refused(examination->log) && clock_monotonic_ns() < until_ns)
        code = rd_kafka_metadata(client, 0, NULL, &metadata, SLICE_MS);
    if (!metadata)
        say_unanswered(examination, code);
    else if (examination->has_login)
        say(examination, "login", EXAMINED_OK, "taken", NULL);
    else
        say(examination, "answer", EXAMINED_OK, "it speaks Kafka's protocol", NULL);
    return metadata;
}

/* Clients are sent to the names that brokers give themselves: each has to be found from here. */
static bool examine_brokers(struct examination *examination, rd_kafka_t *client,
                            const struct rd_kafka_metadata *metadata)
{
    struct arena *arena = &examination->arena;
    char *cluster = rd_kafka_clusterid(client, CALL_MS);
    say(examination, "cluster", metadata->broker_cnt > 0 ? EXAMINED_OK : EXAMINED_WRONG,
        arena_printf(arena, "%s, %d broker%s, %d topics", cluster ? cluster : "without a name",
                     metadata->broker_cnt, metadata->broker_cnt == 1 ? "" : "s",
                     metadata->topic_cnt)
            .data,
        NULL);
    rd_kafka_mem_free(client, cluster);
    bool good = metadata->broker_cnt > 0;
    for (int i = 0; i < metadata->broker_cnt; i++) {
        const struct rd_kafka_metadata_broker *broker = &metadata->brokers[i];
        struct reach_place place = {
            .host = arena_str(arena, str_from(broker->host)),
            .port = arena_printf(arena, "%d", broker->port),
        };
        struct str addresses;
        struct why why = {0};
        begin(examination, "brokers");
        enum err err = reach_name(&place, arena, &addresses, &why);
        if (!err)
            err = reach_port(&place, CALL_MS, &why);
        good &= err == OK;
        if (err)
            say(examination, "brokers", EXAMINED_AWAY,
                arena_printf(arena, "broker %d is to be found at %s:%d: %s", broker->id,
                             broker->host, broker->port, why.text)
                    .data,
                "its 'advertised.listeners' has to be a name and port that can be reached from "
                "here");
    }
    if (good)
        say(examination, "brokers", EXAMINED_OK, "each is reached by the name it gives itself",
            NULL);
    return good;
}

/* Under a name of its own: the name of the service would end a running process. */
static void examine_transactions(struct examination *examination, struct str service_id)
{
    const char *name = arena_printf(&examination->arena, "%.*sdrivethru-tool-%ld",
                                    STR_ARGS(service_id), (long)getpid())
                           .data;
    rd_kafka_t *client = client_new(examination, RD_KAFKA_PRODUCER, "transactional.id", name);
    if (!client)
        return;
    begin(examination, "transactions");
    rd_kafka_error_t *error = rd_kafka_init_transactions(client, CALL_MS);
    if (!error) {
        say(examination, "transactions", EXAMINED_OK, "can be begun: exactly once holds", NULL);
    } else {
        const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
        const bool is_denied = kafka_err(code) == ERR_DENIED;
        say(examination, "transactions", is_denied ? EXAMINED_WRONG : EXAMINED_AWAY,
            arena_str(&examination->arena, str_from(rd_kafka_error_string(error))).data,
            is_denied
                ? "give the login Write and Describe on transactional ids that begin with "
                  "'ksql.service.id'"
                : "'transaction.state.log.replication.factor' of the brokers must not be above "
                  "their number");
        rd_kafka_error_destroy(error);
    }
    rd_kafka_destroy(client);
}

static void examine_groups(struct examination *examination, struct str service_id)
{
    const char *group =
        arena_printf(&examination->arena, "_confluent-ksql-%.*squery_doctor", STR_ARGS(service_id))
            .data;
    rd_kafka_t *client = client_new(examination, RD_KAFKA_CONSUMER, "group.id", group);
    if (!client)
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "drivethru", 0);
    begin(examination, "groups");
    const rd_kafka_resp_err_t code = rd_kafka_committed(client, list, CALL_MS);
    rd_kafka_topic_partition_list_destroy(list);
    const bool is_denied = kafka_err(code) == ERR_DENIED;
    say(examination, "groups",
        code == RD_KAFKA_RESP_ERR_NO_ERROR ? EXAMINED_OK
        : is_denied                        ? EXAMINED_WRONG
                                           : EXAMINED_AWAY,
        code == RD_KAFKA_RESP_ERR_NO_ERROR ? "positions can be read" : rd_kafka_err2str(code),
        is_denied ? "give the login Read on groups that begin with '_confluent-ksql-' and "
                    "'ksql.service.id'"
                  : NULL);
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

static const char *conf_text(struct examination *examination, const char *name)
{
    char text[4096];
    size_t size = sizeof(text);
    if (rd_kafka_conf_get(examination->log->conf, name, text, &size) != RD_KAFKA_CONF_OK)
        return "";
    return arena_str(&examination->arena, str_from(text)).data;
}

/* As librdkafka would speak it. */
static struct examine_tls tls_of(struct examination *examination)
{
    const char *authority = conf_text(examination, "ssl.ca.location");
    const char *keys = conf_text(examination, "ssl.keystore.location");
    const char *pem = conf_text(examination, "ssl.ca.pem");
    const bool is_store = keys[0] != '\0';
    const char *certificate = is_store ? keys : conf_text(examination, "ssl.certificate.location");
    return (struct examine_tls){
        .files = {.ca_file = strcmp(authority, "probe") == 0 ? "" : authority,
                  .certificate_file = certificate,
                  .key_file = is_store ? "" : conf_text(examination, "ssl.key.location"),
                  .key_password = conf_text(examination, is_store ? "ssl.keystore.password"
                                                                  : "ssl.key.password")},
        .ca_pem = pem[0] ? pem : NULL,
        .certificate_type = is_store ? "P12" : NULL,
        .trusts_any =
            strcmp(conf_text(examination, "enable.ssl.certificate.verification"), "false") == 0,
        .takes_any_name =
            strcmp(conf_text(examination, "ssl.endpoint.identification.algorithm"), "none") == 0,
        .ca_setting = "ssl.ca.location",
    };
}

static bool examine_server(struct examination *examination, struct str service_id)
{
    const struct examine_tls tls = tls_of(examination);
    if (!examine_way(examination->examiner, str_from(examination->server), "9092",
                     examination->is_tls ? &tls : NULL))
        return false;
    rd_kafka_t *client = client_new(examination, RD_KAFKA_PRODUCER, NULL, NULL);
    if (!client)
        return false;
    const struct rd_kafka_metadata *metadata = examine_login(examination, client);
    const bool good = metadata && examine_brokers(examination, client, metadata);
    if (metadata)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_destroy(client);
    if (good) {
        examine_transactions(examination, service_id);
        examine_groups(examination, service_id);
    }
    return good;
}

enum err log_kafka_examine(const struct log_kafka_options *options, const struct examiner *examiner,
                           bool *ret_is_there, struct why *why)
{
    must(options != NULL);
    must(examiner != NULL);
    const struct str *servers = properties_get(options->settings, STR("bootstrap.servers"));
    must(servers != NULL);
    struct kafka_log log = {.conf = rd_kafka_conf_new(), .news_lock = PTHREAD_MUTEX_INITIALIZER};
    struct examination examination = {.examiner = examiner, .log = &log};
    bool is_there = false;
    arena_init(&examination.arena, 0);
    enum err err = kafka_conf_apply(log.conf, options->settings, why);
    kafka_words_listen(&log);
    if (!err) {
        const char *protocol = conf_text(&examination, "security.protocol");
        examination.is_tls = strstr(protocol, "ssl") != NULL;
        examination.has_login = strstr(protocol, "sasl") != NULL;
    }
    for (size_t at = 0; at < servers->size && !err;) {
        const struct str rest = {servers->data + at, servers->size - at};
        const struct str one = {rest.data, str_index(rest, ',')};
        examination.server = arena_str(&examination.arena, str_trim(one)).data;
        kafka_words_forget(&log);
        if (examination.server[0] != '\0')
            is_there |= examine_server(&examination, options->service_id);
        at += one.size + 1;
    }
    rd_kafka_conf_destroy(log.conf);
    arena_release(&examination.arena);
    *ret_is_there = is_there;
    return err;
}
