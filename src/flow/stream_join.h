/* stream_join.h -- what the stream-stream join's own files share; nobody else includes it.
 *
 * Each side keeps a window of its rows: key, and the columns the join carries. A row that arrives
 * looks its partners up in the other side's window, then goes into its own.
 *
 * Lateness is each window's own affair, as in Kafka Streams: a window's time is the highest its own
 * side has seen; what lies further back than the retention cannot be found any more, and is not put
 * in. The join's stream time, over both sides, only decides about rows without a partner. */
#ifndef FLOW_STREAM_JOIN_H
#define FLOW_STREAM_JOIN_H

#include "flow/operator.h"
#include "flow/waiting.h"
#include "flow/window.h"

struct changelog;
struct decoder;
struct input;
struct log_member;
struct stream_join;

enum { JOIN_LEFT_SIDE, JOIN_RIGHT_SIDE };

/* How many rows ahead of the one that is run each step of its look-up is asked for. */
#define PREFETCH_HEAD 32
#define PREFETCH_ENTRY 24
#define PREFETCH_ROW 6 /* times PREFETCH_DEPTH for the chain's first entry */
#define PREFETCH_DEPTH 3

/* How a side's rows come back from the log. */
struct join_fetch {
    struct window_fetch window;
    struct log_member *reader; /* NULL until the first time */
    struct decoder *decoder;   /* of keys; NULL: the records' are taken as they lie */
    uint32_t key_count;
    bool key_is_text;
    struct arena arena; /* of the batch */
    struct batch *batch;
    struct buf key_bytes;
};

struct join_side {
    struct window window;
    int64_t observed_ms; /* highest ROWTIME of this side; INT64_MIN: none */
    int64_t back_ms;     /* partners of a row here: from its time - back_ms */
    int64_t ahead_ms;    /* to its time + ahead_ms */
    bool pads;           /* rows without a partner are results too */
    uint32_t input;      /* the plan's input below */
    uint32_t first_column;
    const uint16_t *carried;
    uint32_t carried_count;

    /* How a stored row's cells go into the join's columns. Columns past those of the join's row
     * type take what is stored and not carried. */
    uint16_t *read_map;
    uint32_t read_count;
    uint16_t *key_columns; /* carried columns that are this side's key, to be had from the key */
    uint16_t *key_numbers; /* which of the key's columns each is */
    uint32_t key_column_count;
    const struct input *raw; /* records are taken as they lie; NULL: rows are decoded */
    /* Rows are decoded and the window keeps the values of their records; then the decoder reads
     * columns first_column and following out of a value again. NULL: it keeps kept rows. */
    const struct input *kept;
    struct decoder *kept_decoder;

    /* The batch that is being run: by row. */
    uint32_t *hashes;
    struct str *keys; /* data NULL: no key */
    const uint16_t *order;
    uint32_t order_count;
    uint32_t order_at;
    struct buf key_bytes;
    struct buf value_bytes;

    struct join_fetch fetch;
    struct waiting waiting;
};

struct stream_join {
    struct operator op; /* first */
    int64_t retention_ms;
    int64_t stream_time_ms;
    int64_t expired_ms; /* stream time when waiting rows were last looked at */
    bool key_is_text;   /* one STRING or BYTES column: its bytes; else a kept row of the key */
    bool waits;         /* rows without a partner are held until the window has closed */
    bool was_replaying;
    struct join_side sides[2];
    const struct type **spare_types; /* of columns past the row type's */
    uint32_t spare_count;
    struct arena out_arena;
    struct batch *out; /* rows not yet emitted; NULL: none */
    uint32_t *matches; /* scratch */
    uint32_t match_capacity;
    uint32_t *hidden; /* scratch: partners the other window's retention hides */
    uint32_t hidden_count;
    uint32_t hidden_capacity;
    struct noted noted;
    struct changelog *notes; /* NULL: nothing is held */
};

/* A row that arrives. */
struct join_arrival {
    uint32_t side;
    struct batch *batch; /* NULL: a stored row stands in for it */
    uint32_t row;
    int64_t timestamp_ms;
    int64_t offset;
    uint32_t hash;
    struct str key;
};

/* stream_join_rows.c: between rows, bytes and columns. */
void join_rows_init(struct stream_join *join);
void join_rows_release(struct stream_join *join);
void join_prepare(struct operator* op, uint32_t side, struct batch *batch);
/* The bytes a window holds of the row. Valid until the next call for the side. */
struct str join_value(struct stream_join *join, const struct join_arrival *arrival);
/* One row of the result: the arrival, and its partner in the other window. */
void join_emit_match(struct stream_join *join, const struct join_arrival *arrival,
                     uint32_t partner_id);
/* The arrival alone; a stored row alone. */
void join_emit_alone(struct stream_join *join, const struct join_arrival *arrival);
void join_emit_stored(struct stream_join *join, uint32_t side, uint32_t id);
/* Hands the result's rows on. */
void join_flush(struct stream_join *join);

/* Rows of windows move to files, as many as the budget wants. */
void join_move_rows(struct stream_join *join);

/* stream_join_fetch.c: rows of a window that was read back. */
/* Whether reading back may leave the side's rows in the log. */
bool join_fetch_can(const struct stream_join *join, const struct join_side *side);
/* For a side whose rows are decoded and kept as records. Closing needs no opening. */
MUST_CHECK enum err join_fetch_open(struct join_fetch *fetch, const struct stream_join *join,
                                    const struct input *input, struct why *why);
void join_fetch_close(struct join_fetch *fetch);
/* The row, and its neighbours, come into the window. False: the task has failed. */
bool join_fetch(struct stream_join *join, uint32_t side, uint32_t id);

/* stream_join_outer.c: rows without a partner. */
MUST_CHECK enum err join_outer_open(struct stream_join *join, struct why *why);
void join_outer_release(struct stream_join *join);
/* An arrival that found no partner; id 0: its window did not take it. */
void join_outer_unmatched(struct stream_join *join, const struct join_arrival *arrival,
                          uint32_t id);
/* Partners that the arrival did not find, and the arrival itself (id, or 0): a window that is read
 * back does not know that they wait. */
void join_outer_hidden(struct stream_join *join, const struct join_arrival *arrival, uint32_t id);
/* A partner was found: it waits no more. */
void join_outer_matched(struct stream_join *join, uint32_t side, uint32_t id);
/* Emits what has waited long enough, before an arrival at stream time is joined. */
void join_outer_expire(struct stream_join *join);
/* After windows were read back: forgets what had been sent before. */
void join_outer_restored(struct stream_join *join);
void join_outer_end_step(struct stream_join *join);

#endif
