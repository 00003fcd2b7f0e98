/* store.h -- LMDB, the one durable file: environment, transactions, ordered databases.
 *
 * The only room that includes <lmdb.h>. One environment a directory, opened once a process. The map
 * is 1 TiB, sparse, and never grows. Keys are at most 511 bytes.
 *
 * Write transactions are serialised over all processes: beginning one waits for the other writer.
 * Read transactions hold back the reuse of freed pages: keep them short. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

#define STORE_NAME_BYTES_MAX 400
#define STORE_DATABASES_MAX 16384

struct store;
struct store_txn;

/* A database's number, valid for the life of the store once the transaction that opened it has
 * committed. */
typedef uint32_t store_database;

struct store_options {
    bool unsynced;  /* tests only: commits do not reach the disk */
    bool read_only; /* the file must exist */
    uint64_t
        bytes_max; /* log.bytes.max: beyond it store_append gives ERR_FULL; 0: no limit but disk */
};

/* Opens or makes `directory`/log.mdb. ERR_NOT_FOUND (read_only), ERR_DENIED, ERR_CORRUPT, ERR_IO,
 * ERR_FULL. The store is freed with store_close after all its transactions ended. */
MUST_CHECK enum err store_open(const char *directory, const struct store_options *options,
                               struct store **ret_store, struct why *why);
/* NULL is fine. */
void store_close(struct store *store);
bool store_is_read_only(const struct store *store);
/* Whether writing the file's first pages failed: no transaction begins any more, not even to read.
 * What was committed is there; only opening it again helps. */
bool store_is_broken(const struct store *store);

/* A transaction belongs to the thread that began it, except that a read transaction may be used by
 * another thread when only one uses it at a time. */
MUST_CHECK enum err store_begin(struct store *store, bool write, struct store_txn **ret_txn);
/* Ends a write transaction and syncs it: on OK it survives a power cut. ERR_FULL (disk or
 * bytes_max; nothing was changed), ERR_IO. The transaction is gone either way. */
MUST_CHECK enum err store_commit(struct store_txn *txn);
/* Ends any transaction without effect. NULL is fine. */
void store_abort(struct store_txn *txn);
/* Read transactions: give up the snapshot, then take a new one; cheaper than begin. */
void store_reset(struct store_txn *txn);
MUST_CHECK enum err store_renew(struct store_txn *txn);
/* Number of the last committed transaction, of any process, that a snapshot taken now shows:
 * changes when there is news. */
uint64_t store_last_txn(struct store *store);
/* Bytes in use by the file, and the bytes of its free pages. */
void store_size(struct store *store, uint64_t *ret_used_bytes, uint64_t *ret_free_bytes);

/* About what an entry with a value of `size` bytes takes in the file. */
uint64_t store_entry_bytes(const struct store *store, size_t size);

enum store_key { STORE_KEY_BYTES, STORE_KEY_INTEGER /* uint64 in host order */ };

/* Opens a named database; in a write transaction makes it when missing. A read transaction may get
 * a new snapshot by it: call it before anything is read. Waits for a write transaction of this
 * process, so a thread that is in one opens there. ERR_NOT_FOUND, ERR_FULL, ERR_LIMIT. */
MUST_CHECK enum err store_database_open(struct store_txn *txn, struct str name, enum store_key key,
                                        store_database *ret_database);
/* Empties it. */
MUST_CHECK enum err store_database_clear(struct store_txn *txn, store_database database);
/* Empties and removes it; its number is free for another at once, even if the transaction does not
 * commit. No other thread may be using the database. */
MUST_CHECK enum err store_database_drop(struct store_txn *txn, store_database database);

/* Entries, and bytes of the pages in use. */
MUST_CHECK enum err store_database_size(struct store_txn *txn, store_database database,
                                        uint64_t *ret_entry_count, uint64_t *ret_bytes);

/* Values are borrowed from the map until the transaction ends (or, in a write transaction, until
 * the next change). */
MUST_CHECK enum err store_get(struct store_txn *txn, store_database database, struct str key,
                              struct str *ret_value);
MUST_CHECK enum err store_put(struct store_txn *txn, store_database database, struct str key,
                              struct str value);
/* The key must come after all others (MDB_APPEND). Returns the place where `size` bytes are to be
 * written before anything else happens in the transaction. The only call that bytes_max refuses.
 * ERR_FULL, ERR_EXISTS (the key does not come after all others). */
MUST_CHECK enum err store_append(struct store_txn *txn, store_database database, uint64_t key,
                                 size_t size, char **ret_place);
/* ERR_NOT_FOUND when absent. */
MUST_CHECK enum err store_delete(struct store_txn *txn, store_database database, struct str key);

/* The same with a CRC32C over key and value that is checked again at each read: ERR_CORRUPT. */
MUST_CHECK enum err store_put_checked(struct store_txn *txn, store_database database,
                                      struct str key, struct str value);
MUST_CHECK enum err store_get_checked(struct store_txn *txn, store_database database,
                                      struct str key, struct str *ret_value);
/* For values that come from a cursor. */
MUST_CHECK enum err store_check_value(struct str key, struct str stored, struct str *ret_value);

struct store_cursor;

MUST_CHECK enum err store_cursor_open(struct store_txn *txn, store_database database,
                                      struct store_cursor **ret_cursor);
/* Before its transaction ends. NULL is fine. */
void store_cursor_close(struct store_cursor *cursor);

enum store_move {
    STORE_FIRST,
    STORE_LAST,
    STORE_NEXT,
    STORE_PREVIOUS,
    STORE_AT_OR_AFTER /* the first key >= *key */
};
/* Moves and reads. `key` goes in for STORE_AT_OR_AFTER and comes out always; ERR_NOT_FOUND past the
 * ends. */
MUST_CHECK enum err store_cursor_move(struct store_cursor *cursor, enum store_move move,
                                      struct str *key, struct str *ret_value);
/* Deletes the entry the cursor stands on. */
MUST_CHECK enum err store_cursor_delete(struct store_cursor *cursor);

#endif
