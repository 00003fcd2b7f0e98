/* json_writer_test.c -- strings that read back, doubles as Java writes them. */
#include "unit.h"

#include "base/json.h"
#include "base/random.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>

static void strings_are_escaped(void **state)
{
    struct buf buf = {0};
    json_write_string(&buf, STR("a\"\\/\b\f\n\r\t\x01\x1f\x7f\0z"));
    assert_str(buf_str(&buf), "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000z\"");
    buf_clear(&buf);
    json_write_string(&buf, (struct str){0});
    assert_str(buf_str(&buf), "\"\"");
    buf_clear(&buf);
    json_write_string(&buf, STR("\xC3\xA9\xF0\x9F\x8D\x94|\xff|\xC3|\xED\xA0\x80"));
    assert_str(buf_str(&buf), "\"\xC3\xA9\xF0\x9F\x8D\x94|\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD"
                              "\xEF\xBF\xBD\xEF\xBF\xBD\"");
    buf_release(&buf);
}

static void random_strings_read_back(void **state)
{
    struct random random = {5};
    print_message("seed %" PRIu64 "\n", random.state);
    struct arena arena;
    arena_init(&arena, 0);
    struct buf buf = {0};
    for (int i = 0; i < 5000; i++) {
        char text[64];
        const size_t size = random_below(&random, sizeof(text));
        for (size_t j = 0; j < size; j++)
            text[j] = (char)random_below(&random, i % 2 ? 128 : 256);
        const struct str source = {text, size};
        buf_clear(&buf);
        json_write_string(&buf, source);
        struct json_reader reader;
        json_reader_init(&reader, buf_str(&buf), &arena);
        assert_int_equal(json_next(&reader), JSON_STRING);
        if (str_is_utf8(source))
            assert_true(str_equal(reader.text, source));
        assert_int_equal(json_next(&reader), JSON_END);
        arena_clear(&arena);
    }
    buf_release(&buf);
    arena_release(&arena);
}

/* Double.toString since JDK 19. */
static void doubles_are_javas(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {100.0, "100.0"},
        {12.34, "12.34"},
        {0.001, "0.001"},
        {0.00123, "0.00123"},
        {0.000999, "9.99E-4"},
        {9999999.0, "9999999.0"},
        {9999999.5, "9999999.5"},
        {1e7, "1.0E7"},
        {12345678.0, "1.2345678E7"},
        {1e10, "1.0E10"},
        {1.5e300, "1.5E300"},
        {2e23, "2.0E23"},
        {1e23, "1.0E23"},
        {2.2250738585072014e-308, "2.2250738585072014E-308"},
        {DBL_MAX, "1.7976931348623157E308"},
        {4.9e-324, "4.9E-324"},
        {9.9e-324, "9.9E-324"},
        {3.141592653589793, "3.141592653589793"},
        {1.0 / 3, "0.3333333333333333"},
        {9007199254740993.0, "9.007199254740992E15"},
        {0x1p-44, "5.684341886080802E-14"},
        {NAN, "NaN"},
        {-NAN, "NaN"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
    };
    struct buf buf = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_clear(&buf);
        json_write_double(&buf, cases[i].value);
        assert_string_equal(buf_text(&buf), cases[i].text);
    }
    buf_release(&buf);
}

static size_t digits_count(const char *text)
{
    char digits[64];
    size_t count = 0;
    for (; *text && *text != 'E'; text++) {
        if (*text >= '0' && *text <= '9' && (count > 0 || *text != '0'))
            digits[count++] = *text;
    }
    while (count > 0 && digits[count - 1] == '0')
        count--;
    return count;
}

static void random_doubles_read_back_and_are_short(void **state)
{
    struct random random = {2026};
    print_message("seed %" PRIu64 "\n", random.state);
    struct buf buf = {0};
    for (int i = 0; i < 30000; i++) {
        double value = 0;
        const uint64_t bits = random_next(&random);
        memcpy(&value, &bits, sizeof(value));
        if (i % 3 == 1)
            value = (double)random_below(&random, 100000000) / 100;
        if (i % 3 == 2)
            value = ldexp(1, (int)random_below(&random, 2000) - 1000);
        if (!isfinite(value))
            continue;
        buf_clear(&buf);
        json_write_double(&buf, value);
        double back = 0;
        assert_int_equal(str_to_double(buf_str(&buf), &back), OK);
        assert_true(back == value);
        for (int precision = 1; precision < 17; precision++) {
            char text[64];
            snprintf(text, sizeof(text), "%.*e", precision - 1, value);
            if (strtod(text, NULL) != value)
                continue;
            assert_true(digits_count(buf_text(&buf)) <= (size_t)(precision < 2 ? 2 : precision));
            break;
        }
    }
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(random_strings_read_back),
        cmocka_unit_test(doubles_are_javas),
        cmocka_unit_test(random_doubles_read_back_and_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
