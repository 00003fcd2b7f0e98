/* pull_test.c -- committed rows of a kept table: scans, look-ups, conditions, limits. */
#include "tables.h"

static struct fixture fixture;

static int setup(void **state)
{
    fixture_init(&fixture);
    fixture.flow_options.thread_count = 2;
    make_topic(&fixture, "S", 3);
    make_topic(&fixture, "OUT", 3);
    make_topic(&fixture, "DEAD", 1);
    return 0;
}

static int teardown(void **state)
{
    fixture_release(&fixture);
    return 0;
}

/* SELECT * FROM OUT: all columns, then ROWTIME. */
static struct pull_plan *make_pull(const struct plan *plan)
{
    struct arena *arena = &fixture.arena;
    const struct row_type *table = plan->stages[0].branches[0].output.format.row_type;
    const uint32_t count = table->column_count;
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, count + 3);
    memcpy(columns, table->columns, count * sizeof(*columns));
    columns[count] = make_column("ROWTIME", &type_bigint, false);
    columns[count + 1] = make_column("WINDOWSTART", &type_bigint, false);
    columns[count + 2] = make_column("WINDOWEND", &type_bigint, false);
    struct pull_plan *pull = ARENA_NEW(arena, struct pull_plan);
    pull->scan_type = row_type_new(arena, columns, count + 3);
    pull->row_type = row_type_new(arena, columns, count + 1);
    struct expr **exprs = ARENA_ARRAY(arena, struct expr *, count + 1);
    for (uint32_t i = 0; i <= count; i++)
        exprs[i] = expr_column(arena, i, columns[i].type, AT);
    pull->exprs = exprs;
    pull->limit = -1;
    return pull;
}

static bool collect(void *context, const struct batch *rows)
{
    struct buf *text = context;
    for (uint32_t i = 0; i < rows->selected_count; i++) {
        for (uint32_t j = 0; j < rows->row_type->column_count; j++) {
            const struct value value =
                column_get(&rows->columns[j], rows->selection[i], &fixture.arena);
            if (j > 0)
                buf_append_byte(text, ' ');
            value_write_json(rows->row_type->columns[j].type, &value, text);
        }
        buf_append_byte(text, '\n');
    }
    return true;
}

static struct str pulled(const struct pull_plan *pull)
{
    struct why why = {0};
    struct buf text = {0};
    const enum err err = flow_pull(fixture.query, pull, collect, &text, &why);
    if (err != OK)
        fail_msg("%s: %s", err_name(err), why.text);
    const struct str sorted = sort_lines(&fixture, buf_str(&text));
    buf_release(&text);
    return sorted;
}

static void put_numbers(void)
{
    put(&fixture, "S", "a", "g,1", 10);
    put(&fixture, "S", "b", "g,2", 20);
    put(&fixture, "S", "c", "h,3", 30);
    put(&fixture, "S", "a", "h,4", 5);
    wait_idle(&fixture);
}

static void test_scans_and_looks_up(void **state)
{
    const struct plan *plan =
        make_aggregate_plan(&fixture.arena, &(struct table_options){.window = WINDOW_NONE});
    start(&fixture, plan);
    put_numbers();
    struct pull_plan *pull = make_pull(plan);
    assert_text(pulled(pull), STR("\"a\" 2 5 10\n\"b\" 1 2 20\n\"c\" 1 3 30\n"));
    const struct value keys[] = {{.text = STR("c")}, {.text = STR("zz")}, {.text = STR("c")}};
    pull->keys = keys;
    pull->key_count = 3;
    assert_text(pulled(pull), STR("\"c\" 1 3 30\n"));
    restart(&fixture, plan);
    wait_idle(&fixture);
    assert_text(pulled(pull), STR("\"c\" 1 3 30\n"));
}

static void test_having_stands_between(void **state)
{
    const struct plan *plan =
        make_aggregate_plan(&fixture.arena, &(struct table_options){.having = 1});
    start(&fixture, plan);
    put_numbers();
    assert_text(pulled(make_pull(plan)), STR("\"a\" 2 5 10\n"));
}

