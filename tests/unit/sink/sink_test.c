/* sink_test.c -- records of an embedded log through a sink into a SQLite file. */
#include "sink/sink.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/trace.h"
#include "format/format.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 5000

/* Columns of the topic ORDERS, or its table twin. */
static const struct row_column columns[] = {
    {.name = STR("ID"), .type = &type_string, .role = COLUMN_KEY},
    {.name = STR("TOTAL"), .type = &type_double, .role = COLUMN_VALUE},
    {.name = STR("AT"), .type = &type_timestamp, .role = COLUMN_VALUE},
    {.name = STR("RAW"), .type = &type_bytes, .role = COLUMN_VALUE},
};
static const struct row_type row_type = {4, columns};

struct fixture {
    char directory[64];
    char path[96];
    struct store *store;
    struct log *log;
    struct target *target;
    struct sink *sink;
    struct arena arena;
    struct properties properties;
    struct sink_catalog catalog;
    bool is_known; /* to the catalog */
    bool is_table;
    enum window_kind window;
    struct why why;
};

static enum err topic_format(void *context, struct str topic, struct arena *arena,
                             struct record_format *ret_format, bool *ret_is_table)
{
    const struct fixture *f = context;
    if (!f->is_known)
        return ERR_NOT_FOUND;
    *ret_format = (struct record_format){.topic = arena_str(arena, topic),
                                         .row_type = &row_type,
                                         .key = {.kind = FORMAT_KAFKA},
                                         .value = {.kind = FORMAT_JSON},
                                         .window = f->window,
                                         .window_size_ms = f->window ? 1000 : 0};
    *ret_is_table = f->is_table;
    return OK;
}

static void log_start(struct fixture *f)
{
    const struct store_options store_options = {.unsynced = true};
    const struct log_embedded_options log_options = {
        .commit_interval_ms = 1, .runs_queries = true, .directory = f->directory};
    assert_int_equal(store_open(f->directory, &store_options, &f->store, &f->why), OK);
    assert_int_equal(log_embedded_open(f->store, &log_options, &f->log, &f->why), OK);
}

static void fixture_init(struct fixture *f, const char *properties)
{
    *f = (struct fixture){.directory = "/tmp/drivethru-sink-XXXXXX", .is_known = true};
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/documents.sqlite", f->directory);
    arena_init(&f->arena, 0);
    f->catalog = (struct sink_catalog){.context = f, .topic_format = topic_format};
    properties_init(&f->properties, &f->arena);
    assert_int_equal(properties_parse(&f->properties, str_from(properties), &f->why), OK);
    log_start(f);
    assert_int_equal(target_sqlite_open(f->path, false, &f->target, &f->why), OK);
}

static void fixture_release(struct fixture *f)
{
    sink_stop(f->sink);
    f->target->ops->close(f->target);
    log_close(f->log);
    store_close(f->store);
    arena_release(&f->arena);
    assert_int_equal(file_remove_tree(f->directory, NULL), OK);
}

static void start(struct fixture *f)
{
    const struct sink_options options = {.name = STR("docs"),
                                         .properties = &f->properties,
                                         .log = f->log,
                                         .target = f->target,
                                         .catalog = &f->catalog};
    const enum err err = sink_start(&options, &f->sink, &f->why);
    if (err)
        fail_msg("%s", f->why.text);
}

static void stop(struct fixture *f)
{
    sink_stop(f->sink);
    f->sink = NULL;
}

static void make_topic(struct fixture *f, const char *name)
{
    const struct log_topic_config config = {
        .partition_count = 2, .retention_ms = -1, .retention_bytes = -1};
    assert_int_equal(log_create(f->log, str_from(name), &config, &f->why), OK);
}

