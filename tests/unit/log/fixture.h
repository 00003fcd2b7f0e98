/* fixture.h -- what the log's tests share: a directory, a log in it, records put and read. */
#ifndef TESTS_LOG_FIXTURE_H
#define TESTS_LOG_FIXTURE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "log/log.h"
#include "store/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 5000
#define assert_ok(call) assert_int_equal((call), OK)

struct fixture {
    char directory[64];
    struct store *store;
    struct log *log;
    struct store_options store_options;
    struct log_embedded_options log_options;
};

static inline void fixture_open(struct fixture *fixture)
{
    struct why why = {0};
    fixture->log_options.directory = fixture->directory;
    assert_ok(store_open(fixture->directory, &fixture->store_options, &fixture->store, &why));
    assert_ok(log_embedded_open(fixture->store, &fixture->log_options, &fixture->log, &why));
}

static inline void fixture_close(struct fixture *fixture)
{
    log_close(fixture->log);
    store_close(fixture->store);
    fixture->log = NULL;
    fixture->store = NULL;
}

static inline void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.directory = "/tmp/drivethru-log-XXXXXX"};
    assert_non_null(mkdtemp(fixture->directory));
    fixture->log_options.commit_interval_ms = 1;
    fixture->log_options.runs_queries = true;
}

static inline void fixture_release(struct fixture *fixture)
{
    if (fixture->log)
        fixture_close(fixture);
    assert_ok(file_remove_tree(fixture->directory, NULL));
}

static inline struct log_topic *make_topic(struct log *log, const char *name, bool internal,
                                           int32_t partition_count)
{
    const struct log_topic_config config = {.partition_count = partition_count,
                                            .internal = internal,
                                            .retention_ms = -1,
                                            .retention_bytes = -1};
    struct log_topic *topic = NULL;
    assert_ok(log_create(log, str_from(name), &config, NULL));
    assert_ok(log_topic_open(log, str_from(name), &topic));
    return topic;
}

static inline struct log_member *join(struct log *log, bool committed_only)
{
    const struct log_member_options options = {
        .name = STR("test"), .committed_only = committed_only, .steps_max = 64};
    struct log_member *member = NULL;
    assert_ok(log_join(log, &options, &member, NULL));
    return member;
}

/* A batch of `count` records: keys "k<first>", ..., values "v<first>", ..., timestamps first, ...;
 * each value filled up to value_size. */
static inline struct log_append make_append(struct log_topic *topic, int32_t partition, int first,
                                            int count, size_t value_size)
{
    struct record_batch_builder builder;
    struct buf value = {0};
    record_batch_builder_init(&builder);
    for (int i = first; i < first + count; i++) {
        char key[32];
        const int key_size = snprintf(key, sizeof(key), "k%d", i);
        buf_clear(&value);
        buf_printf(&value, "v%d", i);
        while (value.size < value_size)
            buf_append_byte(&value, '.');
        const struct record record = {
            .timestamp_ms = i, .key = {key, (size_t)key_size}, .value = buf_str(&value)};
        assert_ok(record_batch_add(&builder, &record));
    }
    record_batch_finish(&builder);
    buf_release(&value);
    const struct buf batch = record_batch_take(&builder);
    return (struct log_append){
        .topic = topic, .partition = partition, .batch = batch.data, .batch_size = batch.size};
}

/* Hands a step of one batch over; whoever calls owns nothing afterwards. */
static inline enum err put(struct log_member *member, struct log_topic *topic, int32_t partition,
                           int first, int count, uint64_t *ret_sequence)
{
    struct log_append append = make_append(topic, partition, first, count, 0);
    const struct log_step step = {.appends = &append, .append_count = 1};
    const enum err err = log_commit(member, &step, ret_sequence);
    if (err)
        free(append.batch);
    return err;
}

static inline void put_wait(struct log_member *member, struct log_topic *topic, int32_t partition,
                            int first, int count)
{
    bool taken = false;
    struct log_append append = make_append(topic, partition, first, count, 0);
    const struct log_step step = {.appends = &append, .append_count = 1};
    assert_ok(log_commit_wait(member, &step, WAIT_MS, &taken));
    assert_true(taken);
}

static inline enum err wait_durable(struct log_member *member, uint64_t sequence)
{
    const int64_t deadline_ns = clock_monotonic_ns() + (int64_t)WAIT_MS * 1000000;
    while (clock_monotonic_ns() < deadline_ns) {
        uint64_t durable = 0;
        const enum err err = log_committed(member, &durable);
        if (err || durable >= sequence)
            return err;
        const enum err waited = log_wait(member, 50);
        assert_true(waited == OK || waited == ERR_AGAIN);
    }
    return ERR_AGAIN;
}

/* Reads all from `offset` and checks that keys are k<first>, k<first + 1>, ...; returns how many,
 * or -1 when a read failed with *ret_err. */
static inline int read_all(struct log_member *member, struct log_topic *topic, int32_t partition,
                           int64_t offset, int first, enum err *ret_err)
{
    int count = 0;
    for (;;) {
        struct log_records *records = NULL;
        *ret_err = log_read(member, topic, partition, offset, 10000, &records, NULL);
        if (*ret_err)
            return -1;
        for (uint32_t i = 0; i < records->count; i++) {
            char key[32];
            snprintf(key, sizeof(key), "k%d", first + count++);
            assert_true(str_equal(records->at[i].key, str_from(key)));
            assert_int_equal(records->at[i].offset, offset + i);
        }
        const uint32_t got = records->count;
        offset = records->next_offset;
        log_records_release(records);
        if (got == 0)
            return count;
    }
}

static inline int count_all(struct log_member *member, struct log_topic *topic, int32_t partition,
                            int first)
{
    enum err err = OK;
    const int count = read_all(member, topic, partition, 0, first, &err);
    assert_ok(err);
    return count;
}

#endif
