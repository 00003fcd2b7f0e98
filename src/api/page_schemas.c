/* page_schemas.c -- the registry's subjects, for the page: versions with their text. */
#include "api/inside.h"
#include "base/json.h"

static void write_version(const struct registry_version *version, struct buf *buf)
{
    buf_printf(buf, "{\"version\":%d,\"id\":%d,\"schema\":", version->version, version->id);
    json_write_string(buf, version->text);
    buf_append_byte(buf, '}');
}

/* "compatibility":"BACKWARD","versions":[...] */
static void get_schema(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct registry_version *versions;
    struct registry_rules rules;
    const struct registry_filter filter = {.subject = request->params[0]};
    size_t count = 0;
    struct why why = {0};
    struct buf buf = {0};
    enum err err =
        registry_list(api->options.registry, &filter, request->arena, &versions, &count, &why);
    if (err == OK)
        err = registry_rules_in_force(api->options.registry, filter.subject, &rules, &why);
    if (err) {
        error_respond(response, 50000, str_from(why.text));
        return;
    }
    buf_printf(&buf, "{\"compatibility\":\"%s\",\"versions\":[", compatibility_name(rules.level));
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_byte(&buf, ',');
        write_version(&versions[i], &buf);
    }
    buf_append_str(&buf, STR("]}"));
    if (count > 0)
        net_respond(response, 200, "application/json", buf_str(&buf));
    else
        error_respond(response, 40400, STR("there is no such subject"));
    buf_release(&buf);
}

static const struct net_route table[] = {
    {NET_GET, "/api/schemas/{subject}", get_schema, 0},
};
const struct api_routes page_schema_routes = API_ROUTES(table);
