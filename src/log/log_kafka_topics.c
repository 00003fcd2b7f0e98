/* log_kafka_topics.c -- topics: made, found, described, listed, removed, and offsets asked for. */
#include "log/log_kafka.h"

#include "base/clock.h"
#include "base/memory.h"

#define CHECK_NS 1000000000 /* a handle is believed for so long */
#define SETTLE_MS_MAX 10000 /* until a topic is known, or unknown, everywhere */
#define SETTLE_STEP_MS 20
#define DOUBT_MS_MAX 2000 /* that a topic which was there is not there any more */

/* What metadata says of a topic. */
struct topic_shape {
    int32_t partition_count;
    int16_t replica_count; /* of its first partition */
};

static enum err open_now(struct kafka_log *log, struct str name, struct kafka_topic *known,
                         struct log_topic **ret_topic);
static enum err open_new(struct kafka_log *log, struct str name, const struct topic_shape *shape,
                         struct kafka_topic *before, struct log_topic **ret_topic);
static enum err ask(struct kafka_log *log, struct str name, struct topic_shape *ret_shape);
static bool ask_again(enum err err, int *tries);
static struct kafka_topic *topic_new(struct kafka_log *log, struct str name,
                                     const struct topic_shape *shape);
static bool is_internal(const struct kafka_log *log, struct str name);
static enum err settle(struct kafka_log *log, struct str name, bool is_there,
                       struct topic_shape *ret_shape, struct why *why);
static enum err ask_offsets(struct kafka_log *log, struct kafka_topic *topic, int32_t partition,
                            int64_t time, rd_kafka_topic_partition_list_t **ret_list,
                            struct why *why);
static enum err ask_ends(struct kafka_log *log, struct kafka_topic *topic,
                         rd_kafka_topic_partition_list_t **ret_list, struct why *why);
static int compare_names(const void *a, const void *b);

enum err kafka_topic_open(struct log *base, struct str name, struct log_topic **ret_topic)
{
    struct kafka_log *log = kafka_of(base);
    const int64_t now_ns = clock_monotonic_ns();
    must(ret_topic != NULL);
    if (name.size == 0 || name.size > LOG_TOPIC_NAME_BYTES_MAX)
        return ERR_NOT_FOUND;
    pthread_mutex_lock(&log->lock);
    struct kafka_topic *topic = map_get(&log->topics, name);
    const bool is_fresh = topic && !topic->removed && now_ns - topic->checked_ns < CHECK_NS;
    pthread_mutex_unlock(&log->lock);
    if (is_fresh) {
        *ret_topic = &topic->base;
        return OK;
    }
    return open_now(log, name, topic, ret_topic);
}

void kafka_topic_free(struct kafka_topic *topic)
{
    if (!topic)
        return;
    must(topic->producer_topic == NULL);
    topic_lows_release(&topic->lows);
    for (int32_t i = 0; i < topic->base.partition_count; i++)
        kafka_heard_free(&topic->partitions[i]);
    free(topic->partitions);
    free(topic);
}

enum err kafka_topic_check(struct kafka_log *log, struct kafka_topic *topic)
{
    struct topic_shape shape;
    int tries = 0;
    enum err err;
    do
        err = ask(log, topic->base.name, &shape);
    while (!topic->removed && ask_again(err, &tries));
    if (err == ERR_NOT_FOUND) {
        pthread_mutex_lock(&log->lock);
        topic->removed = true;
        pthread_mutex_unlock(&log->lock);
    }
    return err;
}

