/* sink.c -- the MongoDB sink beside a raw loop of libmongoc's bulks, into the same server.
 *
 * usage: bench-sink [DOCUMENTS [ROUNDS [max.batch.size]]]     MONGODB_URI says where the server is
 *
 * The sink reads Avro orders from the embedded log and writes them, position and all. The loop
 * writes the documents that the sink wrote, which lie ready in its memory, by the same operation;
 * it is tuned: of several sizes of bulks, ordered and not, the fastest counts. What inserts would
 * do, which a sink that may redeliver cannot use, is told beside it.
 *
 * Client and server take turns, so on a quiet machine the time is the CPU seconds of both. The
 * ratio is that of those where MONGODB_PID names the server's process, as a busy machine changes
 * them less than the time on the wall; else that of the time. */
#include "sink/sink.h"

#include "base/clock.h"
#include "bench/baseline/mongo_bulk.h"
#include "bench/join_world.h"
#include "bench/report.h"
#include <unistd.h>

#define DATABASE_OURS "bench_sink"
#define DATABASE_LOOP "bench_loop"
#define SINK_TIMEOUT_MS 600000

struct cost {
    double seconds;
    double client_cpu_seconds;
    double server_cpu_seconds; /* 0: not known */
};

/* CPU seconds of the server so far. */
static double server_cpu(void)
{
    char path[64];
    char text[1024] = "";
    unsigned long long user = 0;
    unsigned long long system = 0;
    const char *pid = getenv("MONGODB_PID");
    if (!pid)
        return 0;
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    must(file != NULL);
    must(fgets(text, sizeof(text), file) != NULL);
    fclose(file);
    const char *rest = strrchr(text, ')'); /* the name may have spaces in it */
    must(rest != NULL);
    must(sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) ==
         2);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void connector(const char *batch, struct properties *properties)
{
    properties_set(properties, STR("topics"), STR("orders"));
    properties_set(properties, STR("key.converter"),
                   STR("org.apache.kafka.connect.storage.StringConverter"));
    properties_set(properties, STR("value.converter"),
                   STR("io.confluent.connect.avro.AvroConverter"));
    properties_set(properties, STR("max.batch.size"), str_from(batch));
}

/* From the sink's start until all documents are there. */
static struct cost run_sink(struct join_world *world, const char *uri, const char *batch,
                            uint64_t documents)
{
    struct why why = {0};
    struct properties properties;
    struct target *target = NULL;
    struct sink *sink = NULL;
    struct sink_status status;
    mongo_bulk_drop(uri, DATABASE_OURS);
    properties_init(&properties, &world->arena);
    connector(batch, &properties);
    const struct target_mongodb_options mongodb = {.uri = str_from(uri),
                                                   .database = STR(DATABASE_OURS)};
    if (target_mongodb_open(&mongodb, &target, &why))
        die(&why);
    const struct sink_options options = {.name = STR("bench"),
                                         .properties = &properties,
                                         .log = world->log,
                                         .registry = world->registry,
                                         .target = target};
    const int64_t start_ns = clock_monotonic_ns();
    const int64_t start_cpu_ns = clock_cpu_ns();
    const double start_server = server_cpu();
    if (sink_start(&options, &sink, &why))
        die(&why);
    do {
        must(sink_wait_idle(sink, SINK_TIMEOUT_MS) == OK);
        sink_get_status(sink, &status);
    } while (status.documents < documents);
    const struct cost cost = {
        .seconds = (double)(clock_monotonic_ns() - start_ns) / 1e9,
        .client_cpu_seconds = (double)(clock_cpu_ns() - start_cpu_ns) / 1e9,
        .server_cpu_seconds = server_cpu() - start_server,
    };
    sink_stop(sink);
    target_close(target);
    return cost;
}

