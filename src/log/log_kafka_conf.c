/* log_kafka_conf.c -- a user's settings, by Java's or librdkafka's names, to librdkafka's.
 *
 * Sources: Apache Kafka's "Producer/Consumer Configs"; librdkafka's CONFIGURATION.md. Words about a
 * failure name the setting, never its value: it may be a secret. */
#include "log/log_kafka.h"

#include "base/properties.h"

#include <errno.h>
#include <unistd.h>

enum kind {
    SAME,    /* librdkafka knows it by this name */
    RENAMED, /* by another */
    NOTHING, /* means nothing here, and does no harm */
    OURS,    /* decided by the log: another value would break what it promises */
    STORE    /* read together with others: below */
};

static const struct known {
    const char *name;
    enum kind kind;
    const char *other; /* RENAMED: librdkafka's; OURS: the only value it may have, or NULL */
} table[] = {
    {"sasl.mechanism", RENAMED, "sasl.mechanisms"},
    {"sasl.jaas.config", STORE, NULL},
    {"sasl.login.callback.handler.class", NOTHING, NULL},
    {"sasl.client.callback.handler.class", NOTHING, NULL},
    {"max.request.size", NOTHING, NULL},
    {"buffer.memory", NOTHING, NULL},
    {"delivery.timeout.ms", NOTHING, NULL},
    {"client.dns.lookup", NOTHING, NULL},
    {"key.serializer", NOTHING, NULL},
    {"value.serializer", NOTHING, NULL},
    {"key.deserializer", NOTHING, NULL},
    {"value.deserializer", NOTHING, NULL},
    {"max.poll.records", NOTHING, NULL},
    {"group.id", OURS, NULL},
    {"transactional.id", OURS, NULL},
    {"partitioner", OURS, "murmur2_random"},
    {"partitioner.class", NOTHING, NULL},
    {"enable.idempotence", OURS, "true"},
    {"enable.auto.commit", OURS, "false"},
    {"enable.partition.eof", OURS, "true"},
    {"isolation.level", OURS, "read_committed"},
    {"acks", OURS, "all"},
    {"request.required.acks", OURS, "-1"},
    {"ssl.truststore.type", STORE, NULL},
    {"ssl.truststore.location", STORE, NULL},
    {"ssl.truststore.password", STORE, NULL},
    {"ssl.truststore.certificates", RENAMED, "ssl.ca.pem"},
    {"ssl.keystore.type", STORE, NULL},
    {"ssl.keystore.location", STORE, NULL},
    {"ssl.keystore.password", STORE, NULL},
    {"ssl.keystore.key", RENAMED, "ssl.key.pem"},
    {"ssl.keystore.certificate.chain", RENAMED, "ssl.certificate.pem"},
    {"ssl.endpoint.identification.algorithm", STORE, NULL},
    {"ssl.protocol", NOTHING, NULL},
    {"ssl.enabled.protocols", NOTHING, NULL},
    {"metadata.max.age.ms", NOTHING, NULL},
};
#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

static const struct known *find(struct str name);
static bool librdkafka_knows(const char *name);
static enum err set(rd_kafka_conf_t *conf, const char *name, struct str value, struct why *why);
static enum err check_ours(const struct known *known, struct str value, struct why *why);
static enum err set_login(rd_kafka_conf_t *conf, const struct properties *settings,
                          struct why *why);
static bool login_word(struct str text, struct str name, struct buf *ret_value);
static enum err set_stores(rd_kafka_conf_t *conf, const struct properties *settings,
                           struct why *why);
static enum err refuse_store(const char *setting, bool is_key, struct why *why);
static enum err check_file(const char *name, const char *path, struct why *why);

bool log_kafka_knows(struct str name)
{
    char text[200];
    if (find(name) || name.size >= sizeof(text))
        return find(name) != NULL;
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    return librdkafka_knows(text);
}

