/* functions.h -- functions of the dialect and typed expressions over batches.
 *
 * A function is one entry in one table: name, signatures, body, doc. Operators ("+", "=", "LIKE",
 * "IN", "BETWEEN", "||", ...) are entries too, only not listed to users. Expressions are built
 * bottom-up by the functions below, which find the overload, put in implicit casts and compute the
 * type; once built they are immutable and may be evaluated by several threads. */
#ifndef FUNCTIONS_FUNCTIONS_H
#define FUNCTIONS_FUNCTIONS_H

#include "data/batch.h"

#include <stdint.h>

#define EXPR_DEPTH_MAX 200

/* Where something stands in a statement's text; from 1. */
struct place {
    int line;
    int column;
};

enum expr_kind {
    EXPR_LITERAL,   /* literal; type NULL: NULL of no type yet */
    EXPR_COLUMN,    /* column of the batch */
    EXPR_PARAMETER, /* of the lambda around it */
    EXPR_CALL,      /* a scalar or table function, or an operator */
    EXPR_CAST,
    EXPR_AND,
    EXPR_OR,
    EXPR_NOT,
    EXPR_IS_NULL,
    EXPR_CASE,      /* condition, result, condition, result, ..., otherwise */
    EXPR_FIELD,     /* struct->field */
    EXPR_SUBSCRIPT, /* array[i] (from 1, negative from the end), map[key] */
    EXPR_ARRAY,
    EXPR_MAP, /* key, value, key, value, ... */
    EXPR_STRUCT,
    EXPR_LAMBDA
};

struct function_overload;

struct expr {
    enum expr_kind kind;
    const struct type *type; /* of the result; NULL for NULL without a type and for lambdas */
    struct place place;
    struct expr *const *args;
    uint32_t arg_count;
    struct value literal;                     /* LITERAL */
    uint32_t index;                           /* COLUMN, PARAMETER, FIELD: which one */
    const struct function_overload *overload; /* CALL */
    uint32_t parameter_count;                 /* LAMBDA: args[0] is the body */
    bool is_written;                          /* CAST: not put in by an operator or a function */
    uint32_t depth;                           /* 1 for a leaf; the builders keep it bounded */
};

struct expr *expr_literal(struct arena *arena, const struct type *type, struct value value,
                          struct place place);
struct expr *expr_null(struct arena *arena, struct place place);
struct expr *expr_column(struct arena *arena, uint32_t column, const struct type *type,
                         struct place place);
struct expr *expr_parameter(struct arena *arena, uint32_t parameter, const struct type *type,
                            struct place place);
/* `body` uses parameters 0 to parameter_count - 1. */
struct expr *expr_lambda(struct arena *arena, uint32_t parameter_count, struct expr *body,
                         struct place place);

/* The builders below return OK or ERR_INVALID, nothing else, with place and words: what was found,
 * what is expected, the nearest name; or that it is nested more than EXPR_DEPTH_MAX deep. What they
 * make lives in the arena and points to the arguments, which must live as long; NULL literals among
 * them take the type that is wanted. [any], an arena at a time. */

/* Scalar and table functions and operators, by name without regard to case. */
MUST_CHECK enum err expr_call(struct arena *arena, struct str name, struct expr *const *args,
                              uint32_t arg_count, struct place place, struct expr **ret_expr,
                              struct why *why);
/* CAST: ERR_INVALID for pairs that cannot be cast. */
MUST_CHECK enum err expr_cast(struct arena *arena, struct expr *from, const struct type *type,
                              struct place place, struct expr **ret_expr, struct why *why);
/* A cast that ksqlDB does by itself (INTEGER to BIGINT to DECIMAL to DOUBLE, NULL to anything, text
 * literals to TIME, DATE and TIMESTAMP in comparisons and INSERT VALUES). */
MUST_CHECK enum err expr_coerce(struct arena *arena, struct expr *from, const struct type *type,
                                struct expr **ret_expr, struct why *why);
/* AND, OR, NOT over BOOLEAN. */
MUST_CHECK enum err expr_logic(struct arena *arena, enum expr_kind kind, struct expr *const *args,
                               uint32_t arg_count, struct place place, struct expr **ret_expr,
                               struct why *why);
struct expr *expr_is_null(struct arena *arena, struct expr *of, struct place place);
/* conditions[i] -> results[i]; otherwise may be NULL. */
MUST_CHECK enum err expr_case(struct arena *arena, struct expr *const *conditions,
                              struct expr *const *results, uint32_t count, struct expr *otherwise,
                              struct place place, struct expr **ret_expr, struct why *why);
MUST_CHECK enum err expr_field(struct arena *arena, struct expr *of, struct str name,
                               struct place place, struct expr **ret_expr, struct why *why);
MUST_CHECK enum err expr_subscript(struct arena *arena, struct expr *of, struct expr *index,
                                   struct place place, struct expr **ret_expr, struct why *why);
MUST_CHECK enum err expr_array(struct arena *arena, struct expr *const *items, uint32_t count,
                               struct place place, struct expr **ret_expr, struct why *why);
/* keys[i] := values[i] */
MUST_CHECK enum err expr_map(struct arena *arena, struct expr *const *keys,
                             struct expr *const *values, uint32_t count, struct place place,
                             struct expr **ret_expr, struct why *why);
MUST_CHECK enum err expr_struct(struct arena *arena, const struct str *names,
                                struct expr *const *values, uint32_t count, struct place place,
                                struct expr **ret_expr, struct why *why);

