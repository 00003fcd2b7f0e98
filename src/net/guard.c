/* guard.c -- whose requests are answered: the Host a client names, and where a browser's page is
 * from.
 *
 * On loopback a name that is not ours means a page of somebody else's who let his name point here
 * (DNS rebinding). A request with Origin or Sec-Fetch-Site is a browser's: one from another origin
 * is refused, one from ours that changes something has to say that it is JSON, which no plain form
 * can. Other clients may send what they like. */
#include "net/server.h"

static struct str without_port(struct str host)
{
    if (host.size > 0 && host.data[0] == '[') {
        const size_t end = str_index(host, ']');
        return (struct str){host.data, end < host.size ? end + 1 : host.size};
    }
    return (struct str){host.data, str_index(host, ':')};
}

static bool is_our_host(const struct net_server *server, struct str host)
{
    const struct str name = without_port(host);
    if (!server->is_loopback)
        return true;
    return str_equal_nocase(name, STR("localhost")) || str_equal(name, STR("127.0.0.1")) ||
           str_equal(name, STR("[::1]")) || str_equal_nocase(name, server->host);
}

static bool is_our_origin(struct str origin, struct str host)
{
    if (!str_starts_with(origin, STR("http://")))
        return false;
    return str_equal_nocase((struct str){origin.data + 7, origin.size - 7}, host);
}

/* Somebody follows a link to the page: nothing of theirs can read it, or frame it. */
static bool is_visit(const struct net_request *request)
{
    return request->method == NET_GET &&
           str_equal(net_header_get(request, STR("sec-fetch-mode")), STR("navigate")) &&
           str_equal(net_header_get(request, STR("sec-fetch-dest")), STR("document"));
}

static bool is_json(struct str type)
{
    const struct str name = str_trim((struct str){type.data, str_index(type, ';')});
    return str_equal_nocase(name, STR("application/json")) ||
           (str_starts_with(name, STR("application/vnd.")) &&
            (str_ends_with(name, STR("+json")) || str_equal(name, STR("application/vnd.ksql.v1"))));
}

int guard_check(const struct net_server *server, const struct net_request *request,
                const char **ret_message)
{
    const struct str host = net_header_get(request, STR("host"));
    const struct str origin = net_header_get(request, STR("origin"));
    const struct str site = net_header_get(request, STR("sec-fetch-site"));
    if (host.size > 0 && !is_our_host(server, host)) {
        *ret_message = "this server does not go by that name: use localhost or 127.0.0.1";
        return 403;
    }
    if (origin.size == 0 && site.size == 0)
        return 0;
    const bool is_foreign =
        (origin.size > 0 && !is_our_origin(origin, host)) ||
        (site.size > 0 && !str_equal(site, STR("same-origin")) && !str_equal(site, STR("none")));
    if (is_foreign && !(origin.size == 0 && is_visit(request))) {
        *ret_message = "pages of other origins may not ask here";
        return 403;
    }
    if (request->method != NET_GET && !is_json(net_header_get(request, STR("content-type")))) {
        *ret_message = "a browser's request needs a JSON content type";
        return 415;
    }
    return 0;
}
