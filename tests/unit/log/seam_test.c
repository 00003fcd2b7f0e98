/* seam_test.c -- what log.h promises, of every backend alike.
 *
 * The embedded log, the same behind `faulty`, and a Kafka cluster where BOOTSTRAP names one. What
 * backends may do differently is not asked here. */
#include "fixture.h"

#include "base/properties.h"

#include <stdlib.h>

#define NEWS_MS 30000 /* a broker takes its time for its first transaction */
#define RECORDS_MAX 64

enum backend { EMBEDDED, FAULTY, KAFKA };

/* One backend's log, and names that no test had before. */
struct trial {
    enum backend backend;
    struct fixture fixture;
    struct arena arena;
    struct properties settings;
    struct str prefix;
    struct log *log;
};

/* Records read so far, copied. */
struct seen {
    struct record at[RECORDS_MAX];
    uint32_t count;
    struct arena arena;
};

static enum backend backend = EMBEDDED;

static void trial_open(struct trial *trial)
{
    struct why why = {0};
    if (trial->backend == KAFKA) {
        const struct log_kafka_options options = {
            .settings = &trial->settings,
            .service_id = trial->prefix,
            .runs_queries = true,
            .directory = trial->fixture.directory,
        };
        if (log_kafka_open(&options, &trial->log, &why) != OK)
            fail_msg("%s", why.text);
        return;
    }
    fixture_open(&trial->fixture);
    trial->log = trial->fixture.log;
    if (trial->backend == FAULTY)
        trial->log = log_faulty_new(trial->log, &(struct log_faulty_plan){0});
}

static void trial_close(struct trial *trial)
{
    if (trial->backend == FAULTY)
        trial->fixture.log = trial->log;
    if (trial->backend == KAFKA)
        log_close(trial->log);
    else
        fixture_close(&trial->fixture);
    trial->log = NULL;
}

static void trial_init(struct trial *trial)
{
    static unsigned count;
    *trial = (struct trial){.backend = backend};
    fixture_init(&trial->fixture);
    arena_init(&trial->arena, 0);
    properties_init(&trial->settings, &trial->arena);
    trial->prefix =
        arena_printf(&trial->arena, "seam%lld.%u_", (long long)clock_wall_ms(), count++);
    if (trial->backend == KAFKA)
        properties_set(&trial->settings, STR("bootstrap.servers"), str_from(getenv("BOOTSTRAP")));
    trial_open(trial);
}

static void trial_release(struct trial *trial)
{
    trial_close(trial);
    arena_release(&trial->arena);
    fixture_release(&trial->fixture);
}

static struct str topic_name(struct trial *trial, const char *name)
{
    return arena_printf(&trial->arena, "%.*s%s", STR_ARGS(trial->prefix), name);
}

static struct log_topic *topic(struct trial *trial, const char *name, int32_t partition_count)
{
    return make_topic(trial->log, topic_name(trial, name).data, false, partition_count);
}

/* A batch of these records. */
static struct log_append append_of(struct log_topic *topic, int32_t partition,
                                   const struct record *records, uint32_t count)
{
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    for (uint32_t i = 0; i < count; i++)
        assert_ok(record_batch_add(&builder, &records[i]));
    record_batch_finish(&builder);
    const struct buf batch = record_batch_take(&builder);
    return (struct log_append){
        .topic = topic, .partition = partition, .batch = batch.data, .batch_size = batch.size};
}

static void commit(struct log_member *member, const struct log_step *step)
{
    bool taken = false;
    assert_ok(log_commit_wait(member, step, NEWS_MS, &taken));
    assert_true(taken);
}

static void see(struct seen *seen, const struct record *record)
{
    assert_in_range(seen->count, 0, RECORDS_MAX - 1);
    struct record *copy = &seen->at[seen->count++];
    struct record_header *headers =
        ARENA_ARRAY(&seen->arena, struct record_header, record->header_count + 1);
    *copy = *record;
    if (record->key.data)
        copy->key = arena_str(&seen->arena, record->key);
    if (record->value.data)
        copy->value = arena_str(&seen->arena, record->value);
    for (uint32_t i = 0; i < record->header_count; i++) {
        headers[i] = record->headers[i];
        headers[i].name = arena_str(&seen->arena, record->headers[i].name);
        headers[i].value = arena_str(&seen->arena, record->headers[i].value);
    }
    copy->headers = headers;
}

