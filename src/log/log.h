/* log.h -- the log's seam: topics of records, and steps that change them whole or not at all.
 *
 * Three tables. `log_ops` is for topics, from any thread. `log_member_ops` is for whoever reads
 * partitions and hands over steps: one member belongs to one thread. `log_group_ops` is for whoever
 * shares partitions with other processes. A topic handle is valid until the log is closed, also
 * after its topic was deleted (reads then give ERR_NOT_FOUND).
 *
 * A step becomes durable with others in one commit; commits happen in the order steps were handed
 * over. What was handed over and is not committed, backends treat in two ways, and nobody above may
 * rely on either:
 *     embedded   reads of internal topics return it too, unless the member asked for committed
 *                records only; those of other topics while it is being committed, or, where
 *                commits are to come at once, from the hand-over on, if the member reads ahead; the
 *                offsets of a topic one process writes have no gaps
 *     Kafka      only committed records can be read, by anybody; each commit takes an offset of
 *                each partition it wrote to, which no record has (log_topic.has_gaps) */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "data/record.h"

#include <stdint.h>

#define LOG_TOPIC_NAME_BYTES_MAX 249
#define LOG_PARTITIONS_MAX 1024
#define LOG_PARTITIONS_DEFAULT 4

/* No record of that kind is on its way: a writer whose inputs are at their end. */
#define LOG_LOW_NONE INT64_MAX
/* Nobody has said yet. */
#define LOG_LOW_UNKNOWN INT64_MIN

struct log;
struct log_member;
struct log_group;

/* What a topic takes; log_refuses() judges a record by it before it is handed over. The backend may
 * learn better at any time. */
struct log_limits {
    _Atomic uint32_t record_bytes_max; /* key, value and headers of one record */
    _Atomic int64_t behind_ms_max;     /* how far its timestamp may be from the wall clock */
    _Atomic int64_t ahead_ms_max;
    _Atomic bool needs_key;
};

/* A topic's handle: base of each backend's own. Valid until the log is closed. */
struct log_topic {
    struct str name;
    int32_t partition_count;
    bool internal;
    bool has_gaps;            /* commits take offsets, too: records' are not dense */
    struct log_limits limits; /* as last known */
};

struct log_topic_config {
    int32_t partition_count; /* 0: LOG_PARTITIONS_DEFAULT */
    int16_t replica_count;   /* 0: the backend's own; there is one where it has none */
    bool internal;  /* written by this process's queries only; no retention, trimmed by readers */
    bool compacted; /* cleanup.policy=compact: the latest record a key is kept */
    bool takes_all; /* records of any time and size the log can have: internal, dead letters */
    int64_t retention_ms;    /* -1: for ever */
    int64_t retention_bytes; /* a partition; -1: no limit */
};

struct log_partition_info {
    int64_t begin_offset; /* of the first record still there */
    int64_t end_offset;   /* one past the last committed record */
    uint64_t bytes;
};

struct log_topic_info {
    struct str name;
    struct log_topic_config config;
    struct log_partition_info *partitions; /* config.partition_count of them */
};

/* One finished record batch for one partition. */
struct log_append {
    struct log_topic *topic;
    int32_t partition;
    char *batch; /* from malloc; the log takes it over when commit returns OK */
    size_t batch_size;
};

/* How far a task has come in one partition. */
struct log_position {
    struct log_topic *topic;
    int32_t partition;
    int64_t next_offset;
    int64_t from_offset; /* the lowest offset its windows still hold, <= next_offset */
};

/* The timestamp of the next record a task will write to a topic, at the earliest; a task that is at
 * the end of all its inputs says so, and how far they had come. The topic's low is the lowest of
 * all tasks that have spoken and were not forgotten; a task at its end is not counted as long as
 * nothing has come into the partitions its step's positions name, nor into what writes those. A
 * writer that has yet to begin says LOG_LOW_UNKNOWN, one that nobody shall wait for any more
 * LOG_LOW_NONE. What is said of an internal topic, and LOG_LOW_UNKNOWN, counts from the hand-over
 * on, anything else from the commit. After a failed commit all are LOG_LOW_UNKNOWN again, but those
 * nobody waits for. */
