/* coerce_list.c -- one type for the items of ARRAY[...], MAP(...), IN (...) and CASE.
 *
 * The type is the least that all items with a type of their own widen to. Items without one follow:
 * NULLs, text literals ('10' beside numbers is a number), other literals beside text (10 beside
 * text is '10'), and constructors made of such literals. */
#include "functions/function.h"

static const struct type *text_number_type(struct arena *arena, struct str text);
static enum err follow(struct arena *arena, struct expr *from, const struct type *type,
                       struct expr **ret_expr, struct why *why);
static enum err follow_items(struct arena *arena, struct expr *from, const struct type *type,
                             struct expr **ret_expr, struct why *why);
static enum err refuse(struct arena *arena, const struct type *type, const struct expr *found,
                       struct why *why);

/* The type of those that have one; ERR_INVALID when there is no common one. */
static enum err leading_type(struct arena *arena, struct expr *const *exprs, uint32_t count,
                             const struct type **ret_type, struct why *why)
{
    const struct type *type = NULL;
    bool is_literal = true; /* all so far were */
    for (uint32_t i = 0; i < count; i++) {
        const struct expr *expr = exprs[i];
        if (expr->type == NULL || expr_is_text_literal(expr))
            continue;
        const bool literal = expr->kind == EXPR_LITERAL;
        const struct type *common = type ? type_common(arena, type, expr->type) : expr->type;
        if (common == NULL && expr->type->kind == TYPE_STRING && is_literal)
            common = expr->type;
        else if (common == NULL &&
                 (expr_is_constructor(expr) || (literal && type->kind == TYPE_STRING)))
            common = type;
        if (common == NULL)
            return refuse(arena, type, expr, why);
        type = common;
        is_literal = is_literal && literal;
    }
    *ret_type = type;
    return OK;
}

enum err coerce_all(struct arena *arena, struct expr *const *exprs, uint32_t count,
                    const char *what, struct expr **ret_exprs, const struct type **ret_type,
                    struct why *why)
{
    const struct type *type = NULL;
    enum err err = leading_type(arena, exprs, count, &type, why);
    if (err != OK)
        return err;
    for (uint32_t i = 0; i < count; i++) {
        if (!expr_is_text_literal(exprs[i]))
            continue;
        if (type == NULL)
            type = &type_string;
        const struct type *number =
            type_is_numeric(type) ? text_number_type(arena, exprs[i]->literal.text) : NULL;
        if (number)
            type = type_common(arena, type, number);
    }
    if (type == NULL)
        return why_set_at(why, ERR_INVALID, exprs[0]->place.line, exprs[0]->place.column,
                          "%s has only NULLs, so its type is not known", what);
    for (uint32_t i = 0; i < count; i++) {
        struct expr *wanted = NULL;
        err = follow(arena, exprs[i], type, &wanted, why);
        if (err != OK)
            return err;
        ret_exprs[i] = wanted;
    }
    *ret_type = type;
    return OK;
}

/* The least type of the number in a text, as java.math.BigDecimal reads it ("2e1" is a DECIMAL(2,
 * 0)); NULL when there is none in it. */
static const struct type *text_number_type(struct arena *arena, struct str text)
{
    const struct str trimmed = str_trim(text);
    int64_t whole = 0, exponent = 0;
    double number = 0;
    if (str_to_int64(trimmed, &whole) == OK)
        return whole >= INT32_MIN && whole <= INT32_MAX ? &type_integer : &type_bigint;
    if (str_to_double(trimmed, &number) != OK || !(number - number == 0))
        return NULL;
    int64_t digits = 0, scale = 0;
    bool is_fraction = false;
    for (size_t i = 0; i < trimmed.size; i++) {
        const char c = trimmed.data[i];
        if (c == 'e' || c == 'E') {
            const struct str rest = {trimmed.data + i + 1, trimmed.size - i - 1};
            if (str_to_int64(rest, &exponent) != OK)
                return &type_double;
            break;
        }
        is_fraction = is_fraction || c == '.';
        const bool is_digit = c >= '0' && c <= '9';
        digits += is_digit && (c != '0' || digits > 0 || is_fraction);
        scale += is_digit && is_fraction;
    }
    if (exponent < -2 * DECIMAL_PRECISION_MAX || exponent > 2 * DECIMAL_PRECISION_MAX)
        return &type_double;
    scale -= exponent;
    digits = digits > 0 ? digits : 1;
    if (scale < 0) {
        digits -= scale;
        scale = 0;
    }
    digits = digits > scale ? digits : scale;
    return digits <= DECIMAL_PRECISION_MAX ? type_decimal(arena, (int)digits, (int)scale)
                                           : &type_double;
}

