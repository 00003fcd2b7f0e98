/* remote_ask.c -- one request to a registry elsewhere: where, as whom, and how often. */
#include "registry/remote.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "net/net.h"

#define MEDIA_TYPE "application/vnd.schemaregistry.v1+json"
#define CONNECT_TIMEOUT_MS 2000
#define REQUEST_TIMEOUT_MS 5000
#define BODY_BYTES_MAX (8 << 20)
#define BACKOFF_MS 500
#define BACKOFF_MS_MAX 5000
#define CALL_TRIES_MAX 3
#define RETRY_AFTER_MS_MAX                                                                         \
    60000 /* a registry that wants longer is asked after that all the same                         \
           */

/* -- settings -- */

struct str remote_setting(const struct properties *settings, const char *name)
{
    static const char *const prefixes[] = {"schema.registry.", ""};
    char text[128];
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        const int size = snprintf(text, sizeof(text), "%s%s", prefixes[i], name);
        must(size > 0 && (size_t)size < sizeof(text));
        const struct str *value = properties_get(settings, (struct str){text, (size_t)size});
        if (value && value->size > 0)
            return *value;
    }
    return (struct str){0};
}

/* "https://user:password@host/path" without what stands before '@', which comes apart. */
static struct str split_user(struct str url, struct arena *arena, struct str *ret_user)
{
    const char *const begin = memmem(url.data, url.size, "://", 3);
    *ret_user = (struct str){0};
    if (!begin)
        return url;
    const size_t from = (size_t)(begin - url.data) + 3;
    size_t at = 0;
    for (size_t i = from; i < url.size && !strchr("/?#", url.data[i]); i++)
        at = url.data[i] == '@' ? i : at;
    if (at == 0)
        return url;
    *ret_user = (struct str){url.data + from, at - from};
    return arena_printf(arena, "%.*s%.*s", (int)from, url.data, (int)(url.size - at - 1),
                        url.data + at + 1);
}

/* "user:password", in a URL with escapes. */
static enum err set_user(struct str pair, bool escaped, struct arena *arena,
                         struct http_client_options *options, struct why *why)
{
    const size_t colon = str_index(pair, ':');
    if (colon == pair.size)
        return why_set(why, ERR_SETTING,
                       "'basic.auth.user.info' is a user and a password with a colon between");
    options->user = (struct str){pair.data, colon};
    options->password = (struct str){pair.data + colon + 1, pair.size - colon - 1};
    if (escaped && (net_percent_decode(options->user, arena, &options->user) ||
                    net_percent_decode(options->password, arena, &options->password)))
        return why_set(why, ERR_SETTING, "a broken escape in the user or password of the URL");
    return OK;
}

static enum err set_basic(const struct properties *settings, struct str url_user,
                          struct arena *arena, struct http_client_options *options, struct why *why)
{
    const struct str source = remote_setting(settings, "basic.auth.credentials.source");
    const struct str info = remote_setting(settings, "basic.auth.user.info");
    if (str_equal_nocase(source, STR("SASL_INHERIT"))) {
        options->user = remote_setting(settings, "sasl.username");
        options->password = remote_setting(settings, "sasl.password");
        if (options->user.size == 0)
            return why_set(why, ERR_SETTING, "SASL_INHERIT without 'sasl.username'");
        return OK;
    }
    if (source.size > 0 && !str_equal_nocase(source, STR("USER_INFO")) &&
        !str_equal_nocase(source, STR("URL")))
        return why_set(why, ERR_SETTING,
                       "'basic.auth.credentials.source' is USER_INFO, URL or SASL_INHERIT, not "
                       "'%.*s'",
                       STR_ARGS(source));
    if (info.size > 0 && !str_equal_nocase(source, STR("URL")))
        return set_user(info, false, arena, options, why);
    if (str_equal_nocase(source, STR("USER_INFO")))
        return why_set(why, ERR_SETTING, "USER_INFO without 'basic.auth.user.info'");
    return url_user.size > 0 ? set_user(url_user, true, arena, options, why) : OK;
}

