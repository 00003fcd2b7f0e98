/* plan.h -- checked plans: read-only, shared by whoever runs and shows them.
 *
 * A plan is a chain of stages; between stages stand internal topics. A stage has one or more
 * branches; a branch is a tree of nodes whose leaves are inputs of the stage and whose root's rows
 * go to one output. No node and no input belongs to two branches. One task runs all branches of a
 * stage on one partition (or, when it gathers, on all partitions of all inputs), merged by time.
 * Every node says its row type; column numbers in expressions mean columns of the node below. Only
 * columns that something uses are decoded and carried. */
#ifndef SQL_PLAN_H
#define SQL_PLAN_H

#include "format/format.h"
#include "functions/functions.h"

#include <stdint.h>

enum source_kind { SOURCE_STREAM, SOURCE_TABLE };

/* A stream or table in the catalog; immutable once it is in. */
struct source {
    struct str name;
    enum source_kind kind;
    struct record_format format;
    struct str timestamp_column; /* WITH (TIMESTAMP); size 0: the record's */
    struct str timestamp_format; /* of a STRING column; size 0: none */
    bool read_only;              /* CREATE SOURCE STREAM / TABLE */
    struct str query;            /* id of the query that made it; size 0: declared */
    struct str sql;              /* the statement's text */
};

/* What sql/ may ask about the world. Answers live as long as the catalog does not change, or in the
 * arena given. */
struct catalog {
    void *context;
    /* NULL when there is none. */
    const struct source *(*source)(void *context, struct str name);
    /* All names of sources, for "did you mean". */
    void (*names)(void *context, struct arena *arena, struct str **ret_names, size_t *ret_count);
    /* CREATE TYPE's; NULL when there is none. */
    const struct type *(*type)(void *context, struct str name);
    /* Partitions of a topic. ERR_NOT_FOUND. */
    enum err (*partitions)(void *context, struct str topic, int32_t *ret_count);
    /* The columns a registry's schema gives for one side of a topic: names upper-cased unless found
     * by schema id. ERR_NOT_FOUND when there is no schema. */
    enum err (*schema)(void *context, struct str topic, const struct format_spec *spec, bool is_key,
                       struct arena *arena, struct row_column **ret_columns, uint32_t *ret_count,
                       struct why *why);
    /* Formats of streams and tables made without saying theirs; FORMAT_KAFKA and FORMAT_NONE cannot
     * be default values. */
    enum format_kind default_key_format;
    enum format_kind default_value_format;
    bool default_value_format_given; /* false: VALUE_FORMAT must be said */
    bool unwraps_single_values; /* where WRAP_SINGLE_VALUE is not said and the format knows both */
    uint32_t collect_list_max;  /* items of a COLLECT_LIST; 0: no limit */
    uint32_t collect_set_max;
    struct str topic_prefix; /* of the topics of CREATE ... AS that are not named */
};

enum node_kind {
    NODE_INPUT,       /* rows of an input of the stage */
    NODE_TABLE,       /* an input's changes, as a table that is kept: adds the row before */
    NODE_FILTER,      /* WHERE; HAVING on tables */
    NODE_PROJECT,     /* expressions */
    NODE_EXPLODE,     /* one row in, many out */
    NODE_CHANGES,     /* changes of a table as a stream of rows to take back and to add */
    NODE_STREAM_JOIN, /* stream-stream, windowed */
    NODE_TABLE_JOIN,  /* stream-table */
    NODE_TABLES_JOIN, /* table-table */
    NODE_KEEP,        /* changes of a table from below, kept: what pull queries read */
    NODE_AGGREGATE    /* GROUP BY, windowed or not; COUNT, SUM, ... */
};

/* Whether a query keeps rows or numbers for such a node, which a replacement must still fit. */
static inline bool node_keeps_state(enum node_kind kind)
{
    switch (kind) {
    case NODE_TABLE:
    case NODE_STREAM_JOIN:
    case NODE_TABLE_JOIN:
    case NODE_TABLES_JOIN:
    case NODE_KEEP:
    case NODE_AGGREGATE:
        return true;
    case NODE_INPUT:
    case NODE_FILTER:
    case NODE_PROJECT:
    case NODE_EXPLODE:
    case NODE_CHANGES:
        return false;
    }
    must_not_reach();
}

enum join_kind { JOIN_INNER, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL };

/* One aggregate call: its args are over the rows below. */
struct plan_aggregate {
    const struct aggregate *aggregate;
    struct expr *const *args; /* aggregate->arg_count of them */
};

struct plan_node {
    enum node_kind kind;
    uint32_t id; /* within the plan; names the node's state */
    const struct row_type *row_type;
    bool is_table;    /* rows are changes of a table */
    bool is_windowed; /* rows carry window bounds */
    struct place place;
    struct plan_node *inputs[2]; /* [1] only for joins */

    uint32_t input; /* INPUT, TABLE: which input of the stage */

    struct expr *condition; /* FILTER */

    struct expr *const *exprs; /* PROJECT: one a column of row_type. EXPLODE: ARRAY-valued; row_type
                                  is the columns below, then one a function */
    uint32_t expr_count;
    const bool *needs_value; /* PROJECT, one an expression: NULL in rows whose record had no value,
                                whatever it is; NULL: none */

