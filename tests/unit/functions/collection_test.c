/* collection_test.c -- arrays, maps, JSON, conditions, lambdas, table functions. */
#include "expressions.h"

static void arrays(void **state)
{
    struct expr *list = ARRAY(integer(3), null(), integer(1), integer(3));
    assert_shown(CALL("ARRAY_LENGTH", list), "INTEGER 4");
    assert_shown(CALL("ARRAY_CONTAINS", list, integer(1)), "BOOLEAN true");
    assert_shown(CALL("ARRAY_CONTAINS", list, null()), "BOOLEAN true");
    assert_shown(CALL("ARRAY_CONTAINS", typed_null(list->type), integer(1)), "BOOLEAN false");
    assert_shown(CALL("ARRAY_MIN", list), "INTEGER 1");
    assert_shown(CALL("ARRAY_MAX", list), "INTEGER 3");
    assert_shown(CALL("ARRAY_SORT", list), "ARRAY<INTEGER> [1,3,3,null]");
    assert_shown(CALL("ARRAY_SORT", list, text(" desc ")), "ARRAY<INTEGER> [3,3,1,null]");
    assert_shown(CALL("ARRAY_SORT", list, text("up")), "ARRAY<INTEGER> null !");
    assert_shown(CALL("ARRAY_JOIN", list), "STRING \"3,null,1,3\"");
    assert_shown(CALL("ARRAY_JOIN", ARRAY(number(1.23), number(0)), null()), "STRING \"1.230.0\"");
    assert_shown(CALL("SLICE", list, integer(2), integer(3)), "ARRAY<INTEGER> [null,1]");
    assert_shown(CALL("SLICE", list, null(), integer(1)), "ARRAY<INTEGER> [3]");
    assert_shown(CALL("SLICE", list, integer(2), integer(9)), "ARRAY<INTEGER> null !");
    assert_shown(CALL("SLICE", list, integer(0), integer(2)), "ARRAY<INTEGER> null !");
    assert_shown(CALL("ARRAY_REMOVE", list, integer(3)), "ARRAY<INTEGER> [null,1]");
    REFUSED("ARRAY_MAX", ARRAY(list));
    REFUSED("ARRAY_JOIN", ARRAY(list));
    REFUSED("ARRAY_LENGTH", text("a"));
}

static void arrays_as_sets(void **state)
{
    struct expr *a = ARRAY(integer(0), integer(0), null(), integer(1));
    struct expr *b = ARRAY(integer(1), integer(-2), null());
    assert_shown(CALL("ARRAY_DISTINCT", a), "ARRAY<INTEGER> [0,null,1]");
    assert_shown(CALL("ARRAY_UNION", a, b), "ARRAY<INTEGER> [0,null,1,-2]");
    assert_shown(CALL("ARRAY_INTERSECT", a, b), "ARRAY<INTEGER> [null,1]");
    assert_shown(CALL("ARRAY_EXCEPT", a, b), "ARRAY<INTEGER> [0]");
    assert_shown(CALL("ARRAY_CONCAT", b, b), "ARRAY<INTEGER> [1,-2,null,1,-2,null]");
    assert_shown(CALL("ARRAY_CONCAT", a, typed_null(a->type)), "ARRAY<INTEGER> [0,0,null,1]");
    assert_shown(CALL("ARRAY_UNION", a, typed_null(a->type)), "ARRAY<INTEGER> null");
    struct expr *maps = ARRAY(MAP(text("a"), integer(1), text("b"), integer(2)),
                              MAP(text("b"), integer(2), text("a"), integer(1)));
    assert_shown(CALL("ARRAY_DISTINCT", maps), "ARRAY<MAP<STRING, INTEGER>> [{\"a\":1,\"b\":2}]");
}

static void maps(void **state)
{
    struct expr *m = MAP(text("b"), integer(1), text("a"), integer(2));
    assert_shown(CALL("MAP_KEYS", m), "ARRAY<STRING> [\"b\",\"a\"]");
    assert_shown(CALL("MAP_VALUES", m), "ARRAY<INTEGER> [1,2]");
    assert_shown(CALL("MAP_UNION", m, MAP(text("a"), integer(9), text("c"), integer(3))),
                 "MAP<STRING, INTEGER> {\"b\":1,\"a\":9,\"c\":3}");
    assert_shown(CALL("AS_MAP", ARRAY(text("x"), text("y")), ARRAY(integer(1))),
                 "MAP<STRING, INTEGER> {\"x\":1}");
    assert_shown(CALL("ENTRIES", m, boolean(true)),
                 "ARRAY<STRUCT<`K` STRING, `V` INTEGER>> [{\"K\":\"a\",\"V\":2},"
                 "{\"K\":\"b\",\"V\":1}]");
}

