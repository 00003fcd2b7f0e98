/* sql_shell.h -- what the files of `drivethru sql` share: one shell, its server and its output. */
#ifndef CLI_SQL_SHELL_H
#define CLI_SQL_SHELL_H

#include "cli/command.h"
#include "cli/json_tree.h"
#include "cli/sql_table.h"
#include "net/http_client.h"
#include "sql/sql.h"

#define SQL_STATEMENT_BYTES_MAX (1 << 20)
#define SQL_SCRIPT_BYTES_MAX (64 << 20)
#define SQL_SCRIPT_DEPTH_MAX 8

struct sql_editor;
struct sql_names;

struct sql_shell {
    struct invocation *invocation;
    struct http_client *client;
    struct arena arena;          /* settings and variables; as long as the shell */
    struct properties settings;  /* SET */
    struct properties variables; /* DEFINE */
    bool is_json;
    bool is_cut; /* SET CLI WRAP OFF */
    uint32_t column_width;
    int64_t row_limit;        /* 0: none */
    int64_t query_timeout_ms; /* 0: none */
    bool is_interactive;      /* somebody types and reads */
    bool is_terminal;         /* standard output is one */
    bool is_colored;
    FILE *spool; /* NULL: off; a copy of all that is shown */
    char *spool_path;
    uint32_t script_depth;
    bool is_leaving;
    struct sql_editor *editor; /* NULL: not interactive */
    struct sql_names *names;   /* for completion; NULL: not interactive */
};

/* sql.c: what is written goes to standard output and the spool, what is said to standard error and
 * the spool. Text of others has been made printable by then. */
void sql_write(struct sql_shell *shell, struct str text);
void sql_say(struct sql_shell *shell, const char *format, ...) PRINTF_LIKE(2, 3);
/* The terminal as it is now. */
struct sql_table_style sql_style(const struct sql_shell *shell);
/* Whether Ctrl-C ended what was going on, or nobody reads the output any more. */
bool sql_is_interrupted(void *shell);

/* sql_script.c: where statements come from. `name` is for messages: "orders.sql"; NULL: typed. All
 * stop at the first statement that fails, and return its error: it has been shown. ERR_CLOSED after
 * Ctrl-C. */
struct sql_script {
    const char *name;
    struct buf text;    /* not yet run */
    struct place place; /* where `text` begins */
};
void sql_script_init(struct sql_script *script, const char *name);
void sql_script_release(struct sql_script *script);
/* What a text begins with, the shell's own words included: those end with their line.
 * is_end: nothing will follow, so that a last statement needs no semicolon. */
enum split sql_script_next(struct str text, struct place place, bool is_end,
                           struct split_statement *ret_statement);
/* Adds to the text and runs what is whole. */
MUST_CHECK enum err sql_script_feed(struct sql_shell *shell, struct sql_script *script,
                                    struct str piece, bool is_end);
MUST_CHECK enum err sql_script_text(struct sql_shell *shell, const char *name, struct str text);
MUST_CHECK enum err sql_script_file(struct sql_shell *shell, const char *path);
MUST_CHECK enum err sql_script_stream(struct sql_shell *shell, const char *name, int file);

/* sql_error.c: says what is wrong with a statement, with its line and a caret below the place that
 * the words name ("line 1:8: ..."), counted within the statement. */
void sql_show_error(struct sql_shell *shell, const struct sql_script *script,
                    const struct split_statement *statement, struct str message);

/* sql_words.c: the shell's own words. */
bool sql_is_word(struct str line);
MUST_CHECK enum err sql_run_word(struct sql_shell *shell, struct str line, struct why *why);
/* SET, UNSET, DEFINE, UNDEFINE: kept here, sent with every request. False: another statement. */
bool sql_run_setting(struct sql_shell *shell, struct str text, enum err *ret_err, struct why *why);
/* TABULAR (also TABLE) or JSON. */
MUST_CHECK enum err sql_set_output(struct sql_shell *shell, struct str name, struct why *why);
/* ERR_IO when the file did not take all. Nothing spooled is fine. */
MUST_CHECK enum err sql_spool_close(struct sql_shell *shell, struct why *why);
/* The words' names, for completion; NULL beyond the last. */
const char *sql_word_at(uint32_t index);
/* sql_help.c */
MUST_CHECK enum err sql_help(struct sql_shell *shell, struct str topic, struct why *why);
const char *sql_help_topic_at(uint32_t index);

/* sql_server.c: asking. Failures come with words; ERR_CLOSED after Ctrl-C. */
MUST_CHECK enum err sql_server_connect(struct sql_shell *shell, struct str url, struct why *why);
/* The server's version; in the arena. */
MUST_CHECK enum err sql_server_info(struct sql_shell *shell, struct arena *arena,
                                    struct str *ret_version, struct why *why);
/* POST /ksql: the answer's entities, in the arena. ERR_INVALID with the server's words. */
MUST_CHECK enum err sql_server_ask(struct sql_shell *shell, struct str statement,
                                   int64_t timeout_ms, struct arena *arena,
                                   const struct json_node **ret_entities, struct why *why);
/* GET; the body parsed, in the arena. ERR_INVALID with the server's words. */
MUST_CHECK enum err sql_server_get(struct sql_shell *shell, const char *path, int64_t timeout_ms,
                                   struct arena *arena, const struct json_node **ret_root,
                                   struct why *why);
/* What an error's body says: its message, or the status. In the arena. */
struct str sql_server_message(const struct http_answer *answer, struct str body,
                              struct arena *arena);
/* The request's body. */
void sql_server_request(const struct sql_shell *shell, struct str statement, const char *text_name,
                        const char *settings_name, struct buf *body);

/* sql_query.c: SELECT and PRINT, shown as they come. */
MUST_CHECK enum err sql_run_select(struct sql_shell *shell, struct str statement, struct why *why);
MUST_CHECK enum err sql_run_print(struct sql_shell *shell, struct str statement, struct why *why);

/* sql_entity.c: shows what other statements answer. */
void sql_show_entity(struct sql_shell *shell, const struct json_node *entity);

/* sql_edit.c: the line editor and its history. */
struct sql_editor *sql_editor_new(struct sql_shell *shell);
void sql_editor_free(struct sql_editor *editor);
/* One or more statements as typed, valid until the next call. ERR_CLOSED at Ctrl-D, ERR_AGAIN when
 * Ctrl-C threw the text away. */
MUST_CHECK enum err sql_editor_read(struct sql_editor *editor, struct str *ret_text);
void sql_editor_list_history(struct sql_editor *editor, struct sql_shell *shell);

/* sql_complete.c: what may stand at a place of a text. */
struct sql_names *sql_names_new(struct sql_shell *shell);
void sql_names_free(struct sql_names *names);
/* A statement changed what there is: names are asked for again. */
void sql_names_forget(struct sql_names *names);
struct sql_completion {
    size_t begin;            /* where the word begins that is completed */
    const struct str *words; /* sorted, each once */
    uint32_t count;
    const char *ending; /* what follows the only one: " ", or what closes its quote */
};
/* For the text up to the cursor; in the arena. */
void sql_complete(struct sql_names *names, struct str text, struct arena *arena,
                  struct sql_completion *ret_completion);

#endif
