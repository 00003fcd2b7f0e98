/* http_client.c -- the client over libcurl's multi interface, so that an exchange can be ended. */
#include "net/http_client.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"

#include <curl/curl.h>
#include <pthread.h>

#define CONNECT_TIMEOUT_MS 5000
#define POLL_MS 100
#define PIECE_BYTES (64 << 10)

struct http_client {
    CURL *easy;
    CURLM *multi;
    char *url;
    char *credentials;                                          /* "user:password", or NULL */
    char *token;                                                /* or NULL */
    char *ca_file, *certificate_file, *key_file, *key_password; /* or NULL */
    int64_t connect_timeout_ms;
};

/* One request under way. */
struct exchange {
    const struct http_request *request;
    struct http_answer answer;
    CURL *easy;
    size_t header_bytes;
    bool is_connected;
    bool has_answer; /* `answer` is filled */
    bool is_unwanted;
    bool headers_too_long;
};

static enum err url_check(struct str url, struct why *why);
static bool url_is_loopback(const char *url);
static void easy_prepare(struct http_client *client, struct exchange *exchange, const char *url,
                         struct curl_slist *headers);
static CURLcode exchange_run(struct http_client *client, struct exchange *exchange);
static enum err exchange_judge(const struct http_client *client, const struct exchange *exchange,
                               CURLcode code, const char *words, struct why *why);

static void start_once(void)
{
    must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static char *copy_or_null(const char *text)
{
    return text && text[0] ? memory_strdup(text) : NULL;
}

static void forget(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

enum err http_client_new(const struct http_client_options *options, struct http_client **ret_client,
                         struct why *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_once);
    const enum err err = url_check(options->url, why);
    if (err)
        return err;
    struct http_client *client = MEMORY_NEW(struct http_client);
    struct buf text = {0};
    buf_append_str(&text, options->url);
    while (text.size > 0 && text.data[text.size - 1] == '/')
        text.size--;
    client->url = memory_strdup(buf_text(&text));
    buf_clear(&text);
    if (options->user.size > 0) {
        buf_printf(&text, "%.*s:%.*s", STR_ARGS(options->user), STR_ARGS(options->password));
        client->credentials = memory_strdup(buf_text(&text));
        explicit_bzero(text.data, text.size);
    }
    if (options->token.size > 0) {
        buf_clear(&text);
        buf_append_str(&text, options->token);
        client->token = memory_strdup(buf_text(&text));
        explicit_bzero(text.data, text.size);
    }
    buf_release(&text);
    client->ca_file = copy_or_null(options->tls.ca_file);
    client->certificate_file = copy_or_null(options->tls.certificate_file);
    client->key_file = copy_or_null(options->tls.key_file);
    client->key_password = copy_or_null(options->tls.key_password);
    client->connect_timeout_ms =
        options->connect_timeout_ms > 0 ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    client->easy = curl_easy_init();
    client->multi = curl_multi_init();
    must(client->easy != NULL);
    must(client->multi != NULL);
    *ret_client = client;
    return OK;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->easy);
    curl_multi_cleanup(client->multi);
    forget(client->credentials);
    forget(client->token);
    forget(client->key_password);
    free(client->ca_file);
    free(client->certificate_file);
    free(client->key_file);
    free(client->url);
    free(client);
}

const char *http_client_url(const struct http_client *client)
{
    return client->url;
}

enum err http_client_send(struct http_client *client, const struct http_request *request,
                          struct http_answer *ret_answer, struct why *why)
{
    must(request->path[0] == '/' || request->path[0] == '\0');
    struct exchange exchange = {.request = request, .easy = client->easy};
    char words[CURL_ERROR_SIZE] = "";
    struct buf text = {0};
    struct curl_slist *headers = NULL;
    if (request->content_type) {
        buf_printf(&text, "Content-Type: %s", request->content_type);
        headers = curl_slist_append(headers, buf_text(&text));
        buf_clear(&text);
    }
    buf_printf(&text, "Accept: %s", request->accept ? request->accept : "*/*");
    headers = curl_slist_append(headers, buf_text(&text));
    /* A body is sent at once, not after the server has agreed to it. */
    headers = curl_slist_append(headers, "Expect:");
    for (const char *const *at = request->headers; at && *at; at++)
        headers = curl_slist_append(headers, *at);
    must(headers != NULL);
    buf_clear(&text);
    buf_printf(&text, "%s%s", client->url, request->path);
    easy_prepare(client, &exchange, buf_text(&text), headers);
    curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, words);

    const CURLcode code = exchange_run(client, &exchange);

    curl_easy_reset(client->easy);
    curl_slist_free_all(headers);
    buf_release(&text);
    if (exchange.has_answer)
        *ret_answer = exchange.answer;
    return exchange_judge(client, &exchange, code, words, why);
}

