/* pipeline.c -- the pipeline as it hangs together: topics, queries, sink; and the sink's control.
 */
#include "api/feed.h"
#include "api/inside.h"
#include "base/json.h"
#include "base/map.h"

static void write_topics(const struct api *api, struct arena *arena, struct buf *buf);
static void write_queries(const struct api *api, struct arena *arena, struct buf *buf);
static void write_sinks(const struct api *api, struct arena *arena, struct buf *buf);
static void write_server(const struct api *api, struct buf *buf);

static void get_pipeline(void *context, struct net_request *request, struct net_response *response)
{
    struct buf buf = {0};
    buf_append_str(&buf, STR("{\"topics\":["));
    write_topics(context, request->arena, &buf);
    buf_append_str(&buf, STR("],\"queries\":["));
    write_queries(context, request->arena, &buf);
    buf_append_str(&buf, STR("],\"sinks\":["));
    write_sinks(context, request->arena, &buf);
    buf_append_str(&buf, STR("],\"server\":"));
    write_server(context, &buf);
    buf_append_byte(&buf, '}');
    net_add_header(response, STR("cache-control"), STR("no-store"));
    net_respond(response, 200, "application/json", buf_str(&buf));
    buf_release(&buf);
}

static void write_name(struct buf *buf, const char *name, struct str text)
{
    buf_printf(buf, "\"%s\":", name);
    json_write_string(buf, text);
}

static void write_topic(const struct api *api, const struct log_topic_info *info,
                        struct arena *arena, struct buf *buf)
{
    struct registry_version version;
    struct source source;
    uint64_t bytes = 0;
    const struct str subject = arena_printf(arena, "%.*s-value", STR_ARGS(info->name));
    for (int32_t p = 0; p < info->config.partition_count; p++)
        bytes += info->partitions[p].bytes;
    buf_append_byte(buf, '{');
    write_name(buf, "name", info->name);
    buf_printf(buf, ",\"partitions\":%d,\"bytes\":%llu,\"sources\":[", info->config.partition_count,
               (unsigned long long)bytes);
    if (engine_source_of_topic(api->options.engine, info->name, arena, &source) == OK)
        json_write_string(buf, source.name);
    buf_append_str(buf, STR("],\"subject\":"));
    if (registry_get_version(api->options.registry, subject, 0, arena, &version, NULL) == OK)
        json_write_string(buf, subject);
    else
        buf_append_str(buf, STR("null"));
    buf_append_byte(buf, '}');
}

static void write_topics(const struct api *api, struct arena *arena, struct buf *buf)
{
    struct str *names;
    size_t count;
    bool any = false;
    if (log_list(api->options.log, arena, &names, &count, NULL) != OK)
        return;
    for (size_t i = 0; i < count; i++) {
        struct log_topic_info info;
        if (log_describe(api->options.log, names[i], arena, &info, NULL) != OK ||
            info.config.internal)
            continue;
        if (any)
            buf_append_byte(buf, ',');
        write_topic(api, &info, arena, buf);
        any = true;
    }
}

/* The topics that are read, each once, without those a query keeps between its stages. */
static void write_reads(const struct api *api, const struct engine_query *query, struct buf *buf)
{
    struct map seen = {0};
    buf_append_str(buf, STR("\"reads\":["));
    for (uint32_t i = 0; i < query->status.position_count; i++) {
        const struct str name = query->status.positions[i].topic;
        struct log_topic *topic;
        if (map_get(&seen, name) || log_topic_open(api->options.log, name, &topic) != OK ||
            topic->internal)
            continue;
        if (seen.count > 0)
            buf_append_byte(buf, ',');
        json_write_string(buf, name);
        map_set(&seen, name, topic);
    }
    buf_append_byte(buf, ']');
    map_release(&seen);
}

