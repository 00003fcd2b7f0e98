/* decimal_test.c -- decimals at their limits: 38 digits, rounding, bytes, doubles. */
#include "unit.h"

#include <math.h>

static const char nines[] = "99999999999999999999999999999999999999";

static struct str text_of(decimal value, int scale, struct arena *arena)
{
    return decimal_format(value, scale, arena);
}

static void texts_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        int precision, scale;
        const char *expected; /* NULL: out of range; "": not a number */
    } cases[] = {
        {"12.34", 4, 2, "12.34"},
        {"-12.34", 4, 2, "-12.34"},
        {"+12.34", 4, 2, "12.34"},
        {".5", 4, 2, "0.50"},
        {"5.", 4, 2, "5.00"},
        {"-0.5", 4, 1, "-0.5"},
        {"0", 1, 0, "0"},
        {"-0", 1, 1, "0.0"},
        {"1e3", 4, 0, "1000"},
        {"1E+3", 7, 3, "1000.000"},
        {"12345e-3", 4, 2, "12.35"},
        {"1e-99999999999", 4, 2, "0.00"},
        {"0e99999999999", 4, 2, "0.00"},
        {"1e99999999999", 4, 2, NULL},
        {"0.005", 3, 2, "0.01"},
        {"0.0049999", 3, 2, "0.00"},
        {"-0.005", 3, 2, "-0.01"},
        {"99.994", 4, 2, "99.99"},
        {"99.995", 4, 2, NULL},
        {"000000000000000000000000000000000000000000000001", 1, 0, "1"},
        {"0.000000000000000000000000000000000000000000000001", 1, 0, "0"},
        {nines, 38, 0, nines},
        {"999999999999999999999999999999999999999", 38, 0, NULL},
        {"0.99999999999999999999999999999999999999", 38, 38,
         "0.99999999999999999999999999999999999999"},
        {"1", 38, 38, NULL},
        {"100", 2, 0, NULL},
        {"", 4, 2, ""},
        {".", 4, 2, ""},
        {"-", 4, 2, ""},
        {"1.2.3", 4, 2, ""},
        {"1e", 4, 2, ""},
        {"1e+", 4, 2, ""},
        {" 1", 4, 2, ""},
        {"1 ", 4, 2, ""},
        {"0x1", 4, 2, ""},
        {"NaN", 4, 2, ""},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        decimal value = 77;
        const enum err err =
            decimal_parse(str_from(cases[i].text), cases[i].precision, cases[i].scale, &value);
        const enum err expected = !cases[i].expected      ? ERR_OUT_OF_RANGE
                                  : !cases[i].expected[0] ? ERR_INVALID
                                                          : OK;
        if (err != expected)
            print_message("'%s'\n", cases[i].text);
        assert_int_equal(err, expected);
        if (err != OK) {
            assert_true(value == 77);
            continue;
        }
        const struct str text = text_of(value, cases[i].scale, &arena);
        assert_true(str_equal(text, str_from(cases[i].expected)));
    }
    arena_release(&arena);
}

static void rescaling_rounds_half_up(void **state)
{
    decimal value = 0;
    assert_int_equal(decimal_rescale(12345, 3, 38, 2, &value), OK);
    assert_true(value == 1235);
    assert_int_equal(decimal_rescale(-12345, 3, 38, 2, &value), OK);
    assert_true(value == -1235);
    assert_int_equal(decimal_rescale(12344, 3, 38, 2, &value), OK);
    assert_true(value == 1234);
    assert_int_equal(decimal_rescale(5, 1, 38, 0, &value), OK);
    assert_true(value == 1);
    assert_int_equal(decimal_rescale(4, 1, 38, 0, &value), OK);
    assert_true(value == 0);
    assert_int_equal(decimal_rescale(7, 0, 38, 37, &value), OK);
    assert_true(value == 7 * decimal_power_of_ten(37));
    assert_int_equal(decimal_rescale(7, 0, 38, 38, &value), ERR_OUT_OF_RANGE);
    assert_int_equal(decimal_rescale(0, 0, 38, 38, &value), OK);
    assert_int_equal(decimal_rescale(995, 1, 2, 0, &value), ERR_OUT_OF_RANGE);
    const decimal most = decimal_power_of_ten(38) - 1;
    assert_int_equal(decimal_rescale(most, 38, 38, 0, &value), OK);
    assert_true(value == 1);
    assert_int_equal(decimal_rescale(most / 2, 38, 38, 0, &value), OK);
    assert_true(value == 0);
}

