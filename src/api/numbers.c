/* numbers.c -- how far everything is: records of topics, what queries and sinks have read. */
#include "api/feed.h"
#include "base/json.h"

static void write_topics(const struct api_options *options, struct arena *arena, struct buf *buf);
static void write_queries(const struct api_options *options, struct arena *arena, struct buf *buf);
static void write_sink(const struct api_options *options, struct buf *buf);

void numbers_write(const struct api_options *options, struct arena *arena, struct buf *buf)
{
    write_topics(options, arena, buf);
    buf_append_byte(buf, ',');
    write_queries(options, arena, buf);
    buf_append_byte(buf, ',');
    write_sink(options, buf);
}

/* Internal topics are the business of the query between them. */
static void write_topics(const struct api_options *options, struct arena *arena, struct buf *buf)
{
    struct str *names;
    size_t count;
    bool any = false;
    buf_append_str(buf, STR("\"topics\":{"));
    if (log_list(options->log, arena, &names, &count, NULL) != OK)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        struct log_topic_info info;
        int64_t records = 0;
        if (log_describe(options->log, names[i], arena, &info, NULL) != OK || info.config.internal)
            continue;
        for (int32_t p = 0; p < info.config.partition_count; p++)
            records += info.partitions[p].end_offset;
        if (any)
            buf_append_byte(buf, ',');
        json_write_string(buf, names[i]);
        buf_printf(buf, ":%lld", (long long)records);
        any = true;
    }
    buf_append_byte(buf, '}');
}

const char *query_state_name(enum flow_state state)
{
    switch (state) {
    case FLOW_RESTORING:
        return "restoring";
    case FLOW_RUNNING:
        return "running";
    case FLOW_PAUSED:
        return "paused";
    case FLOW_ERROR:
        return "error";
    }
    return "unknown";
}

static void write_queries(const struct api_options *options, struct arena *arena, struct buf *buf)
{
    struct engine_query *queries;
    uint32_t count;
    engine_queries(options->engine, arena, &queries, &count);
    buf_append_str(buf, STR("\"queries\":{"));
    for (uint32_t i = 0; i < count; i++) {
        int64_t read = 0;
        int64_t lag = 0;
        for (uint32_t p = 0; p < queries[i].status.position_count; p++) {
            const struct flow_position *position = &queries[i].status.positions[p];
            read += position->next_offset;
            if (position->end_offset > position->next_offset)
                lag += position->end_offset - position->next_offset;
        }
        if (i > 0)
            buf_append_byte(buf, ',');
        json_write_string(buf, queries[i].id);
        buf_printf(buf, ":{\"state\":\"%s\",\"read\":%lld,\"lag\":%lld}",
                   query_state_name(queries[i].status.state), (long long)read, (long long)lag);
    }
    buf_append_byte(buf, '}');
}

static void write_sink(const struct api_options *options, struct buf *buf)
{
    static const char *const states[] = {[SINK_RUNNING] = "running",
                                         [SINK_PAUSED] = "paused",
                                         [SINK_WAITING] = "waiting",
                                         [SINK_FAILED] = "failed"};
    buf_append_str(buf, STR("\"sinks\":{"));
    struct arena arena;
    struct sink_info *infos = NULL;
    uint32_t count = 0;
    arena_init(&arena, 0);
    if (options->sinks)
        sinks_list(options->sinks, &arena, &infos, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct sink_status *status = &infos[i].status;
        if (i > 0)
            buf_append_byte(buf, ',');
        json_write_string(buf, infos[i].name);
        buf_printf(buf, ":{\"state\":\"%s\",\"read\":%llu,\"lag\":%lld}", states[status->state],
                   (unsigned long long)(status->documents + status->dead_letters),
                   (long long)status->lag_records);
    }
    buf_append_byte(buf, '}');
    arena_release(&arena);
}
