/* answer.c -- prints what statements yield: aligned text or JSON lines; data never acts on the
 * terminal. */
#include "cli/answer.h"

#include "base/json.h"
#include "cli/printable.h"
#include "cli/sql_table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#define LIST_COLUMNS_MAX 8
#define LIST_GAP 2

static void print_table(const struct answer *answer)
{
    struct winsize size = {0};
    struct sql_table_style style = {.width = 0};
    struct sql_table table;
    struct arena arena;
    struct buf out = {0};
    arena_init(&arena, 0);
    struct sql_column *columns = ARENA_ARRAY(&arena, struct sql_column, answer->column_count);
    for (uint32_t c = 0; c < answer->column_count; c++)
        columns[c].name = answer->names[c];
    sql_table_init(&table, columns, answer->column_count);
    for (uint32_t r = 0; r < answer->row_count; r++)
        sql_table_add(&table, answer->cells + (size_t)r * answer->column_count);
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        style.width = size.ws_col;
    sql_table_flush(&table, &style, &out);
    fwrite(out.data, 1, out.size, stdout);
    sql_table_release(&table);
    buf_release(&out);
    arena_release(&arena);
}

static void print_table_json(const struct answer *answer)
{
    struct buf line = {0};
    for (uint32_t r = 0; r < answer->row_count; r++) {
        buf_clear(&line);
        for (uint32_t c = 0; c < answer->column_count; c++) {
            buf_append_byte(&line, c == 0 ? '{' : ',');
            json_write_string(&line, answer->names[c]);
            buf_append_byte(&line, ':');
            json_write_string(&line, answer->cells[r * answer->column_count + c]);
        }
        buf_append_byte(&line, '}');
        printable_put_json(stdout, buf_str(&line));
    }
    buf_release(&line);
}

static void row_json(const struct batch *rows, uint32_t row, struct buf *line, struct arena *arena)
{
    buf_append_byte(line, '{');
    for (uint32_t c = 0; c < rows->row_type->column_count; c++) {
        if (c > 0)
            buf_append_byte(line, ',');
        json_write_string(line, rows->row_type->columns[c].name);
        buf_append_byte(line, ':');
        const struct value value = column_get(&rows->columns[c], row, arena);
        value_write_json(rows->row_type->columns[c].type, &value, line);
    }
    buf_append_byte(line, '}');
}

static void row_text(const struct batch *rows, uint32_t row, struct buf *line, struct arena *arena)
{
    for (uint32_t c = 0; c < rows->row_type->column_count; c++) {
        if (c > 0)
            buf_append_str(line, STR(" | "));
        const struct value value = column_get(&rows->columns[c], row, arena);
        if (!value.is_null && rows->row_type->columns[c].type->kind == TYPE_STRING)
            buf_append_str(line, value.text);
        else
            value_write_json(rows->row_type->columns[c].type, &value, line);
    }
}

static void print_rows(struct answer_printer *printer, const struct batch *rows)
{
    struct buf line = {0};
    struct arena arena;
    arena_init(&arena, 0);
    for (uint32_t i = 0; i < rows->selected_count; i++) {
        const uint32_t row = rows->selection[i];
        buf_clear(&line);
        if (printer->json)
            row_json(rows, row, &line, &arena);
        else
            row_text(rows, row, &line, &arena);
        if (!printer->json && rows->kinds && rows->kinds[row] == ROW_DELETE)
            buf_append_str(&line, STR(" (deleted)"));
        if (printer->json)
            printable_put_json(stdout, buf_str(&line));
        else
            printable_put(stdout, buf_str(&line));
        printer->row_count++;
        arena_clear(&arena);
    }
    fflush(stdout);
    arena_release(&arena);
    buf_release(&line);
}

static void print_header(const struct answer_printer *printer, const struct row_type *row_type)
{
    if (printer->json)
        return;
    struct buf line = {0};
    for (uint32_t c = 0; c < row_type->column_count; c++)
        buf_printf(&line, "%s%.*s", c > 0 ? " | " : "", STR_ARGS(row_type->columns[c].name));
    printable_put(stdout, buf_str(&line));
    buf_release(&line);
}

bool answer_print(void *context, const struct statement *statement, const struct answer *answer)
{
    struct answer_printer *printer = context;
    (void)statement;
    switch (answer->kind) {
    case ANSWER_MESSAGE:
        printable_put_lines(stderr, answer->text);
        break;
    case ANSWER_TEXT:
        printable_put_lines(stdout, answer->text);
        break;
    case ANSWER_TABLE:
        if (printer->json)
            print_table_json(answer);
        else
            print_table(answer);
        break;
    case ANSWER_HEADER:
        print_header(printer, answer->row_type);
        break;
    case ANSWER_ROWS:
        print_rows(printer, answer->rows);
        break;
    }
    return !ferror(stdout);
}

void table_init(struct table_text *table, struct arena *arena, const char *const *names,
                uint32_t column_count)
{
    *table = (struct table_text){.arena = arena, .answer.kind = ANSWER_TABLE};
    struct str *texts = ARENA_ARRAY(arena, struct str, column_count);
    for (uint32_t i = 0; i < column_count; i++)
        texts[i] = str_from(names[i]);
    table->answer.names = texts;
    table->answer.column_count = column_count;
}

void table_add(struct table_text *table, const struct str *cells)
{
    struct answer *answer = &table->answer;
    if (answer->row_count == table->capacity) {
        table->capacity = table->capacity ? table->capacity * 2 : 16;
        struct str *more =
            ARENA_ARRAY(table->arena, struct str, (size_t)table->capacity * answer->column_count);
        if (answer->row_count > 0)
            memcpy(more, table->cells,
                   (size_t)answer->row_count * answer->column_count * sizeof(*more));
        answer->cells = table->cells = more;
    }
    memcpy(table->cells + (size_t)answer->row_count * answer->column_count, cells,
           answer->column_count * sizeof(*cells));
    answer->row_count++;
}

static void list_cell(struct buf *out, struct str text, size_t width)
{
    const size_t start = out->size;
    printable_append(out, text);
    const struct str shown = {out->data + start, out->size - start};
    for (size_t at = printable_width(shown); at < width; at++)
        buf_append_byte(out, ' ');
}

/* Columns that stand under each other; the last is not filled up. */
static void print_list(const struct answer *answer)
{
    const uint32_t columns = answer->column_count;
    size_t widths[LIST_COLUMNS_MAX] = {0};
    struct buf out = {0};
    must(columns <= LIST_COLUMNS_MAX);
    for (uint32_t c = 0; c + 1 < columns; c++) {
        widths[c] = answer->names[c].size + LIST_GAP;
        for (uint32_t r = 0; r < answer->row_count; r++) {
            const size_t size = answer->cells[(size_t)r * columns + c].size + LIST_GAP;
            widths[c] = size > widths[c] ? size : widths[c];
        }
    }
    for (int64_t r = -1; r < (int64_t)answer->row_count; r++) {
        const struct str *row = r < 0 ? answer->names : answer->cells + (size_t)r * columns;
        for (uint32_t c = 0; c < columns; c++)
            list_cell(&out, row[c], widths[c]);
        buf_append_byte(&out, '\n');
    }
    fwrite(out.data, 1, out.size, stdout);
    buf_release(&out);
}

void table_print(const struct table_text *table, const struct invocation *invocation)
{
    if (config_wants_json(invocation))
        print_table_json(&table->answer);
    else
        print_list(&table->answer);
}
