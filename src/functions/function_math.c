/* function_math.c -- numbers: ABS, SIGN, powers, logarithms, series of numbers. */
#include "functions/body.h"

#include "base/clock.h"
#include "base/random.h"

#include <math.h>
#include <stdatomic.h>

#define SERIES_ITEMS_MAX 100000

static enum err math_abs(struct call *call, const struct value *args, struct value *ret_value)
{
    switch (call_arg_type(call, 0)->kind) {
    case TYPE_INTEGER:
        *ret_value = args[0].integer < 0 ? value_integer((int32_t)(0u - (uint32_t)args[0].integer))
                                         : args[0];
        return OK;
    case TYPE_BIGINT:
        *ret_value =
            args[0].bigint < 0 ? value_bigint((int64_t)(0ull - (uint64_t)args[0].bigint)) : args[0];
        return OK;
    case TYPE_DECIMAL:
        *ret_value =
            (struct value){.decimal = args[0].decimal < 0 ? -args[0].decimal : args[0].decimal};
        return OK;
    default:
        *ret_value = value_number(fabs(args[0].number));
        return OK;
    }
}

static enum err math_sign(struct call *call, const struct value *args, struct value *ret_value)
{
    int sign = 0;
    switch (call_arg_type(call, 0)->kind) {
    case TYPE_INTEGER:
        sign = (args[0].integer > 0) - (args[0].integer < 0);
        break;
    case TYPE_BIGINT:
        sign = (args[0].bigint > 0) - (args[0].bigint < 0);
        break;
    default:
        sign = (args[0].number > 0) - (args[0].number < 0);
        break;
    }
    *ret_value = value_integer(sign);
    return OK;
}

#define DEFINE_MATH(name, expression)                                                              \
    static enum err name(struct call *call, const struct value *args, struct value *ret_value)     \
    {                                                                                              \
        const double x = args[0].number;                                                           \
        *ret_value = value_number(expression);                                                     \
        return OK;                                                                                 \
    }

DEFINE_MATH(math_sqrt, sqrt(x))
DEFINE_MATH(math_cbrt, cbrt(x))
DEFINE_MATH(math_exp, exp(x))
/* Java's NaN has no sign. */
DEFINE_MATH(math_ln, x < 0 ? NAN : log(x))
DEFINE_MATH(math_log_base, x <= 0 ? NAN : log(args[1].number) / log(x))
DEFINE_MATH(math_power, pow(x, args[1].number))

static enum err math_random(struct call *call, const struct value *args, struct value *ret_value)
{
    static _Atomic uint64_t calls;
    const uint64_t count = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
    struct random random = {.state = (uint64_t)clock_monotonic_ns() ^ (count << 40)};
    *ret_value = value_number(random_unit(&random));
    return OK;
}

/* Both ends are in it; a step of the wrong sign, or 0, fails. */
static enum err math_series(struct call *call, const struct value *args, struct value *ret_value)
{
    const bool is_small = call_arg_type(call, 0)->kind == TYPE_INTEGER;
    const int64_t from = is_small ? args[0].integer : args[0].bigint;
    const int64_t to = is_small ? args[1].integer : args[1].bigint;
    const int64_t step = call->arg_count == 3 ? args[2].integer : from <= to ? 1 : -1;
    if (step == 0 || (from != to && (from < to) != (step > 0)))
        return ERR_INVALID;
    const uint64_t distance =
        from < to ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
    const uint64_t count = distance / (uint64_t)(step < 0 ? -step : step) + 1;
    if (count > SERIES_ITEMS_MAX)
        return ERR_LIMIT;
    struct value *items = ARENA_ARRAY(call->arena, struct value, count);
    for (uint64_t i = 0; i < count; i++) {
        const int64_t item = from + (int64_t)i * step;
        items[i] = is_small ? value_integer((int32_t)item) : value_bigint(item);
    }
    *ret_value = value_list(items, (uint32_t)count);
    return OK;
}

#define EARTH_RADIUS_KM 6371.0
#define EARTH_RADIUS_MILES 3959.0

static double radians(double degrees)
{
    return degrees / 180 * M_PI;
}

