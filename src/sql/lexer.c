/* lexer.c -- SQL text to tokens. */
#include "sql/lexer.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
    return is_word_start(c) || is_digit(c) || c == '@';
}

static void lexer_step(struct lexer *lexer);
static bool lexer_skip_blanks(struct lexer *lexer);
static void lexer_quoted(struct lexer *lexer, struct token *token, enum token_kind kind);
static void lexer_number(struct lexer *lexer, struct token *token);
static void lexer_variable(struct lexer *lexer, struct token *token);
static void lexer_symbol(struct lexer *lexer, struct token *token);
static void lexer_fail(struct lexer *lexer, struct token *token, const char *error);

void lexer_init(struct lexer *lexer, struct str text, struct place place)
{
    *lexer = (struct lexer){.at = text.data, .end = text.data + text.size, .place = place};
}

struct token lexer_next(struct lexer *lexer)
{
    struct token token = {.kind = TOKEN_END};
    if (!lexer_skip_blanks(lexer)) {
        lexer_fail(lexer, &token, "a comment that does not end");
        return token;
    }
    token.place = lexer->place;
    token.text.data = lexer->at;
    if (lexer->at == lexer->end)
        return token;

    const char first = *lexer->at;
    const char second = lexer->end - lexer->at > 1 ? lexer->at[1] : '\0';
    if (is_word_start(first)) {
        token.kind = TOKEN_WORD;
        while (lexer->at < lexer->end && is_word(*lexer->at))
            lexer_step(lexer);
    } else if (is_digit(first) || (first == '.' && is_digit(second))) {
        lexer_number(lexer, &token);
    } else if (first == '\'') {
        lexer_quoted(lexer, &token, TOKEN_TEXT);
    } else if (first == '`' || first == '"') {
        lexer_quoted(lexer, &token, TOKEN_QUOTED);
    } else if (first == '$' && second == '{') {
        lexer_variable(lexer, &token);
    } else {
        lexer_symbol(lexer, &token);
    }
    token.text.size = (size_t)(lexer->at - token.text.data);
    return token;
}

struct str token_unquote(const struct token *token, struct arena *arena)
{
    must(token->text.size >= 2);
    const char quote = token->text.data[0];
    const struct str inner = {token->text.data + 1, token->text.size - 2};
    if (str_index(inner, quote) == inner.size)
        return inner;
    char *data = arena_alloc(arena, inner.size);
    size_t size = 0;
    for (size_t i = 0; i < inner.size; i++) {
        data[size++] = inner.data[i];
        if (inner.data[i] == quote)
            i++;
    }
    return (struct str){data, size};
}

/* Columns count characters, so bytes that continue one in UTF-8 do not count. */
static void lexer_step(struct lexer *lexer)
{
    const char passed = *lexer->at++;
    if (passed == '\n') {
        lexer->place.line++;
        lexer->place.column = 1;
    } else if (lexer->at == lexer->end || ((unsigned char)*lexer->at & 0xc0) != 0x80) {
        lexer->place.column++;
    }
}

/* False when a comment has no end. */
static bool lexer_skip_blanks(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        const char first = *lexer->at;
        const char second = lexer->end - lexer->at > 1 ? lexer->at[1] : '\0';
        if (first == ' ' || first == '\t' || first == '\r' || first == '\n') {
            lexer_step(lexer);
        } else if (first == '-' && second == '-') {
            while (lexer->at < lexer->end && *lexer->at != '\n')
                lexer_step(lexer);
        } else if (first == '/' && second == '*') {
            const struct lexer begin = *lexer;
            lexer_step(lexer);
            lexer_step(lexer);
            while (lexer->end - lexer->at > 1 && (lexer->at[0] != '*' || lexer->at[1] != '/'))
                lexer_step(lexer);
            if (lexer->end - lexer->at <= 1) {
                *lexer = begin;
                return false;
            }
            lexer_step(lexer);
            lexer_step(lexer);
        } else {
            break;
        }
    }
    return true;
}

/* A quote inside is written twice. */
static void lexer_quoted(struct lexer *lexer, struct token *token, enum token_kind kind)
{
    const struct lexer begin = *lexer;
    const char quote = *lexer->at;
    lexer_step(lexer);
    while (lexer->at < lexer->end) {
        const bool is_quote = *lexer->at == quote;
        lexer_step(lexer);
        if (!is_quote)
            continue;
        if (lexer->at == lexer->end || *lexer->at != quote) {
            token->kind = kind;
            return;
        }
        lexer_step(lexer);
    }
    *lexer = begin;
    lexer_fail(lexer, token, "a quote that is not closed");
}

/* digits ['.' digits] | '.' digits, then ['E' ['+' | '-'] digits]; or a name that begins so */
static void lexer_number(struct lexer *lexer, struct token *token)
{
    const char *begin = lexer->at;
    token->kind = TOKEN_INTEGER;
    while (lexer->at < lexer->end && is_digit(*lexer->at))
        lexer_step(lexer);
    if (lexer->at < lexer->end && *lexer->at == '.') {
        token->kind = TOKEN_DECIMAL;
        lexer_step(lexer);
        while (lexer->at < lexer->end && is_digit(*lexer->at))
            lexer_step(lexer);
    }
    const char *after = lexer->at;
    if (after < lexer->end && (*after == 'e' || *after == 'E')) {
        after++;
        if (after < lexer->end && (*after == '+' || *after == '-'))
            after++;
        if (after < lexer->end && is_digit(*after)) {
            token->kind = TOKEN_DOUBLE;
            while (lexer->at < after || (lexer->at < lexer->end && is_digit(*lexer->at)))
                lexer_step(lexer);
        }
    }
    if (lexer->at == lexer->end || !is_word(*lexer->at))
        return;
    /* 1R is a name, 1.5R is nothing. */
    if (memchr(begin, '.', (size_t)(lexer->at - begin))) {
        lexer_fail(lexer, token, "a number with letters after it");
        return;
    }
    token->kind = TOKEN_WORD;
    while (lexer->at < lexer->end && is_word(*lexer->at))
        lexer_step(lexer);
}

static void lexer_variable(struct lexer *lexer, struct token *token)
{
    const struct lexer begin = *lexer;
    while (lexer->at < lexer->end && *lexer->at != '}' && *lexer->at != '\n')
        lexer_step(lexer);
    if (lexer->at == lexer->end || *lexer->at != '}') {
        *lexer = begin;
        lexer_fail(lexer, token, "a variable that is not closed");
        return;
    }
    lexer_step(lexer);
    token->kind = TOKEN_VARIABLE;
}

static void lexer_symbol(struct lexer *lexer, struct token *token)
{
    static const char *const symbols[] = {"<=", ">=", "<>", "!=", "||", "->", ":=", "=>",
                                          "(",  ")",  "[",  "]",  ",",  ".",  ";",  "=",
                                          "<",  ">",  "+",  "-",  "*",  "/",  "%",  ":"};
    const struct str rest = {lexer->at, (size_t)(lexer->end - lexer->at)};
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        const struct str symbol = str_from(symbols[i]);
        if (!str_starts_with(rest, symbol))
            continue;
        token->kind = TOKEN_SYMBOL;
        for (size_t step = 0; step < symbol.size; step++)
            lexer_step(lexer);
        return;
    }
    lexer_fail(lexer, token, "a character that has no meaning here");
}

/* Stays where it is, so that whoever goes on meets the same error. */
static void lexer_fail(struct lexer *lexer, struct token *token, const char *error)
{
    token->kind = TOKEN_ERROR;
    token->error = error;
    token->place = lexer->place;
    token->text = (struct str){lexer->at, 0};
}
