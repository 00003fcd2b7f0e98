/* inner_join_test.c -- the INNER windowed join, log to log: by key, and re-keyed. */
#include "fixture.h"

static struct fixture fixture;

static int setup(void **state)
{
    fixture_init(&fixture);
    return 0;
}

static int teardown(void **state)
{
    fixture_release(&fixture);
    return 0;
}

static const struct join_options minute = {
    .join = JOIN_INNER, .before_ms = 60000, .after_ms = 60000, .grace_ms = 60000, .raw = true};

static void test_joins_by_key(void **state)
{
    make_join_topics(&fixture, 1);
    put(&fixture, "L", "a", "1,x", 1000);
    put(&fixture, "R", "a", "1,y", 2000);
    put(&fixture, "R", "b", "2,z", 3000);
    start(&fixture, make_join_plan(&fixture.arena, &minute));
    wait_idle(&fixture);
    assert_text(read_partition(&fixture, "OUT", 0), STR("a|x,y|2000\n"));
    put(&fixture, "L", "b", "2,w", 2500);
    wait_idle(&fixture);
    assert_text(read_partition(&fixture, "OUT", 0), STR("a|x,y|2000\nb|w,z|3000\n"));
}

static void test_ends_of_the_window_count(void **state)
{
    const struct join_options options = {
        .join = JOIN_INNER, .before_ms = 11000, .after_ms = 10000, .grace_ms = 86400000};
    make_join_topics(&fixture, 1);
    start(&fixture, make_join_plan(&fixture.arena, &options));
    put(&fixture, "L", "a", "1,l0", 0);
    put(&fixture, "R", "a", "1,r11", 11000);
    put(&fixture, "R", "a", "1,r10", 10000);
    put(&fixture, "L", "a", "1,l21", 21000);
    put(&fixture, "L", "a", "1,l22", 22000);
    put(&fixture, "L", "a", "1,l23", 22001);
    wait_idle(&fixture);
    assert_text(read_sorted(&fixture, "OUT"), STR("a|l0,r10|10000\n"
                                                  "a|l21,r10|21000\n"
                                                  "a|l21,r11|21000\n"
                                                  "a|l22,r11|22000\n"));
}

static void test_matches_come_in_the_other_side_s_time(void **state)
{
    make_join_topics(&fixture, 1);
    start(&fixture, make_join_plan(&fixture.arena, &minute));
    put(&fixture, "L", "a", "1,third", 3000);
    wait_idle(&fixture);
    put(&fixture, "L", "a", "1,first", 1000);
    wait_idle(&fixture);
    put(&fixture, "L", "a", "1,second", 1000);
    wait_idle(&fixture);
    put(&fixture, "R", "a", "1,r", 2000);
    wait_idle(&fixture);
    assert_text(read_partition(&fixture, "OUT", 0), STR("a|first,r|2000\n"
                                                        "a|second,r|2000\n"
                                                        "a|third,r|3000\n"));
}

static void test_leaves_out_what_has_no_key_or_value(void **state)
{
    make_join_topics(&fixture, 1);
    put(&fixture, "L", NULL, "1,x", 1000);
    put(&fixture, "R", NULL, "1,y", 2000);
    put(&fixture, "L", "a", NULL, 1000);
    put(&fixture, "R", "a", "1,y", 2000);
    start(&fixture, make_join_plan(&fixture.arena, &minute));
    wait_idle(&fixture);
    assert_text(read_sorted(&fixture, "OUT"), STR(""));
    assert_int_equal(counted(&fixture, COUNTER_null_key), 2);
    assert_int_equal(counted(&fixture, COUNTER_null_value), 1);
}

static void test_sets_aside_what_does_not_decode(void **state)
{
    make_join_topics(&fixture, 1);
    put(&fixture, "L", "a", "only one column", 1000);
    put(&fixture, "L", "a", "1,x", 1000);
    put(&fixture, "R", "a", "1,y", 2000);
    start(&fixture, make_join_plan(&fixture.arena, &minute));
    wait_idle(&fixture);
    assert_text(read_sorted(&fixture, "OUT"), STR("a|x,y|2000\n"));
    assert_text(read_partition(&fixture, "DEAD", 0), STR("a|only one column|1000\n"));
    assert_int_equal(counted(&fixture, COUNTER_dead_letters), 1);
    assert_int_equal(counted(&fixture, COUNTER_bad_record), 1);
}

