/* coerce.c -- casts: those a statement asks for and those ksqlDB does by itself. */
#include "functions/function.h"

static const struct type *common_struct(struct arena *arena, const struct type *a,
                                        const struct type *b);
static struct type decimal_of(const struct type *type);
static enum err coerce_text(struct arena *arena, struct expr *from, const struct type *type,
                            struct expr **ret_expr, struct why *why);

bool expr_is_text_literal(const struct expr *expr)
{
    return expr->kind == EXPR_LITERAL && expr->type && expr->type->kind == TYPE_STRING &&
           !expr->literal.is_null;
}

bool expr_is_constructor(const struct expr *expr)
{
    return expr->kind == EXPR_ARRAY || expr->kind == EXPR_MAP || expr->kind == EXPR_STRUCT;
}

struct expr *expr_cast_node(struct arena *arena, struct expr *from, const struct type *type,
                            struct place place)
{
    if (from->type && type_equal(from->type, type))
        return from;
    if (from->kind == EXPR_LITERAL) {
        struct value value = VALUE_NULL;
        if (from->type == NULL || from->literal.is_null ||
            cast_value(from->type, type, &from->literal, arena, &value) == OK)
            return expr_literal(arena, type, value, place);
    }
    must(from->type != NULL);
    return expr_new(arena, EXPR_CAST, type, place, &from, 1);
}

enum err expr_cast(struct arena *arena, struct expr *from, const struct type *type,
                   struct place place, struct expr **ret_expr, struct why *why)
{
    if (from->kind == EXPR_LAMBDA)
        return why_set_at(why, ERR_INVALID, place.line, place.column, "cannot cast a lambda");
    if (from->type == NULL) {
        *ret_expr = expr_literal(arena, type, VALUE_NULL, place);
        return OK;
    }
    if (!cast_is_possible(from->type, type))
        return why_set_at(why, ERR_INVALID, place.line, place.column,
                          "cast of %s to %s is not supported", type_text(from->type, arena).data,
                          type_text(type, arena).data);
    struct expr *expr = from;
    if (!type_equal(from->type, type)) {
        expr = expr_new(arena, EXPR_CAST, type, place, &from, 1);
        expr->is_written = true;
    }
    const enum err err = expr_check_depth(expr, why);
    if (err == OK)
        *ret_expr = expr;
    return err;
}

enum err expr_coerce(struct arena *arena, struct expr *from, const struct type *type,
                     struct expr **ret_expr, struct why *why)
{
    const struct place place = from->place;
    if (from->type == NULL && from->kind == EXPR_LITERAL) {
        *ret_expr = expr_literal(arena, type, VALUE_NULL, place);
        return OK;
    }
    if (expr_is_text_literal(from) && type->kind >= TYPE_TIME && type->kind <= TYPE_TIMESTAMP)
        return coerce_text(arena, from, type, ret_expr, why);
    if (from->type && type_widens(from->type, type)) {
        *ret_expr = expr_cast_node(arena, from, type, place);
        return OK;
    }
    /* A number that stands there fits when its digits do: 10 is a DECIMAL(4, 2) too. */
    struct value value = VALUE_NULL;
    if (from->kind == EXPR_LITERAL && type->kind == TYPE_DECIMAL && type_is_numeric(from->type) &&
        cast_value(from->type, type, &from->literal, arena, &value) == OK) {
        *ret_expr = expr_literal(arena, type, value, place);
        return OK;
    }
    if (expr_is_constructor(from) && from->type->kind == type->kind)
        return coerce_constructor(arena, from, type, ret_expr, why);
    return why_set_at(why, ERR_INVALID, place.line, place.column, "expected %s, found %s",
                      type_text(type, arena).data,
                      from->type ? type_text(from->type, arena).data : "a lambda");
}

