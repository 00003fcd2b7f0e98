/* bench.c -- drivethru bench: what this program does on this machine, beside what it stands on.
 *
 * Everything runs in this process on a temporary directory, durable, and what comes out is compared
 * with the truth: a figure of wrong rows is none. */
#include "base/clock.h"
#include "base/file.h"
#include "base/machine.h"
#include "cli/generating.h"
#include "cli/world.h"
#include "data/time.h"
#include "store/store.h"

#include <unistd.h>

#define COMMITS 500
#define COMMIT_BYTES 150
#define ORDERS 100000
#define RATE 1000.0
#define START "2020-01-01T06:00:00"
#define HISTORY_MS (100ll * 86400000)
#define IDLE_MS 600000

/* The join of the shipped pipeline: neither topic is keyed by what is joined on. */
static const char statements[] =
    "SET 'auto.offset.reset'='earliest';"
    "CREATE STREAM mcd_orders_stream (order_id STRING, customer_id STRING, order_total DOUBLE,"
    " order_items ARRAY<STRUCT<item_name STRING, quantity INT, price DOUBLE>>,"
    " order_time TIMESTAMP) WITH (KAFKA_TOPIC='mcd_orders', KEY_FORMAT='KAFKA',"
    " VALUE_FORMAT='AVRO', TIMESTAMP='order_time');"
    "CREATE STREAM mcd_payments_stream (payment_id STRING, order_id STRING, payment_amount DOUBLE,"
    " payment_method STRING, payment_time TIMESTAMP) WITH (KAFKA_TOPIC='mcd_payments',"
    " KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO', TIMESTAMP='payment_time');"
    "CREATE STREAM mcd_orders_payments_joined AS SELECT o.order_id AS order_id,"
    " o.customer_id AS customer_id, o.order_total AS order_total, o.order_items AS order_items,"
    " o.order_time AS order_time, p.payment_id AS payment_id, p.payment_amount AS payment_amount,"
    " p.payment_method AS payment_method, p.payment_time AS payment_time"
    " FROM mcd_orders_stream o INNER JOIN mcd_payments_stream p WITHIN 24 HOURS"
    " ON o.order_id = p.order_id EMIT CHANGES;";

struct bench {
    struct invocation *invocation;
    const char *directory;
    double commit_ms; /* p50 of a bare one */
};

static int64_t stopwatch_ns;
static int64_t stopwatch_cpu_ns;

static void stopwatch_start(void)
{
    stopwatch_ns = clock_monotonic_ns();
    stopwatch_cpu_ns = clock_cpu_ns();
}

/* One line: how many in how long. */
static void stopwatch_show(const char *what, uint64_t count, const char *unit)
{
    const double seconds = (double)(clock_monotonic_ns() - stopwatch_ns) / 1e9;
    const double cpu_seconds = (double)(clock_cpu_ns() - stopwatch_cpu_ns) / 1e9;
    printf("%-10s %9llu %s in %.2f s: %.0f a second, %.0f a CPU-second\n", what,
           (unsigned long long)count, unit, seconds, (double)count / seconds,
           (double)count / cpu_seconds);
    fflush(stdout);
}

