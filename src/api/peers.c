/* peers.c -- what other processes of the service ask of this one. */
#include "api/inside.h"

static void post_pull(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct buf rows = {0};
    struct why why = {0};
    const enum err err = engine_pull_own(api->options.engine, request->body, &rows, &why);
    if (err)
        statement_error_respond(response, err, &why, STR(""), STR(""));
    else
        net_respond(response, 200, "application/octet-stream", buf_str(&rows));
    buf_release(&rows);
}

static const struct net_route table[] = {
    {NET_POST, ENGINE_PULL_PATH, post_pull, 0},
};
const struct api_routes peer_routes = API_ROUTES(table);
