/* page.c -- what the page follows: /api/snapshot once, /api/feed from then on. */
#include "api/feed.h"
#include "api/inside.h"

static void get_snapshot(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct buf buf = {0};
    (void)request;
    feed_copy_snapshot(api->feed, &buf);
    net_add_header(response, STR("cache-control"), STR("no-store"));
    net_respond(response, 200, "application/json", buf_str(&buf));
    buf_release(&buf);
}

static void get_feed(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    net_follow(response, request, api->net_feed);
}

static const struct net_route routes[] = {
    {NET_GET, "/api/snapshot", get_snapshot, 0},
    {NET_GET, "/api/feed", get_feed, 0},
};
const struct api_routes page_routes = API_ROUTES(routes);