static void send(struct fixture *f, const char *name, int32_t partition,
                 const struct record *records, uint32_t count)
{
    const struct log_member_options options = {.name = STR("test")};
    struct record_batch_builder builder;
    struct log_member *member = NULL;
    struct log_topic *topic = NULL;
    bool taken = false;
    assert_int_equal(log_topic_open(f->log, str_from(name), &topic), OK);
    assert_int_equal(log_join(f->log, &options, &member, &f->why), OK);
    record_batch_builder_init(&builder);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(record_batch_add(&builder, &records[i]), OK);
    record_batch_finish(&builder);
    const struct buf batch = record_batch_take(&builder);
    const struct log_append append = {
        .topic = topic, .partition = partition, .batch = batch.data, .batch_size = batch.size};
    const struct log_step step = {.appends = &append, .append_count = 1};
    assert_int_equal(log_commit_wait(member, &step, WAIT_MS, &taken), OK);
    log_leave(member);
}

static void send_one(struct fixture *f, const char *name, const char *key, const char *value)
{
    const struct record record = {
        .timestamp_ms = 1767225600000, .key = str_from(key), .value = str_from(value)};
    send(f, name, 0, &record, 1);
}

static struct sink_status wait_until(struct fixture *f, uint64_t documents, uint64_t dead_letters)
{
    struct sink_status status;
    const int64_t end_ns = clock_monotonic_ns() + (int64_t)WAIT_MS * 1000000;
    do {
        clock_sleep_ms(2);
        sink_get_status(f->sink, &status);
    } while ((status.documents < documents || status.dead_letters < dead_letters) &&
             status.state != SINK_FAILED && clock_monotonic_ns() < end_ns);
    if (status.documents != documents || status.dead_letters != dead_letters)
        print_message("state %d: %s\n", status.state, status.why.text);
    assert_int_equal(status.documents, documents);
    assert_int_equal(status.dead_letters, dead_letters);
    return status;
}

static struct sink_status wait_for_state(struct fixture *f, enum sink_state state)
{
    struct sink_status status;
    const int64_t end_ns = clock_monotonic_ns() + (int64_t)WAIT_MS * 1000000;
    do {
        clock_sleep_ms(2);
        sink_get_status(f->sink, &status);
    } while (status.state != state && clock_monotonic_ns() < end_ns);
    assert_int_equal(status.state, state);
    return status;
}

/* All documents of a collection, in order of _id, a line each. */
static bool on_document(void *context, struct str id, struct str json)
{
    struct buf *buf = context;
    buf_append_str(buf, json);
    buf_append_byte(buf, '\n');
    return id.size > 0;
}

static const char *documents(struct fixture *f, const char *collection)
{
    struct buf buf = {0};
    assert_int_equal(
        f->target->ops->walk(f->target, str_from(collection), on_document, &buf, &f->why), OK);
    const struct str text = arena_str(&f->arena, buf_str(&buf));
    buf_release(&buf);
    return text.data;
}

