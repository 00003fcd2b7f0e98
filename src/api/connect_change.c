/* connect_change.c -- connectors defined, controlled and dropped through Kafka Connect's REST API.
 *
 * What is kept goes through statements, so that it is the same as if somebody had typed them. */
#include "api/connect_answer.h"

static void define(const struct api *api, struct net_request *request,
                   struct net_response *response, struct str name, const struct properties *config,
                   int status)
{
    struct connector known;
    struct why why = {0};
    struct buf json = {0};
    const enum err err = engine_define_connector(api->options.engine, name, config,
                                                 engine_ignore_answer, NULL, &why);
    if (err) {
        connect_failure(response, err, &why);
        return;
    }
    request->params[0] = name;
    if (!connector_get(api, request, response, &known))
        return;
    connector_write_info(&known, request->arena, &json);
    connect_respond(response, status, &json);
}

void connect_post(void *context, struct net_request *request, struct net_response *response)
{
    struct properties config;
    struct str name;
    struct why why = {0};
    properties_init(&config, request->arena);
    const enum err err = sink_definition_read(request->body, &name, &config, &why);
    if (err)
        connect_failure(response, err, &why);
    else if (connector_exists(context, request->arena, name))
        connect_error(
            response, 409,
            arena_printf(request->arena, "Connector %.*s already exists", STR_ARGS(name)));
    else
        define(context, request, response, name, &config, 201);
}

void connect_put_config(void *context, struct net_request *request, struct net_response *response)
{
    const bool exists = connector_exists(context, request->arena, request->params[0]);
    struct properties config;
    struct why why = {0};
    properties_init(&config, request->arena);
    const enum err err = sink_config_read(request->body, &config, &why);
    if (err)
        connect_failure(response, err, &why);
    else
        define(context, request, response, request->params[0], &config, exists ? 200 : 201);
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
    if (!connector_exists(api, arena, name))
        return why_set(why, ERR_NOT_FOUND, "there is no such sink");
    if (str_equal(action, STR("pause")) || str_equal(action, STR("resume")))
        return run_statement(api, str_equal(action, STR("pause")) ? "PAUSE" : "RESUME", name, arena,
                             why);
    if (str_equal(action, STR("restart")) && api->options.sinks)
        return sinks_restart(api->options.sinks, name, why);
    return why_set(why, ERR_NOT_FOUND, "a sink can pause, resume and restart");
}

void connect_put_action(void *context, struct net_request *request, struct net_response *response)
{
    struct connector known;
    struct why why = {0};
    if (!connector_get(context, request, response, &known))
        return;
    const struct str action = request->params[1];
    if (!str_equal(action, STR("pause")) && !str_equal(action, STR("resume"))) {
        connect_error(response, 404, STR("HTTP 404 Not Found"));
        return;
    }
    const enum err err =
        connector_control(context, request->params[0], action, request->arena, &why);
    if (err)
        connect_failure(response, err, &why);
    else
        net_respond(response, 202, CONNECT_TYPE, STR(""));
}

/* Of the connector or of its one task: they are the same. */
void connect_restart(void *context, struct net_request *request, struct net_response *response)
{
    struct connector known;
    struct why why = {0};
    if (!connector_get(context, request, response, &known))
        return;
    const enum err err =
        connector_control(context, request->params[0], STR("restart"), request->arena, &why);
    if (err)
        connect_failure(response, err, &why);
    else
        net_respond(response, 204, CONNECT_TYPE, STR(""));
}

void connect_delete(void *context, struct net_request *request, struct net_response *response)
{
    struct connector known;
    struct why why = {0};
    if (!connector_get(context, request, response, &known))
        return;
    const enum err err = run_statement(context, "DROP", request->params[0], request->arena, &why);
    if (err)
        connect_failure(response, err, &why);
    else
        net_respond(response, 204, CONNECT_TYPE, STR(""));
}
