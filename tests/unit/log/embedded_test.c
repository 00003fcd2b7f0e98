/* embedded_test.c -- the embedded log in one process: topics, steps, reads, members. */
#include "fixture.h"

static void topics_are_made_listed_described_removed(void **state)
{
    struct fixture fixture;
    struct arena arena;
    struct str *names = NULL;
    size_t count = 0;
    struct log_topic *topic = NULL;
    struct log_topic_info info;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    arena_init(&arena, 0);
    make_topic(fixture.log, "b", false, 3);
    make_topic(fixture.log, "a", true, 0);
    const struct log_topic_config config = {.partition_count = 1};
    struct why why;
    assert_int_equal(log_create(fixture.log, STR("a"), &config, &why), ERR_EXISTS);
    assert_int_equal(log_create(fixture.log, STR(""), &config, &why), ERR_INVALID);
    assert_int_equal(log_create(fixture.log, STR("a/b"), &config, &why), ERR_INVALID);
    assert_int_equal(log_create(fixture.log, STR(".."), &config, &why), ERR_INVALID);
    const struct log_topic_config wide = {.partition_count = LOG_PARTITIONS_MAX + 1};
    assert_int_equal(log_create(fixture.log, STR("c"), &wide, &why), ERR_LIMIT);
    assert_int_equal(log_topic_open(fixture.log, STR("c"), &topic), ERR_NOT_FOUND);
    assert_ok(log_list(fixture.log, &arena, &names, &count, &why));
    assert_int_equal(count, 2);
    assert_true(str_equal(names[0], STR("a")));
    assert_true(str_equal(names[1], STR("b")));
    assert_ok(log_describe(fixture.log, STR("a"), &arena, &info, &why));
    assert_int_equal(info.config.partition_count, LOG_PARTITIONS_DEFAULT);
    assert_true(info.config.internal);
    assert_int_equal(info.partitions[3].end_offset, 0);
    /* A topic made anew under an old name is another topic. */
    struct log_member *member = join(fixture.log, false);
    assert_ok(log_topic_open(fixture.log, STR("b"), &topic));
    put_wait(member, topic, 1, 0, 5);
    assert_ok(log_remove(fixture.log, STR("b"), &why));
    assert_int_equal(log_remove(fixture.log, STR("b"), &why), ERR_NOT_FOUND);
    struct log_records *records = NULL;
    assert_int_equal(log_read(member, topic, 1, 0, 100, &records, &why), ERR_NOT_FOUND);
    struct log_topic *again = make_topic(fixture.log, "b", false, 3);
    assert_ptr_not_equal(again, topic);
    assert_int_equal(count_all(member, again, 1, 0), 0);
    log_leave(member);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_ok(log_topic_open(fixture.log, STR("b"), &again));
    assert_ok(log_describe(fixture.log, STR("b"), &arena, &info, &why));
    assert_int_equal(info.config.partition_count, 3);
    arena_release(&arena);
    fixture_release(&fixture);
}

static void committed_records_are_read_back(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "orders", false, 2);
    struct log_member *member = join(fixture.log, false);
    int next = 0;
    for (int size = 1; size < 40; size += 3) {
        put_wait(member, topic, 1, next, size);
        next += size;
    }
    assert_int_equal(count_all(member, topic, 1, 0), next);
    assert_int_equal(count_all(member, topic, 0, 0), 0);
    /* From the middle of a batch, and the ends. */
    enum err err = OK;
    for (int offset = 0; offset <= next; offset++)
        assert_int_equal(read_all(member, topic, 1, offset, offset, &err), next - offset);
    assert_int_equal(read_all(member, topic, 1, next + 1, 0, &err), -1);
    assert_int_equal(err, ERR_OUT_OF_RANGE);
    /* bytes_max 1 still gives a batch; a large one gives several. */
    struct log_records *records = NULL;
    assert_ok(log_read(member, topic, 1, 0, 1, &records, NULL));
    assert_int_equal(records->count, 1);
    assert_int_equal(records->end_offset, next);
    log_records_release(records);
    assert_ok(log_read(member, topic, 1, 0, 1 << 20, &records, NULL));
    assert_int_equal(records->count, next);
    log_records_release(records);
    int64_t found = -1;
    for (int timestamp = -1; timestamp <= next; timestamp++) {
        assert_ok(log_find(fixture.log, topic, 1, timestamp, &found, NULL));
        assert_int_equal(found, timestamp < 0 ? 0 : timestamp);
    }
    log_leave(member);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_ok(log_topic_open(fixture.log, STR("orders"), &topic));
    member = join(fixture.log, true);
    assert_int_equal(count_all(member, topic, 1, 0), next);
    log_leave(member);
    fixture_release(&fixture);
}

