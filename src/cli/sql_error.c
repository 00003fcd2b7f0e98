/* sql_error.c -- says what is wrong with a statement, and where. */
#include "cli/printable.h"
#include "cli/sql_script.h"

#define EXCERPT_WIDTH 72
#define EXCERPT_BEFORE 40 /* columns kept left of the place in a line that is too long */
#define RED "\033[31m"
#define PLAIN "\033[0m"

/* "line 3:14: words": the place, and the words after it; whatever stood before is kept in front. */
static bool read_place(struct str message, struct place *ret_place, struct str *ret_words)
{
    static const char mark[] = "line ";
    char text[64];
    if (!str_starts_with(message, STR("line ")))
        return false;
    const size_t size = message.size < sizeof(text) - 1 ? message.size : sizeof(text) - 1;
    memcpy(text, message.data, size);
    text[size] = '\0';
    struct place place = {0};
    int used = 0;
    if (sscanf(text + sizeof(mark) - 1, "%9d:%9d%n", &place.line, &place.column, &used) < 2 ||
        place.line < 1 || place.column < 1)
        return false;
    size_t at = sizeof(mark) - 1 + (size_t)used;
    while (at < message.size && (message.data[at] == ':' || message.data[at] == ' '))
        at++;
    *ret_place = place;
    *ret_words = (struct str){message.data + at, message.size - at};
    return true;
}

static bool find_line(struct str text, int number, struct str *ret_line)
{
    for (int n = 1; n < number; n++) {
        const size_t end = str_index(text, '\n');
        if (end == text.size)
            return false;
        text = (struct str){text.data + end + 1, text.size - end - 1};
    }
    *ret_line = (struct str){text.data, str_index(text, '\n')};
    return true;
}

/* Bytes before the column-th character. */
static size_t column_offset(struct str line, int column)
{
    size_t at = 0;
    while (at < line.size && column > 1) {
        at++;
        while (at < line.size && ((unsigned char)line.data[at] & 0xc0) == 0x80)
            at++;
        column--;
    }
    return at;
}

static void show_excerpt(struct sql_shell *shell, struct str text, struct place place)
{
    struct str line;
    struct buf before = {0};
    struct buf after = {0};
    if (!find_line(text, place.line, &line))
        return;
    const size_t at = column_offset(line, place.column);
    printable_append_lines(&before, (struct str){line.data, at});
    printable_append_lines(&after, (struct str){line.data + at, line.size - at});
    struct str head = buf_str(&before);
    const char *mark = "";
    if (printable_width(head) > EXCERPT_BEFORE) {
        mark = "…";
        while (printable_width(head) > EXCERPT_BEFORE) {
            const size_t first = printable_fit(head, 1);
            head = (struct str){head.data + first, head.size - first};
        }
    }
    const int indent = (int)(printable_width(head) + (mark[0] != '\0' ? 1 : 0));
    const struct str tail = {after.data,
                             printable_fit(buf_str(&after), (size_t)(EXCERPT_WIDTH - indent))};
    sql_say(shell, "    %s%.*s%.*s%s\n    %*s^\n", mark, STR_ARGS(head), STR_ARGS(tail),
            tail.size < after.size ? "…" : "", indent, "");
    buf_release(&before);
    buf_release(&after);
}

void sql_show_error(struct sql_shell *shell, const struct sql_script *script,
                    const struct split_statement *statement, struct str message)
{
    struct place place = {0};
    struct buf words = {0};
    const bool has_place = read_place(message, &place, &message);
    const char *red = sql_is_colored(shell) ? RED : "";
    const char *plain = sql_is_colored(shell) ? PLAIN : "";
    /* The server counts within the statement; people count within the file. */
    struct place shown = {.line = statement->place.line + (has_place ? place.line - 1 : 0),
                          .column = !has_place        ? statement->place.column
                                    : place.line == 1 ? statement->place.column + place.column - 1
                                                      : place.column};
    printable_append_lines(&words, message);
    const struct str text = str_trim(buf_str(&words));
    if (script->name)
        sql_say(shell, "%serror%s: %s:%d:%d: %.*s\n", red, plain, script->name, shown.line,
                shown.column, STR_ARGS(text));
    else
        sql_say(shell, "%serror%s: %.*s\n", red, plain, STR_ARGS(text));
    if (has_place)
        show_excerpt(shell, statement->text, place);
    else if (script->name)
        show_excerpt(shell, statement->text, (struct place){1, 1});
    buf_release(&words);
}