/* Reads until `count` records were seen, and to the end; returns where that is. */
static int64_t read_some(struct log_member *member, struct log_topic *topic, int32_t partition,
                         int64_t offset, uint32_t count, struct seen *seen)
{
    const int64_t deadline_ns = clock_monotonic_ns() + (int64_t)NEWS_MS * 1000000;
    bool at_end = false;
    while (seen->count < count || !at_end) {
        struct log_records *records = NULL;
        struct why why = {0};
        if (clock_monotonic_ns() >= deadline_ns)
            fail_msg("%u of %u records came", seen->count, count);
        const enum err err = log_read(member, topic, partition, offset, 1 << 20, &records, &why);
        if (err != OK)
            fail_msg("cannot read: %s: %s", err_text(err), why.text);
        for (uint32_t i = 0; i < records->count; i++) {
            assert_true(records->at[i].offset >= offset);
            see(seen, &records->at[i]);
        }
        at_end = records->count == 0;
        assert_true(records->next_offset >= offset);
        offset = records->next_offset;
        log_records_release(records);
        if (at_end && seen->count < count)
            (void)!log_wait(member, 50);
    }
    return offset;
}

static void seen_init(struct seen *seen)
{
    seen->count = 0;
    arena_init(&seen->arena, 0);
}

static void topics_are_made_once_and_found(void **state)
{
    struct trial trial;
    struct log_topic_info info;
    struct log_topic *found = NULL;
    struct str *names;
    size_t count;
    (void)state;
    trial_init(&trial);
    const struct str name = topic_name(&trial, "orders");
    const struct log_topic_config config = {
        .partition_count = 3, .retention_ms = 86400000, .retention_bytes = -1};
    assert_int_equal(log_topic_open(trial.log, name, &found), ERR_NOT_FOUND);
    assert_ok(log_create(trial.log, name, &config, NULL));
    assert_int_equal(log_create(trial.log, name, &config, NULL), ERR_EXISTS);
    assert_int_equal(log_create(trial.log, STR("no/topic"), &config, NULL), ERR_INVALID);
    assert_int_equal(log_create(trial.log, STR(".."), &config, NULL), ERR_INVALID);
    assert_ok(log_topic_open(trial.log, name, &found));
    assert_int_equal(found->partition_count, 3);
    assert_ok(log_describe(trial.log, name, &trial.arena, &info, NULL));
    assert_int_equal(info.config.partition_count, 3);
    assert_int_equal(info.config.retention_ms, 86400000);
    assert_false(info.config.compacted);
    for (int i = 0; i < 3; i++)
        assert_int_equal(info.partitions[i].end_offset, info.partitions[i].begin_offset);
    (void)topic(&trial, "a", 1);
    assert_ok(log_list(trial.log, &trial.arena, &names, &count, NULL));
    bool is_listed = false;
    for (size_t i = 0; i < count; i++) {
        is_listed = is_listed || str_equal(names[i], name);
        assert_true(i == 0 || str_compare(names[i - 1], names[i]) < 0);
    }
    assert_true(is_listed);
    assert_ok(log_remove(trial.log, name, NULL));
    assert_int_equal(log_topic_open(trial.log, name, &found), ERR_NOT_FOUND);
    assert_int_equal(log_remove(trial.log, name, NULL), ERR_NOT_FOUND);
    trial_release(&trial);
}

