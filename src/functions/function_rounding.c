/* function_rounding.c -- CEIL, FLOOR, ROUND, TRUNC.
 *
 * Halves round towards positive infinity, as in ksqlDB. A DOUBLE is rounded by its decimal digits
 * as they are written (0.285 to 0.29), as java.math.BigDecimal does it. */
#include "functions/body.h"

#include "base/json.h"

#include <math.h>

enum rounding { DOWN, UP, HALF, CUT };

/* value / divisor as a whole number. */
static decimal round_division(decimal value, decimal divisor, enum rounding rounding)
{
    decimal quotient = value / divisor;
    const decimal rest = value % divisor;
    if (rest == 0)
        return quotient;
    switch (rounding) {
    case DOWN:
        return rest < 0 ? quotient - 1 : quotient;
    case UP:
        return rest > 0 ? quotient + 1 : quotient;
    case HALF:
        if (rest > 0)
            return rest >= divisor - rest ? quotient + 1 : quotient;
        return -rest > divisor + rest ? quotient - 1 : quotient;
    case CUT:
        break;
    }
    return quotient;
}

/* An unscaled number with only `places` digits after the point left, same scale; places may be
 * negative. */
static enum err round_decimal(decimal value, int scale, int places, enum rounding rounding,
                              decimal *ret_value)
{
    if (places >= scale) {
        *ret_value = value;
        return OK;
    }
    const int64_t drop = (int64_t)scale - places;
    if (drop > DECIMAL_PRECISION_MAX) {
        *ret_value = 0;
        return OK;
    }
    const decimal unit = decimal_power_of_ten((int)drop);
    if (__builtin_mul_overflow(round_division(value, unit, rounding), unit, ret_value))
        return ERR_OUT_OF_RANGE;
    return OK;
}

/* The double's shortest digits as a scaled number. ERR_OUT_OF_RANGE when there are too many. */
static enum err digits_of(double number, decimal *ret_value, int *ret_scale)
{
    struct buf buf = {0};
    json_write_double(&buf, number);
    const struct str text = buf_str(&buf);
    const size_t exponent_at = str_index(text, 'E');
    const struct str mantissa = {text.data, exponent_at};
    int64_t exponent = 0;
    enum err err = OK;
    if (exponent_at < text.size)
        err = str_to_int64((struct str){text.data + exponent_at + 1, text.size - exponent_at - 1},
                           &exponent);
    const size_t point = str_index(mantissa, '.');
    int64_t scale = point < mantissa.size ? (int64_t)(mantissa.size - point - 1) : 0;
    scale = scale > exponent ? scale - exponent : 0;
    if (err == OK)
        err = scale > DECIMAL_PRECISION_MAX
                  ? ERR_OUT_OF_RANGE
                  : decimal_parse(text, DECIMAL_PRECISION_MAX, (int)scale, ret_value);
    if (err == OK)
        *ret_scale = (int)scale;
    buf_release(&buf);
    return err;
}

static double round_places(double number, int places, enum rounding rounding)
{
    decimal digits = 0, rounded = 0;
    int scale = 0;
    if (!isfinite(number))
        return number;
    if (digits_of(number, &digits, &scale) != OK) {
        /* Digits only far to the left, or only far to the right. */
        return fabs(number) > 1 || places > DECIMAL_PRECISION_MAX ? number : 0;
    }
    if (round_decimal(digits, scale, places, rounding, &rounded) != OK)
        return number;
    return decimal_to_double(rounded, scale);
}

static enum err round_to_bigint(double number, enum rounding rounding, struct value *ret_value)
{
    /* Java's (long): saturating, NaN is 0. */
    const double whole = rounding == HALF ? floor(number + 0.5) : trunc(number);
    return cast_value(&type_double, &type_bigint, &(struct value){.number = whole}, NULL,
                      ret_value);
}

