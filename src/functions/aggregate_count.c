/* aggregate_count.c -- COUNT, SUM, MIN, MAX: a state of one number or value. */
#include "functions/function.h"

/* --- COUNT --- */

static bool counts(const struct aggregate *aggregate, const struct value *args)
{
    return aggregate->arg_count == 0 || !args[0].is_null;
}

static enum err count_add(const struct aggregate *aggregate, struct value *state,
                          const struct value *args, struct arena *arena)
{
    state->bigint += counts(aggregate, args);
    return OK;
}

static enum err count_undo(const struct aggregate *aggregate, struct value *state,
                           const struct value *args, struct arena *arena)
{
    state->bigint -= counts(aggregate, args);
    return OK;
}

static enum err count_merge(const struct aggregate *aggregate, struct value *state,
                            const struct value *other, struct arena *arena)
{
    state->bigint += other->bigint;
    return OK;
}

/* --- SUM: begins at zero, integers wrap --- */

static enum err sum_change(const struct aggregate *aggregate, struct value *state,
                           const struct value *by, int sign)
{
    if (by->is_null)
        return OK;
    const struct type *type = aggregate->state_type;
    decimal sum = 0;
    switch (type->kind) {
    case TYPE_INTEGER:
        state->integer =
            (int32_t)((uint32_t)state->integer + (uint32_t)sign * (uint32_t)by->integer);
        return OK;
    case TYPE_BIGINT:
        state->bigint =
            (int64_t)((uint64_t)state->bigint + (uint64_t)(int64_t)sign * (uint64_t)by->bigint);
        return OK;
    case TYPE_DOUBLE:
        state->number += sign * by->number;
        return OK;
    case TYPE_DECIMAL:
        if (__builtin_add_overflow(state->decimal, sign * by->decimal, &sum))
            return ERR_OUT_OF_RANGE;
        return decimal_rescale(sum, type->scale, type->precision, type->scale, &state->decimal);
    default:
        must_not_reach();
    }
}

static enum err sum_add(const struct aggregate *aggregate, struct value *state,
                        const struct value *args, struct arena *arena)
{
    return sum_change(aggregate, state, &args[0], 1);
}

static enum err sum_undo(const struct aggregate *aggregate, struct value *state,
                         const struct value *args, struct arena *arena)
{
    return sum_change(aggregate, state, &args[0], -1);
}

static enum err sum_merge(const struct aggregate *aggregate, struct value *state,
                          const struct value *other, struct arena *arena)
{
    return sum_change(aggregate, state, other, 1);
}

/* --- SUM_LIST --- */

static enum err sum_list_change(const struct aggregate *aggregate, struct value *state,
                                const struct value *list, int sign)
{
    if (list->is_null)
        return OK;
    for (uint32_t i = 0; i < list->list.count; i++) {
        const enum err err = sum_change(aggregate, state, &list->list.items[i], sign);
        if (err != OK)
            return err;
    }
    return OK;
}

static enum err sum_list_add(const struct aggregate *aggregate, struct value *state,
                             const struct value *args, struct arena *arena)
{
    return sum_list_change(aggregate, state, &args[0], 1);
}

static enum err sum_list_undo(const struct aggregate *aggregate, struct value *state,
                              const struct value *args, struct arena *arena)
{
    return sum_list_change(aggregate, state, &args[0], -1);
}

/* --- MIN, MAX: NULLs are passed over --- */

static enum err take_if(const struct aggregate *aggregate, struct value *state,
                        const struct value *other, int sign, struct arena *arena)
{
    const struct type *type = aggregate->state_type;
    if (!other->is_null && (state->is_null || sign * value_compare(type, other, state) > 0))
        *state = value_copy(arena, type, other);
    return OK;
}

static enum err min_add(const struct aggregate *aggregate, struct value *state,
                        const struct value *args, struct arena *arena)
{
    return take_if(aggregate, state, args, -1, arena);
}

static enum err max_add(const struct aggregate *aggregate, struct value *state,
                        const struct value *args, struct arena *arena)
{
    return take_if(aggregate, state, args, 1, arena);
}

static const struct aggregate_kind count_kind = {
    .ops = {aggregate_init_zero, count_add, count_undo, count_merge, aggregate_state},
    .can_undo = true};