struct log_low {
    struct log_topic *topic;
    int64_t low_ms;
    bool at_end;
    uint32_t writer_count; /* tasks that write it, in all processes; 0: those that speak */
};

/* "Everything before this offset is no longer needed", carried out with the step. */
struct log_trim {
    struct log_topic *topic;
    int32_t partition;
    int64_t before_offset;
};

/* What one task hands over. Arrays are borrowed for the call; see log_append for batches. A step
 * without a task has no positions and no marks (generator, INSERT VALUES, commands). One with a
 * task replaces all that is known of the task's positions and marks; one with a task and neither
 * (lows only, say) leaves them as they are. Retention and cleaner stop at the lowest from_offset
 * of any task: whoever only reads, like a sink, holds them back by such a step now and then. */
struct log_step {
    struct str task; /* "CSAS_PAID_3/1/0": query, stage, partition; size 0: none */
    const struct log_append *appends;
    uint32_t append_count;
    const struct log_position *positions;
    uint32_t position_count;
    const struct log_low *lows;
    uint32_t low_count;
    const struct log_trim *trims;
    uint32_t trim_count;
    struct str marks; /* the task's own numbers, opaque here, at most 3 KB */
    bool forget;      /* remove what is known of the task, and of all whose name begins so */
};

/* What log_load gives back. */
struct log_task_state {
    bool exists;
    struct log_position *positions;
    uint32_t position_count;
    struct str marks;
};

/* How far a task has come in one partition of a topic. */
struct log_reader {
    struct str task;
    int32_t partition;
    int64_t next_offset;
};

/* Records of one read: borrowed until log_records_release. */
struct log_records {
    struct log_member *member;
    struct record *at;
    uint32_t count;
    int64_t next_offset; /* where to go on reading: past gaps and batches without records */
    int64_t end_offset;  /* of the partition as this read saw it */
    int64_t low_ms;      /* of the topic: LOG_LOW_NONE when no task writes it, or all are at their
                            end; an internal one nobody has spoken for: LOG_LOW_UNKNOWN */
    int64_t reached_ms;  /* the same, with writers at their end counted as far as they had come */
};

struct log_member_options {
    struct str name;     /* of the query, sink or tool: what the owner of a lock is called */
    bool committed_only; /* sinks, tools: do not read steps on their way */
    bool reads_ahead;    /* tasks all of whose rows go into steps: read other topics' records, too,
                            before they are committed */
    bool is_impatient;   /* tasks: a read whose records are still to be fetched gives ERR_AGAIN; for
                            others it waits for them */
    uint32_t steps_max;  /* steps on their way; 0: the backend's own number */
};

/* One partition, as one process of a group has it. */
struct log_share {
    struct log_topic *topic;
    int32_t partition;
};

enum log_group_change {
    LOG_GROUP_ASSIGNED, /* they are this process's, until they are revoked or lost */
    LOG_GROUP_REVOKED,  /* given back when the callback returns: what was handed over for them must
                           be durable by then (commits hurry meanwhile), or it will never be */
    LOG_GROUP_LOST      /* others may have them already: nothing handed over for them, and not
                           durable yet, ever will be */
};

/* All shares this process has from now on, or had until now; there may be none. Valid for the call.
 * Calls for one group come one after another, from a thread of the log's or from
 * log_group_join; they must not join or leave groups. */
typedef void log_group_changed(void *context, enum log_group_change change,
                               const struct log_share *shares, uint32_t count);

/* All processes that join under one name share the partitions of the topics, which they name alike.
 * Equal partitions of topics with equally many are in one process; so are all partitions 0. */
struct log_group_options {
    struct str name; /* what the names of its tasks begin with, up to a '/': "CSAS_PAID_3"; of a
                        sink all: "sink/S" */
    struct log_topic *const *topics; /* borrowed for the call */
    uint32_t topic_count;
    log_group_changed *on_change;
    void *context;
};