/* With a long interval the second commit waits: what it holds is on its way meanwhile. */
static void internal_topics_are_read_ahead_of_their_commit(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.log_options.commit_interval_ms = 300;
    fixture_open(&fixture);
    struct log_topic *inside = make_topic(fixture.log, "inside", true, 1);
    struct log_topic *outside = make_topic(fixture.log, "outside", false, 1);
    struct log_member *writer = join(fixture.log, false);
    struct log_member *reader = join(fixture.log, false);
    struct log_member *sink = join(fixture.log, true);
    uint64_t sequence = 0;
    put_wait(writer, inside, 0, 0, 3);
    assert_ok(put(writer, inside, 0, 3, 4, &sequence));
    assert_ok(put(writer, inside, 0, 7, 2, &sequence));
    assert_ok(put(writer, outside, 0, 0, 2, &sequence));
    assert_int_equal(sequence, 4);
    uint64_t durable = 0;
    assert_ok(log_committed(writer, &durable));
    assert_int_equal(durable, 1);
    assert_int_equal(count_all(reader, inside, 0, 0), 9);
    assert_int_equal(count_all(sink, inside, 0, 0), 3);
    assert_int_equal(count_all(reader, outside, 0, 0), 0);
    /* Held over the commit, the bytes stay. */
    struct log_records *records = NULL;
    assert_ok(log_read(reader, inside, 0, 4, 1 << 20, &records, NULL));
    assert_int_equal(records->count, 5);
    assert_ok(wait_durable(writer, sequence));
    assert_int_equal(count_all(sink, inside, 0, 0), 9);
    assert_int_equal(count_all(reader, outside, 0, 0), 2);
    assert_true(str_equal(records->at[0].key, STR("k4")));
    assert_true(str_equal(records->at[4].value, STR("v8")));
    log_records_release(records);
    log_leave(writer);
    log_leave(reader);
    log_leave(sink);
    fixture_release(&fixture);
}

/* With an interval of a minute only the first commit would come in time. */
static void at_once_no_commit_waits_for_an_interval(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    for (int at_once = 0; at_once < 2; at_once++) {
        uint64_t sequence = 0;
        uint64_t durable = 0;
        fixture.log_options.commit_interval_ms = at_once ? LOG_COMMIT_AT_ONCE : 60000;
        fixture_open(&fixture);
        struct log_topic *topic = make_topic(fixture.log, at_once ? "soon" : "late", false, 1);
        struct log_member *member = join(fixture.log, false);
        put_wait(member, topic, 0, 0, 1);
        for (uint64_t i = 1; i < 5; i++) {
            assert_ok(put(member, topic, 0, (int)i, 1, &sequence));
            if (at_once)
                assert_ok(wait_durable(member, sequence));
        }
        assert_ok(log_committed(member, &durable));
        assert_int_equal(durable, at_once ? 5 : 1);
        log_leave(member);
        fixture_close(&fixture);
    }
    fixture_release(&fixture);
}

