/* syntax_find.c -- which functions are called in an expression. */
#include "sql/planner.h"

static const struct syntax_expr *find_call(const struct syntax_expr *syntax,
                                           enum function_kind kind)
{
    if (syntax->kind == SYNTAX_CALL) {
        const struct function_info *info = function_find(syntax->name);
        if (info && info->kind == kind)
            return syntax;
    }
    for (uint32_t i = 0; i < syntax->arg_count; i++) {
        const struct syntax_expr *found = find_call(syntax->args[i], kind);
        if (found)
            return found;
    }
    return NULL;
}

const struct syntax_expr *syntax_find_aggregate(const struct syntax_expr *syntax)
{
    return find_call(syntax, FUNCTION_AGGREGATE);
}

const struct syntax_expr *syntax_find_table_function(const struct syntax_expr *syntax)
{
    return find_call(syntax, FUNCTION_TABLE);
}
