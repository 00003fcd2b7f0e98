/* json_reader.c -- RFC 8259, one token at a time.
 *
 * `state` says what may come next; the kinds of the open brackets stand in in_object, so nothing
 * recurses. A name is read together with its colon. */
#include "base/json.h"

#include "base/utf8.h"

enum state {
    WANT_VALUE,
    WANT_VALUE_OR_END, /* just after '[' */
    WANT_NAME,
    WANT_NAME_OR_END, /* just after '{' */
    AFTER_VALUE,      /* ',' or an end */
    FAILED
};

static enum json_token fail(struct json_reader *reader, const char *at);
static enum json_token value_read(struct json_reader *reader);
static enum json_token name_read(struct json_reader *reader);
static enum json_token bracket_open(struct json_reader *reader, bool is_object);
static enum json_token bracket_close(struct json_reader *reader);
static enum json_token word_read(struct json_reader *reader, struct str word,
                                 enum json_token token);
static enum json_token number_read(struct json_reader *reader);
static bool string_read(struct json_reader *reader);
static const char *plain_skip(const char *at, const char *end);
static bool string_unescape(struct json_reader *reader, const char *begin, const char *end);

void json_reader_init(struct json_reader *reader, struct str input, struct arena *arena)
{
    *reader = (struct json_reader){.begin = input.data,
                                   .at = input.data,
                                   .end = input.data + input.size,
                                   .token = input.data,
                                   .arena = arena,
                                   .state = WANT_VALUE};
}

