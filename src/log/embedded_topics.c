/* embedded_topics.c -- topics: made, found, described, listed, removed. */
#include "log/embedded.h"
#include "log/embedded_catalog.h"

#include "base/memory.h"

static enum err open_topic(struct embedded_log *log, struct str name,
                           struct embedded_topic **ret_topic);

enum err embedded_create(struct log *base, struct str name, const struct log_topic_config *given,
                         struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    must(given != NULL);
    struct log_topic_config config = *given;
    if (config.partition_count == 0)
        config.partition_count = LOG_PARTITIONS_DEFAULT;
    if (!topic_name_is_valid(name))
        return why_set(why, ERR_INVALID, "'%.*s' is no name for a topic", STR_ARGS(name));
    if (config.partition_count < 0)
        return why_set(why, ERR_INVALID, "topic '%.*s' cannot have %d partitions", STR_ARGS(name),
                       config.partition_count);
    if (config.partition_count > LOG_PARTITIONS_MAX)
        return why_set(why, ERR_LIMIT, "topic '%.*s' cannot have more than %d partitions",
                       STR_ARGS(name), LOG_PARTITIONS_MAX);
    if (log->read_only)
        return why_set(why, ERR_DENIED, "the log is open for reading only");
    struct store_txn *txn = NULL;
    struct stored_topic stored;
    enum err err = store_begin(log->store, true, &txn);
    if (!err)
        err = catalog_read(log, txn, name, &stored);
    if (err == OK)
        err = why_set(why, ERR_EXISTS, "topic '%.*s' exists already", STR_ARGS(name));
    else if (err == ERR_NOT_FOUND)
        err = catalog_check_total(log, txn, config.partition_count, why);
    if (!err)
        err = catalog_write(log, txn, name, &config);
    if (!err) {
        err = store_commit(txn);
        txn = NULL;
    }
    store_abort(txn);
    if (err && err != ERR_EXISTS && err != ERR_LIMIT)
        why_set(why, err, "cannot create topic '%.*s': %s", STR_ARGS(name), err_text(err));
    return err;
}

/* Another process may have removed the topic and made it anew, so the store is asked each time. */
enum err embedded_topic(struct log *base, struct str name, struct log_topic **ret_topic)
{
    struct embedded_log *log = embedded_of(base);
    must(ret_topic != NULL);
    struct embedded_topic *topic = NULL;
    const enum err err = topic_name_is_valid(name) ? open_topic(log, name, &topic) : ERR_NOT_FOUND;
    if (!err)
        *ret_topic = &topic->base;
    return err;
}

enum err embedded_describe(struct log *base, struct str name, struct arena *arena,
                           struct log_topic_info *ret_info, struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    struct embedded_topic *topic = NULL;
    enum err err = topic_name_is_valid(name) ? open_topic(log, name, &topic) : ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND)
        return why_set(why, err, "no topic '%.*s'", STR_ARGS(name));
    if (err)
        return why_set(why, err, "cannot open topic '%.*s': %s", STR_ARGS(name), err_text(err));
    struct log_topic_info info = {.name = arena_str(arena, name), .config = topic->config};
    info.partitions = ARENA_ARRAY(arena, struct log_partition_info, topic->base.partition_count);
    struct store_txn *txn = NULL;
    err = store_begin(log->store, false, &txn);
    for (int32_t i = 0; i < topic->base.partition_count && !err; i++) {
        struct partition_bounds bounds = {0};
        uint64_t entry_count = 0;
        err = partition_read_bounds(log, topic, i, txn, &bounds);
        if (!err)
            err = store_database_size(txn, topic->partitions[i].database, &entry_count,
                                      &info.partitions[i].bytes);
        info.partitions[i].begin_offset = bounds.begin_offset;
        info.partitions[i].end_offset = bounds.end_offset;
    }
    store_abort(txn);
    if (err)
        return why_set(why, err, "cannot describe topic '%.*s': %s", STR_ARGS(name), err_text(err));
    *ret_info = info;
    return OK;
}

enum err embedded_list(struct log *base, struct arena *arena, struct str **ret_names,
                       size_t *ret_count, struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    struct str *names = NULL;
    size_t count = 0;
    size_t capacity = 0;
    enum err err = store_begin(log->store, false, &txn);
    if (!err)
        err = store_cursor_open(txn, log->topics_database, &cursor);
    struct str key = STR("\2");
    struct str value;
    if (!err)
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &value);
    for (; !err; err = store_cursor_move(cursor, STORE_NEXT, &key, &value)) {
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            struct str *more = ARENA_ARRAY(arena, struct str, capacity);
            if (count)
                memcpy(more, names, count * sizeof(*names));
            names = more;
        }
        names[count++] = arena_str(arena, key);
    }
    store_cursor_close(cursor);
    store_abort(txn);
    if (err != ERR_NOT_FOUND)
        return why_set(why, err, "cannot list topics: %s", err_text(err));
    *ret_names = names;
    *ret_count = count;
    return OK;
}

