/* expr_format.c -- expressions as SQL text, for EXPLAIN and messages. */
#include "functions/function.h"

#include "base/base64.h"

static void format_literal(const struct expr *expr, struct buf *buf);
static void format_text(struct str text, struct buf *buf);
static void format_call(const struct expr *expr, const struct row_type *row_type, struct buf *buf);
static void format_case(const struct expr *expr, const struct row_type *row_type, struct buf *buf);
static void format_list(const struct expr *expr, const struct row_type *row_type,
                        const char *between, struct buf *buf);
static void format_pairs(const struct expr *expr, const struct row_type *row_type, struct buf *buf);

void expr_format(const struct expr *expr, const struct row_type *row_type, struct buf *buf)
{
    switch (expr->kind) {
    case EXPR_LITERAL:
        format_literal(expr, buf);
        return;
    case EXPR_COLUMN:
        if (row_type && expr->index < row_type->column_count)
            buf_append_str(buf, row_type->columns[expr->index].name);
        else
            buf_printf(buf, "$%u", expr->index);
        return;
    case EXPR_PARAMETER:
        buf_printf(buf, "X%u", expr->index + 1);
        return;
    case EXPR_CALL:
        format_call(expr, row_type, buf);
        return;
    case EXPR_CAST:
        buf_printf(buf, "CAST(");
        expr_format(expr->args[0], row_type, buf);
        buf_printf(buf, " AS ");
        type_format(expr->type, buf);
        buf_append_byte(buf, ')');
        return;
    case EXPR_AND:
    case EXPR_OR:
        buf_append_byte(buf, '(');
        format_list(expr, row_type, expr->kind == EXPR_AND ? " AND " : " OR ", buf);
        buf_append_byte(buf, ')');
        return;
    case EXPR_NOT:
        buf_printf(buf, "(NOT ");
        expr_format(expr->args[0], row_type, buf);
        buf_append_byte(buf, ')');
        return;
    case EXPR_IS_NULL:
        buf_append_byte(buf, '(');
        expr_format(expr->args[0], row_type, buf);
        buf_printf(buf, " IS NULL)");
        return;
    case EXPR_CASE:
        format_case(expr, row_type, buf);
        return;
    case EXPR_FIELD:
        expr_format(expr->args[0], row_type, buf);
        buf_printf(buf, "->");
        buf_append_str(buf, expr->args[0]->type->fields[expr->index].name);
        return;
    case EXPR_SUBSCRIPT:
        expr_format(expr->args[0], row_type, buf);
        buf_append_byte(buf, '[');
        expr_format(expr->args[1], row_type, buf);
        buf_append_byte(buf, ']');
        return;
    case EXPR_ARRAY:
        buf_printf(buf, "ARRAY[");
        format_list(expr, row_type, ", ", buf);
        buf_append_byte(buf, ']');
        return;
    case EXPR_MAP:
    case EXPR_STRUCT:
        format_pairs(expr, row_type, buf);
        return;
    case EXPR_LAMBDA:
        buf_append_byte(buf, '(');
        for (uint32_t i = 0; i < expr->parameter_count; i++)
            buf_printf(buf, "%sX%u", i > 0 ? ", " : "", i + 1);
        buf_printf(buf, ") => ");
        expr_format(expr->args[0], row_type, buf);
        return;
    }
    must_not_reach();
}

static void format_literal(const struct expr *expr, struct buf *buf)
{
    if (expr->type == NULL || expr->literal.is_null) {
        buf_printf(buf, "null");
        return;
    }
    if (expr->type->kind == TYPE_STRING) {
        format_text(expr->literal.text, buf);
        return;
    }
    struct arena arena;
    arena_init(&arena, 0);
    struct value text = VALUE_NULL;
    if (expr->type->kind == TYPE_BYTES)
        base64_encode(expr->literal.text, buf);
    else if (cast_value(expr->type, &type_string, &expr->literal, &arena, &text) != OK)
        buf_printf(buf, "?");
    else if (expr->type->kind >= TYPE_TIME)
        format_text(text.text, buf);
    else
        buf_append_str(buf, text.text);
    arena_release(&arena);
}

static void format_text(struct str text, struct buf *buf)
{
    buf_append_byte(buf, '\'');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\'')
            buf_append_byte(buf, '\'');
        buf_append_byte(buf, (uint8_t)text.data[i]);
    }
    buf_append_byte(buf, '\'');
}

static void format_call(const struct expr *expr, const struct row_type *row_type, struct buf *buf)
{
    const struct str name = function_overload_name(expr->overload);
    const bool is_operator = expr->overload->flags & FUNCTION_OPERATOR;
    if (is_operator && str_equal(name, STR("NEGATE"))) {
        buf_append_byte(buf, '-');
        expr_format(expr->args[0], row_type, buf);
        return;
    }
    if (!is_operator) {
        buf_append_str(buf, name);
        buf_append_byte(buf, '(');
        format_list(expr, row_type, ", ", buf);
        buf_append_byte(buf, ')');
        return;
    }
    buf_append_byte(buf, '(');
    expr_format(expr->args[0], row_type, buf);
    buf_append_byte(buf, ' ');
    buf_append_str(buf, name);
    buf_append_byte(buf, ' ');
    const bool is_in = str_equal(name, STR("IN"));
    const char *between = str_equal(name, STR("BETWEEN")) ? " AND "
                          : str_equal(name, STR("LIKE"))  ? " ESCAPE "
                                                          : ", ";
    if (is_in)
        buf_append_byte(buf, '(');
    for (uint32_t i = 1; i < expr->arg_count; i++) {
        if (i > 1)
            buf_printf(buf, "%s", between);
        expr_format(expr->args[i], row_type, buf);
    }
    buf_printf(buf, is_in ? "))" : ")");
}

static void format_case(const struct expr *expr, const struct row_type *row_type, struct buf *buf)
{
    buf_printf(buf, "(CASE");
    for (uint32_t i = 0; i + 1 < expr->arg_count; i += 2) {
        buf_printf(buf, " WHEN ");
        expr_format(expr->args[i], row_type, buf);
        buf_printf(buf, " THEN ");
        expr_format(expr->args[i + 1], row_type, buf);
    }
    buf_printf(buf, " ELSE ");
    expr_format(expr->args[expr->arg_count - 1], row_type, buf);
    buf_printf(buf, " END)");
}

static void format_list(const struct expr *expr, const struct row_type *row_type,
                        const char *between, struct buf *buf)
{
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (i > 0)
            buf_printf(buf, "%s", between);
        expr_format(expr->args[i], row_type, buf);
    }
}

/* MAP('a':=1, 'b':=2), STRUCT(`A`:=1) */
static void format_pairs(const struct expr *expr, const struct row_type *row_type, struct buf *buf)
{
    const bool is_map = expr->kind == EXPR_MAP;
    buf_printf(buf, is_map ? "MAP(" : "STRUCT(");
    for (uint32_t i = 0; i < expr->arg_count; i += is_map ? 2 : 1) {
        if (i > 0)
            buf_printf(buf, ", ");
        if (is_map)
            expr_format(expr->args[i], row_type, buf);
        else
            buf_append_str(buf, expr->type->fields[i].name);
        buf_printf(buf, ":=");
        expr_format(expr->args[i + (is_map ? 1 : 0)], row_type, buf);
    }
    buf_append_byte(buf, ')');
}
