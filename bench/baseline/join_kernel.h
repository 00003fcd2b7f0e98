/* join_kernel.h -- the least work a windowed join from log to log can be. */
#ifndef BENCH_JOIN_KERNEL_H
#define BENCH_JOIN_KERNEL_H

#include "bench/fingerprint.h"

#include <stdint.h>

struct join_kernel_result {
    double cpu_ns_per_event; /* after the window filled */
    uint64_t events;
    struct fingerprint joined;
};

/* Fills two LMDB files in `directory` with `events` records each, then joins them into a third, one
 * record at a time appended, one durable transaction every `commit_rows` rows out. `window` records
 * a side are buffered; payments come up to that many orders after their order. `events` must be a
 * multiple of 32. Aborts on any error.
 */
struct join_kernel_result join_kernel_run(const char *directory, uint64_t events, uint64_t window,
                                          uint64_t commit_rows);

#endif
