/* json_test.c -- JSON records to rows and back. */
#include "format_help.h"

#include "base/random.h"

static void one(struct help *help, const struct type *type)
{
    help_init(help, FORMAT_NONE, FORMAT_JSON);
    help_add(help, COLUMN_VALUE, "V", type);
}

static void scalars_are_coerced(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct {
        const struct type *type;
        const char *json;
        const char *cell; /* NULL: rejected */
    } cases[] = {
        {&type_boolean, "true", "true"},
        {&type_boolean, "\"true\"", NULL},
        {&type_boolean, "1", NULL},
        {&type_integer, "42", "42"},
        {&type_integer, "\"42\"", "42"},
        {&type_integer, "10.7", "10"},
        {&type_integer, "-10.7", "-10"},
        {&type_integer, "1e3", "1000"},
        {&type_integer, "2147483647", "2147483647"},
        {&type_integer, "2147483648", NULL},
        {&type_integer, "\"ten\"", NULL},
        {&type_integer, "\"\"", NULL},
        {&type_integer, "true", NULL},
        {&type_integer, "[1]", NULL},
        {&type_bigint, "9223372036854775807", "9223372036854775807"},
        {&type_bigint, "9223372036854775808", NULL},
        {&type_bigint, "1e300", NULL},
        {&type_bigint, "\"-5\"", "-5"},
        {&type_double, "1", "1.0"},
        {&type_double, "\"1.5\"", "1.5"},
        {&type_double, "1e10", "1.0E10"},
        {&type_double, "{}", NULL},
        {&type_string, "\"a\\u00e9\\n\"", "\"a\xc3\xa9\\n\""},
        {&type_string, "12.50", "\"12.50\""},
        {&type_string, "true", "\"true\""},
        {&type_string, "{ \"a\" : [ 1, null, \"x\\ty\" ], \"b\" : {} }",
         "\"{\\\"a\\\":[1,null,\\\"x\\\\ty\\\"],\\\"b\\\":{}}\""},
        {&type_string, "[ ]", "\"[]\""},
        {&type_bytes, "\"IQ==\"", "\"IQ==\""},
        {&type_bytes, "\"I\"", NULL},
        {&type_bytes, "12", NULL},
        {&type_date, "20454", "\"2026-01-01\""},
        {&type_time, "36000000", "\"10:00:00.000\""},
        {&type_timestamp, "1767225600000", "\"2026-01-01T00:00:00.000\""},
        {&type_timestamp, "\"10\"", "\"1970-01-01T00:00:00.010\""},
        {type_decimal(&arena, 6, 4), "10", "10.0000"},
        {type_decimal(&arena, 6, 4), "\"1.5\"", "1.5000"},
        {type_decimal(&arena, 6, 4), "1.50000000", "1.5000"},
        {type_decimal(&arena, 6, 4), "15e-1", "1.5000"},
        {type_decimal(&arena, 6, 4), "150000e-5", "1.5000"},
        {type_decimal(&arena, 6, 4), "0.0000000", "0.0000"},
        {type_decimal(&arena, 6, 4), "1.23456", NULL},
        {type_decimal(&arena, 6, 4), "1e-5", NULL},
        {type_decimal(&arena, 6, 4), "100", NULL},
        {type_decimal(&arena, 6, 4), "\"x\"", NULL},
        {&type_integer, "null", "null"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct help help;
        char text[200];
        one(&help, cases[i].type);
        snprintf(text, sizeof(text), "{\"V\":%s}", cases[i].json);
        if (cases[i].cell)
            help_reads(&help, text, cases[i].cell);
        else
            help_rejects(&help, text);
        help_release(&help);
    }
    arena_release(&arena);
}

static void names_match_exactly_then_upper_cased(void **state)
{
    struct help help;
    help_init(&help, FORMAT_NONE, FORMAT_JSON);
    help_add(&help, COLUMN_VALUE, "ID", &type_integer);
    help_add(&help, COLUMN_VALUE, "name", &type_string);
    help_add(&help, COLUMN_VALUE, "LAST", &type_integer);
    help_reads(&help, "{\"ID\":1,\"name\":\"a\",\"LAST\":2}", "1|\"a\"|2");
    help_reads(&help, "{\"last\":2,\"id\":1,\"name\":\"a\"}", "1|\"a\"|2");
    help_reads(&help, "{\"Id\":1,\"NAME\":\"a\",\"lasT\":2}", "1|null|2");
    help_reads(&help, "{\"ID\":1,\"id\":5}", "1|null|null");
    help_reads(&help, "{\"id\":5,\"ID\":1}", "1|null|null");
    help_reads(&help, "{\"ID\":1,\"ID\":2}", "2|null|null");
    help_reads(&help, "{\"other\":{\"ID\":[1,{\"ID\":9}]},\"ID\":1}", "1|null|null");
    help_reads(&help, "{}", "null|null|null");
    help_release(&help);
}

static void nested_values_read_and_write(void **state)
{
    struct help help;
    help_init(&help, FORMAT_NONE, FORMAT_JSON);
    struct arena *arena = &help.arena;
    const struct type_field fields[] = {{STR("A"), &type_integer},
                                        {STR("L"), type_array(arena, &type_string)}};
    const struct type *record = type_struct(arena, fields, 2);
    help_add(&help, COLUMN_VALUE, "S", record);
    help_add(&help, COLUMN_VALUE, "R", type_array(arena, record));
    help_add(&help, COLUMN_VALUE, "M",
             type_map(arena, &type_string, type_array(arena, &type_double)));
    help_add(&help, COLUMN_VALUE, "T", &type_timestamp);
    help_reads(
        &help,
        "{\"s\":{\"a\":1,\"l\":[\"x\",null]},\"R\":[{\"L\":[]},null,{\"A\":\"7\",\"L\":[\"y\"]}],"
        "\"M\":{\"k\":[1,2.5],\"n\":null},\"T\":10}",
        "{\"A\":1,\"L\":[\"x\",null]}|"
        "[{\"A\":null,\"L\":[]},null,{\"A\":7,\"L\":[\"y\"]}]|"
        "{\"k\":[1.0,2.5],\"n\":null}|\"1970-01-01T00:00:00.010\"");
    assert_string_equal(help_write(&help, false, NULL),
                        "{\"S\":{\"A\":1,\"L\":[\"x\",null]},"
                        "\"R\":[{\"A\":null,\"L\":[]},null,{\"A\":7,\"L\":[\"y\"]}],"
                        "\"M\":{\"k\":[1.0,2.5],\"n\":null},\"T\":10}");
    help_reads(&help, "{\"M\":{\"k\":[1],\"l\":null,\"k\":[2,3],\"l\":[4],\"k\":[5]}}",
               "null|null|{\"k\":[5.0],\"l\":[4.0]}|null");
    help_release(&help);
}

static void bare_values(void **state)
{
    struct help help;
    one(&help, &type_integer);
    help.format.value.unwrapped = true;
    help_reads(&help, "10", "10");
    assert_string_equal(help_write(&help, false, NULL), "10");
    help_reads(&help, " null ", "null");
    assert_int_equal(help.batch->null_values[0], 1);
    help.batch->null_values[0] = 0;
    assert_null(help_write(&help, false, NULL));
    help_rejects(&help, "{\"V\":10}");
    help_release(&help);
}

static void no_value_is_no_object(void **state)
{
    struct help help;
    one(&help, &type_integer);
    assert_int_equal(help_decode_value(&help, (struct str){0}), OK);
    assert_string_equal(help_row(&help), "null");
    assert_int_equal(help.batch->null_values[0], 1);
    assert_null(help_write(&help, false, NULL));
    help_reads(&help, "null", "null");
    assert_int_equal(help.batch->null_values[0], 1);
    help_reads(&help, "{\"V\":null}", "null");
    assert_int_equal(help.batch->null_values[0], 0);
    assert_string_equal(help_write(&help, false, NULL), "{\"V\":null}");
    help_release(&help);
}

static void what_is_no_json_is_rejected(void **state)
{
    static const char *const texts[] = {
        "",           "{",           "{\"V\":1",         "{\"V\":}",    "{\"V\":1}x", "{\"V\" 1}",
        "[1]",        "1",           "{\"V\":1,}",       "{\"V\":01}",  "{V:1}",      "\"V\"",
        "{\"V\":1}}", "{\"x\":[}]}", "{\"x\":\"\xff\"}", "{\"x\":tru}", "nullx",      "{\"V\":[}",
    };
    struct help help;
    one(&help, &type_integer);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        help_rejects(&help, texts[i]);
    help_release(&help);
}

static void depth_is_bounded(void **state)
{
    struct help help;
    one(&help, &type_string);
    struct buf buf = {0};
    buf_append_str(&buf, STR("{\"V\":"));
    for (int i = 0; i < 100000; i++)
        buf_append_byte(&buf, '[');
    assert_int_equal(help_decode_value(&help, buf_str(&buf)), ERR_MALFORMED);
    buf_release(&buf);
    help_release(&help);
}

/* Cut or changed anywhere, a record is a row or a reject, never more. */
static void mangled_records_do_no_harm(void **state)
{
    struct help help;
    struct random random = {.state = 77};
    print_message("seed %" PRIu64 "\n", random.state);
    help_init(&help, FORMAT_NONE, FORMAT_JSON);
    const struct type_field fields[] = {{STR("A"), &type_integer}, {STR("B"), &type_string}};
    help_add(&help, COLUMN_VALUE, "L",
             type_array(&help.arena, type_struct(&help.arena, fields, 2)));
    help_add(&help, COLUMN_VALUE, "M", type_map(&help.arena, &type_string, &type_bytes));
    static const char good[] = "{\"L\":[{\"A\":1,\"B\":\"\\u20ac\"},{}],\"m\":{\"x\":\"IQ==\"}}";
    int row_count = 0;
    for (int round = 0; round < 4000; round++) {
        char text[sizeof(good)];
        memcpy(text, good, sizeof(good));
        size_t size = sizeof(good) - 1;
        if (round < (int)size)
            size = (size_t)round;
        else
            text[random_below(&random, size)] = (char)random_next(&random);
        row_count += help_decode_value(&help, (struct str){text, size}) == OK;
    }
    assert_in_range(row_count, 1, 3999);
    help_release(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_coerced),
        cmocka_unit_test(names_match_exactly_then_upper_cased),
        cmocka_unit_test(nested_values_read_and_write),
        cmocka_unit_test(bare_values),
        cmocka_unit_test(no_value_is_no_object),
        cmocka_unit_test(what_is_no_json_is_rejected),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(mangled_records_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
