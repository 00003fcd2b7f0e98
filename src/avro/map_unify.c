/* map_unify.c -- the keys of a map that has been read become unique. */
#include "avro/program.h"
#include "base/hash.h"
#include "base/memory.h"

/* Where `key` of the entry stands among the first `count` kept ones, or `count`. */
static uint32_t find_key(const struct column *keys, const uint32_t *slots, uint32_t mask,
                         uint32_t start, uint32_t entry, uint32_t *ret_slot)
{
    const bool is_null = keys->nulls[entry];
    const struct str key = is_null ? (struct str){0} : keys->strings[entry];
    uint32_t slot = (uint32_t)hash64(key.data, key.size) & mask;
    for (; slots[slot] != UINT32_MAX; slot = (slot + 1) & mask) {
        const uint32_t other = start + slots[slot];
        if (keys->nulls[other] == is_null && (is_null || str_equal(keys->strings[other], key)))
            break;
    }
    *ret_slot = slot;
    return slots[slot];
}

void avro_map_unify(struct column *column, uint32_t row, struct arena *arena)
{
    struct column *keys = &column->children[0], *values = &column->children[1];
    struct span *span = &column->spans[row];
    if (span->count < 2 || keys->type->kind != TYPE_STRING)
        return;
    uint32_t capacity = 4;
    while (capacity < span->count * 2)
        capacity *= 2;
    uint32_t few[64];
    uint32_t *slots = capacity <= 64 ? few : memory_alloc(capacity * sizeof(*slots));
    memset(slots, 0xff, capacity * sizeof(*slots));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < span->count; i++) {
        const uint32_t entry = span->start + i;
        uint32_t slot;
        uint32_t place = find_key(keys, slots, capacity - 1, span->start, entry, &slot);
        if (place == UINT32_MAX) {
            slots[slot] = place = kept++;
            if (span->start + place != entry)
                column_copy_cell(keys, span->start + place, keys, entry, arena);
        }
        if (span->start + place != entry)
            column_copy_cell(values, span->start + place, values, entry, arena);
    }
    if (slots != few)
        free(slots);
    /* The entries left over at the end stay unused: values made of lists may stand behind them. */
    span->count = kept;
}
