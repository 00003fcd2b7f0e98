/* scan_kernel.h -- the least work a restart can be: read every record and index it by its key. */
#ifndef BENCH_SCAN_KERNEL_H
#define BENCH_SCAN_KERNEL_H

#include <stdint.h>

struct scan_kernel_result {
    double seconds;
    double cpu_seconds;
};

/* Writes `events` orders and as many payments into one LMDB file in `directory`, closes it, opens
 * it again and builds a hash index over all of them. Measures the second part. Aborts on any error.
 */
struct scan_kernel_result scan_kernel_run(const char *directory, uint64_t events);

#endif