static void lows_are_the_lowest_of_the_writers(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "inside", true, 1);
    struct log_member *member = join(fixture.log, false);
    const struct {
        const char *task;
        int64_t low_ms;
        bool forget;
        int64_t expected_ms;
    } cases[] = {
        {"q/1", 100, false, 100},
        {"q/2", 50, false, 50},
        {"q/2", 200, false, 100},
        {"q/1", LOG_LOW_NONE, false, 200},
        {"q/3", LOG_LOW_UNKNOWN, false, LOG_LOW_UNKNOWN},
        {"q/3", 300, false, 200},
        {"q/2", 0, true, 300},
        {"q/", 0, true, LOG_LOW_UNKNOWN},
    };
    struct log_records *records = NULL;
    assert_ok(log_read(member, topic, 0, 0, 100, &records, NULL));
    assert_true(records->low_ms == LOG_LOW_UNKNOWN);
    log_records_release(records);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct log_low low = {.topic = topic, .low_ms = cases[i].low_ms};
        const struct log_step step = {.task = str_from(cases[i].task),
                                      .lows = &low,
                                      .low_count = !cases[i].forget,
                                      .forget = cases[i].forget};
        uint64_t sequence = 0;
        assert_ok(log_commit(member, &step, &sequence));
        assert_ok(log_read(member, topic, 0, 0, 100, &records, NULL));
        assert_true(records->low_ms == cases[i].expected_ms);
        log_records_release(records);
    }
    log_leave(member);
    fixture_release(&fixture);
}

static int64_t low_of(struct log_member *member, struct log_topic *topic)
{
    struct log_records *records = NULL;
    assert_ok(log_read(member, topic, 0, 0, 100, &records, NULL));
    const int64_t low_ms = records->low_ms;
    log_records_release(records);
    return low_ms;
}

static void say_low(struct log_member *member, const char *task, struct log_topic *from,
                    int64_t next_offset, struct log_topic *to, const struct log_low *low)
{
    const struct log_position position = {
        .topic = from, .next_offset = next_offset, .from_offset = next_offset};
    const struct log_low said = {.topic = to, .low_ms = low->low_ms, .at_end = low->at_end};
    const struct log_step step = {.task = str_from(task),
                                  .positions = &position,
                                  .position_count = 1,
                                  .lows = &said,
                                  .low_count = 1};
    bool taken = false;
    assert_ok(log_commit_wait(member, &step, 10000, &taken));
}

/* As queries say when they start again. A lasting transaction would have its number. */
static void what_is_stored_already_is_not_written_again(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct log_topic *in = make_topic(fixture.log, "in", false, 1);
    struct log_topic *between = make_topic(fixture.log, "between", true, 1);
    struct log_member *member = join(fixture.log, false);
    const struct log_low low = {.low_ms = 70};
    const struct log_low later = {.low_ms = 90};
    put_wait(member, in, 0, 0, 5);
    say_low(member, "q/0", in, 5, between, &low);
    const uint64_t before = store_last_txn(fixture.store);
    say_low(member, "q/0", in, 5, between, &later);
    assert_int_equal(store_last_txn(fixture.store), before);
    assert_int_equal(low_of(member, between), 90);
    say_low(member, "q/0", in, 4, between, &later);
    assert_int_equal(store_last_txn(fixture.store), before + 1);
    const struct log_step forget = {.task = STR("q/"), .forget = true};
    bool taken = false;
    assert_ok(log_commit_wait(member, &forget, 10000, &taken));
    assert_int_equal(store_last_txn(fixture.store), before + 2);
    assert_ok(log_commit_wait(member, &forget, 10000, &taken));
    assert_int_equal(store_last_txn(fixture.store), before + 2);
    log_leave(member);
    fixture_release(&fixture);
}

static void lows_of_the_end_count_until_news(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct log_topic *in = make_topic(fixture.log, "in", false, 1);
    struct log_topic *between = make_topic(fixture.log, "between", true, 1);
    struct log_topic *out = make_topic(fixture.log, "out", false, 1);
    struct log_member *member = join(fixture.log, false);
    const struct log_low at_end = {.low_ms = 70, .at_end = true};
    put_wait(member, in, 0, 0, 5);
    say_low(member, "q/0", in, 5, between, &at_end);
    say_low(member, "q/1", between, 0, out, &at_end);
    assert_true(low_of(member, between) == LOG_LOW_NONE);
    assert_true(low_of(member, out) == LOG_LOW_NONE);

    /* What has come in may still come out: at both ends of the chain. */
    put_wait(member, in, 0, 5, 2);
    assert_true(low_of(member, between) == 70);
    assert_true(low_of(member, out) == 70);
    say_low(member, "q/0", in, 6, between, &(struct log_low){.low_ms = 80});
    assert_true(low_of(member, between) == 80);
    assert_true(low_of(member, out) == 70);
    say_low(member, "q/0", in, 7, between, &(struct log_low){.low_ms = 90, .at_end = true});
    assert_true(low_of(member, out) == LOG_LOW_NONE);

    /* Nobody waits for whoever says so, nor for a topic that leads back to itself. */
    put_wait(member, in, 0, 7, 2);
    assert_true(low_of(member, out) == 70);
    say_low(member, "q/1", between, 0, out, &(struct log_low){.low_ms = LOG_LOW_NONE});
    assert_true(low_of(member, out) == LOG_LOW_NONE);
    say_low(member, "q/2", out, 0, out, &at_end);
    assert_true(low_of(member, out) == 70);
    log_leave(member);
    fixture_release(&fixture);
}

