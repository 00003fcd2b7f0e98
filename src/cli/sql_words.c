/* sql_words.c -- the words the shell answers itself. */
#include "cli/sql_words.h"

#include "base/memory.h"
#include "cli/sql_editor.h"
#include "cli/sql_names.h"
#include "cli/sql_script.h"
#include "cli/sql_server.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS_MAX 4

/* A line's words; quotes around one are taken away. Borrowed from the line. */
struct parts {
    struct str at[PARTS_MAX];
    bool is_quoted[PARTS_MAX];
    uint32_t count;
    bool is_too_many;
};

struct word {
    const char *name;      /* "run script": the line's first one or two words */
    uint32_t argument_min; /* how many follow */
    uint32_t argument_max;
    enum err (*run)(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                    struct why *why);
};

static enum err run_clear(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                          struct why *why);
static enum err run_exit(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                         struct why *why);
static enum err run_help(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                         struct why *why);
static enum err run_history(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                            struct why *why);
static enum err run_output(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                           struct why *why);
static enum err run_pipelining(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                               struct why *why);
static enum err run_script(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                           struct why *why);
static enum err run_server(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                           struct why *why);
static enum err run_set_cli(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                            struct why *why);
static enum err run_spool(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                          struct why *why);
static enum err run_version(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                            struct why *why);

static const struct word words[] = {
    {"clear", 0, 0, run_clear},
    {"exit", 0, 0, run_exit},
    {"help", 0, 2, run_help},
    {"history", 0, 0, run_history},
    {"output", 0, 1, run_output},
    {"quit", 0, 0, run_exit},
    {"request pipelining", 0, 1, run_pipelining},
    {"run script", 1, 1, run_script},
    {"server", 0, 1, run_server},
    {"set cli", 2, 2, run_set_cli},
    {"spool", 1, 1, run_spool},
    {"version", 0, 0, run_version},
};
#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

static struct parts split(struct str line)
{
    struct parts parts = {.count = 0};
    const char *at = line.data;
    const char *end = line.data + line.size;
    while (at < end && end[-1] == ';')
        end--;
    for (;;) {
        while (at < end && isspace((unsigned char)*at))
            at++;
        if (at == end)
            return parts;
        const bool is_quoted = *at == '\'';
        const char *begin = is_quoted ? ++at : at;
        while (at < end && (is_quoted ? *at != '\'' : !isspace((unsigned char)*at)))
            at++;
        if (parts.count == PARTS_MAX) {
            parts.is_too_many = true;
            return parts;
        }
        parts.is_quoted[parts.count] = is_quoted;
        parts.at[parts.count++] = (struct str){begin, (size_t)(at - begin)};
        at += is_quoted && at < end;
    }
}

/* The word that the parts begin with, and how many of them are its name. */
static const struct word *find(const struct parts *parts, uint32_t *ret_name_parts)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        const struct parts name = split(str_from(words[i].name));
        bool is_it = parts->count >= name.count;
        for (uint32_t p = 0; is_it && p < name.count; p++)
            is_it = !parts->is_quoted[p] && str_equal_nocase(parts->at[p], name.at[p]);
        if (!is_it)
            continue;
        *ret_name_parts = name.count;
        return &words[i];
    }
    return NULL;
}

bool sql_is_word(struct str line)
{
    uint32_t name_parts;
    const size_t semicolon = str_index(line, ';');
    const struct parts parts = split((struct str){line.data, semicolon});
    return find(&parts, &name_parts) != NULL;
}

const char *sql_word_at(uint32_t index)
{
    return index < WORD_COUNT ? words[index].name : NULL;
}

enum err sql_run_word(struct sql_shell *shell, struct str line, struct why *why)
{
    const struct parts parts = split(line);
    uint32_t name_parts = 0;
    const struct word *word = find(&parts, &name_parts);
    must(word != NULL);
    const uint32_t count = parts.count - name_parts;
    if (parts.is_too_many || count < word->argument_min || count > word->argument_max)
        return why_set(why, ERR_INVALID, "'help %s' says how '%s' is used", word->name, word->name);
    return word->run(shell, parts.at + name_parts, count, why);
}

static void show(struct sql_shell *shell, const char *format, ...) PRINTF_LIKE(2, 3);
static void show(struct sql_shell *shell, const char *format, ...)
{
    struct buf text = {0};
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(&text, format, arguments);
    va_end(arguments);
    sql_write(shell, buf_str(&text));
    buf_release(&text);
}

static enum err run_clear(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                          struct why *why)
{
    if (shell->is_terminal)
        fputs("\033[H\033[2J", stdout);
    return OK;
}

static enum err run_exit(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                         struct why *why)
{
    shell->is_leaving = true;
    return OK;
}

static enum err run_help(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                         struct why *why)
{
    struct buf topic = {0};
    for (uint32_t i = 0; i < count; i++)
        buf_printf(&topic, "%s%.*s", i > 0 ? " " : "", STR_ARGS(arguments[i]));
    const enum err err = sql_help(shell, buf_str(&topic), why);
    buf_release(&topic);
    return err;
}

