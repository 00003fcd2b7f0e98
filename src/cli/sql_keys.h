/* sql_keys.h -- the editor's inside, and the keys that work on it. Private to sql_editor.c and
 * sql_keys.c.
 *
 * The whole text is one buffer of libedit, lines and all, so that up and down reach each of its
 * lines. Enter decides: a text whose statements all have their semicolons is taken, any other gets
 * another line. Ctrl-C is a key here (the terminal makes no signals of keys while somebody types),
 * so that it throws the text away and nothing else. */
#ifndef CLI_SQL_KEYS_H
#define CLI_SQL_KEYS_H

#include "cli/sql_editor.h"

#include <histedit.h>

struct sql_editor {
    struct sql_shell *shell;
    EditLine *edit;
    History *history;
    struct arena arena;
    const char *history_path; /* NULL: not kept */
    struct buf text;
    bool is_thrown_away;
    bool knows_marks; /* the terminal */
};

/* Defines the keys' functions and binds them. EL_CLIENTDATA is the editor. */
void sql_keys_bind(EditLine *edit);

#endif
