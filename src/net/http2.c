/* http2.c -- HTTP/2 without TLS on a connection, by nghttp2: many requests side by side.
 *
 * Flow control is by hand: the connection's window is given back as bytes come, a stream's too,
 * except where a handler reads the body itself; there it is given back as it reads. */
#include "base/base64.h"
#include "base/clock.h"
#include "base/memory.h"
#include "net/head.h"
#include "net/reply_head.h"
#include "net/server.h"

#include <nghttp2/nghttp2.h>

#define STREAMS_MAX 100
#define STREAM_WINDOW_BYTES NET_BODY_BYTES_MAX
#define STREAMED_WINDOW_BYTES (64 << 10)
#define CONNECTION_WINDOW_BYTES (4 << 20)
/* Frames that ask for work and carry none (PING, SETTINGS, RST_STREAM, empty DATA, ...): so many a
 * second are a client's, more are an attack. */
#define CONTROL_FRAMES_PER_SECOND 1000
#define REPLY_HEADERS_MAX 32
#define SETTINGS_BYTES_MAX 512

struct http2 {
    nghttp2_session *session;
    struct net_response *streams;
    uint32_t stream_count;
    int64_t second_ns; /* when the count began */
    uint32_t control_count;
};

/* -- streams -- */

static struct net_response *stream_add(struct connection *connection, int32_t stream_id,
                                       struct net_response *response)
{
    struct http2 *http2 = connection->state;
    response->stream_id = stream_id;
    response->next = http2->streams;
    if (http2->streams)
        http2->streams->previous = response;
    http2->streams = response;
    http2->stream_count++;
    must(nghttp2_session_set_stream_user_data(http2->session, stream_id, response) == 0);
    return response;
}

static void stream_remove(struct connection *connection, struct net_response *response)
{
    struct http2 *http2 = connection->state;
    if (response->previous)
        response->previous->next = response->next;
    else
        http2->streams = response->next;
    if (response->next)
        response->next->previous = response->previous;
    response->previous = response->next = NULL;
    if (--http2->stream_count == 0)
        connection->since_ns = clock_monotonic_ns();
    response_abandon(response);
}

static struct net_response *stream_find(nghttp2_session *session, int32_t stream_id)
{
    return nghttp2_session_get_stream_user_data(session, stream_id);
}

/* -- what comes in -- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct connection *connection = context;
    (void)session;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        struct net_response *response = response_new(connection->server, connection);
        response->request.http_version = 20;
        response->request.headers =
            ARENA_ARRAY(&response->arena, struct net_header, NET_HEADERS_MAX);
        stream_add(connection, frame->hd.stream_id, response);
    }
    return 0;
}

static void take_pseudo_header(struct net_response *response, struct str name, struct str value)
{
    struct net_request *request = &response->request;
    const char *message;
    if (str_equal(name, STR(":method"))) {
        if (!method_parse(value, &request->method, &request->is_head))
            response->refused = 501;
    } else if (str_equal(name, STR(":path"))) {
        const int status = target_parse(arena_str(&response->arena, value), &request->path,
                                        &request->query, &message);
        if (status != 0)
            response->refused = status;
    }
}

static void take_header(struct net_response *response, struct str name, struct str value)
{
    struct net_request *request = &response->request;
    if (str_equal(name, STR(":authority")))
        name = STR("host");
    if (name.data[0] == ':') {
        take_pseudo_header(response, name, value);
        return;
    }
    if (str_equal(name, STR("host")) && net_header_get(request, name).size > 0)
        return; /* the authority is there already */
    if (request->header_count == NET_HEADERS_MAX) {
        response->refused = 431;
        return;
    }
    struct net_header *headers = (struct net_header *)request->headers;
    headers[request->header_count++] = (struct net_header){
        .name = arena_str(&response->arena, name), .value = arena_str(&response->arena, value)};
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *context)
{
    (void)flags, (void)context;
    struct net_response *response = stream_find(session, frame->hd.stream_id);
    if (!response || frame->hd.type != NGHTTP2_HEADERS ||
        frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0; /* a trailer */
    response->head_bytes += name_size + value_size;
    if (response->head_bytes > NET_HEAD_BYTES_MAX)
        response->refused = 431;
    else
        take_header(response, (struct str){(const char *)name, name_size},
                    (struct str){(const char *)value, value_size});
    return 0;
}

static const char *refusal_text(int status)
{
    switch (status) {
    case 414:
        return "the target is longer than 8 KB";
    case 431:
        return "the head is longer than 16 KB, or has more than 100 headers";
    case 501:
        return "a method that is not known here";
    default:
        return "the path is none";
    }
}

static bool is_streamed(const struct net_response *response)
{
    return response->route && (response->route->flags & NET_STREAMED_BODY);
}

static void on_head(struct connection *connection, struct net_response *response)
{
    if (response->refused != 0) {
        response_refuse(response, response->refused, NET_REFUSED, refusal_text(response->refused));
        return;
    }
    if (!server_admit(connection->server, response) || !is_streamed(response))
        return;
    struct http2 *http2 = connection->state;
    (void)nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE,
                                                response->stream_id, STREAMED_WINDOW_BYTES);
    server_submit(connection->server, response);
}

