/* server.c -- what clients ask about the server itself: /info, /healthcheck, /v1/metadata. */
#include "api/inside.h"
#include "base/json.h"

static void get_info(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct buf json = {0};
    buf_append_str(&json, STR("{\"KsqlServerInfo\":{\"version\":\"" API_KSQLDB_VERSION
                              "\",\"kafkaClusterId\":\"drivethru\",\"ksqlServiceId\":"));
    json_write_string(&json, engine_service_id(api->options.engine));
    buf_append_str(&json, STR(",\"serverStatus\":\"RUNNING\"}}"));
    json_respond(response, request, &json);
    buf_release(&json);
}

/* Healthy: what is asked of it can be made durable. */
static void get_healthcheck(void *context, struct net_request *request,
                            struct net_response *response)
{
    const struct api *api = context;
    const bool is_healthy = log_get_health(api->options.log) == LOG_HEALTHY;
    const char *word = is_healthy ? "true" : "false";
    struct buf json = {0};
    buf_printf(&json,
               "{\"isHealthy\":%s,\"details\":{\"metastore\":{\"isHealthy\":true},"
               "\"kafka\":{\"isHealthy\":%s},\"commandRunner\":{\"isHealthy\":%s}},"
               "\"serverState\":\"READY\"}",
               word, word, word);
    net_respond(response, is_healthy ? 200 : 503, json_type(request), buf_str(&json));
    buf_release(&json);
}

static void get_cluster_status(void *context, struct net_request *request,
                               struct net_response *response)
{
    const struct api *api = context;
    struct buf json = {0};
    buf_append_str(&json, STR("{\"clusterStatus\":{"));
    json_write_string(&json, net_server_address(api->server));
    buf_append_str(&json, STR(":{\"hostAlive\":true,\"lastStatusUpdateMs\":0,"
                              "\"activeStandbyPerQuery\":{},\"hostStoreLags\":"
                              "{\"stateStoreLags\":{},\"updateTimeMs\":0}}},\"lags\":{}}"));
    json_respond(response, request, &json);
    buf_release(&json);
}

static void metadata_write(const struct api *api, struct buf *json)
{
    buf_append_str(json, STR("{\"scope\":{\"path\":[],\"clusters\":{\"kafka-cluster\":"
                             "\"drivethru\",\"ksql-cluster\":"));
    json_write_string(json, engine_service_id(api->options.engine));
    buf_append_str(json, STR("}},\"id\":\"\"}"));
}

static void get_metadata(void *context, struct net_request *request, struct net_response *response)
{
    struct buf json = {0};
    buf_append_str(&json, STR("{\"version\":\"" API_KSQLDB_VERSION "\",\"clusterId\":"));
    metadata_write(context, &json);
    buf_append_byte(&json, '}');
    json_respond(response, request, &json);
    buf_release(&json);
}

static void get_metadata_id(void *context, struct net_request *request,
                            struct net_response *response)
{
    struct buf json = {0};
    metadata_write(context, &json);
    json_respond(response, request, &json);
    buf_release(&json);
}

static const struct net_route table[] = {
    {NET_GET, "/info", get_info, 0},
    {NET_GET, "/healthcheck", get_healthcheck, 0},
    {NET_GET, "/clusterStatus", get_cluster_status, 0},
    {NET_GET, "/v1/metadata", get_metadata, 0},
    {NET_GET, "/v1/metadata/id", get_metadata_id, 0},
};
const struct api_routes server_routes = API_ROUTES(table);
