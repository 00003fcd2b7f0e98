/* sql.c -- drivethru sql: the SQL shell, a client of ksqlDB's REST API. */
#include "cli/sql_editor.h"
#include "cli/sql_names.h"
#include "cli/sql_password.h"
#include "cli/sql_script.h"
#include "cli/sql_server.h"
#include "cli/sql_words.h"

#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MIN 20

void sql_write(struct sql_shell *shell, struct str text)
{
    fwrite(text.data, 1, text.size, stdout);
    if (shell->spool)
        fwrite(text.data, 1, text.size, shell->spool);
}

void sql_say(struct sql_shell *shell, const char *format, ...)
{
    struct buf text = {0};
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(&text, format, arguments);
    va_end(arguments);
    fflush(stdout); /* what came before is read before */
    fwrite(text.data, 1, text.size, stderr);
    if (shell->spool)
        fwrite(text.data, 1, text.size, shell->spool);
    buf_release(&text);
}

struct sql_table_style sql_style(const struct sql_shell *shell)
{
    struct winsize size = {0};
    struct sql_table_style style = {.column_width = shell->column_width,
                                    .is_cut = shell->is_cut,
                                    .is_colored = sql_is_colored(shell)};
    if (shell->is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        style.width = size.ws_col > WIDTH_MIN ? size.ws_col : WIDTH_MIN;
    return style;
}

bool sql_is_colored(const struct sql_shell *shell)
{
    return shell->has_colors && !shell->spool;
}

bool sql_is_interrupted(void)
{
    return interrupt_wanted() || ferror(stdout);
}

static void say_unreachable(struct sql_shell *shell, const struct why *why)
{
    sql_say(shell,
            "drivethru: %s\n"
            "'drivethru up' in another terminal starts a server; --server URL names another one\n",
            why->text);
}

static int exit_code(enum err err)
{
    if (err == OK)
        return EXIT_OK;
    if (err == ERR_CLOSED)
        return interrupt_wanted() ? EXIT_INTERRUPTED : EXIT_OK;
    return err == ERR_UNAVAILABLE ? EXIT_UNAVAILABLE : EXIT_FAILED;
}

/* Each line of a setting that may be given several times. */
static enum err each_line(struct sql_shell *shell, const char *setting,
                          enum err (*run)(struct sql_shell *shell, struct str line))
{
    struct str rest = config_text(shell->invocation, setting);
    enum err err = OK;
    while (err == OK && rest.size > 0 && !shell->is_leaving) {
        const size_t size = str_index(rest, '\n');
        err = run(shell, (struct str){rest.data, size});
        const size_t skip = size < rest.size ? size + 1 : size;
        rest = (struct str){rest.data + skip, rest.size - skip};
    }
    return err;
}

static enum err run_file(struct sql_shell *shell, struct str path)
{
    return sql_script_file(shell, arena_str(&shell->arena, path).data);
}

/* -d name=value */
static enum err define(struct sql_shell *shell, struct str line)
{
    const size_t equals = str_index(line, '=');
    const struct str name = str_trim((struct str){line.data, equals});
    if (equals == line.size || name.size == 0)
        return ERR_INVALID;
    properties_set(&shell->variables, name,
                   (struct str){line.data + equals + 1, line.size - equals - 1});
    return OK;
}

static void type_and_run(struct sql_shell *shell)
{
    struct str text;
    enum err err = OK;
    while (!shell->is_leaving && err != ERR_CLOSED) {
        interrupt_forget();
        err = sql_editor_read(shell->editor, &text);
        interrupt_forget();
        /* What fails, or is ended by Ctrl-C, ends what was typed and not the shell. */
        if (err == OK && sql_script_text(shell, NULL, text) != OK)
            continue;
    }
}

static void interact(struct sql_shell *shell)
{
    struct arena arena;
    struct str version;
    struct why why = {0};
    arena_init(&arena, 0);
    shell->names = sql_names_new(shell);
    shell->editor = sql_editor_new(shell);
    if (sql_server_info(shell, &arena, &version, &why) != OK) {
        say_unreachable(shell, &why);
    } else {
        printf("drivethru " DRIVETHRU_VERSION ", server %s (%.*s)\n"
               "'help' lists what there is, Tab completes, Ctrl-D leaves\n\n",
               http_client_url(shell->client), STR_ARGS(version));
    }
    arena_release(&arena);
    type_and_run(shell);
}

/* What the flags say, in this order: files, statements; with neither, what comes on standard
 * input. */
static enum err run_all(struct sql_shell *shell)
{
    const struct str statements = config_text(shell->invocation, "sql.execute");
    const bool has_files = config_text(shell->invocation, "sql.file").size > 0;
    enum err err = OK;
    if (!shell->is_interactive) {
        struct arena arena;
        struct str version;
        struct why why = {0};
        arena_init(&arena, 0);
        err = sql_server_info(shell, &arena, &version, &why);
        arena_release(&arena);
        if (err) {
            say_unreachable(shell, &why);
            return ERR_UNAVAILABLE;
        }
    }
    if (has_files)
        err = each_line(shell, "sql.file", run_file);
    if (err == OK && statements.size > 0 && !shell->is_leaving)
        err = sql_script_text(shell, NULL, statements);
    if (has_files || statements.size > 0)
        return err;
    if (!shell->is_interactive)
        return sql_script_stream(shell, "standard input", STDIN_FILENO);
    interact(shell);
    return OK;
}

/* A bare number is milliseconds, as ksqlDB's shell takes it. */
static bool read_timeout(struct str text, int64_t *ret_timeout_ms)
{
    return str_to_int64(text, ret_timeout_ms) == OK ||
           str_to_duration_ms(text, ret_timeout_ms) == OK;
}

static enum err open_shell(struct sql_shell *shell, struct why *why)
{
    const struct invocation *invocation = shell->invocation;
    const bool is_scripted = config_text(invocation, "sql.execute").size > 0 ||
                             config_text(invocation, "sql.file").size > 0;
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    shell->is_terminal = isatty(STDOUT_FILENO);
    shell->is_interactive = !is_scripted && isatty(STDIN_FILENO) && shell->is_terminal;
    shell->has_colors = shell->is_terminal && !(no_color && no_color[0] != '\0') &&
                        !(terminal && strcmp(terminal, "dumb") == 0);
    shell->row_limit = config_number(invocation, "sql.query.row.limit");
    arena_init(&shell->arena, 0);
    properties_init(&shell->settings, &shell->arena);
    properties_init(&shell->variables, &shell->arena);
    const struct str timeout = config_text(invocation, "sql.query.timeout");
    if (!read_timeout(timeout, &shell->query_timeout_ms) || shell->query_timeout_ms < 0)
        return why_set(why, ERR_INVALID,
                       "'--query-timeout' is milliseconds or a duration such as 5s, not '%.*s'",
                       STR_ARGS(timeout));
    if (each_line(shell, "sql.define", define) != OK)
        return why_set(why, ERR_INVALID, "'--define' is NAME=VALUE");
    enum err err = sql_set_output(shell, config_text(invocation, "output"), why);
    shell->password = config_text(invocation, "server.password");
    const struct str user = config_text(invocation, "server.user");
    if (err == OK && user.size > 0 && shell->password.size == 0 && isatty(STDIN_FILENO))
        err = sql_password_ask(user, &shell->arena, &shell->password, why);
    if (err)
        return err;
    return sql_server_use(shell, config_text(invocation, "server"), why);
}

static int run(struct invocation *invocation)
{
    struct sql_shell shell = {.invocation = invocation};
    struct why why = {0};
    if (invocation->argument_count > 0)
        return fail_usage(&command_sql, "statements go behind -e, files behind -f");
    interrupt_catch_each();
    enum err err = open_shell(&shell, &why);
    int code = EXIT_USAGE;
    if (err) {
        fprintf(stderr, "drivethru: %s\n", why.text);
    } else {
        err = run_all(&shell);
        code = exit_code(err);
    }
    if (sql_spool_close(&shell, &why) != OK)
        code = fail(ERR_IO, &why);
    sql_editor_free(shell.editor);
    sql_names_free(shell.names);
    http_client_free(shell.client);
    arena_release(&shell.arena);
    return code;
}

const struct command command_sql = {
    .name = "sql",
    .summary = "a SQL shell on a server that runs; also for scripts",
    .usage = "sql [-e SQL | -f FILE] [flags]",
    .flags = "server server.user server.password sql.execute sql.file sql.define output "
             "sql.query.row.limit sql.query.timeout config",
    .details =
        "With neither -e nor -f, statements are read from standard input. On a terminal that is a\n"
        "shell: a statement may take many lines and ends with ';', Tab completes words, names and\n"
        "columns, Ctrl-C ends a query, Ctrl-D leaves, 'help' lists what else there is. What was\n"
        "typed is kept in $XDG_STATE_HOME/drivethru/sql_history (else ~/.local/state), for its\n"
        "owner only; a line that begins with a blank is not kept.\n"
        "\n"
        "From a pipe, -e or -f it is a script: it stops at the first statement that fails. "
        "Answers\n"
        "go to standard output, errors to standard error. -e, -f and -d may be given several "
        "times.\n"
        "A query with EMIT CHANGES goes on until its LIMIT, --query-row-limit or --query-timeout.\n"
        "--output JSON writes one line of JSON a row: an object of its columns.\n"
        "\n"
        "Tables fit the terminal; 'set cli wrap off' cuts what is too wide, 'set cli "
        "column-width'\n"
        "gives all columns one width. Control characters in data are shown as escapes: \\x1b.\n"
        "NO_COLOR in the environment turns colour off.\n"
        "\n"
        "exit codes:\n"
        "  0    all went well\n"
        "  1    a statement failed\n"
        "  2    the command line is wrong\n"
        "  4    the server cannot be reached\n"
        "  130  Ctrl-C ended a script\n",
    .examples = "  drivethru sql\n"
                "  drivethru sql -e 'SHOW STREAMS;'\n"
                "  drivethru sql --output JSON --query-row-limit 3 \\\n"
                "      -e 'SELECT * FROM MCD_ORDERS_PAYMENTS_JOINED EMIT CHANGES;'\n"
                "  drivethru sql -d day=2026-01-31 -f report.sql\n"
                "  echo 'SHOW QUERIES;' | drivethru sql --server http://127.0.0.1:8090\n",
    .run = run,
};
