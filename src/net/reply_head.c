/* reply_head.c -- status line, date, framing, headers. */
#include "net/reply_head.h"

#include "net/server.h"

void reply_date_write(char *text)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t now = time(NULL);
    struct tm parts;
    must(gmtime_r(&now, &parts) != NULL);
    snprintf(text, 30, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday % 7],
             parts.tm_mday % 100, months[parts.tm_mon % 12], (parts.tm_year + 1900) % 10000,
             parts.tm_hour % 100, parts.tm_min % 100, parts.tm_sec % 100);
}

static void write_start(int status, const char *content_type, struct buf *to)
{
    char date[30];
    reply_date_write(date);
    buf_printf(to, "HTTP/1.1 %d %s\r\nDate: %s\r\nX-Content-Type-Options: nosniff\r\n", status,
               status_text(status), date);
    if (content_type)
        buf_printf(to, "Content-Type: %s\r\n", content_type);
}

void reply_head_write(const struct net_response *response, bool is_chunked, bool keeps_alive,
                      struct buf *to)
{
    write_start(response->status, response->content_type, to);
    for (uint32_t i = 0; i < response->header_count; i++)
        buf_printf(to, "%.*s: %.*s\r\n", STR_ARGS(response->headers[i].name),
                   STR_ARGS(response->headers[i].value));
    if (is_chunked)
        buf_append_str(to, STR("Transfer-Encoding: chunked\r\n"));
    else if (response->length >= 0 && response->status != 304 && response->status != 204)
        buf_printf(to, "Content-Length: %lld\r\n", (long long)response->length);
    if (!keeps_alive)
        buf_append_str(to, STR("Connection: close\r\n"));
    else if (response->request.http_version == 10)
        buf_append_str(to, STR("Connection: keep-alive\r\n"));
    buf_append_str(to, STR("\r\n"));
}

void reply_error_write(struct net_server *server, int status, const char *message, struct buf *to)
{
    struct buf body = {0};
    const char *type = server->options.write_error(status, NET_REFUSED, str_from(message), &body);
    write_start(status, type, to);
    buf_printf(to, "Content-Length: %zu\r\nConnection: close\r\n\r\n", body.size);
    buf_append_str(to, buf_str(&body));
    buf_release(&body);
}
