/* connectors.h -- connectors of the engine run as sinks of this process. */
#ifndef CLI_CONNECTORS_H
#define CLI_CONNECTORS_H

#include "cli/world.h"

/* Does not move: others point into it. */
struct connectors {
    struct invocation *invocation;
    struct world *world;
    struct engine_connectors ops; /* for the engine's options */
    struct sink_catalog catalog;
    struct sinks *sinks; /* NULL until they are started */
};

void connectors_init(struct connectors *connectors, struct invocation *invocation,
                     struct world *world);
/* Starts what is defined; what fails is shown as its state. */
void connectors_start(struct connectors *connectors);
/* Defines those of the pipeline's files: .properties with a connector.class (and sink.properties),
 * .json of {"name","config"}. One that changed replaces what was defined. */
MUST_CHECK enum err connectors_define_files(struct connectors *connectors, engine_answer *on_answer,
                                            struct why *why);

#endif