static void test_condition_and_limit(void **state)
{
    const struct plan *plan =
        make_aggregate_plan(&fixture.arena, &(struct table_options){.window = WINDOW_NONE});
    start(&fixture, plan);
    put_numbers();
    struct pull_plan *pull = make_pull(plan);
    struct expr *sides[] = {
        expr_column(&fixture.arena, 3, &type_bigint, AT),
        expr_literal(&fixture.arena, &type_bigint, (struct value){.bigint = 20}, AT)};
    assert_ok(expr_call(&fixture.arena, STR(">"), sides, 2, AT, &pull->condition, NULL));
    assert_text(pulled(pull), STR("\"c\" 1 3 30\n"));
    pull->limit = 0;
    assert_text(pulled(pull), STR(""));
    pull->condition = NULL;
    pull->limit = 2;
    const struct str two = pulled(pull);
    assert_int_equal(str_index(two, '\n') + 1 < two.size, 1);
    assert_int_equal(two.data[two.size - 1], '\n');
    uint32_t lines = 0;
    for (size_t i = 0; i < two.size; i++)
        lines += two.data[i] == '\n';
    assert_int_equal(lines, 2);
}

static void test_finds_all_windows_of_a_key(void **state)
{
    const struct plan *plan = make_aggregate_plan(
        &fixture.arena,
        &(struct table_options){.window = WINDOW_TUMBLING, .size_ms = 10, .grace_ms = 1000});
    start(&fixture, plan);
    put_numbers();
    struct pull_plan *pull = make_pull(plan);
    const struct value key = {.text = STR("a")};
    pull->keys = &key;
    pull->key_count = 1;
    assert_text(pulled(pull), STR("\"a\" 1 1 10 20 10\n\"a\" 1 4 0 10 5\n"));
}

/* SELECT K, N FROM S, a table: rows that were deleted are gone. */
static void test_kept_inputs(void **state)
{
    struct arena *arena = &fixture.arena;
    const struct plan_input input = make_source(arena, "S", true);
    const struct plan *plan = make_one_stage(arena, &input, 1, make_table(arena, &input, 0));
    start(&fixture, plan);
    put_numbers();
    put(&fixture, "S", "b", NULL, 40);
    put(&fixture, "S", "nobody", NULL, 41);
    wait_idle(&fixture);
    assert_text(pulled(make_pull(plan)), STR("\"a\" \"h\" 4 5\n\"c\" \"h\" 3 30\n"));
    restart(&fixture, plan);
    wait_idle(&fixture);
    assert_text(pulled(make_pull(plan)), STR("\"a\" \"h\" 4 5\n\"c\" \"h\" 3 30\n"));
}

/* How many rows of "a" and "b" there are; they come in turns. */
struct counts {
    long long a;
    long long b;
};

static bool count_rows(void *context, const struct batch *rows)
{
    struct counts *counts = context;
    for (uint32_t i = 0; i < rows->selected_count; i++) {
        const uint32_t row = rows->selection[i];
        const bool is_a = str_equal(rows->columns[0].strings[row], STR("a"));
        *(is_a ? &counts->a : &counts->b) = rows->columns[1].bigints[row];
    }
    return true;
}

/* What the topic of the result says that is committed. */
static struct counts read_counts(void)
{
    struct counts counts = {0};
    struct str text = read_partition(&fixture, "OUT", 0);
    while (text.size > 0) {
        const size_t end = str_index(text, '\n');
        *(text.data[0] == 'a' ? &counts.a : &counts.b) = strtoll(text.data + 2, NULL, 10);
        text = (struct str){text.data + end + 1, text.size - end - 1};
    }
    return counts;
}

/* One moment of the input, not before the last one seen, and nothing that is not committed. While
 * the query goes back to its last commit there is no answer. */