static enum err follow(struct arena *arena, struct expr *from, const struct type *type,
                       struct expr **ret_expr, struct why *why)
{
    if (from->type == NULL || type_equal(from->type, type)) {
        *ret_expr = expr_cast_node(arena, from, type, from->place);
        return OK;
    }
    struct value value = VALUE_NULL;
    if (expr_is_text_literal(from)) {
        /* By way of the number, so that '2e1' and '4.000' are whole numbers too. */
        double number = 0;
        enum err err = cast_value(from->type, type, &from->literal, arena, &value);
        if (err != OK && type_is_numeric(type) &&
            str_to_double(str_trim(from->literal.text), &number) == OK)
            err = cast_value(&type_double, type, &(struct value){.number = number}, arena, &value);
        const bool is_boolean = type->kind != TYPE_BOOLEAN ||
                                str_equal_nocase(from->literal.text, STR("true")) ||
                                str_equal_nocase(from->literal.text, STR("false"));
        if (err != OK || !is_boolean || !cast_is_possible(from->type, type))
            return why_set_at(why, ERR_INVALID, from->place.line, from->place.column,
                              "invalid input syntax for type %s: '%.*s'",
                              type_text(type, arena).data, STR_ARGS(from->literal.text));
        *ret_expr = expr_literal(arena, type, value, from->place);
        return OK;
    }
    if (from->kind == EXPR_LITERAL && type->kind == TYPE_STRING &&
        cast_is_possible(from->type, type)) {
        *ret_expr = expr_cast_node(arena, from, type, from->place);
        return OK;
    }
    const struct type *common = type_common(arena, from->type, type);
    if (common && type_equal(common, type)) {
        *ret_expr = expr_cast_node(arena, from, type, from->place);
        return OK;
    }
    if (expr_is_constructor(from) && from->type->kind == type->kind)
        return follow_items(arena, from, type, ret_expr, why);
    return refuse(arena, type, from, why);
}

enum err coerce_constructor(struct arena *arena, struct expr *from, const struct type *type,
                            struct expr **ret_expr, struct why *why)
{
    return follow(arena, from, type, ret_expr, why);
}

/* A constructor again, with items of the wanted types. */
static enum err follow_items(struct arena *arena, struct expr *from, const struct type *type,
                             struct expr **ret_expr, struct why *why)
{
    const bool is_struct = from->kind == EXPR_STRUCT;
    const uint32_t count = is_struct ? type->field_count : from->arg_count;
    struct expr **items = ARENA_ARRAY(arena, struct expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct type *item = is_struct                              ? type->fields[i].type
                                  : from->kind == EXPR_MAP && i % 2 == 0 ? type->key
                                                                         : type->item;
        struct expr *old = is_struct ? NULL : from->args[i];
        for (uint32_t k = 0; is_struct && k < from->arg_count; k++)
            if (str_equal(from->type->fields[k].name, type->fields[i].name))
                old = from->args[k];
        if (old == NULL)
            old = expr_null(arena, from->place);
        const enum err err = follow(arena, old, item, &items[i], why);
        if (err != OK)
            return err;
    }
    *ret_expr = expr_new(arena, from->kind, type, from->place, items, count);
    return OK;
}

static enum err refuse(struct arena *arena, const struct type *type, const struct expr *found,
                       struct why *why)
{
    return why_set_at(why, ERR_INVALID, found->place.line, found->place.column,
                      "expected %s, found %s", type_text(type, arena).data,
                      type_text(found->type, arena).data);
}
