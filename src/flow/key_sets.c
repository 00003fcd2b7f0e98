/* key_sets.c -- a map of sorted arrays. */
#include "flow/key_sets.h"

#include "base/memory.h"

static uint32_t place_of(const struct key_set *set, struct str key, bool *ret_found);
static void set_free(struct key_set *set);

void key_sets_release(struct key_sets *sets)
{
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(&sets->sets, &cursor)) != NULL)
        set_free(at->value);
    map_release(&sets->sets);
}

void key_sets_add(struct key_sets *sets, struct str of, struct str key)
{
    struct key_set *set = map_get(&sets->sets, of);
    if (!set) {
        set = MEMORY_NEW(struct key_set);
        map_set(&sets->sets, of, set);
    }
    bool found;
    const uint32_t at = place_of(set, key, &found);
    if (found)
        return;
    if (set->count == set->capacity) {
        set->capacity = set->capacity ? set->capacity * 2 : 4;
        set->keys = memory_realloc(set->keys, set->capacity * sizeof(*set->keys));
    }
    memmove(&set->keys[at + 1], &set->keys[at], (set->count - at) * sizeof(*set->keys));
    char *bytes = memory_alloc(key.size + 1);
    if (key.size > 0)
        memcpy(bytes, key.data, key.size);
    set->keys[at] = (struct str){bytes, key.size};
    set->count++;
}

void key_sets_remove(struct key_sets *sets, struct str of, struct str key)
{
    struct key_set *set = map_get(&sets->sets, of);
    bool found = false;
    const uint32_t at = set ? place_of(set, key, &found) : 0;
    if (!found)
        return;
    free((char *)set->keys[at].data);
    set->count--;
    memmove(&set->keys[at], &set->keys[at + 1], (set->count - at) * sizeof(*set->keys));
    if (set->count > 0)
        return;
    (void)map_remove(&sets->sets, of);
    set_free(set);
}

const struct key_set *key_sets_get(const struct key_sets *sets, struct str of)
{
    return map_get(&sets->sets, of);
}

static uint32_t place_of(const struct key_set *set, struct str key, bool *ret_found)
{
    uint32_t low = 0;
    uint32_t high = set->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (str_compare(set->keys[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = low < set->count && str_equal(set->keys[low], key);
    return low;
}

static void set_free(struct key_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        free((char *)set->keys[i].data);
    free(set->keys);
    free(set);
}
