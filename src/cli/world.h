/* world.h -- what a command works on: the data directory opened with the backends settings name. */
#ifndef CLI_WORLD_H
#define CLI_WORLD_H

#include "cli/command.h"
#include "engine/engine.h"
#include "sink/sink.h"

#include <pthread.h>

#define WORLD_TARGETS_MAX 64

struct store;
struct connectors;

struct world_target {
    char *key; /* what it was opened with; never shown */
    struct target *target;
};

/* {0} is a closed world. */
struct world {
    struct store *store;
    struct log *log;
    struct registry *registry;
    struct engine *engine;
    struct connectors *connectors; /* with an engine */
    pthread_mutex_t target_lock;   /* what is below */
    struct world_target targets[WORLD_TARGETS_MAX];
    uint32_t target_count;
};

enum world_need {
    WORLD_LOG = 1,         /* log and registry; the directory is made when missing */
    WORLD_EXISTING = 2,    /* the directory must be there: ERR_NOT_FOUND */
    WORLD_QUERIES = 4,     /* this process runs the queries: ERR_LOCKED */
    WORLD_INTERACTIVE = 8, /* an engine with the command topic; else, with QUERIES, headless */
    WORLD_CATALOG = 16     /* an engine that only knows what another process may be running */
};

MUST_CHECK enum err world_open(struct invocation *invocation, unsigned need, struct world *world,
                               struct why *why);
/* Top to bottom: sink, engine, log, store. */
void world_close(struct world *world);

/* OK, or ERR_IO with words: the log cannot be written any more, and waiting does not help. */
MUST_CHECK enum err world_check(struct world *world, struct why *why);
/* OK when all that was made has been read, joined, committed and delivered; ERR_AGAIN when it was
 * not within about twice `timeout_ms`; anything else: it will never be. With connectors started. */
MUST_CHECK enum err world_rest(struct world *world, int64_t timeout_ms, struct why *why);

/* What documents go to: MongoDB where the sink's properties (NULL: there are none) or the settings
 * have a connection.uri, else --documents, else documents.sqlite in the data directory. Opened
 * once, closed with the world. [any] */
MUST_CHECK enum err world_open_target(struct invocation *invocation, struct world *world,
                                      const struct properties *sink, bool read_only,
                                      struct target **ret_target, struct why *why);

#endif
