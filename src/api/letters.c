/* letters.c -- dead letters: which there are, and sending one back to where it came from. */
#include "letters/letters.h"
#include "api/inside.h"
#include "base/json.h"
#include "data/dead_letter.h"
#include "format/format.h"

#define LETTERS_DEFAULT 50
#define LETTERS_MAX 500
#define READ_BYTES_MAX (256 << 10)

struct shown {
    int64_t timestamp_ms;
    struct str json;
};

struct newest {
    const struct api *api;
    struct arena *arena;
    struct log_member *member;
    struct shown at[LETTERS_MAX];
    uint32_t count; /* the newest stay */
    uint32_t limit;
    int64_t total;
};

static void write_letter(const struct newest *letters, struct str topic, int32_t partition,
                         const struct record *record, struct buf *buf)
{
    struct dead_letter letter;
    dead_letter_read(record, &letter);
    buf_append_str(buf, STR("{\"topic\":"));
    json_write_string(buf, topic);
    buf_printf(buf,
               ",\"partition\":%d,\"offset\":%lld,\"timestamp_ms\":%lld,\"reason\":", partition,
               (long long)record->offset, (long long)record->timestamp_ms);
    json_write_string(buf, letter.reason);
    buf_append_str(buf, STR(",\"by\":"));
    json_write_string(buf, letter.by);
    buf_append_str(buf, STR(",\"from\":"));
    json_write_string(buf, arena_printf(letters->arena, "%.*s/%.*s/%.*s", STR_ARGS(letter.topic),
                                        STR_ARGS(letter.partition), STR_ARGS(letter.offset)));
    buf_append_str(buf, STR(",\"value\":"));
    format_show(record->value, record->value.data == NULL, letters->api->options.registry, buf);
    buf_append_byte(buf, '}');
}

/* Into its place by time, the newest first; when there is no room, the oldest falls out. */
static void keep(struct newest *letters, struct shown letter)
{
    if (letters->count == letters->limit &&
        letters->at[letters->count - 1].timestamp_ms >= letter.timestamp_ms)
        return;
    uint32_t at = letters->count < letters->limit ? letters->count++ : letters->count - 1;
    for (; at > 0 && letters->at[at - 1].timestamp_ms < letter.timestamp_ms; at--)
        letters->at[at] = letters->at[at - 1];
    letters->at[at] = letter;
}

static enum err read_partition(struct newest *letters, struct log_topic *topic, int32_t partition,
                               const struct log_partition_info *info, struct why *why)
{
    int64_t offset = info->begin_offset;
    struct buf buf = {0};
    enum err err = OK;
    letters->total += info->end_offset - info->begin_offset;
    if (info->end_offset - letters->limit > offset)
        offset = info->end_offset - letters->limit;
    while (err == OK && offset < info->end_offset) {
        struct log_records *records;
        err = log_read(letters->member, topic, partition, offset, READ_BYTES_MAX, &records, why);
        if (err)
            break;
        for (uint32_t i = 0; i < records->count; i++) {
            buf_clear(&buf);
            write_letter(letters, topic->name, partition, &records->at[i], &buf);
            keep(letters, (struct shown){.timestamp_ms = records->at[i].timestamp_ms,
                                         .json = arena_str(letters->arena, buf_str(&buf))});
        }
        offset = records->next_offset;
        log_records_release(records);
    }
    buf_release(&buf);
    return err;
}

static enum err read_topics(struct newest *letters, struct why *why)
{
    const struct log_member_options options = {.name = STR("letters"), .committed_only = true};
    struct log *log = letters->api->options.log;
    struct str *names;
    size_t count;
    enum err err = log_list(log, letters->arena, &names, &count, why);
    if (err == OK)
        err = log_join(log, &options, &letters->member, why);
    if (err)
        return err;
    for (size_t i = 0; err == OK && i < count; i++) {
        struct log_topic *topic;
        struct log_topic_info info;
        if (!dead_letter_is_topic(names[i]) || log_topic_open(log, names[i], &topic) != OK)
            continue;
        err = log_describe(log, names[i], letters->arena, &info, why);
        for (int32_t p = 0; err == OK && p < topic->partition_count; p++)
            err = read_partition(letters, topic, p, &info.partitions[p], why);
    }
    log_leave(letters->member);
    return err;
}

