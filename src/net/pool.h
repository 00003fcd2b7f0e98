/* pool.h -- request threads: made when they are needed, up to a number. */
#ifndef NET_POOL_H
#define NET_POOL_H

#include "base/queue.h"

#include <stdatomic.h>

struct net_response;

struct pool {
    struct queue queue; /* struct net_response *, [net] -> [http], which drops the reference */
    pthread_t *threads;
    uint32_t threads_max;
    uint32_t thread_count;     /* [net] */
    atomic_uint request_count; /* handed over and not answered */
};

void pool_init(struct pool *pool, uint32_t threads_max);
/* Takes a reference of its own. ERR_FULL: all threads are busy and the queue is full. [net] */
MUST_CHECK enum err pool_submit(struct pool *pool, struct net_response *response);
/* Waits for what runs. Nothing on {0}. */
void pool_release(struct pool *pool);

#endif
