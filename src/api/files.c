/* files.c -- the page: files that are in the program. What is not in their table is not there. */
#include "api/inside.h"

static const struct net_file *file_find(const struct api *api, struct str path)
{
    for (uint32_t i = 0; i < api->options.file_count; i++)
        if (str_equal(str_from(api->options.files[i].path), path))
            return &api->options.files[i];
    return NULL;
}

static void get_root(void *context, struct net_request *request, struct net_response *response)
{
    const struct net_file *page = file_find(context, STR("/"));
    /* What says only that it takes anything is a ksqlDB client. */
    if (page && says_type(request, "text/html")) {
        net_respond_file(response, request, page);
        return;
    }
    net_add_header(response, STR("location"), STR("/info"));
    net_respond(response, 307, NULL, STR(""));
}

static void get_file(void *context, struct net_request *request, struct net_response *response)
{
    const struct net_file *file = file_find(context, request->path);
    if (file)
        net_respond_file(response, request, file);
    else
        error_respond(response, 40400, STR("there is nothing at this path"));
}

static const struct net_route table[] = {
    {NET_GET, "/", get_root, 0},
    {NET_GET, "/{path...}", get_file, 0},
};
const struct api_routes file_routes = API_ROUTES(table);