bool type_widens(const struct type *from, const struct type *to)
{
    if (type_equal(from, to))
        return true;
    if (type_is_numeric(from) && type_is_numeric(to)) {
        if (to->kind == TYPE_DOUBLE)
            return true;
        if (to->kind == TYPE_BIGINT)
            return from->kind == TYPE_INTEGER;
        if (to->kind != TYPE_DECIMAL || from->kind == TYPE_DOUBLE)
            return false;
        const struct type held = decimal_of(from);
        return to->scale >= held.scale && to->precision - to->scale >= held.precision - held.scale;
    }
    if (from->kind != to->kind)
        return false;
    if (from->kind == TYPE_ARRAY)
        return type_widens(from->item, to->item);
    if (from->kind == TYPE_MAP)
        return type_widens(from->key, to->key) && type_widens(from->item, to->item);
    if (from->kind != TYPE_STRUCT || from->field_count != to->field_count)
        return false;
    for (uint32_t i = 0; i < from->field_count; i++)
        if (!str_equal(from->fields[i].name, to->fields[i].name) ||
            !type_widens(from->fields[i].type, to->fields[i].type))
            return false;
    return true;
}

const struct type *type_common(struct arena *arena, const struct type *a, const struct type *b)
{
    if (type_equal(a, b))
        return a;
    if (type_is_numeric(a) && type_is_numeric(b)) {
        if (a->kind == TYPE_DOUBLE || b->kind == TYPE_DOUBLE)
            return &type_double;
        if (a->kind != TYPE_DECIMAL && b->kind != TYPE_DECIMAL)
            return &type_bigint;
        const struct type left = decimal_of(a);
        const struct type right = decimal_of(b);
        const int whole_left = left.precision - left.scale;
        const int whole_right = right.precision - right.scale;
        const int scale = left.scale > right.scale ? left.scale : right.scale;
        const int precision = scale + (whole_left > whole_right ? whole_left : whole_right);
        return precision <= DECIMAL_PRECISION_MAX ? type_decimal(arena, precision, scale)
                                                  : &type_double;
    }
    if (a->kind != b->kind)
        return NULL;
    if (a->kind == TYPE_STRUCT)
        return common_struct(arena, a, b);
    if (a->kind != TYPE_ARRAY && a->kind != TYPE_MAP)
        return NULL;
    const struct type *item = type_common(arena, a->item, b->item);
    if (a->kind == TYPE_ARRAY)
        return item ? type_array(arena, item) : NULL;
    const struct type *key = type_common(arena, a->key, b->key);
    return item && key ? type_map(arena, key, item) : NULL;
}

/* All fields of both, those of `a` first. */
static const struct type *common_struct(struct arena *arena, const struct type *a,
                                        const struct type *b)
{
    struct type_field *fields =
        ARENA_ARRAY(arena, struct type_field, (size_t)a->field_count + b->field_count);
    uint32_t count = a->field_count;
    memcpy(fields, a->fields, a->field_count * sizeof(*fields));
    for (uint32_t i = 0; i < b->field_count; i++) {
        uint32_t k = 0;
        while (k < a->field_count && !str_equal(a->fields[k].name, b->fields[i].name))
            k++;
        if (k == a->field_count) {
            fields[count++] = b->fields[i];
            continue;
        }
        fields[k].type = type_common(arena, fields[k].type, b->fields[i].type);
        if (fields[k].type == NULL)
            return NULL;
    }
    return type_struct(arena, fields, count);
}

static struct type decimal_of(const struct type *type)
{
    if (type->kind == TYPE_INTEGER)
        return (struct type){.kind = TYPE_DECIMAL, .precision = 10};
    if (type->kind == TYPE_BIGINT)
        return (struct type){.kind = TYPE_DECIMAL, .precision = 19};
    return *type;
}

static enum err coerce_text(struct arena *arena, struct expr *from, const struct type *type,
                            struct expr **ret_expr, struct why *why)
{
    struct value value = VALUE_NULL;
    if (cast_value(from->type, type, &from->literal, arena, &value) != OK)
        return why_set_at(why, ERR_INVALID, from->place.line, from->place.column,
                          "expected %s, found text '%.*s'", type_text(type, arena).data,
                          STR_ARGS(from->literal.text));
    *ret_expr = expr_literal(arena, type, value, from->place);
    return OK;
}
