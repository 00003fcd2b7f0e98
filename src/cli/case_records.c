/* case_records.c -- records in one by one, each to rest, and records out compared. */
#include "base/base64.h"
#include "base/big_endian.h"
#include "base/hash.h"
#include "cli/case_world.h"

#define CASE_READ_BYTES (1 << 20)

static struct case_side side_of(struct case_world *run, const struct source *source, bool is_key)
{
    return (struct case_side){.format = source ? &source->format : NULL,
                              .is_key = is_key,
                              .registry = run->world.registry,
                              .arena = &run->arena};
}

static const struct source *source_of(struct case_world *run, struct str topic)
{
    struct source *source = ARENA_NEW(&run->arena, struct source);
    return engine_source_of_topic(run->world.engine, topic, &run->arena, source) == OK ? source
                                                                                       : NULL;
}

static struct str with_window(struct case_world *run, struct str key,
                              const struct json_node *window)
{
    struct buf buf = {0};
    const int64_t bounds[2] = {case_number(window, "end", 0), case_number(window, "start", 0)};
    const bool session =
        str_equal_nocase(json_member_text(window, "type", STR("")), STR("session"));
    buf_append_str(&buf, key);
    for (int i = session ? 0 : 1; i < 2; i++)
        for (int shift = 56; shift >= 0; shift -= 8)
            buf_append_byte(&buf, (uint8_t)((uint64_t)bounds[i] >> shift));
    const struct str result = arena_str(&run->arena, buf_str(&buf));
    buf_release(&buf);
    return result;
}

/* Headers of an input, bytes in base64. */
static uint32_t read_headers(struct case_world *run, const struct json_node *input,
                             struct record_header *headers)
{
    const struct json_node *list = json_member(input, "headers");
    uint32_t count = 0;
    for (const struct json_node *at = list ? list->child : NULL; at && count < CASE_HEADERS_MAX;
         at = at->next) {
        const struct json_node *value = json_member(at, "VALUE");
        struct record_header *header = &headers[count++];
        *header = (struct record_header){.name = json_member_text(at, "KEY", STR(""))};
        header->is_null = !value || value->kind != JSON_STRING;
        if (header->is_null)
            continue;
        uint8_t *bytes = arena_alloc(&run->arena, base64_decoded_max(value->text.size));
        size_t size;
        if (base64_decode(value->text, bytes, &size) == OK)
            header->value = (struct str){(char *)bytes, size};
    }
    return count;
}

static enum err send_input(struct case_world *run, const struct json_node *input, struct why *why)
{
    const struct str name = json_member_text(input, "topic", STR(""));
    const struct source *source = source_of(run, name);
    const struct case_side key_side = side_of(run, source, true);
    const struct case_side value_side = side_of(run, source, false);
    struct record_header headers[CASE_HEADERS_MAX];
    struct record_batch_builder builder;
    struct log_topic *topic;
    struct record record = {.timestamp_ms = case_number(input, "timestamp", 0), .headers = headers};
    bool taken = false;
    record.header_count = read_headers(run, input, headers);
    enum err err = log_topic_open(run->world.log, name, &topic);
    if (err)
        return why_set(why, err, "no input topic '%.*s'", STR_ARGS(name));
    err = case_encode(&key_side, json_member(input, "key"), &record.key, why);
    if (err == OK)
        err = case_encode(&value_side, json_member(input, "value"), &record.value, why);
    if (err)
        return err;
    if (record.key.data && json_member(input, "window"))
        record.key = with_window(run, record.key, json_member(input, "window"));
    record_batch_builder_init(&builder);
    err = record_batch_add(&builder, &record);
    if (err == OK) {
        record_batch_finish(&builder);
        const struct log_append append = {
            .topic = topic,
            .partition = record.key.data ? hash_partition(record.key.data, record.key.size,
                                                          topic->partition_count)
                                         : 0,
            .batch = builder.buf.data,
            .batch_size = builder.buf.size};
        const struct log_step step = {.appends = &append, .append_count = 1};
        err = log_commit_wait(run->member, &step, CASE_IDLE_MS, &taken);
    }
    if (taken)
        builder.buf = (struct buf){0};
    record_batch_builder_release(&builder);
    return err;
}

