/* time_test.c -- the calendar, ISO texts and zones. */
#include "data/time.h"
#include "data/zone_file.h"
#include "unit.h"

#include <pthread.h>
#include <time.h>

#define HOUR_MS INT64_C(3600000)

static int64_t ms(const char *text)
{
    int64_t timestamp_ms = 0;
    assert_int_equal(timestamp_parse_iso(str_from(text), &timestamp_ms), OK);
    return timestamp_ms;
}

/* The C library's calendar is the oracle. */
static void days_agree_with_the_c_library(void **state)
{
    struct random random = random_begin("days_agree_with_the_c_library");
    for (int i = 0; i < 20000; i++) {
        const int64_t timestamp_ms =
            (int64_t)(random_next(&random) % (INT64_C(8000) * 366 * TIME_DAY_MS)) -
            INT64_C(4000) * 366 * TIME_DAY_MS;
        const struct civil_time civil = civil_from_ms(timestamp_ms);
        const time_t seconds = timestamp_ms / 1000 - (timestamp_ms % 1000 < 0);
        struct tm expected;
        assert_non_null(gmtime_r(&seconds, &expected));
        assert_int_equal(civil.year, expected.tm_year + 1900);
        assert_int_equal(civil.month, expected.tm_mon + 1);
        assert_int_equal(civil.day, expected.tm_mday);
        assert_int_equal(civil.hour, expected.tm_hour);
        assert_int_equal(civil.minute, expected.tm_min);
        assert_int_equal(civil.second, expected.tm_sec);
        assert_true(civil_to_ms(&civil) == timestamp_ms);
    }
    assert_int_equal(civil_to_days(1970, 1, 1), 0);
    assert_int_equal(civil_to_days(2000, 3, 1) - civil_to_days(2000, 2, 28), 2);
    assert_int_equal(civil_to_days(1900, 3, 1) - civil_to_days(1900, 2, 28), 1);
    assert_int_equal(civil_days_in_month(2024, 2), 29);
    assert_int_equal(civil_days_in_month(1900, 2), 28);
}

static void instants_are_written(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    assert_str(timestamp_format_iso(0, &arena), "1970-01-01T00:00:00.000");
    assert_str(timestamp_format_iso(-1, &arena), "1969-12-31T23:59:59.999");
    assert_str(timestamp_format_iso(INT64_MAX, &arena), "+292278994-08-17T07:12:55.807");
    assert_str(timestamp_format_iso(INT64_MIN, &arena), "-292275055-05-16T16:47:04.192");
    assert_str(date_format_iso(20454, &arena), "2026-01-01");
    assert_str(date_format_iso(-719528, &arena), "0000-01-01");
    assert_str(time_format_iso(TIME_DAY_MS - 1, &arena), "23:59:59.999");
    arena_release(&arena);
}

