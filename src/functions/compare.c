/* compare.c -- = <> < <= > >= IS DISTINCT FROM over whole columns.
 *
 * ksqlDB's logic has no third value here: a comparison with NULL is false, whichever it is. */
#include "functions/function.h"

enum comparison { EQUAL, DIFFER, LESS, LESS_EQUAL, MORE, MORE_EQUAL, DISTINCT, COMPARISON_COUNT };

/* How cells of a type are compared. */
enum cells {
    CELLS_BYTE,
    CELLS_INT32,
    CELLS_INT64,
    CELLS_DECIMAL,
    CELLS_DOUBLE,
    CELLS_TEXT,
    CELLS_ANY,
    CELLS_COUNT
};

static enum cells cells_of(const struct type *type);
static enum err coerce_sides(struct arena *arena, struct str name, struct expr *const *args,
                             struct place place, struct expr **ret_args, struct why *why);
static enum err refuse(struct arena *arena, struct str name, struct expr *const *args,
                       struct place place, struct why *why);

/* Both cells there and a OP b. */
#define DEFINE_COMPARE(name, member, ctype, operator)                                              \
    static void name(struct call *call, const struct column *const *args, struct column *result)   \
    {                                                                                              \
        const struct rows rows = call->rows;                                                       \
        const ctype *a = args[0]->member, *b = args[1]->member;                                    \
        const uint8_t *a_nulls = args[0]->nulls, *b_nulls = args[1]->nulls;                        \
        uint8_t *restrict to = result->booleans;                                                   \
        for (uint32_t i = 0; i < rows.count; i++) {                                                \
            const uint32_t row = rows_get(rows, i);                                                \
            to[row] = (uint8_t)((a[row] operator b[row]) & !(a_nulls[row] | b_nulls[row]));        \
        }                                                                                          \
    }

