/* time.c -- calendar arithmetic and ISO 8601 texts. */
#include "data/time.h"

#include "data/zone.h"

#define DAYS_PER_ERA 146097 /* 400 years */
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

/* Reads a text from left to right. */
struct iso_reader {
    const char *at;
    const char *end;
};

static size_t date_write_iso_days(int64_t days, char *text);
static char *put_digits(char *at, int64_t number, int width);
static char *put_date(char *at, int64_t year, int month, int day);
static char *put_time(char *at, int32_t time_ms);
static bool take(struct iso_reader *reader, char wanted);
static bool read_digits(struct iso_reader *reader, int least, int most, int64_t *ret_number);
static bool read_date(struct iso_reader *reader, int64_t *ret_days);
static bool read_time(struct iso_reader *reader, int64_t *ret_time_ms);

static int64_t floor_divide(int64_t number, int64_t divisor)
{
    return number / divisor - (number % divisor < 0);
}

/* Never negative. */
static int64_t floor_rest(int64_t number, int64_t divisor)
{
    const int64_t rest = number % divisor;
    return rest < 0 ? rest + divisor : rest;
}

/* Years begin in March, so that the leap day is a year's last; 400 of them are an era. A month's
 * first day within such a year is (153 m + 2) / 5, m = 0 for March. */
int64_t civil_to_days(int64_t year, int month, int day)
{
    const int64_t march_year = year - (month <= 2);
    const int64_t era = floor_divide(march_year, 400);
    const int64_t year_of_era = march_year - era * 400;
    const int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

int civil_days_in_month(int64_t year, int month)
{
    static const uint8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    must(month >= 1);
    must(month <= 12);
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month] + (month == 2 && is_leap);
}

struct civil_time civil_from_days(int64_t days)
{
    const int64_t shifted = days + DAYS_TO_1970;
    const int64_t era = floor_divide(shifted, DAYS_PER_ERA);
    const int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t march_month = (5 * day_of_year + 2) / 153;
    const int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    return (struct civil_time){
        .year = era * 400 + year_of_era + (month <= 2),
        .month = month,
        .day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1),
    };
}

struct civil_time civil_from_ms(int64_t timestamp_ms)
{
    const int time_ms = (int)floor_rest(timestamp_ms, TIME_DAY_MS);
    struct civil_time civil = civil_from_days(floor_divide(timestamp_ms, TIME_DAY_MS));
    civil.hour = time_ms / 3600000;
    civil.minute = time_ms / 60000 % 60;
    civil.second = time_ms / 1000 % 60;
    civil.millisecond = time_ms % 1000;
    return civil;
}

int64_t civil_to_ms(const struct civil_time *civil)
{
    return civil_to_days(civil->year, civil->month, civil->day) * TIME_DAY_MS +
           civil->hour * INT64_C(3600000) + civil->minute * INT64_C(60000) +
           civil->second * INT64_C(1000) + civil->millisecond;
}

size_t timestamp_write_iso(int64_t timestamp_ms, char text[TIME_TEXT_MAX])
{
    char *at = text + date_write_iso_days(floor_divide(timestamp_ms, TIME_DAY_MS), text);
    *at++ = 'T';
    at = put_time(at, (int32_t)floor_rest(timestamp_ms, TIME_DAY_MS));
    return (size_t)(at - text);
}

size_t date_write_iso(int32_t days, char text[TIME_TEXT_MAX])
{
    return date_write_iso_days(days, text);
}

/* A time outside the day, which only broken bytes can bring, is shown within it. */
size_t time_write_iso(int32_t time_ms, char text[TIME_TEXT_MAX])
{
    return (size_t)(put_time(text, (int32_t)floor_rest(time_ms, TIME_DAY_MS)) - text);
}

struct str timestamp_format_iso(int64_t timestamp_ms, struct arena *arena)
{
    char text[TIME_TEXT_MAX];
    const size_t size = timestamp_write_iso(timestamp_ms, text);
    return arena_str(arena, (struct str){text, size});
}

struct str date_format_iso(int32_t days, struct arena *arena)
{
    char text[TIME_TEXT_MAX];
    const size_t size = date_write_iso(days, text);
    return arena_str(arena, (struct str){text, size});
}

struct str time_format_iso(int32_t time_ms, struct arena *arena)
{
    char text[TIME_TEXT_MAX];
    const size_t size = time_write_iso(time_ms, text);
    return arena_str(arena, (struct str){text, size});
}

