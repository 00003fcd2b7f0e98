/* machine.h -- what figures are taken on. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stddef.h>

/* "AMD EPYC, 2 cores, Linux 6.1.0, load 0.10 0.20 0.30": cut where it does not fit. */
void machine_describe(char *text, size_t size);

#endif
