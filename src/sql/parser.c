/* parser.c -- the parser's hands: tokens looked at, taken, and complained about. */
#include "sql/parser.h"

/* Words that cannot be names without quotes. */
static const char *const reserved_words[] = {
    "AND",    "AS",    "BETWEEN", "BY",     "CASE",   "CAST",  "CREATE", "DESCRIBE", "DISTINCT",
    "DROP",   "ELSE",  "END",     "EXISTS", "FALSE",  "FROM",  "FULL",   "GROUP",    "HAVING",
    "IN",     "INNER", "INSERT",  "INTO",   "IS",     "JOIN",  "LEFT",   "LIKE",     "LIMIT",
    "NOT",    "NULL",  "ON",      "OR",     "OUTER",  "RIGHT", "SELECT", "THEN",     "TRUE",
    "VALUES", "WHEN",  "WHERE",   "WINDOW", "WITHIN", "WITH"};

void parser_init(struct parser *parser, struct str text, struct place place, struct arena *arena,
                 struct why *why)
{
    *parser = (struct parser){.arena = arena, .why = why, .last = text.data};
    lexer_init(&parser->lexer, text, place);
    parser->token = lexer_next(&parser->lexer);
}

void parser_advance(struct parser *parser)
{
    parser->last = parser->token.text.data + parser->token.text.size;
    parser->token = lexer_next(&parser->lexer);
}

struct token parser_peek(const struct parser *parser)
{
    struct lexer ahead = parser->lexer;
    return lexer_next(&ahead);
}

bool token_is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && str_equal_nocase(token->text, str_from(word));
}

bool token_is_symbol(const struct token *token, const char *symbol)
{
    return token->kind == TOKEN_SYMBOL && str_equal(token->text, str_from(symbol));
}

bool parser_at_word(const struct parser *parser, const char *word)
{
    return token_is_word(&parser->token, word);
}

bool parser_take_word(struct parser *parser, const char *word)
{
    if (!parser_at_word(parser, word))
        return false;
    parser_advance(parser);
    return true;
}

enum err parser_expect_word(struct parser *parser, const char *word)
{
    if (parser_take_word(parser, word))
        return OK;
    return parser_fail(parser, word);
}

bool parser_at_symbol(const struct parser *parser, const char *symbol)
{
    return token_is_symbol(&parser->token, symbol);
}

bool parser_take_symbol(struct parser *parser, const char *symbol)
{
    if (!parser_at_symbol(parser, symbol))
        return false;
    parser_advance(parser);
    return true;
}

enum err parser_expect_symbol(struct parser *parser, const char *symbol)
{
    if (parser_take_symbol(parser, symbol))
        return OK;
    char expected[16];
    snprintf(expected, sizeof(expected), "'%s'", symbol);
    return parser_fail(parser, expected);
}

bool parser_at_name(const struct parser *parser)
{
    if (parser->token.kind == TOKEN_QUOTED)
        return parser->token.text.size > 2;
    return parser->token.kind == TOKEN_WORD && !parser_is_reserved(parser->token.text);
}

enum err parser_name(struct parser *parser, const char *what, struct str *ret_name)
{
    if (!parser_at_name(parser)) {
        char expected[120];
        const bool is_word = parser->token.kind == TOKEN_WORD;
        snprintf(expected, sizeof(expected), "the name of %s%s", what,
                 is_word ? " (reserved words need backquotes)" : "");
        return parser_fail(parser, expected);
    }
    *ret_name = parser->token.kind == TOKEN_QUOTED ? token_unquote(&parser->token, parser->arena)
                                                   : str_upper(parser->token.text, parser->arena);
    parser_advance(parser);
    return OK;
}

enum err parser_text(struct parser *parser, const char *what, struct str *ret_text)
{
    if (parser->token.kind != TOKEN_TEXT)
        return parser_fail(parser, what);
    *ret_text = token_unquote(&parser->token, parser->arena);
    parser_advance(parser);
    return OK;
}

enum err parser_integer(struct parser *parser, const char *what, int64_t *ret_value)
{
    if (parser->token.kind != TOKEN_INTEGER || str_to_int64(parser->token.text, ret_value) != OK)
        return parser_fail(parser, what);
    parser_advance(parser);
    return OK;
}

enum err parser_fail(struct parser *parser, const char *expected)
{
    const struct token *token = &parser->token;
    const struct place place = token->place;
    if (token->kind == TOKEN_ERROR)
        return why_set_at(parser->why, ERR_INVALID, place.line, place.column,
                          "syntax error: found %s, expected %s", token->error, expected);
    if (token->kind == TOKEN_END)
        return why_set_at(parser->why, ERR_INVALID, place.line, place.column,
                          "syntax error: the statement ends here, expected %s", expected);
    const int size = token->text.size > 60 ? 60 : (int)token->text.size;
    const bool is_text = token->kind == TOKEN_TEXT;
    return why_set_at(parser->why, ERR_INVALID, place.line, place.column,
                      "syntax error: found %s%.*s%s, expected %s", is_text ? "" : "'", size,
                      token->text.data, is_text ? "" : "'", expected);
}

enum err parser_enter(struct parser *parser)
{
    if (parser->depth == SYNTAX_DEPTH_MAX)
        return why_set_at(parser->why, ERR_INVALID, parser->token.place.line,
                          parser->token.place.column, "nested deeper than %d levels",
                          SYNTAX_DEPTH_MAX);
    parser->depth++;
    return OK;
}

void parser_leave(struct parser *parser)
{
    must(parser->depth > 0);
    parser->depth--;
}

struct str str_upper(struct str text, struct arena *arena)
{
    char *data = arena_alloc(arena, text.size + 1);
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        data[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return (struct str){data, text.size};
}

bool parser_is_reserved(struct str word)
{
    for (size_t i = 0; i < sizeof(reserved_words) / sizeof(reserved_words[0]); i++) {
        if (str_equal_nocase(word, str_from(reserved_words[i])))
            return true;
    }
    return false;
}
