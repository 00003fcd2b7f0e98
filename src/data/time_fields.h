/* time_fields.h -- the fields a parsed text set, and the instant they make. Inside data/ only. */
#ifndef DATA_TIME_FIELDS_H
#define DATA_TIME_FIELDS_H

#include "data/time_pattern.h"

struct time_fields {
    uint32_t set; /* bit 1 << enum time_field */
    int64_t values[FIELD_COUNT];
    bool has_offset;
    int64_t offset_ms;
    struct str zone; /* size 0: none in the text */
};

/* False when the value is outside the field's range, or the field has another value already. */
bool time_fields_set(struct time_fields *fields, enum time_field field, int64_t value);
/* Missing fields from 1970-01-01T00:00:00; the text's offset before its zone before `zone`.
 * ERR_INVALID when fields contradict each other or the instant does not fit. */
MUST_CHECK enum err time_fields_resolve(const struct time_fields *fields, struct str zone,
                                        int64_t *ret_timestamp_ms);

#endif