static const struct aggregate_kind sum_kind = {
    .ops = {aggregate_init_zero, sum_add, sum_undo, sum_merge, aggregate_state}, .can_undo = true};
static const struct aggregate_kind sum_list_kind = {
    .ops = {aggregate_init_zero, sum_list_add, sum_list_undo, sum_merge, aggregate_state},
    .can_undo = true};
/* Merging is adding the other's result. */
static const struct aggregate_kind min_kind = {
    .ops = {aggregate_init_null, min_add, aggregate_cannot_undo, min_add, aggregate_state}};
static const struct aggregate_kind max_kind = {
    .ops = {aggregate_init_null, max_add, aggregate_cannot_undo, max_add, aggregate_state}};

#define COUNT(text)                                                                                \
    {                                                                                              \
        .signature = text, .aggregate = &count_kind                                                \
    }
#define SUM(text)                                                                                  \
    {                                                                                              \
        .signature = text, .aggregate = &sum_kind                                                  \
    }
#define SUM_LIST(text)                                                                             \
    {                                                                                              \
        .signature = text, .aggregate = &sum_list_kind                                             \
    }
#define MIN(text)                                                                                  \
    {                                                                                              \
        .signature = text, .aggregate = &min_kind                                                  \
    }
#define MAX(text)                                                                                  \
    {                                                                                              \
        .signature = text, .aggregate = &max_kind                                                  \
    }

static const struct function_overload count_overloads[] = {
    COUNT("COUNT() BIGINT"),
    COUNT("COUNT(ANY) BIGINT"),
};
static const struct function_overload sum_overloads[] = {
    SUM("SUM(INTEGER) INTEGER"),
    SUM("SUM(BIGINT) BIGINT"),
    SUM("SUM(DECIMAL) DECIMAL"),
    SUM("SUM(DOUBLE) DOUBLE"),
};
static const struct function_overload sum_list_overloads[] = {
    SUM_LIST("SUM_LIST(ARRAY<INTEGER>) INTEGER"),
    SUM_LIST("SUM_LIST(ARRAY<BIGINT>) BIGINT"),
    SUM_LIST("SUM_LIST(ARRAY<DOUBLE>) DOUBLE"),
};
static const struct function_overload min_overloads[] = {
    MIN("MIN(INTEGER) INTEGER"), MIN("MIN(BIGINT) BIGINT"), MIN("MIN(DECIMAL) DECIMAL"),
    MIN("MIN(DOUBLE) DOUBLE"),   MIN("MIN(STRING) STRING"), MIN("MIN(BYTES) BYTES"),
    MIN("MIN(TIME) TIME"),       MIN("MIN(DATE) DATE"),     MIN("MIN(TIMESTAMP) TIMESTAMP"),
};
static const struct function_overload max_overloads[] = {
    MAX("MAX(INTEGER) INTEGER"), MAX("MAX(BIGINT) BIGINT"), MAX("MAX(DECIMAL) DECIMAL"),
    MAX("MAX(DOUBLE) DOUBLE"),   MAX("MAX(STRING) STRING"), MAX("MAX(BYTES) BYTES"),
    MAX("MAX(TIME) TIME"),       MAX("MAX(DATE) DATE"),     MAX("MAX(TIMESTAMP) TIMESTAMP"),
};

static const struct function_entry entries[] = {
    {.name = "COUNT",
     .kind = FUNCTION_AGGREGATE,
     .doc = "how many rows; COUNT(x): in how many x is not NULL",
     FUNCTION_OVERLOADS(count_overloads)},
    {.name = "SUM",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the sum; NULLs are passed over, of none it is 0",
     FUNCTION_OVERLOADS(sum_overloads)},
    {.name = "SUM_LIST",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the sum of all items of all arrays",
     FUNCTION_OVERLOADS(sum_list_overloads)},
    {.name = "MIN",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the least value; NULLs are passed over",
     FUNCTION_OVERLOADS(min_overloads)},
    {.name = "MAX",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the greatest value; NULLs are passed over",
     FUNCTION_OVERLOADS(max_overloads)},
};

const struct function_topic functions_count = FUNCTION_TOPIC(entries);
