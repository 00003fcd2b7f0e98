/* registry_server.h -- the registry as Confluent's clients know it, on a port of its own. */
#ifndef API_REGISTRY_SERVER_H
#define API_REGISTRY_SERVER_H

#include "net/net.h"
#include "registry/registry.h"

struct registry_server;

/* Listens and serves; the registry outlives it. Errors as net_server_open. */
MUST_CHECK enum err registry_server_open(struct registry *registry, struct str listen,
                                         bool insecure, struct registry_server **ret_served,
                                         struct why *why);
/* "127.0.0.1:8081", as long as it is open. */
struct str registry_server_address(const struct registry_server *served);
/* NULL is fine. */
void registry_server_close(struct registry_server *served);

#endif
