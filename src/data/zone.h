/* zone.h -- time zones, for the files of data/ that need more than an offset. */
#ifndef DATA_ZONE_H
#define DATA_ZONE_H

#include "base/str.h"

#include <stdint.h>

#define ZONE_NAME_MAX 64         /* bytes of a zone's name */
#define ZONE_ABBREVIATION_MAX 16 /* with its terminating NUL */

/* What holds in a zone at an instant. */
struct zone_moment {
    int64_t offset_ms;
    char abbreviation[ZONE_ABBREVIATION_MAX];
};

/* ERR_NOT_FOUND. An empty name is UTC. */
MUST_CHECK enum err zone_moment_at(struct str zone, int64_t timestamp_ms,
                                   struct zone_moment *ret_moment);
/* "Z", "+1", "+01", "+0130", "+01:30", "+01:30:15", all of the text; at most 18 hours. */
bool zone_offset_read(struct str text, int64_t *ret_offset_ms);

#endif
