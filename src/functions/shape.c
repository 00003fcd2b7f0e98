/* shape.c -- expressions' shapes as SQL text, for those who know what the parts are. */
#include "functions/functions.h"

void shape_list(const struct shape *shape, const char *open, const char *between, const char *close)
{
    buf_append_str(shape->buf, str_from(open));
    for (uint32_t i = 0; i < shape->arg_count; i++) {
        if (i > 0)
            buf_append_str(shape->buf, str_from(between));
        shape->write_arg(shape, i);
    }
    buf_append_str(shape->buf, str_from(close));
}

void shape_operator(const struct shape *shape, struct str name)
{
    const bool is_in = str_equal(name, STR("IN"));
    const char *between = is_in ? ", " : str_equal(name, STR("BETWEEN")) ? " AND " : " ESCAPE ";
    buf_append_byte(shape->buf, '(');
    shape->write_arg(shape, 0);
    buf_printf(shape->buf, " %.*s %s", STR_ARGS(name), is_in ? "(" : "");
    for (uint32_t i = 1; i < shape->arg_count; i++) {
        if (i > 1)
            buf_append_str(shape->buf, str_from(between));
        shape->write_arg(shape, i);
    }
    buf_append_str(shape->buf, is_in ? STR("))") : STR(")"));
}

void shape_case(const struct shape *shape)
{
    buf_append_str(shape->buf, STR("(CASE"));
    for (uint32_t i = 0; i < shape->arg_count; i++) {
        const bool is_last = i + 1 == shape->arg_count;
        buf_append_str(shape->buf, i % 2 == 1 ? STR(" THEN ")
                                   : is_last  ? STR(" ELSE ")
                                              : STR(" WHEN "));
        shape->write_arg(shape, i);
    }
    buf_append_str(shape->buf, STR(" END)"));
}

void shape_map(const struct shape *shape)
{
    buf_append_str(shape->buf, STR("MAP("));
    for (uint32_t i = 0; i < shape->arg_count; i++) {
        if (i > 0)
            buf_append_str(shape->buf, i % 2 == 1 ? STR(":=") : STR(", "));
        shape->write_arg(shape, i);
    }
    buf_append_byte(shape->buf, ')');
}
