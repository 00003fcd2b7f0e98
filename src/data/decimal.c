/* decimal.c -- fixed-point numbers on __int128: scale, text, doubles, Avro's bytes. */
#include "data/decimal.h"

#include "base/buf.h"
#include "base/json.h"

#include <math.h>

typedef unsigned __int128 magnitude;

#define EXPONENT_MAX 100000
#define DOUBLE_EXACT_MAX ((magnitude)1 << 53) /* whole numbers a double holds exactly */
#define DOUBLE_EXACT_SCALE 22                 /* 10^22 is the last power of ten it holds exactly */

struct number_text {
    struct str digits; /* with at most one point in it */
    size_t digit_count;
    int64_t point; /* digits before the point, the exponent counted in */
    bool negative;
};

static bool number_text_read(struct str text, struct number_text *ret_number);
static enum err number_text_value(const struct number_text *number, int precision, int scale,
                                  decimal *ret_value);
static magnitude absolute(decimal value);
static enum err fit(magnitude value, bool negative, int precision, decimal *ret_value);

decimal decimal_power_of_ten(int n)
{
    static const uint64_t low[20] = {1ull,
                                     10ull,
                                     100ull,
                                     1000ull,
                                     10000ull,
                                     100000ull,
                                     1000000ull,
                                     10000000ull,
                                     100000000ull,
                                     1000000000ull,
                                     10000000000ull,
                                     100000000000ull,
                                     1000000000000ull,
                                     10000000000000ull,
                                     100000000000000ull,
                                     1000000000000000ull,
                                     10000000000000000ull,
                                     100000000000000000ull,
                                     1000000000000000000ull,
                                     10000000000000000000ull};
    must(n >= 0);
    must(n <= DECIMAL_PRECISION_MAX);
    if (n < 20)
        return (decimal)low[n];
    return (decimal)low[19] * (decimal)low[n - 19];
}

int decimal_digits(decimal value)
{
    const magnitude size = absolute(value);
    if (size >= (magnitude)decimal_power_of_ten(DECIMAL_PRECISION_MAX))
        return DECIMAL_PRECISION_MAX + 1;
    int count = 1;
    while (count < DECIMAL_PRECISION_MAX && size >= (magnitude)decimal_power_of_ten(count))
        count++;
    return count;
}

enum err decimal_rescale(decimal value, int scale_from, int precision, int scale_to,
                         decimal *ret_value)
{
    must(scale_from >= 0);
    must(scale_to >= 0);
    must(precision > 0);
    must(precision <= DECIMAL_PRECISION_MAX);
    const magnitude size = absolute(value);
    const bool negative = value < 0;
    if (scale_to >= scale_from) {
        const int more = scale_to - scale_from;
        if (size == 0)
            return fit(0, false, precision, ret_value);
        if (decimal_digits(value) + more > DECIMAL_PRECISION_MAX)
            return ERR_OUT_OF_RANGE;
        return fit(size * (magnitude)decimal_power_of_ten(more), negative, precision, ret_value);
    }
    const int less = scale_from - scale_to;
    if (less > DECIMAL_PRECISION_MAX)
        return fit(0, false, precision, ret_value);
    const magnitude divisor = (magnitude)decimal_power_of_ten(less);
    const magnitude rest = size % divisor;
    return fit(size / divisor + (rest >= divisor - rest), negative, precision, ret_value);
}

enum err decimal_parse(struct str text, int precision, int scale, decimal *ret_value)
{
    must(precision > 0);
    must(precision <= DECIMAL_PRECISION_MAX);
    must(scale >= 0);
    struct number_text number;
    if (!number_text_read(text, &number))
        return ERR_INVALID;
    return number_text_value(&number, precision, scale, ret_value);
}

size_t decimal_write(decimal value, int scale, char text[DECIMAL_TEXT_MAX])
{
    must(scale >= 0);
    must(scale <= DECIMAL_PRECISION_MAX);
    /* Digits come out last first; a double word of them at a time keeps 128-bit division rare. */
    char digits[DECIMAL_TEXT_MAX];
    char *const end = digits + sizeof(digits);
    char *at = end;
    magnitude rest = absolute(value);
    while (rest > UINT64_MAX) {
        uint64_t part = (uint64_t)(rest % 1000000000000000000ull);
        rest /= 1000000000000000000ull;
        for (int i = 0; i < 18; i++, part /= 10)
            *--at = (char)('0' + part % 10);
    }
    for (uint64_t part = (uint64_t)rest; part > 0; part /= 10)
        *--at = (char)('0' + part % 10);
    while (end - at < scale + 1)
        *--at = '0';

    char *out = text;
    if (value < 0)
        *out++ = '-';
    const size_t whole = (size_t)(end - at) - (size_t)scale;
    memcpy(out, at, whole);
    out += whole;
    if (scale > 0) {
        *out++ = '.';
        memcpy(out, at + whole, (size_t)scale);
        out += scale;
    }
    return (size_t)(out - text);
}

struct str decimal_format(decimal value, int scale, struct arena *arena)
{
    char text[DECIMAL_TEXT_MAX];
    const size_t size = decimal_write(value, scale, text);
    return arena_str(arena, (struct str){text, size});
}

