/* schema_registry.h -- the registry as Confluent's clients know it, on a port of its own. */
#ifndef API_SCHEMA_REGISTRY_H
#define API_SCHEMA_REGISTRY_H

#include "net/net.h"
#include "registry/registry.h"

/* Listens and serves; the registry outlives the server. Errors as net_server_open. */
MUST_CHECK enum err schema_registry_open(struct registry *registry, struct str listen,
                                         bool insecure, struct net_server **ret_server,
                                         struct why *why);

#endif