static void iso_texts_are_read(void **state)
{
    static const struct {
        const char *text;
        const char *same; /* NULL: not a timestamp */
    } cases[] = {
        {"2026", "2026-01-01T00:00:00.000"},
        {"2026-02", "2026-02-01T00:00:00.000"},
        {"2026-02-03", "2026-02-03T00:00:00.000"},
        {"2026-02-03T", "2026-02-03T00:00:00.000"},
        {"2026-02-03T04", "2026-02-03T04:00:00.000"},
        {"2026-02-03T04:53", "2026-02-03T04:53:00.000"},
        {"2026-02-03T04:53:10", "2026-02-03T04:53:10.000"},
        {"2026-02-03T04:53:10.5", "2026-02-03T04:53:10.500"},
        {"2026-02-03T04:53:10.123456789", "2026-02-03T04:53:10.123"},
        {"2026-02-03T04:53:10.123Z", "2026-02-03T04:53:10.123"},
        {"2026-02-03T04:53:10.123+01:00", "2026-02-03T03:53:10.123"},
        {"2026-02-03T04:53-0330", "2026-02-03T08:23:00.000"},
        {"2024-02-29T00:00", "2024-02-29T00:00:00.000"},
        {"-0001-01-01", "-0001-01-01T00:00:00.000"},
        {"+12026-01-01", "+12026-01-01T00:00:00.000"},
        {"", NULL},
        {"26", NULL},
        {"20260203", NULL},
        {"2026-13", NULL},
        {"2026-00", NULL},
        {"2026-2-3", NULL},
        {"2025-02-29", NULL},
        {"2026-02-03T24:00", NULL},
        {"2026-02-03T04:60", NULL},
        {"2026-02-03T04:53:60", NULL},
        {"2026-02-03T04:53:10.", NULL},
        {"2026-02-03T04:53:10.1234567890", NULL},
        {"2026-02-03T04:53+1:00", NULL},
        {"2026-02-03T04:53+19:00", NULL},
        {"2026-02-03T04:53Zx", NULL},
        {"2026-02-03 04:53", NULL},
        {"+999999999-01-01", NULL},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t timestamp_ms = 77;
        const enum err err = timestamp_parse_iso(str_from(cases[i].text), &timestamp_ms);
        if (err != (cases[i].same ? OK : ERR_INVALID))
            print_message("'%s'\n", cases[i].text);
        assert_int_equal(err, cases[i].same ? OK : ERR_INVALID);
        if (err != OK)
            assert_int_equal(timestamp_ms, 77);
        else
            assert_true(
                str_equal(timestamp_format_iso(timestamp_ms, &arena), str_from(cases[i].same)));
    }
    int32_t number = 0;
    assert_int_equal(date_parse_iso(STR("2026-01-01"), &number), OK);
    assert_int_equal(number, 20454);
    assert_int_equal(date_parse_iso(STR("2026-01-01T00"), &number), ERR_INVALID);
    assert_int_equal(date_parse_iso(STR("+9999999-01-01"), &number), ERR_INVALID);
    assert_int_equal(time_parse_iso(STR("10:00:00.001"), &number), OK);
    assert_int_equal(number, 36000001);
    assert_int_equal(time_parse_iso(STR("10:00Z"), &number), ERR_INVALID);
    arena_release(&arena);
}

static int64_t offset_of(const char *zone, const char *text)
{
    int64_t offset_ms = 0;
    assert_int_equal(zone_offset_ms(str_from(zone), ms(text), &offset_ms), OK);
    return offset_ms;
}

static int64_t offset_of_local(const char *zone, const char *text)
{
    int64_t offset_ms = 0;
    assert_int_equal(zone_offset_of_local_ms(str_from(zone), ms(text), &offset_ms), OK);
    return offset_ms;
}

static void offsets_are_zones(void **state)
{
    static const struct {
        const char *zone;
        int64_t minutes;
    } cases[] = {
        {"", 0},      {"UTC", 0},         {"utc", 0},      {"GMT", 0},
        {"Z", 0},     {"+01:00", 60},     {"-0330", -210}, {"+1", 60},
        {"+05", 300}, {"UTC+02:00", 120}, {"GMT-3", -180}, {"+18:00", 1080},
    };
    int64_t offset_ms = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(zone_offset_ms(str_from(cases[i].zone), 0, &offset_ms), OK);
        assert_int_equal(offset_ms, cases[i].minutes * 60000);
    }
    static const char *const wrong[] = {"+",       "+1:00",        "+18:01",          "+01:60",
                                        "+01:00:", "Mars/Olympus", "../zoneinfo/UTC", "/etc/passwd",
                                        "Europe",  "Europe/",      "Europe//Berlin",  ".",
                                        "GMTZ",    "zone.tab"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(zone_offset_ms(str_from(wrong[i]), 0, &offset_ms), ERR_NOT_FOUND);
}

