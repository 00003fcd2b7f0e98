/* places.h -- which places of a query are this process's: those of the partitions its group gives
 * it.
 *
 * A place comes with the same partition of its stage's first input. A stage that gathers reads all
 * partitions in one task: it is where partition 0 of its first input is. */
#ifndef FLOW_PLACES_H
#define FLOW_PLACES_H

#include "base/err.h"

struct flow_query;

/* Joins the query's group; a push query has no group, and all places. From then on places come and
 * go, from any thread; workers build and free their tasks. [control] */
MUST_CHECK enum err places_join(struct flow_query *query, struct why *why);
/* After the workers have left its places: none comes any more. [control] */
void places_leave(struct flow_query *query);

#endif
