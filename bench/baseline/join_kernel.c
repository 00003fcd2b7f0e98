/* join_kernel.c -- a dense, single-purpose join on bare LMDB: the yardstick, not a style.
 *
 * Orders and payments lie in two LMDB files, one record an entry. Buffered records stay where they
 * are in the map; beside them there is one hash of chains a side, prefetched over 32 records at a
 * time. Old entries are dead by their number and never removed. Rows out are appended with their
 * CRC, and the positions go into the same transaction. */
#include "bench/baseline/join_kernel.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/varint.h"
#include "bench/events.h"

#include <lmdb.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define CHECK(call) must((call) == 0)
#define GROUP 32
#define MAP_BYTES (16ull << 30)

static MDB_env *env_open(const char *directory, const char *name)
{
    char path[600];
    MDB_env *env;
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    must(mkdir(path, 0755) == 0);
    CHECK(mdb_env_create(&env));
    CHECK(mdb_env_set_maxdbs(env, 4));
    CHECK(mdb_env_set_mapsize(env, MAP_BYTES));
    CHECK(mdb_env_open(env, path, 0, 0644));
    return env;
}

static void produce(MDB_env *env, MDB_dbi *dbi, bool payments, uint64_t events, uint64_t window)
{
    struct random random = {payments ? EVENTS_PAYMENT_SEED : EVENTS_ORDER_SEED};
    struct buf body = {0};
    MDB_txn *txn;
    CHECK(mdb_txn_begin(env, NULL, 0, &txn));
    CHECK(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY | MDB_CREATE, dbi));
    for (uint64_t i = 0; i < events; i++) {
        uint64_t order;
        buf_clear(&body);
        if (payments)
            events_late_payment(&body, i, window, &random, &order);
        else
            events_order(&body, events_key(i), EVENTS_BEGIN_MS + (int64_t)i, &random);
        MDB_val key = {8, &i};
        MDB_val value = {body.size, body.data};
        CHECK(mdb_put(txn, *dbi, &key, &value, MDB_APPEND));
        if (i % 10000 == 9999) {
            CHECK(mdb_txn_commit(txn));
            CHECK(mdb_txn_begin(env, NULL, 0, &txn));
        }
    }
    CHECK(mdb_txn_commit(txn));
    buf_release(&body);
}

struct text {
    const uint8_t *at;
    int64_t size;
};

struct order {
    struct text id, currency, status, channel, address, coupon;
    int64_t number, customer, time_ms;
    double total;
    const uint8_t *items; /* the array's bytes, copied as they are */
    size_t items_size;
    int64_t item_count;
    double item_sum;
};

struct payment {
    struct text id, order_id, method, status, authorisation;
    int64_t number, time_ms;
    double amount;
};

/* The bytes are our own: no bounds, no refusals. */
static const uint8_t *number_get(const uint8_t *at, int64_t *ret)
{
    uint64_t bits = *at & 127;
    for (int shift = 7; *at++ & 128; shift += 7)
        bits |= (uint64_t)(*at & 127) << shift;
    *ret = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
    return at;
}

static const uint8_t *text_get(const uint8_t *at, struct text *ret)
{
    at = number_get(at, &ret->size);
    ret->at = at;
    return at + ret->size;
}

static const uint8_t *double_get(const uint8_t *at, double *ret)
{
    memcpy(ret, at, 8);
    return at + 8;
}

static void order_read(const uint8_t *at, struct order *order)
{
    at = text_get(at, &order->id);
    at = number_get(at, &order->number);
    at = number_get(at, &order->customer);
    at = number_get(at, &order->time_ms);
    at = text_get(at, &order->currency);
    at = double_get(at, &order->total);
    at = text_get(at, &order->status);
    at = text_get(at, &order->channel);
    at = text_get(at, &order->address);
    order->items = at;
    order->item_count = 0;
    order->item_sum = 0;
    for (int64_t count; at = number_get(at, &count), count != 0;) {
        for (int64_t i = 0; i < count; i++) {
            struct text sku;
            int64_t quantity;
            double price;
            at = text_get(at, &sku);
            at = number_get(at, &quantity);
            at = double_get(at, &price);
            order->item_count++;
            order->item_sum += price;
        }
    }
    order->items_size = (size_t)(at - order->items);
    int64_t branch;
    at = number_get(at, &branch);
    if (branch == 1)
        text_get(at, &order->coupon);
}

static void payment_read(const uint8_t *at, struct payment *payment)
{
    at = text_get(at, &payment->id);
    at = text_get(at, &payment->order_id);
    at = number_get(at, &payment->number);
    at = number_get(at, &payment->time_ms);
    at = double_get(at, &payment->amount);
    at = text_get(at, &payment->method);
    at = text_get(at, &payment->status);
    text_get(at, &payment->authorisation);
}

