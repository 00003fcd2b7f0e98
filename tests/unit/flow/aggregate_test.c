/* aggregate_test.c -- GROUP BY of streams and tables, without and with windows. */
#include "tables.h"

static struct fixture fixture;

static int setup(void **state)
{
    fixture_init(&fixture);
    fixture.flow_options.emit_every_change = true;
    make_table_topics(&fixture);
    return 0;
}

static int teardown(void **state)
{
    fixture_release(&fixture);
    return 0;
}

static void start_aggregate(const struct table_options *options)
{
    start(&fixture, make_aggregate_plan(&fixture.arena, options));
}

static void test_counts_and_sums(void **state)
{
    start_aggregate(&(struct table_options){.window = WINDOW_NONE});
    put(&fixture, "S", "a", "x,1", 1000);
    put(&fixture, "S", "b", "x,10", 2000);
    put(&fixture, "S", "a", "x,2", 500);
    put(&fixture, "S", "a", "x,", 3000);
    assert_text(output(&fixture), STR("a|1,1|1000\nb|1,10|2000\na|2,3|1000\na|3,3|3000\n"));
}

static void test_leaves_out_what_has_no_key_or_value(void **state)
{
    start_aggregate(&(struct table_options){.groups_by_g = true});
    put(&fixture, "S", "a", ",1", 1000);
    put(&fixture, "S", "b", NULL, 2000);
    put(&fixture, "S", NULL, "g,7", 500);
    assert_text(output(&fixture), STR("g|1,7|500\n"));
    assert_int_equal(counted(&fixture, COUNTER_null_key), 1);
    assert_int_equal(counted(&fixture, COUNTER_null_value), 1);
}

static void test_emits_a_key_once_a_step(void **state)
{
    fixture.flow_options.emit_every_change = false;
    struct producer producer = {.fixture = &fixture};
    for (int i = 1; i <= 100; i++)
        producer_add(&producer, "S", i % 2 ? "a" : "b", "x,1", i);
    producer_send(&producer);
    start_aggregate(&(struct table_options){.window = WINDOW_NONE});
    assert_text(output(&fixture), STR("a|50,50|99\nb|50,50|100\n"));
}

static void test_having_deletes_what_no_longer_passes(void **state)
{
    start_aggregate(&(struct table_options){.from_table = true, .groups_by_g = true, .having = 1});
    put(&fixture, "S", "1", "g,1", 1000);
    put(&fixture, "S", "2", "g,2", 2000);
    put(&fixture, "S", "2", NULL, 3000);
    put(&fixture, "S", "1", NULL, 4000);
    assert_text(output(&fixture), STR("g|2,3|2000\ng||3000\n"));
}

static void test_takes_back_rows_of_a_table(void **state)
{
    start_aggregate(&(struct table_options){.from_table = true, .groups_by_g = true});
    put(&fixture, "S", "1", "g,1", 1000);
    put(&fixture, "S", "2", "g,2", 2000);
    put(&fixture, "S", "1", "g,5", 3000);
    put(&fixture, "S", "1", "h,7", 4000);
    put(&fixture, "S", "2", NULL, 5000);
    put(&fixture, "S", "3", NULL, 6000);
    assert_text(output(&fixture), STR("g|1,1|1000\ng|2,3|2000\ng|2,7|3000\n"
                                      "g|1,2|4000\nh|1,7|4000\ng|0,0|5000\n"));
}

static void test_tumbling_windows_and_late_rows(void **state)
{
    start_aggregate(
        &(struct table_options){.window = WINDOW_TUMBLING, .size_ms = 30000, .grace_ms = 60000});
    put(&fixture, "S", "a", "x,1", 0);
    put(&fixture, "S", "a", "x,2", 29999);
    put(&fixture, "S", "a", "x,4", 30000);
    put(&fixture, "S", "a", "x,8", 89999);
    put(&fixture, "S", "a", "x,16", 10009);
    put(&fixture, "S", "a", "x,32", 90000);
    put(&fixture, "S", "a", "x,64", 10010);
    assert_text(output(&fixture), STR("a|1,1,0,30000|0\n"
                                      "a|2,3,0,30000|29999\n"
                                      "a|1,4,30000,60000|30000\n"
                                      "a|1,8,60000,90000|89999\n"
                                      "a|3,19,0,30000|29999\n"
                                      "a|1,32,90000,120000|90000\n"));
    assert_int_equal(counted(&fixture, COUNTER_late_window), 1);
}

static void test_hopping_windows(void **state)
{
    start_aggregate(&(struct table_options){
        .window = WINDOW_HOPPING, .size_ms = 30, .advance_ms = 10, .grace_ms = 100});
    put(&fixture, "S", "a", "x,1", 25);
    put(&fixture, "S", "a", "x,2", 5);
    assert_text(output(&fixture), STR("a|1,1,0,30|25\na|1,1,10,40|25\na|1,1,20,50|25\n"
                                      "a|2,3,0,30|25\n"));
}

