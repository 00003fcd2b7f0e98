/* kept_test.c -- kept rows: their bytes, there and back, and bytes that are none. */
#include "data/kept.h"
#include "unit.h"

#include "base/varint.h"

#define ROUNDS 300
#define COLUMNS_MAX 12

static void a_row_has_these_bytes(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *types[] = {
        &type_boolean,
        &type_integer,
        &type_string,
        &type_double,
        type_decimal(&arena, 4, 2),
        type_array(&arena, &type_bigint),
        type_map(&arena, &type_string, &type_integer),
        &type_date,
        type_struct(&arena, (struct type_field[]){{STR("A"), &type_bytes}}, 1)};
    struct value items[] = {{.bigint = 1}, VALUE_NULL, {.bigint = -2}};
    struct value entries[] = {{.text = STR("k")}, {.integer = 3}, {.text = STR("l")}, VALUE_NULL};
    struct value fields[] = {{.text = STR("z")}};
    const struct value values[] = {
        {.boolean = true},      {.integer = -1},   {.text = STR("hi")},
        {.number = 1.0},        {.decimal = 1234}, {.list = {items, 3}},
        {.list = {entries, 2}}, VALUE_NULL,        {.list = {fields, 1}},
    };
    static const uint8_t expected[] = {
        0x80, 0x00,                             /* the date is NULL */
        1,                                      /* true */
        0x01,                                   /* -1 */
        4,    'h',  'i',                        /* size 2 */
        0,    0,    0,    0,   0, 0,            /* 1.0 */
        0xf0, 0x3f,                             /*     */
        4,    0x04, 0xd2,                       /* 1234, two bytes */
        6,    0x02, 2,    3,                    /* three items, the second NULL */
        4,    0x00, 2,    'k', 2, 'l', 0x02, 6, /* two keys; two values, the second NULL */
        0x00, 2,    'z',                        /* the struct's field */
    };
    struct buf buf = {0};
    kept_append_values(types, values, 9, &buf);
    assert_int_equal(buf.size, sizeof(expected));
    assert_memory_equal(buf.data, expected, sizeof(expected));
    buf_release(&buf);
    arena_release(&arena);
}

/* Values to columns to bytes to columns to values: all the same, and values give the same bytes. */
static void random_rows_go_round(void **state)
{
    struct random random = random_begin("random_rows_go_round");
    struct arena arena;
    arena_init(&arena, 0);
    struct buf buf = {0};
    struct buf boxed = {0};
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t count = (uint32_t)random_below(&random, COLUMNS_MAX + 1);
        const struct type *types[COLUMNS_MAX];
        struct value values[COLUMNS_MAX];
        struct column from[COLUMNS_MAX];
        struct column to[COLUMNS_MAX];
        uint16_t indexes[COLUMNS_MAX];
        for (uint32_t i = 0; i < count; i++) {
            types[i] = random_type(&random, 4, &arena);
            values[i] = random_value(&random, types[i], &arena);
            indexes[i] = (uint16_t)(count - 1 - i);
            column_init(&from[i], types[i], 3, &arena);
            column_set(&from[i], 1, &values[i], &arena);
            column_init(&to[indexes[i]], types[i], 2, &arena);
        }
        buf_clear(&buf);
        kept_append(from, NULL, count, 1, &buf);
        buf_clear(&boxed);
        kept_append_values(types, values, count, &boxed);
        assert_true(str_equal(buf_str(&buf), buf_str(&boxed)));

        assert_int_equal(kept_read(buf_str(&buf), to, indexes, count, 1, &arena), OK);
        struct value back[COLUMNS_MAX];
        assert_int_equal(kept_read_values(buf_str(&buf), types, count, back, &arena), OK);
        for (uint32_t i = 0; i < count; i++) {
            const struct value got = column_get(&to[indexes[i]], 1, &arena);
            assert_true(value_equal(types[i], &values[i], &got));
            assert_true(value_equal(types[i], &values[i], &back[i]));
            assert_int_equal(value_hash(types[i], &values[i]), value_hash(types[i], &got));
        }
        arena_clear(&arena);
    }
    buf_release(&buf);
    buf_release(&boxed);
    arena_release(&arena);
}

/* A row has one length: every shorter and longer text is refused, and every changed byte is either
 * refused or another row. Each text is a copy of its own size, so that reading past it is found. */
