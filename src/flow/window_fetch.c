/* window_fetch.c -- rows of a window that come back from the log, a segment at a time. */
#include "base/memory.h"
#include "flow/window_block.h"
#include "flow/window_row.h"

static bool is_in_log(const struct window *window, uint32_t id)
{
    return window_has(window, id) && !window_is_here(window, id);
}

/* Its neighbours on both sides: rows are in the log alone from the segment's first one still there
 * to the last one that was read back. */
void window_fetch_begin(struct window_fetch *fetch, struct window *window, uint32_t id)
{
    must(is_in_log(window, id));
    const uint32_t segment_id = id - id % WINDOW_SEGMENT_ROWS;
    fetch->window = window;
    fetch->segment = window_segment_of(window, id);
    must(fetch->segment->fetched == NULL);
    buf_clear(&fetch->bytes);
    fetch->first = id % WINDOW_SEGMENT_ROWS;
    while (fetch->first > 0 && is_in_log(window, segment_id + fetch->first - 1))
        fetch->first--;
    fetch->end = id % WINDOW_SEGMENT_ROWS + 1;
    while (fetch->end < WINDOW_SEGMENT_ROWS && is_in_log(window, segment_id + fetch->end))
        fetch->end++;
    fetch->next = fetch->first;
}

int64_t window_fetch_offset(const struct window_fetch *fetch)
{
    if (fetch->next == fetch->end)
        return -1;
    return (int64_t)(fetch->segment->entries[fetch->next].row - WINDOW_IN_LOG);
}

void window_fetch_add(struct window_fetch *fetch, struct str key, struct str value)
{
    const int64_t offset = window_fetch_offset(fetch);
    must(offset >= 0);
    char *row = buf_reserve(&fetch->bytes, window_row_size_max(key, value));
    fetch->places[fetch->next++] = (uint32_t)fetch->bytes.size;
    fetch->bytes.size += window_row_write(row, offset - fetch->segment->first_offset, key, value);
}

void window_fetch_end(struct window_fetch *fetch)
{
    must(fetch->next == fetch->end);
    struct window *window = fetch->window;
    /* Reading a row's sizes may look past the end of the last one. */
    struct window_block *block =
        window_block_new(sizeof(*block) + fetch->bytes.size + VARINT_BYTES_MAX);
    memcpy(block->bytes, fetch->bytes.data, fetch->bytes.size);
    block->used = fetch->bytes.size;
    for (uint32_t i = fetch->first; i < fetch->end; i++)
        fetch->segment->entries[i].row = (uintptr_t)(block->bytes + fetch->places[i]);
    fetch->segment->fetched = block;
    window->bytes += block->size;
    window->row_bytes += block->size;
}
