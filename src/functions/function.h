/* function.h -- inside the room: entries of the function table, and what their bodies are given.
 *
 * A body works on columns, or on one value with the helper in call.c around it. The text of a
 * signature is all there is to say about types:
 *
 *     NAME(param, param[, param][, param]) result
 *
 * where a param is a type, T, K, V, ... (any type, the same wherever the letter stands), ANY (any
 * type), DECIMAL (of any precision), (T, K) => V (a lambda), and "type..." may stand for any number
 * of them, none too. A result that says DECIMAL has the type of the first DECIMAL argument, unless
 * the entry's `type` computes one. */
#ifndef FUNCTIONS_FUNCTION_H
#define FUNCTIONS_FUNCTION_H

#include "functions/functions.h"

struct call;
struct aggregate_kind;

/* Sets *ret_value from args[0 .. arg_count - 1]; a failure makes the cell NULL and counts. */
typedef enum err function_value(struct call *call, const struct value *args,
                                struct value *ret_value);
/* Sets the cells of the call's rows in `result`, whose null flags are all 0. args[i] is NULL where
 * the argument is a lambda. */
typedef void function_columns(struct call *call, const struct column *const *args,
                              struct column *result);
/* Computes the result's type from the arguments, or refuses them. */
typedef enum err function_type(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                               const struct type **ret_type, struct why *why);

enum function_flag {
    FUNCTION_SEES_NULLS = 1,  /* `value` is called with NULL arguments too; else NULL gives NULL */
    FUNCTION_VOLATILE = 2,    /* not constant: RANDOM() */
    FUNCTION_COMMON_TYPE = 4, /* DECIMAL arguments are all cast to one type that holds them all */
    FUNCTION_OPERATOR = 8,    /* a failure makes the whole expression NULL, as ksqlDB has it */
    FUNCTION_UNIT_LITERAL = 16, /* argument 0 is a literal: a unit of time */
    FUNCTION_NULL_SPREADS = 32  /* an operator's NULL makes the whole expression NULL */
};

struct function_overload {
    const char *signature;
    function_value *value; /* one of these two; none for aggregates */
    function_columns *columns;
    function_type *type; /* NULL: as the signature says */
    uint32_t flags;
    const struct aggregate_kind *aggregate; /* aggregates only */
    uint32_t constant_count;                /* aggregates: so many last arguments are literals */
};

/* One function, whatever its overloads. */
struct function_entry {
    const char *name;
    enum function_kind kind;
    const char *doc;
    const struct function_overload *overloads;
    uint32_t overload_count;
};

#define FUNCTION_OVERLOADS(array)                                                                  \
    .overloads = (array), .overload_count = sizeof(array) / sizeof(*(array))

/* One topic's entries; function_table.c lists the topics. */
struct function_topic {
    const struct function_entry *entries;
    uint32_t entry_count;
};

#define FUNCTION_TOPIC(array)                                                                      \
    {                                                                                              \
        (array), sizeof(array) / sizeof(*(array))                                                  \
    }

extern const struct function_topic functions_array, functions_average, functions_bytes,
    functions_collect, functions_conditional, functions_conversion, functions_count, functions_date,
    functions_distinct, functions_json, functions_lambda, functions_map, functions_mask,
    functions_math, functions_offset, functions_regex, functions_rounding, functions_set,
    functions_string, functions_table, functions_text_search, functions_timestamp,
    functions_trigonometry, functions_url;

/* NULL when there is none. */
const struct function_entry *function_entry_find(struct str name);
/* The signature's text up to its parenthesis. */
struct str function_overload_name(const struct function_overload *overload);

/* --- choosing an overload (overload.c, signature.c) --- */

#define SIGNATURE_PARAMS_MAX 16
#define SIGNATURE_LETTERS 26

enum pattern_kind { PATTERN_TYPE, PATTERN_LETTER, PATTERN_ANY, PATTERN_LAMBDA };

/* A type in a signature. */
struct pattern {
    enum pattern_kind kind;
    enum type_kind type;                /* TYPE */
    uint32_t letter;                    /* LETTER: 0 is A */
    const struct pattern *const *items; /* ARRAY: item. MAP: key, item. STRUCT: fields. LAMBDA:
                                           parameters and the result */
    uint32_t item_count;
    const struct str *names; /* STRUCT */
};

