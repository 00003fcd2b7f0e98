/* row_index.c -- linear probing; at most four of five slots are taken. */
#include "flow/row_index.h"

#include "base/hash.h"
#include "base/memory.h"

#define CAPACITY_MIN 8

static void grow(struct row_index *index, const struct row_store *store);
static void place(struct row_index *index, uint64_t hash, row_ref ref);
static uint32_t slot_of(const struct row_index *index, uint64_t hash, row_ref ref);

static uint8_t tag_of(uint64_t hash)
{
    return (uint8_t)(hash >> 56);
}

void row_index_release(struct row_index *index)
{
    free(index->refs);
    free(index->tags);
    *index = (struct row_index){0};
}

row_ref row_index_find(const struct row_index *index, const struct row_store *store, uint64_t hash,
                       struct str key)
{
    if (index->count == 0)
        return 0;
    const uint32_t mask = index->capacity - 1;
    for (uint32_t slot = (uint32_t)hash & mask; index->refs[slot] != 0; slot = (slot + 1) & mask) {
        if (index->tags[slot] != tag_of(hash))
            continue;
        if (str_equal(row_key(row_store_at(store, index->refs[slot])), key))
            return index->refs[slot];
    }
    return 0;
}

void row_index_add(struct row_index *index, const struct row_store *store, uint64_t hash,
                   row_ref ref)
{
    if ((uint64_t)(index->count + 1) * 5 > (uint64_t)index->capacity * 4)
        grow(index, store);
    place(index, hash, ref);
    index->count++;
}

void row_index_replace(struct row_index *index, uint64_t hash, row_ref old, row_ref new)
{
    index->refs[slot_of(index, hash, old)] = new;
}

/* What stands behind the gap moves into it, unless it would then stand before its own slot. */
void row_index_remove(struct row_index *index, const struct row_store *store, uint64_t hash,
                      row_ref ref)
{
    const uint32_t mask = index->capacity - 1;
    uint32_t gap = slot_of(index, hash, ref);
    for (uint32_t slot = (gap + 1) & mask; index->refs[slot] != 0; slot = (slot + 1) & mask) {
        const struct str key = row_key(row_store_at(store, index->refs[slot]));
        const uint32_t home = (uint32_t)hash64(key.data, key.size) & mask;
        if (((slot - home) & mask) < ((slot - gap) & mask))
            continue;
        index->refs[gap] = index->refs[slot];
        index->tags[gap] = index->tags[slot];
        gap = slot;
    }
    index->refs[gap] = 0;
    index->count--;
}

static void grow(struct row_index *index, const struct row_store *store)
{
    struct row_index old = *index;
    index->capacity = old.capacity ? old.capacity * 2 : CAPACITY_MIN;
    must(index->capacity > old.capacity);
    index->refs = memory_zalloc(index->capacity * sizeof(*index->refs));
    index->tags = memory_zalloc(index->capacity);
    for (uint32_t i = 0; i < old.capacity; i++) {
        if (old.refs[i] == 0)
            continue;
        const struct str key = row_key(row_store_at(store, old.refs[i]));
        place(index, hash64(key.data, key.size), old.refs[i]);
    }
    row_index_release(&old);
}

static void place(struct row_index *index, uint64_t hash, row_ref ref)
{
    const uint32_t mask = index->capacity - 1;
    uint32_t slot = (uint32_t)hash & mask;
    while (index->refs[slot] != 0)
        slot = (slot + 1) & mask;
    index->refs[slot] = ref;
    index->tags[slot] = tag_of(hash);
}

static uint32_t slot_of(const struct row_index *index, uint64_t hash, row_ref ref)
{
    const uint32_t mask = index->capacity - 1;
    uint32_t slot = (uint32_t)hash & mask;
    while (index->refs[slot] != ref) {
        must(index->refs[slot] != 0);
        slot = (slot + 1) & mask;
    }
    return slot;
}
