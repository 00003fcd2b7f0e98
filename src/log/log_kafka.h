/* log_kafka.h -- what the Kafka log's own files share; nobody else includes it.
 *
 * One process has one transactional producer, driven by one committer thread: what members hand
 * over in between goes, in order, into one Kafka transaction with the positions of its tasks. For
 * reading there is a pool of consumers; each reads a partition for one cursor at most, so that
 * there are as many as readers of the busiest partition. A third client asks and administers.
 *
 * Threads: `lock` guards all memory that members and the committer touch, and is never held over a
 * call of librdkafka that waits; `news_lock` is the leaf lock that librdkafka's own threads take.
 * Fields marked (committer) belong to that thread alone. A third thread polls the groups' consumers
 * (log_kafka_membership.c).
 *
 * Offsets committed for a group carry as metadata, so that a task can be loaded from them:
 *     drivethru1;<task without its group>;<from offset>;<marks, base64: the first position's only>
 */
#ifndef LOG_LOG_KAFKA_H
#define LOG_LOG_KAFKA_H

#include "base/arena.h"
#include "base/map.h"
#include "log/ledger.h"
#include "log/topic_lows.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#define KAFKA_READERS_MAX 64
#define KAFKA_CURSORS_MAX 64 /* of one member */
#define KAFKA_READ_MESSAGES_MAX 1024
#define KAFKA_STEPS_MAX_DEFAULT 32
#define KAFKA_CALL_MS_MAX 10000
#define KAFKA_MESSAGE_BYTES_MAX "2000000" /* a record and what is around it */
#define KAFKA_WORDS_MAX 400
#define KAFKA_GROUP_BYTES_MAX 255

struct kafka_member;
struct kafka_membership;
struct kafka_heard;
struct kafka_saying;
struct kafka_log;

/* Refusals that waiting does not change. */
enum kafka_fault { KAFKA_FAULT_NONE, KAFKA_FAULT_LOGIN, KAFKA_FAULT_CERTIFICATE };

struct kafka_partition {
    int64_t known_end;         /* one past the last record this process knows of, however it does */
    uint64_t readers;          /* bit i: reader i reads it for some cursor */
    struct kafka_heard *heard; /* of writers elsewhere; log_kafka_lows.c */
    /* (committer) */
    int64_t acked_end; /* one past the open transaction's last record that it took; 0: none */
    struct kafka_partition *acked_next;
    bool is_acked;
};

struct kafka_topic {
    struct log_topic base; /* first */
    struct topic_lows lows;
    uint32_t writer_count; /* tasks that say lows of it, in all processes; 0: not known */
    struct log_topic_config config;
    bool removed;
    int64_t checked_ns; /* when the broker was asked last whether it is there */
    struct kafka_partition *partitions;
    rd_kafka_topic_t *producer_topic; /* (committer) */
    bool was_written;                 /* (committer) */
    struct kafka_topic *next;         /* of all handles */
    char name[LOG_TOPIC_NAME_BYTES_MAX + 1];
};

/* A step on its way: one allocation but for the batches. */
struct kafka_step {
    struct kafka_step *next;
    struct kafka_member *member;
    uint64_t sequence;
    struct str task;
    struct str marks;
    bool forget;
    struct log_append *appends; /* the batches' bytes are its own */
    uint32_t append_count;
    struct log_position *positions;
    uint32_t position_count;
    struct log_trim *trims;
    uint32_t trim_count;
    uint64_t assignment;  /* of its task's group when it was handed over; 0: it has no members */
    bool is_shared;       /* others have partitions of the group, too */
    struct log_low *lows; /* that count from the commit on */
    uint32_t low_count;
    struct low_input *low_inputs; /* position_count of them, or NULL: there are no lows */
    size_t bytes;
};

struct kafka_steps {
    struct kafka_step *first;
    struct kafka_step *last;
    size_t bytes;
};

/* One partition as one member reads it, from some offset on. */
struct kafka_cursor {
    struct kafka_topic *topic; /* NULL: free */
    int32_t partition;
    uint32_t reader;
    rd_kafka_topic_t *reader_topic;
    rd_kafka_queue_t *queue;
    int64_t next_offset; /* of the next message that is expected */
    int64_t eof_offset;  /* where the partition ended when it was met last; -1: never yet */
    uint64_t used;       /* the member's read that used it last */
    rd_kafka_message_t *messages[KAFKA_READ_MESSAGES_MAX];
    uint32_t message_count;
    bool held;
    struct log_records records;
    struct record at[KAFKA_READ_MESSAGES_MAX];
    struct arena arena; /* headers */
};

struct kafka_member {
    struct log_member base; /* first */
    struct kafka_log *log;
    struct account account; /* under the log's lock */
    bool is_impatient;
    bool woken; /* under the log's news_lock */
    /* the member's thread */
    uint64_t news_seen;
    uint64_t read_count;
    struct kafka_cursor *cursors[KAFKA_CURSORS_MAX];
    uint32_t cursor_count;
};