enum log_health {
    LOG_HEALTHY,
    LOG_FULL,   /* disk or log.bytes.max: steps wait and are tried again */
    LOG_FAILED, /* a commit failed: tasks must be rebuilt */
    LOG_BROKEN  /* several in a row: what holds the log cannot be written, the process must end */
};

struct log_ops {
    /* ERR_EXISTS, ERR_INVALID (name: Kafka's rules), ERR_LIMIT, ERR_FULL. */
    enum err (*create)(struct log *log, struct str name, const struct log_topic_config *config,
                       struct why *why);
    /* The handle of a topic. ERR_NOT_FOUND. */
    enum err (*topic)(struct log *log, struct str name, struct log_topic **ret_topic);
    /* Info in the arena. ERR_NOT_FOUND. */
    enum err (*describe)(struct log *log, struct str name, struct arena *arena,
                         struct log_topic_info *ret_info, struct why *why);
    /* All names, sorted, in the arena. */
    enum err (*list)(struct log *log, struct arena *arena, struct str **ret_names,
                     size_t *ret_count, struct why *why);
    /* ERR_NOT_FOUND. */
    enum err (*remove)(struct log *log, struct str name, struct why *why);
    /* The first offset with timestamp >= timestamp_ms, or one past all records. */
    enum err (*find)(struct log *log, struct log_topic *topic, int32_t partition,
                     int64_t timestamp_ms, int64_t *ret_offset, struct why *why);
    /* Which tasks read a topic, and how far, as last committed; in the arena, in no order. */
    enum err (*readers)(struct log *log, struct log_topic *topic, struct arena *arena,
                        struct log_reader **ret_readers, size_t *ret_count, struct why *why);
    enum err (*join)(struct log *log, const struct log_member_options *options,
                     struct log_member **ret_member, struct why *why);
    /* The first assignment may come before this returns. Positions of tasks named after a group
     * that was joined are committed for shares this process has only. ERR_LIMIT, ERR_UNAVAILABLE.
     */
    enum err (*group)(struct log *log, const struct log_group_options *options,
                      struct log_group **ret_group, struct why *why);
    /* For a topic of one partition that several processes write, one of them at a time: from now on
     * that is this one. Whoever was before appends nothing more to it; what it had begun is there,
     * or never will be. ret_end_offset: the topic's end now. Errors: who cannot be asked. One
     * thread at a time, as append_at. */
    enum err (*claim)(struct log *log, struct log_topic *topic, int64_t *ret_end_offset,
                      struct why *why);
    /* Appends the batch, which stays the caller's, to the topic claimed last, if end_offset is its
     * end: the first record has that offset then. Durable when it returns. ERR_AGAIN: another
     * process has claimed it. After any failure only a new claim, and a look at what is there, say
     * whether it was appended. */
    enum err (*append_at)(struct log *log, struct log_topic *topic, int64_t end_offset,
                          struct str batch, struct why *why);
    /* Removes what is known of all tasks whose name begins so ("CSAS_PAID_3/"), durably. ERR_AGAIN:
     * a process still has one of them, or it takes longer than some seconds; try again. */
    enum err (*forget)(struct log *log, struct str prefix, struct why *why);
    /* LOG_BROKEN: why, when there are words; `why` may be NULL. */
    enum log_health (*health)(struct log *log, struct why *why);
    /* After all members and groups left. Waits for steps on their way. Frees it. */
    void (*close)(struct log *log);
};

