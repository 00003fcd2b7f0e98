/* arithmetic.c -- + - * / % over whole columns, and the types they give.
 *
 * Integers wrap as in Java; integers divided by zero fail. The types of DECIMAL results are those
 * of SQL Server, as ksqlDB has them; where they need more than 38 digits, places after the point
 * are given up first, but not below six. */
#include "functions/function.h"

#include <math.h>

enum operation { ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, OPERATION_COUNT };

static const char operation_names[OPERATION_COUNT] = {'+', '-', '*', '/', '%'};

static enum err refuse(struct arena *arena, struct str name, struct expr *const *args,
                       struct place place, struct why *why);
static const struct type *decimal_result(struct arena *arena, enum operation operation,
                                         const struct type *a, const struct type *b);

/* result = a OP b for rows whose operands are there; no operand can fail. */
#define DEFINE_PLAIN(name, member, ctype, utype, operator)                                         \
    static void name(struct call *call, const struct column *const *args, struct column *result)   \
    {                                                                                              \
        const struct rows rows = call->rows;                                                       \
        const ctype *a = args[0]->member, *b = args[1]->member;                                    \
        const uint8_t *a_nulls = args[0]->nulls, *b_nulls = args[1]->nulls;                        \
        ctype *restrict to = result->member;                                                       \
        uint8_t *restrict nulls = result->nulls;                                                   \
        for (uint32_t i = 0; i < rows.count; i++) {                                                \
            const uint32_t row = rows_get(rows, i);                                                \
            to[row] = (ctype)((utype)a[row] operator(utype) b[row]);                               \
            nulls[row] = a_nulls[row] | b_nulls[row];                                              \
        }                                                                                          \
    }

DEFINE_PLAIN(add_integers, integers, int32_t, uint32_t, +)
DEFINE_PLAIN(subtract_integers, integers, int32_t, uint32_t, -)
DEFINE_PLAIN(multiply_integers, integers, int32_t, uint32_t, *)
DEFINE_PLAIN(add_bigints, bigints, int64_t, uint64_t, +)
DEFINE_PLAIN(subtract_bigints, bigints, int64_t, uint64_t, -)
DEFINE_PLAIN(multiply_bigints, bigints, int64_t, uint64_t, *)
DEFINE_PLAIN(add_doubles, doubles, double, double, +)
DEFINE_PLAIN(subtract_doubles, doubles, double, double, -)
DEFINE_PLAIN(multiply_doubles, doubles, double, double, *)
DEFINE_PLAIN(divide_doubles, doubles, double, double, /)

/* The same where zero on the right fails; -1 is set apart, as MIN / -1 traps. */
#define DEFINE_DIVIDING(name, member, ctype, utype, operator, by_minus_one)                        \
    static void name(struct call *call, const struct column *const *args, struct column *result)   \
    {                                                                                              \
        for (uint32_t i = 0; i < call->rows.count; i++) {                                          \
            const uint32_t row = rows_get(call->rows, i);                                          \
            result->nulls[row] = args[0]->nulls[row] | args[1]->nulls[row];                        \
            if (result->nulls[row])                                                                \
                continue;                                                                          \
            const ctype a = args[0]->member[row], b = args[1]->member[row];                        \
            if (b == 0)                                                                            \
                call_fail(call, result, row);                                                      \
            else                                                                                   \
                result->member[row] = b == -1 ? (ctype)(by_minus_one) : (ctype)(a operator b);     \
        }                                                                                          \
    }

DEFINE_DIVIDING(divide_integers, integers, int32_t, uint32_t, /, 0u - (uint32_t)a)
DEFINE_DIVIDING(divide_bigints, bigints, int64_t, uint64_t, /, 0ull - (uint64_t)a)
DEFINE_DIVIDING(remainder_integers, integers, int32_t, uint32_t, %, 0)
DEFINE_DIVIDING(remainder_bigints, bigints, int64_t, uint64_t, %, 0)

static void remainder_doubles(struct call *call, const struct column *const *args,
                              struct column *result)
{
    for (uint32_t i = 0; i < call->rows.count; i++) {
        const uint32_t row = rows_get(call->rows, i);
        result->nulls[row] = args[0]->nulls[row] | args[1]->nulls[row];
        if (!result->nulls[row])
            result->doubles[row] = fmod(args[0]->doubles[row], args[1]->doubles[row]);
    }
}

static enum err shift(decimal value, int digits, decimal *ret_value)
{
    if (digits > DECIMAL_PRECISION_MAX ||
        __builtin_mul_overflow(value, decimal_power_of_ten(digits), ret_value))
        return ERR_OUT_OF_RANGE;
    return OK;
}

