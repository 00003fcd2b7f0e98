/* function_array.c -- one array: its length, its items, its order. */
#include "functions/body.h"

static const struct type *item_type(const struct call *call, uint32_t arg)
{
    return call_arg_type(call, arg)->item;
}

static enum err array_length(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = value_integer((int32_t)args[0].list.count);
    return OK;
}

/* FALSE for no array; NULL is found among NULLs. */
static enum err array_contains(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = value_boolean(false);
    for (uint32_t i = 0; !args[0].is_null && i < args[0].list.count; i++)
        if (value_equal(item_type(call, 0), &args[0].list.items[i], &args[1]))
            *ret_value = value_boolean(true);
    return OK;
}

static enum err array_extreme(struct call *call, const struct value *args, int sign,
                              struct value *ret_value)
{
    *ret_value = VALUE_NULL;
    for (uint32_t i = 0; i < args[0].list.count; i++) {
        const struct value *item = &args[0].list.items[i];
        if (!item->is_null &&
            (ret_value->is_null || sign * value_compare(item_type(call, 0), item, ret_value) > 0))
            *ret_value = *item;
    }
    return OK;
}

static enum err array_min(struct call *call, const struct value *args, struct value *ret_value)
{
    return array_extreme(call, args, -1, ret_value);
}

static enum err array_max(struct call *call, const struct value *args, struct value *ret_value)
{
    return array_extreme(call, args, 1, ret_value);
}

struct order {
    const struct type *type;
    int sign;
};

/* NULLs last, whichever way. */
static int compare_items(const void *a, const void *b, void *context)
{
    const struct order *order = context;
    const struct value *left = a, *right = b;
    if (left->is_null || right->is_null)
        return (int)left->is_null - (int)right->is_null;
    return order->sign * value_compare(order->type, left, right);
}

static enum err array_sort(struct call *call, const struct value *args, struct value *ret_value)
{
    struct order order = {.type = item_type(call, 0), .sign = 1};
    if (call->arg_count == 2) {
        const struct str way = str_trim(args[1].text);
        if (str_equal_nocase(way, STR("DESC")) || str_equal_nocase(way, STR("DESCENDING")))
            order.sign = -1;
        else if (!str_equal_nocase(way, STR("ASC")) && !str_equal_nocase(way, STR("ASCENDING")))
            return ERR_INVALID;
    }
    const uint32_t count = args[0].list.count;
    struct value *items = arena_alloc(call->arena, count * sizeof(*items));
    if (count > 0)
        memcpy(items, args[0].list.items, count * sizeof(*items));
    qsort_r(items, count, sizeof(*items), compare_items, &order);
    *ret_value = value_list(items, count);
    return OK;
}

static enum err sortable_type(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                              const struct type **ret_type, struct why *why)
{
    const struct type *item = args[0]->type->item;
    if (item->kind >= TYPE_ARRAY)
        return why_set(why, ERR_INVALID, "cannot sort items of type %s",
                       type_text(item, arena).data);
    *ret_type = args[0]->type;
    return OK;
}

static enum err extreme_type(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                             const struct type **ret_type, struct why *why)
{
    const enum err err = sortable_type(arena, args, arg_count, ret_type, why);
    if (err == OK)
        *ret_type = args[0]->type->item;
    return err;
}

/* NULL items are written "null", as Java does it; no separator is an empty one. */
static enum err array_join(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = VALUE_NULL;
    if (args[0].is_null)
        return OK;
    struct str between = STR(",");
    if (call->arg_count == 2)
        between = args[1].is_null ? STR("") : args[1].text;
    struct buf buf = {0};
    for (uint32_t i = 0; i < args[0].list.count; i++) {
        struct value text = value_text(STR("null"));
        if (i > 0)
            buf_append_str(&buf, between);
        const struct value *item = &args[0].list.items[i];
        const enum err err =
            item->is_null ? OK
                          : cast_value(item_type(call, 0), &type_string, item, call->arena, &text);
        if (err != OK) {
            buf_release(&buf);
            return err;
        }
        buf_append_str(&buf, text.text);
    }
    *ret_value = value_text(text_take(&buf, call->arena));
    return OK;
}