static enum err set_bearer(const struct properties *settings, struct http_client_options *options,
                           struct why *why)
{
    const struct str source = remote_setting(settings, "bearer.auth.credentials.source");
    options->token = remote_setting(settings, "bearer.auth.token");
    if (str_equal_nocase(source, STR("OAUTHBEARER"))) { /* remote_token.c's business */
        options->token = (struct str){0};
        return OK;
    }
    if (source.size > 0 && !str_equal_nocase(source, STR("STATIC_TOKEN")))
        return why_set(why, ERR_SETTING,
                       "'bearer.auth.credentials.source' is STATIC_TOKEN or OAUTHBEARER here, not "
                       "'%.*s'",
                       STR_ARGS(source));
    if (source.size > 0 && options->token.size == 0)
        return why_set(why, ERR_SETTING, "STATIC_TOKEN without 'bearer.auth.token'");
    return OK;
}

enum err remote_read_tls(const struct properties *settings, struct arena *arena,
                         struct http_tls *ret_tls, struct why *why)
{
    const struct str store = remote_setting(settings, "ssl.truststore.location");
    const struct str type = remote_setting(settings, "ssl.truststore.type");
    struct str ca = remote_setting(settings, "ssl.ca.location");
    const bool is_pem = str_equal_nocase(type, STR("PEM")) || str_ends_with(store, STR(".pem"));
    if (ca.size == 0 && store.size > 0 && !is_pem)
        return why_set(why, ERR_SETTING,
                       "'%.*s' is a Java key store: 'keytool -exportcert -rfc -keystore %.*s "
                       "-alias ALIAS > ca.pem' makes what 'ssl.ca.location' takes",
                       STR_ARGS(store), STR_ARGS(store));
    if (ca.size == 0)
        ca = store;
    *ret_tls = (struct http_tls){
        .ca_file = arena_str(arena, ca).data,
        .certificate_file =
            arena_str(arena, remote_setting(settings, "ssl.certificate.location")).data,
        .key_file = arena_str(arena, remote_setting(settings, "ssl.key.location")).data,
        .key_password = arena_str(arena, remote_setting(settings, "ssl.key.password")).data,
    };
    return OK;
}

static enum err open_client(struct lane *lane, const struct properties *settings, struct str url,
                            struct arena *arena, struct why *why)
{
    struct str user;
    struct http_client_options options = {.url = split_user(url, arena, &user),
                                          .connect_timeout_ms = CONNECT_TIMEOUT_MS};
    if (lane->count == URLS_MAX)
        return why_set(why, ERR_LIMIT, "more than %d URLs", URLS_MAX);
    enum err err = set_basic(settings, user, arena, &options, why);
    if (!err)
        err = set_bearer(settings, &options, why);
    if (!err)
        err = remote_read_tls(settings, arena, &options.tls, why);
    if (!err)
        err = http_client_new(&options, &lane->clients[lane->count], why);
    if (!err)
        lane->count++;
    return err;
}

enum err lane_open(struct lane *lane, const struct properties *settings, struct why *why)
{
    const struct str urls = remote_setting(settings, "url");
    struct arena arena;
    enum err err = OK;
    *lane = (struct lane){.random = {(uint64_t)clock_monotonic_ns()}};
    arena_init(&arena, 0);
    for (size_t at = 0; at < urls.size && !err;) {
        const struct str rest = {urls.data + at, urls.size - at};
        const struct str url = {rest.data, str_index(rest, ',')};
        if (str_trim(url).size > 0)
            err = open_client(lane, settings, str_trim(url), &arena, why);
        at += url.size + 1;
    }
    if (!err && lane->count == 0)
        err = why_set(why, ERR_SETTING, "no URL");
    if (err)
        why_prefix(why, "'schema.registry.url'");
    arena_release(&arena);
    return err;
}

void lane_close(struct lane *lane)
{
    for (uint32_t i = 0; i < lane->count; i++)
        http_client_free(lane->clients[i]);
    lane->count = 0;
}

