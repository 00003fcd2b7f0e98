/* waiting.h -- rows of an outer join that have no partner yet, by time; and rows sent at once.
 *
 * Most rows come in order of time and stand in a queue; the others in a heap. A row that finds its
 * partner is not taken out: its window's mark is cleared, and it is passed over when its time
 * comes. */
#ifndef FLOW_WAITING_H
#define FLOW_WAITING_H

#include "base/str.h"

#include <stdint.h>

struct waiting_row {
    int64_t timestamp_ms;
    uint32_t id; /* in the side's window */
};

/* {0} is valid and empty. */
struct waiting {
    struct waiting_row *queue; /* a ring */
    uint32_t queue_mask;       /* capacity - 1; 0 with no queue: none */
    uint32_t queue_head;
    uint32_t queue_count;
    struct waiting_row *heap;
    uint32_t heap_count;
    uint32_t heap_capacity;
};

void waiting_release(struct waiting *waiting);
void waiting_add(struct waiting *waiting, int64_t timestamp_ms, uint32_t id);
/* The earliest one; false: there is none. Rows of the same time in no order. */
bool waiting_first(const struct waiting *waiting, struct waiting_row *ret_row);
void waiting_remove_first(struct waiting *waiting);
uint64_t waiting_bytes(const struct waiting *waiting);

/* What cannot be seen from a window that was read back, by the record's offset: a row that was sent
 * without waiting, because it came late; or one that waits although a partner lies in the other
 * window, hidden by its retention when the later of the two came. */
struct noted_row {
    int64_t offset;
    int64_t timestamp_ms;
    uint32_t side;
    bool waits;
};

/* {0} is valid and empty. */
struct noted {
    struct noted_row *rows;
    uint32_t count;
    uint32_t capacity;
    uint32_t waits_count; /* of rows that wait */
};

void noted_release(struct noted *noted);
void noted_add(struct noted *noted, const struct noted_row *row);
/* NULL: there is none. */
struct noted_row *noted_find(const struct noted *noted, uint32_t side, int64_t offset, bool waits);
void noted_remove(struct noted *noted, struct noted_row *row);

#endif
