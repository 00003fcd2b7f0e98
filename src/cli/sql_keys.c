/* sql_keys.c -- what the keys do that a statement of many lines needs. */
#include "cli/sql_keys.h"

#include "cli/printable.h"
#include "cli/sql_complete.h"
#include "cli/sql_script.h"

#include <signal.h>

#define LISTED_MAX 200

/* Keys of our own do their part and then press these, which the editor's own functions answer. */
#define KEY_TAKE "\033[7777~t"
#define KEY_EARLIER "\033[7777~e"
#define KEY_LATER "\033[7777~l"

#define PASTE_END "\033[201~"

static struct sql_editor *editor_of(EditLine *edit)
{
    struct sql_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    must(editor != NULL);
    return editor;
}

static struct str text_of(EditLine *edit)
{
    const LineInfo *line = el_line(edit);
    return (struct str){line->buffer, (size_t)(line->lastchar - line->buffer)};
}

static struct str text_before_cursor(EditLine *edit)
{
    const LineInfo *line = el_line(edit);
    return (struct str){line->buffer, (size_t)(line->cursor - line->buffer)};
}

/* The editor moves by characters. */
static int character_count(struct str text)
{
    int count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

/* Whether every statement of the text has its end. */
static bool is_whole(struct str text)
{
    struct place place = {1, 1};
    for (;;) {
        struct split_statement statement;
        const enum split split = sql_script_next(text, place, true, &statement);
        if (split != SPLIT_WHOLE)
            return split == SPLIT_NOTHING;
        text.data += statement.end;
        text.size -= statement.end;
    }
}

static unsigned char key_enter(EditLine *edit, int key)
{
    (void)key;
    if (!is_whole(text_of(edit)))
        return el_insertstr(edit, "\n") == 0 ? CC_REFRESH : CC_ERROR;
    el_push(edit, KEY_TAKE);
    return CC_NORM;
}

static unsigned char key_interrupt(EditLine *edit, int key)
{
    (void)key;
    editor_of(edit)->is_thrown_away = true;
    el_push(edit, KEY_TAKE);
    return CC_NORM;
}

/* Text that is pasted comes between two marks, where the terminal knows them: it is taken as it is,
 * so that a tab in it completes nothing and a line's end runs nothing. */
static unsigned char key_paste(EditLine *edit, int key)
{
    const struct str end = STR(PASTE_END);
    struct buf text = {0};
    size_t matched = 0; /* bytes of the end's mark; ESC is its first, and nowhere else in it */
    char byte;
    (void)key;
    while (matched < end.size && el_getc(edit, &byte) == 1) {
        matched = byte == end.data[matched] ? matched + 1 : byte == end.data[0];
        if (text.size > SQL_STATEMENT_BYTES_MAX || matched > 0 || byte == 0x7f)
            continue;
        if (byte == '\n' || byte == '\r')
            buf_append_byte(&text, '\n');
        else if (byte == '\t')
            buf_append_byte(&text, ' ');
        else if ((unsigned char)byte >= 0x20)
            buf_append_byte(&text, (uint8_t)byte);
    }
    const bool is_taken = text.size > 0 && text.size <= SQL_STATEMENT_BYTES_MAX &&
                          el_insertstr(edit, buf_text(&text)) == 0;
    buf_release(&text);
    return is_taken ? CC_REFRESH : CC_ERROR;
}

/* The editor catches it: it puts the terminal right before the shell stops and after it goes on. */
static unsigned char key_suspend(EditLine *edit, int key)
{
    (void)edit, (void)key;
    raise(SIGTSTP);
    return CC_REFRESH;
}

/* Where a line above or below has the cursor's column; false: there is none. */
static bool line_above(struct str text, size_t cursor, size_t *ret_target)
{
    size_t begin = cursor;
    while (begin > 0 && text.data[begin - 1] != '\n')
        begin--;
    if (begin == 0)
        return false;
    size_t above = begin - 1;
    while (above > 0 && text.data[above - 1] != '\n')
        above--;
    const size_t column = cursor - begin;
    *ret_target = above + column < begin - 1 ? above + column : begin - 1;
    return true;
}

static bool line_below(struct str text, size_t cursor, size_t *ret_target)
{
    size_t begin = cursor;
    while (begin > 0 && text.data[begin - 1] != '\n')
        begin--;
    const size_t left = str_index((struct str){text.data + cursor, text.size - cursor}, '\n');
    if (cursor + left == text.size)
        return false;
    const size_t below = cursor + left + 1;
    const size_t size = str_index((struct str){text.data + below, text.size - below}, '\n');
    const size_t column = cursor - begin;
    *ret_target = below + (column < size ? column : size);
    return true;
}

static unsigned char move(EditLine *edit, size_t from, size_t to)
{
    const struct str text = text_of(edit);
    const struct str between = {text.data + (from < to ? from : to),
                                from < to ? to - from : from - to};
    const int count = character_count(between);
    el_cursor(edit, from < to ? count : -count);
    return CC_REFRESH;
}

static unsigned char key_up(EditLine *edit, int key)
{
    const size_t cursor = text_before_cursor(edit).size;
    size_t target;
    (void)key;
    if (line_above(text_of(edit), cursor, &target))
        return move(edit, cursor, target);
    el_push(edit, KEY_EARLIER);
    return CC_NORM;
}

static unsigned char key_down(EditLine *edit, int key)
{
    const size_t cursor = text_before_cursor(edit).size;
    size_t target;
    (void)key;
    if (line_below(text_of(edit), cursor, &target))
        return move(edit, cursor, target);
    el_push(edit, KEY_LATER);
    return CC_NORM;
}

/* Completions in columns below the text; the editor draws its text again behind them. */
static void list_words(struct sql_editor *editor, const struct sql_completion *completion)
{
    struct buf out = {0};
    struct arena arena;
    const uint32_t width = sql_style(editor->shell).width;
    const uint32_t count = completion->count < LISTED_MAX ? completion->count : LISTED_MAX;
    size_t widest = 1;
    arena_init(&arena, 0);
    struct str *words = ARENA_ARRAY(&arena, struct str, count);
    for (uint32_t i = 0; i < count; i++) {
        const size_t begin = out.size;
        printable_append(&out, completion->words[i]);
        words[i] = arena_str(&arena, (struct str){out.data + begin, out.size - begin});
        if (printable_width(words[i]) > widest)
            widest = printable_width(words[i]);
    }
    const size_t fit = (width > 0 ? width : 80) / (widest + 2);
    const uint32_t columns = fit > 0 ? (uint32_t)fit : 1;
    const uint32_t rows = (count + columns - 1) / columns;
    buf_clear(&out);
    buf_append_byte(&out, '\n');
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t i = r; i < count; i += rows) {
            const int blank = i + rows < count ? (int)(widest + 2 - printable_width(words[i])) : 0;
            buf_printf(&out, "%.*s%*s", STR_ARGS(words[i]), blank, "");
        }
        buf_append_byte(&out, '\n');
    }
    if (count < completion->count)
        buf_printf(&out, "and %u more\n", completion->count - count);
    fwrite(out.data, 1, out.size, stdout);
    fflush(stdout);
    arena_release(&arena);
    buf_release(&out);
}

