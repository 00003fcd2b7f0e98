/* join.c -- windowed joins in SQL, log to log and durable, beside the join kernel in the same run.
 *
 * usage: bench-join [EVENTS [WINDOW [COMMIT_ROWS [PAIRS [KIND]]]]]
 *
 * Every round runs the kernel and then each SQL join, all over the same events, each in a process
 * of its own. Only what comes after the window filled is measured, in CPU time of the whole
 * process. All must make the same rows, or there is no figure. KIND (kernel, keyed, rekeyed, left)
 * runs one alone, for a profile. */
#include "base/clock.h"
#include "bench/baseline/join_kernel.h"
#include "bench/events.h"
#include "bench/fingerprint.h"
#include "bench/report.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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
static const char *const kind_words[KINDS] = {"kernel", "keyed", "rekeyed", "left"};
static const char *const kind_least[KINDS] = {"", "0.45", "0.25", "0.80"};
static const char *const kind_reach[KINDS] = {"", "0.80", "0.45", "0.95"};

struct result {
    double cpu_ns_per_event;
    double wall_ns_per_event;
    struct fingerprint joined;
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
                           .joined = fingerprint_joined(world)};
}

static struct result run_sql(const char *directory, enum kind kind, const struct settings *settings)
{
    static const enum join_shape shapes[] = {SHAPE_KEYED, SHAPE_KEYED, SHAPE_REKEYED, SHAPE_LEFT};
    struct join_world world;
    join_world_open(&world, directory, 0);
    join_world_fill(&world, shapes[kind], settings->events, settings->window);
    join_world_start(&world, shapes[kind], settings->window);
    const struct result result = measure(&world, settings);
    join_world_close(&world);
    return result;
}

/* Runs one kind in a process of its own. */
static struct result run_kind(enum kind kind, const struct settings *settings)
{
    char directory[512];
    struct result *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED);
    report_make_directory(directory, sizeof(directory));
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
    report_remove_directory(directory);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "join: %s failed\n", kind_names[kind]);
        exit(1);
    }
    const struct result result = *shared;
    munmap(shared, sizeof(*shared));
    printf("  %-22s %6.0f ns CPU an event, %5.2f M events a CPU-second, %.0f ns wall; %llu rows, "
           "sum %016llx\n",
           kind_names[kind], result.cpu_ns_per_event, 1e3 / result.cpu_ns_per_event,
           result.wall_ns_per_event, (unsigned long long)result.joined.rows,
           (unsigned long long)result.joined.sum);
    fflush(stdout);
    return result;
}

/* Every order has one payment in time: as many rows as events, of the same bytes from everybody. */
static void check_rows(const struct settings *settings, const struct result *results)
{
    struct fingerprint left = results[KERNEL].joined;
    fingerprint_add_unpaid(&left, settings->events, settings->window);
    for (enum kind kind = KERNEL; kind <= LEFT; kind++) {
        const struct fingerprint *found = &results[kind].joined;
        const struct fingerprint *wanted = kind == LEFT ? &left : &results[KERNEL].joined;
        if (results[KERNEL].joined.rows == settings->events && found->rows == wanted->rows &&
            found->sum == wanted->sum)
            continue;
        fprintf(stderr, "join: %s made %llu rows with sum %016llx; right are %llu, %016llx\n",
                kind_names[kind], (unsigned long long)found->rows, (unsigned long long)found->sum,
                (unsigned long long)wanted->rows, (unsigned long long)wanted->sum);
        exit(1);
    }
}

static void show_rows(const struct settings *settings, double times[KINDS][REPORT_ROUNDS_MAX],
                      double ratios[KINDS][REPORT_ROUNDS_MAX])
{
    double medians[KINDS];
    for (enum kind kind = KERNEL; kind <= LEFT; kind++)
        medians[kind] = report_median(times[kind], settings->pairs);
    for (enum kind kind = KEYED; kind <= LEFT; kind++) {
        char ours[64];
        char baseline[64];
        char ratio[64];
        const double median = report_median(ratios[kind], settings->pairs);
        snprintf(ours, sizeof(ours), "%.2f M/CPU-s", 1e3 / medians[kind]);
        snprintf(baseline, sizeof(baseline), "%.2f M/CPU-s",
                 1e3 / medians[kind == LEFT ? KEYED : KERNEL]);
        snprintf(ratio, sizeof(ratio), "%.2f (%.2f-%.2f)", median, ratios[kind][0],
                 ratios[kind][settings->pairs - 1]);
        report_row(kind_names[kind], ours, baseline, ratio, kind_least[kind], kind_reach[kind]);
    }
}

static enum kind find_kind(const char *word)
{
    for (enum kind kind = KERNEL; kind <= LEFT; kind++)
        if (strcmp(word, kind_words[kind]) == 0)
            return kind;
    fprintf(stderr, "join: no kind '%s'\n", word);
    exit(2);
}

int main(int argc, char **argv)
{
    struct settings settings = {4000000, 1000000, 10000, 5};
    uint64_t *const places[] = {&settings.events, &settings.window, &settings.commit_rows,
                                &settings.pairs};
    double times[KINDS][REPORT_ROUNDS_MAX];
    double ratios[KINDS][REPORT_ROUNDS_MAX];
    for (int i = 1; i < argc && i <= 4; i++)
        *places[i - 1] = strtoull(argv[i], NULL, 10);
    must(settings.pairs > 0 && settings.pairs <= REPORT_ROUNDS_MAX);
    report_machine();
    printf("joins: %llu events a side, %llu a side buffered, %llu pairs\n",
           (unsigned long long)settings.events, (unsigned long long)settings.window,
           (unsigned long long)settings.pairs);
    for (uint64_t pair = 0; pair < settings.pairs; pair++) {
        struct result results[KINDS];
        if (argc > 5) {
            run_kind(find_kind(argv[5]), &settings);
            continue;
        }
        for (enum kind kind = KERNEL; kind <= LEFT; kind++)
            results[kind] = run_kind(kind, &settings);
        check_rows(&settings, results);
        for (enum kind kind = KERNEL; kind <= LEFT; kind++) {
            const enum kind against = kind == LEFT ? KEYED : KERNEL;
            times[kind][pair] = results[kind].cpu_ns_per_event;
            ratios[kind][pair] = times[against][pair] / times[kind][pair];
        }
    }
    if (argc <= 5)
        show_rows(&settings, times, ratios);
    return 0;
}
