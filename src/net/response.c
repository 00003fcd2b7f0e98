/* response.c -- a handler's side and [net]'s side of a response. */
#include "net/response.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"
#include "net/server.h"

#define HEADERS_FIRST 8

struct net_response *response_new(struct net_server *server, struct connection *connection)
{
    struct net_response *response = MEMORY_NEW(struct net_response);
    arena_init(&response->arena, 4096);
    response->request.arena = &response->arena;
    response->server = server;
    response->connection = connection;
    response->began_ns = clock_monotonic_ns();
    response->length = -1;
    atomic_store(&response->reference_count, 1);
    must(pthread_mutex_init(&response->lock, NULL) == 0);
    condition_init(&response->changed);
    return response;
}

void response_take_reference(struct net_response *response)
{
    atomic_fetch_add(&response->reference_count, 1);
}

void response_drop_reference(struct net_response *response)
{
    if (!response || atomic_fetch_sub(&response->reference_count, 1) > 1)
        return;
    atomic_fetch_sub(&response->server->body_bytes, response->body_bytes);
    buf_release(&response->body);
    buf_release(&response->piece);
    buf_release(&response->out);
    buf_release(&response->ends);
    pthread_cond_destroy(&response->changed);
    pthread_mutex_destroy(&response->lock);
    arena_release(&response->arena);
    free(response);
}

struct net_response *response_of(struct net_request *request)
{
    must(request != NULL);
    struct net_response *response = (struct net_response *)request;
    must(request->arena == &response->arena);
    return response;
}

/* -- [http] -- */

void net_add_header(struct net_response *response, struct str name, struct str value)
{
    must(response->status == 0);
    if (response->header_count == response->header_capacity) {
        const uint32_t capacity =
            response->header_capacity > 0 ? response->header_capacity * 2 : HEADERS_FIRST;
        struct net_header *headers = ARENA_ARRAY(&response->arena, struct net_header, capacity);
        if (response->header_count > 0)
            memcpy(headers, response->headers, sizeof(headers[0]) * response->header_count);
        response->headers = headers;
        response->header_capacity = capacity;
    }
    for (size_t i = 0; i < value.size; i++)
        must((unsigned char)value.data[i] >= 0x20);
    response->headers[response->header_count++] = (struct net_header){
        .name = arena_str(&response->arena, name), .value = arena_str(&response->arena, value)};
}

static void begin(struct net_response *response, int status, const char *content_type)
{
    must(status >= 200);
    must(response->status == 0);
    response->content_type = content_type;
    response->status = status;
}

void net_respond(struct net_response *response, int status, const char *content_type,
                 struct str body)
{
    must(content_type != NULL || body.size == 0);
    pthread_mutex_lock(&response->lock);
    begin(response, status, content_type);
    response->length = (int64_t)body.size;
    if (!response->is_gone && !response->request.is_head)
        buf_append_str(&response->out, body);
    response->ended = true;
    pthread_mutex_unlock(&response->lock);
    server_tell(response->server, response);
}

void net_begin(struct net_response *response, int status, const char *content_type)
{
    pthread_mutex_lock(&response->lock);
    begin(response, status, content_type);
    pthread_mutex_unlock(&response->lock);
    server_tell(response->server, response);
}

static size_t pending(const struct net_response *response)
{
    return response->out.size - response->out_taken;
}

/* Waits until there is room. Under the lock. */
static enum err wait_for_room(struct net_response *response)
{
    const int64_t patience_ns = response->server->deadlines.send_ns / 3;
    size_t before = pending(response);
    int64_t until_ns = clock_monotonic_ns() + patience_ns;
    while (!response->is_gone && pending(response) >= NET_PENDING_BYTES_MAX) {
        if (!condition_wait(&response->changed, &response->lock, until_ns) &&
            pending(response) == before)
            return ERR_FULL;
        if (pending(response) == before)
            continue;
        before = pending(response);
        until_ns = clock_monotonic_ns() + patience_ns;
    }
    return response->is_gone ? ERR_CLOSED : OK;
}

static void append(struct net_response *response, struct str bytes)
{
    if (response->is_gone || response->request.is_head || bytes.size == 0)
        return;
    buf_append_str(&response->out, bytes);
    buf_append(&response->ends, &response->out.size, sizeof(size_t));
}

enum err net_write(struct net_response *response, struct str bytes)
{
    must(response->length < 0);
    pthread_mutex_lock(&response->lock);
    must(response->status != 0);
    const enum err err = wait_for_room(response);
    if (err == OK)
        append(response, bytes);
    pthread_mutex_unlock(&response->lock);
    if (err == OK)
        server_tell(response->server, response);
    return err;
}

void net_end(struct net_response *response, struct str bytes)
{
    must(response->length < 0);
    pthread_mutex_lock(&response->lock);
    must(response->status != 0);
    append(response, bytes);
    response->ended = true;
    pthread_mutex_unlock(&response->lock);
    server_tell(response->server, response);
}

void net_on_close(struct net_response *response, void (*on_close)(void *context), void *context)
{
    pthread_mutex_lock(&response->lock);
    response->on_close = on_close;
    response->close_context = context;
    if (response->is_gone && on_close) {
        response->on_close = NULL;
        on_close(context);
    }
    pthread_mutex_unlock(&response->lock);
}

