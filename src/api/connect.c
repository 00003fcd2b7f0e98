/* connect.c -- connectors as Kafka Connect's REST API knows them, one task each.
 *
 * Served beside ksqlDB's API, and alone where connect.listen says. Errors are Connect's:
 * {"error_code":404,"message":"…"}. Values that hold secrets are not shown. What is kept goes
 * through statements, so that it is the same as if somebody had typed them. */
#include "api/inside.h"
#include "base/json.h"
#include "base/secret.h"

#include <inttypes.h>

#define JSON_TYPE "application/json"

static void write_text(struct buf *json, const char *name, struct str value)
{
    buf_printf(json, "\"%s\":", name);
    json_write_string(json, value);
}

static void respond_error(struct net_response *response, int status, struct str message)
{
    struct buf json = {0};
    buf_printf(&json, "{\"error_code\":%d,", status);
    write_text(&json, "message", message);
    buf_append_byte(&json, '}');
    net_respond(response, status, JSON_TYPE, buf_str(&json));
    buf_release(&json);
}

static void respond_failure(struct net_response *response, enum err err, const struct why *why)
{
    respond_error(response,
                  err == ERR_NOT_FOUND     ? 404
                  : err == ERR_EXISTS      ? 409
                  : err == ERR_INVALID     ? 400
                  : err == ERR_UNAVAILABLE ? 503
                                           : 500,
                  str_from(why->text));
}

static void respond(struct net_response *response, int status, struct buf *json)
{
    net_respond(response, status, JSON_TYPE, buf_str(json));
    buf_release(json);
}

/* What Connect says of a connector. */
struct known {
    const struct engine_connector *defined;
    const struct sink_info *info; /* NULL: it does not run here */
};

static const char *state_of(const struct known *known)
{
    static const char *const states[] = {[SINK_RUNNING] = "RUNNING",
                                         [SINK_PAUSED] = "PAUSED",
                                         [SINK_WAITING] = "RUNNING",
                                         [SINK_FAILED] = "FAILED"};
    if (known->info)
        return states[known->info->status.state];
    return known->defined->paused ? "PAUSED" : "UNASSIGNED";
}

/* All in order of name; the second list is as long as the first. */
static uint32_t know_all(const struct api *api, struct arena *arena, struct known **ret_known)
{
    struct engine_connector *defined;
    struct sink_info *infos = NULL;
    uint32_t count;
    uint32_t info_count = 0;
    engine_get_connectors(api->options.engine, arena, &defined, &count);
    if (api->options.sinks)
        sinks_list(api->options.sinks, arena, &infos, &info_count);
    struct known *known = ARENA_ARRAY(arena, struct known, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        known[i].defined = &defined[i];
        for (uint32_t j = 0; j < info_count; j++)
            if (str_equal(infos[j].name, defined[i].name))
                known[i].info = &infos[j];
    }
    *ret_known = known;
    return count;
}

/* False: there is none of that name, and the client has been told. */
static bool know(const struct api *api, struct net_request *request, struct net_response *response,
                 struct known *ret_known)
{
    struct known *known;
    const struct str name = request->params[0];
    const uint32_t count = know_all(api, request->arena, &known);
    for (uint32_t i = 0; i < count; i++) {
        if (!str_equal(known[i].defined->name, name))
            continue;
        *ret_known = known[i];
        return true;
    }
    respond_error(response, 404,
                  arena_printf(request->arena, "Connector %.*s not found", STR_ARGS(name)));
    return false;
}

static void write_config(const struct properties *config, struct arena *arena, struct buf *json)
{
    buf_append_byte(json, '{');
    for (size_t i = 0; i < config->count; i++) {
        if (i > 0)
            buf_append_byte(json, ',');
        json_write_string(json, config->items[i].name);
        buf_append_byte(json, ':');
        json_write_string(json, secret_shown(&config->items[i], arena));
    }
    buf_append_byte(json, '}');
}

