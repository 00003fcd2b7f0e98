/* scan_kernel.c -- rebuilds a hash index over an LMDB file of records: the yardstick for restarts.
 */
#include "bench/baseline/scan_kernel.h"
#include "base/clock.h"
#include "base/varint.h"
#include "bench/events.h"

#include <lmdb.h>
#include <sys/mman.h>

#define CHECK(call) must((call) == 0)
#define GROUP 64
#define MAP_BYTES (16ull << 30)

static MDB_env *env_open(const char *directory, unsigned flags)
{
    MDB_env *env;
    CHECK(mdb_env_create(&env));
    CHECK(mdb_env_set_mapsize(env, MAP_BYTES));
    CHECK(mdb_env_open(env, directory, flags, 0644));
    return env;
}

static void write_all(const char *directory, uint64_t events)
{
    MDB_env *env = env_open(directory, MDB_NOSYNC);
    struct random random = {42};
    struct buf body = {0};
    MDB_txn *txn;
    MDB_dbi dbi;
    CHECK(mdb_txn_begin(env, NULL, 0, &txn));
    CHECK(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY | MDB_CREATE, &dbi));
    for (uint64_t i = 0; i < 2 * events; i++) {
        const int64_t time_ms = EVENTS_BEGIN_MS + (int64_t)(i / 2);
        buf_clear(&body);
        if (i % 2)
            events_payment(&body, events_key(i / 2), time_ms, &random);
        else
            events_order(&body, events_key(i / 2), time_ms, &random);
        MDB_val key = {8, &i};
        MDB_val value = {body.size, body.data};
        CHECK(mdb_put(txn, dbi, &key, &value, MDB_APPEND));
        if (i % 10000 == 9999) {
            CHECK(mdb_txn_commit(txn));
            CHECK(mdb_txn_begin(env, NULL, 0, &txn));
        }
    }
    CHECK(mdb_txn_commit(txn));
    CHECK(mdb_env_sync(env, 1));
    mdb_env_close(env);
    buf_release(&body);
}

static void *table(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    must(memory != MAP_FAILED);
    return memory;
}

struct scan_kernel_result scan_kernel_run(const char *directory, uint64_t events)
{
    write_all(directory, events);
    const int64_t begin_ns = clock_monotonic_ns();
    const int64_t begin_cpu_ns = clock_cpu_ns();
    MDB_env *env = env_open(directory, MDB_RDONLY);
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val key, value;
    size_t slots = 1;
    while (slots < 4 * events)
        slots <<= 1;
    uint32_t *heads = table(slots * 4);
    uint32_t *links = table(2 * events * 4 + 4);
    uint64_t *keys = table(2 * events * 8 + 8);
    const void **records = table(2 * events * sizeof(void *) + 8);
    uint64_t slot[GROUP];
    uint64_t count = 0;
    CHECK(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
    CHECK(mdb_dbi_open(txn, NULL, 0, &dbi));
    CHECK(mdb_cursor_open(txn, dbi, &cursor));
    for (bool more = true; more;) {
        uint32_t group = 0;
        while (group < GROUP && (more = mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)) {
            int64_t size;
            const uint8_t *at = varint_get(value.mv_data, (uint8_t *)value.mv_data + 10, &size);
            struct random mix;
            memcpy(&mix.state, at + 8, 8);
            keys[count + group] = mix.state;
            records[count + group] = value.mv_data;
            slot[group] = random_next(&mix) & (slots - 1);
            __builtin_prefetch(&heads[slot[group]], 1);
            group++;
        }
        for (uint32_t i = 0; i < group; i++) {
            links[count + i] = heads[slot[i]];
            heads[slot[i]] = (uint32_t)(count + i + 1);
        }
        count += group;
    }
    must(count == 2 * events);
    const struct scan_kernel_result result = {
        .seconds = (double)(clock_monotonic_ns() - begin_ns) / 1e9,
        .cpu_seconds = (double)(clock_cpu_ns() - begin_cpu_ns) / 1e9,
    };
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    munmap(heads, slots * 4);
    munmap(links, 2 * events * 4 + 4);
    munmap(keys, 2 * events * 8 + 8);
    munmap(records, 2 * events * sizeof(void *) + 8);
    return result;
}
