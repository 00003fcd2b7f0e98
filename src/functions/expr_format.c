/* expr_format.c -- expressions as SQL text, for EXPLAIN and messages. */
#include "functions/function.h"

#include "base/base64.h"

struct expr_shape {
    struct shape base; /* first */
    const struct expr *expr;
    const struct row_type *row_type;
};

static void write_arg(const struct shape *shape, uint32_t index);
static void write_member(const struct shape *shape, uint32_t index);
static void format_literal(const struct expr *expr, struct buf *buf);
static void format_text(struct str text, struct buf *buf);
static void format_call(const struct expr_shape *shape);

void expr_format(const struct expr *expr, const struct row_type *row_type, struct buf *buf)
{
    struct expr_shape shape = {
        .base = {.buf = buf,
                 .arg_count = expr->arg_count,
                 .write_arg = expr->kind == EXPR_STRUCT ? write_member : write_arg},
        .expr = expr,
        .row_type = row_type,
    };
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
        format_call(&shape);
        return;
    case EXPR_CAST:
        shape_list(&shape.base, "CAST(", "", " AS ");
        type_format(expr->type, buf);
        buf_append_byte(buf, ')');
        return;
    case EXPR_AND:
        shape_list(&shape.base, "(", " AND ", ")");
        return;
    case EXPR_OR:
        shape_list(&shape.base, "(", " OR ", ")");
        return;
    case EXPR_NOT:
        shape_list(&shape.base, "(NOT ", "", ")");
        return;
    case EXPR_IS_NULL:
        shape_list(&shape.base, "(", "", " IS NULL)");
        return;
    case EXPR_CASE:
        shape_case(&shape.base);
        return;
    case EXPR_FIELD:
        shape_list(&shape.base, "", "", "->");
        buf_append_str(buf, expr->args[0]->type->fields[expr->index].name);
        return;
    case EXPR_SUBSCRIPT:
        shape_list(&shape.base, "", "[", "]");
        return;
    case EXPR_ARRAY:
        shape_list(&shape.base, "ARRAY[", ", ", "]");
        return;
    case EXPR_MAP:
        shape_map(&shape.base);
        return;
    case EXPR_STRUCT:
        shape_list(&shape.base, "STRUCT(", ", ", ")");
        return;
    case EXPR_LAMBDA:
        buf_append_byte(buf, '(');
        for (uint32_t i = 0; i < expr->parameter_count; i++)
            buf_printf(buf, "%sX%u", i > 0 ? ", " : "", i + 1);
        shape_list(&shape.base, ") => ", "", "");
        return;
    }
    must_not_reach();
}

static const struct expr_shape *expr_shape_of(const struct shape *base)
{
    must(base->write_arg == write_arg || base->write_arg == write_member);
    return (const struct expr_shape *)base;
}

static void write_arg(const struct shape *base, uint32_t index)
{
    const struct expr_shape *shape = expr_shape_of(base);
    expr_format(shape->expr->args[index], shape->row_type, base->buf);
}

/* NAME:=value of a STRUCT */
static void write_member(const struct shape *base, uint32_t index)
{
    const struct expr_shape *shape = expr_shape_of(base);
    buf_append_str(base->buf, shape->expr->type->fields[index].name);
    buf_append_str(base->buf, STR(":="));
    expr_format(shape->expr->args[index], shape->row_type, base->buf);
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

static void format_call(const struct expr_shape *shape)
{
    const struct str name = function_overload_name(shape->expr->overload);
    if (!(shape->expr->overload->flags & FUNCTION_OPERATOR)) {
        buf_append_str(shape->base.buf, name);
        shape_list(&shape->base, "(", ", ", ")");
    } else if (str_equal(name, STR("NEGATE"))) {
        shape_list(&shape->base, "-", "", "");
    } else {
        shape_operator(&shape->base, name);
    }
}
