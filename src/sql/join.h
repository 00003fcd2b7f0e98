/* join.h -- what the files that plan one JOIN share. Private to sql/. */
#ifndef SQL_JOIN_H
#define SQL_JOIN_H

#include "sql/planner.h"

/* One side of ON. */
struct join_side {
    struct relation *relation;
    const struct syntax_expr *syntax;
    struct str alias; /* of the only source it speaks of */
    struct expr *expr;
    bool rekeys;  /* its key is not what it is joined on */
    bool is_sent; /* through an internal topic */
};

/* The side is joined on its relation's only key column. */
bool join_is_on_key(const struct join_side *side);

/* --- join_check.c --- */
/* Splits ON into the sides' expressions and refuses, with words, what cannot be joined. */
MUST_CHECK enum err join_check(struct planner *planner, const struct syntax_join *join,
                               struct join_side *left, struct join_side *right);

/* --- join_meet.c --- */
/* Brings both sides to where they can meet: keyed by the condition, in the same number of
 * partitions, in keys of the same bytes. The left relation's sink_key becomes the result's. */
MUST_CHECK enum err join_meet(struct planner *planner, const struct syntax_join *join,
                              struct join_side *left, struct join_side *right);

#endif
