/* function_trigonometry.c -- angles in radians. */
#include "functions/body.h"

#include <math.h>

#define DEFINE_ANGLE(name, expression)                                                             \
    static enum err angle_##name(struct call *call, const struct value *args,                      \
                                 struct value *ret_value)                                          \
    {                                                                                              \
        const double x = args[0].number;                                                           \
        *ret_value = value_number(expression);                                                     \
        return OK;                                                                                 \
    }

/* Outside -1 to 1 the result is Java's NaN, which has no sign. */
DEFINE_ANGLE(acos, fabs(x) > 1 ? NAN : acos(x))
DEFINE_ANGLE(asin, fabs(x) > 1 ? NAN : asin(x))
DEFINE_ANGLE(atan, atan(x))
DEFINE_ANGLE(atan2, atan2(x, args[1].number))
DEFINE_ANGLE(cos, cos(x))
DEFINE_ANGLE(cosh, cosh(x))
DEFINE_ANGLE(cot, 1 / tan(x))
DEFINE_ANGLE(sin, sin(x))
DEFINE_ANGLE(sinh, sinh(x))
DEFINE_ANGLE(tan, tan(x))
DEFINE_ANGLE(tanh, tanh(x))
DEFINE_ANGLE(degrees, x * 180 / M_PI)
DEFINE_ANGLE(radians, x / 180 * M_PI)

static enum err angle_pi(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = value_number(M_PI);
    return OK;
}

static const struct function_overload acos_overloads[] = {BODY("ACOS(DOUBLE) DOUBLE", angle_acos)};
static const struct function_overload asin_overloads[] = {BODY("ASIN(DOUBLE) DOUBLE", angle_asin)};
static const struct function_overload atan_overloads[] = {BODY("ATAN(DOUBLE) DOUBLE", angle_atan)};
static const struct function_overload atan2_overloads[] = {
    BODY("ATAN2(DOUBLE, DOUBLE) DOUBLE", angle_atan2)};
static const struct function_overload cos_overloads[] = {BODY("COS(DOUBLE) DOUBLE", angle_cos)};
static const struct function_overload cosh_overloads[] = {BODY("COSH(DOUBLE) DOUBLE", angle_cosh)};
static const struct function_overload cot_overloads[] = {BODY("COT(DOUBLE) DOUBLE", angle_cot)};
static const struct function_overload sin_overloads[] = {BODY("SIN(DOUBLE) DOUBLE", angle_sin)};
static const struct function_overload sinh_overloads[] = {BODY("SINH(DOUBLE) DOUBLE", angle_sinh)};
static const struct function_overload tan_overloads[] = {BODY("TAN(DOUBLE) DOUBLE", angle_tan)};
static const struct function_overload tanh_overloads[] = {BODY("TANH(DOUBLE) DOUBLE", angle_tanh)};
static const struct function_overload degrees_overloads[] = {
    BODY("DEGREES(DOUBLE) DOUBLE", angle_degrees)};
static const struct function_overload radians_overloads[] = {
    BODY("RADIANS(DOUBLE) DOUBLE", angle_radians)};
static const struct function_overload pi_overloads[] = {BODY("PI() DOUBLE", angle_pi)};

static const struct function_entry entries[] = {
    ENTRY("ACOS", "the angle of a cosine", acos_overloads),
    ENTRY("ASIN", "the angle of a sine", asin_overloads),
    ENTRY("ATAN", "the angle of a tangent", atan_overloads),
    ENTRY("ATAN2", "the angle of a point, given y and x", atan2_overloads),
    ENTRY("COS", "the cosine", cos_overloads),
    ENTRY("COSH", "the hyperbolic cosine", cosh_overloads),
    ENTRY("COT", "the cotangent", cot_overloads),
    ENTRY("SIN", "the sine", sin_overloads),
    ENTRY("SINH", "the hyperbolic sine", sinh_overloads),
    ENTRY("TAN", "the tangent", tan_overloads),
    ENTRY("TANH", "the hyperbolic tangent", tanh_overloads),
    ENTRY("DEGREES", "radians as degrees", degrees_overloads),
    ENTRY("RADIANS", "degrees as radians", radians_overloads),
    ENTRY("PI", "3.141592653589793", pi_overloads),
};

const struct function_topic functions_trigonometry = FUNCTION_TOPIC(entries);