static void broken_rows_are_refused(void **state)
{
    struct random random = random_begin("broken_rows_are_refused");
    struct arena arena;
    arena_init(&arena, 0);
    for (int round = 0; round < ROUNDS / 3; round++) {
        const struct type *type = random_type(&random, 4, &arena);
        const struct value value = random_value(&random, type, &arena);
        struct buf buf = {0};
        kept_append_values(&type, &value, 1, &buf);
        struct column column;
        struct value got;
        for (size_t size = 0; size < buf.size; size++) {
            char *copy = test_malloc(size);
            memcpy(copy, buf.data, size);
            const struct str cut = {copy, size};
            column_init(&column, type, 1, &arena);
            assert_int_equal(kept_read(cut, &column, NULL, 1, 0, &arena), ERR_MALFORMED);
            assert_int_equal(kept_read_values(cut, &type, 1, &got, &arena), ERR_MALFORMED);
            test_free(copy);
        }
        for (size_t at = 0; at < buf.size; at++) {
            char *copy = test_malloc(buf.size);
            memcpy(copy, buf.data, buf.size);
            copy[at] = (char)random_next(&random);
            const struct str changed = {copy, buf.size};
            column_init(&column, type, 1, &arena);
            const enum err err = kept_read(changed, &column, NULL, 1, 0, &arena);
            assert_int_equal(kept_read_values(changed, &type, 1, &got, &arena), err);
            test_free(copy);
        }
        buf_append_byte(&buf, 0);
        column_init(&column, type, 1, &arena);
        assert_int_equal(kept_read(buf_str(&buf), &column, NULL, 1, 0, &arena), ERR_MALFORMED);
        buf_release(&buf);
        arena_clear(&arena);
    }
    arena_release(&arena);
}

static void counts_are_bounded_by_the_bytes(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *type = type_array(&arena, &type_bigint);
    struct column column;
    struct buf buf = {0};
    static const int64_t counts[] = {9, 1000, UINT32_MAX, (int64_t)UINT32_MAX + 1, INT64_MAX, -1};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        buf_clear(&buf);
        buf_append_byte(&buf, 0);
        varint_append(&buf, counts[i]);
        buf_append_byte(&buf, 0xff); /* eight NULLs */
        column_init(&column, type, 1, &arena);
        assert_int_equal(kept_read(buf_str(&buf), &column, NULL, 1, 0, &arena), ERR_MALFORMED);
    }
    /* NULL items of a wide struct: a bit each in the bytes, thousands of cells in memory. */
    struct type_field fields[1000];
    for (size_t i = 0; i < 1000; i++)
        fields[i] = (struct type_field){STR("F"), &type_bigint};
    type = type_array(&arena, type_struct(&arena, fields, 1000));
    buf_clear(&buf);
    buf_append_byte(&buf, 0);
    varint_append(&buf, 8 << 20);
    memset(buf_reserve(&buf, 1 << 20), 0xff, 1 << 20);
    buf.size += 1 << 20;
    const size_t before = arena.bytes;
    column_init(&column, type, 1, &arena);
    assert_int_equal(kept_read(buf_str(&buf), &column, NULL, 1, 0, &arena), ERR_MALFORMED);
    assert_true(arena.bytes - before < 1 << 20);
    buf_release(&buf);
    arena_release(&arena);
}

static void many_nulls_go_round(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *type = type_array(&arena, &type_string);
    const uint32_t count = 200000;
    struct value *items = ARENA_ARRAY(&arena, struct value, count);
    for (uint32_t i = 0; i < count; i++)
        items[i] = VALUE_NULL;
    const struct value value = {.list = {items, count}};
    struct buf buf = {0};
    kept_append_values(&type, &value, 1, &buf);
    struct column column;
    column_init(&column, type, 1, &arena);
    assert_int_equal(kept_read(buf_str(&buf), &column, NULL, 1, 0, &arena), OK);
    const struct value got = column_get(&column, 0, &arena);
    assert_true(value_equal(type, &value, &got));
    buf_release(&buf);
    arena_release(&arena);
}

static void depth_is_bounded(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct buf buf = {0};
    for (int depth = TYPE_DEPTH_MAX - 1; depth <= TYPE_DEPTH_MAX; depth++) {
        const struct type *type = &type_boolean;
        struct value value = {.boolean = true};
        for (int i = 0; i < depth; i++) {
            type = type_array(&arena, type);
            struct value *item = ARENA_NEW(&arena, struct value);
            *item = value;
            value = (struct value){.list = {item, 1}};
        }
        buf_clear(&buf);
        kept_append_values(&type, &value, 1, &buf);
        struct value got;
        assert_int_equal(kept_read_values(buf_str(&buf), &type, 1, &got, &arena),
                         depth < TYPE_DEPTH_MAX ? OK : ERR_MALFORMED);
    }
    buf_release(&buf);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_has_these_bytes),
        cmocka_unit_test(random_rows_go_round),
        cmocka_unit_test(broken_rows_are_refused),
        cmocka_unit_test(counts_are_bounded_by_the_bytes),
        cmocka_unit_test(many_nulls_go_round),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
