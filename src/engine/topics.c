/* topics.c -- topics that statements need: looked up, checked, made. */
#include "engine/state.h"

enum err topic_partitions(struct engine *engine, struct str name, int32_t *ret_count)
{
    struct log_topic *topic;
    enum err err = log_topic_open(engine->options.log, name, &topic);
    if (err)
        return err;
    *ret_count = topic->partition_count;
    return OK;
}

enum err topic_ensure(struct engine *engine, struct str name, const struct log_topic_config *wish,
                      bool must_exist, struct why *why)
{
    const int32_t partition_count = wish->partition_count;
    struct log_topic *topic;
    enum err err = log_topic_open(engine->options.log, name, &topic);
    if (err == OK && partition_count > 0 && partition_count != topic->partition_count)
        return why_set(why, ERR_INVALID,
                       "topic '%.*s' has %d partitions, not %d: leave PARTITIONS out, or say %d",
                       STR_ARGS(name), topic->partition_count, partition_count,
                       topic->partition_count);
    if (err != ERR_NOT_FOUND)
        return err;
    if (must_exist)
        return why_set(why, ERR_NOT_FOUND,
                       "no topic '%.*s': make it first, or say PARTITIONS=n in WITH",
                       STR_ARGS(name));
    struct log_topic_config config = *wish;
    config.takes_all = str_equal(name, STR(ENGINE_DEAD_LETTER_TOPIC));
    config.retention_bytes = -1;
    if (config.retention_ms == 0)
        config.retention_ms = -1;
    err = log_create(engine->options.log, name, &config, why);
    return err == ERR_EXISTS ? OK : err;
}
