/* aggregate_collect.c -- COLLECT_LIST, COLLECT_SET, HISTOGRAM, TOPK, ATTR: states that are lists.
 */
#include "functions/function.h"

#define HISTOGRAM_KEYS_MAX 1000

static uint32_t list_find(const struct type *type, const struct value *list,
                          const struct value *item)
{
    uint32_t i = 0;
    while (i < list->list.count && !value_equal(type, &list->list.items[i], item))
        i++;
    return i;
}

/* --- COLLECT_LIST, COLLECT_SET: NULLs count --- */

static enum err collect_add(const struct aggregate *aggregate, struct value *state,
                            const struct value *args, struct arena *arena)
{
    const struct type *item = aggregate->state_type->item;
    if (aggregate->items_max > 0 && state->list.count >= aggregate->items_max)
        return OK;
    aggregate_list_add(state, state->list.count, value_copy(arena, item, &args[0]), arena);
    return OK;
}

static enum err collect_undo(const struct aggregate *aggregate, struct value *state,
                             const struct value *args, struct arena *arena)
{
    const uint32_t at = list_find(aggregate->state_type->item, state, &args[0]);
    if (at < state->list.count)
        aggregate_list_remove(state, at, arena);
    return OK;
}

static enum err set_add(const struct aggregate *aggregate, struct value *state,
                        const struct value *args, struct arena *arena)
{
    if (list_find(aggregate->state_type->item, state, &args[0]) < state->list.count)
        return OK;
    return collect_add(aggregate, state, args, arena);
}

static enum err collect_merge(const struct aggregate *aggregate, struct value *state,
                              const struct value *other, struct arena *arena)
{
    for (uint32_t i = 0; i < other->list.count; i++)
        if (collect_add(aggregate, state, &other->list.items[i], arena) != OK)
            return ERR_LIMIT;
    return OK;
}

static enum err set_merge(const struct aggregate *aggregate, struct value *state,
                          const struct value *other, struct arena *arena)
{
    for (uint32_t i = 0; i < other->list.count; i++)
        if (set_add(aggregate, state, &other->list.items[i], arena) != OK)
            return ERR_LIMIT;
    return OK;
}

/* --- HISTOGRAM: a MAP from value to count --- */

static void histogram_change(struct value *state, const struct value *key, int64_t by,
                             struct arena *arena)
{
    if (key->is_null)
        return;
    const uint32_t count = state->list.count;
    uint32_t at = 0;
    while (at < count && !str_equal(state->list.items[2 * at].text, key->text))
        at++;
    if (at == count && (by < 0 || count == HISTOGRAM_KEYS_MAX))
        return;
    struct value *items = ARENA_ARRAY(arena, struct value, 2 * ((size_t)count + 1));
    if (count > 0)
        memcpy(items, state->list.items, 2 * (size_t)count * sizeof(*items));
    if (at == count) {
        items[2 * at].text = arena_str(arena, key->text);
        state->list.count++;
    }
    items[2 * at + 1].bigint += by;
    state->list.items = items;
}

static enum err histogram_add(const struct aggregate *aggregate, struct value *state,
                              const struct value *args, struct arena *arena)
{
    histogram_change(state, &args[0], 1, arena);
    return OK;
}

static enum err histogram_undo(const struct aggregate *aggregate, struct value *state,
                               const struct value *args, struct arena *arena)
{
    histogram_change(state, &args[0], -1, arena);
    return OK;
}

static enum err histogram_merge(const struct aggregate *aggregate, struct value *state,
                                const struct value *other, struct arena *arena)
{
    for (uint32_t i = 0; i < other->list.count; i++)
        histogram_change(state, &other->list.items[2 * i], other->list.items[2 * i + 1].bigint,
                         arena);
    return OK;
}

/* --- TOPK, TOPKDISTINCT: greatest first; equal ones in the order they came --- */

