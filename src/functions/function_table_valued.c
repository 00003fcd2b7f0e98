/* function_table_valued.c -- table functions: an array, each item of which becomes a row. */
#include "functions/body.h"

#define CUBE_ITEMS_MAX 12

static void table_explode(struct call *call, const struct column *const *args,
                          struct column *result)
{
    *result = *args[0];
    result->nulls = arena_copy(call->arena, args[0]->nulls, args[0]->capacity);
}

/* All arrays in which some items are NULL instead; an item that is NULL anyway is not varied. Rows
 * with more NULLs at the front come first. */
static enum err table_cube(struct call *call, const struct value *args, struct value *ret_value)
{
    const uint32_t count = args[0].list.count;
    const struct value *items = args[0].list.items;
    if (count > CUBE_ITEMS_MAX)
        return ERR_LIMIT;
    struct value *rows = ARENA_ARRAY(call->arena, struct value, (size_t)1 << count);
    uint32_t row_count = 0;
    for (uint32_t mask = 0; mask < 1u << count; mask++) {
        struct value *row = ARENA_ARRAY(call->arena, struct value, count);
        bool is_new = true;
        for (uint32_t i = 0; i < count; i++) {
            const bool is_kept = mask >> (count - 1 - i) & 1;
            row[i] = is_kept ? items[i] : VALUE_NULL;
            is_new = is_new && !(is_kept && items[i].is_null);
        }
        if (is_new)
            rows[row_count++] = value_list(row, count);
    }
    *ret_value = value_list(rows, row_count);
    return OK;
}

static const struct function_overload explode_overloads[] = {
    {.signature = "EXPLODE(ARRAY<T>) ARRAY<T>", .columns = table_explode}};
static const struct function_overload cube_overloads[] = {
    BODY("CUBE_EXPLODE(ARRAY<T>) ARRAY<ARRAY<T>>", table_cube)};

static const struct function_entry entries[] = {
    {.name = "EXPLODE",
     .kind = FUNCTION_TABLE,
     .doc = "a row for each item",
     FUNCTION_OVERLOADS(explode_overloads)},
    {.name = "CUBE_EXPLODE",
     .kind = FUNCTION_TABLE,
     .doc = "a row for each choice of items, the others NULL",
     FUNCTION_OVERLOADS(cube_overloads)},
};

const struct function_topic functions_table = FUNCTION_TOPIC(entries);
