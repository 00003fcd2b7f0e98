/* evaluate_test.c -- expressions over batches: selections, failures, filters, captured columns. */
#include "expressions.h"

#include "base/random.h"

#include <time.h>

#define ROWS 200

enum { COLUMN_A, COLUMN_B, COLUMN_TEXT, COLUMN_LIST, COLUMN_STRUCT, COLUMN_COUNT };

static const struct row_type *rows_type;

static struct expr *column(uint32_t index)
{
    return expr_column(&arena, index, rows_type->columns[index].type, nowhere);
}

/* Random rows with NULLs: A INTEGER, B BIGINT (0 to 3), TEXT, LIST ARRAY<INTEGER>, S STRUCT. */
static struct batch *random_batch(struct random *random)
{
    const struct type_field fields[1] = {{STR("X"), &type_string}};
    const struct row_column columns[COLUMN_COUNT] = {
        {.name = STR("A"), .type = &type_integer},
        {.name = STR("B"), .type = &type_bigint},
        {.name = STR("T"), .type = &type_string},
        {.name = STR("L"), .type = type_array(&arena, &type_integer)},
        {.name = STR("S"), .type = type_struct(&arena, fields, 1)},
    };
    static const char *const texts[] = {"", "a", "b,c", "12", "true"};
    rows_type = row_type_new(&arena, columns, COLUMN_COUNT);
    struct batch *batch = batch_new(&arena, rows_type, ROWS);
    batch->row_count = ROWS;
    for (uint32_t row = 0; row < ROWS; row++) {
        struct value items[3], cells[COLUMN_COUNT];
        for (int i = 0; i < 3; i++)
            items[i] = (struct value){.is_null = random_below(random, 5) == 0,
                                      .integer = (int32_t)random_below(random, 9)};
        struct value text_value = {.text = str_from(texts[random_below(random, 5)])};
        cells[COLUMN_A] = (struct value){.integer = (int32_t)random_below(random, 7) - 3};
        cells[COLUMN_B] = (struct value){.bigint = (int64_t)random_below(random, 4)};
        cells[COLUMN_TEXT] = text_value;
        cells[COLUMN_LIST] =
            (struct value){.list = {.items = items, .count = (uint32_t)random_below(random, 4)}};
        cells[COLUMN_STRUCT] = (struct value){.list = {.items = &text_value, .count = 1}};
        for (uint32_t c = 0; c < COLUMN_COUNT; c++) {
            cells[c].is_null = random_below(random, 6) == 0;
            column_set(&batch->columns[c], row, &cells[c], &arena);
        }
    }
    batch_select_all(batch);
    return batch;
}

static struct expr *both(enum expr_kind kind, struct expr *a, struct expr *b)
{
    struct expr *args[2] = {a, b}, *expr = NULL;
    assert_int_equal(expr_logic(&arena, kind, args, 2, nowhere, &expr, &why), OK);
    return expr;
}

static struct expr *choice(struct expr *condition, struct expr *result, struct expr *otherwise)
{
    struct expr *expr = NULL;
    assert_int_equal(expr_case(&arena, &condition, &result, 1, otherwise, nowhere, &expr, &why),
                     OK);
    return expr;
}

static struct expr *field(void)
{
    struct expr *expr = NULL;
    assert_int_equal(expr_field(&arena, column(COLUMN_STRUCT), STR("X"), nowhere, &expr, &why), OK);
    return expr;
}

static struct expr *item(struct expr *index)
{
    struct expr *expr = NULL;
    assert_int_equal(expr_subscript(&arena, column(COLUMN_LIST), index, nowhere, &expr, &why), OK);
    return expr;
}

/* Expressions of every kind over the columns. */
static uint32_t samples(struct expr **ret_exprs)
{
    struct expr *a = column(COLUMN_A), *b = column(COLUMN_B), *t = column(COLUMN_TEXT);
    struct expr *ratio = CALL("/", a, b);
    struct expr *x = expr_parameter(&arena, 0, &type_integer, nowhere);
    struct expr *captures =
        expr_lambda(&arena, 1, CALL("+", CALL("COALESCE", x, integer(0)), b), nowhere);
    struct expr *adds =
        expr_lambda(&arena, 2,
                    CALL("+", expr_parameter(&arena, 0, &type_bigint, nowhere),
                         CALL("/", expr_parameter(&arena, 1, &type_integer, nowhere), b)),
                    nowhere);
    struct expr *exprs[] = {
        a,
        integer(7),
        ratio,
        CALL(">", ratio, integer(0)),
        both(EXPR_AND, CALL("<>", b, integer(0)), CALL(">", ratio, integer(0))),
        both(EXPR_OR, CALL("=", b, integer(0)), CALL(">", ratio, integer(0))),
        choice(CALL("=", b, integer(0)), bigint(-1), ratio),
        choice(CALL("LIKE", t, text("%,%")), t, CALL("UCASE", t)),
        CALL("IS DISTINCT FROM", a, b),
        CALL("IN", a, integer(1), b),
        cast(t, &type_integer),
        CALL("COALESCE", cast(t, &type_integer), a),
        field(),
        item(integer(-1)),
        item(a),
        CALL("SPLIT", t, text(",")),
        CALL("TRANSFORM", column(COLUMN_LIST), captures),
        CALL("REDUCE", column(COLUMN_LIST), b, adds),
        ARRAY(a, b, ratio),
        expr_is_null(&arena, ratio, nowhere),
        MAP(CALL("COALESCE", t, text("?")), a),
        CALL("AS_VALUE", column(COLUMN_STRUCT)),
    };
    memcpy(ret_exprs, exprs, sizeof(exprs));
    return sizeof(exprs) / sizeof(*exprs);
}

