/* aggregate_test.c -- aggregates: add, undo, merge and result, on values and on their kept form. */
#include "expressions.h"

#include "base/random.h"
#include "data/kept.h"

#include <time.h>

struct running {
    const struct aggregate *aggregate;
    struct value state;
};

/* name(x of `type`, constants...) */
static struct running start(const char *name, const struct type *type, struct expr *constant,
                            struct expr *second)
{
    struct expr *args[3] = {expr_column(&arena, 0, type, nowhere), constant, second};
    struct expr *found[3];
    struct running running = {.aggregate = NULL};
    const uint32_t count = constant == NULL ? 1 : second == NULL ? 2 : 3;
    if (aggregate_resolve(&arena, str_from(name), args, count, nowhere, &running.aggregate, found,
                          &why) != OK)
        fail_msg("%s: %s", name, why.text);
    running.aggregate->ops->init(running.aggregate, &running.state, &arena);
    return running;
}

/* State goes through its kept form each time, as tables keep it. */
static void keep(struct running *running)
{
    struct buf buf = {0};
    kept_append_values(&running->aggregate->state_type, &running->state, 1, &buf);
    const struct str bytes = arena_str(&arena, buf_str(&buf));
    buf_release(&buf);
    assert_int_equal(
        kept_read_values(bytes, &running->aggregate->state_type, 1, &running->state, &arena), OK);
}

static void add(struct running *running, struct value value)
{
    assert_int_equal(
        running->aggregate->ops->add(running->aggregate, &running->state, &value, &arena), OK);
    keep(running);
}

static void undo(struct running *running, struct value value)
{
    assert_int_equal(
        running->aggregate->ops->undo(running->aggregate, &running->state, &value, &arena), OK);
    keep(running);
}

static void merge(struct running *running, const struct running *other)
{
    assert_int_equal(
        running->aggregate->ops->merge(running->aggregate, &running->state, &other->state, &arena),
        OK);
    keep(running);
}

static const char *result(const struct running *running)
{
    const struct value value =
        running->aggregate->ops->result(running->aggregate, &running->state, &arena);
    struct buf buf = {0};
    value_write_json(running->aggregate->result_type, &value, &buf);
    const char *shown_value = arena_str(&arena, buf_str(&buf)).data;
    buf_release(&buf);
    return shown_value;
}

#define INT(i) ((struct value){.integer = (i)})
#define TEXT(t) ((struct value){.text = STR(t)})

static void counting(void **state)
{
    struct running all = {.aggregate = NULL};
    struct expr *found[1];
    assert_int_equal(
        aggregate_resolve(&arena, STR("count"), NULL, 0, nowhere, &all.aggregate, found, &why), OK);
    assert_int_equal(all.aggregate->arg_count, 0);
    all.aggregate->ops->init(all.aggregate, &all.state, &arena);
    add(&all, VALUE_NULL);
    add(&all, VALUE_NULL);
    assert_string_equal(result(&all), "2");
    undo(&all, VALUE_NULL);
    assert_string_equal(result(&all), "1");

    struct running some = start("COUNT", &type_string, NULL, NULL);
    add(&some, VALUE_NULL);
    assert_string_equal(result(&some), "0");
    add(&some, TEXT("a"));
    merge(&some, &some);
    assert_string_equal(result(&some), "2");
}

static void sums(void **state)
{
    struct running sum = start("SUM", &type_integer, NULL, NULL);
    assert_string_equal(result(&sum), "0");
    add(&sum, VALUE_NULL);
    add(&sum, INT(INT32_MAX));
    add(&sum, INT(2));
    assert_string_equal(result(&sum), "-2147483647");
    undo(&sum, INT(2));
    assert_string_equal(result(&sum), "2147483647");

    struct running fixed_sum = start("SUM", type_decimal(&arena, 4, 1), NULL, NULL);
    add(&fixed_sum, (struct value){.decimal = 8017});
    assert_string_equal(result(&fixed_sum), "801.7");
    struct value more = {.decimal = 4008};
    assert_int_equal(
        fixed_sum.aggregate->ops->add(fixed_sum.aggregate, &fixed_sum.state, &more, &arena),
        ERR_OUT_OF_RANGE);
    assert_string_equal(result(&fixed_sum), "801.7");
}

