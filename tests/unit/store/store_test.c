/* store_test.c -- the store: transactions, databases, checked values, limits, damaged files. */
#include "base/file.h"
#include "base/memory.h"
#include "store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define assert_ok(call) assert_int_equal((call), OK)

struct fixture {
    char directory[64];
    struct store *store;
};

static void fixture_init(struct fixture *fixture, const struct store_options *options)
{
    *fixture = (struct fixture){.directory = "/tmp/drivethru-store-XXXXXX"};
    assert_non_null(mkdtemp(fixture->directory));
    assert_ok(store_open(fixture->directory, options, &fixture->store, NULL));
}

static void fixture_release(struct fixture *fixture)
{
    store_close(fixture->store);
    assert_ok(file_remove_tree(fixture->directory, NULL));
}

static store_database make_database(struct store *store, const char *name, enum store_key key)
{
    struct store_txn *txn = NULL;
    store_database database = 0;
    assert_ok(store_begin(store, true, &txn));
    assert_ok(store_database_open(txn, str_from(name), key, &database));
    assert_ok(store_commit(txn));
    return database;
}

static struct str integer(const uint64_t *number)
{
    return (struct str){(const char *)number, sizeof(*number)};
}

static void append(struct store_txn *txn, store_database database, uint64_t key, size_t size)
{
    char *place = NULL;
    assert_ok(store_append(txn, database, key, size, &place));
    memset(place, (int)('a' + key % 26), size);
}

static void what_is_committed_is_there_and_nothing_else(void **state)
{
    const struct store_options options = {0};
    struct fixture fixture;
    struct store_txn *txn = NULL;
    struct str value;
    (void)state;
    fixture_init(&fixture, &options);
    const store_database database = make_database(fixture.store, "d", STORE_KEY_BYTES);
    const uint64_t before = store_last_txn(fixture.store);
    assert_ok(store_begin(fixture.store, true, &txn));
    assert_ok(store_put(txn, database, STR("k"), STR("v")));
    assert_ok(store_get(txn, database, STR("k"), &value));
    store_abort(txn);
    assert_int_equal(store_last_txn(fixture.store), before);
    assert_ok(store_begin(fixture.store, false, &txn));
    assert_int_equal(store_get(txn, database, STR("k"), &value), ERR_NOT_FOUND);
    struct store_txn *writer = NULL;
    assert_ok(store_begin(fixture.store, true, &writer));
    assert_ok(store_put(writer, database, STR("k"), STR("v")));
    assert_ok(store_commit(writer));
    assert_int_equal(store_last_txn(fixture.store), before + 1);
    /* The snapshot stays as it was until it is taken anew. */
    assert_int_equal(store_get(txn, database, STR("k"), &value), ERR_NOT_FOUND);
    store_reset(txn);
    assert_ok(store_renew(txn));
    assert_ok(store_get(txn, database, STR("k"), &value));
    assert_true(str_equal(value, STR("v")));
    store_abort(txn);
    store_close(fixture.store);
    assert_ok(store_open(fixture.directory, &options, &fixture.store, NULL));
    assert_ok(store_begin(fixture.store, false, &txn));
    store_database again = 0;
    assert_ok(store_database_open(txn, STR("d"), STORE_KEY_BYTES, &again));
    assert_ok(store_get(txn, again, STR("k"), &value));
    assert_int_equal(store_database_open(txn, STR("none"), STORE_KEY_BYTES, &again), ERR_NOT_FOUND);
    store_abort(txn);
    fixture_release(&fixture);
}

