/* expressions.h -- what the room's tests share: expressions over one small batch, as text. */
#ifndef TESTS_EXPRESSIONS_H
#define TESTS_EXPRESSIONS_H

#include "functions/functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static struct arena arena;
static struct why why;
static const struct place nowhere = {1, 1};

static inline int arena_setup(void **state)
{
    arena_init(&arena, 0);
    return 0;
}

static inline int arena_teardown(void **state)
{
    arena_release(&arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

static inline struct expr *text(const char *value)
{
    return expr_literal(&arena, &type_string, (struct value){.text = str_from(value)}, nowhere);
}

static inline struct expr *integer(int32_t value)
{
    return expr_literal(&arena, &type_integer, (struct value){.integer = value}, nowhere);
}

static inline struct expr *bigint(int64_t value)
{
    return expr_literal(&arena, &type_bigint, (struct value){.bigint = value}, nowhere);
}

static inline struct expr *number(double value)
{
    return expr_literal(&arena, &type_double, (struct value){.number = value}, nowhere);
}

static inline struct expr *boolean(bool value)
{
    return expr_literal(&arena, &type_boolean, (struct value){.boolean = value}, nowhere);
}

static inline struct expr *null(void)
{
    return expr_null(&arena, nowhere);
}

static inline struct expr *typed_null(const struct type *type)
{
    return expr_literal(&arena, type, VALUE_NULL, nowhere);
}

static inline struct expr *fixed(const char *digits, int precision, int scale)
{
    struct value value = {.decimal = 0};
    assert_int_equal(decimal_parse(str_from(digits), precision, scale, &value.decimal), OK);
    return expr_literal(&arena, type_decimal(&arena, precision, scale), value, nowhere);
}

#define CALL(name, ...)                                                                            \
    call(name, (struct expr *[]){__VA_ARGS__},                                                     \
         sizeof((struct expr *[]){__VA_ARGS__}) / sizeof(struct expr *))

static inline struct expr *call(const char *name, struct expr *const *args, uint32_t count)
{
    struct expr *expr = NULL;
    if (expr_call(&arena, str_from(name), args, count, nowhere, &expr, &why) != OK)
        fail_msg("%s: %s", name, why.text);
    return expr;
}

#define REFUSED(name, ...)                                                                         \
    refused(name, (struct expr *[]){__VA_ARGS__},                                                  \
            sizeof((struct expr *[]){__VA_ARGS__}) / sizeof(struct expr *))

/* The words of the refusal. */
static inline const char *refused(const char *name, struct expr *const *args, uint32_t count)
{
    struct expr *expr = NULL;
    why.text[0] = 0;
    assert_int_equal(expr_call(&arena, str_from(name), args, count, nowhere, &expr, &why),
                     ERR_INVALID);
    assert_true(why.text[0] != 0);
    return why.text;
}

static inline struct expr *cast(struct expr *from, const struct type *type)
{
    struct expr *expr = NULL;
    if (expr_cast(&arena, from, type, nowhere, &expr, &why) != OK)
        fail_msg("cast: %s", why.text);
    return expr;
}

#define ARRAY(...)                                                                                 \
    array((struct expr *[]){__VA_ARGS__},                                                          \
          sizeof((struct expr *[]){__VA_ARGS__}) / sizeof(struct expr *))

static inline struct expr *array(struct expr *const *items, uint32_t count)
{
    struct expr *expr = NULL;
    if (expr_array(&arena, items, count, nowhere, &expr, &why) != OK)
        fail_msg("array: %s", why.text);
    return expr;
}

/* MAP(key, value, key, value) */
#define MAP(...)                                                                                   \
    map((struct expr *[]){__VA_ARGS__},                                                            \
        sizeof((struct expr *[]){__VA_ARGS__}) / sizeof(struct expr *))

static inline struct expr *map(struct expr *const *items, uint32_t count)
{
    struct expr *keys[8], *values[8], *expr = NULL;
    for (uint32_t i = 0; i < count / 2; i++) {
        keys[i] = items[2 * i];
        values[i] = items[2 * i + 1];
    }
    if (expr_map(&arena, keys, values, count / 2, nowhere, &expr, &why) != OK)
        fail_msg("map: %s", why.text);
    return expr;
}

/* The value as JSON after its type: "BIGINT 3"; " !" behind it when something failed. */
static inline const char *shown(const struct expr *expr)
{
    static const struct row_type no_columns = {.column_count = 0};
    struct batch *batch = batch_new(&arena, &no_columns, 1);
    batch->row_count = 1;
    batch_select_all(batch);
    struct evaluation evaluation = {.arena = &arena, .batch = batch};
    const struct column *column = expr_evaluate(expr, &evaluation);
    const struct value value = column_get(column, 0, &arena);
    struct buf buf = {0};
    type_format(expr->type, &buf);
    buf_append_byte(&buf, ' ');
    value_write_json(expr->type, &value, &buf);
    if (evaluation.fail_count > 0)
        buf_append_str(&buf, STR(" !"));
    const char *result = arena_str(&arena, buf_str(&buf)).data;
    buf_release(&buf);
    return result;
}

#define assert_shown(expr, wanted) assert_string_equal(shown(expr), wanted)

#endif
