/* instance_id.h -- who a process is, from one start to the next: kept in its data directory. */
#ifndef LOG_INSTANCE_ID_H
#define LOG_INSTANCE_ID_H

#include "base/err.h"

#define INSTANCE_ID_SIZE 16 /* hexadecimal digits */

/* The id in the directory's file "instance", made at random when there is none. Whoever calls has
 * the directory's lock. ERR_CORRUPT, ERR_DENIED, ERR_IO with words. */
enum err instance_id_get(const char *directory, char ret_id[INSTANCE_ID_SIZE + 1], struct why *why);

#endif
