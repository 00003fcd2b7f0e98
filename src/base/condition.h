/* condition.h -- condition variables whose deadlines are clock_monotonic_ns()'s. */
#ifndef BASE_CONDITION_H
#define BASE_CONDITION_H

#include "base/must.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline void condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    must(pthread_condattr_init(&attributes) == 0);
    must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    must(pthread_cond_init(condition, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

/* Waits under the lock; may return for no reason, as pthread_cond_wait does. False: it is until_ns.
 */
static inline bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  int64_t until_ns)
{
    const struct timespec until = {.tv_sec = until_ns / 1000000000,
                                   .tv_nsec = until_ns % 1000000000};
    return pthread_cond_timedwait(condition, lock, &until) != ETIMEDOUT;
}

#endif