static enum err rounding_body(struct call *call, const struct value *args, enum rounding rounding,
                              struct value *ret_value)
{
    const struct type *type = call_arg_type(call, 0);
    const bool has_places = call->arg_count == 2;
    if (type->kind == TYPE_INTEGER || type->kind == TYPE_BIGINT) {
        *ret_value = args[0];
        return OK;
    }
    if (type->kind == TYPE_DOUBLE) {
        if (rounding == DOWN || rounding == UP) {
            *ret_value =
                value_number(rounding == UP ? ceil(args[0].number) : floor(args[0].number));
            return OK;
        }
        if (!has_places)
            return round_to_bigint(args[0].number, rounding, ret_value);
        *ret_value = value_number(round_places(args[0].number, args[1].integer, rounding));
        return OK;
    }
    decimal rounded = 0;
    enum err err = round_decimal(args[0].decimal, type->scale, has_places ? args[1].integer : 0,
                                 rounding, &rounded);
    const struct type *to = call->expr->type;
    if (err == OK)
        err = decimal_rescale(rounded, type->scale, to->precision, to->scale, &rounded);
    if (err == OK)
        *ret_value = (struct value){.decimal = rounded};
    return err;
}

static enum err rounding_ceil(struct call *call, const struct value *args, struct value *ret_value)
{
    return rounding_body(call, args, UP, ret_value);
}

static enum err rounding_floor(struct call *call, const struct value *args, struct value *ret_value)
{
    return rounding_body(call, args, DOWN, ret_value);
}

static enum err rounding_round(struct call *call, const struct value *args, struct value *ret_value)
{
    return rounding_body(call, args, HALF, ret_value);
}

static enum err rounding_trunc(struct call *call, const struct value *args, struct value *ret_value)
{
    return rounding_body(call, args, CUT, ret_value);
}

/* Whole numbers with as many digits as stand before the point, as ksqlDB has it: 99.5 of a
 * DECIMAL(3, 1) has no room to become 100, and fails. */
static enum err whole_type(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                           const struct type **ret_type, struct why *why)
{
    const struct type *type = args[0]->type;
    const int precision = type->precision - type->scale;
    *ret_type = type_decimal(arena, precision > 0 ? precision : 1, 0);
    return OK;
}

#define WHOLE(text, body)                                                                          \
    {                                                                                              \
        .signature = text, .value = body, .type = whole_type                                       \
    }

static const struct function_overload ceil_overloads[] = {
    BODY("CEIL(INTEGER) INTEGER", rounding_ceil),
    BODY("CEIL(BIGINT) BIGINT", rounding_ceil),
    BODY("CEIL(DECIMAL) DECIMAL", rounding_ceil),
    BODY("CEIL(DOUBLE) DOUBLE", rounding_ceil),
};
static const struct function_overload floor_overloads[] = {
    BODY("FLOOR(INTEGER) INTEGER", rounding_floor),
    BODY("FLOOR(BIGINT) BIGINT", rounding_floor),
    BODY("FLOOR(DECIMAL) DECIMAL", rounding_floor),
    BODY("FLOOR(DOUBLE) DOUBLE", rounding_floor),
};
static const struct function_overload round_overloads[] = {
    BODY("ROUND(INTEGER) INTEGER", rounding_round),
    BODY("ROUND(BIGINT) BIGINT", rounding_round),
    WHOLE("ROUND(DECIMAL) DECIMAL", rounding_round),
    BODY("ROUND(DECIMAL, INTEGER) DECIMAL", rounding_round),
    BODY("ROUND(DOUBLE) BIGINT", rounding_round),
    BODY("ROUND(DOUBLE, INTEGER) DOUBLE", rounding_round),
};
static const struct function_overload trunc_overloads[] = {
    BODY("TRUNC(INTEGER) INTEGER", rounding_trunc),
    BODY("TRUNC(BIGINT) BIGINT", rounding_trunc),
    WHOLE("TRUNC(DECIMAL) DECIMAL", rounding_trunc),
    BODY("TRUNC(DECIMAL, INTEGER) DECIMAL", rounding_trunc),
    BODY("TRUNC(DOUBLE) BIGINT", rounding_trunc),
    BODY("TRUNC(DOUBLE, INTEGER) DOUBLE", rounding_trunc),
};

static const struct function_entry entries[] = {
    ENTRY("CEIL", "the least whole number that is not less", ceil_overloads),
    ENTRY("FLOOR", "the greatest whole number that is not more", floor_overloads),
    ENTRY("ROUND", "the nearest number with so many places; halves go up", round_overloads),
    ENTRY("TRUNC", "the number without the places after so many", trunc_overloads),
};

const struct function_topic functions_rounding = FUNCTION_TOPIC(entries);
