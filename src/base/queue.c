/* queue.c -- a ring under one lock; whoever changes it wakes everyone who waits. */
#include "base/queue.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"

/* Far enough to be forever, near enough not to overflow a time. */
#define TIMEOUT_MS_MAX (INT64_C(1000) * 60 * 60 * 24 * 365)

static int64_t deadline_after_ms(int64_t timeout_ms);
static bool queue_wait(struct queue *queue, int64_t timeout_ms, int64_t until_ns);

void queue_init(struct queue *queue, size_t capacity)
{
    must(capacity > 0);
    must(capacity <= SIZE_MAX / sizeof(void *));
    *queue = (struct queue){.capacity = capacity, .items = memory_alloc(capacity * sizeof(void *))};
    must(pthread_mutex_init(&queue->lock, NULL) == 0);
    condition_init(&queue->changed);
}

void queue_release(struct queue *queue)
{
    if (!queue || !queue->items)
        return;
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue->items);
    queue->items = NULL;
}

enum err queue_push(struct queue *queue, void *item, int64_t timeout_ms)
{
    const int64_t until_ns = deadline_after_ms(timeout_ms);
    enum err err = OK;
    pthread_mutex_lock(&queue->lock);
    while (!queue->closed && queue->count == queue->capacity) {
        if (!queue_wait(queue, timeout_ms, until_ns))
            break;
    }
    if (queue->closed) {
        err = ERR_CLOSED;
    } else if (queue->count == queue->capacity) {
        err = ERR_FULL;
    } else {
        queue->items[(queue->head + queue->count) % queue->capacity] = item;
        queue->count++;
        pthread_cond_broadcast(&queue->changed);
    }
    pthread_mutex_unlock(&queue->lock);
    return err;
}

enum err queue_pop(struct queue *queue, int64_t timeout_ms, void **ret_item)
{
    const int64_t until_ns = deadline_after_ms(timeout_ms);
    enum err err = OK;
    pthread_mutex_lock(&queue->lock);
    while (!queue->closed && queue->count == 0) {
        if (!queue_wait(queue, timeout_ms, until_ns))
            break;
    }
    if (queue->count > 0) {
        *ret_item = queue->items[queue->head];
        queue->head = (queue->head + 1) % queue->capacity;
        queue->count--;
        pthread_cond_broadcast(&queue->changed);
    } else {
        err = queue->closed ? ERR_CLOSED : ERR_AGAIN;
    }
    pthread_mutex_unlock(&queue->lock);
    return err;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

size_t queue_count(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    const size_t count = queue->count;
    pthread_mutex_unlock(&queue->lock);
    return count;
}

static int64_t deadline_after_ms(int64_t timeout_ms)
{
    if (timeout_ms <= 0)
        return 0;
    if (timeout_ms > TIMEOUT_MS_MAX)
        timeout_ms = TIMEOUT_MS_MAX;
    return clock_monotonic_ns() + timeout_ms * 1000000;
}

/* False when the time is over. */
static bool queue_wait(struct queue *queue, int64_t timeout_ms, int64_t until_ns)
{
    if (timeout_ms == 0)
        return false;
    if (timeout_ms < 0)
        return pthread_cond_wait(&queue->changed, &queue->lock) == 0;
    return condition_wait(&queue->changed, &queue->lock, until_ns);
}
