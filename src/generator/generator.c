/* generator.c -- the generator's life: where it begins, one step after another, where it goes on.
 *
 * A step holds the records, the truth about them and the position after them, and is committed
 * whole. So the last position in mcd_truth always fits what the topics hold, and going on from it
 * gives the stream that would have been without the interruption. */
#include "generator/generator.h"

#include "base/clock.h"
#include "base/memory.h"
#include "generator/schemas.h"
#include "generator/step.h"

#define ORDERS_TOPIC "mcd_orders"
#define PAYMENTS_TOPIC "mcd_payments"
#define RATE_MAX 1e7
#define DISORDER_MS_MAX (12 * 3600000LL)
#define POSITION_READ_BYTES (1 << 20)
#define CLOSE_WAIT_MS 1000

struct generator {
    struct generator_options options;
    struct log *log;
    struct log_member *member;
    struct schedule schedule;
    struct step step;
    bool step_is_ready; /* finished, not known to be durable */
    bool step_is_taken; /* the log has it */
    uint64_t taken_count;
    bool is_lost; /* a commit failed: go back to the log's last position */
    int64_t start_ms;
    uint64_t orders, payments, events; /* durable ones */
};

static enum err check_options(const struct generator_options *options, struct why *why);
static enum err open_topics(struct generator *generator, struct registry *registry,
                            struct why *why);
static enum err open_topic(struct generator *generator, const char *name, int32_t partition_count,
                           struct log_topic **ret_topic, struct why *why);
static enum err go_to_position(struct generator *generator, struct why *why);
static enum err read_position(struct generator *generator, bool *ret_exists,
                              struct truth_position *ret_position, struct why *why);
static enum err check_position(const struct generator *generator,
                               const struct truth_position *position, struct why *why);
static int64_t limit_ms(const struct generator *generator, int64_t now_ms);
static bool build_step(struct generator *generator, int64_t now_ms);
static enum err commit_step(struct generator *generator, int64_t timeout_ms);
static enum err wait_for_step(struct generator *generator, int64_t timeout_ms);
static void fill_progress(const struct generator *generator, int64_t now_ms,
                          struct generator_progress *progress);

void generator_options_init(struct generator_options *options)
{
    must(options != NULL);
    *options = (struct generator_options){
        .seed = 1,
        .rate = 20,
        .live = true,
        .unpaid_share = 0.06,
        .late_share = 0.02,
        .disorder_share = 0.02,
        .duplicate_share = 0.005,
        .orphan_share = 0.005,
        .malformed_share = 0.001,
        .disorder_ms_max = 30000,
    };
}

enum err generator_open(const struct generator_options *options, struct log *log,
                        struct registry *registry, struct generator **ret_generator,
                        struct why *why)
{
    must(options != NULL);
    must(log != NULL);
    must(registry != NULL);
    must(ret_generator != NULL);
    enum err err = check_options(options, why);
    if (err)
        return err;
    struct generator *generator = MEMORY_NEW(struct generator);
    generator->options = *options;
    generator->log = log;
    schedule_init(&generator->schedule, options->seed, (uint64_t)options->order_count);
    err = open_topics(generator, registry, why);
    if (!err)
        err = go_to_position(generator, why);
    if (err)
        generator_close(generator);
    else
        *ret_generator = generator;
    return err;
}

void generator_close(struct generator *generator)
{
    if (!generator)
        return;
    /* Whoever opens the generator again in this process should find the position of this step. */
    if (generator->step_is_taken && wait_for_step(generator, CLOSE_WAIT_MS) == OK)
        generator->step_is_ready = false;
    log_leave(generator->member);
    schedule_release(&generator->schedule);
    step_clear(&generator->step, generator->step_is_taken);
    step_release(&generator->step);
    free(generator);
}

