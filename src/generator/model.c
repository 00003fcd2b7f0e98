/* model.c -- draws orders and payments. */
#include "generator/model.h"

#include <math.h>

#define CUSTOMER_COUNT 50000
#define STORE_COUNT 40
#define LATE_DELAY_MS_MIN (40 * 60000LL)
#define LATE_DELAY_MS_MAX (6 * 3600000LL)
#define DELAY_MS_MIN 200
#define ORPHAN_DELAY_MS_MAX 120000
/* Breadth of the log-normal delay: one in 3000 takes 45 times its median. */
#define DELAY_SIGMA 1.1
#define BREAKFAST_FROM_MS (5 * 3600000LL)
#define BREAKFAST_TO_MS (10 * 3600000LL)
#define DAY_MS 86400000

const struct menu_item menu[MENU_ITEM_COUNT] = {
    {STR_INIT("Big Mac"), 599},           {STR_INIT("McChicken"), 399},
    {STR_INIT("Quarter Pounder"), 649},   {STR_INIT("French Fries"), 329},
    {STR_INIT("McFlurry"), 429},          {STR_INIT("Filet-O-Fish"), 549},
    {STR_INIT("Chicken McNuggets"), 579}, {STR_INIT("Egg McMuffin"), 449},
    {STR_INIT("Hash Browns"), 219},       {STR_INIT("Apple Pie"), 179},
};

/* How often each item is chosen, of 100: by day, and at breakfast. */
static const uint8_t item_weights[2][MENU_ITEM_COUNT] = {
    {20, 11, 11, 24, 8, 5, 13, 1, 1, 6},
    {4, 2, 2, 5, 1, 1, 3, 45, 32, 5},
};

const struct str channel_names[CHANNEL_COUNT] = {
    STR_INIT("in_store"),
    STR_INIT("drive_thru"),
    STR_INIT("mobile_app"),
};
static const uint8_t channel_weights[CHANNEL_COUNT] = {35, 45, 20};

const struct str method_names[METHOD_COUNT] = {
    STR_INIT("credit_card"),
    STR_INIT("cash"),
    STR_INIT("mobile_payment"),
};
static const uint8_t method_weights[CHANNEL_COUNT][METHOD_COUNT] = {
    {45, 40, 15},
    {60, 25, 15},
    {30, 0, 70},
};
/* Medians of the time from order to payment. */
static const int32_t delay_medians_ms[CHANNEL_COUNT][METHOD_COUNT] = {
    {12000, 20000, 8000},
    {40000, 55000, 30000},
    {4000, 60000, 2500},
};
/* A normal value drawn as sqrt(-2 ln tail) × cos(2π phase) is never larger than the root. So with
 * the largest median, 60 s, a delay over 15 minutes needs sqrt(-2 ln tail) > ln(15) / 1.1, that is
 * a tail below 0.04832. */
#define TAIL_LONG_MAX 0.0484

static uint32_t pick(struct random *random, const uint8_t *weights, uint32_t count);
static void text_number(struct model_text *text, char letter, uint64_t number, int digits);
static int64_t payment_delay_ms(const struct order *order, const struct fate *fate);

/* Neighbouring states of SplitMix64 give the same numbers one step apart, so seed, number and
 * purpose are mixed through it before they become a state. */
struct random model_random(uint64_t seed, uint64_t number, enum draw draw)
{
    struct random random = {seed ^ ((uint64_t)draw + 1) * 0xD1342543DE82EF95ull};
    random.state = random_next(&random) ^ number * 0xDA942042E4DD58B5ull;
    random.state = random_next(&random);
    return random;
}

struct fate model_fate(uint64_t seed, uint64_t number, const struct shares *shares)
{
    struct random random = model_random(seed, number, DRAW_FATE);
    struct fate fate;
    fate.is_unpaid = random_unit(&random) < shares->unpaid;
    fate.is_late = random_unit(&random) < shares->late;
    fate.tail = 1 - random_unit(&random);
    fate.phase = random_unit(&random);
    return fate;
}

bool fate_is_long(const struct fate *fate)
{
    return !fate->is_unpaid && (fate->is_late || fate->tail < TAIL_LONG_MAX);
}