static void top_insert(const struct aggregate *aggregate, struct value *state,
                       const struct value *entry, bool is_distinct, struct arena *arena)
{
    const struct type *item = aggregate->state_type->item;
    const bool is_struct = aggregate->arg_count > 1;
    const struct type *sort = aggregate->arg_types[0];
    const struct value *key = is_struct ? &entry->list.items[0] : entry;
    const uint32_t most = (uint32_t)aggregate->constants[0].integer;
    uint32_t at = state->list.count;
    for (; at > 0; at--) {
        const struct value *before = &state->list.items[at - 1];
        const int order = value_compare(sort, is_struct ? &before->list.items[0] : before, key);
        if (order == 0 && is_distinct)
            return;
        if (order >= 0)
            break;
    }
    if (at >= most)
        return;
    aggregate_list_add(state, at, value_copy(arena, item, entry), arena);
    if (state->list.count > most)
        aggregate_list_remove(state, most, arena);
}

static enum err top_add(const struct aggregate *aggregate, struct value *state,
                        const struct value *args, struct arena *arena)
{
    if (args[0].is_null)
        return OK;
    struct value entry = args[0];
    if (aggregate->arg_count > 1) {
        struct value *fields = arena_copy(arena, args, aggregate->arg_count * sizeof(*args));
        entry = (struct value){.list = {.items = fields, .count = aggregate->arg_count}};
    }
    top_insert(aggregate, state, &entry, false, arena);
    return OK;
}

static enum err top_merge(const struct aggregate *aggregate, struct value *state,
                          const struct value *other, struct arena *arena)
{
    for (uint32_t i = 0; i < other->list.count; i++)
        top_insert(aggregate, state, &other->list.items[i], false, arena);
    return OK;
}

static enum err top_distinct_add(const struct aggregate *aggregate, struct value *state,
                                 const struct value *args, struct arena *arena)
{
    if (!args[0].is_null)
        top_insert(aggregate, state, &args[0], true, arena);
    return OK;
}

static enum err top_distinct_merge(const struct aggregate *aggregate, struct value *state,
                                   const struct value *other, struct arena *arena)
{
    for (uint32_t i = 0; i < other->list.count; i++)
        top_insert(aggregate, state, &other->list.items[i], true, arena);
    return OK;
}

/* ARRAY<STRUCT<sort_col, col0, col1, ...>> */
static enum err top_struct_type(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                                const struct type **ret_type, struct why *why)
{
    struct type_field *fields = ARENA_ARRAY(arena, struct type_field, arg_count - 1);
    for (uint32_t i = 0; i + 1 < arg_count; i++) {
        fields[i].type = args[i]->type;
        fields[i].name = i == 0 ? STR("sort_col") : arena_printf(arena, "col%u", i - 1);
    }
    if (args[0]->type->kind >= TYPE_ARRAY || args[0]->type->kind == TYPE_BOOLEAN)
        return why_set(why, ERR_INVALID, "TOPK cannot sort %s",
                       type_text(args[0]->type, arena).data);
    *ret_type = type_array(arena, type_struct(arena, fields, arg_count - 1));
    return OK;
}

static enum err top_type(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                         const struct type **ret_type, struct why *why)
{
    if (args[0]->type->kind >= TYPE_ARRAY || args[0]->type->kind == TYPE_BOOLEAN)
        return why_set(why, ERR_INVALID, "TOPK cannot sort %s",
                       type_text(args[0]->type, arena).data);
    *ret_type = type_array(arena, args[0]->type);
    return OK;
}

/* --- ATTR: the values there are, each with how often --- */

static void attr_change(const struct aggregate *aggregate, struct value *state,
                        const struct value *value, int32_t by, struct arena *arena)
{
    const struct type *type = aggregate->arg_types[0];
    uint32_t at = 0;
    while (at < state->list.count &&
           !value_equal(type, &state->list.items[at].list.items[0], value))
        at++;
    if (at == state->list.count && by < 0)
        return;
    struct value *fields = ARENA_ARRAY(arena, struct value, 2);
    const struct value entry = {.list = {.items = fields, .count = 2}};
    fields[0] = value_copy(arena, type, value);
    fields[1].integer = by;
    if (at < state->list.count) {
        fields[1].integer += state->list.items[at].list.items[1].integer;
        aggregate_list_remove(state, at, arena);
    }
    if (fields[1].integer > 0)
        aggregate_list_add(state, at, entry, arena);
}

static enum err attr_add(const struct aggregate *aggregate, struct value *state,
                         const struct value *args, struct arena *arena)
{
    attr_change(aggregate, state, &args[0], 1, arena);
    return OK;
}