static void test_refuses_different_partition_counts(void **state)
{
    make_topic(&fixture, "L", 2);
    make_topic(&fixture, "R", 3);
    make_topic(&fixture, "OUT", 2);
    struct why why = {0};
    fixture.flow_options.log = fixture.log;
    assert_ok(flow_open(&fixture.flow_options, &fixture.flow, &why));
    const struct flow_query_options options = {.id = STR("Q_1"), .internal_prefix = STR("Q_1-")};
    assert_int_equal(flow_start(fixture.flow, make_join_plan(&fixture.arena, &minute), &options,
                                &fixture.query, &why),
                     ERR_INVALID);
    assert_non_null(strstr(why.text, "number of partitions don't match"));
}

static void trim(const char *topic, int64_t before_offset)
{
    const struct log_trim gone = {.topic = open_topic(&fixture, topic),
                                  .before_offset = before_offset};
    const struct log_step step = {.trims = &gone, .trim_count = 1};
    bool taken = false;
    assert_ok(log_commit_wait(fixture.member, &step, IDLE_MS, &taken));
}

/* Records that went before they were read back, and before they were read at all. */
static void test_counts_what_retention_took(void **state)
{
    make_join_topics(&fixture, 1);
    const struct plan *plan = make_join_plan(&fixture.arena, &minute);
    start(&fixture, plan);
    for (int i = 0; i < 10; i++)
        put(&fixture, "L", "a", "1,old", 1000);
    wait_idle(&fixture);
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_join(&fixture);
    for (int i = 0; i < 10; i++)
        put(&fixture, "L", "a", "1,new", 1000);
    trim("L", 18);
    start(&fixture, plan);
    put(&fixture, "R", "a", "1,r", 2000);
    wait_idle(&fixture);
    assert_text(read_partition(&fixture, "OUT", 0), STR("a|new,r|2000\na|new,r|2000\n"));
    assert_int_equal(counted(&fixture, COUNTER_gap_records), 18);

    /* Only part of what a window held: the rest is read back. */
    trim("L", 19);
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_join(&fixture);
    start(&fixture, plan);
    put(&fixture, "R", "a", "1,s", 3000);
    wait_idle(&fixture);
    assert_int_equal(counted(&fixture, COUNTER_gap_records), 1);
    assert_text(read_partition(&fixture, "OUT", 0),
                STR("a|new,r|2000\na|new,r|2000\na|new,s|3000\n"));
}

/* One event of a random run. */
struct event {
    bool right;
    int key;
    int64_t timestamp_ms;
};

static struct str expected_pairs(const struct event *events, int count, int64_t within_ms)
{
    struct buf text = {0};
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            const int64_t apart = events[i].timestamp_ms - events[j].timestamp_ms;
            if (events[i].right || !events[j].right || events[i].key != events[j].key ||
                apart > within_ms || -apart > within_ms)
                continue;
            const int64_t later = apart > 0 ? events[i].timestamp_ms : events[j].timestamp_ms;
            buf_printf(&text, "k%d|v%d,v%d|%lld\n", events[i].key, i, j, (long long)later);
        }
    const struct str sorted = sort_lines(&fixture, buf_str(&text));
    buf_release(&text);
    return sorted;
}

/* Random rows within the grace, over partitions, workers and batch sizes: the same pairs as a
 * brute-force join. */
