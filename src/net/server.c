/* server.c -- opens and closes the server: its address, its sockets, its threads. */
#include "net/server.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#define BACKLOG 1024
#define THREADS_MAX 128
#define CONNECTIONS_MAX 8192
#define HEAD_TIMEOUT_MS 10000
#define BODY_TIMEOUT_MS 30000
#define IDLE_TIMEOUT_MS 60000
#define SEND_TIMEOUT_MS 30000
#define OTHER_FILES 256 /* of the process: store, documents, windows, clients of the log */

static enum err wrong_address(const struct net_options *options, struct why *why)
{
    return why_set(why, ERR_SETTING, "%s takes HOST:PORT, as in 127.0.0.1:8088, not '%.*s'",
                   options->flag, STR_ARGS(options->listen));
}

/* "HOST:PORT", "[IPV6]:PORT", ":PORT" (loopback). */
static enum err split_address(struct net_server *server, struct str *ret_port, struct why *why)
{
    const struct str listen = server->options.listen;
    size_t colon = listen.size;
    while (colon > 0 && listen.data[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return wrong_address(&server->options, why);
    struct str host = {listen.data, colon - 1};
    const struct str port = {listen.data + colon, listen.size - colon};
    int64_t number;
    if (str_to_int64(port, &number) != OK || number < 0 || number > 65535)
        return wrong_address(&server->options, why);
    if (host.size >= 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
        host = (struct str){host.data + 1, host.size - 2};
    server->host = arena_str(&server->arena, host.size > 0 ? host : STR("127.0.0.1"));
    *ret_port = arena_str(&server->arena, port);
    return OK;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static enum err cannot_bind(const struct net_server *server, int error, struct why *why)
{
    const struct net_options *options = &server->options;
    if (error == EADDRINUSE)
        return why_set(why, ERR_UNAVAILABLE,
                       "'%.*s' is in use: name another address with %s HOST:PORT, or port 0 for "
                       "any that is free",
                       STR_ARGS(options->listen), options->flag);
    char text[128];
    return why_set(why, error == EACCES ? ERR_DENIED : ERR_UNAVAILABLE,
                   "cannot listen on '%.*s' (%s): %s", STR_ARGS(options->listen), options->flag,
                   strerror_r(error, text, sizeof(text)));
}

static enum err bind_address(struct net_server *server, const struct addrinfo *info,
                             struct why *why)
{
    const int on = 1;
    server->is_loopback = is_loopback(info->ai_addr);
    if (!server->is_loopback && !server->options.insecure)
        return why_set(why, ERR_SETTING,
                       "'%.*s' is not loopback, and nobody is asked who he is: if that is meant, "
                       "say --insecure",
                       STR_ARGS(server->options.listen));
    server->listen_fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listen_fd < 0)
        return cannot_bind(server, errno, why);
    (void)setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(server->listen_fd, info->ai_addr, info->ai_addrlen) != 0 ||
        listen(server->listen_fd, BACKLOG) != 0)
        return cannot_bind(server, errno, why);
    return OK;
}

/* The address with the port that was chosen. */
static void name_address(struct net_server *server)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    must(getsockname(server->listen_fd, (struct sockaddr *)&address, &size) == 0);
    const bool is_ipv6 = address.ss_family == AF_INET6;
    const in_port_t port = is_ipv6 ? ((const struct sockaddr_in6 *)&address)->sin6_port
                                   : ((const struct sockaddr_in *)&address)->sin_port;
    server->address = arena_printf(&server->arena, is_ipv6 ? "[%.*s]:%d" : "%.*s:%d",
                                   STR_ARGS(server->host), ntohs(port));
}

static enum err listen_on(struct net_server *server, struct why *why)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *info = NULL;
    struct str port;
    enum err err = split_address(server, &port, why);
    if (err)
        return err;
    /* RFC 6761 6.3: localhost is the loopback address, also where nothing says so. */
    if (getaddrinfo(server->host.data, port.data, &hints, &info) != 0 &&
        !(str_equal(server->host, STR("localhost")) &&
          getaddrinfo("127.0.0.1", port.data, &hints, &info) == 0))
        return why_set(why, ERR_SETTING, "%s: no address is called '%.*s'", server->options.flag,
                       STR_ARGS(server->host));
    err = bind_address(server, info, why);
    freeaddrinfo(info);
    if (err == OK)
        name_address(server);
    return err;
}

