/* schema_registry.h -- the registry as Confluent's clients know it, on a port of its own. */
#ifndef API_SCHEMA_REGISTRY_H
#define API_SCHEMA_REGISTRY_H

#include "net/net.h"
#include "registry/registry.h"

struct schema_registry;

/* Listens and serves; the registry outlives it. Errors as net_server_open. */
MUST_CHECK enum err schema_registry_open(struct registry *registry, struct str listen,
                                         bool insecure, struct schema_registry **ret_served,
                                         struct why *why);
/* "127.0.0.1:8081", as long as it is open. */
struct str schema_registry_address(const struct schema_registry *served);
/* NULL is fine. */
void schema_registry_close(struct schema_registry *served);

#endif
