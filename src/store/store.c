/* store.c -- opens the one file, closes it, and says how full it is. */
#include "store/inside.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAP_BYTES (1ull << 40)
#define READERS_MAX 1022
#define LOCK_BYTES (READERS_MAX * 64) /* a cache line for each */
#define FILE_MODE 0644

/* LMDB's own database 0: transaction number to the pages it freed, their count first. */
struct free_list {
    struct store_txn *txn;
    MDB_cursor *cursor;
};

static int fill_lock_file(const char *path);
static enum err configure(MDB_env *env, const struct store_options *options, const char *path,
                          struct why *why);
static enum err make_file(const char *directory, const struct store_options *options,
                          const char *path, struct why *why);
static int make_empty(const char *path, bool unsynced);
static int sync_names(int directory);
static enum err check_length(struct store *store, const char *path, struct why *why);
static enum err measure(struct store *store, int file, uint64_t *ret_size, uint64_t *ret_needed);
static bool ends_with_free_pages(struct store *store, int file, uint64_t size, uint64_t needed);
static void free_list_open(struct store *store, struct free_list *list);
static bool free_list_next(struct free_list *list, struct str *ret_pages);
static void free_list_close(struct free_list *list);

enum err store_open(const char *directory, const struct store_options *options,
                    struct store **ret_store, struct why *why)
{
    must(directory != NULL);
    must(options != NULL);
    must(ret_store != NULL);
    struct store *store = NULL;
    struct buf path = {0};
    enum err err = options->read_only ? OK : file_make_directory(directory, why);
    if (err)
        goto out;
    store = MEMORY_NEW(struct store);
    store->options = *options;
    pthread_mutex_init(&store->writer, NULL);
    pthread_mutex_init(&store->lock, NULL);
    buf_printf(&path, "%s/log.mdb", directory);
    if (!options->read_only)
        err = make_file(directory, options, buf_text(&path), why);
    if (err)
        goto out;
    const int code = mdb_env_create(&store->env);
    if (code) {
        err = why_set(why, store_err(code), "cannot open '%s': %s", directory, mdb_strerror(code));
        goto out;
    }
    err = configure(store->env, options, buf_text(&path), why);
    if (err)
        goto out;
    err = check_length(store, buf_text(&path), why);
    if (err)
        goto out;
    store->readers_checked_ns = clock_monotonic_ns();
    *ret_store = store;
    store = NULL;
out:
    buf_release(&path);
    store_close(store);
    return err;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->idle_count; i++) {
        mdb_txn_abort(store->idle[i]->mdb);
        free(store->idle[i]);
    }
    if (store->env)
        mdb_env_close(store->env);
    map_release(&store->handles);
    pthread_mutex_destroy(&store->writer);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

bool store_is_read_only(const struct store *store)
{
    must(store != NULL);
    return store->options.read_only;
}

bool store_is_broken(const struct store *store)
{
    must(store != NULL);
    return atomic_load(&store->broken);
}

/* While another process is still syncing its commit, LMDB already names that transaction, but no
 * snapshot shows it: whoever went by the name would look too early and never again. So a snapshot
 * is asked; without one (no reader's place is left) the early word is better than none. */
uint64_t store_last_txn(struct store *store)
{
    must(store != NULL);
    struct store_txn *txn;
    if (store_begin(store, false, &txn) == OK) {
        const uint64_t number = mdb_txn_id(txn->mdb);
        store_abort(txn);
        return number;
    }
    MDB_envinfo info;
    must(mdb_env_info(store->env, &info) == 0);
    return info.me_last_txnid;
}

void store_size(struct store *store, uint64_t *ret_used_bytes, uint64_t *ret_free_bytes)
{
    must(store != NULL);
    MDB_envinfo info;
    must(mdb_env_info(store->env, &info) == 0);
    uint64_t free_pages = 0;
    struct free_list list;
    free_list_open(store, &list);
    for (struct str pages; free_list_next(&list, &pages);)
        free_pages += pages.size / sizeof(size_t);
    free_list_close(&list);
    const uint64_t pages = info.me_last_pgno + 1;
    if (free_pages > pages)
        free_pages = pages;
    *ret_used_bytes = (pages - free_pages) * store->page_bytes;
    *ret_free_bytes = free_pages * store->page_bytes;
}

