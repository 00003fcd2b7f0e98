/* report.h -- what the benchmarks share in saying their figures: the machine, medians, rows of the
 * table. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stddef.h>
#include <stdint.h>

#define REPORT_ROUNDS_MAX 64

/* The middle one; sorts the values. count > 0. */
double report_median(double *values, uint64_t count);
/* One line: processor, cores, kernel, load. */
void report_machine(void);
/* A row of bench/run's table: what, our figure, the baseline's, ours against it, what it must be
 * and what it should be, all as text. */
void report_row(const char *measure, const char *ours, const char *baseline, const char *ratio,
                const char *least, const char *reach);

/* What a process has resident, without its pages of log.mdb. */
uint64_t report_resident_bytes(int process);

/* A new directory under $BENCH_DIRECTORY, else /var/tmp. Ends the program when it cannot. */
void report_make_directory(char *directory, size_t size);
void report_remove_directory(const char *directory);

#endif