static void a_cursor_walks_integers_in_order(void **state)
{
    const struct store_options options = {.unsynced = true};
    struct fixture fixture;
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    struct str key;
    struct str value;
    char *place = NULL;
    (void)state;
    fixture_init(&fixture, &options);
    const store_database database = make_database(fixture.store, "d", STORE_KEY_INTEGER);
    assert_ok(store_begin(fixture.store, true, &txn));
    for (uint64_t i = 1; i <= 1000; i++)
        append(txn, database, i * 10, 50 + i * 7 % 9000);
    assert_int_equal(store_append(txn, database, 10000, 5, &place), ERR_EXISTS);
    store_abort(txn);
    assert_ok(store_begin(fixture.store, true, &txn));
    for (uint64_t i = 1; i <= 1000; i++)
        append(txn, database, i * 10, 50 + i * 7 % 9000);
    assert_ok(store_commit(txn));
    assert_ok(store_begin(fixture.store, true, &txn));
    assert_ok(store_cursor_open(txn, database, &cursor));
    assert_ok(store_cursor_move(cursor, STORE_FIRST, &key, &value));
    for (uint64_t i = 1; i <= 1000; i++) {
        uint64_t number = 0;
        memcpy(&number, key.data, sizeof(number));
        assert_int_equal(number, i * 10);
        assert_int_equal(value.size, 50 + i * 7 % 9000);
        assert_int_equal(value.data[value.size - 1], 'a' + i * 10 % 26);
        assert_int_equal(store_cursor_move(cursor, STORE_NEXT, &key, &value),
                         i == 1000 ? ERR_NOT_FOUND : OK);
    }
    uint64_t wanted = 4995;
    key = integer(&wanted);
    assert_ok(store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &value));
    memcpy(&wanted, key.data, sizeof(wanted));
    assert_int_equal(wanted, 5000);
    assert_ok(store_cursor_delete(cursor));
    wanted = 4995;
    key = integer(&wanted);
    assert_ok(store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &value));
    memcpy(&wanted, key.data, sizeof(wanted));
    assert_int_equal(wanted, 5010);
    wanted = 10001;
    key = integer(&wanted);
    assert_int_equal(store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &value), ERR_NOT_FOUND);
    store_cursor_close(cursor);
    uint64_t count = 0;
    uint64_t bytes = 0;
    assert_ok(store_database_size(txn, database, &count, &bytes));
    assert_int_equal(count, 999);
    assert_true(bytes > 3000000);
    assert_ok(store_database_clear(txn, database));
    assert_ok(store_database_size(txn, database, &count, &bytes));
    assert_int_equal(count, 0);
    store_abort(txn);
    fixture_release(&fixture);
}

static void a_dropped_database_is_gone_and_can_be_made_again(void **state)
{
    const struct store_options options = {.unsynced = true};
    struct fixture fixture;
    struct store_txn *txn = NULL;
    struct str value;
    store_database database =
        make_database((fixture_init(&fixture, &options), fixture.store), "d", STORE_KEY_BYTES);
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_ok(store_begin(fixture.store, true, &txn));
        assert_ok(store_put(txn, database, STR("k"), STR("v")));
        assert_ok(store_database_drop(txn, database));
        if (i == 1)
            store_abort(txn); /* then it is still there */
        else
            assert_ok(store_commit(txn));
        assert_ok(store_begin(fixture.store, false, &txn));
        assert_int_equal(store_database_open(txn, STR("d"), STORE_KEY_BYTES, &database),
                         i == 1 ? OK : ERR_NOT_FOUND);
        store_abort(txn);
        database = make_database(fixture.store, "d", STORE_KEY_BYTES);
        assert_ok(store_begin(fixture.store, false, &txn));
        assert_int_equal(store_get(txn, database, STR("k"), &value), ERR_NOT_FOUND);
        store_abort(txn);
    }
    fixture_release(&fixture);
}

static void a_checked_value_tells_that_it_was_changed(void **state)
{
    const struct store_options options = {.unsynced = true};
    struct fixture fixture;
    struct store_txn *txn = NULL;
    struct str value;
    struct str stored;
    (void)state;
    fixture_init(&fixture, &options);
    const store_database database = make_database(fixture.store, "d", STORE_KEY_BYTES);
    assert_ok(store_begin(fixture.store, true, &txn));
    assert_ok(store_put_checked(txn, database, STR("k"), STR("value")));
    assert_ok(store_put_checked(txn, database, STR("empty"), STR("")));
    assert_ok(store_get_checked(txn, database, STR("k"), &value));
    assert_true(str_equal(value, STR("value")));
    assert_ok(store_get_checked(txn, database, STR("empty"), &value));
    assert_int_equal(value.size, 0);
    assert_ok(store_get(txn, database, STR("k"), &stored));
    assert_int_equal(stored.size, 9);
    char bytes[9];
    memcpy(bytes, stored.data, sizeof(bytes));
    const struct str copy = {bytes, sizeof(bytes)};
    for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(store_check_value(STR("k"), copy, &value), ERR_CORRUPT);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
    }
    assert_ok(store_check_value(STR("k"), copy, &value));
    assert_int_equal(store_check_value(STR("l"), copy, &value), ERR_CORRUPT);
    for (size_t size = 0; size < sizeof(bytes); size++)
        assert_int_equal(store_check_value(STR("k"), (struct str){bytes, size}, &value),
                         ERR_CORRUPT);
    store_abort(txn);
    fixture_release(&fixture);
}

