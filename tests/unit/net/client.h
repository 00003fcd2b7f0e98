/* client.h -- a server with a few routes, and a raw client that says what no library would. */
#ifndef UNIT_NET_CLIENT_H
#define UNIT_NET_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/net.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#define CLIENT_PATIENCE_MS 20000

struct site {
    struct net_server *server;
    struct net_feed *feed;
    uint16_t port;
    atomic_int closed_count;  /* clients that went while their handler waited */
    atomic_int stopped_count; /* handlers that could write no more */
};

static void get_hello(void *context, struct net_request *request, struct net_response *response)
{
    (void)context, (void)request;
    net_respond(response, 200, "text/plain", STR("hello"));
}

static void get_param(void *context, struct net_request *request, struct net_response *response)
{
    (void)context;
    net_respond(response, 200, "text/plain", request->params[0]);
}

static void post_echo(void *context, struct net_request *request, struct net_response *response)
{
    (void)context;
    net_respond(response, 200, "text/plain", request->body);
}

static void post_echo_stream(void *context, struct net_request *request,
                             struct net_response *response)
{
    (void)context;
    struct str piece;
    enum err err = OK;
    net_begin(response, 200, "text/plain");
    while (err != ERR_CLOSED) {
        err = net_read(request, 1000, &piece);
        if (err == OK && net_write(response, piece) != OK)
            return;
    }
}

/* More than any client takes. */
static void get_endless(void *context, struct net_request *request, struct net_response *response)
{
    struct site *site = context;
    static const char bytes[65536];
    (void)request;
    net_begin(response, 200, "text/plain");
    while (net_write(response, (struct str){bytes, sizeof(bytes)}) == OK)
        ;
    atomic_fetch_add(&site->stopped_count, 1);
}

static void set_flag(void *flag)
{
    atomic_store((atomic_bool *)flag, true);
}

/* Says nothing until its client goes. */
static void get_silence(void *context, struct net_request *request, struct net_response *response)
{
    struct site *site = context;
    atomic_bool is_gone = false;
    (void)request;
    net_on_close(response, set_flag, &is_gone);
    net_begin(response, 200, "text/plain");
    while (!atomic_load(&is_gone))
        clock_sleep_ms(5);
    atomic_fetch_add(&site->closed_count, 1);
}

static void get_feed(void *context, struct net_request *request, struct net_response *response)
{
    const struct site *site = context;
    net_follow(response, request, site->feed);
}

static void get_nothing(void *context, struct net_request *request, struct net_response *response)
{
    (void)context, (void)request, (void)response;
}

static const struct net_route routes[] = {
    {NET_GET, "/", get_hello, 0},
    {NET_GET, "/param/{x}", get_param, 0},
    {NET_GET, "/all/{x...}", get_param, 0},
    {NET_POST, "/echo", post_echo, 0},
    {NET_POST, "/echo-stream", post_echo_stream, NET_STREAMED_BODY},
    {NET_GET, "/endless", get_endless, 0},
    {NET_GET, "/silence", get_silence, 0},
    {NET_GET, "/feed", get_feed, 0},
    {NET_GET, "/nothing", get_nothing, 0},
};

static inline void site_open(struct site *site, const struct net_deadlines *deadlines)
{
    struct net_options options = {.listen = STR("127.0.0.1:0"),
                                  .routes = routes,
                                  .route_count = sizeof(routes) / sizeof(routes[0]),
                                  .context = site};
    if (deadlines)
        options.deadlines = *deadlines;
    *site = (struct site){0};
    assert_int_equal(net_server_open(&options, &site->server, NULL), OK);
    site->feed = net_feed_new(site->server);
    assert_int_equal(net_server_start(site->server, NULL), OK);
    const struct str address = net_server_address(site->server);
    const size_t colon = str_index(address, ':');
    int64_t port;
    assert_int_equal(
        str_to_int64((struct str){address.data + colon + 1, address.size - colon - 1}, &port), OK);
    site->port = (uint16_t)port;
}

static inline int client_open(const struct site *site)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(site->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* All of it, or until the server closes: then it has said why. */
static inline void client_send(int fd, struct str bytes)
{
    size_t sent = 0;
    while (sent < bytes.size) {
        const ssize_t size = send(fd, bytes.data + sent, bytes.size - sent, MSG_NOSIGNAL);
        if (size < 0)
            return;
        sent += (size_t)size;
    }
}

/* Reads until `text` ends with `end` (NULL: until the server closes), at most size - 1 bytes. */
static inline size_t client_read(int fd, const char *end, char *text, size_t size)
{
    size_t used = 0;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    while (used + 1 < size) {
        assert_int_equal(poll(&poll_fd, 1, CLIENT_PATIENCE_MS), 1);
        const ssize_t got = recv(fd, text + used, size - used - 1, 0);
        if (got <= 0)
            break;
        used += (size_t)got;
        text[used] = '\0';
        if (end && str_ends_with((struct str){text, used}, str_from(end)))
            break;
    }
    text[used] = '\0';
    return used;
}

/* Sends a whole request on a connection of its own; what comes until the server closes. The status,
 * 0 when it closed without one. */
static inline int client_ask(const struct site *site, struct str request, char *text, size_t size)
{
    int64_t status = 0;
    const int fd = client_open(site);
    client_send(fd, request);
    shutdown(fd, SHUT_WR);
    client_read(fd, NULL, text, size);
    close(fd);
    if (strncmp(text, "HTTP/1.1 ", 9) == 0)
        assert_int_equal(str_to_int64((struct str){text + 9, 3}, &status), OK);
    return (int)status;
}

/* Waits until the number is there. */
static inline void wait_for(atomic_int *number, int wanted)
{
    for (int i = 0; i < CLIENT_PATIENCE_MS / 5 && atomic_load(number) < wanted; i++)
        clock_sleep_ms(5);
    assert_int_equal(atomic_load(number), wanted);
}

#endif
