/* groups.c -- groups in an arena, and slots of linear probing over them. */
#include "flow/groups.h"

#include "base/hash.h"
#include "base/memory.h"

#define SLOTS_MIN 64
#define BYTES_MAX (16 << 20)

static enum err load(struct groups *groups, struct group *group);
static void grow(struct groups *groups);
static void place(struct groups *groups, uint64_t hash, uint32_t index);

void groups_init(struct groups *groups, const struct state_shape *shape, struct table *table)
{
    *groups = (struct groups){.shape = shape, .table = table};
    arena_init(&groups->arena, 64 << 10);
}

void groups_release(struct groups *groups)
{
    if (!groups->shape)
        return;
    arena_release(&groups->arena);
    free(groups->at);
    free(groups->slots);
    buf_release(&groups->value);
}

enum err groups_get(struct groups *groups, struct str key, struct group **ret_group)
{
    const uint64_t hash = hash64(key.data, key.size);
    if (groups->count > 0) {
        const uint32_t mask = groups->slot_count - 1;
        for (uint32_t slot = (uint32_t)hash & mask; groups->slots[slot] != 0;
             slot = (slot + 1) & mask) {
            struct group *group = groups->at[groups->slots[slot] - 1];
            if (group->hash == hash && str_equal(group->key, key)) {
                *ret_group = group;
                return OK;
            }
        }
    }
    struct group *group = ARENA_NEW(&groups->arena, struct group);
    group->hash = hash;
    group->key = arena_str(&groups->arena, key);
    group->timestamp_ms = INT64_MIN;
    const enum err err = load(groups, group);
    if (err != OK)
        return err;
    if (groups->count == groups->capacity)
        grow(groups);
    groups->at[groups->count++] = group;
    place(groups, hash, groups->count);
    *ret_group = group;
    return OK;
}

void groups_begin(struct groups *groups, struct group *group)
{
    const struct plan_node *node = groups->shape->node;
    for (uint32_t i = 0; i < node->aggregate_count; i++) {
        const struct aggregate *aggregate = node->aggregates[i].aggregate;
        aggregate->ops->init(aggregate, &group->states[i], &groups->arena);
    }
    group->exists = true;
}

enum err groups_write(struct groups *groups, struct group *group, struct str *ret_value)
{
    buf_clear(&groups->value);
    state_row_set_states(groups->shape, group->timestamp_ms, group->states, &groups->value);
    *ret_value = buf_str(&groups->value);
    if (!group->is_changed)
        return OK;
    group->is_changed = false;
    return table_put(groups->table, group->key, *ret_value);
}

enum err groups_write_all(struct groups *groups)
{
    for (uint32_t i = 0; i < groups->count; i++) {
        struct str value;
        if (!groups->at[i]->is_changed)
            continue;
        const enum err err = groups_write(groups, groups->at[i], &value);
        if (err != OK)
            return err;
    }
    return OK;
}

bool groups_are_large(const struct groups *groups)
{
    return groups->arena.bytes > BYTES_MAX;
}

void groups_clear(struct groups *groups)
{
    if (groups->count == 0)
        return;
    memset(groups->slots, 0, groups->slot_count * sizeof(*groups->slots));
    groups->count = 0;
    arena_clear(&groups->arena);
}

/* States that are text or lists are borrowed from a copy: the table's row will change. */
static enum err load(struct groups *groups, struct group *group)
{
    const uint32_t count = groups->shape->node->aggregate_count;
    group->states = ARENA_ARRAY(&groups->arena, struct value, count);
    struct str value;
    if (!table_get(groups->table, group->key, &value))
        return OK;
    group->exists = true;
    return state_row_states(groups->shape, arena_str(&groups->arena, value), &groups->arena,
                            &group->timestamp_ms, group->states);
}

static void grow(struct groups *groups)
{
    groups->slot_count = groups->slot_count ? groups->slot_count * 2 : SLOTS_MIN;
    must(groups->slot_count != 0);
    groups->capacity = groups->slot_count / 2;
    groups->at = memory_realloc(groups->at, groups->capacity * sizeof(struct group *));
    free(groups->slots);
    groups->slots = memory_zalloc(groups->slot_count * sizeof(*groups->slots));
    for (uint32_t i = 0; i < groups->count; i++)
        place(groups, groups->at[i]->hash, i + 1);
}

static void place(struct groups *groups, uint64_t hash, uint32_t index)
{
    const uint32_t mask = groups->slot_count - 1;
    uint32_t slot = (uint32_t)hash & mask;
    while (groups->slots[slot] != 0)
        slot = (slot + 1) & mask;
    groups->slots[slot] = index;
}