static enum err joinable_type(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                              const struct type **ret_type, struct why *why)
{
    const struct type *item = args[0]->type->item;
    if (item->kind >= TYPE_BYTES)
        return why_set(why, ERR_INVALID, "cannot join items of type %s",
                       type_text(item, arena).data);
    *ret_type = &type_string;
    return OK;
}

/* From the first to the last position, both in it and from 1; NULL is the end on that side. */
static enum err array_slice(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = VALUE_NULL;
    if (args[0].is_null)
        return OK;
    const int64_t count = args[0].list.count;
    const int64_t from = args[1].is_null ? 0 : (int64_t)args[1].integer - 1;
    const int64_t to = args[2].is_null ? count : args[2].integer;
    if (from < 0 || to > count || from > to)
        return ERR_OUT_OF_RANGE;
    *ret_value = value_list(args[0].list.items + from, (uint32_t)(to - from));
    return OK;
}

static enum err array_remove(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = VALUE_NULL;
    if (args[0].is_null)
        return OK;
    uint32_t count = 0;
    struct value *items = ARENA_ARRAY(call->arena, struct value, args[0].list.count);
    for (uint32_t i = 0; i < args[0].list.count; i++)
        if (!value_equal(item_type(call, 0), &args[0].list.items[i], &args[1]))
            items[count++] = args[0].list.items[i];
    *ret_value = value_list(items, count);
    return OK;
}

#define SEES_NULLS(text, body) BODY_FLAGS(text, body, FUNCTION_SEES_NULLS)

static const struct function_overload length_overloads[] = {
    BODY("ARRAY_LENGTH(ARRAY<T>) INTEGER", array_length)};
static const struct function_overload contains_overloads[] = {
    SEES_NULLS("ARRAY_CONTAINS(ARRAY<T>, T) BOOLEAN", array_contains)};
static const struct function_overload min_overloads[] = {
    {.signature = "ARRAY_MIN(ARRAY<T>) T", .value = array_min, .type = extreme_type}};
static const struct function_overload max_overloads[] = {
    {.signature = "ARRAY_MAX(ARRAY<T>) T", .value = array_max, .type = extreme_type}};
static const struct function_overload sort_overloads[] = {
    {.signature = "ARRAY_SORT(ARRAY<T>[, STRING]) ARRAY<T>",
     .value = array_sort,
     .type = sortable_type}};
static const struct function_overload join_overloads[] = {
    {.signature = "ARRAY_JOIN(ARRAY<T>[, STRING]) STRING",
     .value = array_join,
     .type = joinable_type,
     .flags = FUNCTION_SEES_NULLS}};
static const struct function_overload slice_overloads[] = {
    SEES_NULLS("SLICE(ARRAY<T>, INTEGER, INTEGER) ARRAY<T>", array_slice)};
static const struct function_overload remove_overloads[] = {
    SEES_NULLS("ARRAY_REMOVE(ARRAY<T>, T) ARRAY<T>", array_remove)};

static const struct function_entry entries[] = {
    ENTRY("ARRAY_LENGTH", "how many items", length_overloads),
    ENTRY("ARRAY_CONTAINS", "whether the value is among the items", contains_overloads),
    ENTRY("ARRAY_MIN", "the least item; NULLs are passed over", min_overloads),
    ENTRY("ARRAY_MAX", "the greatest item; NULLs are passed over", max_overloads),
    ENTRY("ARRAY_SORT", "the items in order, or with 'DESC' the other way; NULLs last",
          sort_overloads),
    ENTRY("ARRAY_JOIN", "the items as one text, with ',' or the second between them",
          join_overloads),
    ENTRY("SLICE", "the items from one position to another, both in it", slice_overloads),
    ENTRY("ARRAY_REMOVE", "the items that are not the value", remove_overloads),
};

const struct function_topic functions_array = FUNCTION_TOPIC(entries);