static void tasks_are_loaded_as_last_committed(void **state)
{
    struct fixture fixture;
    struct arena arena;
    struct log_task_state loaded;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    arena_init(&arena, 0);
    struct log_topic *topic = make_topic(fixture.log, "in", false, 2);
    struct log_member *member = join(fixture.log, false);
    put_wait(member, topic, 0, 0, 20);
    assert_ok(log_load(member, STR("q/0"), NULL, 0, &arena, &loaded, NULL));
    assert_false(loaded.exists);
    for (int i = 1; i <= 10; i++) {
        const struct log_position positions[] = {
            {.topic = topic, .partition = 0, .next_offset = i, .from_offset = i / 2},
            {.topic = topic, .partition = 1, .next_offset = 0, .from_offset = 0},
        };
        char marks[8];
        snprintf(marks, sizeof(marks), "m%02d", i);
        const struct log_step step = {
            .task = STR("q/0"), .positions = positions, .position_count = 2, .marks = {marks, 3}};
        uint64_t sequence = 0;
        assert_ok(log_commit(member, &step, &sequence));
    }
    const struct log_step other = {.task = STR("q/1"), .marks = STR("other")};
    uint64_t sequence = 0;
    assert_ok(log_commit(member, &other, &sequence));
    for (int round = 0; round < 2; round++) {
        assert_ok(log_load(member, STR("q/0"), NULL, 0, &arena, &loaded, NULL));
        assert_true(loaded.exists);
        assert_int_equal(loaded.position_count, 2);
        assert_ptr_equal(loaded.positions[0].topic, topic);
        assert_int_equal(loaded.positions[0].next_offset, 10);
        assert_int_equal(loaded.positions[0].from_offset, 5);
        assert_int_equal(loaded.positions[1].partition, 1);
        assert_true(str_equal(loaded.marks, STR("m10")));
        log_leave(member);
        if (round == 0) {
            fixture_close(&fixture);
            fixture_open(&fixture);
            assert_ok(log_topic_open(fixture.log, STR("in"), &topic));
        }
        member = join(fixture.log, false);
    }
    const struct log_step forget = {.task = STR("q/"), .forget = true};
    bool taken = false;
    assert_ok(log_commit_wait(member, &forget, WAIT_MS, &taken));
    assert_ok(log_load(member, STR("q/0"), NULL, 0, &arena, &loaded, NULL));
    assert_false(loaded.exists);
    assert_ok(log_load(member, STR("q/1"), NULL, 0, &arena, &loaded, NULL));
    assert_false(loaded.exists);
    log_leave(member);
    arena_release(&arena);
    fixture_release(&fixture);
}

static void readers_of_a_topic_are_told_as_last_committed(void **state)
{
    struct fixture fixture;
    struct arena arena;
    struct log_reader *readers = NULL;
    size_t count = 9;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    arena_init(&arena, 0);
    struct log_topic *in = make_topic(fixture.log, "in", false, 2);
    struct log_topic *out = make_topic(fixture.log, "out", false, 1);
    struct log_member *member = join(fixture.log, false);
    assert_ok(log_readers(fixture.log, in, &arena, &readers, &count, NULL));
    assert_int_equal(count, 0);
    put_wait(member, in, 1, 0, 20);
    for (int i = 1; i <= 3; i++) {
        const struct log_position positions[] = {
            {.topic = in, .partition = 1, .next_offset = i},
            {.topic = out, .partition = 0, .next_offset = 0},
        };
        const struct log_step step = {
            .task = i < 3 ? STR("a") : STR("b"), .positions = positions, .position_count = 2};
        bool taken = false;
        assert_ok(log_commit_wait(member, &step, WAIT_MS, &taken));
    }
    log_leave(member);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_ok(log_topic_open(fixture.log, STR("in"), &in));
    assert_ok(log_readers(fixture.log, in, &arena, &readers, &count, NULL));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        const bool is_a = str_equal(readers[i].task, STR("a"));
        assert_true(is_a || str_equal(readers[i].task, STR("b")));
        assert_int_equal(readers[i].partition, 1);
        assert_int_equal(readers[i].next_offset, is_a ? 2 : 3);
    }
    assert_false(str_equal(readers[0].task, readers[1].task));
    arena_release(&arena);
    fixture_release(&fixture);
}

