/* group.h -- what the files that plan one GROUP BY share. Private to sql/. */
#ifndef SQL_GROUP_H
#define SQL_GROUP_H

#include "sql/planner.h"

/* One GROUP BY. */
struct grouping {
    struct planner *planner;
    struct scope source;       /* as it was when the grouping expressions were resolved */
    struct expr **source_keys; /* over the source's rows */
    struct scope input;        /* the rows that reach the aggregate */
    struct expr **keys;        /* over those */
    uint32_t key_count;
    struct vector aggregates; /* of struct plan_aggregate */
    bool is_windowed;
    bool is_table;    /* the source is */
    bool flat_states; /* states are written in a format without compound types */
    const char *clause;
};

/* --- group.c --- */
/* The items' expressions and HAVING's (NULL: there is none) over the aggregate's rows: its keys,
 * its aggregates, the window's bounds. Finds the aggregates. */
MUST_CHECK enum err group_resolve(struct grouping *grouping, struct select *select,
                                  struct expr **ret_having);

#endif
