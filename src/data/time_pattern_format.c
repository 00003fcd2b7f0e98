/* time_pattern_format.c -- instants as texts by a compiled pattern, and the names both ways use. */
#include "data/time_pattern.h"
#include "data/zone.h"

/* What an instant is in the zone asked for. */
struct local_time {
    struct civil_time civil;
    struct zone_moment moment;
    struct str zone;
};

static int64_t field_value(const struct local_time *local, enum time_field field);
static char *element_write(char *at, const struct element *element, const struct local_time *local);
static char *number_write(char *at, const struct element *element, int64_t number);
static char *digits_write(char *at, uint64_t number, int width);
static char *offset_write(char *at, const struct element *element, int64_t offset_ms);
static char *text_write(char *at, struct str text);

enum err time_pattern_format(const struct time_pattern *pattern, int64_t timestamp_ms,
                             struct str zone, struct arena *arena, struct str *ret_text)
{
    struct local_time local = {.zone = zone.size > 0 ? zone : STR("UTC")};
    const enum err err = zone_moment_at(zone, timestamp_ms, &local.moment);
    if (err != OK)
        return err;
    int64_t local_ms;
    if (__builtin_add_overflow(timestamp_ms, local.moment.offset_ms, &local_ms))
        return ERR_INVALID;
    local.civil = civil_from_ms(local_ms);

    size_t room = pattern->text_size_max;
    for (uint32_t i = 0; i < pattern->element_count; i++)
        if (pattern->elements[i].kind == ELEMENT_ZONE_ID)
            room += local.zone.size;
    char *const text = arena_alloc(arena, room + 1);
    char *at = text;
    for (uint32_t i = 0; i < pattern->element_count; i++)
        at = element_write(at, &pattern->elements[i], &local);
    must((size_t)(at - text) <= room);
    *ret_text = (struct str){text, (size_t)(at - text)};
    return OK;
}

int time_field_names(enum time_field field, enum element_style style, const struct str **ret_names,
                     int *ret_first)
{
    static const struct str months[3][12] = {
        {{"Jan", 3},
         {"Feb", 3},
         {"Mar", 3},
         {"Apr", 3},
         {"May", 3},
         {"Jun", 3},
         {"Jul", 3},
         {"Aug", 3},
         {"Sep", 3},
         {"Oct", 3},
         {"Nov", 3},
         {"Dec", 3}},
        {{"January", 7},
         {"February", 8},
         {"March", 5},
         {"April", 5},
         {"May", 3},
         {"June", 4},
         {"July", 4},
         {"August", 6},
         {"September", 9},
         {"October", 7},
         {"November", 8},
         {"December", 8}},
        {{"J", 1},
         {"F", 1},
         {"M", 1},
         {"A", 1},
         {"M", 1},
         {"J", 1},
         {"J", 1},
         {"A", 1},
         {"S", 1},
         {"O", 1},
         {"N", 1},
         {"D", 1}},
    };
    static const struct str weekdays[3][7] = {
        {{"Mon", 3}, {"Tue", 3}, {"Wed", 3}, {"Thu", 3}, {"Fri", 3}, {"Sat", 3}, {"Sun", 3}},
        {{"Monday", 6},
         {"Tuesday", 7},
         {"Wednesday", 9},
         {"Thursday", 8},
         {"Friday", 6},
         {"Saturday", 8},
         {"Sunday", 6}},
        {{"M", 1}, {"T", 1}, {"W", 1}, {"T", 1}, {"F", 1}, {"S", 1}, {"S", 1}},
    };
    static const struct str eras[3][2] = {
        {{"BC", 2}, {"AD", 2}}, {{"Before Christ", 13}, {"Anno Domini", 11}}, {{"B", 1}, {"A", 1}}};
    static const struct str halves[2] = {{"AM", 2}, {"PM", 2}};

    *ret_first = field == FIELD_MONTH || field == FIELD_WEEKDAY;
    switch (field) {
    case FIELD_MONTH:
        *ret_names = months[style];
        return 12;
    case FIELD_WEEKDAY:
        *ret_names = weekdays[style];
        return 7;
    case FIELD_ERA:
        *ret_names = eras[style];
        return 2;
    case FIELD_HALF_DAY:
        *ret_names = halves;
        return 2;
    default:
        must_not_reach();
    }
}

