/* syntax.h -- the tree of a parsed statement, before names mean anything. Private to sql/.
 *
 * Everything lives in the statement's arena; names are upper-cased unless they were quoted. */
#ifndef SQL_SYNTAX_H
#define SQL_SYNTAX_H

#include "format/format.h"
#include "sql/plan.h"
#include "sql/statement.h"

#define SYNTAX_DEPTH_MAX EXPR_DEPTH_MAX

enum syntax_kind {
    SYNTAX_NULL,
    SYNTAX_BOOLEAN,
    SYNTAX_INTEGER, /* text, with its sign */
    SYNTAX_DECIMAL,
    SYNTAX_DOUBLE,
    SYNTAX_TEXT,
    SYNTAX_NAME,     /* [qualifier.]name; text: as written */
    SYNTAX_CALL,     /* name(args) */
    SYNTAX_OPERATOR, /* name: "+", "=", "LIKE", ... over args */
    SYNTAX_AND,
    SYNTAX_OR,
    SYNTAX_NOT,
    SYNTAX_IS_NULL,
    SYNTAX_CASE, /* condition, result, ..., then the otherwise if arg_count is odd */
    SYNTAX_CAST,
    SYNTAX_FIELD, /* args[0]->name */
    SYNTAX_SUBSCRIPT,
    SYNTAX_ARRAY,
    SYNTAX_MAP,    /* key, value, ... */
    SYNTAX_STRUCT, /* names[i] := args[i] */
    SYNTAX_LAMBDA  /* (names) => args[0] */
};

struct syntax_type;

struct syntax_expr {
    enum syntax_kind kind;
    struct place place;
    uint32_t depth; /* of the tree below and itself */
    struct str qualifier;
    struct place qualifier_place;
    struct str name;
    struct str text;
    struct syntax_expr **args;
    uint32_t arg_count;
    struct str *names;
    uint32_t name_count;
    struct syntax_type *type;
    bool is_true; /* BOOLEAN */
    bool is_star; /* CALL: (*) */
};

struct syntax_type {
    struct place place;
    struct str name; /* upper case: "DECIMAL", "STRUCT", "ADDRESS" */
    bool is_quoted;
    struct syntax_type **args; /* ARRAY, MAP, STRUCT */
    struct str *names;         /* STRUCT */
    uint32_t arg_count;
    int64_t numbers[2]; /* DECIMAL(precision, scale) */
    uint32_t number_count;
};

/* A column of CREATE STREAM or CREATE TABLE. */
struct syntax_element {
    struct str name;
    struct place place;
    struct syntax_type *type;
    bool is_key;         /* KEY */
    bool is_primary_key; /* PRIMARY KEY */
    bool is_headers;     /* HEADERS, HEADER('name') */
    struct str header_name;
    bool has_header_name;
};

struct syntax_item {
    struct place place;
    struct syntax_expr *expr; /* NULL: * or qualifier.* */
    bool is_star;             /* with expr: every field of the struct */
    struct str qualifier;     /* of qualifier.*; size 0: * alone */
    struct str alias;         /* size 0: none */
    struct place alias_place;
};

struct syntax_source {
    struct str name;
    struct str alias; /* the name when there is none */
    struct place place;
};

struct syntax_join {
    enum join_kind kind;
    struct place place;
    struct syntax_source source;
    struct syntax_expr *condition;
    bool has_within;
    struct place within_place;
    int64_t before_ms;
    int64_t after_ms;
    bool has_grace;
    int64_t grace_ms;
};

struct syntax_window {
    enum window_kind kind;
    struct place place;
    int64_t size_ms; /* SESSION: the gap */
    int64_t advance_ms;
    bool has_retention;
    int64_t retention_ms;
    bool has_grace;
    int64_t grace_ms;
};

struct syntax_query {
    struct place place;
    struct syntax_item *items;
    uint32_t item_count;
    struct syntax_source from;
    struct syntax_join *joins;
    uint32_t join_count;
    struct syntax_window *window; /* NULL: none */
    struct syntax_expr *where;
    struct syntax_expr **group_by;
    uint32_t group_by_count;
    struct place group_by_place;
    struct syntax_expr **partition_by;
    uint32_t partition_by_count;
    struct place partition_by_place;
    struct syntax_expr *having;
    bool emit_changes;
    bool emit_final;
    struct place emit_place;
    int64_t limit; /* -1: none */
};

/* SQL text of an expression, as messages show it. */
void syntax_format(const struct syntax_expr *expr, struct buf *buf);
struct str syntax_text(const struct syntax_expr *expr, struct arena *arena);

#endif
