/* reach.c -- resolves a name and tries a connection, step by step. */
#include "net/reach.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* text = [scheme "://"] [user '@'] host [':' port] ['/' path] */
enum err reach_parse(struct str text, const char *port, struct arena *arena,
                     struct reach_place *ret_place, struct why *why)
{
    const char *const scheme = memmem(text.data, text.size, "://", 3);
    if (scheme)
        text = (struct str){scheme + 3, text.size - (size_t)(scheme + 3 - text.data)};
    size_t end = 0;
    while (end < text.size && !strchr("/?#", text.data[end]))
        end++;
    text.size = end;
    const char *const at = memrchr(text.data, '@', text.size);
    if (at)
        text = (struct str){at + 1, text.size - (size_t)(at + 1 - text.data)};
    struct reach_place place = {.host = text, .port = str_from(port)};
    struct str rest = {0};
    const bool is_bracketed = text.size > 0 && text.data[0] == '[';
    const size_t close = is_bracketed ? str_index(text, ']') : str_index(text, ':');
    if (is_bracketed && close < text.size) {
        place.host = (struct str){text.data + 1, close - 1};
        rest = (struct str){text.data + close + 1, text.size - close - 1};
    } else if (close < text.size) {
        place.host.size = close;
        rest = (struct str){text.data + close, text.size - close};
    }
    if (rest.size > 1 && rest.data[0] == ':')
        place.port = (struct str){rest.data + 1, rest.size - 1};
    int64_t number;
    if (place.host.size == 0 || str_to_int64(place.port, &number) || number < 1 || number > 65535)
        return why_set(why, ERR_INVALID, "'%.*s' is no host and port", STR_ARGS(text));
    *ret_place = (struct reach_place){.host = arena_str(arena, place.host),
                                      .port = arena_str(arena, place.port)};
    return OK;
}

static enum err resolve(const struct reach_place *place, struct addrinfo **ret_found,
                        struct why *why)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    int code = getaddrinfo(place->host.data, place->port.data, &hints, ret_found);
    /* RFC 6761 6.3: localhost is the loopback address, also where nothing says so. */
    if (code != 0 && str_equal(place->host, STR("localhost")))
        code = getaddrinfo("127.0.0.1", place->port.data, &hints, ret_found);
    if (code != 0)
        return why_set(why, ERR_NOT_FOUND, "'%s' has no address: %s", place->host.data,
                       gai_strerror(code));
    return OK;
}

enum err reach_name(const struct reach_place *place, struct arena *arena, struct str *ret_addresses,
                    struct why *why)
{
    struct addrinfo *found = NULL;
    struct str addresses = STR("");
    const enum err err = resolve(place, &found, why);
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST))
            continue;
        addresses = arena_printf(arena, "%.*s%s%s", STR_ARGS(addresses),
                                 addresses.size > 0 ? " " : "", text);
    }
    if (found)
        freeaddrinfo(found);
    if (!err)
        *ret_addresses = addresses;
    return err;
}

/* 0, or an errno. */
static int try_address(const struct addrinfo *address, int64_t timeout_ms)
{
    int code = 0;
    socklen_t size = sizeof(code);
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0)
        code = errno;
    if (code == EINPROGRESS) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        code = poll(&ready, 1, (int)timeout_ms) == 1 ? 0 : ETIMEDOUT;
        if (code == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
            code = errno;
    }
    close(fd);
    return code;
}

enum err reach_port(const struct reach_place *place, int64_t timeout_ms, struct why *why)
{
    struct addrinfo *found = NULL;
    int code = ENOENT;
    const enum err err = resolve(place, &found, why);
    if (err)
        return err;
    for (const struct addrinfo *at = found; at && code != 0; at = at->ai_next)
        code = try_address(at, timeout_ms);
    freeaddrinfo(found);
    if (code == 0)
        return OK;
    if (code == ETIMEDOUT)
        return why_set(why, ERR_UNAVAILABLE, "port %s of '%s' does not answer in %lld ms",
                       place->port.data, place->host.data, (long long)timeout_ms);
    return why_set(why, ERR_UNAVAILABLE, "port %s of '%s': %s", place->port.data, place->host.data,
                   strerror(code));
}
