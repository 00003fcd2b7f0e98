/* value_test.c -- boxed values: copies, equality, order, hashes, JSON; types and their text. */
#include "unit.h"

#include <math.h>

static void maps_are_equal_in_any_order(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *type = type_map(&arena, &type_string, &type_integer);
    struct value a_items[] = {{.text = STR("a")}, {.integer = 1}, {.text = STR("b")}, VALUE_NULL};
    struct value b_items[] = {{.text = STR("b")}, VALUE_NULL, {.text = STR("a")}, {.integer = 1}};
    struct value c_items[] = {{.text = STR("b")}, VALUE_NULL, {.text = STR("a")}, {.integer = 2}};
    const struct value a = {.list = {a_items, 2}};
    const struct value b = {.list = {b_items, 2}};
    const struct value c = {.list = {c_items, 2}};
    assert_true(value_equal(type, &a, &b));
    assert_int_equal(value_hash(type, &a), value_hash(type, &b));
    assert_false(value_equal(type, &a, &c));
    assert_int_not_equal(value_hash(type, &a), value_hash(type, &c));
    const struct value shorter = {.list = {a_items, 1}};
    assert_false(value_equal(type, &a, &shorter));
    arena_release(&arena);
}

static void doubles_have_one_order(void **state)
{
    const struct value nan = {.number = NAN};
    const struct value minus_nan = {.number = -NAN};
    const struct value zero = {.number = 0.0};
    const struct value minus_zero = {.number = -0.0};
    const struct value infinite = {.number = INFINITY};
    assert_true(value_equal(&type_double, &nan, &minus_nan));
    assert_int_equal(value_hash(&type_double, &nan), value_hash(&type_double, &minus_nan));
    assert_true(value_equal(&type_double, &zero, &minus_zero));
    assert_int_equal(value_hash(&type_double, &zero), value_hash(&type_double, &minus_zero));
    assert_true(value_compare(&type_double, &nan, &infinite) > 0);
    assert_true(value_compare(&type_double, &minus_zero, &infinite) < 0);
    assert_false(value_equal(&type_double, &nan, &(struct value){.is_null = true}));
}

static void copies_stand_alone(void **state)
{
    struct random random = random_begin("copies_stand_alone");
    struct arena arena;
    struct arena copies;
    arena_init(&arena, 0);
    arena_init(&copies, 0);
    for (int i = 0; i < 300; i++) {
        const struct type *type = type_copy(&copies, random_type(&random, 4, &arena));
        const struct value value = random_value(&random, type, &arena);
        const struct value copy = value_copy(&copies, type, &value);
        assert_true(value_equal(type, &value, &copy));
        struct buf before = {0};
        value_write_json(type, &copy, &before);
        arena_release(&arena);
        arena_init(&arena, 0);
        struct buf after = {0};
        value_write_json(type, &copy, &after);
        assert_true(str_equal(buf_str(&before), buf_str(&after)));
        buf_release(&before);
        buf_release(&after);
    }
    arena_release(&arena);
    arena_release(&copies);
}

static void rows_are_shown_as_json(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *map = type_map(&arena, &type_integer, &type_double);
    const struct type *array = type_array(&arena, type_decimal(&arena, 4, 2));
    const struct type_field fields[] = {
        {STR("A"), &type_string}, {STR("B"), &type_boolean}, {STR("C"), &type_bytes},
        {STR("D"), &type_time},   {STR("E"), &type_date},    {STR("F"), &type_timestamp},
        {STR("G"), map},          {STR("H"), array},         {STR("I"), &type_bigint}};
    const struct type *type = type_struct(&arena, fields, 9);
    struct value entries[] = {{.integer = 7}, {.number = NAN}, {.integer = 8}, {.number = 0.5}};
    struct value decimals[] = {{.decimal = -1234}, VALUE_NULL};
    struct value items[] = {
        {.text = STR("say \"hi\"")}, {.boolean = true},       {.text = STR("\x00\xff\x10\x80")},
        {.integer = 36000001},       {.integer = -1},         {.bigint = -1},
        {.list = {entries, 2}},      {.list = {decimals, 2}}, {.bigint = INT64_MIN},
    };
    const struct value value = {.list = {items, 9}};
    struct buf buf = {0};
    value_write_json(type, &value, &buf);
    assert_str(buf_str(&buf),
               "{\"A\":\"say \\\"hi\\\"\",\"B\":true,\"C\":\"AP8QgA==\",\"D\":\"10:00:00.001\","
               "\"E\":\"1969-12-31\",\"F\":\"1969-12-31T23:59:59.999\","
               "\"G\":{\"7\":\"NaN\",\"8\":0.5},\"H\":[-12.34,null],"
               "\"I\":-9223372036854775808}");
    buf_release(&buf);
    arena_release(&arena);
}

static void types_have_ksqldbs_text(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type_field fields[] = {{STR("ITEM"), &type_string},
                                        {STR("odd`name"), type_decimal(&arena, 4, 2)}};
    const struct type *type =
        type_array(&arena, type_map(&arena, &type_string, type_struct(&arena, fields, 2)));
    assert_str(type_text(type, &arena),
               "ARRAY<MAP<STRING, STRUCT<`ITEM` STRING, `odd``name` DECIMAL(4, 2)>>>");
    assert_true(type_equal(type, type_copy(&arena, type)));
    assert_false(type_equal(type, type->item));
    assert_false(type_equal(type_decimal(&arena, 4, 2), type_decimal(&arena, 4, 1)));
    assert_true(type_is_numeric(type_decimal(&arena, 4, 2)));
    assert_false(type_is_numeric(&type_timestamp));
    const struct type_field renamed[] = {{STR("item"), &type_string}, fields[1]};
    assert_false(type_equal(type_struct(&arena, fields, 2), type_struct(&arena, renamed, 2)));

    const struct row_column columns[] = {
        {STR("ID"), &type_string, COLUMN_KEY, {0}},
        {STR("TOTAL"), &type_double, COLUMN_VALUE, {0}},
        {STR("H"), &type_bytes, COLUMN_HEADERS, STR("trace")},
    };
    const struct row_type *row_type = row_type_new(&arena, columns, 3);
    struct buf buf = {0};
    row_type_format(row_type, &buf);
    assert_str(buf_str(&buf), "`ID` STRING KEY, `TOTAL` DOUBLE, `H` BYTES HEADER('trace')");
    buf_release(&buf);
    assert_int_equal(row_type_find(row_type, STR("TOTAL")), 1);
    assert_int_equal(row_type_find(row_type, STR("total")), -1);
    assert_int_equal(row_type_key_count(row_type), 1);
    assert_int_equal(row_type_value_count(row_type), 1);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_are_equal_in_any_order), cmocka_unit_test(doubles_have_one_order),
        cmocka_unit_test(copies_stand_alone),          cmocka_unit_test(rows_are_shown_as_json),
        cmocka_unit_test(types_have_ksqldbs_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