static enum err attr_undo(const struct aggregate *aggregate, struct value *state,
                          const struct value *args, struct arena *arena)
{
    attr_change(aggregate, state, &args[0], -1, arena);
    return OK;
}

static enum err attr_merge(const struct aggregate *aggregate, struct value *state,
                           const struct value *other, struct arena *arena)
{
    for (uint32_t i = 0; i < other->list.count; i++) {
        const struct value *entry = other->list.items[i].list.items;
        attr_change(aggregate, state, &entry[0], entry[1].integer, arena);
    }
    return OK;
}

static struct value attr_result(const struct aggregate *aggregate, const struct value *state,
                                struct arena *arena)
{
    return state->list.count == 1 ? state->list.items[0].list.items[0] : VALUE_NULL;
}

static const struct aggregate_kind list_kind = {
    .ops = {aggregate_init_list, collect_add, collect_undo, collect_merge, aggregate_state},
    .can_undo = true};
static const struct aggregate_kind set_kind = {
    .ops = {aggregate_init_list, set_add, aggregate_cannot_undo, set_merge, aggregate_state}};
static const struct aggregate_kind histogram_kind = {
    .ops = {aggregate_init_list, histogram_add, histogram_undo, histogram_merge, aggregate_state},
    .can_undo = true};
static const struct aggregate_kind top_kind = {
    .ops = {aggregate_init_list, top_add, aggregate_cannot_undo, top_merge, aggregate_state}};
static const struct aggregate_kind top_distinct_kind = {
    .ops = {aggregate_init_list, top_distinct_add, aggregate_cannot_undo, top_distinct_merge,
            aggregate_state}};
static const struct aggregate_kind attr_kind = {
    .ops = {aggregate_init_list, attr_add, attr_undo, attr_merge, attr_result},
    .state = "ARRAY<STRUCT<VAL T, COUNT INTEGER>>",
    .can_undo = true};

static const struct function_overload list_overloads[] = {
    {.signature = "COLLECT_LIST(T) ARRAY<T>", .aggregate = &list_kind},
};
static const struct function_overload set_overloads[] = {
    {.signature = "COLLECT_SET(T) ARRAY<T>", .aggregate = &set_kind},
};
static const struct function_overload histogram_overloads[] = {
    {.signature = "HISTOGRAM(STRING) MAP<STRING, BIGINT>", .aggregate = &histogram_kind},
};
static const struct function_overload top_overloads[] = {
    {.signature = "TOPK(T, INTEGER) ARRAY<T>",
     .type = top_type,
     .aggregate = &top_kind,
     .constant_count = 1},
    {.signature = "TOPK(T, ANY, ANY..., INTEGER) ARRAY<T>",
     .type = top_struct_type,
     .aggregate = &top_kind,
     .constant_count = 1},
};
static const struct function_overload top_distinct_overloads[] = {
    {.signature = "TOPKDISTINCT(T, INTEGER) ARRAY<T>",
     .type = top_type,
     .aggregate = &top_distinct_kind,
     .constant_count = 1},
};
static const struct function_overload attr_overloads[] = {
    {.signature = "ATTR(T) T", .aggregate = &attr_kind},
};

static const struct function_entry entries[] = {
    {.name = "COLLECT_LIST",
     .kind = FUNCTION_AGGREGATE,
     .doc = "all values in the order they came, NULLs too",
     FUNCTION_OVERLOADS(list_overloads)},
    {.name = "COLLECT_SET",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the different values in the order they came, NULL too",
     FUNCTION_OVERLOADS(set_overloads)},
    {.name = "HISTOGRAM",
     .kind = FUNCTION_AGGREGATE,
     .doc = "how often each value came; at most 1000 values",
     FUNCTION_OVERLOADS(histogram_overloads)},
    {.name = "TOPK",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the k greatest values; with more columns a struct of each one's row",
     FUNCTION_OVERLOADS(top_overloads)},
    {.name = "TOPKDISTINCT",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the k greatest different values",
     FUNCTION_OVERLOADS(top_distinct_overloads)},
    {.name = "ATTR",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the value when all rows have the same, else NULL",
     FUNCTION_OVERLOADS(attr_overloads)},
};

const struct function_topic functions_collect = FUNCTION_TOPIC(entries);
