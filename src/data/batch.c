/* batch.c -- batches of rows: their arrays, their optional arrays, copying a row. */
#include "data/batch.h"

struct batch *batch_new(struct arena *arena, const struct row_type *row_type, uint32_t capacity)
{
    must(capacity <= BATCH_ROWS_MAX);
    struct batch *batch = ARENA_NEW(arena, struct batch);
    batch->row_type = row_type;
    batch->arena = arena;
    batch->capacity = capacity;
    batch->selection = arena_alloc(arena, capacity * sizeof(*batch->selection));
    batch->timestamps = ARENA_ARRAY(arena, int64_t, capacity);
    batch->offsets = arena_alloc(arena, capacity * sizeof(*batch->offsets));
    batch->partitions = ARENA_ARRAY(arena, int32_t, capacity);
    for (uint32_t i = 0; i < capacity; i++)
        batch->offsets[i] = -1;
    batch->columns = arena_alloc(arena, (size_t)row_type->column_count * sizeof(*batch->columns));
    for (uint32_t i = 0; i < row_type->column_count; i++)
        column_init(&batch->columns[i], row_type->columns[i].type, capacity, arena);
    return batch;
}

void batch_add_windows(struct batch *batch)
{
    batch->window_starts = ARENA_ARRAY(batch->arena, int64_t, batch->capacity);
    batch->window_ends = ARENA_ARRAY(batch->arena, int64_t, batch->capacity);
}

void batch_add_kinds(struct batch *batch)
{
    batch->kinds = ARENA_ARRAY(batch->arena, uint8_t, batch->capacity);
}

void batch_add_null_values(struct batch *batch)
{
    batch->null_values = ARENA_ARRAY(batch->arena, uint8_t, batch->capacity);
}

void batch_add_before(struct batch *batch)
{
    batch->before = batch_new(batch->arena, batch->row_type, batch->capacity);
    batch->before_exists = ARENA_ARRAY(batch->arena, uint8_t, batch->capacity);
}

void batch_set_headers(struct batch *batch, uint32_t row, struct row_headers headers)
{
    must(row < batch->capacity);
    if (headers.count == 0)
        return;
    if (!batch->headers)
        batch->headers = ARENA_ARRAY(batch->arena, struct row_headers, batch->capacity);
    batch->headers[row] = headers;
}

void batch_select_all(struct batch *batch)
{
    must(batch->row_count <= batch->capacity);
    for (uint32_t i = 0; i < batch->row_count; i++)
        batch->selection[i] = (uint16_t)i;
    batch->selected_count = batch->row_count;
}

void batch_copy_row(struct batch *to, uint32_t to_row, const struct batch *from, uint32_t from_row)
{
    must(to->row_type->column_count == from->row_type->column_count);
    must(to_row < to->capacity);
    must(from_row < from->capacity);
    for (uint32_t i = 0; i < to->row_type->column_count; i++)
        column_copy_cell(&to->columns[i], to_row, &from->columns[i], from_row, to->arena);
    to->timestamps[to_row] = from->timestamps[from_row];
    to->offsets[to_row] = from->offsets[from_row];
    to->partitions[to_row] = from->partitions[from_row];
}
