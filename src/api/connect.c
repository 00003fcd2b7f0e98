/* connect.c -- connectors as Kafka Connect's REST API knows them: its routes, and what only asks.
 *
 * Served beside ksqlDB's API, and alone where connect.listen says. */
#include "api/connect_answer.h"

#include "base/json.h"

#include <inttypes.h>

static void get_list(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct connector *known;
    struct buf json = {0};
    const uint32_t count = connectors_get(api, request->arena, &known);
    /* It may stand there twice: expand=status&expand=info. */
    const char *query = arena_str(request->arena, request->query).data;
    const bool with_info = strstr(query, "expand=info") != NULL;
    const bool with_status = strstr(query, "expand=status") != NULL;
    const bool expands = with_info || with_status;
    buf_append_byte(&json, expands ? '{' : '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_byte(&json, ',');
        json_write_string(&json, known[i].defined->name);
        if (!expands)
            continue;
        buf_append_str(&json, STR(":{"));
        if (with_status) {
            buf_append_str(&json, STR("\"status\":"));
            connector_write_status(api, &known[i], &json);
        }
        if (with_info) {
            buf_append_str(&json, with_status ? STR(",\"info\":") : STR("\"info\":"));
            connector_write_info(&known[i], request->arena, &json);
        }
        buf_append_byte(&json, '}');
    }
    buf_append_byte(&json, expands ? '}' : ']');
    connect_respond(response, 200, &json);
}

static void get_one(void *context, struct net_request *request, struct net_response *response)
{
    struct connector known;
    struct buf json = {0};
    if (!connector_get(context, request, response, &known))
        return;
    connector_write_info(&known, request->arena, &json);
    connect_respond(response, 200, &json);
}

static void get_config(void *context, struct net_request *request, struct net_response *response)
{
    struct connector known;
    struct buf json = {0};
    if (!connector_get(context, request, response, &known))
        return;
    connector_write_config(known.defined->config, request->arena, &json);
    connect_respond(response, 200, &json);
}

static void get_status(void *context, struct net_request *request, struct net_response *response)
{
    struct connector known;
    struct buf json = {0};
    if (!connector_get(context, request, response, &known))
        return;
    connector_write_status(context, &known, &json);
    connect_respond(response, 200, &json);
}

static void get_tasks(void *context, struct net_request *request, struct net_response *response)
{
    struct connector known;
    struct buf json = {0};
    if (!connector_get(context, request, response, &known))
        return;
    buf_append_byte(&json, '[');
    if (known.info) {
        buf_append_str(&json, STR("{\"id\":{"));
        connect_text(&json, "connector", known.defined->name);
        buf_append_str(&json, STR(",\"task\":0},\"config\":"));
        connector_write_config(known.defined->config, request->arena, &json);
        buf_append_byte(&json, '}');
    }
    buf_append_byte(&json, ']');
    connect_respond(response, 200, &json);
}

static void get_task_status(void *context, struct net_request *request,
                            struct net_response *response)
{
    struct connector known;
    struct buf json = {0};
    if (!connector_get(context, request, response, &known))
        return;
    if (!str_equal(request->params[1], STR("0")) || !known.info) {
        connect_error(response, 404, STR("No status found for the task"));
        return;
    }
    buf_append_str(&json, STR("{\"id\":0,"));
    connector_write_state(context, &known, &json);
    buf_append_byte(&json, '}');
    connect_respond(response, 200, &json);
}

static void get_topics(void *context, struct net_request *request, struct net_response *response)
{
    struct connector known;
    struct buf json = {0};
    if (!connector_get(context, request, response, &known))
        return;
    buf_append_byte(&json, '{');
    json_write_string(&json, known.defined->name);
    buf_append_str(&json, STR(":{\"topics\":["));
    for (uint32_t i = 0; known.info && i < known.info->ways.count; i++) {
        if (i > 0)
            buf_append_byte(&json, ',');
        json_write_string(&json, known.info->ways.topics[i]);
    }
    buf_append_str(&json, STR("]}}"));
    connect_respond(response, 200, &json);
}

static void get_offsets(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct target_position *positions = NULL;
    uint32_t count = 0;
    struct connector known;
    struct why why = {0};
    struct buf json = {0};
    if (!connector_get(api, request, response, &known))
        return;
    if (known.info) {
        const enum err err = sinks_positions(api->options.sinks, known.defined->name,
                                             request->arena, &positions, &count, &why);
        if (err) {
            connect_failure(response, err, &why);
            return;
        }
    }
    buf_append_str(&json, STR("{\"offsets\":["));
    for (uint32_t i = 0; i < count; i++) {
        buf_append_str(&json, i > 0 ? STR(",{\"partition\":{") : STR("{\"partition\":{"));
        connect_text(&json, "kafka_topic", positions[i].topic);
        buf_printf(&json,
                   ",\"kafka_partition\":%" PRId32 "},\"offset\":{\"kafka_offset\":%" PRId64 "}}",
                   positions[i].partition, positions[i].next_offset);
    }
    buf_append_str(&json, STR("]}"));
    connect_respond(response, 200, &json);
}

static void get_plugins(void *context, struct net_request *request, struct net_response *response)
{
    (void)context, (void)request;
    net_respond(
        response, 200, CONNECT_TYPE,
        STR("[{\"class\":\"com.mongodb.kafka.connect.MongoSinkConnector\",\"type\":\"sink\","
            "\"version\":\"" DRIVETHRU_VERSION "\"}]"));
}

static const struct net_route table[] = {
    {NET_GET, "/connectors", get_list, 0},
    {NET_POST, "/connectors", connect_post, 0},
    {NET_GET, "/connectors/{name}", get_one, 0},
    {NET_DELETE, "/connectors/{name}", connect_delete, 0},
    {NET_GET, "/connectors/{name}/config", get_config, 0},
    {NET_PUT, "/connectors/{name}/config", connect_put_config, 0},
    {NET_GET, "/connectors/{name}/status", get_status, 0},
    {NET_GET, "/connectors/{name}/tasks", get_tasks, 0},
    {NET_GET, "/connectors/{name}/tasks/{task}/status", get_task_status, 0},
    {NET_POST, "/connectors/{name}/tasks/{task}/restart", connect_restart, 0},
    {NET_GET, "/connectors/{name}/topics", get_topics, 0},
    {NET_GET, "/connectors/{name}/offsets", get_offsets, 0},
    {NET_POST, "/connectors/{name}/restart", connect_restart, 0},
    {NET_PUT, "/connectors/{name}/{action}", connect_put_action, 0},
    {NET_GET, "/connector-plugins", get_plugins, 0},
};
const struct api_routes connect_routes = API_ROUTES(table);