bool registry_remote_knows(struct str name)
{
    static const struct str names[] = {
        STR_INIT("url"),
        STR_INIT("basic.auth.credentials.source"),
        STR_INIT("basic.auth.user.info"),
        STR_INIT("bearer.auth.credentials.source"),
        STR_INIT("bearer.auth.token"),
        STR_INIT("bearer.auth.issuer.endpoint.url"),
        STR_INIT("bearer.auth.client.id"),
        STR_INIT("bearer.auth.client.secret"),
        STR_INIT("bearer.auth.scope"),
        STR_INIT("bearer.auth.cache.expiry.buffer.seconds"),
        STR_INIT("bearer.auth.logical.cluster"),
        STR_INIT("bearer.auth.identity.pool.id"),
        STR_INIT("ssl.ca.location"),
        STR_INIT("ssl.truststore.location"),
        STR_INIT("ssl.truststore.type"),
        STR_INIT("ssl.certificate.location"),
        STR_INIT("ssl.key.location"),
        STR_INIT("ssl.key.password"),
    };
    const struct str prefix = STR("schema.registry.");
    const bool is_own = str_starts_with(name, prefix);
    if (is_own)
        name = (struct str){name.data + prefix.size, name.size - prefix.size};
    else if (!str_starts_with(name, STR("basic.auth.")) &&
             !str_starts_with(name, STR("bearer.auth.")))
        return false; /* ssl.* without the prefix is everybody's */
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_equal(name, names[i]))
            return true;
    return false;
}

static char *header_of(const struct properties *settings, const char *name, const char *header)
{
    const struct str value = remote_setting(settings, name);
    struct buf text = {0};
    if (value.size == 0)
        return NULL;
    buf_printf(&text, "%s: %.*s", header, STR_ARGS(value));
    char *line = memory_strdup(buf_text(&text));
    buf_release(&text);
    return line;
}

void remote_read_headers(struct remote_registry *registry, const struct properties *settings)
{
    registry->cluster_header =
        header_of(settings, "bearer.auth.logical.cluster", "target-sr-cluster");
    registry->identity_header =
        header_of(settings, "bearer.auth.identity.pool.id", "Confluent-Identity-Pool-Id");
}

/* -- asking -- */

/* One exchange under way. */
struct exchange {
    struct remote_registry *registry;
    struct buf *body;
    bool is_too_long;
};

static bool take_piece(void *context, const struct http_answer *answer, struct str piece)
{
    struct exchange *exchange = context;
    (void)answer;
    exchange->is_too_long = exchange->body->size + piece.size > BODY_BYTES_MAX;
    if (!exchange->is_too_long)
        buf_append_str(exchange->body, piece);
    return !exchange->is_too_long;
}

static bool is_closing(void *context)
{
    const struct exchange *exchange = context;
    return atomic_load(&exchange->registry->closing);
}

static enum err ask_once(struct remote_registry *registry, struct http_client *client,
                         const struct remote_request *request, struct remote_answer *answer,
                         struct why *why)
{
    struct arena arena;
    struct http_answer said = {0};
    struct exchange exchange = {.registry = registry, .body = &answer->body};
    const char *headers[4] = {0};
    const char *token = NULL;
    size_t header_count = 0;
    if (registry->cluster_header)
        headers[header_count++] = registry->cluster_header;
    if (registry->identity_header)
        headers[header_count++] = registry->identity_header;
    arena_init(&arena, 0);
    buf_clear(&answer->body);
    const struct http_request sent = {
        .method = request->method,
        .path = arena_str(&arena, request->path).data,
        .body = request->body,
        .content_type = request->body.size > 0 ? MEDIA_TYPE : NULL,
        .headers = headers,
        .accept = MEDIA_TYPE ", application/json",
        .timeout_ms = REQUEST_TIMEOUT_MS,
        .on_piece = take_piece,
        .is_unwanted = is_closing,
        .context = &exchange,
    };
    enum err err = remote_token_get(&registry->token, &arena, &token, why);
    if (token)
        headers[header_count++] = token;
    if (!err)
        err = http_client_send(client, &sent, &said, why);
    if (token && said.status == 401)
        remote_token_refused(&registry->token, token);
    if (exchange.is_too_long)
        err = why_set(why, ERR_LIMIT, "%s answers with more than %d bytes", http_client_url(client),
                      BODY_BYTES_MAX);
    answer->status = said.status;
    answer->date_ms = said.date_ms;
    answer->retry_after_ms = said.retry_after_ms;
    arena_release(&arena);
    return err;
}

