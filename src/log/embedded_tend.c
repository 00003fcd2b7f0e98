/* embedded_tend.c -- retention by time and bytes, and the cleaner of compacted topics. */
#include "log/embedded.h"

bool embedded_tend(struct embedded_log *log)
{
    (void)log;
    return false;
}
