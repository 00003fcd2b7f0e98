/* plan_test.c -- queries as plans: stages, what may stand in them, what is refused and how. */
#include "fixture.h"

static int setup(void **state)
{
    static struct fixture fixture;
    fixture_init(&fixture);
    *state = &fixture;
    fixture_must_declare(&fixture, "CREATE STREAM l (k INT KEY, a INT, b STRING) WITH "
                                   "(kafka_topic='l', value_format='JSON')");
    fixture_must_declare(&fixture, "CREATE STREAM r (k INT KEY, c INT, d STRING) WITH "
                                   "(kafka_topic='r', value_format='JSON')");
    fixture_must_declare(&fixture, "CREATE STREAM q (k INT KEY, e INT, f STRING) WITH "
                                   "(kafka_topic='q', value_format='JSON')");
    fixture_must_declare(&fixture, "CREATE TABLE t (k INT PRIMARY KEY, g INT, h STRING) WITH "
                                   "(kafka_topic='t', value_format='JSON')");
    return 0;
}

static int teardown(void **state)
{
    fixture_release(*state);
    return 0;
}

static enum err plan_of(struct fixture *fixture, const char *text, struct plan **ret_plan)
{
    return sql_plan_query(fixture_statement(fixture, text), &fixture->catalog, &fixture->arena,
                          ret_plan, &fixture->why);
}

static bool keeps_state(const struct plan_node *node)
{
    return node && (node->kind == NODE_STREAM_JOIN || node->kind == NODE_TABLE_JOIN ||
                    node->kind == NODE_AGGREGATE || keeps_state(node->inputs[0]) ||
                    keeps_state(node->inputs[1]));
}

/* A stage that is one task for all partitions keeps no state of a partition. */
static void test_state_and_rekeying(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[] = {
        "CREATE STREAM o AS SELECT l.a, l.k, r.k FROM l JOIN r WITHIN 1 HOUR ON l.k = r.k "
        "PARTITION BY l.a",
        "CREATE STREAM o AS SELECT * FROM l JOIN r WITHIN 1 HOUR ON l.a = r.c PARTITION BY l.b",
        "CREATE STREAM o AS SELECT l.k, d, e FROM l JOIN r WITHIN 1 HOUR ON l.k = r.k "
        "JOIN q WITHIN 1 HOUR ON l.k = q.k",
        "CREATE STREAM o AS SELECT l.k, q.k, d, e FROM l JOIN r WITHIN 1 HOUR ON l.k = r.k "
        "JOIN q WITHIN 1 HOUR ON r.c = q.e",
        "CREATE STREAM o AS SELECT l.k, q.k, e FROM l JOIN q WITHIN 1 HOUR ON l.a = q.e "
        "JOIN t ON l.k = t.k PARTITION BY q.k",
        "CREATE TABLE o AS SELECT l.a, COUNT(*) AS n FROM l JOIN r WITHIN 1 HOUR ON l.k = r.k "
        "GROUP BY l.a",
        "CREATE TABLE o AS SELECT l.b, COUNT(*) AS n FROM l JOIN t ON l.k = t.k GROUP BY l.b",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plan *plan;
        if (plan_of(fixture, cases[i], &plan) != OK)
            fail_msg("%s: %s", cases[i], fixture->why.text);
        bool gathers = false;
        for (uint32_t s = 0; s < plan->stage_count; s++) {
            gathers |= plan->stages[s].gathers;
            for (uint32_t b = 0; plan->stages[s].gathers && b < plan->stages[s].branch_count; b++)
                if (keeps_state(plan->stages[s].branches[b].root))
                    fail_msg("%s: stage %u gathers and keeps state", cases[i], s);
        }
        if (i != 2)
            assert_true(gathers);
    }
}

/* What the world's settings say reaches the plan. */
static void test_settings(void **state)
{
    struct fixture *fixture = *state;
    struct plan *plan;
    fixture->catalog.topic_prefix = STR("p-");
    fixture->catalog.unwraps_single_values = true;
    fixture->catalog.collect_list_max = 5;
    fixture->catalog.collect_set_max = 6;
    assert_int_equal(plan_of(fixture,
                             "CREATE TABLE o AS SELECT k, COLLECT_LIST(a) AS c FROM l GROUP BY k",
                             &plan),
                     OK);
    assert_true(str_equal(plan->sink->format.topic, STR("p-O")));
    assert_true(plan->sink->format.value.unwrapped);
    const struct plan_node *node = plan->stages[0].branches[0].root;
    while (node->kind != NODE_AGGREGATE)
        node = node->inputs[0];
    assert_int_equal(node->aggregates[0].aggregate->items_max, 5);
    assert_int_equal(plan_of(fixture,
                             "CREATE TABLE o WITH (kafka_topic='x', wrap_single_value=true) AS "
                             "SELECT k, COUNT(*) AS n FROM l GROUP BY k",
                             &plan),
                     OK);
    assert_true(str_equal(plan->sink->format.topic, STR("x")));
    assert_false(plan->sink->format.value.unwrapped);
}

