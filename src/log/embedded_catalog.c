/* embedded_catalog.c -- topics as they are stored: names, ids, settings, what was removed. */
#include "log/embedded_catalog.h"
#include "log/embedded.h"

#define STORED_VERSION 1
/* Names of topics begin above these two. */
#define KEY_LAST_ID "\0id"
#define KEY_REMOVED '\1'
/* Partitions of all topics; the rest is for the log's and the registry's own databases. */
#define PARTITIONS_TOTAL_MAX (STORE_DATABASES_MAX - 64)

static enum err next_topic_id(struct embedded_log *log, struct store_txn *txn, uint32_t *ret_id);
static struct str removed_key(uint32_t id, char key[5]);

enum err topic_check_current(struct embedded_log *log, const struct embedded_topic *topic,
                             struct store_txn *txn)
{
    struct stored_topic stored;
    const enum err err = catalog_read(log, txn, topic->base.name, &stored);
    if (err)
        return err;
    return stored.id == topic->id ? OK : ERR_NOT_FOUND;
}

enum err topics_sweep(struct embedded_log *log)
{
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    struct str key = STR("\1");
    struct str value;
    enum err err = store_begin(log->store, false, &txn);
    if (!err)
        err = store_cursor_open(txn, log->topics_database, &cursor);
    if (!err)
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &value);
    uint32_t id = 0;
    int32_t partition_count = 0;
    const bool found = !err && key.size == 5 && key.data[0] == KEY_REMOVED &&
                       store_check_value(key, value, &value) == OK && value.size == 4;
    if (found) {
        memcpy(&id, key.data + 1, sizeof(id));
        memcpy(&partition_count, value.data, sizeof(partition_count));
    }
    store_cursor_close(cursor);
    store_abort(txn);
    if (!found)
        return err == ERR_NOT_FOUND ? OK : err;
    err = store_begin(log->store, true, &txn);
    for (int32_t i = 0; i < partition_count && !err; i++) {
        char text[32];
        store_database database = 0;
        err = store_database_open(txn, partition_name(id, i, text), STORE_KEY_INTEGER, &database);
        if (!err)
            err = store_database_drop(txn, database);
    }
    char text[5];
    if (!err)
        err = store_delete(txn, log->topics_database, removed_key(id, text));
    if (err) {
        store_abort(txn);
        return err;
    }
    return store_commit(txn); /* one topic a start: the rest can wait */
}

/* Kafka's rule. */
bool topic_name_is_valid(struct str name)
{
    if (name.size == 0 || name.size > LOG_TOPIC_NAME_BYTES_MAX || str_equal(name, STR(".")) ||
        str_equal(name, STR("..")))
        return false;
    for (size_t i = 0; i < name.size; i++) {
        const char c = name.data[i];
        const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!fine)
            return false;
    }
    return true;
}

enum err catalog_read(struct embedded_log *log, struct store_txn *txn, struct str name,
                      struct stored_topic *ret_stored)
{
    struct str value;
    const enum err err = store_get_checked(txn, log->topics_database, name, &value);
    if (err)
        return err;
    if (value.size != sizeof(*ret_stored))
        return ERR_CORRUPT;
    memcpy(ret_stored, value.data, sizeof(*ret_stored));
    const bool fine = ret_stored->version == STORED_VERSION && ret_stored->partition_count > 0 &&
                      ret_stored->partition_count <= LOG_PARTITIONS_MAX;
    return fine ? OK : ERR_CORRUPT;
}

enum err catalog_write(struct embedded_log *log, struct store_txn *txn, struct str name,
                       const struct log_topic_config *config)
{
    struct stored_topic stored = {
        .version = STORED_VERSION,
        .partition_count = config->partition_count,
        .flags =
            (config->internal ? STORED_INTERNAL : 0u) | (config->compacted ? STORED_COMPACTED : 0u),
        .retention_ms = config->retention_ms,
        .retention_bytes = config->retention_bytes,
    };
    enum err err = next_topic_id(log, txn, &stored.id);
    for (int32_t i = 0; i < config->partition_count && !err; i++) {
        char text[32];
        store_database database = 0;
        err = store_database_open(txn, partition_name(stored.id, i, text), STORE_KEY_INTEGER,
                                  &database);
    }
    if (err)
        return err;
    return store_put_checked(txn, log->topics_database, name,
                             (struct str){(const char *)&stored, sizeof(stored)});
}

/* Never given twice: positions name topics by it. */
static enum err next_topic_id(struct embedded_log *log, struct store_txn *txn, uint32_t *ret_id)
{
    const struct str key = {KEY_LAST_ID, sizeof(KEY_LAST_ID) - 1};
    struct str value;
    uint32_t id = 0;
    enum err err = store_get_checked(txn, log->topics_database, key, &value);
    if (!err && value.size != sizeof(id))
        err = ERR_CORRUPT;
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (!err)
        memcpy(&id, value.data, sizeof(id));
    id++;
    err = store_put_checked(txn, log->topics_database, key,
                            (struct str){(const char *)&id, sizeof(id)});
    if (!err)
        *ret_id = id;
    return err;
}

enum err catalog_check_total(struct embedded_log *log, struct store_txn *txn, int32_t more,
                             struct why *why)
{
    struct store_cursor *cursor = NULL;
    int64_t total = more;
    struct str key = STR("\2");
    struct str value;
    enum err err = store_cursor_open(txn, log->topics_database, &cursor);
    if (!err)
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &value);
    for (; !err; err = store_cursor_move(cursor, STORE_NEXT, &key, &value)) {
        struct stored_topic stored = {0};
        if (value.size >= sizeof(stored))
            memcpy(&stored, value.data, sizeof(stored));
        total += stored.partition_count;
    }
    store_cursor_close(cursor);
    if (err != ERR_NOT_FOUND)
        return err;
    if (total > PARTITIONS_TOTAL_MAX)
        return why_set(why, ERR_LIMIT, "more than %d partitions in all", PARTITIONS_TOTAL_MAX);
    return OK;
}

enum err catalog_remove(struct embedded_log *log, struct store_txn *txn, struct str name)
{
    struct stored_topic stored;
    enum err err = catalog_read(log, txn, name, &stored);
    for (int32_t i = 0; i < stored.partition_count && !err; i++) {
        char text[32];
        store_database database = 0;
        err = store_database_open(txn, partition_name(stored.id, i, text), STORE_KEY_INTEGER,
                                  &database);
        if (!err)
            err = store_database_clear(txn, database);
        if (!err)
            err = partition_remove_begin(log, txn, stored.id, i);
    }
    char key[5];
    if (!err)
        err = store_put_checked(
            txn, log->topics_database, removed_key(stored.id, key),
            (struct str){(const char *)&stored.partition_count, sizeof(stored.partition_count)});
    if (!err)
        err = store_delete(txn, log->topics_database, name);
    return err;
}

static struct str removed_key(uint32_t id, char key[5])
{
    key[0] = KEY_REMOVED;
    memcpy(key + 1, &id, sizeof(id));
    return (struct str){key, 5};
}
