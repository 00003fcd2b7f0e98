/* database.c -- named databases and the cursors that walk them. */
#include "store/inside.h"

#include "base/memory.h"

static bool find_handle(struct store_txn *txn, struct str name, store_database *ret_database);
static int open_handle(struct store_txn *txn, struct str name, enum store_key key, MDB_dbi *handle);
static enum err open_for_reads(struct store_txn *txn, struct str name, enum store_key key,
                               store_database *ret_database);

enum err store_database_open(struct store_txn *txn, struct str name, enum store_key key,
                             store_database *ret_database)
{
    must(txn != NULL);
    must(name.size > 0);
    must(name.size <= STORE_NAME_BYTES_MAX);
    if (find_handle(txn, name, ret_database))
        return OK;
    if (!txn->write)
        return open_for_reads(txn, name, key, ret_database);
    MDB_dbi handle = 0;
    const int code = open_handle(txn, name, key, &handle);
    if (code)
        return store_err(code);
    struct store_opened *opened = memory_alloc(sizeof(*opened) + name.size);
    opened->next = txn->opened;
    opened->handle = handle;
    opened->name_size = name.size;
    memcpy(opened->name, name.data, name.size);
    txn->opened = opened;
    *ret_database = handle;
    return OK;
}

enum err store_database_clear(struct store_txn *txn, store_database database)
{
    must(txn != NULL);
    must(txn->write);
    return store_err(mdb_drop(txn->mdb, database, 0));
}

enum err store_database_drop(struct store_txn *txn, store_database database)
{
    must(txn != NULL);
    must(txn->write);
    struct store *store = txn->store;
    /* The handle is closed at once, whatever becomes of the transaction. */
    pthread_mutex_lock(&store->lock);
    const struct map_entry *entry;
    for (size_t cursor = 0; (entry = map_next(&store->handles, &cursor)) != NULL;) {
        if ((uintptr_t)entry->value == (uintptr_t)database + 1) {
            map_remove(&store->handles, entry->key);
            break;
        }
    }
    pthread_mutex_unlock(&store->lock);
    for (struct store_opened **at = &txn->opened; *at; at = &(*at)->next) {
        if ((*at)->handle == database) {
            struct store_opened *gone = *at;
            *at = gone->next;
            free(gone);
            break;
        }
    }
    return store_err(mdb_drop(txn->mdb, database, 1));
}

enum err store_database_size(struct store_txn *txn, store_database database,
                             uint64_t *ret_entry_count, uint64_t *ret_bytes)
{
    must(txn != NULL);
    MDB_stat stat;
    const int code = mdb_stat(txn->mdb, database, &stat);
    if (code)
        return store_err(code);
    const uint64_t pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    *ret_entry_count = stat.ms_entries;
    *ret_bytes = pages * stat.ms_psize;
    return OK;
}

/* A store_cursor is LMDB's own: nothing of ours goes with it. */

enum err store_cursor_open(struct store_txn *txn, store_database database,
                           struct store_cursor **ret_cursor)
{
    must(txn != NULL);
    MDB_cursor *cursor = NULL;
    const int code = mdb_cursor_open(txn->mdb, database, &cursor);
    if (code)
        return store_err(code);
    *ret_cursor = (struct store_cursor *)cursor;
    return OK;
}

void store_cursor_close(struct store_cursor *cursor)
{
    if (cursor)
        mdb_cursor_close((MDB_cursor *)cursor);
}

enum err store_cursor_move(struct store_cursor *cursor, enum store_move move, struct str *key,
                           struct str *ret_value)
{
    must(cursor != NULL);
    static const MDB_cursor_op ops[] = {
        [STORE_FIRST] = MDB_FIRST,
        [STORE_LAST] = MDB_LAST,
        [STORE_NEXT] = MDB_NEXT,
        [STORE_PREVIOUS] = MDB_PREV,
        [STORE_AT_OR_AFTER] = MDB_SET_RANGE,
    };
    MDB_val mdb_key = {0};
    if (move == STORE_AT_OR_AFTER)
        mdb_key = (MDB_val){.mv_size = key->size, .mv_data = (void *)key->data};
    MDB_val value;
    const int code = mdb_cursor_get((MDB_cursor *)cursor, &mdb_key, &value, ops[move]);
    if (code)
        return store_err(code);
    *key = (struct str){mdb_key.mv_data, mdb_key.mv_size};
    *ret_value = (struct str){value.mv_data, value.mv_size};
    return OK;
}

enum err store_cursor_delete(struct store_cursor *cursor)
{
    must(cursor != NULL);
    return store_err(mdb_cursor_del((MDB_cursor *)cursor, 0));
}

/* A handle counts only if it was there when the transaction began. */
static bool find_handle(struct store_txn *txn, struct str name, store_database *ret_database)
{
    struct store *store = txn->store;
    for (const struct store_opened *opened = txn->opened; opened; opened = opened->next) {
        if (str_equal((struct str){opened->name, opened->name_size}, name)) {
            *ret_database = opened->handle;
            return true;
        }
    }
    pthread_mutex_lock(&store->lock);
    const uintptr_t found = (uintptr_t)map_get(&store->handles, name);
    pthread_mutex_unlock(&store->lock);
    MDB_stat stat;
    if (!found || mdb_stat(txn->mdb, (MDB_dbi)(found - 1), &stat) != 0)
        return false;
    *ret_database = (store_database)(found - 1);
    return true;
}

static int open_handle(struct store_txn *txn, struct str name, enum store_key key, MDB_dbi *handle)
{
    char text[STORE_NAME_BYTES_MAX + 1];
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    unsigned flags = key == STORE_KEY_INTEGER ? MDB_INTEGERKEY : 0;
    if (txn->write)
        flags |= MDB_CREATE;
    return mdb_dbi_open(txn->mdb, text, flags, handle);
}

/* A short transaction of its own opens the handle and, by committing, gives it to the store; then
 * the caller's takes a new snapshot that knows it. */
static enum err open_for_reads(struct store_txn *txn, struct str name, enum store_key key,
                               store_database *ret_database)
{
    struct store *store = txn->store;
    struct store_txn *opener = NULL;
    MDB_dbi handle = 0;
    mdb_txn_reset(txn->mdb);
    pthread_mutex_lock(&store->writer);
    enum err err = store_begin(store, false, &opener);
    if (err)
        goto out;
    if (!find_handle(opener, name, &handle)) {
        err = store_err(open_handle(opener, name, key, &handle));
        if (err)
            goto out;
        err = store_err(mdb_txn_commit(opener->mdb));
        free(opener);
        opener = NULL;
        if (err)
            goto out;
        pthread_mutex_lock(&store->lock);
        map_set(&store->handles, name, (void *)((uintptr_t)handle + 1));
        pthread_mutex_unlock(&store->lock);
    }
out:
    store_abort(opener);
    pthread_mutex_unlock(&store->writer);
    const enum err renewed = store_renew(txn);
    if (!err)
        err = renewed;
    if (!err)
        *ret_database = handle;
    return err;
}
