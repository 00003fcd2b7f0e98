/* api.c -- opens the server over all tables of routes. */
#include "api/feed.h"
#include "api/inside.h"
#include "api/registry_server.h"
#include "base/memory.h"
#include "base/trace.h"

/* In order: the page's takes any path that is left. */
static const struct api_routes *const tables[] = {
    &ksql_routes,     &query_routes,    &inserts_routes, &status_routes,      &server_routes,
    &page_routes,     &pipeline_routes, &message_routes, &page_schema_routes, &letter_routes,
    &document_routes, &connect_routes,  &peer_routes,    &file_routes};
#define TABLE_COUNT (sizeof(tables) / sizeof(tables[0]))

static enum err listen_on(struct api *api, struct why *why)
{
    const struct api_routes all = routes_gather(tables, TABLE_COUNT, &api->arena);
    const struct net_options options = {
        .listen = api->options.listen,
        .flag = "--listen",
        .insecure = api->options.insecure,
        .routes = all.routes,
        .route_count = all.count,
        .context = api,
        .write_error = error_write,
    };
    enum err err = net_server_open(&options, &api->server, why);
    if (err)
        return err;
    api->url = arena_printf(&api->arena, "http://%.*s/", STR_ARGS(net_server_address(api->server)));
    api->net_feed = net_feed_new(api->server);
    err = feed_start(&api->options, api->net_feed, &api->feed, why);
    if (err)
        return err;
    return net_server_start(api->server, why);
}

static enum err serve_registry(struct api *api, struct why *why)
{
    const struct api_options *options = &api->options;
    if (options->registry_listen.size == 0)
        return OK;
    const enum err err = registry_server_open(options->registry, options->registry_listen,
                                              options->insecure, &api->served_registry, why);
    if (err == ERR_UNAVAILABLE && options->registry_is_optional) {
        trace(TRACE_WARNING, "api", "the schema registry is not served: %s", why->text);
        return OK;
    }
    if (err == OK)
        api->registry_url = arena_printf(&api->arena, "http://%.*s/",
                                         STR_ARGS(registry_server_address(api->served_registry)));
    return err;
}

enum err api_open(const struct api_options *options, struct api **ret_api, struct why *why)
{
    must(options->engine != NULL);
    must(options->log != NULL);
    must(options->registry != NULL);
    struct api *api = MEMORY_NEW(struct api);
    arena_init(&api->arena, 0);
    api->options = *options;
    statuses_init(&api->status);
    enum err err = listen_on(api, why);
    if (err == OK)
        err = serve_registry(api, why);
    if (err == OK && options->connect_listen.size > 0)
        err = connect_open(api, why);
    if (err) {
        api_close(api);
        return err;
    }
    *ret_api = api;
    return OK;
}

struct str api_url(const struct api *api)
{
    return api->url;
}

struct str api_registry_url(const struct api *api)
{
    return api->registry_url;
}

struct str api_connect_url(const struct api *api)
{
    struct api *self = (struct api *)api;
    if (!api->connect_server)
        return (struct str){0};
    return arena_printf(&self->arena, "http://%.*s/",
                        STR_ARGS(net_server_address(api->connect_server)));
}

void api_close(struct api *api)
{
    if (!api)
        return;
    feed_stop(api->feed);
    net_server_close(api->server);
    net_server_close(api->connect_server);
    registry_server_close(api->served_registry);
    statuses_release(&api->status);
    arena_release(&api->arena);
    free(api);
}