/* What the open transaction says of one group. */
struct kafka_group {
    uint64_t assignment;
    char name[KAFKA_GROUP_BYTES_MAX + 1];
    rd_kafka_topic_partition_list_t *offsets;
    struct kafka_group *next;
};

/* This process in one group. */
struct kafka_membership {
    struct log_group base; /* first */
    struct kafka_log *log;
    char *task; /* what its tasks' names begin with */
    char name[KAFKA_GROUP_BYTES_MAX + 1];
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    struct log_topic **topics;
    uint32_t topic_count;
    log_group_changed *on_change;
    void *context;
    /* under both locks; either is enough to read */
    struct kafka_membership *next;
    /* under the log's lock */
    uint64_t assignment; /* no other has this number; 0: none */
    bool is_shared;      /* others have the rest of the partitions */
    void *metadata;      /* of the assignment, as librdkafka writes them */
    size_t metadata_size;
    bool is_refused; /* the broker does not take positions under it */
    /* under the memberships' lock */
    struct log_share *shares;
    uint32_t share_count;
    bool has_shares; /* the owner was told so */
};

struct kafka_log {
    struct log base;       /* first */
    rd_kafka_conf_t *conf; /* what all clients have in common */
    char *service_id;
    char *instance; /* this process in all groups, from one start to the next */
    char *transactional_id;
    int64_t commit_interval_ns;
    int16_t internal_replicas; /* 0: the brokers' own */
    bool runs_queries;
    int lock_file;
    rd_kafka_t *client;
    pthread_t committer;
    bool committer_runs;

    pthread_mutex_t lock;
    pthread_cond_t work; /* the committer waits for it */
    struct map topics;   /* name to the current handle */
    struct kafka_topic *handles;
    struct ledger ledger;
    rd_kafka_t *readers[KAFKA_READERS_MAX];
    uint32_t reader_count;
    uint64_t stuck; /* bit i: reader i has read a topic that is gone, see log_free() */
    struct kafka_steps queue;
    struct kafka_membership *memberships;
    uint64_t assignment_count;
    uint32_t giving_back; /* partitions are being given back: commits do not wait */
    struct lows_board lows;
    struct map
        writers; /* by task, how far each had read (int64_t *) that wrote what was read here */
    struct why broken; /* LOG_BROKEN: why */
    bool hurry;
    bool closing;

    pthread_mutex_t news_lock;
    pthread_cond_t news_changed;
    uint64_t news;
    char words[KAFKA_WORDS_MAX]; /* what a client complained of last */
    enum kafka_fault fault;      /* what those are of */
    int certificate_error;       /* OpenSSL's number */

    /* Whoever claims: one thread at a time. */
    rd_kafka_t *claimant; /* NULL: nothing is claimed */
    struct kafka_topic *claimed;
    uint64_t memberships_news;
    pthread_cond_t memberships_changed;

    pthread_mutex_t memberships_lock; /* taken before `lock`; held while owners are called */
    pthread_t memberships_thread;
    bool memberships_run;
    bool memberships_closing;

    /* (committer) */
    rd_kafka_t *producer; /* NULL: to be made */
    bool transaction_is_open;
    bool transaction_is_empty; /* nothing in it that the broker would have to keep */
    int64_t begun_ns;          /* the last commit */
    struct kafka_steps taken;  /* in the open transaction */
    struct kafka_group *groups;
    struct kafka_saying *sayings; /* log_kafka_lows.c */
    struct kafka_partition *acked;
    rd_kafka_resp_err_t refused; /* why a topic did not take a record of the open transaction */
    bool delivery_failed;        /* of any record of it, for any reason */
    uint32_t failure_count;      /* transactions in a row */
    bool is_stale;               /* it had steps of an assignment that is over */
    bool is_fenced;              /* the producer was, by another's or by the broker */
    uint32_t fenced_count;       /* of late */
    int64_t fenced_ns;
    struct arena arena;
    struct record *records;
    uint32_t record_capacity;
};

extern const struct log_ops kafka_ops;
extern const struct log_member_ops kafka_member_ops;

/* The way back from the seam's structs; each checks. */
struct kafka_log *kafka_of(struct log *log);
struct kafka_member *kafka_member_of(struct log_member *member);
struct kafka_topic *kafka_topic_of(struct log_topic *topic);

/* log_kafka.c */
/* Tells whoever waits that something has changed. [any] */
void kafka_news(struct kafka_log *log);
/* A client of the common settings and these: pairs of names and values, NULL at the end. A producer
 * has its callback for what became of a message; NULL: none. */
