/* faults_test.c -- the log when calls fail, when the disk fails, and when bytes are damaged. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#define INPUT_RECORDS 60

/* A task that copies `in` to `out`, a few records a step, and begins anew when anything fails. */
struct copier {
    struct log *log;
    struct log_topic *in;
    struct log_topic *out;
    int failures;
};

/* One try: OK when all is copied and durable. */
static enum err copy_some(struct copier *copier, struct log_member *member)
{
    struct arena arena;
    struct log_task_state state = {0};
    uint64_t sequence = 0;
    arena_init(&arena, 0);
    enum err err = log_load(member, STR("copy"), NULL, 0, &arena, &state, NULL);
    int64_t next = !err && state.exists ? state.positions[0].next_offset : 0;
    arena_release(&arena);
    while (!err && next < INPUT_RECORDS) {
        struct log_records *records = NULL;
        err = log_read(member, copier->in, 0, next, 1, &records, NULL);
        if (err)
            break;
        const int count = (int)records->count;
        log_records_release(records);
        const struct log_append append = make_append(copier->out, 0, (int)next, count, 0);
        const struct log_position position = {
            .topic = copier->in, .next_offset = next + count, .from_offset = next};
        const struct log_step step = {.task = STR("copy"),
                                      .appends = &append,
                                      .append_count = 1,
                                      .positions = &position,
                                      .position_count = 1};
        while ((err = log_commit(member, &step, &sequence)) == ERR_FULL)
            (void)!log_wait(member, 20);
        if (err)
            free(append.batch);
        else
            next += count;
    }
    for (uint64_t durable = 0; !err && durable < sequence;) {
        err = log_committed(member, &durable);
        if (!err && durable < sequence)
            (void)!log_wait(member, 20);
    }
    return err;
}

static void copy_all(struct copier *copier)
{
    for (int tries = 0; tries < 50; tries++) {
        const struct log_member_options options = {.name = STR("copy"), .steps_max = 4};
        struct log_member *member = NULL;
        enum err err = log_join(copier->log, &options, &member, NULL);
        if (!err)
            err = copy_some(copier, member);
        log_leave(member);
        if (!err)
            return;
        copier->failures++;
    }
    fail();
}

static void fill_input(struct fixture *fixture, struct copier *copier)
{
    copier->in = make_topic(fixture->log, "in", false, 1);
    copier->out = make_topic(fixture->log, "out", true, 1);
    struct log_member *member = join(fixture->log, false);
    for (int i = 0; i < INPUT_RECORDS; i += 5)
        put_wait(member, copier->in, 0, i, 5);
    log_leave(member);
}

static void any_call_may_fail_and_nothing_is_lost_or_repeated(void **state)
{
    (void)state;
    uint64_t calls = 1;
    for (uint64_t fail_call = 0; fail_call <= calls; fail_call++) {
        struct fixture fixture;
        struct copier copier = {0};
        fixture_init(&fixture);
        fixture.store_options.unsynced = true;
        fixture_open(&fixture);
        fill_input(&fixture, &copier);
        const struct log_faulty_plan plan = {.fail_call = fail_call, .err = ERR_IO};
        fixture.log = log_faulty_new(fixture.log, &plan);
        copier.log = fixture.log;
        copy_all(&copier);
        if (fail_call == 0)
            calls = log_faulty_calls(fixture.log);
        else
            assert_true(copier.failures <= 1);
        if (calls > 60)
            calls = 60; /* how often it waits depends on the disk */
        struct log_member *member = NULL;
        const struct log_member_options options = {.name = STR("test"), .committed_only = true};
        while (log_join(fixture.log, &options, &member, NULL))
            ;
        enum err err = OK;
        int count = read_all(member, copier.out, 0, 0, 0, &err);
        if (err)
            count = read_all(member, copier.out, 0, 0, 0, &err);
        assert_int_equal(count, INPUT_RECORDS);
        log_leave(member);
        fixture_release(&fixture);
    }
}

static void assigned(void *context, enum log_group_change change, const struct log_share *shares,
                     uint32_t count)
{
    *(uint32_t *)context += count;
}

static void a_group_that_cannot_be_joined_is_assigned_nothing(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "t", false, 2);
    const struct log_faulty_plan plan = {.fail_call = 1, .err = ERR_UNAVAILABLE};
    fixture.log = log_faulty_new(fixture.log, &plan);
    uint32_t count = 0;
    const struct log_group_options options = {.name = STR("Q"),
                                              .topics = &topic,
                                              .topic_count = 1,
                                              .on_change = assigned,
                                              .context = &count};
    struct log_group *group = NULL;
    struct why why = {0};
    assert_int_equal(log_group_join(fixture.log, &options, &group, &why), ERR_UNAVAILABLE);
    assert_null(group);
    assert_int_equal(count, 0);
    assert_ok(log_group_join(fixture.log, &options, &group, &why));
    assert_int_equal(count, 2);
    log_group_leave(group);
    fixture_release(&fixture);
}

