/* latency.c -- from produced to joined and readable, at half of the highest steady rate, beside
 * bare durable commits in the same run.
 *
 * usage: bench-latency [SECONDS [RATE]]     RATE: events a second; default: half of the highest
 * that a run of two seconds keeps up with
 *
 * Open loop: when an event should be sent is fixed beforehand, and latency counts from there,
 * however late it was really sent. Producer, join and reader share one process and its log, which
 * commits as often as the disk can. */
#include "base/clock.h"
#include "bench/events.h"
#include "bench/join_world.h"
#include "bench/report.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define RATE_FIRST 4000000 /* more than the one thread that sends can */
#define RATE_LEAST 1000
#define PROBE_SECONDS 2.0
#define OVERRUN_MAX 1.05
#define COMMITS 500
#define SEND_INTERVAL_NS 100000
#define SAMPLES_MAX 4000000

/* p50 of a transaction with one small record, synced. */
static double bare_commit_ms(void)
{
    static double times[COMMITS];
    char directory[512];
    struct why why = {0};
    struct store *store;
    store_database database = 0;
    const struct store_options options = {.unsynced = false};
    report_make_directory(directory, sizeof(directory));
    if (store_open(directory, &options, &store, &why))
        die(&why);
    for (uint64_t i = 0; i < COMMITS; i++) {
        struct store_txn *txn;
        char *place;
        const int64_t begin_ns = clock_monotonic_ns();
        must(store_begin(store, true, &txn) == OK);
        must(store_database_open(txn, STR("bare"), STORE_KEY_INTEGER, &database) == OK);
        must(store_append(txn, database, i, 150, &place) == OK);
        memset(place, 'x', 150);
        must(store_commit(txn) == OK);
        times[i] = (double)(clock_monotonic_ns() - begin_ns) / 1e6;
    }
    store_close(store);
    report_remove_directory(directory);
    const double p50 = report_median(times, COMMITS);
    printf("bare durable commit: p50 %.3f ms, p99 %.3f ms\n", p50, times[COMMITS * 99 / 100]);
    return p50;
}

/* Reads the joined topic as it grows; a row's payment was due at its ROWTIME's place in the plan.
 */
struct reading {
    struct join_world *world;
    int64_t begin_ns; /* when event 0 was due */
    double interval_ns;
    double *samples;
    uint64_t count;
    atomic_bool stop;
};

static void *reader_main(void *context)
{
    struct reading *reading = context;
    const struct log_member_options options = {.name = STR("reader"), .committed_only = true};
    struct why why = {0};
    struct log_member *member;
    struct log_topic *topic;
    int64_t offset = 0;
    if (log_join(reading->world->log, &options, &member, &why))
        die(&why);
    must(log_topic_open(reading->world->log, STR("JOINED"), &topic) == OK);
    while (!atomic_load(&reading->stop)) {
        struct log_records *records;
        if (log_read(member, topic, 0, offset, 1 << 20, &records, &why))
            die(&why);
        const int64_t now_ns = clock_monotonic_ns();
        for (uint32_t i = 0; i < records->count && reading->count < SAMPLES_MAX; i++) {
            /* One pair of events a millisecond of event time: ROWTIME is the payment's number. */
            const double index = (double)(records->at[i].timestamp_ms - EVENTS_BEGIN_MS);
            const double due_ns = (double)reading->begin_ns + index * 2 * reading->interval_ns;
            reading->samples[reading->count++] = ((double)now_ns - due_ns) / 1e6;
        }
        const bool none = records->next_offset == offset;
        offset = records->next_offset;
        log_records_release(records);
        if (none && log_wait(member, 1) == ERR_CLOSED)
            break;
    }
    log_leave(member);
    return NULL;
}

