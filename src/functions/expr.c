/* expr.c -- building expressions: leaves, casts, fields, subscripts, constructors. */
#include "functions/function.h"

static enum err unknown_field(struct arena *arena, const struct expr *of, struct str name,
                              struct place place, struct why *why);

struct expr *expr_new(struct arena *arena, enum expr_kind kind, const struct type *type,
                      struct place place, struct expr *const *args, uint32_t arg_count)
{
    struct expr *expr = ARENA_NEW(arena, struct expr);
    expr->kind = kind;
    expr->type = type;
    expr->place = place;
    expr->depth = 1;
    if (arg_count == 0)
        return expr;
    expr->args = arena_copy(arena, args, arg_count * sizeof(*args));
    expr->arg_count = arg_count;
    for (uint32_t i = 0; i < arg_count; i++)
        if (args[i]->depth >= expr->depth)
            expr->depth = args[i]->depth + 1;
    return expr;
}

enum err expr_check_depth(const struct expr *expr, struct why *why)
{
    if (expr->depth <= EXPR_DEPTH_MAX)
        return OK;
    return why_set_at(why, ERR_INVALID, expr->place.line, expr->place.column,
                      "expression is nested more than %d levels deep", EXPR_DEPTH_MAX);
}

struct expr *expr_literal(struct arena *arena, const struct type *type, struct value value,
                          struct place place)
{
    must(type != NULL);
    struct expr *expr = expr_new(arena, EXPR_LITERAL, type, place, NULL, 0);
    expr->literal = value_copy(arena, type, &value);
    return expr;
}

struct expr *expr_null(struct arena *arena, struct place place)
{
    struct expr *expr = expr_new(arena, EXPR_LITERAL, NULL, place, NULL, 0);
    expr->literal = VALUE_NULL;
    return expr;
}

struct expr *expr_column(struct arena *arena, uint32_t column, const struct type *type,
                         struct place place)
{
    must(type != NULL);
    struct expr *expr = expr_new(arena, EXPR_COLUMN, type, place, NULL, 0);
    expr->index = column;
    return expr;
}

struct expr *expr_parameter(struct arena *arena, uint32_t parameter, const struct type *type,
                            struct place place)
{
    must(type != NULL);
    struct expr *expr = expr_new(arena, EXPR_PARAMETER, type, place, NULL, 0);
    expr->index = parameter;
    return expr;
}

struct expr *expr_lambda(struct arena *arena, uint32_t parameter_count, struct expr *body,
                         struct place place)
{
    must(body != NULL);
    struct expr *expr = expr_new(arena, EXPR_LAMBDA, NULL, place, &body, 1);
    expr->parameter_count = parameter_count;
    return expr;
}

enum err expr_logic(struct arena *arena, enum expr_kind kind, struct expr *const *args,
                    uint32_t arg_count, struct place place, struct expr **ret_expr, struct why *why)
{
    must(kind == EXPR_AND || kind == EXPR_OR || kind == EXPR_NOT);
    must(arg_count > 0);
    must(kind != EXPR_NOT || arg_count == 1);
    struct expr **wanted = ARENA_ARRAY(arena, struct expr *, arg_count);
    for (uint32_t i = 0; i < arg_count; i++) {
        if (args[i]->type != NULL && args[i]->type->kind != TYPE_BOOLEAN)
            return why_set_at(why, ERR_INVALID, args[i]->place.line, args[i]->place.column,
                              "%s expects BOOLEAN, found %s",
                              kind == EXPR_AND  ? "AND"
                              : kind == EXPR_OR ? "OR"
                                                : "NOT",
                              type_text(args[i]->type, arena).data);
        wanted[i] = expr_cast_node(arena, args[i], &type_boolean, args[i]->place);
    }
    struct expr *expr = expr_new(arena, kind, &type_boolean, place, wanted, arg_count);
    const enum err err = expr_check_depth(expr, why);
    if (err == OK)
        *ret_expr = expr;
    return err;
}

struct expr *expr_is_null(struct arena *arena, struct expr *of, struct place place)
{
    return expr_new(arena, EXPR_IS_NULL, &type_boolean, place, &of, 1);
}

enum err expr_case(struct arena *arena, struct expr *const *conditions, struct expr *const *results,
                   uint32_t count, struct expr *otherwise, struct place place,
                   struct expr **ret_expr, struct why *why)
{
    must(count > 0);
    struct expr **branches = ARENA_ARRAY(arena, struct expr *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        if (conditions[i]->type != NULL && conditions[i]->type->kind != TYPE_BOOLEAN)
            return why_set_at(why, ERR_INVALID, conditions[i]->place.line,
                              conditions[i]->place.column, "WHEN expects BOOLEAN, found %s",
                              type_text(conditions[i]->type, arena).data);
        branches[i] = results[i];
    }
    branches[count] = otherwise ? otherwise : expr_null(arena, place);

    const struct type *type = NULL;
    enum err err = coerce_all(arena, branches, count + 1, "CASE", branches, &type, why);
    if (err != OK)
        return err;
    struct expr **args = ARENA_ARRAY(arena, struct expr *, 2 * (size_t)count + 1);
    for (uint32_t i = 0; i < count; i++) {
        args[2 * i] = expr_cast_node(arena, conditions[i], &type_boolean, conditions[i]->place);
        args[2 * i + 1] = branches[i];
    }
    args[2 * count] = branches[count];
    struct expr *expr = expr_new(arena, EXPR_CASE, type, place, args, 2 * count + 1);
    err = expr_check_depth(expr, why);
    if (err == OK)
        *ret_expr = expr;
    return err;
}

