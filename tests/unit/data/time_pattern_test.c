/* time_pattern_test.c -- java.time's patterns: read, written, refused. */
#include "unit.h"

#include "data/time.h"

static const struct time_pattern *compile(const char *text, struct arena *arena)
{
    const struct time_pattern *pattern = NULL;
    struct why why = {0};
    const enum err err = time_pattern_compile(str_from(text), arena, &pattern, &why);
    if (err != OK)
        print_message("%s\n", why.text);
    assert_int_equal(err, OK);
    return pattern;
}

static void texts_are_read(void **state)
{
    static const struct {
        const char *pattern, *text, *zone;
        const char *expected; /* NULL: invalid */
    } cases[] = {
        {"yyyy-MM-dd'T'HH:mm:ss.SSS", "2026-02-03T04:05:06.789", "", "2026-02-03T04:05:06.789"},
        {"yyyy-MM-dd'T'HH:mm:ss.SSS", "2026-02-03t04:05:06.789", "", "2026-02-03T04:05:06.789"},
        {"yyyy-MM-dd'T'HH:mm:ss.SSS", "2026-02-03T04:05:06.78", "", NULL},
        {"yyyy-MM-dd'T'HH:mm:ss.SSS", "2026-02-03T04:05:06.7890", "", NULL},
        {"yyyy-MM-dd'T'HH:mm:ss.SSS", "26-02-03T04:05:06.789", "", NULL},
        {"yyyy-MM-dd HH:mm", "2026-02-03 04:05", "+01:00", "2026-02-03T03:05:00.000"},
        {"yyyy-MM-dd HH:mm", "2026-07-03 04:05", "Europe/Berlin", "2026-07-03T02:05:00.000"},
        {"yyyy-MM-dd HH:mm", "2026-01-03 04:05", "America/New_York", "2026-01-03T09:05:00.000"},
        /* Adjacent numbers. */
        {"yyyyMMdd", "20260203", "", "2026-02-03T00:00:00.000"},
        {"yyyyMMddHHmmssSSS", "20260203040506789", "", "2026-02-03T04:05:06.789"},
        {"yyMMdd", "260203", "", "2026-02-03T00:00:00.000"},
        {"ddMMyyyy", "03022026", "", "2026-02-03T00:00:00.000"},
        {"yyyyMMdd", "2026023", "", NULL},
        {"HHmm", "0405", "", "1970-01-01T04:05:00.000"},
        /* Widths and signs. */
        {"d/M/y", "3/2/2026", "", "2026-02-03T00:00:00.000"},
        {"d/M/y", "13/12/2026", "", "2026-12-13T00:00:00.000"},
        {"dd/MM/yyyy", "3/2/2026", "", NULL},
        {"yyyy", "12026", "", NULL},
        {"yyyy", "+12026", "", "+12026-01-01T00:00:00.000"},
        {"yyyy", "+2026", "", NULL},
        {"uuuu", "-0001", "", "-0001-01-01T00:00:00.000"},
        {"yyyy", "0000", "", NULL},
        {"yyyy G", "0044 bc", "", "-0043-01-01T00:00:00.000"},
        {"y GGGG", "44 Anno Domini", "", "0044-01-01T00:00:00.000"},
        /* Fields that are missing. */
        {"yyyy", "2026", "", "2026-01-01T00:00:00.000"},
        {"MM", "05", "", "1970-05-01T00:00:00.000"},
        {"HH:mm", "04:05", "", "1970-01-01T04:05:00.000"},
        {"yyyy-DDD", "2024-366", "", "2024-12-31T00:00:00.000"},
        {"yyyy-DDD", "2025-366", "", NULL},
        /* Names. */
        {"d MMM yyyy", "3 FEB 2026", "", "2026-02-03T00:00:00.000"},
        {"d MMM yyyy", "3 feb 2026", "", "2026-02-03T00:00:00.000"},
        {"d MMMM yyyy", "3 february 2026", "", "2026-02-03T00:00:00.000"},
        {"d MMMM yyyy", "3 Feb 2026", "", NULL},
        {"d MMM yyyy", "3 February 2026", "", NULL},
        {"EEE, dd MMM yyyy", "Tue, 03 Feb 2026", "", "2026-02-03T00:00:00.000"},
        {"EEEE, dd MMM yyyy", "tuesday, 03 Feb 2026", "", "2026-02-03T00:00:00.000"},
        {"EEE, dd MMM yyyy", "Wed, 03 Feb 2026", "", NULL},
        /* Hours. */
        {"hh:mm a", "12:05 am", "", "1970-01-01T00:05:00.000"},
        {"hh:mm a", "12:05 PM", "", "1970-01-01T12:05:00.000"},
        {"h:mm a", "3:05 PM", "", "1970-01-01T15:05:00.000"},
        {"h:mm a", "13:05 PM", "", NULL},
        {"K:mm a", "0:05 PM", "", "1970-01-01T12:05:00.000"},
        {"k:mm", "24:05", "", "1970-01-01T00:05:00.000"},
        {"HH:mm a", "15:05 AM", "", NULL},
        {"yyyy-MM-dd HH:mm", "2026-02-03 24:00", "", "2026-02-04T00:00:00.000"},
        {"yyyy-MM-dd HH:mm", "2026-02-03 24:01", "", NULL},
        {"HH:mm", "04:60", "", NULL},
        {"A", "3600001", "", "1970-01-01T01:00:00.001"},
        {"N", "3600001000000", "", "1970-01-01T01:00:00.001"},
        {"ss.n", "01.5000000", "", "1970-01-01T00:00:01.005"},
        {"ss.SSSSSSSSS", "01.123456789", "", "1970-01-01T00:00:01.123"},
        {"ss.S", "01.5", "", "1970-01-01T00:00:01.500"},
        /* A day past the month's end is its last. */
        {"yyyy-MM-dd", "2026-02-31", "", "2026-02-28T00:00:00.000"},
        {"yyyy-MM-dd", "2024-02-30", "", "2024-02-29T00:00:00.000"},
        {"yyyy-MM-dd", "2026-02-32", "", NULL},
        {"yyyy-MM-dd", "2026-13-01", "", NULL},
        /* Optional sections. */
        {"yyyy-MM-dd[ HH:mm[:ss[.SSS]]]", "2026-02-03", "", "2026-02-03T00:00:00.000"},
        {"yyyy-MM-dd[ HH:mm[:ss[.SSS]]]", "2026-02-03 04:05", "", "2026-02-03T04:05:00.000"},
        {"yyyy-MM-dd[ HH:mm[:ss[.SSS]]]", "2026-02-03 04:05:06.789", "", "2026-02-03T04:05:06.789"},
        {"yyyy-MM-dd[ HH:mm[:ss[.SSS]]]", "2026-02-03 04:", "", NULL},
        {"[yyyy-MM-dd][dd.MM.yyyy]", "03.02.2026", "", "2026-02-03T00:00:00.000"},
        {"[HH:mm 'a'][HH:mm 'b'", "04:05 B", "", "1970-01-01T04:05:00.000"},
        {"[yyyy]", "", "", "1970-01-01T00:00:00.000"},
        /* Zones. */
        {"HH:mmXXX", "04:05+01:00", "+09:00", "1970-01-01T03:05:00.000"},
        {"HH:mmXXX", "04:05z", "+09:00", "1970-01-01T04:05:00.000"},
        {"HH:mmXXX", "04:05+0100", "", NULL},
        {"HH:mmX", "04:05-03", "", "1970-01-01T07:05:00.000"},
        {"HH:mmX", "04:05-0330", "", "1970-01-01T07:35:00.000"},
        {"HH:mmXX", "04:05-0330", "", "1970-01-01T07:35:00.000"},
        {"HH:mmx", "04:05+00", "+09:00", "1970-01-01T04:05:00.000"},
        {"HH:mmxxx", "04:05Z", "", NULL},
        {"HH:mmZ", "04:05+0100", "", "1970-01-01T03:05:00.000"},
        {"HH:mmZ", "04:05Z", "", NULL},
        {"HH:mmZZZZ", "04:05GMT+01:00", "", "1970-01-01T03:05:00.000"},
        {"HH:mmZZZZZ", "04:05Z", "+09:00", "1970-01-01T04:05:00.000"},
        {"HH:mmXXXXX", "04:05+01:00:30", "", "1970-01-01T03:04:30.000"},
        {"HH:mmXXX", "04:05+18:01", "", NULL},
        {"yyyy-MM-dd HH:mm VV", "2026-07-03 04:05 Europe/Berlin", "", "2026-07-03T02:05:00.000"},
        {"yyyy-MM-dd HH:mm VV", "2026-01-03 04:05 America/New_York", "", "2026-01-03T09:05:00.000"},
        {"HH:mm VV", "04:05 UTC+02:00", "", "1970-01-01T02:05:00.000"},
        {"HH:mm VV", "04:05 Mars/Olympus", "", NULL},
        {"yyyy-MM-dd HH:mm z", "2026-07-03 04:05 CEST", "", "2026-07-03T02:05:00.000"},
        {"yyyy-MM-dd HH:mm z", "2026-07-03 04:05 pdt", "", "2026-07-03T11:05:00.000"},
        {"yyyy-MM-dd HH:mm z", "2026-07-03 04:05 UTC", "+01:00", "2026-07-03T04:05:00.000"},
        {"HH:mm", "04:05", "Mars/Olympus", NULL},
        /* Literals. */
        {"'it''s' yyyy", "it's 2026", "", "2026-01-01T00:00:00.000"},
        {"''yyyy''", "'2026'", "", "2026-01-01T00:00:00.000"},
        {"''''yyyy", "'2026", "", "2026-01-01T00:00:00.000"},
        {"yyyy", "2026 ", "", NULL},
        {"yyyy", "", "", NULL},
        {"", "", "", "1970-01-01T00:00:00.000"},
        {"yyyy yyyy", "2026 2027", "", NULL},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct time_pattern *pattern = compile(cases[i].pattern, &arena);
        int64_t timestamp_ms = 77;
        const enum err err = time_pattern_parse(pattern, str_from(cases[i].text),
                                                str_from(cases[i].zone), &timestamp_ms);
        const struct str got =
            err == OK ? timestamp_format_iso(timestamp_ms, &arena) : STR("invalid");
        const struct str expected = str_from(cases[i].expected ? cases[i].expected : "invalid");
        if (!str_equal(got, expected))
            print_message("'%s' '%s': %.*s\n", cases[i].pattern, cases[i].text, STR_ARGS(got));
        assert_true(str_equal(got, expected));
        if (err != OK)
            assert_int_equal(err, ERR_INVALID);
    }
    arena_release(&arena);
}

