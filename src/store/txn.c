/* txn.c -- transactions, and what they read and write by key. */
#include "store/inside.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define READERS_CHECK_NS 10000000000
#define PROBE_BYTES (64 << 10)
#define RESERVE_FROM_BYTES (16 << 20) /* smaller files grow as they are written */
#define RESERVE_BYTES (16 << 20)
#define RESERVE_SHARE 64 /* of what is free: others want room too */
#define PROBE_BYTES_MAX (64 << 20)

static enum err begin_write(struct store *store, struct store_txn **ret_txn);
static enum err not_begun(struct store *store, int code);
static enum err begin_read(struct store *store, struct store_txn **ret_txn);
static bool disk_is_full(struct store *store, uint64_t bytes);
static void end_write(struct store_txn *txn, bool committed);
static void reserve(struct store *store, uint64_t file_bytes);
static enum err make_room(struct store_txn *txn, size_t size);

enum err store_begin(struct store *store, bool write, struct store_txn **ret_txn)
{
    must(store != NULL);
    must(ret_txn != NULL);
    return write ? begin_write(store, ret_txn) : begin_read(store, ret_txn);
}

enum err store_commit(struct store_txn *txn)
{
    must(txn != NULL);
    must(txn->write);
    const int code = mdb_txn_commit(txn->mdb);
    enum err err = store_err(code);
    if (code == EIO && disk_is_full(txn->store, txn->appended_bytes))
        err = ERR_FULL;
    end_write(txn, err == OK);
    return err;
}

void store_abort(struct store_txn *txn)
{
    if (!txn)
        return;
    if (txn->write) {
        mdb_txn_abort(txn->mdb);
        end_write(txn, false);
        return;
    }
    struct store *store = txn->store;
    mdb_txn_reset(txn->mdb);
    pthread_mutex_lock(&store->lock);
    const bool keep = store->idle_count < STORE_IDLE_TXNS_MAX;
    if (keep)
        store->idle[store->idle_count++] = txn;
    pthread_mutex_unlock(&store->lock);
    if (!keep) {
        mdb_txn_abort(txn->mdb);
        free(txn);
    }
}

void store_reset(struct store_txn *txn)
{
    must(txn != NULL);
    must(!txn->write);
    mdb_txn_reset(txn->mdb);
}

enum err store_renew(struct store_txn *txn)
{
    must(txn != NULL);
    must(!txn->write);
    const int code = mdb_txn_renew(txn->mdb);
    return code ? not_begun(txn->store, code) : OK;
}

enum err store_get(struct store_txn *txn, store_database database, struct str key,
                   struct str *ret_value)
{
    must(txn != NULL);
    MDB_val mdb_key = {.mv_size = key.size, .mv_data = (void *)key.data};
    MDB_val value;
    const enum err err = store_err(mdb_get(txn->mdb, database, &mdb_key, &value));
    if (err)
        return err;
    *ret_value = (struct str){value.mv_data, value.mv_size};
    return OK;
}

enum err store_put(struct store_txn *txn, store_database database, struct str key, struct str value)
{
    must(txn != NULL);
    must(txn->write);
    MDB_val mdb_key = {.mv_size = key.size, .mv_data = (void *)key.data};
    MDB_val mdb_value = {.mv_size = value.size, .mv_data = (void *)value.data};
    return store_err(mdb_put(txn->mdb, database, &mdb_key, &mdb_value, 0));
}

enum err store_append(struct store_txn *txn, store_database database, uint64_t key, size_t size,
                      char **ret_place)
{
    must(txn != NULL);
    must(txn->write);
    enum err err = make_room(txn, size);
    if (err)
        return err;
    MDB_val mdb_key = {.mv_size = sizeof(key), .mv_data = &key};
    MDB_val value = {.mv_size = size, .mv_data = NULL};
    err = store_err(mdb_put(txn->mdb, database, &mdb_key, &value, MDB_APPEND | MDB_RESERVE));
    if (err)
        return err;
    *ret_place = value.mv_data;
    return OK;
}

