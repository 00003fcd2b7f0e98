/* parser.h -- what the parser's files share: the token at hand, and the rules. Private to sql/.
 *
 * Each rule starts at parser->token, takes what is its own and leaves the token after it. Errors
 * carry the place and say what was found and what was expected. */
#ifndef SQL_PARSER_H
#define SQL_PARSER_H

#include "sql/lexer.h"
#include "sql/syntax.h"
#include "sql/vector.h"

#define SQL_TEXT_BYTES_MAX (1 << 20)
#define SQL_STATEMENTS_MAX 1000

struct parser {
    struct lexer lexer; /* after `token` */
    struct token token; /* not yet taken */
    const char *last;   /* the end of the token taken last */
    struct arena *arena;
    struct why *why;
    uint32_t depth; /* of rules that contain themselves */
};

void parser_init(struct parser *parser, struct str text, struct place place, struct arena *arena,
                 struct why *why);
void parser_advance(struct parser *parser);
/* The token after the one at hand. */
struct token parser_peek(const struct parser *parser);

/* Words are compared without regard to case. */
bool parser_at_word(const struct parser *parser, const char *word);
bool parser_take_word(struct parser *parser, const char *word);
MUST_CHECK enum err parser_expect_word(struct parser *parser, const char *word);
bool parser_at_symbol(const struct parser *parser, const char *symbol);
bool parser_take_symbol(struct parser *parser, const char *symbol);
MUST_CHECK enum err parser_expect_symbol(struct parser *parser, const char *symbol);
bool token_is_word(const struct token *token, const char *word);
bool token_is_symbol(const struct token *token, const char *symbol);

/* Words that need quotes to be names. */
bool parser_is_reserved(struct str word);
/* A word that is not reserved, or a quoted name. */
bool parser_at_name(const struct parser *parser);
/* `what` says what the name is of, for the message: "a stream or table". */
MUST_CHECK enum err parser_name(struct parser *parser, const char *what, struct str *ret_name);
MUST_CHECK enum err parser_text(struct parser *parser, const char *what, struct str *ret_text);
MUST_CHECK enum err parser_integer(struct parser *parser, const char *what, int64_t *ret_value);
/* 'found X, expected Y' at the token at hand. */
MUST_CHECK enum err parser_fail(struct parser *parser, const char *expected);
/* Around every rule that contains itself. ERR_INVALID beyond SYNTAX_DEPTH_MAX. */
MUST_CHECK enum err parser_enter(struct parser *parser);
void parser_leave(struct parser *parser);
/* Puts defined variables into a statement's text, which stood at `place`: variables.c. */
MUST_CHECK enum err sql_put_variables(const struct properties *variables, struct place place,
                                      struct arena *arena, struct str *text, struct why *why);
struct str str_upper(struct str text, struct arena *arena);

/* parse_expr.c: a whole expression; and one without conditions, as GROUP BY takes it. */
MUST_CHECK enum err parse_expr(struct parser *parser, struct syntax_expr **ret_expr);
MUST_CHECK enum err parse_value_expr(struct parser *parser, struct syntax_expr **ret_expr);
/* parse_primary.c */
MUST_CHECK enum err parse_primary(struct parser *parser, struct syntax_expr **ret_expr);
struct syntax_expr *syntax_new(struct parser *parser, enum syntax_kind kind, struct place place);
/* Sets the arguments and the depth. ERR_INVALID when that is too deep. */
MUST_CHECK enum err syntax_set_args(struct parser *parser, struct syntax_expr *expr,
                                    struct syntax_expr *const *args, uint32_t arg_count);
/* parse_type.c */
MUST_CHECK enum err parse_type(struct parser *parser, struct syntax_type **ret_type);
/* parse_query.c */
MUST_CHECK enum err parse_query(struct parser *parser, struct syntax_query **ret_query);
MUST_CHECK enum err parse_duration(struct parser *parser, int64_t *ret_duration_ms);
/* parse_create.c: from CREATE, DROP or INSERT on */
MUST_CHECK enum err parse_create(struct parser *parser, struct statement *statement);
MUST_CHECK enum err parse_drop(struct parser *parser, struct statement *statement);
MUST_CHECK enum err parse_insert(struct parser *parser, struct statement *statement);
/* parse_show.c: from SHOW, LIST, DESCRIBE or PRINT on */
MUST_CHECK enum err parse_show(struct parser *parser, struct statement *statement);
MUST_CHECK enum err parse_describe(struct parser *parser, struct statement *statement);
MUST_CHECK enum err parse_print(struct parser *parser, struct statement *statement);
/* parse_statement.c */
MUST_CHECK enum err parse_statement(struct parser *parser, struct statement *statement);

#endif
