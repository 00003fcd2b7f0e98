/* head.h -- the head of an HTTP/1 request: strict where laxness has let requests be smuggled. */
#ifndef NET_HEAD_H
#define NET_HEAD_H

#include "net/net.h"

/* What a head says. Text is borrowed from the input. */
struct head {
    struct str method;
    struct str path;
    struct str query;
    int http_version;           /* 10 or 11 */
    struct net_header *headers; /* in the arena */
    uint32_t header_count;
    int64_t content_length; /* -1: none */
    bool is_chunked;
    bool keeps_alive;
    bool expects_continue;
    bool upgrades;               /* to h2c, with settings */
    struct str upgrade_settings; /* HTTP2-Settings, base64url */
};

/* RFC 9112, and of what it leaves open the strict reading: lines end in CRLF, no folded lines, no
 * blanks before colons, no control characters, one Host, at most one Content-Length and never
 * beside Transfer-Encoding. `text` ends with the empty line. 0, or the status with words. */
int head_parse(struct str text, struct arena *arena, struct head *ret_head,
               const char **ret_message);

/* Splits a target at '?'; one in absolute form loses scheme and authority. 0, or 400, 414. */
int target_parse(struct str target, struct str *ret_path, struct str *ret_query,
                 const char **ret_message);

/* A chunk's size line without its CRLF: hex digits, then perhaps an extension. */
MUST_CHECK enum err chunk_size_parse(struct str line, uint64_t *ret_size);

#endif