static void records_come_back_as_they_were(void **state)
{
    const struct record_header headers[] = {
        {.name = STR("reason"), .value = STR("late")},
        {.name = STR("reason"), .value = STR("")},
        {.name = STR("empty"), .is_null = true},
    };
    const struct record given[] = {
        {.timestamp_ms = 1700000000000, .key = STR("k"), .value = STR("v")},
        {.timestamp_ms = 1699999999000, .value = STR("no key")},
        {.timestamp_ms = 1700000000001, .key = STR("no value")},
        {.timestamp_ms = 1700000000002, .key = STR(""), .value = STR("")},
        {.timestamp_ms = 1700000000003,
         .key = STR("k"),
         .value = STR("v2"),
         .headers = headers,
         .header_count = 3},
    };
    enum { GIVEN = sizeof(given) / sizeof(given[0]) };
    struct trial trial;
    struct seen seen;
    (void)state;
    trial_init(&trial);
    struct log_topic *orders = topic(&trial, "orders", 2);
    struct log_member *member = join(trial.log, true);
    struct log_append appends[] = {append_of(orders, 1, given, GIVEN),
                                   append_of(orders, 0, given, 1)};
    commit(member, &(struct log_step){.appends = appends, .append_count = 2});
    seen_init(&seen);
    const int64_t end = read_some(member, orders, 1, 0, GIVEN, &seen);
    assert_int_equal(seen.count, GIVEN);
    for (uint32_t i = 0; i < GIVEN; i++) {
        const struct record *got = &seen.at[i];
        assert_int_equal(got->timestamp_ms, given[i].timestamp_ms);
        assert_int_equal(got->key.data == NULL, given[i].key.data == NULL);
        assert_int_equal(got->value.data == NULL, given[i].value.data == NULL);
        assert_true(str_equal(got->key, given[i].key));
        assert_true(str_equal(got->value, given[i].value));
        assert_int_equal(got->header_count, given[i].header_count);
        for (uint32_t j = 0; j < got->header_count; j++) {
            assert_true(str_equal(got->headers[j].name, headers[j].name));
            assert_true(str_equal(got->headers[j].value, headers[j].value));
            assert_int_equal(got->headers[j].is_null, headers[j].is_null);
        }
    }
    /* From an offset in the middle, and from the end. */
    const int64_t middle = seen.at[2].offset;
    seen.count = 0;
    assert_int_equal(read_some(member, orders, 1, middle, 3, &seen), end);
    assert_int_equal(seen.count, 3);
    assert_true(str_equal(seen.at[0].key, STR("no value")));
    seen.count = 0;
    assert_int_equal(read_some(member, orders, 1, end, 0, &seen), end);
    assert_int_equal(seen.count, 0);
    seen.count = 0;
    (void)read_some(member, orders, 0, 0, 1, &seen);
    assert_int_equal(seen.count, 1);
    arena_release(&seen.arena);
    log_leave(member);
    trial_release(&trial);
}

static void times_are_found(void **state)
{
    struct trial trial;
    struct seen seen;
    struct log_topic_info info;
    int64_t offset = -1;
    (void)state;
    trial_init(&trial);
    struct log_topic *orders = topic(&trial, "orders", 1);
    struct log_member *member = join(trial.log, true);
    struct record records[3] = {{.key = STR("a")}, {.key = STR("b")}, {.key = STR("c")}};
    for (int i = 0; i < 3; i++)
        records[i].timestamp_ms = 1700000000000 + i * 1000;
    struct log_append append = append_of(orders, 0, records, 3);
    commit(member, &(struct log_step){.appends = &append, .append_count = 1});
    seen_init(&seen);
    (void)read_some(member, orders, 0, 0, 3, &seen);
    assert_ok(log_find(trial.log, orders, 0, 1700000000000, &offset, NULL));
    assert_int_equal(offset, seen.at[0].offset);
    assert_ok(log_find(trial.log, orders, 0, 1700000000500, &offset, NULL));
    assert_int_equal(offset, seen.at[1].offset);
    assert_ok(log_find(trial.log, orders, 0, 1700000009000, &offset, NULL));
    assert_ok(log_describe(trial.log, orders->name, &trial.arena, &info, NULL));
    assert_true(offset > seen.at[2].offset);
    assert_true(offset <= info.partitions[0].end_offset);
    arena_release(&seen.arena);
    log_leave(member);
    trial_release(&trial);
}

