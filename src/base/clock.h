/* clock.h -- the two clocks: the wall's for dates, the monotonic for durations. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_wall_ms(void);
/* Nanoseconds that never go back. */
int64_t clock_monotonic_ns(void);
/* CPU nanoseconds of this process, all threads. */
int64_t clock_cpu_ns(void);
/* CPU nanoseconds of this thread. */
int64_t clock_thread_cpu_ns(void);
void clock_sleep_ms(int64_t duration_ms);

#endif
