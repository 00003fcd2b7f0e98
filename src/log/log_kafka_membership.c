/* log_kafka_membership.c -- being a member of groups: which partitions are this process's.
 *
 * Each group has a consumer of its own that subscribes, and reads nothing: what it is assigned it
 * takes note of and assigns itself none of it. Reading is the pool's (log_kafka_read.c), positions
 * go with the transaction (log_kafka_groups.c). Heartbeats are librdkafka's; one thread polls all
 * consumers, and so makes all calls to the groups' owners.
 *
 * An assignment has a number that no other has, and the group's metadata as they were when it came:
 * member and generation, which the broker holds positions against. A step is handed over under the
 * number of its group's assignment then; it can be committed only as long as that one lasts. So
 * what was computed before partitions went and came back cannot pass as computed afterwards.
 *
 * Members are static: a process that is killed and started again finds its place as it left it, and
 * nobody else is disturbed. One that ends properly leaves at once. */
#include "log/log_kafka.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"

#define POLL_NS 100000000
#define LEAVE_WAIT_NS 3000000000

static void leave(struct log_group *group);
static void add_topic(struct kafka_membership *membership, struct log_topic *topic);
static enum err make_consumer(struct kafka_membership *membership, struct why *why);
static enum err start_thread(struct kafka_log *log, struct why *why);
static void *run(void *log);
static void serve(struct kafka_membership *membership);
static void take_fatal(struct kafka_membership *membership);
static struct kafka_membership *find_consumer(struct kafka_log *log, const rd_kafka_t *consumer);
static void begin(struct kafka_membership *membership, const rd_kafka_topic_partition_list_t *list);
static void take_shares(struct kafka_membership *membership,
                        const rd_kafka_topic_partition_list_t *list);
static uint32_t count_partitions(const struct kafka_membership *membership);
static void end(struct kafka_membership *membership, enum log_group_change change);
static void end_assignment(struct kafka_membership *membership);
static void membership_free(struct kafka_membership *membership);
static void on_queue(rd_kafka_t *client, void *opaque);

static const struct log_group_ops kafka_group_ops = {.leave = leave};

enum err kafka_group_join(struct log *base, const struct log_group_options *options,
                          struct log_group **ret_group, struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    struct kafka_membership *membership = MEMORY_NEW(struct kafka_membership);
    struct str rest;
    membership->base.ops = &kafka_group_ops;
    membership->log = log;
    membership->on_change = options->on_change;
    membership->context = options->context;
    membership->task = memory_zalloc(options->name.size + 1);
    memcpy(membership->task, options->name.data, options->name.size);
    membership->topics = memory_zalloc(options->topic_count * sizeof(struct log_topic *));
    for (uint32_t i = 0; i < options->topic_count; i++)
        add_topic(membership, options->topics[i]);
    enum err err = kafka_task_group(log, options->name, membership->name, &rest);
    if (err)
        err = why_set(why, err, "the name of group '%.*s' is too long", STR_ARGS(options->name));
    if (!err)
        err = make_consumer(membership, why);
    if (!err)
        err = start_thread(log, why);
    if (err) {
        membership_free(membership);
        return err;
    }
    pthread_mutex_lock(&log->memberships_lock);
    pthread_mutex_lock(&log->lock);
    membership->next = log->memberships;
    log->memberships = membership;
    pthread_mutex_unlock(&log->lock);
    pthread_mutex_unlock(&log->memberships_lock);
    on_queue(NULL, log);
    *ret_group = &membership->base;
    return OK;
}

/* Once, however often it is named. */
static void add_topic(struct kafka_membership *membership, struct log_topic *topic)
{
    for (uint32_t i = 0; i < membership->topic_count; i++)
        if (membership->topics[i] == topic)
            return;
    membership->topics[membership->topic_count++] = topic;
}

void kafka_memberships_close(struct kafka_log *log)
{
    if (!log->memberships_run)
        return;
    pthread_mutex_lock(&log->memberships_lock);
    must(log->memberships == NULL);
    log->memberships_closing = true;
    pthread_mutex_unlock(&log->memberships_lock);
    on_queue(NULL, log);
    pthread_join(log->memberships_thread, NULL);
}