static void write_info(const struct known *known, struct arena *arena, struct buf *json)
{
    buf_append_byte(json, '{');
    write_text(json, "name", known->defined->name);
    buf_append_str(json, STR(",\"config\":"));
    write_config(known->defined->config, arena, json);
    buf_append_str(json, STR(",\"tasks\":["));
    if (known->info) {
        buf_append_byte(json, '{');
        write_text(json, "connector", known->defined->name);
        buf_append_str(json, STR(",\"task\":0}"));
    }
    buf_append_str(json, STR("],\"type\":\"sink\"}"));
}

/* "state":…,"worker_id":…[,"trace":…]: what is said of a connector and of its task alike. */
static void write_state(const struct api *api, const struct known *known, struct buf *json)
{
    buf_printf(json, "\"state\":\"%s\",", state_of(known));
    struct str worker = api->url;
    if (str_starts_with(worker, STR("http://")))
        worker = (struct str){worker.data + 7, worker.size - 8};
    write_text(json, "worker_id", worker);
    const struct sink_status *status = known->info ? &known->info->status : NULL;
    if (status && (status->state == SINK_WAITING || status->state == SINK_FAILED)) {
        buf_append_byte(json, ',');
        write_text(json, "trace", str_from(status->why.text));
    }
}

static void write_status(const struct api *api, const struct known *known, struct buf *json)
{
    buf_append_byte(json, '{');
    write_text(json, "name", known->defined->name);
    buf_append_str(json, STR(",\"connector\":{"));
    write_state(api, known, json);
    buf_append_str(json, STR("},\"tasks\":["));
    if (known->info) {
        buf_append_str(json, STR("{\"id\":0,"));
        write_state(api, known, json);
        buf_append_byte(json, '}');
    }
    buf_append_str(json, STR("],\"type\":\"sink\"}"));
}

static void get_list(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct known *known;
    struct buf json = {0};
    const uint32_t count = know_all(api, request->arena, &known);
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
            write_status(api, &known[i], &json);
        }
        if (with_info) {
            buf_append_str(&json, with_status ? STR(",\"info\":") : STR("\"info\":"));
            write_info(&known[i], request->arena, &json);
        }
        buf_append_byte(&json, '}');
    }
    buf_append_byte(&json, expands ? '}' : ']');
    respond(response, 200, &json);
}

static void define(const struct api *api, struct net_request *request,
                   struct net_response *response, struct str name, const struct properties *config,
                   int status)
{
    struct known known;
    struct why why = {0};
    struct buf json = {0};
    const enum err err = engine_define_connector(api->options.engine, name, config,
                                                 engine_ignore_answer, NULL, &why);
    if (err) {
        respond_failure(response, err, &why);
        return;
    }
    request->params[0] = name;
    if (!know(api, request, response, &known))
        return;
    write_info(&known, request->arena, &json);
    respond(response, status, &json);
}

static bool is_defined(const struct api *api, struct arena *arena, struct str name)
{
    struct known *known;
    const uint32_t count = know_all(api, arena, &known);
    for (uint32_t i = 0; i < count; i++)
        if (str_equal(known[i].defined->name, name))
            return true;
    return false;
}

static void post_one(void *context, struct net_request *request, struct net_response *response)
{
    struct properties config;
    struct str name;
    struct why why = {0};
    properties_init(&config, request->arena);
    const enum err err = sink_definition_read(request->body, &name, &config, &why);
    if (err)
        respond_failure(response, err, &why);
    else if (is_defined(context, request->arena, name))
        respond_error(
            response, 409,
            arena_printf(request->arena, "Connector %.*s already exists", STR_ARGS(name)));
    else
        define(context, request, response, name, &config, 201);
}

static void put_config(void *context, struct net_request *request, struct net_response *response)
{
    const bool exists = is_defined(context, request->arena, request->params[0]);
    struct properties config;
    struct why why = {0};
    properties_init(&config, request->arena);
    const enum err err = sink_config_read(request->body, &config, &why);
    if (err)
        respond_failure(response, err, &why);
    else
        define(context, request, response, request->params[0], &config, exists ? 200 : 201);
}

