/* ahead_test.c -- records that are read while they are committed, and what becomes of them. */
#include "fixture.h"

#include "base/condition.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The store's syncs wait while `is_held`, and then fail so. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_held;
    bool is_waited_for;
    int error;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};

int fdatasync(int file)
{
    pthread_mutex_lock(&disk.lock);
    disk.is_waited_for = disk.is_held;
    while (disk.is_held)
        pthread_cond_wait(&disk.opened, &disk.lock);
    disk.is_waited_for = false;
    const int error = disk.error;
    disk.error = 0; /* one only */
    pthread_mutex_unlock(&disk.lock);
    if (error) {
        errno = error;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, file);
}

static void hold_disk(bool is_held, int error)
{
    pthread_mutex_lock(&disk.lock);
    disk.is_held = is_held;
    disk.error = error;
    pthread_cond_broadcast(&disk.opened);
    pthread_mutex_unlock(&disk.lock);
}

static bool is_disk_waited_for(void)
{
    pthread_mutex_lock(&disk.lock);
    const bool is_waited_for = disk.is_waited_for;
    pthread_mutex_unlock(&disk.lock);
    return is_waited_for;
}

static struct log_member *join_ahead(struct log *log)
{
    const struct log_member_options options = {.name = STR("task"), .reads_ahead = true};
    struct log_member *member = NULL;
    assert_ok(log_join(log, &options, &member, NULL));
    return member;
}

/* One past the last record that the member can read, beginning at `offset`. */
static int64_t end_seen(struct log_member *member, struct log_topic *topic, int64_t offset)
{
    struct log_records *records = NULL;
    assert_ok(log_read(member, topic, 0, offset, 1000, &records, NULL));
    const int64_t end_offset = records->end_offset;
    log_records_release(records);
    return end_offset;
}

/* Waits until the member can read so many. */
static void wait_for(struct log_member *member, struct log_topic *topic, int count)
{
    const int64_t deadline_ns = clock_monotonic_ns() + (int64_t)WAIT_MS * 1000000;
    while (count_all(member, topic, 0, 0) < count) {
        assert_true(clock_monotonic_ns() < deadline_ns);
        const enum err waited = log_wait(member, 50);
        assert_true(waited == OK || waited == ERR_AGAIN);
    }
    assert_int_equal(count_all(member, topic, 0, 0), count);
}

static void topics_are_read_while_they_are_committed(void **state)
{
    struct fixture fixture;
    struct log_records *records = NULL;
    uint64_t sequence = 0;
    uint64_t durable = 0;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "outside", false, 1);
    struct log_member *writer = join(fixture.log, false);
    struct log_member *task = join_ahead(fixture.log);
    struct log_member *other = join(fixture.log, false);
    struct log_member *sink = join(fixture.log, true);
    put_wait(writer, topic, 0, 0, 2);
    hold_disk(true, 0);
    assert_ok(put(writer, topic, 0, 2, 3, &sequence));
    wait_for(task, topic, 5);
    assert_ok(put(writer, topic, 0, 5, 1, &sequence)); /* of the next commit */
    assert_ok(log_read(task, topic, 0, 3, 1000, &records, NULL));
    assert_int_equal(records->count, 2);
    assert_int_equal(records->end_offset, 5);
    assert_int_equal(count_all(other, topic, 0, 0), 2);
    assert_int_equal(count_all(sink, topic, 0, 0), 2);
    assert_ok(log_committed(writer, &durable));
    assert_int_equal(durable, 1);
    hold_disk(false, 0);
    assert_ok(wait_durable(writer, sequence));
    assert_true(str_equal(records->at[1].value, STR("v4"))); /* held over the commit */
    log_records_release(records);
    assert_int_equal(count_all(task, topic, 0, 0), 6);
    assert_int_equal(count_all(sink, topic, 0, 0), 6);
    log_leave(writer);
    log_leave(task);
    log_leave(other);
    log_leave(sink);
    fixture_release(&fixture);
}