enum err kafka_create(struct log *base, struct str name, const struct log_topic_config *config,
                      struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    char text[LOG_TOPIC_NAME_BYTES_MAX + 1];
    char number[32];
    char words[KAFKA_WORDS_MAX];
    must(config != NULL);
    if (name.size == 0 || name.size > LOG_TOPIC_NAME_BYTES_MAX)
        return why_set(why, ERR_INVALID, "a topic's name has 1 to %d characters",
                       LOG_TOPIC_NAME_BYTES_MAX);
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    struct topic_shape shape = {
        .partition_count =
            config->partition_count ? config->partition_count : LOG_PARTITIONS_DEFAULT,
        .replica_count = config->internal ? log->internal_replicas : config->replica_count,
    };
    /* -1: brokers decide. */
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(text, shape.partition_count,
                              shape.replica_count ? shape.replica_count : -1, words, sizeof(words));
    if (!topic)
        return why_set(why, ERR_INVALID, "cannot create topic '%s': %s", text, words);
    rd_kafka_NewTopic_set_config(topic, "cleanup.policy", config->compacted ? "compact" : "delete");
    snprintf(number, sizeof(number), "%lld", (long long)config->retention_ms);
    rd_kafka_NewTopic_set_config(topic, "retention.ms", number);
    snprintf(number, sizeof(number), "%lld", (long long)config->retention_bytes);
    rd_kafka_NewTopic_set_config(topic, "retention.bytes", number);
    if (config->internal || config->takes_all) {
        rd_kafka_NewTopic_set_config(topic, "max.message.bytes", KAFKA_MESSAGE_BYTES_MAX);
        snprintf(number, sizeof(number), "%lld", (long long)INT64_MAX);
        rd_kafka_NewTopic_set_config(topic, "message.timestamp.before.max.ms", number);
        rd_kafka_NewTopic_set_config(topic, "message.timestamp.after.max.ms", number);
        rd_kafka_NewTopic_set_config(topic, "message.timestamp.type", "CreateTime");
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(log->client);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(log->client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    (void)rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_CALL_MS_MAX, NULL, 0);
    (void)rd_kafka_AdminOptions_set_operation_timeout(options, KAFKA_CALL_MS_MAX, NULL, 0);
    rd_kafka_CreateTopics(log->client, &topic, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy(topic);
    enum err err = OK;
    rd_kafka_event_t *answer = kafka_admin_answer(log, queue, RD_KAFKA_EVENT_CREATETOPICS_RESULT,
                                                  "cannot create topic", name, &err, why);
    if (answer) {
        size_t result_count = 0;
        const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(answer), &result_count);
        const rd_kafka_resp_err_t code =
            result_count > 0 ? rd_kafka_topic_result_error(results[0]) : 0;
        if (code) {
            const char *said = rd_kafka_topic_result_error_string(results[0]);
            err = kafka_err(code) == ERR_NOT_FOUND ? ERR_INVALID : kafka_err(code);
            why_set(why, err, "cannot create topic '%s': %s", text,
                    said ? said : rd_kafka_err2str(code));
        }
        rd_kafka_event_destroy(answer);
    }
    /* Another process may just have made it: so it is known from now on, too. */
    if (err == ERR_EXISTS)
        return settle(log, name, true, &shape, NULL) == OK ? err : ERR_UNAVAILABLE;
    if (!err)
        err = settle(log, name, true, &shape, why);
    if (err)
        return err;
    /* With a handle it is known to be there, whichever broker is asked next. */
    struct log_topic *handle;
    pthread_mutex_lock(&log->lock);
    struct kafka_topic *before = map_get(&log->topics, name);
    pthread_mutex_unlock(&log->lock);
    return open_new(log, name, &shape, before, &handle);
}

enum err kafka_describe(struct log *base, struct str name, struct arena *arena,
                        struct log_topic_info *ret_info, struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    struct log_topic *handle;
    rd_kafka_topic_partition_list_t *begins = NULL;
    rd_kafka_topic_partition_list_t *ends = NULL;
    enum err err = kafka_topic_open(base, name, &handle);
    if (err)
        return why_set(why, err, "cannot describe topic '%.*s': %s", STR_ARGS(name), err_text(err));
    struct kafka_topic *topic = kafka_topic_of(handle);
    err = ask_offsets(log, topic, -1, RD_KAFKA_OFFSET_BEGINNING, &begins, why);
    if (!err)
        err = ask_ends(log, topic, &ends, why);
    if (!err) {
        struct log_topic_info info = {.name = handle->name, .config = topic->config};
        info.partitions =
            ARENA_ARRAY(arena, struct log_partition_info, (size_t)handle->partition_count);
        for (int i = 0; i < ends->cnt; i++) {
            struct log_partition_info *partition = &info.partitions[ends->elems[i].partition];
            partition->begin_offset = begins->elems[i].offset;
            partition->end_offset = ends->elems[i].offset;
        }
        *ret_info = info;
    }
    if (begins)
        rd_kafka_topic_partition_list_destroy(begins);
    if (ends)
        rd_kafka_topic_partition_list_destroy(ends);
    return err;
}

/* Kafka's own topics are nobody's. */
enum err kafka_list(struct log *base, struct arena *arena, struct str **ret_names,
                    size_t *ret_count, struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    const struct rd_kafka_metadata *metadata = NULL;
    const rd_kafka_resp_err_t code =
        rd_kafka_metadata(log->client, 1, NULL, &metadata, KAFKA_CALL_MS_MAX);
    if (code)
        return kafka_why(log, why, code, "cannot list", STR("topics"));
    struct str *names = ARENA_ARRAY(arena, struct str, (size_t)metadata->topic_cnt + 1);
    size_t count = 0;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct str name = str_from(metadata->topics[i].topic);
        if (!metadata->topics[i].err && !str_starts_with(name, STR("__")))
            names[count++] = arena_str(arena, name);
    }
    rd_kafka_metadata_destroy(metadata);
    qsort(names, count, sizeof(*names), compare_names);
    *ret_names = names;
    *ret_count = count;
    return OK;
}

