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

#include "base/map.h"
#include "log/log.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

#define READS_HELD_MAX 4
#define STEPS_MAX_DEFAULT 8
#define MARKS_BYTES_MAX 3072
#define TASK_NAME_BYTES_MAX 1000

struct cleaner;
struct embedded_member;

/* A batch on its way. Readers of internal topics hold references. */
struct pending_batch {
    struct pending_batch *next; /* in its partition; internal topics only */
    _Atomic uint32_t references;
    struct embedded_topic *topic;
    int32_t partition;
    uint32_t offset_count; /* last offset delta + 1 */
    uint32_t record_count;
    int64_t base_offset; /* given at hand-over (internal), or by the committer */
    char *bytes;
    size_t size;
};

/* A position as it is stored. */
struct task_position {
    uint32_t topic_id;
    int32_t partition;
    int64_t next_offset;
    int64_t from_offset;
};

/* A trim on its way. */
struct pending_trim {
    struct embedded_topic *topic;
    int32_t partition;
    int64_t before_offset;
};

/* A step on its way: one allocation but for the batches. */
struct pending_step {
    struct pending_step *next;
    struct embedded_member *member;
    uint64_t sequence;
    struct str task;
    struct str marks;
    bool forget;
    struct pending_batch **batches;
    uint32_t batch_count;
    struct task_position *positions;
    uint32_t position_count;
    struct pending_trim *trims;
    uint32_t trim_count;
    struct log_low *lows; /* that count from the commit on */
    uint32_t low_count;
    struct low_input *low_inputs; /* position_count of them, or NULL: there are no lows */
    size_t bytes;
};

struct step_list {
    struct pending_step *first;
    struct pending_step *last;
    size_t bytes;
};

struct partition {
    store_database database;
    int64_t begin_offset;
    int64_t end_offset;      /* committed */
    int64_t assigned_offset; /* one past the last batch handed over; external topics: the end */
    uint64_t generation;     /* of news from elsewhere at which these were read */
    bool broken;             /* the last batch fails its check: nothing can be appended */
    struct pending_batch *pending_first; /* internal topics, by offset */
    struct pending_batch *pending_last;
    /* (committer) */
    struct partition *touched_next;
    bool touched;
    int64_t working_begin;
    int64_t working_end;
    bool working_broken;
    int64_t oldest_ms;       /* maximum timestamp of the batch at oldest_offset */
    int64_t oldest_offset;   /* -1: not known */
    int64_t cleaned_offset;  /* compacted topics: up to here keys were looked at */
    int64_t cleaned_records; /* and so many records stayed */
};

/* Where a writing task stood in one of its inputs when it spoke. */
struct low_input {
    struct embedded_topic *topic;
    int32_t partition;
    int64_t next_offset;
};

/* The low one writing task has spoken for. */
struct topic_low {
    char *task; /* from malloc, size in task_size */
    size_t task_size;
    int64_t low_ms;
    bool at_end;
    struct low_input *inputs; /* at_end: from malloc */
    uint32_t input_count;
};

struct embedded_topic {
    struct log_topic base; /* first */
    uint32_t id;
    struct log_topic_config config;
    bool removed;
    struct partition *partitions;
    struct topic_low *lows;
    uint32_t low_count;
    uint32_t low_capacity;
    uint64_t low_look;  /* of the look that has asked last whether all writers are at their end */
    bool low_is_at_end; /* and what it found */
    struct embedded_topic *next; /* of all handles */
    char name[LOG_TOPIC_NAME_BYTES_MAX + 1];
};

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
    struct embedded_member *next;
    bool committed_only;
    uint32_t steps_max;
    /* under the log's lock */
    uint32_t pending_count;
    uint64_t handed_sequence;
    uint64_t durable_sequence;
    bool aborted;
    bool left;
    /* the member's thread */
    uint64_t news_seen;
    uint64_t handovers_seen;
    uint64_t sequence_seen;
    struct held_read reads[READS_HELD_MAX];
};

/* Every task's last commit, each entry as it is stored. (committer) */
struct task_table {
    struct map entries; /* name to struct task_entry */
    uint32_t sum;       /* of the stored value this mirrors; 0: none */
};

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

    pthread_mutex_t lock;
    pthread_cond_t work;    /* the committer waits for it */
    pthread_cond_t changed; /* members wait for it */
    struct map topics;      /* name to the current handle */
    struct embedded_topic *handles;
    struct embedded_member *members;
    uint32_t aborted_count; /* members that joined before the last failure */
    uint32_t waiting_count;
    struct step_list queue;
    uint64_t handed_count; /* steps of all members */
    uint64_t done_count;   /* of them durable or dropped */
    uint64_t news;         /* commits, of any process */
    uint64_t handovers;    /* to internal topics */
    uint64_t low_looks;    /* at lows */
    uint64_t generation;   /* grows when another process (or another room) has written */
    _Atomic uint64_t txn_seen;
    enum log_health health;
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

