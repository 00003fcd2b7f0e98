/* waiting.c -- a queue for rows in order of time, a heap for the others; and notes. */
#include "flow/waiting.h"

#include "base/memory.h"

#define CAPACITY_MIN 64

static bool queue_takes(const struct waiting *waiting, int64_t timestamp_ms);
static void queue_grow(struct waiting *waiting);
static bool queue_is_first(const struct waiting *waiting);
static void heap_up(struct waiting_row *heap, uint32_t at);
static void heap_down(struct waiting_row *heap, uint32_t count);

void waiting_release(struct waiting *waiting)
{
    free(waiting->queue);
    free(waiting->heap);
    *waiting = (struct waiting){0};
}

void waiting_add(struct waiting *waiting, int64_t timestamp_ms, uint32_t id)
{
    const struct waiting_row row = {.timestamp_ms = timestamp_ms, .id = id};
    if (queue_takes(waiting, timestamp_ms)) {
        if (!waiting->queue || waiting->queue_count > waiting->queue_mask)
            queue_grow(waiting);
        waiting->queue[(waiting->queue_head + waiting->queue_count++) & waiting->queue_mask] = row;
        return;
    }
    if (waiting->heap_count == waiting->heap_capacity) {
        waiting->heap_capacity = waiting->heap_count ? waiting->heap_count * 2 : CAPACITY_MIN;
        waiting->heap =
            memory_realloc(waiting->heap, waiting->heap_capacity * sizeof(*waiting->heap));
    }
    waiting->heap[waiting->heap_count] = row;
    heap_up(waiting->heap, waiting->heap_count++);
}

bool waiting_first(const struct waiting *waiting, struct waiting_row *ret_row)
{
    if (waiting->queue_count == 0 && waiting->heap_count == 0)
        return false;
    *ret_row = queue_is_first(waiting) ? waiting->queue[waiting->queue_head & waiting->queue_mask]
                                       : waiting->heap[0];
    return true;
}

void waiting_remove_first(struct waiting *waiting)
{
    must(waiting->queue_count + waiting->heap_count > 0);
    if (queue_is_first(waiting)) {
        waiting->queue_head++;
        waiting->queue_count--;
        return;
    }
    waiting->heap[0] = waiting->heap[--waiting->heap_count];
    heap_down(waiting->heap, waiting->heap_count);
}

uint64_t waiting_bytes(const struct waiting *waiting)
{
    const uint64_t queue = waiting->queue ? (uint64_t)waiting->queue_mask + 1 : 0;
    return (queue + waiting->heap_capacity) * sizeof(struct waiting_row);
}

void noted_release(struct noted *noted)
{
    free(noted->rows);
    *noted = (struct noted){0};
}

void noted_add(struct noted *noted, const struct noted_row *row)
{
    if (noted->count == noted->capacity) {
        noted->capacity = noted->count ? noted->count * 2 : CAPACITY_MIN;
        noted->rows = memory_realloc(noted->rows, noted->capacity * sizeof(*noted->rows));
    }
    noted->rows[noted->count++] = *row;
    noted->waits_count += row->waits;
}

struct noted_row *noted_find(const struct noted *noted, uint32_t side, int64_t offset, bool waits)
{
    for (uint32_t i = 0; i < noted->count; i++) {
        struct noted_row *row = &noted->rows[i];
        if (row->side == side && row->offset == offset && row->waits == waits)
            return row;
    }
    return NULL;
}

void noted_remove(struct noted *noted, struct noted_row *row)
{
    noted->waits_count -= row->waits;
    *row = noted->rows[--noted->count];
}

static bool queue_takes(const struct waiting *waiting, int64_t timestamp_ms)
{
    if (waiting->queue_count == 0)
        return true;
    const uint32_t last = (waiting->queue_head + waiting->queue_count - 1) & waiting->queue_mask;
    return waiting->queue[last].timestamp_ms <= timestamp_ms;
}

static void queue_grow(struct waiting *waiting)
{
    const uint32_t capacity = waiting->queue ? (waiting->queue_mask + 1) * 2 : CAPACITY_MIN;
    must(capacity > 0);
    struct waiting_row *queue = memory_alloc(capacity * sizeof(*queue));
    for (uint32_t i = 0; i < waiting->queue_count; i++)
        queue[i] = waiting->queue[(waiting->queue_head + i) & waiting->queue_mask];
    free(waiting->queue);
    waiting->queue = queue;
    waiting->queue_mask = capacity - 1;
    waiting->queue_head = 0;
}

static bool queue_is_first(const struct waiting *waiting)
{
    if (waiting->queue_count == 0)
        return false;
    return waiting->heap_count == 0 ||
           waiting->queue[waiting->queue_head & waiting->queue_mask].timestamp_ms <=
               waiting->heap[0].timestamp_ms;
}

static void heap_up(struct waiting_row *heap, uint32_t at)
{
    const struct waiting_row row = heap[at];
    while (at > 0 && heap[(at - 1) / 2].timestamp_ms > row.timestamp_ms) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = row;
}

/* The first row may stand too high. */
static void heap_down(struct waiting_row *heap, uint32_t count)
{
    if (count == 0)
        return;
    const struct waiting_row row = heap[0];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && heap[child + 1].timestamp_ms < heap[child].timestamp_ms)
            child++;
        if (heap[child].timestamp_ms >= row.timestamp_ms)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = row;
}
