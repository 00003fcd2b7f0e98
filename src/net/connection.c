/* connection.c -- reads, writes and closes a socket; its first bytes choose the protocol. */
#include "net/connection.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES (64 << 10)

static const struct str preface = STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

void connection_open(struct net_server *server, int fd)
{
    struct connection *connection = MEMORY_NEW(struct connection);
    connection->server = server;
    connection->fd = fd;
    connection->since_ns = connection->sent_ns = clock_monotonic_ns();
    connection->events = EPOLLIN | EPOLLRDHUP;
    struct epoll_event event = {.events = connection->events, .data.ptr = connection};
    if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        free(connection);
        return;
    }
    connection->next = server->connections;
    if (server->connections)
        server->connections->previous = connection;
    server->connections = connection;
    server->connection_count++;
    server_count(server, COUNTER_http_connections);
}

void connection_close(struct connection *connection)
{
    struct net_server *server = connection->server;
    if (connection->is_dead)
        return;
    connection->is_dead = true;
    if (connection->protocol)
        connection->protocol->release(connection);
    close(connection->fd);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    connection->next = server->dead;
    server->dead = connection;
    server->connection_count--;
}

void connection_free(struct connection *connection)
{
    must(connection->is_dead);
    buf_release(&connection->in);
    buf_release(&connection->out);
    free(connection);
}

/* Waits until the first bytes tell HTTP/2's preface from a request. */
static void choose_protocol(struct connection *connection)
{
    const struct str input = connection_input(connection);
    const size_t size = input.size < preface.size ? input.size : preface.size;
    if (memcmp(input.data, preface.data, size) != 0)
        http1_begin(connection);
    else if (size == preface.size)
        http2_begin(connection);
}

/* False: nothing was there. */
static bool read_some(struct connection *connection)
{
    if (connection->in_used == connection->in.size) {
        buf_clear(&connection->in);
        connection->in_used = 0;
    } else if (connection->in_used > READ_BYTES) {
        const struct str left = connection_input(connection);
        memmove(connection->in.data, left.data, left.size);
        connection->in.size = left.size;
        connection->in_used = 0;
    }
    char *to = buf_reserve(&connection->in, READ_BYTES);
    const ssize_t got = recv(connection->fd, to, READ_BYTES, 0);
    if (got > 0) {
        connection->in.size += (size_t)got;
        return true;
    }
    if (got == 0)
        connection->peer_ended = true;
    else if (errno != EAGAIN && errno != EINTR)
        connection_close(connection);
    return false;
}

static bool flush(struct connection *connection)
{
    while (connection_pending(connection) > 0) {
        const ssize_t sent = send(connection->fd, connection->out.data + connection->out_sent,
                                  connection_pending(connection), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            connection_close(connection);
        if (sent <= 0)
            return false;
        connection->out_sent += (size_t)sent;
        connection->sent_ns = clock_monotonic_ns();
    }
    buf_clear(&connection->out);
    connection->out_sent = 0;
    return true;
}

/* All is sent. What the client still sends is read and dropped for a moment, because closing on it
 * would take away the response it has not read yet. */
static void linger(struct connection *connection)
{
    if (connection->peer_ended) {
        connection_close(connection);
        return;
    }
    if (connection->is_lingering)
        return;
    connection->is_lingering = true;
    connection->since_ns = clock_monotonic_ns();
    shutdown(connection->fd, SHUT_WR);
}

static void watch(struct connection *connection)
{
    uint32_t events = 0;
    if (!connection->peer_ended && (!connection->is_deaf || connection->is_lingering))
        events |= EPOLLIN | EPOLLRDHUP;
    if (connection_pending(connection) > 0)
        events |= EPOLLOUT;
    if (events == connection->events)
        return;
    struct epoll_event event = {.events = events, .data.ptr = connection};
    connection->events = events;
    if (epoll_ctl(connection->server->epoll_fd, EPOLL_CTL_MOD, connection->fd, &event) != 0)
        connection_close(connection);
}

void connection_settle(struct connection *connection)
{
    bool goes_on = true;
    while (goes_on && !connection->is_dead) {
        if (connection_pending(connection) == 0)
            connection->sent_ns = clock_monotonic_ns();
        if (connection->protocol && !connection->is_closing)
            connection->protocol->advance(connection);
        const bool had = connection_pending(connection) > 0;
        goes_on = flush(connection) && had && !connection->is_closing;
    }
    if (!connection->is_dead && connection->is_closing && connection_pending(connection) == 0)
        linger(connection);
    if (!connection->is_dead)
        watch(connection);
}

static void on_input(struct connection *connection)
{
    if (connection->is_closing) {
        read_some(connection);
        connection->in_used = connection->in.size; /* dropped */
        return;
    }
    if (!read_some(connection))
        return;
    if (!connection->protocol)
        choose_protocol(connection);
}

static void on_end(struct connection *connection)
{
    if (connection->protocol && !connection->is_closing)
        connection->protocol->on_end(connection);
    else if (!connection->protocol)
        connection_close(connection);
}

void connection_on_event(struct connection *connection, uint32_t events)
{
    if (connection->is_dead)
        return;
    if (events & (EPOLLERR | EPOLLHUP)) {
        connection_close(connection);
        return;
    }
    const bool had_ended = connection->peer_ended;
    if (events & (EPOLLIN | EPOLLRDHUP))
        on_input(connection);
    if (!connection->is_dead && connection->peer_ended && !had_ended)
        on_end(connection);
    if (!connection->is_dead)
        connection_settle(connection);
}

void connection_tick(struct connection *connection, int64_t now_ns)
{
    const struct deadlines *deadlines = &connection->server->deadlines;
    if (connection->is_lingering) {
        if (now_ns - connection->since_ns > LINGER_TIMEOUT_NS)
            connection_close(connection);
        return;
    }
    if (connection_pending(connection) > 0 && now_ns - connection->sent_ns > deadlines->send_ns) {
        server_count(connection->server, COUNTER_http_timeouts);
        connection_close(connection);
        return;
    }
    if (connection->protocol && !connection->is_closing)
        connection->protocol->tick(connection, now_ns);
    else if (!connection->protocol && now_ns - connection->since_ns > deadlines->head_ns)
        connection_close(connection);
    if (!connection->is_dead && (connection->is_closing || connection_pending(connection) > 0))
        connection_settle(connection);
}