/* The way back from the seam's structs; each checks. */
struct embedded_log *embedded_of(struct log *log);
struct embedded_member *embedded_member_of(struct log_member *member);
struct embedded_topic *embedded_topic_of(struct log_topic *topic);

/* embedded_topics.c */
enum err embedded_create(struct log *log, struct str name, const struct log_topic_config *config,
                         struct why *why);
enum err embedded_topic(struct log *log, struct str name, struct log_topic **ret_topic);
enum err embedded_describe(struct log *log, struct str name, struct arena *arena,
                           struct log_topic_info *ret_info, struct why *why);
enum err embedded_list(struct log *log, struct arena *arena, struct str **ret_names,
                       size_t *ret_count, struct why *why);
enum err embedded_remove(struct log *log, struct str name, struct why *why);
/* Makes handles for all topics there are. */
enum err topics_open_all(struct embedded_log *log, struct why *why);
/* The handle with that id, or NULL. Takes the lock. */
struct embedded_topic *topics_by_id(struct embedded_log *log, uint32_t id);
void topic_free(struct embedded_topic *topic);

/* embedded_catalog.c: topics as they are stored. */
struct stored_topic {
    uint32_t version;
    uint32_t id;
    int32_t partition_count;
    uint32_t flags;
    int64_t retention_ms;
    int64_t retention_bytes;
};
#define STORED_INTERNAL 1
#define STORED_COMPACTED 2
/* Kafka's rule. */
bool topic_name_is_valid(struct str name);
enum err catalog_read(struct embedded_log *log, struct store_txn *txn, struct str name,
                      struct stored_topic *ret_stored);
/* With its databases. */
enum err catalog_write(struct embedded_log *log, struct store_txn *txn, struct str name,
                       const struct log_topic_config *config);
/* ERR_LIMIT when there would be too many partitions in all. */
enum err catalog_check_total(struct embedded_log *log, struct store_txn *txn, int32_t more,
                             struct why *why);
/* Empties the topic's databases and notes that they are to be dropped. */
enum err catalog_remove(struct embedded_log *log, struct store_txn *txn, struct str name);
/* Drops the databases of a removed topic, while no other thread is there. */
enum err topics_sweep(struct embedded_log *log);
/* ERR_NOT_FOUND when the topic was removed, perhaps by another process. */
enum err topic_check_current(struct embedded_log *log, const struct embedded_topic *topic,
                             struct store_txn *txn);

/* embedded_partition.c: what the store says of one partition. */
struct partition_bounds {
    int64_t begin_offset;
    int64_t end_offset;
    bool broken;
};
enum err partition_read_bounds(struct embedded_log *log, struct embedded_topic *topic,
                               int32_t partition, struct store_txn *txn,
                               struct partition_bounds *ret_bounds);
/* The same, and into memory; takes the lock. `generation` is the log's at a time before the
 * snapshot was taken. ERR_NOT_FOUND: the topic is gone. */
enum err partition_refresh(struct embedded_log *log, struct embedded_topic *topic,
                           int32_t partition, struct store_txn *txn, uint64_t generation);
enum err partition_write_begin(struct embedded_log *log, struct store_txn *txn, uint32_t topic_id,
                               int32_t partition, int64_t begin_offset);
enum err partition_remove_begin(struct embedded_log *log, struct store_txn *txn, uint32_t topic_id,
                                int32_t partition);
/* "p/7/0" into `text`. */
struct str partition_name(uint32_t topic_id, int32_t partition, char text[32]);
/* Key, size, sum and offsets of one stored batch. */
enum err batch_check(struct str key, struct str value, struct record_batch_info *ret_info,
                     struct why *why);
uint64_t batch_key(struct str key);
enum err embedded_find(struct log *log, struct log_topic *topic, int32_t partition,
                       int64_t timestamp_ms, int64_t *ret_offset, struct why *why);

/* embedded_read.c */
enum err embedded_read(struct log_member *member, struct log_topic *topic, int32_t partition,
                       int64_t offset, size_t bytes_max, struct log_records **ret_records,
                       struct why *why);