static void blanks_skip(struct json_reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

/* The byte there, or NUL, which begins nothing, at the end. */
static char peek(const struct json_reader *reader)
{
    return reader->at < reader->end ? *reader->at : '\0';
}

enum json_token json_next(struct json_reader *reader)
{
    if (reader->state == FAILED)
        return JSON_ERROR;
    blanks_skip(reader);
    if (reader->state == AFTER_VALUE) {
        if (reader->depth == 0)
            return reader->at == reader->end ? JSON_END : fail(reader, reader->at);
        const bool is_object = reader->in_object[reader->depth - 1];
        if (peek(reader) == (is_object ? '}' : ']'))
            return bracket_close(reader);
        if (peek(reader) != ',')
            return fail(reader, reader->at);
        reader->at++;
        blanks_skip(reader);
        reader->state = is_object ? WANT_NAME : WANT_VALUE;
    }
    switch (reader->state) {
    case WANT_NAME_OR_END:
        return peek(reader) == '}' ? bracket_close(reader) : name_read(reader);
    case WANT_NAME:
        return name_read(reader);
    case WANT_VALUE_OR_END:
        return peek(reader) == ']' ? bracket_close(reader) : value_read(reader);
    default:
        return value_read(reader);
    }
}

enum err json_skip(struct json_reader *reader, enum json_token first, struct str *ret_source)
{
    must(first != JSON_END);
    must(first != JSON_NAME);
    const char *const begin = reader->token;
    if (first == JSON_ERROR)
        return ERR_MALFORMED;
    if (first == JSON_OBJECT_BEGIN || first == JSON_ARRAY_BEGIN) {
        const uint32_t depth = reader->depth - 1;
        while (reader->depth > depth) {
            if (json_next(reader) == JSON_ERROR)
                return ERR_MALFORMED;
        }
    }
    if (ret_source)
        *ret_source = (struct str){begin, (size_t)(reader->at - begin)};
    return OK;
}

static enum json_token fail(struct json_reader *reader, const char *at)
{
    reader->state = FAILED;
    reader->error_offset = (size_t)(at - reader->begin);
    reader->text = (struct str){0};
    return JSON_ERROR;
}

/* value = object | array | string | number | "true" | "false" | "null" */
static enum json_token value_read(struct json_reader *reader)
{
    reader->token = reader->at;
    switch (peek(reader)) {
    case '{':
        return bracket_open(reader, true);
    case '[':
        return bracket_open(reader, false);
    case '"':
        if (!string_read(reader))
            return JSON_ERROR;
        reader->state = AFTER_VALUE;
        return JSON_STRING;
    case 't':
        return word_read(reader, STR("true"), JSON_TRUE);
    case 'f':
        return word_read(reader, STR("false"), JSON_FALSE);
    case 'n':
        return word_read(reader, STR("null"), JSON_NULL);
    default:
        return number_read(reader);
    }
}

/* name = string ":" */
static enum json_token name_read(struct json_reader *reader)
{
    reader->token = reader->at;
    if (peek(reader) != '"')
        return fail(reader, reader->at);
    if (!string_read(reader))
        return JSON_ERROR;
    blanks_skip(reader);
    if (peek(reader) != ':')
        return fail(reader, reader->at);
    reader->at++;
    reader->state = WANT_VALUE;
    return JSON_NAME;
}

static enum json_token bracket_open(struct json_reader *reader, bool is_object)
{
    if (reader->depth == JSON_DEPTH_MAX)
        return fail(reader, reader->at);
    reader->in_object[reader->depth++] = is_object;
    reader->text = (struct str){reader->at++, 1};
    reader->state = is_object ? WANT_NAME_OR_END : WANT_VALUE_OR_END;
    return is_object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
}

static enum json_token bracket_close(struct json_reader *reader)
{
    reader->token = reader->at;
    reader->text = (struct str){reader->at++, 1};
    reader->state = AFTER_VALUE;
    return reader->in_object[--reader->depth] ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static enum json_token word_read(struct json_reader *reader, struct str word, enum json_token token)
{
    const struct str rest = {reader->at, (size_t)(reader->end - reader->at)};
    if (!str_starts_with(rest, word))
        return fail(reader, reader->at);
    reader->text = (struct str){reader->at, word.size};
    reader->at += word.size;
    reader->state = AFTER_VALUE;
    return token;
}

static const char *digits_skip(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* number = ["-"] ("0" | digit1-9 *digit) ["." 1*digit] [("e" | "E") ["+" | "-"] 1*digit] */
static enum json_token number_read(struct json_reader *reader)
{
    const char *const end = reader->end;
    const char *at = reader->at;
    at += at < end && *at == '-';
    const char *const whole = at;
    at = digits_skip(at, end);
    if (at == whole)
        return fail(reader, at);
    if (*whole == '0' && at - whole > 1)
        return fail(reader, whole + 1);
    if (at < end && *at == '.') {
        const char *const fraction = ++at;
        at = digits_skip(at, end);
        if (at == fraction)
            return fail(reader, at);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        const char *const exponent = at;
        at = digits_skip(at, end);
        if (at == exponent)
            return fail(reader, at);
    }
    reader->text = (struct str){reader->at, (size_t)(at - reader->at)};
    reader->at = at;
    reader->state = AFTER_VALUE;
    return JSON_NUMBER;
}

/* string = '"' *( any but '"', '\' and controls | escape ) '"', in well-formed UTF-8 */
static bool string_read(struct json_reader *reader)
{
    const char *const begin = ++reader->at;
    const char *const end = reader->end;
    const char *at = begin;
    bool has_escape = false;
    for (;;) {
        at = plain_skip(at, end);
        if (at == end)
            break;
        uint32_t point = 0;
        if (*at == '"')
            break;
        if (*at == '\\') {
            has_escape = true;
            at += end - at > 1 ? 2 : 1; /* what follows is checked when it is undone */
            continue;
        }
        const char *const next = utf8_get(at, end, &point);
        if (!next || point < 0x20) {
            fail(reader, at);
            return false;
        }
        at = next;
    }
    if (at == end) {
        fail(reader, at);
        return false;
    }
    if (has_escape && !string_unescape(reader, begin, at))
        return false;
    if (!has_escape)
        reader->text = (struct str){begin, (size_t)(at - begin)};
    reader->at = at + 1;
    return true;
}

/* Goes to the first byte that is not plain: a quote, a backslash, a control, not ASCII. Eight at a
 * time: (x - 0x01..) & ~x has the high bit where a byte of x is zero, and no bit without one. */
static const char *plain_skip(const char *at, const char *end)
{
    const uint64_t ones = 0x0101010101010101u;
    for (; end - at >= 8; at += 8) {
        uint64_t eight = 0;
        memcpy(&eight, at, 8);
        const uint64_t quote = eight ^ ones * '"';
        const uint64_t backslash = eight ^ ones * '\\';
        const uint64_t found = ((eight - ones * 0x20) & ~eight) | ((quote - ones) & ~quote) |
                               ((backslash - ones) & ~backslash) | eight;
        if (found & ones * 0x80)
            break;
    }
    while (at < end && *at != '"' && *at != '\\' && (uint8_t)*at >= 0x20 && (uint8_t)*at < 0x80)
        at++;
    return at;
}

/* Never longer than its source: the shortest escape of n bytes has at least n characters. Half a
 * surrogate pair, which the grammar allows and UTF-8 cannot hold, becomes U+FFFD. */
static bool string_unescape(struct json_reader *reader, const char *begin, const char *end)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    char *const text = arena_alloc(reader->arena, (size_t)(end - begin) + 1);
    char *out = text;
    for (const char *at = begin; at < end;) {
        if (*at != '\\') {
            *out++ = *at++;
            continue;
        }
        const char *const escape = at++;
        const char *const found = at < end ? memchr(from, *at, sizeof(from) - 1) : NULL;
        if (found) {
            *out++ = to[found - from];
            at++;
            continue;
        }
        uint32_t point = 0;
        const char *const next =
            at < end && *at == 'u' ? utf8_get_escape(at + 1, end, &point) : NULL;
        if (!next) {
            fail(reader, escape);
            return false;
        }
        out = utf8_put(out, utf8_is_surrogate(point) ? UTF8_REPLACEMENT : point);
        at = next;
    }
    *out = '\0';
    reader->text = (struct str){text, (size_t)(out - text)};
    return true;
}
