/* events.h -- the orders and payments that benchmarks work on: 143 and 84 bytes of Avro on average.
 */
#ifndef BENCH_EVENTS_H
#define BENCH_EVENTS_H

#include "base/buf.h"
#include "base/random.h"

#define EVENTS_BEGIN_MS 1700000000000LL
#define EVENTS_ORDER_SEED 42
#define EVENTS_PAYMENT_SEED 43

extern const char *const events_order_schema;
extern const char *const events_payment_schema;

/* A spread-out number for key `index` < 2^40: 40 bits, another one for each. */
uint64_t events_key(uint64_t index);
/* Clears buf and writes the wire format's head: 0 and the schema's id. */
void events_head(struct buf *buf, int32_t schema_id);
/* Appends the Avro body. */
void events_order(struct buf *buf, uint64_t key, int64_t time_ms, struct random *random);
void events_payment(struct buf *buf, uint64_t key, int64_t time_ms, struct random *random);
/* Appends payment `index`: of an order up to window - 1 before it, *ret_order (of its own if there
 * is none so early). */
void events_late_payment(struct buf *buf, uint64_t index, uint64_t window, struct random *random,
                         uint64_t *ret_order);
/* "ord-0123456789ab": the key's text, 16 characters. */
void events_key_text(uint64_t key, char text[17]);

#endif