/* What was made of them fails with them. */
static void what_is_not_committed_was_never_there(void **state)
{
    struct fixture fixture;
    struct log_records *records = NULL;
    uint64_t sequence = 0;
    uint64_t made = 0;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "outside", false, 1);
    struct log_topic *result = make_topic(fixture.log, "result", false, 1);
    struct log_member *writer = join(fixture.log, false);
    struct log_member *task = join_ahead(fixture.log);
    hold_disk(true, 0);
    assert_ok(put(writer, topic, 0, 0, 3, &sequence));
    wait_for(task, topic, 3);
    assert_ok(put(task, result, 0, 0, 3, &made));
    hold_disk(false, EIO);
    assert_int_equal(wait_durable(task, made), ERR_ABORTED);
    assert_int_equal(wait_durable(writer, sequence), ERR_ABORTED);
    assert_int_equal(log_read(task, topic, 0, 0, 1000, &records, NULL), ERR_ABORTED);
    log_leave(writer);
    log_leave(task);
    task = join_ahead(fixture.log);
    assert_int_equal(count_all(task, topic, 0, 0), 0);
    assert_int_equal(count_all(task, result, 0, 0), 0);
    put_wait(task, topic, 0, 0, 2);
    assert_int_equal(count_all(task, topic, 0, 0), 2);
    log_leave(task);
    fixture_release(&fixture);
}

/* Where commits are to come at once, records are read when they are handed over. */
static void at_once_topics_are_read_before_their_commit_begins(void **state)
{
    struct fixture fixture;
    uint64_t sequence = 0;
    (void)state;
    fixture_init(&fixture);
    fixture.log_options.commit_interval_ms = LOG_COMMIT_AT_ONCE;
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "outside", false, 1);
    struct log_member *task = join_ahead(fixture.log);
    struct log_member *sink = join(fixture.log, true);
    hold_disk(true, 0);
    assert_ok(put(task, topic, 0, 0, 1, &sequence));
    assert_ok(put(task, topic, 0, 1, 4, &sequence)); /* of the same commit, or of the next */
    assert_int_equal(count_all(task, topic, 0, 0), 5);
    assert_int_equal(count_all(sink, topic, 0, 0), 0);
    hold_disk(false, 0);
    assert_ok(wait_durable(task, sequence));
    assert_int_equal(count_all(task, topic, 0, 0), 5);
    assert_int_equal(count_all(sink, topic, 0, 0), 5);
    log_leave(task);
    log_leave(sink);
    fixture_release(&fixture);
}

static enum err put_sized(struct log_member *member, struct log_topic *topic, size_t size,
                          uint64_t *ret_sequence)
{
    struct log_append append = make_append(topic, 0, 0, 1, size);
    const struct log_step step = {.appends = &append, .append_count = 1};
    const enum err err = log_commit(member, &step, ret_sequence);
    if (err)
        free(append.batch);
    return err;
}

/* More while they are small: a sync lasts longer than many of them. */
static void at_once_steps_are_limited_by_number_and_bytes(void **state)
{
    static const struct {
        size_t size;
        int count;
    } cases[] = {{10, 32}, {150000, 8}};
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.log_options.commit_interval_ms = LOG_COMMIT_AT_ONCE;
    fixture.log_options.commit_bytes = 500000;
    fixture_open(&fixture);
    struct log_topic *topic = make_topic(fixture.log, "outside", false, 1);
    for (int i = 0; i < 2; i++) {
        struct log_member *task = join_ahead(fixture.log);
        const int64_t deadline_ns = clock_monotonic_ns() + (int64_t)WAIT_MS * 1000000;
        uint64_t sequence = 0;
        hold_disk(true, 0);
        assert_ok(put_sized(task, topic, cases[i].size, &sequence));
        while (!is_disk_waited_for()) {
            assert_true(clock_monotonic_ns() < deadline_ns);
            clock_sleep_ms(1);
        }
        for (int count = 1; count < cases[i].count; count++)
            assert_ok(put_sized(task, topic, cases[i].size, &sequence));
        assert_int_equal(put_sized(task, topic, cases[i].size, &sequence), ERR_FULL);
        hold_disk(false, 0);
        assert_ok(wait_durable(task, sequence));
        log_leave(task);
    }
    fixture_release(&fixture);
}

