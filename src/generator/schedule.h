/* schedule.h -- which record is sent when: a stream of sends in one fixed order.
 *
 * Order number n and all that follows from it (its payment, copies, broken bytes beside them, a
 * payment without an order) is a pure function of the seed, n and the epoch n belongs to. Sends are
 * taken in order of (send time, number, kind). So a position is two things: the last send taken and
 * the next order number; whatever is still to be sent follows from them. */
#ifndef GENERATOR_SCHEDULE_H
#define GENERATOR_SCHEDULE_H

#include "generator/model.h"

#include <stdint.h>

#define EPOCHS_MAX 64

enum send_kind {
    SEND_ORDER,
    SEND_ORDER_AGAIN,
    SEND_ORDER_BROKEN,
    SEND_PAYMENT,
    SEND_PAYMENT_AGAIN,
    SEND_PAYMENT_BROKEN,
    SEND_ORPHAN,
    SEND_ORPHAN_AGAIN,
    SEND_ORPHAN_BROKEN,
    SEND_KIND_COUNT
};

/* One record to be sent. `what`: order number × 16 + kind. */
struct send {
    int64_t send_ms;
    uint64_t what;
};
static inline uint64_t send_number(struct send send)
{
    return send.what >> 4;
}
static inline enum send_kind send_kind(struct send send)
{
    return (enum send_kind)(send.what & 15);
}

/* Orders from first_number on come at this rate and with these shares; the next epoch begins when
 * the generator is started again with others. */
struct epoch {
    uint64_t first_number;
    int64_t base_ms; /* no order of the epoch comes before */
    double rate;     /* orders a second */
    struct shares shares;
    double base_position; /* of base_ms on the day's curve; follows from it */
};

struct schedule {
    uint64_t seed;
    struct epoch epochs[EPOCHS_MAX];
    uint32_t epoch_count;
    uint64_t next_number;
    uint64_t number_end; /* no order has this number or a higher one */
    int64_t next_time_ms;
    struct send last; /* taken last; send_ms INT64_MIN: none yet */
    struct send *heap;
    size_t heap_count;
    size_t heap_capacity;
};

/* Empty: add an epoch before taking. number_end 0: no end. */
void schedule_init(struct schedule *schedule, uint64_t seed, uint64_t number_end);
void schedule_release(struct schedule *schedule);
/* From the next order on; fills in first_number, base_ms and base_position. When the rate and
 * shares are those in force, does nothing. ERR_LIMIT: too many epochs still have payments to come.
 */
MUST_CHECK enum err schedule_begin_epoch(struct schedule *schedule, int64_t start_ms, double rate,
                                         const struct shares *shares);
/* Goes to a position: epochs were set; finds again what is still to be sent. */
void schedule_restore(struct schedule *schedule, uint64_t next_number, struct send last);
/* The next send that is due by limit_ms. */
bool schedule_take(struct schedule *schedule, int64_t limit_ms, struct send *ret_send);
/* Whether no send is left, now or later, by limit_ms. */
bool schedule_is_over(const struct schedule *schedule, int64_t limit_ms);

const struct epoch *schedule_epoch(const struct schedule *schedule, uint64_t number);
int64_t schedule_order_time_ms(const struct schedule *schedule, uint64_t number);

#endif