double decimal_to_double(decimal value, int scale)
{
    must(scale >= 0);
    must(scale <= DECIMAL_PRECISION_MAX);
    /* Both operands exact: one division, one rounding. */
    if (absolute(value) <= DOUBLE_EXACT_MAX && scale <= DOUBLE_EXACT_SCALE)
        return (double)value / (double)decimal_power_of_ten(scale);
    char text[DECIMAL_TEXT_MAX];
    const size_t size = decimal_write(value, scale, text);
    double number = 0;
    const enum err err = str_to_double((struct str){text, size}, &number);
    must(err == OK);
    return number;
}

enum err decimal_from_double(double value, int precision, int scale, decimal *ret_value)
{
    if (!isfinite(value))
        return ERR_OUT_OF_RANGE;
    if (fabs(value) < 0x1p53 && value == trunc(value))
        return decimal_rescale((decimal)value, 0, precision, scale, ret_value);
    /* The shortest text stands for the double, as Java's BigDecimal.valueOf has it: 1.005 is
     * 1.01 at two places although the double lies just below. */
    struct buf text = {0};
    json_write_double(&text, value);
    const enum err err = decimal_parse(buf_str(&text), precision, scale, ret_value);
    buf_release(&text);
    return err;
}

size_t decimal_to_bytes(decimal value, uint8_t bytes[16])
{
    size_t size = 1;
    /* What is left above `size` bytes must be nothing but copies of the sign bit. */
    while (size < 16) {
        const decimal rest = value >> (size * 8 - 1);
        if (rest == 0 || rest == -1)
            break;
        size++;
    }
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> ((size - 1 - i) * 8));
    return size;
}

enum err decimal_from_bytes(const uint8_t *bytes, size_t size, int precision, decimal *ret_value)
{
    must(precision > 0);
    must(precision <= DECIMAL_PRECISION_MAX);
    if (size == 0)
        return ERR_MALFORMED;
    const bool negative = bytes[0] & 0x80;
    const uint8_t filler = negative ? 0xff : 0;
    /* A fixed may be longer than a number needs: the sign is repeated in front. */
    for (; size > 16; bytes++, size--)
        if (bytes[0] != filler)
            return ERR_MALFORMED;
    if ((bytes[0] & 0x80) != (filler & 0x80))
        return ERR_MALFORMED;
    magnitude value = negative ? ~(magnitude)0 : 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    const magnitude size_of_value = negative ? ~value + 1 : value;
    return fit(size_of_value, negative, precision, ret_value) == OK ? OK : ERR_MALFORMED;
}

/* number := [ "+" | "-" ] ( digit+ [ "." digit* ] | "." digit+ ) [ ( "e" | "E" ) [ sign ] digit+ ]
 */
static bool number_text_read(struct str text, struct number_text *ret_number)
{
    struct number_text number = {0};
    const char *at = text.data;
    const char *const end = text.data + text.size;
    if (at < end && (*at == '+' || *at == '-'))
        number.negative = *at++ == '-';

    number.digits.data = at;
    bool has_point = false;
    for (; at < end; at++) {
        if (*at == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (*at < '0' || *at > '9')
            break;
        number.digit_count++;
        number.point += !has_point;
    }
    number.digits.size = (size_t)(at - number.digits.data);
    if (number.digit_count == 0)
        return false;
    if (at == end) {
        *ret_number = number;
        return true;
    }

    if (*at != 'e' && *at != 'E')
        return false;
    at++;
    const bool down = at < end && *at == '-';
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    if (at == end)
        return false;
    int64_t exponent = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*at - '0');
    }
    number.point += down ? -exponent : exponent;
    *ret_number = number;
    return true;
}

/* Takes as many digits as stand before the last place, then looks at the next one to round. */
static enum err number_text_value(const struct number_text *number, int precision, int scale,
                                  decimal *ret_value)
{
    const magnitude limit = (magnitude)decimal_power_of_ten(DECIMAL_PRECISION_MAX);
    const int64_t keep = number->point + scale;
    if (keep < 0)
        return fit(0, false, precision, ret_value);
    magnitude value = 0;
    int64_t taken = 0;
    for (size_t i = 0; i < number->digits.size; i++) {
        const char digit = number->digits.data[i];
        if (digit == '.')
            continue;
        if (taken == keep) {
            value += digit >= '5';
            break;
        }
        value = value * 10 + (magnitude)(digit - '0');
        if (value >= limit)
            return ERR_OUT_OF_RANGE;
        taken++;
    }
    for (int64_t i = (int64_t)number->digit_count; i < keep && value != 0; i++) {
        value *= 10;
        if (value >= limit)
            return ERR_OUT_OF_RANGE;
    }
    return fit(value, number->negative, precision, ret_value);
}

static magnitude absolute(decimal value)
{
    return value < 0 ? (magnitude)0 - (magnitude)value : (magnitude)value;
}

static enum err fit(magnitude value, bool negative, int precision, decimal *ret_value)
{
    if (value >= (magnitude)decimal_power_of_ten(precision))
        return ERR_OUT_OF_RANGE;
    *ret_value = negative ? -(decimal)value : (decimal)value;
    return OK;
}