static uint8_t *text_put(uint8_t *at, const struct text *text)
{
    at = varint_put(at, text->size);
    memcpy(at, text->at, (size_t)text->size);
    return at + text->size;
}

static uint8_t *double_put(uint8_t *at, double value)
{
    memcpy(at, &value, 8);
    return at + 8;
}

static size_t row_write(uint8_t *row, const struct order *order, const struct payment *payment)
{
    uint8_t *at = row + 4;
    at = text_put(at, &order->id);
    at = varint_put(at, order->number);
    at = varint_put(at, order->customer);
    at = varint_put(at, order->time_ms > payment->time_ms ? order->time_ms : payment->time_ms);
    at = text_put(at, &order->currency);
    at = double_put(at, order->total);
    at = text_put(at, &order->status);
    memcpy(at, order->items, order->items_size);
    at += order->items_size;
    at = text_put(at, &payment->id);
    at = double_put(at, payment->amount);
    at = text_put(at, &payment->method);
    const uint32_t crc = crc32c(0, row + 4, (size_t)(at - row) - 4);
    memcpy(row, &crc, 4);
    return (size_t)(at - row);
}

/* One side's buffer: entry n lies at n & mask; heads and links hold numbers from 1. */
struct side {
    uint32_t *heads;
    uint32_t *links;
    uint64_t *keys;
    const uint8_t **records;
};

static void *table(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(memory != MAP_FAILED);
    madvise(memory, bytes, MADV_HUGEPAGE);
    memset(memory, 0, bytes);
    return memory;
}

struct kernel {
    struct side sides[2];
    uint64_t head_mask;
    uint64_t ring_mask;
    uint64_t window;
    MDB_cursor *in[2];
    MDB_env *out_env;
    MDB_dbi out, positions;
    MDB_txn *txn;
    MDB_cursor *out_cursor;
    uint64_t out_count;
    uint64_t since_commit;
    const uint8_t *group[2][GROUP];
    uint64_t keys[2][GROUP];
    uint64_t slots[2][GROUP];
};

static void emit(struct kernel *kernel, const struct order *order, const struct payment *payment)
{
    uint8_t row[4096];
    MDB_val key = {8, &kernel->out_count};
    MDB_val value = {row_write(row, order, payment), row};
    CHECK(mdb_cursor_put(kernel->out_cursor, &key, &value, MDB_APPEND));
    kernel->out_count++;
    kernel->since_commit++;
}

static void commit(struct kernel *kernel, uint64_t position)
{
    char name[] = "pos";
    uint64_t positions[2] = {position, position};
    MDB_val key = {3, name};
    MDB_val value = {sizeof(positions), positions};
    CHECK(mdb_put(kernel->txn, kernel->positions, &key, &value, 0));
    mdb_cursor_close(kernel->out_cursor);
    CHECK(mdb_txn_commit(kernel->txn));
    CHECK(mdb_txn_begin(kernel->out_env, NULL, 0, &kernel->txn));
    CHECK(mdb_cursor_open(kernel->txn, kernel->out, &kernel->out_cursor));
    kernel->since_commit = 0;
}

static void read_group(struct kernel *kernel)
{
    for (int x = 0; x < 2; x++) {
        for (int j = 0; j < GROUP; j++) {
            MDB_val key, value;
            struct text skipped;
            int64_t number;
            CHECK(mdb_cursor_get(kernel->in[x], &key, &value, MDB_NEXT));
            const uint8_t *at = text_get(value.mv_data, &skipped);
            if (x)
                at = text_get(at, &skipped);
            number_get(at, &number);
            struct random mix = {(uint64_t)number};
            kernel->group[x][j] = value.mv_data;
            kernel->keys[x][j] = (uint64_t)number;
            kernel->slots[x][j] = random_next(&mix) & kernel->head_mask;
            __builtin_prefetch(&kernel->sides[0].heads[kernel->slots[x][j]], 1);
            __builtin_prefetch(&kernel->sides[1].heads[kernel->slots[x][j]], 1);
        }
    }
    for (int x = 0; x < 2; x++) {
        for (int j = 0; j < GROUP; j++) {
            const struct side *other = &kernel->sides[!x];
            const uint32_t entry = other->heads[kernel->slots[x][j]];
            __builtin_prefetch(&other->keys[entry & kernel->ring_mask]);
            __builtin_prefetch(&other->records[entry & kernel->ring_mask]);
            __builtin_prefetch(&other->links[entry & kernel->ring_mask]);
        }
    }
    for (int j = 0; j < GROUP; j++) {
        const uint32_t entry = kernel->sides[0].heads[kernel->slots[1][j]];
        const uint8_t *record = kernel->sides[0].records[entry & kernel->ring_mask];
        __builtin_prefetch(record);
        __builtin_prefetch(record + 64);
        __builtin_prefetch(record + 128);
    }
}

