/* json_writer.c -- strings and numbers as JSON text. */
#include "base/json.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>

/* The number is digits × 10^exponent; digits do not end in zero, except for 0 itself. */
struct decimal {
    uint64_t digits;
    int exponent;
};

static void escape_write(struct buf *buf, uint8_t byte);
static struct decimal decimal_shortest(double value);
static void decimal_write(struct buf *buf, struct decimal decimal);

void json_write_string(struct buf *buf, struct str text)
{
    const char *at = text.data;
    const char *const end = at + text.size;
    const char *plain = at; /* what is copied as it is and not yet copied */
    buf_append_byte(buf, '"');
    while (at < end) {
        const uint8_t byte = (uint8_t)*at;
        if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
            at++;
            continue;
        }
        uint32_t point = 0;
        const char *const next = byte >= 0x80 ? utf8_get(at, end, &point) : NULL;
        if (next) {
            at = next;
            continue;
        }
        buf_append(buf, plain, (size_t)(at - plain));
        if (byte >= 0x80)
            buf_append_str(buf, STR("\xEF\xBF\xBD")); /* U+FFFD */
        else
            escape_write(buf, byte);
        plain = ++at;
    }
    buf_append(buf, plain, (size_t)(at - plain));
    buf_append_byte(buf, '"');
}

static void escape_write(struct buf *buf, uint8_t byte)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *const found = memchr(from, byte, sizeof(from) - 1);
    if (!found) {
        buf_printf(buf, "\\u%04x", byte);
        return;
    }
    buf_append_byte(buf, '\\');
    buf_append_byte(buf, (uint8_t)to[found - from]);
}

void json_write_double(struct buf *buf, double value)
{
    if (isnan(value)) {
        buf_append_str(buf, STR("NaN"));
        return;
    }
    if (signbit(value))
        buf_append_byte(buf, '-');
    value = fabs(value);
    if (isinf(value)) {
        buf_append_str(buf, STR("Infinity"));
        return;
    }
    decimal_write(buf, decimal_shortest(value));
}

/* A double and a decimal of at most 15 digits stand for each other: if one reads back as `value`,
 * it is the only one of that length, and none is shorter but for zeros at its end. */
static bool decimal_from_short(double value, struct decimal *ret_decimal)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    for (int places = 0; places < 7; places++) {
        const double scaled = value * powers[places];
        if (scaled >= 1e15)
            return false;
        const double whole = nearbyint(scaled);
        if (whole / powers[places] == value) {
            *ret_decimal = (struct decimal){(uint64_t)whole, -places};
            return true;
        }
    }
    return false;
}

/* The value rounded to `precision` digits. */
static struct decimal decimal_round(double value, int precision)
{
    char text[40];
    snprintf(text, sizeof(text), "%.*e", precision - 1, value);
    struct decimal decimal = {0};
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9') /* not the locale's point */
            decimal.digits = decimal.digits * 10 + (uint64_t)(*at - '0');
    }
    decimal.exponent = (int)strtol(at + 1, NULL, 10) - (precision - 1);
    return decimal;
}

static bool decimal_is(struct decimal decimal, double value)
{
    char text[40];
    snprintf(text, sizeof(text), "%" PRIu64 "e%d", decimal.digits, decimal.exponent);
    return strtod(text, NULL) == value;
}

/* The shortest decimal that reads back as `value`, of those the nearest; Java asks for two digits
 * at least. Below the normal numbers fewer than 15 digits may do. Above a power of two there is
 * more room than below, so there the next decimal up may do where the nearest does not. */
static struct decimal decimal_shortest(double value)
{
    struct decimal decimal = {0};
    if (!decimal_from_short(value, &decimal)) {
        int exponent = 0;
        const bool is_power = frexp(value, &exponent) == 0.5;
        int precision = fpclassify(value) == FP_SUBNORMAL ? 2 : 15;
        for (; precision < 17; precision++) {
            decimal = decimal_round(value, precision);
            if (decimal_is(decimal, value))
                break;
            decimal.digits++;
            if (is_power && decimal_is(decimal, value))
                break;
        }
        if (precision == 17)
            decimal = decimal_round(value, precision);
    }
    while (decimal.digits > 0 && decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        decimal.exponent++;
    }
    if (decimal.digits == 0)
        decimal.exponent = 0;
    return decimal;
}

/* Java's form: with a point between 10^-3 and 10^7, else scientific; a digit on each side of it. */
static void decimal_write(struct buf *buf, struct decimal decimal)
{
    char reversed[20];
    int count = 0;
    do {
        reversed[count++] = (char)('0' + decimal.digits % 10);
        decimal.digits /= 10;
    } while (decimal.digits > 0);
    int point = count + decimal.exponent; /* digits before the point */
    const bool is_plain = point > -3 && point <= 7;
    const int power = point - 1;
    if (!is_plain)
        point = 1;
    if (point <= 0)
        buf_append_str(buf, STR("0."));
    for (int zeros = point; zeros < 0; zeros++)
        buf_append_byte(buf, '0');
    for (int i = 0; i < count || i < point; i++) {
        if (i > 0 && i == point)
            buf_append_byte(buf, '.');
        buf_append_byte(buf, i < count ? (uint8_t)reversed[count - 1 - i] : '0');
    }
    if (point >= count)
        buf_append_str(buf, STR(".0"));
    if (!is_plain)
        buf_printf(buf, "E%d", power);
}
