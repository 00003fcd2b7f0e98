/* join.c -- windowed joins in SQL, log to log and durable, beside the join kernel in the same run.
 *
 * usage: bench-join [EVENTS [WINDOW [COMMIT_ROWS [PAIRS]]]]
 *
 * Every round runs the kernel and then each SQL join, all over events of the same shape, each in a
 * process of its own. Only what comes after the window filled is measured, in CPU time of the whole
 * process. */
#include "base/clock.h"
#include "base/file.h"
#include "bench/baseline/join_kernel.h"
#include "bench/join_world.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIRS_MAX 64
#define KINDS 4
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

static struct result measure(struct join_world *world, const struct settings *settings)
{
    int64_t begin_cpu = 0;
    int64_t begin_ns = 0;
    uint64_t begin_events = 0;
    const int64_t started_ns = clock_monotonic_ns();
    for (;;) {
        const uint64_t records = join_world_progress(world);
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
    must(engine_wait_idle(world->engine, 60000) == OK);
    const double measured = (double)(2 * settings->events - begin_events);
    return (struct result){.cpu_ns_per_event = (double)(clock_cpu_ns() - begin_cpu) / measured,
                           .wall_ns_per_event =
                               (double)(clock_monotonic_ns() - begin_ns) / measured,
                           .joined = join_world_joined(world)};
}

static struct result run_sql(const char *directory, enum kind kind, const struct settings *settings)
{
    static const enum join_shape shapes[] = {SHAPE_KEYED, SHAPE_KEYED, SHAPE_REKEYED, SHAPE_LEFT};
    struct join_world world;
    join_world_open(&world, directory);
    join_world_fill(&world, shapes[kind], settings->events, settings->window);
    join_world_start(&world, shapes[kind], settings->window);
    const struct result result = measure(&world, settings);
    join_world_close(&world);
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
