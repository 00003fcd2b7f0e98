/* str_test.c -- text: comparing, cutting, nearest names, UTF-8, numbers. */
#include "unit.h"

#include "base/random.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>

static void texts_compare(void **state)
{
    assert_true(str_equal(STR(""), (struct str){0}));
    assert_false(str_equal(STR("a"), STR("A")));
    assert_true(str_equal_nocase(STR("Select"), STR("sELECT")));
    assert_false(str_equal_nocase(STR("["), STR("{")));
    assert_false(str_equal_nocase(STR("ab"), STR("abc")));
    assert_true(str_compare(STR("a"), STR("ab")) < 0);
    assert_true(str_compare(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_compare((struct str){0}, STR("")), 0);
    assert_true(str_starts_with(STR("orders"), STR("or")));
    assert_false(str_starts_with(STR("or"), STR("orders")));
    assert_true(str_ends_with(STR("a.sql"), STR(".sql")));
    assert_false(str_ends_with(STR("sql"), STR(".sql")));
    assert_true(str_ends_with((struct str){0}, STR("")));
    assert_int_equal(str_index(STR("a=b=c"), '='), 1);
    assert_int_equal(str_index(STR("abc"), '='), 3);
    assert_int_equal(str_index((struct str){0}, '='), 0);
    assert_str(str_trim(STR(" \t a b\r\n ")), "a b");
    assert_str(str_trim(STR(" \t ")), "");
}

static void whole_numbers(void **state)
{
    static const struct {
        const char *text;
        enum err err;
        int64_t value;
    } cases[] = {
        {"0", OK, 0},
        {"-0", OK, 0},
        {"+7", OK, 7},
        {"007", OK, 7},
        {"9223372036854775807", OK, INT64_MAX},
        {"-9223372036854775808", OK, INT64_MIN},
        {"9223372036854775808", ERR_OUT_OF_RANGE, 0},
        {"-9223372036854775809", ERR_OUT_OF_RANGE, 0},
        {"18446744073709551616", ERR_OUT_OF_RANGE, 0},
        {"99999999999999999999999x", ERR_INVALID, 0},
        {"", ERR_INVALID, 0},
        {"-", ERR_INVALID, 0},
        {" 1", ERR_INVALID, 0},
        {"1 ", ERR_INVALID, 0},
        {"--1", ERR_INVALID, 0},
        {"1.0", ERR_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 4711;
        assert_int_equal(str_to_int64(str_from(cases[i].text), &value), cases[i].err);
        assert_true(value == (cases[i].err ? 4711 : cases[i].value));
    }
}

static void doubles(void **state)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},
        {"12.34", 12.34},
        {"-0.1", -0.1},
        {".5", 0.5},
        {"5.", 5},
        {"1e3", 1000},
        {"1E-3", 0.001},
        {"0x10", 16},
        {"9007199254740993", 9007199254740992.0},
        {"1e400", HUGE_VAL},
        {"4.9e-324", 4.9e-324},
        {"123456789012345", 123456789012345.0},
        {"+2", 2},
        {"-Infinity", -HUGE_VAL},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        double value = 4711;
        assert_int_equal(str_to_double(str_from(good[i].text), &value), OK);
        assert_true(value == good[i].value);
    }
    static const char *const bad[] = {"", "-", ".", " 1", "1 ", "\n1", "1.2.3", "abc", "1e", "--1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        double value = 4711;
        assert_int_equal(str_to_double(str_from(bad[i]), &value), ERR_INVALID);
        assert_true(value == 4711);
    }
    double value = 1;
    assert_int_equal(str_to_double(STR("1\0"), &value), ERR_INVALID);
    assert_int_equal(str_to_double((struct str){0}, &value), ERR_INVALID);
    assert_int_equal(str_to_double(STR("-0"), &value), OK);
    assert_true(signbit(value));
    /* Not terminated, and longer than what fits the stack. */
    char digits[400];
    memset(digits, '0', sizeof(digits));
    digits[0] = '1';
    assert_int_equal(str_to_double((struct str){digits, 3}, &value), OK);
    assert_true(value == 100);
    assert_int_equal(str_to_double((struct str){digits, 300}, &value), OK);
    assert_true(value == 1e299);
}

