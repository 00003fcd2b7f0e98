/* registry_server.c -- Schema Registry's REST API over the registry's seam.
 *
 * Serialisers register and look up, deserialisers ask by id, tools list, check and delete. A
 * context is a prefix of a subject's name here: ids are one sequence for all. */
#include "api/registry_server.h"
#include "api/registry_answer.h"
#include "base/json.h"
#include "base/memory.h"

/* The clients' own word for what a registry speaks: new enough for guids and headers. */
#define API_VERSION "8.0.0"

static void get_root(void *context, struct net_request *request, struct net_response *response)
{
    (void)context;
    registry_respond_text(request, response, STR("{}"));
}

/* ":.context:subject" */
static struct str context_of(struct str subject)
{
    if (!str_starts_with(subject, STR(":.")))
        return STR(".");
    const struct str rest = {subject.data + 1, subject.size - 1};
    return (struct str){rest.data, str_index(rest, ':')};
}

static void get_contexts(void *context, struct net_request *request, struct net_response *response)
{
    const struct registry_filter every = {0};
    struct registry_version *all;
    size_t count;
    struct str last = STR(".");
    if (!registry_list_or_fail(context, &every, request, response, &all, &count))
        return;
    struct buf body = {0};
    buf_append_str(&body, STR("[\".\""));
    for (size_t i = 0; i < count; i++) {
        const struct str at = context_of(all[i].subject);
        if (str_equal(at, STR(".")) || str_equal(at, last))
            continue;
        buf_append_byte(&body, ',');
        json_write_string(&body, at);
        last = at;
    }
    buf_append_byte(&body, ']');
    registry_respond(request, response, &body);
}

static void get_id(void *context, struct net_request *request, struct net_response *response)
{
    (void)context;
    registry_respond_text(request, response,
                          STR("{\"id\":\"\",\"scope\":{\"path\":[],\"clusters\":{"
                              "\"kafka-cluster\":\"drivethru\","
                              "\"schema-registry-cluster\":\"schema-registry\"}}}"));
}

static void get_version(void *context, struct net_request *request, struct net_response *response)
{
    (void)context;
    registry_respond_text(
        request, response,
        STR("{\"version\":\"" API_VERSION "\",\"commitId\":\"drivethru-" DRIVETHRU_VERSION "\"}"));
}

static const struct net_route table[] = {
    {NET_GET, "/", get_root, 0},
    {NET_POST, "/", get_root, 0},
    {NET_GET, "/contexts", get_contexts, 0},
    {NET_GET, "/v1/metadata/id", get_id, 0},
    {NET_GET, "/v1/metadata/version", get_version, 0},
};
static const struct api_routes own_routes = API_ROUTES(table);

static const struct api_routes *const tables[] = {&own_routes, &registry_schema_routes,
                                                  &registry_subject_routes, &registry_rule_routes};
#define TABLE_COUNT (sizeof(tables) / sizeof(tables[0]))

struct registry_server {
    struct net_server *server;
    struct arena arena;
};

enum err registry_server_open(struct registry *registry, struct str listen, bool insecure,
                              struct registry_server **ret_served, struct why *why)
{
    struct registry_server *served = MEMORY_NEW(struct registry_server);
    arena_init(&served->arena, 0);
    const struct api_routes all = routes_gather(tables, TABLE_COUNT, &served->arena);
    const struct net_options options = {
        .listen = listen,
        .flag = "--registry-listen",
        .insecure = insecure,
        .routes = all.routes,
        .route_count = all.count,
        .context = registry,
        .write_error = registry_write_refusal,
    };
    enum err err = net_server_open(&options, &served->server, why);
    if (!err)
        err = net_server_start(served->server, why);
    if (err) {
        registry_server_close(served);
        return err;
    }
    *ret_served = served;
    return OK;
}

struct str registry_server_address(const struct registry_server *served)
{
    return net_server_address(served->server);
}

void registry_server_close(struct registry_server *served)
{
    if (!served)
        return;
    net_server_close(served->server);
    arena_release(&served->arena);
    free(served);
}