static void random_run(uint64_t seed, bool rekeys, bool raw, int32_t partitions, uint32_t workers,
                       uint32_t batch_rows)
{
    enum { COUNT = 4000 };
    struct random random = {seed};
    struct event *events = memory_zalloc(COUNT * sizeof(*events));
    fixture_init(&fixture);
    fixture.flow_options.thread_count = workers;
    fixture.flow_options.batch_rows = batch_rows;
    make_join_topics(&fixture, partitions);
    struct join_options options = minute;
    options.rekeys = rekeys;
    options.raw = raw;
    options.grace_ms = 3600000;
    struct producer producer = {.fixture = &fixture};
    for (int i = 0; i < COUNT; i++) {
        if (i == COUNT / 2)
            start(&fixture, make_join_plan(&fixture.arena, &options));
        events[i] = (struct event){.right = random_below(&random, 2),
                                   .key = (int)random_below(&random, 300),
                                   .timestamp_ms =
                                       1000000 + i * 50 - (int64_t)random_below(&random, 20000)};
        char id[32];
        char key[32];
        char value[64];
        snprintf(id, sizeof(id), "k%d", events[i].key);
        snprintf(key, sizeof(key), "other%d", i % 17);
        snprintf(value, sizeof(value), "%s,v%d", id, i);
        producer_add(&producer, events[i].right ? "R" : "L", rekeys ? key : id, value,
                     events[i].timestamp_ms);
        if (random_below(&random, 100) == 0 || i == COUNT - 1 || i == COUNT / 2 - 1)
            producer_send(&producer);
    }
    wait_idle(&fixture);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_text(read_sorted(&fixture, "OUT"), expected_pairs(events, COUNT, 60000));
    fixture_release(&fixture);
    free(events);
}

static void test_random_rows(void **state)
{
    const uint64_t seed = (uint64_t)clock_wall_ms();
    random_run(seed, false, false, 1, 1, 0);
    random_run(seed + 1, false, false, 4, 2, 7);
    random_run(seed + 2, true, true, 4, 1, 0);
    random_run(seed + 3, true, true, 2, 2, 7);
    random_run(seed + 4, true, false, 4, 2, 100);
    random_run(seed + 5, true, true, 1, 2, 1);
}

/* Rows later than the grace, re-keyed: whether they still meet is a matter of how far the other
 * side had come, which differs between live and catch-up. What is on time meets in any case, once;
 * the late ones at most once, and only their own partner. */
static void test_late_rows_disturb_nobody(void **state)
{
    enum { PAIRS = 300 };
    const struct join_options options = {.join = JOIN_INNER,
                                         .before_ms = 1000,
                                         .after_ms = 1000,
                                         .grace_given = true,
                                         .rekeys = true,
                                         .raw = true};
    struct random random = {.state = (uint64_t)clock_monotonic_ns()};
    print_message("seed %llu\n", (unsigned long long)random.state);
    make_join_topics(&fixture, 2);
    start(&fixture, make_join_plan(&fixture.arena, &options));
    for (int i = 0; i < PAIRS;) {
        struct producer producer = {.fixture = &fixture};
        const int end = i + 1 + (int)random_below(&random, 40);
        for (; i < end && i < PAIRS; i++) {
            char key[16], value[32];
            snprintf(key, sizeof(key), "%d", i);
            snprintf(value, sizeof(value), "on%d,v", i);
            producer_add(&producer, "L", key, value, 10000 + i * 100);
            producer_add(&producer, "R", key, value, 10000 + i * 100 + 50);
            if (random_below(&random, 3) > 0)
                continue;
            snprintf(value, sizeof(value), "late%d,v", i);
            const int64_t late_ms = 3000 + (int64_t)random_below(&random, 5000);
            producer_add(&producer, "L", key, value, 10000 + i * 100 - late_ms);
            producer_add(&producer, "R", key, value, 10000 + i * 100 - late_ms);
        }
        producer_send(&producer);
        if (random_below(&random, 2) == 0)
            wait_idle(&fixture);
    }
    wait_idle(&fixture);
    bool seen[2][PAIRS] = {0};
    struct str rows = read_sorted(&fixture, "OUT");
    while (rows.size > 0) {
        const bool is_late = rows.data[0] == 'l';
        const size_t end = str_index(rows, '\n');
        const long pair = strtol(rows.data + (is_late ? 4 : 2), NULL, 10);
        assert_in_range(pair, 0, PAIRS - 1);
        assert_false(seen[is_late][pair]);
        seen[is_late][pair] = true;
        rows = (struct str){rows.data + end + 1, rows.size - end - 1};
    }
    for (int i = 0; i < PAIRS; i++)
        assert_true(seen[0][i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_joins_by_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_of_the_window_count, setup, teardown),
        cmocka_unit_test_setup_teardown(test_matches_come_in_the_other_side_s_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_leaves_out_what_has_no_key_or_value, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sets_aside_what_does_not_decode, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses_different_partition_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counts_what_retention_took, setup, teardown),
        cmocka_unit_test(test_random_rows),
        cmocka_unit_test_setup_teardown(test_late_rows_disturb_nobody, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