static void a_trim_goes_with_its_step(void **state)
{
    struct fixture fixture;
    struct arena arena;
    struct log_topic_info info;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    arena_init(&arena, 0);
    struct log_topic *topic = make_topic(fixture.log, "inside", true, 1);
    struct log_member *member = join(fixture.log, false);
    for (int i = 0; i < 10; i++)
        put_wait(member, topic, 0, i * 10, 10);
    const int64_t befores[] = {9, 10, 35, 100, 20};
    const int64_t begins[] = {0, 10, 30, 100, 100};
    for (size_t i = 0; i < 5; i++) {
        const struct log_trim trim = {.topic = topic, .before_offset = befores[i]};
        const struct log_step step = {.trims = &trim, .trim_count = 1};
        bool taken = false;
        assert_ok(log_commit_wait(member, &step, WAIT_MS, &taken));
        assert_ok(log_describe(fixture.log, STR("inside"), &arena, &info, NULL));
        assert_int_equal(info.partitions[0].begin_offset, begins[i]);
        assert_int_equal(info.partitions[0].end_offset, 100);
        enum err err = OK;
        const int first = (int)begins[i];
        assert_int_equal(read_all(member, topic, 0, first, first, &err), 100 - first);
        if (first)
            assert_int_equal(read_all(member, topic, 0, first - 1, first - 1, &err), -1);
        assert_int_equal(err, first ? ERR_OUT_OF_RANGE : OK);
    }
    log_leave(member);
    /* An empty partition goes on where it ended. */
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_ok(log_topic_open(fixture.log, STR("inside"), &topic));
    member = join(fixture.log, false);
    put_wait(member, topic, 0, 100, 5);
    enum err err = OK;
    assert_int_equal(read_all(member, topic, 0, 100, 100, &err), 5);
    log_leave(member);
    arena_release(&arena);
    fixture_release(&fixture);
}

static void steps_beyond_steps_max_are_not_taken(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.log_options.commit_interval_ms = 200;
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "t", false, 1);
    const struct log_member_options options = {.name = STR("test"), .steps_max = 2};
    struct log_member *member = NULL;
    assert_ok(log_join(fixture.log, &options, &member, NULL));
    uint64_t sequence = 0;
    put_wait(member, topic, 0, 0, 1);
    assert_ok(put(member, topic, 0, 1, 1, &sequence));
    assert_ok(put(member, topic, 0, 2, 1, &sequence));
    assert_int_equal(put(member, topic, 0, 3, 1, &sequence), ERR_FULL);
    assert_int_equal(sequence, 3);
    /* Leaving does not take back what is on its way. */
    log_leave(member);
    member = join(fixture.log, true);
    const int64_t deadline_ns = clock_monotonic_ns() + 5000000000;
    while (count_all(member, topic, 0, 0) < 3 && clock_monotonic_ns() < deadline_ns)
        assert_int_not_equal(log_wait(member, 100), ERR_CLOSED);
    assert_int_equal(count_all(member, topic, 0, 0), 3);
    log_leave(member);
    fixture_release(&fixture);
}

static void *wake_after_a_while(void *member)
{
    clock_sleep_ms(20);
    log_wake(member);
    return NULL;
}