static void digits_are_counted(void **state)
{
    assert_int_equal(decimal_digits(0), 1);
    assert_int_equal(decimal_digits(-9), 1);
    assert_int_equal(decimal_digits(-10), 2);
    for (int n = 0; n < 38; n++) {
        assert_int_equal(decimal_digits(decimal_power_of_ten(n)), n + 1);
        assert_int_equal(decimal_digits(-(decimal_power_of_ten(n + 1) - 1)), n + 1);
    }
}

static void bytes_are_the_shortest(void **state)
{
    static const struct {
        int64_t value;
        size_t size;
        uint8_t bytes[3];
    } cases[] = {
        {0, 1, {0}},
        {1, 1, {1}},
        {-1, 1, {0xff}},
        {127, 1, {0x7f}},
        {128, 2, {0, 0x80}},
        {-128, 1, {0x80}},
        {-129, 2, {0xff, 0x7f}},
        {32767, 2, {0x7f, 0xff}},
        {32768, 3, {0, 0x80, 0}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[16];
        assert_int_equal(decimal_to_bytes(cases[i].value, bytes), cases[i].size);
        assert_memory_equal(bytes, cases[i].bytes, cases[i].size);
    }
    const decimal most = decimal_power_of_ten(38) - 1;
    uint8_t bytes[16];
    decimal value = 0;
    assert_int_equal(decimal_to_bytes(most, bytes), 16);
    assert_int_equal(decimal_from_bytes(bytes, 16, 38, &value), OK);
    assert_true(value == most);
    assert_int_equal(decimal_from_bytes(bytes, 16, 37, &value), ERR_MALFORMED);
    assert_int_equal(decimal_from_bytes(bytes, 0, 38, &value), ERR_MALFORMED);
    memset(bytes, 0xff, sizeof(bytes));
    bytes[0] = 0x80;
    assert_int_equal(decimal_from_bytes(bytes, 16, 38, &value), ERR_MALFORMED);
    /* A fixed of 20 bytes: the sign is repeated, or it is not the number. */
    uint8_t wide[20];
    memset(wide, 0xff, sizeof(wide));
    assert_int_equal(decimal_from_bytes(wide, sizeof(wide), 38, &value), OK);
    assert_true(value == -1);
    wide[0] = 0;
    assert_int_equal(decimal_from_bytes(wide, sizeof(wide), 38, &value), ERR_MALFORMED);
}

static void random_decimals_go_round(void **state)
{
    struct random random = random_begin("random_decimals_go_round");
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < 2000; i++) {
        const int precision = 1 + (int)random_below(&random, 38);
        const int scale = (int)random_below(&random, (uint64_t)precision + 1);
        const decimal wide = (decimal)random_int64(&random) * random_int64(&random);
        const decimal value = wide % decimal_power_of_ten(precision);
        decimal back = 0;
        assert_int_equal(
            decimal_parse(decimal_format(value, scale, &arena), precision, scale, &back), OK);
        assert_true(back == value);
        uint8_t bytes[16];
        const size_t size = decimal_to_bytes(value, bytes);
        assert_int_equal(decimal_from_bytes(bytes, size, precision, &back), OK);
        assert_true(back == value);
        /* A double's nearest text gives the same double. */
        double expected = 0;
        assert_int_equal(str_to_double(decimal_format(value, scale, &arena), &expected), OK);
        assert_true(decimal_to_double(value, scale) == expected);
        arena_clear(&arena);
    }
    arena_release(&arena);
}

static void doubles_are_their_shortest_text(void **state)
{
    decimal value = 0;
    assert_int_equal(decimal_from_double(1.005, 10, 2, &value), OK);
    assert_true(value == 101);
    assert_int_equal(decimal_from_double(-2.5, 10, 0, &value), OK);
    assert_true(value == -3);
    assert_int_equal(decimal_from_double(1e20, 38, 2, &value), OK);
    assert_true(value == decimal_power_of_ten(22));
    assert_int_equal(decimal_from_double(123, 3, 0, &value), OK);
    assert_true(value == 123);
    assert_int_equal(decimal_from_double(1234, 3, 0, &value), ERR_OUT_OF_RANGE);
    assert_int_equal(decimal_from_double(1e300, 38, 0, &value), ERR_OUT_OF_RANGE);
    assert_int_equal(decimal_from_double(1e-300, 38, 2, &value), OK);
    assert_true(value == 0);
    assert_int_equal(decimal_from_double(NAN, 38, 2, &value), ERR_OUT_OF_RANGE);
    assert_int_equal(decimal_from_double(-INFINITY, 38, 2, &value), ERR_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_and_written),
        cmocka_unit_test(rescaling_rounds_half_up),
        cmocka_unit_test(digits_are_counted),
        cmocka_unit_test(bytes_are_the_shortest),
        cmocka_unit_test(random_decimals_go_round),
        cmocka_unit_test(doubles_are_their_shortest_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