static enum err fill(struct store *store, store_database database, uint64_t *next)
{
    struct store_txn *txn = NULL;
    enum err err = store_begin(store, true, &txn);
    for (int i = 0; i < 10 && !err; i++) {
        char *place = NULL;
        err = store_append(txn, database, *next + (uint64_t)i, 5000, &place);
        if (!err)
            memset(place, 'x', 5000);
    }
    if (err)
        store_abort(txn);
    else
        err = store_commit(txn);
    *next += err ? 0 : 10;
    return err;
}

static void bytes_max_refuses_appends_until_there_is_room(void **state)
{
    const struct store_options options = {.unsynced = true, .bytes_max = 1 << 20};
    struct fixture fixture;
    struct store_txn *txn = NULL;
    uint64_t next = 0;
    uint64_t used = 0;
    uint64_t unused = 0;
    (void)state;
    fixture_init(&fixture, &options);
    const store_database database = make_database(fixture.store, "d", STORE_KEY_INTEGER);
    uint64_t first = 0;
    for (int round = 0; round < 30; round++) {
        enum err err = OK;
        while ((err = fill(fixture.store, database, &next)) == OK)
            assert_true(next < 10000);
        assert_int_equal(err, ERR_FULL);
        store_size(fixture.store, &used, &unused);
        assert_true(used <= 1 << 20);
        assert_true(used > 900000);
        /* Deleting and small values still go through. */
        assert_ok(store_begin(fixture.store, true, &txn));
        for (int i = 0; i < 40; i++, first++)
            assert_ok(store_delete(txn, database, integer(&first)));
        assert_ok(store_commit(txn));
    }
    assert_true(next > 1000);
    store_size(fixture.store, &used, &unused);
    assert_true(used + unused < 2 << 20); /* freed pages are used again */
    fixture_release(&fixture);
}

/* The kernel's limit on a file's size stands for a full disk. */
/* Past some megabytes the file is longer than what is in it, but not than it may be. */
static void a_file_with_room_ahead_keeps_its_limit_and_opens_again(void **state)
{
    const struct store_options options = {.bytes_max = 30 << 20};
    const size_t size = 1 << 20;
    struct fixture fixture;
    struct store_txn *txn = NULL;
    struct stat info;
    char path[96];
    uint64_t count = 0;
    enum err err = OK;
    (void)state;
    fixture_init(&fixture, &options);
    snprintf(path, sizeof(path), "%s/log.mdb", fixture.directory);
    store_database database = make_database(fixture.store, "d", STORE_KEY_INTEGER);
    while (!err) {
        char *place = NULL;
        assert_true(count < 30);
        assert_ok(store_begin(fixture.store, true, &txn));
        err = store_append(txn, database, count, size, &place);
        if (err) {
            store_abort(txn);
            break;
        }
        memset(place, (int)('a' + count % 26), size);
        assert_ok(store_commit(txn));
        count++;
    }
    assert_int_equal(err, ERR_FULL);
    assert_in_range(count, 25, 30);
    assert_int_equal(stat(path, &info), 0);
    assert_in_range(info.st_size, count * size, 30 << 20);
    store_close(fixture.store);
    assert_ok(store_open(fixture.directory, &options, &fixture.store, NULL));
    assert_ok(store_begin(fixture.store, false, &txn));
    assert_ok(store_database_open(txn, STR("d"), STORE_KEY_INTEGER, &database));
    for (uint64_t i = 0; i < count; i++) {
        struct str value;
        assert_ok(store_get(txn, database, integer(&i), &value));
        assert_int_equal(value.size, size);
        assert_int_equal(value.data[size - 1], 'a' + i % 26);
    }
    store_abort(txn);
    fixture_release(&fixture);
}