enum err kafka_remove(struct log *base, struct str name, struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    char text[LOG_TOPIC_NAME_BYTES_MAX + 1];
    if (name.size == 0 || name.size > LOG_TOPIC_NAME_BYTES_MAX)
        return why_set(why, ERR_NOT_FOUND, "no topic '%.*s'", STR_ARGS(name));
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(text);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(log->client);
    rd_kafka_DeleteTopics(log->client, &topic, 1, NULL, queue);
    rd_kafka_DeleteTopic_destroy(topic);
    enum err err = OK;
    rd_kafka_event_t *answer = kafka_admin_answer(log, queue, RD_KAFKA_EVENT_DELETETOPICS_RESULT,
                                                  "cannot delete topic", name, &err, why);
    if (!answer)
        return err;
    size_t count = 0;
    const rd_kafka_topic_result_t **results =
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer), &count);
    const rd_kafka_resp_err_t code = count > 0 ? rd_kafka_topic_result_error(results[0]) : 0;
    if (code)
        err = kafka_why(log, why, code, "cannot delete topic", name);
    rd_kafka_event_destroy(answer);
    pthread_mutex_lock(&log->lock);
    struct kafka_topic *known = map_get(&log->topics, name);
    if (known && !err)
        known->removed = true;
    pthread_mutex_unlock(&log->lock);
    struct topic_shape ignored;
    return err ? err : settle(log, name, false, &ignored, why);
}

enum err kafka_find(struct log *base, struct log_topic *handle, int32_t partition,
                    int64_t timestamp_ms, int64_t *ret_offset, struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    struct kafka_topic *topic = kafka_topic_of(handle);
    rd_kafka_topic_partition_list_t *list = NULL;
    const int64_t from_ms = timestamp_ms < 0 ? 0 : timestamp_ms;
    enum err err = ask_offsets(log, topic, partition, from_ms, &list, why);
    if (!err && list->elems[0].offset < 0) { /* none so late */
        rd_kafka_topic_partition_list_destroy(list);
        list = NULL;
        err = ask_offsets(log, topic, partition, RD_KAFKA_OFFSET_END, &list, why);
    }
    if (!err)
        *ret_offset = list->elems[0].offset;
    if (list)
        rd_kafka_topic_partition_list_destroy(list);
    return err;
}

/* `known`: its handle until now, or NULL. */
static enum err open_now(struct kafka_log *log, struct str name, struct kafka_topic *known,
                         struct log_topic **ret_topic)
{
    const bool is_there = known && !known->removed;
    struct topic_shape shape = {0};
    int tries = 0;
    enum err err;
    do
        err = ask(log, name, &shape);
    while (is_there && ask_again(err, &tries));
    if (err == ERR_NOT_FOUND && known) {
        pthread_mutex_lock(&log->lock);
        known->removed = true;
        pthread_mutex_unlock(&log->lock);
    }
    if (err && (err != ERR_UNAVAILABLE || !is_there))
        return err;
    /* A handle stays the topic's as long as there is one, with the partitions it had: lows, known
     * ends and who reads what are one per topic. */
    if (is_there) {
        pthread_mutex_lock(&log->lock);
        known->checked_ns = clock_monotonic_ns();
        pthread_mutex_unlock(&log->lock);
        *ret_topic = &known->base;
        return OK;
    }
    return open_new(log, name, &shape, known, ret_topic);
}

