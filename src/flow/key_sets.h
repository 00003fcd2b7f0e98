/* key_sets.h -- sets of keys by another key: which rows of a table name a row of another one. */
#ifndef FLOW_KEY_SETS_H
#define FLOW_KEY_SETS_H

#include "base/map.h"

#include <stdint.h>

/* In the order of their bytes. */
struct key_set {
    struct str *keys;
    uint32_t count;
    uint32_t capacity;
};

/* {0} is valid and empty. */
struct key_sets {
    struct map sets; /* struct key_set */
};

void key_sets_release(struct key_sets *sets);
/* Copies the bytes; a key is in a set once. */
void key_sets_add(struct key_sets *sets, struct str of, struct str key);
void key_sets_remove(struct key_sets *sets, struct str of, struct str key);
/* NULL: nobody. Borrowed until the next change. */
const struct key_set *key_sets_get(const struct key_sets *sets, struct str of);

#endif
