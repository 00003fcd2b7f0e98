/* model.h -- what an order and its payment look like: menu, channels, methods, delays.
 *
 * Everything about order number n is a pure function of (seed, n, its time, the shares in force).
 */
#ifndef GENERATOR_MODEL_H
#define GENERATOR_MODEL_H

#include "base/random.h"
#include "base/str.h"

#include <stdint.h>

#define MENU_ITEM_COUNT 10
#define ORDER_LINES_MAX 5
#define MODEL_TEXT_MAX 24

/* No payment comes later than this after its order; far inside the join's 24 hours. */
#define PAYMENT_DELAY_MS_MAX (12 * 3600000LL)
/* Payments that are not "long" come within this. See fate_is_long. */
#define PAYMENT_DELAY_SHORT_MS_MAX (15 * 60000LL)

struct menu_item {
    struct str name;
    int32_t price_cents;
};
extern const struct menu_item menu[MENU_ITEM_COUNT];

enum channel { CHANNEL_IN_STORE, CHANNEL_DRIVE_THRU, CHANNEL_MOBILE_APP, CHANNEL_COUNT };
extern const struct str channel_names[CHANNEL_COUNT];

enum payment_method { METHOD_CREDIT_CARD, METHOD_CASH, METHOD_MOBILE_PAYMENT, METHOD_COUNT };
extern const struct str method_names[METHOD_COUNT];

/* Shares of an epoch: see generator_options. */
struct shares {
    double unpaid, late, disorder, duplicate, orphan, malformed;
    int64_t disorder_ms_max;
};

/* A short text by value: an id. */
struct model_text {
    char data[MODEL_TEXT_MAX];
    uint8_t size;
};
static inline struct str model_str(const struct model_text *text)
{
    return (struct str){text->data, text->size};
}

struct order_line {
    uint8_t item; /* index into menu */
    uint8_t quantity;
};

struct order {
    struct model_text order_id;
    struct model_text customer_id;
    struct model_text store_id;
    struct order_line lines[ORDER_LINES_MAX];
    uint8_t line_count;
    enum channel channel;
    enum payment_method method; /* how it will be paid, if it is */
    double total;               /* the sum of its lines */
    int64_t time_ms;
};

struct payment {
    struct model_text payment_id;
    struct model_text order_id;
    enum payment_method method;
    double amount;
    int64_t time_ms;
};

/* What becomes of an order; cheap to ask for many numbers. */
struct fate {
    bool is_unpaid;
    bool is_late;
    double tail;  /* in (0, 1]: the smaller, the further from the median */
    double phase; /* in [0, 1) */
};

/* Independent random numbers for one purpose of one order. */
enum draw { DRAW_TIME, DRAW_ORDER, DRAW_FATE, DRAW_SENDS, DRAW_BROKEN };
struct random model_random(uint64_t seed, uint64_t number, enum draw draw);

struct fate model_fate(uint64_t seed, uint64_t number, const struct shares *shares);
/* True for every payment that may come later than PAYMENT_DELAY_SHORT_MS_MAX after its order, and
 * for few others: what a restart has to look at among older orders. */
bool fate_is_long(const struct fate *fate);

void model_order(uint64_t seed, uint64_t number, int64_t time_ms, struct order *ret_order);
/* Of an order that is paid. */
void model_payment(uint64_t number, const struct order *order, const struct fate *fate,
                   struct payment *ret_payment);
/* A payment for an order that never was, made beside this order. */
void model_orphan(uint64_t seed, uint64_t number, int64_t order_time_ms,
                  struct payment *ret_payment);

#endif