static void get_letters(void *context, struct net_request *request, struct net_response *response)
{
    struct newest *letters = ARENA_NEW(request->arena, struct newest);
    struct buf buf = {0};
    struct why why = {0};
    struct str text;
    int64_t limit = LETTERS_DEFAULT;
    if (net_query_get(request, STR("limit"), &text) &&
        (str_to_int64(text, &limit) != OK || limit < 1 || limit > LETTERS_MAX)) {
        error_respond(response, 40000, STR("'limit' is a number from 1 to 500"));
        return;
    }
    letters->api = context;
    letters->arena = request->arena;
    letters->limit = (uint32_t)limit;
    if (read_topics(letters, &why) != OK) {
        error_respond(response, 50000, str_from(why.text));
        return;
    }
    buf_printf(&buf, "{\"count\":%lld,\"letters\":[", (long long)letters->total);
    for (uint32_t i = 0; i < letters->count; i++) {
        if (i > 0)
            buf_append_byte(&buf, ',');
        buf_append_str(&buf, letters->at[i].json);
    }
    buf_append_str(&buf, STR("]}"));
    net_add_header(response, STR("cache-control"), STR("no-store"));
    net_respond(response, 200, "application/json", buf_str(&buf));
    buf_release(&buf);
}

/* -- replay -- */

struct coordinates {
    struct str topic;
    int64_t partition;
    int64_t offset;
};

/* {"topic": "x-dlq", "partition": 0, "offset": 12} */
static enum err parse_coordinates(struct str body, struct arena *arena,
                                  struct coordinates *ret_coordinates, struct why *why)
{
    struct json_reader reader;
    struct coordinates at = {.partition = -1, .offset = -1};
    enum json_token token;
    json_reader_init(&reader, body, arena);
    enum err err = json_next(&reader) == JSON_OBJECT_BEGIN ? OK : ERR_INVALID;
    while (err == OK && (token = json_next(&reader)) == JSON_NAME) {
        const struct str name = reader.text;
        token = json_next(&reader);
        if (str_equal(name, STR("topic")) && token == JSON_STRING)
            at.topic = reader.text;
        else if (str_equal(name, STR("partition")) && token == JSON_NUMBER)
            err = str_to_int64(reader.text, &at.partition);
        else if (str_equal(name, STR("offset")) && token == JSON_NUMBER)
            err = str_to_int64(reader.text, &at.offset);
        else
            err = ERR_INVALID;
    }
    if (err || at.partition < 0 || at.partition > INT32_MAX || at.offset < 0 ||
        !dead_letter_is_topic(at.topic))
        return why_set(why, ERR_INVALID,
                       "wanted: topic (a name that ends in -dlq), partition and offset");
    *ret_coordinates = at;
    return OK;
}

static int replay_code(enum err err)
{
    switch (err) {
    case ERR_INVALID:
    case ERR_CORRUPT: /* it does not say where to */
    case ERR_LIMIT:
        return 40000;
    case ERR_NOT_FOUND:
        return 40400;
    case ERR_EXISTS:
        return 40900;
    case ERR_LOCKED:
        return 50300;
    default:
        return 50000;
    }
}

static void post_replay(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct coordinates at = {.partition = -1};
    struct why why = {0};
    enum err err = parse_coordinates(request->body, request->arena, &at, &why);
    if (err == OK)
        err = letters_replay_one(api->options.log, api->options.directory, at.topic,
                                 (int32_t)at.partition, at.offset, &why);
    if (err == OK)
        net_respond(response, 200, "application/json", STR("{}"));
    else
        error_respond(response, replay_code(err), str_from(why.text));
}

static const struct net_route table[] = {
    {NET_GET, "/api/dead-letters", get_letters, 0},
    {NET_POST, "/api/dead-letters/replay", post_replay, 0},
};
const struct api_routes letter_routes = API_ROUTES(table);