struct signature {
    const struct pattern *params[SIGNATURE_PARAMS_MAX];
    uint32_t param_count;
    uint32_t required_count; /* those before the first optional one */
    int variadic;            /* which of params may repeat; -1: none */
    const struct pattern *result;
};

/* What letters and DECIMAL stand for, once arguments have been seen. */
struct binding {
    const struct type *letters[SIGNATURE_LETTERS];
    const struct type *decimal;
};

/* Parses a signature of the table; aborts on one that cannot be parsed. */
struct signature *signature_parse(struct arena *arena, const char *text);
/* Parses one type of a signature's language: states of aggregates. */
const struct pattern *pattern_parse(struct arena *arena, const char *text);
/* The type a pattern stands for; NULL when one of its letters is unbound. */
const struct type *pattern_type(struct arena *arena, const struct pattern *pattern,
                                const struct binding *binding);
/* Finds the overload and casts the arguments. ERR_INVALID with what was found and expected. */
enum err overload_choose(struct arena *arena, const struct function_entry *entry,
                         struct expr *const *args, uint32_t arg_count, struct place place,
                         const struct function_overload **ret_overload, struct expr **ret_args,
                         struct binding *ret_binding, const struct type **ret_type,
                         struct why *why);

/* --- building --- */

struct expr *expr_new(struct arena *arena, enum expr_kind kind, const struct type *type,
                      struct place place, struct expr *const *args, uint32_t arg_count);
/* Refuses expressions that are nested too deeply. */
enum err expr_check_depth(const struct expr *expr, struct why *why);
/* A cast node, or what it stands for: `from` itself when the types are equal, a literal when `from`
 * is one that casts. The pair must be castable. */
struct expr *expr_cast_node(struct arena *arena, struct expr *from, const struct type *type,
                            struct place place);
bool expr_is_text_literal(const struct expr *expr);
/* ARRAY[...], MAP(...) or STRUCT(...). */
bool expr_is_constructor(const struct expr *expr);
/* Whether ksqlDB casts `from` to `to` by itself in a call. */
bool type_widens(const struct type *from, const struct type *to);
/* The least type both widen to, NULL when there is none. */
const struct type *type_common(struct arena *arena, const struct type *a, const struct type *b);
/* Casts all to one type as in ARRAY[...], IN and CASE: NULLs and literals follow the others. `what`
 * names the construct. ERR_INVALID, also when all are NULL. */
enum err coerce_all(struct arena *arena, struct expr *const *exprs, uint32_t count,
                    const char *what, struct expr **ret_exprs, const struct type **ret_type,
                    struct why *why);
/* The same for one constructor, whose items follow `type`. */
enum err coerce_constructor(struct arena *arena, struct expr *from, const struct type *type,
                            struct expr **ret_expr, struct why *why);
/* A call of an operator; ERR_NOT_FOUND, without words, when the name is none. */
enum err operator_call(struct arena *arena, struct str name, struct expr *const *args,
                       uint32_t arg_count, struct place place, struct expr **ret_expr,
                       struct why *why);
/* Type-checked bodies of the operators. */
enum err arithmetic_call(struct arena *arena, struct str name, struct expr *const *args,
                         struct place place, struct expr **ret_expr, struct why *why);
enum err negate_call(struct arena *arena, struct expr *arg, struct place place,
                     struct expr **ret_expr, struct why *why);
enum err compare_call(struct arena *arena, struct str name, struct expr *const *args,
                      struct place place, struct expr **ret_expr, struct why *why);
enum err between_call(struct arena *arena, struct expr *const *args, struct place place,
                      struct expr **ret_expr, struct why *why);
enum err in_call(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                 struct place place, struct expr **ret_expr, struct why *why);
enum err like_call(struct arena *arena, struct expr *const *args, uint32_t arg_count,
                   struct place place, struct expr **ret_expr, struct why *why);
/* A CALL node of an operator's overload. */
struct expr *operator_node(struct arena *arena, const struct function_overload *overload,
                           const struct type *type, struct expr *const *args, uint32_t arg_count,
                           struct place place);

