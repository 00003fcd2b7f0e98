/* keep_test.c -- what the log keeps: retention by time and bytes, the cleaner, room again. */
#include "fixture.h"

#define DEADLINE_NS 15000000000

static struct log_partition_info describe(struct fixture *fixture, const char *name,
                                          int32_t partition)
{
    struct arena arena;
    struct log_topic_info info;
    arena_init(&arena, 0);
    assert_ok(log_describe(fixture->log, str_from(name), &arena, &info, NULL));
    const struct log_partition_info found = info.partitions[partition];
    arena_release(&arena);
    return found;
}

static struct log_topic *make(struct fixture *fixture, const char *name,
                              const struct log_topic_config *config)
{
    struct log_topic *topic = NULL;
    assert_ok(log_create(fixture->log, str_from(name), config, NULL));
    assert_ok(log_topic_open(fixture->log, str_from(name), &topic));
    return topic;
}

static void put_at(struct log_member *member, struct log_topic *topic, const char *key,
                   const char *value, int64_t timestamp_ms)
{
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    const struct record record = {
        .timestamp_ms = timestamp_ms, .key = str_from(key), .value = str_from(value)};
    assert_ok(record_batch_add(&builder, &record));
    record_batch_finish(&builder);
    const struct buf batch = record_batch_take(&builder);
    const struct log_append append = {
        .topic = topic, .batch = batch.data, .batch_size = batch.size};
    const struct log_step step = {.appends = &append, .append_count = 1};
    bool taken = false;
    assert_ok(log_commit_wait(member, &step, WAIT_MS, &taken));
}

static void hold(struct log_member *member, struct log_topic *topic, int64_t offset)
{
    const struct log_position position = {
        .topic = topic, .next_offset = offset, .from_offset = offset};
    const struct log_step step = {.task = STR("sink"), .positions = &position, .position_count = 1};
    bool taken = false;
    assert_ok(log_commit_wait(member, &step, WAIT_MS, &taken));
}

static void wait_for_begin(struct fixture *fixture, const char *name, int64_t begin_offset)
{
    const int64_t deadline_ns = clock_monotonic_ns() + DEADLINE_NS;
    while (describe(fixture, name, 0).begin_offset < begin_offset &&
           clock_monotonic_ns() < deadline_ns)
        clock_sleep_ms(20);
    assert_int_equal(describe(fixture, name, 0).begin_offset, begin_offset);
}

static void old_batches_go_unless_a_task_needs_them(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    const struct log_topic_config by_time = {
        .partition_count = 1, .retention_ms = 3600000, .retention_bytes = -1};
    const struct log_topic_config for_ever = {
        .partition_count = 1, .retention_ms = -1, .retention_bytes = -1};
    struct log_topic *topic = make(&fixture, "old", &by_time);
    struct log_topic *kept = make(&fixture, "kept", &for_ever);
    struct log_member *member = join(fixture.log, false);
    const int64_t now_ms = clock_wall_ms();
    hold(member, topic, 2);
    for (int i = 0; i < 6; i++) {
        put_at(member, topic, "k", "v", now_ms - (i < 4 ? 7200000 : 0));
        put_at(member, kept, "k", "v", 0);
    }
    wait_for_begin(&fixture, "old", 2);
    clock_sleep_ms(1200);
    assert_int_equal(describe(&fixture, "old", 0).begin_offset, 2);
    hold(member, topic, 6);
    wait_for_begin(&fixture, "old", 4);
    assert_int_equal(describe(&fixture, "old", 0).end_offset, 6);
    assert_int_equal(describe(&fixture, "kept", 0).begin_offset, 0);
    struct log_records *records = NULL;
    assert_int_equal(log_read(member, topic, 0, 3, 100, &records, NULL), ERR_OUT_OF_RANGE);
    assert_ok(log_read(member, topic, 0, 4, 100000, &records, NULL));
    assert_int_equal(records->count, 2);
    log_records_release(records);
    log_leave(member);
    fixture_release(&fixture);
}

