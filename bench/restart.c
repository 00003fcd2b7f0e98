/* restart.c -- a restart with millions of buffered events, beside the scan kernel in the same run.
 *
 * usage: bench-restart [EVENTS_A_SIDE [ROUNDS]]
 *
 * The join's window holds all events. A process fills and joins them and ends; another one starts
 * on its directory: from exec to the first new result. The ratio is that of CPU seconds, which a
 * busy machine changes less than the time on the wall. */
#include "base/clock.h"
#include "bench/baseline/scan_kernel.h"
#include "bench/events.h"
#include "bench/join_world.h"
#include "bench/report.h"

#include <sys/wait.h>
#include <unistd.h>

static void fill(const char *directory, uint64_t events)
{
    struct join_world world;
    join_world_open(&world, directory, 0);
    join_world_fill(&world, SHAPE_KEYED, events, events);
    join_world_close(&world);
    join_world_open(&world, directory, 0);
    join_world_start(&world, SHAPE_KEYED, events * 2);
    must(engine_wait_idle(world.engine, 600000) == OK);
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
    join_world_open(&world, directory, 0);
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
    while (join_world_joined(&world) == before) {
        const enum err err = log_wait(member, 1000);
        must(err == OK || err == ERR_AGAIN);
    }
    printf("restart %.6f %.6f\n", (double)(clock_monotonic_ns() - exec_ns) / 1e9,
           (double)clock_cpu_ns() / 1e9);
    buf_release(&value);
    log_leave(member);
    join_world_close(&world);
}

static struct scan_kernel_result measure_restart(const char *program, const char *directory,
                                                 uint64_t events)
{
    char command[1200];
    char line[256];
    struct scan_kernel_result result = {0};
    snprintf(command, sizeof(command), "%s restart %s %llu %lld", program, directory,
             (unsigned long long)events, (long long)clock_monotonic_ns());
    FILE *child = popen(command, "r");
    must(child != NULL);
    while (fgets(line, sizeof(line), child))
        if (sscanf(line, "restart %lf %lf", &result.seconds, &result.cpu_seconds) == 2)
            break;
    must(pclose(child) == 0);
    must(result.seconds > 0);
    return result;
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
    double times[3][REPORT_ROUNDS_MAX]; /* ours, the kernel's, their ratio */
    must(rounds > 0 && rounds <= REPORT_ROUNDS_MAX);
    report_machine();
    report_make_directory(directory, sizeof(directory));
    fflush(NULL);
    const pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        fill(directory, events);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    must(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (uint64_t round = 0; round < rounds; round++) {
        char kernel[512];
        report_make_directory(kernel, sizeof(kernel));
        const struct scan_kernel_result scan = scan_kernel_run(kernel, events);
        report_remove_directory(kernel);
        const struct scan_kernel_result ours = measure_restart(argv[0], directory, events);
        times[0][round] = ours.cpu_seconds;
        times[1][round] = scan.cpu_seconds;
        times[2][round] = ours.cpu_seconds / scan.cpu_seconds;
        printf("  restart with %llu buffered events: %.2f s, CPU %.2f s; scan kernel %.2f s, CPU "
               "%.2f s\n",
               (unsigned long long)(2 * events), ours.seconds, ours.cpu_seconds, scan.seconds,
               scan.cpu_seconds);
        fflush(stdout);
    }
    report_remove_directory(directory);
    char measure[64];
    char texts[3][64];
    snprintf(measure, sizeof(measure), "restart, %.1f M buffered", 2 * (double)events / 1e6);
    for (int i = 0; i < 2; i++)
        snprintf(texts[i], sizeof(texts[i]), "%.2f CPU-s", report_median(times[i], rounds));
    snprintf(texts[2], sizeof(texts[2]), "%.1f x", report_median(times[2], rounds));
    report_row(measure, texts[0], texts[1], texts[2], "3 x", "2 x");
    return 0;
}