typedef void kafka_on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque);
enum err kafka_client_new(struct kafka_log *log, rd_kafka_type_t type, const char *const *settings,
                          kafka_on_delivery *on_delivery, rd_kafka_t **ret_client, struct why *why);
/* What librdkafka's code means to us. */
enum err kafka_err(rd_kafka_resp_err_t code);

/* log_kafka_words.c */
/* From now on what the clients of log->conf complain of is kept. */
void kafka_words_listen(struct kafka_log *log);
/* Whether a server refuses our login, or we its certificate. */
bool kafka_words_refused(struct kafka_log *log);
/* What was complained of is over. */
void kafka_words_forget(struct kafka_log *log);
/* Words for a failure: what was tried, and what a client complained of last or the code's text. */
enum err kafka_why(struct kafka_log *log, struct why *why, rd_kafka_resp_err_t code,
                   const char *what, struct str subject);

/* log_kafka_conf.c */
/* Sets what the user's settings say, by Java's or librdkafka's names; those that are not Kafka's
 * are passed over. ERR_SETTING with words that never have a value. */
enum err kafka_conf_apply(rd_kafka_conf_t *conf, const struct properties *settings,
                          struct why *why);

/* log_kafka_topics.c */
enum err kafka_create(struct log *log, struct str name, const struct log_topic_config *config,
                      struct why *why);
enum err kafka_topic_open(struct log *log, struct str name, struct log_topic **ret_topic);
enum err kafka_describe(struct log *log, struct str name, struct arena *arena,
                        struct log_topic_info *ret_info, struct why *why);
enum err kafka_list(struct log *log, struct arena *arena, struct str **ret_names, size_t *ret_count,
                    struct why *why);
enum err kafka_remove(struct log *log, struct str name, struct why *why);
enum err kafka_find(struct log *log, struct log_topic *topic, int32_t partition,
                    int64_t timestamp_ms, int64_t *ret_offset, struct why *why);
void kafka_topic_free(struct kafka_topic *topic);
/* ERR_NOT_FOUND: it is gone; marks the handle. */
enum err kafka_topic_check(struct kafka_log *log, struct kafka_topic *topic);
/* Under the lock: this process knows of records up to there. */
static inline void kafka_partition_reaches(struct kafka_partition *partition, int64_t end_offset)
{
    if (end_offset > partition->known_end)
        partition->known_end = end_offset;
}

/* log_kafka_admin.c: requests that are answered by an event. */
/* The answer, of `type`; the caller destroys it. On failure NULL and why. */
rd_kafka_event_t *kafka_admin_answer(struct kafka_log *log, rd_kafka_queue_t *queue,
                                     rd_kafka_event_type_t type, const char *what,
                                     struct str subject, enum err *ret_err, struct why *why);
enum err kafka_topic_settings(struct kafka_log *log, struct kafka_topic *topic, struct why *why);
/* Deletes records before each offset; what fails is done with a later trim. [committer] */
void kafka_trim(struct kafka_log *log, const struct kafka_steps *steps);
/* ERR_AGAIN: it has members. One that is not there is deleted. */
enum err kafka_delete_group(struct kafka_log *log, struct str group, struct why *why);
/* Positions are the group's, which the last process to leave it gives up; lows the step's. */
enum err kafka_forget(struct log *log, struct str prefix, struct why *why);

/* log_kafka_groups.c: tasks' positions as Kafka's groups keep them. */
/* "CSAS_PAID_3/1/0" -> "_confluent-ksql-<service>query_CSAS_PAID_3" and "1/0"; "sink/S" ->
 * "connect-S"; of a prefix "CSAS_PAID_3/" the rest is empty. ERR_LIMIT. */
enum err kafka_task_group(const struct kafka_log *log, struct str task, char *ret_group,
                          struct str *ret_rest);
/* Puts the step's positions into the open transaction. ERR_LIMIT; ERR_ABORTED: its assignment is
 * over. [committer] */
enum err kafka_groups_add(struct kafka_log *log, const struct kafka_step *step);
void kafka_groups_clear(struct kafka_log *log);
enum err kafka_load(struct log_member *member, struct str task, const struct log_share *inputs,
                    uint32_t input_count, struct arena *arena, struct log_task_state *ret_state,
                    struct why *why);
enum err kafka_readers(struct log *log, struct log_topic *topic, struct arena *arena,
                       struct log_reader **ret_readers, size_t *ret_count, struct why *why);