void embedded_release(struct log_member *member, struct log_records *records);
void held_reads_free(struct embedded_member *member);

/* embedded_step.c: steps on their way. */
enum err embedded_commit(struct log_member *member, const struct log_step *step,
                         uint64_t *ret_sequence);
void pending_batch_release(struct pending_batch *batch);
/* Frees the step and its hold on its batches. */
void pending_step_free(struct pending_step *step);

/* embedded_lows.c: the earliest that may still come into a topic. All under the lock. */
/* At hand-over; the step keeps what counts later. */
void lows_hand_over(struct pending_step *step, const struct log_step *given);
void lows_commit(struct pending_step *step);
void topic_forget_lows(struct embedded_topic *topic, struct str prefix);
/* After a failure writers begin again further back: each must speak anew. */
void topic_reset_lows(struct embedded_topic *topic);
void topic_release_lows(struct embedded_topic *topic);
void topic_read_low(struct embedded_log *log, struct embedded_topic *topic, int64_t *ret_low_ms,
                    int64_t *ret_reached_ms);

/* embedded_member.c */
enum err embedded_join(struct log *log, const struct log_member_options *options,
                       struct log_member **ret_member, struct why *why);
enum err embedded_wait(struct log_member *member, int64_t timeout_ms);
enum err embedded_committed(struct log_member *member, uint64_t *ret_sequence);
enum err embedded_load(struct log_member *member, struct str task, struct arena *arena,
                       struct log_task_state *ret_state, struct why *why);
void embedded_leave(struct log_member *member);
/* Under the lock: one step less on its way; frees a member that has left. */
void member_step_done(struct embedded_member *member);

/* embedded_tasks.c (committer, but for task_table_find) */
void task_table_release(struct task_table *table);
/* False: the table says this already. */
bool task_table_apply(struct task_table *table, const struct pending_step *step);
/* Reads the stored value again if it is not the one this mirrors. */
enum err task_table_read(struct task_table *table, struct embedded_log *log, struct store_txn *txn);
enum err task_table_write(struct task_table *table, struct embedded_log *log,
                          struct store_txn *txn);
/* The lowest offset any task still needs of a partition; INT64_MAX: none. */
int64_t task_table_floor(const struct task_table *table, uint32_t topic_id, int32_t partition);
/* One task's entry in a stored value; positions are borrowed and not aligned. ERR_NOT_FOUND. */
struct task_view {
    struct str name;
    struct str marks;
    const char *positions;
    uint32_t position_count;
};
enum err task_value_find(struct str value, struct str name, struct task_view *ret_view);
enum err embedded_readers(struct log *log, struct log_topic *topic, struct arena *arena,
                          struct log_reader **ret_readers, size_t *ret_count, struct why *why);
struct task_position task_view_position(const struct task_view *view, uint32_t index);

/* embedded_committer.c */
void *committer_run(void *log);
/* In a write transaction: has anybody else written since? Then memory is behind. */
void notice_other_writers(struct embedded_log *log);
/* Under the lock, for whoever waits: tells members when another process has written. */
void look_for_news(struct embedded_log *log);
#define NEWS_POLL_NS 10000000

/* embedded_trim.c (committer): deletes whole batches below before_offset, at most so many, and
 * moves the partition's working begin. */
enum err partition_trim(struct embedded_log *log, struct store_txn *txn,
                        struct embedded_topic *topic, int32_t partition, int64_t before_offset,
                        uint32_t count_max, uint32_t *ret_count);
/* Knows the partition's working offsets in this transaction. ERR_NOT_FOUND: the topic is gone. */
enum err partition_touch(struct embedded_log *log, struct store_txn *txn,
                         struct embedded_topic *topic, int32_t partition,
                         struct partition **touched);
/* After a commit (or without): into memory, and the list is empty again. Under the lock. */
void partitions_publish(struct partition **touched);
void partitions_forget(struct partition **touched);

/* embedded_tend.c (committer): retention and the cleaner, a bounded piece a call. True: there is
 * more to do at once. */
bool embedded_tend(struct embedded_log *log);
/* A write transaction of the committer that is not for steps, and its end: aborted when err is set.
 */
enum err tend_begin(struct embedded_log *log, struct store_txn **ret_txn);
enum err tend_commit(struct embedded_log *log, struct store_txn *txn, struct partition **touched,
                     enum err err);

/* embedded_clean.c (committer): compacted topics, a bounded piece a call; true: there is more. */
bool clean_topics(struct embedded_log *log);
void cleaner_free(struct cleaner *cleaner);

#endif
