/* window_segment.h -- segments of a window's index, many to a huge page. [worker]
 *
 * A look-up reads one entry anywhere: among pages of 4 KB the processor would search for most of
 * them before it could begin to read. */
#ifndef FLOW_WINDOW_SEGMENT_H
#define FLOW_WINDOW_SEGMENT_H

#include "base/str.h"

#include <stdint.h>

#define WINDOW_SEGMENT_ROWS 1024
#define WINDOW_IN_LOG ((uintptr_t)1 << 63) /* no address has this bit */

struct window_block;

struct window_entry {
    uintptr_t row; /* where its bytes lie; WINDOW_IN_LOG + its record's offset: not here */
    int64_t timestamp_ms;
    uint32_t hash;
    uint32_t next; /* the id before it in its chain; 0: none */
};

struct window_slab;

struct window_segment {
    struct window_slab *slab;
    int64_t timestamp_max_ms;
    int64_t first_offset;         /* of the source's records whose rows are in it */
    struct window_block *fetched; /* its rows that came back from the log; NULL: none did */
    uint64_t marked[WINDOW_SEGMENT_ROWS / 64];
    struct window_entry entries[WINDOW_SEGMENT_ROWS];
};

/* Where segments come from. {0} is valid and empty. */
struct window_segments {
    struct window_slab *filling; /* NULL: none */
    struct window_slab *spare;   /* a large one without segments; NULL: none */
    uint32_t count;              /* segments given out */
    uint64_t bytes;
};

/* All segments have come back. */
void window_segments_release(struct window_segments *segments);
/* Nothing in it is set. Given back with window_segment_free. */
struct window_segment *window_segment_new(struct window_segments *segments);
void window_segment_free(struct window_segments *segments, struct window_segment *segment);

/* `size` bytes, all 0, in huge pages where they are many. The caller frees with free(). */
void *window_table_new(size_t size);

#endif
