/* connection.h -- a client's socket and what is read from and written to it. All of it is [net]'s.
 */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include "net/response.h"

#include <stdint.h>

#define CONNECTION_OUT_BYTES_MAX (128 << 10) /* encoded and not yet in the socket */

#define BODY_BYTES_PER_SECOND 1024
#define LINGER_TIMEOUT_NS (2 * INT64_C(1000000000))

struct connection;

/* A protocol at work on a connection. */
struct protocol {
    /* Does what can be done: takes from `in`, dispatches, fills `out`. */
    void (*advance)(struct connection *connection);
    /* Deadlines. Called a few times a second. */
    void (*tick)(struct connection *connection, int64_t now_ns);
    /* The client sends no more. */
    void (*on_end)(struct connection *connection);
    /* Abandons its responses and frees its own. */
    void (*release)(struct connection *connection);
};
extern const struct protocol protocol_http1, protocol_http2;

struct connection {
    struct net_server *server;
    const struct protocol *protocol; /* NULL: the first bytes will tell */
    void *state;                     /* the protocol's */
    int fd;
    uint32_t events; /* what epoll watches */
    struct buf in;
    size_t in_used;
    bool is_deaf; /* `in` is not read on: its protocol has enough */
    struct buf out;
    size_t out_sent;
    bool peer_ended;   /* sends no more */
    bool is_closing;   /* closes once `out` is sent */
    bool is_lingering; /* all is sent: waits for the client to read it */
    bool is_dead;
    int64_t since_ns; /* of what its deadline counts from: see the protocols */
    int64_t sent_ns;  /* when something last went out, or `out` began to fill */
    struct connection *previous;
    struct connection *next;
};

void connection_open(struct net_server *server, int fd);
/* The socket is readable, writable or broken. */
void connection_on_event(struct connection *connection, uint32_t events);
/* Advances the protocol and sends, until neither goes on. */
void connection_settle(struct connection *connection);
void connection_tick(struct connection *connection, int64_t now_ns);
/* Abandons its responses; freed at the end of the round. */
void connection_close(struct connection *connection);
void connection_free(struct connection *connection);

static inline struct str connection_input(const struct connection *connection)
{
    return (struct str){connection->in.data + connection->in_used,
                        connection->in.size - connection->in_used};
}
static inline size_t connection_pending(const struct connection *connection)
{
    return connection->out.size - connection->out_sent;
}

/* http1.c, http2.c: takes the connection over. */
void http1_begin(struct connection *connection);
void http2_begin(struct connection *connection);
/* After the 101: the request becomes stream 1. Closes when the client's settings are none. */
void http2_begin_upgraded(struct connection *connection, struct net_response *request,
                          struct str settings);

#endif
