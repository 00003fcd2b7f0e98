/* examine.c -- name, port and TLS of a server, in words. */
#include "net/examine.h"

#include "base/clock.h"

#include <curl/curl.h>

#define CONNECT_MS 3000
#define HANDSHAKE_MS 5000
#define DAYS_SHORT 14
#define DAY_SECONDS 86400
#define CLOCK_MS_MAX 5000

/* What a server showed: its own certificate, the first of its chain. */
struct certificate {
    const char *subject, *issuer, *names, *until;
};

static const char *member(const struct curl_certinfo *info, const char *name, struct arena *arena)
{
    const size_t size = strlen(name);
    for (const struct curl_slist *item = info->certinfo[0]; item; item = item->next)
        if (strncmp(item->data, name, size) == 0 && item->data[size] == ':')
            return arena_str(arena, str_from(item->data + size + 1)).data;
    return "";
}

static CURL *handshake_new(const struct reach_place *place, const struct examine_tls *tls,
                           struct arena *arena)
{
    const bool is_ipv6 = strchr(place->host.data, ':') != NULL;
    CURL *easy = curl_easy_init();
    must(easy != NULL);
    curl_easy_setopt(easy, CURLOPT_URL,
                     arena_printf(arena, is_ipv6 ? "https://[%s]:%s/" : "https://%s:%s/",
                                  place->host.data, place->port.data)
                         .data);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)HANDSHAKE_MS);
    if (tls->files.ca_file && tls->files.ca_file[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_CAINFO, tls->files.ca_file);
    if (tls->ca_pem) {
        struct curl_blob pem = {
            .data = (char *)tls->ca_pem, .len = strlen(tls->ca_pem), .flags = CURL_BLOB_COPY};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &pem);
    }
    if (tls->files.certificate_file && tls->files.certificate_file[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->files.certificate_file);
    if (tls->certificate_type)
        curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, tls->certificate_type);
    if (tls->files.key_file && tls->files.key_file[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->files.key_file);
    if (tls->files.key_password && tls->files.key_password[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_KEYPASSWD, tls->files.key_password);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls->trusts_any ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
                     tls->trusts_any || tls->takes_any_name ? 0L : 2L);
    return easy;
}

/* One handshake; the certificate is filled in as far as it came to be seen. */
static CURLcode handshake(const struct reach_place *place, const struct examine_tls *tls,
                          struct arena *arena, struct certificate *ret_certificate,
                          const char **ret_words)
{
    char words[CURL_ERROR_SIZE] = "";
    struct curl_certinfo *info = NULL;
    CURL *easy = handshake_new(place, tls, arena);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, words);
    const CURLcode code = curl_easy_perform(easy);
    *ret_words = arena_str(arena, str_from(words[0] ? words : curl_easy_strerror(code))).data;
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) == CURLE_OK && info &&
        info->num_of_certs > 0)
        *ret_certificate = (struct certificate){
            .subject = member(info, "Subject", arena),
            .issuer = member(info, "Issuer", arena),
            .names = member(info, "X509v3 Subject Alternative Name", arena),
            .until = member(info, "Expire date", arena),
        };
    curl_easy_cleanup(easy);
    return code;
}

static const char *describe(const struct certificate *certificate, struct arena *arena)
{
    if (!certificate->subject)
        return "";
    return arena_printf(arena, "; its certificate: '%s', issued by '%s', for %s, until %s",
                        certificate->subject, certificate->issuer,
                        certificate->names[0] ? certificate->names : "no host", certificate->until)
        .data;
}

static int64_t days_left(const struct certificate *certificate)
{
    const time_t until = certificate->until ? curl_getdate(certificate->until, NULL) : -1;
    return until < 0 ? DAYS_SHORT : ((int64_t)until - clock_wall_ms() / 1000) / DAY_SECONDS;
}

/* What the failure means, by what the certificate says and by what OpenSSL does. */
static const char *advise(CURLcode code, const char *words, const struct certificate *certificate,
                          const struct examine_tls *tls, struct arena *arena)
{
    if (code == CURLE_SSL_CACERT_BADFILE)
        return arena_printf(arena, "'%s' names no file of PEM certificates", tls->ca_setting).data;
    if (code == CURLE_SSL_CERTPROBLEM)
        return "our own certificate or its key cannot be used: are file and password right?";
    if (code != CURLE_PEER_FAILED_VERIFICATION)
        return "does this port speak TLS, and does it want a certificate of ours?";
    if (days_left(certificate) < 0 || strstr(words, "expired"))
        return "it is out of date: whoever runs the server has to renew it";
    if (strstr(words, "not yet valid"))
        return "it is of the future: is this machine's clock right?";
    if (strstr(words, "name"))
        return "it is another host's: connect by a name that it is for, or have one made for this";
    return arena_printf(arena, "'%s' has to name the certificate of the CA that issued it",
                        tls->ca_setting)
        .data;
}