/* --- evaluating (evaluate.c, call.c, cast.c) --- */

/* Rows to work on. `at` is NULL when they are 0 to count - 1: keep a copy in a local variable, so
 * that the compiler sees that it does not change, and can vectorise. */
struct rows {
    const uint16_t *at;
    uint32_t count;
};

static inline uint32_t rows_get(struct rows rows, uint32_t i)
{
    return rows.at ? rows.at[i] : i;
}

/* Rows whose whole expression is NULL because an operator failed in it; made at first use. */
struct poison {
    uint8_t *rows;
};

/* What evaluating an expression over some rows needs. */
struct scope {
    struct evaluation *evaluation;
    struct arena *arena;
    uint32_t capacity; /* rows a result column has room for */
    struct rows rows;
    struct poison *poison;                  /* NULL: a failure stays in its cell */
    const struct column *const *parameters; /* of the lambda around; NULL outside */
};

const struct column *scope_evaluate(const struct scope *scope, const struct expr *expr);
/* The same where an operator's failure, or its NULL, makes this expression NULL and nothing around
 * it. */
const struct column *scope_evaluate_guarded(const struct scope *scope, const struct expr *expr);
/* A result column, null flags 0. */
struct column *scope_column(const struct scope *scope, const struct type *type);
/* A selection with room for all rows of the scope. */
uint16_t *scope_selection(const struct scope *scope);
/* Notes that the row's cell failed; `spreads`: in an operator. */
void scope_fail(const struct scope *scope, uint32_t row, bool spreads);
/* Makes the whole expression NULL for the row. */
void scope_poison(const struct scope *scope, uint32_t row);
const struct column *case_evaluate(const struct scope *scope, const struct expr *expr);
const struct column *logic_evaluate(const struct scope *scope, const struct expr *expr);
const struct column *field_evaluate(const struct scope *scope, const struct expr *expr);
const struct column *subscript_evaluate(const struct scope *scope, const struct expr *expr);
const struct column *construct_evaluate(const struct scope *scope, const struct expr *expr);
const struct column *call_evaluate(const struct scope *scope, const struct expr *expr);
const struct column *cast_evaluate(const struct scope *scope, const struct expr *expr);

/* One call over some rows. */
struct call {
    const struct scope *scope;
    const struct expr *expr;
    struct arena *arena;
    struct rows rows;
    uint32_t arg_count;
    void *memory; /* a body's own, NULL at first: what it compiled for this call, in the arena */
};

static inline const struct type *call_arg_type(const struct call *call, uint32_t arg)
{
    return call->expr->args[arg]->type;
}

/* Makes the cell NULL and counts it. */
void call_fail(struct call *call, struct column *result, uint32_t row);

bool cast_is_possible(const struct type *from, const struct type *to);
/* ERR_INVALID, ERR_OUT_OF_RANGE. Text that is made lives in the arena. */
enum err cast_value(const struct type *from, const struct type *to, const struct value *value,
                    struct arena *arena, struct value *ret_value);

/* --- aggregates (aggregate.c) --- */

#define AGGREGATE_ITEMS_MAX 100000 /* what n and k may ask for */

struct aggregate_kind {
    struct aggregate_ops ops;
    const char *state; /* a type in a signature's language; NULL: the result's */
    bool can_undo;
};

/* Members of ops that many share. */
enum err aggregate_cannot_undo(const struct aggregate *aggregate, struct value *state,
                               const struct value *args, struct arena *arena);
struct value aggregate_state(const struct aggregate *aggregate, const struct value *state,
                             struct arena *arena);
void aggregate_init_null(const struct aggregate *aggregate, struct value *state,
                         struct arena *arena);
void aggregate_init_zero(const struct aggregate *aggregate, struct value *state,
                         struct arena *arena);
void aggregate_init_list(const struct aggregate *aggregate, struct value *state,
                         struct arena *arena);
/* Puts an item into a list, or takes one out; the items before stay as they were. */
void aggregate_list_add(struct value *state, uint32_t at, struct value item, struct arena *arena);
void aggregate_list_remove(struct value *state, uint32_t at, struct arena *arena);

#endif
