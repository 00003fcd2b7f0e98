/* join.c -- windowed joins in SQL, log to log and durable, beside the join kernel in the same run.
 *
 * usage: join [EVENTS [WINDOW [COMMIT_ROWS [PAIRS]]]]
 *
 * Every pair runs the kernel and then each SQL join, all over events of the same shape, each in a
 * process of its own. Only what comes after the window filled is measured, in CPU time of the whole
 * process. */
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "bench/baseline/join_kernel.h"
#include "bench/events.h"
#include "engine/engine.h"
#include "store/store.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIRS_MAX 64
#define KINDS 4
#define FILL_RECORDS 1000
#define POLL_MS 1
#define TIMEOUT_NS (600ll * 1000000000)

struct settings {
    uint64_t events;
    uint64_t window;
    uint64_t commit_rows;
    uint64_t pairs;
};

enum kind { KERNEL, KEYED, REKEYED, LEFT };
static const char *const kind_names[KINDS] = {"kernel", "keyed join", "re-keyed join",
                                              "LEFT JOIN with grace"};

struct result {
    double cpu_ns_per_event;
    double wall_ns_per_event;
    uint64_t joined;
};

static void die(const struct why *why)
{
    fprintf(stderr, "join: %s\n", why->text);
    exit(1);
}

/* Fills a topic of one partition; batches of FILL_RECORDS. */
static void fill(struct log *log, struct registry *registry, bool payments,
                 const struct settings *settings, bool keyed)
{
    struct why why = {0};
    const struct str name = payments ? STR("payments") : STR("orders");
    const struct str subject = payments ? STR("payments-value") : STR("orders-value");
    const struct log_topic_config config = {
        .partition_count = 1, .retention_ms = -1, .retention_bytes = -1};
    const struct log_member_options options = {.name = STR("fill"), .steps_max = 64};
    const char *schema = payments ? events_payment_schema : events_order_schema;
    struct log_topic *topic;
    struct log_member *member;
    struct record_batch_builder builder;
    struct random random = {payments ? 43 : 42};
    struct buf value = {0};
    int32_t id;
    if (registry_register(registry, subject, str_from(schema), &id, &why) ||
        log_create(log, name, &config, &why) || log_join(log, &options, &member, &why))
        die(&why);
    must(log_topic_open(log, name, &topic) == OK);
    record_batch_builder_init(&builder);
    for (uint64_t i = 0; i < settings->events; i++) {
        char key[17];
        uint64_t order = i;
        const int64_t time_ms = EVENTS_BEGIN_MS + (int64_t)i;
        const uint8_t head[5] = {0, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                                 (uint8_t)id};
        buf_clear(&value);
        buf_append(&value, head, 5);
        if (payments) {
            const uint64_t delay = random_below(&random, settings->window);
            order = i >= delay ? i - delay : i;
            events_payment(&value, events_key(order), time_ms, &random);
        } else {
            events_order(&value, events_key(order), time_ms, &random);
        }
        events_key_text(events_key(order), key);
        const struct record record = {.timestamp_ms = time_ms,
                                      .key = keyed ? (struct str){key, 16} : (struct str){0},
                                      .value = buf_str(&value)};
        must(record_batch_add(&builder, &record) == OK);
        if (builder.record_count < FILL_RECORDS && i + 1 < settings->events)
            continue;
        record_batch_finish(&builder);
        const struct log_append append = {
            .topic = topic, .batch = builder.buf.data, .batch_size = builder.buf.size};
        const struct log_step step = {.appends = &append, .append_count = 1};
        bool taken;
        must(log_commit_wait(member, &step, 10000, &taken) == OK);
        builder.buf = (struct buf){0};
        record_batch_builder_clear(&builder);
    }
    record_batch_builder_release(&builder);
    buf_release(&value);
    log_leave(member);
}

static bool ignore(void *context, const struct statement *statement, const struct answer *answer)
{
    (void)context, (void)statement, (void)answer;
    return true;
}

