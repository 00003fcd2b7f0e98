/* verify_tallies.c -- what the counting tables must say, added up from the truth. */
#include "generator/verify_tallies.h"

#include "base/big_endian.h"
#include "base/memory.h"

#include <math.h>

#define MINUTE_MS 60000LL
/* The windows' grace is an hour: an event this late may have missed its window. */
#define LATE_FOR_WINDOW_MS (50 * MINUTE_MS)

#define HISTOGRAM_CLASSES 40
#define HISTOGRAM_FIRST_MS 500
#define HISTOGRAM_LAST_MS 86400000

static void add_order(struct tallies *tallies, const struct expected_order *order);
static void add_pair(struct tallies *tallies, const struct expected_order *order,
                     const struct expected_payment *payment);
static struct tally_row *row_of(struct tallies *tallies, enum tally tally, struct str key);
static struct tally_row *window_of(struct tallies *tallies, enum tally tally, int64_t time_ms);
static struct tally_row *class_of(struct tallies *tallies, int64_t delay_ms);
static void add(struct tally_row *row, uint64_t times, double amount);

const struct tally_shape tally_shapes[TALLY_COUNT] = {
    [TALLY_PLACED] = {"ORDERS_PLACED", {"ORDERS", "REVENUE", "AVERAGE_ORDER_VALUE"}, 3},
    [TALLY_PLACED_MINUTES] = {"ORDERS_PLACED_PER_MINUTE",
                              {"ORDERS", "REVENUE", "AVERAGE_ORDER_VALUE"},
                              3},
    [TALLY_PAID] = {"ORDERS_PAID", {"ORDERS", "REVENUE", "AVERAGE_ORDER_VALUE"}, 3},
    [TALLY_PAID_MINUTES] = {"ORDERS_PAID_PER_MINUTE",
                            {"ORDERS", "REVENUE", "AVERAGE_ORDER_VALUE"},
                            3},
    [TALLY_METHODS] = {"ORDERS_BY_PAYMENT_METHOD", {"ORDERS", "REVENUE"}, 2},
    [TALLY_CHANNELS] = {"ORDERS_BY_CHANNEL", {"ORDERS", "REVENUE"}, 2},
    [TALLY_DELAY] = {"PAYMENT_DELAY", {"ORDERS", "DELAY_MS_SUM", "DELAY_MS_MAX"}, 3},
    [TALLY_HISTOGRAM] = {"PAYMENT_DELAY_HISTOGRAM", {"ORDERS"}, 1},
    [TALLY_ITEMS] = {"REVENUE_BY_ITEM", {"QUANTITY", "REVENUE"}, 2},
};

struct tallies *tallies_new(void)
{
    struct tallies *tallies = MEMORY_NEW(struct tallies);
    arena_init(&tallies->arena, 0);
    return tallies;
}

void tallies_free(struct tallies *tallies)
{
    if (!tallies)
        return;
    for (int i = 0; i < TALLY_COUNT; i++)
        map_release(&tallies->rows[i]);
    arena_release(&tallies->arena);
    free(tallies);
}

void tallies_add_slice(struct tallies *tallies, const struct slice *slice)
{
    size_t cursor = 0;
    for (const struct expected_order *order; (order = slice_next(slice, &cursor));) {
        if (order->copies == 0)
            continue;
        add_order(tallies, order);
        for (const struct expected_payment *payment = order->payments; payment;
             payment = payment->next)
            if (joined_count(order, payment) > 0)
                add_pair(tallies, order, payment);
    }
}

static void add_order(struct tallies *tallies, const struct expected_order *order)
{
    const struct truth_entry *placed = &order->order;
    struct tally_row *window = window_of(tallies, TALLY_PLACED_MINUTES, placed->time_ms);
    add(row_of(tallies, TALLY_PLACED, STR("all")), order->copies, placed->amount);
    add(row_of(tallies, TALLY_CHANNELS, channel_names[placed->channel]), order->copies,
        placed->amount);
    add(window, order->copies, placed->amount);
    if (order->lateness_ms > LATE_FOR_WINDOW_MS)
        window->is_uncertain = true;
    for (uint32_t i = 0; i < placed->line_count; i++) {
        const struct menu_item *item = &menu[placed->lines[i].item];
        add(row_of(tallies, TALLY_ITEMS, item->name),
            (uint64_t)order->copies * placed->lines[i].quantity, (double)item->price_cents / 100);
    }
}

static void add_pair(struct tallies *tallies, const struct expected_order *order,
                     const struct expected_payment *payment)
{
    const struct truth_entry *paid = &payment->entry;
    const uint64_t times = joined_count(order, payment);
    const int64_t delay_ms = joined_delay_ms(order, payment);
    const int64_t newer_ms = delay_ms > 0 ? paid->time_ms : order->order.time_ms;
    struct tally_row *window = window_of(tallies, TALLY_PAID_MINUTES, newer_ms);
    struct tally_row *delay = row_of(tallies, TALLY_DELAY, STR("all"));
    add(row_of(tallies, TALLY_PAID, STR("all")), times, paid->amount);
    add(row_of(tallies, TALLY_METHODS, method_names[paid->method]), times, paid->amount);
    add(class_of(tallies, delay_ms), times, 0);
    add(window, times, paid->amount);
    if (order->lateness_ms > LATE_FOR_WINDOW_MS)
        window->is_uncertain = true;
    if (delay->wanted[0] == 0 || (double)delay_ms > delay->wanted[2])
        delay->wanted[2] = (double)delay_ms;
    add(delay, times, (double)delay_ms);
}

/* Rows live as long as the tallies. */
static struct tally_row *row_of(struct tallies *tallies, enum tally tally, struct str key)
{
    struct tally_row *row = map_get(&tallies->rows[tally], key);
    if (!row) {
        row = ARENA_NEW(&tallies->arena, struct tally_row);
        map_set(&tallies->rows[tally], key, row);
    }
    return row;
}

/* A windowed table's key: the key's bytes, then the window's start. */
static struct tally_row *window_of(struct tallies *tallies, enum tally tally, int64_t time_ms)
{
    char key[3 + 8] = "all";
    big_endian_put_64(key + 3, (uint64_t)(time_ms / MINUTE_MS * MINUTE_MS));
    return row_of(tallies, tally, (struct str){key, sizeof(key)});
}

/* The same expression as in pipeline/04-delay.sql, operation by operation. */
static struct tally_row *class_of(struct tallies *tallies, int64_t delay_ms)
{
    int32_t class = 0;
    if (delay_ms >= HISTOGRAM_LAST_MS)
        class = HISTOGRAM_CLASSES - 1;
    else if (delay_ms > HISTOGRAM_FIRST_MS)
        class = (int32_t)floor(log((double)delay_ms / 500.0) / log(172800.0) * 40.0);
    char key[4];
    big_endian_put_32(key, (uint32_t) class);
    return row_of(tallies, TALLY_HISTOGRAM, (struct str){key, sizeof(key)});
}

static void add(struct tally_row *row, uint64_t times, double amount)
{
    row->wanted[0] += (double)times;
    row->wanted[1] += (double)times * amount;
}