enum err generator_step(struct generator *generator, int64_t now_ms, int64_t timeout_ms,
                        struct generator_progress *ret_progress, struct why *why)
{
    must(generator != NULL);
    must(ret_progress != NULL);
    enum err err = OK;
    if (generator->is_lost)
        err = go_to_position(generator, why);
    if (err)
        return err;
    if (generator->step_is_ready || build_step(generator, now_ms))
        err = commit_step(generator, timeout_ms);
    /* A step that was taken may still commit, unless the log says that it will not. */
    if (err == ERR_ABORTED ||
        (err && err != ERR_AGAIN && err != ERR_FULL && !generator->step_is_taken))
        generator->is_lost = true;
    fill_progress(generator, now_ms, ret_progress);
    if (err == ERR_AGAIN)
        return OK; /* the commit is on its way; the next call waits on */
    return err ? why_set(why, err, "cannot append orders and payments: %s", err_text(err)) : OK;
}

static enum err check_options(const struct generator_options *options, struct why *why)
{
    const double shares[] = {options->unpaid_share,   options->late_share,
                             options->disorder_share, options->duplicate_share,
                             options->orphan_share,   options->malformed_share};
    for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++)
        if (!(shares[i] >= 0 && shares[i] <= 1))
            return why_set(why, ERR_INVALID, "a share is from 0 to 1, not %g", shares[i]);
    if (!(options->rate > 0 && options->rate <= RATE_MAX))
        return why_set(why, ERR_INVALID, "the rate is above 0 and at most %g, not %g", RATE_MAX,
                       options->rate);
    if (options->history_ms < 0 || options->order_count < 0 || options->start_ms < 0)
        return why_set(why, ERR_INVALID, "start, history and orders are not below 0");
    if (options->disorder_ms_max < 0 || options->disorder_ms_max > DISORDER_MS_MAX)
        return why_set(why, ERR_INVALID, "events are at most 12 hours out of order");
    return OK;
}

static enum err open_topics(struct generator *generator, struct registry *registry, struct why *why)
{
    struct step_topics topics;
    const int32_t partition_count = generator->options.partition_count;
    const struct str orders_subject = STR(ORDERS_TOPIC "-value");
    enum err err = open_topic(generator, ORDERS_TOPIC, partition_count, &topics.orders, why);
    if (!err)
        err = open_topic(generator, PAYMENTS_TOPIC, partition_count, &topics.payments, why);
    if (!err)
        err = open_topic(generator, TRUTH_TOPIC, 1, &topics.truth, why);
    if (!err && topics.truth->partition_count != 1)
        err = why_set(why, ERR_INVALID, "topic '" TRUTH_TOPIC "' must have one partition");
    if (!err)
        err = registry_register(registry, orders_subject, schema_orders_first,
                                &topics.orders_schema, why);
    if (!err)
        err =
            registry_register(registry, orders_subject, schema_orders, &topics.orders_schema, why);
    if (!err)
        err = registry_register(registry, STR(PAYMENTS_TOPIC "-value"), schema_payments,
                                &topics.payments_schema, why);
    if (!err)
        step_init(&generator->step, &topics);
    return err;
}

/* All of it is kept: the truth is about all that was ever sent. */
static enum err open_topic(struct generator *generator, const char *name, int32_t partition_count,
                           struct log_topic **ret_topic, struct why *why)
{
    const struct log_topic_config config = {
        .partition_count = partition_count, .retention_ms = -1, .retention_bytes = -1};
    enum err err = log_topic_open(generator->log, str_from(name), ret_topic);
    if (err == ERR_NOT_FOUND) {
        err = log_create(generator->log, str_from(name), &config, why);
        if (err && err != ERR_EXISTS)
            return err;
        err = log_topic_open(generator->log, str_from(name), ret_topic);
    }
    return err ? why_set(why, err, "cannot open topic '%s': %s", name, err_text(err)) : OK;
}