static void tasks_are_known_as_last_committed(void **state)
{
    struct trial trial;
    struct log_task_state task;
    struct log_reader *readers;
    size_t count;
    (void)state;
    trial_init(&trial);
    struct log_topic *left = topic(&trial, "left", 2);
    struct log_topic *right = topic(&trial, "right", 2);
    struct log_member *member = join(trial.log, false);
    for (int32_t partition = 0; partition < 2; partition++) {
        put_wait(member, left, partition, 0, 9);
        put_wait(member, right, partition, 0, 9);
    }
    struct log_position positions[] = {
        {.topic = left, .partition = 1, .next_offset = 5, .from_offset = 2},
        {.topic = right, .partition = 1, .next_offset = 7, .from_offset = 7},
    };
    assert_ok(log_load(member, STR("Q_1/0/1"), NULL, 0, &trial.arena, &task, NULL));
    assert_false(task.exists);
    commit(member, &(struct log_step){.task = STR("Q_1/0/1"),
                                      .positions = positions,
                                      .position_count = 2,
                                      .marks = STR("\x00\x01marks")});
    positions[0].next_offset = 6;
    commit(member, &(struct log_step){.task = STR("Q_1/0/1"),
                                      .positions = positions,
                                      .position_count = 2,
                                      .marks = STR("\x00\x02other")});
    commit(member, &(struct log_step){
                       .task = STR("Q_10/0/1"), .positions = &positions[1], .position_count = 1});
    assert_ok(log_load(member, STR("Q_1/0/1"), NULL, 0, &trial.arena, &task, NULL));
    assert_true(task.exists);
    assert_int_equal(task.position_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const bool is_left = task.positions[i].topic == left;
        assert_true(is_left || task.positions[i].topic == right);
        assert_int_equal(task.positions[i].partition, 1);
        assert_int_equal(task.positions[i].next_offset, is_left ? 6 : 7);
        assert_int_equal(task.positions[i].from_offset, is_left ? 2 : 7);
    }
    assert_true(str_equal(task.marks, STR("\x00\x02other")));

    assert_ok(log_readers(trial.log, right, &trial.arena, &readers, &count, NULL));
    bool has_first = false, has_tenth = false;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(readers[i].next_offset, 7);
        has_first = has_first || str_equal(readers[i].task, STR("Q_1/0/1"));
        has_tenth = has_tenth || str_equal(readers[i].task, STR("Q_10/0/1"));
    }
    assert_true(has_first && has_tenth);

    /* Forgotten is what begins so, up to the slash. */
    assert_ok(log_forget(trial.log, STR("Q_1/"), NULL));
    assert_ok(log_load(member, STR("Q_1/0/1"), NULL, 0, &trial.arena, &task, NULL));
    assert_false(task.exists);
    assert_ok(log_load(member, STR("Q_10/0/1"), NULL, 0, &trial.arena, &task, NULL));
    assert_true(task.exists);
    log_leave(member);
    trial_release(&trial);
}

static void a_new_process_finds_it_all(void **state)
{
    struct trial trial;
    struct log_task_state task;
    struct seen seen;
    struct log_topic *orders;
    (void)state;
    trial_init(&trial);
    orders = topic(&trial, "orders", 1);
    struct log_member *member = join(trial.log, false);
    put_wait(member, orders, 0, 0, 3);
    struct log_append append = make_append(orders, 0, 3, 2, 0);
    const struct log_position position = {.topic = orders, .next_offset = 3, .from_offset = 1};
    const struct log_step step = {.task = STR("Q_1/0/0"),
                                  .appends = &append,
                                  .append_count = 1,
                                  .positions = &position,
                                  .position_count = 1};
    commit(member, &step);
    log_leave(member);
    trial_close(&trial);
    trial_open(&trial);
    member = join(trial.log, true);
    assert_ok(log_topic_open(trial.log, topic_name(&trial, "orders"), &orders));
    assert_ok(log_load(member, STR("Q_1/0/0"), NULL, 0, &trial.arena, &task, NULL));
    assert_int_equal(task.position_count, 1);
    assert_int_equal(task.positions[0].next_offset, 3);
    assert_int_equal(task.positions[0].from_offset, 1);
    seen_init(&seen);
    (void)read_some(member, orders, 0, 0, 5, &seen);
    assert_int_equal(seen.count, 5);
    assert_true(str_equal(seen.at[4].key, STR("k4")));
    arena_release(&seen.arena);
    log_leave(member);
    trial_release(&trial);
}

