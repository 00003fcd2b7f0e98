/* embedded_catalog.h -- topics as they are stored. Private to the embedded log. */
#ifndef LOG_EMBEDDED_CATALOG_H
#define LOG_EMBEDDED_CATALOG_H

#include "log/embedded_topic.h"

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

#endif
