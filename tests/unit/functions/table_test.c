/* table_test.c -- the function table: every function has a name, a signature, a body and a doc. */
#include "expressions.h"

#include "functions/function.h"

static void every_function_has_all_four(void **state)
{
    int missing = 0;
    assert_true(function_count() > 100);
    for (uint32_t i = 0; i < function_count(); i++) {
        const struct function_info *info = function_at(i);
        const struct function_entry *entry = function_entry_find(info->name);
        const bool is_complete = info->name.size > 0 && info->doc != NULL &&
                                 strlen(info->doc) > 2 && info->signature_count > 0;
        if (!is_complete) {
            print_message("'%.*s' lacks name, signature or doc\n", STR_ARGS(info->name));
            missing++;
        }
        for (uint32_t k = 0; k < entry->overload_count; k++) {
            const struct function_overload *overload = &entry->overloads[k];
            const bool has_body = info->kind == FUNCTION_AGGREGATE
                                      ? overload->aggregate != NULL
                                      : (overload->value != NULL) != (overload->columns != NULL);
            if (has_body)
                continue;
            print_message("'%s' has no body, or two\n", overload->signature);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

static void every_signature_can_be_parsed(void **state)
{
    for (uint32_t i = 0; i < function_count(); i++) {
        const struct function_entry *entry = function_entry_find(function_at(i)->name);
        for (uint32_t k = 0; k < entry->overload_count; k++) {
            const struct function_overload *overload = &entry->overloads[k];
            assert_true(str_equal(function_overload_name(overload), function_at(i)->name));
            const struct signature *signature = signature_parse(&arena, overload->signature);
            assert_non_null(signature->result);
            assert_true(signature->required_count <= signature->param_count);
            if (overload->aggregate) {
                const struct aggregate_ops *ops = &overload->aggregate->ops;
                assert_true(ops->init && ops->add && ops->undo && ops->merge && ops->result);
                assert_true(overload->aggregate->can_undo == (ops->undo != aggregate_cannot_undo));
            }
        }
    }
}

static void names_are_found_whatever_their_case(void **state)
{
    assert_ptr_equal(function_find(STR("ucase")), function_find(STR("UCASE")));
    assert_int_equal(function_find(STR("explode"))->kind, FUNCTION_TABLE);
    assert_int_equal(function_find(STR("Sum"))->kind, FUNCTION_AGGREGATE);
    assert_null(function_find(STR("+")));
    assert_null(function_find(STR("BETWEEN")));
    assert_null(function_find(STR("nothing")));
    assert_true(str_equal(function_nearest(STR("SUBSTRNG")), STR("SUBSTRING")));
    for (uint32_t i = 1; i < function_count(); i++)
        assert_true(str_compare(function_at(i - 1)->name, function_at(i)->name) < 0);
}

static void overloads_are_chosen_as_ksqldb_does(void **state)
{
    assert_shown(CALL("greatest", number(1), integer(5), bigint(3), null()), "DOUBLE 5.0");
    assert_non_null(strstr(REFUSED("greatest", integer(1), bigint(2)), "ambiguous"));
    assert_non_null(strstr(REFUSED("least", null(), null()), "ambiguous"));
    assert_non_null(strstr(REFUSED("least", text("a"), integer(2)), "does not accept"));
    assert_non_null(strstr(REFUSED("GEO_DISTANCE", number(1), number(1), text("foo"), integer(0)),
                           "(DOUBLE, DOUBLE, STRING, INTEGER)"));
    assert_non_null(strstr(REFUSED("UCAS", text("a")), "did you mean 'UCASE'?"));
    struct expr *day = cast(text("2026-01-01"), &type_date);
    assert_shown(CALL("GREATEST", day, text("2026-06-14")), "DATE \"2026-06-14\"");
    assert_shown(CALL("LEAST", day, null()), "DATE \"2026-01-01\"");
    REFUSED("DATEADD", day, integer(5), day);
    REFUSED("TIMESTAMPADD", CALL("UCASE", text("days")), integer(5), text("2026-06-14"));
    assert_shown(CALL("IFNULL", integer(1), bigint(3)), "BIGINT 1");
    assert_shown(CALL("ARRAY_CONTAINS", ARRAY(integer(1)), bigint(1)), "BOOLEAN true");
    struct expr *expr = NULL;
    assert_int_equal(expr_call(&arena, STR("COALESCE"), NULL, 0, nowhere, &expr, &why),
                     ERR_INVALID);
    assert_int_equal(expr_call(&arena, STR("COALESCE"), NULL, 0, nowhere, &expr, NULL),
                     ERR_INVALID);
}

static void constants_know_themselves(void **state)
{
    struct expr *expr = NULL;
    struct value value;
    assert_true(expr_is_constant(CALL("+", integer(1), integer(2))));
    assert_false(expr_is_constant(expr_column(&arena, 0, &type_integer, nowhere)));
    assert_int_equal(expr_call(&arena, STR("RANDOM"), NULL, 0, nowhere, &expr, &why), OK);
    assert_false(expr_is_constant(expr));
    assert_false(expr_equal(expr, expr));
    assert_int_equal(expr_call(&arena, STR("UNIX_TIMESTAMP"), NULL, 0, nowhere, &expr, &why), OK);
    assert_false(expr_is_constant(expr));
    assert_int_equal(expr_constant(CALL("+", integer(1), integer(2)), &arena, &value, &why), OK);
    assert_int_equal(value.integer, 3);
    assert_int_equal(expr_constant(CALL("/", integer(1), integer(0)), &arena, &value, &why),
                     ERR_INVALID);
    assert_int_equal(value.integer, 3);
}

static void expressions_are_compared_copied_and_shown(void **state)
{
    struct expr *a = expr_column(&arena, 2, &type_string, (struct place){1, 5});
    struct expr *again = expr_column(&arena, 2, &type_string, (struct place){9, 9});
    struct expr *b = expr_column(&arena, 3, &type_integer, nowhere);
    struct expr *sides[2] = {CALL("LIKE", a, text("it's%"), text("!")),
                             CALL("<=", CALL("+", b, integer(1)), CALL("NEGATE", b))};
    struct expr *other_sides[2] = {CALL("LIKE", again, text("it's%"), text("!")), sides[1]};
    struct expr *one = NULL, *other = NULL;
    assert_int_equal(expr_logic(&arena, EXPR_AND, sides, 2, nowhere, &one, &why), OK);
    assert_int_equal(expr_logic(&arena, EXPR_AND, other_sides, 2, nowhere, &other, &why), OK);
    assert_true(expr_equal(one, other));
    assert_false(expr_equal(one, sides[0]));

    const uint16_t map[4] = {UINT16_MAX, UINT16_MAX, 0, 1};
    struct expr *moved = expr_remap(&arena, one, map);
    assert_false(expr_equal(one, moved));
    bool used[4] = {false};
    expr_columns(moved, used);
    assert_true(used[0] && used[1] && !used[2] && !used[3]);

    const struct row_column columns[2] = {{.name = STR("NAME"), .type = &type_string},
                                          {.name = STR("COUNT"), .type = &type_integer}};
    struct buf buf = {0};
    expr_format(moved, row_type_new(&arena, columns, 2), &buf);
    assert_string_equal(buf_text(&buf),
                        "((NAME LIKE 'it''s%' ESCAPE '!') AND ((COUNT + 1) <= -COUNT))");
    buf_clear(&buf);
    struct expr *in = CALL("IN", b, integer(1), integer(2));
    expr_format(CALL("COALESCE", in, boolean(true)), NULL, &buf);
    assert_string_equal(buf_text(&buf), "COALESCE(($3 IN (1, 2)), true)");
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_function_has_all_four),         TEST(every_signature_can_be_parsed),
        TEST(names_are_found_whatever_their_case), TEST(overloads_are_chosen_as_ksqldb_does),
        TEST(constants_know_themselves),           TEST(expressions_are_compared_copied_and_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