static int count_lines(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Dead letters as "key|value|original key|message", a line each. */
static const char *letters(struct fixture *f, const char *name)
{
    const struct log_member_options options = {.name = STR("test"), .committed_only = true};
    struct log_member *member = NULL;
    struct log_topic *topic = NULL;
    struct log_records *records = NULL;
    struct buf buf = {0};
    assert_int_equal(log_topic_open(f->log, str_from(name), &topic), OK);
    assert_int_equal(log_join(f->log, &options, &member, &f->why), OK);
    int64_t offset = 0;
    for (;;) {
        assert_int_equal(log_read(member, topic, 0, offset, 1 << 20, &records, &f->why), OK);
        const uint32_t count = records->count;
        for (uint32_t i = 0; i < count; i++) {
            const struct record *record = &records->at[i];
            buf_printf(&buf, "%.*s|%.*s", STR_ARGS(record->key), STR_ARGS(record->value));
            for (uint32_t h = 0; h < record->header_count; h++) {
                const struct record_header *header = &record->headers[h];
                if (str_equal(header->name, STR("__drivethru.errors.key")) ||
                    str_equal(header->name, STR("__connect.errors.exception.message")) ||
                    str_equal(header->name, STR("own")))
                    buf_printf(&buf, "|%.*s", STR_ARGS(header->value));
            }
            buf_append_byte(&buf, '\n');
        }
        offset = records->next_offset;
        log_records_release(records);
        if (count == 0)
            break;
    }
    log_leave(member);
    const struct str text = arena_str(&f->arena, buf_str(&buf));
    buf_release(&buf);
    return text.data;
}

static void a_stream_becomes_documents(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS\ncollection=orders");
    make_topic(&f, "ORDERS");
    send_one(&f, "ORDERS", "o1", "{\"TOTAL\":12.5,\"AT\":1767225600500,\"RAW\":\"IQ==\"}");
    start(&f);
    wait_until(&f, 1, 0);
    send_one(&f, "ORDERS", "o2", "{\"TOTAL\":\"NaN\",\"AT\":1767225600000}");
    const struct sink_status status = wait_until(&f, 2, 0);
    assert_int_equal(status.state, SINK_RUNNING);
    assert_int_equal(status.lag_records, 0);
    const char *text = documents(&f, "orders");
    assert_int_equal(count_lines(text), 2);
    assert_non_null(strstr(text, "{\"_id\":{\"$oid\":\"6955b900"));
    assert_non_null(strstr(text, "\"ID\":\"o1\",\"TOTAL\":12.5,\"AT\":{\"$date\":"
                                 "\"2026-01-01T00:00:00.500Z\"},\"RAW\":{\"$binary\":{\"base64\":"
                                 "\"IQ==\",\"subType\":\"00\"}}}"));
    assert_non_null(strstr(text, "\"ID\":\"o2\",\"TOTAL\":{\"$numberDouble\":\"NaN\"},\"AT\":"
                                 "{\"$date\":\"2026-01-01T00:00:00Z\"},\"RAW\":null}"));
    fixture_release(&f);
}

/* Stopped and started, and even with its position lost: the same documents, none twice. */
static void redelivery_does_no_harm(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    for (int i = 0; i < 20; i++)
        send_one(&f, "ORDERS", "o", "{\"TOTAL\":1}");
    start(&f);
    wait_until(&f, 20, 0);
    stop(&f);
    const char *before = documents(&f, "ORDERS");
    assert_int_equal(count_lines(before), 20);
    send_one(&f, "ORDERS", "o", "{\"TOTAL\":2}");
    start(&f);
    wait_until(&f, 1, 0);
    stop(&f);
    before = documents(&f, "ORDERS");
    const struct target_position lost = {STR("ORDERS"), 0, 0};
    struct document_refusal refusal;
    uint32_t refusal_count = 0;
    assert_int_equal(f.target->ops->write(f.target, STR("docs"), NULL, 0, &lost, 1, &refusal,
                                          &refusal_count, &f.why),
                     OK);
    start(&f);
    wait_until(&f, 21, 0);
    assert_string_equal(documents(&f, "ORDERS"), before);
    fixture_release(&f);
}

static void a_table_is_kept_by_key(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=T\ncollection=t\ndelete.on.null.values=true");
    f.is_table = true;
    make_topic(&f, "T");
    send_one(&f, "T", "a", "{\"TOTAL\":1}");
    send_one(&f, "T", "b", "{\"TOTAL\":2}");
    send_one(&f, "T", "a", "{\"TOTAL\":3}");
    start(&f);
    wait_until(&f, 3, 0);
    assert_string_equal(documents(&f, "t"),
                        "{\"_id\":\"a\",\"ID\":\"a\",\"TOTAL\":3.0,\"AT\":null,\"RAW\":null}\n"
                        "{\"_id\":\"b\",\"ID\":\"b\",\"TOTAL\":2.0,\"AT\":null,\"RAW\":null}\n");
    const struct record tombstone = {.key = STR("a")};
    send(&f, "T", 0, &tombstone, 1);
    wait_until(&f, 4, 0);
    assert_int_equal(count_lines(documents(&f, "t")), 1);
    fixture_release(&f);
}

static void windows_are_part_of_the_id(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=T\nvalue.projection.type=allowlist\nvalue.projection.list=TOTAL\n"
                     "field.renamer.mapping=[{\"oldName\":\"value.TOTAL\",\"newName\":\"sum\"}]");
    f.is_table = true;
    f.window = WINDOW_TUMBLING;
    make_topic(&f, "T");
    const struct record record = {.key = STR("a\0\0\0\0\0\0\x03\xe8"),
                                  .value = STR("{\"TOTAL\":1}")};
    send(&f, "T", 1, &record, 1);
    start(&f);
    wait_until(&f, 1, 0);
    assert_string_equal(
        documents(&f, "T"),
        "{\"_id\":{\"ID\":\"a\",\"WINDOWSTART\":{\"$date\":\"1970-01-01T00:00:01Z\"},"
        "\"WINDOWEND\":{\"$date\":\"1970-01-01T00:00:02Z\"}},\"ID\":\"a\",\"WINDOWSTART\":"
        "{\"$date\":\"1970-01-01T00:00:01Z\"},\"WINDOWEND\":{\"$date\":\"1970-01-01T00:00:02Z\"},"
        "\"sum\":1.0}\n");
    fixture_release(&f);
}

