/* parse_statement.c -- a text to its statements: split at semicolons, put in variables, parse. */
#include "sql/parser.h"
#include "sql/sql.h"

/* One sql_parse. */
struct script {
    struct arena *arena;
    struct why *why;
    struct properties variables; /* as they stand, DEFINE by DEFINE */
};

/* What a statement begins with. */
struct first_word {
    const char *word;
    /* From the word on. The statement has the kind already. */
    enum err (*parse)(struct parser *parser, struct statement *statement);
    enum statement_kind kind;
};

static void script_init(struct script *script, const struct properties *variables,
                        struct arena *arena, struct why *why);
static enum err script_split(struct script *script, struct lexer *lexer, struct str *ret_text,
                             struct place *ret_place);
static enum err script_statement(struct script *script, struct str text, struct place place,
                                 struct statement *statement);
static void script_define(struct script *script, const struct statement *statement);
static const struct first_word *first_word_find(const struct parser *parser);
static enum err parse_select(struct parser *parser, struct statement *statement);
static enum err parse_setting(struct parser *parser, struct statement *statement);
static enum err parse_query_id(struct parser *parser, struct statement *statement);
static enum err parse_explain(struct parser *parser, struct statement *statement);
static bool at_statement(const struct parser *parser);
static enum err parse_unknown(struct parser *parser);

enum err sql_parse(struct str text, const struct properties *variables, struct arena *arena,
                   struct statement **ret_statements, uint32_t *ret_count, struct why *why)
{
    must(arena != NULL);
    must(ret_statements != NULL);
    must(ret_count != NULL);
    if (text.size > SQL_TEXT_BYTES_MAX)
        return why_set(why, ERR_INVALID, "a text of %zu bytes is too long, at most %d can be read",
                       text.size, SQL_TEXT_BYTES_MAX);
    struct script script;
    script_init(&script, variables, arena, why);
    struct vector statements = {0};
    struct lexer lexer;
    lexer_init(&lexer, text, (struct place){1, 1});
    for (;;) {
        struct str piece;
        struct place place;
        enum err err = script_split(&script, &lexer, &piece, &place);
        if (err)
            return err;
        if (!piece.data)
            break;
        if (piece.size == 0)
            continue;
        if (statements.count == SQL_STATEMENTS_MAX)
            return why_set_at(why, ERR_INVALID, place.line, place.column,
                              "more than %d statements in one text", SQL_STATEMENTS_MAX);
        struct statement *statement = VECTOR_PUSH(&statements, arena, struct statement);
        err = sql_put_variables(&script.variables, place, arena, &piece, why);
        if (!err)
            err = script_statement(&script, piece, place, statement);
        if (err)
            return err;
        script_define(&script, statement);
    }
    *ret_statements = statements.data;
    *ret_count = statements.count;
    return OK;
}

static void script_init(struct script *script, const struct properties *variables,
                        struct arena *arena, struct why *why)
{
    *script = (struct script){.arena = arena, .why = why};
    properties_init(&script->variables, arena);
    for (size_t i = 0; variables && i < variables->count; i++)
        properties_set(&script->variables, variables->items[i].name, variables->items[i].value);
}

/* The next statement's text, without the semicolon; data NULL: there is none; size 0: an empty one.
 * A statement that the text ends without a semicolon is one too. */
static enum err script_split(struct script *script, struct lexer *lexer, struct str *ret_text,
                             struct place *ret_place)
{
    struct token token = lexer_next(lexer);
    if (token.kind == TOKEN_END) {
        *ret_text = (struct str){NULL, 0};
        return OK;
    }
    const char *begin = token.text.data;
    const char *end = begin;
    *ret_place = token.place;
    while (token.kind != TOKEN_END && token.kind != TOKEN_ERROR && !token_is_symbol(&token, ";")) {
        end = token.text.data + token.text.size;
        token = lexer_next(lexer);
    }
    if (token.kind == TOKEN_ERROR)
        return why_set_at(script->why, ERR_INVALID, token.place.line, token.place.column,
                          "syntax error: found %s", token.error);
    *ret_text = (struct str){begin, (size_t)(end - begin)};
    return OK;
}

static enum err script_statement(struct script *script, struct str text, struct place place,
                                 struct statement *statement)
{
    struct parser parser;
    parser_init(&parser, text, place, script->arena, script->why);
    enum err err = parse_statement(&parser, statement);
    if (!err && parser.token.kind != TOKEN_END)
        err = parser_fail(&parser, "';'");
    return err;
}

static void script_define(struct script *script, const struct statement *statement)
{
    if (statement->kind == STATEMENT_DEFINE)
        properties_set(&script->variables, statement->name, statement->value);
    if (statement->kind == STATEMENT_UNDEFINE)
        properties_forget(&script->variables, statement->name);
}

static const struct first_word first_words[] = {
#define FIRST_WORD(WORD, reader, itself) {.word = #WORD, .parse = reader, .kind = itself},
#include "sql/first_word.def"
#undef FIRST_WORD
};

