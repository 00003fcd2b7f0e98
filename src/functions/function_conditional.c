/* function_conditional.c -- COALESCE, IFNULL, NULLIF, GREATEST, LEAST, AS_VALUE. */
#include "functions/body.h"

static enum err conditional_coalesce(struct call *call, const struct value *args,
                                     struct value *ret_value)
{
    *ret_value = VALUE_NULL;
    for (uint32_t i = 0; i < call->arg_count && ret_value->is_null; i++)
        *ret_value = args[i];
    return OK;
}

static enum err conditional_nullif(struct call *call, const struct value *args,
                                   struct value *ret_value)
{
    const bool are_equal = !args[0].is_null && !args[1].is_null &&
                           value_equal(call_arg_type(call, 0), &args[0], &args[1]);
    *ret_value = are_equal ? VALUE_NULL : args[0];
    return OK;
}

/* NULLs are passed over. */
static enum err extreme(struct call *call, const struct value *args, int sign,
                        struct value *ret_value)
{
    const struct type *type = call->expr->type;
    *ret_value = VALUE_NULL;
    for (uint32_t i = 0; i < call->arg_count; i++)
        if (!args[i].is_null &&
            (ret_value->is_null || sign * value_compare(type, &args[i], ret_value) > 0))
            *ret_value = args[i];
    return OK;
}

static enum err conditional_greatest(struct call *call, const struct value *args,
                                     struct value *ret_value)
{
    return extreme(call, args, 1, ret_value);
}

static enum err conditional_least(struct call *call, const struct value *args,
                                  struct value *ret_value)
{
    return extreme(call, args, -1, ret_value);
}

static void conditional_as_value(struct call *call, const struct column *const *args,
                                 struct column *result)
{
    *result = *args[0];
    /* Flags of its own: they may be set afterwards. */
    result->nulls = arena_copy(call->arena, args[0]->nulls, args[0]->capacity);
}

#define COALESCE(text) BODY_FLAGS(text, conditional_coalesce, FUNCTION_SEES_NULLS)
#define EXTREME(text, body) BODY_FLAGS(text, body, FUNCTION_SEES_NULLS | FUNCTION_COMMON_TYPE)
#define EXTREMES(name, body)                                                                       \
    EXTREME(name "(INTEGER, INTEGER...) INTEGER", body),                                           \
        EXTREME(name "(BIGINT, BIGINT...) BIGINT", body),                                          \
        EXTREME(name "(DECIMAL, DECIMAL...) DECIMAL", body),                                       \
        EXTREME(name "(DOUBLE, DOUBLE...) DOUBLE", body),                                          \
        EXTREME(name "(STRING, STRING...) STRING", body),                                          \
        EXTREME(name "(BYTES, BYTES...) BYTES", body), EXTREME(name "(TIME, TIME...) TIME", body), \
        EXTREME(name "(DATE, DATE...) DATE", body),                                                \
        EXTREME(name "(TIMESTAMP, TIMESTAMP...) TIMESTAMP", body)

static const struct function_overload coalesce_overloads[] = {COALESCE("COALESCE(T, T...) T")};
static const struct function_overload ifnull_overloads[] = {COALESCE("IFNULL(T, T) T")};
static const struct function_overload nullif_overloads[] = {
    BODY_FLAGS("NULLIF(T, T) T", conditional_nullif, FUNCTION_SEES_NULLS)};
static const struct function_overload greatest_overloads[] = {
    EXTREMES("GREATEST", conditional_greatest)};
static const struct function_overload least_overloads[] = {EXTREMES("LEAST", conditional_least)};
static const struct function_overload as_value_overloads[] = {
    {.signature = "AS_VALUE(T) T", .columns = conditional_as_value}};

static const struct function_entry entries[] = {
    ENTRY("COALESCE", "the first that is not NULL", coalesce_overloads),
    ENTRY("IFNULL", "the first, or the second when it is NULL", ifnull_overloads),
    ENTRY("NULLIF", "the first, or NULL when it equals the second", nullif_overloads),
    ENTRY("GREATEST", "the greatest of all; NULLs are passed over", greatest_overloads),
    ENTRY("LEAST", "the least of all; NULLs are passed over", least_overloads),
    ENTRY("AS_VALUE", "a copy of a key column as a value column", as_value_overloads),
};

const struct function_topic functions_conditional = FUNCTION_TOPIC(entries);
