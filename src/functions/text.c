/* text.c -- what bodies of text functions share: finding, counting characters, encodings. */
#include "functions/body.h"

#include "base/base64.h"
#include "base/utf8.h"

static enum err hex_decode(struct str text, struct arena *arena, struct str *ret_bytes);
static int hex_digit(char digit);
static struct str ascii_only(struct str text, bool is_bytes, struct arena *arena);

size_t text_find(struct str haystack, struct str needle, size_t from)
{
    if (from > haystack.size || needle.size > haystack.size - from)
        return haystack.size;
    if (needle.size == 0)
        return from;
    const char *at = memmem(haystack.data + from, haystack.size - from, needle.data, needle.size);
    return at ? (size_t)(at - haystack.data) : haystack.size;
}

size_t text_length(struct str text)
{
    size_t length = 0;
    for (size_t at = 0; at < text.size; length++)
        at = at + text_index_of((struct str){text.data + at, text.size - at}, 1);
    return length;
}

size_t text_index_of(struct str text, size_t index)
{
    const char *at = text.data, *end = text.data + text.size;
    for (; index > 0 && at < end; index--) {
        uint32_t point;
        const char *next = utf8_get(at, end, &point);
        at = next ? next : at + 1;
    }
    return (size_t)(at - text.data);
}

enum err text_decode(struct str text, struct str encoding, struct arena *arena,
                     struct str *ret_bytes)
{
    if (str_equal_nocase(encoding, STR("hex")))
        return hex_decode(text, arena, ret_bytes);
    if (str_equal_nocase(encoding, STR("utf8"))) {
        *ret_bytes = text;
        return OK;
    }
    if (str_equal_nocase(encoding, STR("ascii"))) {
        *ret_bytes = ascii_only(text, false, arena);
        return OK;
    }
    if (!str_equal_nocase(encoding, STR("base64")))
        return ERR_INVALID;
    uint8_t *bytes = arena_alloc(arena, base64_decoded_max(text.size));
    size_t size = 0;
    const enum err err = base64_decode(text, bytes, &size);
    if (err == OK)
        *ret_bytes = (struct str){(const char *)bytes, size};
    return err;
}

enum err text_encode(struct str bytes, struct str encoding, struct arena *arena,
                     struct str *ret_text)
{
    struct buf buf = {0};
    if (str_equal_nocase(encoding, STR("hex"))) {
        for (size_t i = 0; i < bytes.size; i++)
            buf_printf(&buf, "%02X", (unsigned)(uint8_t)bytes.data[i]);
    } else if (str_equal_nocase(encoding, STR("base64"))) {
        base64_encode(bytes, &buf);
    } else if (str_equal_nocase(encoding, STR("utf8"))) {
        /* Bytes that are no UTF-8 become U+FFFD, as in Java. */
        const char *at = bytes.data, *end = bytes.data + bytes.size;
        while (at < end) {
            uint32_t point = UTF8_REPLACEMENT;
            const char *next = utf8_get(at, end, &point);
            char *to = buf_reserve(&buf, UTF8_BYTES_MAX);
            buf.size += (size_t)(utf8_put(to, next ? point : UTF8_REPLACEMENT) - to);
            at = next ? next : at + 1;
        }
    } else if (str_equal_nocase(encoding, STR("ascii"))) {
        *ret_text = ascii_only(bytes, true, arena);
        return OK;
    } else {
        return ERR_INVALID;
    }
    *ret_text = text_take(&buf, arena);
    return OK;
}

/* "4578", "0x4578", "X'4578'", "x'4578'"; after 0x an odd number of digits has a 0 before them. */
static enum err hex_decode(struct str text, struct arena *arena, struct str *ret_bytes)
{
    struct str digits = text;
    const bool may_be_odd = str_starts_with(digits, STR("0x"));
    if (may_be_odd)
        digits = (struct str){digits.data + 2, digits.size - 2};
    else if ((str_starts_with(digits, STR("x'")) || str_starts_with(digits, STR("X'")))) {
        if (digits.size < 3 || digits.data[digits.size - 1] != '\'')
            return ERR_INVALID;
        digits = (struct str){digits.data + 2, digits.size - 3};
    }
    const size_t odd = digits.size % 2;
    if (odd && !may_be_odd)
        return ERR_INVALID;
    char *bytes = arena_alloc(arena, digits.size / 2 + 1);
    size_t count = 0;
    for (size_t i = 0; i < digits.size; i++) {
        const int digit = hex_digit(digits.data[i]);
        if (digit < 0)
            return ERR_INVALID;
        const bool is_first = (i + odd) % 2 == 0;
        if (is_first || i == 0)
            bytes[count] = (char)(is_first ? digit << 4 : digit);
        else
            bytes[count] = (char)(bytes[count] | digit);
        count += !is_first;
    }
    *ret_bytes = (struct str){bytes, count};
    return OK;
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* Java's US_ASCII: from bytes each other byte is U+FFFD, from text each other character is '?'. */
static struct str ascii_only(struct str text, bool is_bytes, struct arena *arena)
{
    struct buf buf = {0};
    for (size_t at = 0; at < text.size;) {
        const struct str rest = {text.data + at, text.size - at};
        const size_t size = is_bytes ? 1 : text_index_of(rest, 1);
        if ((uint8_t)rest.data[0] < 0x80)
            buf_append_byte(&buf, (uint8_t)rest.data[0]);
        else
            buf_append_str(&buf, is_bytes ? STR("\xef\xbf\xbd") : STR("?"));
        at += size;
    }
    return text_take(&buf, arena);
}