static void id_strategies(void **state)
{
    static const char *const pairs[][2] = {
        {"FullKey", "{\"_id\":\"o1\","},
        {"KafkaMetaDataStrategy", "{\"_id\":\"ORDERS#0#0\","},
        {"PartialKey", "{\"_id\":{\"ID\":\"o1\"},"},
        {"PartialValue", "{\"_id\":{\"TOTAL\":1.0},"},
        {"BsonOid", "{\"_id\":{\"$oid\":\"6955b900"},
        {"Uuid", "{\"_id\":{\"$uuid\":\""},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct fixture f;
        fixture_init(&f, "topics=ORDERS\n"
                         "document.id.strategy.partial.key.projection.type=AllowList\n"
                         "document.id.strategy.partial.key.projection.list=ID\n"
                         "document.id.strategy.partial.value.projection.type=BlockList\n"
                         "document.id.strategy.partial.value.projection.list=AT,RAW\n");
        properties_set(&f.properties, STR("document.id.strategy"), str_from(pairs[i][0]));
        make_topic(&f, "ORDERS");
        send_one(&f, "ORDERS", "o1", "{\"TOTAL\":1}");
        start(&f);
        wait_until(&f, 1, 0);
        const char *text = documents(&f, "ORDERS");
        if (strncmp(text, pairs[i][1], strlen(pairs[i][1])) != 0)
            fail_msg("%s: %s", pairs[i][0], text);
        fixture_release(&f);
    }
    struct fixture f;
    fixture_init(&f, "topics=ORDERS\ndocument.id.strategy=ProvidedInValue");
    make_topic(&f, "ORDERS");
    start(&f);
    assert_non_null(strstr(wait_for_state(&f, SINK_FAILED).why.text, "has no column _id"));
    fixture_release(&f);
}

static void write_models(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=U,I\ntopic.override.U.writemodel.strategy=UpdateOneTimestamps\n"
                     "topic.override.I.writemodel.strategy=InsertOneDefaultStrategy\n"
                     "document.id.strategy=FullKey\ndocument.key.columns=false\n"
                     "value.projection.type=allowlist\nvalue.projection.list=TOTAL\n");
    make_topic(&f, "U");
    make_topic(&f, "I");
    const struct record records[] = {
        {.timestamp_ms = 1000, .key = STR("a"), .value = STR("{\"TOTAL\":1}")},
        {.timestamp_ms = 2000, .key = STR("a"), .value = STR("{\"TOTAL\":2}")}};
    send(&f, "U", 0, records, 2);
    send(&f, "I", 0, records, 2);
    start(&f);
    wait_until(&f, 4, 0);
    assert_string_equal(documents(&f, "U"),
                        "{\"_id\":\"a\",\"TOTAL\":2.0,\"_modifiedTS\":{\"$date\":"
                        "\"1970-01-01T00:00:02Z\"},\"_insertedTS\":{\"$date\":"
                        "\"1970-01-01T00:00:01Z\"}}\n");
    assert_string_equal(documents(&f, "I"), "{\"_id\":\"a\",\"TOTAL\":1.0}\n");
    fixture_release(&f);
}