/* Appends two records when the byte has come. */
static pid_t start_other(struct fixture *fixture, const int gate[2])
{
    const pid_t child = fork();
    must(child >= 0);
    if (child > 0)
        return child;
    struct log_topic *topic = NULL;
    char byte = 0;
    fixture->log_options.runs_queries = false;
    must(read(gate[0], &byte, 1) == 1);
    fixture_open(fixture);
    must(log_topic_open(fixture->log, STR("outside"), &topic) == OK);
    struct log_member *member = join(fixture->log, false);
    put_wait(member, topic, 0, 1000, 2);
    log_leave(member);
    fixture_close(fixture);
    _exit(0);
}

/* The first commit finds no room and is tried again: in between the other process has come, or else
 * it comes later. */
static enum err commit_beside_other(struct log_member *task, uint64_t sequence, pid_t child)
{
    int status = 0;
    enum err err = ERR_FULL;
    hold_disk(false, ENOSPC);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    const int64_t deadline_ns = clock_monotonic_ns() + (int64_t)WAIT_MS * 1000000;
    while (err == ERR_FULL && clock_monotonic_ns() < deadline_ns) {
        clock_sleep_ms(1);
        err = wait_durable(task, sequence);
    }
    return err;
}

/* Records keep the offsets at which they were read, unless another process takes those. */
static void a_foreign_write_takes_back_what_was_read_ahead(void **state)
{
    (void)state;
    for (int at_once = 0; at_once < 2; at_once++) {
        struct fixture fixture;
        struct log_topic *topic = NULL;
        struct log_records *records = NULL;
        uint64_t sequence = 0;
        int gate[2];
        fixture_init(&fixture);
        fixture.log_options.commit_interval_ms = at_once ? LOG_COMMIT_AT_ONCE : 1;
        fixture_open(&fixture);
        make_topic(fixture.log, "outside", false, 1);
        fixture_close(&fixture);
        assert_int_equal(pipe(gate), 0);
        const pid_t child = start_other(&fixture, gate);
        fixture_open(&fixture);
        assert_ok(log_topic_open(fixture.log, STR("outside"), &topic));
        struct log_member *task = join_ahead(fixture.log);
        hold_disk(true, 0);
        assert_ok(put(task, topic, 0, 0, 3, &sequence));
        wait_for(task, topic, 3);
        assert_int_equal(write(gate[1], "x", 1), 1);
        const enum err err = commit_beside_other(task, sequence, child);
        log_leave(task);
        task = join_ahead(fixture.log);
        assert_ok(log_read(task, topic, 0, 0, 1000, &records, NULL));
        if (err)
            assert_int_equal(err, ERR_ABORTED);
        assert_int_equal(records->count, err ? 2 : 5);
        assert_true(str_equal(records->at[err ? 0 : 3].key, STR("k1000")));
        log_records_release(records);
        /* Once bitten: from now on only what is in a commit is read ahead. */
        const int64_t next = err ? 2 : 5;
        hold_disk(true, 0);
        assert_ok(put(task, topic, 0, 5, 1, &sequence));
        while (end_seen(task, topic, next) == next)
            assert_int_equal(log_wait(task, WAIT_MS), OK);
        assert_ok(put(task, topic, 0, 6, 1, &sequence));
        assert_int_equal(end_seen(task, topic, next), next + (!err && at_once ? 2 : 1));
        hold_disk(false, 0);
        assert_ok(wait_durable(task, sequence));
        log_leave(task);
        close(gate[0]);
        close(gate[1]);
        fixture_release(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_read_while_they_are_committed),
        cmocka_unit_test(at_once_topics_are_read_before_their_commit_begins),
        cmocka_unit_test(at_once_steps_are_limited_by_number_and_bytes),
        cmocka_unit_test(what_is_not_committed_was_never_there),
        cmocka_unit_test(a_foreign_write_takes_back_what_was_read_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
