/* row_store.h -- a table's rows in memory: key and value bytes side by side, named by 32 bits.
 *
 * Rows lie in large chunks, in units of 8 bytes; the place of a row that was freed or grew is used
 * again for one of its size. Sixteen bytes a row beyond its own. [worker] */
#ifndef FLOW_ROW_STORE_H
#define FLOW_ROW_STORE_H

#include "base/str.h"

#include <stdint.h>

/* Names a row; 0: none. Valid until the row is freed or row_set_value gives it another. */
typedef uint32_t row_ref;

#define ROW_CLASSES 192
#define ROW_BYTES_MAX ((1 << 20) + 64) /* key and value together */

struct row {
    int64_t offset; /* of its last record in the changelog; -1: none yet */
    uint64_t key_size : 21;
    uint64_t value_size : 21;
    uint64_t units : 20;
    char bytes[]; /* the key, then the value */
};

/* {0} is valid and empty. */
struct row_store {
    char **chunks;
    uint32_t chunk_count;
    uint32_t used_units; /* of the last chunk */
    row_ref free[ROW_CLASSES];
    uint64_t bytes; /* taken by rows that are there */
};

void row_store_release(struct row_store *store);
/* Copies key and value in. ERR_LIMIT: too large, or the store is full. */
MUST_CHECK enum err row_store_add(struct row_store *store, struct str key, struct str value,
                                  row_ref *ret_ref);
/* Gives a row another value; *ref changes when it must move. Failures as above. */
MUST_CHECK enum err row_store_set_value(struct row_store *store, row_ref *ref, struct str value);
void row_store_remove(struct row_store *store, row_ref ref);
/* The row; also what was removed can be looked at: its offset is -1. */
struct row *row_store_at(const struct row_store *store, row_ref ref);

static inline struct str row_key(const struct row *row)
{
    return (struct str){row->bytes, row->key_size};
}

static inline struct str row_value(const struct row *row)
{
    return (struct str){row->bytes + row->key_size, row->value_size};
}

#endif
