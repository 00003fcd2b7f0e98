/* prepared.c -- a short list: few batches are open at a time. */
#include "flow/prepared.h"

#include "base/memory.h"

void prepared_release(struct prepared *prepared)
{
    free(prepared->batches);
    *prepared = (struct prepared){0};
}

void prepared_add(struct prepared *prepared, const struct batch *batch, void *made)
{
    if (batch->selected_count == 0)
        return;
    /* One that was never run to its end may have stood at the same place. */
    for (uint32_t i = prepared->count; i-- > 0;)
        if (prepared->batches[i].batch == batch)
            prepared->batches[i] = prepared->batches[--prepared->count];
    if (prepared->count == prepared->capacity) {
        prepared->capacity = prepared->capacity ? prepared->capacity * 2 : 4;
        prepared->batches =
            memory_realloc(prepared->batches, prepared->capacity * sizeof(*prepared->batches));
    }
    prepared->batches[prepared->count++] =
        (struct prepared_batch){.batch = batch, .made = made, .left = batch->selected_count};
}

void *prepared_take(struct prepared *prepared, const struct batch *batch)
{
    uint32_t at = prepared->count;
    while (at > 0 && prepared->batches[at - 1].batch != batch)
        at--;
    must(at > 0);
    struct prepared_batch *found = &prepared->batches[at - 1];
    void *made = found->made;
    must(batch->selected_count <= found->left);
    found->left -= batch->selected_count;
    if (found->left == 0)
        *found = prepared->batches[--prepared->count];
    return made;
}