/* Whether curl takes it for a URL of a host, by HTTP, with neither credentials nor query. */
static enum err url_check(struct str url, struct why *why)
{
    char *scheme = NULL;
    char *host = NULL;
    char *part = NULL;
    struct buf text = {0};
    bool is_good = false;
    bool has_credentials = false;
    CURLU *parsed = curl_url();
    must(parsed != NULL);
    buf_append_str(&text, url);
    if (curl_url_set(parsed, CURLUPART_URL, buf_text(&text), 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        is_good = strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
    if (curl_url_get(parsed, CURLUPART_USER, &part, 0) == CURLUE_OK)
        has_credentials = true;
    curl_free(part);
    part = NULL;
    if (curl_url_get(parsed, CURLUPART_QUERY, &part, 0) == CURLUE_OK)
        is_good = false;
    curl_free(part);
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
    buf_release(&text);
    if (has_credentials) /* they would stand in the words of every failure */
        return why_set(why, ERR_SETTING, "no user and password in the URL: see 'server.user'");
    if (!is_good)
        return why_set(why, ERR_SETTING, "'%.*s' is no URL such as http://127.0.0.1:8088",
                       STR_ARGS(url));
    return OK;
}

static bool url_is_loopback(const char *url)
{
    const char *host = strstr(url, "://");
    static const char *const names[] = {"127.", "localhost", "[::1]"};
    host = host ? host + 3 : url;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_starts_with(str_from(host), str_from(names[i])))
            return true;
    return false;
}

/* "Date: Sun, 06 Nov 1994 08:49:37 GMT" */
static void take_date(struct exchange *exchange, struct str line)
{
    char text[64];
    const size_t colon = str_index(line, ':');
    if (colon == line.size || !str_equal_nocase((struct str){line.data, colon}, STR("date")))
        return;
    const struct str value = str_trim((struct str){line.data + colon + 1, line.size - colon - 1});
    if (value.size >= sizeof(text))
        return;
    memcpy(text, value.data, value.size);
    text[value.size] = '\0';
    const time_t seconds = curl_getdate(text, NULL);
    exchange->answer.date_ms = seconds < 0 ? 0 : (int64_t)seconds * 1000;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    exchange->header_bytes += size * count;
    take_date(exchange, (struct str){data, size * count});
    if (exchange->header_bytes <= HTTP_HEADER_BYTES_MAX)
        return size * count;
    exchange->headers_too_long = true;
    return 0;
}

static void note_answer(struct exchange *exchange)
{
    long status = 0;
    char *content_type = NULL;
    if (exchange->has_answer)
        return;
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(exchange->easy, CURLINFO_CONTENT_TYPE, &content_type);
    exchange->answer.status = (int)status;
    curl_off_t retry_after = 0; /* seconds, also where it was a date */
    curl_easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &retry_after);
    exchange->answer.retry_after_ms =
        retry_after > 0 && retry_after < INT32_MAX ? (int64_t)retry_after * 1000 : 0;
    if (content_type)
        snprintf(exchange->answer.content_type, sizeof(exchange->answer.content_type), "%s",
                 content_type);
    exchange->has_answer = true;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    const struct str piece = {data, size * count};
    note_answer(exchange);
    if (!exchange->is_unwanted && piece.size > 0)
        exchange->is_unwanted =
            !exchange->request->on_piece(exchange->request->context, &exchange->answer, piece);
    /* Anything but the size makes curl end the exchange. */
    return exchange->is_unwanted ? 0 : piece.size;
}

/* Certificates are checked, and names, always. */
static void tls_prepare(struct http_client *client)
{
    CURL *easy = client->easy;
    if (client->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    if (client->certificate_file)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, client->certificate_file);
    if (client->key_file)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, client->key_file);
    if (client->key_password)
        curl_easy_setopt(easy, CURLOPT_KEYPASSWD, client->key_password);
}

static void easy_prepare(struct http_client *client, struct exchange *exchange, const char *url,
                         struct curl_slist *headers)
{
    CURL *easy = client->easy;
    const struct http_request *request = exchange->request;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "drivethru/" DRIVETHRU_VERSION);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)PIECE_BYTES);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)client->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    /* A proxy of the environment has no way to this machine's own loopback. */
    if (url_is_loopback(client->url))
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (client->credentials) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERPWD, client->credentials);
    }
    if (client->token) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, client->token);
    }
    tls_prepare(client);
    if (request->content_type) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                         request->body.size > 0 ? request->body.data : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    }
    if (request->method)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static CURLcode exchange_run(struct http_client *client, struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    CURLcode code = CURLE_OK;
    int running = 1;
    must(curl_multi_add_handle(client->multi, client->easy) == CURLM_OK);
    while (running > 0) {
        must(curl_multi_perform(client->multi, &running) == CURLM_OK);
        if (running == 0)
            break;
        if (request->is_unwanted && request->is_unwanted(request->context)) {
            exchange->is_unwanted = true;
            break;
        }
        /* A signal wakes the poll too. */
        must(curl_multi_poll(client->multi, NULL, 0, POLL_MS, NULL) == CURLM_OK);
    }
    int left = 0;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            code = message->data.result;
    curl_off_t connected_us = 0;
    curl_easy_getinfo(client->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    exchange->is_connected = connected_us > 0;
    if (running == 0 && code == CURLE_OK) /* a body may be empty */
        note_answer(exchange);
    must(curl_multi_remove_handle(client->multi, client->easy) == CURLM_OK);
    return code;
}

static enum err exchange_judge(const struct http_client *client, const struct exchange *exchange,
                               CURLcode code, const char *words, struct why *why)
{
    const char *url = client->url;
    if (exchange->is_unwanted) /* whoever ended it knows why */
        return ERR_CLOSED;
    if (exchange->headers_too_long)
        return why_set(why, ERR_LIMIT, "%s answers with more than %d bytes of headers", url,
                       HTTP_HEADER_BYTES_MAX);
    if (words[0] == '\0')
        words = curl_easy_strerror(code);
    switch (code) {
    case CURLE_OK:
        return OK;
    case CURLE_OPERATION_TIMEDOUT:
        if (!exchange->is_connected)
            break;
        return why_set(why, ERR_AGAIN, "%s does not answer in time: %s", url, words);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        return why_set(why, ERR_DENIED, "no TLS with %s: %s", url, words);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
        return why_set(why, ERR_MALFORMED, "%s does not speak HTTP: %s", url, words);
    default:
        break;
    }
    if (exchange->is_connected)
        return why_set(why, ERR_UNAVAILABLE, "the connection to %s broke: %s", url, words);
    return why_set(why, ERR_UNAVAILABLE, "cannot reach %s: %s", url, words);
}
