/* processes_test.c -- the log among processes: killed writers, two writers, the query lock. */
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>

#define A_STEP 7

/* Forks; an LMDB environment must not cross that, so nothing may be open. */
static pid_t start(struct fixture *fixture, void (*run)(struct fixture *, int), int argument)
{
    must(fixture->log == NULL);
    const pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        fixture_open(fixture);
        run(fixture, argument);
        _exit(0);
    }
    return child;
}

static void expect_success(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Goes on where the task stands, and says through the pipe how far it is durable. */
static void write_until_killed(struct fixture *fixture, int report)
{
    struct arena arena;
    struct log_task_state state;
    struct log_topic *topic = NULL;
    arena_init(&arena, 0);
    must(log_topic_open(fixture->log, STR("t"), &topic) == OK);
    struct log_member *member = join(fixture->log, false);
    must(log_load(member, STR("task"), NULL, 0, &arena, &state, NULL) == OK);
    int64_t next = state.exists ? state.positions[0].next_offset : 0;
    const int64_t first = next;
    for (;;) {
        uint64_t sequence = 0;
        uint64_t durable = 0;
        const struct log_append append = make_append(topic, 0, (int)next, A_STEP, 0);
        const struct log_position position = {
            .topic = topic, .next_offset = next + A_STEP, .from_offset = next};
        const struct log_step step = {.task = STR("task"),
                                      .appends = &append,
                                      .append_count = 1,
                                      .positions = &position,
                                      .position_count = 1};
        if (log_commit(member, &step, &sequence) == OK)
            next += A_STEP;
        else
            free(append.batch);
        must(log_committed(member, &durable) == OK);
        const int64_t reported = first + (int64_t)durable * A_STEP;
        must(write(report, &reported, sizeof(reported)) == sizeof(reported));
    }
}

static void a_killed_writer_loses_nothing_it_reported(void **state)
{
    struct fixture fixture;
    struct random random = {.state = (uint64_t)clock_wall_ms()};
    (void)state;
    print_message("seed %llu\n", (unsigned long long)random.state);
    fixture_init(&fixture);
    fixture_open(&fixture);
    make_topic(fixture.log, "t", true, 1);
    int64_t end = 0;
    for (int i = 0; i < 15; i++) {
        int ends[2];
        int64_t reported = 0;
        int64_t number = 0;
        fixture_close(&fixture);
        assert_int_equal(pipe(ends), 0);
        const pid_t child = start(&fixture, write_until_killed, ends[1]);
        close(ends[1]);
        const int64_t until_ns =
            clock_monotonic_ns() + (int64_t)(5 + random_below(&random, 80)) * 1000000;
        while (clock_monotonic_ns() < until_ns &&
               read(ends[0], &number, sizeof(number)) == sizeof(number))
            reported = number;
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(ends[0], &number, sizeof(number)) == sizeof(number))
            reported = number;
        close(ends[0]);

        fixture_open(&fixture);
        struct arena arena;
        struct log_task_state loaded;
        struct log_topic *topic = NULL;
        arena_init(&arena, 0);
        assert_ok(log_topic_open(fixture.log, STR("t"), &topic));
        struct log_member *member = join(fixture.log, false);
        const int count = count_all(member, topic, 0, 0);
        assert_ok(log_load(member, STR("task"), NULL, 0, &arena, &loaded, NULL));
        /* Records and position are of one commit; all that was reported is there. */
        assert_int_equal(loaded.exists ? loaded.positions[0].next_offset : 0, count);
        assert_true(count >= reported);
        assert_true(count >= end);
        end = count;
        arena_release(&arena);
        log_leave(member);
    }
    assert_true(end > 0);
    fixture_release(&fixture);
}

#define WRITER_STEPS 150

/* Keys "k<number>" from writer * 100000 on, some steps at a time. */
static void write_many(struct fixture *fixture, int writer)
{
    struct log_topic *topic = NULL;
    uint64_t sequence = 0;
    must(log_topic_open(fixture->log, STR("t"), &topic) == OK);
    struct log_member *member = join(fixture->log, false);
    for (int i = 0; i < WRITER_STEPS;) {
        const enum err err = put(member, topic, 0, writer * 100000 + i * 3, 3, &sequence);
        must(err == OK || err == ERR_FULL);
        i += err == OK;
        if (i % 10 == 0)
            (void)!log_wait(member, 2);
    }
    must(wait_durable(member, sequence) == OK);
    log_leave(member);
    fixture_close(fixture);
}

static void two_processes_append_to_one_partition(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    make_topic(fixture.log, "t", false, 1);
    fixture_close(&fixture);
    fixture.log_options.runs_queries = false;
    fixture.store_options.unsynced = true;
    const pid_t first = start(&fixture, write_many, 1);
    const pid_t second = start(&fixture, write_many, 2);
    fixture_open(&fixture);
    struct log_topic *topic = NULL;
    assert_ok(log_topic_open(fixture.log, STR("t"), &topic));
    struct log_member *member = join(fixture.log, false);
    int next[3] = {0, 100000, 200000};
    int64_t offset = 0;
    const int64_t deadline_ns = clock_monotonic_ns() + 30000000000;
    while (offset < 2 * WRITER_STEPS * 3 && clock_monotonic_ns() < deadline_ns) {
        struct log_records *records = NULL;
        assert_ok(log_read(member, topic, 0, offset, 2000, &records, NULL));
        for (uint32_t i = 0; i < records->count; i++) {
            int64_t number = 0;
            const struct str key = records->at[i].key;
            assert_ok(str_to_int64((struct str){key.data + 1, key.size - 1}, &number));
            assert_int_equal(records->at[i].offset, offset + i);
            assert_int_equal(number, next[number / 100000]++);
        }
        offset = records->next_offset;
        const bool at_end = records->count == 0;
        log_records_release(records);
        if (at_end) {
            /* Meanwhile this process writes as well, to another topic. */
            const enum err waited = log_wait(member, 1000);
            assert_true(waited == OK || waited == ERR_AGAIN);
        }
    }
    assert_int_equal(offset, 2 * WRITER_STEPS * 3);
    log_leave(member);
    fixture_close(&fixture);
    expect_success(first);
    expect_success(second);
    fixture_release(&fixture);
}

