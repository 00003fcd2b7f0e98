/* log_kafka_words.c -- what librdkafka complains of, in words that name the cause.
 *
 * Its threads say it in a text of their own to a callback. What is wrong with a certificate another
 * callback hears, as OpenSSL's number, just before. Neither has secrets in it. */
#include "log/log_kafka.h"

#define VERSION_WITH_SCRAM 0x020601ff /* the first whose SCRAM brokers from 4.0 on take */
#define LEVEL_OF_FAILURES 4           /* of syslog; a connection that just ends is told below */

static void note(const rd_kafka_t *client, int level, const char *facility, const char *text);
static int note_certificate(rd_kafka_t *client, const char *broker, int32_t id, int *error,
                            int depth, const char *certificate, size_t size, char *words,
                            size_t words_size, void *opaque);
static struct str skip_to(struct str text, const char *mark);
static struct str cut_before(struct str text, const char *mark);
static bool has(struct str text, const char *words);
static const char *certificate_words(int error);

void kafka_words_listen(struct kafka_log *log)
{
    rd_kafka_conf_set_opaque(log->conf, log);
    rd_kafka_conf_set_log_cb(log->conf, note);
    /* Where this librdkafka has no TLS, nothing can be wrong with it. */
    (void)rd_kafka_conf_set_ssl_cert_verify_cb(log->conf, note_certificate);
}

bool kafka_words_refused(struct kafka_log *log)
{
    pthread_mutex_lock(&log->news_lock);
    const bool is_refused = log->fault != KAFKA_FAULT_NONE;
    pthread_mutex_unlock(&log->news_lock);
    return is_refused;
}

void kafka_words_forget(struct kafka_log *log)
{
    pthread_mutex_lock(&log->news_lock);
    log->fault = KAFKA_FAULT_NONE;
    log->words[0] = '\0';
    pthread_mutex_unlock(&log->news_lock);
}

enum err kafka_why(struct kafka_log *log, struct why *why, rd_kafka_resp_err_t code,
                   const char *what, struct str subject)
{
    char words[KAFKA_WORDS_MAX] = "";
    enum err err = kafka_err(code);
    pthread_mutex_lock(&log->news_lock);
    if (err == ERR_UNAVAILABLE || err == ERR_DENIED)
        memcpy(words, log->words, sizeof(words));
    if (err == ERR_UNAVAILABLE && log->fault == KAFKA_FAULT_LOGIN)
        err = ERR_DENIED;
    pthread_mutex_unlock(&log->news_lock);
    /* "Broker transport failure" is all the code says of them. */
    return why_set(why, err, "%s '%.*s': %s", what, STR_ARGS(subject),
                   words[0] ? words : rd_kafka_err2str(code));
}

/* "[thrd:ssl://h:1/bootstrap]: ssl://h:1/bootstrap: Connect to ipv4#... (after 0ms in state ...)"
 */
static void note(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    struct kafka_log *log = rd_kafka_opaque(client);
    if (!log || strcmp(facility, "FAIL") != 0)
        return;
    const struct str all = skip_to(str_from(text), "]: ");
    const struct str broker = cut_before(cut_before(skip_to(all, "://"), ": "), "/");
    const struct str said = cut_before(skip_to(all, ": "), " (after ");
    const bool is_login = has(said, "SASL authentication error");
    const char *hint = "";
    pthread_mutex_lock(&log->news_lock);
    if (has(said, "certificate verify failed")) {
        log->fault = KAFKA_FAULT_CERTIFICATE;
        snprintf(log->words, sizeof(log->words), "%.*s: %s", STR_ARGS(broker),
                 certificate_words(log->certificate_error));
    } else if (is_login || level <= LEVEL_OF_FAILURES || log->words[0] == '\0') {
        log->fault = is_login ? KAFKA_FAULT_LOGIN : KAFKA_FAULT_NONE;
        if (is_login && has(said, "SCRAM") && rd_kafka_version() < VERSION_WITH_SCRAM)
            hint = "; brokers from 4.0 on take SCRAM only from librdkafka 2.6.1 on, this is older";
        else if (has(said, "SSL handshake failed") || has(said, "SSL routines"))
            hint = "; does that port speak TLS, as 'security.protocol' says?";
        else if (has(said, "Disconnected"))
            hint = "; is 'security.protocol' what that port speaks?";
        snprintf(log->words, sizeof(log->words), "%.*s: %.*s%s", STR_ARGS(broker), STR_ARGS(said),
                 hint);
    }
    pthread_mutex_unlock(&log->news_lock);
}

/* Decides nothing: what OpenSSL has found stays so. */
static int note_certificate(rd_kafka_t *client, const char *broker, int32_t id, int *error,
                            int depth, const char *certificate, size_t size, char *words,
                            size_t words_size, void *opaque)
{
    struct kafka_log *log = opaque;
    (void)client, (void)broker, (void)id, (void)depth, (void)certificate, (void)size;
    if (*error == 0)
        return 1;
    pthread_mutex_lock(&log->news_lock);
    log->certificate_error = *error;
    pthread_mutex_unlock(&log->news_lock);
    snprintf(words, words_size, "%s", certificate_words(*error));
    return 0;
}

/* What comes after the mark; all where it is not. */
static struct str skip_to(struct str text, const char *mark)
{
    const char *at = memmem(text.data, text.size, mark, strlen(mark));
    if (!at)
        return text;
    at += strlen(mark);
    return (struct str){at, text.size - (size_t)(at - text.data)};
}

static struct str cut_before(struct str text, const char *mark)
{
    const char *at = memmem(text.data, text.size, mark, strlen(mark));
    return at ? (struct str){text.data, (size_t)(at - text.data)} : text;
}

static bool has(struct str text, const char *words)
{
    return memmem(text.data, text.size, words, strlen(words)) != NULL;
}

/* X509_V_ERR_... of OpenSSL's x509_vfy.h, which never changes them. */
static const char *certificate_words(int error)
{
    switch (error) {
    case 9:
        return "its certificate is not valid yet: is this machine's clock right?";
    case 10:
        return "its certificate has expired";
    case 18:
    case 19:
        return "its certificate is signed by itself: name it, or its CA, in 'ssl.ca.location'";
    case 2:
    case 20:
    case 21:
    case 7:
        return "its certificate is signed by none of the CAs in 'ssl.ca.location'";
    case 23:
        return "its certificate was revoked";
    case 62:
    case 64:
        return "its certificate is for another host name than this";
    default:
        return "its certificate does not hold: is 'ssl.ca.location' right?";
    }
}