static void bad_records_become_dead_letters(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    const struct record_header header = {STR("own"), STR("mine"), false};
    const struct record records[] = {
        {.key = STR("a"), .value = STR("{\"TOTAL\":1}")},
        {.key = STR("b"), .value = STR("not json"), .headers = &header, .header_count = 1},
        {.key = STR("c"), .value = STR("{\"TOTAL\":true}")},
        {.key = STR("d")},
        {.key = STR("e"), .value = STR("{\"TOTAL\":2}")}};
    send(&f, "ORDERS", 1, records, 5);
    start(&f);
    assert_int_equal(wait_until(&f, 2, 3).state, SINK_RUNNING);
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 2);
    const char *text = letters(&f, "docs-dlq");
    assert_int_equal(count_lines(text), 3);
    assert_non_null(strstr(text, "docs/ORDERS/1/1|not json|"));
    assert_non_null(strstr(text, "|b|mine\n"));
    assert_non_null(
        strstr(text, "docs/ORDERS/1/2|{\"TOTAL\":true}|'TOTAL': true is no DOUBLE|c\n"));
    assert_non_null(strstr(text, "docs/ORDERS/1/3||the record has no value"));
    fixture_release(&f);
}

static void the_largest_record_becomes_a_dead_letter_too(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    char *text = test_malloc(RECORD_BYTES_MAX);
    memset(text, 'x', RECORD_BYTES_MAX);
    const struct record record = {.value = {text, RECORD_BYTES_MAX}};
    send(&f, "ORDERS", 0, &record, 1);
    test_free(text);
    start(&f);
    wait_until(&f, 0, 1);
    assert_non_null(strstr(letters(&f, "docs-dlq"), "docs/ORDERS/0/0||"));
    fixture_release(&f);
}

static void without_tolerance_the_sink_fails_at_the_record(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS\nerrors.tolerance=none");
    make_topic(&f, "ORDERS");
    const struct record records[] = {{.key = STR("a"), .value = STR("{\"TOTAL\":1}")},
                                     {.key = STR("b"), .value = STR("not json")},
                                     {.key = STR("c"), .value = STR("{\"TOTAL\":2}")}};
    send(&f, "ORDERS", 0, records, 3);
    start(&f);
    const struct sink_status status = wait_for_state(&f, SINK_FAILED);
    assert_non_null(strstr(status.why.text, "offset 1 of 'ORDERS'"));
    assert_int_equal(status.documents, 1);
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 1);
    stop(&f);
    properties_set(&f.properties, STR("errors.tolerance"), STR("all"));
    start(&f);
    wait_until(&f, 1, 1);
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 2);
    fixture_release(&f);
}

/* Whichever call of the target fails, once: nothing is lost and nothing is there twice. */
static void a_target_that_fails_once_is_waited_for(void **state)
{
    static const enum err errors[] = {ERR_UNAVAILABLE, ERR_FULL, ERR_IO};
    for (uint64_t call = 1; call <= 3; call++) {
        struct fixture f;
        fixture_init(&f, "topics=ORDERS\nmax.batch.size=4");
        f.target = target_faulty_new(f.target, call, false, errors[call - 1]);
        make_topic(&f, "ORDERS");
        for (int i = 0; i < 10; i++)
            send_one(&f, "ORDERS", "o", i == 5 ? "bad" : "{\"TOTAL\":1}");
        start(&f);
        wait_until(&f, 9, 1);
        assert_int_equal(wait_for_state(&f, SINK_RUNNING).lag_records, 0);
        assert_int_equal(count_lines(documents(&f, "ORDERS")), 9);
        fixture_release(&f);
    }
}

