/* scope.h -- what names mean: columns in sight, and expressions over them. Private to sql/. */
#ifndef SQL_SCOPE_H
#define SQL_SCOPE_H

#include "sql/resolve.h"
#include "sql/syntax.h"
#include "sql/vector.h"

/* A column of a stream or table that names can mean. */
struct scope_column {
    struct str alias; /* of its source; size 0: nobody's, a synthetic key */
    struct str name;
    const struct type *type;
    uint32_t column; /* of the rows below */
    bool is_key;     /* of its source */
    bool is_pseudo;
};

struct scope {
    struct vector columns; /* of struct scope_column */
    struct vector aliases; /* of struct str: the sources in order */
};

static inline const struct scope_column *scope_columns(const struct scope *scope)
{
    return scope->columns.data;
}

/* Columns named so; *ret_count says how many. With a qualifier only that source's. The first is
 * returned, or NULL. */
const struct scope_column *scope_find(const struct scope *scope, struct str qualifier,
                                      struct str name, uint32_t *ret_count);
bool scope_has_alias(const struct scope *scope, struct str alias);
/* The columns and aliases of both, the left one's first. */
struct scope scope_join(const struct scope *left, const struct scope *right, struct arena *arena);

/* A lambda's parameters, innermost first. */
struct lambda_frame {
    const struct str *names;
    const struct type *const *types;
    uint32_t count;
    const struct lambda_frame *outer;
};

struct resolver {
    struct arena *arena;
    const struct catalog *catalog;
    const struct scope *scope;
    const char *clause; /* "WHERE": for messages */
    struct why *why;
    /* Tried first at every node: ERR_NOT_FOUND leaves it to the usual rules. NULL: none. */
    enum err (*special)(struct resolver *resolver, const struct syntax_expr *syntax,
                        struct expr **ret_expr);
    void *context; /* special's */
    const struct lambda_frame *frame;
};

MUST_CHECK enum err resolve_expr(struct resolver *resolver, const struct syntax_expr *syntax,
                                 struct expr **ret_expr);
/* The arguments of a call, lambdas too. */
MUST_CHECK enum err resolve_args(struct resolver *resolver, const struct syntax_expr *call,
                                 struct expr ***ret_args);
/* The column a NAME means. ERR_INVALID when there is none or more than one. */
MUST_CHECK enum err resolve_name(struct resolver *resolver, const struct syntax_expr *name,
                                 const struct scope_column **ret_column);
/* The same, and BOOLEAN. */
MUST_CHECK enum err resolve_condition(struct resolver *resolver, const struct syntax_expr *syntax,
                                      struct expr **ret_expr);
/* resolve_where.c: a condition of WHERE, where times may be written as text beside ROWTIME,
 * WINDOWSTART and WINDOWEND. Takes the resolver's `special`. */
MUST_CHECK enum err resolve_where(struct resolver *resolver, const struct syntax_expr *syntax,
                                  struct expr **ret_expr);
/* Numbers and texts. */
MUST_CHECK enum err resolve_literal(struct resolver *resolver, const struct syntax_expr *syntax,
                                    struct expr **ret_expr);

#endif
