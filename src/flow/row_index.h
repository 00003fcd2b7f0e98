/* row_index.h -- finds a table's rows by their keys: open addressing, five bytes a slot. [worker]
 */
#ifndef FLOW_ROW_INDEX_H
#define FLOW_ROW_INDEX_H

#include "flow/row_store.h"

/* {0} is valid and empty. Hashes are hash64 of the key's bytes. */
struct row_index {
    row_ref *refs; /* 0: free slot */
    uint8_t *tags; /* top bits of the hash */
    uint32_t capacity;
    uint32_t count;
};

void row_index_release(struct row_index *index);
/* 0: there is none. */
row_ref row_index_find(const struct row_index *index, const struct row_store *store, uint64_t hash,
                       struct str key);
/* The row is not in it. */
void row_index_add(struct row_index *index, const struct row_store *store, uint64_t hash,
                   row_ref ref);
/* The row moved; it is in it. */
void row_index_replace(struct row_index *index, uint64_t hash, row_ref old, row_ref new);
/* It is in it; before the row is removed from the store. */
void row_index_remove(struct row_index *index, const struct row_store *store, uint64_t hash,
                      row_ref ref);

#endif