/* A new handle, but if another thread was faster. */
static enum err open_new(struct kafka_log *log, struct str name, const struct topic_shape *shape,
                         struct kafka_topic *before, struct log_topic **ret_topic)
{
    struct kafka_topic *made = topic_new(log, name, shape);
    int tries = 0;
    enum err err;
    do
        err = kafka_topic_settings(log, made, NULL);
    while (ask_again(err, &tries));
    if (err && err != ERR_DENIED) {
        kafka_topic_free(made);
        return err;
    }
    pthread_mutex_lock(&log->lock);
    struct kafka_topic *topic = map_get(&log->topics, name);
    if (topic == before) {
        const int32_t count = shape->partition_count;
        for (int32_t i = 0; topic && i < count && i < topic->base.partition_count; i++)
            made->partitions[i].readers = topic->partitions[i].readers;
        made->next = log->handles;
        log->handles = made;
        map_set(&log->topics, made->base.name, made);
        topic = made;
        made = NULL;
    }
    topic->checked_ns = clock_monotonic_ns();
    pthread_mutex_unlock(&log->lock);
    kafka_topic_free(made);
    *ret_topic = &topic->base;
    return OK;
}

/* ERR_NOT_FOUND: the broker that was asked, one of them, does not know it. */
static enum err ask(struct kafka_log *log, struct str name, struct topic_shape *ret_shape)
{
    char text[LOG_TOPIC_NAME_BYTES_MAX + 1];
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    rd_kafka_topic_t *topic = rd_kafka_topic_new(log->client, text, NULL);
    if (!topic)
        return ERR_NOT_FOUND;
    const struct rd_kafka_metadata *metadata = NULL;
    const rd_kafka_resp_err_t code =
        rd_kafka_metadata(log->client, 0, topic, &metadata, KAFKA_CALL_MS_MAX);
    enum err err = kafka_err(code);
    if (!err) {
        err = metadata->topic_cnt == 1 ? kafka_err(metadata->topics[0].err) : ERR_NOT_FOUND;
        if (!err && metadata->topics[0].partition_cnt == 0)
            err = ERR_NOT_FOUND;
        if (!err)
            *ret_shape = (struct topic_shape){
                .partition_count = metadata->topics[0].partition_cnt,
                .replica_count = (int16_t)metadata->topics[0].partitions[0].replica_cnt};
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(topic);
    return err;
}

/* Brokers learn of a topic one after another: not to know it must be said for a while. */
static bool ask_again(enum err err, int *tries)
{
    if (err != ERR_NOT_FOUND || ++*tries > DOUBT_MS_MAX / SETTLE_STEP_MS)
        return false;
    clock_sleep_ms(SETTLE_STEP_MS);
    return true;
}

static struct kafka_topic *topic_new(struct kafka_log *log, struct str name,
                                     const struct topic_shape *shape)
{
    struct kafka_topic *topic = MEMORY_NEW(struct kafka_topic);
    memcpy(topic->name, name.data, name.size);
    topic->base = (struct log_topic){
        .name = {topic->name, name.size},
        .partition_count = shape->partition_count,
        .internal = is_internal(log, name),
        .has_gaps = true,
        .limits = {.record_bytes_max = RECORD_BYTES_MAX,
                   .behind_ms_max = INT64_MAX,
                   .ahead_ms_max = INT64_MAX},
    };
    topic->lows.internal = topic->base.internal;
    topic->config = (struct log_topic_config){.partition_count = shape->partition_count,
                                              .replica_count = shape->replica_count,
                                              .internal = topic->base.internal,
                                              .retention_ms = -1,
                                              .retention_bytes = -1};
    topic->partitions = memory_zalloc((size_t)shape->partition_count * sizeof(*topic->partitions));
    return topic;
}

/* As ksqlDB names them. */
static bool is_internal(const struct kafka_log *log, struct str name)
{
    char prefix[KAFKA_GROUP_BYTES_MAX];
    snprintf(prefix, sizeof(prefix), "_confluent-ksql-%s", log->service_id);
    return str_starts_with(name, str_from(prefix)) &&
           (str_ends_with(name, STR("-changelog")) || str_ends_with(name, STR("-repartition")));
}

/* Brokers and clients learn of it one after another. */
static enum err settle(struct kafka_log *log, struct str name, bool is_there,
                       struct topic_shape *ret_shape, struct why *why)
{
    const enum err wanted = is_there ? OK : ERR_NOT_FOUND;
    for (int i = 0; i < SETTLE_MS_MAX / SETTLE_STEP_MS; i++) {
        const enum err err = ask(log, name, ret_shape);
        if (err == wanted)
            return OK;
        clock_sleep_ms(SETTLE_STEP_MS);
    }
    return why_set(why, ERR_UNAVAILABLE, "topic '%.*s' was %s, but brokers do not know it yet",
                   STR_ARGS(name), is_there ? "created" : "deleted");
}

static bool is_settling(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

/* partition -1: of all, in order. */
static enum err ask_offsets(struct kafka_log *log, struct kafka_topic *topic, int32_t partition,
                            int64_t time, rd_kafka_topic_partition_list_t **ret_list,
                            struct why *why)
{
    const int32_t first = partition < 0 ? 0 : partition;
    const int32_t end = partition < 0 ? topic->base.partition_count : partition + 1;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(end - first);
    for (int32_t i = first; i < end; i++)
        rd_kafka_topic_partition_list_add(list, topic->name, i)->offset = time;
    /* Leaders of a new topic, or of any after a broker went, are found after a moment. */
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    for (int tries = 0; code && tries < SETTLE_MS_MAX / SETTLE_STEP_MS; tries++) {
        for (int i = 0; i < list->cnt; i++)
            list->elems[i].offset = time;
        code = rd_kafka_offsets_for_times(log->client, list, KAFKA_CALL_MS_MAX);
        for (int i = 0; i < list->cnt && !code; i++)
            code = list->elems[i].err;
        if (!is_settling(code) || topic->removed)
            break;
        clock_sleep_ms(SETTLE_STEP_MS);
    }
    if (code) {
        rd_kafka_topic_partition_list_destroy(list);
        return kafka_why(log, why, code, "cannot ask for offsets of topic", topic->base.name);
    }
    *ret_list = list;
    return OK;
}

/* A transaction is committed a moment before its records can be read: whoever has committed it here
 * wants to see it. */
static enum err ask_ends(struct kafka_log *log, struct kafka_topic *topic,
                         rd_kafka_topic_partition_list_t **ret_list, struct why *why)
{
    for (int i = 0;; i++) {
        rd_kafka_topic_partition_list_t *list = NULL;
        const enum err err = ask_offsets(log, topic, -1, RD_KAFKA_OFFSET_END, &list, why);
        if (err)
            return err;
        const bool is_last = i == SETTLE_MS_MAX / SETTLE_STEP_MS;
        bool is_behind = false;
        pthread_mutex_lock(&log->lock);
        for (int p = 0; p < list->cnt; p++) {
            struct kafka_partition *partition = &topic->partitions[p];
            is_behind |= list->elems[p].offset < partition->known_end;
            if (is_last) /* not ours any more: made anew, or cut */
                partition->known_end = list->elems[p].offset;
            kafka_partition_reaches(partition, list->elems[p].offset);
        }
        pthread_mutex_unlock(&log->lock);
        if (!is_behind || is_last) {
            *ret_list = list;
            return OK;
        }
        rd_kafka_topic_partition_list_destroy(list);
        clock_sleep_ms(SETTLE_STEP_MS);
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct str *left = a;
    const struct str *right = b;
    const size_t size = left->size < right->size ? left->size : right->size;
    const int order = memcmp(left->data, right->data, size);
    return order ? order : (left->size > right->size) - (left->size < right->size);
}
