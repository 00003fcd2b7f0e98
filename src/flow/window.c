/* window.c -- the window store's memory: blocks, segments, heads. */
#include "flow/window.h"

#include "base/memory.h"
#include "flow/window_block.h"
#include "flow/window_row.h"

#define HEADS_MIN 1024
#define SEGMENTS_MIN 8
#define REHASH_AHEAD 24 /* entries whose heads are on their way */
#define SWEEP_IDS (1u << 30)

static struct window_segment *segment_for_next(struct window *window, int64_t offset);
static uint32_t entry_add(struct window *window, uint32_t hash, int64_t timestamp_ms,
                          uintptr_t row);
static enum err block_move(struct window_block *block, const char *directory, uint64_t *moved,
                           struct why *why);
static void block_drop(struct window *window, struct window_block *block);
static void fetched_drop(struct window *window, struct window_segment *segment);
static char *row_alloc(struct window *window, size_t size);
static struct window_block *block_new(struct window *window, size_t size);
static struct window_segment *segment_begin(struct window *window, uint32_t id, int64_t offset);
static void heads_grow(struct window *window);
static void heads_sweep(struct window *window);
static void blocks_drop(struct window *window);

void window_init(struct window *window)
{
    *window = (struct window){.head_mask = HEADS_MIN - 1,
                              .segment_mask = SEGMENTS_MIN - 1,
                              .next_id = WINDOW_SEGMENT_ROWS,
                              .lowest_id = WINDOW_SEGMENT_ROWS,
                              .swept_id = WINDOW_SEGMENT_ROWS,
                              .block_size = WINDOW_BLOCK_BYTES_MIN};
    window->heads = memory_zalloc(HEADS_MIN * sizeof(*window->heads));
    window->segments = memory_zalloc(SEGMENTS_MIN * sizeof(struct window_segment *));
    window->bytes = HEADS_MIN * sizeof(*window->heads);
}

void window_release(struct window *window)
{
    if (!window->heads)
        return;
    for (uint32_t i = 0; i <= window->segment_mask; i++)
        if (window->segments[i]) {
            fetched_drop(window, window->segments[i]);
            window_segment_free(&window->pool, window->segments[i]);
        }
    window_segments_release(&window->pool);
    for (struct window_block *block = window->block_first; block;) {
        struct window_block *next = block->next;
        window_block_free(block);
        block = next;
    }
    if (window->spare_block)
        window_block_free(window->spare_block);
    free(window->segments);
    free(window->heads);
    *window = (struct window){0};
}

uint32_t window_put(struct window *window, uint32_t hash, int64_t timestamp_ms, int64_t offset,
                    struct str key, struct str value)
{
    const struct window_segment *segment = segment_for_next(window, offset);
    char *row = row_alloc(window, window_row_size_max(key, value));
    window->block_last->used += window_row_write(row, offset - segment->first_offset, key, value);
    window->block_last->last_id = window->next_id;
    return entry_add(window, hash, timestamp_ms, (uintptr_t)row);
}

uint32_t window_put_entry(struct window *window, uint32_t hash, int64_t timestamp_ms,
                          int64_t offset)
{
    (void)segment_for_next(window, offset);
    return entry_add(window, hash, timestamp_ms, WINDOW_IN_LOG + (uintptr_t)offset);
}

void window_expire(struct window *window, int64_t floor_ms)
{
    bool dropped = false;
    while (window->lowest_id != window->next_id) {
        const uint32_t at = (window->lowest_id / WINDOW_SEGMENT_ROWS) & window->segment_mask;
        struct window_segment *segment = window->segments[at];
        if (segment->timestamp_max_ms >= floor_ms)
            break;
        const uint32_t end_id = (window->lowest_id / WINDOW_SEGMENT_ROWS + 1) * WINDOW_SEGMENT_ROWS;
        dropped = true;
        if (window->next_id - window->lowest_id < end_id - window->lowest_id) {
            /* The last segment goes on being filled: its rows so far are gone. */
            window->lowest_id = window->next_id;
            break;
        }
        window->lowest_id = end_id;
        window->segments[at] = NULL;
        window->segment_count--;
        fetched_drop(window, segment);
        window->bytes -= window->pool.bytes;
        window_segment_free(&window->pool, segment);
        window->bytes += window->pool.bytes;
    }
    if (dropped)
        blocks_drop(window);
}