static void short_doubles_agree_with_strtod(void **state)
{
    struct random random = {20260101};
    print_message("seed %" PRIu64 "\n", random.state);
    for (int i = 0; i < 50000; i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s%" PRIu64 ".%0*" PRIu64,
                 random_below(&random, 2) ? "-" : "", random_below(&random, 10000000),
                 (int)random_below(&random, 8) + 1, random_below(&random, 1000000));
        double value = 0;
        assert_int_equal(str_to_double(str_from(text), &value), OK);
        assert_true(value == strtod(text, NULL));
    }
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"250ms", 250},  {"90s", 90000},    {"15m", 900000},
                {"2h", 7200000}, {"7d", 604800000}, {"30", 30000}};
    int64_t ms = 0;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(str_to_duration_ms(str_from(good[i].text), &ms), OK);
        assert_int_equal(ms, good[i].ms);
    }
    static const char *const bad[] = {"",
                                      "s",
                                      "-1s",
                                      "+1s",
                                      "1 s",
                                      "1.5s",
                                      "1w",
                                      "1S",
                                      "99999999999999999d",
                                      "99999999999999999999s"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ms = 4711;
        assert_int_equal(str_to_duration_ms(str_from(bad[i]), &ms), ERR_INVALID);
        assert_int_equal(ms, 4711);
    }
}

static void the_nearest_name_is_found(void **state)
{
    const struct str names[] = {STR("ORDER_ID"), STR("AMOUNT"), STR("STORE_ID"), STR("TS"),
                                STR("")};
    assert_str(str_nearest(STR("order_ix"), names, 5), "ORDER_ID");
    assert_str(str_nearest(STR("amuont"), names, 5), "AMOUNT");
    assert_str(str_nearest(STR("SOTRE_ID"), names, 5), "STORE_ID");
    assert_str(str_nearest(STR("t"), names, 5), "TS");
    assert_str(str_nearest(STR("customer"), names, 5), "");
    assert_str(str_nearest(STR("AMOUNT"), names, 0), "");
    /* The nearest, not the first near enough; of equals the first. */
    const struct str near[] = {STR("abcdefgxx"), STR("abcdefghx"), STR("abcdefghy")};
    assert_str(str_nearest(STR("abcdefghi"), near, 3), "abcdefghx");
    char long_name[500];
    memset(long_name, 'a', sizeof(long_name));
    const struct str long_names[] = {{long_name, 500}};
    assert_str(str_nearest((struct str){long_name, 499}, long_names, 1), "");
}

static void utf8_is_told_from_other_bytes(void **state)
{
    static const char *const good[] = {"",
                                       "plain",
                                       "\xC3\xA9",
                                       "\xE2\x82\xAC",
                                       "\xF0\x9F\x8D\x94",
                                       "\xEF\xBF\xBF",
                                       "\xF4\x8F\xBF\xBF",
                                       "12345678\xC3\xA9",
                                       "1234567\xC3\xA9 8901234567"};
    static const char *const bad[] = {"\x80",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xE0\x80\x80",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xF0\x80\x80\x80",
                                      "\xF4\x90\x80\x80",
                                      "\xF8\x88\x80\x80\x80",
                                      "\xFF",
                                      "\xC3",
                                      "\xE2\x82",
                                      "\xF0\x9F\x8D",
                                      "\xC3(",
                                      "12345678\xC3",
                                      "1234567\x80 1234567890"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(str_is_utf8(str_from(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(str_is_utf8(str_from(bad[i])));
    assert_true(str_is_utf8((struct str){0}));
}

static void every_code_point_goes_there_and_back(void **state)
{
    for (uint32_t point = 0; point <= 0x10FFFF; point++) {
        if (utf8_is_surrogate(point))
            continue;
        char bytes[UTF8_BYTES_MAX];
        char *const end = utf8_put(bytes, point);
        uint32_t back = 0;
        assert_ptr_equal(utf8_get(bytes, end, &back), end);
        assert_int_equal(back, point);
        if (end - bytes > 1)
            assert_null(utf8_get(bytes, end - 1, &back));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_compare),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(doubles),
        cmocka_unit_test(short_doubles_agree_with_strtod),
        cmocka_unit_test(durations),
        cmocka_unit_test(the_nearest_name_is_found),
        cmocka_unit_test(utf8_is_told_from_other_bytes),
        cmocka_unit_test(every_code_point_goes_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