enum err kafka_conf_apply(rd_kafka_conf_t *conf, const struct properties *settings, struct why *why)
{
    for (size_t i = 0; i < settings->count; i++) {
        const struct property *item = &settings->items[i];
        const struct known *known = find(item->name);
        char name[200];
        enum err err = OK;
        if (item->name.size >= sizeof(name))
            continue;
        memcpy(name, item->name.data, item->name.size);
        name[item->name.size] = '\0';
        if (!known)
            err = librdkafka_knows(name) ? set(conf, name, item->value, why) : OK;
        else if (known->kind == RENAMED)
            err = set(conf, known->other, item->value, why);
        else if (known->kind == OURS)
            err = check_ours(known, item->value, why);
        if (err)
            return err;
    }
    enum err err = set_login(conf, settings, why);
    if (!err)
        err = set_stores(conf, settings, why);
    return err;
}

static const struct known *find(struct str name)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (str_equal(name, str_from(table[i].name)))
            return &table[i];
    return NULL;
}

/* Without a value it is the default that is set. */
static bool librdkafka_knows(const char *name)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, NULL, NULL, 0);
    rd_kafka_conf_destroy(conf);
    return result != RD_KAFKA_CONF_UNKNOWN;
}

/* librdkafka's own words quote the value. */
static enum err set(rd_kafka_conf_t *conf, const char *name, struct str value, struct why *why)
{
    char ignored[512];
    struct buf text = {0};
    buf_append_str(&text, value);
    const enum err err = check_file(name, buf_text(&text), why);
    if (err) {
        buf_release(&text);
        return err;
    }
    const rd_kafka_conf_res_t result =
        rd_kafka_conf_set(conf, name, buf_text(&text), ignored, sizeof(ignored));
    buf_release(&text);
    if (result == RD_KAFKA_CONF_UNKNOWN)
        return why_set(why, ERR_SETTING, "this librdkafka (%s) cannot do '%s'",
                       rd_kafka_version_str(), name);
    if (result != RD_KAFKA_CONF_OK)
        return why_set(why, ERR_SETTING, "the value of '%s' is not one that Kafka's clients take",
                       name);
    return OK;
}

static enum err check_ours(const struct known *known, struct str value, struct why *why)
{
    const bool is_all = strcmp(known->name, "acks") == 0 && str_equal(value, STR("-1"));
    if (known->other && (is_all || str_equal_nocase(value, str_from(known->other))))
        return OK;
    return why_set(why, ERR_SETTING, "'%s' is not for you to set: exactly once depends on it%s%s",
                   known->name, known->other ? ", it is " : "", known->other ? known->other : "");
}

/* "...PlainLoginModule required username="KEY" password="SECRET";" and ScramLoginModule's, by
 * javax.security.auth.login.Configuration's syntax. */
static enum err set_login(rd_kafka_conf_t *conf, const struct properties *settings, struct why *why)
{
    const struct str *jaas = properties_get(settings, STR("sasl.jaas.config"));
    struct buf user = {0};
    struct buf password = {0};
    enum err err = OK;
    if (!jaas)
        return OK;
    const struct str module = {jaas->data, str_index(*jaas, ' ')};
    if (!str_ends_with(module, STR("PlainLoginModule")) &&
        !str_ends_with(module, STR("ScramLoginModule")))
        err = why_set(why, ERR_SETTING,
                      "'sasl.jaas.config' names neither PlainLoginModule nor ScramLoginModule");
    else if (!login_word(*jaas, STR("username"), &user) ||
             !login_word(*jaas, STR("password"), &password))
        err = why_set(why, ERR_SETTING,
                      "'sasl.jaas.config' has no username=\"...\" or no password=\"...\"");
    if (!err)
        err = set(conf, "sasl.username", buf_str(&user), why);
    if (!err)
        err = set(conf, "sasl.password", buf_str(&password), why);
    buf_release(&user);
    buf_release(&password);
    return err;
}