struct log_member_ops {
    /* Reads from `offset` at most about bytes_max (at least one batch, if there is any). Count 0 at
     * the end. At most four reads of a member are held at a time. ERR_OUT_OF_RANGE (before
     * begin_offset, or beyond the end), ERR_CORRUPT, ERR_NOT_FOUND, ERR_ABORTED (as commit),
     * ERR_AGAIN (is_impatient), ERR_UNAVAILABLE (waited for too long), ERR_DENIED. */
    enum err (*read)(struct log_member *member, struct log_topic *topic, int32_t partition,
                     int64_t offset, size_t bytes_max, struct log_records **ret_records,
                     struct why *why);
    void (*release)(struct log_member *member, struct log_records *records);
    /* Waits until a topic of the log has news, a step of this member ended, or timeout_ms passed.
     * ERR_AGAIN on time-out, or woken. */
    enum err (*wait)(struct log_member *member, int64_t timeout_ms);
    /* Ends the member's wait, or the next one if it does not wait now. [any thread] */
    void (*wake)(struct log_member *member);
    /* Hands a step over without waiting for its commit. ret_sequence: 1, 2, 3, ... for this member.
     * ERR_FULL: steps_max are on their way, nothing was taken. ERR_ABORTED: an earlier step of this
     * process failed; leave, join again and load. ERR_NOT_FOUND: a topic was removed. ERR_CORRUPT:
     * a batch fails its check, or the end of its partition does. ERR_LIMIT: marks too large. */
    enum err (*commit)(struct log_member *member, const struct log_step *step,
                       uint64_t *ret_sequence);
    /* The highest sequence that is durable (always set), and whether any failed (ERR_ABORTED) or
     * waits for room (ERR_FULL). */
    enum err (*committed)(struct log_member *member, uint64_t *ret_sequence);
    /* A task's last committed positions and marks, in the arena; those of topics that were removed
     * are left out. `inputs` are the partitions it reads, 0 of them: who knows; what another
     * process has under way for them is waited for: ERR_AGAIN. Waits for all steps handed over
     * before: ERR_FULL, ERR_AGAIN when they do not commit within two seconds. ERR_CORRUPT. */
    enum err (*load)(struct log_member *member, struct str task, const struct log_share *inputs,
                     uint32_t input_count, struct arena *arena, struct log_task_state *ret_state,
                     struct why *why);
    /* Leaves; steps on their way still commit. Frees it. */
    void (*leave)(struct log_member *member);
};

struct log_group_ops {
    /* Gives all back, without a callback: none comes from then on, and none is under way when it
     * returns. What was handed over still commits. Frees it. */
    void (*leave)(struct log_group *group);
};

/* Bases: first member of each backend's own struct. */
struct log {
    const struct log_ops *ops;
};

struct log_group {
    const struct log_group_ops *ops;
};

struct log_member {
    const struct log_member_ops *ops;
};

MUST_CHECK static inline enum err log_create(struct log *log, struct str name,
                                             const struct log_topic_config *config, struct why *why)
{
    must(log != NULL);
    return log->ops->create(log, name, config, why);
}

MUST_CHECK static inline enum err log_topic_open(struct log *log, struct str name,
                                                 struct log_topic **ret_topic)
{
    must(log != NULL);
    return log->ops->topic(log, name, ret_topic);
}

MUST_CHECK static inline enum err log_describe(struct log *log, struct str name,
                                               struct arena *arena, struct log_topic_info *ret_info,
                                               struct why *why)
{
    must(log != NULL);
    return log->ops->describe(log, name, arena, ret_info, why);
}

MUST_CHECK static inline enum err log_list(struct log *log, struct arena *arena,
                                           struct str **ret_names, size_t *ret_count,
                                           struct why *why)
{
    must(log != NULL);
    return log->ops->list(log, arena, ret_names, ret_count, why);
}

MUST_CHECK static inline enum err log_remove(struct log *log, struct str name, struct why *why)
{
    must(log != NULL);
    return log->ops->remove(log, name, why);
}

MUST_CHECK static inline enum err log_find(struct log *log, struct log_topic *topic,
                                           int32_t partition, int64_t timestamp_ms,
                                           int64_t *ret_offset, struct why *why)
{
    must(log != NULL);
    must(partition >= 0);
    return log->ops->find(log, topic, partition, timestamp_ms, ret_offset, why);
}