static void a_full_disk_is_reported_and_survived(void **state)
{
    const struct store_options options = {0};
    struct fixture fixture;
    struct store_txn *txn = NULL;
    uint64_t next = 0;
    (void)state;
    fixture_init(&fixture, &options);
    const store_database database = make_database(fixture.store, "d", STORE_KEY_INTEGER);
    struct rlimit before;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {.rlim_cur = 1 << 20, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum err err = OK;
    while ((err = fill(fixture.store, database, &next)) == OK && next < 10000)
        ;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, ERR_FULL);
    assert_true(next > 100);
    assert_ok(store_begin(fixture.store, false, &txn));
    uint64_t count = 0;
    uint64_t bytes = 0;
    assert_ok(store_database_size(txn, database, &count, &bytes));
    assert_int_equal(count, next);
    store_abort(txn);
    assert_ok(fill(fixture.store, database, &next));
    fixture_release(&fixture);
}

static void damaged_and_missing_files_are_refused(void **state)
{
    const struct store_options options = {0};
    const struct store_options reading = {.read_only = true};
    struct fixture fixture;
    struct store *store = NULL;
    struct why why = {0};
    char path[128];
    uint64_t next = 0;
    (void)state;
    fixture_init(&fixture, &options);
    const store_database database = make_database(fixture.store, "d", STORE_KEY_INTEGER);
    assert_ok(fill(fixture.store, database, &next));
    assert_false(store_is_read_only(fixture.store));
    store_close(fixture.store);
    assert_ok(store_open(fixture.directory, &reading, &fixture.store, &why));
    assert_true(store_is_read_only(fixture.store));
    store_close(fixture.store);
    snprintf(path, sizeof(path), "%s/log.mdb", fixture.directory);
    assert_int_equal(truncate(path, 16384), 0);
    assert_int_equal(store_open(fixture.directory, &options, &store, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "log.mdb"));
    const int file = open(path, O_WRONLY | O_TRUNC);
    char noise[16384];
    memset(noise, 0x5a, sizeof(noise));
    assert_int_equal(write(file, noise, sizeof(noise)), sizeof(noise));
    close(file);
    assert_int_equal(store_open(fixture.directory, &options, &store, &why), ERR_CORRUPT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(store_open(fixture.directory, &reading, &store, &why), ERR_NOT_FOUND);
    assert_ok(store_open(fixture.directory, &options, &fixture.store, &why));
    fixture_release(&fixture);
}

/* Pages that a transaction took and gave back lie behind the last written one: the file is shorter
 * than its pages in use, and whole. */
static void a_file_may_end_before_pages_never_written(void **state)
{
    const struct store_options options = {0};
    const struct store_options reading = {.read_only = true};
    struct fixture fixture;
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct why why = {0};
    struct stat before;
    char path[128];
    (void)state;
    fixture_init(&fixture, &options);
    const store_database database = make_database(fixture.store, "d", STORE_KEY_INTEGER);
    for (uint64_t key = 0; key < 8; key++) { /* the first ones leave free pages to begin with */
        assert_ok(store_begin(fixture.store, true, &txn));
        append(txn, database, key, 20000);
        if (key % 2)
            assert_ok(store_delete(txn, database, integer(&key)));
        assert_ok(store_commit(txn));
    }
    const uint64_t key = 8;
    assert_ok(store_begin(fixture.store, true, &txn));
    append(txn, database, key, 200000);
    assert_ok(store_delete(txn, database, integer(&key)));
    assert_ok(store_commit(txn));
    store_close(fixture.store);
    snprintf(path, sizeof(path), "%s/log.mdb", fixture.directory);
    assert_int_equal(stat(path, &before), 0);
    assert_true(before.st_size < 200000);
    assert_ok(store_open(fixture.directory, &reading, &store, &why));
    store_close(store);
    /* Shorter by a page that is in use, it is refused, and left as it is. */
    char page[4096];
    const int file = open(path, O_RDWR);
    assert_int_equal(pread(file, page, sizeof(page), before.st_size - 4096), sizeof(page));
    assert_int_equal(truncate(path, before.st_size - 4096), 0);
    assert_int_equal(store_open(fixture.directory, &options, &store, &why), ERR_CORRUPT);
    struct stat after;
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_size, before.st_size - 4096);
    assert_int_equal(pwrite(file, page, sizeof(page), before.st_size - 4096), sizeof(page));
    close(file);
    assert_ok(store_open(fixture.directory, &options, &fixture.store, &why));
    const store_database again = make_database(fixture.store, "d", STORE_KEY_INTEGER);
    assert_ok(store_begin(fixture.store, true, &txn));
    append(txn, again, key, 200000);
    assert_ok(store_commit(txn));
    fixture_release(&fixture);
}

