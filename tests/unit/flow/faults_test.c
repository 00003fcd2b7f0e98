/* faults_test.c -- the log fails at the Nth call: afterwards no row is lost, twice or wrong.
 *
 * Every call of a short run fails once, for every kind of state there is; what a failure is called
 * decides what is done about it, so each kind of failure has some of the calls. */
#include "tables.h"

enum { ROUNDS = 2, ROWS = 32 };

struct subject {
    const char *name;
    const struct plan *(*make)(struct arena *arena);
    const char *left; /* topics */
    const char *right;
    bool by_id; /* rows meet by ID: their keys are others */
};

static const struct plan *make_left_join(struct arena *arena)
{
    const struct join_options options = {.join = JOIN_LEFT,
                                         .before_ms = 2000,
                                         .after_ms = 2000,
                                         .grace_ms = 1000,
                                         .grace_given = true,
                                         .rekeys = true,
                                         .raw = true};
    return make_join_plan(arena, &options);
}

static const struct plan *make_full_join(struct arena *arena)
{
    const struct join_options options = {
        .join = JOIN_FULL, .before_ms = 300, .after_ms = 500, .grace_ms = 200, .grace_given = true};
    return make_join_plan(arena, &options);
}

static const struct plan *make_inner_join(struct arena *arena)
{
    const struct join_options options = {
        .join = JOIN_INNER, .before_ms = 2000, .after_ms = 2000, .grace_ms = 60000};
    return make_join_plan(arena, &options);
}

static const struct plan *make_totals(struct arena *arena)
{
    return make_aggregate_plan(arena,
                               &(struct table_options){.window = WINDOW_NONE, .collects = true});
}

static const struct plan *make_windows(struct arena *arena)
{
    return make_aggregate_plan(
        arena, &(struct table_options){
                   .window = WINDOW_HOPPING, .size_ms = 600, .advance_ms = 300, .grace_ms = 100});
}

static const struct plan *make_final_windows(struct arena *arena)
{
    return make_aggregate_plan(
        arena, &(struct table_options){
                   .window = WINDOW_TUMBLING, .size_ms = 200, .grace_ms = 50, .is_final = true});
}

static const struct plan *make_totals_of_table(struct arena *arena)
{
    return make_aggregate_plan(
        arena, &(struct table_options){.from_table = true, .groups_by_g = true, .having = 1});
}

static const struct plan *make_left_table_join(struct arena *arena)
{
    return make_table_join_plan(arena, JOIN_LEFT);
}

static const struct subject subjects[] = {
    {"left join", make_left_join, "L", "R", true},
    {"full join", make_full_join, "L", "R", false},
    {"inner join", make_inner_join, "L", "R", false},
    {"totals", make_totals, "S", NULL, false},
    {"windows", make_windows, "S", NULL, false},
    {"final windows", make_final_windows, "S", NULL, false},
    {"totals of a table", make_totals_of_table, "S", NULL, false},
    {"table join", make_left_table_join, "S", "T", false},
};
enum { SUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };

static void put_rows(struct fixture *fixture, const struct subject *subject, int round)
{
    struct producer producer = {.fixture = fixture};
    for (int i = round * ROWS; i < (round + 1) * ROWS; i++) {
        char key[32];
        char value[64];
        snprintf(key, sizeof(key), subject->by_id ? "other%d" : "k%d", i % 7);
        snprintf(value, sizeof(value), "k%d,%d", i / 2 % 5, i);
        if (i % 11 == 10) /* a dead letter */
            snprintf(value, sizeof(value), "broken%d", i);
        const bool is_right = subject->right && i % 2 == 1 && i % 5 != 0;
        producer_add(&producer, is_right ? subject->right : subject->left, key, value,
                     1000 + i * 50);
    }
    producer_send(&producer);
}

static const struct flow_query_options query_options = {.id = STR_INIT("Q_1"),
                                                        .internal_prefix = STR_INIT("_query_Q_1-"),
                                                        .dead_letter_topic = STR_INIT("DEAD"),
                                                        .from_earliest = true};

/* Starting may be what fails: a user starts again. */
static void start_somehow(struct fixture *fixture, const struct plan *plan)
{
    fixture->flow_options.log = fixture->log;
    struct why why = {0};
    for (int tries = 0; tries < 3; tries++) {
        if (!fixture->flow && flow_open(&fixture->flow_options, &fixture->flow, &why) != OK)
            continue;
        if (flow_start(fixture->flow, plan, &query_options, &fixture->query, &why) == OK)
            return;
    }
    fail_msg("does not start: %s", why.text);
}

