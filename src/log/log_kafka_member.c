/* log_kafka_member.c -- members: join, hand over, wait, ask how far, leave. */
#include "log/log_kafka.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"

#define DONE_WAIT_NS 2000000000
#define MARKS_BYTES_MAX 3000 /* as text they fit beside the rest of an offset's metadata */
#define TASK_NAME_BYTES_MAX 200
#define BATCHES_BYTES_MAX (8 << 20) /* commit early at so many */

static enum err check_step(const struct log_step *step);
static struct kafka_step *copy_step(struct kafka_member *member, const struct log_step *given);
static void *take_room(char **at, size_t size);
static void hand_over_lows(struct kafka_step *step, const struct log_step *given);
static void step_free(struct kafka_step *step, bool with_batches);

enum err kafka_join(struct log *base, const struct log_member_options *options,
                    struct log_member **ret_member, struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    must(ret_member != NULL);
    (void)why;
    struct kafka_member *member = MEMORY_NEW(struct kafka_member);
    member->base.ops = &kafka_member_ops;
    member->log = log;
    member->is_impatient = options->is_impatient;
    pthread_mutex_lock(&log->lock);
    ledger_join(&log->ledger, &member->account, options, KAFKA_STEPS_MAX_DEFAULT);
    pthread_mutex_unlock(&log->lock);
    *ret_member = &member->base;
    return OK;
}

/* News between two waits end the second at once. */
enum err kafka_wait(struct log_member *base, int64_t timeout_ms)
{
    struct kafka_member *member = kafka_member_of(base);
    struct kafka_log *log = member->log;
    const int64_t at_ns = clock_monotonic_ns() + (timeout_ms > 0 ? timeout_ms : 0) * 1000000;
    enum err err = OK;
    pthread_mutex_lock(&log->news_lock);
    while (!err && member->news_seen == log->news)
        if (member->woken || !condition_wait(&log->news_changed, &log->news_lock, at_ns))
            err = ERR_AGAIN;
    member->news_seen = log->news;
    member->woken = false;
    pthread_mutex_unlock(&log->news_lock);
    return err;
}

void kafka_wake(struct log_member *base)
{
    struct kafka_member *member = kafka_member_of(base);
    struct kafka_log *log = member->log;
    pthread_mutex_lock(&log->news_lock);
    member->woken = true;
    pthread_cond_broadcast(&log->news_changed);
    pthread_mutex_unlock(&log->news_lock);
}

enum err kafka_commit(struct log_member *base, const struct log_step *given, uint64_t *ret_sequence)
{
    struct kafka_member *member = kafka_member_of(base);
    struct kafka_log *log = member->log;
    must(ret_sequence != NULL);
    enum err err = check_step(given);
    if (err)
        return err;
    struct kafka_step *step = copy_step(member, given);
    pthread_mutex_lock(&log->lock);
    err = ledger_admit(&member->account);
    /* Its partitions are being taken away: there is no room for more until its owner is told. */
    if (!err && given->position_count > 0 &&
        !kafka_assignment_of(log, given->task, &step->assignment, &step->is_shared))
        err = ERR_FULL;
    log->hurry |= err == ERR_FULL; /* it can do nothing but wait: so the commit does not */
    for (uint32_t i = 0; i < given->append_count && !err; i++)
        if (kafka_topic_of(given->appends[i].topic)->removed)
            err = ERR_NOT_FOUND;
    if (!err) {
        hand_over_lows(step, given);
        if (given->forget)
            for (struct kafka_topic *topic = log->handles; topic; topic = topic->next)
                topic_lows_forget(&topic->lows, given->task);
        step->sequence = ledger_take(&log->ledger, &member->account);
        if (log->queue.last)
            log->queue.last->next = step;
        else
            log->queue.first = step;
        log->queue.last = step;
        log->queue.bytes += step->bytes;
        log->hurry |= log->queue.bytes >= BATCHES_BYTES_MAX;
        *ret_sequence = step->sequence;
        step = NULL;
    }
    pthread_cond_signal(&log->work);
    pthread_mutex_unlock(&log->lock);
    if (step)
        step_free(step, false);
    return err;
}

enum err kafka_committed(struct log_member *base, uint64_t *ret_sequence)
{
    struct kafka_member *member = kafka_member_of(base);
    struct kafka_log *log = member->log;
    must(ret_sequence != NULL);
    pthread_mutex_lock(&log->lock);
    const enum err err = ledger_committed(&log->ledger, &member->account, ret_sequence);
    pthread_mutex_unlock(&log->lock);
    return err;
}

void kafka_leave(struct log_member *base)
{
    struct kafka_member *member = kafka_member_of(base);
    struct kafka_log *log = member->log;
    kafka_cursors_close(member);
    pthread_mutex_lock(&log->lock);
    const bool done = ledger_leave(&log->ledger, &member->account);
    pthread_mutex_unlock(&log->lock);
    if (done)
        free(member);
}

enum low_news kafka_look(const struct lows_board *board, const struct topic_lows *lows,
                         int32_t partition, int64_t next_offset)
{
    const struct kafka_topic *topic =
        (const struct kafka_topic *)(const void *)((const char *)lows -
                                                   offsetof(struct kafka_topic, lows));
    if (topic->removed)
        return LOW_GONE;
    if (next_offset < topic->partitions[partition].known_end)
        return LOW_NEWS;
    if (topic->writer_count <= topic->lows.count)
        return LOW_NO_NEWS;
    const struct kafka_log *log =
        (const struct kafka_log *)(const void *)((const char *)board -
                                                 offsetof(struct kafka_log, lows));
    if (!kafka_lows_are_at_end(log, topic, partition, next_offset))
        return LOW_NEWS;
    return topic->lows.count > 0 ? LOW_NO_NEWS : LOW_GONE;
}

