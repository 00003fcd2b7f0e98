/* prepared.h -- what an operator made of whole batches before it runs their rows in pieces.
 *
 * It lives in the batch's arena; the list is forgotten when the operator drains. [worker] */
#ifndef FLOW_PREPARED_H
#define FLOW_PREPARED_H

#include "data/batch.h"

#include <stdint.h>

struct prepared_batch {
    const struct batch *batch;
    void *made;
};

/* {0} is valid and empty. */
struct prepared {
    struct prepared_batch *batches;
    uint32_t count;
    uint32_t capacity;
};

void prepared_release(struct prepared *prepared);
void prepared_add(struct prepared *prepared, const struct batch *batch, void *made);
/* What was last added for the batch; it was. */
void *prepared_find(const struct prepared *prepared, const struct batch *batch);
static inline void prepared_clear(struct prepared *prepared)
{
    prepared->count = 0;
}

#endif
