/* table_step.c -- changes of a step in a vector, and slots of linear probing over it. */
#include "flow/table_step.h"

#include "base/hash.h"
#include "base/memory.h"

#define SLOTS_MIN 16

static void grow(struct table_step *step);
static void place(struct table_step *step, uint64_t hash, uint32_t change);

struct table_step *table_step_new(void)
{
    struct table_step *step = MEMORY_NEW(struct table_step);
    arena_init(&step->arena, 0);
    return step;
}

void table_step_free(struct table_step *step)
{
    if (!step)
        return;
    arena_release(&step->arena);
    free(step->changes);
    free(step->slots);
    free(step);
}

struct table_change *table_step_find(const struct table_step *step, uint64_t hash, struct str key)
{
    if (step->count == 0)
        return NULL;
    const uint32_t mask = step->slot_count - 1;
    for (uint32_t slot = (uint32_t)hash & mask; step->slots[slot] != 0; slot = (slot + 1) & mask) {
        struct table_change *change = &step->changes[step->slots[slot] - 1];
        if (str_equal(change->key, key))
            return change;
    }
    return NULL;
}

struct table_change *table_step_add(struct table_step *step, uint64_t hash, struct str key,
                                    struct str before)
{
    if (step->count == step->capacity)
        grow(step);
    struct table_change *change = &step->changes[step->count++];
    *change = (struct table_change){.key = arena_str(&step->arena, key)};
    if (before.data)
        change->before = arena_str(&step->arena, before);
    place(step, hash, step->count);
    return change;
}

static void grow(struct table_step *step)
{
    step->slot_count = step->slot_count ? step->slot_count * 2 : SLOTS_MIN;
    must(step->slot_count != 0);
    step->capacity = step->slot_count / 2;
    step->changes = memory_realloc(step->changes, step->capacity * sizeof(*step->changes));
    free(step->slots);
    step->slots = memory_zalloc(step->slot_count * sizeof(*step->slots));
    for (uint32_t i = 0; i < step->count; i++) {
        const struct str key = step->changes[i].key;
        place(step, hash64(key.data, key.size), i + 1);
    }
}

static void place(struct table_step *step, uint64_t hash, uint32_t change)
{
    const uint32_t mask = step->slot_count - 1;
    uint32_t slot = (uint32_t)hash & mask;
    while (step->slots[slot] != 0)
        slot = (slot + 1) & mask;
    step->slots[slot] = change;
}
