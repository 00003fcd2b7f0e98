/* log_kafka_admin.c -- requests to brokers that are answered by an event. */
#include "log/log_kafka.h"

#include "base/memory.h"

#define TRIM_PARTITIONS_MAX 1024

static void take_setting(struct kafka_topic *topic, const char *name, const char *value);

rd_kafka_event_t *kafka_admin_answer(struct kafka_log *log, rd_kafka_queue_t *queue,
                                     rd_kafka_event_type_t type, const char *what,
                                     struct str subject, enum err *ret_err, struct why *why)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * KAFKA_CALL_MS_MAX);
    rd_kafka_queue_destroy(queue);
    const rd_kafka_resp_err_t code =
        event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (!code && rd_kafka_event_type(event) == type) {
        *ret_err = OK;
        return event;
    }
    *ret_err = kafka_why(log, why, code ? code : RD_KAFKA_RESP_ERR__BAD_MSG, what, subject);
    if (event)
        rd_kafka_event_destroy(event);
    return NULL;
}

enum err kafka_topic_settings(struct kafka_log *log, struct kafka_topic *topic, struct why *why)
{
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic->name);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(log->client);
    rd_kafka_DescribeConfigs(log->client, &resource, 1, NULL, queue);
    rd_kafka_ConfigResource_destroy(resource);
    enum err err = OK;
    rd_kafka_event_t *answer =
        kafka_admin_answer(log, queue, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT,
                           "cannot read settings of topic", topic->base.name, &err, why);
    if (!answer)
        return err;
    size_t count = 0;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(answer), &count);
    const rd_kafka_resp_err_t code = count > 0 ? rd_kafka_ConfigResource_error(resources[0]) : 0;
    if (code)
        err = kafka_why(log, why, code, "cannot read settings of topic", topic->base.name);
    size_t entry_count = 0;
    const rd_kafka_ConfigEntry_t **entries =
        count > 0 ? rd_kafka_ConfigResource_configs(resources[0], &entry_count) : NULL;
    for (size_t i = 0; i < entry_count && !err; i++)
        if (rd_kafka_ConfigEntry_value(entries[i]))
            take_setting(topic, rd_kafka_ConfigEntry_name(entries[i]),
                         rd_kafka_ConfigEntry_value(entries[i]));
    rd_kafka_event_destroy(answer);
    return err;
}

void kafka_trim(struct kafka_log *log, const struct kafka_steps *steps)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    for (const struct kafka_step *step = steps->first; step; step = step->next) {
        for (uint32_t i = 0; i < step->trim_count; i++) {
            const struct log_trim *trim = &step->trims[i];
            const struct kafka_topic *topic = kafka_topic_of(trim->topic);
            if (!list)
                list = rd_kafka_topic_partition_list_new(8);
            rd_kafka_topic_partition_t *item =
                rd_kafka_topic_partition_list_find(list, topic->name, trim->partition);
            if (!item && list->cnt < TRIM_PARTITIONS_MAX && !topic->removed)
                item = rd_kafka_topic_partition_list_add(list, topic->name, trim->partition);
            if (item && item->offset < trim->before_offset)
                item->offset = trim->before_offset;
        }
    }
    if (!list)
        return;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(log->client);
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(log->client, &request, 1, NULL, queue);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
    /* Nobody waits for the answer: the queue is given back with it in it. */
    rd_kafka_queue_destroy(queue);
}

enum err kafka_delete_group(struct kafka_log *log, struct str group, struct why *why)
{
    char text[KAFKA_GROUP_BYTES_MAX + 1];
    must(group.size <= KAFKA_GROUP_BYTES_MAX);
    memcpy(text, group.data, group.size);
    text[group.size] = '\0';
    rd_kafka_DeleteGroup_t *request = rd_kafka_DeleteGroup_new(text);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(log->client);
    rd_kafka_DeleteGroups(log->client, &request, 1, NULL, queue);
    rd_kafka_DeleteGroup_destroy(request);
    enum err err = OK;
    rd_kafka_event_t *answer = kafka_admin_answer(log, queue, RD_KAFKA_EVENT_DELETEGROUPS_RESULT,
                                                  "cannot delete group", group, &err, why);
    if (!answer)
        return err;
    size_t count = 0;
    const rd_kafka_group_result_t **results =
        rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(answer), &count);
    const rd_kafka_error_t *error = count > 0 ? rd_kafka_group_result_error(results[0]) : NULL;
    const rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : 0;
    if (code == RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP)
        err = why_set(why, ERR_AGAIN, "group '%s' still has members", text);
    else if (code && kafka_err(code) != ERR_NOT_FOUND)
        err = kafka_why(log, why, code, "cannot delete group", group);
    rd_kafka_event_destroy(answer);
    return err;
}

enum err kafka_forget(struct log *base, struct str prefix, struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    char group[KAFKA_GROUP_BYTES_MAX + 1];
    struct str rest;
    enum err err = log_forget_by_step(base, prefix, why);
    if (!err)
        err = kafka_task_group(log, prefix, group, &rest);
    return err ? err : kafka_delete_group(log, str_from(group), why);
}

static void take_setting(struct kafka_topic *topic, const char *name, const char *value)
{
    struct log_limits *limits = &topic->base.limits;
    struct log_topic_config *config = &topic->config;
    int64_t number = 0;
    if (strcmp(name, "cleanup.policy") == 0) {
        config->compacted = strstr(value, "compact") != NULL;
        limits->needs_key = config->compacted;
    } else if (strcmp(name, "message.timestamp.type") == 0 && strcmp(value, "LogAppendTime") == 0) {
        limits->ahead_ms_max = limits->behind_ms_max = INT64_MAX;
    } else if (str_to_int64(str_from(value), &number) != OK || number < 0) {
        return;
    } else if (strcmp(name, "retention.ms") == 0) {
        config->retention_ms = number;
    } else if (strcmp(name, "retention.bytes") == 0) {
        config->retention_bytes = number;
    } else if (strcmp(name, "max.message.bytes") == 0) {
        /* Of a batch of one record: its own bytes and what is around them. */
        const int64_t bytes =
            number > 2 * RECORD_BATCH_OVERHEAD ? number - 2 * RECORD_BATCH_OVERHEAD : 0;
        limits->record_bytes_max =
            bytes < RECORD_BYTES_MAX ? (uint32_t)bytes : (uint32_t)RECORD_BYTES_MAX;
    } else if (strcmp(name, "message.timestamp.before.max.ms") == 0) {
        limits->behind_ms_max = number;
    } else if (strcmp(name, "message.timestamp.after.max.ms") == 0) {
        limits->ahead_ms_max = number;
    } else if (strcmp(name, "message.timestamp.difference.max.ms") == 0 && number < INT64_MAX) {
        limits->behind_ms_max = limits->ahead_ms_max = number;
    }
}