static enum err go_to_position(struct generator *generator, struct why *why)
{
    const struct generator_options *options = &generator->options;
    const struct log_member_options member_options = {.name = STR("generator"),
                                                      .committed_only = true};
    const struct shares shares = {
        .unpaid = options->unpaid_share,
        .late = options->late_share,
        .disorder = options->disorder_share,
        .duplicate = options->duplicate_share,
        .orphan = options->orphan_share,
        .malformed = options->malformed_share,
        .disorder_ms_max = options->disorder_ms_max,
    };
    struct schedule *schedule = &generator->schedule;
    struct truth_position position;
    bool exists = false;
    enum err err = OK;
    /* The position is read when the step's fate is certain: a commit that was only reported as
     * failed would otherwise be made a second time. */
    if (generator->step_is_taken)
        err = wait_for_step(generator, CLOSE_WAIT_MS);
    if (err && err != ERR_ABORTED)
        return why_set(why, err, "cannot tell whether the last commit failed: %s", err_text(err));
    log_leave(generator->member);
    generator->member = NULL;
    step_clear(&generator->step, generator->step_is_taken);
    generator->step_is_ready = generator->step_is_taken = false;
    generator->taken_count = 0;
    err = log_join(generator->log, &member_options, &generator->member, why);
    if (!err)
        err = read_position(generator, &exists, &position, why);
    if (!err && exists)
        err = check_position(generator, &position, why);
    if (err)
        return err;
    schedule_release(schedule);
    schedule_init(schedule, options->seed, (uint64_t)options->order_count);
    if (exists) {
        generator->start_ms = position.start_ms;
        generator->orders = position.orders;
        generator->payments = position.payments;
        generator->events = position.events;
        schedule->epoch_count = position.epoch_count;
        memcpy(schedule->epochs, position.epochs, sizeof(position.epochs));
        schedule_restore(schedule, position.next_number, position.last);
    } else if (generator->start_ms == 0) {
        generator->start_ms =
            options->start_ms ? options->start_ms : clock_wall_ms() - options->history_ms;
    }
    err = schedule_begin_epoch(schedule, generator->start_ms, options->rate, &shares);
    if (err)
        return why_set(why, err, "the rate or shares were changed too often within %d hours",
                       (int)(PAYMENT_DELAY_MS_MAX / 3600000));
    generator->is_lost = false;
    return OK;
}

/* The truth's last record is a position, whatever came before. */
static enum err read_position(struct generator *generator, bool *ret_exists,
                              struct truth_position *ret_position, struct why *why)
{
    struct arena arena;
    struct log_topic_info info;
    struct log_records *records = NULL;
    arena_init(&arena, 0);
    enum err err = log_describe(generator->log, STR(TRUTH_TOPIC), &arena, &info, why);
    if (err)
        goto out;
    const int64_t end_offset = info.partitions[0].end_offset;
    if (end_offset == info.partitions[0].begin_offset)
        goto out;
    err = log_read(generator->member, generator->step.topics.truth, 0, end_offset - 1,
                   POSITION_READ_BYTES, &records, why);
    if (err)
        goto out;
    const struct record *last = records->count > 0 ? &records->at[records->count - 1] : NULL;
    if (!last || !str_equal(last->key, STR(TRUTH_KEY_POSITION)))
        err = ERR_CORRUPT;
    else
        err = truth_read_position(last->value, ret_position);
    if (err)
        err = why_set(why, err, "topic '" TRUTH_TOPIC "' does not end with a position");
    else
        *ret_exists = true;
out:
    log_records_release(records);
    arena_release(&arena);
    return err;
}

static enum err check_position(const struct generator *generator,
                               const struct truth_position *position, struct why *why)
{
    const struct generator_options *options = &generator->options;
    if (position->seed != options->seed)
        return why_set(why, ERR_INVALID, "the log was made with seed %llu, not %llu",
                       (unsigned long long)position->seed, (unsigned long long)options->seed);
    if (options->start_ms != 0 && position->start_ms != options->start_ms)
        return why_set(why, ERR_INVALID, "the log starts at %lld ms, not at %lld ms",
                       (long long)position->start_ms, (long long)options->start_ms);
    return OK;
}