static int compare_times(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static enum err commit_one(struct store *store, uint64_t number)
{
    struct store_txn *txn;
    store_database database = 0;
    char *place = NULL;
    enum err err = store_begin(store, true, &txn);
    if (err)
        return err;
    err = store_database_open(txn, STR("bench"), STORE_KEY_INTEGER, &database);
    if (err == OK)
        err = store_append(txn, database, number, COMMIT_BYTES, &place);
    if (err) {
        store_abort(txn);
        return err;
    }
    memset(place, 'x', COMMIT_BYTES);
    return store_commit(txn);
}

/* The least that a durable step can take here. */
static enum err bench_commit(struct bench *bench, struct why *why)
{
    int64_t times[COMMITS];
    struct store *store;
    const struct store_options options = {.unsynced = !config_flag(bench->invocation, "log.sync")};
    enum err err = store_open(bench->directory, &options, &store, why);
    if (err)
        return err;
    for (uint64_t i = 0; i < COMMITS && err == OK; i++) {
        const int64_t begin_ns = clock_monotonic_ns();
        err = commit_one(store, i);
        times[i] = clock_monotonic_ns() - begin_ns;
    }
    store_close(store);
    if (err)
        return why_set(why, err, "a bare commit: %s", err_text(err));
    qsort(times, COMMITS, sizeof(times[0]), compare_times);
    bench->commit_ms = (double)times[COMMITS / 2] / 1e6;
    printf("%-10s %9d records of %d bytes, one a commit: p50 %.3f ms, p99 %.3f ms\n", "commit",
           COMMITS, COMMIT_BYTES, bench->commit_ms, (double)times[COMMITS * 99 / 100] / 1e6);
    return OK;
}

static enum err generate(struct bench *bench, struct world *world, uint64_t *ret_events,
                         struct why *why)
{
    struct generator_options options;
    struct generator_progress progress = {0};
    struct generator *generator;
    const int64_t orders = config_number(bench->invocation, "orders");
    generator_options_init(&options);
    options.seed = config_seed(bench->invocation);
    options.partition_count = (int32_t)config_number(bench->invocation, "partitions");
    options.order_count = orders > 0 ? orders : ORDERS;
    options.rate = RATE;
    options.history_ms = HISTORY_MS;
    options.live = false;
    enum err err = timestamp_parse_iso(STR(START), &options.start_ms);
    must(err == OK);
    err = generator_open(&options, world->log, world->registry, &generator, why);
    if (err)
        return err;
    stopwatch_start();
    while (err == OK && !progress.is_done && !interrupt_wanted())
        err = generator_step(generator, clock_wall_ms(), IDLE_MS, &progress, why);
    generator_close(generator);
    if (err == OK && interrupt_wanted())
        err = ERR_CLOSED;
    if (err == OK)
        stopwatch_show("generate", progress.events, "events");
    *ret_events = progress.events;
    return err;
}

static bool ignore(void *context, const struct statement *statement, const struct answer *answer)
{
    (void)context, (void)statement, (void)answer;
    return true;
}

static enum err wait_idle(struct world *world, struct why *why)
{
    const enum err err = engine_wait_idle(world->engine, IDLE_MS);
    return err ? why_set(why, err, "the join did not come to its end: %s", err_text(err)) : OK;
}

static enum err join(struct bench *bench, struct world *world, uint64_t events, struct why *why)
{
    struct session session;
    session_init(&session, &bench->invocation->arena);
    stopwatch_start();
    enum err err = engine_execute(world->engine, &session, str_from(statements), ignore, NULL, why);
    if (err == OK)
        err = wait_idle(world, why);
    if (err == OK)
        stopwatch_show("join", events, "events");
    return err;
}

/* The joined topic against the truth; other places of the pipeline are not there. */
static enum err check(struct bench *bench, struct world *world, struct why *why)
{
    struct verify_place *places;
    uint32_t count;
    const struct verify_options options = {.log = world->log, .registry = world->registry};
    const enum err err = verify_run(&options, &bench->invocation->arena, &places, &count, why);
    if (err)
        return err;
    for (uint32_t i = 0; i < count; i++) {
        const struct verify_place *place = &places[i];
        if (!str_equal(place->name, STR("MCD_ORDERS_PAYMENTS_JOINED")))
            continue;
        const uint64_t bad = place->lost + place->duplicated + place->wrong + place->unexpected;
        printf("%-10s %9llu rows, %llu of them lost, twice, wrong or unexpected\n", "verify",
               (unsigned long long)place->expected, (unsigned long long)bad);
        if (bad > 0 || place->expected == 0)
            return why_set(why, ERR_CORRUPT, "the joined rows are not the truth");
        return OK;
    }
    return why_set(why, ERR_NOT_FOUND, "verify did not look at the joined rows");
}

static enum err restart(struct bench *bench, struct world *world, uint64_t events, struct why *why)
{
    world_close(world);
    stopwatch_start();
    enum err err =
        world_open(bench->invocation, WORLD_LOG | WORLD_QUERIES | WORLD_INTERACTIVE, world, why);
    if (err == OK)
        err = wait_idle(world, why);
    if (err == OK)
        stopwatch_show("restart", events, "events at most read back");
    return err;
}

static enum err bench_join(struct bench *bench, struct why *why)
{
    struct world world;
    uint64_t events = 0;
    enum err err =
        world_open(bench->invocation, WORLD_LOG | WORLD_QUERIES | WORLD_INTERACTIVE, &world, why);
    if (err)
        return err;
    err = generate(bench, &world, &events, why);
    if (err == OK)
        err = join(bench, &world, events, why);
    if (err == OK)
        err = check(bench, &world, why);
    if (err == OK)
        err = restart(bench, &world, events, why);
    world_close(&world);
    return err;
}

static bool is_wanted(const struct invocation *invocation, const char *name)
{
    for (uint32_t i = 0; i < invocation->argument_count; i++)
        if (str_equal(invocation->arguments[i], str_from(name)))
            return true;
    return invocation->argument_count == 0;
}

static void show_machine(const struct invocation *invocation)
{
    char machine[512];
    machine_describe(machine, sizeof(machine));
    printf("machine    %s\nseed       %lld\n", machine,
           (long long)config_number(invocation, "seed"));
}

static int run(struct invocation *invocation)
{
    struct bench bench = {.invocation = invocation};
    struct why why = {0};
    struct why ignored;
    for (uint32_t i = 0; i < invocation->argument_count; i++)
        if (!str_equal(invocation->arguments[i], STR("commit")) &&
            !str_equal(invocation->arguments[i], STR("join")))
            return fail_usage(&command_bench, "no benchmark '%.*s'",
                              STR_ARGS(invocation->arguments[i]));
    interrupt_catch();
    const char *base = getenv("TMPDIR");
    char directory[512];
    snprintf(directory, sizeof(directory), "%s/drivethru-bench-XXXXXX",
             base && base[0] ? base : "/var/tmp");
    if (!mkdtemp(directory)) {
        (void)why_set(&why, ERR_IO, "cannot make a directory '%s'", directory);
        return fail(ERR_IO, &why);
    }
    bench.directory = directory;
    show_machine(invocation);
    enum err err = OK;
    if (is_wanted(invocation, "commit"))
        err = bench_commit(&bench, &why);
    const struct str data = arena_printf(&invocation->arena, "%s/join", directory);
    properties_set(&invocation->settings, STR("data"), data);
    if (err == OK && is_wanted(invocation, "join"))
        err = bench_join(&bench, &why);
    if (file_remove_tree(directory, &ignored))
        fprintf(stderr, "drivethru: '%s' is left: %s\n", directory, ignored.text);
    if (interrupt_wanted())
        return EXIT_INTERRUPTED;
    return err ? fail(err, &why) : EXIT_OK;
}

const struct command command_bench = {
    .name = "bench",
    .summary = "measure this machine: durable commits, the pipeline's join",
    .usage = "bench [commit] [join] [flags]",
    .flags = "config orders seed partitions threads batch.rows commit.interval.ms log.sync quiet",
    .examples = "  drivethru bench\n"
                "  drivethru bench join --orders 1000000 --threads 1\n"
                "  TMPDIR=/mnt/disk drivethru bench commit\n",
    .run = run,
};
