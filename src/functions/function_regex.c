/* function_regex.c -- regular expressions, by PCRE2.
 *
 * Patterns and texts are users': matching gives up at MATCH_STEPS_MAX, and the cell is NULL. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "functions/body.h"

#include <pcre2.h>

#define MATCH_STEPS_MAX 1000000
#define MATCH_DEPTH_MAX 10000
#define MATCH_HEAP_KB_MAX 20000
#define GROUPS_MAX 100
#define MATCHES_MAX 100000

/* The pattern compiled last in this call, in the call's arena. */
struct regex {
    struct str pattern;
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
};

static void *regex_alloc(size_t size, void *arena)
{
    return arena_alloc(arena, size);
}

static void regex_free(void *memory, void *arena)
{
    /* The arena's. */
}

static enum err regex_compile(struct call *call, struct str pattern, struct regex **ret_regex)
{
    struct regex *regex = call->memory;
    if (regex && str_equal(regex->pattern, pattern)) {
        *ret_regex = regex;
        return OK;
    }
    pcre2_general_context *memory =
        pcre2_general_context_create(regex_alloc, regex_free, call->arena);
    pcre2_compile_context *compile = pcre2_compile_context_create(memory);
    int code = 0;
    size_t offset = 0;
    regex = ARENA_NEW(call->arena, struct regex);
    regex->pattern = pattern;
    regex->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size,
                                PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &code, &offset, compile);
    if (regex->code == NULL)
        return ERR_INVALID;
    regex->match = pcre2_match_data_create_from_pattern(regex->code, memory);
    regex->context = pcre2_match_context_create(memory);
    pcre2_set_match_limit(regex->context, MATCH_STEPS_MAX);
    pcre2_set_depth_limit(regex->context, MATCH_DEPTH_MAX);
    pcre2_set_heap_limit(regex->context, MATCH_HEAP_KB_MAX);
    call->memory = regex;
    *ret_regex = regex;
    return OK;
}

/* Looks from `from` on. ERR_NOT_FOUND, ERR_LIMIT. */
static enum err regex_find(struct regex *regex, struct str text, size_t from)
{
    if (from > text.size)
        return ERR_NOT_FOUND;
    const int found = pcre2_match(regex->code, (PCRE2_SPTR)(text.data ? text.data : ""), text.size,
                                  from, 0, regex->match, regex->context);
    if (found == PCRE2_ERROR_NOMATCH)
        return ERR_NOT_FOUND;
    return found < 0 ? ERR_LIMIT : OK;
}

/* A group of the match; VALUE_NULL when it took no part. */
static struct value regex_group(const struct regex *regex, struct str text, uint32_t group)
{
    const size_t *ends = pcre2_get_ovector_pointer(regex->match);
    if (group >= pcre2_get_ovector_count(regex->match) || ends[2 * group] == PCRE2_UNSET)
        return VALUE_NULL;
    return value_text(
        (struct str){text.data + ends[2 * group], ends[2 * group + 1] - ends[2 * group]});
}

/* Where the next search begins: past the match, and past one more character when it was empty. */
static size_t regex_next(const struct regex *regex, struct str text)
{
    const size_t *ends = pcre2_get_ovector_pointer(regex->match);
    if (ends[1] > ends[0])
        return ends[1];
    const struct str rest = {text.data + ends[1], text.size - ends[1]};
    return rest.size == 0 ? text.size + 1 : ends[1] + text_index_of(rest, 1);
}

static enum err regex_group_number(const struct call *call, const struct value *args,
                                   uint32_t *ret_group)
{
    const int32_t group = call->arg_count == 3 ? args[2].integer : 0;
    if (group < 0 || group > GROUPS_MAX)
        return ERR_INVALID;
    *ret_group = (uint32_t)group;
    return OK;
}

static enum err regex_extract(struct call *call, const struct value *args, struct value *ret_value)
{
    struct regex *regex = NULL;
    uint32_t group = 0;
    enum err err = regex_group_number(call, args, &group);
    if (err == OK)
        err = regex_compile(call, args[0].text, &regex);
    if (err != OK)
        return err;
    err = regex_find(regex, args[1].text, 0);
    *ret_value = err == OK ? regex_group(regex, args[1].text, group) : VALUE_NULL;
    return err == ERR_NOT_FOUND ? OK : err;
}

static void items_add(struct buf *items, struct value value)
{
    buf_append(items, &value, sizeof(value));
}

static struct value items_take(struct buf *items, struct arena *arena)
{
    const uint32_t count = (uint32_t)(items->size / sizeof(struct value));
    struct value *copy = arena_copy(arena, items->data ? items->data : "", items->size);
    buf_release(items);
    return value_list(copy, count);
}

static enum err regex_extract_all(struct call *call, const struct value *args,
                                  struct value *ret_value)
{
    struct regex *regex = NULL;
    uint32_t group = 0, count = 0;
    enum err err = regex_group_number(call, args, &group);
    if (err == OK)
        err = regex_compile(call, args[0].text, &regex);
    if (err != OK)
        return err;
    uint32_t groups = 0;
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    *ret_value = VALUE_NULL;
    if (group > groups)
        return OK;
    struct buf items = {0};
    const struct str text = args[1].text;
    for (size_t from = 0; count < MATCHES_MAX; from = regex_next(regex, text), count++) {
        err = regex_find(regex, text, from);
        if (err != OK)
            break;
        items_add(&items, regex_group(regex, text, group));
    }
    *ret_value = items_take(&items, call->arena);
    return err == ERR_NOT_FOUND || err == OK ? OK : err;
}