/* The databases are emptied now and dropped at the next start: their handles are in use. */
enum err embedded_remove(struct log *base, struct str name, struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    struct embedded_topic *topic = NULL;
    struct store_txn *txn = NULL;
    if (log->read_only)
        return why_set(why, ERR_DENIED, "the log is open for reading only");
    enum err err = topic_name_is_valid(name) ? open_topic(log, name, &topic) : ERR_NOT_FOUND;
    if (!err)
        err = store_begin(log->store, true, &txn);
    if (!err)
        err = catalog_remove(log, txn, name);
    if (!err) {
        err = store_commit(txn);
        txn = NULL;
    }
    store_abort(txn);
    if (err)
        return err == ERR_NOT_FOUND ? why_set(why, err, "no topic '%.*s'", STR_ARGS(name))
                                    : why_set(why, err, "cannot remove topic '%.*s': %s",
                                              STR_ARGS(name), err_text(err));
    pthread_mutex_lock(&log->lock);
    topic->removed = true;
    if (map_get(&log->topics, name) == topic)
        map_remove(&log->topics, name);
    log->news++;
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->lock);
    return OK;
}

enum err topics_open_all(struct embedded_log *log, struct why *why)
{
    struct arena arena;
    struct str *names = NULL;
    size_t count = 0;
    arena_init(&arena, 0);
    enum err err = embedded_list(&log->base, &arena, &names, &count, why);
    for (size_t i = 0; i < count && !err; i++) {
        struct embedded_topic *topic = NULL;
        err = open_topic(log, names[i], &topic);
        /* Removed in between; or damaged, which whoever wants it finds: others go on. */
        if (err == ERR_NOT_FOUND || err == ERR_CORRUPT)
            err = OK;
        if (err)
            why_set(why, err, "cannot open topic '%.*s': %s", STR_ARGS(names[i]), err_text(err));
    }
    arena_release(&arena);
    return err;
}

struct embedded_topic *topics_by_id(struct embedded_log *log, uint32_t id)
{
    pthread_mutex_lock(&log->lock);
    struct embedded_topic *topic = log->handles;
    while (topic && topic->id != id)
        topic = topic->next;
    pthread_mutex_unlock(&log->lock);
    return topic;
}

void topic_free(struct embedded_topic *topic)
{
    if (!topic)
        return;
    topic_lows_release(&topic->lows);
    free(topic->partitions);
    free(topic);
}

static enum err open_topic(struct embedded_log *log, struct str name,
                           struct embedded_topic **ret_topic)
{
    struct store_txn *txn = NULL;
    struct stored_topic stored;
    struct embedded_topic *topic = NULL;
    pthread_mutex_lock(&log->lock);
    const uint64_t generation = log->generation;
    pthread_mutex_unlock(&log->lock);
    enum err err = store_begin(log->store, false, &txn);
    if (!err)
        err = catalog_read(log, txn, name, &stored);
    if (err)
        goto out;
    pthread_mutex_lock(&log->lock);
    struct embedded_topic *known = map_get(&log->topics, name);
    pthread_mutex_unlock(&log->lock);
    if (known && known->id == stored.id) {
        *ret_topic = known;
        goto out;
    }
    topic = MEMORY_NEW(struct embedded_topic);
    memcpy(topic->name, name.data, name.size);
    topic->base = (struct log_topic){.name = {topic->name, name.size},
                                     .partition_count = stored.partition_count,
                                     .internal = stored.flags & STORED_INTERNAL,
                                     .limits = {.record_bytes_max = UINT32_MAX,
                                                .behind_ms_max = INT64_MAX,
                                                .ahead_ms_max = INT64_MAX}};
    topic->lows.internal = topic->base.internal;
    topic->id = stored.id;
    topic->config = (struct log_topic_config){.partition_count = stored.partition_count,
                                              .replica_count = 1,
                                              .internal = stored.flags & STORED_INTERNAL,
                                              .compacted = stored.flags & STORED_COMPACTED,
                                              .retention_ms = stored.retention_ms,
                                              .retention_bytes = stored.retention_bytes};
    topic->partitions = memory_zalloc((size_t)stored.partition_count * sizeof(*topic->partitions));
    for (int32_t i = 0; i < stored.partition_count && !err; i++) {
        char text[32];
        struct partition *partition = &topic->partitions[i];
        partition->oldest_offset = -1;
        err = store_database_open(txn, partition_name(stored.id, i, text), STORE_KEY_INTEGER,
                                  &partition->database);
    }
    /* Opening may have moved the snapshot: bounds are read when all handles are known. */
    for (int32_t i = 0; i < stored.partition_count && !err; i++)
        err = partition_refresh(log, topic, i, txn, generation);
    if (err)
        goto out;
    pthread_mutex_lock(&log->lock);
    known = map_get(&log->topics, name);
    if (known && known->id >= stored.id) {
        *ret_topic = known; /* another thread was quicker */
    } else {
        if (known)
            known->removed = true;
        map_set(&log->topics, topic->base.name, topic);
        topic->next = log->handles;
        log->handles = topic;
        *ret_topic = topic;
        topic = NULL;
    }
    pthread_mutex_unlock(&log->lock);
out:
    store_abort(txn);
    topic_free(topic);
    return err;
}
