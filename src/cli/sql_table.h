/* sql_table.h -- rows of text as a table that fits the terminal.
 *
 * The first flush lays the table out by the rows that are there: each column as wide as its widest
 * cell, and where the terminal is narrower, the widest columns give way. Where columns would become
 * too narrow to read, each row is shown on lines of its own, "NAME | value". Later rows keep the
 * layout until the terminal's width changes. */
#ifndef CLI_SQL_TABLE_H
#define CLI_SQL_TABLE_H

#include "base/arena.h"
#include "base/buf.h"

#define SQL_TABLE_COLUMNS_MAX 1024
#define SQL_TABLE_CELL_BYTES_MAX (16 << 10) /* what is longer is cut with a mark */

struct sql_table_style {
    uint32_t width;        /* of the terminal in columns; 0: no limit */
    uint32_t column_width; /* each column's; 0: chosen by what is in it */
    bool is_cut;           /* a cell that is too wide is cut with a mark, else it goes on below */
    bool is_colored;       /* names in bold */
};

struct sql_column {
    struct str name;
    bool is_right;       /* numbers stand right */
    uint32_t width_wish; /* for rows yet to come, where the terminal has room; 0: none */
};

struct sql_table {
    struct sql_table_style style;
    struct arena column_arena;
    struct sql_column *columns; /* names printable */
    uint32_t *widths;           /* as laid out */
    uint32_t *natural;          /* of the widest cell so far */
    uint32_t column_count;
    struct arena row_arena;
    struct str *cells; /* rows not yet flushed, printable */
    uint32_t row_count;
    uint32_t row_capacity;
    uint64_t rows_flushed;
    bool is_laid_out;
    bool is_vertical;
};

/* Columns are copied. */
void sql_table_init(struct sql_table *table, const struct sql_column *columns,
                    uint32_t column_count);
void sql_table_release(struct sql_table *table);
/* One cell a column, copied. */
void sql_table_add(struct sql_table *table, const struct str *cells);
/* Appends what was added since the last flush, each line ended; the first one, and one in another
 * style, begins with the names. */
void sql_table_flush(struct sql_table *table, const struct sql_table_style *style, struct buf *out);

#endif