/* PARTITION BY what is no key is NULL where the record has no value. */
static void test_partition_by_value(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        bool needs_value;
    } cases[] = {
        {"CREATE STREAM o AS SELECT * FROM l PARTITION BY COALESCE(a, 1)", true},
        {"CREATE STREAM o AS SELECT * FROM l PARTITION BY ROWTIME", true},
        {"CREATE STREAM o AS SELECT * FROM l PARTITION BY k + 1", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plan *plan;
        if (plan_of(fixture, cases[i].text, &plan) != OK)
            fail_msg("%s: %s", cases[i].text, fixture->why.text);
        const struct plan_node *root = plan->stages[0].branches[0].root;
        assert_int_equal(root->kind, NODE_PROJECT);
        assert_int_equal(root->needs_value && root->needs_value[0], cases[i].needs_value);
    }
}

/* Each refusal says where and what, and the nearest name when one is near. */
static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        int32_t line;
        int32_t column;
        const char *words;
    } cases[] = {
        {"SELECT k,\n  aa\nFROM l EMIT CHANGES", 2, 3, "unknown column 'aa'"},
        {"CREATE STREAM o AS SELECT l.k, l.bb FROM l JOIN r WITHIN 1 HOUR ON l.k = r.k", 1, 34,
         "unknown column 'l.bb'"},
        {"SELECT k FROM ll EMIT CHANGES", 1, 15, "unknown stream or table 'LL', did you mean 'L'?"},
        {"SELECT SUBSTRNG(b, 1) FROM l EMIT CHANGES", 1, 8, "did you mean 'SUBSTRING'?"},
        {"SELECT a + b FROM l EMIT CHANGES", 1, 10,
         "'+' expects numbers, found INTEGER and STRING"},
        {"SELECT k FROM l WHERE b EMIT CHANGES", 1, 23, "should be of type BOOLEAN"},
        {"SELECT a = NULL FROM l EMIT CHANGES", 1, 10, "use IS NULL"},
        {"CREATE STREAM o AS SELECT a FROM l", 1, 27, "key missing from projection"},
        {"CREATE STREAM o AS SELECT k FROM l", 1, 20, "no value columns"},
        {"CREATE TABLE o AS SELECT k, a FROM l", 1, 14, "use CREATE STREAM AS SELECT"},
        {"CREATE TABLE o AS SELECT a, b, COUNT(*) FROM l GROUP BY a", 1, 29, "neither grouped by"},
        {"CREATE STREAM o AS SELECT l.k, a, c FROM l JOIN r ON l.k = r.k", 1, 44, "WITHIN"},
        {"CREATE STREAM o AS SELECT l.k, a, g FROM l JOIN t WITHIN 1 HOUR ON l.k = t.k", 1, 51,
         "WITHIN is only for joins of two streams"},
        {"SELECT a AS x, b AS x FROM l EMIT CHANGES", 1, 16, "duplicate column 'X'"},
        {"CREATE STREAM o AS SELECT k, a AS x, b AS x FROM l", 1, 38, "duplicate column 'X'"},
        {"CREATE STREAM o AS SELECT k AS x, a AS x FROM l", 1, 35, "duplicate column 'X'"},
        {"CREATE STREAM o WITH (valu_format='JSON') AS SELECT * FROM l", 1, 23,
         "did you mean 'VALUE_FORMAT'?"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plan *plan;
        fixture->why = (struct why){0};
        fixture_assert_refused(fixture, plan_of(fixture, cases[i].text, &plan), cases[i].words);
        if (fixture->why.line != cases[i].line || fixture->why.column != cases[i].column)
            fail_msg("%s: at %d:%d", cases[i].text, fixture->why.line, fixture->why.column);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_state_and_rekeying, setup, teardown),
        cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_partition_by_value, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