enum err kafka_wait_done(struct kafka_log *log, struct why *why)
{
    const int64_t deadline_ns = clock_monotonic_ns() + DONE_WAIT_NS;
    enum err err = ERR_AGAIN;
    pthread_mutex_lock(&log->lock);
    const uint64_t wanted = log->ledger.handed_count;
    while (err == ERR_AGAIN && clock_monotonic_ns() < deadline_ns) {
        if (log->ledger.done_count >= wanted) {
            err = OK;
            break;
        }
        log->hurry = true;
        pthread_cond_signal(&log->work);
        pthread_mutex_unlock(&log->lock);
        clock_sleep_ms(1);
        pthread_mutex_lock(&log->lock);
    }
    if (err && log->ledger.health == LOG_FULL)
        err = ERR_FULL;
    pthread_mutex_unlock(&log->lock);
    return err ? why_set(why, err, "steps handed over before are not committed yet") : OK;
}

void kafka_step_done(struct kafka_step *step, uint64_t sequence)
{
    if (ledger_done(&step->member->log->ledger, &step->member->account, sequence))
        free(step->member);
}

void kafka_steps_free(struct kafka_steps *steps)
{
    while (steps->first) {
        struct kafka_step *step = steps->first;
        steps->first = step->next;
        step_free(step, true);
    }
    *steps = (struct kafka_steps){0};
}

/* Batches are made by this process; what they cannot be read for, they are not taken for. */
static enum err check_step(const struct log_step *step)
{
    enum err err = ledger_check_step(step, MARKS_BYTES_MAX, TASK_NAME_BYTES_MAX);
    for (uint32_t i = 0; i < step->append_count && !err; i++) {
        const struct log_append *append = &step->appends[i];
        struct record_batch_info info;
        if (append->batch_size < RECORD_BATCH_OVERHEAD)
            return ERR_CORRUPT;
        record_batch_set_base_offset(append->batch, 0);
        err = record_batch_check((struct str){append->batch, append->batch_size}, &info, NULL);
    }
    return err;
}

/* One allocation: the step, its arrays and texts. */
static struct kafka_step *copy_step(struct kafka_member *member, const struct log_step *given)
{
    const size_t appends_size = given->append_count * sizeof(*given->appends);
    const size_t positions_size = given->position_count * sizeof(*given->positions);
    const size_t trims_size = given->trim_count * sizeof(*given->trims);
    const size_t lows_size = given->low_count * sizeof(*given->lows);
    const size_t inputs_size =
        given->low_count > 0 ? given->position_count * sizeof(struct low_input) : 0;
    struct kafka_step *step =
        memory_zalloc(sizeof(*step) + appends_size + positions_size + trims_size + lows_size +
                      inputs_size + given->task.size + given->marks.size);
    char *at = (char *)(step + 1);
    step->appends = take_room(&at, appends_size);
    step->positions = take_room(&at, positions_size);
    step->trims = take_room(&at, trims_size);
    step->lows = take_room(&at, lows_size);
    step->low_inputs = inputs_size > 0 ? take_room(&at, inputs_size) : NULL;
    step->task = (struct str){take_room(&at, given->task.size), given->task.size};
    step->marks = (struct str){take_room(&at, given->marks.size), given->marks.size};
    step->member = member;
    step->forget = given->forget;
    step->append_count = given->append_count;
    step->position_count = given->position_count;
    step->trim_count = given->trim_count;
    if (appends_size > 0)
        memcpy(step->appends, given->appends, appends_size);
    if (positions_size > 0)
        memcpy(step->positions, given->positions, positions_size);
    if (trims_size > 0)
        memcpy(step->trims, given->trims, trims_size);
    if (given->task.size > 0)
        memcpy((char *)step->task.data, given->task.data, given->task.size);
    if (given->marks.size > 0)
        memcpy((char *)step->marks.data, given->marks.data, given->marks.size);
    for (uint32_t i = 0; i < given->append_count; i++)
        step->bytes += given->appends[i].batch_size;
    return step;
}

static void *take_room(char **at, size_t size)
{
    void *room = *at;
    *at += size;
    return room;
}

/* Nothing is to be read before it is committed, so a low counts from then on; that a writer has yet
 * to begin counts at once. */
static void hand_over_lows(struct kafka_step *step, const struct log_step *given)
{
    for (uint32_t i = 0; step->low_inputs && i < given->position_count; i++)
        step->low_inputs[i] = (struct low_input){
            .topic = &kafka_topic_of(given->positions[i].topic)->lows,
            .partition = given->positions[i].partition,
            .next_offset = given->positions[i].next_offset,
        };
    for (uint32_t i = 0; i < given->low_count; i++) {
        const struct log_low *low = &given->lows[i];
        if (low->writer_count > 0)
            kafka_topic_of(low->topic)->writer_count = low->writer_count;
        if (low->low_ms == LOG_LOW_UNKNOWN)
            topic_lows_set(&kafka_topic_of(low->topic)->lows, step->task, low, step->low_inputs,
                           step->position_count);
        else
            step->lows[step->low_count++] = *low;
    }
}

static void step_free(struct kafka_step *step, bool with_batches)
{
    for (uint32_t i = 0; i < step->append_count && with_batches; i++)
        free(step->appends[i].batch);
    free(step);
}
