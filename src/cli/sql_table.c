/* sql_table.c -- rows of text as a table that fits the terminal. */
#include "cli/sql_table.h"

#include "cli/printable.h"

#define COLUMN_WIDTH_MIN 12 /* of a column that is cut */
#define CELL_LINES_MAX 40
#define CELL_LINES_READABLE 6
#define SEPARATOR_WIDTH 3 /* " | " */
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

static void lay_out(struct sql_table *table);
static void show_names(const struct sql_table *table, struct buf *out);
static void show_row(const struct sql_table *table, const struct str *cells, struct buf *out);
static void show_vertical(const struct sql_table *table, const struct str *cells, uint64_t number,
                          struct buf *out);

static struct str printable(struct arena *arena, struct str text)
{
    struct buf buf = {0};
    const bool is_cut = text.size > SQL_TABLE_CELL_BYTES_MAX;
    printable_append(&buf, is_cut ? (struct str){text.data, SQL_TABLE_CELL_BYTES_MAX} : text);
    if (is_cut)
        buf_append_str(&buf, STR("…"));
    const struct str copy = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return copy;
}

void sql_table_init(struct sql_table *table, const struct sql_column *columns,
                    uint32_t column_count)
{
    must(column_count <= SQL_TABLE_COLUMNS_MAX);
    *table = (struct sql_table){.column_count = column_count};
    arena_init(&table->row_arena, 64 << 10);
    arena_init(&table->column_arena, 0);
    table->columns = ARENA_ARRAY(&table->column_arena, struct sql_column, column_count);
    table->widths = ARENA_ARRAY(&table->column_arena, uint32_t, column_count);
    table->natural = ARENA_ARRAY(&table->column_arena, uint32_t, column_count);
    for (uint32_t c = 0; c < column_count; c++) {
        table->columns[c] = columns[c];
        table->columns[c].name = printable(&table->column_arena, columns[c].name);
        table->natural[c] = (uint32_t)printable_width(table->columns[c].name);
    }
}

void sql_table_release(struct sql_table *table)
{
    arena_release(&table->row_arena);
    arena_release(&table->column_arena);
}

void sql_table_add(struct sql_table *table, const struct str *cells)
{
    if (table->row_count == table->row_capacity) {
        const uint32_t capacity = table->row_capacity > 0 ? table->row_capacity * 2 : 64;
        struct str *grown =
            ARENA_ARRAY(&table->row_arena, struct str, (size_t)capacity * table->column_count);
        if (table->row_count > 0)
            memcpy(grown, table->cells, sizeof(grown[0]) * table->row_count * table->column_count);
        table->cells = grown;
        table->row_capacity = capacity;
    }
    struct str *row = table->cells + (size_t)table->row_count++ * table->column_count;
    for (uint32_t c = 0; c < table->column_count; c++) {
        row[c] = printable(&table->row_arena, cells[c]);
        const uint32_t width = (uint32_t)printable_width(row[c]);
        if (width > table->natural[c])
            table->natural[c] = width;
    }
}

void sql_table_flush(struct sql_table *table, const struct sql_table_style *style, struct buf *out)
{
    const bool is_new = !table->is_laid_out || table->style.width != style->width ||
                        table->style.column_width != style->column_width;
    table->style = *style;
    if (is_new) {
        lay_out(table);
        if (!table->is_vertical)
            show_names(table, out);
    }
    for (uint32_t r = 0; r < table->row_count; r++) {
        const struct str *cells = table->cells + (size_t)r * table->column_count;
        table->rows_flushed++;
        if (table->is_vertical)
            show_vertical(table, cells, table->rows_flushed, out);
        else
            show_row(table, cells, out);
    }
    table->row_count = 0;
    table->row_capacity = 0;
    table->cells = NULL;
    arena_clear(&table->row_arena);
}

static uint64_t width_at(const struct sql_table *table, uint32_t level)
{
    uint64_t sum = 0;
    for (uint32_t c = 0; c < table->column_count; c++)
        sum += table->natural[c] < level ? table->natural[c] : level;
    return sum;
}

/* Each column as wide as what is in it, and as its wish if all wishes fit into `room`. */
static void lay_out_free(struct sql_table *table, uint64_t room)
{
    uint64_t wished = 0;
    for (uint32_t c = 0; c < table->column_count; c++)
        wished += table->natural[c] > table->columns[c].width_wish ? table->natural[c]
                                                                   : table->columns[c].width_wish;
    for (uint32_t c = 0; c < table->column_count; c++)
        table->widths[c] = wished <= room && table->columns[c].width_wish > table->natural[c]
                               ? table->columns[c].width_wish
                               : table->natural[c];
}

/* No column is wider than a level, the highest that fits into `room`; what is left over goes to the
 * first columns that were cut by it. False when cells would be too narrow or too tall to read. */
static bool lay_out_tight(struct sql_table *table, uint64_t room)
{
    if (width_at(table, COLUMN_WIDTH_MIN) > room)
        return false;
    uint32_t level = COLUMN_WIDTH_MIN;
    while (width_at(table, level + 1) <= room)
        level++;
    uint64_t left = room - width_at(table, level);
    for (uint32_t c = 0; c < table->column_count; c++) {
        const bool is_cut = table->natural[c] > level;
        table->widths[c] = is_cut ? level : table->natural[c];
        if (is_cut && left > 0) {
            table->widths[c]++;
            left--;
        }
        if (!table->style.is_cut && table->natural[c] / CELL_LINES_READABLE > table->widths[c])
            return false;
    }
    return true;
}