static void instants_are_written(void **state)
{
    static const struct {
        const char *pattern, *zone, *expected;
    } cases[] = {
        {"yyyy-MM-dd'T'HH:mm:ss.SSS", "", "2026-07-03T14:05:06.078"},
        {"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "Europe/Berlin", "2026-07-03T16:05:06.078+02:00"},
        {"yy y uuuu yyyyy", "", "26 2026 2026 02026"},
        {"M MM MMM MMMM MMMMM L", "", "7 07 Jul July J 7"},
        {"d dd D DDD", "", "3 03 184 184"},
        {"E EEE EEEE EEEEE", "", "Fri Fri Friday F"},
        {"h hh K k H a", "", "2 02 2 14 14 PM"},
        {"S SS SSSSSS n A N", "", "0 07 078000 78000000 50706078 50706078000000"},
        {"G GGGG GGGGG", "", "AD Anno Domini A"},
        {"X XX XXX x xx xxx Z ZZZZ ZZZZZ", "", "Z Z Z +00 +0000 +00:00 +0000 GMT Z"},
        {"X XX XXX x xx xxx Z ZZZZ ZZZZZ", "-03:30",
         "-0330 -0330 -03:30 -0330 -0330 -03:30 -0330 GMT-03:30 -03:30"},
        {"X", "+02:00", "+02"},
        {"XXXXX", "+02:00:30", "+02:00:30"},
        {"VV z", "", "UTC UTC"},
        {"VV z zzzz", "America/New_York", "America/New_York EDT EDT"},
        {"yyyy['['MM']'][ HH]", "", "2026[07] 14"},
    };
    struct arena arena;
    arena_init(&arena, 0);
    int64_t timestamp_ms = 0;
    assert_int_equal(timestamp_parse_iso(STR("2026-07-03T14:05:06.078"), &timestamp_ms), OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str text = {0};
        assert_int_equal(time_pattern_format(compile(cases[i].pattern, &arena), timestamp_ms,
                                             str_from(cases[i].zone), &arena, &text),
                         OK);
        if (!str_equal(text, str_from(cases[i].expected)))
            print_message("'%s': %.*s\n", cases[i].pattern, STR_ARGS(text));
        assert_true(str_equal(text, str_from(cases[i].expected)));
    }
    struct str text = {0};
    const struct time_pattern *pattern = compile("yyyy", &arena);
    assert_int_equal(time_pattern_format(pattern, INT64_MIN, STR("UTC"), &arena, &text), OK);
    assert_str(text, "+292275056");
    assert_int_equal(time_pattern_format(pattern, 0, STR("Mars/Olympus"), &arena, &text),
                     ERR_NOT_FOUND);
    assert_int_equal(time_pattern_format(pattern, INT64_MAX, STR("+01:00"), &arena, &text),
                     ERR_INVALID);
    arena_release(&arena);
}

static void patterns_are_refused_with_words(void **state)
{
    static const char *const wrong[] = {"bbb",
                                        "yyyy-QQ",
                                        "'open",
                                        "yyyy]",
                                        "HHH",
                                        "ddd",
                                        "aa",
                                        "DDDD",
                                        "EEEEEE",
                                        "SSSSSSSSSS",
                                        "V",
                                        "VVV",
                                        "XXXXXX",
                                        "ZZZZZZ",
                                        "zzzzz",
                                        "{yyyy",
                                        "yyyy#",
                                        "MMMMMM",
                                        "[[[[[[[[[[[[[[[[["};
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct time_pattern *pattern = NULL;
        struct why why = {0};
        assert_int_equal(time_pattern_compile(str_from(wrong[i]), &arena, &pattern, &why),
                         ERR_INVALID);
        assert_null(pattern);
        assert_non_null(strstr(why.text, wrong[i]));
    }
    arena_release(&arena);
}

