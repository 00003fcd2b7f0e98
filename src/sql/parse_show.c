/* parse_show.c -- SHOW, DESCRIBE and PRINT. */
#include "sql/parser.h"

/* show := (SHOW | LIST) (STREAMS | TABLES | [ALL] TOPICS | QUERIES | FUNCTIONS | TYPES
 *         | PROPERTIES | VARIABLES | [SINK] CONNECTORS) [EXTENDED] */
enum err parse_show(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    static const struct {
        const char *word;
        enum statement_kind kind;
        bool can_extend;
    } shows[] = {{"STREAMS", STATEMENT_SHOW_STREAMS, true},
                 {"TABLES", STATEMENT_SHOW_TABLES, true},
                 {"TOPICS", STATEMENT_SHOW_TOPICS, true},
                 {"QUERIES", STATEMENT_SHOW_QUERIES, true},
                 {"FUNCTIONS", STATEMENT_SHOW_FUNCTIONS, false},
                 {"TYPES", STATEMENT_SHOW_TYPES, false},
                 {"PROPERTIES", STATEMENT_SHOW_PROPERTIES, false},
                 {"VARIABLES", STATEMENT_SHOW_VARIABLES, false},
                 {"CONNECTORS", STATEMENT_SHOW_CONNECTORS, false}};
    const struct token next = parser_peek(parser);
    if (parser_at_word(parser, "ALL") && token_is_word(&next, "TOPICS")) {
        statement->extended = true;
        parser_advance(parser);
    } else if (parser_at_word(parser, "SINK") && token_is_word(&next, "CONNECTORS")) {
        parser_advance(parser);
    }
    for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
        if (!parser_take_word(parser, shows[i].word))
            continue;
        statement->kind = shows[i].kind;
        if (shows[i].can_extend && parser_take_word(parser, "EXTENDED"))
            statement->extended = true;
        return OK;
    }
    const struct place place = parser->token.place;
    if (token_is_word(&next, "CONNECTORS") || parser_at_word(parser, "CONNECTOR"))
        return why_set_at(parser->why, ERR_UNSUPPORTED, place.line, place.column,
                          "only SHOW CONNECTORS and SHOW SINK CONNECTORS are supported");
    return parser_fail(parser, "STREAMS, TABLES, TOPICS, QUERIES, FUNCTIONS, TYPES, PROPERTIES, "
                               "VARIABLES or CONNECTORS");
}

/* describe := DESCRIBE (FUNCTION name | CONNECTOR name | name [EXTENDED] | (STREAMS | TABLES)
 * [EXTENDED]) */
enum err parse_describe(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    const struct token next = parser_peek(parser);
    if (parser_at_word(parser, "FUNCTION") && next.kind != TOKEN_END) {
        parser_advance(parser);
        statement->kind = STATEMENT_DESCRIBE_FUNCTION;
    } else if (parser_at_word(parser, "CONNECTOR") &&
               (next.kind == TOKEN_WORD || next.kind == TOKEN_QUOTED) &&
               !token_is_word(&next, "EXTENDED")) {
        parser_advance(parser);
        statement->kind = STATEMENT_DESCRIBE_CONNECTOR;
        statement->name_place = parser->token.place;
        return parser_name(parser, "a connector", &statement->name);
    }
    statement->name_place = parser->token.place;
    const bool is_function = statement->kind == STATEMENT_DESCRIBE_FUNCTION;
    enum err err = OK;
    /* Functions have names like REPLACE and LEFT. */
    if (is_function && parser->token.kind == TOKEN_WORD) {
        statement->name = str_upper(parser->token.text, parser->arena);
        parser_advance(parser);
    } else {
        err =
            parser_name(parser, is_function ? "a function" : "a stream or table", &statement->name);
    }
    if (!err && !is_function)
        statement->extended = parser_take_word(parser, "EXTENDED");
    return err;
}

/* print := PRINT (name | 'name') [FROM BEGINNING] [(INTERVAL | SAMPLE) number] [LIMIT number] */
enum err parse_print(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    statement->interval = 1;
    statement->name_place = parser->token.place;
    enum err err = OK;
    if (parser->token.kind == TOKEN_TEXT || parser->token.kind == TOKEN_QUOTED) {
        statement->name = token_unquote(&parser->token, parser->arena);
        parser_advance(parser);
    } else if (parser->token.kind == TOKEN_WORD) {
        /* Topics are not names of SQL: they keep their case. */
        statement->name = parser->token.text;
        parser_advance(parser);
    } else {
        err = parser_fail(parser, "the name of a topic");
    }
    if (!err && parser_take_word(parser, "FROM")) {
        err = parser_expect_word(parser, "BEGINNING");
        statement->from_beginning = true;
    }
    if (!err && (parser_take_word(parser, "INTERVAL") || parser_take_word(parser, "SAMPLE"))) {
        const struct place place = parser->token.place;
        err = parser_integer(parser, "a whole number", &statement->interval);
        if (!err && statement->interval < 1)
            err = why_set_at(parser->why, ERR_INVALID, place.line, place.column,
                             "invalid interval 0, expected at least 1");
    }
    if (!err && parser_take_word(parser, "LIMIT"))
        err = parser_integer(parser, "a whole number of records", &statement->limit);
    return err;
}