static void lay_out(struct sql_table *table)
{
    const struct sql_table_style *style = &table->style;
    const uint64_t separators =
        table->column_count > 0 ? (uint64_t)(table->column_count - 1) * SEPARATOR_WIDTH : 0;
    const uint64_t room = style->width > separators ? style->width - separators : 0;
    const bool is_free = style->width == 0 || width_at(table, UINT32_MAX) <= room;
    table->is_laid_out = true;
    table->is_vertical = false;
    if (style->column_width > 0) {
        for (uint32_t c = 0; c < table->column_count; c++)
            table->widths[c] = style->column_width;
    } else if (is_free) {
        lay_out_free(table, style->width == 0 ? UINT64_MAX : room);
    } else {
        table->is_vertical = !lay_out_tight(table, room);
    }
}

static void fill(struct buf *out, char byte, size_t count)
{
    if (count == 0)
        return;
    memset(buf_reserve(out, count), byte, count);
    out->size += count;
}

/* Bytes of the cell that go on one line: up to a blank if there is one in the line's second half.
 */
static size_t line_fit(struct str text, size_t width)
{
    const size_t fits = printable_fit(text, width);
    for (size_t i = fits; fits < text.size && i > fits / 2; i--)
        if (text.data[i] == ' ')
            return i;
    return fits;
}

/* Takes the next line off the front of a cell. */
static struct str take_line(struct str *rest, size_t width, bool is_last, struct arena *arena)
{
    if (printable_width(*rest) <= width) {
        const struct str line = *rest;
        *rest = (struct str){0};
        return line;
    }
    if (is_last) {
        const struct str kept = {rest->data, printable_fit(*rest, width > 1 ? width - 1 : 1)};
        *rest = (struct str){0};
        return width > 1 ? arena_printf(arena, "%.*s…", STR_ARGS(kept)) : STR("…");
    }
    const struct str line = {rest->data, line_fit(*rest, width)};
    /* The blank at which a line ends is its end. */
    const bool is_at_blank = line.size < rest->size && rest->data[line.size] == ' ';
    const size_t taken = line.size + (is_at_blank ? 1 : 0);
    *rest = (struct str){rest->data + taken, rest->size - taken};
    return line;
}

/* One row as lines; `before` and `after` stand around each cell's text. */
static void show_cells(const struct sql_table *table, const struct str *cells, const char *before,
                       const char *after, struct buf *out)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct str *rest = ARENA_ARRAY(&arena, struct str, table->column_count);
    memcpy(rest, cells, sizeof(rest[0]) * table->column_count);
    const bool is_free = table->style.width == 0 && table->style.column_width == 0;
    const uint32_t lines_max = table->style.is_cut ? 1 : CELL_LINES_MAX;
    bool has_more = true;
    for (uint32_t n = 0; n < lines_max && has_more; n++) {
        has_more = false;
        for (uint32_t c = 0; c < table->column_count; c++) {
            const size_t wanted = is_free ? SIZE_MAX : table->widths[c];
            const struct str line = take_line(&rest[c], wanted, n + 1 == lines_max, &arena);
            const size_t width = printable_width(line);
            const size_t blank = width < table->widths[c] ? table->widths[c] - width : 0;
            has_more = has_more || rest[c].size > 0;
            if (c > 0)
                buf_append_str(out, STR(" | "));
            if (table->columns[c].is_right)
                fill(out, ' ', blank);
            buf_printf(out, "%s%.*s%s", before, STR_ARGS(line), after);
            if (!table->columns[c].is_right && c + 1 < table->column_count)
                fill(out, ' ', blank);
        }
        buf_append_byte(out, '\n');
    }
    arena_release(&arena);
}

static void show_names(const struct sql_table *table, struct buf *out)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct str *names = ARENA_ARRAY(&arena, struct str, table->column_count);
    for (uint32_t c = 0; c < table->column_count; c++)
        names[c] = table->columns[c].name;
    show_cells(table, names, table->style.is_colored ? BOLD : "",
               table->style.is_colored ? PLAIN : "", out);
    arena_release(&arena);
    for (uint32_t c = 0; c < table->column_count; c++) {
        if (c > 0)
            buf_append_str(out, STR("-+-"));
        fill(out, '-', table->widths[c]);
    }
    buf_append_byte(out, '\n');
}

static void show_row(const struct sql_table *table, const struct str *cells, struct buf *out)
{
    show_cells(table, cells, "", "", out);
}

static void show_vertical(const struct sql_table *table, const struct str *cells, uint64_t number,
                          struct buf *out)
{
    struct arena arena;
    uint32_t name_width = 0;
    const uint32_t name_width_max = table->style.width / 2;
    const uint32_t lines_max = table->style.is_cut ? 1 : CELL_LINES_MAX;
    for (uint32_t c = 0; c < table->column_count; c++) {
        const uint32_t width = (uint32_t)printable_width(table->columns[c].name);
        if (width > name_width)
            name_width = width;
    }
    if (name_width > name_width_max)
        name_width = name_width_max;
    const size_t taken = name_width + SEPARATOR_WIDTH;
    const size_t value_width = table->style.width > taken ? table->style.width - taken : 1;
    arena_init(&arena, 0);
    buf_printf(out, "--- %llu ---\n", (unsigned long long)number);
    for (uint32_t c = 0; c < table->column_count; c++) {
        struct str name = table->columns[c].name;
        struct str rest = cells[c];
        struct str shown = take_line(&name, name_width, true, &arena);
        uint32_t n = 0;
        do {
            const struct str line = take_line(&rest, value_width, ++n == lines_max, &arena);
            buf_printf(out, "%s%.*s%s", table->style.is_colored ? BOLD : "", STR_ARGS(shown),
                       table->style.is_colored ? PLAIN : "");
            fill(out, ' ', name_width - printable_width(shown));
            buf_printf(out, " | %.*s\n", STR_ARGS(line));
            shown = (struct str){0};
        } while (rest.size > 0);
    }
    arena_release(&arena);
}
