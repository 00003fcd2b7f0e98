/* schedule.c -- a heap of the sends that are already certain, refilled order by order. */
#include "generator/schedule.h"

#include "base/memory.h"
#include "generator/curve.h"

#define DAY_SECONDS 86400.0
#define AGAIN_LAG_MS_MAX 5000

static bool send_before(struct send a, struct send b);
static void heap_push(struct schedule *schedule, struct send send);
static void heap_pop(struct schedule *schedule);
static void next_order(struct schedule *schedule);
static void push_sends(struct schedule *schedule, uint64_t number);
static void push_event(struct schedule *schedule, uint64_t number, enum send_kind kind,
                       int64_t time_ms, const struct shares *shares, struct random *random);
static void push_if_after(struct schedule *schedule, uint64_t number, enum send_kind kind,
                          int64_t send_ms);
static uint64_t first_number_from(const struct schedule *schedule, int64_t time_ms);
static int64_t disorder_ms_max(const struct schedule *schedule);
static bool forget_epochs(struct schedule *schedule);

void schedule_init(struct schedule *schedule, uint64_t seed, uint64_t number_end)
{
    *schedule = (struct schedule){
        .seed = seed,
        .number_end = number_end ? number_end : UINT64_MAX >> 4,
        .last = {.send_ms = INT64_MIN},
    };
}

void schedule_release(struct schedule *schedule)
{
    free(schedule->heap);
    schedule->heap = NULL;
}

enum err schedule_begin_epoch(struct schedule *schedule, int64_t start_ms, double rate,
                              const struct shares *shares)
{
    struct epoch epoch = {
        .first_number = schedule->next_number,
        .base_ms = start_ms,
        .rate = rate,
        .shares = *shares,
    };
    must(rate > 0);
    if (schedule->epoch_count > 0) {
        const struct epoch *now = &schedule->epochs[schedule->epoch_count - 1];
        if (now->rate == rate && now->shares.unpaid == shares->unpaid &&
            now->shares.late == shares->late && now->shares.disorder == shares->disorder &&
            now->shares.duplicate == shares->duplicate && now->shares.orphan == shares->orphan &&
            now->shares.malformed == shares->malformed &&
            now->shares.disorder_ms_max == shares->disorder_ms_max)
            return OK;
        epoch.base_ms = now->base_ms;
        if (schedule->next_number > 0)
            epoch.base_ms = schedule_order_time_ms(schedule, schedule->next_number - 1);
        if (schedule->last.send_ms > epoch.base_ms)
            epoch.base_ms = schedule->last.send_ms;
        if (now->first_number == schedule->next_number)
            schedule->epoch_count--; /* it had no orders */
    }
    if (schedule->epoch_count == EPOCHS_MAX && !forget_epochs(schedule))
        return ERR_LIMIT;
    epoch.base_position = curve_position(epoch.base_ms);
    schedule->epochs[schedule->epoch_count++] = epoch;
    schedule->next_time_ms = schedule_order_time_ms(schedule, schedule->next_number);
    return OK;
}

/* Older orders than the longest delay have nothing left to send; among those older than the short
 * delay only the few whose payment may be long are looked at in full. */
void schedule_restore(struct schedule *schedule, uint64_t next_number, struct send last)
{
    must(schedule->epoch_count > 0);
    schedule->next_number = next_number;
    schedule->last = last;
    schedule->heap_count = 0;
    for (uint32_t i = 0; i < schedule->epoch_count; i++)
        schedule->epochs[i].base_position = curve_position(schedule->epochs[i].base_ms);
    schedule->next_time_ms = schedule_order_time_ms(schedule, next_number);
    if (last.send_ms == INT64_MIN)
        return;
    const int64_t slack_ms = disorder_ms_max(schedule) + AGAIN_LAG_MS_MAX;
    const uint64_t from =
        first_number_from(schedule, last.send_ms - PAYMENT_DELAY_MS_MAX - slack_ms);
    const uint64_t recent =
        first_number_from(schedule, last.send_ms - PAYMENT_DELAY_SHORT_MS_MAX - slack_ms);
    for (uint64_t number = from; number < next_number; number++) {
        if (number < recent) {
            const struct epoch *epoch = schedule_epoch(schedule, number);
            const struct fate fate = model_fate(schedule->seed, number, &epoch->shares);
            if (!fate_is_long(&fate))
                continue;
        }
        push_sends(schedule, number);
    }
}

