/* memory_test.c -- memory.max: windows' rows move to files, tables stop their query. */
#include "tables.h"

static struct fixture fixture;

static int setup(void **state)
{
    fixture_init(&fixture);
    fixture.flow_options.window_directory =
        arena_printf(&fixture.arena, "%s/windows", fixture.directory).data;
    return 0;
}

static int teardown(void **state)
{
    fixture_release(&fixture);
    return 0;
}

static struct flow_status status_now(void)
{
    struct flow_status status;
    flow_get_status(fixture.query, &fixture.arena, &status);
    return status;
}

enum { MEGABYTE = 1 << 20, GROUPS = 60000, ROWS = 50000, VALUE_BYTES = 400, EVERY = 997 };

static void put_left_rows(void)
{
    char key[16];
    char value[VALUE_BYTES + 16];
    for (int i = 0; i < ROWS;) {
        struct producer producer = {.fixture = &fixture};
        for (int end = i + 5000; i < end; i++) {
            snprintf(key, sizeof(key), "k%d", i);
            snprintf(value, sizeof(value), "1,v%0*d", VALUE_BYTES, i);
            producer_add(&producer, "L", key, value, 100000 + i);
        }
        producer_send(&producer);
        wait_idle(&fixture);
    }
}

/* A row of R for some rows of L, the oldest among them; and what must come of it. */
static struct str put_right_rows(void)
{
    struct buf expected = {0};
    struct producer producer = {.fixture = &fixture};
    char key[16];
    for (int i = 0; i < ROWS; i += EVERY) {
        snprintf(key, sizeof(key), "k%d", i);
        producer_add(&producer, "R", key, "1,r", 200000);
        buf_printf(&expected, "k%d|v%0*d,r|200000\n", i, VALUE_BYTES, i);
    }
    producer_send(&producer);
    wait_idle(&fixture);
    const struct str sorted = sort_lines(&fixture, buf_str(&expected));
    buf_release(&expected);
    return sorted;
}

static void test_windows_move_to_files(void **state)
{
    const struct join_options options = {
        .join = JOIN_INNER, .before_ms = 3600000, .after_ms = 3600000, .grace_ms = 60000};
    fixture.flow_options.memory_max = 6 * MEGABYTE;
    make_join_topics(&fixture, 1);
    const struct plan *plan = make_join_plan(&fixture.arena, &options);
    start(&fixture, plan);
    put_left_rows();
    const struct flow_status before = status_now();
    assert_in_range(before.state_bytes, 1, 7 * MEGABYTE);
    assert_in_range(before.file_bytes, 12 * MEGABYTE, 40 * MEGABYTE);
    assert_int_equal(before.state_rows, ROWS);

    /* Read back within the same limit; nothing is left in the directory. */
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_join(&fixture);
    start(&fixture, plan);
    const struct str expected = put_right_rows();
    const struct flow_status after = status_now();
    assert_in_range(after.state_bytes, 1, 7 * MEGABYTE);
    assert_true(after.file_bytes >= 12 * MEGABYTE);
    assert_text(read_sorted(&fixture, "OUT"), expected);
    struct str *names;
    size_t count;
    assert_ok(file_list(fixture.flow_options.window_directory, STR(""), &fixture.arena, &names,
                        &count, NULL));
    assert_int_equal(count, 0);

    /* Windows that are over give their files back. */
    put(&fixture, "L", "end", "1,end", 100000000);
    wait_idle(&fixture);
    assert_int_equal(status_now().file_bytes, 0);
}

static void test_no_place_for_files_stops_the_query(void **state)
{
    const struct join_options options = {
        .join = JOIN_INNER, .before_ms = 3600000, .after_ms = 3600000, .grace_ms = 60000};
    fixture.flow_options.memory_max = 6 * MEGABYTE;
    fixture.flow_options.window_directory = "/proc/no-such-place";
    make_join_topics(&fixture, 1);
    const struct plan *plan = make_join_plan(&fixture.arena, &options);
    for (int i = 0; i < 2; i++) {
        struct producer producer = {.fixture = &fixture};
        static char value[200000] = "1,";
        memset(value + 2, 'v', sizeof(value) - 3);
        for (int j = 0; j < 60; j++)
            producer_add(&producer, "L", "k", value, 1000);
        producer_send(&producer);
    }
    start(&fixture, plan);
    assert_int_equal(flow_wait_idle(fixture.flow, IDLE_MS), ERR_ABORTED);
    const struct flow_status status = status_now();
    assert_int_equal(status.state, FLOW_ERROR);
    assert_non_null(strstr(status.why.text, "/proc/no-such-place"));
}

static void put_groups(int from, int to)
{
    struct producer producer = {.fixture = &fixture};
    char key[64];
    for (int i = from; i < to; i++) {
        snprintf(key, sizeof(key), "a key of some length, number %d", i);
        producer_add(&producer, "S", key, "x,1", 1000);
    }
    producer_send(&producer);
}

static void check_tables_stop(bool all_are_there)
{
    fixture_close(&fixture);
    fixture.flow_options.memory_max = 3 * MEGABYTE;
    fixture_open(&fixture);
    fixture_join(&fixture);
    make_table_topics(&fixture);
    const struct plan *plan =
        make_aggregate_plan(&fixture.arena, &(struct table_options){.window = WINDOW_NONE});
    put_groups(0, 2000);
    if (!all_are_there) {
        start(&fixture, plan);
        wait_idle(&fixture);
    }
    put_groups(0, GROUPS);
    if (all_are_there)
        start(&fixture, plan);
    assert_int_equal(flow_wait_idle(fixture.flow, IDLE_MS), ERR_ABORTED);
    const struct flow_status status = status_now();
    assert_int_equal(status.state, FLOW_ERROR);
    assert_non_null(strstr(status.why.text, "memory.max"));

    /* Nothing was passed over: with more memory it goes on. */
    fixture_close(&fixture);
    fixture.flow_options.memory_max = 0;
    fixture_open(&fixture);
    fixture_join(&fixture);
    start(&fixture, plan);
    wait_idle(&fixture);
    assert_int_equal(status_now().state_rows, GROUPS);
    const struct str out = read_partition(&fixture, "OUT", 0);
    assert_non_null(memmem(out.data, out.size, STR("number 7|2,2|1000").data, 17));
    assert_null(memmem(out.data, out.size, STR("number 7|3").data, 10));
}

static void test_tables_stop_their_query(void **state)
{
    (void)state;
    check_tables_stop(false);
}

static void test_tables_stop_at_a_full_step(void **state)
{
    (void)state;
    fixture.commit_interval_ms = 300; /* the next step grows until it is full */
    check_tables_stop(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_windows_move_to_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_place_for_files_stops_the_query, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tables_stop_their_query, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tables_stop_at_a_full_step, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
