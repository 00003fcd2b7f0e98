/* map.c -- linear probing, at most three quarters full.
 *
 * Between an entry's home (its hash's place) and where it stands there is never a free place; so a
 * search ends at the first free one, and a removal moves later entries back instead of leaving a
 * marker. */
#include "base/map.h"

#include "base/hash.h"
#include "base/memory.h"

#define CAPACITY_MIN 8

static size_t place_of(const struct map *map, struct str key);
static void map_grow(struct map *map);

void map_release(struct map *map)
{
    for (size_t i = 0; i < map->capacity; i++)
        free((char *)map->entries[i].key.data);
    free(map->entries);
    *map = (struct map){0};
}

void *map_get(const struct map *map, struct str key)
{
    if (map->count == 0)
        return NULL;
    return map->entries[place_of(map, key)].value;
}

void *map_set(struct map *map, struct str key, void *value)
{
    must(value);
    if (map->count + 1 > map->capacity / 4 * 3)
        map_grow(map);
    struct map_entry *entry = &map->entries[place_of(map, key)];
    if (entry->key.data) {
        void *before = entry->value;
        entry->value = value;
        return before;
    }
    char *copy = memory_alloc(key.size);
    if (key.size > 0)
        memcpy(copy, key.data, key.size);
    *entry = (struct map_entry){.key = {copy, key.size}, .value = value};
    map->count++;
    return NULL;
}

void *map_remove(struct map *map, struct str key)
{
    if (map->count == 0)
        return NULL;
    const size_t mask = map->capacity - 1;
    size_t hole = place_of(map, key);
    if (!map->entries[hole].key.data)
        return NULL;
    void *before = map->entries[hole].value;
    free((char *)map->entries[hole].key.data);
    map->count--;
    for (size_t i = (hole + 1) & mask; map->entries[i].key.data; i = (i + 1) & mask) {
        const struct str moved = map->entries[i].key;
        const size_t home = (size_t)hash64(moved.data, moved.size) & mask;
        /* It may move back only if its home is not behind the hole. */
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        map->entries[hole] = map->entries[i];
        hole = i;
    }
    map->entries[hole] = (struct map_entry){0};
    return before;
}

const struct map_entry *map_next(const struct map *map, size_t *cursor)
{
    while (*cursor < map->capacity) {
        const struct map_entry *entry = &map->entries[(*cursor)++];
        if (entry->key.data)
            return entry;
    }
    return NULL;
}

/* Where the key stands or would stand. */
static size_t place_of(const struct map *map, struct str key)
{
    const size_t mask = map->capacity - 1;
    size_t i = (size_t)hash64(key.data, key.size) & mask;
    while (map->entries[i].key.data && !str_equal(map->entries[i].key, key))
        i = (i + 1) & mask;
    return i;
}

static void map_grow(struct map *map)
{
    const struct map old = *map;
    must(old.capacity <= SIZE_MAX / 2 / sizeof(*old.entries));
    map->capacity = old.capacity ? old.capacity * 2 : CAPACITY_MIN;
    map->entries = memory_zalloc(map->capacity * sizeof(*map->entries));
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.entries[i].key.data)
            map->entries[place_of(map, old.entries[i].key)] = old.entries[i];
    }
    free(old.entries);
}