/* Whatever it gets done until then; afterwards the log is well again. */
static uint64_t run_until_it_fails(struct fixture *fixture, const struct plan *plan)
{
    struct why why = {0};
    fixture->flow_options.log = fixture->log;
    if (flow_open(&fixture->flow_options, &fixture->flow, &why) == OK &&
        flow_start(fixture->flow, plan, &query_options, &fixture->query, &why) == OK)
        assert_int_not_equal(flow_wait_idle(fixture->flow, 20), ERR_INVALID);
    const uint64_t calls = log_faulty_calls(fixture->log);
    fixture_close(fixture);
    fixture->faults.fail_call = 0;
    fixture_open(fixture);
    fixture_join(fixture);
    return calls;
}

static void open_topics(struct fixture *fixture)
{
    make_join_topics(fixture, 2);
    make_topic(fixture, "S", 2);
    make_topic(fixture, "T", 2);
}

/* Runs with the Nth call failing; returns how many calls there were. */
static uint64_t run(const struct subject *subject, const struct log_faulty_plan *faults,
                    struct str *ret_rows, struct arena *arena)
{
    struct fixture fixture;
    fixture_init(&fixture);
    open_topics(&fixture);
    const struct plan *plan = subject->make(&fixture.arena);
    put_rows(&fixture, subject, 0);
    fixture_close(&fixture);
    fixture.faults = *faults;
    fixture.flow_options.thread_count = 2;
    fixture.flow_options.batch_rows = 8;
    fixture.flow_options.emit_every_change = true;
    fixture_open(&fixture);
    fixture_join(&fixture);
    uint64_t calls = faults->sticky ? run_until_it_fails(&fixture, plan) : 0;
    start_somehow(&fixture, plan);
    for (int round = 1; round < ROUNDS; round++) {
        put_rows(&fixture, subject, round);
        wait_idle(&fixture);
    }
    if (!faults->sticky)
        calls = log_faulty_calls(fixture.log);
    struct buf rows = {0};
    buf_append_str(&rows, read_sorted(&fixture, "OUT"));
    buf_append_str(&rows, read_sorted(&fixture, "DEAD"));
    *ret_rows = arena_str(arena, buf_str(&rows));
    buf_release(&rows);
    fixture_release(&fixture);
    return calls;
}

/* One call in `stride`, by chance; 1: every one. */
static void sweep(const struct subject *subject, enum err err, bool sticky, uint64_t stride,
                  struct random *random)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct str expected;
    const struct log_faulty_plan none = {.fail_call = UINT64_MAX, .err = ERR_IO};
    const uint64_t calls = run(subject, &none, &expected, &arena);
    assert_true(expected.size > 100);
    assert_non_null(memmem(expected.data, expected.size, "broken", 6));
    print_message("%s, %s: %llu calls\n", subject->name, err_name(err), (unsigned long long)calls);
    if (getenv("DRIVETHRU_SWEEP"))
        stride = 1;
    for (uint64_t call = 1 + random_below(random, stride); call <= calls; call += stride) {
        struct str rows;
        const struct log_faulty_plan faults = {.fail_call = call, .sticky = sticky, .err = err};
        (void)run(subject, &faults, &rows, &arena);
        if (!str_equal(rows, expected))
            print_message("%s at call %llu\n", err_name(err), (unsigned long long)call);
        assert_text(rows, expected);
    }
    arena_release(&arena);
}

static void test_every_call_fails_once(void **state)
{
    struct random random = {0};
    for (int i = 0; i < SUBJECTS; i++)
        sweep(&subjects[i], ERR_IO, false, 1, &random);
}

static void sweep_all(enum err err, bool sticky)
{
    struct random random = {.state = (uint64_t)clock_monotonic_ns()};
    print_message("seed %llu\n", (unsigned long long)random.state);
    for (int i = 0; i < SUBJECTS; i++)
        sweep(&subjects[i], err, sticky, 20, &random);
}

static void test_aborted_commits(void **state)
{
    sweep_all(ERR_ABORTED, false);
}

static void test_full_log(void **state)
{
    sweep_all(ERR_FULL, false);
}

static void test_unreachable_log(void **state)
{
    sweep_all(ERR_UNAVAILABLE, false);
}

static void test_failing_for_good_then_restarted(void **state)
{
    sweep_all(ERR_IO, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_fails_once),
        cmocka_unit_test(test_aborted_commits),
        cmocka_unit_test(test_full_log),
        cmocka_unit_test(test_unreachable_log),
        cmocka_unit_test(test_failing_for_good_then_restarted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
