/* answer.c -- prints what statements yield: aligned text or JSON lines. */
#include "base/json.h"
#include "cli/world.h"

#include <unistd.h>

#define CELL_WIDTH_MAX 60

/* Control characters in data never reach the terminal raw. */
static void print_text(struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        const unsigned char byte = (unsigned char)text.data[i];
        if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f)
            printf("\\x%02x", byte);
        else
            putchar(byte);
    }
}

static void print_cell(struct str text, size_t width)
{
    size_t shown = text.size;
    if (isatty(STDOUT_FILENO) && shown > CELL_WIDTH_MAX)
        shown = CELL_WIDTH_MAX;
    for (size_t i = 0; i < shown; i++) {
        const unsigned char byte = (unsigned char)text.data[i];
        putchar(byte < 0x20 || byte == 0x7f ? ' ' : byte);
    }
    for (size_t i = shown; i < width; i++)
        putchar(' ');
}

static void print_table(const struct answer *answer)
{
    size_t widths[64] = {0};
    const uint32_t columns = answer->column_count < 64 ? answer->column_count : 64;
    for (uint32_t c = 0; c < columns; c++) {
        widths[c] = answer->names[c].size;
        for (uint32_t r = 0; r < answer->row_count; r++) {
            const size_t size = answer->cells[r * answer->column_count + c].size;
            if (size > widths[c])
                widths[c] = size;
        }
        if (widths[c] > CELL_WIDTH_MAX)
            widths[c] = CELL_WIDTH_MAX;
    }
    for (int64_t r = -1; r < (int64_t)answer->row_count; r++) {
        const struct str *row =
            r < 0 ? answer->names : answer->cells + (size_t)r * answer->column_count;
        for (uint32_t c = 0; c < columns; c++) {
            print_cell(row[c], c + 1 < columns ? widths[c] : 0);
            fputs(c + 1 < columns ? "  " : "\n", stdout);
        }
    }
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
        buf_append_str(&line, STR("}\n"));
        fwrite(line.data, 1, line.size, stdout);
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
        print_text(buf_str(&line));
        putchar('\n');
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
    for (uint32_t c = 0; c < row_type->column_count; c++)
        printf("%s%.*s", c > 0 ? " | " : "", STR_ARGS(row_type->columns[c].name));
    putchar('\n');
}

bool answer_print(void *context, const struct statement *statement, const struct answer *answer)
{
    struct answer_printer *printer = context;
    (void)statement;
    switch (answer->kind) {
    case ANSWER_MESSAGE:
        fprintf(stderr, "%.*s\n", STR_ARGS(answer->text));
        break;
    case ANSWER_TEXT:
        print_text(answer->text);
        if (answer->text.size == 0 || answer->text.data[answer->text.size - 1] != '\n')
            putchar('\n');
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