static void summer_begins_and_ends(void **state)
{
    assert_int_equal(offset_of("Europe/Berlin", "2026-03-29T00:59:59.999"), HOUR_MS);
    assert_int_equal(offset_of("Europe/Berlin", "2026-03-29T01:00"), 2 * HOUR_MS);
    assert_int_equal(offset_of("Europe/Berlin", "2026-10-25T00:59:59.999"), 2 * HOUR_MS);
    assert_int_equal(offset_of("Europe/Berlin", "2026-10-25T01:00"), HOUR_MS);
    assert_int_equal(offset_of("America/New_York", "2026-03-08T06:59"), -5 * HOUR_MS);
    assert_int_equal(offset_of("America/New_York", "2026-03-08T07:00"), -4 * HOUR_MS);
    assert_int_equal(offset_of("America/New_York", "2026-11-01T05:59"), -4 * HOUR_MS);
    assert_int_equal(offset_of("America/New_York", "2026-11-01T06:00"), -5 * HOUR_MS);
    /* Beyond what a zone file lists, by its rule; south of the equator summer spans the year's
     * end. */
    assert_int_equal(offset_of("Europe/Berlin", "2150-07-01T00:00"), 2 * HOUR_MS);
    assert_int_equal(offset_of("Europe/Berlin", "2150-12-01T00:00"), HOUR_MS);
    assert_int_equal(offset_of("Australia/Sydney", "2150-01-01T00:00"), 11 * HOUR_MS);
    assert_int_equal(offset_of("Australia/Sydney", "2150-07-01T00:00"), 10 * HOUR_MS);
    assert_int_equal(offset_of("Asia/Kolkata", "2150-07-01T00:00"), 11 * HOUR_MS / 2);
    /* Before there were zones, the town's own time. */
    assert_int_equal(offset_of("Europe/Berlin", "1800-01-01T00:00"), 3208000);
    int64_t offset_ms = 0;
    assert_int_equal(zone_offset_ms(STR("Europe/Berlin"), INT64_MAX, &offset_ms), OK);
    assert_int_equal(zone_offset_ms(STR("Europe/Berlin"), INT64_MIN, &offset_ms), OK);
    assert_int_equal(zone_offset_of_local_ms(STR("Europe/Berlin"), INT64_MAX, &offset_ms), OK);
    assert_int_equal(zone_offset_of_local_ms(STR("Europe/Berlin"), INT64_MIN, &offset_ms), OK);
}

static void local_times_have_one_offset(void **state)
{
    assert_int_equal(offset_of_local("Europe/Berlin", "2026-03-29T01:59"), HOUR_MS);
    /* 02:30 does not exist: the offset before, so that it becomes 03:30. */
    assert_int_equal(offset_of_local("Europe/Berlin", "2026-03-29T02:30"), HOUR_MS);
    assert_int_equal(offset_of_local("Europe/Berlin", "2026-03-29T03:00"), 2 * HOUR_MS);
    /* 02:30 exists twice: the first one. */
    assert_int_equal(offset_of_local("Europe/Berlin", "2026-10-25T02:30"), 2 * HOUR_MS);
    assert_int_equal(offset_of_local("Europe/Berlin", "2026-10-25T03:00"), HOUR_MS);
    assert_int_equal(offset_of_local("America/New_York", "2026-03-08T02:30"), -5 * HOUR_MS);
    assert_int_equal(offset_of_local("America/New_York", "2026-03-08T03:00"), -4 * HOUR_MS);
    assert_int_equal(offset_of_local("America/New_York", "2026-11-01T01:30"), -4 * HOUR_MS);
    assert_int_equal(offset_of_local("America/New_York", "2026-11-01T02:00"), -5 * HOUR_MS);
}