static void write_query(const struct api *api, const struct engine_query *query,
                        struct arena *arena, struct buf *buf)
{
    struct source sink;
    buf_append_byte(buf, '{');
    write_name(buf, "id", query->id);
    buf_append_byte(buf, ',');
    write_name(buf, "sql", query->sql);
    buf_append_byte(buf, ',');
    write_reads(api, query, buf);
    buf_append_str(buf, STR(",\"writes\":"));
    if (query->sink.size > 0 && engine_source(api->options.engine, query->sink, arena, &sink) == OK)
        json_write_string(buf, sink.format.topic);
    else
        buf_append_str(buf, STR("null"));
    buf_append_str(buf, STR(",\"why\":"));
    if (query->status.state == FLOW_ERROR)
        json_write_string(buf, str_from(query->status.why.text));
    else
        buf_append_str(buf, STR("null"));
    buf_printf(buf, ",\"state\":\"%s\",\"restored\":%.4g,\"state_rows\":%llu,\"state_bytes\":%llu}",
               query_state_name(query->status.state), query->status.restored,
               (unsigned long long)query->status.state_rows,
               (unsigned long long)query->status.state_bytes);
}

static void write_queries(const struct api *api, struct arena *arena, struct buf *buf)
{
    struct engine_query *queries;
    uint32_t count;
    engine_queries(api->options.engine, arena, &queries, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        write_query(api, &queries[i], arena, buf);
    }
}

static void write_list(struct buf *buf, const char *name, const struct str *texts, size_t count)
{
    buf_printf(buf, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        json_write_string(buf, texts[i]);
    }
    buf_append_byte(buf, ']');
}

static void write_sink(const struct sink_info *info, struct buf *buf)
{
    const struct sink_status *status = &info->status;
    buf_append_byte(buf, '{');
    write_name(buf, "name", info->name);
    write_list(buf, "reads", info->ways.topics, info->ways.count);
    write_list(buf, "collections", info->ways.collections, info->ways.count);
    buf_printf(buf, ",\"documents\":%llu,\"dead_letters\":%llu,\"why\":",
               (unsigned long long)status->documents, (unsigned long long)status->dead_letters);
    if (status->state == SINK_FAILED || status->state == SINK_WAITING)
        json_write_string(buf, str_from(status->why.text));
    else
        buf_append_str(buf, STR("null"));
    buf_append_byte(buf, '}');
}

static void write_sinks(const struct api *api, struct arena *arena, struct buf *buf)
{
    struct sink_info *infos;
    uint32_t count;
    if (!api->options.sinks)
        return;
    sinks_list(api->options.sinks, arena, &infos, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        write_sink(&infos[i], buf);
    }
}

/* What net/ and api/ count; the other counters are queries' own. */
static void write_server(const struct api *api, struct buf *buf)
{
    static const enum counter shown[] = {COUNTER_http_connections, COUNTER_http_requests,
                                         COUNTER_http_refused,     COUNTER_http_timeouts,
                                         COUNTER_feed_resets,      COUNTER_push_overruns};
    const struct counters *net = net_server_counters(api->server);
    buf_printf(buf, "{\"feed_clients\":%u,\"push_queries\":%u,\"counters\":[",
               net_feed_clients(api->net_feed), atomic_load(&api->push_count));
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        buf_append_str(buf, i > 0 ? STR(",{\"name\":") : STR("{\"name\":"));
        json_write_string(buf, str_from(counter_name(shown[i])));
        buf_append_str(buf, STR(",\"help\":"));
        json_write_string(buf, str_from(counter_help(shown[i])));
        buf_printf(buf, ",\"count\":%llu}",
                   (unsigned long long)(counters_get(net, shown[i]) +
                                        counters_get(&api->counters, shown[i])));
    }
    buf_append_str(buf, STR("]}"));
}

/* -- control -- */

static void post_sink(void *context, struct net_request *request, struct net_response *response)
{
    struct why why = {0};
    const enum err err =
        connector_control(context, request->params[0], request->params[1], request->arena, &why);
    if (err == OK)
        net_respond(response, 202, "application/json", STR("{}"));
    else
        error_respond(response, err == ERR_NOT_FOUND ? 40400 : 50000, str_from(why.text));
}

static const struct net_route table[] = {
    {NET_GET, "/api/pipeline", get_pipeline, 0},
    {NET_POST, "/api/sinks/{sink}/{action}", post_sink, 0},
};
const struct api_routes pipeline_routes = API_ROUTES(table);
