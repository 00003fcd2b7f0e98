/* decimal.h -- DECIMAL(precision, scale): a scaled 128-bit integer, at most 38 digits. */
#ifndef DATA_DECIMAL_H
#define DATA_DECIMAL_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

#define DECIMAL_PRECISION_MAX 38

/* The unscaled value: 12.34 with scale 2 is 1234. The scale stands in the type. */
typedef __int128 decimal;

/* 10^n for 0 <= n <= 38. */
decimal decimal_power_of_ten(int n);
/* Digits of the absolute value, at least 1. */
int decimal_digits(decimal value);
/* Changes the scale, rounding half up (away from zero) when digits are lost. ERR_OUT_OF_RANGE when
 * the result has more than `precision` digits. */
MUST_CHECK enum err decimal_rescale(decimal value, int scale_from, int precision, int scale_to,
                                    decimal *ret_value);
/* "-12.34", ".5", "1e3"; rounds half up to the scale. ERR_INVALID, ERR_OUT_OF_RANGE. */
MUST_CHECK enum err decimal_parse(struct str text, int precision, int scale, decimal *ret_value);
/* Room for the longest text: sign, a zero, point and 39 digits. */
#define DECIMAL_TEXT_MAX 48

/* Writes what decimal_format returns, not terminated; returns how many bytes. */
size_t decimal_write(decimal value, int scale, char text[DECIMAL_TEXT_MAX]);
/* Plain digits with exactly `scale` places: "12.34", "-0.50", "7". */
struct str decimal_format(decimal value, int scale, struct arena *arena);
double decimal_to_double(decimal value, int scale);
/* Rounds half up to the scale. ERR_OUT_OF_RANGE, also for NaN. */
MUST_CHECK enum err decimal_from_double(double value, int precision, int scale, decimal *ret_value);
/* Big-endian two's complement of the least number of bytes, as Avro's decimal has it; at most 16
 * bytes, returns how many. */
size_t decimal_to_bytes(decimal value, uint8_t bytes[16]);
/* ERR_MALFORMED when the value does not fit `precision` digits, or size is 0. */
MUST_CHECK enum err decimal_from_bytes(const uint8_t *bytes, size_t size, int precision,
                                       decimal *ret_value);

#endif