int64_t window_from_offset(const struct window *window)
{
    if (window->lowest_id == window->next_id)
        return INT64_MAX;
    return window->segments[(window->lowest_id / WINDOW_SEGMENT_ROWS) & window->segment_mask]
        ->first_offset;
}

uint32_t window_row_count(const struct window *window)
{
    return window->next_id - window->lowest_id;
}

enum err window_move(struct window *window, uint64_t bytes_wanted, const char *directory,
                     uint64_t *ret_bytes, struct why *why)
{
    uint64_t moved = 0;
    enum err err = OK;
    if (window->spare_block) {
        window->bytes -= window->spare_block->size;
        window->row_bytes -= window->spare_block->size;
        window_block_free(window->spare_block);
        window->spare_block = NULL;
    }
    for (uint32_t i = 0; i < window->segment_count && moved < bytes_wanted && err == OK; i++) {
        const uint32_t number = window->lowest_id / WINDOW_SEGMENT_ROWS + i;
        const struct window_segment *segment = window->segments[number & window->segment_mask];
        if (segment->fetched)
            err = block_move(segment->fetched, directory, &moved, why);
    }
    /* Looking at one that has moved would read its file. */
    struct window_block *block =
        window->block_to_move ? window->block_to_move : window->block_first;
    while (block && block != window->block_last && moved < bytes_wanted && err == OK) {
        err = block_move(block, directory, &moved, why);
        if (err == OK)
            block = block->next;
    }
    window->block_to_move = block;
    window->bytes -= moved;
    window->row_bytes -= moved;
    window->file_bytes += moved;
    *ret_bytes = moved;
    return err;
}

struct window_row window_read(const struct window *window, uint32_t id)
{
    must(window_is_here(window, id));
    return window_row_read((const char *)window_entry(window, id)->row,
                           window_segment_of(window, id)->first_offset);
}

/* Where the next row's entry will lie. */
static struct window_segment *segment_for_next(struct window *window, int64_t offset)
{
    if (window->next_id % WINDOW_SEGMENT_ROWS == 0) {
        /* 0 is no id: its place stays empty. */
        struct window_segment *segment = segment_begin(window, window->next_id, offset);
        if (window->next_id == 0)
            window->next_id = 1;
        return segment;
    }
    struct window_segment *segment =
        window->segments[(window->next_id / WINDOW_SEGMENT_ROWS) & window->segment_mask];
    if (window->lowest_id == window->next_id) {
        segment->timestamp_max_ms = INT64_MIN;
        segment->first_offset = offset;
    }
    return segment;
}

static uint32_t entry_add(struct window *window, uint32_t hash, int64_t timestamp_ms, uintptr_t row)
{
    const uint32_t id = window->next_id;
    if (id - window->lowest_id > window->head_mask)
        heads_grow(window);
    if (id - window->swept_id >= SWEEP_IDS)
        heads_sweep(window);
    struct window_segment *segment =
        window->segments[(id / WINDOW_SEGMENT_ROWS) & window->segment_mask];
    if (timestamp_ms > segment->timestamp_max_ms)
        segment->timestamp_max_ms = timestamp_ms;
    uint32_t *head = &window->heads[hash & window->head_mask];
    segment->entries[id % WINDOW_SEGMENT_ROWS] = (struct window_entry){
        .row = row, .timestamp_ms = timestamp_ms, .hash = hash, .next = *head};
    *head = id;
    window->next_id = id + 1;
    return id;
}

static enum err block_move(struct window_block *block, const char *directory, uint64_t *moved,
                           struct why *why)
{
    if (!window_block_can_move(block))
        return OK;
    const enum err err = window_block_move(block, directory, why);
    *moved += err == OK ? block->size : 0;
    return err;
}

static void block_drop(struct window *window, struct window_block *block)
{
    if (block->is_in_file) {
        window->file_bytes -= block->size;
    } else {
        window->bytes -= block->size;
        window->row_bytes -= block->size;
    }
    window_block_free(block);
}

