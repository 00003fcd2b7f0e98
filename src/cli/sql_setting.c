/* sql_setting.c -- SET and DEFINE: kept in the shell, sent with each request. */
#include "cli/sql_server.h"
#include "cli/sql_words.h"
#include "sql/sql.h"

#include <ctype.h>

bool sql_is_setting(struct str statement)
{
    static const char *const names[] = {"SET", "UNSET", "DEFINE", "UNDEFINE"};
    size_t size = 0;
    while (size < statement.size && isalpha((unsigned char)statement.data[size]))
        size++;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_equal_nocase((struct str){statement.data, size}, str_from(names[i])))
            return true;
    return false;
}

/* Whether the server knows the setting; its words if not. */
static enum err check_property(struct sql_shell *shell, struct str name, struct why *why)
{
    struct arena arena;
    struct buf path = {0};
    const struct json_node *root;
    buf_append_str(&path, STR("/is_valid_property/"));
    for (size_t i = 0; i < name.size; i++) {
        const unsigned char byte = (unsigned char)name.data[i];
        if (isalnum(byte) || byte == '-' || byte == '.' || byte == '_')
            buf_append_byte(&path, byte);
        else
            buf_printf(&path, "%%%02X", byte);
    }
    arena_init(&arena, 0);
    const enum err err = sql_server_get(shell, buf_text(&path), 0, &arena, &root, why);
    arena_release(&arena);
    buf_release(&path);
    return err;
}

static enum err apply(struct sql_shell *shell, const struct statement *statement, struct why *why)
{
    const bool is_property = statement->kind == STATEMENT_SET || statement->kind == STATEMENT_UNSET;
    struct properties *kept = is_property ? &shell->settings : &shell->variables;
    if (statement->kind == STATEMENT_SET || statement->kind == STATEMENT_DEFINE) {
        const enum err err = is_property ? check_property(shell, statement->name, why) : OK;
        if (err == OK)
            properties_set(kept, statement->name, statement->value);
        return err;
    }
    if (!properties_get(kept, statement->name))
        return why_set(why, ERR_INVALID, "'%.*s' is not set", STR_ARGS(statement->name));
    properties_forget(kept, statement->name);
    return OK;
}

enum err sql_run_setting(struct sql_shell *shell, struct str text, struct why *why)
{
    struct arena arena;
    struct statement *statements;
    uint32_t count;
    arena_init(&arena, 0);
    enum err err = sql_parse(text, &shell->variables, &arena, &statements, &count, why);
    if (err == OK && count == 1)
        err = apply(shell, &statements[0], why);
    else if (err && why->line > 0) /* in the form that servers use */
        why_prefix(why, "line %d:%d", why->line, why->column);
    arena_release(&arena);
    return err;
}
