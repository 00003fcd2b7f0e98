/* table_test.c -- kept tables, joins with them, table functions. */
#include "tables.h"

static struct fixture fixture;

static int setup(void **state)
{
    fixture_init(&fixture);
    fixture.flow_options.emit_every_change = true;
    make_table_topics(&fixture);
    make_topic(&fixture, "T", 1);
    return 0;
}

static int teardown(void **state)
{
    fixture_release(&fixture);
    return 0;
}

static const struct plan *make_copy_plan(int64_t more_than)
{
    struct arena *arena = &fixture.arena;
    struct plan_input *input = ARENA_NEW(arena, struct plan_input);
    *input = make_source(arena, "S", true);
    struct plan_node *root = make_table(arena, input, 0);
    if (more_than > 0)
        root = make_having(arena, root, 2, more_than);
    return make_one_stage(arena, input, 1, root);
}

static void test_forwards_changes(void **state)
{
    start(&fixture, make_copy_plan(0));
    put(&fixture, "S", "a", "x,1", 10);
    put(&fixture, "S", "a", NULL, 20);
    put(&fixture, "S", "a", "x,2", 30);
    put(&fixture, "S", "b", NULL, 40);
    put(&fixture, "S", NULL, "x,3", 50);
    assert_text(output(&fixture), STR("a|x,1|10\na||20\na|x,2|30\nb||40\n"));
    assert_int_equal(counted(&fixture, COUNTER_null_key), 1);
}

static void test_condition_makes_deletions(void **state)
{
    start(&fixture, make_copy_plan(5));
    put(&fixture, "S", "a", "x,1", 10);
    put(&fixture, "S", "a", "x,6", 20);
    put(&fixture, "S", "a", "x,7", 30);
    put(&fixture, "S", "a", "x,2", 40);
    put(&fixture, "S", "a", NULL, 50);
    assert_text(output(&fixture), STR("a|x,6|20\na|x,7|30\na||40\n"));
}

static void test_one_change_a_key_and_step(void **state)
{
    fixture.flow_options.emit_every_change = false;
    struct producer producer = {.fixture = &fixture};
    producer_add(&producer, "S", "a", "x,1", 10);
    producer_add(&producer, "S", "b", "x,2", 20);
    producer_add(&producer, "S", "a", "x,3", 30);
    producer_add(&producer, "S", "b", NULL, 40);
    producer_send(&producer);
    start(&fixture, make_copy_plan(0));
    assert_text(output(&fixture), STR("a|x,3|30\n"));
    put(&fixture, "S", "a", NULL, 60);
    assert_text(output(&fixture), STR("a|x,3|30\na||60\n"));
}

static void put_both_sides(void)
{
    put(&fixture, "S", "a", "x,1", 5);
    put(&fixture, "T", "a", "old,10", 10);
    put(&fixture, "S", "a", "x,2", 20);
    put(&fixture, "T", "a", "new,11", 30);
    put(&fixture, "S", "a", "x,3", 30);
    put(&fixture, "S", "a", "x,4", 31);
    put(&fixture, "T", "a", NULL, 40);
    put(&fixture, "S", "a", "x,5", 50);
    put(&fixture, "S", NULL, "x,6", 60);
    put(&fixture, "S", "a", NULL, 70);
}

static void test_inner_join(void **state)
{
    const struct plan *plan = make_table_join_plan(&fixture.arena, JOIN_INNER);
    put_both_sides();
    start(&fixture, plan);
    assert_text(output(&fixture), STR("a|2,old,10|20\na|3,old,10|30\na|4,new,11|31\n"));
    assert_int_equal(counted(&fixture, COUNTER_null_key), 1);
    assert_int_equal(counted(&fixture, COUNTER_null_value), 1);
    put(&fixture, "T", "b", "kept,1", 80);
    wait_idle(&fixture);
    restart(&fixture, plan);
    put(&fixture, "S", "b", "x,9", 90);
    assert_text(output(&fixture), STR("a|2,old,10|20\na|3,old,10|30\na|4,new,11|31\n"
                                      "b|9,kept,1|90\n"));
}

static void test_left_join(void **state)
{
    put_both_sides();
    start(&fixture, make_table_join_plan(&fixture.arena, JOIN_LEFT));
    assert_text(output(&fixture), STR("a|1,,|5\na|2,old,10|20\na|3,old,10|30\na|4,new,11|31\n"
                                      "a|5,,|50\n-|6,,|60\n"));
}