static void fetched_drop(struct window *window, struct window_segment *segment)
{
    if (segment->fetched)
        block_drop(window, segment->fetched);
    segment->fetched = NULL;
}

/* Room for at most `size` bytes at the end of the last block. */
static char *row_alloc(struct window *window, size_t size)
{
    struct window_block *block = window->block_last;
    if (!block || window_block_room(block) < size) {
        block = block_new(window, size);
        if (window->block_last)
            window->block_last->next = block;
        else
            window->block_first = block;
        window->block_last = block;
    }
    return block->bytes + block->used;
}

/* Blocks grow with the window, so that a small one stays small and a large one lies in huge pages.
 */
static struct window_block *block_new(struct window *window, size_t size)
{
    size_t block_size = window->block_size;
    if (window->block_size < WINDOW_BLOCK_BYTES_MAX)
        window->block_size *= 2;
    if (size + sizeof(struct window_block) > block_size)
        block_size = size + sizeof(struct window_block);
    struct window_block *block = window->spare_block;
    if (block_size == WINDOW_BLOCK_BYTES_MAX && block) {
        window->spare_block = NULL;
        block->next = NULL;
        block->used = 0;
    } else {
        block = window_block_new(block_size);
        window->bytes += block->size;
        window->row_bytes += block->size;
    }
    block->last_id = window->next_id;
    return block;
}

static void blocks_drop(struct window *window)
{
    while (window->block_first && !window_has(window, window->block_first->last_id) &&
           window->block_first != window->block_last) {
        struct window_block *block = window->block_first;
        window->block_first = block->next;
        if (window->block_to_move == block)
            window->block_to_move = NULL;
        if (!block->is_in_file && block->size == WINDOW_BLOCK_BYTES_MAX && !window->spare_block)
            window->spare_block = block;
        else
            block_drop(window, block);
    }
}

static struct window_segment *segment_begin(struct window *window, uint32_t id, int64_t offset)
{
    if (window->segment_count > window->segment_mask) {
        const uint32_t mask = window->segment_mask * 2 + 1;
        struct window_segment **segments =
            memory_zalloc(((size_t)mask + 1) * sizeof(struct window_segment *));
        for (uint32_t i = 0; i < window->segment_count; i++) {
            const uint32_t number = window->lowest_id / WINDOW_SEGMENT_ROWS + i;
            segments[number & mask] = window->segments[number & window->segment_mask];
        }
        free(window->segments);
        window->segments = segments;
        window->segment_mask = mask;
    }
    window->bytes -= window->pool.bytes;
    struct window_segment *segment = window_segment_new(&window->pool);
    window->bytes += window->pool.bytes;
    segment->timestamp_max_ms = INT64_MIN;
    segment->first_offset = offset;
    segment->fetched = NULL;
    memset(segment->marked, 0, sizeof(segment->marked));
    window->segments[(id / WINDOW_SEGMENT_ROWS) & window->segment_mask] = segment;
    window->segment_count++;
    return segment;
}

/* Twice the heads, chained anew from the oldest entry to the newest. */
static void heads_grow(struct window *window)
{
    const size_t count = ((size_t)window->head_mask + 1) * 2;
    must(count <= (size_t)1 << 31);
    window->bytes += count / 2 * sizeof(*window->heads);
    free(window->heads);
    window->heads = window_table_new(count * sizeof(*window->heads));
    window->head_mask = (uint32_t)(count - 1);
    for (uint32_t id = window->lowest_id; id != window->next_id; id++) {
        if (id == 0)
            continue;
        struct window_entry *entry = window_entry(window, id);
        if (window->next_id - id > REHASH_AHEAD)
            window_prefetch_head(window, window_entry(window, id + REHASH_AHEAD)->hash);
        uint32_t *head = &window->heads[entry->hash & window->head_mask];
        entry->next = *head;
        *head = id;
    }
}

static void heads_sweep(struct window *window)
{
    for (size_t i = 0; i <= window->head_mask; i++)
        if (!window_has(window, window->heads[i]))
            window->heads[i] = 0;
    window->swept_id = window->next_id;
}
