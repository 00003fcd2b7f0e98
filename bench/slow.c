/* slow.c -- how long others wait while 1,000 clients send their requests a byte at a time.
 *
 * usage: bench-slow PROGRAM PIPELINE [REQUESTS]
 *
 * The slow ones hold a head open and add a byte now and then, for less than the ten seconds they
 * are given. Another client, on the core that the program does not have, asks for /info. */
#include "base/clock.h"
#include "base/must.h"
#include "bench/report.h"
#include "bench/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOW 1000
#define SLOW_MS 8000 /* then they would be refused */
#define REQUESTS_MAX 100000
#define ORDERS_PER_SECOND 20

static void open_slow(const struct server *server, int *connections)
{
    static const char head[] = "GET /info HTTP/1.1\r\nHost: localhost\r\nX: ";
    for (int i = 0; i < SLOW; i++) {
        connections[i] = server_connect(server);
        must(write(connections[i], head, sizeof(head) - 1) == sizeof(head) - 1);
    }
}

int main(int argc, char **argv)
{
    static const char request[] = "GET /info HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static double samples[REQUESTS_MAX];
    static int connections[SLOW];
    struct rlimit files;
    struct server server;
    struct buf answer = {0};
    uint64_t count = 0;
    char ours[64];
    if (argc < 3) {
        fprintf(stderr, "usage: bench-slow PROGRAM PIPELINE [REQUESTS]\n");
        return 2;
    }
    const uint64_t wanted = argc > 3 ? strtoull(argv[3], NULL, 10) : 5000;
    must(wanted > 0 && wanted <= REQUESTS_MAX);
    report_machine();
    server_start(&server, argv[1], argv[2], ORDERS_PER_SECOND);
    must(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_max;
    must(setrlimit(RLIMIT_NOFILE, &files) == 0);
    open_slow(&server, connections);
    const int64_t end_ns = clock_monotonic_ns() + SLOW_MS * INT64_C(1000000);
    const int connection = server_connect(&server);
    while (count < wanted && clock_monotonic_ns() < end_ns) {
        must(send(connections[count % SLOW], "x", 1, MSG_NOSIGNAL) == 1);
        const int64_t begin_ns = clock_monotonic_ns();
        server_ask(connection, request, &answer);
        samples[count++] = (double)(clock_monotonic_ns() - begin_ns) / 1e6;
        must(strstr(buf_text(&answer), "KsqlServerInfo") != NULL);
        clock_sleep_ms(1);
    }
    server_stop(&server);
    buf_release(&answer);
    const double p50 = report_median(samples, count);
    printf("  %llu requests beside %d slow clients: p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n",
           (unsigned long long)count, SLOW, p50, samples[count * 99 / 100], samples[count - 1]);
    snprintf(ours, sizeof(ours), "p99 %.2f ms", samples[count * 99 / 100]);
    report_row("beside 1,000 slow clients", ours, "", "", "50 ms", "5 ms");
    return 0;
}
