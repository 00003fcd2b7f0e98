/* faults_test.c -- the log fails at the Nth call: afterwards no row is lost, twice or wrong. */
#include "fixture.h"

enum { ROUNDS = 4, ROWS = 40 };

static const struct join_options options = {.join = JOIN_LEFT,
                                            .before_ms = 2000,
                                            .after_ms = 2000,
                                            .grace_ms = 1000,
                                            .grace_given = true,
                                            .rekeys = true,
                                            .raw = true};

static void put_rows(struct fixture *fixture, int round)
{
    struct producer producer = {.fixture = fixture};
    for (int i = round * ROWS; i < (round + 1) * ROWS; i++) {
        char key[32];
        char value[64];
        snprintf(key, sizeof(key), "other%d", i % 7);
        snprintf(value, sizeof(value), "k%d,v%d", i / 2, i);
        const bool is_right = i % 2 == 1 && i % 5 != 0;
        producer_add(&producer, is_right ? "R" : "L", key, value, 1000 + i * 50);
    }
    producer_send(&producer);
}

/* Starting may be what fails: a user starts again. */
static void start_somehow(struct fixture *fixture, const struct plan *plan)
{
    fixture->flow_options.log = fixture->log;
    const struct flow_query_options query_options = {.id = STR("Q_1"),
                                                     .internal_prefix = STR("_query_Q_1-"),
                                                     .dead_letter_topic = STR("DEAD"),
                                                     .from_earliest = true};
    struct why why = {0};
    for (int tries = 0; tries < 3; tries++) {
        if (!fixture->flow && flow_open(&fixture->flow_options, &fixture->flow, &why) != OK)
            continue;
        if (flow_start(fixture->flow, plan, &query_options, &fixture->query, &why) == OK)
            return;
    }
    fail_msg("does not start: %s", why.text);
}

/* Runs with the Nth call failing; returns how many calls there were. ends: the flow cannot go on
 * and is opened anew. */
static uint64_t run(const struct log_faulty_plan *faults, struct str *ret_rows, struct arena *arena)
{
    struct fixture fixture;
    fixture_init(&fixture);
    make_join_topics(&fixture, 2);
    const struct plan *plan = make_join_plan(&fixture.arena, &options);
    put_rows(&fixture, 0);
    fixture_close(&fixture);
    fixture.faults = *faults;
    fixture.flow_options.thread_count = 2;
    fixture.flow_options.batch_rows = 8;
    fixture_open(&fixture);
    fixture_join(&fixture);
    uint64_t calls = 0;
    if (faults->sticky) {
        /* Whatever it got done until then; afterwards the log is well again. */
        struct why why = {0};
        fixture.flow_options.log = fixture.log;
        const struct flow_query_options query_options = {.id = STR("Q_1"),
                                                         .internal_prefix = STR("_query_Q_1-"),
                                                         .dead_letter_topic = STR("DEAD"),
                                                         .from_earliest = true};
        if (flow_open(&fixture.flow_options, &fixture.flow, &why) == OK &&
            flow_start(fixture.flow, plan, &query_options, &fixture.query, &why) == OK)
            assert_int_not_equal(flow_wait_idle(fixture.flow, 20), ERR_INVALID);
        calls = log_faulty_calls(fixture.log);
        fixture_close(&fixture);
        fixture.faults.fail_call = 0;
        fixture_open(&fixture);
        fixture_join(&fixture);
    }
    start_somehow(&fixture, plan);
    for (int round = 1; round < ROUNDS; round++) {
        put_rows(&fixture, round);
        wait_idle(&fixture);
    }
    if (!faults->sticky)
        calls = log_faulty_calls(fixture.log);
    const struct str rows = read_sorted(&fixture, "OUT");
    assert_text(read_partition(&fixture, "DEAD", 0), STR(""));
    *ret_rows = arena_str(arena, rows);
    fixture_release(&fixture);
    return calls;
}

/* Some calls of the run, others each time; with DRIVETHRU_SWEEP in the environment all of them. */
static void sweep(enum err err, bool sticky)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct str expected;
    const struct log_faulty_plan none = {.fail_call = UINT64_MAX, .err = ERR_IO};
    const uint64_t calls = run(&none, &expected, &arena);
    assert_true(expected.size > 1000);
    const uint64_t seed = (uint64_t)clock_monotonic_ns();
    print_message("%s: %llu calls, seed %llu\n", err_name(err), (unsigned long long)calls,
                  (unsigned long long)seed);
    const bool all = getenv("DRIVETHRU_SWEEP") != NULL;
    struct random random = {seed};
    for (uint64_t call = 1; call < calls; call += all ? 1 : 1 + random_below(&random, calls / 10)) {
        struct str rows;
        const struct log_faulty_plan faults = {.fail_call = call, .sticky = sticky, .err = err};
        (void)run(&faults, &rows, &arena);
        if (!str_equal(rows, expected))
            print_message("%s at call %llu\n", err_name(err), (unsigned long long)call);
        assert_text(rows, expected);
    }
    arena_release(&arena);
}

static void test_io_errors(void **state)
{
    sweep(ERR_IO, false);
}

static void test_aborted_commits(void **state)
{
    sweep(ERR_ABORTED, false);
}

static void test_full_log(void **state)
{
    sweep(ERR_FULL, false);
}

static void test_unreachable_log(void **state)
{
    sweep(ERR_UNAVAILABLE, false);
}

static void test_failing_for_good_then_restarted(void **state)
{
    sweep(ERR_IO, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_io_errors),
        cmocka_unit_test(test_aborted_commits),
        cmocka_unit_test(test_full_log),
        cmocka_unit_test(test_unreachable_log),
        cmocka_unit_test(test_failing_for_good_then_restarted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
