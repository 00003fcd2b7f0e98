/* trace.h -- diagnostics for people, on standard error. Only floors 5 to 7 write them.
 *
 * One line a message: time, level, component, text. Control characters in the text are escaped, so
 * that data cannot forge lines or move the terminal. */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include "base/err.h"

enum trace_level { TRACE_ERROR, TRACE_WARNING, TRACE_INFO, TRACE_DEBUG };

/* What is written: this level and those before it. Default TRACE_INFO. Set once at start. */
void trace_set_level(enum trace_level level);
void trace(enum trace_level level, const char *component, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
