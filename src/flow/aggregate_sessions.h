/* aggregate_sessions.h -- session windows of an aggregate: which rows belong together, when a
 * session closes, when it is forgotten.
 *
 * A session is [start, end], both included; a row that is at most the gap away from one belongs to
 * it, and joins two that it is near to. A session is closed, and a row late for it, when end <
 * stream time - grace - gap. Kafka Streams' rules: KStreamSessionWindowAggregate. Which sessions a
 * key has is known from the table and kept here to be found. [worker] */
#ifndef FLOW_AGGREGATE_SESSIONS_H
#define FLOW_AGGREGATE_SESSIONS_H

#include "base/map.h"
#include "flow/emitter.h"

#include <stdint.h>

struct session_bounds {
    int64_t start_ms;
    int64_t end_ms;
};

struct aggregate_sessions {
    const struct plan_node *node;
    int64_t retention_ms;
    int64_t stream_time_ms; /* INT64_MIN: no row yet */
    int64_t closed_ms;      /* EMIT FINAL: sessions that ended before this have been emitted */
    struct map lists;       /* by kept key: struct session_list */
};

/* What a row does. Sessions of a key are more than the gap apart: at most two are near a row. */
struct session_merge {
    struct session_bounds merged;
    struct session_bounds old[2];
    uint32_t old_count;
};

void aggregate_sessions_init(struct aggregate_sessions *sessions, const struct plan_node *node);
/* Zeroed is fine. */
void aggregate_sessions_release(struct aggregate_sessions *sessions);
/* After a restart: what the table holds, and the stream time of the last step. */
void aggregate_sessions_restore(struct aggregate_sessions *sessions, const struct table *table,
                                int64_t stream_time_ms);
/* Puts a row into the key's sessions; advances stream time. False: the row is late. */
bool aggregate_sessions_add(struct aggregate_sessions *sessions, struct str kept,
                            int64_t timestamp_ms, struct session_merge *ret_merge);
/* EMIT FINAL: emits the sessions that closed since the last call, in order of window. All changes
 * are in the table. */
void aggregate_sessions_close(struct aggregate_sessions *sessions, const struct table *table,
                              struct emitter *emitter);
/* EMIT FINAL: whether stream time has moved since. */
bool aggregate_sessions_may_close(const struct aggregate_sessions *sessions);
/* Forgets sessions past retention. */
void aggregate_sessions_expire(struct aggregate_sessions *sessions, struct table *table);

#endif
