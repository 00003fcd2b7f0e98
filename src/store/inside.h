/* inside.h -- what the store's own files share; nobody else includes it. */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include "base/map.h"
#include "store/store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

#define STORE_IDLE_TXNS_MAX 16

struct store {
    MDB_env *env;
    struct store_options options;
    size_t page_bytes;
    /* Held by a write transaction from begin to end, and while a read opens a database: LMDB gives
     * the next free handle number to whichever transaction asks, so only one may ask at a time. */
    pthread_mutex_t writer;
    int64_t readers_checked_ns; /* under writer */
    uint64_t reserved_bytes;    /* under writer: the disk was asked for so many */
    _Atomic bool broken;
    /* Guards what follows. */
    pthread_mutex_t lock;
    struct map handles; /* name to handle + 1 as a pointer */
    struct store_txn *idle[STORE_IDLE_TXNS_MAX];
    size_t idle_count;
};

/* A database this transaction opened: known to the store once the transaction has committed. */
struct store_opened {
    struct store_opened *next;
    MDB_dbi handle;
    size_t name_size;
    char name[];
};

struct store_txn {
    struct store *store;
    MDB_txn *mdb;
    bool write;
    bool free_known;
    uint64_t file_bytes;     /* up to the last page in use, when the transaction began */
    uint64_t free_bytes;     /* of them free; once free_known */
    uint64_t appended_bytes; /* by this transaction, in pages */
    struct store_opened *opened;
};

/* LMDB's code or errno to ours. */
enum err store_err(int code);

#endif
