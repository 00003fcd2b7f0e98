/* status.h -- what became of the last statements, for clients that poll. */
#ifndef API_STATUS_H
#define API_STATUS_H

#include "engine/engine.h"

#include <pthread.h>

#define STATUS_COUNT_MAX 1000

/* A ring; statements are done when they are answered, so all in it are SUCCESS. */
struct statuses {
    pthread_mutex_t lock;
    struct status_entry {
        char *id; /* "stream/ORDERS/create" */
        char *message;
        char *query_id; /* NULL: none */
    } entries[STATUS_COUNT_MAX];
    uint32_t next;
};

void statuses_init(struct statuses *statuses);
void statuses_release(struct statuses *statuses);
void status_note(struct statuses *statuses, const struct statement *statement,
                 const struct answer *answer);

#endif
