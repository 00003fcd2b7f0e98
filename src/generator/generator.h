/* generator.h -- orders and payments as a restaurant chain makes them, and the truth about them.
 *
 * The only room that knows what an order is. The same seed and start give the same events, whatever
 * the rate of the machine and however often the process is killed. */
#ifndef GENERATOR_GENERATOR_H
#define GENERATOR_GENERATOR_H

#include "log/log.h"
#include "registry/registry.h"

struct generator;

struct generator_options {
    uint64_t seed;
    double rate;             /* orders a second, mean over the day's curve */
    int64_t start_ms;        /* event time of the beginning; 0: now less history */
    int64_t history_ms;      /* of the past to fill first, as fast as it goes */
    bool live;               /* go on at wall clock's pace after the history; false: stop there */
    int64_t order_count;     /* stop after so many orders; 0: no end */
    int32_t partition_count; /* of new topics; 0: default */
    double unpaid_share;     /* all shares 0 to 1 */
    double late_share;       /* of payments sent long after they should have been */
    double disorder_share;
    double duplicate_share;  /* of events sent twice, byte for byte */
    double orphan_share;     /* payments without an order, of orders */
    double malformed_share;  /* of events sent as broken bytes beside the real one */
    int64_t disorder_ms_max; /* how far out of order at most */
};

/* Shares and rate as documented in docs/config.md. */
void generator_options_init(struct generator_options *options);

/* Registers the schemas, makes the topics (mcd_orders, mcd_payments, mcd_truth), reads its own
 * position from mcd_truth and goes on there. ERR_INVALID when the log holds another seed or start
 * than asked for. */
MUST_CHECK enum err generator_open(const struct generator_options *options, struct log *log,
                                   struct registry *registry, struct generator **ret_generator,
                                   struct why *why);
/* NULL is fine. */
void generator_close(struct generator *generator);

struct generator_progress {
    uint64_t orders;
    uint64_t payments;
    uint64_t events; /* all records, duplicates and broken ones too */
    int64_t event_time_ms;
    double history_done; /* 0 to 1 */
    bool is_done;
};

/* Makes and commits the events that are due (in history: up to one batch; live: up to now_ms), and
 * waits for room in the log at most timeout_ms. ERR_FULL: the log has no room now, call again. */
MUST_CHECK enum err generator_step(struct generator *generator, int64_t now_ms, int64_t timeout_ms,
                                   struct generator_progress *ret_progress, struct why *why);

/* Appends a record's value as JSON text, when the topic is the generator's own, mcd_truth, whose
 * bytes nobody else can read. False: it is not, and nothing was appended. [any] */
bool generator_show_truth(struct str topic, struct str key, struct str value, struct buf *buf);

/* What verify found in one place: a topic, a table or a collection. */
struct verify_place {
    struct str name;
    uint64_t expected;
    uint64_t found;
    uint64_t pending; /* not there yet: queries or sink had not read all they come from */
    uint64_t lost;
    uint64_t duplicated;
    uint64_t wrong;
    uint64_t unexpected;
    struct str examples[10]; /* words on the first of each */
    uint32_t example_count;
};

struct target;
struct verify_options {
    struct log *log;
    struct registry *registry;
    /* Walks documents of a collection as they were at the first walk; NULL: documents are not
     * compared. ERR_NOT_FOUND: no such collection. */
    enum err (*walk)(void *context, struct str collection,
                     bool (*on_document)(void *context, struct str id, struct str json),
                     void *on_context, struct why *why);
    /* Sets for each partition the lowest offset that a sink has not delivered yet; leaves it where
     * no sink reads the topic. NULL as walk. */
    enum err (*delivered)(void *context, struct log_topic *topic, int64_t *offsets,
                          struct why *why);
    void *walk_context; /* of both */
    void (*on_progress)(void *context, const char *place, double done);
    void *progress_context;
    uint64_t slice_bytes_max; /* memory for the truth of one slice; 0: 64 MB */
};

/* Compares mcd_truth with the joined topic, the tables' topics and the documents, as they are when
 * it begins: another process may be running. Places in the arena. OK also when something is wrong:
 * the numbers say so. ERR_NOT_FOUND when there is no truth. Memory is bounded: order ids are
 * compared in slices by hash. */
MUST_CHECK enum err verify_run(const struct verify_options *options, struct arena *arena,
                               struct verify_place **ret_places, uint32_t *ret_count,
                               struct why *why);

#endif
