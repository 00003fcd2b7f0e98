/* remote_token.c -- a token for the registry from an identity provider: OAuth 2.0's client
 * credentials.
 *
 * It is got when it is first needed, kept until shortly before its time is over (RFC 6749, 5.1),
 * and got anew when the registry no longer takes it. */
#include "registry/remote.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"

#define TOKEN_BYTES_MAX (64 << 10)
#define LIFE_S_DEFAULT 300 /* where the provider does not say */
#define LIFE_S_MAX 86400
#define BUFFER_S_DEFAULT 300
#define REQUEST_TIMEOUT_MS 5000

/* application/x-www-form-urlencoded, as RFC 6749, appendix B. */
static void append_field(struct buf *form, const char *name, struct str value)
{
    buf_printf(form, "%s%s=", form->size > 0 ? "&" : "", name);
    remote_encode(value, form);
}

enum err remote_token_open(struct remote_token *token, const struct properties *settings,
                           struct why *why)
{
    struct http_client_options options = {
        .url = remote_setting(settings, "bearer.auth.issuer.endpoint.url"),
        .user = remote_setting(settings, "bearer.auth.client.id"),
        .password = remote_setting(settings, "bearer.auth.client.secret"),
    };
    const struct str scope = remote_setting(settings, "bearer.auth.scope");
    const struct str buffer = remote_setting(settings, "bearer.auth.cache.expiry.buffer.seconds");
    struct arena arena;
    pthread_mutex_init(&token->lock, NULL);
    token->buffer_s = BUFFER_S_DEFAULT;
    if (!str_equal_nocase(remote_setting(settings, "bearer.auth.credentials.source"),
                          STR("OAUTHBEARER")))
        return OK;
    if (options.url.size == 0 || options.user.size == 0 || options.password.size == 0)
        return why_set(why, ERR_SETTING,
                       "OAUTHBEARER wants 'bearer.auth.issuer.endpoint.url', "
                       "'bearer.auth.client.id' and 'bearer.auth.client.secret'");
    if (buffer.size > 0 && (str_to_int64(buffer, &token->buffer_s) || token->buffer_s < 0))
        return why_set(why, ERR_SETTING,
                       "'bearer.auth.cache.expiry.buffer.seconds' is a number of seconds");
    append_field(&token->form, "grant_type", STR("client_credentials"));
    if (scope.size > 0)
        append_field(&token->form, "scope", scope);
    arena_init(&arena, 0);
    enum err err = remote_read_tls(settings, &arena, &options.tls, why);
    if (!err)
        err = http_client_new(&options, &token->client, why);
    arena_release(&arena);
    return err;
}

void remote_token_close(struct remote_token *token)
{
    http_client_free(token->client);
    buf_release(&token->form);
    buf_release(&token->header);
    pthread_mutex_destroy(&token->lock);
}

static bool take_piece(void *context, const struct http_answer *answer, struct str piece)
{
    struct buf *body = context;
    (void)answer;
    if (body->size + piece.size > TOKEN_BYTES_MAX)
        return false;
    buf_append_str(body, piece);
    return true;
}

/* {"access_token":"...","expires_in":3600}; of a refusal {"error":"invalid_client"} is shown. */
static enum err read_answer(struct remote_token *token, int status, struct str body,
                            struct why *why)
{
    const char *url = http_client_url(token->client);
    struct arena arena;
    struct str text = {0}, error = {0};
    int64_t life_s = LIFE_S_DEFAULT;
    struct json_reader reader;
    arena_init(&arena, 0);
    json_reader_init(&reader, body, &arena);
    bool good = json_next(&reader) == JSON_OBJECT_BEGIN;
    while (good && json_next(&reader) == JSON_NAME) {
        const struct str name = reader.text;
        const enum json_token kind = json_next(&reader);
        if (kind == JSON_STRING && str_equal(name, STR("access_token")))
            text = reader.text;
        else if (kind == JSON_STRING && str_equal(name, STR("error")))
            error = reader.text;
        else if (kind == JSON_NUMBER && str_equal(name, STR("expires_in")))
            good = str_to_int64(reader.text, &life_s) == OK;
        else
            good = json_skip(&reader, kind, NULL) == OK;
    }
    /* What would not be one line of a header is no token. */
    for (size_t i = 0; i < text.size; i++)
        good &= text.data[i] > ' ' && text.data[i] < 127;
    enum err err = OK;
    if (status >= 500 || status == 408 || status == 429)
        err = why_set(why, ERR_UNAVAILABLE, "%s, which gives tokens, answers %d", url, status);
    else if (status / 100 != 2)
        err = why_set(why, ERR_DENIED,
                      "%s gives no token (%d, %.*s): are 'bearer.auth.client.id', its secret and "
                      "'bearer.auth.scope' right?",
                      url, status, (int)(error.size < 60 ? error.size : 60),
                      error.size > 0 ? error.data : "");
    else if (!good || text.size == 0)
        err = why_set(why, ERR_UNAVAILABLE, "%s does not answer with a token", url);
    if (!err) {
        life_s = life_s < 0 ? 0 : life_s > LIFE_S_MAX ? LIFE_S_MAX : life_s;
        /* A life shorter than what is kept back is used by half. */
        const int64_t used_s = life_s > token->buffer_s ? life_s - token->buffer_s : life_s / 2;
        token->until_ns = clock_monotonic_ns() + used_s * 1000000000;
        buf_clear(&token->header);
        buf_printf(&token->header, "Authorization: Bearer %.*s", STR_ARGS(text));
    }
    arena_release(&arena);
    return err;
}

/* Under the lock. */
static enum err renew(struct remote_token *token, struct why *why)
{
    struct buf body = {0};
    struct http_answer answer = {0};
    const struct http_request request = {.body = buf_str(&token->form),
                                         .content_type = "application/x-www-form-urlencoded",
                                         .accept = "application/json",
                                         .path = "",
                                         .timeout_ms = REQUEST_TIMEOUT_MS,
                                         .on_piece = take_piece,
                                         .context = &body};
    enum err err = http_client_send(token->client, &request, &answer, why);
    if (err == ERR_CLOSED) /* longer than any token */
        err = why_set(why, ERR_UNAVAILABLE, "%s answers with too much",
                      http_client_url(token->client));
    if (!err)
        err = read_answer(token, answer.status, buf_str(&body), why);
    buf_release(&body);
    return err;
}

enum err remote_token_get(struct remote_token *token, struct arena *arena, const char **ret_header,
                          struct why *why)
{
    enum err err = OK;
    *ret_header = NULL;
    if (!token->client)
        return OK;
    pthread_mutex_lock(&token->lock);
    if (token->header.size == 0 || clock_monotonic_ns() >= token->until_ns)
        err = renew(token, why);
    if (!err)
        *ret_header = arena_str(arena, buf_str(&token->header)).data;
    pthread_mutex_unlock(&token->lock);
    return err;
}

void remote_token_refused(struct remote_token *token, const char *header)
{
    pthread_mutex_lock(&token->lock);
    if (str_equal(buf_str(&token->header), str_from(header)))
        buf_clear(&token->header);
    pthread_mutex_unlock(&token->lock);
}
