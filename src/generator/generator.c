/* generator.c -- the generator's life: where it begins, one step after another, where it goes on.
 *
 * A step holds the records, the truth about them and the position after them, and is committed
 * whole. So the last position in mcd_truth always fits what the topics hold, and going on from it
 * gives the stream that would have been without the interruption. */
#include "generator/generator.h"

#include "base/memory.h"
#include "generator/resume.h"

#define RATE_MAX 1e7
#define DISORDER_MS_MAX (12 * 3600000LL)

static enum err check_options(const struct generator_options *options, struct why *why);
static int64_t limit_ms(const struct generator *generator, int64_t now_ms);
static bool build_step(struct generator *generator, int64_t now_ms);
static enum err commit_step(struct generator *generator, int64_t timeout_ms);
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
    err = generator_open_topics(generator, registry, why);
    if (!err)
        err = generator_resume(generator, why);
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
    if (generator->step_is_taken && generator_wait(generator, GENERATOR_WAIT_MS) == OK)
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
        err = generator_resume(generator, why);
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
        err = generator_wait(generator, timeout_ms);
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
