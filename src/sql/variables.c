/* variables.c -- ${name} in a statement's text: what DEFINE says it stands for.
 *
 * As in ksqlDB. Outside quotes a variable stands for one name, number, boolean or quoted text, so
 * that a value cannot become a statement, and one that is not defined is refused. In a text in
 * single quotes it stands for any part of it, what is not defined stays as it is written, and
 * $${name} is
 * ${name}. Comments and quoted names are left alone. */
#include "sql/parser.h"
#include "sql/sql.h"

static enum err put_token(const struct properties *variables, const struct token *token,
                          struct buf *out, struct why *why);
static void put_in_text(const struct properties *variables, struct str text, struct buf *out);
static const struct str *find(const struct properties *variables, struct str name);
static bool is_one_token(struct str value);

enum err sql_put_variables(const struct properties *variables, struct place place,
                           struct arena *arena, struct str *text, struct why *why)
{
    if (str_index(*text, '$') == text->size)
        return OK;
    struct lexer lexer;
    struct buf out = {0};
    const char *copied = text->data;
    enum err err = OK;
    lexer_init(&lexer, *text, place);
    for (;;) {
        const struct token token = lexer_next(&lexer);
        if (token.kind == TOKEN_END || token.kind == TOKEN_ERROR)
            break;
        if (token.kind != TOKEN_TEXT && token.kind != TOKEN_VARIABLE)
            continue;
        buf_append(&out, copied, (size_t)(token.text.data - copied));
        copied = token.text.data + token.text.size;
        if (token.kind == TOKEN_TEXT)
            put_in_text(variables, token.text, &out);
        else
            err = put_token(variables, &token, &out, why);
        if (err == OK && out.size > SQL_TEXT_BYTES_MAX)
            err = why_set_at(why, ERR_INVALID, token.place.line, token.place.column,
                             "variables make the statement too long");
        if (err)
            break;
    }
    buf_append(&out, copied, (size_t)(text->data + text->size - copied));
    if (err == OK)
        *text = arena_str(arena, buf_str(&out));
    buf_release(&out);
    return err;
}

static enum err put_token(const struct properties *variables, const struct token *token,
                          struct buf *out, struct why *why)
{
    const struct str name = {token->text.data + 2, token->text.size - 3};
    const struct str *value = find(variables, name);
    if (!value)
        return why_set_at(why, ERR_INVALID, token->place.line, token->place.column,
                          "undefined variable '%.*s'", STR_ARGS(name));
    if (!is_one_token(*value))
        return why_set_at(why, ERR_INVALID, token->place.line, token->place.column,
                          "variable '%.*s' is neither a name nor a number, boolean or text in "
                          "quotes",
                          STR_ARGS(name));
    buf_append_str(out, *value);
    return OK;
}

/* A value's own quotes are doubled. */
static void put_in_text(const struct properties *variables, struct str text, struct buf *out)
{
    while (text.size > 0) {
        const bool is_escaped = str_starts_with(text, STR("$${"));
        const size_t close = str_index(text, '}');
        const struct str *value = NULL;
        if (str_starts_with(text, STR("${")) && close < text.size)
            value = find(variables, (struct str){text.data + 2, close - 2});
        size_t used = is_escaped ? strlen("$${") : 1;
        if (value)
            used = close + 1;
        else
            buf_append(out, text.data + (is_escaped ? 1 : 0), is_escaped ? used - 1 : used);
        for (size_t i = 0; value && i < value->size; i++) {
            if (value->data[i] == '\'')
                buf_append_byte(out, '\'');
            buf_append_byte(out, (uint8_t)value->data[i]);
        }
        text = (struct str){text.data + used, text.size - used};
    }
}

/* Names have no case; the one that is written alike comes first. */
static const struct str *find(const struct properties *variables, struct str name)
{
    const struct str *found = properties_get(variables, name);
    for (size_t i = 0; !found && i < variables->count; i++)
        if (variables->items[i].name.size > 0 && str_equal_nocase(variables->items[i].name, name))
            found = &variables->items[i].value;
    return found;
}

static bool is_one_token(struct str value)
{
    struct lexer lexer;
    lexer_init(&lexer, value, (struct place){1, 1});
    struct token token = lexer_next(&lexer);
    const bool is_signed = token_is_symbol(&token, "-") || token_is_symbol(&token, "+");
    if (is_signed)
        token = lexer_next(&lexer);
    const bool is_number =
        token.kind == TOKEN_INTEGER || token.kind == TOKEN_DECIMAL || token.kind == TOKEN_DOUBLE;
    const bool is_other =
        token.kind == TOKEN_WORD || token.kind == TOKEN_QUOTED || token.kind == TOKEN_TEXT;
    const bool is_last = token.text.data + token.text.size == value.data + value.size;
    return is_last && (is_number || (is_other && !is_signed));
}
