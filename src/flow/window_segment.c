/* window_segment.c -- slabs of segments: one segment while they are few, else a huge page of them.
 *
 * Segments are given back in the order they were taken, so that a slab is empty soon after its
 * first one came back. */
#include "flow/window_segment.h"

#include "base/memory.h"

#include <sys/mman.h>

#define HUGE_PAGE_BYTES (2u << 20)
#define FEW_SEGMENTS 32

struct window_slab {
    uint32_t capacity;
    uint32_t used; /* segments that were taken */
    uint32_t live; /* of them, not given back */
    struct window_segment segments[];
};

#define SLAB_SEGMENTS                                                                              \
    ((HUGE_PAGE_BYTES - sizeof(struct window_slab)) / sizeof(struct window_segment))

static struct window_slab *slab_new(struct window_segments *segments);
static void slab_free(struct window_segments *segments, struct window_slab *slab);
static size_t slab_bytes(const struct window_slab *slab);
static void *huge_alloc(size_t size);

void window_segments_release(struct window_segments *segments)
{
    must(segments->count == 0);
    free(segments->filling);
    free(segments->spare);
    *segments = (struct window_segments){0};
}

struct window_segment *window_segment_new(struct window_segments *segments)
{
    if (!segments->filling || segments->filling->used == segments->filling->capacity)
        segments->filling = slab_new(segments);
    struct window_slab *slab = segments->filling;
    struct window_segment *segment = &slab->segments[slab->used++];
    slab->live++;
    segments->count++;
    segment->slab = slab;
    return segment;
}

void window_segment_free(struct window_segments *segments, struct window_segment *segment)
{
    struct window_slab *slab = segment->slab;
    must(slab->live > 0);
    segments->count--;
    if (--slab->live > 0)
        return;
    if (slab == segments->filling)
        slab->used = 0;
    else
        slab_free(segments, slab);
}

void *window_table_new(size_t size)
{
    if (size < HUGE_PAGE_BYTES)
        return memory_zalloc(size);
    must(size % HUGE_PAGE_BYTES == 0);
    void *table = huge_alloc(size);
    memset(table, 0, size);
    return table;
}

/* The slab before it is full: its segments lead to it. */
static struct window_slab *slab_new(struct window_segments *segments)
{
    struct window_slab *slab = segments->spare;
    const bool is_large = segments->count >= FEW_SEGMENTS;
    if (is_large && slab) {
        segments->spare = NULL;
        slab->used = 0;
        return slab;
    }
    slab = is_large ? huge_alloc(HUGE_PAGE_BYTES)
                    : memory_alloc(sizeof(*slab) + sizeof(struct window_segment));
    *slab = (struct window_slab){.capacity = is_large ? SLAB_SEGMENTS : 1};
    segments->bytes += slab_bytes(slab);
    return slab;
}

static void slab_free(struct window_segments *segments, struct window_slab *slab)
{
    if (slab->capacity == SLAB_SEGMENTS && !segments->spare) {
        segments->spare = slab;
        return;
    }
    segments->bytes -= slab_bytes(slab);
    free(slab);
}

static size_t slab_bytes(const struct window_slab *slab)
{
    return slab->capacity == 1 ? sizeof(*slab) + sizeof(struct window_segment) : HUGE_PAGE_BYTES;
}

static void *huge_alloc(size_t size)
{
    void *memory = aligned_alloc(HUGE_PAGE_BYTES, size);
    must(memory != NULL);
    (void)madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}
