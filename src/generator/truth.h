/* truth.h -- the records of mcd_truth: what was sent, and how far the generator is.
 *
 * The topic has one partition. Each step of the generator appends records of entries and then one
 * record with its position, so the last record of the topic is always a position. The key says
 * which it is: "sent" or "position". Numbers are zigzag varints unless said otherwise; a text is a
 * byte with its size and the bytes; a double is 8 bytes, little-endian.
 *
 *     sent      version (byte 1), then entries, one for each record sent, in the order of sending:
 *     order     byte 1, time ms, total (double), channel (byte), order id, customer id,
 *               number of lines (byte), then a line each: menu item (byte), quantity (byte)
 *     payment   byte 2, time ms, amount (double), method (byte), payment id, order id
 *     broken    byte 3, topic (byte: 0 orders, 1 payments)
 *
 *     position  version (byte 1), then 8 bytes little-endian each: seed, start ms, next order
 *               number, send time and what of the last send, orders, payments, events, number of
 *               epochs, and an epoch each: first number, base ms, rate, shares of unpaid, late,
 *               disorder, duplicate, orphan, malformed (doubles), greatest disorder ms
 *
 * A record sent twice has two entries. So what must come out follows from the entries alone: a
 * joined row for every pair of an order's entry and a payment's with its id, and so on. */
#ifndef GENERATOR_TRUTH_H
#define GENERATOR_TRUTH_H

#include "base/buf.h"
#include "generator/schedule.h"

#define TRUTH_TOPIC "mcd_truth"
#define TRUTH_KEY_SENT "sent"
#define TRUTH_KEY_POSITION "position"
/* A record of entries is closed when it has grown so large. */
#define TRUTH_RECORD_BYTES (64 << 10)

enum truth_kind { TRUTH_ORDER = 1, TRUTH_PAYMENT = 2, TRUTH_BROKEN = 3 };

/* One entry as read; texts are borrowed from the record. */
struct truth_entry {
    enum truth_kind kind;
    int64_t time_ms;
    double amount; /* of the payment, or the order's total */
    struct str order_id;
    struct str customer_id; /* orders */
    struct str payment_id;  /* payments */
    struct order_line lines[ORDER_LINES_MAX];
    uint8_t line_count;
    enum channel channel;
    enum payment_method method;
};

void truth_begin(struct buf *buf);
void truth_add_order(const struct order *order, struct buf *buf);
void truth_add_payment(const struct payment *payment, struct buf *buf);
void truth_add_broken(bool is_payment, struct buf *buf);

/* Goes through the entries of one record. */
struct truth_reader {
    const uint8_t *at;
    const uint8_t *end;
};
/* ERR_CORRUPT: another version. */
MUST_CHECK enum err truth_reader_init(struct truth_reader *reader, struct str value);
/* ERR_NOT_FOUND at the end, ERR_CORRUPT. */
MUST_CHECK enum err truth_next(struct truth_reader *reader, struct truth_entry *ret_entry);

/* How far the generator is. */
struct truth_position {
    uint64_t seed;
    int64_t start_ms;
    uint64_t next_number;
    struct send last;
    uint64_t orders, payments, events;
    uint32_t epoch_count;
    struct epoch epochs[EPOCHS_MAX]; /* base_position is left out */
};

void truth_write_position(const struct truth_position *position, struct buf *buf);
/* ERR_CORRUPT. */
MUST_CHECK enum err truth_read_position(struct str value, struct truth_position *ret_position);

#endif
