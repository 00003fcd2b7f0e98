/* inside.h -- the api's inside: what its files share. Not for other rooms. */
#ifndef API_INSIDE_H
#define API_INSIDE_H

#include "api/api.h"
#include "api/routes.h"
#include "api/status.h"

/* What a client that asks for a version is told: the ksqlDB whose dialect and API this speaks. */
#define API_KSQLDB_VERSION "0.29.0"

/* How long a request waits for statements that its client has sent to another process. */
#define COMMAND_MS_MAX 20000

struct feed;
struct registry_server;

struct api {
    struct api_options options;
    struct net_server *server;
    struct net_feed *net_feed;
    struct feed *feed; /* what the page shows */
    struct str url;
    struct registry_server *served_registry; /* NULL: the registry is not served */
    struct str registry_url;
    struct net_server *connect_server; /* NULL: Connect's API has no port of its own */
    struct arena arena;
    struct statuses status;
    struct counters counters;
    atomic_uint push_count; /* push queries being answered */
};

/* The files' tables. Handlers get the struct api as their context. */
extern const struct api_routes connect_routes, document_routes, file_routes, inserts_routes,
    ksql_routes, letter_routes, message_routes, page_routes, peer_routes, pipeline_routes,
    query_routes, page_schema_routes, server_routes, status_routes;

/* connect_server.c: opens the port of its own. Errors as net_server_open. */
MUST_CHECK enum err connect_open(struct api *api, struct why *why);
/* connect_change.c: pause, resume (which are kept) or restart a connector. ERR_NOT_FOUND,
 * ERR_INVALID. */
MUST_CHECK enum err connector_control(const struct api *api, struct str name, struct str action,
                                      struct arena *arena, struct why *why);

/* error.c: ksqlDB's errors. `code` is the HTTP status × 100 and a number: 40000, 40001, ... */
void error_respond(struct net_response *response, int code, struct str message);
/* What a statement failed with: 40001 with its text, place and the entities of those before it
 * ("{...},{...}"), or 50000 and up when it was not the statement's fault. */
void statement_error_respond(struct net_response *response, enum err err, const struct why *why,
                             struct str text, struct str entities);
/* Only the body; its content type. For net_options. */
const char *error_write(int status, enum net_refusal refusal, struct str message, struct buf *body);

/* "application/vnd.ksql.v1+json", or "application/json" for who takes only that. */
const char *json_type(const struct net_request *request);
/* Whether Accept names the type itself: one that takes anything does not. */
bool says_type(const struct net_request *request, const char *type);
/* 200 with the JSON. */
void json_respond(struct net_response *response, const struct net_request *request,
                  const struct buf *json);

#endif
