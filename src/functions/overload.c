/* overload.c -- which overload a call means, as ksqlDB decides it.
 *
 * First those that take the arguments as they are; if there is none, those that take them with the
 * casts ksqlDB does by itself (INTEGER to BIGINT to DECIMAL to DOUBLE, text literals to TIME, DATE
 * and TIMESTAMP, the types behind one letter to their common one). Among several, one without
 * "..." and then the one with the most types spelled out wins; a tie is refused as ambiguous. */
#include "functions/function.h"

struct candidate {
    const struct function_overload *overload;
    struct signature *signature;
    struct binding binding;
};

static bool candidate_match(struct arena *arena, struct candidate *candidate,
                            struct expr *const *args, uint32_t arg_count, bool may_cast);
static const struct pattern *param_at(const struct signature *signature, uint32_t arg,
                                      uint32_t arg_count);
static bool pattern_match(struct arena *arena, const struct pattern *pattern,
                          const struct expr *arg, const struct type *type, bool may_cast,
                          struct binding *binding);
static bool letter_match(struct arena *arena, const struct type **bound, const struct expr *arg,
                         const struct type *type, bool may_cast);
static bool lambda_match(struct arena *arena, const struct pattern *pattern, const struct expr *arg,
                         bool may_cast, struct binding *binding);
static enum err lambda_apply(struct arena *arena, const struct pattern *pattern,
                             const struct binding *binding, struct expr *lambda,
                             struct expr **ret_lambda, struct why *why);
static int candidate_rank(const struct candidate *candidate);
static enum err candidate_apply(struct arena *arena, struct candidate *candidate,
                                struct expr *const *args, uint32_t arg_count,
                                struct expr **ret_args, const struct type **ret_type,
                                struct why *why);
static enum err refuse(struct arena *arena, const struct function_entry *entry,
                       struct expr *const *args, uint32_t arg_count, struct place place,
                       bool is_ambiguous, struct why *why);

enum err overload_choose(struct arena *arena, const struct function_entry *entry,
                         struct expr *const *args, uint32_t arg_count, struct place place,
                         const struct function_overload **ret_overload, struct expr **ret_args,
                         struct binding *ret_binding, const struct type **ret_type, struct why *why)
{
    for (int may_cast = 0; may_cast < 2; may_cast++) {
        struct candidate best = {.overload = NULL};
        int best_rank = -1;
        uint32_t best_count = 0;
        for (uint32_t i = 0; i < entry->overload_count; i++) {
            struct candidate candidate = {.overload = &entry->overloads[i]};
            candidate.signature = signature_parse(arena, candidate.overload->signature);
            if (!candidate_match(arena, &candidate, args, arg_count, may_cast))
                continue;
            const int rank = candidate_rank(&candidate);
            if (rank > best_rank) {
                best = candidate;
                best_rank = rank;
                best_count = 0;
            }
            best_count += rank == best_rank;
        }
        if (best_count > 1)
            return refuse(arena, entry, args, arg_count, place, true, why);
        if (best_count == 1) {
            const enum err err =
                candidate_apply(arena, &best, args, arg_count, ret_args, ret_type, why);
            if (err != OK) {
                why->line = why->line ? why->line : place.line;
                why->column = why->column ? why->column : place.column;
                return err;
            }
            *ret_overload = best.overload;
            *ret_binding = best.binding;
            return OK;
        }
    }
    return refuse(arena, entry, args, arg_count, place, false, why);
}

static bool candidate_match(struct arena *arena, struct candidate *candidate,
                            struct expr *const *args, uint32_t arg_count, bool may_cast)
{
    const struct signature *signature = candidate->signature;
    const bool is_variadic = signature->variadic >= 0;
    if (arg_count < signature->required_count - (is_variadic ? 1 : 0))
        return false;
    if (!is_variadic && arg_count > signature->param_count)
        return false;
    for (uint32_t i = 0; i < arg_count; i++)
        if (!pattern_match(arena, param_at(signature, i, arg_count), args[i], args[i]->type,
                           may_cast, &candidate->binding))
            return false;
    return true;
}

/* The parameter of an argument: what stands after the variadic one is counted from the end. */
static const struct pattern *param_at(const struct signature *signature, uint32_t arg,
                                      uint32_t arg_count)
{
    if (signature->variadic < 0 || arg < (uint32_t)signature->variadic)
        return signature->params[arg];
    const uint32_t after = signature->param_count - 1 - (uint32_t)signature->variadic;
    if (arg + after >= arg_count)
        return signature->params[signature->param_count - (arg_count - arg)];
    return signature->params[signature->variadic];
}

static bool pattern_match(struct arena *arena, const struct pattern *pattern,
                          const struct expr *arg, const struct type *type, bool may_cast,
                          struct binding *binding)
{
    if (pattern->kind == PATTERN_LAMBDA)
        return arg != NULL && lambda_match(arena, pattern, arg, may_cast, binding);
    if (arg != NULL && arg->kind == EXPR_LAMBDA)
        return false;
    if (type == NULL || pattern->kind == PATTERN_ANY)
        return true;
    if (pattern->kind == PATTERN_LETTER)
        return letter_match(arena, &binding->letters[pattern->letter], arg, type, may_cast);

