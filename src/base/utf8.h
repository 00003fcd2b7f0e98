/* utf8.h -- one code point at a time, as RFC 3629 writes them. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_BYTES_MAX 4
#define UTF8_REPLACEMENT 0xFFFDu

static inline bool utf8_is_surrogate(uint32_t point)
{
    return point >= 0xD800 && point <= 0xDFFF;
}

/* Writes a code point <= 0x10FFFF that is no surrogate (at most UTF8_BYTES_MAX bytes); returns the
 * place after it. */
char *utf8_put(char *at, uint32_t point);
/* Reads the code point at [at, end). Returns the place after it, or NULL when the bytes there are
 * none: cut short, overlong, a surrogate, beyond 0x10FFFF. */
const char *utf8_get(const char *at, const char *end, uint32_t *ret_point);
/* Reads the four hex digits after Java's and JSON's "\u" and, where they are the first half of a
 * surrogate pair, the "\uXXXX" of the other half. Returns the place after it, or NULL when they are
 * no hex digits. A half without its other half is handed out as it is. */
const char *utf8_get_escape(const char *at, const char *end, uint32_t *ret_point);

#endif