static struct case_topic *topic_of(struct case_world *run, struct str name)
{
    for (uint32_t i = 0; i < run->topic_count; i++)
        if (str_equal(run->topics[i].name, name))
            return &run->topics[i];
    if (run->topic_count == CASE_TOPICS_MAX)
        return NULL;
    struct case_topic *topic = &run->topics[run->topic_count++];
    *topic = (struct case_topic){.name = name};
    return topic;
}

static const struct json_node *next_expected(const struct json_node *from, struct str topic)
{
    while (from && !str_equal(json_member_text(from, "topic", STR("")), topic))
        from = from->next;
    return from;
}

static void collect_topics(struct case_world *run)
{
    const struct json_node *outputs = json_member(run->root, "outputs");
    for (const struct json_node *at = outputs ? outputs->child : NULL; at; at = at->next) {
        struct case_topic *topic = topic_of(run, json_member_text(at, "topic", STR("")));
        if (topic && !topic->expected)
            topic->expected = at;
    }
}

/* Takes the window's bytes off the key and compares them. */
static bool window_equal(const struct source *source, struct record *record,
                         const struct json_node *expected)
{
    const struct json_node *window = json_member(expected, "window");
    const bool session = source && source->format.window == WINDOW_SESSION;
    const size_t size = session ? 16 : 8;
    if (!source || source->format.window == WINDOW_NONE || !record->key.data)
        return window == NULL;
    if (record->key.size < size)
        return false;
    record->key.size -= size;
    const char *bounds = record->key.data + record->key.size;
    const int64_t start = (int64_t)big_endian_get_64(bounds + size - 8);
    const int64_t end =
        session ? (int64_t)big_endian_get_64(bounds) : start + source->format.window_size_ms;
    if (!window ||
        session != str_equal_nocase(json_member_text(window, "type", STR("")), STR("session")))
        return false;
    return start == case_number(window, "start", start) && end == case_number(window, "end", end);
}

static bool headers_equal(struct case_world *run, const struct record *record,
                          const struct json_node *expected)
{
    struct record_header wanted[CASE_HEADERS_MAX];
    if (!json_member(expected, "headers"))
        return true;
    const uint32_t count = read_headers(run, expected, wanted);
    if (count != record->header_count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!str_equal(wanted[i].name, record->headers[i].name) ||
            wanted[i].is_null != record->headers[i].is_null ||
            !str_equal(wanted[i].value, record->headers[i].value))
            return false;
    return true;
}

static bool side_equal(struct case_world *run, const struct source *source, bool is_key,
                       const struct record *record, const struct json_node *expected,
                       const char *member)
{
    static const struct json_node null_node = {.kind = JSON_NULL, .source = STR_INIT("null")};
    struct source plain;
    struct json_node *actual;
    struct why why = {0};
    const struct json_node *wanted = json_member(expected, member);
    if (!wanted)
        wanted = &null_node;
    if (source) { /* the window's bytes are gone from the key */
        plain = *source;
        plain.format.window = WINDOW_NONE;
        source = &plain;
    }
    const struct case_side side = side_of(run, source, is_key);
    if (case_decode(&side, record, &actual, &why) != OK) {
        case_outcome(run, CASE_FAILED, "%s", why.text);
        return false;
    }
    if (case_side_equal(source ? source->format.row_type : NULL, is_key, actual, wanted))
        return true;
    case_outcome(run, CASE_FAILED, "%s: %.*s, not %.*s", member, STR_ARGS(actual->source),
                 STR_ARGS(wanted->source));
    return false;
}

/* False after the first difference. */
static bool compare_output(struct case_world *run, struct case_topic *topic,
                           const struct record *borrowed)
{
    struct record record = *borrowed;
    const struct source *source = source_of(run, topic->name);
    const struct json_node *expected = topic->expected;
    if (!expected) {
        case_outcome(run, CASE_FAILED, "more outputs in %.*s than %u: value %.*s",
                     STR_ARGS(topic->name), topic->compared, STR_ARGS(record.value));
        return false;
    }
    topic->compared++;
    topic->expected = next_expected(expected->next, topic->name);
    const int64_t timestamp_ms = case_number(expected, "timestamp", record.timestamp_ms);
    if (!window_equal(source, &record, expected)) {
        case_outcome(run, CASE_FAILED, "output %u of %.*s is of another window", topic->compared,
                     STR_ARGS(topic->name));
        return false;
    }
    if (!side_equal(run, source, true, &record, expected, "key") ||
        !side_equal(run, source, false, &record, expected, "value"))
        return false;
    if (timestamp_ms != record.timestamp_ms) {
        case_outcome(run, CASE_FAILED, "output %u has timestamp %lld, not %lld", topic->compared,
                     (long long)record.timestamp_ms, (long long)timestamp_ms);
        return false;
    }
    if (!headers_equal(run, &record, expected)) {
        case_outcome(run, CASE_FAILED, "output %u has other headers", topic->compared);
        return false;
    }
    return true;
}

