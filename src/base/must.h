/* must.h -- assertions that stay on in release builds. */
#ifndef BASE_MUST_H
#define BASE_MUST_H

#include "base/banned.h"

/* Aborts with file, line and the condition's text when `condition` is false: a bug, never bad
 * input. Test one condition a call, so that the message says which one failed. */
#define must(condition)                                                                            \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            must_fail(__FILE__, __LINE__, #condition);                                             \
    } while (0)

/* Marks a place no control flow reaches. */
#define must_not_reach() must_fail(__FILE__, __LINE__, "this place is never reached")

_Noreturn void must_fail(const char *file, int line, const char *condition);

#endif
