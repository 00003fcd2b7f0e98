/* http1.c -- HTTP/1.1 and 1.0 on a connection: one request after the other.
 *
 * Head, body, response, and again. What the client sends ahead (pipelining) waits in the input. */
#include "base/clock.h"
#include "base/memory.h"
#include "net/head.h"
#include "net/reply_head.h"
#include "net/server.h"

#define CHUNK_LINE_BYTES_MAX 256
#define TRAILER_BYTES_MAX 4096
#define PIECE_BYTES (16 << 10)

enum phase { PHASE_HEAD, PHASE_BODY, PHASE_RESPONSE };
enum chunk { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER };

struct http1 {
    enum phase phase;
    struct net_response *response; /* from PHASE_BODY on */
    struct head head;
    size_t scanned;  /* of the input: no end of head before it */
    bool head_began; /* since_ns is of its first byte; else, of the end of what was before */
    enum chunk chunk;
    uint64_t left;     /* of the body, or of the chunk */
    uint64_t received; /* of the body */
    uint64_t trailer_bytes;
    bool is_chunked; /* the response */
};

static bool read_head(struct connection *connection, struct http1 *http1);
static bool read_body(struct connection *connection, struct http1 *http1);
static bool send_response(struct connection *connection, struct http1 *http1);

static void http1_advance(struct connection *connection)
{
    struct http1 *http1 = connection->state;
    bool goes_on = true;
    while (goes_on && !connection->is_closing && connection->protocol == &protocol_http1) {
        switch (http1->phase) {
        case PHASE_HEAD:
            goes_on = read_head(connection, http1);
            break;
        case PHASE_BODY:
            goes_on = read_body(connection, http1);
            break;
        case PHASE_RESPONSE:
            goes_on = send_response(connection, http1);
            break;
        }
    }
    /* While one request is answered, the next may wait, but not pile up. */
    connection->is_deaf =
        connection->is_closing ||
        (connection->protocol == &protocol_http1 && http1->phase == PHASE_RESPONSE &&
         connection_input(connection).size >= NET_HEAD_BYTES_MAX);
}

/* Says why, and that nothing else will be answered here. */
static void refuse(struct connection *connection, int status, const char *message)
{
    struct http1 *http1 = connection->state;
    struct net_response *response = http1->response;
    server_count(connection->server, status == 408 ? COUNTER_http_timeouts : COUNTER_http_refused);
    response_abandon(response);
    http1->response = NULL;
    reply_error_write(connection->server, status, message, &connection->out);
    connection->is_closing = true;
}

/* -- the head -- */

/* The head with its empty line; size 0: not whole yet. */
static struct str find_head(struct str input, size_t scanned)
{
    const size_t from = scanned > 3 ? scanned - 3 : 0;
    const char *end =
        from < input.size ? memmem(input.data + from, input.size - from, "\r\n\r\n", 4) : NULL;
    return end ? (struct str){input.data, (size_t)(end + 4 - input.data)} : (struct str){0};
}

static void request_fill(struct net_request *request, const struct head *head)
{
    request->http_version = head->http_version;
    request->path = head->path;
    request->query = head->query;
    request->headers = head->headers;
    request->header_count = head->header_count;
}