/* What one row gives when it is evaluated alone. */
static struct value alone(const struct expr *expr, struct batch *batch, uint32_t row,
                          bool *ret_failed)
{
    struct batch one = *batch;
    uint16_t selection[1] = {(uint16_t)row};
    uint8_t failed[ROWS] = {0};
    one.selection = selection;
    one.selected_count = 1;
    struct evaluation evaluation = {.arena = &arena, .batch = &one, .failed = failed};
    const struct column *result = expr_evaluate(expr, &evaluation);
    *ret_failed = failed[row];
    assert_int_equal(failed[row] != 0, evaluation.fail_count > 0);
    return column_get(result, row, &arena);
}

/* Whatever rows are selected, each gets what it gets alone, and no other is touched. */
static void rows_do_not_see_each_other(void **state)
{
    struct random random = {.state = (uint64_t)time(NULL)};
    print_message("seed %llu\n", (unsigned long long)random.state);
    struct batch *batch = random_batch(&random);
    struct expr *exprs[40];
    const uint32_t expr_count = samples(exprs);
    for (uint32_t e = 0; e < expr_count; e++)
        for (int round = 0; round < 3; round++) {
            batch_select_all(batch);
            uint32_t kept = 0;
            for (uint32_t row = 0; row < ROWS; row++)
                if (round == 0 || random_below(&random, 2))
                    batch->selection[kept++] = (uint16_t)row;
            batch->selected_count = kept;
            uint8_t failed[ROWS] = {0};
            struct evaluation evaluation = {.arena = &arena, .batch = batch, .failed = failed};
            const struct column *result = expr_evaluate(exprs[e], &evaluation);
            assert_true(type_equal(result->type, exprs[e]->type));
            bool selected[ROWS] = {false};
            for (uint32_t i = 0; i < kept; i++) {
                const uint32_t row = batch->selection[i];
                bool is_failed = false;
                const struct value wanted = alone(exprs[e], batch, row, &is_failed);
                const struct value found = column_get(result, row, &arena);
                selected[row] = true;
                if (!value_equal(result->type, &wanted, &found) || failed[row] != is_failed)
                    fail_msg("expression %u differs in row %u", e, row);
            }
            for (uint32_t row = 0; row < ROWS; row++)
                assert_true(selected[row] || !failed[row]);
        }
}

/* A filter keeps the true ones in their order; failing ones drop out, NOT or no NOT. */
static void filters_drop_what_fails(void **state)
{
    struct random random = {.state = (uint64_t)time(NULL)};
    print_message("seed %llu\n", (unsigned long long)random.state);
    struct batch *batch = random_batch(&random);
    struct expr *test = CALL(">", CALL("/", column(COLUMN_A), column(COLUMN_B)), integer(0));
    struct expr *inverted = NULL;
    assert_int_equal(expr_logic(&arena, EXPR_NOT, &test, 1, nowhere, &inverted, &why), OK);
    uint32_t kept = 0, zero = 0;
    for (int side = 0; side < 2; side++) {
        batch_select_all(batch);
        struct evaluation evaluation = {.arena = &arena, .batch = batch};
        expr_filter(side == 0 ? test : inverted, &evaluation, batch);
        kept += batch->selected_count;
        for (uint32_t i = 0; i < batch->selected_count; i++) {
            const uint32_t row = batch->selection[i];
            assert_true(i == 0 || row > batch->selection[i - 1]);
            assert_false(batch->columns[COLUMN_A].nulls[row] | batch->columns[COLUMN_B].nulls[row]);
            const int64_t b = batch->columns[COLUMN_B].bigints[row];
            assert_true(b != 0);
            assert_int_equal(batch->columns[COLUMN_A].integers[row] / b > 0, side == 0);
        }
        zero = (uint32_t)evaluation.fail_count;
    }
    uint32_t whole = 0;
    for (uint32_t row = 0; row < ROWS; row++)
        whole += !batch->columns[COLUMN_A].nulls[row] && !batch->columns[COLUMN_B].nulls[row];
    assert_int_equal(kept + zero, whole);
}

static void plain_columns_are_the_batchs_own(void **state)
{
    struct random random = {.state = 1};
    struct batch *batch = random_batch(&random);
    struct evaluation evaluation = {.arena = &arena, .batch = batch};
    assert_ptr_equal(expr_evaluate(column(COLUMN_B), &evaluation), &batch->columns[COLUMN_B]);
    batch->selected_count = 0;
    assert_non_null(expr_evaluate(CALL("+", column(COLUMN_A), integer(1)), &evaluation));
    batch->row_count = 0;
    assert_non_null(expr_evaluate(CALL("UCASE", column(COLUMN_TEXT)), &evaluation));
    assert_int_equal(evaluation.fail_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_do_not_see_each_other),
        TEST(filters_drop_what_fails),
        TEST(plain_columns_are_the_batchs_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
