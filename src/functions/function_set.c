/* function_set.c -- arrays as sets: DISTINCT, UNION, INTERSECT, EXCEPT, and CONCAT.
 *
 * Items stand where they came first. They are found again through their hashes, so that long arrays
 * cost no more than their length. */
#include "functions/body.h"

/* Items seen, open addressing: index + 1, 0 is free. */
struct seen {
    const struct type *type;
    struct value *items;
    uint32_t count;
    uint32_t *slots;
    uint32_t mask;
};

static void seen_init(struct seen *seen, const struct type *type, uint32_t count_max,
                      struct arena *arena)
{
    uint32_t capacity = 8;
    while (capacity < 2 * (uint64_t)count_max)
        capacity *= 2;
    *seen = (struct seen){.type = type, .mask = capacity - 1};
    seen->items = ARENA_ARRAY(arena, struct value, count_max);
    seen->slots = ARENA_ARRAY(arena, uint32_t, capacity);
}

/* The slot of an equal item, or the free one where it would go. */
static uint32_t *seen_slot(struct seen *seen, const struct value *item)
{
    uint32_t at = (uint32_t)value_hash(seen->type, item) & seen->mask;
    while (seen->slots[at] != 0 &&
           !value_equal(seen->type, &seen->items[seen->slots[at] - 1], item))
        at = (at + 1) & seen->mask;
    return &seen->slots[at];
}

static bool seen_has(struct seen *seen, const struct value *item)
{
    return *seen_slot(seen, item) != 0;
}

static void seen_add(struct seen *seen, const struct value *item)
{
    uint32_t *slot = seen_slot(seen, item);
    if (*slot != 0)
        return;
    seen->items[seen->count++] = *item;
    *slot = seen->count;
}

static void seen_add_all(struct seen *seen, const struct value *list)
{
    for (uint32_t i = 0; i < list->list.count; i++)
        seen_add(seen, &list->list.items[i]);
}

static enum err set_union(struct call *call, const struct value *args, struct value *ret_value)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < call->arg_count; i++)
        count += args[i].list.count;
    struct seen seen;
    seen_init(&seen, call->expr->type->item, count, call->arena);
    for (uint32_t i = 0; i < call->arg_count; i++)
        seen_add_all(&seen, &args[i]);
    *ret_value = value_list(seen.items, seen.count);
    return OK;
}

/* The different items of the first that are, or are not, in the second. */
static enum err set_filter(struct call *call, const struct value *args, bool is_wanted,
                           struct value *ret_value)
{
    struct seen other, result;
    seen_init(&other, call->expr->type->item, args[1].list.count, call->arena);
    seen_init(&result, call->expr->type->item, args[0].list.count, call->arena);
    seen_add_all(&other, &args[1]);
    for (uint32_t i = 0; i < args[0].list.count; i++)
        if (seen_has(&other, &args[0].list.items[i]) == is_wanted)
            seen_add(&result, &args[0].list.items[i]);
    *ret_value = value_list(result.items, result.count);
    return OK;
}

static enum err set_intersect(struct call *call, const struct value *args, struct value *ret_value)
{
    return set_filter(call, args, true, ret_value);
}

static enum err set_except(struct call *call, const struct value *args, struct value *ret_value)
{
    return set_filter(call, args, false, ret_value);
}

/* One that is NULL adds nothing; NULL when both are. */
static enum err set_concat(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = args[0].is_null ? args[1] : args[0];
    if (args[0].is_null || args[1].is_null)
        return OK;
    const uint32_t first = args[0].list.count, second = args[1].list.count;
    struct value *items = ARENA_ARRAY(call->arena, struct value, (size_t)first + second);
    if (first > 0)
        memcpy(items, args[0].list.items, first * sizeof(*items));
    if (second > 0)
        memcpy(items + first, args[1].list.items, second * sizeof(*items));
    *ret_value = value_list(items, first + second);
    return OK;
}

static const struct function_overload distinct_overloads[] = {
    BODY("ARRAY_DISTINCT(ARRAY<T>) ARRAY<T>", set_union)};
static const struct function_overload union_overloads[] = {
    BODY("ARRAY_UNION(ARRAY<T>, ARRAY<T>) ARRAY<T>", set_union)};
static const struct function_overload intersect_overloads[] = {
    BODY("ARRAY_INTERSECT(ARRAY<T>, ARRAY<T>) ARRAY<T>", set_intersect)};
static const struct function_overload except_overloads[] = {
    BODY("ARRAY_EXCEPT(ARRAY<T>, ARRAY<T>) ARRAY<T>", set_except)};
static const struct function_overload concat_overloads[] = {
    BODY_FLAGS("ARRAY_CONCAT(ARRAY<T>, ARRAY<T>) ARRAY<T>", set_concat, FUNCTION_SEES_NULLS)};

static const struct function_entry entries[] = {
    ENTRY("ARRAY_DISTINCT", "the different items", distinct_overloads),
    ENTRY("ARRAY_UNION", "the different items of both", union_overloads),
    ENTRY("ARRAY_INTERSECT", "the different items that are in both", intersect_overloads),
    ENTRY("ARRAY_EXCEPT", "the different items of the first that are not in the second",
          except_overloads),
    ENTRY("ARRAY_CONCAT", "the items of the first, then of the second", concat_overloads),
};

const struct function_topic functions_set = FUNCTION_TOPIC(entries);
