/* net.h -- an HTTP server: HTTP/1.1 and HTTP/2 without TLS on one port, one table of routes.
 *
 * A connection that begins with HTTP/2's preface speaks it (prior knowledge), so does one that asks
 * for it by Upgrade; any other speaks HTTP/1.1. A handler does not see the difference.
 *
 * Threads: one [net] thread owns all sockets and runs no handler. A handler runs in a request
 * thread [http], one request at a time; there are threads_max of them, made when they are needed.
 * The two share an exchange (one request and its response) under the exchange's own lock. Feeds
 * need no thread a client: whoever publishes hands over one frame, [net] gives it to all.
 *
 * Hostile and slow clients are [net]'s business: heads whole in 10 s (408), bodies in 30 s or at 1
 * KB/s (408), a client that takes nothing for 30 s is closed; what is too large is 413, 414, 431;
 * two lengths, a length beside chunks, two Hosts, a NUL, a control character: 400. Everything
 * refused or dropped is counted. */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/counters.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

#define NET_BODY_BYTES_MAX (1 << 20) /* of a request, unless the route reads it piece by piece */
#define NET_HEAD_BYTES_MAX (16 << 10)
#define NET_TARGET_BYTES_MAX (8 << 10) /* path and query */
#define NET_HEADERS_MAX 100
#define NET_PARAMS_MAX 4
#define NET_PENDING_BYTES_MAX (256 << 10) /* written by a handler, not yet taken by its client */

struct net_server;
struct net_request;
struct net_response;
struct net_feed;

enum net_method {
    NET_GET, /* answers HEAD too, without the body */
    NET_POST,
    NET_PUT,
    NET_DELETE,
    NET_PATCH,
    NET_METHOD_COUNT
};

/* Answers one request. What it returns without saying is 500. [http] */
typedef void net_handler(void *context, struct net_request *request, struct net_response *response);

enum net_route_flag {
    NET_STREAMED_BODY = 1 /* the handler runs at once and reads the body with net_read; HTTP/2 only:
                             HTTP/1.1 gets what write_error says to NET_REFUSED_HTTP1 */
};

/* One entry of the table; the first that matches counts. */
struct net_route {
    enum net_method method;
    const char *pattern; /* "/status/{type}/{entity}": {x} takes one segment, a last {x...} all */
    net_handler *handler;
    unsigned flags; /* of net_route_flag */
};

/* -- the server -- */

/* What the server itself refuses with a status of its own; others are told by their status. */
enum net_refusal { NET_REFUSED, NET_REFUSED_HTTP1 };

/* How long clients may take; 0: the usual. */
struct net_deadlines {
    int64_t head_ms; /* 10,000: a whole head */
    int64_t body_ms; /* 30,000: a body that comes slower than 1 KB a second */
    int64_t idle_ms; /* 60,000: between requests */
    int64_t send_ms; /* 30,000: without taking a byte of what there is for it; after a third of it
                        net_write gives up */
};

struct net_options {
    struct str listen;              /* "127.0.0.1:8088", "[::1]:0"; port 0: any that is free */
    const char *flag;               /* names the setting in words: "--listen" */
    bool insecure;                  /* an address that is not loopback is meant */
    const struct net_route *routes; /* outlive the server */
    uint32_t route_count;
    void *context;            /* of the handlers */
    uint32_t threads_max;     /* request threads; 0: 128 */
    uint32_t connections_max; /* 0: 8192, or what the limit of open files leaves */
    struct net_deadlines deadlines;
    /* Writes the body of an error and returns its content type. */
    const char *(*write_error)(int status, enum net_refusal refusal, struct str message,
                               struct buf *body);
};

/* Binds and listens; nobody is served before net_server_start. ERR_SETTING (no address,
 * or not loopback without `insecure`), ERR_DENIED (a port for root), ERR_UNAVAILABLE (port in use,
 * words name the flag). */
MUST_CHECK enum err net_server_open(const struct net_options *options,
                                    struct net_server **ret_server, struct why *why);
MUST_CHECK enum err net_server_start(struct net_server *server, struct why *why);
/* "127.0.0.1:8088" with the port in use; valid until the server is closed. */
struct str net_server_address(const struct net_server *server);
/* http_* of counters.def; read by any thread. */
const struct counters *net_server_counters(const struct net_server *server);
/* Tells handlers that their clients are gone, waits for them, closes all. NULL is fine. */
void net_server_close(struct net_server *server);

/* -- a request: all of it is valid until the handler returns -- */

struct net_header {
    struct str name; /* as sent; lower case in HTTP/2 */
    struct str value;
};