static void a_sticky_failure_fails_every_call(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "t", false, 1);
    const struct log_faulty_plan plan = {.fail_call = 2, .sticky = true, .err = ERR_UNAVAILABLE};
    fixture.log = log_faulty_new(fixture.log, &plan);
    struct log_member *member = join(fixture.log, false);
    struct log_records *records = NULL;
    struct log_member *second = NULL;
    const struct log_member_options options = {.name = STR("x")};
    struct why why = {0};
    uint64_t sequence = 0;
    assert_int_equal(log_read(member, topic, 0, 0, 1, &records, &why), ERR_UNAVAILABLE);
    assert_true(why.text[0] != '\0');
    assert_int_equal(put(member, topic, 0, 0, 1, &sequence), ERR_UNAVAILABLE);
    assert_int_equal(log_committed(member, &sequence), ERR_UNAVAILABLE);
    assert_int_equal(log_wait(member, 1), ERR_UNAVAILABLE);
    assert_int_equal(log_join(fixture.log, &options, &second, &why), ERR_UNAVAILABLE);
    assert_int_equal(log_faulty_calls(fixture.log), 6);
    log_leave(member);
    fixture_release(&fixture);
}

/* Puts files that cannot be written behind the store's own descriptors, or puts those back. */
static void break_disk(const char *directory, int saved[2], bool broken)
{
    char path[128];
    char link[64];
    char target[256];
    int found = 0;
    if (!broken) {
        for (int i = 0; i < 2; i++) {
            const int at = saved[i] & 0xffff;
            assert_int_equal(dup2(saved[i] >> 16, at), at);
            close(saved[i] >> 16);
        }
        return;
    }
    snprintf(path, sizeof(path), "%s/log.mdb", directory);
    for (int file = 3; file < 256 && found < 2; file++) {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
        const ssize_t size = readlink(link, target, sizeof(target) - 1);
        if (size <= 0)
            continue;
        target[size] = '\0';
        if (strcmp(target, path) != 0)
            continue;
        const int copy = fcntl(file, F_DUPFD, 300);
        const int null = open("/dev/null", O_RDONLY);
        assert_true(copy >= 300);
        assert_int_equal(dup2(null, file), file);
        close(null);
        saved[found++] = copy << 16 | file;
    }
    assert_int_equal(found, 2);
}

/* The health after a commit to a disk that fails. */
static enum log_health break_and_put(struct fixture *fixture, struct log_topic *topic)
{
    struct log_member *member = join(fixture->log, false);
    int saved[2];
    uint64_t sequence = 0;
    bool taken = false;
    /* A step that writes nothing says nothing about the disk. */
    const struct log_low low = {.topic = topic, .low_ms = 8};
    const struct log_step lows = {.task = STR("nothing"), .lows = &low, .low_count = 1};
    assert_ok(log_commit_wait(member, &lows, WAIT_MS, &taken));
    break_disk(fixture->directory, saved, true);
    assert_ok(put(member, topic, 0, 0, 5, &sequence));
    assert_int_equal(wait_durable(member, sequence), ERR_ABORTED);
    break_disk(fixture->directory, saved, false);
    const enum log_health health = log_get_health(fixture->log);
    log_leave(member);
    return health;
}

