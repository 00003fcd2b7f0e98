/* split.c -- finds where a statement ends, without knowing what it says. */
#include "sql/lexer.h"
#include "sql/sql.h"

/* Steps over a character that begins no token. False when the text ends inside a quote or a comment
 * instead. */
static bool step_over(struct lexer *lexer)
{
    const char first = *lexer->at;
    const bool is_comment = first == '/' && lexer->end - lexer->at > 1 && lexer->at[1] == '*';
    if (first == '\'' || first == '`' || first == '"' || is_comment)
        return false;
    do
        lexer->at++;
    while (lexer->at < lexer->end && ((unsigned char)*lexer->at & 0xc0) == 0x80);
    lexer->place.column++;
    return true;
}

enum split sql_split(struct str text, struct place place, struct split_statement *ret_statement)
{
    struct lexer lexer;
    struct split_statement statement = {.place = place};
    enum split found = SPLIT_NOTHING;
    lexer_init(&lexer, text, place);
    while (found != SPLIT_WHOLE && found != SPLIT_OPEN) {
        const struct token token = lexer_next(&lexer);
        if (token.kind == TOKEN_END)
            break;
        if (found == SPLIT_NOTHING) {
            found = SPLIT_REST;
            statement.text.data = token.text.data;
            statement.place = token.place;
        }
        if (token.kind == TOKEN_SYMBOL && str_equal(token.text, STR(";")))
            found = SPLIT_WHOLE;
        if (token.kind == TOKEN_ERROR && token.text.size == 0 && !step_over(&lexer)) {
            found = SPLIT_OPEN;
            lexer.at = lexer.end;
        }
    }
    if (found != SPLIT_NOTHING)
        statement.text.size = (size_t)(lexer.at - statement.text.data);
    statement.end = (size_t)(lexer.at - text.data);
    statement.end_place = lexer.place;
    *ret_statement = statement;
    return found;
}