static void averages(void **state)
{
    struct running mean = start("AVG", &type_integer, NULL, NULL);
    assert_string_equal(result(&mean), "0.0");
    add(&mean, INT(1));
    add(&mean, INT(2));
    add(&mean, VALUE_NULL);
    assert_string_equal(result(&mean), "1.5");
    undo(&mean, INT(1));
    assert_string_equal(result(&mean), "2.0");
    struct running other = start("AVG", &type_integer, NULL, NULL);
    add(&other, INT(5));
    merge(&mean, &other);
    assert_string_equal(result(&mean), "3.5");

    struct running variance = start("STDDEV_SAMP", &type_integer, NULL, NULL);
    struct running deviation = start("STDDEV_SAMPLE", &type_integer, NULL, NULL);
    static const double numbers[] = {0, 10, 7};
    for (int i = 0; i < 3; i++) {
        add(&variance, (struct value){.number = numbers[i]});
        add(&deviation, (struct value){.number = numbers[i]});
    }
    assert_string_equal(result(&variance), "26.333333333333332");
    assert_string_equal(result(&deviation), "5.131601439446884");
    undo(&variance, (struct value){.number = 7});
    assert_string_equal(result(&variance), "50.0");
}

static void extremes(void **state)
{
    struct running least = start("MIN", &type_string, NULL, NULL);
    struct running most = start("MAX", &type_string, NULL, NULL);
    assert_string_equal(result(&least), "null");
    const struct value values[4] = {TEXT("b"), VALUE_NULL, TEXT("a"), TEXT("c")};
    for (int i = 0; i < 4; i++) {
        add(&least, values[i]);
        add(&most, values[i]);
    }
    assert_string_equal(result(&least), "\"a\"");
    assert_string_equal(result(&most), "\"c\"");
    assert_false(least.aggregate->can_undo);
    assert_int_equal(least.aggregate->ops->undo(least.aggregate, &least.state, &values[0], &arena),
                     ERR_UNSUPPORTED);
}

static void first_and_last(void **state)
{
    struct running latest = start("LATEST_BY_OFFSET", &type_integer, NULL, NULL);
    struct running null_too = start("LATEST_BY_OFFSET", &type_integer, boolean(false), NULL);
    struct running two = start("LATEST_BY_OFFSET", &type_integer, integer(2), boolean(false));
    struct running first_two = start("EARLIEST_BY_OFFSET", &type_integer, integer(2), NULL);
    struct running first = start("EARLIEST_BY_OFFSET", &type_integer, NULL, NULL);
    assert_string_equal(result(&latest), "null");
    assert_string_equal(result(&two), "[]");
    const struct value values[4] = {VALUE_NULL, INT(12), INT(13), VALUE_NULL};
    for (int i = 0; i < 4; i++) {
        add(&latest, values[i]);
        add(&null_too, values[i]);
        add(&two, values[i]);
        add(&first_two, values[i]);
        add(&first, values[i]);
    }
    assert_string_equal(result(&latest), "13");
    assert_string_equal(result(&null_too), "null");
    assert_string_equal(result(&two), "[13,null]");
    assert_string_equal(result(&first_two), "[12,13]");
    assert_string_equal(result(&first), "12");
}