static int64_t field_value(const struct local_time *local, enum time_field field)
{
    const struct civil_time *civil = &local->civil;
    const int64_t milli_of_day = civil->hour * INT64_C(3600000) + civil->minute * INT64_C(60000) +
                                 civil->second * INT64_C(1000) + civil->millisecond;
    switch (field) {
    case FIELD_ERA:
        return civil->year > 0;
    case FIELD_YEAR_OF_ERA:
        return civil->year > 0 ? civil->year : 1 - civil->year;
    case FIELD_YEAR:
        return civil->year;
    case FIELD_MONTH:
        return civil->month;
    case FIELD_DAY:
        return civil->day;
    case FIELD_DAY_OF_YEAR:
        return civil_to_days(civil->year, civil->month, civil->day) -
               civil_to_days(civil->year, 1, 1) + 1;
    case FIELD_WEEKDAY: {
        /* 1970-01-01 was a Thursday. */
        const int64_t days = civil_to_days(civil->year, civil->month, civil->day);
        return ((days + 3) % 7 + 7) % 7 + 1;
    }
    case FIELD_HALF_DAY:
        return civil->hour / 12;
    case FIELD_HOUR:
        return civil->hour;
    case FIELD_HOUR_1_24:
        return civil->hour == 0 ? 24 : civil->hour;
    case FIELD_HOUR_0_11:
        return civil->hour % 12;
    case FIELD_HOUR_1_12:
        return civil->hour % 12 == 0 ? 12 : civil->hour % 12;
    case FIELD_MINUTE:
        return civil->minute;
    case FIELD_SECOND:
        return civil->second;
    case FIELD_NANO:
        return civil->millisecond * INT64_C(1000000);
    case FIELD_MILLI_OF_DAY:
        return milli_of_day;
    case FIELD_NANO_OF_DAY:
        return milli_of_day * INT64_C(1000000);
    default:
        must_not_reach();
    }
}

static char *element_write(char *at, const struct element *element, const struct local_time *local)
{
    switch (element->kind) {
    case ELEMENT_LITERAL:
        return text_write(at, element->literal);
    case ELEMENT_NUMBER:
        return number_write(at, element, field_value(local, element->field));
    case ELEMENT_YEAR_IN_CENTURY: {
        const int64_t year = field_value(local, element->field);
        return digits_write(at, (uint64_t)(year < 0 ? -year : year) % 100, 2);
    }
    case ELEMENT_FRACTION: {
        int64_t fraction = field_value(local, FIELD_NANO);
        for (int i = element->width_min; i < 9; i++)
            fraction /= 10;
        return digits_write(at, (uint64_t)fraction, element->width_min);
    }
    case ELEMENT_TEXT: {
        const struct str *names = NULL;
        int first = 0;
        time_field_names(element->field, element->style, &names, &first);
        return text_write(at, names[field_value(local, element->field) - first]);
    }
    case ELEMENT_OFFSET:
        return offset_write(at, element, local->moment.offset_ms);
    case ELEMENT_ZONE_ID:
        return text_write(at, local->zone);
    case ELEMENT_ZONE_NAME:
        return text_write(at, str_from(local->moment.abbreviation));
    case ELEMENT_OPTIONAL_BEGIN:
    case ELEMENT_OPTIONAL_END:
        /* Every field of an instant is there, so every optional section is. */
        return at;
    default:
        must_not_reach();
    }
}

static char *number_write(char *at, const struct element *element, int64_t number)
{
    const uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    if (number < 0)
        *at++ = '-';
    char *const begin = at;
    at = digits_write(at, size, element->width_min);
    if (element->sign == SIGN_EXCEEDS && number >= 0 && at - begin > element->width_min) {
        memmove(begin + 1, begin, (size_t)(at - begin));
        *begin = '+';
        at++;
    }
    return at;
}

/* At least `width` digits. */
static char *digits_write(char *at, uint64_t number, int width)
{
    char digits[20];
    int count = 0;
    for (; number > 0 || count < width; number /= 10)
        digits[count++] = (char)('0' + number % 10);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

static char *offset_write(char *at, const struct element *element, int64_t offset_ms)
{
    const uint64_t total_s = (uint64_t)(offset_ms < 0 ? -offset_ms : offset_ms) / 1000;
    const uint64_t minutes = total_s / 60 % 60;
    const uint64_t seconds = total_s % 60;
    const enum offset_form form = element->offset_form;
    const bool has_seconds =
        seconds > 0 && (form == OFFSET_HHMM_OPTIONAL_SS || form == OFFSET_HH_COLON_MM_OPTIONAL_SS ||
                        form == OFFSET_GMT);
    const bool has_colons =
        form == OFFSET_HH_COLON_MM || form == OFFSET_HH_COLON_MM_OPTIONAL_SS || form == OFFSET_GMT;
    if (total_s == 0)
        return text_write(at, element->literal);
    if (form == OFFSET_GMT)
        at = text_write(at, element->literal);
    *at++ = offset_ms < 0 ? '-' : '+';
    at = digits_write(at, total_s / 3600, 2);
    if (form == OFFSET_HH_OPTIONAL_MM && minutes == 0)
        return at;
    if (has_colons)
        *at++ = ':';
    at = digits_write(at, minutes, 2);
    if (!has_seconds)
        return at;
    if (has_colons)
        *at++ = ':';
    return digits_write(at, seconds, 2);
}

static char *text_write(char *at, struct str text)
{
    if (text.size > 0)
        memcpy(at, text.data, text.size);
    return at + text.size;
}
