/* embedded_committer.h -- the one thread that writes, and what it does between steps. Private to
 * the embedded log. */
#ifndef LOG_EMBEDDED_COMMITTER_H
#define LOG_EMBEDDED_COMMITTER_H

#include "log/embedded_topic.h"

struct cleaner;

/* --- embedded_committer.c --- */
void *committer_run(void *log);
/* In a write transaction: has anybody else written since? Then memory is behind. */
void notice_other_writers(struct embedded_log *log);
/* Under the lock, for whoever waits: tells members when another process has written. */
void look_for_news(struct embedded_log *log);
/* Under the lock: some batch was shown. */
void tell_readers(struct embedded_log *log);
#define NEWS_POLL_NS 10000000

/* --- embedded_trim.c --- */
/* Deletes whole batches below before_offset, at most so many, and moves the partition's working
 * begin. */
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

/* --- embedded_tend.c --- */
/* Retention and the cleaner, a bounded piece a call. True: there is more to do at once. */
bool embedded_tend(struct embedded_log *log);
/* A write transaction of the committer that is not for steps, and its end: aborted when err is set.
 */
enum err tend_begin(struct embedded_log *log, struct store_txn **ret_txn);
enum err tend_commit(struct embedded_log *log, struct store_txn *txn, struct partition **touched,
                     enum err err);

/* --- embedded_clean.c --- */
/* Compacted topics, a bounded piece a call; true: there is more. */
bool clean_topics(struct embedded_log *log);
void cleaner_free(struct cleaner *cleaner);

#endif
