/* messages.c -- a topic's messages: the newest, from an offset, from a time, or since a place. */
#include "api/inside.h"
#include "base/json.h"
#include "format/format.h"
#include "generator/generator.h"

#define MESSAGES_MAX 500
#define MESSAGES_DEFAULT 50
#define READ_BYTES_MAX (256 << 10)

struct message {
    int64_t timestamp_ms;
    int32_t partition;
    int64_t offset;
    struct str json;
};

struct listing {
    const struct api *api;
    struct arena *arena;
    struct log_member *member;
    struct log_topic *topic;
    struct viewer *viewer;
    struct log_topic_info info;
    int64_t *from; /* a partition: where reading begins */
    int64_t *next; /* and where it ended */
    uint32_t limit;
    bool is_newest; /* of all there is, the last; else the first */
    struct message *messages;
    uint32_t count;
    uint32_t capacity;
    int64_t skipped;
    struct why why;
};

static enum err parse_where(struct listing *listing, const struct net_request *request);
static enum err read_partition(struct listing *listing, int32_t partition);
static void write_message(struct listing *listing, const struct record *record, int32_t partition,
                          struct buf *buf);
static void write_listing(const struct listing *listing, struct buf *buf);

static int compare(const void *a, const void *b)
{
    const struct message *left = a, *right = b;
    if (left->timestamp_ms != right->timestamp_ms)
        return left->timestamp_ms < right->timestamp_ms ? -1 : 1;
    if (left->partition != right->partition)
        return left->partition < right->partition ? -1 : 1;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

static enum err list(struct listing *listing, const struct net_request *request)
{
    const struct log_member_options options = {.name = STR("messages"), .committed_only = true};
    struct log *log = listing->api->options.log;
    const struct str name = request->params[0];
    enum err err = log_topic_open(log, name, &listing->topic);
    if (err)
        return why_set(&listing->why, err, "no topic '%.*s'", STR_ARGS(name));
    err = log_describe(log, name, listing->arena, &listing->info, &listing->why);
    if (err == OK)
        err = parse_where(listing, request);
    if (err == OK)
        err = engine_view_topic(listing->api->options.engine, name, listing->arena,
                                &listing->viewer, &listing->why);
    if (err == OK)
        err = log_join(log, &options, &listing->member, &listing->why);
    for (int32_t p = 0; err == OK && p < listing->topic->partition_count; p++)
        err = read_partition(listing, p);
    log_leave(listing->member);
    viewer_free(listing->viewer);
    return err;
}

static void get_messages(void *context, struct net_request *request, struct net_response *response)
{
    struct listing listing = {.api = context, .arena = request->arena};
    struct buf buf = {0};
    const enum err err = list(&listing, request);
    if (err) {
        error_respond(response,
                      err == ERR_NOT_FOUND ? 40400
                      : err == ERR_INVALID ? 40000
                                           : 50000,
                      str_from(listing.why.text));
        return;
    }
    write_listing(&listing, &buf);
    net_add_header(response, STR("cache-control"), STR("no-store"));
    net_respond(response, 200, "application/json", buf_str(&buf));
    buf_release(&buf);
}

/* A number of the query; ERR_INVALID when it is there and no number from 0 on. */
static enum err query_number(struct listing *listing, const struct net_request *request,
                             struct str name, int64_t *number, bool *ret_given)
{
    struct str text;
    *ret_given = net_query_get(request, name, &text);
    if (!*ret_given)
        return OK;
    if (str_to_int64(text, number) == OK && *number >= 0)
        return OK;
    return why_set(&listing->why, ERR_INVALID, "'%.*s' is a number, not '%.*s'", STR_ARGS(name),
                   STR_ARGS(text));
}

/* "after=12,0,7": an offset a partition. */
static enum err parse_after(struct listing *listing, struct str text)
{
    for (int32_t p = 0; p < listing->topic->partition_count; p++) {
        const size_t size = str_index(text, ',');
        if (str_to_int64((struct str){text.data, size}, &listing->from[p]) != OK ||
            listing->from[p] < 0)
            return why_set(&listing->why, ERR_INVALID, "'after' is an offset a partition");
        const size_t taken = size < text.size ? size + 1 : size;
        text = (struct str){text.data + taken, text.size - taken};
    }
    return OK;
}

static enum err begin_at_time(struct listing *listing, int64_t time_ms)
{
    enum err err = OK;
    for (int32_t p = 0; err == OK && p < listing->topic->partition_count; p++)
        err = log_find(listing->api->options.log, listing->topic, p, time_ms, &listing->from[p],
                       &listing->why);
    return err;
}

static enum err parse_where(struct listing *listing, const struct net_request *request)
{
    const int32_t partitions = listing->topic->partition_count;
    int64_t limit = MESSAGES_DEFAULT, partition = 0, offset = 0, time_ms = 0;
    bool has_limit, has_partition, has_offset, has_time;
    struct str after;
    listing->from = ARENA_ARRAY(listing->arena, int64_t, (size_t)partitions);
    listing->next = ARENA_ARRAY(listing->arena, int64_t, (size_t)partitions);
    enum err err = query_number(listing, request, STR("limit"), &limit, &has_limit);
    if (err == OK)
        err = query_number(listing, request, STR("partition"), &partition, &has_partition);
    if (err == OK)
        err = query_number(listing, request, STR("offset"), &offset, &has_offset);
    if (err == OK)
        err = query_number(listing, request, STR("time"), &time_ms, &has_time);
    if (err)
        return err;
    if (limit == 0 || limit > MESSAGES_MAX)
        return why_set(&listing->why, ERR_INVALID, "'limit' is a number from 1 to %d",
                       MESSAGES_MAX);
    if (partition >= partitions)
        return why_set(&listing->why, ERR_INVALID, "the topic has partitions 0 to %d",
                       partitions - 1);
    listing->limit = (uint32_t)limit;
    for (int32_t p = 0; p < partitions; p++)
        listing->from[p] = has_offset && p == partition ? offset : INT64_MAX;
    if (net_query_get(request, STR("after"), &after)) {
        listing->is_newest = true;
        return parse_after(listing, after);
    }
    if (has_time)
        return begin_at_time(listing, time_ms);
    if (has_offset)
        return OK;
    listing->is_newest = true;
    for (int32_t p = 0; p < partitions; p++)
        listing->from[p] = has_partition && p != partition ? INT64_MAX : 0;
    return OK;
}

static void add(struct listing *listing, struct message message)
{
    if (listing->count == listing->capacity) {
        listing->capacity = listing->capacity ? listing->capacity * 2 : 64;
        struct message *more = ARENA_ARRAY(listing->arena, struct message, listing->capacity);
        if (listing->count > 0)
            memcpy(more, listing->messages, listing->count * sizeof(*more));
        listing->messages = more;
    }
    listing->messages[listing->count++] = message;
}

/* At most `limit` of a partition: the last of them, or the first. */
static enum err read_partition(struct listing *listing, int32_t partition)
{
    const struct log_partition_info *info = &listing->info.partitions[partition];
    int64_t offset = listing->from[partition];
    uint32_t left = listing->limit;
    if (offset < info->begin_offset)
        offset = info->begin_offset;
    if (listing->is_newest && info->end_offset - listing->limit > offset) {
        listing->skipped += info->end_offset - listing->limit - offset;
        offset = info->end_offset - listing->limit;
    }
    struct buf buf = {0};
    enum err err = OK;
    while (err == OK && offset < info->end_offset && left > 0) {
        struct log_records *records;
        err = log_read(listing->member, listing->topic, partition, offset, READ_BYTES_MAX, &records,
                       &listing->why);
        if (err)
            break;
        for (uint32_t i = 0; i < records->count && left > 0; i++, left--) {
            const struct record *record = &records->at[i];
            buf_clear(&buf);
            write_message(listing, record, partition, &buf);
            add(listing, (struct message){.timestamp_ms = record->timestamp_ms,
                                          .partition = partition,
                                          .offset = record->offset,
                                          .json = arena_str(listing->arena, buf_str(&buf))});
            offset = record->offset + 1;
        }
        if (left > 0)
            offset = records->next_offset;
        log_records_release(records);
    }
    listing->next[partition] = offset > info->end_offset ? info->end_offset : offset;
    buf_release(&buf);
    return err;
}

static void write_schema_id(const char *name, struct str bytes, struct buf *buf)
{
    int32_t id;
    buf_printf(buf, ",\"%s_schema_id\":", name);
    if (registry_head_get(bytes, &id))
        buf_printf(buf, "%u", (uint32_t)id);
    else
        buf_append_str(buf, STR("null"));
}

static void write_message(struct listing *listing, const struct record *record, int32_t partition,
                          struct buf *buf)
{
    buf_printf(buf, "{\"partition\":%d,\"offset\":%lld,\"timestamp_ms\":%lld,\"bytes\":%zu",
               partition, (long long)record->offset, (long long)record->timestamp_ms,
               record->key.size + record->value.size);
    buf_append_str(buf, STR(",\"key\":"));
    viewer_show_key(listing->viewer, record, buf);
    write_schema_id("key", record->key, buf);
    buf_append_str(buf, STR(",\"value\":"));
    if (!generator_show_truth(listing->topic->name, record->key, record->value, buf))
        viewer_show_value(listing->viewer, record, buf);
    write_schema_id("value", record->value, buf);
    buf_append_str(buf, STR(",\"headers\":["));
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct record_header *header = &record->headers[i];
        buf_append_str(buf, i > 0 ? STR(",[") : STR("["));
        json_write_string(buf, header->name);
        buf_append_byte(buf, ',');
        if (header->is_null)
            buf_append_str(buf, STR("null"));
        else
            json_write_string(buf, header->value);
        buf_append_byte(buf, ']');
    }
    buf_append_str(buf, STR("]}"));
}

/* The newest come newest first; others in order of time. */
static void write_listing(const struct listing *listing, struct buf *buf)
{
    const uint32_t shown = listing->count < listing->limit ? listing->count : listing->limit;
    if (listing->count > 0)
        qsort(listing->messages, listing->count, sizeof(struct message), compare);
    buf_append_str(buf, STR("{\"messages\":["));
    for (uint32_t i = 0; i < shown; i++) {
        const uint32_t at = listing->is_newest ? listing->count - 1 - i : i;
        if (i > 0)
            buf_append_byte(buf, ',');
        buf_append_str(buf, listing->messages[at].json);
    }
    buf_append_str(buf, STR("],\"next\":["));
    for (int32_t p = 0; p < listing->topic->partition_count; p++)
        buf_printf(buf, "%s%lld", p > 0 ? "," : "", (long long)listing->next[p]);
    buf_printf(buf, "],\"skipped\":%lld}", (long long)(listing->skipped + listing->count - shown));
}

static const struct net_route table[] = {
    {NET_GET, "/api/topics/{topic}/messages", get_messages, 0},
};
const struct api_routes message_routes = API_ROUTES(table);