static void what_was_trimmed_is_gone(void **state)
{
    struct trial trial;
    struct seen seen;
    struct log_topic_info info = {0};
    struct log_records *records = NULL;
    (void)state;
    trial_init(&trial);
    const struct str name = topic_name(&trial, "internal");
    struct log_topic *internal = make_topic(trial.log, name.data, true, 1);
    struct log_member *member = join(trial.log, false);
    put_wait(member, internal, 0, 0, 4);
    seen_init(&seen);
    (void)read_some(member, internal, 0, 0, 4, &seen);
    put_wait(member, internal, 0, 4, 2);
    const int64_t before = seen.at[3].offset + 1;
    const struct log_trim trim = {.topic = internal, .before_offset = before};
    commit(member, &(struct log_step){.trims = &trim, .trim_count = 1});
    const int64_t deadline_ns = clock_monotonic_ns() + (int64_t)NEWS_MS * 1000000;
    do {
        assert_ok(log_describe(trial.log, name, &trial.arena, &info, NULL));
        clock_sleep_ms(5);
    } while (info.partitions[0].begin_offset < before && clock_monotonic_ns() < deadline_ns);
    assert_int_equal(info.partitions[0].begin_offset, before);
    enum err err = OK;
    while ((err = log_read(member, internal, 0, 0, 1000, &records, NULL)) == OK) {
        assert_int_equal(records->count, 0); /* nothing that was trimmed */
        log_records_release(records);
        assert_true(clock_monotonic_ns() < deadline_ns);
    }
    assert_int_equal(err, ERR_OUT_OF_RANGE);
    seen.count = 0;
    (void)read_some(member, internal, 0, before, 2, &seen);
    assert_true(str_equal(seen.at[0].key, STR("k4")));
    arena_release(&seen.arena);
    log_leave(member);
    trial_release(&trial);
}

static void who_claims_a_topic_appends_at_its_end(void **state)
{
    struct trial trial;
    struct seen seen;
    int64_t end = -1;
    (void)state;
    trial_init(&trial);
    struct log_topic *commands = topic(&trial, "commands", 1);
    struct log_append append = make_append(commands, 0, 0, 1, 0);
    const struct str batch = {append.batch, append.batch_size};
    assert_ok(log_claim(trial.log, commands, &end, NULL));
    assert_int_equal(end, 0);
    assert_ok(log_append_at(trial.log, commands, end, batch, NULL));
    assert_ok(log_claim(trial.log, commands, &end, NULL));
    assert_true(end >= 1);
    assert_ok(log_append_at(trial.log, commands, end, batch, NULL));
    struct log_member *member = join(trial.log, true);
    seen_init(&seen);
    (void)read_some(member, commands, 0, 0, 2, &seen);
    assert_int_equal(seen.at[0].offset, 0);
    assert_int_equal(seen.at[1].offset, end);
    arena_release(&seen.arena);
    free(append.batch);
    log_leave(member);
    trial_release(&trial);
}

static void a_removed_topic_keeps_its_handle(void **state)
{
    struct trial trial;
    struct log_records *records = NULL;
    uint64_t sequence = 0;
    enum err err;
    (void)state;
    trial_init(&trial);
    struct log_topic *orders = topic(&trial, "orders", 1);
    struct log_member *member = join(trial.log, true);
    put_wait(member, orders, 0, 0, 1);
    assert_ok(log_remove(trial.log, orders->name, NULL));
    const int64_t deadline_ns = clock_monotonic_ns() + (int64_t)NEWS_MS * 1000000;
    while ((err = log_read(member, orders, 0, 0, 1000, &records, NULL)) == OK) {
        log_records_release(records);
        assert_true(clock_monotonic_ns() < deadline_ns);
    }
    assert_int_equal(err, ERR_NOT_FOUND);
    assert_int_equal(put(member, orders, 0, 1, 1, &sequence), ERR_NOT_FOUND);
    assert_int_equal(log_get_health(trial.log), LOG_HEALTHY);
    log_leave(member);
    trial_release(&trial);
}

static void who_waits_is_woken(void **state)
{
    struct trial trial;
    (void)state;
    trial_init(&trial);
    struct log_member *member = join(trial.log, false);
    while (log_wait(member, 0) == OK)
        continue;
    log_wake(member);
    assert_int_not_equal(log_wait(member, 3600000), ERR_ABORTED);
    log_leave(member);
    trial_release(&trial);
}

static int run(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_made_once_and_found),
        cmocka_unit_test(records_come_back_as_they_were),
        cmocka_unit_test(times_are_found),
        cmocka_unit_test(tasks_are_known_as_last_committed),
        cmocka_unit_test(a_new_process_finds_it_all),
        cmocka_unit_test(what_was_trimmed_is_gone),
        cmocka_unit_test(who_claims_a_topic_appends_at_its_end),
        cmocka_unit_test(a_removed_topic_keeps_its_handle),
        cmocka_unit_test(who_waits_is_woken),
    };
    printf("%s\n", name);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    if (getenv("BOOTSTRAP")) {
        backend = KAFKA;
        return run("Kafka");
    }
    int failed = run("embedded");
    backend = FAULTY;
    failed += run("faulty, with no faults");
    return failed;
}
