/* operator_test.c -- arithmetic, comparisons, conditions and casts, through the public builders. */
#include "expressions.h"

static void integers_wrap_as_in_java(void **state)
{
    assert_shown(CALL("+", integer(INT32_MAX), integer(1)), "INTEGER -2147483648");
    assert_shown(CALL("*", bigint(INT64_MAX), integer(2)), "BIGINT -2");
    assert_shown(CALL("-", integer(INT32_MIN), integer(1)), "INTEGER 2147483647");
    assert_shown(CALL("/", integer(INT32_MIN), integer(-1)), "INTEGER -2147483648");
    assert_shown(CALL("%", bigint(INT64_MIN), bigint(-1)), "BIGINT 0");
    assert_shown(CALL("/", integer(-7), integer(2)), "INTEGER -3");
    assert_shown(CALL("%", integer(-7), integer(2)), "INTEGER -1");
    assert_shown(CALL("NEGATE", integer(INT32_MIN)), "INTEGER -2147483648");
}

static void dividing_by_zero_fails(void **state)
{
    assert_shown(CALL("/", integer(1), integer(0)), "INTEGER null !");
    assert_shown(CALL("%", bigint(1), bigint(0)), "BIGINT null !");
    assert_shown(CALL("/", fixed("1.0", 2, 1), fixed("0", 1, 0)), "DECIMAL(7, 6) null !");
    assert_shown(CALL("/", number(1), number(0)), "DOUBLE \"Infinity\"");
    /* The whole expression is NULL, also where a NULL alone would not matter. */
    struct expr *sum = CALL("/", integer(1), integer(0));
    struct expr *test = CALL("=", sum, integer(1)), *inverted = NULL;
    assert_int_equal(expr_logic(&arena, EXPR_NOT, &test, 1, nowhere, &inverted, &why), OK);
    assert_shown(inverted, "BOOLEAN null !");
    /* But an argument of a function fails on its own. */
    assert_shown(ARRAY(integer(1), sum), "ARRAY<INTEGER> [1,null] !");
}

static void decimals_get_the_types_of_sql_server(void **state)
{
    struct expr *a = fixed("10.01", 4, 2), *b = fixed("5.1", 4, 2), *c = fixed("2.5", 3, 1);
    assert_shown(CALL("+", a, b), "DECIMAL(5, 2) 15.11");
    assert_shown(CALL("-", b, a), "DECIMAL(5, 2) -4.91");
    assert_shown(CALL("*", a, c), "DECIMAL(8, 3) 25.025");
    assert_shown(CALL("/", a, c), "DECIMAL(9, 6) 4.004000");
    assert_shown(CALL("%", a, c), "DECIMAL(4, 2) 0.01");
    assert_shown(CALL("+", a, integer(1)), "DECIMAL(13, 2) 11.01");
    assert_shown(CALL("+", a, bigint(1)), "DECIMAL(22, 2) 11.01");
    assert_shown(CALL("+", a, number(0.5)), "DOUBLE 10.51");
    assert_shown(CALL("NEGATE", a), "DECIMAL(4, 2) -10.01");
    /* Beyond 38 digits places after the point go first. */
    struct expr *wide = fixed("99999999999999999999.5", 30, 10);
    assert_shown(CALL("*", wide, integer(2)), "DECIMAL(38, 7) 199999999999999999999.0000000");
    assert_shown(CALL("*", wide, wide), "DECIMAL(38, 6) null !");
}

static void text_joins_with_plus(void **state)
{
    assert_shown(CALL("+", text("a"), text("b")), "STRING \"ab\"");
    assert_shown(CALL("+", text(""), text("")), "STRING \"\"");
    assert_shown(CALL("+", text("a"), typed_null(&type_string)), "STRING null");
    assert_non_null(strstr(REFUSED("+", text("a"), integer(1)), "found STRING and INTEGER"));
    assert_non_null(strstr(REFUSED("-", boolean(true), integer(1)), "BOOLEAN"));
    REFUSED("+", null(), null());
    REFUSED("NEGATE", text("a"));
}

