/* sink.h -- connectors: committed records of topics, written as documents. The room's door. */
#ifndef SINK_SINK_H
#define SINK_SINK_H

#include "base/counters.h"
#include "base/properties.h"
#include "log/log.h"
#include "registry/registry.h"
#include "sink/target.h"

struct sink;

/* What a topic's records look like to a sink. From the engine's catalog: format and whether it is a
 * table. A topic the catalog does not know is decoded by its converters' settings. */
struct record_format;
struct sink_catalog {
    void *context;
    /* Copies into the arena. ERR_NOT_FOUND. */
    enum err (*topic_format)(void *context, struct str topic, struct arena *arena,
                             struct record_format *ret_format, bool *ret_is_table);
};

/* Checks a connector's properties (mongo-kafka's names): unknown ones are ERR_INVALID with
 * did-you-mean, contradictions too. */
MUST_CHECK enum err sink_check(const struct properties *properties, struct why *why);

/* The MongoDB a connector's properties name, with its password, in the arena; size 0: none. Never
 * to be shown. ERR_INVALID. */
MUST_CHECK enum err sink_connection(const struct properties *properties, struct arena *arena,
                                    struct str *ret_uri, struct why *why);

struct sink_options {
    struct str name; /* of the connector */
    const struct properties *properties;
    struct log *log;
    struct registry *registry;
    struct target *target; /* outlives the sink */
    const struct sink_catalog *catalog;
};

/* Starts it, in a thread of its own. Topics that do not exist yet are waited for. */
MUST_CHECK enum err sink_start(const struct sink_options *options, struct sink **ret_sink,
                               struct why *why);
/* Finishes what it is writing and stops. Frees it. NULL is fine. */
void sink_stop(struct sink *sink);
void sink_pause(struct sink *sink, bool paused);
/* Stops it and starts it where its target says it was, also after it failed and when it was
 * paused. [any] */
MUST_CHECK enum err sink_restart(struct sink *sink, struct why *why);
/* Waits until all that was committed before the call has been delivered. ERR_AGAIN on time-out;
 * ERR_ABORTED when the sink has failed. [any] */
MUST_CHECK enum err sink_wait_idle(struct sink *sink, int64_t timeout_ms);

enum sink_state { SINK_RUNNING, SINK_PAUSED, SINK_WAITING /* for its target */, SINK_FAILED };

struct sink_status {
    enum sink_state state;
    struct why why;
    uint64_t documents; /* written by this process */
    uint64_t dead_letters;
    int64_t lag_records;
};
void sink_get_status(struct sink *sink, struct sink_status *ret_status);

/* The connector's name; valid until the sink is stopped. */
struct str sink_name(const struct sink *sink);
/* From which topics there are into which collections; in the arena. [any] */
struct sink_ways {
    struct str *topics;
    struct str *collections;
    uint32_t count;
};
void sink_get_ways(const struct sink *sink, struct arena *arena, struct sink_ways *ret_ways);

#endif
