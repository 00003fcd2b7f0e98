/* json.h -- a streaming JSON reader and writer (RFC 8259), without a tree.
 *
 * The reader hands out one token at a time and never recurses; depth is bounded. Numbers stay text,
 * so that nothing is lost before the caller knows the type it wants. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

#define JSON_DEPTH_MAX 64

enum json_token {
    JSON_END,   /* the text is over */
    JSON_ERROR, /* not JSON; error_offset tells where */
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_NAME,   /* an object member's name, text = unescaped */
    JSON_STRING, /* text = unescaped */
    JSON_NUMBER, /* text = as written */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};

struct json_reader {
    const char *begin;
    const char *at;
    const char *end;
    const char *token;   /* where the token just read begins */
    struct arena *arena; /* holds strings that had escapes */
    struct str text;     /* of the token just read; valid as long as input and arena */
    size_t error_offset;
    uint32_t depth;
    uint8_t state;
    bool in_object[JSON_DEPTH_MAX];
};

/* Reads exactly one JSON value; anything but blanks after it is an error. */
void json_reader_init(struct json_reader *reader, struct str input, struct arena *arena);
enum json_token json_next(struct json_reader *reader);
/* After a token that begins a value: skips to its end and returns its exact source text in
 * ret_source (may be NULL). ERR_MALFORMED. */
MUST_CHECK enum err json_skip(struct json_reader *reader, enum json_token first,
                              struct str *ret_source);

/* Appends the text as a JSON string with quotes; invalid UTF-8 becomes U+FFFD. */
void json_write_string(struct buf *buf, struct str text);
/* Shortest text that reads back as the same double, in Java's Double.toString form ("1.0",
 * "1.0E10"); NaN and infinities as the strings "NaN", "Infinity", "-Infinity" without quotes. */
void json_write_double(struct buf *buf, double value);

#endif
