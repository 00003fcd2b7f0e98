/* events.h -- the orders and payments that benchmarks work on: 143 and 84 bytes of Avro on average.
 */
#ifndef BENCH_EVENTS_H
#define BENCH_EVENTS_H

#include "base/buf.h"
#include "base/random.h"

#define EVENTS_BEGIN_MS 1700000000000LL

extern const char *const events_order_schema;
extern const char *const events_payment_schema;

/* A spread-out number for key `index`: 40 bits. */
uint64_t events_key(uint64_t index);
/* Clears buf and writes the wire format's head: 0 and the schema's id. */
void events_head(struct buf *buf, int32_t schema_id);
/* Appends the Avro body. */
void events_order(struct buf *buf, uint64_t key, int64_t time_ms, struct random *random);
void events_payment(struct buf *buf, uint64_t key, int64_t time_ms, struct random *random);
/* "ord-0123456789ab": the key's text, 16 characters. */
void events_key_text(uint64_t key, char text[17]);

#endif