/* As many connections as open files allow, after raising that limit as far as it goes. */
static uint32_t connections_allowed(uint32_t wanted)
{
    struct rlimit limit;
    const uint32_t most = wanted > 0 ? wanted : CONNECTIONS_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return most;
    const rlim_t needed = (rlim_t)most + OTHER_FILES;
    if (limit.rlim_cur < needed) {
        limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= needed)
        return most;
    return limit.rlim_cur > 2 * OTHER_FILES ? (uint32_t)(limit.rlim_cur - OTHER_FILES)
                                            : OTHER_FILES;
}

static void watch(struct net_server *server, int *fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = fd};
    must(epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, *fd, &event) == 0);
}

static const char *write_plain_error(int status, enum net_refusal refusal, struct str message,
                                     struct buf *body)
{
    (void)status, (void)refusal;
    buf_append_str(body, message);
    buf_append_byte(body, '\n');
    return "text/plain; charset=utf-8";
}

static int64_t in_ns(int64_t wanted_ms, int64_t otherwise_ms)
{
    return (wanted_ms > 0 ? wanted_ms : otherwise_ms) * INT64_C(1000000);
}

static struct deadlines deadlines_of(const struct net_deadlines *wanted)
{
    return (struct deadlines){.head_ns = in_ns(wanted->head_ms, HEAD_TIMEOUT_MS),
                              .body_ns = in_ns(wanted->body_ms, BODY_TIMEOUT_MS),
                              .idle_ns = in_ns(wanted->idle_ms, IDLE_TIMEOUT_MS),
                              .send_ns = in_ns(wanted->send_ms, SEND_TIMEOUT_MS)};
}

enum err net_server_open(const struct net_options *options, struct net_server **ret_server,
                         struct why *why)
{
    must(options != NULL);
    struct net_server *server = MEMORY_NEW(struct net_server);
    arena_init(&server->arena, 0);
    server->options = *options;
    server->options.listen = arena_str(&server->arena, options->listen);
    if (!options->flag)
        server->options.flag = "--listen";
    if (!options->write_error)
        server->options.write_error = write_plain_error;
    server->listen_fd = server->epoll_fd = server->event_fd = -1;
    server->start_ms = clock_wall_ms();
    server->deadlines = deadlines_of(&options->deadlines);
    must(pthread_mutex_init(&server->lock, NULL) == 0);
    const enum err err = listen_on(server, why);
    if (err) {
        net_server_close(server);
        return err;
    }
    server->connections_max = connections_allowed(options->connections_max);
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    server->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    must(server->epoll_fd >= 0);
    must(server->event_fd >= 0);
    watch(server, &server->listen_fd);
    watch(server, &server->event_fd);
    pool_init(&server->pool, options->threads_max > 0 ? options->threads_max : THREADS_MAX);
    *ret_server = server;
    return OK;
}

enum err net_server_start(struct net_server *server, struct why *why)
{
    must(!server->thread_started);
    if (pthread_create(&server->thread, NULL, loop_main, server) != 0)
        return why_set(why, ERR_LIMIT, "cannot start a thread");
    server->thread_started = true;
    return OK;
}

struct str net_server_address(const struct net_server *server)
{
    return server->address;
}

const struct counters *net_server_counters(const struct net_server *server)
{
    return &server->counters;
}

static void wake(struct net_server *server)
{
    const uint64_t one = 1;
    /* Full means that it is awake already. */
    if (write(server->event_fd, &one, sizeof(one)) < 0)
        return;
}

void server_tell(struct net_server *server, struct net_response *response)
{
    pthread_mutex_lock(&server->lock);
    const bool is_news = !response->in_news;
    const bool is_first = server->news == NULL;
    if (is_news) {
        response_take_reference(response);
        response->in_news = true;
        response->news_next = server->news;
        server->news = response;
    }
    pthread_mutex_unlock(&server->lock);
    if (is_news && is_first)
        wake(server);
}

void server_tell_feeds(struct net_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->feeds_have_news = true;
    pthread_mutex_unlock(&server->lock);
    wake(server);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void drop_news(struct net_server *server)
{
    while (server->news) {
        struct net_response *response = server->news;
        server->news = response->news_next;
        response_drop_reference(response);
    }
}

void net_server_close(struct net_server *server)
{
    if (!server)
        return;
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_mutex_unlock(&server->lock);
    if (server->thread_started) {
        wake(server);
        pthread_join(server->thread, NULL);
    }
    pool_release(&server->pool);
    drop_news(server);
    feeds_free(server);
    close_fd(server->listen_fd);
    close_fd(server->epoll_fd);
    close_fd(server->event_fd);
    pthread_mutex_destroy(&server->lock);
    arena_release(&server->arena);
    free(server);
}