/* The C library reads the same files: every zone here, at random instants. */
static void zones_agree_with_the_c_library(void **state)
{
    static const char *const zones[] = {"Europe/Berlin",     "America/New_York",  "Asia/Kolkata",
                                        "Australia/Sydney",  "Africa/Casablanca", "Asia/Tehran",
                                        "America/Sao_Paulo", "Pacific/Apia",      "Europe/Dublin",
                                        "America/Nuuk",      "Antarctica/Troll",  "CET"};
    struct random random = random_begin("zones_agree_with_the_c_library");
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        setenv("TZ", zones[i], 1);
        tzset();
        for (int j = 0; j < 2000; j++) {
            const time_t seconds = (time_t)random_below(&random, UINT64_C(6000000000)) - 2000000000;
            struct tm expected;
            assert_non_null(localtime_r(&seconds, &expected));
            int64_t offset_ms = 0;
            assert_int_equal(
                zone_offset_ms(str_from(zones[i]), seconds * INT64_C(1000), &offset_ms), OK);
            if (offset_ms != expected.tm_gmtoff * 1000)
                print_message("%s at %lld\n", zones[i], (long long)seconds);
            assert_int_equal(offset_ms, expected.tm_gmtoff * 1000);
        }
    }
    unsetenv("TZ");
}

static void rules_are_read(void **state)
{
    static const char *const right[] = {
        "CET-1CEST,M3.5.0,M10.5.0/3",      "<+0330>-3:30",
        "EST5EDT,J60,J300/1:30:15",        "IST-2IDT,M3.4.4/26,M10.5.0",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "AAA0BBB,0,365/25"};
    static const char *const wrong[] = {"",
                                        "CET",
                                        "CET-",
                                        "-1",
                                        "CET-1CEST",
                                        "CET-1CEST,M3.5.0",
                                        "CET-1CEST,M13.5.0,M10.5.0",
                                        "CET-1CEST,M3.6.0,M10.5.0",
                                        "CET-1CEST,M3.5.7,M10.5.0",
                                        "CET-1CEST,J0,J1",
                                        "CET-1CEST,M3.5.0,M10.5.0x",
                                        "<+03-3",
                                        "CET-999",
                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ1"};
    struct zone_file file = {0};
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        assert_int_equal(zone_rules_parse(str_from(right[i]), &file), OK);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(zone_rules_parse(str_from(wrong[i]), &file), ERR_MALFORMED);
    /* Day 60 without counting 29 February is 1 March. */
    assert_int_equal(zone_rules_parse(STR("EST5EDT,J60/0,J300/0"), &file), OK);
    assert_int_equal(zone_rules_at(&file, ms("2024-03-01T04:59:59") / 1000)->offset_s, -18000);
    assert_int_equal(zone_rules_at(&file, ms("2024-03-01T05:00") / 1000)->offset_s, -14400);
    assert_string_equal(zone_rules_at(&file, ms("2024-03-01T05:00") / 1000)->abbreviation, "EDT");
}

static void *reader_thread(void *argument)
{
    int64_t sum = 0;
    for (int i = 0; i < 1000; i++) {
        static const struct str zones[] = {
            {"Europe/Paris", 12}, {"Asia/Tokyo", 10}, {"Europe/Rome", 11}};
        int64_t offset_ms = 0;
        if (zone_offset_ms(zones[i % 3], 0, &offset_ms) == OK)
            sum += offset_ms;
    }
    *(int64_t *)argument = sum;
    return NULL;
}

static void threads_share_zones(void **state)
{
    pthread_t threads[4];
    int64_t sums[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader_thread, &sums[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(sums[0], (334 * 1 + 333 * 9 + 333 * 1) * HOUR_MS);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(sums[i], sums[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_agree_with_the_c_library),
        cmocka_unit_test(instants_are_written),
        cmocka_unit_test(iso_texts_are_read),
        cmocka_unit_test(offsets_are_zones),
        cmocka_unit_test(summer_begins_and_ends),
        cmocka_unit_test(local_times_have_one_offset),
        cmocka_unit_test(zones_agree_with_the_c_library),
        cmocka_unit_test(rules_are_read),
        cmocka_unit_test(threads_share_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
