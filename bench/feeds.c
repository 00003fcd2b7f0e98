/* feeds.c -- what a thousand open pages cost the server, in its CPU-seconds an event.
 *
 * usage: bench-feeds PROGRAM PIPELINE [ROUNDS [RATE]]     RATE: orders a second; default: half of
 * the highest that `PROGRAM up` keeps up with
 *
 * What followers cause is the time of the thread that owns the sockets; the ratio has it beside the
 * rest of the same round. The whole with and without them is printed too, but means something on a
 * quiet machine only: a neighbour on another core alone makes the pipeline's batches smaller and
 * the same events cost up to twice as much.
 *
 * One server runs all the time; rounds without and with 1,000 followers of /api/feed take turns,
 * so that both see the same tables and the same neighbours. The client reads everything that
 * comes, packed as browsers take it, on a core of its own; its time does not count. */
#include "base/clock.h"
#include "base/must.h"
#include "bench/report.h"
#include "bench/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define FEEDS 1000
#define ROUND_MS 6000
#define SETTLE_MS 2000

struct followers {
    int connections[FEEDS];
    int epoll;
    pthread_t thread;
    atomic_bool stop;
    uint64_t bytes; /* that came, until the thread is joined */
};

static void *read_all(void *context)
{
    struct followers *followers = context;
    static char bytes[1 << 20];
    struct epoll_event events[256];
    while (!atomic_load(&followers->stop)) {
        const int count = epoll_wait(followers->epoll, events, 256, 50);
        for (int i = 0; i < count; i++) {
            const ssize_t got = read(events[i].data.fd, bytes, sizeof(bytes));
            must(got > 0);
            followers->bytes += (uint64_t)got;
        }
    }
    return NULL;
}

static void follow(struct followers *followers, const struct server *server)
{
    static const char request[] = "GET /api/feed HTTP/1.1\r\nHost: localhost\r\n"
                                  "Accept-Encoding: gzip\r\n\r\n";
    *followers = (struct followers){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    must(followers->epoll >= 0);
    must(pthread_create(&followers->thread, NULL, read_all, followers) == 0);
    for (int i = 0; i < FEEDS; i++) {
        const int connection = server_connect(server);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = connection};
        followers->connections[i] = connection;
        must(write(connection, request, sizeof(request) - 1) == sizeof(request) - 1);
        must(epoll_ctl(followers->epoll, EPOLL_CTL_ADD, connection, &event) == 0);
    }
}

static void leave(struct followers *followers)
{
    atomic_store(&followers->stop, true);
    pthread_join(followers->thread, NULL);
    for (int i = 0; i < FEEDS; i++)
        close(followers->connections[i]);
    close(followers->epoll);
}

struct round {
    double cost;   /* CPU-seconds a million events */
    double net;    /* of these, of the thread that owns all sockets */
    double events; /* a second */
};

static struct round measure(const struct server *server)
{
    clock_sleep_ms(SETTLE_MS);
    const double cpu_before = server_cpu_seconds(server);
    const double net_before = server_thread_cpu_seconds(server, "net");
    const struct server_progress before = server_look(server);
    clock_sleep_ms(ROUND_MS);
    const double cpu = server_cpu_seconds(server) - cpu_before;
    const double net = server_thread_cpu_seconds(server, "net") - net_before;
    const struct server_progress after = server_look(server);
    const double events = after.events - before.events;
    must(events > 0);
    return (struct round){.cost = cpu / events * 1e6,
                          .net = net / events * 1e6,
                          .events = events / (after.at_seconds - before.at_seconds)};
}

int main(int argc, char **argv)
{
    double without[REPORT_ROUNDS_MAX], with[REPORT_ROUNDS_MAX], ratios[REPORT_ROUNDS_MAX];
    struct rlimit files = {.rlim_cur = FEEDS + 256};
    struct server server;
    static struct followers followers;
    char ours[64], baseline[64], ratio[64];
    double highest = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: bench-feeds PROGRAM PIPELINE [ROUNDS [RATE]]\n");
        return 2;
    }
    const uint64_t rounds = argc > 3 ? strtoull(argv[3], NULL, 10) : 5;
    must(rounds > 0 && rounds <= REPORT_ROUNDS_MAX);
    report_machine();
    const double rate =
        argc > 4 ? strtod(argv[4], NULL) : server_highest_rate(argv[1], argv[2], &highest) / 2;
    server_start(&server, argv[1], argv[2], rate);
    must(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_max;
    must(setrlimit(RLIMIT_NOFILE, &files) == 0);
    for (uint64_t i = 0; i < rounds; i++) {
        const struct round alone = measure(&server);
        follow(&followers, &server);
        const struct round followed = measure(&server);
        leave(&followers);
        with[i] = followed.cost;
        const double caused = followed.net - alone.net;
        without[i] = followed.cost - caused;
        ratios[i] = followed.cost / (followed.cost - caused);
        printf("  CPU-seconds a million events: %.2f alone; %.2f with %d feeds (%.0f events/s, "
               "%.1f MB "
               "read), %.2f of them for the feeds: %.3f x\n",
               alone.cost, followed.cost, FEEDS, followed.events, (double)followers.bytes / 1e6,
               caused, ratios[i]);
    }
    server_stop(&server);
    snprintf(ours, sizeof(ours), "%.2f s/M", report_median(with, rounds));
    snprintf(baseline, sizeof(baseline), "%.2f s/M", report_median(without, rounds));
    snprintf(ratio, sizeof(ratio), "%.3f x", report_median(ratios, rounds));
    report_row("1,000 open feeds", ours, baseline, ratio, "1.05 x", "1.02 x");
    return 0;
}
