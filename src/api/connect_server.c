/* connect_server.c -- Kafka Connect's API on a port of its own, where connect.listen says one. */
#include "api/connect_answer.h"

static void get_root(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct buf json = {0};
    (void)request;
    buf_append_str(&json, STR("{\"version\":\"" DRIVETHRU_VERSION "\",\"commit\":\"\","));
    connect_text(&json, "kafka_cluster_id", engine_service_id(api->options.engine));
    buf_append_byte(&json, '}');
    connect_respond(response, 200, &json);
}

static const char *write_refusal(int status, enum net_refusal refusal, struct str message,
                                 struct buf *body)
{
    (void)refusal;
    buf_printf(body, "{\"error_code\":%d,", status);
    connect_text(body, "message", message);
    buf_append_byte(body, '}');
    return CONNECT_TYPE;
}

enum err connect_open(struct api *api, struct why *why)
{
    static const struct net_route own_table[] = {{NET_GET, "/", get_root, 0}};
    static const struct api_routes own_routes = API_ROUTES(own_table);
    static const struct api_routes *const tables[] = {&connect_routes, &own_routes};
    const struct api_routes all = routes_gather(tables, 2, &api->arena);
    const struct net_options options = {
        .listen = api->options.connect_listen,
        .flag = "--connect-listen",
        .insecure = api->options.insecure,
        .routes = all.routes,
        .route_count = all.count,
        .context = api,
        .write_error = write_refusal,
    };
    const enum err err = net_server_open(&options, &api->connect_server, why);
    return err ? err : net_server_start(api->connect_server, why);
}