static void get_one(void *context, struct net_request *request, struct net_response *response)
{
    struct known known;
    struct buf json = {0};
    if (!know(context, request, response, &known))
        return;
    write_info(&known, request->arena, &json);
    respond(response, 200, &json);
}

static void get_config(void *context, struct net_request *request, struct net_response *response)
{
    struct known known;
    struct buf json = {0};
    if (!know(context, request, response, &known))
        return;
    write_config(known.defined->config, request->arena, &json);
    respond(response, 200, &json);
}

static void get_status(void *context, struct net_request *request, struct net_response *response)
{
    struct known known;
    struct buf json = {0};
    if (!know(context, request, response, &known))
        return;
    write_status(context, &known, &json);
    respond(response, 200, &json);
}

static void get_tasks(void *context, struct net_request *request, struct net_response *response)
{
    struct known known;
    struct buf json = {0};
    if (!know(context, request, response, &known))
        return;
    buf_append_byte(&json, '[');
    if (known.info) {
        buf_append_str(&json, STR("{\"id\":{"));
        write_text(&json, "connector", known.defined->name);
        buf_append_str(&json, STR(",\"task\":0},\"config\":"));
        write_config(known.defined->config, request->arena, &json);
        buf_append_byte(&json, '}');
    }
    buf_append_byte(&json, ']');
    respond(response, 200, &json);
}

static void get_task_status(void *context, struct net_request *request,
                            struct net_response *response)
{
    struct known known;
    struct buf json = {0};
    if (!know(context, request, response, &known))
        return;
    if (!str_equal(request->params[1], STR("0")) || !known.info) {
        respond_error(response, 404, STR("No status found for the task"));
        return;
    }
    buf_append_str(&json, STR("{\"id\":0,"));
    write_state(context, &known, &json);
    buf_append_byte(&json, '}');
    respond(response, 200, &json);
}

static void get_topics(void *context, struct net_request *request, struct net_response *response)
{
    struct known known;
    struct buf json = {0};
    if (!know(context, request, response, &known))
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
    respond(response, 200, &json);
}

static void get_offsets(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct target_position *positions = NULL;
    uint32_t count = 0;
    struct known known;
    struct why why = {0};
    struct buf json = {0};
    if (!know(api, request, response, &known))
        return;
    if (known.info) {
        const enum err err = sinks_positions(api->options.sinks, known.defined->name,
                                             request->arena, &positions, &count, &why);
        if (err) {
            respond_failure(response, err, &why);
            return;
        }
    }
    buf_append_str(&json, STR("{\"offsets\":["));
    for (uint32_t i = 0; i < count; i++) {
        buf_append_str(&json, i > 0 ? STR(",{\"partition\":{") : STR("{\"partition\":{"));
        write_text(&json, "kafka_topic", positions[i].topic);
        buf_printf(&json,
                   ",\"kafka_partition\":%" PRId32 "},\"offset\":{\"kafka_offset\":%" PRId64 "}}",
                   positions[i].partition, positions[i].next_offset);
    }
    buf_append_str(&json, STR("]}"));
    respond(response, 200, &json);
}

/* WORD CONNECTOR `name`; */
static enum err run_statement(const struct api *api, const char *word, struct str name,
                              struct arena *arena, struct why *why)
{
    struct session session;
    struct buf text = {0};
    session_init(&session, arena);
    buf_printf(&text, "%s CONNECTOR `", word);
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '`')
            buf_append_byte(&text, '`');
        buf_append_byte(&text, (uint8_t)name.data[i]);
    }
    buf_append_str(&text, STR("`;"));
    const enum err err = engine_execute(api->options.engine, &session, buf_str(&text),
                                        engine_ignore_answer, NULL, why);
    buf_release(&text);
    return err;
}