/* What all words begin with, without regard to case. */
static size_t common_size(const struct sql_completion *completion)
{
    size_t size = completion->words[0].size;
    for (uint32_t i = 1; i < completion->count; i++) {
        const struct str word = completion->words[i];
        while (size > word.size || !str_equal_nocase((struct str){word.data, size},
                                                     (struct str){completion->words[0].data, size}))
            size--;
    }
    return size;
}

static unsigned char complete(struct sql_editor *editor, struct arena *arena)
{
    struct sql_completion completion;
    EditLine *edit = editor->edit;
    const struct str before = arena_str(arena, text_before_cursor(edit));
    sql_complete(editor->shell->names, before, arena, &completion);
    if (completion.count == 0)
        return CC_ERROR;
    const struct str typed = {before.data + completion.begin, before.size - completion.begin};
    const struct str found = {completion.words[0].data, common_size(&completion)};
    if (completion.count > 1 && found.size <= typed.size) {
        list_words(editor, &completion);
        return CC_REDISPLAY;
    }
    if (typed.size > 0)
        el_deletestr(edit, character_count(typed));
    const struct str inserted = arena_printf(arena, "%.*s%s", STR_ARGS(found),
                                             completion.count == 1 ? completion.ending : "");
    return el_insertstr(edit, inserted.data) == 0 ? CC_REFRESH : CC_ERROR;
}

static unsigned char key_complete(EditLine *edit, int key)
{
    struct arena arena;
    (void)key;
    arena_init(&arena, 0);
    const unsigned char code = complete(editor_of(edit), &arena);
    arena_release(&arena);
    return code;
}

void sql_keys_bind(EditLine *edit)
{
    static const struct {
        const char *key;
        const char *function;
    } keys[] = {
        {"^M", "sql-enter"},
        {"^J", "sql-enter"},
        {"^I", "sql-complete"},
        {"^C", "sql-interrupt"},
        {"^Z", "sql-suspend"},
        {"\\e[200~", "sql-paste"},
        {"\\e[A", "sql-up"},
        {"\\eOA", "sql-up"},
        {"\\e[B", "sql-down"},
        {"\\eOB", "sql-down"},
        {"^P", "sql-up"},
        {"^N", "sql-down"},
        {"^R", "em-inc-search-prev"},
        {"\\e[7777~t", "ed-newline"},
        {"\\e[7777~e", "ed-prev-history"},
        {"\\e[7777~l", "ed-next-history"},
        {"\\e[3~", "ed-delete-next-char"},
        {"\\e[H", "ed-move-to-beg"},
        {"\\e[F", "ed-move-to-end"},
    };
    /* The wide form keeps the names where they are; the other leaks copies. */
    el_wset(edit, EL_ADDFN, L"sql-enter", L"take the text, or begin a line", key_enter);
    el_wset(edit, EL_ADDFN, L"sql-complete", L"complete the word", key_complete);
    el_wset(edit, EL_ADDFN, L"sql-interrupt", L"throw the text away", key_interrupt);
    el_wset(edit, EL_ADDFN, L"sql-suspend", L"stop the shell", key_suspend);
    el_wset(edit, EL_ADDFN, L"sql-paste", L"take what is pasted", key_paste);
    el_wset(edit, EL_ADDFN, L"sql-up", L"the line above, or an earlier text", key_up);
    el_wset(edit, EL_ADDFN, L"sql-down", L"the line below, or a later text", key_down);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        el_set(edit, EL_BIND, keys[i].key, keys[i].function, NULL);
}
