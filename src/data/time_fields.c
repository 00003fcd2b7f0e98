/* time_fields.c -- from a text's fields to an instant, the way java.time's SMART resolver does. */
#include "data/time_fields.h"

static bool resolve_date(const struct time_fields *fields, int64_t *ret_days);
static bool resolve_year(const struct time_fields *fields, int64_t *ret_year);
static bool resolve_time(const struct time_fields *fields, int64_t *ret_time_ms);
static bool resolve_hour(const struct time_fields *fields, int64_t *ret_hour);

static bool has(const struct time_fields *fields, enum time_field field)
{
    return fields->set >> field & 1;
}

bool time_fields_set(struct time_fields *fields, enum time_field field, int64_t value)
{
    static const struct {
        int64_t least;
        int64_t most;
    } ranges[FIELD_COUNT] = {
        [FIELD_ERA] = {0, 1},
        [FIELD_YEAR_OF_ERA] = {1, TIME_YEAR_MAX},
        [FIELD_YEAR] = {-TIME_YEAR_MAX, TIME_YEAR_MAX},
        [FIELD_MONTH] = {1, 12},
        [FIELD_DAY] = {1, 31},
        [FIELD_DAY_OF_YEAR] = {1, 366},
        [FIELD_WEEKDAY] = {1, 7},
        [FIELD_HALF_DAY] = {0, 1},
        [FIELD_HOUR] = {0, 24},
        [FIELD_HOUR_1_24] = {1, 24},
        [FIELD_HOUR_0_11] = {0, 11},
        [FIELD_HOUR_1_12] = {1, 12},
        [FIELD_MINUTE] = {0, 59},
        [FIELD_SECOND] = {0, 59},
        [FIELD_NANO] = {0, 999999999},
        [FIELD_MILLI_OF_DAY] = {0, TIME_DAY_MS - 1},
        [FIELD_NANO_OF_DAY] = {0, TIME_DAY_MS * INT64_C(1000000) - 1},
    };
    if (value < ranges[field].least || value > ranges[field].most)
        return false;
    if (has(fields, field) && fields->values[field] != value)
        return false;
    fields->set |= 1u << field;
    fields->values[field] = value;
    return true;
}

enum err time_fields_resolve(const struct time_fields *fields, struct str zone,
                             int64_t *ret_timestamp_ms)
{
    int64_t days = 0;
    int64_t time_ms = 0;
    if (!resolve_date(fields, &days) || !resolve_time(fields, &time_ms))
        return ERR_INVALID;
    /* Years are bounded so that this fits. */
    const int64_t local_ms = days * TIME_DAY_MS + time_ms;
    int64_t offset_ms = fields->offset_ms;
    if (!fields->has_offset && zone_offset_of_local_ms(fields->zone.size > 0 ? fields->zone : zone,
                                                       local_ms, &offset_ms) != OK)
        return ERR_INVALID;
    *ret_timestamp_ms = local_ms - offset_ms;
    return OK;
}

static bool resolve_date(const struct time_fields *fields, int64_t *ret_days)
{
    int64_t year = 0;
    if (!resolve_year(fields, &year))
        return false;
    int64_t days = 0;
    if (has(fields, FIELD_DAY_OF_YEAR)) {
        const int64_t first = civil_to_days(year, 1, 1);
        days = first + fields->values[FIELD_DAY_OF_YEAR] - 1;
        if (days >= civil_to_days(year + 1, 1, 1))
            return false;
        const struct civil_time civil = civil_from_days(days);
        if (has(fields, FIELD_MONTH) && fields->values[FIELD_MONTH] != civil.month)
            return false;
        if (has(fields, FIELD_DAY) && fields->values[FIELD_DAY] != civil.day)
            return false;
    } else {
        const int month = has(fields, FIELD_MONTH) ? (int)fields->values[FIELD_MONTH] : 1;
        int day = has(fields, FIELD_DAY) ? (int)fields->values[FIELD_DAY] : 1;
        /* A day past the month's end is its last. */
        if (day > civil_days_in_month(year, month))
            day = civil_days_in_month(year, month);
        days = civil_to_days(year, month, day);
    }
    /* The weekday of a date must be its own; without a day it says nothing. */
    const bool has_day = has(fields, FIELD_DAY) || has(fields, FIELD_DAY_OF_YEAR);
    if (has_day && has(fields, FIELD_WEEKDAY) &&
        fields->values[FIELD_WEEKDAY] != ((days + 3) % 7 + 7) % 7 + 1)
        return false;
    *ret_days = days;
    return true;
}

static bool resolve_year(const struct time_fields *fields, int64_t *ret_year)
{
    int64_t year = 1970;
    if (has(fields, FIELD_YEAR_OF_ERA)) {
        year = fields->values[FIELD_YEAR_OF_ERA];
        if (has(fields, FIELD_ERA) && fields->values[FIELD_ERA] == 0)
            year = 1 - year;
        if (has(fields, FIELD_YEAR) && fields->values[FIELD_YEAR] != year)
            return false;
    } else if (has(fields, FIELD_YEAR)) {
        year = fields->values[FIELD_YEAR];
    }
    *ret_year = year;
    return true;
}

static bool resolve_time(const struct time_fields *fields, int64_t *ret_time_ms)
{
    if (has(fields, FIELD_NANO_OF_DAY)) {
        *ret_time_ms = fields->values[FIELD_NANO_OF_DAY] / 1000000;
        return true;
    }
    if (has(fields, FIELD_MILLI_OF_DAY)) {
        *ret_time_ms = fields->values[FIELD_MILLI_OF_DAY];
        return true;
    }
    int64_t hour = 0;
    if (!resolve_hour(fields, &hour))
        return false;
    const int64_t rest_ms = fields->values[FIELD_MINUTE] * 60000 +
                            fields->values[FIELD_SECOND] * 1000 +
                            fields->values[FIELD_NANO] / 1000000;
    /* 24:00 is the next day's midnight. */
    if (hour == 24 && (rest_ms > 0 || fields->values[FIELD_NANO] > 0))
        return false;
    *ret_time_ms = hour * 3600000 + rest_ms;
    return true;
}

/* Each of the four ways to write an hour, which must not contradict each other. */
static bool resolve_hour(const struct time_fields *fields, int64_t *ret_hour)
{
    const int64_t half = fields->values[FIELD_HALF_DAY];
    int64_t hour = -1;
    if (has(fields, FIELD_HOUR))
        hour = fields->values[FIELD_HOUR];
    if (has(fields, FIELD_HOUR_1_24)) {
        const int64_t other = fields->values[FIELD_HOUR_1_24] % 24;
        if (hour >= 0 && hour != other)
            return false;
        hour = other;
    }
    if (has(fields, FIELD_HOUR_0_11) || has(fields, FIELD_HOUR_1_12)) {
        const int64_t of_half = has(fields, FIELD_HOUR_0_11) ? fields->values[FIELD_HOUR_0_11]
                                                             : fields->values[FIELD_HOUR_1_12] % 12;
        const bool is_certain = has(fields, FIELD_HALF_DAY);
        if (hour >= 0 && hour % 12 != of_half)
            return false;
        if (hour < 0)
            hour = is_certain ? half * 12 + of_half : of_half;
    }
    if (hour < 0)
        hour = 0;
    if (has(fields, FIELD_HALF_DAY) && hour / 12 % 2 != half)
        return false;
    *ret_hour = hour;
    return true;
}
