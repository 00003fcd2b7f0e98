/* must.c -- the last words of a process that found a bug in itself. */
#include "base/must.h"

void must_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: this must hold: %s\n", file, line, condition);
    abort();
}
