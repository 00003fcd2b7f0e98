/* window.c -- the window store's memory: blocks, segments, heads.
 *
 * A row's bytes: varint (offset - the segment's first), varint key size, varint value size,
 * key, value. They never leave memory, so reading trusts them. */
#include "flow/window.h"

#include "base/memory.h"
#include "base/varint.h"
#include "flow/window_block.h"

#define HEADS_MIN 1024
#define SEGMENTS_MIN 8
#define REHASH_AHEAD 24 /* entries whose heads are on their way */
#define SWEEP_IDS (1u << 30)

static char *row_alloc(struct window *window, size_t size);
static struct window_block *block_new(struct window *window, size_t size);
static struct window_segment *segment_begin(struct window *window, uint32_t id, int64_t offset);
static void heads_grow(struct window *window);
static void heads_sweep(struct window *window);
static void blocks_drop(struct window *window);
static const uint8_t *get_size(const uint8_t *at, int64_t *ret_size);

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
        if (window->segments[i])
            window_segment_free(&window->pool, window->segments[i]);
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
    struct window_segment *segment;
    if (window->next_id % WINDOW_SEGMENT_ROWS == 0) {
        segment = segment_begin(window, window->next_id, offset);
        /* 0 is no id: its place stays empty. */
        if (window->next_id == 0)
            window->next_id = 1;
    } else {
        segment = window->segments[(window->next_id / WINDOW_SEGMENT_ROWS) & window->segment_mask];
        if (window->lowest_id == window->next_id) {
            segment->timestamp_max_ms = INT64_MIN;
            segment->first_offset = offset;
        }
    }
    const uint32_t id = window->next_id;
    if (id - window->lowest_id > window->head_mask)
        heads_grow(window);
    if (id - window->swept_id >= SWEEP_IDS)
        heads_sweep(window);

    char *row = row_alloc(window, 3 * VARINT_BYTES_MAX + key.size + value.size);
    uint8_t *at = (uint8_t *)row;
    at = varint_put(at, offset - segment->first_offset);
    at = varint_put(at, (int64_t)key.size);
    at = varint_put(at, (int64_t)value.size);
    if (key.size > 0)
        memcpy(at, key.data, key.size);
    at += key.size;
    if (value.size > 0)
        memcpy(at, value.data, value.size);
    at += value.size;
    window->block_last->used += (size_t)((char *)at - row);
    window->block_last->last_id = id;

    if (timestamp_ms > segment->timestamp_max_ms)
        segment->timestamp_max_ms = timestamp_ms;
    uint32_t *head = &window->heads[hash & window->head_mask];
    segment->entries[id % WINDOW_SEGMENT_ROWS] = (struct window_entry){
        .row = row, .timestamp_ms = timestamp_ms, .hash = hash, .next = *head};
    *head = id;
    window->next_id = id + 1;
    return id;
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
    /* Looking at one that has moved would read its file. */
    struct window_block *block =
        window->block_to_move ? window->block_to_move : window->block_first;
    while (block && block != window->block_last && moved < bytes_wanted && err == OK) {
        if (window_block_can_move(block)) {
            err = window_block_move(block, directory, why);
            moved += err == OK ? block->size : 0;
        }
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
    const struct window_segment *segment =
        window->segments[(id / WINDOW_SEGMENT_ROWS) & window->segment_mask];
    const uint8_t *at = (const uint8_t *)segment->entries[id % WINDOW_SEGMENT_ROWS].row;
    int64_t delta = 0;
    int64_t key_size = 0;
    int64_t value_size = 0;
    at = get_size(at, &delta);
    at = get_size(at, &key_size);
    at = get_size(at, &value_size);
    return (struct window_row){.key = {(const char *)at, (size_t)key_size},
                               .value = {(const char *)at + key_size, (size_t)value_size},
                               .offset = segment->first_offset + delta};
}

static const uint8_t *get_size(const uint8_t *at, int64_t *ret_size)
{
    const uint8_t *after = varint_get(at, at + VARINT_BYTES_MAX, ret_size);
    must(after != NULL);
    return after;
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
        if (block->is_in_file) {
            window->file_bytes -= block->size;
        } else if (block->size == WINDOW_BLOCK_BYTES_MAX && !window->spare_block) {
            window->spare_block = block;
            continue;
        } else {
            window->bytes -= block->size;
            window->row_bytes -= block->size;
        }
        window_block_free(block);
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