static void a_partition_is_kept_to_its_bytes(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    const struct log_topic_config by_bytes = {
        .partition_count = 1, .retention_ms = -1, .retention_bytes = 200000};
    struct log_topic *topic = make(&fixture, "t", &by_bytes);
    struct log_member *member = join(fixture.log, false);
    bool taken = false;
    for (int i = 0; i < 100; i++) {
        const struct log_append append = make_append(topic, 0, i * 10, 10, 1000);
        const struct log_step step = {.appends = &append, .append_count = 1};
        assert_ok(log_commit_wait(member, &step, WAIT_MS, &taken));
    }
    const int64_t deadline_ns = clock_monotonic_ns() + DEADLINE_NS;
    while (describe(&fixture, "t", 0).bytes > 200000 && clock_monotonic_ns() < deadline_ns)
        clock_sleep_ms(20);
    const struct log_partition_info info = describe(&fixture, "t", 0);
    assert_true(info.bytes <= 200000);
    assert_true(info.bytes >= 100000);
    assert_true(info.begin_offset % 10 == 0);
    assert_int_equal(info.end_offset, 1000);
    enum err err = OK;
    const int first = (int)info.begin_offset;
    assert_int_equal(read_all(member, topic, 0, first, first, &err), 1000 - first);
    log_leave(member);
    fixture_release(&fixture);
}

/* 40 keys in 2,500 records: what is left are 40 records of the cleaned part, offsets as before. */
static void the_cleaner_keeps_the_latest_of_each_key(void **state)
{
    enum { RECORDS = 2500, KEYS = 40, A_BATCH = 25 };
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.store_options.unsynced = true;
    fixture_open(&fixture);
    const struct log_topic_config config = {
        .partition_count = 1, .compacted = true, .retention_ms = -1, .retention_bytes = -1};
    struct log_topic *topic = make(&fixture, "t", &config);
    struct log_member *member = join(fixture.log, false);
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    hold(member, topic, 2000);
    for (int i = 0; i < RECORDS; i++) {
        char key[16];
        char value[16];
        const int key_size = snprintf(key, sizeof(key), "key%d", i * 7 % KEYS);
        const int value_size = snprintf(value, sizeof(value), "%d", i);
        const struct record record = {.timestamp_ms = i,
                                      .key = {i == 5 ? NULL : key, i == 5 ? 0 : (size_t)key_size},
                                      .value = {value, (size_t)value_size}};
        assert_ok(record_batch_add(&builder, &record));
        if ((i + 1) % A_BATCH)
            continue;
        record_batch_finish(&builder);
        const struct buf batch = record_batch_take(&builder);
        const struct log_append append = {
            .topic = topic, .batch = batch.data, .batch_size = batch.size};
        const struct log_step step = {.appends = &append, .append_count = 1};
        bool taken = false;
        assert_ok(log_commit_wait(member, &step, WAIT_MS, &taken));
    }
    record_batch_builder_release(&builder);
    /* Held at 2,000: 40 latest of what is before, the one without a key, and all behind. */
    const int expected[] = {KEYS + 1 + RECORDS - 2000, KEYS + 1};
    for (int round = 0; round < 2; round++) {
        const int64_t deadline_ns = clock_monotonic_ns() + DEADLINE_NS;
        int count = 0;
        do {
            int64_t offset = 0;
            int64_t end_offset = 1;
            count = 0;
            while (offset < end_offset) {
                struct log_records *records = NULL;
                assert_ok(log_read(member, topic, 0, offset, 4000, &records, NULL));
                for (uint32_t i = 0; i < records->count; i++) {
                    char value[16];
                    snprintf(value, sizeof(value), "%d", (int)records->at[i].offset);
                    assert_true(str_equal(records->at[i].value, str_from(value)));
                    assert_int_equal(records->at[i].timestamp_ms, records->at[i].offset);
                }
                count += (int)records->count;
                offset = records->next_offset;
                end_offset = records->end_offset;
                log_records_release(records);
            }
            assert_int_equal(end_offset, RECORDS);
            clock_sleep_ms(20);
        } while (count != expected[round] && clock_monotonic_ns() < deadline_ns);
        assert_int_equal(count, expected[round]);
        if (round)
            break;
        /* Another start, without the hold: now all of it is cleaned. */
        const struct log_step forget = {.task = STR("sink"), .forget = true};
        bool taken = false;
        assert_ok(log_commit_wait(member, &forget, WAIT_MS, &taken));
        log_leave(member);
        fixture_close(&fixture);
        fixture_open(&fixture);
        assert_ok(log_topic_open(fixture.log, STR("t"), &topic));
        member = join(fixture.log, false);
    }
    log_leave(member);
    fixture_release(&fixture);
}