/* Sends what is due, an order and its payment for each millisecond of event time. */
static void produce(struct join_world *world, struct reading *reading, double seconds)
{
    const struct log_member_options options = {.name = STR("producer"), .steps_max = 64};
    struct record_batch_builder builders[2];
    struct log_topic *topics[2];
    struct random random = {7};
    struct why why = {0};
    struct log_member *member;
    struct buf value = {0};
    int32_t ids[2];
    uint64_t sent = 0;
    must(log_topic_open(world->log, STR("orders"), &topics[0]) == OK);
    must(log_topic_open(world->log, STR("payments"), &topics[1]) == OK);
    if (log_join(world->log, &options, &member, &why) ||
        registry_register(world->registry, STR("orders-value"), str_from(events_order_schema),
                          &ids[0], &why) ||
        registry_register(world->registry, STR("payments-value"), str_from(events_payment_schema),
                          &ids[1], &why))
        die(&why);
    record_batch_builder_init(&builders[0]);
    record_batch_builder_init(&builders[1]);
    const uint64_t total = (uint64_t)(seconds * 1e9 / (2 * reading->interval_ns));
    while (sent < total) {
        const double due = (double)(clock_monotonic_ns() - reading->begin_ns);
        const uint64_t until = due < 0 ? 0 : (uint64_t)(due / (2 * reading->interval_ns)) + 1;
        struct log_append appends[2];
        for (; sent < until && sent < total && builders[0].record_count < 10000; sent++) {
            char key[17];
            const int64_t time_ms = EVENTS_BEGIN_MS + (int64_t)sent;
            events_key_text(events_key(sent), key);
            for (int x = 0; x < 2; x++) {
                events_head(&value, ids[x]);
                if (x)
                    events_payment(&value, events_key(sent), time_ms, &random);
                else
                    events_order(&value, events_key(sent), time_ms, &random);
                const struct record record = {
                    .timestamp_ms = time_ms, .key = {key, 16}, .value = buf_str(&value)};
                must(record_batch_add(&builders[x], &record) == OK);
            }
        }
        if (builders[0].record_count > 0) {
            for (int x = 0; x < 2; x++) {
                record_batch_finish(&builders[x]);
                appends[x] = (struct log_append){.topic = topics[x],
                                                 .batch = builders[x].buf.data,
                                                 .batch_size = builders[x].buf.size};
            }
            const struct log_step step = {.appends = appends, .append_count = 2};
            uint64_t sequence;
            enum err err;
            while ((err = log_commit(member, &step, &sequence)) == ERR_FULL)
                clock_sleep_ms(1);
            must(err == OK);
            for (int x = 0; x < 2; x++) {
                builders[x].buf = (struct buf){0};
                record_batch_builder_clear(&builders[x]);
            }
        }
        const struct timespec pause = {.tv_nsec = SEND_INTERVAL_NS};
        nanosleep(&pause, NULL);
    }
    must(engine_wait_idle(world->engine, 60000) == OK);
    record_batch_builder_release(&builders[0]);
    record_batch_builder_release(&builders[1]);
    buf_release(&value);
    log_leave(member);
}

struct latency {
    uint64_t rows;
    double p50_ms;
    double p99_ms;
    double overrun; /* the time that all took, of the time that sending was to take */
};

static struct latency measure(enum join_shape shape, double seconds, double rate)
{
    char directory[512];
    struct join_world world;
    pthread_t thread;
    struct reading reading = {
        .world = &world, .interval_ns = 1e9 / rate, .samples = calloc(SAMPLES_MAX, sizeof(double))};
    must(reading.samples != NULL);
    report_make_directory(directory, sizeof(directory));
    join_world_open(&world, directory, LOG_COMMIT_AT_ONCE);
    join_world_topics(&world);
    join_world_start(&world, shape, 10000);
    clock_sleep_ms(200);
    reading.begin_ns = clock_monotonic_ns() + 1000000;
    must(pthread_create(&thread, NULL, reader_main, &reading) == 0);
    produce(&world, &reading, seconds);
    const double took = (double)(clock_monotonic_ns() - reading.begin_ns) / 1e9;
    clock_sleep_ms(100);
    atomic_store(&reading.stop, true);
    pthread_join(thread, NULL);
    join_world_close(&world);
    report_remove_directory(directory);
    must(reading.count > 0);
    struct latency latency = {.rows = reading.count, .overrun = took / seconds};
    latency.p50_ms = report_median(reading.samples, reading.count);
    latency.p99_ms = reading.samples[reading.count * 99 / 100];
    free(reading.samples);
    return latency;
}

/* Events a second: the first of falling rates at which nothing is left over. */
static double highest_rate(enum join_shape shape)
{
    double rate = RATE_FIRST;
    while (rate > RATE_LEAST && measure(shape, PROBE_SECONDS, rate).overrun > OVERRUN_MAX)
        rate *= 0.8;
    return rate;
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? strtod(argv[1], NULL) : 10;
    const double wanted = argc > 2 ? strtod(argv[2], NULL) : 0;
    report_machine();
    const double commit_ms = bare_commit_ms();
    for (enum join_shape shape = SHAPE_KEYED; shape <= SHAPE_REKEYED; shape++) {
        char texts[4][64];
        const char *name = shape == SHAPE_KEYED ? "keyed" : "re-keyed";
        const double rate = wanted > 0 ? wanted : highest_rate(shape) / 2;
        const struct latency latency = measure(shape, seconds, rate);
        printf("  %-8s %.0f events/s, %llu rows: p50 %.2f ms, p99 %.2f ms, took %.2f of the time\n",
               name, rate, (unsigned long long)latency.rows, latency.p50_ms, latency.p99_ms,
               latency.overrun);
        snprintf(texts[0], sizeof(texts[0]), "latency, %s", name);
        snprintf(texts[1], sizeof(texts[1]), "p99 %.2f ms", latency.p99_ms);
        snprintf(texts[2], sizeof(texts[2]), "p50 %.2f ms", commit_ms);
        snprintf(texts[3], sizeof(texts[3]), "%.1f x", latency.p99_ms / commit_ms);
        report_row(texts[0], texts[1], texts[2], texts[3], "12 x", "5 x");
    }
    return 0;
}