/* a / b with `digits` more places than the unscaled numbers have; half rounds away from zero. */
static enum err divide(decimal a, decimal b, int digits, decimal *ret_value)
{
    decimal up = 0;
    if (b == 0)
        return ERR_INVALID;
    if (digits >= 0 ? shift(a, digits, &up) != OK : shift(b, -digits, &b) != OK)
        return ERR_OUT_OF_RANGE;
    if (digits < 0)
        up = a;
    decimal quotient = up / b;
    const decimal rest = up % b;
    const decimal size = rest < 0 ? -rest : rest;
    const decimal divisor = b < 0 ? -b : b;
    if (size >= divisor - size)
        quotient += (up < 0) == (b < 0) ? 1 : -1;
    *ret_value = quotient;
    return OK;
}

static enum err decimal_operate(char operation, const struct type *const types[3], decimal a,
                                decimal b, decimal *ret_value)
{
    const int scale_a = types[0]->scale, scale_b = types[1]->scale;
    const struct type *type = types[2];
    decimal value = 0;
    int scale = scale_a > scale_b ? scale_a : scale_b;
    if (operation == '/') {
        if (divide(a, b, type->scale + scale_b - scale_a, &value) != OK)
            return ERR_OUT_OF_RANGE;
        return decimal_rescale(value, type->scale, type->precision, type->scale, ret_value);
    }
    if (operation == '*') {
        scale = scale_a + scale_b;
        if (__builtin_mul_overflow(a, b, &value))
            return ERR_OUT_OF_RANGE;
        return decimal_rescale(value, scale, type->precision, type->scale, ret_value);
    }
    if (shift(a, scale - scale_a, &a) != OK || shift(b, scale - scale_b, &b) != OK)
        return ERR_OUT_OF_RANGE;
    if (operation == '%' && b == 0)
        return ERR_INVALID;
    if (operation == '%')
        value = b == -1 ? 0 : a % b;
    else if (operation == '+' ? __builtin_add_overflow(a, b, &value)
                              : __builtin_sub_overflow(a, b, &value))
        return ERR_OUT_OF_RANGE;
    return decimal_rescale(value, scale, type->precision, type->scale, ret_value);
}

static void operate_decimals(struct call *call, const struct column *const *args,
                             struct column *result)
{
    const char operation = call->expr->overload->signature[0];
    const struct type *const types[3] = {call_arg_type(call, 0), call_arg_type(call, 1),
                                         result->type};
    for (uint32_t i = 0; i < call->rows.count; i++) {
        const uint32_t row = rows_get(call->rows, i);
        result->nulls[row] = args[0]->nulls[row] | args[1]->nulls[row];
        if (!result->nulls[row] &&
            decimal_operate(operation, types, args[0]->decimals[row], args[1]->decimals[row],
                            &result->decimals[row]) != OK)
            call_fail(call, result, row);
    }
}

static enum err concatenate(struct call *call, const struct value *args, struct value *ret_value)
{
    const size_t size = args[0].text.size;
    char *text = arena_alloc(call->arena, size + args[1].text.size);
    if (size > 0)
        memcpy(text, args[0].text.data, size);
    if (args[1].text.size > 0)
        memcpy(text + size, args[1].text.data, args[1].text.size);
    *ret_value = (struct value){.text = {text, size + args[1].text.size}};
    return OK;
}

#define OPERATOR(text, body)                                                                       \
    {                                                                                              \
        .signature = text, .columns = body, .flags = FUNCTION_OPERATOR | FUNCTION_NULL_SPREADS     \
    }

static const struct function_overload overloads[OPERATION_COUNT][4] = {
    [ADD] = {OPERATOR("+(INTEGER, INTEGER) INTEGER", add_integers),
             OPERATOR("+(BIGINT, BIGINT) BIGINT", add_bigints),
             OPERATOR("+(DECIMAL, DECIMAL) DECIMAL", operate_decimals),
             OPERATOR("+(DOUBLE, DOUBLE) DOUBLE", add_doubles)},
    [SUBTRACT] = {OPERATOR("-(INTEGER, INTEGER) INTEGER", subtract_integers),
                  OPERATOR("-(BIGINT, BIGINT) BIGINT", subtract_bigints),
                  OPERATOR("-(DECIMAL, DECIMAL) DECIMAL", operate_decimals),
                  OPERATOR("-(DOUBLE, DOUBLE) DOUBLE", subtract_doubles)},
    [MULTIPLY] = {OPERATOR("*(INTEGER, INTEGER) INTEGER", multiply_integers),
                  OPERATOR("*(BIGINT, BIGINT) BIGINT", multiply_bigints),
                  OPERATOR("*(DECIMAL, DECIMAL) DECIMAL", operate_decimals),
                  OPERATOR("*(DOUBLE, DOUBLE) DOUBLE", multiply_doubles)},
    [DIVIDE] = {OPERATOR("/(INTEGER, INTEGER) INTEGER", divide_integers),
                OPERATOR("/(BIGINT, BIGINT) BIGINT", divide_bigints),
                OPERATOR("/(DECIMAL, DECIMAL) DECIMAL", operate_decimals),
                OPERATOR("/(DOUBLE, DOUBLE) DOUBLE", divide_doubles)},
    [REMAINDER] = {OPERATOR("%(INTEGER, INTEGER) INTEGER", remainder_integers),
                   OPERATOR("%(BIGINT, BIGINT) BIGINT", remainder_bigints),
                   OPERATOR("%(DECIMAL, DECIMAL) DECIMAL", operate_decimals),
                   OPERATOR("%(DOUBLE, DOUBLE) DOUBLE", remainder_doubles)},
};

