/* embedded_topics.c -- topics: made, found, described, listed, removed. */
#include "log/embedded.h"

#include "base/memory.h"

#define STORED_VERSION 1
#define STORED_INTERNAL 1
#define STORED_COMPACTED 2
/* Names of topics begin above these two. */
#define KEY_LAST_ID "\0id"
#define KEY_REMOVED '\1'
/* Partitions of all topics; the rest is for the log's and the registry's own databases. */
#define PARTITIONS_TOTAL_MAX (STORE_DATABASES_MAX - 64)

struct stored_topic {
    uint32_t version;
    uint32_t id;
    int32_t partition_count;
    uint32_t flags;
    int64_t retention_ms;
    int64_t retention_bytes;
};

static bool name_is_valid(struct str name);
static enum err read_topic(struct embedded_log *log, struct store_txn *txn, struct str name,
                           struct stored_topic *ret_stored);
static enum err write_topic(struct embedded_log *log, struct store_txn *txn, struct str name,
                            const struct log_topic_config *config);
static enum err next_topic_id(struct embedded_log *log, struct store_txn *txn, uint32_t *ret_id);
static enum err check_total(struct embedded_log *log, struct store_txn *txn, int32_t more,
                            struct why *why);
static enum err open_topic(struct embedded_log *log, struct str name,
                           struct embedded_topic **ret_topic);
static enum err remove_stored(struct embedded_log *log, struct store_txn *txn, struct str name);
static struct str removed_key(uint32_t id, char key[5]);

enum err embedded_create(struct log *base, struct str name, const struct log_topic_config *given,
                         struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    must(given != NULL);
    struct log_topic_config config = *given;
    if (config.partition_count == 0)
        config.partition_count = LOG_PARTITIONS_DEFAULT;
    if (!name_is_valid(name))
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
        err = read_topic(log, txn, name, &stored);
    if (err == OK)
        err = why_set(why, ERR_EXISTS, "topic '%.*s' exists already", STR_ARGS(name));
    else if (err == ERR_NOT_FOUND)
        err = check_total(log, txn, config.partition_count, why);
    if (!err)
        err = write_topic(log, txn, name, &config);
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
    const enum err err = name_is_valid(name) ? open_topic(log, name, &topic) : ERR_NOT_FOUND;
    if (!err)
        *ret_topic = &topic->base;
    return err;
}

enum err embedded_describe(struct log *base, struct str name, struct arena *arena,
                           struct log_topic_info *ret_info, struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    struct embedded_topic *topic = NULL;
    enum err err = name_is_valid(name) ? open_topic(log, name, &topic) : ERR_NOT_FOUND;
    if (err)
        return why_set(why, err, "no topic '%.*s'", STR_ARGS(name));
    struct log_topic_info info = {.name = arena_str(arena, name), .config = topic->config};
    info.partitions = ARENA_ARRAY(arena, struct log_partition_info, topic->base.partition_count);
    struct store_txn *txn = NULL;
    err = store_begin(log->store, false, &txn);
    for (int32_t i = 0; i < topic->base.partition_count && !err; i++) {
        struct partition_bounds bounds;
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
    enum err err = name_is_valid(name) ? open_topic(log, name, &topic) : ERR_NOT_FOUND;
    if (!err)
        err = store_begin(log->store, true, &txn);
    if (!err)
        err = remove_stored(log, txn, name);
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

enum err topic_check_current(struct embedded_log *log, const struct embedded_topic *topic,
                             struct store_txn *txn)
{
    struct stored_topic stored;
    const enum err err = read_topic(log, txn, topic->base.name, &stored);
    if (err)
        return err;
    return stored.id == topic->id ? OK : ERR_NOT_FOUND;
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
    for (uint32_t i = 0; i < topic->low_count; i++)
        free(topic->lows[i].task);
    free(topic->lows);
    free(topic->partitions);
    free(topic);
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
static bool name_is_valid(struct str name)
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

static enum err read_topic(struct embedded_log *log, struct store_txn *txn, struct str name,
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

static enum err write_topic(struct embedded_log *log, struct store_txn *txn, struct str name,
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

static enum err check_total(struct embedded_log *log, struct store_txn *txn, int32_t more,
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
        err = read_topic(log, txn, name, &stored);
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
                                     .internal = stored.flags & STORED_INTERNAL};
    topic->id = stored.id;
    topic->config = (struct log_topic_config){.partition_count = stored.partition_count,
                                              .internal = stored.flags & STORED_INTERNAL,
                                              .compacted = stored.flags & STORED_COMPACTED,
                                              .retention_ms = stored.retention_ms,
                                              .retention_bytes = stored.retention_bytes};
    topic->low_ms = topic->base.internal ? LOG_LOW_UNKNOWN : LOG_LOW_NONE;
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

static enum err remove_stored(struct embedded_log *log, struct store_txn *txn, struct str name)
{
    struct stored_topic stored;
    enum err err = read_topic(log, txn, name, &stored);
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