/* What a pattern with every part of an instant writes, it reads. */
static void random_instants_go_round(void **state)
{
    static const char *const patterns[] = {"uuuu-MM-dd'T'HH:mm:ss.SSSXXXXX",
                                           "EEEE, d MMMM y GGG h:m:s.SSS a xxxxx",
                                           "uuuuDDDHHmmssSSS XXXXX", "uuuuMMdd A Z XXXXX"};
    static const char *const zones[] = {"", "+05:45", "Europe/Berlin", "America/New_York"};
    struct random random = random_begin("random_instants_go_round");
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < 4000; i++) {
        const struct time_pattern *pattern = compile(patterns[i % 4], &arena);
        const struct str zone = str_from(zones[random_below(&random, 4)]);
        /* 1900 to 9999: zones had offsets of odd seconds before. */
        const int64_t timestamp_ms =
            (int64_t)random_below(&random, UINT64_C(255000000000000)) - INT64_C(2208988800000);
        struct str text = {0};
        int64_t back = 0;
        assert_int_equal(time_pattern_format(pattern, timestamp_ms, zone, &arena, &text), OK);
        const enum err err = time_pattern_parse(pattern, text, STR("UTC"), &back);
        if (err != OK || back != timestamp_ms)
            print_message("'%s' %.*s\n", patterns[i % 4], STR_ARGS(text));
        assert_int_equal(err, OK);
        assert_true(back == timestamp_ms);
        arena_clear(&arena);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read),
        cmocka_unit_test(instants_are_written),
        cmocka_unit_test(patterns_are_refused_with_words),
        cmocka_unit_test(random_instants_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
