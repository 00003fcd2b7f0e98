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
    bool paused; /* it starts paused */
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
    uint64_t documents;        /* written by this process */
    uint64_t documents_before; /* and by those before, as far as positions tell */
    uint64_t dead_letters;
    int64_t lag_records;
};
void sink_get_status(struct sink *sink, struct sink_status *ret_status);

/* From which topics there are into which collections; in the arena. [any] */
struct sink_ways {
    struct str *topics;
    struct str *collections;
    uint32_t count;
};
void sink_get_ways(const struct sink *sink, struct arena *arena, struct sink_ways *ret_ways);

/* A connector as Connect's REST takes it: {"name":"x","config":{"topics":"t"}}, or the config
 * alone; sets the config's properties, in its arena. ERR_INVALID. */
MUST_CHECK enum err sink_definition_read(struct str json, struct str *ret_name,
                                         struct properties *config, struct why *why);
MUST_CHECK enum err sink_config_read(struct str json, struct properties *config, struct why *why);

/* -- sinks: the connectors that a process runs, by name -- */

struct sinks;

struct sinks_options {
    struct log *log;
    struct registry *registry;
    const struct sink_catalog *catalog;
    /* The target of a connector with these properties; it outlives all sinks. */
    enum err (*open_target)(void *context, const struct properties *properties,
                            struct target **ret_target, struct why *why);
    void *context;
};

struct sinks *sinks_new(const struct sinks_options *options);
/* Stops them all. NULL is fine. */
void sinks_free(struct sinks *sinks);
/* Starts a connector unless this definition (`id`) or a later one of that name is there; an earlier
 * one is stopped first. ${...} in its values are resolved. What fails is its state. [any] */
void sinks_start(struct sinks *sinks, struct str name, int64_t id,
                 const struct properties *properties, bool paused);
/* Stops it if it is this definition or an earlier one. [any] */
void sinks_stop(struct sinks *sinks, struct str name, int64_t id);
/* Does not wait. [any] */
void sinks_pause(struct sinks *sinks, struct str name, bool paused);
/* As sink_restart; what could not be started is tried again. ERR_NOT_FOUND. [any] */
MUST_CHECK enum err sinks_restart(struct sinks *sinks, struct str name, struct why *why);
/* ERR_AGAIN on time-out; ERR_ABORTED when one has failed: why says which, and its reason. */
MUST_CHECK enum err sinks_wait_idle(struct sinks *sinks, int64_t timeout_ms, struct why *why);

struct sink_info {
    struct str name;
    struct sink_status status;
    struct sink_ways ways;
};
/* All of them in order of name, in the arena. [any] */
void sinks_list(struct sinks *sinks, struct arena *arena, struct sink_info **ret_infos,
                uint32_t *ret_count);
/* What one's target says of its positions, in the arena. ERR_NOT_FOUND, and as the target. [any] */
MUST_CHECK enum err sinks_positions(struct sinks *sinks, struct str name, struct arena *arena,
                                    struct target_position **ret_positions, uint32_t *ret_count,
                                    struct why *why);
/* The target of the sink that writes this collection, else of any; NULL: there is none. [any] */
struct target *sinks_target(struct sinks *sinks, struct str collection);

#endif
