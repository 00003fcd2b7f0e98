/* batch.h -- a batch of rows as columns: what operators work on.
 *
 * At most BATCH_ROWS_MAX rows. Every column has room for `capacity` rows; a row's cell is NULL when
 * nulls[row] is not 0. Text is borrowed from wherever the row came from and stays valid until the
 * batch is cleared. WHERE shortens the selection and copies nothing: operators look at selected
 * rows only, in the selection's order. */
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include "base/arena.h"
#include "data/record.h"
#include "data/type.h"
#include "data/value.h"

#include <stdint.h>

#define BATCH_ROWS_MAX 1024

/* Where a row's items stand in the child columns. */
struct span {
    uint32_t start;
    uint32_t count;
};

/* A typed array. `nulls` has one byte a row (bytes, not bits: 1 KB a column, and no shifting). */
struct column {
    const struct type *type;
    uint32_t capacity;
    uint32_t used; /* child columns: items in use; top-level columns leave it 0 */
    uint8_t *nulls;
    union {
        void *data;
        uint8_t *booleans;   /* BOOLEAN: 0 or 1 */
        int32_t *integers;   /* INTEGER, TIME, DATE */
        int64_t *bigints;    /* BIGINT, TIMESTAMP */
        double *doubles;     /* DOUBLE */
        decimal *decimals;   /* DECIMAL */
        struct str *strings; /* STRING, BYTES */
        struct span *spans;  /* ARRAY, MAP */
    };
    /* ARRAY: [0] items. MAP: [0] keys, [1] values. STRUCT: one a field, same row numbers. */
    struct column *children;
};

/* Headers of the record a row came from, borrowed like text. */
struct row_headers {
    const struct record_header *at;
    uint32_t count;
};

enum row_kind { ROW_PUT, ROW_DELETE };

struct batch {
    const struct row_type *row_type;
    struct arena *arena; /* everything below lives here */
    uint32_t capacity;
    uint32_t row_count;
    uint32_t selected_count;
    uint16_t *selection;    /* row numbers, ascending unless an operator reorders them */
    struct column *columns; /* row_type->column_count of them */
    int64_t *timestamps;    /* ROWTIME, ms */
    int64_t *offsets;       /* ROWOFFSET of the source record, -1 when there is none */
    int32_t *partitions;    /* ROWPARTITION of the source record */
    int64_t *window_starts; /* ms; NULL unless rows are of a windowed table */
    int64_t *window_ends;
    uint8_t *kinds;       /* enum row_kind; NULL for streams: all ROW_PUT */
    uint8_t *null_values; /* 1: the record had no value (all value columns NULL); NULL: none has */
    struct batch *before; /* tables: row i's value before this change; NULL for streams */
    uint8_t *before_exists;      /* tables: whether there was one */
    struct row_headers *headers; /* NULL: no row has any */
};

/* A batch with all columns in `arena`; capacity <= BATCH_ROWS_MAX. Optional arrays are NULL. */
struct batch *batch_new(struct arena *arena, const struct row_type *row_type, uint32_t capacity);
/* Adds the optional arrays, zeroed. */
void batch_add_windows(struct batch *batch);
void batch_add_kinds(struct batch *batch);
void batch_add_null_values(struct batch *batch);
/* Adds `before` of the same row type and before_exists. */
void batch_add_before(struct batch *batch);
/* Gives a row its headers; the array is made for the first one that has any. */
void batch_set_headers(struct batch *batch, uint32_t row, struct row_headers headers);
/* None: count 0. */
static inline struct row_headers batch_headers(const struct batch *batch, uint32_t row)
{
    return batch->headers ? batch->headers[row] : (struct row_headers){0};
}
/* Selects rows 0 to row_count - 1. */
void batch_select_all(struct batch *batch);

/* A column of its own in the arena, all cells NULL-flag 0 and unset. */
void column_init(struct column *column, const struct type *type, uint32_t capacity,
                 struct arena *arena);
/* Makes room for `capacity` rows at least, keeping what is there (the old memory stays in the
 * arena). */
void column_reserve(struct column *column, uint32_t capacity, struct arena *arena);
/* Makes an ARRAY's or MAP's cell of `count` items and returns where they start in the children;
 * the caller then sets every one of them. */
uint32_t column_append_items(struct column *column, uint32_t row, uint32_t count,
                             struct arena *arena);
/* Boxes a cell. Text is borrowed from the column; items are made in the arena. */
struct value column_get(const struct column *column, uint32_t row, struct arena *arena);
/* Sets a cell; text is borrowed from `value`, items are appended to the children. */
void column_set(struct column *column, uint32_t row, const struct value *value,
                struct arena *arena);
/* Copies a cell between columns of equal types; text stays borrowed from the source's owner, items
 * are appended to the destination's children. */
void column_copy_cell(struct column *to, uint32_t to_row, const struct column *from,
                      uint32_t from_row, struct arena *arena);
static inline void column_set_null(struct column *column, uint32_t row)
{
    column->nulls[row] = 1;
}
/* Copies a whole row (all columns, timestamp, offset, partition) between batches whose column
 * types are equal one by one. */
void batch_copy_row(struct batch *to, uint32_t to_row, const struct batch *from, uint32_t from_row);

#endif
