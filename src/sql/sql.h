/* sql.h -- the dialect: text to statements to checked plans. The room's door. */
#ifndef SQL_SQL_H
#define SQL_SQL_H

#include "sql/plan.h"
#include "sql/statement.h"

/* What a checked CREATE STREAM or CREATE TABLE (without AS) says. */
struct source_wish {
    struct source source;
    bool topic_must_exist;   /* no PARTITIONS given: the topic has to be there */
    int32_t partition_count; /* 0: not given */
    int16_t replica_count;   /* 0: not given */
    int64_t retention_ms;    /* 0: not given */
};

/* Splits and parses. Statements live in the arena, and borrow `text` (which must stay). At most 1
 * MB and 1,000 statements. ERR_INVALID with place and words. ${name} is replaced from `variables`
 * (NULL: none). */
MUST_CHECK enum err sql_parse(struct str text, const struct properties *variables,
                              struct arena *arena, struct statement **ret_statements,
                              uint32_t *ret_count, struct why *why);

/* The words statements begin with; static. */
const struct str *sql_first_words(uint32_t *ret_count);

/* What a text begins with, for whoever reads statements as they come. */
enum split {
    SPLIT_NOTHING, /* blanks and comments */
    SPLIT_WHOLE,   /* a statement with its semicolon */
    SPLIT_REST,    /* a statement without one */
    SPLIT_OPEN     /* the same, and the text ends inside a quote or a comment */
};
struct split_statement {
    struct str text;    /* borrowed: from its first token to its semicolon, or to the text's end */
    struct place place; /* of its first token */
    size_t end;         /* bytes of the text up to its end */
    struct place end_place;
};
/* Finds the first statement of a text that begins at `place`. What is between semicolons need be no
 * SQL. */
enum split sql_split(struct str text, struct place place, struct split_statement *ret_statement);

/* CREATE STREAM / TABLE with or without columns. */
MUST_CHECK enum err sql_check_source(const struct statement *statement,
                                     const struct catalog *catalog, struct arena *arena,
                                     struct source_wish *ret_wish, struct why *why);

/* CREATE ... AS SELECT, INSERT INTO ... SELECT, SELECT ... EMIT CHANGES. */
MUST_CHECK enum err sql_plan_query(const struct statement *statement, const struct catalog *catalog,
                                   struct arena *arena, struct plan **ret_plan, struct why *why);

/* SELECT without EMIT, on a table a query keeps. */
MUST_CHECK enum err sql_plan_pull(const struct statement *statement, const struct catalog *catalog,
                                  struct arena *arena, struct pull_plan **ret_plan,
                                  struct why *why);

/* The same for whoever reads the topic of a table or a stream himself and wants its records
 * filtered and projected; EMIT CHANGES may be said. key_count only tells what the query was after.
 */
MUST_CHECK enum err sql_plan_scan(const struct statement *statement, const struct catalog *catalog,
                                  struct arena *arena, struct pull_plan **ret_plan,
                                  struct why *why);

/* INSERT INTO ... VALUES: one row of the source's row type; a ROWTIME that was given goes to the
 * row's timestamp, else now_ms. */
MUST_CHECK enum err sql_check_insert(const struct statement *statement,
                                     const struct catalog *catalog, int64_t now_ms,
                                     struct arena *arena, const struct source **ret_source,
                                     struct batch **ret_row, struct why *why);

/* Resolves a type's text: "ARRAY<STRUCT<A INT>>", also the catalog's own types. */
MUST_CHECK enum err sql_parse_type(struct str text, const struct catalog *catalog,
                                   struct arena *arena, const struct type **ret_type,
                                   struct why *why);

/* The plan as people read it: a line a node, indented, with stages, topics, state and estimates. */
void sql_explain(const struct plan *plan, struct buf *buf);

/* ... and a pull query: what is looked up or scanned. */
void sql_explain_pull(const struct pull_plan *pull, struct buf *buf);

/* Quotes a name when SQL would need it. */
void sql_format_name(struct str name, struct buf *buf);

#endif