/* Half a page or more lies on pages of its own, with a head of 16 bytes. */
uint64_t store_entry_bytes(const struct store *store, size_t size)
{
    const uint64_t page = store->page_bytes;
    return size < page / 2 ? size + 24 : (size + 16 + page - 1) / page * page;
}

enum err store_err(int code)
{
    switch (code) {
    case 0:
        return OK;
    case MDB_NOTFOUND:
    case MDB_BAD_DBI: /* another process dropped it */
        return ERR_NOT_FOUND;
    case MDB_KEYEXIST:
        return ERR_EXISTS;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_FULL;
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
    case MDB_INCOMPATIBLE:
        return ERR_CORRUPT;
    case MDB_DBS_FULL:
    case MDB_TXN_FULL:
    case MDB_READERS_FULL:
    case MDB_BAD_VALSIZE:
        return ERR_LIMIT;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_DENIED;
    case ENOENT:
        return ERR_NOT_FOUND;
    default:
        return ERR_IO;
    }
}

static enum err configure(MDB_env *env, const struct store_options *options, const char *path,
                          struct why *why)
{
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
    if (options->unsynced)
        flags |= MDB_NOSYNC;
    if (options->read_only)
        flags |= MDB_RDONLY;
    int code = options->read_only ? 0 : fill_lock_file(path);
    if (!code)
        code = mdb_env_set_mapsize(env, MAP_BYTES);
    if (!code)
        code = mdb_env_set_maxdbs(env, STORE_DATABASES_MAX);
    if (!code)
        code = mdb_env_set_maxreaders(env, READERS_MAX);
    if (!code)
        code = mdb_env_open(env, path, flags, FILE_MODE);
    if (!code) {
        int dead = 0; /* readers that were killed would keep freed pages for ever */
        code = mdb_reader_check(env, &dead);
    }
    return code ? why_set(why, store_err(code), "cannot open '%s': %s", path, mdb_strerror(code))
                : OK;
}

/* LMDB maps its lock file and leaves it full of holes: a reader that takes a new slot on a full
 * disk would die of SIGBUS. So it gets its room before LMDB opens it; later would be too late, as
 * closing a second descriptor gives up the locks of the first. */
static int fill_lock_file(const char *path)
{
    struct buf lock_path = {0};
    struct stat info;
    buf_printf(&lock_path, "%s-lock", path);
    const int fd = open(buf_text(&lock_path), O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    int code = fd < 0 || fstat(fd, &info) != 0 ? errno : 0;
    if (!code)
        code = posix_fallocate(fd, 0, info.st_size > 0 ? info.st_size : LOCK_BYTES);
    if (code == EOPNOTSUPP || code == EINVAL)
        code = 0; /* a file system that cannot promise room */
    if (fd >= 0)
        close(fd);
    buf_release(&lock_path);
    return code;
}

/* LMDB writes its first two pages without a sync, and nobody syncs the file's name: the power going
 * off soon after could leave a file that does not open, or none. So an empty file is made beside
 * its place, and gets its name when it is whole; a lock keeps two processes from doing so at once.
 */
static enum err make_file(const char *directory, const struct store_options *options,
                          const char *path, struct why *why)
{
    if (access(path, F_OK) == 0)
        return OK;
    struct buf new_path = {0};
    int code = 0;
    const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        code = errno;
        goto out;
    }
    if (access(path, F_OK) == 0)
        goto out;
    buf_printf(&new_path, "%s.new", path);
    if (unlink(buf_text(&new_path)) != 0 && errno != ENOENT) {
        code = errno;
        goto out;
    }
    code = make_empty(buf_text(&new_path), options->unsynced);
    if (!code && rename(buf_text(&new_path), path) != 0)
        code = errno;
    if (!code && !options->unsynced)
        code = sync_names(fd);
out:
    if (fd >= 0)
        close(fd);
    buf_release(&new_path);
    return code ? why_set(why, store_err(code), "cannot make '%s': %s", path, mdb_strerror(code))
                : OK;
}

/* LMDB's file without a transaction, on the disk when this returns. */
static int make_empty(const char *path, bool unsynced)
{
    MDB_env *env = NULL;
    int code = mdb_env_create(&env);
    if (code)
        return code;
    code = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOTLS | MDB_NOLOCK, FILE_MODE);
    if (!code && !unsynced)
        code = mdb_env_sync(env, 1);
    mdb_env_close(env);
    return code;
}

