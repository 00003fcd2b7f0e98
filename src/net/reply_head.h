/* reply_head.h -- a response's head as HTTP/1.1 writes it. */
#ifndef NET_REPLY_HEAD_H
#define NET_REPLY_HEAD_H

#include "net/response.h"

/* A begun response's status line and headers, with the empty line. */
void reply_head_write(const struct net_response *response, bool is_chunked, bool keeps_alive,
                      struct buf *to);
/* A whole response that refuses, after which the connection closes. */
void reply_error_write(struct net_server *server, int status, const char *message, struct buf *to);

/* "Wed, 25 Nov 2026 13:32:19 GMT"; room for 30 bytes. */
void reply_date_write(char *text);

#endif
