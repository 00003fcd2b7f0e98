/* case_run.c -- one case: statements, records in one by one, records out compared. */
#include "base/base64.h"
#include "base/file.h"
#include "base/hash.h"
#include "cli/cases.h"
#include "store/store.h"

#define CASE_TOPICS_MAX 64
#define CASE_IDLE_MS 8000
#define CASE_READ_BYTES (1 << 20)

/* A topic that outputs are expected in, and how far it has been read. */
struct case_topic {
    struct str name;
    struct log_topic *topic;
    int64_t *offsets;
    const struct json_node *expected; /* the next output of this topic */
    uint32_t compared;
};

struct case_world {
    struct arena arena;
    struct world world;
    struct log_member *member;
    struct session session;
    const struct json_node *root;
    struct case_topic topics[CASE_TOPICS_MAX];
    uint32_t topic_count;
    struct case_result *result;
};

static void outcome(struct case_world *run, enum case_outcome outcome, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void outcome(struct case_world *run, enum case_outcome wanted, const char *format, ...)
{
    va_list arguments;
    run->result->outcome = wanted;
    va_start(arguments, format);
    vsnprintf(run->result->reason, sizeof(run->result->reason), format, arguments);
    va_end(arguments);
}

static bool ignore(void *context, const struct statement *statement, const struct answer *answer)
{
    (void)context, (void)statement, (void)answer;
    return true;
}

static struct str format_member(const struct json_node *topic, const char *name)
{
    return json_member_text(topic, name, json_member_text(topic, "format", STR("")));
}

static bool format_known(struct str name)
{
    enum format_kind kind;
    return name.size == 0 || format_parse(name, &kind, NULL) == OK;
}

static enum err register_side(struct case_world *run, const struct json_node *topic,
                              const char *member, const char *side, struct why *why)
{
    const struct json_node *schema = json_member(topic, member);
    int32_t id;
    if (!schema || schema->kind == JSON_NULL)
        return OK;
    const struct str subject = arena_printf(
        &run->arena, "%.*s-%s", STR_ARGS(json_member_text(topic, "name", STR(""))), side);
    return registry_register(run->world.registry, subject, schema->source, &id, why);
}

/* Topics the case names. False when it wants something there is not. */
static bool prepare_topics(struct case_world *run, struct why *why)
{
    const struct json_node *topics = json_member(run->root, "topics");
    for (const struct json_node *at = topics ? topics->child : NULL; at; at = at->next) {
        const struct str name =
            at->kind == JSON_STRING ? at->text : json_member_text(at, "name", STR(""));
        const struct json_node *partitions = json_member(at, "partitions");
        int64_t count = 1;
        const struct str key = format_member(at, "keyFormat");
        const struct str value = format_member(at, "valueFormat");
        if (!format_known(key) || !format_known(value)) {
            outcome(run, CASE_NOT_RUN, "format %.*s", STR_ARGS(format_known(key) ? value : key));
            return false;
        }
        if (json_member(at, "valueSchemaId") || json_member(at, "keySchemaId")) {
            outcome(run, CASE_NOT_RUN, "schema ids chosen by the case");
            return false;
        }
        if (partitions && str_to_int64(partitions->text, &count) != OK)
            count = 1;
        const struct log_topic_config config = {
            .partition_count = (int32_t)count, .retention_ms = -1, .retention_bytes = -1};
        /* Sinks that the case only describes are made by their query. */
        enum err err = OK;
        if (json_member(at, "partitions") || str_equal(value, STR("")) == false ||
            json_member(at, "valueSchema") || json_member(at, "keySchema"))
            err = log_create(run->world.log, name, &config, why);
        if (err == OK || err == ERR_EXISTS)
            err = register_side(run, at, "valueSchema", "value", why);
        if (err == OK)
            err = register_side(run, at, "keySchema", "key", why);
        if (err && err != ERR_EXISTS) {
            outcome(run, CASE_FAILED, "topic %.*s: %s", STR_ARGS(name), why->text);
            return false;
        }
    }
    return true;
}

/* ksqlDB's test tool makes the topics of declared sources. */
static void prepare_source_topic(struct case_world *run, const struct statement *statement)
{
    struct str topic = statement->name;
    if (statement->kind != STATEMENT_CREATE_STREAM && statement->kind != STATEMENT_CREATE_TABLE)
        return;
    for (uint32_t i = 0; i < statement->property_count; i++) {
        if (str_equal(statement->properties[i].name, STR("KAFKA_TOPIC")))
            topic = statement->properties[i].text;
        if (str_equal(statement->properties[i].name, STR("PARTITIONS")))
            return;
    }
    const struct log_topic_config config = {
        .partition_count = 1, .retention_ms = -1, .retention_bytes = -1};
    /* One that is there already is as good. */
    if (log_create(run->world.log, topic, &config, NULL) != OK)
        return;
}

enum refusal { ACCEPTED, REFUSED, REFUSED_SYNTAX, REFUSED_UNSUPPORTED };

static enum refusal run_statement(struct case_world *run, struct str text, struct why *why)
{
    struct statement *statements;
    uint32_t count;
    enum err err = sql_parse(text, &run->session.variables, &run->arena, &statements, &count, why);
    if (err)
        return err == ERR_UNSUPPORTED ? REFUSED_UNSUPPORTED : REFUSED_SYNTAX;
    for (uint32_t i = 0; i < count; i++)
        prepare_source_topic(run, &statements[i]);
    err = engine_execute(run->world.engine, &run->session, text, ignore, NULL, why);
    if (err == OK)
        return ACCEPTED;
    return err == ERR_UNSUPPORTED ? REFUSED_UNSUPPORTED : REFUSED;
}

static bool is_about_syntax(const struct json_node *expected)
{
    const struct str type = json_member_text(expected, "type", STR(""));
    struct str message = json_member_text(expected, "message", STR(""));
    if (str_ends_with(type, STR("ParseFailedException")))
        return true;
    for (; message.size >= 6; message.data++, message.size--)
        if (str_starts_with(message, STR("yntax")) || str_starts_with(message, STR("mismatched")) ||
            str_starts_with(message, STR("extraneous")))
            return true;
    return false;
}

/* Runs all statements. True when records are to follow. */
static bool run_statements(struct case_world *run, struct why *why)
{
    const struct json_node *expected = json_member(run->root, "expectedException");
    const struct json_node *statements = json_member(run->root, "statements");
    run->result->is_negative = expected != NULL;
    for (const struct json_node *at = statements ? statements->child : NULL; at; at = at->next) {
        const enum refusal refusal = run_statement(run, at->text, why);
        const bool last = at->next == NULL;
        if (refusal == ACCEPTED && !(expected && last))
            continue;
        if (!expected && refusal == REFUSED_UNSUPPORTED)
            outcome(run, CASE_NOT_RUN, "%s", why->text);
        else if (!expected)
            outcome(run, CASE_FAILED, "refused: %s", why->text);
        else if (refusal == ACCEPTED)
            outcome(run, CASE_FAILED, "accepted what must be refused");
        else if (!last)
            outcome(run, refusal == REFUSED_UNSUPPORTED ? CASE_NOT_RUN : CASE_FAILED,
                    "an earlier statement was refused: %s", why->text);
        else if (refusal == REFUSED_UNSUPPORTED)
            outcome(run, CASE_NOT_RUN, "%s", why->text);
        else if (refusal == REFUSED_SYNTAX && !is_about_syntax(expected))
            outcome(run, CASE_FAILED, "refused as syntax: %s", why->text);
        else
            outcome(run, CASE_PASSED, "refused: %s", why->text);
        return false;
    }
    return true;
}

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

static int64_t number_member(const struct json_node *object, const char *name, int64_t otherwise)
{
    const struct json_node *member = json_member(object, name);
    int64_t number;
    return member && str_to_int64(member->text, &number) == OK ? number : otherwise;
}

static struct str with_window(struct case_world *run, struct str key,
                              const struct json_node *window)
{
    struct buf buf = {0};
    const int64_t bounds[2] = {number_member(window, "end", 0), number_member(window, "start", 0)};
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
    for (const struct json_node *at = list ? list->child : NULL; at && count < 16; at = at->next) {
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
    struct record_header headers[16];
    struct record_batch_builder builder;
    struct log_topic *topic;
    struct record record = {.timestamp_ms = number_member(input, "timestamp", 0),
                            .headers = headers};
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

static int64_t big_endian(struct str bytes, size_t from_end)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; i++)
        bits = bits << 8 | (uint8_t)bytes.data[bytes.size - from_end + i];
    return (int64_t)bits;
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
    const int64_t start = big_endian(record->key, 8);
    const int64_t end =
        session ? big_endian(record->key, 16) : start + source->format.window_size_ms;
    record->key.size -= size;
    if (!window)
        return true;
    return start == number_member(window, "start", start) &&
           (source->format.window_size_ms == 0 || end == number_member(window, "end", end));
}

static bool headers_equal(struct case_world *run, const struct record *record,
                          const struct json_node *expected)
{
    struct record_header wanted[16];
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
    if (!wanted && is_key)
        wanted = &null_node;
    if (!wanted)
        return true;
    if (source) { /* the window's bytes are gone from the key */
        plain = *source;
        plain.format.window = WINDOW_NONE;
        source = &plain;
    }
    const struct case_side side = side_of(run, source, is_key);
    if (case_decode(&side, record, &actual, &why) != OK) {
        outcome(run, CASE_FAILED, "%s", why.text);
        return false;
    }
    const enum format_kind kind = !source  ? FORMAT_JSON
                                  : is_key ? source->format.key.kind
                                           : source->format.value.kind;
    if (json_node_equal(actual, wanted, kind != FORMAT_JSON))
        return true;
    outcome(run, CASE_FAILED, "%s: %.*s, not %.*s", member, STR_ARGS(actual->source),
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
        outcome(run, CASE_FAILED, "more outputs in %.*s than %u: value %.*s", STR_ARGS(topic->name),
                topic->compared, STR_ARGS(record.value));
        return false;
    }
    topic->compared++;
    topic->expected = next_expected(expected->next, topic->name);
    const int64_t timestamp_ms = number_member(expected, "timestamp", record.timestamp_ms);
    if (!window_equal(source, &record, expected)) {
        outcome(run, CASE_FAILED, "output %u of %.*s is of another window", topic->compared,
                STR_ARGS(topic->name));
        return false;
    }
    if (!side_equal(run, source, true, &record, expected, "key") ||
        !side_equal(run, source, false, &record, expected, "value"))
        return false;
    if (timestamp_ms != record.timestamp_ms) {
        outcome(run, CASE_FAILED, "output %u has timestamp %lld, not %lld", topic->compared,
                (long long)record.timestamp_ms, (long long)timestamp_ms);
        return false;
    }
    if (!headers_equal(run, &record, expected)) {
        outcome(run, CASE_FAILED, "output %u has other headers", topic->compared);
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
            outcome(run, CASE_FAILED, "%s", why.text);
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
                outcome(run, CASE_FAILED, "no topic %.*s", STR_ARGS(topic->name));
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

static bool run_records(struct case_world *run, struct why *why)
{
    const struct json_node *inputs = json_member(run->root, "inputs");
    collect_topics(run);
    for (const struct json_node *at = inputs ? inputs->child : NULL; at; at = at->next) {
        enum err err = send_input(run, at, why);
        if (err) {
            outcome(run, err == ERR_UNSUPPORTED ? CASE_NOT_RUN : CASE_FAILED, "input: %s",
                    why->text);
            return false;
        }
        err = engine_wait_idle(run->world.engine, CASE_IDLE_MS);
        if (err) {
            struct engine_query *queries;
            uint32_t count;
            engine_queries(run->world.engine, &run->arena, &queries, &count);
            outcome(run, CASE_FAILED, "did not come to rest: %s", err_text(err));
            for (uint32_t i = 0; i < count; i++)
                if (queries[i].status.state == FLOW_ERROR)
                    outcome(run, CASE_FAILED, "query failed: %s", queries[i].status.why.text);
            return false;
        }
        if (!compare_news(run))
            return false;
    }
    for (uint32_t i = 0; i < run->topic_count; i++) {
        if (!run->topics[i].expected)
            continue;
        outcome(run, CASE_FAILED, "only %u outputs in %.*s, missing %.*s", run->topics[i].compared,
                STR_ARGS(run->topics[i].name), STR_ARGS(run->topics[i].expected->source));
        return false;
    }
    return true;
}

/* Types as text without what may differ: quotes, blanks, names of the same type. */
static struct str plain_schema(struct case_world *run, struct str text)
{
    static const struct str words[][2] = {{STR_INIT("INTEGER"), STR_INIT("INT")},
                                          {STR_INIT("VARCHAR"), STR_INIT("STRING")},
                                          {STR_INIT("PRIMARYKEY"), STR_INIT("KEY")}};
    struct buf buf = {0};
    struct buf out = {0};
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != ' ' && text.data[i] != '`' && text.data[i] != '\n')
            buf_append_byte(&buf, (uint8_t)text.data[i]);
    for (size_t i = 0; i < buf.size;) {
        const struct str rest = {buf.data + i, buf.size - i};
        size_t word = 0;
        while (word < 3 && !str_starts_with(rest, words[word][0]))
            word++;
        if (word < 3) {
            buf_append_str(&out, words[word][1]);
            i += words[word][0].size;
        } else {
            buf_append_byte(&out, (uint8_t)buf.data[i++]);
        }
    }
    const struct str result = arena_str(&run->arena, buf_str(&out));
    buf_release(&buf);
    buf_release(&out);
    return result;
}

static bool check_sources(struct case_world *run)
{
    const struct json_node *sources = json_member(json_member(run->root, "post"), "sources");
    for (const struct json_node *at = sources ? sources->child : NULL; at; at = at->next) {
        struct source source;
        struct buf schema = {0};
        const struct str name = json_member_text(at, "name", STR(""));
        const struct str type = json_member_text(at, "type", STR(""));
        const struct str wanted = json_member_text(at, "schema", STR(""));
        if (engine_source(run->world.engine, name, &run->arena, &source) != OK) {
            outcome(run, CASE_FAILED, "no source %.*s afterwards", STR_ARGS(name));
            return false;
        }
        if (!str_equal_nocase(type, source.kind == SOURCE_STREAM ? STR("stream") : STR("table"))) {
            outcome(run, CASE_FAILED, "%.*s is no %.*s", STR_ARGS(name), STR_ARGS(type));
            return false;
        }
        row_type_format(source.format.row_type, &schema);
        const bool same = wanted.size == 0 ||
                          str_equal(plain_schema(run, buf_str(&schema)), plain_schema(run, wanted));
        if (!same)
            outcome(run, CASE_FAILED, "%.*s has schema %.*s, not %.*s", STR_ARGS(name),
                    STR_ARGS(buf_str(&schema)), STR_ARGS(wanted));
        buf_release(&schema);
        if (!same)
            return false;
    }
    return true;
}

static bool check_topics(struct case_world *run)
{
    const struct json_node *post = json_member(json_member(run->root, "post"), "topics");
    const struct json_node *topics = json_member(post, "topics");
    for (const struct json_node *at = topics ? topics->child : NULL; at; at = at->next) {
        const struct str name = json_member_text(at, "name", STR(""));
        struct log_topic *topic;
        const bool internal = str_starts_with(name, STR("_confluent"));
        if (!internal && log_topic_open(run->world.log, name, &topic) != OK) {
            outcome(run, CASE_FAILED, "no topic %.*s afterwards", STR_ARGS(name));
            return false;
        }
        const int64_t partitions = number_member(at, "partitions", -1);
        if (!internal && partitions >= 0 && partitions != topic->partition_count) {
            outcome(run, CASE_FAILED, "topic %.*s has %d partitions", STR_ARGS(name),
                    topic->partition_count);
            return false;
        }
    }
    return true;
}

/* Properties of the case over those every case runs with. False: one is not ours. */
static bool read_settings(struct case_world *run, struct properties *settings)
{
    const struct json_node *properties = json_member(run->root, "properties");
    properties_init(settings, &run->arena);
    properties_set(settings, STR("ksql.streams.auto.offset.reset"), STR("earliest"));
    properties_set(settings, STR("ksql.streams.cache.max.bytes.buffering"), STR("0"));
    for (const struct json_node *at = properties ? properties->child : NULL; at; at = at->next) {
        const struct str value = at->kind == JSON_STRING ? at->text : at->source;
        properties_set(settings, at->name, value);
    }
    return true;
}

static enum err open_world(struct case_world *run, const char *directory,
                           const struct properties *settings, struct why *why)
{
    const struct store_options store = {.unsynced = true};
    const struct log_embedded_options log = {
        .commit_interval_ms = 1, .runs_queries = true, .directory = directory};
    const struct log_member_options member = {.name = STR("cases"), .committed_only = true};
    enum err err = file_make_directory(directory, why);
    if (err == OK)
        err = store_open(directory, &store, &run->world.store, why);
    if (err == OK)
        err = log_embedded_open(run->world.store, &log, &run->world.log, why);
    if (err == OK)
        err = registry_embedded_open(run->world.store, &run->world.registry, why);
    if (err)
        return err;
    const struct engine_options engine = {.log = run->world.log,
                                          .registry = run->world.registry,
                                          .service_id = STR("some.ksql.service.id"),
                                          .thread_count = 1,
                                          .settings = settings};
    err = engine_open(&engine, &run->world.engine, why);
    if (err == OK)
        err = log_join(run->world.log, &member, &run->member, why);
    return err;
}

void case_run(const struct case_text *text, const char *directory, struct case_result *ret_result)
{
    struct case_world run = {.root = text->root, .result = ret_result};
    struct properties settings;
    struct why why = {0};
    *ret_result = (struct case_result){.outcome = CASE_PASSED};
    arena_init(&run.arena, 1 << 16);
    read_settings(&run, &settings);
    session_init(&run.session, &run.arena);
    if (open_world(&run, directory, &settings, &why) != OK)
        outcome(&run, CASE_FAILED, "cannot open: %s", why.text);
    else if (prepare_topics(&run, &why) && run_statements(&run, &why) && run_records(&run, &why) &&
             check_sources(&run) && check_topics(&run))
        ret_result->outcome = CASE_PASSED;
    log_leave(run.member);
    world_close(&run.world);
    arena_release(&run.arena);
    if (file_remove_tree(directory, &why) != OK)
        return;
}