/* name="value" or name='value', with backslashes before what would end it. */
static bool login_word(struct str text, struct str name, struct buf *ret_value)
{
    for (size_t i = 0; i + name.size + 2 < text.size; i++) {
        const struct str rest = {text.data + i, text.size - i};
        size_t at = name.size;
        if (!str_starts_with(rest, name) || (i > 0 && text.data[i - 1] != ' '))
            continue;
        while (at < rest.size && rest.data[at] == ' ')
            at++;
        if (at == rest.size || rest.data[at++] != '=')
            continue;
        while (at < rest.size && rest.data[at] == ' ')
            at++;
        if (at == rest.size || (rest.data[at] != '"' && rest.data[at] != '\''))
            return false;
        const char quote = rest.data[at++];
        for (; at < rest.size && rest.data[at] != quote; at++) {
            if (rest.data[at] == '\\' && at + 1 < rest.size)
                at++;
            buf_append_byte(ret_value, rest.data[at]);
        }
        return at < rest.size;
    }
    return false;
}

/* Java's stores: PEM files are taken as they are, PKCS#12 is librdkafka's key store, JKS is only
 * Java's; without a type Java takes it for JKS, unless it finds otherwise. */
static enum err set_stores(rd_kafka_conf_t *conf, const struct properties *settings,
                           struct why *why)
{
    const struct str *trust = properties_get(settings, STR("ssl.truststore.location"));
    const struct str *trust_type = properties_get(settings, STR("ssl.truststore.type"));
    const struct str *keys = properties_get(settings, STR("ssl.keystore.location"));
    const struct str *keys_type = properties_get(settings, STR("ssl.keystore.type"));
    const struct str *password = properties_get(settings, STR("ssl.keystore.password"));
    const struct str *names =
        properties_get(settings, STR("ssl.endpoint.identification.algorithm"));
    enum err err = OK;
    if (names)
        err = set(conf, "ssl.endpoint.identification.algorithm",
                  names->size > 0 ? *names : STR("none"), why);
    if (!err && trust && trust_type && str_equal_nocase(*trust_type, STR("PEM")))
        err = set(conf, "ssl.ca.location", *trust, why);
    else if (!err && trust)
        err = refuse_store("ssl.truststore.location", false, why);
    if (err || !keys)
        return err;
    const bool is_pkcs =
        keys_type ? str_equal_nocase(*keys_type, STR("PKCS12"))
                  : str_ends_with(*keys, STR(".p12")) || str_ends_with(*keys, STR(".pfx"));
    if (keys_type && str_equal_nocase(*keys_type, STR("PEM"))) {
        err = set(conf, "ssl.certificate.location", *keys, why);
        return err ? err : set(conf, "ssl.key.location", *keys, why);
    }
    if (!is_pkcs)
        return refuse_store("ssl.keystore.location", true, why);
    err = set(conf, "ssl.keystore.location", *keys, why);
    return err || !password ? err : set(conf, "ssl.keystore.password", *password, why);
}

static enum err refuse_store(const char *setting, bool is_key, struct why *why)
{
    if (is_key)
        return why_set(why, ERR_SETTING,
                       "'%s' is a Java key store (JKS): convert it with 'keytool -importkeystore "
                       "-srckeystore KEYS.jks -destkeystore KEYS.p12 -deststoretype PKCS12', then "
                       "say ssl.keystore.type=PKCS12",
                       setting);
    return why_set(why, ERR_SETTING,
                   "'%s' is a Java trust store: convert it with 'keytool -exportcert -rfc -alias "
                   "CA -keystore TRUST.jks -file CA.pem', then say ssl.truststore.type=PEM and "
                   "name CA.pem, or say ssl.ca.location=CA.pem",
                   setting);
}

/* librdkafka would say so in OpenSSL's numbers. */
static enum err check_file(const char *name, const char *path, struct why *why)
{
    static const char *const files[] = {"ssl.ca.location", "ssl.certificate.location",
                                        "ssl.key.location", "ssl.keystore.location",
                                        "ssl.crl.location"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (strcmp(name, files[i]) == 0 && strcmp(path, "probe") != 0 && access(path, R_OK) != 0)
            return why_set(why, ERR_INVALID, "'%s' names a file that cannot be read: %s", name,
                           strerror(errno));
    return OK;
}