/* Pieces between the matches; an empty match before the first character splits nothing off. */
static enum err regex_split(struct call *call, const struct value *args, struct value *ret_value)
{
    struct regex *regex = NULL;
    enum err err = regex_compile(call, args[1].text, &regex);
    if (err != OK)
        return err;
    struct buf items = {0};
    const struct str text = args[0].text;
    size_t piece = 0;
    uint32_t count = 0;
    for (size_t from = 0; count < MATCHES_MAX; from = regex_next(regex, text), count++) {
        err = regex_find(regex, text, from);
        if (err != OK)
            break;
        const size_t *ends = pcre2_get_ovector_pointer(regex->match);
        if (ends[1] == ends[0] && (ends[0] == 0 || ends[0] == text.size))
            continue;
        items_add(&items, value_text((struct str){text.data + piece, ends[0] - piece}));
        piece = ends[1];
    }
    items_add(&items, value_text((struct str){text.data + piece, text.size - piece}));
    *ret_value = items_take(&items, call->arena);
    return err == ERR_NOT_FOUND || err == OK ? OK : err;
}

/* Java's replacement: $1 is a group, a backslash makes the next character plain. */
static enum err regex_expand(const struct regex *regex, struct str text, struct str replacement,
                             struct buf *buf)
{
    uint32_t groups = 0;
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    for (size_t i = 0; i < replacement.size; i++) {
        const char c = replacement.data[i];
        const bool has_next = i + 1 < replacement.size;
        if (c == '\\' || c == '$') {
            if (!has_next)
                return ERR_INVALID;
            i++;
        }
        if (c != '$') {
            buf_append_byte(buf, (uint8_t)replacement.data[i]);
            continue;
        }
        if (replacement.data[i] < '0' || replacement.data[i] > '9')
            return ERR_INVALID;
        uint32_t group = (uint32_t)(replacement.data[i] - '0');
        while (i + 1 < replacement.size && replacement.data[i + 1] >= '0' &&
               replacement.data[i + 1] <= '9' &&
               group * 10 + (uint32_t)(replacement.data[i + 1] - '0') <= groups)
            group = group * 10 + (uint32_t)(replacement.data[++i] - '0');
        if (group > groups)
            return ERR_INVALID;
        const struct value found = regex_group(regex, text, group);
        if (!found.is_null)
            buf_append_str(buf, found.text);
    }
    return OK;
}

static enum err regex_replace(struct call *call, const struct value *args, struct value *ret_value)
{
    struct regex *regex = NULL;
    enum err err = regex_compile(call, args[1].text, &regex);
    if (err != OK)
        return err;
    struct buf buf = {0};
    const struct str text = args[0].text;
    size_t copied = 0;
    for (size_t from = 0; err == OK; from = regex_next(regex, text)) {
        err = regex_find(regex, text, from);
        if (err != OK)
            break;
        const size_t *ends = pcre2_get_ovector_pointer(regex->match);
        buf_append(&buf, text.data + copied, ends[0] - copied);
        copied = ends[1];
        err = regex_expand(regex, text, args[2].text, &buf);
        if (buf.size > TEXT_BYTES_MAX)
            err = ERR_LIMIT;
    }
    if (copied < text.size)
        buf_append(&buf, text.data + copied, text.size - copied);
    *ret_value = value_text(text_take(&buf, call->arena));
    return err == ERR_NOT_FOUND ? OK : err;
}

static const struct function_overload extract_overloads[] = {
    BODY("REGEXP_EXTRACT(STRING, STRING[, INTEGER]) STRING", regex_extract)};
static const struct function_overload extract_all_overloads[] = {
    BODY("REGEXP_EXTRACT_ALL(STRING, STRING[, INTEGER]) ARRAY<STRING>", regex_extract_all)};
static const struct function_overload replace_overloads[] = {
    BODY("REGEXP_REPLACE(STRING, STRING, STRING) STRING", regex_replace)};
static const struct function_overload split_overloads[] = {
    BODY("REGEXP_SPLIT_TO_ARRAY(STRING, STRING) ARRAY<STRING>", regex_split)};

static const struct function_entry entries[] = {
    ENTRY("REGEXP_EXTRACT", "what the pattern (the first) matches first, or its group",
          extract_overloads),
    ENTRY("REGEXP_EXTRACT_ALL", "all that the pattern (the first) matches, or its group",
          extract_all_overloads),
    ENTRY("REGEXP_REPLACE", "the text with all that the pattern matches replaced; $1 is a group",
          replace_overloads),
    ENTRY("REGEXP_SPLIT_TO_ARRAY", "the pieces between what the pattern matches", split_overloads),
};

const struct function_topic functions_regex = FUNCTION_TOPIC(entries);