static void append_inside(struct fixture *fixture, int argument)
{
    struct log_topic *topic = NULL;
    (void)argument;
    must(log_topic_open(fixture->log, STR("inside"), &topic) == OK);
    struct log_member *member = join(fixture->log, false);
    put_wait(member, topic, 0, 1000, 2);
    log_leave(member);
    fixture_close(fixture);
}

/* What readers were shown ahead can no longer be committed as shown: all goes back. */
static void a_foreign_write_to_an_internal_topic_aborts(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    make_topic(fixture.log, "inside", true, 1);
    fixture_close(&fixture);
    fixture.log_options.runs_queries = false;
    int gate[2];
    assert_int_equal(pipe(gate), 0);
    const pid_t child = fork();
    if (child == 0) {
        char byte = 0;
        must(read(gate[0], &byte, 1) == 1);
        fixture_open(&fixture);
        append_inside(&fixture, 0);
        _exit(0);
    }
    fixture.log_options.commit_interval_ms = 2000;
    fixture_open(&fixture);
    struct log_topic *topic = NULL;
    assert_ok(log_topic_open(fixture.log, STR("inside"), &topic));
    struct log_member *member = join(fixture.log, false);
    uint64_t sequence = 0;
    put_wait(member, topic, 0, 0, 1);
    assert_ok(put(member, topic, 0, 1, 4, &sequence));
    assert_int_equal(count_all(member, topic, 0, 0), 5);
    assert_int_equal(write(gate[1], "x", 1), 1);
    expect_success(child);
    assert_int_equal(wait_durable(member, sequence), ERR_ABORTED);
    log_leave(member);
    member = join(fixture.log, false);
    struct log_records *records = NULL;
    assert_ok(log_read(member, topic, 0, 0, 1000, &records, NULL));
    assert_int_equal(records->count, 3);
    assert_true(str_equal(records->at[1].key, STR("k1000")));
    log_records_release(records);
    put_wait(member, topic, 0, 7, 1);
    log_leave(member);
    close(gate[0]);
    close(gate[1]);
    fixture_release(&fixture);
}

static void read_only(struct fixture *fixture, int ready)
{
    struct log_topic *topic = NULL;
    struct log_member *member = join(fixture->log, false);
    uint64_t sequence = 0;
    must(log_topic_open(fixture->log, STR("t"), &topic) == OK);
    must(count_all(member, topic, 0, 0) == 0);
    must(put(member, topic, 0, 0, 1, &sequence) == ERR_DENIED);
    must(write(ready, "x", 1) == 1);
    const int64_t deadline_ns = clock_monotonic_ns() + 5000000000;
    while (count_all(member, topic, 0, 0) < 3 && clock_monotonic_ns() < deadline_ns)
        (void)!log_wait(member, 5000);
    must(count_all(member, topic, 0, 0) == 3);
    log_leave(member);
    fixture_close(fixture);
}

static void a_process_that_only_reads_gets_news(void **state)
{
    struct fixture fixture;
    int ready[2];
    char byte = 0;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    make_topic(fixture.log, "t", true, 1);
    fixture_close(&fixture);
    assert_int_equal(pipe(ready), 0);
    struct fixture reader = fixture;
    reader.store_options.read_only = true;
    reader.log_options.runs_queries = false;
    const pid_t child = start(&reader, read_only, ready[1]);
    fixture_open(&fixture);
    struct log_topic *topic = NULL;
    assert_ok(log_topic_open(fixture.log, STR("t"), &topic));
    struct log_member *member = join(fixture.log, false);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    put_wait(member, topic, 0, 0, 3);
    expect_success(child);
    log_leave(member);
    close(ready[0]);
    close(ready[1]);
    fixture_release(&fixture);
}

static void hold_lock(struct fixture *fixture, int ready)
{
    (void)fixture;
    must(write(ready, "x", 1) == 1);
    pause();
}

static void the_query_lock_ends_with_its_process(void **state)
{
    struct fixture fixture;
    struct log *log = NULL;
    int ready[2];
    char byte = 0;
    (void)state;
    fixture_init(&fixture);
    assert_int_equal(pipe(ready), 0);
    const pid_t child = start(&fixture, hold_lock, ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct why why = {0};
    fixture.log_options.directory = fixture.directory;
    assert_ok(store_open(fixture.directory, &fixture.store_options, &fixture.store, &why));
    assert_int_equal(log_embedded_open(fixture.store, &fixture.log_options, &log, &why),
                     ERR_LOCKED);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_ok(log_embedded_open(fixture.store, &fixture.log_options, &fixture.log, &why));
    close(ready[0]);
    close(ready[1]);
    fixture_release(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_writer_loses_nothing_it_reported),
        cmocka_unit_test(two_processes_append_to_one_partition),
        cmocka_unit_test(a_foreign_write_to_an_internal_topic_aborts),
        cmocka_unit_test(a_process_that_only_reads_gets_news),
        cmocka_unit_test(the_query_lock_ends_with_its_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
