/* outer_join_test.c -- LEFT, RIGHT and FULL windowed joins: when rows without a partner go out.
 *
 * Rows are put one by one, each after the one before was dealt with, so that their order is known;
 * a model of Kafka Streams' rules, written over plain arrays, says what must come, in order. */
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

struct row {
    bool right;
    const char *key; /* NULL: none */
    const char *value;
    int64_t timestamp_ms;
};

static void put_row(const struct row *row)
{
    char value[64];
    snprintf(value, sizeof(value), "1,%s", row->value);
    put(&fixture, row->right ? "R" : "L", row->key, row->value ? value : NULL, row->timestamp_ms);
    wait_idle(&fixture);
}

static void expect(const struct join_options *options, const struct row *rows, size_t count,
                   struct str expected)
{
    make_join_topics(&fixture, 1);
    start(&fixture, make_join_plan(&fixture.arena, options));
    for (size_t i = 0; i < count; i++)
        put_row(&rows[i]);
    assert_text(read_partition(&fixture, "OUT", 0), expected);
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void test_left_without_grace_is_eager(void **state)
{
    static const struct join_options options = {
        .join = JOIN_LEFT, .before_ms = 10000, .after_ms = 10000, .grace_ms = 86400000};
    static const struct row rows[] = {
        {false, "0", "zero", 0}, {true, "0", "blah", 10000}, {false, NULL, "nobody", 11000}};
    expect(&options, rows, COUNT_OF(rows), STR("0|zero,|0\n0|zero,blah|10000\n-|nobody,|11000\n"));
}

static const struct join_options minute = {
    .before_ms = 60000, .after_ms = 60000, .grace_ms = 60000, .grace_given = true};

static void test_left_out_of_order_with_grace(void **state)
{
    struct join_options options = minute;
    options.join = JOIN_LEFT;
    static const struct row rows[] = {{false, "0", "A", 0},      {true, "0", "a", 60000},
                                      {false, "1", "B", 330000}, {false, "2", "C", 90000},
                                      {true, "2", "c", 90000},   {false, "3", "D", 60000},
                                      {true, "3", "d", 60000}};
    expect(&options, rows, COUNT_OF(rows), STR("0|A,a|60000\n2|C,|90000\n3|D,|60000\n"));
}

/* The right store has seen only 90000 when d comes, so d is found by D, though it went out. */
static void test_right_late_row_goes_out_and_still_joins(void **state)
{
    struct join_options options = minute;
    options.join = JOIN_RIGHT;
    static const struct row rows[] = {{false, "0", "A", 0},      {true, "0", "a", 60000},
                                      {false, "1", "B", 330000}, {true, "2", "c", 90000},
                                      {true, "3", "d", 60000},   {false, "3", "D", 90000}};
    expect(&options, rows, COUNT_OF(rows),
           STR("0|A,a|60000\n2|,c|90000\n3|,d|60000\n3|D,d|90000\n"));
}

static void test_waits_strictly_longer_than_window_and_grace(void **state)
{
    struct join_options options = {
        .join = JOIN_FULL, .before_ms = 10, .after_ms = 20, .grace_ms = 5, .grace_given = true};
    static const struct row rows[] = {
        {false, "a", "x", 100},  {true, "b", "y", 100},
        {false, "t", "t1", 115}, /* y: 100 + 10 + 5, not yet past */
        {false, "t", "t2", 116}, /* y goes */
        {false, "t", "t3", 125}, /* x: 100 + 20 + 5, not yet */
        {false, "t", "t4", 126}, /* x goes */
    };
    expect(&options, rows, COUNT_OF(rows), STR("b|,y|100\na|x,|100\n"));
}

static void test_same_time_right_first_then_by_key(void **state)
{
    struct join_options options = minute;
    options.join = JOIN_FULL;
    static const struct row rows[] = {{false, "b", "l1", 1000}, {true, "c", "r1", 1000},
                                      {false, "a", "l2", 1000}, {true, "d", "r2", 999},
                                      {true, "0", "r3", 1000},  {false, "t", "t", 500000}};
    expect(&options, rows, COUNT_OF(rows),
           STR("d|,r2|999\n0|,r3|1000\nc|,r1|1000\na|l2,|1000\nb|l1,|1000\n"));
}

/* A row without a value moves stream time and nothing else; what is overdue by then goes out with
 * the next row, also after a restart. */
static void test_overdue_rows_survive_a_restart(void **state)
{
    struct join_options options = minute;
    options.join = JOIN_LEFT;
    static const struct row rows[] = {{false, "a", "x", 1000}, {true, "b", NULL, 400000}};
    expect(&options, rows, COUNT_OF(rows), STR(""));
    fixture_close(&fixture);
    fixture_open(&fixture);
    fixture_join(&fixture);
    start(&fixture, make_join_plan(&fixture.arena, &options));
    put_row(&(struct row){false, "c", "y", 400000});
    assert_text(read_partition(&fixture, "OUT", 0), STR("a|x,|1000\n"));
}

/* ---- the model ---- */

#define MODEL_ROWS 2000

struct model_row {
    struct row row;
    bool waits;
    bool in_window;
};

struct model {
    const struct join_options *options;
    struct model_row rows[MODEL_ROWS];
    int count;
    int64_t stream_ms;
    int64_t observed_ms[2];
    struct buf out;
};

static int64_t model_ahead(const struct model *model, bool right)
{
    return right ? model->options->before_ms : model->options->after_ms;
}

static int64_t model_back(const struct model *model, bool right)
{
    return right ? model->options->after_ms : model->options->before_ms;
}

static bool model_pads(const struct model *model, bool right)
{
    const enum join_kind kind = model->options->join;
    return kind == JOIN_FULL || (right ? kind == JOIN_RIGHT : kind == JOIN_LEFT);
}

static void model_alone(struct model *model, const struct row *row)
{
    buf_printf(&model->out, "%s|%s,%s|%lld\n", row->key, row->right ? "" : row->value,
               row->right ? row->value : "", (long long)row->timestamp_ms);
}

/* The first of those that wait and whose time is past, in the outer store's order; -1: none. */
static int model_next_expired(const struct model *model)
{
    int best = -1;
    for (int i = 0; i < model->count; i++) {
        const struct row *row = &model->rows[i].row;
        if (!model->rows[i].waits ||
            row->timestamp_ms + model_ahead(model, row->right) + model->options->grace_ms >=
                model->stream_ms)
            continue;
        const struct row *first = best < 0 ? NULL : &model->rows[best].row;
        if (!first || row->timestamp_ms < first->timestamp_ms ||
            (row->timestamp_ms == first->timestamp_ms &&
             (row->right > first->right ||
              (row->right == first->right && strcmp(row->key, first->key) < 0))))
            best = i;
    }
    return best;
}

static int model_partners(struct model *model, const struct row *row, int *partners)
{
    const int64_t retention_ms =
        model->options->before_ms + model->options->after_ms + model->options->grace_ms;
    const int64_t floor_ms = model->observed_ms[!row->right] - retention_ms + 1;
    int count = 0;
    for (int i = 0; i < model->count; i++) {
        const struct row *other = &model->rows[i].row;
        if (!model->rows[i].in_window || other->right == row->right ||
            strcmp(other->key, row->key) != 0 || other->timestamp_ms < floor_ms ||
            other->timestamp_ms < row->timestamp_ms - model_back(model, row->right) ||
            other->timestamp_ms > row->timestamp_ms + model_ahead(model, row->right))
            continue;
        int at = count++;
        while (at > 0 && model->rows[partners[at - 1]].row.timestamp_ms > other->timestamp_ms) {
            partners[at] = partners[at - 1];
            at--;
        }
        partners[at] = i;
    }
    return count;
}

static void model_process(struct model *model, const struct row *row)
{
    int partners[MODEL_ROWS];
    const bool waits = model->options->grace_given;
    if (row->timestamp_ms > model->stream_ms)
        model->stream_ms = row->timestamp_ms;
    int expired;
    while (waits && row->timestamp_ms == model->stream_ms &&
           (expired = model_next_expired(model)) >= 0) {
        model->rows[expired].waits = false;
        model_alone(model, &model->rows[expired].row);
    }
    const int count = model_partners(model, row, partners);
    for (int i = 0; i < count; i++) {
        struct model_row *other = &model->rows[partners[i]];
        const struct row *left = row->right ? &other->row : row;
        const struct row *right = row->right ? row : &other->row;
        other->waits = false;
        buf_printf(&model->out, "%s|%s,%s|%lld\n", row->key, left->value, right->value,
                   (long long)(left->timestamp_ms > right->timestamp_ms ? left->timestamp_ms
                                                                        : right->timestamp_ms));
    }
    struct model_row *own = &model->rows[model->count++];
    *own = (struct model_row){.row = *row, .in_window = true};
    if (count == 0 && model_pads(model, row->right)) {
        if (!waits || row->timestamp_ms + model_ahead(model, row->right) < model->stream_ms)
            model_alone(model, row);
        else
            own->waits = true;
    }
    if (row->timestamp_ms > model->observed_ms[row->right])
        model->observed_ms[row->right] = row->timestamp_ms;
}

/* restart_every: after so many rows all is closed and opened again; 0: never. */
static void random_run(uint64_t seed, const struct join_options *options, int count,
                       int restart_every)
{
    struct random random = {seed};
    struct model *model = memory_zalloc(sizeof(*model));
    model->options = options;
    model->stream_ms = INT64_MIN / 2;
    model->observed_ms[0] = model->observed_ms[1] = INT64_MIN / 2;
    fixture_init(&fixture);
    make_join_topics(&fixture, 1);
    const struct plan *plan = make_join_plan(&fixture.arena, options);
    start(&fixture, plan);
    int64_t now_ms = 100000;
    for (int i = 0; i < count; i++) {
        now_ms += (int64_t)random_below(&random, 8);
        const bool late = random_below(&random, 4) == 0;
        const struct row row = {
            .right = random_below(&random, 2),
            .key = arena_printf(&fixture.arena, "k%d", (int)random_below(&random, 12)).data,
            .value = arena_printf(&fixture.arena, "v%d", i).data,
            .timestamp_ms = now_ms - (late ? (int64_t)random_below(&random, 80) : 0)};
        model_process(model, &row);
        put_row(&row);
        if (restart_every > 0 && i % restart_every == restart_every - 1) {
            fixture_close(&fixture);
            fixture_open(&fixture);
            fixture_join(&fixture);
            start(&fixture, plan);
        }
    }
    print_message("seed %llu join %d\n", (unsigned long long)seed, (int)options->join);
    assert_text(read_partition(&fixture, "OUT", 0), buf_str(&model->out));
    fixture_release(&fixture);
    buf_release(&model->out);
    free(model);
}

static void test_random_rows_against_the_model(void **state)
{
    uint64_t seed = (uint64_t)clock_wall_ms();
    for (enum join_kind join = JOIN_INNER; join <= JOIN_FULL; join++) {
        const struct join_options graceful = {
            .join = join, .before_ms = 15, .after_ms = 10, .grace_ms = 12, .grace_given = true};
        const struct join_options eager = {
            .join = join, .before_ms = 5, .after_ms = 20, .grace_ms = 30, .grace_given = false};
        random_run(seed++, &graceful, 200, 0);
        random_run(seed++, &eager, 100, 0);
    }
}

static void test_random_rows_over_restarts(void **state)
{
    uint64_t seed = (uint64_t)clock_wall_ms();
    for (enum join_kind join = JOIN_INNER; join <= JOIN_FULL; join++) {
        const struct join_options graceful = {
            .join = join, .before_ms = 15, .after_ms = 10, .grace_ms = 12, .grace_given = true};
        random_run(seed++, &graceful, 120, 7);
        /* Nothing lies between the end of a window and that of the wait. */
        const struct join_options short_of = {
            .join = join, .before_ms = 15, .after_ms = 0, .grace_ms = 0, .grace_given = true};
        random_run(seed++, &short_of, 120, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_left_without_grace_is_eager, setup, teardown),
        cmocka_unit_test_setup_teardown(test_left_out_of_order_with_grace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_right_late_row_goes_out_and_still_joins, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_waits_strictly_longer_than_window_and_grace, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_same_time_right_first_then_by_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overdue_rows_survive_a_restart, setup, teardown),
        cmocka_unit_test(test_random_rows_against_the_model),
        cmocka_unit_test(test_random_rows_over_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
