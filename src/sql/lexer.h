/* lexer.h -- SQL text to tokens, one at a time. Private to sql/. */
#ifndef SQL_LEXER_H
#define SQL_LEXER_H

#include "functions/functions.h"

enum token_kind {
    TOKEN_END,
    TOKEN_ERROR,  /* `error` says what is wrong */
    TOKEN_WORD,   /* a keyword or a name without quotes */
    TOKEN_QUOTED, /* `name` or "name" */
    TOKEN_TEXT,   /* 'text' */
    TOKEN_INTEGER,
    TOKEN_DECIMAL,  /* 1.5 */
    TOKEN_DOUBLE,   /* 1.5E3 */
    TOKEN_VARIABLE, /* ${name} */
    TOKEN_SYMBOL
};

struct token {
    enum token_kind kind;
    struct str text; /* as written, quotes and all; borrowed from the lexer's text */
    struct place place;
    const char *error; /* ERROR: static */
};

/* A copy of a lexer goes on from where it was: that is how one looks ahead. */
struct lexer {
    const char *at;
    const char *end;
    struct place place;
};

/* `place` is where the text begins. */
void lexer_init(struct lexer *lexer, struct str text, struct place place);
/* After END and ERROR it stays there. Skips blanks and comments. */
struct token lexer_next(struct lexer *lexer);
/* What a QUOTED or TEXT token says: without quotes, doubled ones made one. Borrowed from the text
 * or in the arena. */
struct str token_unquote(const struct token *token, struct arena *arena);

#endif
