/* queue.h -- a bounded queue of pointers between threads.
 *
 * Any number of threads on both ends. What the pointers mean, who frees them and which way they go
 * stands where a queue is declared. */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include "base/err.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void **items;
    size_t capacity;
    size_t head;
    size_t count;
    bool closed;
};

#define QUEUE_FOREVER (-1)

/* capacity > 0: pushes beyond it wait. */
void queue_init(struct queue *queue, size_t capacity);
void queue_release(struct queue *queue);
/* ERR_FULL after timeout_ms (0: at once, QUEUE_FOREVER), ERR_CLOSED. */
MUST_CHECK enum err queue_push(struct queue *queue, void *item, int64_t timeout_ms);
/* ERR_AGAIN after timeout_ms; ERR_CLOSED when closed and empty. */
MUST_CHECK enum err queue_pop(struct queue *queue, int64_t timeout_ms, void **ret_item);
/* Wakes everyone; items already in it can still be popped. */
void queue_close(struct queue *queue);
size_t queue_count(struct queue *queue);

#endif
