/* map.h -- text to pointer, for what is looked up by name. Open addressing; copies its keys. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

#include <stddef.h>

struct map_entry {
    struct str key; /* NULL data: free */
    void *value;
};

/* {0} is a valid empty map. */
struct map {
    struct map_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

void map_release(struct map *map);
/* NULL when absent. */
void *map_get(const struct map *map, struct str key);
/* Sets or replaces; value is not NULL. Returns what was there before, or NULL. */
void *map_set(struct map *map, struct str key, void *value);
/* Returns what was there, or NULL. */
void *map_remove(struct map *map, struct str key);
/* Walks in no order: start with *cursor = 0; NULL at the end. No change while walking. */
const struct map_entry *map_next(const struct map *map, size_t *cursor);

#endif