static void put_large(struct log_member *member, struct log_topic *topic, int count,
                      uint64_t *ret_sequence)
{
    for (int i = 0; i < count; i++) {
        const struct log_append append = make_append(topic, 0, i * 10, 10, 4000);
        const struct log_step step = {.appends = &append, .append_count = 1};
        assert_ok(log_commit(member, &step, ret_sequence));
    }
}

static void a_full_log_holds_steps_back_and_goes_on(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.store_options.bytes_max = 1 << 20;
    fixture_open(&fixture);
    struct log_topic *ballast = make_topic(fixture.log, "ballast", false, 1);
    struct log_topic *topic = make_topic(fixture.log, "inside", true, 1);
    struct log_member *member = join(fixture.log, false);
    struct log_member *helper = join(fixture.log, false);
    uint64_t sequence = 0;
    put_large(member, ballast, 12, &sequence);
    assert_ok(wait_durable(member, sequence));
    put_large(member, topic, 15, &sequence);
    assert_int_equal(wait_durable(member, sequence), ERR_FULL);
    assert_int_equal(log_get_health(fixture.log), LOG_FULL);
    uint64_t durable = 0;
    assert_int_equal(log_committed(member, &durable), ERR_FULL);
    /* All together there was no room for them; one by one there is, for some. */
    for (int i = 0; i < 10000 && durable < 12 + 4; i++) {
        clock_sleep_ms(1);
        assert_int_equal(log_committed(member, &durable), ERR_FULL);
    }
    assert_true(durable >= 12 + 4);
    assert_true(durable < 12 + 15);
    assert_ok(log_committed(helper, &durable)); /* has nothing on its way */
    /* All is readable ahead meanwhile; other topics can still be made. */
    assert_int_equal(count_all(helper, topic, 0, 0), 150);
    make_topic(fixture.log, "other", false, 1);
    assert_ok(log_remove(fixture.log, STR("ballast"), NULL));
    const int64_t deadline_ns = clock_monotonic_ns() + DEADLINE_NS;
    while (log_committed(member, &durable) == ERR_FULL && clock_monotonic_ns() < deadline_ns)
        (void)!log_wait(member, 50);
    assert_ok(wait_durable(member, sequence));
    assert_int_equal(log_get_health(fixture.log), LOG_HEALTHY);
    assert_int_equal(count_all(helper, topic, 0, 0), 150);
    /* Full again, and closed so: what was not committed was never reported. */
    put_large(member, topic, 15, &sequence);
    assert_int_equal(wait_durable(member, sequence), ERR_FULL);
    (void)!log_committed(member, &durable);
    log_leave(member);
    log_leave(helper);
    fixture_close(&fixture);
    fixture.store_options.bytes_max = 0;
    fixture_open(&fixture);
    const int64_t end_offset = describe(&fixture, "inside", 0).end_offset;
    assert_true(end_offset >= (int64_t)(durable - 12) * 10);
    assert_true(end_offset < 300);
    fixture_release(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_batches_go_unless_a_task_needs_them),
        cmocka_unit_test(a_partition_is_kept_to_its_bytes),
        cmocka_unit_test(the_cleaner_keeps_the_latest_of_each_key),
        cmocka_unit_test(a_full_log_holds_steps_back_and_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
