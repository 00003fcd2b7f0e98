/* sql_editor.c -- the line editor: libedit, its history and its life. */
#include "base/memory.h"
#include "cli/printable.h"
#include "cli/sql_history.h"
#include "cli/sql_keys.h"

#include <errno.h>

#define PROMPT "sql> "

#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

static const char *prompt(EditLine *edit)
{
    (void)edit;
    return PROMPT;
}

struct sql_editor *sql_editor_new(struct sql_shell *shell)
{
    struct sql_editor *editor = MEMORY_NEW(struct sql_editor);
    struct str *entries = NULL;
    uint32_t count = 0;
    HistEvent event;
    const char *terminal = getenv("TERM");
    editor->shell = shell;
    editor->knows_marks = terminal && strcmp(terminal, "dumb") != 0;
    arena_init(&editor->arena, 0);
    editor->edit = el_init("drivethru", stdin, stdout, stderr);
    editor->history = history_init();
    must(editor->edit != NULL);
    must(editor->history != NULL);
    history(editor->history, &event, H_SETSIZE, SQL_HISTORY_ENTRIES_MAX);
    history(editor->history, &event, H_SETUNIQUE, 1);
    editor->history_path = sql_history_path(&editor->arena);
    if (editor->history_path)
        sql_history_load(editor->history_path, &editor->arena, &entries, &count);
    for (uint32_t i = 0; i < count; i++)
        history(editor->history, &event, H_ENTER, entries[i].data);
    el_set(editor->edit, EL_CLIENTDATA, editor);
    el_set(editor->edit, EL_PROMPT, prompt);
    el_set(editor->edit, EL_EDITOR, "emacs");
    /* A terminal that cannot move its cursor edits lines itself. */
    if (!editor->knows_marks)
        el_set(editor->edit, EL_EDITMODE, 0);
    el_set(editor->edit, EL_SIGNAL, 1); /* it puts the terminal back before a signal ends us */
    el_set(editor->edit, EL_HIST, history, editor->history);
    el_set(editor->edit, EL_SETTY, "-d", "-isig", NULL);
    sql_keys_bind(editor->edit);
    el_source(editor->edit, NULL);
    return editor;
}

void sql_editor_free(struct sql_editor *editor)
{
    if (!editor)
        return;
    el_end(editor->edit);
    history_end(editor->history);
    arena_release(&editor->arena);
    buf_release(&editor->text);
    free(editor);
}

static void remember(struct sql_editor *editor, struct str text)
{
    HistEvent event;
    if (text.data[0] == ' ')
        return;
    history(editor->history, &event, H_ENTER, text.data);
    if (editor->history_path)
        sql_history_append(editor->history_path, text);
}

static void set_paste(const struct sql_editor *editor, const char *mark)
{
    if (editor->knows_marks)
        fputs(mark, stdout);
    fflush(stdout);
}

enum err sql_editor_read(struct sql_editor *editor, struct str *ret_text)
{
    int count = 0;
    editor->is_thrown_away = false;
    set_paste(editor, PASTE_ON);
    const char *line = el_gets(editor->edit, &count);
    set_paste(editor, PASTE_OFF);
    if (!line || count <= 0) {
        putchar('\n');
        return count < 0 && errno == EINTR ? ERR_AGAIN : ERR_CLOSED;
    }
    if (editor->is_thrown_away)
        return ERR_AGAIN;
    buf_clear(&editor->text);
    buf_append(&editor->text, line, (size_t)count);
    while (editor->text.size > 0 && editor->text.data[editor->text.size - 1] == '\n')
        editor->text.size--;
    const struct str text = {buf_text(&editor->text), editor->text.size};
    if (str_trim(text).size > 0)
        remember(editor, text);
    *ret_text = text;
    return OK;
}

void sql_editor_list_history(struct sql_editor *editor)
{
    HistEvent event;
    struct buf out = {0};
    int number = 1;
    for (int at = history(editor->history, &event, H_LAST); at != -1;
         at = history(editor->history, &event, H_PREV)) {
        buf_printf(&out, "%5d  ", number++);
        printable_append_lines(&out, str_from(event.str));
        buf_append_byte(&out, '\n');
    }
    sql_write(editor->shell, buf_str(&out));
    buf_release(&out);
}
