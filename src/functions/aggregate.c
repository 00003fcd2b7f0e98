/* aggregate.c -- finding an aggregate's overload and its types. */
#include "functions/function.h"

static enum err take_constants(struct arena *arena, struct expr *const *args, uint32_t first,
                               uint32_t count, const struct function_entry *entry,
                               struct value **ret_constants, struct why *why);
static enum err check_counts(const struct function_entry *entry,
                             const struct function_overload *overload, struct expr *const *args,
                             uint32_t first, const struct value *constants, struct why *why);
static enum err unknown_aggregate(struct str name, struct place place, struct why *why);

enum err aggregate_resolve(struct arena *arena, struct str name, struct expr *const *args,
                           uint32_t arg_count, struct place place,
                           const struct aggregate **ret_aggregate, struct expr **ret_args,
                           struct why *why)
{
    const struct function_entry *entry = function_entry_find(name);
    if (entry == NULL || entry->kind != FUNCTION_AGGREGATE)
        return unknown_aggregate(name, place, why);
    struct why own = {0};
    struct expr **wanted = ARENA_ARRAY(arena, struct expr *, arg_count);
    const struct function_overload *overload = NULL;
    const struct type *type = NULL;
    struct binding binding;
    enum err err = overload_choose(arena, entry, args, arg_count, place, &overload, wanted,
                                   &binding, &type, why ? why : &own);
    if (err != OK)
        return err;

    const uint32_t varying = arg_count - overload->constant_count;
    struct value *constants = NULL;
    err = take_constants(arena, wanted, varying, overload->constant_count, entry, &constants, why);
    if (err == OK)
        err = check_counts(entry, overload, wanted, varying, constants, why);
    if (err != OK)
        return err;

    const struct type **types = ARENA_ARRAY(arena, const struct type *, varying);
    for (uint32_t i = 0; i < varying; i++) {
        types[i] = wanted[i]->type;
        ret_args[i] = wanted[i];
    }
    const struct aggregate_kind *kind = overload->aggregate;
    const struct type *state = type;
    if (kind->state)
        state = pattern_type(arena, pattern_parse(arena, kind->state), &binding);
    must(state != NULL);
    struct aggregate *aggregate = ARENA_NEW(arena, struct aggregate);
    *aggregate = (struct aggregate){
        .ops = &kind->ops,
        .name = str_from(entry->name),
        .state_type = state,
        .result_type = type,
        .arg_types = types,
        .arg_count = varying,
        .constants = constants,
        .constant_count = overload->constant_count,
        .can_undo = kind->can_undo,
    };
    *ret_aggregate = aggregate;
    return OK;
}

static enum err take_constants(struct arena *arena, struct expr *const *args, uint32_t first,
                               uint32_t count, const struct function_entry *entry,
                               struct value **ret_constants, struct why *why)
{
    struct value *constants = ARENA_ARRAY(arena, struct value, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct expr *arg = args[first + i];
        if (!expr_is_constant(arg))
            return why_set_at(why, ERR_INVALID, arg->place.line, arg->place.column,
                              "parameter %u of '%s' must be a literal, found an expression",
                              first + i + 1, entry->name);
        const enum err err = expr_constant(arg, arena, &constants[i], why);
        if (err != OK)
            return err;
    }
    *ret_constants = constants;
    return OK;
}

/* How many to keep is at least one, and not NULL. */
static enum err check_counts(const struct function_entry *entry,
                             const struct function_overload *overload, struct expr *const *args,
                             uint32_t first, const struct value *constants, struct why *why)
{
    for (uint32_t i = 0; i < overload->constant_count; i++) {
        const struct expr *arg = args[first + i];
        if (constants[i].is_null ||
            (arg->type->kind == TYPE_INTEGER &&
             (constants[i].integer < 1 || constants[i].integer > AGGREGATE_ITEMS_MAX)))
            return why_set_at(why, ERR_INVALID, arg->place.line, arg->place.column,
                              "parameter %u of '%s' must be %s", first + i + 1, entry->name,
                              arg->type->kind == TYPE_INTEGER ? "from 1 to 100000" : "a value");
    }
    return OK;
}

static enum err unknown_aggregate(struct str name, struct place place, struct why *why)
{
    const struct str nearest = function_nearest(name);
    if (nearest.size == 0 || str_equal_nocase(nearest, name))
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "unknown aggregate function '%.*s'", STR_ARGS(name));
    return why_set_at(why, ERR_INVALID, place.line, place.column,
                      "unknown aggregate function '%.*s', did you mean '%.*s'?", STR_ARGS(name),
                      STR_ARGS(nearest));
}

enum err aggregate_cannot_undo(const struct aggregate *aggregate, struct value *state,
                               const struct value *args, struct arena *arena)
{
    return ERR_UNSUPPORTED;
}

struct value aggregate_state(const struct aggregate *aggregate, const struct value *state,
                             struct arena *arena)
{
    return *state;
}

void aggregate_init_null(const struct aggregate *aggregate, struct value *state,
                         struct arena *arena)
{
    *state = VALUE_NULL;
}

void aggregate_init_zero(const struct aggregate *aggregate, struct value *state,
                         struct arena *arena)
{
    *state = (struct value){.decimal = 0};
}

void aggregate_init_list(const struct aggregate *aggregate, struct value *state,
                         struct arena *arena)
{
    *state = (struct value){.list = {.items = NULL, .count = 0}};
}

void aggregate_list_add(struct value *state, uint32_t at, struct value item, struct arena *arena)
{
    must(at <= state->list.count);
    struct value *items = ARENA_ARRAY(arena, struct value, (size_t)state->list.count + 1);
    if (at > 0)
        memcpy(items, state->list.items, at * sizeof(*items));
    if (at < state->list.count)
        memcpy(items + at + 1, state->list.items + at, (state->list.count - at) * sizeof(*items));
    items[at] = item;
    state->list.items = items;
    state->list.count++;
}

void aggregate_list_remove(struct value *state, uint32_t at, struct arena *arena)
{
    must(at < state->list.count);
    struct value *items = ARENA_ARRAY(arena, struct value, state->list.count);
    if (at > 0)
        memcpy(items, state->list.items, at * sizeof(*items));
    memcpy(items + at, state->list.items + at + 1, (state->list.count - at - 1) * sizeof(*items));
    state->list.items = items;
    state->list.count--;
}
