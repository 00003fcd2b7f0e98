/* time.h -- calendar arithmetic and Java's DateTimeFormatter patterns, always proleptic UTC. */
#ifndef DATA_TIME_H
#define DATA_TIME_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

#define TIME_DAY_MS 86400000
#define TIME_YEAR_MAX 292000000 /* years either side whose milliseconds fit 64 bits */

struct civil_time {
    int64_t year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
    int hour, minute, second, millisecond;
};

/* Proleptic Gregorian calendar, years within TIME_YEAR_MAX; months and days within their ranges. */
struct civil_time civil_from_ms(int64_t timestamp_ms);
/* The same at midnight. */
struct civil_time civil_from_days(int64_t days);
int64_t civil_to_ms(const struct civil_time *civil);
int64_t civil_to_days(int64_t year, int month, int day);
int civil_days_in_month(int64_t year, int month);

/* Room for the longest ISO text. */
#define TIME_TEXT_MAX 48

/* Write what the three below return, not terminated; return how many bytes. */
size_t timestamp_write_iso(int64_t timestamp_ms, char text[TIME_TEXT_MAX]);
size_t date_write_iso(int32_t days, char text[TIME_TEXT_MAX]);
size_t time_write_iso(int32_t time_ms, char text[TIME_TEXT_MAX]);
/* "2026-01-01T00:00:00.000" */
struct str timestamp_format_iso(int64_t timestamp_ms, struct arena *arena);
struct str date_format_iso(int32_t days, struct arena *arena);
struct str time_format_iso(int32_t time_ms, struct arena *arena);
/* ISO text with missing parts defaulted (2026, 2026-01, ... T04, T04:53, .SSS) and an optional
 * zone (Z, +01:00, -0330); without one UTC. ERR_INVALID. */
MUST_CHECK enum err timestamp_parse_iso(struct str text, int64_t *ret_timestamp_ms);
MUST_CHECK enum err date_parse_iso(struct str text, int32_t *ret_days);
MUST_CHECK enum err time_parse_iso(struct str text, int32_t *ret_time_ms);

/* Offset from UTC of a zone ("UTC", "+01:00", "Europe/Berlin" from the system's zoneinfo) at an
 * instant. ERR_NOT_FOUND. Reads each zone file once; thread-safe. */
MUST_CHECK enum err zone_offset_ms(struct str zone, int64_t timestamp_ms, int64_t *ret_offset_ms);
/* The offset for a local time of that zone (the earlier offset where clocks go back). */
MUST_CHECK enum err zone_offset_of_local_ms(struct str zone, int64_t local_ms,
                                            int64_t *ret_offset_ms);

/* A compiled pattern; immutable, lives in its arena. */
struct time_pattern;

/* java.time.format.DateTimeFormatter patterns, parsed case-insensitively, Locale.ROOT: G y u M L d
 * D E a H h K k m s S n N A z Z X x V ' [ ]. ERR_INVALID with words. */
MUST_CHECK enum err time_pattern_compile(struct str pattern, struct arena *arena,
                                         const struct time_pattern **ret_pattern, struct why *why);
/* Missing fields default from 1970-01-01T00:00:00; without a zone in the text, `zone` (size 0:
 * UTC). ERR_INVALID. */
MUST_CHECK enum err time_pattern_parse(const struct time_pattern *pattern, struct str text,
                                       struct str zone, int64_t *ret_timestamp_ms);
MUST_CHECK enum err time_pattern_format(const struct time_pattern *pattern, int64_t timestamp_ms,
                                        struct str zone, struct arena *arena, struct str *ret_text);

#endif
