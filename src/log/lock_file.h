/* lock_file.h -- the lock of the one process that runs a data directory's queries. */
#ifndef LOG_LOCK_FILE_H
#define LOG_LOCK_FILE_H

#include "base/err.h"

/* The caller closes *ret_file; the kernel gives the lock back when the process ends, however it
 * ends. The directory is made when missing. ERR_LOCKED: another process has it. */
MUST_CHECK enum err lock_file_take(const char *directory, int *ret_file, struct why *why);

#endif
