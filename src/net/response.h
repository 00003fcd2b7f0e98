/* response.h -- a response with the request it answers: what [net] and a request thread share.
 *
 * Two hold it: the connection, until the client is gone or all is sent, and the request thread,
 * until the handler returns. Before it is submitted it is [net]'s alone; afterwards the request is
 * read-only and what changes is under the lock. */
#ifndef NET_RESPONSE_H
#define NET_RESPONSE_H

#include "net/net.h"

#include <pthread.h>
#include <stdatomic.h>

struct connection;

struct net_response {
    struct net_request request; /* first: response_of goes back from it */
    struct arena arena;
    struct net_server *server;
    const struct net_route *route;
    atomic_int reference_count;

    /* [net] */
    struct connection *connection; /* NULL: gone */
    struct net_response *previous; /* HTTP/2: the connection's streams */
    struct net_response *next;
    int32_t stream_id;
    int64_t began_ns;                       /* the first byte of the request */
    int64_t filled_ns;                      /* of a feed: when there was something to send last */
    struct net_response *follower_previous; /* of the same feed */
    struct net_response *follower_next;
    bool is_follower;
    int refused;       /* HTTP/2: the status it gets when its head is whole */
    size_t head_bytes; /* HTTP/2: so far */
    size_t consumed;   /* HTTP/2, streamed body: bytes the window got back */
    bool head_sent;
    bool submitted;

    struct buf piece; /* of a streamed body, that the handler has [http] */

    pthread_mutex_t lock; /* around all below */
    pthread_cond_t changed;
    struct buf body;   /* what came of the request's body */
    size_t body_bytes; /* counted in the server's sum */
    size_t body_read;  /* streamed: what the handler has had of it, in all */
    bool body_ended;
    int status; /* 0: nothing said yet; with content_type and headers: fixed once it is set */
    const char *content_type;
    struct net_header *headers;
    uint32_t header_count;
    uint32_t header_capacity;
    int64_t length; /* of the whole body; -1: not known */
    struct buf out;
    size_t out_taken;
    struct buf ends; /* of net_write's pieces in `out`: size_t each */
    size_t ends_taken;
    bool ended; /* nothing follows what is in `out` */
    bool is_gone;
    void (*on_close)(void *context);
    void *close_context;
    struct net_feed *feed; /* followed: `out` is filled from it [net] */
    uint64_t feed_next;    /* number of the next frame; 0: a snapshot first */
    bool feed_began;       /* it has had frames */
    bool feed_is_packed;   /* gzip */

    /* the server's list of responses with news, under its lock */
    struct net_response *news_next;
    bool in_news;
};

/* [net] One reference, the connection's. */
struct net_response *response_new(struct net_server *server, struct connection *connection);
void response_take_reference(struct net_response *response);
void response_drop_reference(struct net_response *response);
struct net_response *response_of(struct net_request *request);

/* [net] The client is gone: wakes and tells the handler, drops the connection's reference. */
void response_abandon(struct net_response *response);
/* [net] The client sends no more, and may or may not still read: tells the handler. */
void response_hint_gone(struct net_response *response);

/* [net] Bytes to send, at most `size` and of one piece; *ret_ended: they are the last. */
size_t response_take(struct net_response *response, char *to, size_t size, bool *ret_ended);
/* [net] Whether status and headers are there. */
bool response_is_begun(struct net_response *response);
/* [net] More of the request's body, or its end. False: it is longer than NET_BODY_BYTES_MAX, or all
 * bodies together are longer than the server keeps: *ret_status and words. */
bool response_add_body(struct net_response *response, struct str bytes, bool ended, int *ret_status,
                       const char **ret_message);

/* [http] Runs the handler and ends what it left open. */
void response_run(struct net_response *response);
/* [net] Answers instead of a handler. */
void response_refuse(struct net_response *response, int status, enum net_refusal refusal,
                     const char *message);

/* "Not Found"; "" when it is none of ours. */
const char *status_text(int status);

#endif