/* The names in a directory, and its own, which may be new as well; there its owner may have shut us
 * out. */
static int sync_names(int directory)
{
    if (fsync(directory) != 0)
        return errno;
    const int above = openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above >= 0) {
        (void)fsync(above);
        close(above);
    }
    return 0;
}

/* A file that was cut short would kill its first reader with SIGBUS: refuse it here. It may well
 * end before its last pages when those are free: pages that a transaction took and gave back are
 * never written. */
static enum err check_length(struct store *store, const char *path, struct why *why)
{
    MDB_stat stat_of_main;
    mdb_filehandle_t file;
    uint64_t size = 0;
    uint64_t needed = 0;
    struct store_txn *txn = NULL;
    must(mdb_env_stat(store->env, &stat_of_main) == 0);
    must(mdb_env_get_fd(store->env, &file) == 0);
    store->page_bytes = stat_of_main.ms_psize;
    enum err err = measure(store, file, &size, &needed);
    if (err || size >= needed)
        return err ? why_set(why, err, "cannot look at '%s'", path) : OK;
    if (!store->options.read_only)
        err = store_begin(store, true, &txn); /* so that nobody else writes */
    if (!err)
        err = measure(store, file, &size, &needed);
    if (err)
        err = why_set(why, err, "cannot look at '%s'", path);
    else if (size < needed && !ends_with_free_pages(store, file, size, needed))
        err = why_set(why, ERR_CORRUPT, "'%s' was cut short: %llu bytes where %llu are in use",
                      path, (unsigned long long)size, (unsigned long long)needed);
    store_abort(txn);
    return err;
}

/* The file's size, and where its last page in use ends. */
static enum err measure(struct store *store, int file, uint64_t *ret_size, uint64_t *ret_needed)
{
    MDB_envinfo info;
    struct stat status;
    must(mdb_env_info(store->env, &info) == 0);
    if (fstat(file, &status) != 0)
        return store_err(errno);
    *ret_size = (uint64_t)status.st_size;
    *ret_needed =
        info.me_last_txnid > 0 ? ((uint64_t)info.me_last_pgno + 1) * store->page_bytes : 0;
    return OK;
}

/* Whether all pages from `size` to `needed` are free. While they are counted the file is as long as
 * it says it is: the list of free pages may lie in what is missing. */
static bool ends_with_free_pages(struct store *store, int file, uint64_t size, uint64_t needed)
{
    const bool lengthen = !store->options.read_only;
    const uint64_t first_missing = size / store->page_bytes;
    uint64_t missing = needed / store->page_bytes - first_missing;
    if (lengthen && ftruncate(file, (off_t)needed) != 0)
        return false;
    struct free_list list;
    free_list_open(store, &list);
    for (struct str pages; free_list_next(&list, &pages);) {
        for (size_t i = 0; i < pages.size / sizeof(size_t); i++) {
            size_t page;
            memcpy(&page, pages.data + i * sizeof(page), sizeof(page));
            missing -= page >= first_missing && missing > 0;
        }
    }
    free_list_close(&list);
    if (lengthen && ftruncate(file, (off_t)size) != 0)
        return false;
    return missing == 0;
}

/* Nothing is in it when it cannot be read. */
static void free_list_open(struct store *store, struct free_list *list)
{
    *list = (struct free_list){0};
    if (store_begin(store, false, &list->txn) != OK ||
        mdb_cursor_open(list->txn->mdb, 0, &list->cursor) != 0)
        list->cursor = NULL;
}

/* The next pages that were freed together, as an array of size_t that is not aligned. */
static bool free_list_next(struct free_list *list, struct str *ret_pages)
{
    MDB_val key;
    MDB_val value;
    size_t count = 0;
    if (!list->cursor || mdb_cursor_get(list->cursor, &key, &value, MDB_NEXT) != 0 ||
        value.mv_size < sizeof(count))
        return false;
    memcpy(&count, value.mv_data, sizeof(count));
    const size_t room = value.mv_size / sizeof(count) - 1;
    *ret_pages = (struct str){(const char *)value.mv_data + sizeof(count),
                              (count < room ? count : room) * sizeof(count)};
    return true;
}

static void free_list_close(struct free_list *list)
{
    if (list->cursor)
        mdb_cursor_close(list->cursor);
    store_abort(list->txn);
}