    /* CHANGES: row_type is the columns below, then one BOOLEAN. For each change of the table: the
     * row before, if there was one, with true (take it back), then the row now, if there is one,
     * with false (add it). The rows are a stream's: no kinds, no row before. */

    /* STREAM_JOIN, TABLE_JOIN, TABLES_JOIN: rows meet when their keys are equal. The key of a side
     * are its columns of role COLUMN_KEY, key_count of them on either side, of equal types one by
     * one; they stand first. For a TABLE_JOIN [0] is the stream, [1] the table. row_type is:
     * key_count key columns (of whichever side there is, so never missing), then carried_count[0]
     * columns of inputs[0], which ones carried[0] says, then carried_count[1] of inputs[1]. Columns
     * carried from a side that is missing are NULL; a side's key columns may be among those it
     * carries. A window holds the key and the carried columns, nothing else. */
    enum join_kind join;
    /* TABLES_JOIN: as the others, but where this is given, over the rows of inputs[0], it is what
     * equals the key of inputs[1], and the key is that of inputs[0] alone. */
    struct expr *foreign_key;
    int64_t before_ms;
    int64_t after_ms;
    int64_t grace_ms;   /* in force */
    bool grace_given;   /* outer rows wait for the window's end */
    uint32_t key_count; /* of AGGREGATE too */
    const uint16_t *carried[2];
    uint32_t carried_count[2];

    /* AGGREGATE: row_type is the key columns (role COLUMN_KEY), then one column an aggregate, then,
     * when windowed, WINDOWSTART and WINDOWEND (BIGINT). keys, key_count of them, over the rows
     * below; rows where one is NULL are left out. take_back is the column of the rows below that
     * NODE_CHANGES added, -1 when there is none: where it is true the row is undone. A row undone
     * and the row added right after it with the same key are one change of the result. */
    struct expr *const *keys;
    int32_t take_back;
    const struct plan_aggregate *aggregates;
    uint32_t aggregate_count;
    enum window_kind window;
    int64_t window_size_ms; /* SESSION: the gap */
    int64_t window_advance_ms;
    int64_t window_grace_ms;
    int64_t window_retention_ms;
    bool is_final; /* EMIT FINAL */
};

struct plan_input {
    struct record_format format; /* internal: topic is the suffix after the query's prefix */
    bool is_internal;
    bool is_table;
    struct str source;                   /* name of the stream or table; size 0: internal */
    const struct column_origin *origins; /* row_type->column_count of them */
    const struct row_type *row_type;     /* what is decoded, in order */
    int32_t timestamp_column;            /* of row_type; -1: the record's timestamp */
    struct str timestamp_format;
};

enum output_kind {
    OUTPUT_SINK,     /* a user's topic */
    OUTPUT_INTERNAL, /* a later stage's input of the same format.topic */
    OUTPUT_FEED      /* whoever asked: push queries */
};

struct plan_output {
    enum output_kind kind;
    struct record_format format; /* INTERNAL: topic is the suffix; FEED: row_type alone counts */
    const uint16_t *map;         /* columns of format.row_type from the root's */
    int32_t timestamp_column;    /* of the root's row type; -1: ROWTIME */
    struct str timestamp_format; /* of a STRING timestamp column; size 0: none */
    bool drop_null_keys;         /* rows without a key go no further, and are counted */
    int32_t partition_count;     /* INTERNAL: what the topic is made with; 0: as many as the stage's
                                    inputs have at most */
};

/* A tree of nodes and where its rows go. */
struct plan_branch {
    struct plan_node *root;
    struct plan_output output;
};

struct plan_stage {
    const struct plan_input *inputs;
    uint32_t input_count;
    const struct plan_branch *branches;
    uint32_t branch_count;
    /* One task reads all partitions of all inputs, merged by time: stages that re-key, so that what
     * they write is in order of time. */
    bool gathers;
};

struct plan {
    const struct plan_stage *stages; /* later ones read what earlier ones write */
    uint32_t stage_count;
    struct source *sink; /* NULL for push queries; `query` is filled in by the engine */
    bool creates_sink;   /* CREATE ... AS; false: INSERT INTO */
    bool or_replace;
    bool if_not_exists;
    int32_t partition_count; /* of the sink: 0 as the left-most source's */
    int16_t replica_count;
    int64_t retention_ms;            /* 0: as the left-most source's */
    const struct row_type *row_type; /* of the result, in the order of the SELECT (push queries) */
    const struct str *sources;       /* names read */
    uint32_t source_count;
    int64_t limit;         /* push: -1 none */
    struct str query_name; /* WITH (QUERY_ID='...') of INSERT INTO; size 0: none */
};

/* A pull query: rows of a kept table. */
struct pull_plan {
    const struct source *table;
    /* The filter and the projection see the table's row type, then ROWTIME, WINDOWSTART and
     * WINDOWEND (the last two NULL when the table is not windowed). */
    const struct row_type *scan_type;
    struct expr *condition; /* may be NULL */
    struct expr *const *exprs;
    const struct row_type *row_type; /* of the result */
    /* Key look-ups: rows whose key columns equal one of these; count 0: scan. keys[i × key columns
     * + column]. */
    const struct value *keys;
    uint32_t key_count;
    int64_t limit; /* -1: none */
};

#endif
