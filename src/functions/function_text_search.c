/* function_text_search.c -- INSTR, SPLIT, SPLIT_TO_MAP, FIELD, ELT. */
#include "functions/body.h"

/* The position (from 1, in characters) of the n-th time the text stands there; a negative start
 * looks backwards. 0: not there. */
static enum err search_instr(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = value_integer(0);
    for (uint32_t i = 0; i < call->arg_count; i++)
        if (args[i].is_null)
            return OK;
    const struct str text = args[0].text, wanted = args[1].text;
    const int32_t start = call->arg_count > 2 ? args[2].integer : 1;
    int32_t times = call->arg_count > 3 ? args[3].integer : 1;
    const int64_t length = (int64_t)text_length(text);
    if (start == 0 || times < 1 || start > length || -(int64_t)start > length)
        return OK;
    if (start > 0) {
        size_t at = text_index_of(text, (size_t)start - 1);
        for (; at + wanted.size <= text.size; at++) {
            at = text_find(text, wanted, at);
            if (at == text.size && wanted.size > 0)
                return OK;
            if (--times == 0)
                break;
        }
        if (times == 0)
            *ret_value = value_integer((int32_t)text_length((struct str){text.data, at}) + 1);
        return OK;
    }
    for (int64_t index = length + start; index >= 0; index--) {
        const size_t at = text_index_of(text, (size_t)index);
        const struct str rest = {text.data + at, text.size - at};
        if (str_starts_with(rest, wanted) && --times == 0) {
            *ret_value = value_integer((int32_t)index + 1);
            return OK;
        }
    }
    return OK;
}

/* Nothing to split by: character by character. */
static enum err search_split(struct call *call, const struct value *args, struct value *ret_value)
{
    const struct str text = args[0].text, by = args[1].text;
    const bool is_bytes = call_arg_type(call, 0)->kind == TYPE_BYTES;
    size_t count = 1;
    if (by.size == 0)
        count = is_bytes ? text.size : text_length(text);
    else
        for (size_t at = text_find(text, by, 0); at < text.size;
             at = text_find(text, by, at + by.size))
            count++;
    count = count == 0 ? 1 : count;
    struct value *items = ARENA_ARRAY(call->arena, struct value, count);
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        const struct str rest = {text.data + from, text.size - from};
        const size_t size = by.size > 0 ? text_find(rest, by, 0)
                            : is_bytes  ? (rest.size > 0)
                                        : text_index_of(rest, 1);
        items[i] = value_text((struct str){rest.data, size});
        from += size + by.size;
    }
    *ret_value = value_list(items, (uint32_t)count);
    return OK;
}

/* "a:1/b:2"; of a key that is there twice the last counts, entries without a value are left out. */
static enum err search_split_to_map(struct call *call, const struct value *args,
                                    struct value *ret_value)
{
    const struct str text = args[0].text, between = args[1].text, is = args[2].text;
    *ret_value = VALUE_NULL;
    if (between.size == 0 || is.size == 0)
        return OK;
    size_t most = 1;
    for (size_t at = text_find(text, between, 0); at < text.size;
         at = text_find(text, between, at + between.size))
        most++;
    struct value *items = ARENA_ARRAY(call->arena, struct value, 2 * most);
    uint32_t count = 0;
    for (size_t from = 0; from <= text.size && count <= most;) {
        const struct str rest = {text.data + from, text.size - from};
        const struct str entry = {rest.data, text_find(rest, between, 0)};
        from += entry.size + between.size;
        const size_t at = text_find(entry, is, 0);
        if (at == entry.size)
            continue;
        const struct str key = {entry.data, at};
        uint32_t k = 0;
        while (k < count && !str_equal(items[2 * k].text, key))
            k++;
        items[2 * k] = value_text(key);
        items[2 * k + 1] =
            value_text((struct str){entry.data + at + is.size, entry.size - at - is.size});
        count += k == count;
    }
    *ret_value = value_list(items, count);
    return OK;
}

static enum err search_field(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = value_integer(0);
    for (uint32_t i = 1; i < call->arg_count && !args[0].is_null; i++)
        if (!args[i].is_null && str_equal(args[i].text, args[0].text)) {
            *ret_value = value_integer((int32_t)i);
            return OK;
        }
    return OK;
}

static enum err search_elt(struct call *call, const struct value *args, struct value *ret_value)
{
    const bool is_there =
        !args[0].is_null && args[0].integer >= 1 && (uint32_t)args[0].integer < call->arg_count;
    *ret_value = is_there ? args[args[0].integer] : VALUE_NULL;
    return OK;
}

static const struct function_overload instr_overloads[] = {BODY_FLAGS(
    "INSTR(STRING, STRING[, INTEGER[, INTEGER]]) INTEGER", search_instr, FUNCTION_SEES_NULLS)};
static const struct function_overload split_overloads[] = {
    BODY("SPLIT(STRING, STRING) ARRAY<STRING>", search_split),
    BODY("SPLIT(BYTES, BYTES) ARRAY<BYTES>", search_split),
};
static const struct function_overload split_to_map_overloads[] = {
    BODY("SPLIT_TO_MAP(STRING, STRING, STRING) MAP<STRING, STRING>", search_split_to_map)};
static const struct function_overload field_overloads[] = {
    BODY_FLAGS("FIELD(STRING, STRING...) INTEGER", search_field, FUNCTION_SEES_NULLS)};
static const struct function_overload elt_overloads[] = {
    BODY_FLAGS("ELT(INTEGER, STRING...) STRING", search_elt, FUNCTION_SEES_NULLS)};

static const struct function_entry entries[] = {
    ENTRY("INSTR", "where the second stands in the first, from 1; from a position, the n-th time",
          instr_overloads),
    ENTRY("SPLIT", "the pieces between a separator", split_overloads),
    ENTRY("SPLIT_TO_MAP", "a map of text like 'a:1/b:2', given '/' and ':'",
          split_to_map_overloads),
    ENTRY("FIELD", "which of the others is like the first, from 1; 0: none", field_overloads),
    ENTRY("ELT", "the n-th of the others", elt_overloads),
};

const struct function_topic functions_text_search = FUNCTION_TOPIC(entries);
