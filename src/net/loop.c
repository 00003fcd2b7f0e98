/* loop.c -- the [net] thread: waits for sockets, for news of responses and feeds, for time. */
#include "base/clock.h"
#include "net/server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#define EVENTS_MAX 256
#define TICK_MS 250

static void accept_all(struct net_server *server)
{
    /* What comes beyond connections_max is closed at once; the limit of open files is above it. */
    for (;;) {
        const int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        if (server->connection_count >= server->connections_max) {
            server_count(server, COUNTER_http_refused);
            close(fd);
            continue;
        }
        const int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        connection_open(server, fd);
    }
}

/* Its own news count from here on; the next of the list taken. */
static struct net_response *take_next(struct net_server *server, struct net_response *response)
{
    pthread_mutex_lock(&server->lock);
    struct net_response *next = response->news_next;
    response->in_news = false;
    pthread_mutex_unlock(&server->lock);
    return next;
}

static void take_news(struct net_server *server)
{
    uint64_t count;
    if (read(server->event_fd, &count, sizeof(count)) < 0)
        return;
    pthread_mutex_lock(&server->lock);
    struct net_response *response = server->news;
    const bool feeds_have_news = server->feeds_have_news;
    server->news = NULL;
    server->feeds_have_news = false;
    pthread_mutex_unlock(&server->lock);
    while (response) {
        struct net_response *next = take_next(server, response);
        if (response->connection) {
            feed_join(response);
            connection_settle(response->connection);
        }
        response_drop_reference(response);
        response = next;
    }
    if (feeds_have_news)
        feeds_advance(server);
}

static void tick(struct net_server *server)
{
    const int64_t now_ns = clock_monotonic_ns();
    if (now_ns - server->ticked_ns < TICK_MS * INT64_C(1000000))
        return;
    server->ticked_ns = now_ns;
    struct connection *next;
    for (struct connection *connection = server->connections; connection; connection = next) {
        next = connection->next;
        connection_tick(connection, now_ns);
    }
    feeds_tick(server, now_ns);
}

static void free_dead(struct net_server *server)
{
    while (server->dead) {
        struct connection *connection = server->dead;
        server->dead = connection->next;
        connection_free(connection);
    }
}

static bool is_stopping(struct net_server *server)
{
    pthread_mutex_lock(&server->lock);
    const bool stopping = server->stopping;
    pthread_mutex_unlock(&server->lock);
    return stopping;
}

void *loop_main(void *context)
{
    struct net_server *server = context;
    struct epoll_event events[EVENTS_MAX];
    (void)pthread_setname_np(pthread_self(), "net");
    while (!is_stopping(server)) {
        const int count = epoll_wait(server->epoll_fd, events, EVENTS_MAX, TICK_MS);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &server->listen_fd)
                accept_all(server);
            else if (events[i].data.ptr == &server->event_fd)
                take_news(server);
            else
                connection_on_event(events[i].data.ptr, events[i].events);
        }
        tick(server);
        free_dead(server);
    }
    while (server->connections)
        connection_close(server->connections);
    free_dead(server);
    return NULL;
}