/* SELECT K, EXPLODE(ARRAY[N, N]), EXPLODE(ARRAY[N]) FROM S. */
static void test_explode(void **state)
{
    struct arena *arena = &fixture.arena;
    struct plan_input *input = ARENA_NEW(arena, struct plan_input);
    *input = make_source(arena, "S", false);
    const struct row_column columns[] = {
        make_column("K", &type_string, true), make_column("G", &type_string, false),
        make_column("N", &type_bigint, false), make_column("A", &type_bigint, false),
        make_column("B", &type_bigint, false)};
    struct plan_node *node = make_node(arena, NODE_EXPLODE, 7, row_type_new(arena, columns, 5));
    node->inputs[0] = make_node(arena, NODE_INPUT, 8, input->row_type);
    struct expr *items[] = {expr_column(arena, 2, &type_bigint, AT),
                            expr_column(arena, 2, &type_bigint, AT)};
    struct expr **exprs = ARENA_ARRAY(arena, struct expr *, 2);
    assert_ok(expr_array(arena, items, 2, AT, &exprs[0], NULL));
    assert_ok(expr_array(arena, items, 1, AT, &exprs[1], NULL));
    node->exprs = exprs;
    node->expr_count = 2;
    start(&fixture, make_one_stage(arena, input, 1, node));
    put(&fixture, "S", "a", "x,1", 10);
    put(&fixture, "S", "b", NULL, 20);
    put(&fixture, "S", "c", "y,2", 30);
    assert_text(output(&fixture), STR("a|x,1,1,1|10\na|x,1,1,|10\nc|y,2,2,2|30\nc|y,2,2,|30\n"));
}

/* Keys written again and again: the changelog stays within about twice the table. */
static void test_changelog_is_tidied_up(void **state)
{
    fixture.flow_options.emit_every_change = false;
    const struct plan *plan = make_copy_plan(0);
    start(&fixture, plan);
    char key[16], value[32];
    for (int round = 0; round < 20; round++) {
        struct producer producer = {.fixture = &fixture};
        for (int i = 0; i < 500; i++) {
            (void)snprintf(key, sizeof(key), "k%d", i);
            (void)snprintf(value, sizeof(value), "x,%d", round * 1000 + i);
            producer_add(&producer, "S", key, value, round);
        }
        producer_add(&producer, "S", "once", round == 0 ? "x,1" : NULL, round);
        producer_add(&producer, "S", "kept", "x,1", 0);
        producer_send(&producer);
        wait_idle(&fixture);
    }
    struct log_topic_info info;
    assert_ok(
        log_describe(fixture.log, STR("_query_Q_1-1-changelog"), &fixture.arena, &info, NULL));
    assert_true(info.partitions[0].begin_offset > 5000);
    assert_true(info.partitions[0].end_offset > 10000);
    restart(&fixture, plan);
    wait_idle(&fixture);
    struct flow_status status;
    flow_get_status(fixture.query, &fixture.arena, &status);
    assert_int_equal(status.state_rows, 501);
}

/* Started, but held: nothing of the table is there yet, and whoever asks is told so. */
static void test_restoring_is_seen(void **state)
{
    const struct plan *plan = make_copy_plan(0);
    start(&fixture, plan);
    put(&fixture, "S", "a", "x,1", 10);
    put(&fixture, "S", "b", "x,2", 20);
    wait_idle(&fixture);
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_join(&fixture);
    open_flow(&fixture);
    flow_hold(fixture.flow, true);
    start_query(&fixture, plan);
    struct flow_status status;
    flow_get_status(fixture.query, &fixture.arena, &status);
    assert_int_equal(status.state, FLOW_RESTORING);
    assert_true(status.restored == 0);
    assert_int_equal(status.state_rows, 0);
    flow_hold(fixture.flow, false);
    put(&fixture, "S", "a", "x,3", 30);
    assert_text(output(&fixture), STR("a|x,1|10\nb|x,2|20\na|x,3|30\n"));
    flow_get_status(fixture.query, &fixture.arena, &status);
    assert_int_equal(status.state, FLOW_RUNNING);
    assert_true(status.restored == 1);
    assert_int_equal(status.state_rows, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_forwards_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_condition_makes_deletions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_change_a_key_and_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_inner_join, setup, teardown),
        cmocka_unit_test_setup_teardown(test_left_join, setup, teardown),
        cmocka_unit_test_setup_teardown(test_explode, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changelog_is_tidied_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restoring_is_seen, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