static void comparing_with_null_is_false(void **state)
{
    struct expr *nothing = typed_null(&type_integer);
    static const char *const names[] = {"=", "<>", "<", "<=", ">", ">="};
    for (size_t i = 0; i < 6; i++) {
        assert_shown(CALL(names[i], nothing, integer(1)), "BOOLEAN false");
        assert_shown(CALL(names[i], integer(1), nothing), "BOOLEAN false");
        assert_shown(CALL(names[i], nothing, nothing), "BOOLEAN false");
    }
    assert_shown(CALL("IS DISTINCT FROM", nothing, integer(1)), "BOOLEAN true");
    assert_shown(CALL("IS DISTINCT FROM", nothing, nothing), "BOOLEAN false");
    assert_shown(CALL("IS DISTINCT FROM", integer(2), bigint(2)), "BOOLEAN false");
    assert_non_null(strstr(REFUSED("=", integer(1), null()), "NULL"));
}

static void sides_come_to_one_type(void **state)
{
    assert_shown(CALL("=", integer(1), number(1.0)), "BOOLEAN true");
    assert_shown(CALL("<", fixed("1.20", 3, 2), integer(2)), "BOOLEAN true");
    assert_shown(CALL("=", fixed("1.20", 3, 2), fixed("1.2", 2, 1)), "BOOLEAN true");
    assert_shown(CALL("=", number(1.1), fixed("1.1", 2, 1)), "BOOLEAN true");
    assert_shown(CALL(">=", text("b"), text("ab")), "BOOLEAN true");
    struct expr *day = cast(text("2026-01-02"), &type_date);
    assert_shown(CALL(">", day, text("2026-01-01")), "BOOLEAN true");
    assert_shown(CALL("=", text("2026-01-02T00:00:00"), cast(day, &type_timestamp)),
                 "BOOLEAN true");
    assert_shown(CALL("=", day, cast(day, &type_timestamp)), "BOOLEAN true");
    assert_shown(CALL("=", ARRAY(integer(1)), ARRAY(bigint(1))), "BOOLEAN true");
    assert_shown(CALL("<>", MAP(text("a"), integer(1)), MAP(text("a"), integer(1))),
                 "BOOLEAN false");
    REFUSED("=", day, text("not a day"));
    REFUSED("<", ARRAY(integer(1)), ARRAY(integer(1)));
    REFUSED("<", boolean(true), boolean(false));
    assert_non_null(strstr(REFUSED(">=", integer(1), text("x")), "INTEGER with STRING"));
    REFUSED("=", cast(text("01:00"), &type_time), day);
}

static void between_and_in(void **state)
{
    assert_shown(CALL("BETWEEN", number(3.9), integer(2), fixed("3.9", 2, 1)), "BOOLEAN true");
    assert_shown(CALL("BETWEEN", text("ca"), text("b"), text("c")), "BOOLEAN false");
    assert_shown(CALL("BETWEEN", typed_null(&type_integer), integer(1), integer(3)),
                 "BOOLEAN false");
    assert_shown(CALL("IN", integer(4), integer(1), text("4.000")), "BOOLEAN true");
    assert_shown(CALL("IN", integer(4), fixed("4.1", 2, 1), null()), "BOOLEAN false");
    assert_shown(CALL("IN", cast(integer(10), &type_string), boolean(true), integer(10)),
                 "BOOLEAN true");
    assert_shown(CALL("IN", ARRAY(integer(1)), ARRAY(bigint(1))), "BOOLEAN true");
    assert_shown(CALL("IN", ARRAY(bigint(10)), ARRAY(text("10"))), "BOOLEAN true");
    assert_non_null(strstr(REFUSED("IN", boolean(true), text("no")), "'no'"));
    REFUSED("IN", integer(1), boolean(true));
    REFUSED("IN", cast(integer(1), &type_bigint), cast(integer(1), &type_string));
    REFUSED("IN", ARRAY(bigint(10)), ARRAY(text("ten")));
    REFUSED("IN", null(), null());
}