static bool compare_partition(struct case_world *run, struct case_topic *topic, int32_t partition)
{
    struct why why = {0};
    for (;;) {
        struct log_records *records;
        bool equal = true;
        const enum err err = log_read(run->member, topic->topic, partition,
                                      topic->offsets[partition], CASE_READ_BYTES, &records, &why);
        if (err) {
            case_outcome(run, CASE_FAILED, "%s", why.text);
            return false;
        }
        for (uint32_t i = 0; equal && i < records->count; i++)
            equal = compare_output(run, topic, &records->at[i]);
        const bool end = records->next_offset == topic->offsets[partition];
        topic->offsets[partition] = records->next_offset;
        log_records_release(records);
        if (!equal || end)
            return equal;
    }
}

static bool compare_news(struct case_world *run)
{
    for (uint32_t i = 0; i < run->topic_count; i++) {
        struct case_topic *topic = &run->topics[i];
        if (!topic->topic) {
            if (log_topic_open(run->world.log, topic->name, &topic->topic) != OK) {
                case_outcome(run, CASE_FAILED, "no topic %.*s", STR_ARGS(topic->name));
                return false;
            }
            topic->offsets = ARENA_ARRAY(&run->arena, int64_t, topic->topic->partition_count);
        }
        for (int32_t p = 0; p < topic->topic->partition_count; p++)
            if (!compare_partition(run, topic, p))
                return false;
    }
    return true;
}

/* The first query that stopped with an error; false: none did. */
static bool find_stopped(struct case_world *run, struct why *ret_why)
{
    struct engine_query *queries;
    uint32_t count;
    engine_queries(run->world.engine, &run->arena, &queries, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (queries[i].status.state != FLOW_ERROR)
            continue;
        *ret_why = queries[i].status.why;
        return true;
    }
    return false;
}

void case_run_to_stop(struct case_world *run, struct why *why)
{
    const struct json_node *inputs = json_member(run->root, "inputs");
    for (const struct json_node *at = inputs ? inputs->child : NULL; at; at = at->next) {
        if (send_input(run, at, why) != OK) {
            case_outcome(run, CASE_FAILED, "input: %s", why->text);
            return;
        }
        const enum err err = engine_wait_idle(run->world.engine, CASE_IDLE_MS);
        if (find_stopped(run, why)) {
            case_outcome(run, CASE_PASSED, "stopped: %s", why->text);
            return;
        }
        if (err) {
            case_outcome(run, CASE_FAILED, "did not come to rest: %s", err_text(err));
            return;
        }
    }
    case_outcome(run, CASE_FAILED, "accepted what must be refused");
}

bool case_run_records(struct case_world *run, struct why *why)
{
    const struct json_node *inputs = json_member(run->root, "inputs");
    collect_topics(run);
    for (const struct json_node *at = inputs ? inputs->child : NULL; at; at = at->next) {
        enum err err = send_input(run, at, why);
        if (err) {
            case_outcome(run, err == ERR_UNSUPPORTED ? CASE_NOT_RUN : CASE_FAILED, "input: %s",
                         why->text);
            return false;
        }
        err = engine_wait_idle(run->world.engine, CASE_IDLE_MS);
        if (err) {
            case_outcome(run, CASE_FAILED, "did not come to rest: %s", err_text(err));
            if (find_stopped(run, why))
                case_outcome(run, CASE_FAILED, "query failed: %s", why->text);
            return false;
        }
        if (!compare_news(run))
            return false;
    }
    for (uint32_t i = 0; i < run->topic_count; i++) {
        if (!run->topics[i].expected)
            continue;
        case_outcome(run, CASE_FAILED, "only %u outputs in %.*s, missing %.*s",
                     run->topics[i].compared, STR_ARGS(run->topics[i].name),
                     STR_ARGS(run->topics[i].expected->source));
        return false;
    }
    return true;
}
