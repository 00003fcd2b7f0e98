/* server.c -- starts, watches and asks a drivethru that runs by itself. */
#include "bench/server.h"
#include "base/clock.h"
#include "base/must.h"
#include "base/str.h"
#include "bench/report.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#define RATE_FIRST 100000.0
#define RATE_LEAST 100.0
#define WARM_MS 4000
#define PROBE_SECONDS 4.0
#define SHARE_LEAST 0.95       /* of the events that the rate means, over the day's curve */
#define BEHIND_SECONDS_MAX 1.0 /* more than that, and growing, is falling behind */

/* All cores but the last, or only the last; of those this process may use. */
static void take_cores(bool is_client)
{
    cpu_set_t all, mine;
    int last = -1;
    CPU_ZERO(&mine);
    must(sysconf(_SC_NPROCESSORS_ONLN) <= CPU_SETSIZE);
    CPU_ZERO(&all);
    for (int i = 0; i < (int)sysconf(_SC_NPROCESSORS_ONLN); i++)
        CPU_SET(i, &all);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &all))
            last = i;
    if (last == 0) /* there is only one */
        return;
    if (is_client)
        CPU_SET(last, &mine);
    else
        CPU_XOR(&mine, &all, &mine), CPU_CLR(last, &mine);
    must(sched_setaffinity(0, sizeof(mine), &mine) == 0);
}

static void run(const struct server *server, const char *program, const char *pipeline, double rate,
                int errors)
{
    char text[32];
    const int none = open("/dev/null", O_WRONLY);
    snprintf(text, sizeof(text), "%.0f", rate);
    const char *const arguments[] = {
        program, "up",       "--data",      server->data,        "--pipeline",  pipeline,  "--rate",
        text,    "--listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0", "--quiet", NULL};
    take_cores(false);
    dup2(none, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    execv(program, (char *const *)(uintptr_t)arguments); /* it changes nothing */
    _exit(127);
}

void server_start(struct server *server, const char *program, const char *pipeline, double rate)
{
    char line[1024];
    int ends[2];
    *server = (struct server){0};
    report_make_directory(server->data, sizeof(server->data));
    must(pipe(ends) == 0);
    server->process = fork();
    must(server->process >= 0);
    if (server->process == 0)
        run(server, program, pipeline, rate, ends[1]);
    close(ends[1]);
    take_cores(true);
    server->errors = fdopen(ends[0], "r");
    must(server->errors != NULL);
    while (server->port == 0 && fgets(line, sizeof(line), server->errors)) {
        const char *at = strstr(line, "http://127.0.0.1:");
        if (at)
            server->port = (uint16_t)strtoul(at + 17, NULL, 10);
    }
    if (server->port == 0) {
        fprintf(stderr, "server: '%s up' did not start\n", program);
        exit(1);
    }
    clock_sleep_ms(WARM_MS);
}

void server_stop(struct server *server)
{
    char line[1024];
    kill(server->process, SIGINT);
    while (fgets(line, sizeof(line), server->errors))
        ;
    fclose(server->errors);
    waitpid(server->process, NULL, 0);
    report_remove_directory(server->data);
}

/* A process's or a thread's stat; sets the name it has. 0: it is gone. */
static double read_cpu_seconds(const char *path, char *name, size_t size)
{
    char text[1024];
    unsigned long user = 0;
    unsigned long system = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    const bool is_read = fgets(text, sizeof(text), file) != NULL;
    fclose(file);
    if (!is_read)
        return 0;
    const char *begin = strchr(text, '(');
    const char *end = strrchr(text, ')'); /* the name may hold anything */
    must(begin != NULL);
    must(end != NULL);
    snprintf(name, size, "%.*s", (int)(end - begin - 1), begin + 1);
    must(sscanf(end + 1, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user, &system) ==
         2);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double server_cpu_seconds(const struct server *server)
{
    char path[64], name[64];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)server->process);
    return read_cpu_seconds(path, name, sizeof(name));
}

double server_thread_cpu_seconds(const struct server *server, const char *wanted)
{
    char path[512], name[64];
    double sum = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)server->process);
    DIR *directory = opendir(path);
    const struct dirent *entry;
    must(directory != NULL);
    while ((entry = readdir(directory)) != NULL) {
        snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)server->process, entry->d_name);
        const double seconds =
            entry->d_name[0] == '.' ? 0 : read_cpu_seconds(path, name, sizeof(name));
        sum += seconds > 0 && strcmp(name, wanted) == 0 ? seconds : 0;
    }
    closedir(directory);
    return sum;
}

