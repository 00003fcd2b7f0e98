/* prepared.h -- what an operator made of whole batches before it runs their rows in pieces.
 *
 * It lives in the batch's arena; a batch is forgotten when the last of its selected rows is run.
 * [worker] */
#ifndef FLOW_PREPARED_H
#define FLOW_PREPARED_H

#include "data/batch.h"

#include <stdint.h>

struct prepared_batch {
    const struct batch *batch;
    void *made;
    uint32_t left; /* rows to run */
};

/* {0} is valid and empty. */
struct prepared {
    struct prepared_batch *batches;
    uint32_t count;
    uint32_t capacity;
};

void prepared_release(struct prepared *prepared);
/* All rows that are selected now will be run. */
void prepared_add(struct prepared *prepared, const struct batch *batch, void *made);
/* What was made of the batch, whose selected rows are run now; it was added. */
void *prepared_take(struct prepared *prepared, const struct batch *batch);

#endif