static void create_sources(struct engine *engine, struct session *session, bool keyed)
{
    struct why why = {0};
    char text[4000];
    const char *key = keyed ? "k STRING KEY, " : "";
    snprintf(
        text, sizeof(text),
        "SET 'auto.offset.reset'='earliest';"
        "CREATE STREAM orders (%sorder_id STRING, order_no BIGINT, customer BIGINT, ts TIMESTAMP,"
        " currency STRING, total DOUBLE, status STRING,"
        " items ARRAY<STRUCT<sku STRING, qty INT, price DOUBLE>>)"
        " WITH (KAFKA_TOPIC='orders', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO', TIMESTAMP='ts');"
        "CREATE STREAM payments (%spayment_id STRING, order_id STRING, ts TIMESTAMP,"
        " amount DOUBLE, method STRING)"
        " WITH (KAFKA_TOPIC='payments', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO', TIMESTAMP='ts');",
        key, key);
    if (engine_execute(engine, session, str_from(text), ignore, NULL, &why))
        die(&why);
}

static void create_join(struct engine *engine, struct session *session, enum kind kind,
                        const struct settings *settings)
{
    struct why why = {0};
    char text[4000];
    const char *key = kind == REKEYED ? "order_id" : "k";
    snprintf(
        text, sizeof(text),
        "CREATE STREAM joined WITH (VALUE_FORMAT='AVRO') AS SELECT o.%s AS id, o.order_no AS "
        "order_no,"
        " o.customer AS customer, o.ts AS order_time, o.currency AS currency, o.total AS total,"
        " o.status AS status, o.items AS items, p.payment_id AS payment_id, p.amount AS amount,"
        " p.method AS method FROM orders o %s JOIN payments p"
        " WITHIN (0 SECONDS, %llu MILLISECONDS) %s ON o.%s = p.%s;",
        key, kind == LEFT ? "LEFT" : "INNER", (unsigned long long)settings->window,
        "GRACE PERIOD 0 SECONDS", key, key);
    if (engine_execute(engine, session, str_from(text), ignore, NULL, &why))
        die(&why);
}

/* Source records whose results are on their way or committed. */
static uint64_t progress(struct engine *engine, struct arena *arena)
{
    struct engine_query *queries;
    uint32_t count;
    uint64_t records = 0;
    arena_clear(arena);
    engine_queries(engine, arena, &queries, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct flow_status *status = &queries[i].status;
        if (status->state == FLOW_ERROR)
            die(&status->why);
        for (uint32_t p = 0; p < status->position_count; p++)
            if (str_equal(status->positions[p].topic, STR("orders")) ||
                str_equal(status->positions[p].topic, STR("payments")))
                records += (uint64_t)status->positions[p].next_offset;
    }
    return records;
}

static uint64_t count_joined(struct log *log, struct arena *arena)
{
    struct log_topic_info info;
    must(log_describe(log, STR("JOINED"), arena, &info, NULL) == OK);
    return (uint64_t)info.partitions[0].end_offset;
}

static struct result measure(struct engine *engine, struct log *log,
                             const struct settings *settings)
{
    struct arena arena;
    int64_t begin_cpu = 0;
    int64_t begin_ns = 0;
    uint64_t begin_events = 0;
    arena_init(&arena, 0);
    const int64_t started_ns = clock_monotonic_ns();
    for (;;) {
        const uint64_t records = progress(engine, &arena);
        if (!begin_cpu && records >= 2 * settings->window) {
            begin_cpu = clock_cpu_ns();
            begin_ns = clock_monotonic_ns();
            begin_events = records;
        }
        if (records >= 2 * settings->events)
            break;
        must(clock_monotonic_ns() - started_ns < TIMEOUT_NS);
        clock_sleep_ms(POLL_MS);
    }
    must(engine_wait_idle(engine, 60000) == OK);
    const double measured = (double)(2 * settings->events - begin_events);
    const struct result result = {
        .cpu_ns_per_event = (double)(clock_cpu_ns() - begin_cpu) / measured,
        .wall_ns_per_event = (double)(clock_monotonic_ns() - begin_ns) / measured,
        .joined = count_joined(log, &arena)};
    arena_release(&arena);
    return result;
}