bool kafka_assignment_of(const struct kafka_log *log, struct str task, uint64_t *ret_assignment,
                         bool *ret_is_shared)
{
    *ret_assignment = 0;
    for (const struct kafka_membership *at = log->memberships; at; at = at->next) {
        const struct str name = str_from(at->task);
        if (!str_starts_with(task, name) || (task.size > name.size && task.data[name.size] != '/'))
            continue;
        *ret_assignment = at->assignment;
        *ret_is_shared = at->is_shared;
        return at->assignment > 0;
    }
    return true;
}

bool kafka_assignment_is_live(const struct kafka_log *log, uint64_t assignment)
{
    const struct kafka_membership *at = log->memberships;
    while (at && at->assignment != assignment)
        at = at->next;
    return assignment == 0 || at;
}

rd_kafka_consumer_group_metadata_t *kafka_assignment_metadata(struct kafka_log *log,
                                                              uint64_t assignment)
{
    rd_kafka_consumer_group_metadata_t *metadata = NULL;
    pthread_mutex_lock(&log->lock);
    for (const struct kafka_membership *at = log->memberships; at; at = at->next) {
        if (at->assignment != assignment)
            continue;
        rd_kafka_error_t *error =
            rd_kafka_consumer_group_metadata_read(&metadata, at->metadata, at->metadata_size);
        must(error == NULL);
        break;
    }
    pthread_mutex_unlock(&log->lock);
    return metadata;
}

void kafka_assignment_refused(struct kafka_log *log, uint64_t assignment)
{
    pthread_mutex_lock(&log->lock);
    for (struct kafka_membership *at = log->memberships; at; at = at->next)
        if (at->assignment == assignment)
            at->is_refused = true;
    pthread_mutex_unlock(&log->lock);
    on_queue(NULL, log);
}

void kafka_on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t code,
                        rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct kafka_membership *membership = find_consumer(opaque, consumer);
    const bool is_assignment = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    if (membership && !is_assignment)
        end(membership, rd_kafka_assignment_lost(consumer) ? LOG_GROUP_LOST : LOG_GROUP_REVOKED);
    rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_assign(consumer, is_assignment ? none : NULL);
    rd_kafka_topic_partition_list_destroy(none);
    if (membership && is_assignment)
        begin(membership, list);
}

/* A static member that is just closed would keep its partitions until its session is over. */
static void leave(struct log_group *group)
{
    must(group->ops == &kafka_group_ops);
    struct kafka_membership *membership = (struct kafka_membership *)group;
    struct kafka_log *log = membership->log;
    (void)kafka_wait_done(log, NULL); /* what is not done by then is dropped */
    pthread_mutex_lock(&log->memberships_lock);
    pthread_mutex_lock(&log->lock);
    struct kafka_membership **at = &log->memberships;
    while (*at != membership)
        at = &(*at)->next;
    *at = membership->next;
    pthread_mutex_unlock(&log->lock);
    end_assignment(membership);
    pthread_mutex_unlock(&log->memberships_lock);
    membership_free(membership);
}