static const struct function_overload concatenation = {
    .signature = "+(STRING, STRING) STRING", .value = concatenate, .flags = FUNCTION_OPERATOR};

enum err arithmetic_call(struct arena *arena, struct str name, struct expr *const *args,
                         struct place place, struct expr **ret_expr, struct why *why)
{
    enum operation operation = ADD;
    while (operation_names[operation] != name.data[0])
        operation++;
    const struct type *a = args[0]->type ? args[0]->type : args[1]->type;
    const struct type *b = args[1]->type ? args[1]->type : args[0]->type;
    if (a == NULL || b == NULL)
        return refuse(arena, name, args, place, why);
    struct expr *wanted[2] = {args[0], args[1]};
    if (operation == ADD && a->kind == TYPE_STRING && b->kind == TYPE_STRING) {
        for (int i = 0; i < 2; i++)
            wanted[i] = expr_cast_node(arena, args[i], &type_string, args[i]->place);
        *ret_expr = operator_node(arena, &concatenation, &type_string, wanted, 2, place);
        return OK;
    }
    if (!type_is_numeric(a) || !type_is_numeric(b))
        return refuse(arena, name, args, place, why);

    const struct type *type = a->kind > b->kind ? a : b;
    for (int i = 0; i < 2; i++) {
        const struct type *own = i == 0 ? a : b;
        const struct type *to = type;
        if (type->kind == TYPE_DECIMAL)
            to = own->kind == TYPE_INTEGER  ? type_decimal(arena, 10, 0)
                 : own->kind == TYPE_BIGINT ? type_decimal(arena, 19, 0)
                                            : own;
        else if (type->kind == TYPE_DOUBLE)
            to = &type_double;
        wanted[i] = expr_cast_node(arena, args[i], to, args[i]->place);
    }
    if (type->kind == TYPE_DECIMAL)
        type = decimal_result(arena, operation, wanted[0]->type, wanted[1]->type);
    *ret_expr = operator_node(arena, &overloads[operation][type->kind - TYPE_INTEGER], type, wanted,
                              2, place);
    return OK;
}

static const struct type *decimal_result(struct arena *arena, enum operation operation,
                                         const struct type *a, const struct type *b)
{
    const int whole_a = a->precision - a->scale, whole_b = b->precision - b->scale;
    int scale = a->scale > b->scale ? a->scale : b->scale;
    int precision = 0;
    switch (operation) {
    case ADD:
    case SUBTRACT:
        precision = scale + (whole_a > whole_b ? whole_a : whole_b) + 1;
        break;
    case MULTIPLY:
        precision = a->precision + b->precision + 1;
        scale = a->scale + b->scale;
        break;
    case DIVIDE:
        scale = a->scale + b->precision + 1 > 6 ? a->scale + b->precision + 1 : 6;
        precision = whole_a + b->scale + scale;
        break;
    case REMAINDER:
        precision = scale + (whole_a < whole_b ? whole_a : whole_b);
        break;
    default:
        must_not_reach();
    }
    if (precision > DECIMAL_PRECISION_MAX) {
        const int least = scale < 6 ? scale : 6;
        const int room = DECIMAL_PRECISION_MAX - (precision - scale);
        scale = room > least ? room : least;
        precision = DECIMAL_PRECISION_MAX;
    }
    return type_decimal(arena, precision > 0 ? precision : 1, scale);
}

static enum err refuse(struct arena *arena, struct str name, struct expr *const *args,
                       struct place place, struct why *why)
{
    return why_set_at(why, ERR_INVALID, place.line, place.column,
                      "'%.*s' expects numbers, found %s and %s", STR_ARGS(name),
                      args[0]->type ? type_text(args[0]->type, arena).data : "NULL",
                      args[1]->type ? type_text(args[1]->type, arena).data : "NULL");
}
