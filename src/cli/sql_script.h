/* sql_script.h -- where statements come from: a file, a pipe, the keyboard; and how one is run.
 *
 * All stop at the first statement that fails and return its error, which has been shown by then.
 * ERR_CLOSED after Ctrl-C. */
#ifndef CLI_SQL_SCRIPT_H
#define CLI_SQL_SCRIPT_H

#include "cli/sql_shell.h"
#include "sql/sql.h"

#define SQL_STATEMENT_BYTES_MAX (1 << 20)
#define SQL_SCRIPT_BYTES_MAX (64 << 20)
#define SQL_SCRIPT_DEPTH_MAX 8

struct sql_script {
    const char *name;   /* for messages: "orders.sql"; NULL: typed */
    struct buf text;    /* not yet run */
    struct place place; /* where `text` begins */
};

void sql_script_init(struct sql_script *script, const char *name);
void sql_script_release(struct sql_script *script);
/* Adds to the text and runs what is whole. is_end: nothing will follow, so that a last statement
 * needs no semicolon. */
MUST_CHECK enum err sql_script_feed(struct sql_shell *shell, struct sql_script *script,
                                    struct str piece, bool is_end);

MUST_CHECK enum err sql_script_text(struct sql_shell *shell, const char *name, struct str text);
MUST_CHECK enum err sql_script_file(struct sql_shell *shell, const char *path);
MUST_CHECK enum err sql_script_stream(struct sql_shell *shell, const char *name, int file);

/* What a text begins with, as sql_split, the shell's own words included: those end with their line.
 */
enum split sql_script_next(struct str text, struct place place, bool is_end,
                           struct split_statement *ret_statement);

/* sql_error.c: says what is wrong with a statement, with its line and a caret below the place that
 * the words name ("line 1:8: ..."), counted within the statement. */
void sql_show_error(struct sql_shell *shell, const struct sql_script *script,
                    const struct split_statement *statement, struct str message);

#endif