static void check_pull(const struct pull_plan *pull, struct counts *last)
{
    struct counts counts = {0};
    struct why why = {0};
    const enum err err = flow_pull(fixture.query, pull, count_rows, &counts, &why);
    if (err == ERR_UNAVAILABLE)
        return;
    assert_ok(err);
    const struct counts committed = read_counts();
    const bool is_moment = counts.a == counts.b || counts.a == counts.b + 1;
    if (!is_moment || counts.a < last->a || counts.b < last->b || counts.a > committed.a ||
        counts.b > committed.b)
        fail_msg("pulled %lld and %lld after %lld and %lld, committed are %lld and %lld", counts.a,
                 counts.b, last->a, last->b, committed.a, committed.b);
    *last = counts;
}

/* Pulls while calls of the log fail from the Nth on, or only that one. Returns the calls there were
 * until the query had started, and in all. */
struct run_calls {
    uint64_t started;
    uint64_t all;
};

static struct run_calls pull_through(const struct log_faulty_plan *faults)
{
    enum { BATCHES = 4, PAIRS = 4, PULLS = 8 };
    fixture_init(&fixture);
    make_topic(&fixture, "S", 1);
    make_topic(&fixture, "OUT", 1);
    make_topic(&fixture, "DEAD", 1);
    fixture_close(&fixture);
    fixture.faults = *faults;
    fixture.flow_options.batch_rows = 2;
    fixture_open(&fixture);
    fixture_join(&fixture);
    const struct plan *plan =
        make_aggregate_plan(&fixture.arena, &(struct table_options){.window = WINDOW_NONE});
    start(&fixture, plan);
    struct run_calls calls = {.started = log_faulty_calls(fixture.log)};
    const struct pull_plan *pull = make_pull(plan);
    struct counts last = {0};
    for (int batch = 0; batch < BATCHES; batch++) {
        struct producer producer = {.fixture = &fixture};
        for (int i = 0; i < 2 * PAIRS; i++)
            producer_add(&producer, "S", i % 2 == 0 ? "a" : "b", "g,1", batch * 100 + i);
        producer_send(&producer);
        for (int i = 0; i < PULLS; i++)
            check_pull(pull, &last);
        if (!faults->sticky)
            wait_idle(&fixture);
    }
    check_pull(pull, &last);
    if (!faults->sticky) {
        assert_int_equal(last.a, BATCHES * PAIRS);
        assert_int_equal(last.b, BATCHES * PAIRS);
    }
    calls.all = log_faulty_calls(fixture.log);
    fixture_release(&fixture);
    return calls;
}

static uint64_t seed(void)
{
    const uint64_t seed = (uint64_t)clock_monotonic_ns();
    print_message("seed %llu\n", (unsigned long long)seed);
    return seed;
}

static struct run_calls calls_of_a_run(void)
{
    return pull_through(&(struct log_faulty_plan){.fail_call = UINT64_MAX, .err = ERR_IO});
}

/* The log takes nothing any more: what is not committed stays unseen. Only once: a query that
 * cannot hand its step over is given ten seconds to stop. */
static void test_commits_that_hang(void **state)
{
    struct random random = {.state = seed()};
    const struct run_calls calls = calls_of_a_run();
    const uint64_t call =
        calls.started + 1 + random_below(&random, (calls.all - calls.started) / 2);
    (void)pull_through(
        &(struct log_faulty_plan){.fail_call = call, .sticky = true, .err = ERR_FULL});
}

static void test_commits_that_are_aborted(void **state)
{
    struct random random = {.state = seed()};
    const struct run_calls calls = calls_of_a_run();
    for (uint64_t call = calls.started + 1 + random_below(&random, 4); call <= calls.all;
         call += 1 + random_below(&random, 8))
        (void)pull_through(&(struct log_faulty_plan){.fail_call = call, .err = ERR_ABORTED});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scans_and_looks_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_having_stands_between, setup, teardown),
        cmocka_unit_test_setup_teardown(test_condition_and_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_finds_all_windows_of_a_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kept_inputs, setup, teardown),
        cmocka_unit_test(test_commits_that_hang),
        cmocka_unit_test(test_commits_that_are_aborted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
