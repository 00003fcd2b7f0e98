/* server.h -- the server's inside: what its files share. Not for other rooms. */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "net/connection.h"
#include "net/pool.h"
#include "net/response.h"

#define SERVER_BODY_BYTES_MAX (64 << 20) /* of all requests that wait for an answer */

struct deadlines {
    int64_t head_ns;
    int64_t body_ns;
    int64_t idle_ns;
    int64_t send_ns;
};

struct net_server {
    struct net_options options;
    struct deadlines deadlines;
    struct arena arena; /* the server's whole life */
    struct str host;    /* as --listen has it, without brackets */
    struct str address; /* "127.0.0.1:8088" */
    bool is_loopback;
    int64_t start_ms;
    int listen_fd;
    int epoll_fd;
    int event_fd;
    struct counters counters;
    atomic_size_t body_bytes;
    struct pool pool;

    /* [net] */
    pthread_t thread;
    bool thread_started;
    struct connection *connections;
    struct connection *dead; /* closed, freed at the end of the round */
    uint32_t connection_count;
    uint32_t connections_max;
    int64_t ticked_ns;

    struct net_feed *feeds; /* made before the server is started */

    pthread_mutex_t lock; /* around all below */
    struct net_response *news;
    bool feeds_have_news;
    bool stopping;
};

/* loop.c [net] */
void *loop_main(void *server);

/* Tells [net] that the response has something to send, or wants something. [any] */
void server_tell(struct net_server *server, struct net_response *response);
void server_tell_feeds(struct net_server *server);
static inline void server_count(struct net_server *server, enum counter counter)
{
    counters_add(&server->counters, counter, 1);
}

/* route.c: finds the route and decodes its params. 0, or 400, 404, 405. */
int route_find(const struct net_server *server, struct net_response *response);
/* "HEAD" is GET without a body. False: none we know. */
bool method_parse(struct str text, enum net_method *ret_method, bool *ret_is_head);

/* guard.c: whether this client may ask this here. 0, or the status with words. */
int guard_check(const struct net_server *server, const struct net_request *request,
                const char **ret_message);

/* admit.c [net] The head is there: routes and guards it. False: it has been refused. */
bool server_admit(struct net_server *server, struct net_response *response);
/* [net] The body is there too, or is streamed: a request thread takes it. */
void server_submit(struct net_server *server, struct net_response *response);

/* feed.c [net] */
/* A response that net_follow was called on takes its place among those served. */
void feed_join(struct net_response *response);
void feed_leave(struct net_response *response);
/* Fills the empty `out` with what the client has not had yet. Under the response's lock. */
void feed_fill(struct net_response *response);
/* Serves all who follow. */
void feeds_advance(struct net_server *server);
/* Beats. */
void feeds_tick(struct net_server *server, int64_t now_ns);
void feeds_free(struct net_server *server);

#endif