#define DEFINE_COMPARES(suffix, member, ctype)                                                     \
    DEFINE_COMPARE(equal_##suffix, member, ctype, ==)                                              \
    DEFINE_COMPARE(differ_##suffix, member, ctype, !=)                                             \
    DEFINE_COMPARE(less_##suffix, member, ctype, <)                                                \
    DEFINE_COMPARE(less_equal_##suffix, member, ctype, <=)                                         \
    DEFINE_COMPARE(more_##suffix, member, ctype, >)                                                \
    DEFINE_COMPARE(more_equal_##suffix, member, ctype, >=)

DEFINE_COMPARES(byte, booleans, uint8_t)
DEFINE_COMPARES(int32, integers, int32_t)
DEFINE_COMPARES(int64, bigints, int64_t)
DEFINE_COMPARES(decimal, decimals, decimal)
DEFINE_COMPARES(double, doubles, double)

#define DEFINE_TEXT(name, condition)                                                               \
    static void name(struct call *call, const struct column *const *args, struct column *result)   \
    {                                                                                              \
        for (uint32_t i = 0; i < call->rows.count; i++) {                                          \
            const uint32_t row = rows_get(call->rows, i);                                          \
            result->booleans[row] = 0;                                                             \
            if (args[0]->nulls[row] | args[1]->nulls[row])                                         \
                continue;                                                                          \
            const struct str a = args[0]->strings[row], b = args[1]->strings[row];                 \
            result->booleans[row] = (condition);                                                   \
        }                                                                                          \
    }

DEFINE_TEXT(equal_text, str_equal(a, b))
DEFINE_TEXT(differ_text, !str_equal(a, b))
DEFINE_TEXT(less_text, str_compare(a, b) < 0)
DEFINE_TEXT(less_equal_text, str_compare(a, b) <= 0)
DEFINE_TEXT(more_text, str_compare(a, b) > 0)
DEFINE_TEXT(more_equal_text, str_compare(a, b) >= 0)

/* ARRAY, MAP, STRUCT, and IS DISTINCT FROM of any type: boxed. */
static void compare_boxed(struct call *call, const struct column *const *args,
                          struct column *result, bool wanted, bool sees_nulls)
{
    for (uint32_t i = 0; i < call->rows.count; i++) {
        const uint32_t row = rows_get(call->rows, i);
        result->booleans[row] = 0;
        if (!sees_nulls && (args[0]->nulls[row] | args[1]->nulls[row]))
            continue;
        const struct value a = column_get(args[0], row, call->arena);
        const struct value b = column_get(args[1], row, call->arena);
        result->booleans[row] = value_equal(args[0]->type, &a, &b) == wanted;
    }
}

static void equal_any(struct call *call, const struct column *const *args, struct column *result)
{
    compare_boxed(call, args, result, true, false);
}

static void differ_any(struct call *call, const struct column *const *args, struct column *result)
{
    compare_boxed(call, args, result, false, false);
}

static void distinct_any(struct call *call, const struct column *const *args, struct column *result)
{
    compare_boxed(call, args, result, false, true);
}

#define COMPARES(suffix)                                                                           \
    {                                                                                              \
        [EQUAL] = equal_##suffix, [DIFFER] = differ_##suffix, [LESS] = less_##suffix,              \
        [LESS_EQUAL] = less_equal_##suffix, [MORE] = more_##suffix,                                \
        [MORE_EQUAL] = more_equal_##suffix, [DISTINCT] = distinct_any                              \
    }

static function_columns *const bodies[CELLS_COUNT][COMPARISON_COUNT] = {
    [CELLS_BYTE] = COMPARES(byte),
    [CELLS_INT32] = COMPARES(int32),
    [CELLS_INT64] = COMPARES(int64),
    [CELLS_DECIMAL] = COMPARES(decimal),
    [CELLS_DOUBLE] = COMPARES(double),
    [CELLS_TEXT] = COMPARES(text),
    [CELLS_ANY] = {[EQUAL] = equal_any, [DIFFER] = differ_any, [DISTINCT] = distinct_any},
};

static void compare(struct call *call, const struct column *const *args, struct column *result);

#define COMPARISON(text)                                                                           \
    {                                                                                              \
        .signature = text, .columns = compare, .flags = FUNCTION_OPERATOR                          \
    }

static const struct function_overload overloads[COMPARISON_COUNT] = {
    [EQUAL] = COMPARISON("=(T, T) BOOLEAN"),
    [DIFFER] = COMPARISON("<>(T, T) BOOLEAN"),
    [LESS] = COMPARISON("<(T, T) BOOLEAN"),
    [LESS_EQUAL] = COMPARISON("<=(T, T) BOOLEAN"),
    [MORE] = COMPARISON(">(T, T) BOOLEAN"),
    [MORE_EQUAL] = COMPARISON(">=(T, T) BOOLEAN"),
    [DISTINCT] = COMPARISON("IS DISTINCT FROM(T, T) BOOLEAN"),
};

/* Decides once a batch which loop runs. */
static void compare(struct call *call, const struct column *const *args, struct column *result)
{
    const size_t comparison = (size_t)(call->expr->overload - overloads);
    bodies[cells_of(args[0]->type)][comparison](call, args, result);
}

enum err compare_call(struct arena *arena, struct str name, struct expr *const *args,
                      struct place place, struct expr **ret_expr, struct why *why)
{
    size_t comparison = 0;
    while (!str_equal_nocase(function_overload_name(&overloads[comparison]), name))
        comparison++;
    struct expr *wanted[2];
    const enum err err = coerce_sides(arena, name, args, place, wanted, why);
    if (err != OK)
        return err;
    const struct type *type = wanted[0]->type;
    const bool has_order = type->kind < TYPE_ARRAY && type->kind != TYPE_BOOLEAN;
    if (comparison >= LESS && comparison <= MORE_EQUAL && !has_order)
        return refuse(arena, name, args, place, why);
    *ret_expr = operator_node(arena, &overloads[comparison], &type_boolean, wanted, 2, place);
    return OK;
}

/* Brings both sides to one type: numbers to the wider, text to what it is compared with. */
static enum err coerce_sides(struct arena *arena, struct str name, struct expr *const *args,
                             struct place place, struct expr **ret_args, struct why *why)
{
    const struct type *a = args[0]->type, *b = args[1]->type;
    if (a == NULL || b == NULL)
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "comparison with NULL is not supported, use IS NULL");
    const struct type *type = type_common(arena, a, b);
    const bool a_is_time = a->kind >= TYPE_TIME && a->kind <= TYPE_TIMESTAMP;
    const bool b_is_time = b->kind >= TYPE_TIME && b->kind <= TYPE_TIMESTAMP;
    if (type == NULL && a->kind == TYPE_STRING && b_is_time)
        type = b;
    else if (type == NULL && b->kind == TYPE_STRING && a_is_time)
        type = a;
    else if (type == NULL && a_is_time && b_is_time && a->kind != TYPE_TIME && b->kind != TYPE_TIME)
        type = &type_timestamp;
    if (type == NULL)
        return refuse(arena, name, args, place, why);
    for (int i = 0; i < 2; i++) {
        if (!expr_is_text_literal(args[i]) || type->kind == TYPE_STRING) {
            ret_args[i] = expr_cast_node(arena, args[i], type, args[i]->place);
            continue;
        }
        const enum err err = expr_coerce(arena, args[i], type, &ret_args[i], why);
        if (err != OK)
            return err;
    }
    return OK;
}

static enum cells cells_of(const struct type *type)
{
    static const enum cells cells[TYPE_KIND_COUNT] = {
        [TYPE_BOOLEAN] = CELLS_BYTE,    [TYPE_INTEGER] = CELLS_INT32, [TYPE_BIGINT] = CELLS_INT64,
        [TYPE_DECIMAL] = CELLS_DECIMAL, [TYPE_DOUBLE] = CELLS_DOUBLE, [TYPE_STRING] = CELLS_TEXT,
        [TYPE_BYTES] = CELLS_TEXT,      [TYPE_TIME] = CELLS_INT32,    [TYPE_DATE] = CELLS_INT32,
        [TYPE_TIMESTAMP] = CELLS_INT64, [TYPE_ARRAY] = CELLS_ANY,     [TYPE_MAP] = CELLS_ANY,
        [TYPE_STRUCT] = CELLS_ANY,
    };
    return cells[type->kind];
}

static enum err refuse(struct arena *arena, struct str name, struct expr *const *args,
                       struct place place, struct why *why)
{
    return why_set_at(why, ERR_INVALID, place.line, place.column,
                      "cannot compare %s with %s by '%.*s'", type_text(args[0]->type, arena).data,
                      type_text(args[1]->type, arena).data, STR_ARGS(name));
}