MUST_CHECK static inline enum err log_readers(struct log *log, struct log_topic *topic,
                                              struct arena *arena, struct log_reader **ret_readers,
                                              size_t *ret_count, struct why *why)
{
    must(log != NULL);
    must(topic != NULL);
    return log->ops->readers(log, topic, arena, ret_readers, ret_count, why);
}

MUST_CHECK static inline enum err log_join(struct log *log,
                                           const struct log_member_options *options,
                                           struct log_member **ret_member, struct why *why)
{
    must(log != NULL);
    must(options != NULL);
    return log->ops->join(log, options, ret_member, why);
}

MUST_CHECK static inline enum err log_group_join(struct log *log,
                                                 const struct log_group_options *options,
                                                 struct log_group **ret_group, struct why *why)
{
    must(log != NULL);
    must(options != NULL);
    must(options->topic_count > 0);
    must(options->on_change != NULL);
    return log->ops->group(log, options, ret_group, why);
}

static inline void log_group_leave(struct log_group *group)
{
    if (group)
        group->ops->leave(group);
}

MUST_CHECK static inline enum err log_claim(struct log *log, struct log_topic *topic,
                                            int64_t *ret_end_offset, struct why *why)
{
    must(log != NULL);
    must(topic != NULL);
    must(topic->partition_count == 1);
    return log->ops->claim(log, topic, ret_end_offset, why);
}

MUST_CHECK static inline enum err log_append_at(struct log *log, struct log_topic *topic,
                                                int64_t end_offset, struct str batch,
                                                struct why *why)
{
    must(log != NULL);
    must(topic != NULL);
    must(end_offset >= 0);
    return log->ops->append_at(log, topic, end_offset, batch, why);
}

MUST_CHECK static inline enum err log_forget(struct log *log, struct str prefix, struct why *why)
{
    must(log != NULL);
    must(prefix.size > 0);
    return log->ops->forget(log, prefix, why);
}

static inline enum log_health log_get_health(struct log *log)
{
    must(log != NULL);
    return log->ops->health(log, NULL);
}

static inline bool log_is_broken(struct log *log, struct why *why)
{
    must(log != NULL);
    return log->ops->health(log, why) == LOG_BROKEN;
}

static inline void log_close(struct log *log)
{
    if (log)
        log->ops->close(log);
}

MUST_CHECK static inline enum err log_read(struct log_member *member, struct log_topic *topic,
                                           int32_t partition, int64_t offset, size_t bytes_max,
                                           struct log_records **ret_records, struct why *why)
{
    must(member != NULL);
    must(topic != NULL);
    must(offset >= 0);
    return member->ops->read(member, topic, partition, offset, bytes_max, ret_records, why);
}

static inline void log_records_release(struct log_records *records)
{
    if (records)
        records->member->ops->release(records->member, records);
}

MUST_CHECK static inline enum err log_wait(struct log_member *member, int64_t timeout_ms)
{
    must(member != NULL);
    return member->ops->wait(member, timeout_ms);
}

static inline void log_wake(struct log_member *member)
{
    must(member != NULL);
    member->ops->wake(member);
}

MUST_CHECK static inline enum err log_commit(struct log_member *member, const struct log_step *step,
                                             uint64_t *ret_sequence)
{
    must(member != NULL);
    must(step != NULL);
    return member->ops->commit(member, step, ret_sequence);
}

MUST_CHECK static inline enum err log_committed(struct log_member *member, uint64_t *ret_sequence)
{
    must(member != NULL);
    return member->ops->committed(member, ret_sequence);
}

MUST_CHECK static inline enum err log_load(struct log_member *member, struct str task,
                                           const struct log_share *inputs, uint32_t input_count,
                                           struct arena *arena, struct log_task_state *ret_state,
                                           struct why *why)
{
    must(member != NULL);
    return member->ops->load(member, task, inputs, input_count, arena, ret_state, why);
}

static inline void log_leave(struct log_member *member)
{
    if (member)
        member->ops->leave(member);
}