static void like_knows_its_wildcards(void **state)
{
    static const struct {
        const char *value, *pattern, *escape;
        bool matches;
    } cases[] = {
        {"foo", "f%", NULL, true},      {"foo", "%o", NULL, true},
        {"foo", "f_o", NULL, true},     {"foo", "f_", NULL, false},
        {"", "%", NULL, true},          {"", "_", NULL, false},
        {"%", "!%", "!", true},         {"x", "!%", "!", false},
        {"a!b", "a!!b", "!", true},     {"a.b", "a.b", NULL, true},
        {"axb", "a.b", NULL, false},    {"a\nb", "a%b", NULL, true},
        {"abcabd", "%ab_", NULL, true}, {"\xc3\xa9t\xc3\xa9", "_t_", NULL, true},
        {"\xff", "_", NULL, true},      {"aaaaaaaaaaaaaaaaaaaaab", "%a%a%a%a%a%a%c", NULL, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct expr *expr =
            cases[i].escape
                ? CALL("LIKE", text(cases[i].value), text(cases[i].pattern), text(cases[i].escape))
                : CALL("LIKE", text(cases[i].value), text(cases[i].pattern));
        if (strcmp(shown(expr), cases[i].matches ? "BOOLEAN true" : "BOOLEAN false") != 0)
            fail_msg("'%s' LIKE '%s': %s", cases[i].value, cases[i].pattern, shown(expr));
    }
    assert_shown(CALL("LIKE", typed_null(&type_string), text("%")), "BOOLEAN null");
    assert_shown(CALL("LIKE", text("a"), text("a"), text("ab")), "BOOLEAN null !");
    REFUSED("LIKE", integer(1), text("1"));
}

static void logic_has_three_values(void **state)
{
    struct expr *values[3] = {boolean(false), boolean(true), typed_null(&type_boolean)};
    static const char *const both[3][3] = {
        {"false", "false", "false"}, {"false", "true", "null"}, {"false", "null", "null"}};
    static const char *const either[3][3] = {
        {"false", "true", "null"}, {"true", "true", "true"}, {"null", "true", "null"}};
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            struct expr *args[2] = {values[a], values[b]}, *and = NULL, * or = NULL;
            assert_int_equal(expr_logic(&arena, EXPR_AND, args, 2, nowhere, &and, &why), OK);
            assert_int_equal(expr_logic(&arena, EXPR_OR, args, 2, nowhere, & or, &why), OK);
            assert_string_equal(shown(and) + 8, both[a][b]);
            assert_string_equal(shown(or) + 8, either[a][b]);
        }
    struct expr *wrong = integer(1), *expr = NULL;
    assert_int_equal(expr_logic(&arena, EXPR_NOT, &wrong, 1, nowhere, &expr, &why), ERR_INVALID);
}

static void case_runs_what_rows_need(void **state)
{
    struct expr *by_zero = CALL("/", integer(1), integer(0));
    struct expr *conditions[2] = {boolean(false), typed_null(&type_boolean)};
    struct expr *results[2] = {by_zero, by_zero}, *expr = NULL;
    assert_int_equal(expr_case(&arena, conditions, results, 2, bigint(7), nowhere, &expr, &why),
                     OK);
    assert_shown(expr, "BIGINT 7");
    assert_int_equal(expr_case(&arena, conditions, results, 2, NULL, nowhere, &expr, &why), OK);
    assert_shown(expr, "INTEGER null");
    struct expr *nulls[2] = {null(), null()};
    assert_int_equal(expr_case(&arena, conditions, nulls, 2, NULL, nowhere, &expr, &why),
                     ERR_INVALID);
    struct expr *mixed[2] = {integer(1), boolean(true)};
    assert_int_equal(expr_case(&arena, conditions, mixed, 2, NULL, nowhere, &expr, &why),
                     ERR_INVALID);
    struct expr *side[2] = {boolean(false), CALL("=", by_zero, integer(1))}, *and = NULL;
    assert_int_equal(expr_logic(&arena, EXPR_AND, side, 2, nowhere, &and, &why), OK);
    assert_shown(and, "BOOLEAN false");
}

