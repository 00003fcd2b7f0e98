/* fixture.h -- what the sink's tests share: a log, a SQLite target, a sink between them. */
#ifndef TESTS_SINK_FIXTURE_H
#define TESTS_SINK_FIXTURE_H

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

static inline enum err topic_format(void *context, struct str topic, struct arena *arena,
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

static inline void log_start(struct fixture *f)
{
    const struct store_options store_options = {.unsynced = true};
    const struct log_embedded_options log_options = {
        .commit_interval_ms = 1, .runs_queries = true, .directory = f->directory};
    assert_int_equal(store_open(f->directory, &store_options, &f->store, &f->why), OK);
    assert_int_equal(log_embedded_open(f->store, &log_options, &f->log, &f->why), OK);
}

static inline void fixture_init(struct fixture *f, const char *properties)
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

static inline void fixture_release(struct fixture *f)
{
    sink_stop(f->sink);
    target_close(f->target);
    log_close(f->log);
    store_close(f->store);
    arena_release(&f->arena);
    assert_int_equal(file_remove_tree(f->directory, NULL), OK);
}

static inline void start(struct fixture *f)
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

static inline void stop(struct fixture *f)
{
    sink_stop(f->sink);
    f->sink = NULL;
}

static inline void make_topic(struct fixture *f, const char *name)
{
    const struct log_topic_config config = {
        .partition_count = 2, .retention_ms = -1, .retention_bytes = -1};
    assert_int_equal(log_create(f->log, str_from(name), &config, &f->why), OK);
}

static inline void send(struct fixture *f, const char *name, int32_t partition,
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

static inline void send_one(struct fixture *f, const char *name, const char *key, const char *value)
{
    const struct record record = {
        .timestamp_ms = 1767225600000, .key = str_from(key), .value = str_from(value)};
    send(f, name, 0, &record, 1);
}

static inline struct sink_status wait_until(struct fixture *f, uint64_t documents,
                                            uint64_t dead_letters)
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

static inline struct sink_status wait_for_state(struct fixture *f, enum sink_state state)
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
static inline bool on_document(void *context, struct str id, struct str json)
{
    struct buf *buf = context;
    buf_append_str(buf, json);
    buf_append_byte(buf, '\n');
    return id.size > 0;
}

static inline const char *documents(struct fixture *f, const char *collection)
{
    struct buf buf = {0};
    assert_int_equal(target_walk(f->target, str_from(collection), on_document, &buf, &f->why), OK);
    const struct str text = arena_str(&f->arena, buf_str(&buf));
    buf_release(&buf);
    return text.data;
}

static inline int count_lines(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Dead letters as "key|value|original key|message", a line each. */
static inline const char *letters(struct fixture *f, const char *name)
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

#endif
