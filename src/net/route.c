/* route.c -- the table of routes: which entry a path and a method mean. */
#include "net/server.h"

bool method_parse(struct str text, enum net_method *ret_method, bool *ret_is_head)
{
    static const struct str names[NET_METHOD_COUNT] = {
        [NET_GET] = STR_INIT("GET"),     [NET_POST] = STR_INIT("POST"),
        [NET_PUT] = STR_INIT("PUT"),     [NET_DELETE] = STR_INIT("DELETE"),
        [NET_PATCH] = STR_INIT("PATCH"),
    };
    *ret_is_head = str_equal(text, STR("HEAD"));
    if (*ret_is_head) {
        *ret_method = NET_GET;
        return true;
    }
    for (int i = 0; i < NET_METHOD_COUNT; i++) {
        if (!str_equal(names[i], text))
            continue;
        *ret_method = (enum net_method)i;
        return true;
    }
    return false;
}

/* Takes "/segment" off; false: nothing left. */
static bool take_segment(struct str *path, struct str *ret_segment)
{
    if (path->size == 0 || path->data[0] != '/')
        return false;
    const struct str rest = {path->data + 1, path->size - 1};
    *ret_segment = (struct str){rest.data, str_index(rest, '/')};
    *path = (struct str){rest.data + ret_segment->size, rest.size - ret_segment->size};
    return true;
}

/* Whether the pattern takes the path; what its {x} take, still encoded. */
static bool match(struct str pattern, struct str path, struct str *params, uint32_t *ret_count)
{
    struct str wanted;
    struct str segment;
    *ret_count = 0;
    while (take_segment(&pattern, &wanted)) {
        const struct str all = path;
        if (!take_segment(&path, &segment))
            return false;
        if (wanted.size == 0 || wanted.data[0] != '{') {
            if (!str_equal(wanted, segment))
                return false;
            continue;
        }
        must(*ret_count < NET_PARAMS_MAX);
        if (str_ends_with(wanted, STR("...}"))) {
            params[(*ret_count)++] = (struct str){all.data + 1, all.size - 1};
            return true;
        }
        if (segment.size == 0)
            return false;
        params[(*ret_count)++] = segment;
    }
    return path.size == 0;
}

int route_find(const struct net_server *server, struct net_response *response)
{
    struct net_request *request = &response->request;
    struct str params[NET_PARAMS_MAX];
    uint32_t count = 0;
    bool has_path = false;
    for (uint32_t i = 0; i < server->options.route_count && !response->route; i++) {
        const struct net_route *route = &server->options.routes[i];
        if (!match(str_from(route->pattern), request->path, params, &count))
            continue;
        has_path = true;
        if (route->method == request->method)
            response->route = route;
    }
    if (!response->route)
        return has_path ? 405 : 404;
    for (uint32_t i = 0; i < count; i++)
        if (net_percent_decode(params[i], request->arena, &request->params[i]) != OK)
            return 400;
    request->param_count = count;
    return 0;
}
