/* aggregate_windows.h -- tumbling and hopping windows of an aggregate: where a row belongs, when a
 * window closes, when it is forgotten.
 *
 * Windows are aligned to 1970 and half-open. A row is late for a window when end + grace <= stream
 * time, the highest ROWTIME of the task's rows. A window is kept while start > highest start -
 * retention. Kafka Streams' rules: TimeWindows.windowsFor, KStreamWindowAggregate. [worker] */
#ifndef FLOW_AGGREGATE_WINDOWS_H
#define FLOW_AGGREGATE_WINDOWS_H

#include "flow/emitter.h"

#include <stdint.h>

struct aggregate_windows {
    const struct plan_node *node;
    int64_t retention_ms;
    int64_t stream_time_ms; /* INT64_MIN: no row yet */
    int64_t start_max_ms;   /* of all windows so far */
    int64_t closed_ms;      /* EMIT FINAL: windows closed by this stream time have been emitted */
    int64_t next_close_ms;  /* EMIT FINAL: when the next one closes; INT64_MAX: none */
};

struct window_bounds {
    int64_t start_ms;
    int64_t end_ms;
};

/* ERR_LIMIT. */
MUST_CHECK enum err aggregate_windows_init(struct aggregate_windows *windows,
                                           const struct plan_node *node, struct why *why);
/* After a restart: what the table holds, and the stream time of the last step. */
void aggregate_windows_restore(struct aggregate_windows *windows, const struct table *table,
                               int64_t stream_time_ms);
/* The first window a row of this time belongs to; advances stream time. */
struct window_bounds aggregate_windows_first(struct aggregate_windows *windows,
                                             int64_t timestamp_ms);
/* The next one; false: the row belongs to no more. */
bool aggregate_windows_next(const struct aggregate_windows *windows, int64_t timestamp_ms,
                            struct window_bounds *bounds);
/* Whether it takes rows no more; if it does, it counts as being there from now on. */
bool aggregate_windows_late(struct aggregate_windows *windows, const struct window_bounds *bounds);

/* EMIT FINAL: whether windows have closed since this was last asked for. */
static inline bool aggregate_windows_have_closed(const struct aggregate_windows *windows)
{
    return windows->stream_time_ms >= windows->next_close_ms;
}
/* Emits them, in order of window and key. All changes are in the table. */
void aggregate_windows_close(struct aggregate_windows *windows, const struct table *table,
                             struct emitter *emitter);
/* Forgets windows past retention. */
void aggregate_windows_expire(const struct aggregate_windows *windows, struct table *table);

#endif
