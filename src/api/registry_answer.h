/* registry_answer.h -- what the handlers of Schema Registry's REST API share: reading and saying.
 *
 * Handlers get the struct registry as their context. A function that gives false has answered. */
#ifndef API_REGISTRY_ANSWER_H
#define API_REGISTRY_ANSWER_H

#include "api/routes.h"
#include "net/net.h"
#include "registry/registry.h"

/* Confluent's numbers: HTTP's status × 100 and what it is about. */
enum registry_code {
    REGISTRY_BAD_BODY = 40000,
    REGISTRY_NO_SUBJECT = 40401,
    REGISTRY_NO_VERSION = 40402,
    REGISTRY_NO_SCHEMA = 40403,
    REGISTRY_SUBJECT_SOFT_DELETED = 40404,
    REGISTRY_SUBJECT_NOT_DELETED = 40405,
    REGISTRY_VERSION_SOFT_DELETED = 40406,
    REGISTRY_VERSION_NOT_DELETED = 40407,
    REGISTRY_NO_LEVEL = 40408,
    REGISTRY_NO_MODE = 40409,
    REGISTRY_INCOMPATIBLE = 40901,
    REGISTRY_BAD_SCHEMA = 42201,
    REGISTRY_BAD_VERSION = 42202,
    REGISTRY_BAD_LEVEL = 42203,
    REGISTRY_BAD_MODE = 42204,
    REGISTRY_NOT_PERMITTED = 42205,
    REGISTRY_REFERRED_TO = 42206,
    REGISTRY_OTHER_ID = 42207,
    REGISTRY_BAD_SUBJECT = 42208,
    REGISTRY_TOO_LARGE = 42209,
    REGISTRY_BAD_RULES = 42210,
    REGISTRY_STORE = 50001
};

/* -- saying -- */

/* 200 with the JSON, which is released. */
void registry_respond(const struct net_request *request, struct net_response *response,
                      struct buf *body);
void registry_respond_text(const struct net_request *request, struct net_response *response,
                           struct str text);
void registry_respond_error(struct net_response *response, enum registry_code code,
                            const char *format, ...) PRINTF_LIKE(3, 4);
/* What a call of the seam failed with. */
void registry_respond_failure(struct net_response *response, enum err err, const struct why *why);
/* For net_options. */
const char *registry_write_refusal(int status, enum net_refusal refusal, struct str message,
                                   struct buf *body);

/* {"subject":...,"version":...,"id":...,"schema":...}, and the like. */
void registry_write_version(const struct registry_version *version, struct buf *body);
/* What is the schema's and no version's: ,"guid":...,"references":...,"metadata":...,"schema":...
 */
void registry_write_schema(const struct registry_version *version, struct buf *body);

/* -- reading -- */

/* ?name=true, in the words of whatever language the client is written in. */
bool registry_asks(const struct net_request *request, struct str name);
/* params[0] as a subject: its name in the default context, or with its context before it. size 0
 * where the path has none. */
struct str registry_subject_of(const struct net_request *request);
bool registry_read_subject(const struct net_request *request, struct net_response *response,
                           struct str *ret_subject);
/* params[1] as a version: 0 is the latest. */
bool registry_read_version(const struct net_request *request, struct net_response *response,
                           int32_t *ret_version);
/* The schema in the body; borrowed from the request and its arena. */
bool registry_read_draft(const struct net_request *request, struct net_response *response,
                         struct registry_draft *ret_draft);
bool registry_list_or_fail(struct registry *registry, const struct registry_filter *filter,
                           const struct net_request *request, struct net_response *response,
                           struct registry_version **ret_versions, size_t *ret_count);
/* The versions that ?deleted and ?deletedOnly let through, kept in their order. */
size_t registry_keep_wanted(const struct net_request *request, struct registry_version *versions,
                            size_t count);
/* What ?offset and ?limit leave of `count` items: from *ret_begin to before *ret_end. */
void registry_page(const struct net_request *request, size_t count, size_t *ret_begin,
                   size_t *ret_end);

/* The parts' tables: handlers of subjects, schemas, and what is said of both. */
extern const struct api_routes registry_subject_routes, registry_schema_routes,
    registry_rule_routes;

#endif