static void test_final_emits_closed_windows_in_order(void **state)
{
    start_aggregate(&(struct table_options){
        .window = WINDOW_TUMBLING, .size_ms = 10, .grace_ms = 5, .is_final = true});
    put(&fixture, "S", "b", "x,1", 1);
    put(&fixture, "S", "a", "x,2", 2);
    put(&fixture, "S", "a", "x,4", 11);
    put(&fixture, "S", "b", "x,8", 9);
    put(&fixture, "S", "a", "x,16", 14);
    assert_text(output(&fixture), STR(""));
    put(&fixture, "S", "c", "x,32", 15);
    assert_text(output(&fixture), STR("a|1,2,0,10|2\nb|2,9,0,10|9\n"));
    put(&fixture, "S", "c", "x,64", 9);
    put(&fixture, "S", "c", "x,1", 25);
    assert_text(output(&fixture), STR("a|1,2,0,10|2\nb|2,9,0,10|9\n"
                                      "a|2,20,10,20|14\nc|1,32,10,20|15\n"));
    assert_int_equal(counted(&fixture, COUNTER_late_window), 1);
}

static void test_final_goes_on_after_a_restart(void **state)
{
    const struct plan *plan = make_aggregate_plan(
        &fixture.arena,
        &(struct table_options){
            .window = WINDOW_TUMBLING, .size_ms = 10, .grace_ms = 5, .is_final = true});
    start(&fixture, plan);
    put(&fixture, "S", "a", "x,1", 1);
    put(&fixture, "S", "a", "x,2", 12);
    put(&fixture, "S", "a", "x,2", 15);
    assert_text(output(&fixture), STR("a|1,1,0,10|1\n"));
    restart(&fixture, plan);
    put(&fixture, "S", "b", "x,9", 2);
    put(&fixture, "S", "b", "x,3", 24);
    assert_text(output(&fixture), STR("a|1,1,0,10|1\n"));
    put(&fixture, "S", "b", "x,3", 26);
    assert_text(output(&fixture), STR("a|1,1,0,10|1\na|2,4,10,20|15\n"));
}

static void test_windows_past_retention_are_forgotten(void **state)
{
    start_aggregate(
        &(struct table_options){.window = WINDOW_TUMBLING, .size_ms = 10, .grace_ms = 90});
    char key[16];
    for (int i = 0; i < 50; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i);
        put(&fixture, "S", key, "x,1", i * 10);
    }
    wait_idle(&fixture);
    struct flow_status status;
    flow_get_status(fixture.query, &fixture.arena, &status);
    assert_int_equal(status.state_rows, 10);
    /* Whoever reads the result keeps what has left the window: no row says that it is gone. */
    assert_null(memmem(output(&fixture).data, output(&fixture).size, "||", 2));
}

/* Random rows in steps of random length against sums kept here; the process goes down between. */
static void test_random_rows_across_restarts(void **state)
{
    enum { KEYS = 40, ROUNDS = 6 };
    const uint64_t seed = (uint64_t)clock_monotonic_ns();
    print_message("seed %llu\n", (unsigned long long)seed);
    struct random random = {.state = seed};
    fixture.flow_options.emit_every_change = false;
    const struct plan *plan =
        make_aggregate_plan(&fixture.arena, &(struct table_options){.collects = true});
    int64_t counts[KEYS] = {0};
    int64_t sums[KEYS] = {0};
    start(&fixture, plan);
    for (int round = 0; round < ROUNDS; round++) {
        struct producer producer = {.fixture = &fixture};
        const int rows = 1 + (int)random_below(&random, 1500);
        for (int i = 0; i < rows; i++) {
            const int key = (int)random_below(&random, KEYS);
            const int number = (int)random_below(&random, 1000);
            char text[32], value[32];
            (void)snprintf(text, sizeof(text), "k%d", key);
            (void)snprintf(value, sizeof(value), "x,%d", number);
            producer_add(&producer, "S", text, value, i);
            counts[key]++;
            sums[key] += number;
        }
        producer_send(&producer);
        if (random_below(&random, 2) == 0)
            wait_idle(&fixture);
        restart(&fixture, plan);
    }
    wait_idle(&fixture);
    const struct str all = output(&fixture);
    for (int key = 0; key < KEYS; key++) {
        char line[64];
        (void)snprintf(line, sizeof(line), "k%d|{\"CNT\":%lld,\"TOTAL\":%lld,", key,
                       (long long)counts[key], (long long)sums[key]);
        if (counts[key] > 0 && !memmem(all.data, all.size, line, strlen(line)))
            fail_msg("no '%s' in the output", line);
    }
    struct flow_status status;
    flow_get_status(fixture.query, &fixture.arena, &status);
    assert_true(status.state_rows <= KEYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_counts_and_sums, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leaves_out_what_has_no_key_or_value, setup, teardown),
        cmocka_unit_test_setup_teardown(test_emits_a_key_once_a_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_having_deletes_what_no_longer_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_takes_back_rows_of_a_table, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tumbling_windows_and_late_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hopping_windows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_final_emits_closed_windows_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_final_goes_on_after_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_windows_past_retention_are_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_rows_across_restarts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
