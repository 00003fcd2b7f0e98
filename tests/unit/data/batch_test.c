/* batch_test.c -- batches and columns: setting, growing, copying. */
#include "data/batch.h"
#include "unit.h"

static const struct row_type *random_row_type(struct random *random, struct arena *arena)
{
    struct row_column columns[8];
    const uint32_t count = 1 + (uint32_t)random_below(random, 8);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = (struct row_column){.name = arena_printf(arena, "C%" PRIu32, i),
                                         .type = random_type(random, 3, arena),
                                         .role = i == 0 ? COLUMN_KEY : COLUMN_VALUE};
    return row_type_new(arena, columns, count);
}

/* Rows set in any order, some twice, then copied elsewhere: each cell is the last one set. */
static void rows_are_set_and_copied(void **state)
{
    enum { ROWS = 20 };
    struct random random = random_begin("rows_are_set_and_copied");
    struct arena arena;
    arena_init(&arena, 0);
    for (int round = 0; round < 60; round++) {
        const struct row_type *row_type = random_row_type(&random, &arena);
        struct batch *from = batch_new(&arena, row_type, ROWS);
        struct batch *to = batch_new(&arena, row_type, ROWS);
        struct value(*values)[ROWS] = arena_alloc(&arena, row_type->column_count * sizeof(*values));
        for (uint32_t pass = 0; pass < 2; pass++) {
            for (uint32_t row = 0; row < ROWS; row += 1 + pass) {
                for (uint32_t i = 0; i < row_type->column_count; i++) {
                    values[i][row] = random_value(&random, row_type->columns[i].type, &arena);
                    column_set(&from->columns[i], row, &values[i][row], &arena);
                }
                from->timestamps[row] = random_int64(&random);
                from->offsets[row] = row;
                from->partitions[row] = (int32_t)row % 3;
            }
        }
        for (uint32_t row = 0; row < ROWS; row++)
            batch_copy_row(to, ROWS - 1 - row, from, row);
        for (uint32_t row = 0; row < ROWS; row++) {
            const uint32_t to_row = ROWS - 1 - row;
            assert_true(to->timestamps[to_row] == from->timestamps[row]);
            assert_int_equal(to->offsets[to_row], row);
            assert_int_equal(to->partitions[to_row], row % 3);
            for (uint32_t i = 0; i < row_type->column_count; i++) {
                const struct type *type = row_type->columns[i].type;
                const struct value set = column_get(&from->columns[i], row, &arena);
                const struct value copied = column_get(&to->columns[i], to_row, &arena);
                assert_true(value_equal(type, &set, &values[i][row]));
                assert_true(value_equal(type, &copied, &values[i][row]));
            }
        }
        arena_clear(&arena);
    }
    arena_release(&arena);
}

static void a_new_batch_is_empty(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct row_column column = {STR("ID"), &type_string, COLUMN_KEY, {0}};
    const struct row_type *row_type = row_type_new(&arena, &column, 1);
    struct batch *batch = batch_new(&arena, row_type, 5);
    assert_int_equal(batch->row_count, 0);
    assert_int_equal(batch->selected_count, 0);
    assert_int_equal(batch->offsets[4], -1);
    assert_null(batch->kinds);
    assert_null(batch->before);
    assert_null(batch->window_starts);
    batch_add_kinds(batch);
    batch_add_windows(batch);
    batch_add_null_values(batch);
    batch_add_before(batch);
    assert_int_equal(batch->kinds[4], ROW_PUT);
    assert_int_equal(batch->window_ends[4], 0);
    assert_int_equal(batch->null_values[4], 0);
    assert_int_equal(batch->before_exists[4], 0);
    assert_ptr_equal(batch->before->row_type, row_type);
    batch->row_count = 3;
    batch_select_all(batch);
    assert_int_equal(batch->selected_count, 3);
    assert_int_equal(batch->selection[2], 2);
    arena_release(&arena);
}

static void growing_keeps_what_is_there(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *type =
        type_struct(&arena, (struct type_field[]){{STR("A"), &type_integer}}, 1);
    struct column column;
    column_init(&column, type, 1, &arena);
    struct value field = {.integer = 0};
    const struct value value = {.list = {&field, 1}};
    for (uint32_t row = 0; row < 1000; row++) {
        column_reserve(&column, row + 1, &arena);
        assert_int_equal(column.nulls[row], 0);
        field.integer = (int32_t)row;
        column_set(&column, row, &value, &arena);
    }
    for (uint32_t row = 0; row < 1000; row++)
        assert_int_equal(column.children[0].integers[row], row);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_set_and_copied),
        cmocka_unit_test(a_new_batch_is_empty),
        cmocka_unit_test(growing_keeps_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
