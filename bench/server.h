/* server.h -- a running `drivethru up` under a benchmark: started at a rate, watched, asked. */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sys/types.h>

struct server {
    pid_t process;
    FILE *errors; /* what it says */
    uint16_t port;
    char data[512];
};

/* Starts it on an empty directory, with so many orders a second (the day's mean), on all cores but
 * the last, which is the client's: the caller runs there from now on. Returns when it serves. */
void server_start(struct server *server, const char *program, const char *pipeline, double rate);
void server_stop(struct server *server);

/* Of all its threads, or of those called so, since it started. */
double server_cpu_seconds(const struct server *server);
double server_thread_cpu_seconds(const struct server *server, const char *name);

struct server_progress {
    double at_seconds;
    double events; /* orders and payments that were written */
    double lag;    /* records before the query that is furthest behind */
};
struct server_progress server_look(const struct server *server);

/* Events a second it was kept up with, over so many seconds; 0: something fell behind. */
double server_steady(const struct server *server, double seconds);
/* The highest mean rate of orders, of falling ones, that a server of its own keeps up with;
 * *ret_events: how many events a second that was. */
double server_highest_rate(const char *program, const char *pipeline, double *ret_events);

/* A connection; blocking. */
int server_connect(const struct server *server);
/* Sends a request and reads the whole answer into the emptied buf. */
void server_ask(int connection, const char *request, struct buf *answer);
/* "POST /query-stream ..." of one statement without a quotation mark in it. */
void server_write_query(char *request, size_t size, const char *sql);

#endif