static void body_begin(struct connection *connection, struct http1 *http1)
{
    const struct head *head = &http1->head;
    http1->phase = PHASE_BODY;
    http1->left = head->content_length > 0 ? (uint64_t)head->content_length : 0;
    http1->chunk = CHUNK_SIZE;
    http1->received = http1->trailer_bytes = 0;
    connection->since_ns = clock_monotonic_ns();
    const bool has_body = head->is_chunked || http1->left > 0;
    if (has_body && head->expects_continue)
        buf_append_str(&connection->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void head_done(struct connection *connection, struct http1 *http1)
{
    struct net_response *response = http1->response;
    const struct head *head = &http1->head;
    if (!method_parse(head->method, &response->request.method, &response->request.is_head)) {
        refuse(connection, 501, "a method that is not known here");
        return;
    }
    if (head->content_length > NET_BODY_BYTES_MAX) {
        refuse(connection, 413, "the body is longer than 1 MB");
        return;
    }
    /* What will become HTTP/2 is admitted as such. */
    if (head->upgrades)
        response->request.http_version = 20;
    if (server_admit(connection->server, response)) {
        body_begin(connection, http1);
        return;
    }
    /* A body that nobody wants cannot be told from the next request by waiting for it. */
    if (head->is_chunked || head->content_length > 0)
        http1->head.keeps_alive = false;
    http1->head.upgrades = false;
    http1->phase = PHASE_RESPONSE;
}

static void skip_empty_lines(struct connection *connection)
{
    struct str input = connection_input(connection);
    while (str_starts_with(input, STR("\r\n"))) {
        connection->in_used += 2;
        input = connection_input(connection);
    }
}

/* A line feed on its own ends no line here, and waiting for more would not help. */
static bool has_bare_feed(struct str input, size_t scanned)
{
    const char *at = input.data + scanned;
    const char *const end = input.data + input.size;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        if (at == input.data || at[-1] != '\r')
            return true;
        at++;
    }
    return false;
}

static bool read_head(struct connection *connection, struct http1 *http1)
{
    skip_empty_lines(connection);
    const struct str input = connection_input(connection);
    const struct str text = find_head(input, http1->scanned);
    if (input.size > 0 && !http1->head_began) {
        http1->head_began = true;
        connection->since_ns = clock_monotonic_ns();
    }
    if (text.size == 0 && input.size > 0 && has_bare_feed(input, http1->scanned)) {
        refuse(connection, 400, "a line of the head does not end in CRLF");
        return false;
    }
    if (text.size == 0 && input.size <= NET_HEAD_BYTES_MAX) {
        http1->scanned = input.size;
        return false;
    }
    if (text.size == 0 || text.size > NET_HEAD_BYTES_MAX) {
        const bool in_target = str_index(input, '\r') > NET_TARGET_BYTES_MAX;
        refuse(connection, in_target ? 414 : 431,
               in_target ? "the target is longer than 8 KB" : "the head is longer than 16 KB");
        return false;
    }
    http1->response = response_new(connection->server, connection);
    http1->response->began_ns = connection->since_ns;
    const char *message = "";
    const struct str kept = arena_str(&http1->response->arena, text);
    const int status = head_parse(kept, &http1->response->arena, &http1->head, &message);
    if (status != 0) {
        refuse(connection, status, message);
        return false;
    }
    connection->in_used += text.size;
    http1->scanned = 0;
    request_fill(&http1->response->request, &http1->head);
    head_done(connection, http1);
    return true;
}

/* -- the body -- */

static bool add_body(struct connection *connection, struct http1 *http1, struct str bytes)
{
    int status;
    const char *message;
    connection->in_used += bytes.size;
    http1->received += bytes.size;
    http1->left -= bytes.size;
    if (response_add_body(http1->response, bytes, false, &status, &message))
        return true;
    refuse(connection, status, message);
    return false;
}

/* As much of `left` as is there. */
static bool take_body(struct connection *connection, struct http1 *http1)
{
    const struct str input = connection_input(connection);
    const size_t size = input.size < http1->left ? input.size : (size_t)http1->left;
    return size == 0 || add_body(connection, http1, (struct str){input.data, size});
}

/* A line with its CRLF; false: not whole yet, or refused. */
static bool take_chunk_line(struct connection *connection, size_t size_max, struct str *ret_line)
{
    const struct str input = connection_input(connection);
    const size_t size = str_index(input, '\n');
    if (size == input.size || size > size_max) {
        if (size > size_max)
            refuse(connection, 400, "a chunk's line is too long");
        return false;
    }
    if (size == 0 || input.data[size - 1] != '\r') {
        refuse(connection, 400, "a chunk's line does not end in CRLF");
        return false;
    }
    *ret_line = (struct str){input.data, size - 1};
    connection->in_used += size + 1;
    return true;
}

/* One step through a chunked body. False: no more input, or refused. *ret_done: its end. */
static bool take_chunk(struct connection *connection, struct http1 *http1, bool *ret_done)
{
    struct str line;
    if (http1->chunk == CHUNK_DATA) {
        if (!take_body(connection, http1) || http1->left > 0)
            return false;
        http1->chunk = CHUNK_END;
        return true;
    }
    if (!take_chunk_line(connection, CHUNK_LINE_BYTES_MAX, &line))
        return false;
    switch (http1->chunk) {
    case CHUNK_SIZE:
        if (chunk_size_parse(line, &http1->left) != OK) {
            refuse(connection, 400, "a chunk has no size");
            return false;
        }
        http1->chunk = http1->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
        return true;
    case CHUNK_END:
        if (line.size > 0) {
            refuse(connection, 400, "a chunk is longer than its size");
            return false;
        }
        http1->chunk = CHUNK_SIZE;
        return true;
    case CHUNK_TRAILER:
        http1->trailer_bytes += line.size;
        if (http1->trailer_bytes > TRAILER_BYTES_MAX) {
            refuse(connection, 431, "the trailer is longer than 4 KB");
            return false;
        }
        *ret_done = line.size == 0;
        return !*ret_done;
    case CHUNK_DATA:
        break;
    }
    must_not_reach();
}

static void upgrade(struct connection *connection, struct http1 *http1)
{
    struct net_response *response = http1->response;
    const struct str settings = http1->head.upgrade_settings;
    buf_append_str(&connection->out, STR("HTTP/1.1 101 Switching Protocols\r\n"
                                         "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"));
    http1->response = NULL;
    protocol_http1.release(connection);
    http2_begin_upgraded(connection, response, settings);
}

static void body_done(struct connection *connection, struct http1 *http1)
{
    if (http1->head.upgrades) {
        upgrade(connection, http1);
        return;
    }
    http1->phase = PHASE_RESPONSE;
    server_submit(connection->server, http1->response);
}

static bool read_body(struct connection *connection, struct http1 *http1)
{
    bool is_done = false;
    if (http1->head.is_chunked) {
        while (take_chunk(connection, http1, &is_done))
            ;
    } else {
        is_done = take_body(connection, http1) && http1->left == 0;
    }
    if (is_done)
        body_done(connection, http1);
    return is_done;
}

/* -- the response -- */

/* Moves what there is into the connection's output, in chunks where the length is not known. */
static bool send_pieces(struct connection *connection, struct http1 *http1)
{
    char piece[PIECE_BYTES];
    bool has_ended = false;
    while (!has_ended && connection_pending(connection) < CONNECTION_OUT_BYTES_MAX) {
        const size_t size = response_take(http1->response, piece, sizeof(piece), &has_ended);
        if (size == 0)
            break;
        if (http1->is_chunked)
            buf_printf(&connection->out, "%zx\r\n", size);
        buf_append(&connection->out, piece, size);
        if (http1->is_chunked)
            buf_append_str(&connection->out, STR("\r\n"));
    }
    return has_ended;
}

static bool send_response(struct connection *connection, struct http1 *http1)
{
    struct net_response *response = http1->response;
    if (!response_is_begun(response))
        return false;
    if (!response->head_sent) {
        const bool has_length = response->length >= 0;
        const bool is_old = http1->head.http_version == 10;
        http1->is_chunked = !has_length && !is_old && !response->request.is_head;
        if (connection->peer_ended || (!has_length && is_old))
            http1->head.keeps_alive = false;
        reply_head_write(response, http1->is_chunked, http1->head.keeps_alive, &connection->out);
        response->head_sent = true;
    }
    if (!send_pieces(connection, http1))
        return false;
    if (http1->is_chunked)
        buf_append_str(&connection->out, STR("0\r\n\r\n"));
    response_abandon(response);
    if (!http1->head.keeps_alive || connection->peer_ended)
        connection->is_closing = true;
    *http1 = (struct http1){.phase = PHASE_HEAD};
    connection->since_ns = clock_monotonic_ns();
    return true;
}

/* -- time and end -- */

static void http1_tick(struct connection *connection, int64_t now_ns)
{
    const struct http1 *http1 = connection->state;
    const struct deadlines *deadlines = &connection->server->deadlines;
    const int64_t waited_ns = now_ns - connection->since_ns;
    if (http1->phase == PHASE_HEAD && http1->head_began && waited_ns > deadlines->head_ns) {
        refuse(connection, 408, "the head took too long");
    } else if (http1->phase == PHASE_HEAD && !http1->head_began && waited_ns > deadlines->idle_ns) {
        connection->is_closing = true;
    } else if (http1->phase == PHASE_BODY && waited_ns > deadlines->body_ns &&
               http1->received <
                   (uint64_t)(waited_ns / INT64_C(1000000000)) * BODY_BYTES_PER_SECOND) {
        refuse(connection, 408, "the body comes slower than 1 KB a second");
    }
}

static void http1_on_end(struct connection *connection)
{
    const struct http1 *http1 = connection->state;
    if (http1->phase != PHASE_RESPONSE)
        connection->is_closing = true;
    else
        response_hint_gone(http1->response);
}

static void http1_release(struct connection *connection)
{
    struct http1 *http1 = connection->state;
    response_abandon(http1->response);
    free(http1);
    connection->state = NULL;
    connection->protocol = NULL;
}

const struct protocol protocol_http1 = {
    .advance = http1_advance,
    .tick = http1_tick,
    .on_end = http1_on_end,
    .release = http1_release,
};

void http1_begin(struct connection *connection)
{
    connection->protocol = &protocol_http1;
    connection->state = MEMORY_NEW(struct http1);
}
