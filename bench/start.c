/* start.c -- from exec to serving on an existing small log, and the memory when idle.
 *
 * usage: bench-start PROGRAM PIPELINE [ROUNDS]
 *
 * Runs `PROGRAM up` on PIPELINE until some orders are through, and then starts it again and again
 * without a generator. It serves when it says "up in". */
#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "bench/report.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define IDLE_MS 2000

struct started {
    double ms;
    double megabytes;
};

/* Returns the child; *ret_errors reads what it says. */
static pid_t spawn(const char *const arguments[], FILE **ret_errors)
{
    int ends[2];
    must(pipe(ends) == 0);
    const pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        const int none = open("/dev/null", O_WRONLY);
        dup2(none, STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        execv(arguments[0], (char *const *)(uintptr_t)arguments); /* it changes nothing */
        _exit(127);
    }
    close(ends[1]);
    *ret_errors = fdopen(ends[0], "r");
    must(*ret_errors != NULL);
    return child;
}

static void finish(pid_t child, FILE *errors)
{
    char line[1024];
    int status;
    while (fgets(line, sizeof(line), errors))
        ;
    fclose(errors);
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 130))
        return;
    fprintf(stderr, "start: the program failed\n");
    exit(1);
}

static void fill(const char *program, const char *pipeline, const char *data)
{
    FILE *errors;
    const char *const arguments[] = {
        program,  "up",  "--data",    data, "--pipeline", pipeline,       "--orders", "2000",
        "--rate", "200", "--history", "1m", "--quiet",    "--until-idle", NULL};
    const pid_t child = spawn(arguments, &errors);
    finish(child, errors);
}

static struct started start(const char *program, const char *pipeline, const char *data)
{
    char line[1024];
    FILE *errors;
    const char *const arguments[] = {program,      "up",     "--data",        data,
                                     "--pipeline", pipeline, "--no-generate", NULL};
    const int64_t begin_ns = clock_monotonic_ns();
    const pid_t child = spawn(arguments, &errors);
    struct started started = {0};
    while (started.ms == 0 && fgets(line, sizeof(line), errors))
        if (strncmp(line, "up in ", 6) == 0)
            started.ms = (double)(clock_monotonic_ns() - begin_ns) / 1e6;
    must(started.ms > 0);
    clock_sleep_ms(IDLE_MS);
    started.megabytes = (double)report_resident_bytes(child) / 1e6;
    kill(child, SIGINT);
    finish(child, errors);
    return started;
}

int main(int argc, char **argv)
{
    char data[512];
    double times[REPORT_ROUNDS_MAX];
    double sizes[REPORT_ROUNDS_MAX];
    char ours[64];
    if (argc < 3) {
        fprintf(stderr, "usage: bench-start PROGRAM PIPELINE [ROUNDS]\n");
        return 2;
    }
    const uint64_t rounds = argc > 3 ? strtoull(argv[3], NULL, 10) : 5;
    must(rounds > 0 && rounds <= REPORT_ROUNDS_MAX);
    report_machine();
    report_make_directory(data, sizeof(data));
    fill(argv[1], argv[2], data);
    for (uint64_t i = 0; i < rounds; i++) {
        const struct started started = start(argv[1], argv[2], data);
        times[i] = started.ms;
        sizes[i] = started.megabytes;
        printf("  up in %.0f ms, %.1f MB resident when idle, without log.mdb\n", started.ms,
               started.megabytes);
    }
    report_remove_directory(data);
    snprintf(ours, sizeof(ours), "%.0f ms", report_median(times, rounds));
    report_row("start, existing log", ours, "", ours, "100 ms", "50 ms");
    snprintf(ours, sizeof(ours), "%.1f MB", report_median(sizes, rounds));
    report_row("memory when idle", ours, "", ours, "32 MB", "16 MB");
    return 0;
}