/* A wake that is lost would be waited for until the test is stopped. */
static void who_waits_is_woken(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct log_member *member = join(fixture.log, false);
    while (log_wait(member, 0) == OK)
        continue;
    log_wake(member);
    assert_int_equal(log_wait(member, 3600000), ERR_AGAIN);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake_after_a_while, member), 0);
    assert_int_equal(log_wait(member, 3600000), ERR_AGAIN);
    pthread_join(thread, NULL);
    log_leave(member);
    fixture_release(&fixture);
}

static void one_process_runs_queries(void **state)
{
    struct fixture first;
    struct fixture second;
    struct log *log = NULL;
    struct why why = {0};
    (void)state;
    fixture_init(&first);
    fixture_open(&first);
    fixture_init(&second);
    fixture_open(&second);
    log_close(second.log);
    second.log_options.directory = first.directory;
    assert_int_equal(log_embedded_open(second.store, &second.log_options, &log, &why), ERR_LOCKED);
    assert_non_null(strstr(why.text, first.directory));
    second.log_options.runs_queries = false;
    assert_ok(log_embedded_open(second.store, &second.log_options, &second.log, &why));
    fixture_release(&second);
    fixture_release(&first);
}

static void damaged_batches_are_refused_at_hand_over(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "t", false, 1);
    struct log_member *member = join(fixture.log, false);
    struct log_append append = make_append(topic, 0, 0, 3, 0);
    append.batch[append.batch_size - 1] ^= 1;
    const struct log_step step = {.appends = &append, .append_count = 1};
    uint64_t sequence = 0;
    assert_int_equal(log_commit(member, &step, &sequence), ERR_CORRUPT);
    append.batch[append.batch_size - 1] ^= 1;
    assert_ok(log_commit(member, &step, &sequence));
    assert_int_equal(sequence, 1);
    log_leave(member);
    fixture_release(&fixture);
}

struct owner {
    uint32_t calls;
    uint32_t counts[2]; /* by topic, each with its partitions in order */
    struct log_topic *topics[2];
};

static void note_shares(void *context, enum log_group_change change, const struct log_share *shares,
                        uint32_t count)
{
    struct owner *owner = context;
    owner->calls++;
    assert_int_equal(change, LOG_GROUP_ASSIGNED);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t which = shares[i].topic == owner->topics[0] ? 0 : 1;
        assert_ptr_equal(shares[i].topic, owner->topics[which]);
        assert_int_equal(shares[i].partition, owner->counts[which]++);
    }
}

static void a_group_has_all_partitions_and_keeps_them(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct owner owner = {
        .topics = {make_topic(fixture.log, "a", false, 3), make_topic(fixture.log, "b", false, 5)}};
    const struct log_group_options options = {.name = STR("Q"),
                                              .topics = owner.topics,
                                              .topic_count = 2,
                                              .on_change = note_shares,
                                              .context = &owner};
    struct log_group *group = NULL;
    assert_ok(log_group_join(fixture.log, &options, &group, NULL));
    struct log_member *member = join(fixture.log, false);
    put_wait(member, owner.topics[0], 0, 0, 3);
    log_leave(member);
    log_group_leave(group);
    assert_int_equal(owner.calls, 1);
    assert_int_equal(owner.counts[0], 3);
    assert_int_equal(owner.counts[1], 5);
    fixture_release(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_made_listed_described_removed),
        cmocka_unit_test(committed_records_are_read_back),
        cmocka_unit_test(internal_topics_are_read_ahead_of_their_commit),
        cmocka_unit_test(at_once_no_commit_waits_for_an_interval),
        cmocka_unit_test(lows_are_the_lowest_of_the_writers),
        cmocka_unit_test(what_is_stored_already_is_not_written_again),
        cmocka_unit_test(lows_of_the_end_count_until_news),
        cmocka_unit_test(tasks_are_loaded_as_last_committed),
        cmocka_unit_test(readers_of_a_topic_are_told_as_last_committed),
        cmocka_unit_test(a_trim_goes_with_its_step),
        cmocka_unit_test(steps_beyond_steps_max_are_not_taken),
        cmocka_unit_test(who_waits_is_woken),
        cmocka_unit_test(one_process_runs_queries),
        cmocka_unit_test(a_group_has_all_partitions_and_keeps_them),
        cmocka_unit_test(damaged_batches_are_refused_at_hand_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