static void a_target_that_is_away_shows(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    f.target = target_faulty_new(f.target, 2, true, ERR_UNAVAILABLE);
    make_topic(&f, "ORDERS");
    send_one(&f, "ORDERS", "o", "{\"TOTAL\":1}");
    start(&f);
    assert_non_null(strstr(wait_for_state(&f, SINK_WAITING).why.text, "fails on purpose"));
    stop(&f);
    fixture_release(&f);
}

/* A target that refuses every document with an odd TOTAL. */
struct picky_target {
    struct target base;
    struct target *inner;
};

static enum err picky_write(struct target *target, struct str sink, const struct document *given,
                            uint32_t count, const struct target_position *positions,
                            uint32_t position_count, struct document_refusal *refusals,
                            uint32_t *ret_refusal_count, struct why *why)
{
    struct target *inner = ((struct picky_target *)target)->inner;
    uint32_t refusal_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!strstr(given[i].json.data, "\"TOTAL\":1.0"))
            continue;
        refusals[refusal_count].index = i;
        assert_int_equal(why_set(&refusals[refusal_count++].why, ERR_INVALID, "odd document"),
                         ERR_INVALID);
    }
    *ret_refusal_count = refusal_count;
    if (refusal_count > 0)
        return OK;
    return inner->ops->write(inner, sink, given, count, positions, position_count, refusals,
                             ret_refusal_count, why);
}

static enum err picky_positions(struct target *target, struct str sink, struct arena *arena,
                                struct target_position **ret_positions, uint32_t *ret_count,
                                struct why *why)
{
    struct target *inner = ((struct picky_target *)target)->inner;
    return inner->ops->positions(inner, sink, arena, ret_positions, ret_count, why);
}

static void refused_documents_become_dead_letters(void **state)
{
    static const struct target_ops ops = {.write = picky_write, .positions = picky_positions};
    struct fixture f;
    fixture_init(&f, "topics=ORDERS\nerrors.deadletterqueue.topic.name=odd-dlq");
    struct target *inner = f.target;
    struct picky_target picky = {{&ops}, inner};
    f.target = &picky.base;
    make_topic(&f, "ORDERS");
    for (int i = 0; i < 6; i++)
        send_one(&f, "ORDERS", "o", i % 2 ? "{\"TOTAL\":1}" : "{\"TOTAL\":2}");
    start(&f);
    wait_until(&f, 3, 3);
    f.target = inner;
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 3);
    const char *text = letters(&f, "odd-dlq");
    assert_int_equal(count_lines(text), 3);
    assert_non_null(strstr(text, "docs/ORDERS/0/5|{\"TOTAL\":1}|odd document|o\n"));
    fixture_release(&f);
}

static void topics_may_come_later(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics.regex=LATE.*");
    start(&f);
    clock_sleep_ms(20);
    make_topic(&f, "LATE_ONE");
    make_topic(&f, "TOO_LATE");
    send_one(&f, "LATE_ONE", "o", "{\"TOTAL\":1}");
    send_one(&f, "TOO_LATE", "o", "{\"TOTAL\":1}");
    wait_until(&f, 1, 0);
    assert_int_equal(count_lines(documents(&f, "LATE_ONE")), 1);
    fixture_release(&f);
}

