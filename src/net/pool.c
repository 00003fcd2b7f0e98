/* pool.c -- request threads wait on one queue; one more is made when none waits. */
#include "net/pool.h"

#include "base/memory.h"
#include "net/response.h"

#define POOL_QUEUE_MAX 1024

void pool_init(struct pool *pool, uint32_t threads_max)
{
    must(threads_max > 0);
    *pool = (struct pool){.threads_max = threads_max,
                          .threads = memory_alloc(sizeof(pthread_t) * threads_max)};
    queue_init(&pool->queue, POOL_QUEUE_MAX);
}

static void *thread_main(void *context)
{
    struct pool *pool = context;
    void *item;
    while (queue_pop(&pool->queue, QUEUE_FOREVER, &item) == OK) {
        struct net_response *response = item;
        response_run(response);
        response_drop_reference(response);
        atomic_fetch_sub(&pool->request_count, 1);
    }
    return NULL;
}

enum err pool_submit(struct pool *pool, struct net_response *response)
{
    const bool is_short = atomic_load(&pool->request_count) >= pool->thread_count;
    if (is_short && pool->thread_count < pool->threads_max &&
        pthread_create(&pool->threads[pool->thread_count], NULL, thread_main, pool) == 0)
        pool->thread_count++;
    if (pool->thread_count == 0)
        return ERR_FULL;
    response_take_reference(response);
    atomic_fetch_add(&pool->request_count, 1);
    const enum err err = queue_push(&pool->queue, response, 0);
    if (err) {
        atomic_fetch_sub(&pool->request_count, 1);
        response_drop_reference(response);
    }
    return err;
}

void pool_release(struct pool *pool)
{
    if (!pool->threads)
        return;
    queue_close(&pool->queue);
    for (uint32_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    queue_release(&pool->queue);
    free(pool->threads);
    pool->threads = NULL;
}
