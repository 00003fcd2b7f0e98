/* window.h -- one side of a windowed join: kept rows in the order they came, found by key.
 *
 * Rows lie in blocks of bytes, one behind the other; entries of the index lie in segments of
 * WINDOW_SEGMENT_ROWS, one behind the other too. An entry's id is its number since the beginning
 * (32 bits, around and around, never 0), so that its segment and place follow from the id. A table
 * of heads has the newest id of every hash class; each entry says the id before it in its class.
 * Nothing is ever taken out but whole segments, oldest first, when all their rows are past the
 * retention: a chain ends where ids are below the lowest one still there. Heads are swept more
 * often than ids come around, so that none names a row that took an old one's id.
 *
 * A row may also be in the log alone: then only its entry is here, until somebody wants to read it
 * and fetches all rows of its segment that are not here. So a window that is read back needs no
 * more memory than its index, and most of its rows are never looked at again.
 *
 * An entry takes 24 bytes, a head 4, with one to two heads an entry, and a mark one bit. */
#ifndef FLOW_WINDOW_H
#define FLOW_WINDOW_H

#include "base/buf.h"
#include "base/err.h"
#include "flow/window_segment.h"

#include <stdint.h>

struct window_block;

struct window {
    uint32_t *heads;
    uint32_t head_mask;
    uint32_t next_id;
    uint32_t lowest_id; /* live ids: lowest_id <= id < next_id, around */
    uint32_t swept_id;
    struct window_segment **segments; /* a ring by (id / WINDOW_SEGMENT_ROWS) & segment_mask */
    uint32_t segment_mask;
    uint32_t segment_count;
    struct window_segments pool;
    struct window_block *block_first; /* oldest */
    struct window_block *block_last;
    struct window_block *block_to_move; /* the oldest that could; NULL: the oldest of all */
    struct window_block *spare_block;   /* a large one: its pages need no clearing by the system */
    size_t block_size;
    uint64_t bytes;      /* in memory, with the index */
    uint64_t row_bytes;  /* of them: blocks */
    uint64_t file_bytes; /* of rows in files */
};

/* A row as it is stored, taken apart. Valid until the next window_expire. */
struct window_row {
    struct str key;
    struct str value;
    int64_t offset;
};

void window_init(struct window *window);
void window_release(struct window *window);
/* Copies a row in. offset: of its source record, ascending. Returns its id. */
uint32_t window_put(struct window *window, uint32_t hash, int64_t timestamp_ms, int64_t offset,
                    struct str key, struct str value);
/* Makes an entry for a row that is in the log alone: no row may be read before window_is_here. */
uint32_t window_put_entry(struct window *window, uint32_t hash, int64_t timestamp_ms,
                          int64_t offset);
/* Drops the oldest segments all of whose rows are before floor_ms. */
void window_expire(struct window *window, int64_t floor_ms);
/* Moves the oldest rows to files, until so many bytes of memory are free or no more can be: the
 * index and the newest rows stay. */
MUST_CHECK enum err window_move(struct window *window, uint64_t bytes_wanted, const char *directory,
                                uint64_t *ret_bytes, struct why *why);
/* The lowest offset of the rows still there; INT64_MAX: there are none. */
int64_t window_from_offset(const struct window *window);
uint32_t window_row_count(const struct window *window);
struct window_row window_read(const struct window *window, uint32_t id);

/* The rows of a segment that are in the log alone, on their way here. */
struct window_fetch {
    struct window *window;
    struct window_segment *segment;
    uint32_t next; /* places in the segment: of the next row, and behind the last one */
    uint32_t end;
    uint32_t first;
    struct buf bytes;
    uint32_t places[WINDOW_SEGMENT_ROWS]; /* where a row begins in bytes */
};

/* Of the segment of a row that is not here; the struct's buffer may be used again. */
void window_fetch_begin(struct window_fetch *fetch, struct window *window, uint32_t id);
/* The offset of the record that is wanted next; -1: there is none, and window_fetch_end follows. */
int64_t window_fetch_offset(const struct window_fetch *fetch);
void window_fetch_add(struct window_fetch *fetch, struct str key, struct str value);
void window_fetch_end(struct window_fetch *fetch);

static inline bool window_has(const struct window *window, uint32_t id)
{
    return id != 0 && (uint32_t)(id - window->lowest_id) < window->next_id - window->lowest_id;
}

static inline struct window_segment *window_segment_of(const struct window *window, uint32_t id)
{
    return window->segments[(id / WINDOW_SEGMENT_ROWS) & window->segment_mask];
}

static inline struct window_entry *window_entry(const struct window *window, uint32_t id)
{
    return &window->segments[(id / WINDOW_SEGMENT_ROWS) & window->segment_mask]
                ->entries[id % WINDOW_SEGMENT_ROWS];
}

static inline bool window_is_here(const struct window *window, uint32_t id)
{
    return (window_entry(window, id)->row & WINDOW_IN_LOG) == 0;
}

/* The newest id of a hash class; go on with the entry's next while window_has. */
static inline uint32_t window_head(const struct window *window, uint32_t hash)
{
    return window->heads[hash & window->head_mask];
}

/* One bit a row, for the owner; clear at first. */
static inline bool window_is_marked(const struct window *window, uint32_t id)
{
    const struct window_segment *segment =
        window->segments[(id / WINDOW_SEGMENT_ROWS) & window->segment_mask];
    return segment->marked[id % WINDOW_SEGMENT_ROWS / 64] >> (id % 64) & 1;
}

static inline void window_mark(struct window *window, uint32_t id, bool marked)
{
    uint64_t *bits = &window->segments[(id / WINDOW_SEGMENT_ROWS) & window->segment_mask]
                          ->marked[id % WINDOW_SEGMENT_ROWS / 64];
    const uint64_t bit = (uint64_t)1 << (id % 64);
    *bits = marked ? *bits | bit : *bits & ~bit;
}

/* GCC 12 takes a function that only prefetches for one without effect, and drops its calls, unless
 * it is inlined before that is looked into. */
#define WINDOW_INLINE static inline __attribute__((always_inline))

/* A look-up waits for memory three times or more: for the head, for each entry of the chain, for
 * the row. Spread over many rows, each of these steps asks for what the next one will read. */
WINDOW_INLINE void window_prefetch_head(const struct window *window, uint32_t hash)
{
    __builtin_prefetch(&window->heads[hash & window->head_mask], 1);
}

WINDOW_INLINE void window_prefetch_entry(const struct window *window, uint32_t hash)
{
    const uint32_t id = window_head(window, hash);
    if (window_has(window, id))
        __builtin_prefetch(window_entry(window, id));
}

/* The first `depth` entries of the chain are there: asks for the row of the one that matches, else
 * for the entry after them. */
WINDOW_INLINE void window_prefetch_row(const struct window *window, uint32_t hash, uint32_t depth)
{
    uint32_t id = window_head(window, hash);
    while (window_has(window, id)) {
        const struct window_entry *entry = window_entry(window, id);
        if (depth-- == 0) {
            __builtin_prefetch(entry);
            return;
        }
        if (entry->hash == hash) {
            const char *row = (const char *)entry->row;
            __builtin_prefetch(row);
            __builtin_prefetch(row + 64);
            __builtin_prefetch(row + 128);
            return;
        }
        id = entry->next;
    }
}

#endif
