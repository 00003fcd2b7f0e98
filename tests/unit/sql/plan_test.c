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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_state_and_rekeying, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
