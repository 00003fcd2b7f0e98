/* function_map.c -- maps: their keys and values, maps made of others. */
#include "functions/body.h"

static uint32_t key_find(const struct type *type, const struct value *items, uint32_t count,
                         const struct value *key)
{
    uint32_t i = 0;
    while (i < count && !value_equal(type, &items[2 * (size_t)i], key))
        i++;
    return i;
}

/* Every second item: keys from 0, values from 1. */
static enum err every_second(struct call *call, const struct value *map, uint32_t first,
                             struct value *ret_value)
{
    const uint32_t count = map->list.count;
    struct value *items = ARENA_ARRAY(call->arena, struct value, count);
    for (uint32_t i = 0; i < count; i++)
        items[i] = map->list.items[2 * (size_t)i + first];
    *ret_value = value_list(items, count);
    return OK;
}

static enum err map_keys(struct call *call, const struct value *args, struct value *ret_value)
{
    return every_second(call, &args[0], 0, ret_value);
}

static enum err map_values(struct call *call, const struct value *args, struct value *ret_value)
{
    return every_second(call, &args[0], 1, ret_value);
}

/* Of a key in both the second's value counts; one that is NULL adds nothing. */
static enum err map_union(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = args[0].is_null ? args[1] : args[0];
    if (args[0].is_null || args[1].is_null)
        return OK;
    const struct type *key = call->expr->type->key;
    uint32_t count = args[0].list.count;
    struct value *items =
        ARENA_ARRAY(call->arena, struct value, 2 * ((size_t)count + args[1].list.count));
    if (count > 0)
        memcpy(items, args[0].list.items, 2 * (size_t)count * sizeof(*items));
    for (uint32_t i = 0; i < args[1].list.count; i++) {
        const struct value *entry = &args[1].list.items[2 * (size_t)i];
        const uint32_t at = key_find(key, items, count, &entry[0]);
        memcpy(&items[2 * (size_t)at], entry, 2 * sizeof(*items));
        count += at == count;
    }
    *ret_value = value_list(items, count);
    return OK;
}

/* As many entries as the shorter of both has. */
static enum err map_of_lists(struct call *call, const struct value *args, struct value *ret_value)
{
    const struct type *key = call->expr->type->key;
    const uint32_t most =
        args[0].list.count < args[1].list.count ? args[0].list.count : args[1].list.count;
    struct value *items = ARENA_ARRAY(call->arena, struct value, 2 * (size_t)most);
    uint32_t count = 0;
    for (uint32_t i = 0; i < most; i++) {
        const uint32_t at = key_find(key, items, count, &args[0].list.items[i]);
        items[2 * (size_t)at] = args[0].list.items[i];
        items[2 * (size_t)at + 1] = args[1].list.items[i];
        count += at == count;
    }
    *ret_value = value_list(items, count);
    return OK;
}

static int compare_entries(const void *a, const void *b)
{
    const struct value *left = ((const struct value *)a)->list.items;
    const struct value *right = ((const struct value *)b)->list.items;
    if (left->is_null || right->is_null)
        return (int)right->is_null - (int)left->is_null;
    return str_compare(left->text, right->text);
}

static enum err map_entries(struct call *call, const struct value *args, struct value *ret_value)
{
    const uint32_t count = args[0].list.count;
    struct value *items = ARENA_ARRAY(call->arena, struct value, count);
    for (uint32_t i = 0; i < count; i++)
        items[i] = value_list(&args[0].list.items[2 * (size_t)i], 2);
    if (args[1].boolean && count > 0)
        qsort(items, count, sizeof(*items), compare_entries);
    *ret_value = value_list(items, count);
    return OK;
}

static const struct function_overload keys_overloads[] = {
    BODY("MAP_KEYS(MAP<K, V>) ARRAY<K>", map_keys)};
static const struct function_overload values_overloads[] = {
    BODY("MAP_VALUES(MAP<K, V>) ARRAY<V>", map_values)};
static const struct function_overload union_overloads[] = {
    BODY_FLAGS("MAP_UNION(MAP<K, V>, MAP<K, V>) MAP<K, V>", map_union, FUNCTION_SEES_NULLS)};
static const struct function_overload as_map_overloads[] = {
    BODY("AS_MAP(ARRAY<STRING>, ARRAY<V>) MAP<STRING, V>", map_of_lists)};
static const struct function_overload entries_overloads[] = {
    BODY("ENTRIES(MAP<STRING, V>, BOOLEAN) ARRAY<STRUCT<K STRING, V V>>", map_entries)};

static const struct function_entry entries[] = {
    ENTRY("MAP_KEYS", "the keys", keys_overloads),
    ENTRY("MAP_VALUES", "the values", values_overloads),
    ENTRY("MAP_UNION", "the entries of both; the second's where both have a key", union_overloads),
    ENTRY("AS_MAP", "a map of an array of keys and one of values", as_map_overloads),
    ENTRY("ENTRIES", "the entries as structs of K and V, with true sorted by key",
          entries_overloads),
};

const struct function_topic functions_map = FUNCTION_TOPIC(entries);