/* Which session came first is known whichever way they are merged. */
static void sessions_merge_in_order(void **state)
{
    struct running older = start("LATEST_BY_OFFSET", &type_integer, integer(3), NULL);
    struct running newer = start("LATEST_BY_OFFSET", &type_integer, integer(3), NULL);
    add(&older, INT(1));
    add(&newer, INT(2));
    add(&older, INT(3));
    add(&newer, INT(4));
    merge(&newer, &older);
    assert_string_equal(result(&newer), "[2,3,4]");

    struct running one = start("EARLIEST_BY_OFFSET", &type_string, NULL, NULL);
    struct running other = start("EARLIEST_BY_OFFSET", &type_string, NULL, NULL);
    struct running empty = start("EARLIEST_BY_OFFSET", &type_string, NULL, NULL);
    add(&one, TEXT("one"));
    add(&other, TEXT("other"));
    merge(&other, &one);
    assert_string_equal(result(&other), "\"one\"");
    merge(&one, &empty);
    merge(&empty, &one);
    assert_string_equal(result(&empty), "\"one\"");
}

static void lists_have_a_limit(void **state)
{
    static const char *const names[] = {"COLLECT_LIST", "COLLECT_SET"};
    for (size_t i = 0; i < 2; i++) {
        struct running list = start(names[i], &type_string, NULL, NULL);
        struct aggregate limited = *list.aggregate;
        limited.items_max = 2;
        list.aggregate = &limited;
        add(&list, TEXT("a"));
        add(&list, TEXT("b"));
        add(&list, TEXT("c"));
        assert_string_equal(result(&list), "[\"a\",\"b\"]");
        merge(&list, &list);
        assert_string_equal(result(&list), "[\"a\",\"b\"]");
    }
}

static void lists_and_sets(void **state)
{
    struct running list = start("COLLECT_LIST", &type_string, NULL, NULL);
    struct running set = start("COLLECT_SET", &type_string, NULL, NULL);
    struct running counts = start("HISTOGRAM", &type_string, NULL, NULL);
    const struct value values[5] = {TEXT("a"), VALUE_NULL, TEXT("b"), TEXT("a"), VALUE_NULL};
    for (int i = 0; i < 5; i++) {
        add(&list, values[i]);
        add(&set, values[i]);
        add(&counts, values[i]);
    }
    assert_string_equal(result(&list), "[\"a\",null,\"b\",\"a\",null]");
    assert_string_equal(result(&set), "[\"a\",null,\"b\"]");
    assert_string_equal(result(&counts), "{\"a\":2,\"b\":1}");
    undo(&list, TEXT("a"));
    undo(&list, TEXT("zz"));
    undo(&counts, TEXT("a"));
    undo(&counts, TEXT("zz"));
    assert_string_equal(result(&list), "[null,\"b\",\"a\",null]");
    assert_string_equal(result(&counts), "{\"a\":1,\"b\":1}");
    merge(&set, &set);
    merge(&counts, &counts);
    assert_string_equal(result(&set), "[\"a\",null,\"b\"]");
    assert_string_equal(result(&counts), "{\"a\":2,\"b\":2}");
}

static void greatest_first(void **state)
{
    struct running top = start("TOPK", &type_integer, integer(3), NULL);
    struct running distinct = start("TOPKDISTINCT", &type_integer, integer(3), NULL);
    static const int numbers[] = {0, 100, 99, 7, 100};
    for (int i = 0; i < 5; i++) {
        add(&top, INT(numbers[i]));
        add(&distinct, INT(numbers[i]));
    }
    add(&top, VALUE_NULL);
    assert_string_equal(result(&top), "[100,100,99]");
    assert_string_equal(result(&distinct), "[100,99,7]");
    merge(&distinct, &distinct);
    assert_string_equal(result(&distinct), "[100,99,7]");

    struct expr *args[3] = {expr_column(&arena, 0, &type_integer, nowhere),
                            expr_column(&arena, 1, &type_string, nowhere), integer(2)};
    struct expr *found[3];
    struct running rows = {.aggregate = NULL};
    assert_int_equal(
        aggregate_resolve(&arena, STR("TOPK"), args, 3, nowhere, &rows.aggregate, found, &why), OK);
    rows.aggregate->ops->init(rows.aggregate, &rows.state, &arena);
    const struct value row[3][2] = {{INT(1), TEXT("a")}, {INT(5), TEXT("b")}, {INT(5), VALUE_NULL}};
    for (int i = 0; i < 3; i++)
        assert_int_equal(rows.aggregate->ops->add(rows.aggregate, &rows.state, row[i], &arena), OK);
    assert_string_equal(result(&rows),
                        "[{\"sort_col\":5,\"col0\":\"b\"},{\"sort_col\":5,\"col0\":null}]");
}

