/* ksql.c -- POST /ksql: statements, answered by a list of entities. */
#include "api/entity.h"
#include "api/request.h"
#include "api/status.h"
#include "base/json.h"

struct ksql_run {
    struct api *api;
    struct buf entities; /* "[{...},{...}" */
    uint32_t count;
};

static bool on_answer(void *context, const struct statement *statement, const struct answer *answer)
{
    struct ksql_run *run = context;
    const size_t before = run->entities.size;
    if (run->count > 0)
        buf_append_byte(&run->entities, ',');
    if (entity_write(statement, answer, net_server_address(run->api->server), &run->entities))
        run->count++;
    else
        run->entities.size = before;
    if (answer->kind == ANSWER_MESSAGE)
        status_note(&run->api->status, statement, answer);
    return true;
}

/* SELECT and PRINT have a path of their own, as in ksqlDB. */
static bool has_query(struct ksql_request *request, struct arena *arena)
{
    struct statement *statements;
    uint32_t count;
    if (sql_parse(request->text, &request->session.variables, arena, &statements, &count, NULL))
        return false; /* what is wrong with it, executing it says */
    for (uint32_t i = 0; i < count; i++)
        if (statements[i].kind == STATEMENT_SELECT || statements[i].kind == STATEMENT_PRINT)
            return true;
    return false;
}

static void post_ksql(void *context, struct net_request *request, struct net_response *response)
{
    struct ksql_run run = {.api = context};
    struct ksql_request asked;
    struct why why = {0};
    if (!ksql_request_read(request, response, &asked))
        return;
    if (has_query(&asked, request->arena)) {
        error_respond(response, 40002,
                      STR("SELECT and PRINT are answered at /query and /query-stream"));
        return;
    }
    enum err err =
        engine_await_command(run.api->options.engine, asked.command_number, COMMAND_MS_MAX, &why);
    if (err == OK)
        err = engine_execute(run.api->options.engine, &asked.session, asked.text, on_answer, &run,
                             &why);
    if (err) {
        statement_error_respond(response, err, &why, asked.text, buf_str(&run.entities));
    } else {
        struct buf json = {0};
        buf_append_byte(&json, '[');
        buf_append_str(&json, buf_str(&run.entities));
        buf_append_byte(&json, ']');
        json_respond(response, request, &json);
        buf_release(&json);
    }
    buf_release(&run.entities);
}

/* /is_valid_property/{name}: true, or why not. */
static void get_is_valid_property(void *context, struct net_request *request,
                                  struct net_response *response)
{
    struct why why = {0};
    (void)context;
    if (engine_check_setting(request->params[0], STR(""), &why))
        error_respond(response, 40000, str_from(why.text));
    else
        net_respond(response, 200, json_type(request), STR("true"));
}

static const struct net_route table[] = {
    {NET_POST, "/ksql", post_ksql, 0},
    {NET_GET, "/is_valid_property/{name}", get_is_valid_property, 0},
};
const struct api_routes ksql_routes = API_ROUTES(table);