enum err store_delete(struct store_txn *txn, store_database database, struct str key)
{
    must(txn != NULL);
    must(txn->write);
    MDB_val mdb_key = {.mv_size = key.size, .mv_data = (void *)key.data};
    return store_err(mdb_del(txn->mdb, database, &mdb_key, NULL));
}

/* A checked value ends with 4 bytes: the CRC32C of its key and of what stands before. */

enum err store_put_checked(struct store_txn *txn, store_database database, struct str key,
                           struct str value)
{
    must(txn != NULL);
    must(txn->write);
    const uint32_t sum = crc32c(crc32c(0, key.data, key.size), value.data, value.size);
    MDB_val mdb_key = {.mv_size = key.size, .mv_data = (void *)key.data};
    MDB_val place = {.mv_size = value.size + sizeof(sum), .mv_data = NULL};
    const int code = mdb_put(txn->mdb, database, &mdb_key, &place, MDB_RESERVE);
    if (code)
        return store_err(code);
    char *at = place.mv_data;
    if (value.size)
        memcpy(at, value.data, value.size);
    memcpy(at + value.size, &sum, sizeof(sum));
    return OK;
}

enum err store_check_value(struct str key, struct str stored, struct str *ret_value)
{
    uint32_t sum = 0;
    if (stored.size < sizeof(sum))
        return ERR_CORRUPT;
    const size_t size = stored.size - sizeof(sum);
    memcpy(&sum, stored.data + size, sizeof(sum));
    if (crc32c(crc32c(0, key.data, key.size), stored.data, size) != sum)
        return ERR_CORRUPT;
    *ret_value = (struct str){stored.data, size};
    return OK;
}

enum err store_get_checked(struct store_txn *txn, store_database database, struct str key,
                           struct str *ret_value)
{
    struct str stored;
    const enum err err = store_get(txn, database, key, &stored);
    return err ? err : store_check_value(key, stored, ret_value);
}

static enum err begin_write(struct store *store, struct store_txn **ret_txn)
{
    must(!store->options.read_only);
    struct store_txn *txn = MEMORY_NEW(struct store_txn);
    txn->store = store;
    txn->write = true;
    pthread_mutex_lock(&store->writer);
    const int64_t now_ns = clock_monotonic_ns();
    if (now_ns - store->readers_checked_ns >= READERS_CHECK_NS) {
        int dead = 0; /* readers of killed processes keep freed pages from reuse */
        store->readers_checked_ns = now_ns;
        (void)mdb_reader_check(store->env, &dead);
    }
    const int code = mdb_txn_begin(store->env, NULL, 0, &txn->mdb);
    if (code) {
        pthread_mutex_unlock(&store->writer);
        free(txn);
        return not_begun(store, code);
    }
    MDB_envinfo info;
    must(mdb_env_info(store->env, &info) == 0);
    txn->file_bytes = ((uint64_t)info.me_last_pgno + 1) * store->page_bytes;
    reserve(store, txn->file_bytes);
    *ret_txn = txn;
    return OK;
}

/* A file that grows with every commit lets each sync wait for the file system's journal as well. So
 * the disk is asked for room ahead, many commits' at a time, while it has plenty; whether it does
 * is found out by whoever writes. */
static void reserve(struct store *store, uint64_t file_bytes)
{
    mdb_filehandle_t file;
    struct statvfs disk;
    uint64_t end = file_bytes + RESERVE_BYTES;
    const uint64_t limit = store->options.bytes_max;
    if (limit && end > limit)
        end = limit;
    if (store->options.unsynced || file_bytes < RESERVE_FROM_BYTES || end <= file_bytes ||
        file_bytes + RESERVE_BYTES / 2 < store->reserved_bytes || end <= store->reserved_bytes)
        return;
    store->reserved_bytes = end;
    if (mdb_env_get_fd(store->env, &file) == 0 && fstatvfs(file, &disk) == 0 &&
        (uint64_t)disk.f_bavail * disk.f_frsize / RESERVE_SHARE > RESERVE_BYTES)
        (void)fallocate(file, 0, (off_t)file_bytes, (off_t)(end - file_bytes));
}

