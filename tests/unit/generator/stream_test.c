/* stream_test.c -- the stream of events is the same whoever interrupts it, and as often. */
#include "world.h"

#include "base/clock.h"
#include "base/random.h"

#include <signal.h>
#include <sys/wait.h>

static void the_same_seed_gives_the_same_bytes(void **state)
{
    uint64_t digests[3];
    for (int i = 0; i < 3; i++) {
        struct world world;
        world_init(&world);
        struct generator_options options = busy_options(i == 2 ? 8 : 7);
        options.history_ms = 4 * HOUR_MS;
        const struct generator_progress progress = run_to_end(&world, &options);
        assert_true(progress.orders > 20000);
        assert_true(progress.history_done == 1);
        digests[i] = digest_of(world.log);
        world_release(&world);
    }
    assert_true(digests[0] == digests[1]);
    assert_true(digests[0] != digests[2]);
}

/* Runs the generator in a process of its own and kills it. False when it had come to its end. */
static bool run_and_kill(struct world *world, const struct generator_options *options,
                         int64_t after_ms)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        world_open(world);
        run_to_end(world, options);
        _exit(0);
    }
    clock_sleep_ms(after_ms);
    int status = 0;
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void killed_processes_leave_no_trace_in_the_stream(void **state)
{
    struct random random = {(uint64_t)clock_monotonic_ns()};
    print_message("seed %llu\n", (unsigned long long)random.state);
    struct generator_options options = busy_options(random.state);
    struct world whole, killed;
    options.history_ms = 3 * HOUR_MS;
    world_init(&whole);
    world_init(&killed);
    run_to_end(&whole, &options);
    world_close(&killed);
    int kills = 0;
    for (int i = 0; i < 12; i++)
        kills += run_and_kill(&killed, &options, (int64_t)random_below(&random, 250));
    assert_true(kills > 0);
    world_open(&killed);
    const struct generator_progress progress = run_to_end(&killed, &options);
    assert_true(digest_of(killed.log) == digest_of(whole.log));
    assert_true(progress.is_done);
    world_release(&whole);
    world_release(&killed);
}

/* Live, in steps of any size, with a close after each: the position is between all events. */
static void steps_of_any_size_give_the_same_stream(void **state)
{
    struct random random = {(uint64_t)clock_monotonic_ns()};
    print_message("seed %llu\n", (unsigned long long)random.state);
    struct generator_options options = busy_options(random.state);
    struct world whole, stepped;
    world_init(&whole);
    world_init(&stepped);
    options.history_ms = HOUR_MS;
    run_to_end(&whole, &options);
    options.live = true;
    options.history_ms = 0;
    const int64_t end_ms = options.start_ms + HOUR_MS;
    int64_t now_ms = options.start_ms;
    while (now_ms < end_ms) {
        struct generator *generator = NULL;
        struct generator_progress progress;
        now_ms += (int64_t)random_below(&random, 60000);
        assert_ok(generator_open(&options, stepped.log, stepped.registry, &generator, NULL));
        assert_ok(
            generator_step(generator, now_ms < end_ms ? now_ms : end_ms, WAIT_MS, &progress, NULL));
        assert_true(progress.event_time_ms <= now_ms);
        generator_close(generator);
    }
    assert_true(digest_of(stepped.log) == digest_of(whole.log));
    world_release(&whole);
    world_release(&stepped);
}

struct span_of_time {
    int64_t first_ms, last_ms;
};

static void note_time(void *context, int32_t partition, const struct record *record)
{
    struct span_of_time *span = context;
    (void)partition;
    if (record->timestamp_ms < span->first_ms)
        span->first_ms = record->timestamp_ms;
    if (record->timestamp_ms > span->last_ms)
        span->last_ms = record->timestamp_ms;
}

static struct span_of_time times_of(struct log *log)
{
    struct span_of_time span = {INT64_MAX, INT64_MIN};
    each_record(log, "mcd_orders", note_time, &span);
    each_record(log, "mcd_payments", note_time, &span);
    return span;
}

/* The past first, with progress, as fast as it goes; then what the clock makes due, whoever is
 * slow: nothing is dated after the moment it is sent. */