static void a_topic_made_anew_is_read_from_its_start(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS\ndocument.id.strategy=FullKey");
    make_topic(&f, "ORDERS");
    send_one(&f, "ORDERS", "a", "{\"TOTAL\":1}");
    send_one(&f, "ORDERS", "b", "{\"TOTAL\":1}");
    start(&f);
    wait_until(&f, 2, 0);
    assert_int_equal(log_remove(f.log, STR("ORDERS"), &f.why), OK);
    clock_sleep_ms(300);
    make_topic(&f, "ORDERS");
    send_one(&f, "ORDERS", "c", "{\"TOTAL\":1}");
    send_one(&f, "ORDERS", "d", "{\"TOTAL\":1}");
    send_one(&f, "ORDERS", "e", "{\"TOTAL\":1}");
    wait_until(&f, 5, 0);
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 5);
    fixture_release(&f);
}

static void unknown_topics_go_by_converters(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=RAW\nkey.converter=org.apache.kafka.connect.storage.StringConverter\n"
                     "value.converter=org.apache.kafka.connect.json.JsonConverter\n"
                     "document.id.strategy=FullKey");
    f.is_known = false;
    make_topic(&f, "RAW");
    send_one(&f, "RAW", "k", "{\"a\": [1, {\"b\": null}], \"_id\": 5, \"c\": \"x\"}");
    send_one(&f, "RAW", "l", "[1]");
    start(&f);
    wait_until(&f, 1, 1);
    assert_string_equal(documents(&f, "RAW"),
                        "{\"_id\":\"k\",\"KEY\":\"k\",\"a\":[1,{\"b\":null}],\"c\":\"x\"}\n");
    fixture_release(&f);
}

static void a_paused_sink_reads_nothing(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    start(&f);
    sink_pause(f.sink, true);
    wait_for_state(&f, SINK_PAUSED);
    send_one(&f, "ORDERS", "o", "{\"TOTAL\":1}");
    clock_sleep_ms(50);
    assert_int_equal(wait_for_state(&f, SINK_PAUSED).documents, 0);
    sink_pause(f.sink, false);
    assert_int_equal(wait_until(&f, 1, 0).state, SINK_RUNNING);
    fixture_release(&f);
}

/* The log learns how far the sink is, under the name retention asks for. */
static void the_position_is_held_in_the_log(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    send_one(&f, "ORDERS", "o", "{\"TOTAL\":1}");
    start(&f);
    wait_until(&f, 1, 0);
    const struct log_member_options options = {.name = STR("test")};
    struct log_member *member = NULL;
    struct log_task_state task = {0};
    assert_int_equal(log_join(f.log, &options, &member, &f.why), OK);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(log_load(member, STR("sink/docs"), &f.arena, &task, &f.why), OK);
        if (task.exists && task.positions[0].next_offset == 1)
            break;
        clock_sleep_ms(10);
    }
    assert_true(task.exists);
    assert_int_equal(task.position_count, 2);
    assert_int_equal(task.positions[0].next_offset, 1);
    assert_int_equal(task.positions[0].from_offset, 1);
    log_leave(member);
    fixture_release(&f);
}

int main(void)
{
    trace_set_level(TRACE_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_becomes_documents),
        cmocka_unit_test(redelivery_does_no_harm),
        cmocka_unit_test(a_table_is_kept_by_key),
        cmocka_unit_test(windows_are_part_of_the_id),
        cmocka_unit_test(id_strategies),
        cmocka_unit_test(write_models),
        cmocka_unit_test(bad_records_become_dead_letters),
        cmocka_unit_test(the_largest_record_becomes_a_dead_letter_too),
        cmocka_unit_test(without_tolerance_the_sink_fails_at_the_record),
        cmocka_unit_test(a_target_that_fails_once_is_waited_for),
        cmocka_unit_test(a_target_that_is_away_shows),
        cmocka_unit_test(refused_documents_become_dead_letters),
        cmocka_unit_test(topics_may_come_later),
        cmocka_unit_test(a_topic_made_anew_is_read_from_its_start),
        cmocka_unit_test(unknown_topics_go_by_converters),
        cmocka_unit_test(a_paused_sink_reads_nothing),
        cmocka_unit_test(the_position_is_held_in_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
