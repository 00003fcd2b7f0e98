/* status.h -- the line that `up` shows every second. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "cli/world.h"
#include "generator/generator.h"

/* A word and the pull query whose first cell stands beside it; from pipeline/status.properties. */
struct status {
    struct world *world;
    struct arena arena; /* of one showing */
    struct properties items;
    struct session session;
    uint64_t records_before;
    uint64_t documents_before; /* delivered by earlier processes */
    int64_t shown_ns;
    bool is_told; /* that an item's query is wrong: once is enough */
};

void status_init(struct status *status, struct invocation *invocation, struct world *world);
void status_release(struct status *status);
/* progress: NULL without a generator. */
void status_show(struct status *status, const struct generator_progress *progress);

#endif