static void on_body_end(struct connection *connection, struct net_response *response)
{
    int status;
    const char *message;
    if (response->body_ended ||
        !response_add_body(response, (struct str){0}, true, &status, &message))
        return;
    if (!response->submitted && !response_is_begun(response))
        server_submit(connection->server, response);
}

static bool is_control(const nghttp2_frame *frame)
{
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        return false;
    case NGHTTP2_DATA:
        return frame->hd.length == 0 && !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM);
    case NGHTTP2_WINDOW_UPDATE: /* what a fast reader sends much of */
        return false;
    default:
        return true;
    }
}

/* False: too many this second. */
static bool count_control(struct connection *connection)
{
    struct http2 *http2 = connection->state;
    const int64_t now_ns = clock_monotonic_ns();
    if (now_ns - http2->second_ns > INT64_C(1000000000)) {
        http2->second_ns = now_ns;
        http2->control_count = 0;
    }
    return ++http2->control_count <= CONTROL_FRAMES_PER_SECOND;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct connection *connection = context;
    if (is_control(frame) && !count_control(connection)) {
        server_count(connection->server, COUNTER_http_refused);
        return nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    struct net_response *response = stream_find(session, frame->hd.stream_id);
    if (!response)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        on_head(connection, response);
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        on_body_end(connection, response);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data,
                   size_t size, void *context)
{
    (void)flags, (void)context;
    struct net_response *response = stream_find(session, stream_id);
    int status;
    const char *message;
    (void)nghttp2_session_consume_connection(session, size);
    if (!response || (response_is_begun(response) && !is_streamed(response)))
        return 0; /* answered already: the stream's window closes, and it may send no more */
    if (!response_add_body(response, (struct str){(const char *)data, size}, false, &status,
                           &message)) {
        if (!response->submitted)
            response_refuse(response, status, NET_REFUSED, message);
        return 0;
    }
    if (!is_streamed(response))
        (void)nghttp2_session_consume_stream(session, stream_id, size);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code,
                           void *context)
{
    (void)code;
    struct net_response *response = stream_find(session, stream_id);
    if (response)
        stream_remove(context, response);
    return 0;
}

/* -- what goes out -- */

static ssize_t read_response(nghttp2_session *session, int32_t stream_id, uint8_t *to, size_t size,
                             uint32_t *flags, nghttp2_data_source *source, void *context)
{
    (void)session, (void)stream_id, (void)context;
    struct net_response *response = source->ptr;
    bool has_ended;
    const size_t taken = response_take(response, (char *)to, size, &has_ended);
    if (has_ended)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return taken == 0 && !has_ended ? NGHTTP2_ERR_DEFERRED : (ssize_t)taken;
}

static nghttp2_nv pair(struct str name, struct str value)
{
    return (nghttp2_nv){.name = (uint8_t *)name.data,
                        .namelen = name.size,
                        .value = (uint8_t *)value.data,
                        .valuelen = value.size};
}

static void send_head(struct http2 *http2, struct net_response *response)
{
    nghttp2_nv headers[REPLY_HEADERS_MAX];
    size_t count = 0;
    char date[30];
    reply_date_write(date);
    char status[12];
    char length[24];
    snprintf(status, sizeof(status), "%d", response->status);
    snprintf(length, sizeof(length), "%lld", (long long)response->length);
    headers[count++] = pair(STR(":status"), str_from(status));
    headers[count++] = pair(STR("date"), str_from(date));
    headers[count++] = pair(STR("x-content-type-options"), STR("nosniff"));
    if (response->content_type)
        headers[count++] = pair(STR("content-type"), str_from(response->content_type));
    if (response->length >= 0 && response->status != 304 && response->status != 204)
        headers[count++] = pair(STR("content-length"), str_from(length));
    must(count + response->header_count <= REPLY_HEADERS_MAX);
    for (uint32_t i = 0; i < response->header_count; i++)
        headers[count++] = pair(response->headers[i].name, response->headers[i].value);
    nghttp2_data_provider body = {.source.ptr = response, .read_callback = read_response};
    response->head_sent = true;
    if (nghttp2_submit_response(http2->session, response->stream_id, headers, count, &body) != 0)
        (void)nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, response->stream_id,
                                        NGHTTP2_INTERNAL_ERROR);
}

/* What request threads have said since. */
static void take_news(struct http2 *http2)
{
    for (struct net_response *response = http2->streams; response; response = response->next) {
        if (!response->head_sent && response_is_begun(response))
            send_head(http2, response);
        else if (response->head_sent)
            (void)nghttp2_session_resume_data(http2->session, response->stream_id);
        if (!is_streamed(response))
            continue;
        pthread_mutex_lock(&response->lock);
        const size_t more = response->body_read - response->consumed;
        pthread_mutex_unlock(&response->lock);
        response->consumed += more;
        if (more > 0)
            (void)nghttp2_session_consume_stream(http2->session, response->stream_id, more);
    }
}

