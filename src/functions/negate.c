/* negate.c -- the minus in front of a number. */
#include "functions/function.h"

static enum err negate(struct call *call, const struct value *args, struct value *ret_value)
{
    switch (call_arg_type(call, 0)->kind) {
    case TYPE_INTEGER:
        *ret_value = (struct value){.integer = (int32_t)(0u - (uint32_t)args[0].integer)};
        return OK;
    case TYPE_BIGINT:
        *ret_value = (struct value){.bigint = (int64_t)(0ull - (uint64_t)args[0].bigint)};
        return OK;
    case TYPE_DECIMAL:
        *ret_value = (struct value){.decimal = -args[0].decimal};
        return OK;
    case TYPE_DOUBLE:
        *ret_value = (struct value){.number = -args[0].number};
        return OK;
    default:
        must_not_reach();
    }
}

static const struct function_overload negation = {.signature = "NEGATE(T) T",
                                                  .value = negate,
                                                  .flags =
                                                      FUNCTION_OPERATOR | FUNCTION_NULL_SPREADS};

enum err negate_call(struct arena *arena, struct expr *arg, struct place place,
                     struct expr **ret_expr, struct why *why)
{
    if (arg->type == NULL || !type_is_numeric(arg->type))
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "'-' expects a number, found %s",
                          arg->type ? type_text(arg->type, arena).data : "NULL");
    *ret_expr = operator_node(arena, &negation, arg->type, &arg, 1, place);
    return OK;
}