/* timestamp := date [ "T" [ time ] [ zone ] ] */
enum err timestamp_parse_iso(struct str text, int64_t *ret_timestamp_ms)
{
    struct iso_reader reader = {text.data, text.data + text.size};
    int64_t days = 0;
    int64_t time_ms = 0;
    int64_t offset_ms = 0;
    if (!read_date(&reader, &days))
        return ERR_INVALID;
    if (take(&reader, 'T') || take(&reader, 't')) {
        const bool has_time = reader.at < reader.end && *reader.at >= '0' && *reader.at <= '9';
        if (has_time && !read_time(&reader, &time_ms))
            return ERR_INVALID;
        const struct str rest = {reader.at, (size_t)(reader.end - reader.at)};
        if (rest.size > 0 && !zone_offset_read(rest, &offset_ms))
            return ERR_INVALID;
        reader.at = reader.end;
    }
    if (reader.at != reader.end)
        return ERR_INVALID;
    *ret_timestamp_ms = days * TIME_DAY_MS + time_ms - offset_ms;
    return OK;
}

enum err date_parse_iso(struct str text, int32_t *ret_days)
{
    struct iso_reader reader = {text.data, text.data + text.size};
    int64_t days = 0;
    if (!read_date(&reader, &days) || reader.at != reader.end || days != (int32_t)days)
        return ERR_INVALID;
    *ret_days = (int32_t)days;
    return OK;
}

enum err time_parse_iso(struct str text, int32_t *ret_time_ms)
{
    struct iso_reader reader = {text.data, text.data + text.size};
    int64_t time_ms = 0;
    if (!read_time(&reader, &time_ms) || reader.at != reader.end)
        return ERR_INVALID;
    *ret_time_ms = (int32_t)time_ms;
    return OK;
}

static size_t date_write_iso_days(int64_t days, char *text)
{
    const struct civil_time civil = civil_from_days(days);
    return (size_t)(put_date(text, civil.year, civil.month, civil.day) - text);
}

/* At least `width` digits. */
static char *put_digits(char *at, int64_t number, int width)
{
    char digits[20];
    int count = 0;
    for (uint64_t rest = (uint64_t)number; rest > 0 || count < width; rest /= 10)
        digits[count++] = (char)('0' + rest % 10);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

/* Years of more than four digits have a sign (ISO 8601's expanded form). */
static char *put_date(char *at, int64_t year, int month, int day)
{
    if (year < 0)
        *at++ = '-';
    else if (year > 9999)
        *at++ = '+';
    at = put_digits(at, year < 0 ? -year : year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    return put_digits(at, day, 2);
}

static char *put_time(char *at, int32_t time_ms)
{
    at = put_digits(at, time_ms / 3600000, 2);
    *at++ = ':';
    at = put_digits(at, time_ms / 60000 % 60, 2);
    *at++ = ':';
    at = put_digits(at, time_ms / 1000 % 60, 2);
    *at++ = '.';
    return put_digits(at, time_ms % 1000, 3);
}

static bool take(struct iso_reader *reader, char wanted)
{
    if (reader->at == reader->end || *reader->at != wanted)
        return false;
    reader->at++;
    return true;
}

static bool read_digits(struct iso_reader *reader, int least, int most, int64_t *ret_number)
{
    int64_t number = 0;
    int count = 0;
    while (count < most && reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        number = number * 10 + (*reader->at++ - '0');
        count++;
    }
    *ret_number = number;
    return count >= least;
}

/* date := year [ "-" month [ "-" day ] ]; year := 4 digits | sign 4 to 9 digits */
static bool read_date(struct iso_reader *reader, int64_t *ret_days)
{
    int64_t year = 0;
    int64_t month = 1;
    int64_t day = 1;
    const bool is_negative = take(reader, '-');
    const bool is_signed = is_negative || take(reader, '+');
    if (!read_digits(reader, 4, is_signed ? 9 : 4, &year) || year > TIME_YEAR_MAX)
        return false;
    if (is_negative)
        year = -year;
    if (take(reader, '-')) {
        if (!read_digits(reader, 2, 2, &month) || month < 1 || month > 12)
            return false;
        if (take(reader, '-') && !read_digits(reader, 2, 2, &day))
            return false;
    }
    if (day < 1 || day > civil_days_in_month(year, (int)month))
        return false;
    *ret_days = civil_to_days(year, (int)month, (int)day);
    return true;
}

/* time := hour [ ":" minute [ ":" second [ "." 1 to 9 digits ] ] ] */
static bool read_time(struct iso_reader *reader, int64_t *ret_time_ms)
{
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t millisecond = 0;
    if (!read_digits(reader, 2, 2, &hour) || hour > 23)
        return false;
    if (take(reader, ':')) {
        if (!read_digits(reader, 2, 2, &minute) || minute > 59)
            return false;
        if (take(reader, ':')) {
            if (!read_digits(reader, 2, 2, &second) || second > 59)
                return false;
            if (take(reader, '.')) {
                const char *const begin = reader->at;
                int64_t fraction = 0;
                if (!read_digits(reader, 1, 9, &fraction))
                    return false;
                for (int64_t count = reader->at - begin; count < 9; count++)
                    fraction *= 10;
                millisecond = fraction / 1000000;
            }
        }
    }
    *ret_time_ms = hour * 3600000 + minute * 60000 + second * 1000 + millisecond;
    return true;
}
