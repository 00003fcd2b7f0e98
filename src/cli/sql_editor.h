/* sql_editor.h -- the line editor and its history. */
#ifndef CLI_SQL_EDITOR_H
#define CLI_SQL_EDITOR_H

#include "cli/sql_shell.h"

struct sql_editor *sql_editor_new(struct sql_shell *shell);
/* NULL is fine. */
void sql_editor_free(struct sql_editor *editor);
/* One or more statements as typed, valid until the next call. ERR_CLOSED at Ctrl-D, ERR_AGAIN when
 * Ctrl-C threw the text away. */
MUST_CHECK enum err sql_editor_read(struct sql_editor *editor, struct str *ret_text);
/* Shows what was typed before, numbered. */
void sql_editor_list_history(struct sql_editor *editor);

#endif