static bool examine_tls(const struct examiner *examiner, const struct reach_place *place,
                        const struct examine_tls *tls, struct arena *arena)
{
    struct certificate certificate = {0};
    const char *words = "";
    const CURLcode code = handshake(place, tls, arena, &certificate, &words);
    if (code == CURLE_OK) {
        const bool is_short = days_left(&certificate) < DAYS_SHORT;
        examiner->say(
            examiner->context, "TLS", is_short ? EXAMINED_ODD : EXAMINED_OK,
            arena_printf(arena, "%s%s",
                         tls->trusts_any ? "spoken, and not checked" : "the certificate is trusted",
                         describe(&certificate, arena))
                .data,
            "it is out of date within two weeks");
        return true;
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION && !certificate.subject) {
        /* Refused before it was shown: look at it all the same. */
        struct examine_tls any = *tls;
        const char *ignored;
        any.trusts_any = true;
        (void)handshake(place, &any, arena, &certificate, &ignored);
    }
    const bool is_away = code == CURLE_SSL_CONNECT_ERROR || code == CURLE_OPERATION_TIMEDOUT ||
                         code == CURLE_COULDNT_CONNECT;
    examiner->say(examiner->context, "TLS", is_away ? EXAMINED_AWAY : EXAMINED_WRONG,
                  arena_printf(arena, "%s%s", words, describe(&certificate, arena)).data,
                  advise(code, words, &certificate, tls, arena));
    return false;
}

static bool examine_name(const struct examiner *examiner, const struct reach_place *place,
                         struct arena *arena)
{
    struct str addresses = {0};
    struct why why = {0};
    examiner->begin(examiner->context, "name", place->host.data);
    if (reach_name(place, arena, &addresses, &why) != OK) {
        examiner->say(examiner->context, "name", EXAMINED_AWAY, why.text,
                      "is the name spelt right, and does this machine's DNS know it?");
        return false;
    }
    examiner->say(examiner->context, "name", EXAMINED_OK,
                  arena_printf(arena, "%s is %.*s", place->host.data, STR_ARGS(addresses)).data,
                  NULL);
    return true;
}

static bool examine_port(const struct examiner *examiner, const struct reach_place *place,
                         struct arena *arena)
{
    struct why why = {0};
    examiner->begin(examiner->context, "port", place->host.data);
    if (reach_port(place, CONNECT_MS, &why) != OK) {
        examiner->say(examiner->context, "port", EXAMINED_AWAY, why.text,
                      "is the port right, the server up, and no firewall between?");
        return false;
    }
    examiner->say(
        examiner->context, "port", EXAMINED_OK,
        arena_printf(arena, "%s:%s takes connections", place->host.data, place->port.data).data,
        NULL);
    return true;
}

bool examine_way(const struct examiner *examiner, struct str place, const char *port,
                 const struct examine_tls *tls)
{
    struct arena arena;
    struct reach_place parsed;
    struct why why = {0};
    arena_init(&arena, 0);
    bool good = reach_parse(place, port, &arena, &parsed, &why) == OK;
    if (!good)
        examiner->say(examiner->context, "name", EXAMINED_WRONG, why.text, NULL);
    good =
        good && examine_name(examiner, &parsed, &arena) && examine_port(examiner, &parsed, &arena);
    if (good && tls) {
        examiner->begin(examiner->context, "TLS", parsed.host.data);
        good = examine_tls(examiner, &parsed, tls, &arena);
    }
    arena_release(&arena);
    return good;
}

void examine_clock(const struct examiner *examiner, int64_t their_wall_ms)
{
    const int64_t apart_ms = their_wall_ms - clock_wall_ms();
    const bool is_apart = apart_ms > CLOCK_MS_MAX || apart_ms < -CLOCK_MS_MAX;
    char words[96];
    snprintf(words, sizeof(words), is_apart ? "the server's is %.1f s %s ours" : "agrees with ours",
             (double)(apart_ms < 0 ? -apart_ms : apart_ms) / 1000,
             apart_ms < 0 ? "behind" : "ahead of");
    examiner->say(examiner->context, "clock", is_apart ? EXAMINED_ODD : EXAMINED_OK, words,
                  "one of the two is wrong: events are dated by ours");
}