static struct cost run_loop(struct mongo_bulk *bulk, const struct mongo_bulk_way *way)
{
    const double start_server = server_cpu();
    const struct mongo_bulk_result result = mongo_bulk_run(bulk, DATABASE_LOOP, way);
    return (struct cost){result.seconds, result.cpu_seconds, server_cpu() - start_server};
}

/* What a quiet machine would take. */
static double cost_of(const struct cost *cost)
{
    return cost->server_cpu_seconds > 0 ? cost->client_cpu_seconds + cost->server_cpu_seconds
                                        : cost->seconds;
}

/* The fastest way to replace documents, tried once each. */
static struct mongo_bulk_way tune(struct mongo_bulk *bulk)
{
    static const uint32_t sizes[] = {1000, 2000, 5000, 10000};
    struct mongo_bulk_way best = {0};
    double best_cost = 0;
    for (int i = 0; i < 8; i++) {
        const struct mongo_bulk_way way = {.batch_documents = sizes[i / 2], .ordered = i % 2 == 0};
        const struct cost cost = run_loop(bulk, &way);
        printf("  loop, bulks of %u %s: %.0f documents/s\n", way.batch_documents,
               way.ordered ? "ordered" : "unordered",
               (double)mongo_bulk_count(bulk) / cost.seconds);
        if (i > 0 && cost_of(&cost) >= best_cost)
            continue;
        best = way;
        best_cost = cost_of(&cost);
    }
    return best;
}

static void say(const char *who, const struct cost *cost, double documents)
{
    printf("  %s: %.0f documents/s, CPU a document: client %.2f us, server %.2f us\n", who,
           documents / cost->seconds, cost->client_cpu_seconds * 1e6 / documents,
           cost->server_cpu_seconds * 1e6 / documents);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const uint64_t documents = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    const uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 5;
    const char *batch = argc > 3 ? argv[3] : "0";
    const char *uri = getenv("MONGODB_URI");
    char directory[512];
    char texts[3][64];
    double rates[3][REPORT_ROUNDS_MAX]; /* ours, the loop's, their ratio */
    struct join_world world;
    if (!uri) {
        fprintf(stderr, "bench-sink: MONGODB_URI says no server\n");
        return 2;
    }
    must(documents > 0 && rounds > 0 && rounds <= REPORT_ROUNDS_MAX);
    report_machine();
    report_make_directory(directory, sizeof(directory));
    join_world_open(&world, directory, 0);
    join_world_fill_orders(&world, documents);
    run_sink(&world, uri, batch, documents); /* warms the server up, and makes the documents */
    struct mongo_bulk *bulk = mongo_bulk_load(uri, DATABASE_OURS, "orders");
    must(mongo_bulk_count(bulk) == documents);
    const struct mongo_bulk_way way = tune(bulk);
    const struct mongo_bulk_way inserts = {way.batch_documents, way.ordered, true};
    for (uint64_t round = 0; round < rounds; round++) {
        const struct cost ours = run_sink(&world, uri, batch, documents);
        const struct cost loop = run_loop(bulk, &way);
        const struct cost inserted = run_loop(bulk, &inserts);
        say("sink", &ours, (double)documents);
        say("loop", &loop, (double)documents);
        say("loop that inserts", &inserted, (double)documents);
        rates[0][round] = (double)documents / ours.seconds;
        rates[1][round] = (double)documents / loop.seconds;
        rates[2][round] = cost_of(&loop) / cost_of(&ours);
    }
    mongo_bulk_free(bulk);
    mongo_bulk_drop(uri, DATABASE_OURS);
    mongo_bulk_drop(uri, DATABASE_LOOP);
    join_world_close(&world);
    report_remove_directory(directory);
    for (int i = 0; i < 2; i++)
        snprintf(texts[i], sizeof(texts[i]), "%.0f doc/s", report_median(rates[i], rounds));
    snprintf(texts[2], sizeof(texts[2]), "%.2f", report_median(rates[2], rounds));
    report_row("MongoDB sink", texts[0], texts[1], texts[2], "0.7", "0.9");
    return 0;
}
