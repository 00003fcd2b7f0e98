/* syntax_format.c -- expressions and names as SQL text, for messages. */
#include "sql/parser.h"
#include "sql/sql.h"

static void format_list(struct syntax_expr *const *args, uint32_t arg_count, const char *between,
                        struct buf *buf);
static void format_operator(const struct syntax_expr *expr, struct buf *buf);
static void format_pairs(const struct syntax_expr *expr, struct buf *buf);
static void format_case(const struct syntax_expr *expr, struct buf *buf);
static void format_lambda(const struct syntax_expr *expr, struct buf *buf);

void syntax_format(const struct syntax_expr *expr, struct buf *buf)
{
    switch (expr->kind) {
    case SYNTAX_NULL:
        buf_printf(buf, "NULL");
        break;
    case SYNTAX_BOOLEAN:
        buf_printf(buf, "%s", expr->is_true ? "TRUE" : "FALSE");
        break;
    case SYNTAX_INTEGER:
    case SYNTAX_DECIMAL:
    case SYNTAX_DOUBLE:
        buf_append_str(buf, expr->text);
        break;
    case SYNTAX_TEXT:
        buf_printf(buf, "'%.*s'", STR_ARGS(expr->text));
        break;
    case SYNTAX_NAME:
        if (expr->qualifier.size > 0) {
            sql_format_name(expr->qualifier, buf);
            buf_append_byte(buf, '.');
        }
        sql_format_name(expr->name, buf);
        break;
    case SYNTAX_CALL:
        buf_printf(buf, "%.*s(%s", STR_ARGS(expr->name), expr->is_star ? "*" : "");
        format_list(expr->args, expr->arg_count, ", ", buf);
        buf_append_byte(buf, ')');
        break;
    case SYNTAX_OPERATOR:
        format_operator(expr, buf);
        break;
    case SYNTAX_AND:
    case SYNTAX_OR:
        buf_append_byte(buf, '(');
        format_list(expr->args, expr->arg_count, expr->kind == SYNTAX_AND ? " AND " : " OR ", buf);
        buf_append_byte(buf, ')');
        break;
    case SYNTAX_NOT:
        buf_printf(buf, "(NOT ");
        syntax_format(expr->args[0], buf);
        buf_append_byte(buf, ')');
        break;
    case SYNTAX_IS_NULL:
        buf_append_byte(buf, '(');
        syntax_format(expr->args[0], buf);
        buf_printf(buf, " IS NULL)");
        break;
    case SYNTAX_CASE:
        format_case(expr, buf);
        break;
    case SYNTAX_CAST:
        buf_printf(buf, "CAST(");
        syntax_format(expr->args[0], buf);
        buf_printf(buf, " AS %.*s)", STR_ARGS(expr->type->name));
        break;
    case SYNTAX_FIELD:
        syntax_format(expr->args[0], buf);
        buf_printf(buf, "->");
        sql_format_name(expr->name, buf);
        break;
    case SYNTAX_SUBSCRIPT:
        syntax_format(expr->args[0], buf);
        buf_append_byte(buf, '[');
        syntax_format(expr->args[1], buf);
        buf_append_byte(buf, ']');
        break;
    case SYNTAX_ARRAY:
        buf_printf(buf, "ARRAY[");
        format_list(expr->args, expr->arg_count, ", ", buf);
        buf_append_byte(buf, ']');
        break;
    case SYNTAX_MAP:
    case SYNTAX_STRUCT:
        format_pairs(expr, buf);
        break;
    case SYNTAX_LAMBDA:
        format_lambda(expr, buf);
        break;
    }
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

static void format_list(struct syntax_expr *const *args, uint32_t arg_count, const char *between,
                        struct buf *buf)
{
    for (uint32_t i = 0; i < arg_count; i++) {
        if (i > 0)
            buf_printf(buf, "%s", between);
        syntax_format(args[i], buf);
    }
}

static void format_operator(const struct syntax_expr *expr, struct buf *buf)
{
    buf_append_byte(buf, '(');
    if (str_equal(expr->name, STR("NEGATE"))) {
        buf_append_byte(buf, '-');
        syntax_format(expr->args[0], buf);
    } else if (str_equal(expr->name, STR("IN"))) {
        syntax_format(expr->args[0], buf);
        buf_printf(buf, " IN (");
        format_list(expr->args + 1, expr->arg_count - 1, ", ", buf);
        buf_append_byte(buf, ')');
    } else {
        const bool is_between = str_equal(expr->name, STR("BETWEEN"));
        for (uint32_t i = 0; i < expr->arg_count; i++) {
            if (i == 1)
                buf_printf(buf, " %.*s ", STR_ARGS(expr->name));
            if (i == 2)
                buf_printf(buf, "%s", is_between ? " AND " : " ESCAPE ");
            syntax_format(expr->args[i], buf);
        }
    }
    buf_append_byte(buf, ')');
}

static void format_pairs(const struct syntax_expr *expr, struct buf *buf)
{
    const bool is_map = expr->kind == SYNTAX_MAP;
    buf_printf(buf, "%s(", is_map ? "MAP" : "STRUCT");
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (i > 0)
            buf_printf(buf, "%s", is_map && i % 2 == 1 ? ":=" : ", ");
        if (!is_map) {
            sql_format_name(expr->names[i], buf);
            buf_printf(buf, ":=");
        }
        syntax_format(expr->args[i], buf);
    }
    buf_append_byte(buf, ')');
}

static void format_case(const struct syntax_expr *expr, struct buf *buf)
{
    buf_printf(buf, "(CASE");
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        const bool is_last = i + 1 == expr->arg_count;
        buf_printf(buf, "%s", i % 2 == 1 ? " THEN " : is_last ? " ELSE " : " WHEN ");
        syntax_format(expr->args[i], buf);
    }
    buf_printf(buf, " END)");
}

static void format_lambda(const struct syntax_expr *expr, struct buf *buf)
{
    buf_append_byte(buf, '(');
    for (uint32_t i = 0; i < expr->name_count; i++) {
        if (i > 0)
            buf_printf(buf, ", ");
        sql_format_name(expr->names[i], buf);
    }
    buf_printf(buf, ") => ");
    syntax_format(expr->args[0], buf);
}
