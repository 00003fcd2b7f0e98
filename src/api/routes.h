/* routes.h -- tables of routes, and all that a server has. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "base/arena.h"
#include "net/net.h"

/* A file's table. */
struct api_routes {
    const struct net_route *routes;
    uint32_t count;
};
#define API_ROUTES(table)                                                                          \
    {                                                                                              \
        .routes = table, .count = (uint32_t)(sizeof(table) / sizeof((table)[0]))                   \
    }

/* One table after another, in the arena. */
struct api_routes routes_gather(const struct api_routes *const *tables, size_t table_count,
                                struct arena *arena);

#endif
