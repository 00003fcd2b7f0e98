/* remote.h -- what the remote registry's own files share; nobody else includes it.
 *
 * Two ways to ask, each with HTTP clients of its own. Callers of the seam ask in their own thread,
 * one at a time, and are told within a few tries. Schemas by id are fetched by one thread [fetch]:
 * whoever decodes records must not wait for a registry that is away. It asks for ids that somebody
 * wants until it has them, with back-off and full jitter; a caller waits a moment for an id that is
 * new, and not at all while the registry is known to be away. What an id means never changes, so
 * it is kept for ever. */
#ifndef REGISTRY_REMOTE_H
#define REGISTRY_REMOTE_H

#include "base/buf.h"
#include "base/map.h"
#include "base/properties.h"
#include "base/random.h"
#include "net/http_client.h"
#include "registry/registry.h"

#include <pthread.h>
#include <stdatomic.h>

#define URLS_MAX 16
#define WANTED_MAX 1024 /* ids asked for and not known */

/* The addresses with clients of one way to ask. */
struct lane {
    struct http_client *clients[URLS_MAX];
    uint32_t count;
    uint32_t preferred;    /* the one that answered last */
    int64_t not_before_ns; /* a registry that is busy said when it wants to be asked again */
    struct random random;
};

/* An id that somebody wants. */
struct wanted {
    int32_t id;
    int64_t next_ns; /* when it is asked for; for those that failed, when again */
    int64_t backoff_ms;
    enum err err; /* what the last try said; OK: none has ended yet */
    char words[300];
};

/* remote_token.c: a token that is got elsewhere and renewed; without a client: none is wanted. */
struct remote_token {
    struct http_client *client; /* of who gives tokens; guarded by the lock, as all below */
    struct buf form;            /* what it is asked */
    int64_t buffer_s;           /* how long before its end a token is not used any more */
    pthread_mutex_t lock;
    struct buf header; /* "Authorization: Bearer ..."; size 0: none is known */
    int64_t until_ns;
};

struct remote_registry {
    struct registry base; /* first */
    int64_t patience_ms;
    atomic_bool closing;
    struct remote_token token;
    char *cluster_header;  /* "target-sr-cluster: ...", or NULL */
    char *identity_header; /* "Confluent-Identity-Pool-Id: ...", or NULL */

    pthread_mutex_t call_lock; /* guards `call` */
    struct lane call;

    pthread_t fetch_thread;
    bool fetch_started;
    struct lane fetch; /* of the fetch thread alone */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct map schemas; /* id, 4 bytes -> struct avro_schema */
    struct map drafts;  /* subject, NUL, body of a registration -> its id, as a pointer */
    struct wanted *wanted;
    uint32_t wanted_count;
    bool is_away; /* the last exchange of any way came to nothing */
};

/* remote.c */
struct remote_registry *remote_of(struct registry *registry);

/* remote_ask.c: one request with its retries. */

/* What came back. */
struct remote_answer {
    int status;
    int code;               /* of an error's body; 0: none */
    int64_t retry_after_ms; /* how long it wants to be left alone; 0: it does not say */
    int64_t date_ms;        /* when the server says it said so; 0: it does not */
    struct buf body;
};

struct remote_request {
    const char *method;
    struct str path; /* encoded, from the base URL on */
    struct str body; /* size 0: none */
    uint32_t tries_max;
    bool is_optional; /* not every registry has the path: a bare 404 is an answer */
};

/* A setting of the registry's own, else of all clients; size 0: not said. */
struct str remote_setting(const struct properties *settings, const char *name);
MUST_CHECK enum err lane_open(struct lane *lane, const struct properties *settings,
                              struct why *why);
void lane_close(struct lane *lane);
/* Certificates, in the arena. ERR_SETTING. */
MUST_CHECK enum err remote_read_tls(const struct properties *settings, struct arena *arena,
                                    struct http_tls *ret_tls, struct why *why);
/* The headers that say for whom. */
void remote_read_headers(struct remote_registry *registry, const struct properties *settings);
/* Full jitter: anything from none to all of it. */
int64_t remote_jitter_ms(struct random *random, int64_t backoff_ms);
/* OK when an answer came that is a registry's, whatever it says: answer->status is 2xx, or the
 * error's; the caller releases its body. ERR_UNAVAILABLE after tries_max tries, ERR_DENIED when the
 * login or a certificate is refused, ERR_CLOSED while the registry closes: there is no body then,
 * and the status of the last try, 0 when no answer came. */
MUST_CHECK enum err lane_ask(struct remote_registry *registry, struct lane *lane,
                             const struct remote_request *request, struct remote_answer *ret_answer,
                             struct why *why);
/* The same in the caller's thread; sets tries_max. */
MUST_CHECK enum err remote_ask(struct remote_registry *registry, struct remote_request *request,
                               struct remote_answer *ret_answer, struct why *why);
/* A registry's refusal as one of ours, with its message for words. */
MUST_CHECK enum err remote_fail(const struct remote_answer *answer, struct why *why);
/* Percent-encoded for a path's segment. */
void remote_encode(struct str text, struct buf *buf);

/* remote_token.c */
/* Asks nobody yet. ERR_SETTING; close it all the same. */
MUST_CHECK enum err remote_token_open(struct remote_token *token, const struct properties *settings,
                                      struct why *why);
void remote_token_close(struct remote_token *token);
/* The header that has the token, in the arena; NULL: none is wanted. May ask, for at most 5 s.
 * ERR_DENIED, ERR_UNAVAILABLE. [any] */
MUST_CHECK enum err remote_token_get(struct remote_token *token, struct arena *arena,
                                     const char **ret_header, struct why *why);
/* The registry did not take it: the next one to ask gets another. [any] */
void remote_token_refused(struct remote_token *token, const char *header);

/* remote_json.c: bodies. Everything read is in the arena. */
MUST_CHECK enum err remote_read_version(struct str body, struct arena *arena,
                                        struct registry_version *ret_version, struct why *why);
MUST_CHECK enum err remote_read_numbers(struct str body, struct arena *arena, int32_t **ret_numbers,
                                        size_t *ret_count, struct why *why);
MUST_CHECK enum err remote_read_texts(struct str body, struct arena *arena, struct str **ret_texts,
                                      size_t *ret_count, struct why *why);
/* The text that stands under `name`; size 0: none. */
MUST_CHECK enum err remote_read_word(struct str body, struct str name, struct arena *arena,
                                     struct str *ret_word, struct why *why);
/* Whether `name` is true; the text of `messages` beside it. */
MUST_CHECK enum err remote_read_verdict(struct str body, struct arena *arena, bool *ret_compatible,
                                        struct str *ret_message, struct why *why);
/* [{"subject":...,"version":...}] */
MUST_CHECK enum err remote_read_places(struct str body, struct arena *arena,
                                       struct registry_version **ret_versions, size_t *ret_count,
                                       struct why *why);
void remote_write_draft(const struct registry_draft *draft, struct buf *buf);

/* remote_fetch.c: schemas by id. */
MUST_CHECK enum err remote_by_id(struct registry *base, int32_t id,
                                 const struct avro_schema **ret_schema, struct why *why);
MUST_CHECK enum err remote_fetch_start(struct remote_registry *registry, struct why *why);
void remote_fetch_stop(struct remote_registry *registry);
/* Takes the schema of an id. */
void remote_keep(struct remote_registry *registry, int32_t id, struct avro_schema *schema);
/* The registry has answered, or not: parked ids are asked for again at once, or not waited for. */
void remote_note(struct remote_registry *registry, bool is_away);

#endif