static void json(void **state)
{
    struct expr *doc = text("{\"a\": {\"b c\": [1, {\"x\": \"y\"}, 1.23450]}, \"n\": null, "
                            "\"a.b\": true}");
    static const struct {
        const char *path, *wanted;
    } cases[] = {
        {"$.a['b c'][0]", "STRING \"1\""},
        {"$.a['b c'][1].x", "STRING \"y\""},
        {"$.a['b c'][2]", "STRING \"1.23450\""},
        {"$.a['b c'][-1]", "STRING null"},
        {"$.n", "STRING null"},
        {"$.zzz.y", "STRING null"},
        {"$[\"a.b\"]", "STRING \"true\""},
        {"$.a['b c']", NULL},
        {"a", "STRING null !"},
        {"$.", "STRING null !"},
        {"$.a[", "STRING null !"},
        {"$.a['b", "STRING null !"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_shown(CALL("EXTRACTJSONFIELD", doc, text(cases[i].path)),
                     cases[i].wanted ? cases[i].wanted
                                     : "STRING \"[1,{\\\"x\\\":\\\"y\\\"},1.23450]\"");
    assert_shown(CALL("EXTRACTJSONFIELD", text("{\"a\":1"), text("$.a")), "STRING null !");
    assert_shown(CALL("JSON_ARRAY_CONTAINS", text("[\"a\", 1, 2.5]"), number(2.5)), "BOOLEAN true");
    assert_shown(CALL("JSON_ARRAY_CONTAINS", text("[\"a\", 1]"), text("1")), "BOOLEAN false");
    assert_shown(CALL("JSON_ARRAY_LENGTH", text("[1, [2, 3]]")), "INTEGER 2");
    assert_shown(CALL("JSON_KEYS", text("{\"x\": {}, \"y\": 1}")), "ARRAY<STRING> [\"x\",\"y\"]");
    assert_shown(CALL("JSON_RECORDS", text("{\"x\": {\"z\": 1}, \"y\": \"1\"}")),
                 "MAP<STRING, STRING> {\"x\":\"{\\\"z\\\":1}\",\"y\":\"1\"}");
    assert_shown(CALL("JSON_ITEMS", text("[{\"t\": \"A\"}, 2]")),
                 "ARRAY<STRING> [\"{\\\"t\\\":\\\"A\\\"}\",\"2\"]");
    assert_shown(CALL("JSON_CONCAT", text("{\"a\": 1, \"b\": 2}"), text("{\"a\": {\"3\": 4}}")),
                 "STRING \"{\\\"b\\\":2,\\\"a\\\":{\\\"3\\\":4}}\"");
    assert_shown(CALL("JSON_CONCAT", text("[1, [2]]"), text("{\"a\": 1}"), text("null")),
                 "STRING \"[1,[2],{\\\"a\\\":1},null]\"");
    assert_shown(CALL("JSON_CONCAT", text("1"), text("")), "STRING null");
    assert_shown(CALL("IS_JSON_STRING", text("[1,")), "BOOLEAN false");
    assert_shown(CALL("TO_JSON_STRING", ARRAY(integer(1))), "STRING \"[1]\"");
    assert_shown(CALL("TO_JSON_STRING", typed_null(&type_integer)), "STRING \"null\"");
}

static void conditions(void **state)
{
    struct expr *bad = CALL("PARSE_DATE", text("2004"), text("yyyy-MM-dd"));
    struct expr *good = CALL("PARSE_DATE", text("2004-01-01"), text("yyyy-MM-dd"));
    assert_shown(CALL("COALESCE", bad, good), "DATE \"2004-01-01\" !");
    assert_shown(CALL("IFNULL", cast(bad, &type_string), text("1900")), "STRING \"1900\" !");
    assert_shown(CALL("NULLIF", integer(1), integer(1)), "INTEGER null");
    assert_shown(CALL("NULLIF", integer(1), typed_null(&type_integer)), "INTEGER 1");
    assert_shown(CALL("GREATEST", text("a"), null(), text("b")), "STRING \"b\"");
    assert_shown(CALL("LEAST", fixed("1.5", 2, 1), fixed("1.45", 3, 2)), "DECIMAL(3, 2) 1.45");
    assert_shown(CALL("AS_VALUE", integer(7)), "INTEGER 7");
    /* A sum with a NULL in it is NULL as a whole, but for a CAST and a function's argument that is
     * a function itself. */
    struct expr *sum = CALL("+", integer(1), typed_null(&type_integer));
    struct expr *test = CALL(">", sum, integer(3)), *inverted = NULL;
    assert_int_equal(expr_logic(&arena, EXPR_NOT, &test, 1, nowhere, &inverted, &why), OK);
    assert_shown(inverted, "BOOLEAN null");
    assert_shown(CALL("IFNULL", sum, integer(9)), "INTEGER null");
    assert_shown(CALL("IFNULL", CALL("ABS", sum), integer(9)), "INTEGER 9");
    assert_shown(CALL("IFNULL", cast(sum, &type_bigint), integer(9)), "BIGINT 9");
}

static struct expr *parameter(uint32_t index, const struct type *type)
{
    return expr_parameter(&arena, index, type, nowhere);
}

static struct expr *lambda(uint32_t count, struct expr *body)
{
    return expr_lambda(&arena, count, body, nowhere);
}

static void lambdas_over_arrays(void **state)
{
    struct expr *list = ARRAY(integer(3), integer(6)), *holed = ARRAY(integer(5), null());
    const struct type *types[3];
    uint32_t count = 0;
    assert_int_equal(
        function_lambda_types(&arena, STR("transform"), &list, 1, 1, types, &count, nowhere, &why),
        OK);
    assert_int_equal(count, 1);
    assert_ptr_equal(types[0], &type_integer);
    struct expr *plus = lambda(1, CALL("+", parameter(0, types[0]), integer(5)));
    assert_shown(CALL("TRANSFORM", list, plus), "ARRAY<INTEGER> [8,11]");
    assert_shown(CALL("TRANSFORM", holed, plus), "ARRAY<INTEGER> null !");
    assert_shown(CALL("TRANSFORM", typed_null(list->type), plus), "ARRAY<INTEGER> null");
    struct expr *over = lambda(1, CALL(">", parameter(0, &type_integer), integer(4)));
    assert_shown(CALL("FILTER", holed, over), "ARRAY<INTEGER> [5]");
    assert_shown(CALL("FILTER", list, over), "ARRAY<INTEGER> [6]");

    struct expr *before[2] = {list, bigint(2)};
    assert_int_equal(
        function_lambda_types(&arena, STR("REDUCE"), before, 2, 2, types, &count, nowhere, &why),
        OK);
    assert_int_equal(count, 2);
    assert_ptr_equal(types[0], &type_bigint);
    struct expr *add =
        lambda(2, CALL("+", parameter(0, &type_bigint), parameter(1, &type_integer)));
    assert_shown(CALL("REDUCE", list, bigint(2), add), "BIGINT 11");
    assert_shown(CALL("REDUCE", holed, bigint(2), add), "BIGINT null !");
    assert_shown(CALL("REDUCE", typed_null(list->type), bigint(2), add), "BIGINT 2");
    /* The state cannot grow out of its type. */
    REFUSED("REDUCE", list, integer(2), add);
    REFUSED("TRANSFORM", list, add);
    REFUSED("FILTER", list, plus);
    assert_int_equal(
        function_lambda_types(&arena, STR("UCASE"), &list, 1, 1, types, &count, nowhere, &why),
        ERR_INVALID);
}

static void lambdas_over_maps(void **state)
{
    struct expr *m = MAP(text("a"), ARRAY(integer(2), integer(4)), text("b"), ARRAY(integer(-1)));
    struct expr *key = lambda(2, CALL("+", parameter(0, &type_string), text("_x")));
    struct expr *least =
        lambda(2, CALL("+", CALL("ARRAY_MIN", parameter(1, m->type->item)), integer(1)));
    assert_shown(CALL("TRANSFORM", m, key, least), "MAP<STRING, INTEGER> {\"a_x\":3,\"b_x\":0}");
    struct expr *same = lambda(2, text("k"));
    assert_shown(CALL("TRANSFORM", m, same, least), "MAP<STRING, INTEGER> null !");
    struct expr *keep = lambda(2, CALL("=", parameter(0, &type_string), text("b")));
    assert_shown(CALL("FILTER", m, keep), "MAP<STRING, ARRAY<INTEGER>> {\"b\":[-1]}");
    struct expr *join =
        lambda(3, CALL("CONCAT", parameter(0, &type_string), parameter(1, &type_string)));
    assert_shown(CALL("REDUCE", m, text(">"), join), "STRING \">ab\"");
}

static void table_functions(void **state)
{
    assert_shown(CALL("EXPLODE", ARRAY(integer(1), null())), "ARRAY<INTEGER> [1,null]");
    assert_shown(CALL("CUBE_EXPLODE", ARRAY(integer(1), integer(2))),
                 "ARRAY<ARRAY<INTEGER>> [[null,null],[null,2],[1,null],[1,2]]");
    assert_shown(CALL("CUBE_EXPLODE", ARRAY(integer(1), null())),
                 "ARRAY<ARRAY<INTEGER>> [[null,null],[1,null]]");
    struct expr *series = CALL("GENERATE_SERIES", integer(1), integer(40));
    assert_shown(CALL("CUBE_EXPLODE", series), "ARRAY<ARRAY<INTEGER>> null !");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(arrays),
        TEST(arrays_as_sets),
        TEST(maps),
        TEST(json),
        TEST(conditions),
        TEST(lambdas_over_arrays),
        TEST(lambdas_over_maps),
        TEST(table_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
