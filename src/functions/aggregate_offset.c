/* aggregate_offset.c -- EARLIEST_BY_OFFSET and LATEST_BY_OFFSET: the first or last values to come.
 *
 * Each value is kept with a number that grows from row to row, so that two sessions that become one
 * know which values came first. Numbers go on growing over restarts: they begin at the wall clock.
 */
#include "functions/function.h"

#include "base/clock.h"

#include <stdatomic.h>

static int64_t next_sequence(void)
{
    static _Atomic int64_t last;
    int64_t expected = 0;
    /* Room for 2^20 rows a millisecond. */
    if (atomic_load_explicit(&last, memory_order_relaxed) == 0)
        atomic_compare_exchange_strong(&last, &expected, clock_wall_ms() << 20);
    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

/* The last constant, when it is a BOOLEAN, says whether NULLs are passed over; true if unsaid. */
static bool is_passed_over(const struct aggregate *aggregate, const struct value *value,
                           bool has_flag)
{
    const bool passes = !has_flag || aggregate->constants[aggregate->constant_count - 1].boolean;
    return value->is_null && passes;
}

static struct value entry_new(const struct aggregate *aggregate, const struct value *value,
                              struct arena *arena)
{
    struct value *fields = ARENA_ARRAY(arena, struct value, 2);
    fields[0].bigint = next_sequence();
    fields[1] = value_copy(arena, aggregate->arg_types[0], value);
    return (struct value){.list = {.items = fields, .count = 2}};
}

static int64_t entry_sequence(const struct value *entry)
{
    return entry->list.items[0].bigint;
}

/* --- one value: NULL before the first --- */

static enum err latest_add(const struct aggregate *aggregate, struct value *state,
                           const struct value *args, struct arena *arena)
{
    if (!is_passed_over(aggregate, &args[0], aggregate->constant_count == 1))
        *state = entry_new(aggregate, &args[0], arena);
    return OK;
}

static enum err earliest_add(const struct aggregate *aggregate, struct value *state,
                             const struct value *args, struct arena *arena)
{
    if (state->is_null && !is_passed_over(aggregate, &args[0], aggregate->constant_count == 1))
        *state = entry_new(aggregate, &args[0], arena);
    return OK;
}

static void one_merge(const struct aggregate *aggregate, struct value *state,
                      const struct value *other, bool is_latest, struct arena *arena)
{
    if (other->is_null)
        return;
    if (state->is_null || (entry_sequence(other) > entry_sequence(state)) == is_latest)
        *state = value_copy(arena, aggregate->state_type, other);
}

static enum err latest_merge(const struct aggregate *aggregate, struct value *state,
                             const struct value *other, struct arena *arena)
{
    one_merge(aggregate, state, other, true, arena);
    return OK;
}

static enum err earliest_merge(const struct aggregate *aggregate, struct value *state,
                               const struct value *other, struct arena *arena)
{
    one_merge(aggregate, state, other, false, arena);
    return OK;
}

static struct value one_result(const struct aggregate *aggregate, const struct value *state,
                               struct arena *arena)
{
    return state->is_null ? VALUE_NULL : state->list.items[1];
}

/* --- n values, in the order they came --- */

static enum err latest_n_add(const struct aggregate *aggregate, struct value *state,
                             const struct value *args, struct arena *arena)
{
    if (is_passed_over(aggregate, &args[0], aggregate->constant_count == 2))
        return OK;
    const uint32_t most = (uint32_t)aggregate->constants[0].integer;
    aggregate_list_add(state, state->list.count, entry_new(aggregate, &args[0], arena), arena);
    if (state->list.count > most)
        aggregate_list_remove(state, 0, arena);
    return OK;
}

static enum err earliest_n_add(const struct aggregate *aggregate, struct value *state,
                               const struct value *args, struct arena *arena)
{
    const uint32_t most = (uint32_t)aggregate->constants[0].integer;
    if (state->list.count < most &&
        !is_passed_over(aggregate, &args[0], aggregate->constant_count == 2))
        aggregate_list_add(state, state->list.count, entry_new(aggregate, &args[0], arena), arena);
    return OK;
}

static void many_merge(const struct aggregate *aggregate, struct value *state,
                       const struct value *other, bool is_latest, struct arena *arena)
{
    const uint32_t most = (uint32_t)aggregate->constants[0].integer;
    const struct type *entry = aggregate->state_type->item;
    for (uint32_t i = 0; i < other->list.count; i++) {
        const struct value *more = &other->list.items[i];
        uint32_t at = state->list.count;
        while (at > 0 && entry_sequence(&state->list.items[at - 1]) > entry_sequence(more))
            at--;
        aggregate_list_add(state, at, value_copy(arena, entry, more), arena);
        if (state->list.count > most)
            aggregate_list_remove(state, is_latest ? 0 : most, arena);
    }
}

static enum err latest_n_merge(const struct aggregate *aggregate, struct value *state,
                               const struct value *other, struct arena *arena)
{
    many_merge(aggregate, state, other, true, arena);
    return OK;
}

static enum err earliest_n_merge(const struct aggregate *aggregate, struct value *state,
                                 const struct value *other, struct arena *arena)
{
    many_merge(aggregate, state, other, false, arena);
    return OK;
}

static struct value many_result(const struct aggregate *aggregate, const struct value *state,
                                struct arena *arena)
{
    const uint32_t count = state->list.count;
    struct value *items = ARENA_ARRAY(arena, struct value, count);
    for (uint32_t i = 0; i < count; i++)
        items[i] = state->list.items[i].list.items[1];
    return (struct value){.list = {.items = items, .count = count}};
}

static const struct aggregate_kind latest_kind = {
    .ops = {aggregate_init_null, latest_add, aggregate_cannot_undo, latest_merge, one_result},
    .state = "STRUCT<SEQ BIGINT, VAL T>"};
static const struct aggregate_kind earliest_kind = {
    .ops = {aggregate_init_null, earliest_add, aggregate_cannot_undo, earliest_merge, one_result},
    .state = "STRUCT<SEQ BIGINT, VAL T>"};
static const struct aggregate_kind latest_n_kind = {
    .ops = {aggregate_init_list, latest_n_add, aggregate_cannot_undo, latest_n_merge, many_result},
    .state = "ARRAY<STRUCT<SEQ BIGINT, VAL T>>"};
static const struct aggregate_kind earliest_n_kind = {.ops = {aggregate_init_list, earliest_n_add,
                                                              aggregate_cannot_undo,
                                                              earliest_n_merge, many_result},
                                                      .state = "ARRAY<STRUCT<SEQ BIGINT, VAL T>>"};

#define OFFSET(text, of_kind, constants)                                                           \
    {                                                                                              \
        .signature = text, .aggregate = of_kind, .constant_count = constants                       \
    }

static const struct function_overload latest_overloads[] = {
    OFFSET("LATEST_BY_OFFSET(T) T", &latest_kind, 0),
    OFFSET("LATEST_BY_OFFSET(T, BOOLEAN) T", &latest_kind, 1),
    OFFSET("LATEST_BY_OFFSET(T, INTEGER) ARRAY<T>", &latest_n_kind, 1),
    OFFSET("LATEST_BY_OFFSET(T, INTEGER, BOOLEAN) ARRAY<T>", &latest_n_kind, 2),
};
static const struct function_overload earliest_overloads[] = {
    OFFSET("EARLIEST_BY_OFFSET(T) T", &earliest_kind, 0),
    OFFSET("EARLIEST_BY_OFFSET(T, BOOLEAN) T", &earliest_kind, 1),
    OFFSET("EARLIEST_BY_OFFSET(T, INTEGER) ARRAY<T>", &earliest_n_kind, 1),
    OFFSET("EARLIEST_BY_OFFSET(T, INTEGER, BOOLEAN) ARRAY<T>", &earliest_n_kind, 2),
};

static const struct function_entry entries[] = {
    {.name = "LATEST_BY_OFFSET",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the value that came last, or the last n; with false NULLs count too",
     FUNCTION_OVERLOADS(latest_overloads)},
    {.name = "EARLIEST_BY_OFFSET",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the value that came first, or the first n; with false NULLs count too",
     FUNCTION_OVERLOADS(earliest_overloads)},
};

const struct function_topic functions_offset = FUNCTION_TOPIC(entries);