static enum err run_history(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                            struct why *why)
{
    if (shell->editor)
        sql_editor_list_history(shell->editor);
    return OK;
}

enum err sql_set_output(struct sql_shell *shell, struct str name, struct why *why)
{
    if (str_equal_nocase(name, STR("JSON")))
        shell->is_json = true;
    else if (str_equal_nocase(name, STR("TABULAR")) || str_equal_nocase(name, STR("TABLE")))
        shell->is_json = false;
    else
        return why_set(why, ERR_INVALID, "output is TABULAR or JSON, not '%.*s'", STR_ARGS(name));
    return OK;
}

static enum err run_output(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                           struct why *why)
{
    if (count > 0)
        return sql_set_output(shell, arguments[0], why);
    show(shell, "output is %s\n", shell->is_json ? "JSON" : "TABULAR");
    return OK;
}

static enum err run_pipelining(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                               struct why *why)
{
    const bool is_on = count > 0 && str_equal_nocase(arguments[0], STR("on"));
    if (count > 0 && !is_on && !str_equal_nocase(arguments[0], STR("off")))
        return why_set(why, ERR_INVALID, "request pipelining is ON or OFF");
    if (count > 0)
        shell->is_pipelined = is_on;
    show(shell, "request pipelining is %s\n", shell->is_pipelined ? "ON" : "OFF");
    return OK;
}

static enum err run_script(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                           struct why *why)
{
    struct arena arena;
    arena_init(&arena, 0);
    const enum err err = sql_script_file(shell, arena_str(&arena, arguments[0]).data);
    arena_release(&arena);
    return err;
}

static enum err run_server(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                           struct why *why)
{
    struct arena arena;
    struct str version;
    arena_init(&arena, 0);
    enum err err = OK;
    if (count > 0)
        err = sql_server_use(shell, arguments[0], why);
    if (err == OK)
        err = sql_server_info(shell, &arena, &version, why);
    if (err == OK)
        show(shell, "server %s, version %.*s\n", http_client_url(shell->client), STR_ARGS(version));
    if (err == OK && shell->names)
        sql_names_forget(shell->names);
    arena_release(&arena);
    return err;
}

/* SET CLI WRAP ON|OFF, SET CLI COLUMN-WIDTH n: how tables look. */
static enum err run_set_cli(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                            struct why *why)
{
    int64_t width;
    if (str_equal_nocase(arguments[0], STR("WRAP"))) {
        const bool is_on = str_equal_nocase(arguments[1], STR("ON"));
        if (!is_on && !str_equal_nocase(arguments[1], STR("OFF")))
            return why_set(why, ERR_INVALID, "WRAP is ON or OFF, not '%.*s'",
                           STR_ARGS(arguments[1]));
        shell->is_cut = !is_on;
    } else if (str_equal_nocase(arguments[0], STR("COLUMN-WIDTH"))) {
        if (str_to_int64(arguments[1], &width) != OK || width < 0 || width > 1000)
            return why_set(why, ERR_INVALID,
                           "COLUMN-WIDTH is 1 to 1000, or 0 for what fits, not '%.*s'",
                           STR_ARGS(arguments[1]));
        shell->column_width = (uint32_t)width;
    } else {
        return why_set(why, ERR_INVALID, "SET CLI knows WRAP and COLUMN-WIDTH, not '%.*s'",
                       STR_ARGS(arguments[0]));
    }
    return OK;
}

static enum err spool_open(struct sql_shell *shell, struct str path, struct why *why)
{
    char *text = memory_strdup(arena_str(&shell->arena, path).data);
    /* Only its owner reads what may be in the rows. */
    const int file = open(text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    FILE *spool = file >= 0 ? fdopen(file, "w") : NULL;
    if (!spool) {
        const enum err err = why_set(why, ERR_IO, "cannot write '%s': %s", text, strerror(errno));
        if (file >= 0)
            close(file);
        free(text);
        return err;
    }
    shell->spool = spool;
    shell->spool_path = text;
    return OK;
}

enum err sql_spool_close(struct sql_shell *shell, struct why *why)
{
    enum err err = OK;
    if (!shell->spool)
        return OK;
    const bool is_lost = ferror(shell->spool) != 0;
    if (fclose(shell->spool) != 0 || is_lost)
        err = why_set(why, ERR_IO, "'%s' is not whole: %s", shell->spool_path, strerror(errno));
    free(shell->spool_path);
    shell->spool = NULL;
    shell->spool_path = NULL;
    return err;
}

static enum err run_spool(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                          struct why *why)
{
    const bool is_off = str_equal_nocase(arguments[0], STR("OFF"));
    if (is_off && !shell->spool)
        return why_set(why, ERR_INVALID, "nothing is spooled");
    const enum err err = sql_spool_close(shell, why);
    if (err || is_off)
        return err;
    return spool_open(shell, arguments[0], why);
}

static enum err run_version(struct sql_shell *shell, const struct str *arguments, uint32_t count,
                            struct why *why)
{
    show(shell, "drivethru " DRIVETHRU_VERSION "\n");
    return run_server(shell, NULL, 0, why);
}
