/* planner.h -- a query on its way from syntax to a plan. Private to sql/.
 *
 * Planning goes bottom-up: sources become relations, joins make one relation of two, WHERE,
 * grouping and the projection go on top, the sink closes the last stage. Nodes carry every column
 * until then; plan_prune.c takes away what nobody uses, from the last stage to the first. */
#ifndef SQL_PLANNER_H
#define SQL_PLANNER_H

#include "sql/scope.h"

#define PLAN_JOINS_MAX 16

/* Rows with what is known of them. */
struct relation {
    struct plan_node *node; /* key_count key columns first */
    struct scope scope;     /* over the node's row type */
    uint32_t key_count;
    struct vector same_keys; /* of uint32_t: scope columns that equal the one key column, whichever
                                of them is picked as the key; for joins */
    bool synthetic;          /* the key is nobody's column */
    bool is_table;
    enum window_kind window; /* of keys */
    int64_t window_size_ms;
    struct format_spec key;      /* what rows are partitioned by */
    struct format_spec sink_key; /* what a sink without a KEY_FORMAT of its own is written in */
    int32_t partition_count;     /* 0: not known */
    bool is_stateful;            /* some operator below keeps state */
    bool gathers;                /* what meets in it may be in any partition: one task for all */
    const struct source *left;   /* the left-most source */
    struct str name;             /* of it, for messages */
};

/* A stage being made. Inputs are collected from its trees when it is closed. */
struct stage {
    struct vector branches; /* of struct plan_branch */
    bool gathers;
};

struct planner {
    const struct statement *statement;
    const struct syntax_query *query;
    const struct catalog *catalog;
    struct arena *arena;
    struct why *why;
    struct vector inputs;  /* of struct plan_input: node->input until stages are closed */
    struct vector stages;  /* of struct stage *, in the order of their making */
    struct vector sources; /* of struct str */
    uint32_t node_count;
    uint32_t join_count;
    bool is_persistent;      /* CREATE ... AS and INSERT INTO */
    const char *unsupported; /* NULL: nothing */
    struct place unsupported_place;
    struct with with;
};

/* --- planner.c --- */
/* At the place: ERR_INVALID with words. */
enum err plan_refuse(struct planner *planner, struct place place, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Notes that the query, if nothing else is wrong with it, cannot be run yet: `what` is "session
 * windows are". Planning goes on, so that what is wrong is said first. */
void plan_unsupported(struct planner *planner, struct place place, const char *what);
struct plan_node *plan_node_new(struct planner *planner, enum node_kind kind, struct place place,
                                const struct row_type *row_type, struct plan_node *below);
/* A resolver over the relation's columns; `clause` for messages. */
struct resolver plan_resolver(struct planner *planner, const struct scope *scope,
                              const char *clause);
struct stage *plan_stage_new(struct planner *planner);

/* --- relation.c --- */
/* The rows of a stream or table of the catalog. ERR_INVALID with did-you-mean. */
MUST_CHECK enum err relation_of_source(struct planner *planner, const struct syntax_source *syntax,
                                       struct relation *ret_relation);
MUST_CHECK enum err plan_source_find(struct planner *planner, struct str name, struct place place,
                                     const struct source **ret_source);
/* Rows keyed anew by `keys`, which are over the relation's node. Columns stay in sight; a key that
 * is a plain column is that column. */
MUST_CHECK enum err relation_rekey(struct planner *planner, struct relation *relation,
                                   struct expr *const *keys, uint32_t key_count,
                                   struct place place);
/* Sends the relation through an internal topic, written by `from` (NULL: a stage of its own), so
 * that it can be read by another stage. `from` gathers, unless the relation keeps state. */
MUST_CHECK enum err relation_through(struct planner *planner, struct relation *relation,
                                     struct stage **from, struct str suffix,
                                     const struct format_spec *key, int32_t partition_count,
                                     bool drop_null_keys, struct place place);
/* What keeps state runs one task a partition, what keys rows anew is one task for all: a relation
 * that keeps state goes through an internal topic, keyed as it is, before it is keyed anew. */
MUST_CHECK enum err relation_settle(struct planner *planner, struct relation *relation,
                                    struct str suffix, struct place place);
/* The key's format for an internal topic: `wanted` if it can carry the columns, else kept rows. */
struct format_spec internal_key(const struct format_spec *wanted, const struct row_type *row_type);

/* --- plan_join.c --- */
MUST_CHECK enum err plan_join(struct planner *planner, struct relation *left,
                              const struct syntax_join *join);

/* --- select.c --- */
/* One column of the result. A star's and a struct's columns have no syntax of their own. */
struct select_item {
    struct place place;
    const struct syntax_expr *syntax;  /* NULL: column */
    const struct scope_column *column; /* from a star */
    struct expr *expr;                 /* over the rows below the projection */
    struct str name;
};
struct select {
    struct vector items;    /* of struct select_item */
    struct vector exploded; /* of struct expr *: table functions in it */
    /* What the result is keyed by, over the same rows: those of the relation, or PARTITION BY's. */
    struct expr *const *keys;
    uint32_t key_count;
    bool is_rekeyed;       /* PARTITION BY changes the partition */
    const char *key_words; /* "key column", "grouping expression": for messages */
    const struct str *key_names;
};
/* Stars written out, names given. `select` has its keys; key_syntax are PARTITION BY's, or NULL. */
MUST_CHECK enum err select_expand(struct planner *planner, const struct relation *relation,
                                  struct syntax_expr *const *key_syntax, struct select *select);
/* Expressions over the relation's rows; table functions are put aside. */
MUST_CHECK enum err select_resolve(struct planner *planner, const struct relation *relation,
                                   struct select *select);

/* --- plan_aggregate.c --- */
/* GROUP BY, HAVING and the aggregates in SELECT: the relation becomes the aggregate's rows, and
 * the items' expressions are over those. */
MUST_CHECK enum err plan_aggregate(struct planner *planner, struct relation *relation,
                                   struct select *ret_select);

/* --- syntax_find.c --- */
/* The first call of such a function in it, or NULL. */
const struct syntax_expr *syntax_find_aggregate(const struct syntax_expr *syntax);
const struct syntax_expr *syntax_find_table_function(const struct syntax_expr *syntax);

/* --- plan_sink.c --- */
/* No two columns of a result have one name. */
MUST_CHECK enum err plan_check_names(struct planner *planner, const struct select_item *items,
                                     uint32_t count);
/* Closes the last stage: projection, keys, the sink's format or the feed. */
MUST_CHECK enum err plan_sink(struct planner *planner, struct relation *relation,
                              struct select *select, struct plan *plan);

/* --- plan_prune.c --- */
/* Takes away columns nobody uses and writes the stages into the plan. */
void plan_finish(struct planner *planner, struct plan *plan);

#endif
