/* function_mask.c -- MASK and its relatives: text with its characters hidden by kind. */
#include "functions/body.h"

#include "base/utf8.h"

#include <wctype.h>

/* What stands for upper case, lower case, digits, others; a NULL keeps them. */
struct masks {
    struct str of[4];
};

static const struct masks masks_default = {
    {{"X", 1}, {"x", 1}, {"n", 1}, {"-", 1}},
};

static struct masks masks_from(const struct call *call, const struct value *args, uint32_t first)
{
    struct masks masks = masks_default;
    for (uint32_t i = 0; i < 4 && first + i < call->arg_count; i++) {
        masks.of[i] = args[first + i].is_null ? (struct str){NULL, 0} : args[first + i].text;
        masks.of[i].size = text_index_of(masks.of[i], 1);
    }
    return masks;
}

/* Hides characters [from, to). */
static struct value mask_range(struct call *call, struct str text, int64_t from, int64_t to,
                               const struct masks *masks)
{
    struct buf buf = {0};
    int64_t index = 0;
    for (size_t at = 0; at < text.size; index++) {
        const struct str rest = {text.data + at, text.size - at};
        const struct str character = {rest.data, text_index_of(rest, 1)};
        uint32_t point = 0;
        at += character.size;
        if (utf8_get(character.data, character.data + character.size, &point) == NULL)
            point = UTF8_REPLACEMENT;
        const int kind = point >= '0' && point <= '9' ? 2
                         : iswupper((wint_t)point)    ? 0
                         : iswlower((wint_t)point)    ? 1
                                                      : 3;
        const bool is_hidden = index >= from && index < to && masks->of[kind].size > 0;
        buf_append_str(&buf, is_hidden ? masks->of[kind] : character);
    }
    return value_text(text_take(&buf, call->arena));
}

static enum err mask_all(struct call *call, const struct value *args, struct value *ret_value)
{
    const struct masks masks = masks_from(call, args, 1);
    *ret_value = VALUE_NULL;
    if (!args[0].is_null)
        *ret_value = mask_range(call, args[0].text, 0, INT64_MAX, &masks);
    return OK;
}

enum side { LEFT, RIGHT, KEEP_LEFT, KEEP_RIGHT };

static enum err mask_side(struct call *call, const struct value *args, enum side side,
                          struct value *ret_value)
{
    *ret_value = VALUE_NULL;
    if (args[0].is_null || args[1].is_null)
        return OK;
    if (args[1].integer < 0)
        return ERR_INVALID;
    const int64_t count = args[1].integer, length = (int64_t)text_length(args[0].text);
    const struct masks masks = masks_from(call, args, 2);
    int64_t from = 0, to = length;
    if (side == LEFT)
        to = count;
    else if (side == RIGHT)
        from = length - count;
    else if (side == KEEP_LEFT)
        from = count;
    else
        to = length - count;
    *ret_value = mask_range(call, args[0].text, from, to, &masks);
    return OK;
}

static enum err mask_left(struct call *call, const struct value *args, struct value *ret_value)
{
    return mask_side(call, args, LEFT, ret_value);
}

static enum err mask_right(struct call *call, const struct value *args, struct value *ret_value)
{
    return mask_side(call, args, RIGHT, ret_value);
}

static enum err mask_keep_left(struct call *call, const struct value *args, struct value *ret_value)
{
    return mask_side(call, args, KEEP_LEFT, ret_value);
}

static enum err mask_keep_right(struct call *call, const struct value *args,
                                struct value *ret_value)
{
    return mask_side(call, args, KEEP_RIGHT, ret_value);
}

#define MASK(text, body) BODY_FLAGS(text, body, FUNCTION_SEES_NULLS)
#define MASKS(name, before, body)                                                                  \
    MASK(name "(" before ") STRING", body),                                                        \
        MASK(name "(" before ", STRING, STRING, STRING, STRING) STRING", body)

static const struct function_overload mask_overloads[] = {MASKS("MASK", "STRING", mask_all)};
static const struct function_overload left_overloads[] = {
    MASKS("MASK_LEFT", "STRING, INTEGER", mask_left)};
static const struct function_overload right_overloads[] = {
    MASKS("MASK_RIGHT", "STRING, INTEGER", mask_right)};
static const struct function_overload keep_left_overloads[] = {
    MASKS("MASK_KEEP_LEFT", "STRING, INTEGER", mask_keep_left)};
static const struct function_overload keep_right_overloads[] = {
    MASKS("MASK_KEEP_RIGHT", "STRING, INTEGER", mask_keep_right)};

static const struct function_entry entries[] = {
    ENTRY("MASK", "the text as X, x, n and -, by the kind of each character", mask_overloads),
    ENTRY("MASK_LEFT", "the same for the first n characters", left_overloads),
    ENTRY("MASK_RIGHT", "the same for the last n characters", right_overloads),
    ENTRY("MASK_KEEP_LEFT", "the same for all but the first n characters", keep_left_overloads),
    ENTRY("MASK_KEEP_RIGHT", "the same for all but the last n characters", keep_right_overloads),
};

const struct function_topic functions_mask = FUNCTION_TOPIC(entries);
