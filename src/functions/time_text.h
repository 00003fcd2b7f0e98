/* time_text.h -- times and their texts, for the bodies that format and parse them. */
#ifndef FUNCTIONS_TIME_TEXT_H
#define FUNCTIONS_TIME_TEXT_H

#include "functions/function.h"

/* By a pattern of java.time.format.DateTimeFormatter; a zone of size 0 is UTC. The pattern is kept
 * compiled in the call's memory. ERR_INVALID. */
MUST_CHECK enum err time_text_parse(struct call *call, struct str text, struct str pattern,
                                    struct str zone, int64_t *ret_timestamp_ms);
MUST_CHECK enum err time_text_format(struct call *call, int64_t timestamp_ms, struct str pattern,
                                     struct str zone, struct str *ret_text);
/* MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS, and without S. ERR_INVALID. */
MUST_CHECK enum err time_unit_ms(struct str unit, int64_t *ret_ms);

#endif
