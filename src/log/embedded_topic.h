/* embedded_topic.h -- topics and their partitions in memory. Private to the embedded log.
 *
 * Fields marked (committer) belong to that thread; the rest is under the log's lock. */
#ifndef LOG_EMBEDDED_TOPIC_H
#define LOG_EMBEDDED_TOPIC_H

#include "log/log.h"
#include "log/topic_lows.h"
#include "store/store.h"

struct embedded_log;
struct pending_batch;

struct partition {
    store_database database;
    int64_t begin_offset;
    int64_t end_offset;      /* committed */
    int64_t assigned_offset; /* one past the last batch shown, or the end */
    uint64_t generation;     /* of news from elsewhere at which these were read */
    bool broken;             /* the last batch fails its check: nothing can be appended */
    struct pending_batch *pending_first; /* those shown, by offset */
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

struct embedded_topic {
    struct log_topic base; /* first */
    uint32_t id;
    struct log_topic_config config;
    bool removed;
    bool is_shared; /* another process has written where members had read ahead */
    struct partition *partitions;
    struct topic_lows lows;
    struct embedded_topic *next; /* of all handles */
    char name[LOG_TOPIC_NAME_BYTES_MAX + 1];
};

/* The way back from the seam's struct; checks. */
struct embedded_topic *embedded_topic_of(struct log_topic *topic);

/* --- embedded_topics.c --- */
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

/* --- embedded_partition.c: what the store says of one partition --- */
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

#endif