static void http2_advance(struct connection *connection)
{
    struct http2 *http2 = connection->state;
    const struct str input = connection_input(connection);
    if (input.size > 0) {
        const ssize_t used =
            nghttp2_session_mem_recv(http2->session, (const uint8_t *)input.data, input.size);
        connection->in_used = connection->in.size;
        if (used < 0)
            connection->is_closing = true;
    }
    take_news(http2);
    while (connection_pending(connection) < CONNECTION_OUT_BYTES_MAX) {
        const uint8_t *data;
        const ssize_t size = nghttp2_session_mem_send(http2->session, &data);
        if (size < 0)
            connection->is_closing = true;
        if (size <= 0)
            break;
        buf_append(&connection->out, data, (size_t)size);
    }
    if (!nghttp2_session_want_read(http2->session) && !nghttp2_session_want_write(http2->session))
        connection->is_closing = true;
    /* Answers to what it sends pile up here, and it takes none. */
    connection->is_deaf = connection_pending(connection) >= CONNECTION_OUT_BYTES_MAX;
}

/* -- time and end -- */

static void http2_tick(struct connection *connection, int64_t now_ns)
{
    struct http2 *http2 = connection->state;
    const struct deadlines *deadlines = &connection->server->deadlines;
    bool has_news = false;
    for (struct net_response *response = http2->streams; response; response = response->next) {
        const int64_t waited_ns = now_ns - response->began_ns;
        const bool is_whole = response->submitted || response_is_begun(response);
        const bool has_head = response->route != NULL;
        if (is_whole || waited_ns < (has_head ? deadlines->body_ns : deadlines->head_ns) ||
            (has_head && response->body.size >=
                             (uint64_t)(waited_ns / INT64_C(1000000000)) * BODY_BYTES_PER_SECOND))
            continue;
        server_count(connection->server, COUNTER_http_timeouts);
        response->submitted = true; /* once is enough */
        (void)nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, response->stream_id,
                                        NGHTTP2_CANCEL);
        has_news = true;
        if (!has_head) /* the head's frames must end before others may come */
            connection->is_closing = true;
    }
    if (http2->stream_count == 0 && now_ns - connection->since_ns > deadlines->idle_ns) {
        (void)nghttp2_session_terminate_session(http2->session, NGHTTP2_NO_ERROR);
        has_news = true;
    }
    if (has_news)
        connection_settle(connection);
}

static void http2_on_end(struct connection *connection)
{
    connection_close(connection);
}

static void http2_release(struct connection *connection)
{
    struct http2 *http2 = connection->state;
    while (http2->streams)
        stream_remove(connection, http2->streams);
    nghttp2_session_del(http2->session);
    free(http2);
    connection->state = NULL;
    connection->protocol = NULL;
}

const struct protocol protocol_http2 = {
    .advance = http2_advance,
    .tick = http2_tick,
    .on_end = http2_on_end,
    .release = http2_release,
};

static nghttp2_session *session_new(struct connection *connection)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    nghttp2_session *session;
    must(nghttp2_session_callbacks_new(&callbacks) == 0);
    must(nghttp2_option_new(&option) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_max_settings(option, 32);
    must(nghttp2_session_server_new2(&session, callbacks, connection, option) == 0);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

void http2_begin(struct connection *connection)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, NET_HEAD_BYTES_MAX},
    };
    struct http2 *http2 = MEMORY_NEW(struct http2);
    connection->protocol = &protocol_http2;
    connection->state = http2;
    connection->since_ns = clock_monotonic_ns();
    http2->session = session_new(connection);
    must(nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, settings,
                                 sizeof(settings) / sizeof(settings[0])) == 0);
    must(nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, 0,
                                               CONNECTION_WINDOW_BYTES) == 0);
}

/* base64url, as HTTP2-Settings has it; `to` has room for SETTINGS_BYTES_MAX. */
static bool settings_decode(struct str text, uint8_t *to, size_t *ret_size)
{
    char plain[SETTINGS_BYTES_MAX * 2];
    if (base64_decoded_max(text.size) > SETTINGS_BYTES_MAX)
        return false;
    if (text.size > 0)
        memcpy(plain, text.data, text.size);
    for (size_t i = 0; i < text.size; i++) {
        if (plain[i] == '-')
            plain[i] = '+';
        if (plain[i] == '_')
            plain[i] = '/';
    }
    return base64_decode((struct str){plain, text.size}, to, ret_size) == OK;
}

void http2_begin_upgraded(struct connection *connection, struct net_response *response,
                          struct str settings)
{
    uint8_t payload[SETTINGS_BYTES_MAX];
    size_t size = 0;
    http2_begin(connection);
    struct http2 *http2 = connection->state;
    if (!settings_decode(settings, payload, &size) ||
        nghttp2_session_upgrade2(http2->session, payload, size, response->request.is_head, NULL) !=
            0) {
        response_abandon(response);
        connection->is_closing = true;
        return;
    }
    stream_add(connection, 1, response);
    response->body_ended = true;
    server_submit(connection->server, response);
}
