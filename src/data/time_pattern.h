/* time_pattern.h -- a compiled DateTimeFormatter pattern, as compile, parse and format share it.
 *
 * Inside data/ only. Where a rule is Java's, java.time.format.DateTimeFormatterBuilder's
 * documentation of appendPattern, appendValue and parseStrict is the source. */
#ifndef DATA_TIME_PATTERN_H
#define DATA_TIME_PATTERN_H

#include "data/time.h"

#define TIME_PATTERN_BYTES_MAX 4096
#define TIME_PATTERN_DEPTH_MAX 16 /* optional sections within each other */

enum time_field {
    FIELD_ERA, /* 0: before Christ, 1 */
    FIELD_YEAR_OF_ERA,
    FIELD_YEAR,
    FIELD_MONTH,
    FIELD_DAY,
    FIELD_DAY_OF_YEAR,
    FIELD_WEEKDAY,   /* 1: Monday */
    FIELD_HALF_DAY,  /* 0: AM, 1: PM */
    FIELD_HOUR,      /* 0 to 23, and 24 at a day's end */
    FIELD_HOUR_1_24, /* k */
    FIELD_HOUR_0_11, /* K */
    FIELD_HOUR_1_12, /* h */
    FIELD_MINUTE,
    FIELD_SECOND,
    FIELD_NANO, /* of the second */
    FIELD_MILLI_OF_DAY,
    FIELD_NANO_OF_DAY,
    FIELD_COUNT
};

enum element_kind {
    ELEMENT_LITERAL,
    ELEMENT_NUMBER,
    ELEMENT_YEAR_IN_CENTURY, /* two digits, 2000 to 2099 */
    ELEMENT_FRACTION,        /* of the second, exactly width_min digits */
    ELEMENT_TEXT,
    ELEMENT_OFFSET,
    ELEMENT_ZONE_ID,
    ELEMENT_ZONE_NAME,
    ELEMENT_OPTIONAL_BEGIN,
    ELEMENT_OPTIONAL_END
};

enum element_sign {
    SIGN_NONE,   /* digits only */
    SIGN_NORMAL, /* '-' when negative */
    SIGN_EXCEEDS /* also '+' when there are more digits than width_min, and only then */
};

enum element_style { STYLE_SHORT, STYLE_FULL, STYLE_NARROW };

enum offset_form {
    OFFSET_HH_OPTIONAL_MM, /* +01, +0130 */
    OFFSET_HHMM,
    OFFSET_HH_COLON_MM,
    OFFSET_HHMM_OPTIONAL_SS,
    OFFSET_HH_COLON_MM_OPTIONAL_SS,
    OFFSET_GMT /* GMT+01:00, GMT */
};

struct element {
    enum element_kind kind;
    enum time_field field;
    enum element_sign sign;
    enum element_style style;
    enum offset_form offset_form;
    uint8_t width_min;
    uint8_t width_max;
    uint16_t reserved;  /* digits that belong to the fixed numbers which follow at once */
    uint32_t end;       /* OPTIONAL_BEGIN: index of its end */
    struct str literal; /* LITERAL; OFFSET: the text for no offset */
};

struct time_pattern {
    uint32_t element_count;
    const struct element *elements;
    size_t text_size_max; /* of a formatted text, zone ids not counted */
};

/* The names of a text field's values in a style; ret_first is the first one's value. Returns how
 * many. */
int time_field_names(enum time_field field, enum element_style style, const struct str **ret_names,
                     int *ret_first);

#endif