static void attribute(void **state)
{
    struct running attr = start("ATTR", &type_string, NULL, NULL);
    assert_string_equal(result(&attr), "null");
    add(&attr, TEXT("1"));
    add(&attr, TEXT("1"));
    assert_string_equal(result(&attr), "\"1\"");
    add(&attr, TEXT("2"));
    assert_string_equal(result(&attr), "null");
    undo(&attr, TEXT("1"));
    undo(&attr, TEXT("1"));
    assert_string_equal(result(&attr), "\"2\"");
}

/* What can be undone: after adding and taking back in any order, the result is that of what is
 * left. */
static void undo_is_the_opposite_of_add(void **state)
{
    static const char *const names[] = {"COUNT", "SUM", "AVG", "ATTR"};
    struct random random = {.state = (uint64_t)time(NULL)};
    print_message("seed %llu\n", (unsigned long long)random.state);
    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
        struct running both = start(names[n], &type_bigint, NULL, NULL);
        struct running kept = start(names[n], &type_bigint, NULL, NULL);
        assert_true(both.aggregate->can_undo);
        struct value gone[50];
        for (int i = 0; i < 50; i++) {
            const struct value stays = {.bigint = (int64_t)random_below(&random, 5)};
            gone[i] = (struct value){.is_null = random_below(&random, 4) == 0,
                                     .bigint = (int64_t)random_below(&random, 5)};
            add(&both, stays);
            add(&kept, stays);
            add(&both, gone[i]);
        }
        for (int i = 0; i < 50; i++)
            undo(&both, gone[i]);
        assert_string_equal(result(&both), result(&kept));
    }
}

static void refusals_say_why(void **state)
{
    struct expr *args[2] = {expr_column(&arena, 0, &type_integer, nowhere),
                            expr_column(&arena, 1, &type_integer, nowhere)};
    struct expr *found[2];
    const struct aggregate *aggregate = NULL;
    assert_int_equal(aggregate_resolve(&arena, STR("EARLIEST_BY_OFFSET"), args, 2, nowhere,
                                       &aggregate, found, &why),
                     ERR_INVALID);
    assert_non_null(strstr(why.text, "parameter 2"));
    args[1] = integer(0);
    assert_int_equal(
        aggregate_resolve(&arena, STR("TOPK"), args, 2, nowhere, &aggregate, found, &why),
        ERR_INVALID);
    args[0] = text("x");
    assert_int_equal(
        aggregate_resolve(&arena, STR("SUM"), args, 1, nowhere, &aggregate, found, &why),
        ERR_INVALID);
    assert_non_null(strstr(why.text, "does not accept parameters (STRING)"));
    assert_int_equal(
        aggregate_resolve(&arena, STR("SUMM"), args, 1, nowhere, &aggregate, found, &why),
        ERR_INVALID);
    assert_non_null(strstr(why.text, "did you mean 'SUM'?"));
    assert_non_null(strstr(REFUSED("SUM", integer(1)), "aggregate"));
    assert_null(aggregate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counting),
        TEST(sums),
        TEST(averages),
        TEST(extremes),
        TEST(first_and_last),
        TEST(sessions_merge_in_order),
        TEST(lists_and_sets),
        TEST(greatest_first),
        TEST(lists_have_a_limit),
        TEST(attribute),
        TEST(undo_is_the_opposite_of_add),
        TEST(refusals_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