struct opener {
    struct store *store;
    pthread_t thread;
    int number;
    int failures;
};

/* Readers open databases by name while the writer makes others: numbers must not be mixed up. */
static void *open_and_read(void *argument)
{
    struct opener *opener = argument;
    for (int i = 0; i < 300; i++) {
        struct store_txn *txn = NULL;
        char name[32];
        struct str value;
        store_database database = 0;
        snprintf(name, sizeof(name), "d%d", (i * 7 + opener->number) % 100);
        if (store_begin(opener->store, false, &txn)) {
            opener->failures++;
            continue;
        }
        const enum err err = store_database_open(txn, str_from(name), STORE_KEY_BYTES, &database);
        if (!err &&
            (store_get(txn, database, STR("name"), &value) || !str_equal(value, str_from(name))))
            opener->failures++;
        if (err && err != ERR_NOT_FOUND)
            opener->failures++;
        store_abort(txn);
    }
    return NULL;
}

static void threads_may_open_databases_at_any_time(void **state)
{
    const struct store_options options = {.unsynced = true};
    struct fixture fixture;
    struct opener openers[3];
    (void)state;
    fixture_init(&fixture, &options);
    for (int i = 0; i < 50; i++) {
        /* Half of them exist before, known to no handle. */
        struct store_txn *txn = NULL;
        char name[32];
        store_database database = 0;
        snprintf(name, sizeof(name), "d%d", i * 2);
        assert_ok(store_begin(fixture.store, true, &txn));
        assert_ok(store_database_open(txn, str_from(name), STORE_KEY_BYTES, &database));
        assert_ok(store_put(txn, database, STR("name"), str_from(name)));
        assert_ok(store_commit(txn));
    }
    store_close(fixture.store);
    assert_ok(store_open(fixture.directory, &options, &fixture.store, NULL));
    for (int i = 0; i < 3; i++) {
        openers[i] = (struct opener){.store = fixture.store, .number = i * 31};
        assert_int_equal(pthread_create(&openers[i].thread, NULL, open_and_read, &openers[i]), 0);
    }
    for (int i = 0; i < 50; i++) {
        struct store_txn *txn = NULL;
        char name[32];
        store_database database = 0;
        snprintf(name, sizeof(name), "d%d", i * 2 + 1);
        assert_ok(store_begin(fixture.store, true, &txn));
        assert_ok(store_database_open(txn, str_from(name), STORE_KEY_BYTES, &database));
        assert_ok(store_put(txn, database, STR("name"), str_from(name)));
        if (i % 5 == 0)
            store_abort(txn);
        else
            assert_ok(store_commit(txn));
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(openers[i].thread, NULL);
        assert_int_equal(openers[i].failures, 0);
    }
    fixture_release(&fixture);
}

/* A reader's slot in a hole of the lock file would be SIGBUS on a full disk. */
static void the_lock_file_has_no_holes(void **state)
{
    const struct store_options options = {.unsynced = true};
    struct fixture fixture;
    struct stat info;
    char path[96];
    (void)state;
    fixture_init(&fixture, &options);
    snprintf(path, sizeof(path), "%s/log.mdb-lock", fixture.directory);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(stat(path, &info), 0);
        assert_true(info.st_size > 60000);
        assert_true(info.st_blocks * 512 >= info.st_size);
        store_close(fixture.store);
        assert_ok(store_open(fixture.directory, &options, &fixture.store, NULL));
    }
    fixture_release(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_committed_is_there_and_nothing_else),
        cmocka_unit_test(the_lock_file_has_no_holes),
        cmocka_unit_test(a_cursor_walks_integers_in_order),
        cmocka_unit_test(a_dropped_database_is_gone_and_can_be_made_again),
        cmocka_unit_test(a_checked_value_tells_that_it_was_changed),
        cmocka_unit_test(bytes_max_refuses_appends_until_there_is_room),
        cmocka_unit_test(a_file_with_room_ahead_keeps_its_limit_and_opens_again),
        cmocka_unit_test(a_full_disk_is_reported_and_survived),
        cmocka_unit_test(damaged_and_missing_files_are_refused),
        cmocka_unit_test(a_file_may_end_before_pages_never_written),
        cmocka_unit_test(threads_may_open_databases_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