enum err net_read(struct net_request *request, int64_t timeout_ms, struct str *ret_piece)
{
    struct net_response *response = response_of(request);
    must(response->route->flags & NET_STREAMED_BODY);
    const int64_t until_ns = clock_monotonic_ns() + timeout_ms * 1000000;
    bool waits = true;
    pthread_mutex_lock(&response->lock);
    while (response->body.size == 0 && !response->body_ended && !response->is_gone && waits)
        waits = condition_wait(&response->changed, &response->lock, until_ns);
    const size_t size = response->body.size;
    enum err err = OK;
    if (size > 0) {
        const struct buf empty = response->piece;
        response->piece = response->body;
        response->body = empty;
        buf_clear(&response->body);
        *ret_piece = buf_str(&response->piece);
        response->body_read += size;
        response->body_bytes -= size;
        atomic_fetch_sub(&response->server->body_bytes, size);
    } else {
        err = response->body_ended || response->is_gone ? ERR_CLOSED : ERR_AGAIN;
    }
    pthread_mutex_unlock(&response->lock);
    if (err == OK)
        server_tell(response->server, response); /* the client may send on */
    return err;
}

void response_run(struct net_response *response)
{
    response->route->handler(response->server->options.context, &response->request, response);
    pthread_mutex_lock(&response->lock);
    const bool is_silent = response->status == 0;
    response->on_close = NULL;
    pthread_mutex_unlock(&response->lock);
    if (is_silent)
        response_refuse(response, 500, NET_REFUSED, "the request was not answered");
    pthread_mutex_lock(&response->lock);
    if (!response->feed)
        response->ended = true;
    pthread_mutex_unlock(&response->lock);
    server_tell(response->server, response);
}

/* -- [net] -- */

static void tell_gone(struct net_response *response)
{
    void (*on_close)(void *context) = response->on_close;
    response->on_close = NULL;
    if (on_close)
        on_close(response->close_context);
}

void response_hint_gone(struct net_response *response)
{
    pthread_mutex_lock(&response->lock);
    tell_gone(response);
    pthread_mutex_unlock(&response->lock);
}

void response_abandon(struct net_response *response)
{
    if (!response)
        return;
    feed_leave(response);
    pthread_mutex_lock(&response->lock);
    response->is_gone = true;
    response->connection = NULL;
    buf_clear(&response->out);
    buf_clear(&response->ends);
    response->out_taken = response->ends_taken = 0;
    tell_gone(response);
    pthread_cond_broadcast(&response->changed);
    pthread_mutex_unlock(&response->lock);
    response_drop_reference(response);
}

bool response_is_begun(struct net_response *response)
{
    pthread_mutex_lock(&response->lock);
    const bool is_begun = response->status != 0;
    pthread_mutex_unlock(&response->lock);
    return is_begun;
}

/* Where the piece ends that out_taken stands in. */
static size_t piece_end(struct net_response *response)
{
    size_t end = response->out.size;
    while (response->ends_taken < response->ends.size) {
        memcpy(&end, response->ends.data + response->ends_taken, sizeof(end));
        if (end > response->out_taken)
            return end;
        response->ends_taken += sizeof(end);
    }
    return response->out.size;
}

size_t response_take(struct net_response *response, char *to, size_t size, bool *ret_ended)
{
    pthread_mutex_lock(&response->lock);
    if (response->feed && response->out.size == response->out_taken)
        feed_fill(response);
    const size_t there = piece_end(response) - response->out_taken;
    const size_t taken = there < size ? there : size;
    if (taken > 0)
        memcpy(to, response->out.data + response->out_taken, taken);
    response->out_taken += taken;
    if (response->out_taken == response->out.size) {
        buf_clear(&response->out);
        buf_clear(&response->ends);
        response->out_taken = response->ends_taken = 0;
    }
    *ret_ended = response->ended && response->out.size == 0;
    if (taken > 0)
        pthread_cond_broadcast(&response->changed);
    pthread_mutex_unlock(&response->lock);
    return taken;
}

bool response_add_body(struct net_response *response, struct str bytes, bool ended, int *ret_status,
                       const char **ret_message)
{
    struct net_server *server = response->server;
    const bool is_streamed = response->route && (response->route->flags & NET_STREAMED_BODY);
    if (!is_streamed && response->body.size + bytes.size > NET_BODY_BYTES_MAX) {
        *ret_status = 413;
        *ret_message = "the body is longer than 1 MB";
        return false;
    }
    if (atomic_load(&server->body_bytes) + bytes.size > SERVER_BODY_BYTES_MAX) {
        *ret_status = 503;
        *ret_message = "too many bodies at once: try again";
        return false;
    }
    atomic_fetch_add(&server->body_bytes, bytes.size);
    pthread_mutex_lock(&response->lock);
    response->body_bytes += bytes.size;
    buf_append_str(&response->body, bytes);
    response->body_ended = response->body_ended || ended;
    pthread_cond_broadcast(&response->changed);
    pthread_mutex_unlock(&response->lock);
    return true;
}

void response_refuse(struct net_response *response, int status, enum net_refusal refusal,
                     const char *message)
{
    struct buf body = {0};
    const char *type =
        response->server->options.write_error(status, refusal, str_from(message), &body);
    server_count(response->server, COUNTER_http_refused);
    net_respond(response, status, type, buf_str(&body));
    buf_release(&body);
}

const char *status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "";
}
