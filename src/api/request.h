/* request.h -- what ksqlDB's clients send: statements with properties and variables, as JSON. */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include "api/inside.h"

/* {"ksql" or "sql": text, "streamsProperties" or "properties": {...}, "sessionVariables": {...},
 * "queryId": ..., "target": ..., "commandSequenceNumber": N}; members nobody asks for are skipped.
 */
struct ksql_request {
    struct str text;
    struct str query_id;
    struct str target;
    int64_t
        command_number; /* the last that the client knows of: it is to be run before; -1: none */
    struct session session; /* with the properties set and the variables defined */
};

/* Fills it in, in the arena. ERR_MALFORMED, ERR_INVALID (a property) with words. */
MUST_CHECK enum err ksql_request_parse(struct str body, struct arena *arena,
                                       struct ksql_request *ret_request, struct why *why);
/* The same; answers a request that is none, and says false. */
bool ksql_request_read(const struct net_request *request, struct net_response *response,
                       struct ksql_request *ret_request);

#endif
