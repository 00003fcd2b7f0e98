/* function_string.c -- text: case, trimming, cutting, joining, padding. */
#include "functions/body.h"

#include "base/utf8.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

static locale_t letters;
static pthread_once_t letters_once = PTHREAD_ONCE_INIT;

static void letters_make(void)
{
    letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static uint32_t letter_upper(uint32_t point)
{
    if (point < 0x80 || letters == (locale_t)0)
        return point >= 'a' && point <= 'z' ? point - 32 : point;
    return (uint32_t)towupper_l((wint_t)point, letters);
}

static uint32_t letter_lower(uint32_t point)
{
    if (point < 0x80 || letters == (locale_t)0)
        return point >= 'A' && point <= 'Z' ? point + 32 : point;
    return (uint32_t)towlower_l((wint_t)point, letters);
}

enum letter_case { UPPER, LOWER, CAPITAL };

/* Letter by letter, so that the length in characters stays. */
static struct str change_case(struct str text, enum letter_case to, struct arena *arena)
{
    pthread_once(&letters_once, letters_make);
    struct buf buf = {0};
    const char *at = text.data, *end = text.data + text.size;
    bool begins_word = true;
    while (at < end) {
        uint32_t point = 0;
        const char *next = utf8_get(at, end, &point);
        if (next == NULL) {
            buf_append_byte(&buf, (uint8_t)*at++);
            continue;
        }
        const bool is_upper = to == UPPER || (to == CAPITAL && begins_word);
        char *put = buf_reserve(&buf, UTF8_BYTES_MAX);
        buf.size +=
            (size_t)(utf8_put(put, is_upper ? letter_upper(point) : letter_lower(point)) - put);
        begins_word = point == ' ' || (point >= '\t' && point <= '\r');
        at = next;
    }
    return text_take(&buf, arena);
}

static enum err string_ucase(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = value_text(change_case(args[0].text, UPPER, call->arena));
    return OK;
}

static enum err string_lcase(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = value_text(change_case(args[0].text, LOWER, call->arena));
    return OK;
}

static enum err string_initcap(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = value_text(change_case(args[0].text, CAPITAL, call->arena));
    return OK;
}

static enum err string_len(struct call *call, const struct value *args, struct value *ret_value)
{
    const bool is_bytes = call_arg_type(call, 0)->kind == TYPE_BYTES;
    *ret_value = value_integer((int32_t)(is_bytes ? args[0].text.size : text_length(args[0].text)));
    return OK;
}

/* As String.trim(): everything up to the blank goes. */
static enum err string_trim(struct call *call, const struct value *args, struct value *ret_value)
{
    struct str text = args[0].text;
    while (text.size > 0 && (uint8_t)text.data[0] <= ' ')
        text = (struct str){text.data + 1, text.size - 1};
    while (text.size > 0 && (uint8_t)text.data[text.size - 1] <= ' ')
        text.size--;
    *ret_value = value_text(text);
    return OK;
}

/* Positions count from 1, negative ones from the end; outside they are moved to the nearest end. */
static enum err string_substring(struct call *call, const struct value *args,
                                 struct value *ret_value)
{
    const struct str text = args[0].text;
    const bool is_bytes = call_arg_type(call, 0)->kind == TYPE_BYTES;
    const int64_t length = (int64_t)(is_bytes ? text.size : text_length(text));
    const int64_t position = args[1].integer;
    int64_t from = position < 0 ? length + position : position - 1;
    from = from < 0 ? 0 : from > length ? length : from;
    int64_t to = length;
    if (call->arg_count == 3)
        to = from + args[2].integer < to ? from + args[2].integer : to;
    to = to < from ? from : to;
    const size_t begin = is_bytes ? (size_t)from : text_index_of(text, (size_t)from);
    const size_t end = is_bytes ? (size_t)to : text_index_of(text, (size_t)to);
    *ret_value = value_text((struct str){text.data + begin, end - begin});
    return OK;
}

/* Joins those that are there. */
static enum err join(struct call *call, const struct value *args, uint32_t first,
                     struct str between, struct value *ret_value)
{
    struct buf buf = {0};
    bool has_one = false;
    for (uint32_t i = first; i < call->arg_count; i++) {
        if (args[i].is_null)
            continue;
        if (has_one)
            buf_append_str(&buf, between);
        buf_append_str(&buf, args[i].text);
        has_one = true;
    }
    *ret_value = value_text(text_take(&buf, call->arena));
    return OK;
}

static enum err string_concat(struct call *call, const struct value *args, struct value *ret_value)
{
    return join(call, args, 0, STR(""), ret_value);
}

static enum err string_concat_ws(struct call *call, const struct value *args,
                                 struct value *ret_value)
{
    if (!args[0].is_null)
        return join(call, args, 1, args[0].text, ret_value);
    *ret_value = VALUE_NULL;
    return OK;
}

/* An empty text to replace stands before each character and at the end, as in Java. */
static enum err string_replace(struct call *call, const struct value *args, struct value *ret_value)
{
    const struct str text = args[0].text, old = args[1].text, new = args[2].text;
    struct buf buf = {0};
    size_t at = 0;
    while (at < text.size && buf.size <= TEXT_BYTES_MAX) {
        size_t found = text_find(text, old, at);
        if (found == text.size)
            break;
        buf_append(&buf, text.data + at, found - at);
        buf_append_str(&buf, new);
        at = found + old.size;
        if (old.size > 0)
            continue;
        const size_t size = text_index_of((struct str){text.data + at, text.size - at}, 1);
        buf_append(&buf, text.data + at, size);
        at += size;
    }
    if (at < text.size)
        buf_append(&buf, text.data + at, text.size - at);
    if (old.size == 0)
        buf_append_str(&buf, new);
    const bool is_small = buf.size <= TEXT_BYTES_MAX;
    *ret_value = value_text(text_take(&buf, call->arena));
    return is_small ? OK : ERR_LIMIT;
}

/* NULL for a negative length or nothing to pad with. */
static enum err pad(struct call *call, const struct value *args, bool is_left,
                    struct value *ret_value)
{
    const bool is_bytes = call_arg_type(call, 0)->kind == TYPE_BYTES;
    const struct str text = args[0].text, padding = args[2].text;
    const int64_t wanted = args[1].integer;
    *ret_value = VALUE_NULL;
    if (wanted < 0 || padding.size == 0)
        return OK;
    if (wanted > TEXT_BYTES_MAX)
        return ERR_LIMIT;
    const int64_t length = (int64_t)(is_bytes ? text.size : text_length(text));
    const size_t kept = is_bytes ? (size_t)(wanted < length ? wanted : length)
                                 : text_index_of(text, (size_t)wanted);
    const size_t pad_length = is_bytes ? padding.size : text_length(padding);
    struct buf buf = {0};
    if (!is_left)
        buf_append(&buf, text.data, kept);
    for (int64_t left = wanted - length; left > 0; left -= (int64_t)pad_length) {
        const bool is_whole = left >= (int64_t)pad_length;
        buf_append(&buf, padding.data,
                   is_whole   ? padding.size
                   : is_bytes ? (size_t)left
                              : text_index_of(padding, (size_t)left));
    }
    if (is_left)
        buf_append(&buf, text.data, kept);
    *ret_value = value_text(text_take(&buf, call->arena));
    return OK;
}

static enum err string_lpad(struct call *call, const struct value *args, struct value *ret_value)
{
    return pad(call, args, true, ret_value);
}

static enum err string_rpad(struct call *call, const struct value *args, struct value *ret_value)
{
    return pad(call, args, false, ret_value);
}

/* A code point as a number, or as Java writes it: "\u004b". NULL for what is none. */
static enum err string_chr(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = VALUE_NULL;
    struct buf buf = {0};
    if (call_arg_type(call, 0)->kind == TYPE_INTEGER) {
        const int32_t point = args[0].integer;
        if (point < 0 || point > 0x10ffff || utf8_is_surrogate((uint32_t)point))
            return OK;
        char *at = buf_reserve(&buf, UTF8_BYTES_MAX);
        buf.size = (size_t)(utf8_put(at, (uint32_t)point) - at);
        *ret_value = value_text(text_take(&buf, call->arena));
        return OK;
    }
    const struct str text = args[0].text;
    const char *at = text.data, *end = text.data + text.size;
    uint32_t point = 0;
    if (!str_starts_with(text, STR("\\u")))
        return OK;
    at = utf8_get_escape(at + 2, end, &point);
    if (at != end || utf8_is_surrogate(point))
        return OK;
    char *put = buf_reserve(&buf, UTF8_BYTES_MAX);
    buf.size = (size_t)(utf8_put(put, point) - put);
    *ret_value = value_text(text_take(&buf, call->arena));
    return OK;
}

static const struct function_overload ucase_overloads[] = {
    BODY("UCASE(STRING) STRING", string_ucase)};
static const struct function_overload lcase_overloads[] = {
    BODY("LCASE(STRING) STRING", string_lcase)};
static const struct function_overload initcap_overloads[] = {
    BODY("INITCAP(STRING) STRING", string_initcap)};
static const struct function_overload len_overloads[] = {
    BODY("LEN(STRING) INTEGER", string_len),
    BODY("LEN(BYTES) INTEGER", string_len),
};
static const struct function_overload trim_overloads[] = {BODY("TRIM(STRING) STRING", string_trim)};
static const struct function_overload substring_overloads[] = {
    BODY("SUBSTRING(STRING, INTEGER[, INTEGER]) STRING", string_substring),
    BODY("SUBSTRING(BYTES, INTEGER[, INTEGER]) BYTES", string_substring),
};
static const struct function_overload concat_overloads[] = {
    BODY_FLAGS("CONCAT(STRING, STRING...) STRING", string_concat, FUNCTION_SEES_NULLS),
    BODY_FLAGS("CONCAT(BYTES, BYTES...) BYTES", string_concat, FUNCTION_SEES_NULLS),
};
static const struct function_overload concat_ws_overloads[] = {
    BODY_FLAGS("CONCAT_WS(STRING, STRING, STRING...) STRING", string_concat_ws,
               FUNCTION_SEES_NULLS),
    BODY_FLAGS("CONCAT_WS(BYTES, BYTES, BYTES...) BYTES", string_concat_ws, FUNCTION_SEES_NULLS),
};
static const struct function_overload replace_overloads[] = {
    BODY("REPLACE(STRING, STRING, STRING) STRING", string_replace)};
static const struct function_overload lpad_overloads[] = {
    BODY("LPAD(STRING, INTEGER, STRING) STRING", string_lpad),
    BODY("LPAD(BYTES, INTEGER, BYTES) BYTES", string_lpad),
};
static const struct function_overload rpad_overloads[] = {
    BODY("RPAD(STRING, INTEGER, STRING) STRING", string_rpad),
    BODY("RPAD(BYTES, INTEGER, BYTES) BYTES", string_rpad),
};
static const struct function_overload chr_overloads[] = {
    BODY("CHR(INTEGER) STRING", string_chr),
    BODY("CHR(STRING) STRING", string_chr),
};

static const struct function_entry entries[] = {
    ENTRY("UCASE", "the text in upper case", ucase_overloads),
    ENTRY("LCASE", "the text in lower case", lcase_overloads),
    ENTRY("INITCAP", "each word with a capital, the rest in lower case", initcap_overloads),
    ENTRY("LEN", "how many characters, or bytes", len_overloads),
    ENTRY("TRIM", "the text without blanks at both ends", trim_overloads),
    ENTRY("SUBSTRING", "the part from a position (from 1, negative from the end), so long",
          substring_overloads),
    ENTRY("CONCAT", "all joined; NULLs are passed over", concat_overloads),
    ENTRY("CONCAT_WS", "all after the first, joined by it; NULLs are passed over",
          concat_ws_overloads),
    ENTRY("REPLACE", "the text with the third wherever the second stood", replace_overloads),
    ENTRY("LPAD", "cut to a length, or padded in front", lpad_overloads),
    ENTRY("RPAD", "cut to a length, or padded behind", rpad_overloads),
    ENTRY("CHR", "the character of a code point, given as a number or as '\\u004b'", chr_overloads),
};

const struct function_topic functions_string = FUNCTION_TOPIC(entries);