enum err expr_field(struct arena *arena, struct expr *of, struct str name, struct place place,
                    struct expr **ret_expr, struct why *why)
{
    if (of->type == NULL || of->type->kind != TYPE_STRUCT)
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "no field '%.*s' in %s, expected a STRUCT", STR_ARGS(name),
                          of->type ? type_text(of->type, arena).data : "NULL");
    for (uint32_t i = 0; i < of->type->field_count; i++) {
        if (!str_equal(of->type->fields[i].name, name))
            continue;
        struct expr *expr = expr_new(arena, EXPR_FIELD, of->type->fields[i].type, place, &of, 1);
        expr->index = i;
        const enum err err = expr_check_depth(expr, why);
        if (err == OK)
            *ret_expr = expr;
        return err;
    }
    return unknown_field(arena, of, name, place, why);
}

enum err expr_subscript(struct arena *arena, struct expr *of, struct expr *index,
                        struct place place, struct expr **ret_expr, struct why *why)
{
    const bool is_array = of->type != NULL && of->type->kind == TYPE_ARRAY;
    if (!is_array && (of->type == NULL || of->type->kind != TYPE_MAP))
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "[] expects an ARRAY or a MAP, found %s",
                          of->type ? type_text(of->type, arena).data : "NULL");
    const struct type *wanted = is_array ? &type_integer : of->type->key;
    if (is_array && index->type != NULL && index->type->kind == TYPE_BIGINT)
        wanted = &type_bigint;
    struct expr *args[2] = {of, NULL};
    enum err err = expr_coerce(arena, index, wanted, &args[1], why);
    if (err != OK)
        return err;
    struct expr *expr = expr_new(arena, EXPR_SUBSCRIPT, of->type->item, place, args, 2);
    err = expr_check_depth(expr, why);
    if (err == OK)
        *ret_expr = expr;
    return err;
}

enum err expr_array(struct arena *arena, struct expr *const *items, uint32_t count,
                    struct place place, struct expr **ret_expr, struct why *why)
{
    if (count == 0)
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "ARRAY[] has no items, so its type is not known");
    struct expr **wanted = ARENA_ARRAY(arena, struct expr *, count);
    const struct type *item = NULL;
    enum err err = coerce_all(arena, items, count, "ARRAY", wanted, &item, why);
    if (err != OK)
        return err;
    struct expr *expr = expr_new(arena, EXPR_ARRAY, type_array(arena, item), place, wanted, count);
    err = expr_check_depth(expr, why);
    if (err == OK)
        *ret_expr = expr;
    return err;
}

enum err expr_map(struct arena *arena, struct expr *const *keys, struct expr *const *values,
                  uint32_t count, struct place place, struct expr **ret_expr, struct why *why)
{
    if (count == 0)
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "MAP() has no entries, so its type is not known");
    struct expr **wanted = ARENA_ARRAY(arena, struct expr *, 2 * (size_t)count);
    const struct type *key = NULL;
    enum err err = coerce_all(arena, keys, count, "MAP keys", wanted, &key, why);
    if (err != OK)
        return err;
    const struct type *item = NULL;
    err = coerce_all(arena, values, count, "MAP", wanted + count, &item, why);
    if (err != OK)
        return err;

    struct expr **args = ARENA_ARRAY(arena, struct expr *, 2 * (size_t)count);
    for (uint32_t i = 0; i < count; i++) {
        args[2 * i] = wanted[i];
        args[2 * i + 1] = wanted[count + i];
    }
    struct expr *expr =
        expr_new(arena, EXPR_MAP, type_map(arena, key, item), place, args, 2 * count);
    err = expr_check_depth(expr, why);
    if (err == OK)
        *ret_expr = expr;
    return err;
}

enum err expr_struct(struct arena *arena, const struct str *names, struct expr *const *values,
                     uint32_t count, struct place place, struct expr **ret_expr, struct why *why)
{
    struct type_field *fields = ARENA_ARRAY(arena, struct type_field, count);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i]->type == NULL)
            return why_set_at(why, ERR_INVALID, values[i]->place.line, values[i]->place.column,
                              "field '%.*s' is NULL of no type: cast it", STR_ARGS(names[i]));
        for (uint32_t k = 0; k < i; k++)
            if (str_equal(names[k], names[i]))
                return why_set_at(why, ERR_INVALID, values[i]->place.line, values[i]->place.column,
                                  "field '%.*s' is there twice", STR_ARGS(names[i]));
        fields[i] = (struct type_field){.name = names[i], .type = values[i]->type};
    }
    struct expr *expr =
        expr_new(arena, EXPR_STRUCT, type_struct(arena, fields, count), place, values, count);
    const enum err err = expr_check_depth(expr, why);
    if (err == OK)
        *ret_expr = expr;
    return err;
}

static enum err unknown_field(struct arena *arena, const struct expr *of, struct str name,
                              struct place place, struct why *why)
{
    struct str *names = ARENA_ARRAY(arena, struct str, of->type->field_count);
    for (uint32_t i = 0; i < of->type->field_count; i++)
        names[i] = of->type->fields[i].name;
    const struct str nearest = str_nearest(name, names, of->type->field_count);
    if (nearest.size == 0)
        return why_set_at(why, ERR_INVALID, place.line, place.column, "unknown field '%.*s' in %s",
                          STR_ARGS(name), type_text(of->type, arena).data);
    return why_set_at(why, ERR_INVALID, place.line, place.column,
                      "unknown field '%.*s', did you mean '%.*s'?", STR_ARGS(name),
                      STR_ARGS(nearest));
}