static void history_comes_first_and_then_the_clock(void **state)
{
    struct generator_options options = busy_options(5);
    struct generator *generator = NULL;
    struct generator_progress progress = {0};
    struct world world;
    int steps = 0;
    world_init(&world);
    options.live = true;
    options.history_ms = 2 * HOUR_MS;
    options.rate = 10;
    int64_t now_ms = options.start_ms + options.history_ms;
    assert_ok(generator_open(&options, world.log, world.registry, &generator, NULL));
    for (double before = 0; progress.history_done < 1; before = progress.history_done, steps++) {
        assert_ok(generator_step(generator, now_ms, WAIT_MS, &progress, NULL));
        assert_true(progress.history_done >= before);
        assert_true(progress.history_done <= 1);
    }
    assert_true(steps > 2);
    assert_false(progress.is_done);
    const uint64_t orders = progress.orders;
    struct span_of_time span = times_of(world.log);
    assert_true(span.first_ms >= options.start_ms);
    assert_true(span.last_ms <= now_ms && span.last_ms > now_ms - 60000);
    for (int second = 0; second < 90; second++) {
        now_ms += 1000;
        assert_ok(generator_step(generator, now_ms, WAIT_MS, &progress, NULL));
        assert_true(progress.event_time_ms <= now_ms);
        span = times_of(world.log);
        assert_true(span.last_ms <= now_ms);
    }
    assert_true(progress.orders > orders + 500);
    /* Called late, it sends all that became due meanwhile. */
    const uint64_t before = progress.orders;
    assert_ok(generator_step(generator, now_ms + 60000, WAIT_MS, &progress, NULL));
    assert_true(progress.orders > before + 300);
    generator_close(generator);
    world_release(&world);
}

/* Whatever call of the log fails, and however: going on gives the same stream. */
static void failing_calls_of_the_log_change_nothing(void **state)
{
    static const enum err errs[] = {ERR_IO, ERR_FULL, ERR_ABORTED};
    struct generator_options options = busy_options(3);
    struct world whole;
    world_init(&whole);
    options.order_count = 300;
    options.history_ms = 0;
    run_to_end(&whole, &options);
    const uint64_t digest = digest_of(whole.log);
    world_release(&whole);
    bool was_reached = true;
    for (uint64_t call = 1; was_reached; call++) {
        struct world world;
        world_init(&world);
        const struct log_faulty_plan plan = {.fail_call = call, .err = errs[call % 3]};
        struct generator_progress progress = {0};
        struct generator *generator = NULL;
        world.log = log_faulty_new(world.log, &plan);
        for (int tries = 0; !progress.is_done; tries++) {
            assert_true(tries < 20);
            if (!generator && generator_open(&options, world.log, world.registry, &generator, NULL))
                continue;
            const enum err err = generator_step(generator, 0, 100, &progress, NULL);
            if (err && err != ERR_FULL)
                progress.is_done = false;
        }
        generator_close(generator);
        was_reached = log_faulty_calls(world.log) >= call;
        assert_true(!was_reached || digest_of(world.log) == digest);
        world_release(&world);
    }
}

static void another_seed_or_start_is_refused(void **state)
{
    struct generator_options options = busy_options(5);
    struct generator *generator = NULL;
    struct why why = {0};
    struct world world;
    world_init(&world);
    options.order_count = 10;
    run_to_end(&world, &options);
    options.seed = 6;
    assert_int_equal(generator_open(&options, world.log, world.registry, &generator, &why),
                     ERR_INVALID);
    assert_non_null(strstr(why.text, "seed 5"));
    options.seed = 5;
    options.start_ms++;
    assert_int_equal(generator_open(&options, world.log, world.registry, &generator, &why),
                     ERR_INVALID);
    options.start_ms = 0;
    assert_ok(generator_open(&options, world.log, world.registry, &generator, &why));
    generator_close(generator);
    world_release(&world);
}

static void options_out_of_range_are_refused(void **state)
{
    struct generator *generator = NULL;
    struct world world;
    world_init(&world);
    for (int i = 0; i < 5; i++) {
        struct generator_options options = busy_options(1);
        if (i == 0)
            options.rate = 0;
        else if (i == 1)
            options.unpaid_share = 1.5;
        else if (i == 2)
            options.malformed_share = -0.1;
        else if (i == 3)
            options.rate = 0.0 / 0.0;
        else
            options.disorder_ms_max = 13 * HOUR_MS;
        assert_int_equal(generator_open(&options, world.log, world.registry, &generator, NULL),
                         ERR_INVALID);
    }
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(killed_processes_leave_no_trace_in_the_stream),
        cmocka_unit_test(steps_of_any_size_give_the_same_stream),
        cmocka_unit_test(history_comes_first_and_then_the_clock),
        cmocka_unit_test(failing_calls_of_the_log_change_nothing),
        cmocka_unit_test(another_seed_or_start_is_refused),
        cmocka_unit_test(options_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