static void a_failed_commit_aborts_all_members_until_they_join_again(void **state)
{
    struct fixture fixture;
    struct arena arena;
    struct log_records *records = NULL;
    int saved[2];
    uint64_t sequence = 0;
    (void)state;
    arena_init(&arena, 0);
    fixture_init(&fixture);
    fixture.log_options.commit_interval_ms = 500; /* what follows happens before the next commit */
    fixture_open(&fixture);
    struct log_topic *inside = make_topic(fixture.log, "inside", true, 1);
    struct log_topic *outside = make_topic(fixture.log, "outside", false, 1);
    struct log_member *writer = join(fixture.log, false);
    struct log_member *reader = join(fixture.log, false);
    struct log_member *sink = join(fixture.log, true);
    put_wait(writer, inside, 0, 0, 5);
    const struct log_low low = {.topic = inside, .low_ms = 7};
    const struct log_step marked = {
        .task = STR("q"), .marks = STR("one"), .lows = &low, .low_count = 1};
    bool taken = false;
    assert_ok(log_commit_wait(writer, &marked, WAIT_MS, &taken));
    break_disk(fixture.directory, saved, true);
    const struct log_step later = {.task = STR("q"), .marks = STR("two")};
    assert_ok(log_commit(writer, &later, &sequence));
    assert_ok(put(writer, inside, 0, 5, 5, &sequence));
    assert_ok(put(writer, outside, 0, 0, 5, &sequence));
    assert_ok(log_read(reader, inside, 0, 5, 1000, &records, NULL)); /* ahead, and held */
    assert_int_equal(records->count, 5);
    assert_int_equal(wait_durable(writer, sequence), ERR_ABORTED);
    assert_int_equal(log_get_health(fixture.log), LOG_FAILED);
    break_disk(fixture.directory, saved, false);
    assert_int_equal(put(writer, inside, 0, 5, 5, &sequence), ERR_ABORTED);
    assert_int_equal(put(reader, inside, 0, 5, 5, &sequence), ERR_ABORTED);
    assert_int_equal(log_committed(sink, &sequence), ERR_ABORTED);
    assert_true(str_equal(records->at[4].key, STR("k9")));
    log_records_release(records);
    assert_int_equal(log_read(reader, inside, 0, 0, 1000, &records, NULL), ERR_ABORTED);
    assert_int_equal(count_all(sink, inside, 0, 0), 5);
    log_leave(reader);
    log_leave(sink);
    assert_int_equal(log_get_health(fixture.log), LOG_FAILED);
    log_leave(writer);
    assert_int_equal(log_get_health(fixture.log), LOG_HEALTHY);
    /* The third in a row is one too many. */
    assert_int_equal(break_and_put(&fixture, outside), LOG_FAILED);
    assert_int_equal(break_and_put(&fixture, outside), LOG_BROKEN);
    /* Nothing of it comes back; what follows goes where it would have gone. */
    writer = join(fixture.log, false);
    struct log_task_state loaded;
    assert_ok(log_load(writer, STR("q"), NULL, 0, &arena, &loaded, NULL));
    assert_true(str_equal(loaded.marks, STR("one")));
    assert_ok(log_read(writer, inside, 0, 0, 1000, &records, NULL));
    assert_int_equal(records->count, 5);
    assert_true(records->low_ms == LOG_LOW_UNKNOWN);
    log_records_release(records);
    put_wait(writer, inside, 0, 5, 3);
    put_wait(writer, outside, 0, 0, 3);
    assert_int_equal(log_get_health(fixture.log), LOG_HEALTHY);
    assert_int_equal(count_all(writer, inside, 0, 0), 8);
    assert_int_equal(count_all(writer, outside, 0, 0), 3);
    log_leave(writer);
    arena_release(&arena);
    fixture_release(&fixture);
}

