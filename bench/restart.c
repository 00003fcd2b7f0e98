/* restart.c -- a restart with millions of buffered events, beside the scan kernel in the same run;
 * and the memory those events take.
 *
 * usage: bench-restart [EVENTS_A_SIDE [ROUNDS]]
 *
 * The join's window holds all events. A process fills and joins them and ends; another one starts
 * on its directory: from exec to the first new result. */
#include "base/clock.h"
#include "base/file.h"
#include "bench/baseline/scan_kernel.h"
#include "bench/events.h"
#include "bench/join_world.h"

#include <sys/wait.h>
#include <unistd.h>

static void make_directory(char *directory, size_t size)
{
    const char *base = getenv("BENCH_DIRECTORY");
    snprintf(directory, size, "%s/bench-restart-XXXXXX", base ? base : "/var/tmp");
    must(mkdtemp(directory) != NULL);
}

static uint64_t anonymous_bytes(void)
{
    char line[256];
    uint64_t kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    must(file != NULL);
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kilobytes = strtoull(line + 8, NULL, 10);
    fclose(file);
    return kilobytes * 1024;
}

static void show_memory(struct join_world *world, uint64_t events)
{
    uint64_t bytes;
    uint64_t rows;
    join_world_state(world, &bytes, &rows);
    const double payload = 143 + 84;
    printf("memory: %llu rows buffered, %llu MB of state, RssAnon %llu MB; payload %.0f MB; "
           "(RssAnon - 48 MB) / payload %.2f\n",
           (unsigned long long)rows, (unsigned long long)(bytes >> 20),
           (unsigned long long)(anonymous_bytes() >> 20), payload * (double)events / 1e6,
           ((double)anonymous_bytes() - 48e6) / (payload * (double)events));
}

static void fill(const char *directory, uint64_t events)
{
    struct join_world world;
    join_world_open(&world, directory);
    join_world_fill(&world, SHAPE_KEYED, events, events);
    join_world_close(&world);
    join_world_open(&world, directory);
    join_world_start(&world, SHAPE_KEYED, events * 2);
    must(engine_wait_idle(world.engine, 600000) == OK);
    show_memory(&world, events);
    join_world_close(&world);
}

/* Opens, sends one order and its payment, waits for their row. */
static void restart(const char *directory, uint64_t events, int64_t exec_ns)
{
    struct join_world world;
    struct why why = {0};
    struct log_member *member;
    const struct log_member_options options = {.name = STR("restart")};
    struct random random = {9};
    struct buf value = {0};
    char key[17];
    join_world_open(&world, directory);
    join_world_start(&world, SHAPE_KEYED, events * 2);
    const uint64_t before = join_world_joined(&world);
    if (log_join(world.log, &options, &member, &why))
        die(&why);
    const int64_t time_ms = EVENTS_BEGIN_MS + (int64_t)events;
    events_key_text(events_key(events + 1), key);
    for (int x = 0; x < 2; x++) {
        struct record_batch_builder builder;
        struct log_topic *topic;
        int32_t id;
        bool taken;
        must(log_topic_open(world.log, x ? STR("payments") : STR("orders"), &topic) == OK);
        if (registry_register(world.registry, x ? STR("payments-value") : STR("orders-value"),
                              str_from(x ? events_payment_schema : events_order_schema), &id, &why))
            die(&why);
        events_head(&value, id);
        if (x)
            events_payment(&value, events_key(events + 1), time_ms, &random);
        else
            events_order(&value, events_key(events + 1), time_ms, &random);
        record_batch_builder_init(&builder);
        const struct record record = {
            .timestamp_ms = time_ms, .key = {key, 16}, .value = buf_str(&value)};
        must(record_batch_add(&builder, &record) == OK);
        record_batch_finish(&builder);
        const struct log_append append = {
            .topic = topic, .batch = builder.buf.data, .batch_size = builder.buf.size};
        const struct log_step step = {.appends = &append, .append_count = 1};
        must(log_commit_wait(member, &step, 60000, &taken) == OK);
        builder.buf = (struct buf){0};
        record_batch_builder_release(&builder);
    }
    while (join_world_joined(&world) == before)
        clock_sleep_ms(1);
    const double seconds = (double)(clock_monotonic_ns() - exec_ns) / 1e9;
    printf("restart %.6f\n", seconds);
    buf_release(&value);
    log_leave(member);
    join_world_close(&world);
}

static double measure_restart(const char *program, const char *directory, uint64_t events)
{
    char command[1200];
    char line[256];
    double seconds = 0;
    snprintf(command, sizeof(command), "%s restart %s %llu %lld", program, directory,
             (unsigned long long)events, (long long)clock_monotonic_ns());
    FILE *child = popen(command, "r");
    must(child != NULL);
    while (fgets(line, sizeof(line), child))
        if (strncmp(line, "restart ", 8) == 0)
            seconds = strtod(line + 8, NULL);
    must(pclose(child) == 0);
    return seconds;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "restart") == 0) {
        restart(argv[2], strtoull(argv[3], NULL, 10), strtoll(argv[4], NULL, 10));
        return 0;
    }
    const uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
    const uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 3;
    char directory[512];
    struct why why;
    make_directory(directory, sizeof(directory));
    fflush(NULL);
    const pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        fill(directory, events);
        fflush(NULL);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    must(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (uint64_t round = 0; round < rounds; round++) {
        char kernel[512];
        make_directory(kernel, sizeof(kernel));
        const double scan = scan_kernel_run(kernel, events);
        must(file_remove_tree(kernel, &why) == OK);
        const double ours = measure_restart(argv[0], directory, events);
        printf("restart with %llu buffered events: %.2f s; scan kernel %.2f s: %.1f times\n",
               (unsigned long long)(2 * events), ours, scan, ours / scan);
    }
    must(file_remove_tree(directory, &why) == OK);
    return 0;
}