bool schedule_take(struct schedule *schedule, int64_t limit_ms, struct send *ret_send)
{
    for (;;) {
        const bool has_order = schedule->next_number < schedule->number_end;
        const int64_t first_ms = schedule->heap_count > 0 ? schedule->heap[0].send_ms : INT64_MAX;
        if (has_order && schedule->next_time_ms <= first_ms && schedule->next_time_ms <= limit_ms) {
            next_order(schedule);
            continue;
        }
        if (schedule->heap_count == 0 || first_ms > limit_ms)
            return false;
        schedule->last = schedule->heap[0];
        heap_pop(schedule);
        *ret_send = schedule->last;
        return true;
    }
}

bool schedule_is_over(const struct schedule *schedule, int64_t limit_ms)
{
    const bool has_order =
        schedule->next_number < schedule->number_end && schedule->next_time_ms <= limit_ms;
    const bool has_send = schedule->heap_count > 0 && schedule->heap[0].send_ms <= limit_ms;
    return !has_order && !has_send;
}

const struct epoch *schedule_epoch(const struct schedule *schedule, uint64_t number)
{
    must(schedule->epoch_count > 0);
    uint32_t at = schedule->epoch_count - 1;
    while (at > 0 && schedule->epochs[at].first_number > number)
        at--;
    return &schedule->epochs[at];
}

/* Order k of an epoch falls somewhere into the k-th slice of traffic: as random as arrivals need to
 * be, never out of order, and computed for any k at once. */
int64_t schedule_order_time_ms(const struct schedule *schedule, uint64_t number)
{
    const struct epoch *epoch = schedule_epoch(schedule, number);
    struct random random = model_random(schedule->seed, number, DRAW_TIME);
    const double slices = (double)(number - epoch->first_number) + random_unit(&random);
    const int64_t time_ms =
        curve_time_ms(epoch->base_position + slices / (epoch->rate * DAY_SECONDS));
    return time_ms > epoch->base_ms ? time_ms : epoch->base_ms;
}

static void next_order(struct schedule *schedule)
{
    push_sends(schedule, schedule->next_number);
    schedule->next_number++;
    schedule->next_time_ms = schedule_order_time_ms(schedule, schedule->next_number);
}

static void push_sends(struct schedule *schedule, uint64_t number)
{
    const struct shares *shares = &schedule_epoch(schedule, number)->shares;
    struct random random = model_random(schedule->seed, number, DRAW_SENDS);
    const struct fate fate = model_fate(schedule->seed, number, shares);
    struct order order;
    struct payment payment;
    model_order(schedule->seed, number, schedule_order_time_ms(schedule, number), &order);
    push_event(schedule, number, SEND_ORDER, order.time_ms, shares, &random);
    if (!fate.is_unpaid) {
        model_payment(number, &order, &fate, &payment);
        push_event(schedule, number, SEND_PAYMENT, payment.time_ms, shares, &random);
    }
    if (random_unit(&random) < shares->orphan) {
        model_orphan(schedule->seed, number, order.time_ms, &payment);
        push_event(schedule, number, SEND_ORPHAN, payment.time_ms, shares, &random);
    }
}

/* The event, perhaps its copy, perhaps broken bytes beside it. A copy comes soon after, but not
 * further out of order than anything else may. */
