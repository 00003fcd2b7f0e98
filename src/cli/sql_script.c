/* sql_script.c -- where statements come from: a file, a pipe, the keyboard; and how one is run. */
#include "cli/sql_script.h"

#include "base/file.h"
#include "cli/sql_answer.h"
#include "cli/sql_names.h"
#include "cli/sql_server.h"
#include "cli/sql_words.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

#define PIECE_BYTES (64 << 10)

static enum err run_statement(struct sql_shell *shell, const struct sql_script *script,
                              const struct split_statement *statement);

void sql_script_init(struct sql_script *script, const char *name)
{
    *script = (struct sql_script){.name = name, .place = {1, 1}};
}

void sql_script_release(struct sql_script *script)
{
    buf_release(&script->text);
}

/* A line of the shell's own ends at a semicolon outside of quotes, or with the line. */
static enum split split_word(struct str text, bool is_end, struct split_statement *statement)
{
    const char *const begin = statement->text.data;
    const char *const end = text.data + text.size;
    const char *at = begin;
    bool is_quoted = false;
    while (at < end && *at != '\n' && (is_quoted || *at != ';'))
        is_quoted ^= *at++ == '\'';
    if (at == end && !is_end)
        return SPLIT_REST;
    statement->text.size = (size_t)(at - begin);
    statement->end_place = statement->place;
    statement->end_place.column += (int)statement->text.size;
    if (at < end && *at == ';') {
        at++;
        statement->end_place.column++;
    }
    statement->end = (size_t)(at - text.data);
    return SPLIT_WHOLE;
}

enum split sql_script_next(struct str text, struct place place, bool is_end,
                           struct split_statement *ret_statement)
{
    enum split split = sql_split(text, place, ret_statement);
    if (split == SPLIT_NOTHING)
        return split;
    const char *begin = ret_statement->text.data;
    const struct str rest = {begin, (size_t)(text.data + text.size - begin)};
    const struct str line = {begin, str_index(rest, '\n')};
    return sql_is_word(line) ? split_word(text, is_end, ret_statement) : split;
}

enum err sql_script_feed(struct sql_shell *shell, struct sql_script *script, struct str piece,
                         bool is_end)
{
    enum err err = OK;
    buf_append_str(&script->text, piece);
    struct str rest = buf_str(&script->text);
    while (err == OK && !shell->is_leaving) {
        struct split_statement statement;
        const enum split split = sql_script_next(rest, script->place, is_end, &statement);
        if (split == SPLIT_NOTHING || (split != SPLIT_WHOLE && !is_end))
            break;
        err = run_statement(shell, script, &statement);
        script->place = statement.end_place;
        rest.data += statement.end;
        rest.size -= statement.end;
    }
    if (err == OK && rest.size > SQL_STATEMENT_BYTES_MAX) {
        sql_say(shell, "error: a statement of more than %d bytes\n", SQL_STATEMENT_BYTES_MAX);
        err = ERR_LIMIT;
    }
    if (rest.size > 0)
        memmove(script->text.data, rest.data, rest.size);
    script->text.size = rest.size;
    return err;
}

enum err sql_script_text(struct sql_shell *shell, const char *name, struct str text)
{
    struct sql_script script;
    sql_script_init(&script, name);
    const enum err err = sql_script_feed(shell, &script, text, true);
    sql_script_release(&script);
    return err;
}

enum err sql_script_file(struct sql_shell *shell, const char *path)
{
    struct arena arena;
    struct str text;
    struct why why = {0};
    if (shell->script_depth == SQL_SCRIPT_DEPTH_MAX) {
        sql_say(shell, "error: '%s': scripts run scripts more than %d deep\n", path,
                SQL_SCRIPT_DEPTH_MAX);
        return ERR_LIMIT;
    }
    arena_init(&arena, 0);
    shell->script_depth++;
    enum err err = file_read(path, SQL_SCRIPT_BYTES_MAX, &arena, &text, &why);
    if (err)
        sql_say(shell, "error: %s\n", why.text);
    else
        err = sql_script_text(shell, path, text);
    shell->script_depth--;
    arena_release(&arena);
    return err;
}

enum err sql_script_stream(struct sql_shell *shell, const char *name, int file)
{
    struct sql_script script;
    char *piece = arena_alloc(&shell->invocation->arena, PIECE_BYTES);
    enum err err = OK;
    bool is_end = false;
    sql_script_init(&script, name);
    while (err == OK && !is_end && !shell->is_leaving) {
        const ssize_t size = read(file, piece, PIECE_BYTES);
        if (size < 0 && errno == EINTR && !sql_is_interrupted())
            continue;
        if (size < 0)
            err = ERR_CLOSED;
        is_end = size <= 0;
        if (err == OK)
            err = sql_script_feed(shell, &script, (struct str){piece, (size_t)size}, is_end);
    }
    sql_script_release(&script);
    return err;
}

static bool begins_with(struct str text, const char *word)
{
    const size_t size = strlen(word);
    return text.size > size && str_equal_nocase((struct str){text.data, size}, str_from(word)) &&
           !isalnum((unsigned char)text.data[size]) && text.data[size] != '_';
}

static enum err ask_and_show(struct sql_shell *shell, struct str statement, struct why *why)
{
    struct arena arena;
    const struct json_node *entities = NULL;
    arena_init(&arena, 64 << 10);
    enum err err = sql_server_ask(shell, statement, 0, &arena, &entities, why);
    for (const struct json_node *at = entities ? entities->child : NULL; at; at = at->next)
        sql_show_entity(shell, at);
    arena_release(&arena);
    if (shell->names)
        sql_names_forget(shell->names);
    return err;
}

static enum err run(struct sql_shell *shell, struct str text, struct why *why)
{
    if (sql_is_word(text))
        return sql_run_word(shell, text, why);
    if (sql_is_setting(text))
        return sql_run_setting(shell, text, why);
    if (begins_with(text, "SELECT"))
        return sql_run_select(shell, text, why);
    if (begins_with(text, "PRINT"))
        return sql_run_print(shell, text, why);
    return ask_and_show(shell, text, why);
}

static enum err run_statement(struct sql_shell *shell, const struct sql_script *script,
                              const struct split_statement *statement)
{
    struct why why = {0};
    if (str_equal(statement->text, STR(";")))
        return OK;
    if (shell->spool)
        fprintf(shell->spool, "sql> %.*s\n", STR_ARGS(statement->text));
    const enum err err = run(shell, statement->text, &why);
    fflush(stdout);
    /* The terminal shows Ctrl-C as ^C, without an end of the line. */
    if (err == ERR_CLOSED && shell->is_interactive && !sql_is_word(statement->text))
        sql_say(shell, "\n%s\n", why.text[0] != '\0' ? why.text : "ended");
    if (err && err != ERR_CLOSED && why.text[0] != '\0')
        sql_show_error(shell, script, statement, str_from(why.text));
    if (err == ERR_UNAVAILABLE && shell->is_interactive)
        sql_say(shell, "'drivethru up' in another terminal starts a server; 'server URL' asks "
                       "another one\n");
    return err;
}
