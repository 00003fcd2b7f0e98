/* resume.c -- goes on where the log ends. */
#include "generator/resume.h"

#include "base/clock.h"
#include "generator/schemas.h"

#define ORDERS_TOPIC "mcd_orders"
#define PAYMENTS_TOPIC "mcd_payments"
#define POSITION_READ_BYTES (1 << 20)

static enum err open_topic(struct generator *generator, const char *name, int32_t partition_count,
                           struct log_topic **ret_topic, struct why *why);
static enum err settle(struct generator *generator, struct why *why);
static enum err go_to(struct generator *generator, const struct truth_position *position,
                      struct why *why);
static enum err read_position(struct generator *generator, bool *ret_exists,
                              struct truth_position *ret_position, struct why *why);
static enum err check_position(const struct generator *generator,
                               const struct truth_position *position, struct why *why);

enum err generator_open_topics(struct generator *generator, struct registry *registry,
                               struct why *why)
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

enum err generator_resume(struct generator *generator, struct why *why)
{
    const struct log_member_options member_options = {.name = STR("generator"),
                                                      .committed_only = true};
    struct truth_position position;
    bool exists = false;
    enum err err = settle(generator, why);
    if (!err)
        err = log_join(generator->log, &member_options, &generator->member, why);
    if (!err)
        err = read_position(generator, &exists, &position, why);
    if (!err && exists)
        err = check_position(generator, &position, why);
    if (!err)
        err = go_to(generator, exists ? &position : NULL, why);
    generator->is_lost = err != OK;
    return err;
}

/* The position is read when the fate of the step at hand is certain: a commit that was only
 * reported as failed would otherwise be made a second time. */
static enum err settle(struct generator *generator, struct why *why)
{
    if (generator->step_is_taken) {
        const enum err err = generator_wait(generator, GENERATOR_WAIT_MS);
        if (err && err != ERR_ABORTED)
            return why_set(why, err, "cannot tell whether the last commit failed: %s",
                           err_text(err));
    }
    log_leave(generator->member);
    generator->member = NULL;
    step_clear(&generator->step, generator->step_is_taken);
    generator->step_is_ready = generator->step_is_taken = false;
    generator->taken_count = 0;
    return OK;
}

/* position NULL: the beginning. */
static enum err go_to(struct generator *generator, const struct truth_position *position,
                      struct why *why)
{
    const struct generator_options *options = &generator->options;
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
    schedule_release(schedule);
    schedule_init(schedule, options->seed, (uint64_t)options->order_count);
    if (position) {
        generator->start_ms = position->start_ms;
        generator->orders = position->orders;
        generator->payments = position->payments;
        generator->events = position->events;
        schedule->epoch_count = position->epoch_count;
        memcpy(schedule->epochs, position->epochs, sizeof(position->epochs));
        schedule_restore(schedule, position->next_number, position->last);
    } else if (generator->start_ms == 0) {
        generator->start_ms =
            options->start_ms ? options->start_ms : clock_wall_ms() - options->history_ms;
    }
    const enum err err =
        schedule_begin_epoch(schedule, generator->start_ms, options->rate, &shares);
    return err ? why_set(why, err, "the rate or shares were changed too often within %d hours",
                         (int)(PAYMENT_DELAY_MS_MAX / 3600000))
               : OK;
}

/* The truth's last record is a position, whatever came before; none when all there was, was
 * aborted. */
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
    const struct log_partition_info *truth = &info.partitions[0];
    if (truth->end_offset == truth->begin_offset)
        goto out;
    err = log_read_last(generator->member, generator->step.topics.truth, 0, truth->begin_offset,
                        truth->end_offset, POSITION_READ_BYTES, &records, why);
    if (err)
        goto out;
    if (records->count == 0)
        goto out;
    const struct record *last = &records->at[records->count - 1];
    if (!str_equal(last->key, STR(TRUTH_KEY_POSITION)))
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

/* For a step that an earlier call handed over: a member's steps are numbered from 1. */
enum err generator_wait(struct generator *generator, int64_t timeout_ms)
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
