/* str.h -- a borrowed piece of text or bytes: pointer and size, not terminated. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* data may be NULL only when size is 0. Whoever hands one out says how long it stays valid. */
struct str {
    const char *data;
    size_t size;
};

#define STR(literal) ((struct str){"" literal "", sizeof(literal) - 1})
/* The same for static initialisers. */
#define STR_INIT(literal)                                                                          \
    {                                                                                              \
        "" literal "", sizeof(literal) - 1                                                         \
    }
/* For printf's "%.*s". */
#define STR_ARGS(text) (int)(text).size, (text).data

static inline struct str str_from(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* ASCII letters only, as SQL's words are compared. */
bool str_equal_nocase(struct str a, struct str b);
/* Bytes as unsigned, shorter first on a tie: <0, 0, >0. */
int str_compare(struct str a, struct str b);
bool str_starts_with(struct str text, struct str prefix);
bool str_ends_with(struct str text, struct str suffix);
/* Index of the first `byte`, or text.size. */
size_t str_index(struct str text, char byte);
/* Without ASCII blanks at both ends. */
struct str str_trim(struct str text);
/* A whole decimal number with optional sign; ERR_INVALID on anything else, ERR_OUT_OF_RANGE. */
MUST_CHECK enum err str_to_int64(struct str text, int64_t *ret_value);
/* strtod's numbers, all of the text, locale-free; ERR_INVALID otherwise. */
MUST_CHECK enum err str_to_double(struct str text, double *ret_value);
/* "90s", "15m", "2h", "7d", "250ms", a bare number is seconds; ERR_INVALID otherwise. */
MUST_CHECK enum err str_to_duration_ms(struct str text, int64_t *ret_duration_ms);

/* The candidate nearest to `wanted` by edit distance without regard to case, or size 0 when none
 * is near enough (a third of the length, at least 1). For "did you mean". */
struct str str_nearest(struct str wanted, const struct str *candidates, size_t count);

/* True when all of it is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(struct str text);

#endif