void model_order(uint64_t seed, uint64_t number, int64_t time_ms, struct order *ret_order)
{
    struct random random = model_random(seed, number, DRAW_ORDER);
    const int64_t of_day_ms = time_ms % DAY_MS;
    const bool breakfast = of_day_ms >= BREAKFAST_FROM_MS && of_day_ms < BREAKFAST_TO_MS;
    int64_t cents = 0;
    ret_order->time_ms = time_ms;
    text_number(&ret_order->order_id, 'O', number, 10);
    text_number(&ret_order->customer_id, 'C', random_below(&random, CUSTOMER_COUNT), 5);
    text_number(&ret_order->store_id, 'S', random_below(&random, STORE_COUNT) + 1, 3);
    ret_order->channel = (enum channel)pick(&random, channel_weights, CHANNEL_COUNT);
    ret_order->method =
        (enum payment_method)pick(&random, method_weights[ret_order->channel], METHOD_COUNT);
    ret_order->line_count = (uint8_t)(1 + random_below(&random, ORDER_LINES_MAX));
    for (uint32_t i = 0; i < ret_order->line_count; i++) {
        struct order_line *line = &ret_order->lines[i];
        const uint64_t many = random_below(&random, 10);
        line->item = (uint8_t)pick(&random, item_weights[breakfast], MENU_ITEM_COUNT);
        line->quantity = many < 7 ? 1 : many < 9 ? 2 : 3;
        cents += line->quantity * menu[line->item].price_cents;
    }
    ret_order->total = (double)cents / 100;
}

void model_payment(uint64_t number, const struct order *order, const struct fate *fate,
                   struct payment *ret_payment)
{
    must(!fate->is_unpaid);
    text_number(&ret_payment->payment_id, 'P', number, 10);
    ret_payment->order_id = order->order_id;
    ret_payment->method = order->method;
    ret_payment->amount = order->total;
    const int64_t delay_ms = payment_delay_ms(order, fate);
    must(delay_ms <= PAYMENT_DELAY_SHORT_MS_MAX || fate_is_long(fate));
    ret_payment->time_ms = order->time_ms + delay_ms;
}

void model_orphan(uint64_t seed, uint64_t number, int64_t order_time_ms,
                  struct payment *ret_payment)
{
    struct random random = model_random(seed ^ 0x6F727068616Eull, number, DRAW_FATE);
    text_number(&ret_payment->payment_id, 'X', number, 10);
    text_number(&ret_payment->order_id, 'N', number, 10);
    ret_payment->method = (enum payment_method)random_below(&random, METHOD_COUNT);
    ret_payment->amount = (double)menu[random_below(&random, MENU_ITEM_COUNT)].price_cents / 100;
    ret_payment->time_ms = order_time_ms + (int64_t)random_below(&random, ORPHAN_DELAY_MS_MAX);
}

/* Weights add up to 100. */
static uint32_t pick(struct random *random, const uint8_t *weights, uint32_t count)
{
    uint32_t left = (uint32_t)random_below(random, 100);
    uint32_t at = 0;
    while (at + 1 < count && left >= weights[at])
        left -= weights[at++];
    return at;
}

static void text_number(struct model_text *text, char letter, uint64_t number, int digits)
{
    char backwards[20];
    int count = 0;
    while (number > 0 || count < digits) {
        backwards[count++] = (char)('0' + number % 10);
        number /= 10;
    }
    text->data[0] = letter;
    text->data[1] = '-';
    for (int i = 0; i < count; i++)
        text->data[2 + i] = backwards[count - 1 - i];
    text->size = (uint8_t)(2 + count);
}

static int64_t payment_delay_ms(const struct order *order, const struct fate *fate)
{
    if (fate->is_late)
        return LATE_DELAY_MS_MIN +
               (int64_t)(fate->phase * (double)(LATE_DELAY_MS_MAX - LATE_DELAY_MS_MIN));
    const double normal = sqrt(-2 * log(fate->tail)) * cos(2 * M_PI * fate->phase);
    const double delay_ms =
        delay_medians_ms[order->channel][order->method] * exp(DELAY_SIGMA * normal);
    if (delay_ms < DELAY_MS_MIN)
        return DELAY_MS_MIN;
    return delay_ms < PAYMENT_DELAY_MS_MAX ? (int64_t)delay_ms : PAYMENT_DELAY_MS_MAX;
}