/* Flips bit `bit` of every place in the log's file where `bytes` stand, and flips it back. */
static int flip(const char *directory, struct str bytes, size_t bit)
{
    char path[128];
    int found = 0;
    snprintf(path, sizeof(path), "%s/log.mdb", directory);
    const int file = open(path, O_RDWR);
    struct stat status;
    assert_true(file >= 0);
    assert_int_equal(fstat(file, &status), 0);
    char *all = memory_alloc((size_t)status.st_size);
    assert_int_equal(pread(file, all, (size_t)status.st_size, 0), status.st_size);
    for (char *at = all;
         (at = memmem(at, (size_t)(all + status.st_size - at), bytes.data, bytes.size)) != NULL;
         at++) {
        const char byte = (char)(at[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(pwrite(file, &byte, 1, at - all + (off_t)(bit / 8)), 1);
        found++;
    }
    free(all);
    close(file);
    return found;
}

static void a_flipped_bit_in_a_batch_is_found(void **state)
{
    enum { BATCHES = 5, A_BATCH = 30, FLIPS = 1000 };
    struct fixture fixture;
    struct random random = {.state = (uint64_t)clock_wall_ms()};
    struct str batches[BATCHES];
    (void)state;
    print_message("seed %llu\n", (unsigned long long)random.state);
    fixture_init(&fixture);
    fixture.store_options.unsynced = true;
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "t", false, 2);
    struct log_member *member = join(fixture.log, false);
    for (int i = 0; i < BATCHES; i++) {
        put_wait(member, topic, 1, i * A_BATCH, A_BATCH);
        put_wait(member, topic, 0, 1000 + i * A_BATCH, A_BATCH);
        struct log_append append = make_append(topic, 1, i * A_BATCH, A_BATCH, 0);
        record_batch_set_base_offset(append.batch, i * A_BATCH);
        batches[i] = (struct str){append.batch, append.batch_size};
    }
    log_leave(member);
    fixture_close(&fixture);
    for (int i = 0; i < FLIPS; i++) {
        const int which = (int)random_below(&random, BATCHES);
        /* Every bit of the header in turn, then any. */
        const size_t bit = i < RECORD_BATCH_OVERHEAD * 8
                               ? (size_t)i
                               : (size_t)random_below(&random, batches[which].size * 8);
        char *changed = memory_alloc(batches[which].size);
        memcpy(changed, batches[which].data, batches[which].size);
        changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << bit % 8));
        assert_true(flip(fixture.directory, batches[which], bit) >=
                    1); /* pages written before too */
        fixture_open(&fixture);
        assert_ok(log_topic_open(fixture.log, STR("t"), &topic));
        member = join(fixture.log, false);
        enum err err = OK;
        assert_int_equal(read_all(member, topic, 1, 0, 0, &err), -1);
        if (err != ERR_CORRUPT && err != ERR_UNSUPPORTED)
            print_message("batch %d bit %zu: %s\n", which, bit, err_name(err));
        assert_true(err == ERR_CORRUPT || err == ERR_UNSUPPORTED);
        /* What stands before and behind is served, and so is the other partition. */
        struct log_records *records = NULL;
        for (int j = 0; j < BATCHES; j++) {
            err = log_read(member, topic, 1, j * A_BATCH, 1, &records, NULL);
            assert_true((err == OK) == (j != which));
            if (!err)
                log_records_release(records);
        }
        assert_int_equal(count_all(member, topic, 0, 1000), BATCHES * A_BATCH);
        /* Nothing is appended behind a batch that cannot be read. */
        uint64_t sequence = 0;
        if (which == BATCHES - 1)
            assert_int_equal(put(member, topic, 1, 0, 1, &sequence), ERR_CORRUPT);
        log_leave(member);
        fixture_close(&fixture);
        const struct str now = {changed, batches[which].size};
        assert_true(flip(fixture.directory, now, bit) >= 1);
        free(changed);
    }
    for (int i = 0; i < BATCHES; i++)
        free((char *)batches[i].data);
    fixture_release(&fixture);
}

static void a_flipped_bit_in_the_positions_is_found(void **state)
{
    struct fixture fixture;
    struct arena arena;
    struct log_task_state loaded;
    (void)state;
    arena_init(&arena, 0);
    fixture_init(&fixture);
    fixture_open(&fixture);
    int appended = 0;
    make_topic(fixture.log, "t", false, 1);
    struct log_member *member = join(fixture.log, false);
    const struct log_step step = {.task = STR("a-task-of-that-name"), .marks = STR("its-marks")};
    bool taken = false;
    assert_ok(log_commit_wait(member, &step, WAIT_MS, &taken));
    log_leave(member);
    fixture_close(&fixture);
    const struct str bytes = STR("a-task-of-that-nameits-marks");
    for (size_t bit = 3; bit < bytes.size * 8; bit += 41) {
        char changed[64];
        memcpy(changed, bytes.data, bytes.size);
        changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << bit % 8));
        assert_true(flip(fixture.directory, bytes, bit) >= 1);
        fixture_open(&fixture);
        member = join(fixture.log, false);
        assert_int_equal(log_load(member, step.task, NULL, 0, &arena, &loaded, NULL), ERR_CORRUPT);
        /* Who has no task goes on. */
        struct log_topic *topic = NULL;
        assert_ok(log_topic_open(fixture.log, STR("t"), &topic));
        put_wait(member, topic, 0, appended++, 1);
        log_leave(member);
        fixture_close(&fixture);
        assert_true(flip(fixture.directory, (struct str){changed, bytes.size}, bit) >= 1);
    }
    fixture_open(&fixture);
    member = join(fixture.log, false);
    assert_ok(log_load(member, step.task, NULL, 0, &arena, &loaded, NULL));
    assert_true(loaded.exists);
    log_leave(member);
    arena_release(&arena);
    fixture_release(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_call_may_fail_and_nothing_is_lost_or_repeated),
        cmocka_unit_test(a_group_that_cannot_be_joined_is_assigned_nothing),
        cmocka_unit_test(a_sticky_failure_fails_every_call),
        cmocka_unit_test(a_failed_commit_aborts_all_members_until_they_join_again),
        cmocka_unit_test(a_flipped_bit_in_a_batch_is_found),
        cmocka_unit_test(a_flipped_bit_in_the_positions_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