static void join_one(struct kernel *kernel, uint32_t number, int x, int j)
{
    struct order order;
    struct payment payment;
    const uint64_t key = kernel->keys[x][j];
    const uint64_t slot = kernel->slots[x][j];
    struct side *own = &kernel->sides[x];
    const struct side *other = &kernel->sides[!x];
    if (x)
        payment_read(kernel->group[1][j], &payment);
    else
        order_read(kernel->group[0][j], &order);
    own->keys[number & kernel->ring_mask] = key;
    own->records[number & kernel->ring_mask] = kernel->group[x][j];
    own->links[number & kernel->ring_mask] = own->heads[slot];
    own->heads[slot] = number;
    uint32_t entry = other->heads[slot];
    while (entry && (uint32_t)(number - entry) <= kernel->window) {
        if (other->keys[entry & kernel->ring_mask] == key) {
            if (x)
                order_read(other->records[entry & kernel->ring_mask], &order);
            else
                payment_read(other->records[entry & kernel->ring_mask], &payment);
            emit(kernel, &order, &payment);
        }
        entry = other->links[entry & kernel->ring_mask];
    }
}

static void sides_init(struct kernel *kernel, uint64_t window)
{
    uint64_t heads = 1;
    uint64_t ring = 1;
    while (heads < window * 2)
        heads <<= 1;
    while (ring < window + 256)
        ring <<= 1;
    kernel->head_mask = heads - 1;
    kernel->ring_mask = ring - 1;
    kernel->window = window;
    for (int x = 0; x < 2; x++)
        kernel->sides[x] =
            (struct side){table(heads * 4), table(ring * 4), table(ring * 8), table(ring * 8)};
}

/* Reads the rows back: each begins with its sum. */
static struct fingerprint read_back(struct kernel *kernel)
{
    struct fingerprint fingerprint = {0};
    MDB_cursor *cursor;
    MDB_val key, value;
    CHECK(mdb_cursor_open(kernel->txn, kernel->out, &cursor));
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
        fingerprint_add(&fingerprint, (const char *)value.mv_data + 4, value.mv_size - 4);
    mdb_cursor_close(cursor);
    return fingerprint;
}

struct join_kernel_result join_kernel_run(const char *directory, uint64_t events, uint64_t window,
                                          uint64_t commit_rows)
{
    struct kernel kernel = {.out_count = 0};
    MDB_env *env[2];
    MDB_dbi dbi[2];
    int64_t begin_ns = 0;
    uint64_t begin_event = 0;
    for (int x = 0; x < 2; x++) {
        MDB_txn *txn;
        env[x] = env_open(directory, x ? "payments" : "orders");
        produce(env[x], &dbi[x], x == 1, events, window);
        CHECK(mdb_txn_begin(env[x], NULL, MDB_RDONLY, &txn));
        CHECK(mdb_cursor_open(txn, dbi[x], &kernel.in[x]));
    }
    kernel.out_env = env_open(directory, "joined");
    CHECK(mdb_txn_begin(kernel.out_env, NULL, 0, &kernel.txn));
    CHECK(mdb_dbi_open(kernel.txn, "out", MDB_INTEGERKEY | MDB_CREATE, &kernel.out));
    CHECK(mdb_dbi_open(kernel.txn, "positions", MDB_CREATE, &kernel.positions));
    CHECK(mdb_cursor_open(kernel.txn, kernel.out, &kernel.out_cursor));
    sides_init(&kernel, window);
    for (uint64_t i = 0; i + GROUP <= events; i += GROUP) {
        if (i >= window && begin_ns == 0) {
            begin_ns = clock_cpu_ns();
            begin_event = i;
        }
        read_group(&kernel);
        for (int j = 0; j < GROUP; j++)
            for (int x = 0; x < 2; x++)
                join_one(&kernel, (uint32_t)(i + (uint64_t)j + 1), x, j);
        if (kernel.since_commit >= commit_rows)
            commit(&kernel, i + GROUP);
    }
    commit(&kernel, events);
    const uint64_t measured = 2 * (events - begin_event);
    const double cpu_ns = (double)(clock_cpu_ns() - begin_ns);
    return (struct join_kernel_result){.cpu_ns_per_event = cpu_ns / (double)measured,
                                       .events = measured,
                                       .joined = read_back(&kernel)};
}
