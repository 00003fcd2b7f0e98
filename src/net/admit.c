/* admit.c -- from a parsed request to a request thread. */
#include "net/server.h"

bool server_admit(struct net_server *server, struct net_response *response)
{
    const char *message = "";
    server_count(server, COUNTER_http_requests);
    int status = guard_check(server, &response->request, &message);
    if (status == 0) {
        status = route_find(server, response);
        if (status == 400)
            message = "the path is not well percent-encoded";
        if (status == 404)
            message = "there is nothing at this path";
        if (status == 405)
            message = "this path does not take that method";
    }
    if (status != 0) {
        response_refuse(response, status, NET_REFUSED, message);
        return false;
    }
    if ((response->route->flags & NET_STREAMED_BODY) && response->request.http_version < 20) {
        response_refuse(response, 400, NET_REFUSED_HTTP1, "this path is for HTTP/2");
        return false;
    }
    return true;
}

void server_submit(struct net_server *server, struct net_response *response)
{
    if (!(response->route->flags & NET_STREAMED_BODY))
        response->request.body = buf_str(&response->body);
    response->submitted = true;
    if (pool_submit(&server->pool, response) != OK)
        response_refuse(response, 503, NET_REFUSED, "too many requests at once: try again");
}
