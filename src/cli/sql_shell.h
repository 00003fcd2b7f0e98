/* sql_shell.h -- one SQL shell: its server, what it was told, and how it shows things. */
#ifndef CLI_SQL_SHELL_H
#define CLI_SQL_SHELL_H

#include "cli/command.h"
#include "cli/sql_table.h"
#include "net/http_client.h"

struct sql_editor;
struct sql_names;

struct sql_shell {
    struct invocation *invocation;
    struct http_client *client;
    struct arena arena;          /* settings and variables; as long as the shell */
    struct properties settings;  /* SET; a name of size 0 was taken back */
    struct properties variables; /* DEFINE; the same */
    bool is_json;
    bool is_cut; /* SET CLI WRAP OFF */
    uint32_t column_width;
    int64_t row_limit;        /* of a query; 0: none */
    int64_t query_timeout_ms; /* 0: none */
    bool is_interactive;      /* somebody types and reads */
    bool is_terminal;         /* standard output is one */
    bool has_colors;
    bool is_leaving;
    bool is_pipelined;   /* REQUEST PIPELINING ON: commands are not waited for */
    struct str password; /* of server.user */
    uint32_t script_depth;
    FILE *spool; /* a copy of all that is shown; NULL: off */
    char *spool_path;
    struct sql_editor *editor; /* NULL: not interactive */
    struct sql_names *names;   /* for completion; NULL: not interactive */
};

/* What is written goes to standard output and the spool, what is said to standard error and the
 * spool. Text of others has been made printable by then. */
void sql_write(struct sql_shell *shell, struct str text);
void sql_say(struct sql_shell *shell, const char *format, ...) PRINTF_LIKE(2, 3);
/* Tables for the terminal as it is now. */
struct sql_table_style sql_style(const struct sql_shell *shell);
/* Files have no colours. */
bool sql_is_colored(const struct sql_shell *shell);
/* Whether Ctrl-C ended what was going on, or nobody reads the output any more. */
bool sql_is_interrupted(void);

#endif
