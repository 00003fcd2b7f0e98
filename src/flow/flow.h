/* flow.h -- plans at work: workers, tasks, operators and their state. The room's door.
 *
 * Calls are [control] unless they say otherwise: from one thread at a time, never from a worker's.
 * Those on a query ask its workers and wait for the answer, which comes between two turns of a
 * task: milliseconds, longer only where it says so. */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "base/counters.h"
#include "log/log.h"
#include "sql/sql.h"

#include <stdint.h>

struct flow;
struct flow_query;

struct flow_options {
    struct log *log;              /* outlives the flow */
    struct registry *registry;    /* outlives the flow */
    uint32_t thread_count;        /* workers, at least 1 */
    uint32_t batch_rows;          /* 1 to BATCH_ROWS_MAX; 0: BATCH_ROWS_MAX */
    bool emit_every_change;       /* cache.max.bytes.buffering=0: no coalescing within a step */
    uint64_t memory_max;          /* bytes of windows and tables; 0: no limit */
    const char *window_directory; /* past it windows' rows move to files here */
};

/* Starts the workers; strings of the options are borrowed until flow_close. ERR_LIMIT: too many
 * threads; whatever log_join says. */
MUST_CHECK enum err flow_open(const struct flow_options *options, struct flow **ret_flow,
                              struct why *why);
/* Stops all queries as they are (their positions stay), as flow_stop does, and frees everything.
 * NULL is fine. */
void flow_close(struct flow *flow);

/* Rows of a push query, in order, from a worker's thread: the batch is borrowed for the call. The
 * receiver must not block. False: it has enough for now; the query is paused until flow_pause lets
 * it go on. [worker] */
typedef bool flow_feed(void *context, const struct batch *rows);

struct flow_query_options {
    struct str id;                /* "CSAS_PAID_3" */
    struct str internal_prefix;   /* before the suffix of internal topics */
    struct str dead_letter_topic; /* size 0: rejected records are only counted */
    bool from_earliest;           /* where a source without a position begins */
    bool stops_at_bad_time;       /* a row without a time that can be read stops it: FLOW_ERROR */
    bool stays;      /* what keeps it from running is its FLOW_ERROR, not flow_start's */
    flow_feed *feed; /* push queries */
    void *feed_context;
};

/* Starts a query: makes its internal topics and loads its tasks' last commit. State is read back by
 * the workers from then on: FLOW_RESTORING until it is there.
 * The plan must stay until the query is stopped; the strings are copied. Topics of sink and sources
 * exist. ERR_INVALID (partitions do not match), ERR_NOT_FOUND, ... */
MUST_CHECK enum err flow_start(struct flow *flow, const struct plan *plan,
                               const struct flow_query_options *options,
                               struct flow_query **ret_query, struct why *why);
/* Stops it and frees the query, also when it fails. Waits until the log has what its tasks handed
 * over: 10 s a worker at most, and not while the log is unhealthy. forget: its positions and
 * internal topics are removed too; only that can fail, with whatever the log says (ERR_AGAIN: not
 * durable in time).
 */
MUST_CHECK enum err flow_stop(struct flow_query *query, bool forget, struct why *why);
/* Of a query that is stopped: removes its positions and its internal topics. ERR_AGAIN: another
 * process still runs it. [any] */
MUST_CHECK enum err flow_forget(struct flow *flow, struct str id, struct str internal_prefix,
                                struct why *why);
/* Does not fail. While held no query reads anything: several can be started or stopped as one, and
 * none runs ahead of another that it reads from. Held from then on when it returns. */
void flow_hold(struct flow *flow, bool held);
/* A paused query keeps its state and reads nothing. Paused from then on when it returns: no batch
 * is under way. Does not fail. */
void flow_pause(struct flow_query *query, bool paused);
/* [any] Also when its own feed had enough. */
bool flow_is_paused(const struct flow_query *query);

enum flow_state {
    FLOW_RESTORING, /* reading state back, nothing is emitted */
    FLOW_RUNNING,
    FLOW_PAUSED,
    FLOW_ERROR /* stopped by itself; `why` says why; positions are kept */
};

struct flow_position {
    struct str topic;
    int32_t partition;
    int64_t next_offset;
    int64_t end_offset;
};

struct flow_status {
    enum flow_state state;
    struct why why;
    double restored;      /* 0 to 1 */
    uint64_t state_bytes; /* in memory */
    uint64_t file_bytes;  /* rows of windows that were moved to files */
    uint64_t state_rows;
    int64_t stream_time_ms; /* highest of its tasks; INT64_MIN: none yet */
    struct counters counters;
    struct flow_position *positions;
    uint32_t position_count;
};

/* A picture of now of `count` queries of one flow; positions in the arena, topics' names as long as
 * the log. Does not fail: a task that is not there, because it is being made, has no share in it.
 */
void flow_get_statuses(struct flow_query *const *queries, uint32_t count, struct arena *arena,
                       struct flow_status *ret_statuses);
static inline void flow_get_status(struct flow_query *query, struct arena *arena,
                                   struct flow_status *ret_status)
{
    flow_get_statuses(&query, 1, arena, ret_status);
}

/* A task's place in a query, and what this process has of it. */
struct flow_part {
    uint32_t stage;
    int32_t partition;
    bool is_ours;
    double restored; /* 0 to 1: it runs */
};
/* All parts of a query, in the arena, in a fixed order; the query's state. Does not fail. */
enum flow_state flow_get_parts(struct flow_query *query, struct arena *arena,
                               struct flow_part **ret_parts, uint32_t *ret_count);

/* Waits until every query has read its inputs to their end and all its steps are committed.
 * ERR_AGAIN on time-out; ERR_ABORTED when a query is in FLOW_ERROR. */
MUST_CHECK enum err flow_wait_idle(struct flow *flow, int64_t timeout_ms);

/* Committed rows of the table a query keeps, in no order, as batches of pull->row_type. The
 * callback runs in the calling thread; return false from it to stop. ERR_UNAVAILABLE while
 * restoring. */
typedef bool flow_rows(void *context, const struct batch *rows);
MUST_CHECK enum err flow_pull(struct flow_query *query, const struct pull_plan *pull,
                              flow_rows *on_rows, void *context, struct why *why);
/* The same of some partitions only, each of which has to be here: ERR_UNAVAILABLE names the first
 * that is not, or is not read back. */
MUST_CHECK enum err flow_pull_of(struct flow_query *query, const struct pull_plan *pull,
                                 const int32_t *partitions, uint32_t partition_count,
                                 flow_rows *on_rows, void *context, struct why *why);
/* Whose parts they are, and which partitions can have rows of the plan's keys: in the arena; NULL:
 * any. ERR_UNSUPPORTED: the query keeps no table. */
MUST_CHECK enum err flow_pull_where(struct flow_query *query, const struct pull_plan *pull,
                                    struct arena *arena, uint32_t *ret_stage,
                                    const int32_t **ret_partitions, uint32_t *ret_count,
                                    struct why *why);

#endif
