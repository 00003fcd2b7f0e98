/* connect_answer.c -- what Kafka Connect's REST API says of connectors, one task each.
 *
 * Errors are Connect's: {"error_code":404,"message":"…"}. Values that hold secrets are not shown.
 */
#include "api/connect_answer.h"

#include "base/json.h"
#include "base/secret.h"

void connect_text(struct buf *json, const char *name, struct str value)
{
    buf_printf(json, "\"%s\":", name);
    json_write_string(json, value);
}

void connect_error(struct net_response *response, int status, struct str message)
{
    struct buf json = {0};
    buf_printf(&json, "{\"error_code\":%d,", status);
    connect_text(&json, "message", message);
    buf_append_byte(&json, '}');
    net_respond(response, status, CONNECT_TYPE, buf_str(&json));
    buf_release(&json);
}

void connect_failure(struct net_response *response, enum err err, const struct why *why)
{
    connect_error(response,
                  err == ERR_NOT_FOUND     ? 404
                  : err == ERR_EXISTS      ? 409
                  : err == ERR_INVALID     ? 400
                  : err == ERR_UNAVAILABLE ? 503
                                           : 500,
                  str_from(why->text));
}

void connect_respond(struct net_response *response, int status, struct buf *json)
{
    net_respond(response, status, CONNECT_TYPE, buf_str(json));
    buf_release(json);
}

static const char *state_of(const struct connector *known)
{
    static const char *const states[] = {[SINK_RUNNING] = "RUNNING",
                                         [SINK_PAUSED] = "PAUSED",
                                         [SINK_WAITING] = "RUNNING",
                                         [SINK_FAILED] = "FAILED"};
    if (known->info)
        return states[known->info->status.state];
    return known->defined->paused ? "PAUSED" : "UNASSIGNED";
}

uint32_t connectors_get(const struct api *api, struct arena *arena,
                        struct connector **ret_connector)
{
    struct engine_connector *defined;
    struct sink_info *infos = NULL;
    uint32_t count;
    uint32_t info_count = 0;
    engine_get_connectors(api->options.engine, arena, &defined, &count);
    if (api->options.sinks)
        sinks_list(api->options.sinks, arena, &infos, &info_count);
    struct connector *known = ARENA_ARRAY(arena, struct connector, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        known[i].defined = &defined[i];
        for (uint32_t j = 0; j < info_count; j++)
            if (str_equal(infos[j].name, defined[i].name))
                known[i].info = &infos[j];
    }
    *ret_connector = known;
    return count;
}

bool connector_get(const struct api *api, struct net_request *request,
                   struct net_response *response, struct connector *ret_connector)
{
    struct connector *known;
    const struct str name = request->params[0];
    const uint32_t count = connectors_get(api, request->arena, &known);
    for (uint32_t i = 0; i < count; i++) {
        if (!str_equal(known[i].defined->name, name))
            continue;
        *ret_connector = known[i];
        return true;
    }
    connect_error(response, 404,
                  arena_printf(request->arena, "Connector %.*s not found", STR_ARGS(name)));
    return false;
}

bool connector_exists(const struct api *api, struct arena *arena, struct str name)
{
    struct connector *known;
    const uint32_t count = connectors_get(api, arena, &known);
    for (uint32_t i = 0; i < count; i++)
        if (str_equal(known[i].defined->name, name))
            return true;
    return false;
}

void connector_write_config(const struct properties *config, struct arena *arena, struct buf *json)
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

void connector_write_info(const struct connector *known, struct arena *arena, struct buf *json)
{
    buf_append_byte(json, '{');
    connect_text(json, "name", known->defined->name);
    buf_append_str(json, STR(",\"config\":"));
    connector_write_config(known->defined->config, arena, json);
    buf_append_str(json, STR(",\"tasks\":["));
    if (known->info) {
        buf_append_byte(json, '{');
        connect_text(json, "connector", known->defined->name);
        buf_append_str(json, STR(",\"task\":0}"));
    }
    buf_append_str(json, STR("],\"type\":\"sink\"}"));
}

void connector_write_state(const struct api *api, const struct connector *known, struct buf *json)
{
    buf_printf(json, "\"state\":\"%s\",", state_of(known));
    struct str worker = api->url;
    if (str_starts_with(worker, STR("http://")))
        worker = (struct str){worker.data + 7, worker.size - 8};
    connect_text(json, "worker_id", worker);
    const struct sink_status *status = known->info ? &known->info->status : NULL;
    if (status && (status->state == SINK_WAITING || status->state == SINK_FAILED)) {
        buf_append_byte(json, ',');
        connect_text(json, "trace", str_from(status->why.text));
    }
}

void connector_write_status(const struct api *api, const struct connector *known, struct buf *json)
{
    buf_append_byte(json, '{');
    connect_text(json, "name", known->defined->name);
    buf_append_str(json, STR(",\"connector\":{"));
    connector_write_state(api, known, json);
    buf_append_str(json, STR("},\"tasks\":["));
    if (known->info) {
        buf_append_str(json, STR("{\"id\":0,"));
        connector_write_state(api, known, json);
        buf_append_byte(json, '}');
    }
    buf_append_str(json, STR("],\"type\":\"sink\"}"));
}
