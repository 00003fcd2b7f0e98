/* join_world.h -- an embedded log, a registry and an engine with a join over the benchmarks'
 * events. */
#ifndef BENCH_JOIN_WORLD_H
#define BENCH_JOIN_WORLD_H

#include "engine/engine.h"
#include "store/store.h"

enum join_shape {
    SHAPE_KEYED,   /* both topics are keyed by what is joined on */
    SHAPE_REKEYED, /* neither is */
    SHAPE_LEFT     /* keyed, LEFT JOIN with grace */
};

struct join_world {
    struct arena arena;
    struct store *store;
    struct log *log;
    struct registry *registry;
    struct engine *engine; /* NULL until join_world_start */
    struct session session;
};

/* Ends the program with words. */
_Noreturn void die(const struct why *why);
/* commit_interval_ms as in log_embedded_options. */
void join_world_open(struct join_world *world, const char *directory, int64_t commit_interval_ms);
/* Orders and payments, `events` of each, in topics of one partition; payments come up to `window`
 * orders after their order, one order a millisecond. */
void join_world_fill(struct join_world *world, enum join_shape shape, uint64_t events,
                     uint64_t window);
/* The keyed orders alone; no payments come. */
void join_world_fill_orders(struct join_world *world, uint64_t events);
/* Makes the topics empty. */
void join_world_topics(struct join_world *world);
/* Starts an engine with one worker, the two streams and the join (payments up to window_ms later).
 */
void join_world_start(struct join_world *world, enum join_shape shape, uint64_t window_ms);
/* Source records that the join has taken. Ends the program when its query failed. */
uint64_t join_world_progress(struct join_world *world);
/* Records in the joined topic. */
uint64_t join_world_joined(struct join_world *world);
/* Bytes that the query's windows take, and the rows in them. */
void join_world_state(struct join_world *world, uint64_t *ret_bytes, uint64_t *ret_rows);
void join_world_close(struct join_world *world);

#endif