/* log_commit of a step, then waiting until it is durable; for callers without a loop of their own.
 * Progress is the caller's: ERR_FULL comes back after timeout_ms of waiting for room, with the step
 * taken if *ret_taken (it may still commit). */
MUST_CHECK enum err log_commit_wait(struct log_member *member, const struct log_step *step,
                                    int64_t timeout_ms, bool *ret_taken);

/* log_forget by a step of a member of its own: what a backend has to do, at least. */
MUST_CHECK enum err log_forget_by_step(struct log *log, struct str prefix, struct why *why);

/* Reads the last records before end_offset of a partition that begins at begin_offset, whatever
 * gaps its offsets have: from somewhere on up to end_offset. Count 0: there are none. Errors as
 * log_read's. */
MUST_CHECK enum err log_read_last(struct log_member *member, struct log_topic *topic,
                                  int32_t partition, int64_t begin_offset, int64_t end_offset,
                                  size_t bytes_max, struct log_records **ret_records,
                                  struct why *why);

/* Why the topic would not take the record, or NULL. Static. */
const char *log_refuses(const struct log_topic *topic, const struct record *record);

/* Backends. Named only here and in cli/. */
struct store;
struct properties;
/* A commit waits for nothing but the one before it: as fast as the disk can, with what came
 * meanwhile. */
#define LOG_COMMIT_AT_ONCE (-1)
struct log_embedded_options {
    int64_t commit_interval_ms; /* 0: 5; LOG_COMMIT_AT_ONCE */
    uint64_t commit_bytes;      /* commit early at so many; 0: 1 MB */
    bool runs_queries;          /* takes the data directory's query lock: ERR_LOCKED */
    const char *directory;      /* of the lock file */
};
/* The store outlives the log. */
MUST_CHECK enum err log_embedded_open(struct store *store,
                                      const struct log_embedded_options *options,
                                      struct log **ret_log, struct why *why);

/* A Kafka cluster; see docs/kafka.md. */
struct log_kafka_options {
    /* "bootstrap.servers" and whatever else log_kafka_knows(), by Java's or librdkafka's names;
     * copied. */
    const struct properties *settings;
    struct str service_id;
    int64_t commit_interval_ms; /* 0: 100 */
    int16_t internal_replicas;  /* of internal topics; 0: the brokers' own */
    bool runs_queries;          /* takes the data directory's query lock: ERR_LOCKED */
    const char *directory;      /* of the lock file */
};
/* Goes step by step for each of bootstrap.servers, up to its first failure: name, port, TLS, login,
 * cluster, brokers (by the names they give themselves), transactions and groups (permission, under
 * names of its own). ret_is_there: one of them passed. ERR_SETTING: the settings themselves. */
struct examiner;
MUST_CHECK enum err log_kafka_examine(const struct log_kafka_options *options,
                                      const struct examiner *examiner, bool *ret_is_there,
                                      struct why *why);
/* ERR_SETTING, ERR_UNAVAILABLE, ERR_DENIED with words. */
MUST_CHECK enum err log_kafka_open(const struct log_kafka_options *options, struct log **ret_log,
                                   struct why *why);
/* Whether a setting of that name is for Kafka's clients. */
bool log_kafka_knows(struct str name);

/* Wraps another log and makes calls fail; see tests. Closing it closes the inner one. */
struct log_faulty_plan {
    uint64_t fail_call; /* the Nth call of any kind that may fail, from 1; 0: never */
    bool sticky;        /* and all after it */
    enum err err;       /* what they return: ERR_IO, ERR_FULL, ERR_UNAVAILABLE, ERR_ABORTED */
};
struct log *log_faulty_new(struct log *inner, const struct log_faulty_plan *plan);
/* From now on it is the Nth call from here, from 1, that fails; 0: none. */
void log_faulty_fail(struct log *log, uint64_t nth);
/* Calls counted so far. */
uint64_t log_faulty_calls(struct log *log);

#endif