/* log_kafka_lows.c */
/* The step is in the open transaction: what it says goes at its end. [committer] */
void kafka_lows_note(struct kafka_log *log, const struct kafka_step *step);
/* Whether something is to be said, though nothing was written. [committer] */
bool kafka_lows_are_due(struct kafka_log *log);
/* The last records of the open transaction. [committer] */
enum err kafka_lows_say(struct kafka_log *log);
/* Tasks begin again, and will say it anew. [committer] */
void kafka_lows_unsay(struct kafka_log *log);
/* Of what the step writes; the header lives as long as the text. [committer] */
struct record_header kafka_by_header(const struct kafka_step *step, struct buf *text);
/* True: the message is no record. */
bool kafka_lows_hear(struct kafka_log *log, struct kafka_topic *topic, int32_t partition,
                     const rd_kafka_message_t *message);
bool kafka_header_is_ours(const char *name);
/* Under the lock: struct log_records' low_ms and reached_ms for who has read up to there. */
void kafka_lows_read(struct kafka_log *log, struct kafka_topic *topic, int32_t partition,
                     int64_t next_offset, int64_t *ret_low_ms, int64_t *ret_reached_ms);
/* Under the lock: all writers elsewhere were at their end. */
bool kafka_lows_are_at_end(const struct kafka_log *log, const struct kafka_topic *topic,
                           int32_t partition, int64_t next_offset);
void kafka_heard_free(struct kafka_partition *partition);
void kafka_lows_release(struct kafka_log *log);

/* log_kafka_read.c */
enum err kafka_read(struct log_member *member, struct log_topic *topic, int32_t partition,
                    int64_t offset, size_t bytes_max, struct log_records **ret_records,
                    struct why *why);
void kafka_release(struct log_member *member, struct log_records *records);
void kafka_cursors_close(struct kafka_member *member);

/* log_kafka_member.c */
enum err kafka_join(struct log *log, const struct log_member_options *options,
                    struct log_member **ret_member, struct why *why);
enum err kafka_wait(struct log_member *member, int64_t timeout_ms);
void kafka_wake(struct log_member *member);
enum err kafka_commit(struct log_member *member, const struct log_step *step,
                      uint64_t *ret_sequence);
enum err kafka_committed(struct log_member *member, uint64_t *ret_sequence);
void kafka_leave(struct log_member *member);
/* Of struct lows_board: whether records are known of that the task had not read. */
enum low_news kafka_look(const struct lows_board *board, const struct topic_lows *topic,
                         int32_t partition, int64_t next_offset);
/* Waits until all steps handed over so far are durable or dropped. */
enum err kafka_wait_done(struct kafka_log *log, struct why *why);
/* Under the lock: it is durable, or was dropped (sequence 0); frees a member that has left. */
void kafka_step_done(struct kafka_step *step, uint64_t sequence);
void kafka_steps_free(struct kafka_steps *steps);

/* log_kafka_membership.c */
enum err kafka_group_join(struct log *log, const struct log_group_options *options,
                          struct log_group **ret_group, struct why *why);
/* After all have left. */
void kafka_memberships_close(struct kafka_log *log);
/* Under the lock: which assignment the task's steps are handed over under; 0: it is of no group
 * with members. False: its group has none now. */
bool kafka_assignment_of(const struct kafka_log *log, struct str task, uint64_t *ret_assignment,
                         bool *ret_is_shared);
/* Under the lock. */
bool kafka_assignment_is_live(const struct kafka_log *log, uint64_t assignment);
/* NULL: it is over. The caller destroys them. */
rd_kafka_consumer_group_metadata_t *kafka_assignment_metadata(struct kafka_log *log,
                                                              uint64_t assignment);
/* The broker does not take positions under it: it is lost. */
void kafka_assignment_refused(struct kafka_log *log, uint64_t assignment);
/* librdkafka's callback, from a poll of the group's consumer. */
void kafka_on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t code,
                        rd_kafka_topic_partition_list_t *list, void *opaque);

/* log_kafka_committer.c */
void *kafka_committer_run(void *log);
/* Frees what is left. */
void kafka_committer_release(struct kafka_log *log);

/* log_kafka_claim.c: a topic that processes write in turn. */
enum err kafka_claim(struct log *log, struct log_topic *topic, int64_t *ret_end_offset,
                     struct why *why);
enum err kafka_append_at(struct log *log, struct log_topic *topic, int64_t end_offset,
                         struct str batch, struct why *why);
void kafka_unclaim(struct kafka_log *log);

/* log_kafka_producer.c: the transaction, one call a step of its life. [committer] */
/* Makes the producer if there is none, and begins a transaction if none is open. */
enum err kafka_transaction_begin(struct kafka_log *log);
enum err kafka_transaction_add(struct kafka_log *log, const struct kafka_step *step);
enum err kafka_transaction_commit(struct kafka_log *log);
/* One record into the open transaction. */
enum err kafka_produce(struct kafka_log *log, struct kafka_topic *topic, int32_t partition,
                       const struct record *record);
/* Gives up the open transaction, and the producer if it is of no use any more. */
void kafka_transaction_abort(struct kafka_log *log);
void kafka_producer_free(struct kafka_log *log);

#endif
