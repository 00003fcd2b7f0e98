/* embedded.h -- what the embedded log's own files share; nobody else includes it.
 *
 * Threads: members' threads hand steps over and read; one committer thread writes. `lock` guards
 * all memory that both touch; the store is read and written without it. Fields marked (committer)
 * belong to that thread alone.
 *
 * In the store:
 *     topics   name -> struct stored_topic; "\0id" -> the last topic id given (uint32);
 *              "\1" id -> partition count of a removed topic whose databases are still there
 *     begins   topic id << 32 | partition -> begin offset (int64); absent: 0
 *     tasks    "tasks" -> every task's positions and marks (embedded_tasks.c)
 *     p/<topic id>/<partition>   base offset -> record batch
 * Values of the first three carry a CRC32C (store_put_checked), batches their own.
 *
 * Invariant of a partition: the first batch begins at the begin offset, each next one begins where
 * the one before ended; the end offset is the last one's last offset + 1, or the begin offset. */
#ifndef LOG_EMBEDDED_H
#define LOG_EMBEDDED_H

#include "log/embedded_tasks.h"
#include "log/ledger.h"

#include <pthread.h>
#include <stdatomic.h>

struct cleaner;

struct embedded_log {
    struct log base; /* first */
    struct store *store;
    int64_t commit_interval_ns;
    uint64_t commit_bytes;
    bool runs_queries;
    bool read_only;
    int lock_file;
    store_database topics_database;
    store_database begins_database;
    store_database tasks_database;
    pthread_t committer;
    bool committer_runs;

    pthread_mutex_t claim_lock; /* around an append that must meet the end */

    pthread_mutex_t lock;
    pthread_cond_t work;    /* the committer waits for it */
    pthread_cond_t changed; /* members wait for it */
    struct map topics;      /* name to the current handle */
    struct embedded_topic *handles;
    struct ledger ledger;
    uint32_t waiting_count;
    struct step_list queue;
    uint64_t news;      /* commits, of any process */
    uint64_t handovers; /* of what members read before it is committed */
    struct lows_board lows;
    uint64_t generation; /* grows when another process (or another room) has written */
    _Atomic uint64_t txn_seen;
    bool hurry; /* a member has steps_max steps on their way */
    bool closing;

    /* (committer) */
    struct task_table tasks;
    bool tasks_stale;       /* another process may have written them */
    uint32_t failure_count; /* commits in a row that the disk failed */
    uint64_t generation_tended;
    int64_t begun_ns;        /* the last commit */
    struct cleaner *cleaner; /* NULL until a topic is compacted */
    int64_t tended_ns;       /* retention and cleaner */
};

extern const struct log_ops embedded_ops;
extern const struct log_member_ops embedded_member_ops;

/* The way back from the seam's struct; checks. */
struct embedded_log *embedded_of(struct log *log);

#endif