static struct result run_sql(const char *directory, enum kind kind, const struct settings *settings)
{
    struct why why = {0};
    struct arena arena;
    struct store *store;
    struct log *log;
    struct registry *registry;
    struct engine *engine;
    struct session session;
    const struct store_options store_options = {.unsynced = false};
    const struct log_embedded_options log_options = {.runs_queries = true, .directory = directory};
    if (store_open(directory, &store_options, &store, &why) ||
        log_embedded_open(store, &log_options, &log, &why) ||
        registry_embedded_open(store, &registry, &why))
        die(&why);
    const struct engine_options options = {
        .log = log, .registry = registry, .service_id = STR("bench_"), .thread_count = 1};
    arena_init(&arena, 0);
    session_init(&session, &arena);
    fill(log, registry, false, settings, kind != REKEYED);
    fill(log, registry, true, settings, kind != REKEYED);
    if (engine_open(&options, &engine, &why))
        die(&why);
    create_sources(engine, &session, kind != REKEYED);
    create_join(engine, &session, kind, settings);
    const struct result result = measure(engine, log, settings);
    engine_close(engine);
    registry_close(registry);
    log_close(log);
    store_close(store);
    arena_release(&arena);
    return result;
}

/* Runs one kind in a process of its own. */
static struct result run_kind(enum kind kind, const struct settings *settings)
{
    const char *base = getenv("BENCH_DIRECTORY");
    char directory[512];
    struct why why;
    struct result *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED);
    snprintf(directory, sizeof(directory), "%s/bench-join-XXXXXX", base ? base : "/var/tmp");
    must(mkdtemp(directory) != NULL);
    fflush(NULL);
    const pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        if (kind == KERNEL) {
            const struct join_kernel_result kernel = join_kernel_run(
                directory, settings->events, settings->window, settings->commit_rows);
            *shared = (struct result){kernel.cpu_ns_per_event, 0, kernel.joined};
        } else {
            *shared = run_sql(directory, kind, settings);
        }
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    must(file_remove_tree(directory, &why) == OK);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "join: %s failed\n", kind_names[kind]);
        exit(1);
    }
    const struct result result = *shared;
    munmap(shared, sizeof(*shared));
    return result;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, uint64_t count)
{
    qsort(values, count, sizeof(values[0]), compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
    struct settings settings = {4000000, 1000000, 10000, 5};
    uint64_t *const places[] = {&settings.events, &settings.window, &settings.commit_rows,
                                &settings.pairs};
    double times[KINDS][PAIRS_MAX];
    double ratios[KINDS][PAIRS_MAX];
    for (int i = 1; i < argc && i <= 4; i++)
        *places[i - 1] = strtoull(argv[i], NULL, 10);
    must(settings.pairs > 0 && settings.pairs <= PAIRS_MAX);
    printf("%llu events a side, %llu a side buffered, %llu pairs\n",
           (unsigned long long)settings.events, (unsigned long long)settings.window,
           (unsigned long long)settings.pairs);
    for (uint64_t pair = 0; pair < settings.pairs; pair++) {
        for (enum kind kind = KERNEL; kind <= LEFT; kind++) {
            const struct result result = run_kind(kind, &settings);
            times[kind][pair] = result.cpu_ns_per_event;
            ratios[kind][pair] = times[kind == LEFT ? KEYED : KERNEL][pair] / times[kind][pair];
            printf(
                "  %-22s %7.0f ns CPU an event, %5.2f M events a CPU-second, %llu joined, %.0f ns "
                "wall\n",
                kind_names[kind], result.cpu_ns_per_event, 1e3 / result.cpu_ns_per_event,
                (unsigned long long)result.joined, result.wall_ns_per_event);
            fflush(stdout);
        }
    }
    for (enum kind kind = KEYED; kind <= LEFT; kind++)
        printf("%-22s %.2f of the %s (median of %llu), %.0f ns CPU an event\n", kind_names[kind],
               median(ratios[kind], settings.pairs), kind == LEFT ? "keyed INNER join" : "kernel",
               (unsigned long long)settings.pairs, median(times[kind], settings.pairs));
    return 0;
}