static void casts_do_what_ksqldb_does(void **state)
{
    const struct type *small = type_decimal(&arena, 2, 1);
    assert_shown(cast(integer(1), small), "DECIMAL(2, 1) 1.0");
    assert_shown(cast(integer(10), small), "DECIMAL(2, 1) null !");
    assert_shown(cast(number(0.99), small), "DECIMAL(2, 1) 1.0");
    assert_shown(cast(number(-3.9), &type_integer), "INTEGER -3");
    assert_shown(cast(number(1e300), &type_bigint), "BIGINT 9223372036854775807");
    assert_shown(cast(bigint(4294967297), &type_integer), "INTEGER 1");
    assert_shown(cast(fixed("-2.5", 2, 1), &type_integer), "INTEGER -2");
    assert_shown(cast(text(" 12 "), &type_integer), "INTEGER 12");
    assert_shown(cast(text("2147483648"), &type_integer), "INTEGER null !");
    assert_shown(cast(text("1.5"), &type_bigint), "BIGINT null !");
    assert_shown(cast(text("tRu"), &type_boolean), "BOOLEAN true");
    assert_shown(cast(text("y"), &type_boolean), "BOOLEAN true");
    assert_shown(cast(text("what"), &type_boolean), "BOOLEAN false");
    assert_shown(cast(fixed("1.50", 3, 2), &type_string), "STRING \"1.50\"");
    assert_shown(cast(text("2022-04-28T21:44:47.943Z"), &type_timestamp),
                 "TIMESTAMP \"2022-04-28T21:44:47.943\"");
    struct expr *instant = cast(text("1969-12-31T23:00:00"), &type_timestamp);
    assert_shown(cast(instant, &type_date), "DATE \"1969-12-31\"");
    assert_shown(cast(cast(instant, &type_time), &type_string), "STRING \"23:00\"");
    assert_shown(cast(ARRAY(bigint(1), null()), type_array(&arena, &type_string)),
                 "ARRAY<STRING> [\"1\",null]");
    assert_shown(cast(null(), &type_bigint), "BIGINT null");
    struct expr *expr = NULL;
    assert_int_equal(expr_cast(&arena, text("x"), type_map(&arena, &type_string, &type_integer),
                               nowhere, &expr, &why),
                     ERR_INVALID);
    assert_int_equal(expr_cast(&arena, integer(1), &type_timestamp, nowhere, &expr, &why),
                     ERR_INVALID);
}

static void structs_change_shape_by_name(void **state)
{
    const struct str names[2] = {STR("A"), STR("B")};
    struct expr *values[2] = {integer(1), text("x")}, *expr = NULL, *field = NULL;
    assert_int_equal(expr_struct(&arena, names, values, 2, nowhere, &expr, &why), OK);
    assert_shown(expr, "STRUCT<`A` INTEGER, `B` STRING> {\"A\":1,\"B\":\"x\"}");
    const struct type_field fields[2] = {{STR("A"), &type_string}, {STR("C"), &type_string}};
    assert_shown(cast(expr, type_struct(&arena, fields, 2)),
                 "STRUCT<`A` STRING, `C` STRING> {\"A\":\"1\",\"C\":null}");
    assert_int_equal(expr_field(&arena, expr, STR("B"), nowhere, &field, &why), OK);
    assert_shown(field, "STRING \"x\"");
    assert_int_equal(expr_field(&arena, expr, STR("BB"), nowhere, &field, &why), ERR_INVALID);
    assert_non_null(strstr(why.text, "did you mean 'B'?"));
    assert_int_equal(expr_field(&arena, typed_null(expr->type), STR("A"), nowhere, &field, &why),
                     OK);
    assert_shown(field, "INTEGER null");
    struct expr *other = NULL;
    const struct str other_names[2] = {STR("B"), STR("C")};
    struct expr *other_values[2] = {text("y"), integer(3)};
    assert_int_equal(expr_struct(&arena, other_names, other_values, 2, nowhere, &other, &why), OK);
    assert_shown(ARRAY(null(), expr, other),
                 "ARRAY<STRUCT<`A` INTEGER, `B` STRING, `C` INTEGER>> "
                 "[null,{\"A\":1,\"B\":\"x\",\"C\":null},{\"A\":null,\"B\":\"y\",\"C\":3}]");
}