enum err connector_control(const struct api *api, struct str name, struct str action,
                           struct arena *arena, struct why *why)
{
    if (!is_defined(api, arena, name))
        return why_set(why, ERR_NOT_FOUND, "there is no such sink");
    if (str_equal(action, STR("pause")) || str_equal(action, STR("resume")))
        return run_statement(api, str_equal(action, STR("pause")) ? "PAUSE" : "RESUME", name, arena,
                             why);
    if (str_equal(action, STR("restart")) && api->options.sinks)
        return sinks_restart(api->options.sinks, name, why);
    return why_set(why, ERR_NOT_FOUND, "a sink can pause, resume and restart");
}

static void put_action(void *context, struct net_request *request, struct net_response *response)
{
    struct known known;
    struct why why = {0};
    if (!know(context, request, response, &known))
        return;
    const struct str action = request->params[1];
    if (!str_equal(action, STR("pause")) && !str_equal(action, STR("resume"))) {
        respond_error(response, 404, STR("HTTP 404 Not Found"));
        return;
    }
    const enum err err =
        connector_control(context, request->params[0], action, request->arena, &why);
    if (err)
        respond_failure(response, err, &why);
    else
        net_respond(response, 202, JSON_TYPE, STR(""));
}

/* Of the connector or of its one task: they are the same. */
static void post_restart(void *context, struct net_request *request, struct net_response *response)
{
    struct known known;
    struct why why = {0};
    if (!know(context, request, response, &known))
        return;
    const enum err err =
        connector_control(context, request->params[0], STR("restart"), request->arena, &why);
    if (err)
        respond_failure(response, err, &why);
    else
        net_respond(response, 204, JSON_TYPE, STR(""));
}

static void delete_one(void *context, struct net_request *request, struct net_response *response)
{
    struct known known;
    struct why why = {0};
    if (!know(context, request, response, &known))
        return;
    const enum err err = run_statement(context, "DROP", request->params[0], request->arena, &why);
    if (err)
        respond_failure(response, err, &why);
    else
        net_respond(response, 204, JSON_TYPE, STR(""));
}

static void get_plugins(void *context, struct net_request *request, struct net_response *response)
{
    (void)context, (void)request;
    net_respond(
        response, 200, JSON_TYPE,
        STR("[{\"class\":\"com.mongodb.kafka.connect.MongoSinkConnector\",\"type\":\"sink\","
            "\"version\":\"" DRIVETHRU_VERSION "\"}]"));
}

static const struct net_route table[] = {
    {NET_GET, "/connectors", get_list, 0},
    {NET_POST, "/connectors", post_one, 0},
    {NET_GET, "/connectors/{name}", get_one, 0},
    {NET_DELETE, "/connectors/{name}", delete_one, 0},
    {NET_GET, "/connectors/{name}/config", get_config, 0},
    {NET_PUT, "/connectors/{name}/config", put_config, 0},
    {NET_GET, "/connectors/{name}/status", get_status, 0},
    {NET_GET, "/connectors/{name}/tasks", get_tasks, 0},
    {NET_GET, "/connectors/{name}/tasks/{task}/status", get_task_status, 0},
    {NET_POST, "/connectors/{name}/tasks/{task}/restart", post_restart, 0},
    {NET_GET, "/connectors/{name}/topics", get_topics, 0},
    {NET_GET, "/connectors/{name}/offsets", get_offsets, 0},
    {NET_POST, "/connectors/{name}/restart", post_restart, 0},
    {NET_PUT, "/connectors/{name}/{action}", put_action, 0},
    {NET_GET, "/connector-plugins", get_plugins, 0},
};
const struct api_routes connect_routes = API_ROUTES(table);

/* -- on a port of its own -- */

static void get_root(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct buf json = {0};
    (void)request;
    buf_append_str(&json, STR("{\"version\":\"" DRIVETHRU_VERSION "\",\"commit\":\"\","));
    write_text(&json, "kafka_cluster_id", engine_service_id(api->options.engine));
    buf_append_byte(&json, '}');
    respond(response, 200, &json);
}

static const char *write_refusal(int status, enum net_refusal refusal, struct str message,
                                 struct buf *body)
{
    (void)refusal;
    buf_printf(body, "{\"error_code\":%d,", status);
    write_text(body, "message", message);
    buf_append_byte(body, '}');
    return JSON_TYPE;
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