static enum err begin_read(struct store *store, struct store_txn **ret_txn)
{
    pthread_mutex_lock(&store->lock);
    struct store_txn *txn = store->idle_count ? store->idle[--store->idle_count] : NULL;
    pthread_mutex_unlock(&store->lock);
    int code;
    if (txn) {
        code = mdb_txn_renew(txn->mdb);
        if (code)
            mdb_txn_abort(txn->mdb);
    } else {
        txn = MEMORY_NEW(struct store_txn);
        txn->store = store;
        code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn->mdb);
    }
    if (code) {
        free(txn);
        return not_begun(store, code);
    }
    *ret_txn = txn;
    return OK;
}

static enum err not_begun(struct store *store, int code)
{
    if (code == MDB_PANIC)
        atomic_store(&store->broken, true);
    return store_err(code);
}

/* A disk that fills up in the middle of a write takes a part of it, and LMDB calls that EIO. So we
 * try ourselves to write as much behind the file's end, where no page is in use, while nobody else
 * can write; afterwards the file is as long as before. */
static bool disk_is_full(struct store *store, uint64_t bytes)
{
    static const char zeros[PROBE_BYTES];
    MDB_txn *guard = NULL;
    mdb_filehandle_t file;
    struct stat status;
    bool full = false;
    if (mdb_txn_begin(store->env, NULL, 0, &guard) != 0)
        return false;
    if (mdb_env_get_fd(store->env, &file) != 0 || fstat(file, &status) != 0)
        goto out;
    const uint64_t size =
        bytes + PROBE_BYTES < PROBE_BYTES_MAX ? bytes + PROBE_BYTES : PROBE_BYTES_MAX;
    for (uint64_t written = 0; written < size && !full; written += PROBE_BYTES) {
        const ssize_t result = pwrite(file, zeros, PROBE_BYTES, status.st_size + (off_t)written);
        full = result >= 0 ? result < PROBE_BYTES : store_err(errno) == ERR_FULL;
        if (result < 0)
            break;
    }
    if (ftruncate(file, status.st_size) != 0)
        full = false; /* stranger things than a full disk */
out:
    mdb_txn_abort(guard);
    return full;
}

/* LMDB has closed the handles of a transaction that did not commit. */
static void end_write(struct store_txn *txn, bool committed)
{
    struct store *store = txn->store;
    pthread_mutex_lock(&store->lock);
    for (struct store_opened *opened = txn->opened; opened;) {
        struct store_opened *next = opened->next;
        if (committed)
            map_set(&store->handles, (struct str){opened->name, opened->name_size},
                    (void *)((uintptr_t)opened->handle + 1));
        free(opened);
        opened = next;
    }
    pthread_mutex_unlock(&store->lock);
    pthread_mutex_unlock(&store->writer);
    free(txn);
}

/* Appended bytes alone count against bytes_max: what makes room (positions, trims, deletes) must
 * still go through when there is none. */
static enum err make_room(struct store_txn *txn, size_t size)
{
    const uint64_t limit = txn->store->options.bytes_max;
    const uint64_t wanted = txn->appended_bytes + store_entry_bytes(txn->store, size);
    if (limit && txn->file_bytes + wanted > limit) {
        if (!txn->free_known) {
            uint64_t used_bytes = 0;
            store_size(txn->store, &used_bytes, &txn->free_bytes);
            txn->free_known = true;
        }
        if (txn->file_bytes + wanted > limit + txn->free_bytes)
            return ERR_FULL;
    }
    txn->appended_bytes = wanted;
    return OK;
}
