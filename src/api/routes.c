/* routes.c -- puts tables of routes together. */
#include "api/routes.h"

struct api_routes routes_gather(const struct api_routes *const *tables, size_t table_count,
                                struct arena *arena)
{
    uint32_t count = 0;
    for (size_t i = 0; i < table_count; i++)
        count += tables[i]->count;
    struct net_route *routes = ARENA_ARRAY(arena, struct net_route, count);
    count = 0;
    for (size_t i = 0; i < table_count; i++)
        for (uint32_t j = 0; j < tables[i]->count; j++)
            routes[count++] = tables[i]->routes[j];
    return (struct api_routes){.routes = routes, .count = count};
}