struct net_request {
    enum net_method method;
    bool is_head;
    int http_version;                  /* 10, 11 or 20 */
    struct str path;                   /* as sent, without the query: begins with '/' */
    struct str query;                  /* as sent, without '?'; size 0: none */
    struct str params[NET_PARAMS_MAX]; /* what the pattern's {x} took, decoded */
    uint32_t param_count;
    const struct net_header *headers;
    uint32_t header_count;
    struct str body;     /* whole, unless NET_STREAMED_BODY */
    struct arena *arena; /* for the handler's scratch */
};

/* The first header of that name, in any case; size 0: none. */
struct str net_header_get(const struct net_request *request, struct str name);
/* The decoded value of "name=" in the query; false: not there. In the request's arena. */
bool net_query_get(const struct net_request *request, struct str name, struct str *ret_value);
/* Percent-decodes; '+' stays. ERR_INVALID: a broken escape, or one of NUL. */
MUST_CHECK enum err net_percent_decode(struct str text, struct arena *arena, struct str *ret_text);
/* Whether the client takes gzip by its Accept-Encoding. */
bool net_accepts_gzip(const struct net_request *request);
/* Whether the client takes this media type by its Accept; no Accept takes all. */
bool net_accepts(const struct net_request *request, struct str media_type);
/* The next piece of a streamed body, valid until the next call. ERR_CLOSED at its end, ERR_AGAIN
 * after timeout_ms. */
MUST_CHECK enum err net_read(struct net_request *request, int64_t timeout_ms,
                             struct str *ret_piece);

/* -- a response: one of net_respond, net_begin, net_respond_file, net_follow -- */

/* A header to go with the response; before it is begun. Name lower case; copied. */
void net_add_header(struct net_response *response, struct str name, struct str value);
/* The whole response; the body is copied. content_type NULL: no body. */
void net_respond(struct net_response *response, int status, const char *content_type,
                 struct str body);
/* Begins a response of unknown length: net_write gives it, the handler's return ends it. */
void net_begin(struct net_response *response, int status, const char *content_type);
/* Copies the bytes out, as one chunk or DATA frame where they fit: some clients take what comes at
 * once for one row. Waits while NET_PENDING_BYTES_MAX are on their way. ERR_CLOSED: the client is
 * gone. ERR_FULL: it has taken nothing for 10 s; the bytes were not written. */
MUST_CHECK enum err net_write(struct net_response *response, struct str bytes);
/* The last words of a response that was begun; never waits. */
void net_end(struct net_response *response, struct str bytes);
/* `on_close` is called once if the client goes before the handler returns, never after; it must not
 * block: it sets a flag. [net] */
void net_on_close(struct net_response *response, void (*on_close)(void *context), void *context);

/* A file that lives in the program: a row of a generated table. */
struct net_file {
    const char *path; /* "/index.html" */
    const char *content_type;
    const char *etag;  /* quoted, of the content */
    bool is_immutable; /* its path changes with its content: cached for a year */
    struct str body;
    struct str gzip; /* size 0: not worth it */
};
/* With caching headers; 304 when the client has it, gzip when it takes it. The page's security
 * headers go with every file. */
void net_respond_file(struct net_response *response, const struct net_request *request,
                      const struct net_file *file);

/* -- feeds: Server-Sent Events, one encoded frame for all who follow -- */

/* A frame has an id, "<server's start in ms>-<n>", and stays for 30 s. Whoever comes without an id,
 * or with one that is not known any more, begins with the newest snapshot (event "snapshot"); then,
 * and whoever has a known Last-Event-ID, gets every update (event "update"). A client with 8 frames
 * waiting loses them and gets the newest snapshot instead; one that takes nothing for 30 s is
 * closed; both are counted. A comment every 10 s is the beat. Who takes gzip gets each frame as it
 * was packed once for all. Closed with the server. */
struct net_feed *net_feed_new(struct net_server *server);
/* Both are single lines (JSON); copied. The snapshot says all that updates up to this one said.
 * A snapshot of size 0: the one before still holds. [any] */
void net_feed_publish(struct net_feed *feed, struct str update, struct str snapshot);
/* The response becomes the feed's; the handler returns, no thread is held. */
void net_follow(struct net_response *response, const struct net_request *request,
                struct net_feed *feed);
/* How many follow now. [any] */
uint32_t net_feed_clients(const struct net_feed *feed);
/* Processor time that giving the newest update to all of them took, for who publishes to decide how
 * often. [any] */
int64_t net_feed_cost_ns(const struct net_feed *feed);

#endif