/* Same result for the same row: same tree, places aside. */
bool expr_equal(const struct expr *a, const struct expr *b);
/* Has no column and no parameter in it. */
bool expr_is_constant(const struct expr *expr);
/* Sets used[i] for every column i in it. */
void expr_columns(const struct expr *expr, bool *used);
/* A copy with column i replaced by map[i] (which must not be UINT16_MAX for a used one). */
struct expr *expr_remap(struct arena *arena, const struct expr *expr, const uint16_t *map);
/* SQL text, names from the row type. For EXPLAIN. */
void expr_format(const struct expr *expr, const struct row_type *row_type, struct buf *buf);

/* What SQL text needs of an expression's parts, be they trees of syntax or of this room. Embedded
 * in a struct that knows them. */
struct shape {
    struct buf *buf;
    uint32_t arg_count;
    void (*write_arg)(const struct shape *shape, uint32_t index);
};
void shape_list(const struct shape *shape, const char *open, const char *between,
                const char *close);
/* (a + b), (a IN (b, c)), (a BETWEEN b AND c), (a LIKE b ESCAPE c) */
void shape_operator(const struct shape *shape, struct str name);
/* WHEN and THEN in turn; ELSE when one is left over. */
void shape_case(const struct shape *shape);
/* Keys and values in turn. */
void shape_map(const struct shape *shape);

/* One evaluation of expressions over one batch. */
struct evaluation {
    struct arena *arena; /* results live here */
    const struct batch *batch;
    uint8_t *failed;     /* one byte a row, set to 1 where an expression failed; may be NULL */
    uint64_t fail_count; /* cells that failed, in all */
};

/* Evaluates for the selected rows. A cell that fails is NULL and marked. The column is valid as
 * long as arena and batch; for a plain column it is the batch's own. [worker] */
const struct column *expr_evaluate(const struct expr *expr, struct evaluation *evaluation);
/* Keeps the rows of the selection where the BOOLEAN expr is true. Rows where it fails are dropped
 * and counted. */
void expr_filter(const struct expr *expr, struct evaluation *evaluation, struct batch *batch);
/* The value of a constant expression. ERR_INVALID when it fails. */
MUST_CHECK enum err expr_constant(const struct expr *expr, struct arena *arena,
                                  struct value *ret_value, struct why *why);

enum function_kind { FUNCTION_SCALAR, FUNCTION_AGGREGATE, FUNCTION_TABLE };
/* "SCALAR", "AGGREGATE", "TABLE". */
const char *function_kind_name(enum function_kind kind);

/* What users see of a function; static. */
struct function_info {
    struct str name;
    enum function_kind kind;
    const char *doc;
    const char *const *signatures; /* "SUBSTRING(STRING, INTEGER[, INTEGER]) STRING" */
    uint32_t signature_count;
};

/* NULL when there is none; operators are none. Without regard to case. */
const struct function_info *function_find(struct str name);
uint32_t function_count(void);
const struct function_info *function_at(uint32_t index);
/* The nearest name, size 0 when none is near. */
struct str function_nearest(struct str name);

/* For arguments of functions that take lambdas: the types of the lambda's parameters, given the
 * arguments before it. ret_types has room for 3. ERR_INVALID. */
MUST_CHECK enum err function_lambda_types(struct arena *arena, struct str name,
                                          struct expr *const *args_before, uint32_t arg_count,
                                          uint32_t argument, const struct type **ret_types,
                                          uint32_t *ret_count, struct place place, struct why *why);

/* An aggregate with its overload chosen; immutable, lives in the arena it was resolved in. */
struct aggregate;

struct aggregate_ops {
    /* Each works on `state`, a value of state_type; what it makes lives in `arena`, and what it is
     * given is not kept. */
    void (*init)(const struct aggregate *aggregate, struct value *state, struct arena *arena);
    enum err (*add)(const struct aggregate *aggregate, struct value *state,
                    const struct value *args, struct arena *arena);
    /* Takes a row back, for tables: ERR_UNSUPPORTED where the aggregate cannot. */
    enum err (*undo)(const struct aggregate *aggregate, struct value *state,
                     const struct value *args, struct arena *arena);
    /* state becomes state and other together, for sessions. */
    enum err (*merge)(const struct aggregate *aggregate, struct value *state,
                      const struct value *other, struct arena *arena);
    struct value (*result)(const struct aggregate *aggregate, const struct value *state,
                           struct arena *arena);
};

struct aggregate {
    const struct aggregate_ops *ops;
    struct str name;
    const struct type *state_type;
    const struct type *result_type;
    const struct type *const *arg_types; /* of the args that vary by row */
    uint32_t arg_count;
    const struct value *constants; /* of the args that must be literals (k of TOPK) */
    uint32_t constant_count;
    uint32_t items_max; /* COLLECT_LIST, COLLECT_SET: later values are left out; 0: no limit */
    bool can_undo;
};

/* Finds the overload for args; ret_args (room for arg_count) are the args that vary by row, cast as
 * needed, aggregate->arg_count of them. COUNT(*) has none. ERR_INVALID. */
MUST_CHECK enum err aggregate_resolve(struct arena *arena, struct str name,
                                      struct expr *const *args, uint32_t arg_count,
                                      struct place place, const struct aggregate **ret_aggregate,
                                      struct expr **ret_args, struct why *why);

#endif