static enum err make_consumer(struct kafka_membership *membership, struct why *why)
{
    struct kafka_log *log = membership->log;
    const char *const settings[] = {"group.id",
                                    membership->name,
                                    "group.instance.id",
                                    log->instance,
                                    "partition.assignment.strategy",
                                    "range",
                                    NULL};
    const enum err err =
        kafka_client_new(log, RD_KAFKA_CONSUMER, settings, NULL, &membership->consumer, why);
    if (err)
        return err;
    rd_kafka_poll_set_consumer(membership->consumer);
    membership->queue = rd_kafka_queue_get_consumer(membership->consumer);
    rd_kafka_queue_cb_event_enable(membership->queue, on_queue, log);
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)membership->topic_count);
    for (uint32_t i = 0; i < membership->topic_count; i++)
        rd_kafka_topic_partition_list_add(list, kafka_topic_of(membership->topics[i])->name,
                                          RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t code = rd_kafka_subscribe(membership->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code ? kafka_why(log, why, code, "cannot join group", str_from(membership->name)) : OK;
}

static enum err start_thread(struct kafka_log *log, struct why *why)
{
    if (log->memberships_run)
        return OK;
    const int code = pthread_create(&log->memberships_thread, NULL, run, log);
    if (code)
        return why_set(why, ERR_IO, "cannot start the log's groups: %s", strerror(code));
    log->memberships_run = true;
    return OK;
}

static void *run(void *argument)
{
    struct kafka_log *log = argument;
    uint64_t seen = 0;
    for (bool closing = false; !closing;) {
        pthread_mutex_lock(&log->memberships_lock);
        for (struct kafka_membership *at = log->memberships; at; at = at->next)
            serve(at);
        closing = log->memberships_closing;
        pthread_mutex_unlock(&log->memberships_lock);
        const int64_t until_ns = clock_monotonic_ns() + POLL_NS;
        pthread_mutex_lock(&log->news_lock);
        while (!closing && seen == log->memberships_news &&
               condition_wait(&log->memberships_changed, &log->news_lock, until_ns))
            continue;
        seen = log->memberships_news;
        pthread_mutex_unlock(&log->news_lock);
    }
    return NULL;
}

static void serve(struct kafka_membership *membership)
{
    struct kafka_log *log = membership->log;
    pthread_mutex_lock(&log->lock);
    const bool is_refused = membership->is_refused;
    membership->is_refused = false;
    pthread_mutex_unlock(&log->lock);
    if (is_refused)
        end(membership, LOG_GROUP_LOST); /* its own heartbeat will say so, too */
    rd_kafka_message_t *message = rd_kafka_consumer_poll(membership->consumer, 0);
    if (!message)
        return;
    if (message->err == RD_KAFKA_RESP_ERR__FATAL)
        take_fatal(membership);
    rd_kafka_message_destroy(message);
}

static void take_fatal(struct kafka_membership *membership)
{
    struct kafka_log *log = membership->log;
    char words[KAFKA_WORDS_MAX] = "";
    (void)rd_kafka_fatal_error(membership->consumer, words, sizeof(words));
    end(membership, LOG_GROUP_LOST);
    pthread_mutex_lock(&log->lock);
    if (log->ledger.health != LOG_BROKEN) {
        (void)why_set(&log->broken, ERR_LOCKED,
                      "group '%s': another process is '%s' there, too: %s", membership->name,
                      log->instance, words);
        log->ledger.health = LOG_BROKEN;
    }
    pthread_mutex_unlock(&log->lock);
    kafka_news(log);
}

/* NULL: it is leaving. */
static struct kafka_membership *find_consumer(struct kafka_log *log, const rd_kafka_t *consumer)
{
    pthread_mutex_lock(&log->lock);
    struct kafka_membership *at = log->memberships;
    while (at && at->consumer != consumer)
        at = at->next;
    pthread_mutex_unlock(&log->lock);
    return at;
}

static void begin(struct kafka_membership *membership, const rd_kafka_topic_partition_list_t *list)
{
    struct kafka_log *log = membership->log;
    void *bytes = NULL;
    size_t size = 0;
    char *member = rd_kafka_memberid(membership->consumer);
    const bool is_member = member && member[0] != '\0';
    if (member)
        rd_kafka_mem_free(membership->consumer, member);
    if (!is_member) /* gone already: it will be taken back */
        return;
    rd_kafka_consumer_group_metadata_t *metadata =
        rd_kafka_consumer_group_metadata(membership->consumer);
    rd_kafka_error_t *error = rd_kafka_consumer_group_metadata_write(metadata, &bytes, &size);
    must(error == NULL);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    take_shares(membership, list);
    pthread_mutex_lock(&log->lock);
    must(membership->assignment == 0);
    membership->assignment = ++log->assignment_count;
    membership->metadata = bytes;
    membership->metadata_size = size;
    membership->is_shared = membership->share_count < count_partitions(membership);
    membership->is_refused = false;
    pthread_mutex_unlock(&log->lock);
    membership->has_shares = true;
    membership->on_change(membership->context, LOG_GROUP_ASSIGNED, membership->shares,
                          membership->share_count);
    kafka_news(log);
}

static void take_shares(struct kafka_membership *membership,
                        const rd_kafka_topic_partition_list_t *list)
{
    membership->shares =
        memory_realloc(membership->shares, ((size_t)list->cnt + 1) * sizeof(*membership->shares));
    membership->share_count = 0;
    for (int i = 0; i < list->cnt; i++)
        for (uint32_t j = 0; j < membership->topic_count; j++) {
            struct log_topic *topic = membership->topics[j];
            if (strcmp(list->elems[i].topic, kafka_topic_of(topic)->name) != 0 ||
                list->elems[i].partition >= topic->partition_count)
                continue;
            membership->shares[membership->share_count++] =
                (struct log_share){topic, list->elems[i].partition};
            break;
        }
}

static uint32_t count_partitions(const struct kafka_membership *membership)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < membership->topic_count; i++)
        count += (uint32_t)membership->topics[i]->partition_count;
    return count;
}