/* The haversine of two places given in degrees. */
static enum err math_geo_distance(struct call *call, const struct value *args,
                                  struct value *ret_value)
{
    double radius = EARTH_RADIUS_KM;
    for (int i = 0; i < 4; i++)
        if (args[i].is_null) {
            *ret_value = VALUE_NULL;
            return OK;
        }
    if (call->arg_count == 5 && !args[4].is_null) {
        const struct str unit = args[4].text;
        if (str_starts_with(unit, STR("MI")) || str_starts_with(unit, STR("mi")))
            radius = EARTH_RADIUS_MILES;
        else if (!str_starts_with(unit, STR("KM")) && !str_starts_with(unit, STR("km")))
            return ERR_INVALID;
    }
    if (fabs(args[0].number) > 90 || fabs(args[2].number) > 90 || fabs(args[1].number) > 180 ||
        fabs(args[3].number) > 180)
        return ERR_OUT_OF_RANGE;
    const double lat = sin(radians(args[2].number - args[0].number) / 2);
    const double lon = sin(radians(args[3].number - args[1].number) / 2);
    const double a =
        lat * lat + lon * lon * cos(radians(args[0].number)) * cos(radians(args[2].number));
    *ret_value = value_number(2 * asin(sqrt(a)) * radius);
    return OK;
}

static const struct function_overload abs_overloads[] = {
    BODY("ABS(INTEGER) INTEGER", math_abs),
    BODY("ABS(BIGINT) BIGINT", math_abs),
    BODY("ABS(DECIMAL) DECIMAL", math_abs),
    BODY("ABS(DOUBLE) DOUBLE", math_abs),
};
static const struct function_overload sign_overloads[] = {
    BODY("SIGN(INTEGER) INTEGER", math_sign),
    BODY("SIGN(BIGINT) INTEGER", math_sign),
    BODY("SIGN(DOUBLE) INTEGER", math_sign),
};
static const struct function_overload sqrt_overloads[] = {BODY("SQRT(DOUBLE) DOUBLE", math_sqrt)};
static const struct function_overload cbrt_overloads[] = {BODY("CBRT(DOUBLE) DOUBLE", math_cbrt)};
static const struct function_overload exp_overloads[] = {BODY("EXP(DOUBLE) DOUBLE", math_exp)};
static const struct function_overload ln_overloads[] = {BODY("LN(DOUBLE) DOUBLE", math_ln)};
static const struct function_overload log_overloads[] = {
    BODY("LOG(DOUBLE) DOUBLE", math_ln),
    BODY("LOG(DOUBLE, DOUBLE) DOUBLE", math_log_base),
};
static const struct function_overload power_overloads[] = {
    BODY("POWER(DOUBLE, DOUBLE) DOUBLE", math_power),
};
static const struct function_overload random_overloads[] = {
    BODY_FLAGS("RANDOM() DOUBLE", math_random, FUNCTION_VOLATILE),
};
static const struct function_overload series_overloads[] = {
    BODY("GENERATE_SERIES(INTEGER, INTEGER[, INTEGER]) ARRAY<INTEGER>", math_series),
    BODY("GENERATE_SERIES(BIGINT, BIGINT[, INTEGER]) ARRAY<BIGINT>", math_series),
};
static const struct function_overload geo_overloads[] = {
    BODY_FLAGS("GEO_DISTANCE(DOUBLE, DOUBLE, DOUBLE, DOUBLE[, STRING]) DOUBLE", math_geo_distance,
               FUNCTION_SEES_NULLS),
};

static const struct function_entry entries[] = {
    ENTRY("ABS", "the number without its sign", abs_overloads),
    ENTRY("SIGN", "-1, 0 or 1", sign_overloads),
    ENTRY("SQRT", "the square root", sqrt_overloads),
    ENTRY("CBRT", "the cube root", cbrt_overloads),
    ENTRY("EXP", "e to the power of the number", exp_overloads),
    ENTRY("LN", "the natural logarithm", ln_overloads),
    ENTRY("LOG", "the natural logarithm, or LOG(base, x)", log_overloads),
    ENTRY("POWER", "the first to the power of the second", power_overloads),
    ENTRY("RANDOM", "a random number from 0 up to 1", random_overloads),
    ENTRY("GENERATE_SERIES", "the numbers from the first to the second, both in it, by a step",
          series_overloads),
    ENTRY("GEO_DISTANCE", "kilometres (or 'MI' miles) between two latitudes and longitudes",
          geo_overloads),
};

const struct function_topic functions_math = FUNCTION_TOPIC(entries);
