/* pull.c -- pull queries by key over HTTP, while half of what the pipeline can take comes in.
 *
 * usage: bench-pull PROGRAM PIPELINE [SECONDS [RATE]]     RATE: orders a second; default: half of
 * the highest that `PROGRAM up` keeps up with
 *
 * The program has all cores but one; the client has that one. One connection asks for one order's
 * story after another, with a little pause between, so that queries meet the pipeline at any point
 * of its work. */
#include "base/clock.h"
#include "base/must.h"
#include "base/random.h"
#include "bench/report.h"
#include "bench/server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEYS_MAX 1000
#define KEY_BYTES 32
#define SAMPLES_MAX 200000
#define PAUSE_MS 2

static uint32_t read_keys(int connection, char (*keys)[KEY_BYTES])
{
    char request[512];
    struct buf answer = {0};
    uint32_t count = 0;
    server_write_query(request, sizeof(request), "SELECT order_id FROM order_story LIMIT 1000;");
    server_ask(connection, request, &answer);
    const char *at = buf_text(&answer);
    while (count < KEYS_MAX && (at = strstr(at, "[\"O-")) != NULL) {
        const size_t size = strcspn(at + 2, "\"");
        must(size < KEY_BYTES);
        memcpy(keys[count], at + 2, size);
        keys[count++][size] = '\0';
        at += size;
    }
    buf_release(&answer);
    return count;
}

static uint64_t ask_all(const struct server *server, double seconds, double *samples)
{
    static char keys[KEYS_MAX][KEY_BYTES];
    char request[512], sql[256];
    struct buf answer = {0};
    struct random random = {11};
    uint64_t count = 0;
    const int connection = server_connect(server);
    const uint32_t key_count = read_keys(connection, keys);
    const int64_t end_ns = clock_monotonic_ns() + (int64_t)(seconds * 1e9);
    must(key_count > 0);
    while (clock_monotonic_ns() < end_ns && count < SAMPLES_MAX) {
        const char *key = keys[random_next(&random) % key_count];
        snprintf(sql, sizeof(sql), "SELECT * FROM order_story WHERE order_id = '%s';", key);
        server_write_query(request, sizeof(request), sql);
        const int64_t begin_ns = clock_monotonic_ns();
        server_ask(connection, request, &answer);
        samples[count++] = (double)(clock_monotonic_ns() - begin_ns) / 1e6;
        must(strstr(buf_text(&answer), key) != NULL);
        clock_sleep_ms(PAUSE_MS);
    }
    buf_release(&answer);
    close(connection);
    return count;
}

int main(int argc, char **argv)
{
    static double samples[SAMPLES_MAX];
    struct server server;
    char ours[64], beside[64];
    double highest = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: bench-pull PROGRAM PIPELINE [SECONDS [RATE]]\n");
        return 2;
    }
    const double seconds = argc > 3 ? strtod(argv[3], NULL) : 20;
    report_machine();
    const double rate =
        argc > 4 ? strtod(argv[4], NULL) : server_highest_rate(argv[1], argv[2], &highest) / 2;
    server_start(&server, argv[1], argv[2], rate);
    const struct server_progress before = server_look(&server);
    const double cpu_before = server_cpu_seconds(&server);
    const uint64_t count = ask_all(&server, seconds, samples);
    const struct server_progress after = server_look(&server);
    const double took = after.at_seconds - before.at_seconds;
    const double events = (after.events - before.events) / took;
    const double busy = (server_cpu_seconds(&server) - cpu_before) / took;
    server_stop(&server);
    must(count > 0);
    const double p50 = report_median(samples, count);
    const double p99 = samples[count * 99 / 100];
    printf(
        "  %llu pull queries by key at %.0f events/s, %.2f cores busy, most behind %.0f records: "
        "p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n",
        (unsigned long long)count, events, busy, after.lag, p50, p99, samples[count - 1]);
    snprintf(ours, sizeof(ours), "p99 %.2f ms", p99);
    snprintf(beside, sizeof(beside), "%.0f events/s", events);
    report_row("pull query by key", ours, beside, "", "5 ms", "2 ms");
    return 0;
}