/* Revoked, the assignment lasts until its owner has come to an end with it; lost, it is over. */
static void end(struct kafka_membership *membership, enum log_group_change change)
{
    struct kafka_log *log = membership->log;
    if (!membership->has_shares)
        return;
    membership->has_shares = false;
    if (change == LOG_GROUP_LOST)
        end_assignment(membership);
    pthread_mutex_lock(&log->lock);
    log->giving_back++;
    pthread_cond_signal(&log->work);
    pthread_mutex_unlock(&log->lock);
    membership->on_change(membership->context, change, membership->shares, membership->share_count);
    pthread_mutex_lock(&log->lock);
    log->giving_back--;
    pthread_mutex_unlock(&log->lock);
    end_assignment(membership);
}

static void end_assignment(struct kafka_membership *membership)
{
    struct kafka_log *log = membership->log;
    struct buf tasks = {0};
    buf_printf(&tasks, "%s/", membership->task);
    pthread_mutex_lock(&log->lock);
    membership->assignment = 0;
    free(membership->metadata);
    membership->metadata = NULL;
    for (struct kafka_topic *topic = log->handles; topic; topic = topic->next)
        topic_lows_forget(&topic->lows, buf_str(&tasks));
    pthread_mutex_unlock(&log->lock);
    buf_release(&tasks);
}

static void membership_free(struct kafka_membership *membership)
{
    if (membership->queue) {
        rd_kafka_queue_cb_event_enable(membership->queue, NULL, NULL);
        rd_kafka_queue_destroy(membership->queue);
    }
    if (membership->consumer) {
        const int64_t end_ns = clock_monotonic_ns() + LEAVE_WAIT_NS;
        (void)rd_kafka_unsubscribe(membership->consumer);
        for (bool is_member = true; is_member && clock_monotonic_ns() < end_ns;) {
            rd_kafka_message_t *message = rd_kafka_consumer_poll(membership->consumer, 5);
            if (message)
                rd_kafka_message_destroy(message);
            char *member = rd_kafka_memberid(membership->consumer);
            is_member = member && member[0] != '\0';
            if (member)
                rd_kafka_mem_free(membership->consumer, member);
        }
        (void)rd_kafka_consumer_close(membership->consumer);
        rd_kafka_destroy(membership->consumer);
    }
    free(membership->metadata);
    free(membership->shares);
    free(membership->topics);
    free(membership->task);
    free(membership);
}

/* [librdkafka's] */
static void on_queue(rd_kafka_t *client, void *opaque)
{
    struct kafka_log *log = opaque;
    pthread_mutex_lock(&log->news_lock);
    log->memberships_news++;
    pthread_cond_broadcast(&log->memberships_changed);
    pthread_mutex_unlock(&log->news_lock);
}