static void push_event(struct schedule *schedule, uint64_t number, enum send_kind kind,
                       int64_t time_ms, const struct shares *shares, struct random *random)
{
    int64_t send_ms = time_ms;
    const double disorder = random_unit(random);
    const uint64_t disorder_bits = random_next(random);
    const double duplicate = random_unit(random);
    const int64_t lag_ms = (int64_t)random_below(random, AGAIN_LAG_MS_MAX) + 1;
    const double malformed = random_unit(random);
    if (disorder < shares->disorder && shares->disorder_ms_max > 0)
        send_ms += 1 + (int64_t)(disorder_bits % (uint64_t)shares->disorder_ms_max);
    push_if_after(schedule, number, kind, send_ms);
    if (duplicate < shares->duplicate) {
        const int64_t latest_ms = time_ms + shares->disorder_ms_max;
        const int64_t again_ms = send_ms + lag_ms < latest_ms ? send_ms + lag_ms : latest_ms;
        push_if_after(schedule, number, kind + 1, again_ms > send_ms ? again_ms : send_ms);
    }
    if (malformed < shares->malformed)
        push_if_after(schedule, number, kind + 2, send_ms);
}

static void push_if_after(struct schedule *schedule, uint64_t number, enum send_kind kind,
                          int64_t send_ms)
{
    const struct send send = {send_ms, number << 4 | kind};
    if (schedule->last.send_ms == INT64_MIN || send_before(schedule->last, send))
        heap_push(schedule, send);
}

static bool send_before(struct send a, struct send b)
{
    return a.send_ms != b.send_ms ? a.send_ms < b.send_ms : a.what < b.what;
}

static void heap_push(struct schedule *schedule, struct send send)
{
    if (schedule->heap_count == schedule->heap_capacity) {
        schedule->heap_capacity = schedule->heap_capacity ? schedule->heap_capacity * 2 : 256;
        schedule->heap =
            memory_realloc(schedule->heap, schedule->heap_capacity * sizeof(*schedule->heap));
    }
    size_t at = schedule->heap_count++;
    while (at > 0 && send_before(send, schedule->heap[(at - 1) / 2])) {
        schedule->heap[at] = schedule->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    schedule->heap[at] = send;
}

static void heap_pop(struct schedule *schedule)
{
    must(schedule->heap_count > 0);
    const struct send send = schedule->heap[--schedule->heap_count];
    const size_t count = schedule->heap_count;
    size_t at = 0;
    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && send_before(schedule->heap[child + 1], schedule->heap[child]))
            child++;
        if (!send_before(schedule->heap[child], send))
            break;
        schedule->heap[at] = schedule->heap[child];
        at = child;
    }
    schedule->heap[at] = send;
}

/* The first number whose order comes at time_ms or later, at most next_number. */
static uint64_t first_number_from(const struct schedule *schedule, int64_t time_ms)
{
    uint64_t low = schedule->epochs[0].first_number;
    uint64_t high = schedule->next_number;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (schedule_order_time_ms(schedule, middle) < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t disorder_ms_max(const struct schedule *schedule)
{
    int64_t longest_ms = 0;
    for (uint32_t i = 0; i < schedule->epoch_count; i++)
        if (schedule->epochs[i].shares.disorder_ms_max > longest_ms)
            longest_ms = schedule->epochs[i].shares.disorder_ms_max;
    return longest_ms;
}

/* Leaves out epochs whose orders are all done with. False when there is none. */
static bool forget_epochs(struct schedule *schedule)
{
    if (schedule->last.send_ms == INT64_MIN)
        return false;
    const int64_t slack_ms = disorder_ms_max(schedule) + AGAIN_LAG_MS_MAX;
    const uint64_t needed =
        first_number_from(schedule, schedule->last.send_ms - PAYMENT_DELAY_MS_MAX - slack_ms);
    uint32_t done = 0;
    while (done + 1 < schedule->epoch_count && schedule->epochs[done + 1].first_number <= needed)
        done++;
    schedule->epoch_count -= done;
    memmove(schedule->epochs, schedule->epochs + done,
            schedule->epoch_count * sizeof(*schedule->epochs));
    return done > 0;
}
