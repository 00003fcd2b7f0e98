/* runtime.h -- a running sink: its topics, what it gathers, its dead letters. Inside sink/ only.
 *
 * All of it belongs to the sink's thread, but for what stands under the lock. [sink] */
#ifndef SINK_RUNTIME_H
#define SINK_RUNTIME_H

#include "base/random.h"
#include "format/format.h"
#include "sink/document.h"
#include "sink/sink.h"

#include <pthread.h>
#include <stdatomic.h>

struct sink_partition {
    int64_t next_offset;      /* the first not gathered */
    int64_t delivered_offset; /* what the target has; -1: nothing yet */
    int64_t end_offset;       /* as last seen */
    bool is_given;            /* to this process, by the group */
    bool is_ours;             /* given, and its position taken over */
    bool was_counted;         /* what it had before this process */
};

/* One topic that is read. Everything in it is made anew when its format changes. */
struct sink_topic {
    struct str name; /* in the sink's arena */
    struct log_topic *log_topic;
    struct arena arena; /* format, settings, decoder's and maker's borrowed text */
    struct record_format format;
    bool is_table;
    bool is_raw;
    struct str identity; /* of format and is_table, to notice changes */
    struct topic_settings settings;
    const struct row_type *row_type; /* key and value columns */
    struct decoder *decoder;
    struct document_maker *maker;
    struct sink_partition *partitions; /* log_topic->partition_count of them */
    bool is_gone;                      /* removed: its positions go back to 0 */
};

/* Where a document's record stands. */
struct origin {
    struct sink_topic *topic;
    int32_t partition;
    int64_t offset;
};

/* What is written to the target at a time. */
struct delivery {
    struct arena arena; /* the documents' text */
    struct document *documents;
    struct origin *origins; /* a document */
    uint32_t count;
    size_t bytes;
    struct document_refusal *refusals; /* room for as many */
    struct format_reject *rejects;     /* room for those of a batch */
};

struct dead_letters {
    struct record_batch_builder builder;
    uint32_t waiting; /* in the builder */
    struct log_topic *topic;
};

struct sink {
    struct sink_options options;
    struct arena arena;
    struct str name;
    struct str task; /* "sink/<name>" */
    struct properties properties;
    struct sink_settings settings;
    pthread_t thread;
    pthread_mutex_t control; /* one stop or restart at a time */

    struct log_member *member;
    struct log_group *group; /* NULL: not joined */
    bool group_is_stale;     /* topics came or went since it was joined */
    bool had_all;            /* partitions of all topics: no other process took part */
    struct sink_topic **topics;
    uint32_t topic_count;
    struct delivery delivery;
    struct dead_letters letters;
    struct arena batch_arena;
    struct random random;
    int64_t refresh_at_ns;
    int64_t hold_at_ns;
    bool hold_is_due;
    uint32_t writes_since_wait;
    bool is_restarted; /* what it delivered before is counted */

    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    bool stopping;
    bool paused;
    bool in_round;
    bool is_leaving; /* the group */
    bool is_assigned;
    bool shares_changed; /* since the round's begin */
    struct log_share *shares;
    uint32_t share_count;
    uint64_t round_count;
    struct sink_status status;
};

/* sink.c */
bool sink_is_stopping(struct sink *sink);
/* Waits about attempt's share of 100 ms to 10 s; shows why. False: the sink is to stop, or has
 * other partitions. */
bool sink_wait_out(struct sink *sink, uint32_t attempt, const struct why *why);
void sink_run_again(struct sink *sink);
void sink_fail(struct sink *sink, const struct why *why);
bool sink_has_failed(struct sink *sink);
void sink_count(struct sink *sink, uint64_t documents, uint64_t dead_letters);
/* Leaves the log and joins it again, after a failed commit. */
MUST_CHECK enum err sink_rejoin(struct sink *sink, struct why *why);

/* sink_topic.c: opens topics that turned up, notices changed formats. ERR_INVALID and whatever
 * target and log give. */
MUST_CHECK enum err topics_refresh(struct sink *sink, struct why *why);
void topics_forget_gone(struct sink *sink);
void topics_free(struct sink *sink);

/* shares.c: which partitions are this process's. Joins the group where it must, and takes over what
 * was given. ERR_LOCKED: another process has a part, and the target is one process's. Else as group
 * and target. */
MUST_CHECK enum err shares_begin_round(struct sink *sink, struct why *why);
void shares_end_round(struct sink *sink);
void shares_leave(struct sink *sink);
/* After the target said that another has taken the positions: whether the group says so, too. */
bool shares_await_loss(struct sink *sink);

/* converter.c: the format of a topic the catalog does not know, by the connector's converters.
 * ERR_NOT_FOUND: they do not say. */
MUST_CHECK enum err converter_format(struct sink *sink, struct str topic, struct arena *arena,
                                     struct record_format *ret_format, bool *ret_is_raw,
                                     struct why *why);

/* gather.c: fills the delivery with what the topics have. ERR_UNAVAILABLE: a schema cannot be had;
 * what was read before stays gathered. ERR_INVALID: a bad record that is not tolerated. */
MUST_CHECK enum err delivery_gather(struct sink *sink, struct why *why);
void delivery_init(struct sink *sink);
void delivery_release(struct sink *sink);
/* deliver.c: writes it, dead letters first, until it is there; moves the positions. */
MUST_CHECK enum err delivery_write(struct sink *sink, struct why *why);
/* Forgets what was gathered: it is another's to deliver. */
void delivery_drop(struct sink *sink);
/* Tells the log how far the sink has come, so that retention leaves the rest. */
void delivery_hold(struct sink *sink);

/* dead_letter.c */
MUST_CHECK enum err letters_add(struct sink *sink, const struct origin *origin,
                                const struct record *record, const char *stage, enum err reason,
                                const struct why *reason_why, struct why *why);
/* Returns when they are durable. ERR_CLOSED: the sink is to stop, or has other
 * partitions. */
MUST_CHECK enum err letters_flush(struct sink *sink, struct why *why);

#endif