const struct str *sql_first_words(uint32_t *ret_count)
{
    static const struct str words[] = {
#define FIRST_WORD(WORD, reader, itself) STR_INIT(#WORD),
#include "sql/first_word.def"
#undef FIRST_WORD
    };
    *ret_count = sizeof(words) / sizeof(words[0]);
    return words;
}

static const struct first_word *first_word_find(const struct parser *parser)
{
    for (size_t i = 0; i < sizeof(first_words) / sizeof(first_words[0]); i++) {
        if (parser_at_word(parser, first_words[i].word))
            return &first_words[i];
    }
    return NULL;
}

/* statement := one of the kinds, by its first word */
enum err parse_statement(struct parser *parser, struct statement *statement)
{
    *statement = (struct statement){.place = parser->token.place, .limit = -1};
    const char *begin = parser->token.text.data;
    const struct first_word *first = first_word_find(parser);
    if (!first)
        return parse_unknown(parser);
    statement->kind = first->kind;
    enum err err = first->parse(parser, statement);
    if (err)
        return err;
    statement->text = (struct str){begin, (size_t)(parser->last - begin)};
    if (statement->query) {
        statement->emit = statement->query->emit_changes || statement->query->emit_final;
        statement->limit = statement->query->limit;
    }
    return OK;
}

static enum err parse_select(struct parser *parser, struct statement *statement)
{
    return parse_query(parser, &statement->query);
}

/* setting := SET 'name' '=' 'value' | UNSET 'name' | DEFINE name '=' 'value' | UNDEFINE name */
static enum err parse_setting(struct parser *parser, struct statement *statement)
{
    const enum statement_kind kind = statement->kind;
    const bool is_set = kind == STATEMENT_SET || kind == STATEMENT_UNSET;
    const bool has_value = kind == STATEMENT_SET || kind == STATEMENT_DEFINE;
    parser_advance(parser);
    statement->name_place = parser->token.place;
    enum err err = OK;
    if (is_set) {
        err = parser_text(parser, "the name of a setting in quotes", &statement->name);
    } else if (parser_at_name(parser)) {
        /* Variables keep their case: ${name} is looked up as it is written. */
        statement->name = parser->token.kind == TOKEN_QUOTED
                              ? token_unquote(&parser->token, parser->arena)
                              : parser->token.text;
        parser_advance(parser);
    } else {
        err = parser_fail(parser, "the name of a variable");
    }
    if (err || !has_value)
        return err;
    err = parser_expect_symbol(parser, "=");
    if (err)
        return err;
    return parser_text(parser, "a value in quotes", &statement->value);
}

/* id := (TERMINATE [QUERY] | PAUSE [QUERY] | RESUME [QUERY]) (ALL | name)
 *     | (PAUSE | RESUME) CONNECTOR name */
static enum err parse_query_id(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    const struct token next = parser_peek(parser);
    if (parser_at_word(parser, "QUERY") && next.kind != TOKEN_END)
        parser_advance(parser);
    if (statement->kind != STATEMENT_TERMINATE && parser_at_word(parser, "CONNECTOR") &&
        next.kind != TOKEN_END) {
        parser_advance(parser);
        statement->kind = statement->kind == STATEMENT_PAUSE ? STATEMENT_PAUSE_CONNECTOR
                                                             : STATEMENT_RESUME_CONNECTOR;
        statement->name_place = parser->token.place;
        return parser_name(parser, "a connector", &statement->name);
    }
    statement->name_place = parser->token.place;
    if (parser_take_word(parser, "ALL"))
        return OK;
    return parser_name(parser, "a query, or ALL", &statement->name);
}

/* explain := EXPLAIN (statement | name) */
static enum err parse_explain(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    statement->name_place = parser->token.place;
    if (!at_statement(parser))
        return parser_name(parser, "a query, or a statement", &statement->name);
    enum err err = parser_enter(parser);
    if (err)
        return err;
    statement->explained = ARENA_NEW(parser->arena, struct statement);
    err = parse_statement(parser, statement->explained);
    parser_leave(parser);
    return err;
}

/* A query's id has nothing after it, a statement has. */
static bool at_statement(const struct parser *parser)
{
    return parser_peek(parser).kind != TOKEN_END;
}

static enum err parse_unknown(struct parser *parser)
{
    static const char *const later[] = {"ALTER", "ASSERT", "SPOOL"};
    uint32_t known_count;
    const struct str *known = sql_first_words(&known_count);
    const struct place place = parser->token.place;
    const struct token next = parser_peek(parser);
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        /* ASSERT VALUES and its like belong to test files alone. */
        if (token_is_word(&next, "VALUES") || token_is_word(&next, "NULL"))
            break;
        if (parser_at_word(parser, later[i]))
            return why_set_at(parser->why, ERR_UNSUPPORTED, place.line, place.column,
                              "%s is not supported yet", later[i]);
    }
    if (parser->token.kind == TOKEN_WORD) {
        const struct str near = str_nearest(parser->token.text, known, known_count);
        if (near.size > 0)
            return why_set_at(parser->why, ERR_INVALID, place.line, place.column,
                              "syntax error: found '%.*s', did you mean '%.*s'?",
                              STR_ARGS(parser->token.text), STR_ARGS(near));
    }
    return parser_fail(parser, "a statement");
}
