/* api.h -- what the process shows and takes over HTTP. The room's door.
 *
 * ksqlDB's REST API, documents, feed and page, each a file that ends in its table of routes; api.c
 * lists the tables. Handlers run in request threads [http]; they reach queries through the engine,
 * records through members of their own, and share nothing else with workers. */
#ifndef API_API_H
#define API_API_H

#include "engine/engine.h"
#include "net/net.h"
#include "sink/sink.h"

struct api;

struct api_options {
    struct str listen;          /* "127.0.0.1:8088"; port 0: any that is free */
    struct str registry_listen; /* the same for the Schema Registry's API; size 0: not served */
    bool registry_is_optional;  /* its port is in use: a warning, no failure */
    struct str connect_listen;  /* the same for Kafka Connect's API */
    bool insecure;              /* an address that is not loopback is meant */
    struct engine *engine;
    struct log *log;
    const char *directory; /* the data directory */
    struct registry *registry;
    struct sinks *sinks;          /* NULL: none run here */
    const struct net_file *files; /* the page, as the build made it; path "/" is the page itself */
    uint32_t file_count;
    const char *dashboard_path; /* "pipeline/dashboard.json"; read again when it changes */
};

/* The page as the build made it. */
extern const struct net_file page_files[];
extern const uint32_t page_file_count;

/* Listens and serves. All in `options` outlives the api. Errors as net_server_open. */
MUST_CHECK enum err api_open(const struct api_options *options, struct api **ret_api,
                             struct why *why);
/* "http://127.0.0.1:8088/", valid until it is closed. */
struct str api_url(const struct api *api);
/* "http://127.0.0.1:8081/"; size 0: not served. */
struct str api_registry_url(const struct api *api);
/* "http://127.0.0.1:8083/"; size 0: not served. */
struct str api_connect_url(const struct api *api);
/* Ends what clients still ask, then closes. Before the engine. NULL is fine. */
void api_close(struct api *api);

#endif
