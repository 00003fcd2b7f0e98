/* embedded_member.h -- members, and what they have read. Private to the embedded log. */
#ifndef LOG_EMBEDDED_MEMBER_H
#define LOG_EMBEDDED_MEMBER_H

#include "log/embedded_topic.h"
#include "log/ledger.h"

#define READS_HELD_MAX 4
#define STEPS_MAX_DEFAULT 8
#define STEPS_MAX_AT_ONCE 32 /* while few bytes wait: steps are small then, and a sync is long */

/* One read; belongs to its member and is used again. */
struct held_read {
    struct log_records records; /* first */
    bool held;
    bool has_snapshot;
    struct store_txn *txn;
    struct arena arena;
    struct record *at;
    uint32_t capacity;
    struct pending_batch **batches;
    uint32_t batch_count;
    uint32_t batch_capacity;
};

struct embedded_member {
    struct log_member base; /* first */
    struct embedded_log *log;
    bool reads_ahead;
    struct account account; /* under the log's lock */
    bool woken;             /* likewise */
    /* the member's thread */
    uint64_t news_seen;
    uint64_t handovers_seen;
    uint64_t sequence_seen;
    struct held_read reads[READS_HELD_MAX];
};

/* The way back from the seam's struct; checks. */
struct embedded_member *embedded_member_of(struct log_member *member);

/* --- embedded_member.c --- */
enum err embedded_join(struct log *log, const struct log_member_options *options,
                       struct log_member **ret_member, struct why *why);
enum err embedded_wait(struct log_member *member, int64_t timeout_ms);
void embedded_wake(struct log_member *member);
enum err embedded_committed(struct log_member *member, uint64_t *ret_sequence);
enum err embedded_load(struct log_member *member, struct str task, const struct log_share *inputs,
                       uint32_t input_count, struct arena *arena, struct log_task_state *ret_state,
                       struct why *why);
void embedded_leave(struct log_member *member);
/* The only process that runs queries on the directory: all is its own. */
enum err embedded_group(struct log *log, const struct log_group_options *options,
                        struct log_group **ret_group, struct why *why);

/* --- embedded_read.c --- */
enum err embedded_read(struct log_member *member, struct log_topic *topic, int32_t partition,
                       int64_t offset, size_t bytes_max, struct log_records **ret_records,
                       struct why *why);
void embedded_release(struct log_member *member, struct log_records *records);
void held_reads_free(struct embedded_member *member);

#endif
