/* prepared.c -- a short list, searched from its end: few batches are open at a time. */
#include "flow/prepared.h"

#include "base/memory.h"

void prepared_release(struct prepared *prepared)
{
    free(prepared->batches);
    *prepared = (struct prepared){0};
}

void prepared_add(struct prepared *prepared, const struct batch *batch, void *made)
{
    if (prepared->count == prepared->capacity) {
        prepared->capacity = prepared->capacity ? prepared->capacity * 2 : 4;
        prepared->batches =
            memory_realloc(prepared->batches, prepared->capacity * sizeof(*prepared->batches));
    }
    prepared->batches[prepared->count++] = (struct prepared_batch){.batch = batch, .made = made};
}

void *prepared_find(const struct prepared *prepared, const struct batch *batch)
{
    uint32_t at = prepared->count;
    while (at > 0 && prepared->batches[at - 1].batch != batch)
        at--;
    must(at > 0);
    return prepared->batches[at - 1].made;
}
