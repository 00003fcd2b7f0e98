/* syntax_format.c -- expressions and names as SQL text, for messages. */
#include "sql/parser.h"
#include "sql/sql.h"

struct syntax_shape {
    struct shape base; /* first */
    const struct syntax_expr *expr;
};

static void write_arg(const struct shape *shape, uint32_t index);
static void write_member(const struct shape *shape, uint32_t index);
static void write_name(const struct syntax_expr *expr, struct buf *buf);
static void write_parameters(const struct syntax_expr *expr, struct buf *buf);

void syntax_format(const struct syntax_expr *expr, struct buf *buf)
{
    const struct syntax_shape whole = {
        .base = {.buf = buf,
                 .arg_count = expr->arg_count,
                 .write_arg = expr->kind == SYNTAX_STRUCT ? write_member : write_arg},
        .expr = expr,
    };
    const struct shape *shape = &whole.base;
    switch (expr->kind) {
    case SYNTAX_NULL:
        buf_append_str(buf, STR("NULL"));
        return;
    case SYNTAX_BOOLEAN:
        buf_append_str(buf, expr->is_true ? STR("TRUE") : STR("FALSE"));
        return;
    case SYNTAX_INTEGER:
    case SYNTAX_DECIMAL:
    case SYNTAX_DOUBLE:
        buf_append_str(buf, expr->text);
        return;
    case SYNTAX_TEXT:
        buf_printf(buf, "'%.*s'", STR_ARGS(expr->text));
        return;
    case SYNTAX_NAME:
        write_name(expr, buf);
        return;
    case SYNTAX_CALL:
        buf_append_str(buf, expr->name);
        shape_list(shape, expr->is_star ? "(*" : "(", ", ", ")");
        return;
    case SYNTAX_OPERATOR:
        if (str_equal(expr->name, STR("NEGATE")))
            shape_list(shape, "(-", "", ")");
        else
            shape_operator(shape, expr->name);
        return;
    case SYNTAX_AND:
        shape_list(shape, "(", " AND ", ")");
        return;
    case SYNTAX_OR:
        shape_list(shape, "(", " OR ", ")");
        return;
    case SYNTAX_NOT:
        shape_list(shape, "(NOT ", "", ")");
        return;
    case SYNTAX_IS_NULL:
        shape_list(shape, "(", "", " IS NULL)");
        return;
    case SYNTAX_CASE:
        shape_case(shape);
        return;
    case SYNTAX_CAST:
        shape_list(shape, "CAST(", "", " AS ");
        buf_append_str(buf, expr->type->name);
        buf_append_byte(buf, ')');
        return;
    case SYNTAX_FIELD:
        shape_list(shape, "", "", "->");
        sql_format_name(expr->name, buf);
        return;
    case SYNTAX_SUBSCRIPT:
        shape_list(shape, "", "[", "]");
        return;
    case SYNTAX_ARRAY:
        shape_list(shape, "ARRAY[", ", ", "]");
        return;
    case SYNTAX_MAP:
        shape_map(shape);
        return;
    case SYNTAX_STRUCT:
        shape_list(shape, "STRUCT(", ", ", ")");
        return;
    case SYNTAX_LAMBDA:
        write_parameters(expr, buf);
        shape_list(shape, " => ", "", "");
        return;
    }
    must_not_reach();
}

static const struct syntax_expr *expr_of(const struct shape *base)
{
    must(base->write_arg == write_arg || base->write_arg == write_member);
    return ((const struct syntax_shape *)base)->expr;
}

static void write_arg(const struct shape *shape, uint32_t index)
{
    syntax_format(expr_of(shape)->args[index], shape->buf);
}

/* NAME:=value of a STRUCT */
static void write_member(const struct shape *shape, uint32_t index)
{
    sql_format_name(expr_of(shape)->names[index], shape->buf);
    buf_append_str(shape->buf, STR(":="));
    syntax_format(expr_of(shape)->args[index], shape->buf);
}

static void write_name(const struct syntax_expr *expr, struct buf *buf)
{
    if (expr->qualifier.size > 0) {
        sql_format_name(expr->qualifier, buf);
        buf_append_byte(buf, '.');
    }
    sql_format_name(expr->name, buf);
}

static void write_parameters(const struct syntax_expr *expr, struct buf *buf)
{
    buf_append_byte(buf, '(');
    for (uint32_t i = 0; i < expr->name_count; i++) {
        if (i > 0)
            buf_append_str(buf, STR(", "));
        sql_format_name(expr->names[i], buf);
    }
    buf_append_byte(buf, ')');
}

struct str syntax_text(const struct syntax_expr *expr, struct arena *arena)
{
    struct buf buf = {0};
    syntax_format(expr, &buf);
    const struct str text = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return text;
}

void sql_format_name(struct str name, struct buf *buf)
{
    bool plain = name.size > 0 && (name.data[0] < '0' || name.data[0] > '9');
    for (size_t i = 0; i < name.size && plain; i++) {
        const char c = name.data[i];
        plain = (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
    }
    if (plain && !parser_is_reserved(name)) {
        buf_append_str(buf, name);
        return;
    }
    buf_append_byte(buf, '`');
    for (size_t i = 0; i < name.size; i++) {
        buf_append_byte(buf, (uint8_t)name.data[i]);
        if (name.data[i] == '`')
            buf_append_byte(buf, '`');
    }
    buf_append_byte(buf, '`');
}
