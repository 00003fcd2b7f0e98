/* server.c -- what clients ask about the server itself: /info, /healthcheck, /v1/metadata. */
#include "api/inside.h"
#include "base/clock.h"
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

/* "CTAS_X_5":{...}: a query's partitions are all active here. There are no standbys. */
static void write_active(const struct engine_query *query, struct buf *json)
{
    json_write_string(json, query->id);
    buf_append_str(json, STR(":{\"activeStores\":[],\"activePartitions\":["));
    for (uint32_t i = 0; i < query->status.position_count; i++) {
        buf_append_str(json, i > 0 ? STR(",{\"topic\":") : STR("{\"topic\":"));
        json_write_string(json, query->status.positions[i].topic);
        buf_printf(json, ",\"partition\":%d}", query->status.positions[i].partition);
    }
    buf_append_str(json, STR("],\"standByStores\":[],\"standByPartitions\":[]}"));
}

/* This process is the cluster, and it is alive. */
static void get_cluster_status(void *context, struct net_request *request,
                               struct net_response *response)
{
    const struct api *api = context;
    const long long now_ms = (long long)clock_wall_ms();
    struct buf json = {0};
    struct engine_query *queries;
    uint32_t count;
    engine_queries(api->options.engine, request->arena, &queries, &count);
    buf_append_str(&json, STR("{\"clusterStatus\":{"));
    json_write_string(&json, net_server_address(api->server));
    buf_printf(&json,
               ":{\"hostAlive\":true,\"lastStatusUpdateMs\":%lld,\"activeStandbyPerQuery\":{",
               now_ms);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_byte(&json, ',');
        write_active(&queries[i], &json);
    }
    buf_printf(&json, "},\"hostStoreLags\":{\"stateStoreLags\":{},\"updateTimeMs\":%lld}}}}",
               now_ms);
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