    if (pattern->type == TYPE_DECIMAL && type->kind == TYPE_DECIMAL) {
        if (binding->decimal == NULL)
            binding->decimal = type;
        else
            binding->decimal = type_common(arena, binding->decimal, type);
        return binding->decimal->kind == TYPE_DECIMAL;
    }
    if (pattern->type == type->kind && type->kind < TYPE_ARRAY)
        return true;
    if (pattern->type == type->kind && type->kind == TYPE_STRUCT) {
        if (pattern->item_count != type->field_count && pattern->item_count > 0)
            return false;
        for (uint32_t i = 0; i < pattern->item_count; i++)
            if (!pattern_match(arena, pattern->items[i], NULL, type->fields[i].type, may_cast,
                               binding))
                return false;
        return true;
    }
    if (pattern->type == type->kind && type->kind == TYPE_ARRAY)
        return pattern_match(arena, pattern->items[0], NULL, type->item, may_cast, binding);
    if (pattern->type == type->kind && type->kind == TYPE_MAP)
        return pattern_match(arena, pattern->items[0], NULL, type->key, may_cast, binding) &&
               pattern_match(arena, pattern->items[1], NULL, type->item, may_cast, binding);

    if (!may_cast || arg == NULL)
        return false;
    if (type_is_numeric(type) && pattern->type >= TYPE_INTEGER && pattern->type <= TYPE_DOUBLE)
        return pattern->type > type->kind;
    if (!expr_is_text_literal(arg) || pattern->type < TYPE_TIME || pattern->type > TYPE_TIMESTAMP)
        return false;
    struct value value;
    const struct pattern wanted = *pattern;
    return cast_value(type, pattern_type(arena, &wanted, binding), &arg->literal, arena, &value) ==
           OK;
}

static bool letter_match(struct arena *arena, const struct type **bound, const struct expr *arg,
                         const struct type *type, bool may_cast)
{
    if (*bound == NULL) {
        *bound = type;
        return true;
    }
    if (type_equal(*bound, type))
        return true;
    if (!may_cast)
        return false;
    const struct type *common = type_common(arena, *bound, type);
    if (common == NULL) {
        struct value value;
        return arg && expr_is_text_literal(arg) && (*bound)->kind >= TYPE_TIME &&
               (*bound)->kind <= TYPE_TIMESTAMP &&
               cast_value(type, *bound, &arg->literal, arena, &value) == OK;
    }
    *bound = common;
    return true;
}

/* The body's type binds the result's letter, or widens to what it stands for already: parameters
 * of that type are in the body. */
static bool lambda_match(struct arena *arena, const struct pattern *pattern, const struct expr *arg,
                         bool may_cast, struct binding *binding)
{
    if (arg->kind != EXPR_LAMBDA || arg->parameter_count != pattern->item_count - 1)
        return false;
    const struct pattern *result = pattern->items[pattern->item_count - 1];
    const struct expr *body = arg->args[0];
    const struct type *bound =
        result->kind == PATTERN_LETTER ? binding->letters[result->letter] : NULL;
    if (bound && body->type)
        return may_cast ? type_widens(body->type, bound) : type_equal(body->type, bound);
    return pattern_match(arena, result, body, body->type, may_cast, binding);
}

/* The lambda with its body cast to what is wanted. */
static enum err lambda_apply(struct arena *arena, const struct pattern *pattern,
                             const struct binding *binding, struct expr *lambda,
                             struct expr **ret_lambda, struct why *why)
{
    const struct pattern *result = pattern->items[pattern->item_count - 1];
    const struct type *wanted = pattern_type(arena, result, binding);
    if (wanted == NULL)
        return why_set_at(why, ERR_INVALID, lambda->place.line, lambda->place.column,
                          "the lambda gives NULL of no type: cast it");
    *ret_lambda =
        expr_lambda(arena, lambda->parameter_count,
                    expr_cast_node(arena, lambda->args[0], wanted, lambda->place), lambda->place);
    return OK;
}

