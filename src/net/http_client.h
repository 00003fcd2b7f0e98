/* http_client.h -- asks one HTTP server, one request at a time.
 *
 * Connections are kept between requests. Nothing a server sends is trusted: headers have a limit,
 * redirects are not followed, other protocols than HTTP are refused, and a body goes out in pieces
 * to whoever asked, who decides how much is enough. Not shared between threads. */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

#define HTTP_HEADER_BYTES_MAX (256 << 10)
#define HTTP_CONTENT_TYPE_BYTES_MAX 128

struct http_client;

/* Files in PEM form; NULL: what the system trusts, no certificate of our own. */
struct http_tls {
    const char *ca_file;
    const char *certificate_file;
    const char *key_file;
    const char *key_password;
};

/* Borrowed for the call. */
struct http_client_options {
    struct str url;  /* "http://127.0.0.1:8088"; https too; a path is put before all others */
    struct str user; /* size 0: no credentials are sent */
    struct str password;
    struct str token; /* of bearer authentication; size 0: none */
    struct http_tls tls;
    int64_t connect_timeout_ms; /* 0: 5,000 */
};

/* ERR_SETTING when the URL is none. Connects to nobody yet. */
MUST_CHECK enum err http_client_new(const struct http_client_options *options,
                                    struct http_client **ret_client, struct why *why);
/* NULL is fine. */
void http_client_free(struct http_client *client);
/* The URL without path's end slash and without credentials; valid as long as the client. */
const char *http_client_url(const struct http_client *client);

/* What the answer's first lines said. */
struct http_answer {
    int status;                                     /* 200 */
    int64_t date_ms;                                /* of the header Date; 0: none */
    int64_t retry_after_ms;                         /* of the header Retry-After; 0: none */
    char content_type[HTTP_CONTENT_TYPE_BYTES_MAX]; /* "" when none was sent; cut at the end */
};

/* Borrowed for the call. */
struct http_request {
    const char *method;         /* NULL: POST when content_type is set, else GET */
    const char *path;           /* "/info", encoded; "": the URL itself */
    struct str body;            /* sent when content_type is set */
    const char *content_type;   /* NULL: no body */
    const char *const *headers; /* "Name: value" each, NULL at the end; NULL: none more */
    const char *accept;         /* NULL: anything */
    int64_t timeout_ms;         /* for the whole exchange; 0: none */
    /* Each piece of the body as it comes, borrowed for the call; false ends the exchange. */
    bool (*on_piece)(void *context, const struct http_answer *answer, struct str piece);
    /* Asked at least ten times a second; true ends the exchange. NULL: never. */
    bool (*is_unwanted)(void *context);
    void *context;
};

/* OK when an answer of any status came to its end; ERR_CLOSED when on_piece or is_unwanted ended
 * it (without words; ret_answer is filled if there was one). ERR_UNAVAILABLE when no connection
 * came about or it broke before the answer's end, ERR_AGAIN after timeout_ms, ERR_MALFORMED when
 * what came is no HTTP, ERR_LIMIT when its headers are too long, ERR_DENIED when one side does not
 * take the other's certificate. Words name the URL. */
MUST_CHECK enum err http_client_send(struct http_client *client, const struct http_request *request,
                                     struct http_answer *ret_answer, struct why *why);

#endif