/* No event is sent before its time: live that is the wall's; history ends where it was told to,
 * and a number of orders without either takes what time it needs. */
static int64_t limit_ms(const struct generator *generator, int64_t now_ms)
{
    const struct generator_options *options = &generator->options;
    if (options->live)
        return now_ms;
    if (options->history_ms > 0 || options->order_count == 0)
        return generator->start_ms + options->history_ms;
    return INT64_MAX;
}

/* False when nothing is due. */
static bool build_step(struct generator *generator, int64_t now_ms)
{
    struct schedule *schedule = &generator->schedule;
    struct step *step = &generator->step;
    struct send send;
    while (step->event_count < STEP_EVENTS_MAX &&
           schedule_take(schedule, limit_ms(generator, now_ms), &send))
        step_add(step, schedule, send);
    if (step->event_count == 0)
        return false;
    struct truth_position position = {
        .seed = schedule->seed,
        .start_ms = generator->start_ms,
        .next_number = schedule->next_number,
        .last = schedule->last,
        .orders = generator->orders + step->order_count,
        .payments = generator->payments + step->payment_count,
        .events = generator->events + step->event_count,
        .epoch_count = schedule->epoch_count,
    };
    memcpy(position.epochs, schedule->epochs, sizeof(position.epochs));
    step_finish(step, &position);
    generator->step_is_ready = true;
    return true;
}

static enum err commit_step(struct generator *generator, int64_t timeout_ms)
{
    struct step *step = &generator->step;
    const struct log_step log_step = {.appends = step->appends, .append_count = step->append_count};
    enum err err;
    if (generator->step_is_taken) {
        err = wait_for_step(generator, timeout_ms);
    } else {
        err = log_commit_wait(generator->member, &log_step, timeout_ms, &generator->step_is_taken);
        generator->taken_count += generator->step_is_taken;
    }
    if (err)
        return err;
    generator->orders += step->order_count;
    generator->payments += step->payment_count;
    generator->events += step->event_count;
    step_clear(step, true);
    generator->step_is_ready = generator->step_is_taken = false;
    return OK;
}

/* For a step that an earlier call handed over: a member's steps are numbered from 1. */
static enum err wait_for_step(struct generator *generator, int64_t timeout_ms)
{
    const int64_t deadline_ns = clock_monotonic_ns() + timeout_ms * 1000000;
    for (;;) {
        uint64_t durable = 0;
        const enum err err = log_committed(generator->member, &durable);
        if (durable >= generator->taken_count && err != ERR_ABORTED)
            return OK;
        if (err != OK && err != ERR_FULL)
            return err;
        const int64_t left_ms = (deadline_ns - clock_monotonic_ns()) / 1000000;
        if (left_ms <= 0)
            return err ? err : ERR_AGAIN;
        const enum err waited = log_wait(generator->member, left_ms < 100 ? left_ms : 100);
        if (waited != OK && waited != ERR_AGAIN)
            return waited;
    }
}

static void fill_progress(const struct generator *generator, int64_t now_ms,
                          struct generator_progress *progress)
{
    const struct generator_options *options = &generator->options;
    const struct schedule *schedule = &generator->schedule;
    const int64_t limit = limit_ms(generator, now_ms);
    const bool over = !generator->step_is_ready && schedule_is_over(schedule, limit);
    const int64_t time_ms =
        schedule->last.send_ms > generator->start_ms ? schedule->last.send_ms : generator->start_ms;
    double done = 1;
    if (!over && options->history_ms > 0)
        done = (double)(time_ms - generator->start_ms) / (double)options->history_ms;
    else if (!over && !options->live && options->order_count > 0)
        done = (double)schedule->next_number / (double)options->order_count;
    *progress = (struct generator_progress){
        .orders = generator->orders,
        .payments = generator->payments,
        .events = generator->events,
        .event_time_ms = time_ms,
        .history_done = done < 1 ? done : 1,
        .is_done = over && (!options->live || schedule_is_over(schedule, INT64_MAX)),
    };
}
