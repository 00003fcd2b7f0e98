/* statement.h -- a parsed statement: what the text says, before anything is looked up. */
#ifndef SQL_STATEMENT_H
#define SQL_STATEMENT_H

#include "base/properties.h"
#include "functions/functions.h"

enum statement_kind {
#define STATEMENT(KIND, object, action, kept) STATEMENT_##KIND,
#include "sql/statement.def"
#undef STATEMENT
};

/* What ksqlDB's REST API calls what a command does: "stream", "drop". Empty for no command. */
const char *statement_object(enum statement_kind kind);
const char *statement_action(enum statement_kind kind);
/* Whether it changes what runs, and so is kept. */
bool statement_is_kept(enum statement_kind kind);

/* One WITH property as written. */
struct with_property {
    struct str name;    /* upper case */
    struct str written; /* the name as it was written, without quotes */
    struct str text;    /* the literal without quotes */
    bool is_text;       /* it was quoted */
    struct place place;
};

struct syntax_query;   /* a SELECT's tree, private to sql/ */
struct syntax_element; /* a declared column, private to sql/ */
struct syntax_expr;    /* an unresolved expression, private to sql/ */

struct statement {
    enum statement_kind kind;
    struct place place;
    struct str text; /* its own text, without the semicolon */
    struct str name; /* of the source, query, type, topic, function, setting or variable;
                        upper-cased unless it was quoted, topics, settings and variables as
                        written; size 0: none, ALL */
    struct place name_place;
    bool or_replace;
    bool if_not_exists; /* or IF EXISTS */
    bool read_only;     /* CREATE SOURCE ... */
    bool extended;      /* SHOW ... EXTENDED, DESCRIBE ... EXTENDED, SHOW ALL TOPICS */
    bool delete_topic;
    bool emit;            /* EMIT CHANGES or EMIT FINAL was said */
    bool from_beginning;  /* PRINT */
    int64_t limit;        /* PRINT, SELECT: -1 when not given */
    int64_t interval;     /* PRINT: every nth, at least 1 */
    struct str value;     /* SET, DEFINE */
    struct str type_text; /* CREATE TYPE */
    struct with_property *properties;
    uint32_t property_count;
    struct syntax_element *elements;
    uint32_t element_count;
    struct syntax_query *query;
    struct str *insert_columns;
    uint32_t insert_column_count;
    struct syntax_expr **insert_values;
    uint32_t insert_value_count;
    struct statement *explained; /* EXPLAIN of a statement; NULL: of the query `name` */
};

#endif