/* -- asking -- */

int server_connect(const struct server *server)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(server->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(connection >= 0);
    must(connect(connection, (const struct sockaddr *)&address, sizeof(address)) == 0);
    (void)setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return connection;
}

/* Content-Length or chunks: both end where these say. */
static bool is_whole(struct buf *answer)
{
    const char *text = buf_text(answer);
    const char *body = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "Content-Length: ");
    if (!body)
        return false;
    if (length && length < body)
        return answer->size >= (size_t)(body + 4 - text) + strtoul(length + 16, NULL, 10);
    return answer->size >= 5 && memcmp(text + answer->size - 5, "0\r\n\r\n", 5) == 0;
}

void server_ask(int connection, const char *request, struct buf *answer)
{
    const size_t size = strlen(request);
    buf_clear(answer);
    must(send(connection, request, size, MSG_NOSIGNAL) == (ssize_t)size);
    do {
        const ssize_t got = recv(connection, buf_reserve(answer, 65536), 65536, 0);
        must(got > 0);
        answer->size += (size_t)got;
    } while (!is_whole(answer));
}

void server_write_query(char *request, size_t size, const char *sql)
{
    must(strchr(sql, '"') == NULL);
    const int written = snprintf(request, size,
                                 "POST /query-stream HTTP/1.1\r\nHost: localhost\r\n"
                                 "Content-Length: %zu\r\n\r\n{\"sql\":\"%s\"}",
                                 strlen(sql) + 10, sql);
    must(written > 0);
    must((size_t)written < size);
}

static double number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtod(at + strlen(name), NULL) : 0;
}

struct server_progress server_look(const struct server *server)
{
    struct buf answer = {0};
    struct server_progress progress = {0};
    const int connection = server_connect(server);
    server_ask(connection, "GET /api/snapshot HTTP/1.1\r\nHost: localhost\r\n\r\n", &answer);
    close(connection);
    progress.at_seconds = (double)clock_monotonic_ns() / 1e9;
    const char *topics = strstr(buf_text(&answer), "\"topics\":{");
    const char *queries = strstr(buf_text(&answer), "\"queries\":{");
    must(topics != NULL);
    must(queries != NULL);
    progress.events =
        number_after(topics, "\"mcd_orders\":") + number_after(topics, "\"mcd_payments\":");
    for (const char *at = queries; (at = strstr(at, "\"lag\":")) != NULL; at++) {
        const double lag = strtod(at + 6, NULL);
        progress.lag = lag > progress.lag ? lag : progress.lag;
    }
    buf_release(&answer);
    return progress;
}

/* -- how fast -- */

double server_steady(const struct server *server, double seconds)
{
    const struct server_progress before = server_look(server);
    clock_sleep_ms((int64_t)(seconds * 1000));
    const struct server_progress after = server_look(server);
    const double rate = (after.events - before.events) / (after.at_seconds - before.at_seconds);
    return after.lag > rate * BEHIND_SECONDS_MAX ? 0 : rate;
}

/* A generator that is kept from writing writes less than another at the same minute of the day:
 * its own mean rate says how much there should be, up to the day's curve. */
double server_highest_rate(const char *program, const char *pipeline, double *ret_events)
{
    double share = 0; /* events a second an order a second of the day's mean */
    struct server server;
    server_start(&server, program, pipeline, RATE_LEAST);
    share = server_steady(&server, PROBE_SECONDS * 2) / RATE_LEAST;
    server_stop(&server);
    must(share > 0);
    for (double rate = RATE_FIRST; rate > RATE_LEAST; rate *= 0.75) {
        server_start(&server, program, pipeline, rate);
        const double events = server_steady(&server, PROBE_SECONDS);
        server_stop(&server);
        printf("  %.0f orders a second, %.0f events: %s\n", rate, rate * share,
               events < SHARE_LEAST * rate * share ? "too many" : "kept up with");
        if (events < SHARE_LEAST * rate * share)
            continue;
        *ret_events = events;
        return rate;
    }
    fprintf(stderr, "server: not even %.0f orders a second are kept up with\n", RATE_LEAST);
    exit(1);
}