static bool is_passing(int status)
{
    return status == 408 || status == 429 || status >= 500;
}

/* {"error_code":40403,"message":"..."}: the number, and the words in the arena. */
static int read_error(struct str body, struct arena *arena, struct str *ret_message)
{
    struct json_reader reader;
    int64_t code = 0;
    *ret_message = (struct str){0};
    json_reader_init(&reader, body, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return 0;
    while (json_next(&reader) == JSON_NAME) {
        const struct str name = reader.text;
        const enum json_token token = json_next(&reader);
        if (token == JSON_NUMBER && str_equal(name, STR("error_code"))) {
            if (str_to_int64(reader.text, &code) || code < 0 || code > 99999)
                code = 0;
        } else if (token == JSON_STRING && str_equal(name, STR("message"))) {
            *ret_message = reader.text;
        } else if (json_skip(&reader, token, NULL)) {
            return 0;
        }
    }
    return (int)code;
}

/* Numbers of errors that are a registry's own say more than the status does. */
static bool is_registrys(const struct remote_answer *answer)
{
    return answer->status == 404 ? answer->code / 100 == 404 : answer->code > 0;
}

/* What the answer means for this exchange; the refusals of a registry are answers. */
static enum err judge(struct http_client *client, const struct remote_request *request,
                      struct remote_answer *answer, struct why *why)
{
    const char *url = http_client_url(client);
    struct arena arena;
    struct str message;
    arena_init(&arena, 0);
    answer->code = read_error(buf_str(&answer->body), &arena, &message);
    arena_release(&arena);
    if (answer->status == 401)
        return why_set(why, ERR_DENIED,
                       "%s does not take the login (401): is "
                       "'basic.auth.user.info' right, and the registry's own?",
                       url);
    if (answer->status == 403)
        return why_set(why, ERR_DENIED, "%s forbids it (403): the login lacks the permission", url);
    if (is_passing(answer->status))
        return why_set(why, ERR_UNAVAILABLE, "%s answers %d", url, answer->status);
    if (answer->status / 100 == 2 || is_registrys(answer) ||
        (request->is_optional && answer->status == 404))
        return OK;
    return why_set(why, ERR_UNAVAILABLE,
                   "%s answers %d and nothing a schema registry says: is the URL's path right?",
                   url, answer->status);
}

/* RFC 9110, 10.2.3: 429 and 503 say when to come again, in seconds or as a date. */
static void note_wish(struct lane *lane, const struct remote_answer *answer)
{
    if ((answer->status != 429 && answer->status != 503) || answer->retry_after_ms <= 0)
        return;
    const int64_t wish_ms =
        answer->retry_after_ms < RETRY_AFTER_MS_MAX ? answer->retry_after_ms : RETRY_AFTER_MS_MAX;
    lane->not_before_ns = clock_monotonic_ns() + wish_ms * 1000000;
}

/* Of all addresses, beginning with the one that answered last. */
static enum err ask_all(struct remote_registry *registry, struct lane *lane,
                        const struct remote_request *request, struct remote_answer *answer,
                        struct why *why)
{
    enum err err = ERR_UNAVAILABLE;
    for (uint32_t i = 0; i < lane->count; i++) {
        const uint32_t at = (lane->preferred + i) % lane->count;
        err = ask_once(registry, lane->clients[at], request, answer, why);
        if (!err && answer->status == 401 && registry->token.client) /* with another token */
            err = ask_once(registry, lane->clients[at], request, answer, why);
        if (!err)
            err = judge(lane->clients[at], request, answer, why);
        if (!err || err == ERR_DENIED || err == ERR_CLOSED) {
            lane->preferred = at;
            return err;
        }
        note_wish(lane, answer);
    }
    return ERR_UNAVAILABLE;
}

int64_t remote_jitter_ms(struct random *random, int64_t backoff_ms)
{
    return (int64_t)random_below(random, (uint64_t)backoff_ms + 1);
}

static void rest(const struct remote_registry *registry, int64_t duration_ms)
{
    const int64_t until_ns = clock_monotonic_ns() + duration_ms * 1000000;
    while (!atomic_load(&registry->closing) && clock_monotonic_ns() < until_ns)
        clock_sleep_ms(20);
}

enum err lane_ask(struct remote_registry *registry, struct lane *lane,
                  const struct remote_request *request, struct remote_answer *ret_answer,
                  struct why *why)
{
    struct remote_answer answer = {0};
    int64_t backoff_ms = BACKOFF_MS;
    enum err err = OK;
    for (uint32_t i = 0; i < request->tries_max; i++) {
        if (i > 0) {
            const int64_t wanted_ms = (lane->not_before_ns - clock_monotonic_ns()) / 1000000;
            if (wanted_ms > BACKOFF_MS_MAX) /* nobody who calls waits so long */
                break;
            const int64_t pause_ms = remote_jitter_ms(&lane->random, backoff_ms);
            rest(registry, pause_ms > wanted_ms ? pause_ms : wanted_ms);
            backoff_ms = 2 * backoff_ms < BACKOFF_MS_MAX ? 2 * backoff_ms : BACKOFF_MS_MAX;
        }
        err = ask_all(registry, lane, request, &answer, why);
        if (err != ERR_UNAVAILABLE || atomic_load(&registry->closing))
            break;
    }
    remote_note(registry, err == ERR_UNAVAILABLE);
    if (err)
        buf_release(&answer.body);
    *ret_answer = answer;
    return err;
}

enum err remote_ask(struct remote_registry *registry, struct remote_request *request,
                    struct remote_answer *ret_answer, struct why *why)
{
    pthread_mutex_lock(&registry->lock);
    const bool is_away = registry->is_away;
    pthread_mutex_unlock(&registry->lock);
    /* Who runs into an outage waits for it once, not each time. */
    request->tries_max = is_away ? 1 : CALL_TRIES_MAX;
    pthread_mutex_lock(&registry->call_lock);
    const enum err err = lane_ask(registry, &registry->call, request, ret_answer, why);
    pthread_mutex_unlock(&registry->call_lock);
    return err;
}

enum err remote_fail(const struct remote_answer *answer, struct why *why)
{
    static const struct {
        int code;
        enum err err;
    } codes[] = {
        {40403, ERR_UNKNOWN_SCHEMA}, {42205, ERR_DENIED}, {42206, ERR_LOCKED},
        {42207, ERR_EXISTS},         {40404, ERR_EXISTS}, {40405, ERR_EXISTS},
        {40406, ERR_EXISTS},         {40407, ERR_EXISTS}, {42209, ERR_LIMIT},
    };
    struct arena arena;
    struct str message;
    enum err err = answer->status == 404   ? ERR_NOT_FOUND
                   : answer->status == 409 ? ERR_INCOMPATIBLE
                                           : ERR_INVALID;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].code == answer->code)
            err = codes[i].err;
    arena_init(&arena, 0);
    (void)read_error(buf_str(&answer->body), &arena, &message);
    err = why_set(why, err, "the schema registry says %d: %.*s", answer->code, STR_ARGS(message));
    arena_release(&arena);
    return err;
}

/* RFC 3986, section 2.3: all but the unreserved. */
void remote_encode(struct str text, struct buf *buf)
{
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || (c && strchr("-._~", c));
        if (is_plain)
            buf_append_byte(buf, (uint8_t)c);
        else
            buf_printf(buf, "%%%02X", (uint8_t)c);
    }
}
