/* counters.h -- numbers that only grow, one list for the code and for what shows them. */
#ifndef BASE_COUNTERS_H
#define BASE_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

enum counter {
#define COUNTER(name, help) COUNTER_##name,
#include "base/counters.def"
#undef COUNTER
    COUNTER_COUNT
};

/* Written and read by any thread. {0} is valid. */
struct counters {
    _Atomic uint64_t at[COUNTER_COUNT];
};

static inline void counters_add(struct counters *counters, enum counter counter, uint64_t count)
{
    atomic_fetch_add_explicit(&counters->at[counter], count, memory_order_relaxed);
}

static inline uint64_t counters_get(const struct counters *counters, enum counter counter)
{
    return atomic_load_explicit(&counters->at[counter], memory_order_relaxed);
}

const char *counter_name(enum counter counter);
const char *counter_help(enum counter counter);

#endif