static void subscripts_begin_at_one(void **state)
{
    struct expr *list = ARRAY(integer(10), integer(20), integer(30)), *expr = NULL;
    static const struct {
        int32_t index;
        const char *wanted;
    } cases[] = {{1, "INTEGER 10"},    {3, "INTEGER 30"},          {-1, "INTEGER 30"},
                 {-3, "INTEGER 10"},   {0, "INTEGER null"},        {4, "INTEGER null"},
                 {-4, "INTEGER null"}, {INT32_MIN, "INTEGER null"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(
            expr_subscript(&arena, list, integer(cases[i].index), nowhere, &expr, &why), OK);
        assert_shown(expr, cases[i].wanted);
    }
    struct expr *entries = MAP(text("a"), integer(1), text("b"), text("2"), text("a"), integer(3));
    assert_shown(entries, "MAP<STRING, INTEGER> {\"a\":3,\"b\":2}");
    assert_int_equal(expr_subscript(&arena, entries, text("b"), nowhere, &expr, &why), OK);
    assert_shown(expr, "INTEGER 2");
    assert_int_equal(expr_subscript(&arena, entries, text("z"), nowhere, &expr, &why), OK);
    assert_shown(expr, "INTEGER null");
    assert_int_equal(expr_subscript(&arena, integer(1), integer(1), nowhere, &expr, &why),
                     ERR_INVALID);
    assert_int_equal(expr_subscript(&arena, list, text("a"), nowhere, &expr, &why), ERR_INVALID);
}

static void constructors_find_one_type(void **state)
{
    assert_shown(ARRAY(null(), integer(10), text("2e1"), bigint(3)),
                 "ARRAY<DECIMAL(19, 0)> [null,10,20,3]");
    assert_shown(ARRAY(integer(1), text("2.5")), "ARRAY<DECIMAL(11, 1)> [1.0,2.5]");
    assert_shown(ARRAY(integer(1), text("-2.5e-3")), "ARRAY<DECIMAL(14, 4)> [1.0000,-0.0025]");
    assert_shown(ARRAY(integer(1), text("1e99")), "ARRAY<DOUBLE> [1.0,1.0E99]");
    assert_shown(ARRAY(text("a"), null()), "ARRAY<STRING> [\"a\",null]");
    struct expr *expr = NULL, *wrong[2] = {integer(1), text("not a number")};
    assert_int_equal(expr_array(&arena, wrong, 2, nowhere, &expr, &why), ERR_INVALID);
    assert_non_null(strstr(why.text, "INTEGER"));
    struct expr *nothing = null();
    assert_int_equal(expr_array(&arena, &nothing, 1, nowhere, &expr, &why), ERR_INVALID);
    assert_int_equal(expr_array(&arena, NULL, 0, nowhere, &expr, &why), ERR_INVALID);
}

static void nesting_has_an_end(void **state)
{
    struct expr *expr = integer(0);
    enum err err = OK;
    int depth = 0;
    while (err == OK && depth < 10 * EXPR_DEPTH_MAX) {
        struct expr *args[2] = {expr, integer(1)};
        err = expr_call(&arena, STR("+"), args, 2, nowhere, &expr, &why);
        depth++;
    }
    assert_int_equal(err, ERR_INVALID);
    assert_int_equal(depth, EXPR_DEPTH_MAX);
    assert_string_equal(shown(expr), "INTEGER 199");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(integers_wrap_as_in_java),
        TEST(dividing_by_zero_fails),
        TEST(decimals_get_the_types_of_sql_server),
        TEST(text_joins_with_plus),
        TEST(comparing_with_null_is_false),
        TEST(sides_come_to_one_type),
        TEST(between_and_in),
        TEST(like_knows_its_wildcards),
        TEST(logic_has_three_values),
        TEST(case_runs_what_rows_need),
        TEST(casts_do_what_ksqldb_does),
        TEST(structs_change_shape_by_name),
        TEST(subscripts_begin_at_one),
        TEST(constructors_find_one_type),
        TEST(nesting_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