enum err function_lambda_types(struct arena *arena, struct str name,
                               struct expr *const *args_before, uint32_t arg_count,
                               uint32_t argument, const struct type **ret_types,
                               uint32_t *ret_count, struct place place, struct why *why)
{
    const struct function_entry *entry = function_entry_find(name);
    for (uint32_t i = 0; entry && i < entry->overload_count; i++) {
        struct candidate candidate = {.overload = &entry->overloads[i]};
        candidate.signature = signature_parse(arena, candidate.overload->signature);
        const struct signature *signature = candidate.signature;
        if (argument >= signature->param_count || arg_count > argument ||
            signature->params[argument]->kind != PATTERN_LAMBDA)
            continue;
        bool matches = true;
        for (uint32_t k = 0; k < arg_count && matches; k++)
            matches = pattern_match(arena, signature->params[k], args_before[k],
                                    args_before[k]->type, true, &candidate.binding);
        if (!matches)
            continue;
        const struct pattern *lambda = signature->params[argument];
        const struct type *types[3] = {NULL, NULL, NULL};
        const uint32_t count = lambda->item_count - 1;
        must(count <= 3);
        for (uint32_t k = 0; k < count; k++) {
            types[k] = pattern_type(arena, lambda->items[k], &candidate.binding);
            matches = matches && types[k] != NULL;
        }
        if (!matches)
            continue;
        memcpy(ret_types, types, count * sizeof(*types));
        *ret_count = count;
        return OK;
    }
    return why_set_at(why, ERR_INVALID, place.line, place.column,
                      "function '%.*s' takes no lambda as its argument %u", STR_ARGS(name),
                      argument + 1);
}

static int candidate_rank(const struct candidate *candidate)
{
    const struct signature *signature = candidate->signature;
    int spelled = 0;
    for (uint32_t i = 0; i < signature->param_count; i++)
        spelled += signature->params[i]->kind == PATTERN_TYPE;
    return (signature->variadic < 0 ? 100 : 0) + spelled;
}

/* Casts the arguments to what the parameters ask for. */
static enum err candidate_apply(struct arena *arena, struct candidate *candidate,
                                struct expr *const *args, uint32_t arg_count,
                                struct expr **ret_args, const struct type **ret_type,
                                struct why *why)
{
    struct binding *binding = &candidate->binding;
    const bool is_common = candidate->overload->flags & FUNCTION_COMMON_TYPE;
    for (uint32_t i = 0; i < arg_count; i++) {
        const struct pattern *param = param_at(candidate->signature, i, arg_count);
        struct expr *arg = args[i];
        ret_args[i] = arg;
        if (arg->kind == EXPR_LAMBDA) {
            const enum err err = lambda_apply(arena, param, binding, arg, &ret_args[i], why);
            if (err != OK)
                return err;
            continue;
        }
        if (param->kind == PATTERN_ANY) {
            if (arg->type == NULL)
                ret_args[i] = expr_cast_node(arena, arg, &type_string, arg->place);
            continue;
        }
        const struct type *wanted = pattern_type(arena, param, binding);
        if (param->kind == PATTERN_TYPE && param->type == TYPE_DECIMAL && arg->type != NULL) {
            const struct type *own = arg->type->kind == TYPE_BIGINT    ? type_decimal(arena, 19, 0)
                                     : arg->type->kind == TYPE_INTEGER ? type_decimal(arena, 10, 0)
                                                                       : arg->type;
            wanted = is_common && wanted ? wanted : own;
            if (binding->decimal == NULL)
                binding->decimal = own;
        }
        if (wanted == NULL && arg->type == NULL)
            return why_set_at(why, ERR_INVALID, arg->place.line, arg->place.column,
                              "NULL of no type as an argument of '%.*s': cast it",
                              STR_ARGS(function_overload_name(candidate->overload)));
        if (wanted != NULL && (arg->type == NULL || param->item_count == 0 ||
                               param->kind == PATTERN_LETTER || param->type != TYPE_STRUCT))
            ret_args[i] = expr_cast_node(arena, arg, wanted, arg->place);
    }
    const struct type *type = NULL;
    if (candidate->overload->type)
        return candidate->overload->type(arena, ret_args, arg_count, ret_type, why);
    type = pattern_type(arena, candidate->signature->result, binding);
    if (type == NULL)
        return why_set(why, ERR_INVALID, "cannot tell the result's type of '%.*s'",
                       STR_ARGS(function_overload_name(candidate->overload)));
    *ret_type = type;
    return OK;
}

static enum err refuse(struct arena *arena, const struct function_entry *entry,
                       struct expr *const *args, uint32_t arg_count, struct place place,
                       bool is_ambiguous, struct why *why)
{
    struct buf text = {0};
    for (uint32_t i = 0; i < arg_count; i++) {
        if (i > 0)
            buf_printf(&text, ", ");
        if (args[i]->type)
            type_format(args[i]->type, &text);
        else
            buf_printf(&text, args[i]->kind == EXPR_LAMBDA ? "lambda" : "null");
    }
    struct buf expected = {0};
    for (uint32_t i = 0; i < entry->overload_count; i++)
        buf_printf(&expected, "%s%s", i > 0 ? ", " : "", entry->overloads[i].signature);
    const enum err err =
        why_set_at(why, ERR_INVALID, place.line, place.column,
                   is_ambiguous ? "function '%s' is ambiguous for parameters (%s), there is: %s"
                                : "function '%s' does not accept parameters (%s), there is: %s",
                   entry->name, buf_text(&text), buf_text(&expected));
    buf_release(&text);
    buf_release(&expected);
    return err;
}
