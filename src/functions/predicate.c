/* predicate.c -- BETWEEN, IN and LIKE. */
#include "functions/function.h"

#include "base/utf8.h"

static bool like_match(struct str text, struct str pattern, uint32_t escape);
static const char *next_point(const char *at, const char *end, uint32_t *ret_point);

enum err between_call(struct arena *arena, struct expr *const *args, struct place place,
                      struct expr **ret_expr, struct why *why)
{
    struct expr *sides[2] = {NULL, NULL};
    enum err err =
        compare_call(arena, STR(">="), (struct expr *[]){args[0], args[1]}, place, &sides[0], why);
    if (err == OK)
        err = compare_call(arena, STR("<="), (struct expr *[]){args[0], args[2]}, place, &sides[1],
                           why);
    if (err != OK)
        return err;
    return expr_logic(arena, EXPR_AND, sides, 2, place, ret_expr, why);
}

static void in_list(struct call *call, const struct column *const *args, struct column *result)
{
    const struct type *type = args[0]->type;
    for (uint32_t i = 0; i < call->rows.count; i++) {
        const uint32_t row = rows_get(call->rows, i);
        result->booleans[row] = 0;
        if (args[0]->nulls[row])
            continue;
        const struct value value = column_get(args[0], row, call->arena);
        for (uint32_t k = 1; k < call->arg_count && !result->booleans[row]; k++) {
            if (args[k]->nulls[row])
                continue;
            const struct value item = column_get(args[k], row, call->arena);
            result->booleans[row] = value_equal(type, &value, &item);
        }
    }
}

static const struct function_overload in_overload = {
    .signature = "IN(T, T...) BOOLEAN", .columns = in_list, .flags = FUNCTION_OPERATOR};

enum err in_call(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                 struct place place, struct expr **ret_expr, struct why *why)
{
    struct expr **wanted = ARENA_ARRAY(arena, struct expr *, arg_count);
    const struct type *type = NULL;
    /* Text literals follow times too: d IN ('2026-01-01'). */
    if (args[0]->type && args[0]->type->kind >= TYPE_TIME && args[0]->type->kind <= TYPE_TIMESTAMP)
        for (uint32_t i = 0; i < arg_count; i++) {
            const enum err err = expr_coerce(arena, args[i], args[0]->type, &wanted[i], why);
            if (err != OK)
                return err;
        }
    else {
        const enum err err = coerce_all(arena, args, arg_count, "IN", wanted, &type, why);
        if (err != OK)
            return err;
    }
    *ret_expr = operator_node(arena, &in_overload, &type_boolean, wanted, arg_count, place);
    return OK;
}

static enum err like(struct call *call, const struct value *args, struct value *ret_value)
{
    uint32_t escape = 0;
    if (call->arg_count == 3) {
        const struct str text = args[2].text;
        const char *end = text.data + text.size;
        if (next_point(text.data, end, &escape) != end || text.size == 0)
            return ERR_INVALID;
    }
    *ret_value = (struct value){.boolean = like_match(args[0].text, args[1].text, escape)};
    return OK;
}

static const struct function_overload like_overload = {.signature =
                                                           "LIKE(STRING, STRING[, STRING]) BOOLEAN",
                                                       .value = like,
                                                       .flags = FUNCTION_OPERATOR};

enum err like_call(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                   struct place place, struct expr **ret_expr, struct why *why)
{
    struct expr *wanted[3];
    for (uint32_t i = 0; i < arg_count; i++) {
        const enum err err = expr_coerce(arena, args[i], &type_string, &wanted[i], why);
        if (err != OK)
            return err;
    }
    *ret_expr = operator_node(arena, &like_overload, &type_boolean, wanted, arg_count, place);
    return OK;
}

/* % any text, _ one character, the escape makes the next one plain. Goes back to the latest % only,
 * so it takes at most size of text × size of pattern steps. */
static bool like_match(struct str text, struct str pattern, uint32_t escape)
{
    const char *at = text.data, *end = text.data + text.size;
    const char *want = pattern.data, *want_end = pattern.data + pattern.size;
    const char *retry_at = NULL, *retry_want = NULL;
    for (;;) {
        uint32_t wanted = 0, found = 0;
        const char *want_next = want < want_end ? next_point(want, want_end, &wanted) : NULL;
        if (want_next && wanted == '%' && wanted != escape) {
            retry_want = want = want_next;
            retry_at = at;
            continue;
        }
        const bool is_any = want_next && wanted == '_' && wanted != escape;
        if (want_next && escape != 0 && wanted == escape && want_next < want_end)
            want_next = next_point(want_next, want_end, &wanted);
        if (at == end && want == want_end)
            return true;
        const char *next = at < end ? next_point(at, end, &found) : NULL;
        if (next && want_next && (is_any || found == wanted)) {
            at = next;
            want = want_next;
            continue;
        }
        if (retry_want == NULL || retry_at == end)
            return false;
        at = retry_at = next_point(retry_at, end, &found);
        want = retry_want;
    }
}

/* Bytes that are no UTF-8 count as one character each. */
static const char *next_point(const char *at, const char *end, uint32_t *ret_point)
{
    if (at == end)
        return end;
    const char *next = utf8_get(at, end, ret_point);
    if (next)
        return next;
    *ret_point = 0x110000u + (uint8_t)*at;
    return at + 1;
}
