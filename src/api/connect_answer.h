/* connect_answer.h -- what the files of Kafka Connect's REST API share. Inside api/ only. */
#ifndef API_CONNECT_ANSWER_H
#define API_CONNECT_ANSWER_H

#include "api/inside.h"

#define CONNECT_TYPE "application/json"

/* What Connect says of a connector. */
struct connector {
    const struct engine_connector *defined;
    const struct sink_info *info; /* NULL: it does not run here */
};

/* All in order of name, in the arena. */
uint32_t connectors_get(const struct api *api, struct arena *arena,
                        struct connector **ret_connector);
/* The one the path names. False: there is none of that name, and the client has been told. */
bool connector_get(const struct api *api, struct net_request *request,
                   struct net_response *response, struct connector *ret_connector);
bool connector_exists(const struct api *api, struct arena *arena, struct str name);

/* `"name":"value"` */
void connect_text(struct buf *json, const char *name, struct str value);
void connector_write_config(const struct properties *config, struct arena *arena, struct buf *json);
void connector_write_info(const struct connector *connector, struct arena *arena, struct buf *json);
/* "state":…,"worker_id":…[,"trace":…]: what is said of a connector and of its task alike. */
void connector_write_state(const struct api *api, const struct connector *connector,
                           struct buf *json);
void connector_write_status(const struct api *api, const struct connector *connector,
                            struct buf *json);

void connect_error(struct net_response *response, int status, struct str message);
void connect_failure(struct net_response *response, enum err err, const struct why *why);
/* Releases the buf. */
void connect_respond(struct net_response *response, int status, struct buf *json);

/* connect_change.c: handlers. */
void connect_post(void *context, struct net_request *request, struct net_response *response);
void connect_put_config(void *context, struct net_request *request, struct net_response *response);
void connect_put_action(void *context, struct net_request *request, struct net_response *response);
void connect_restart(void *context, struct net_request *request, struct net_response *response);
void connect_delete(void *context, struct net_request *request, struct net_response *response);

#endif
