/* fingerprint.h -- a join's results as one number, whatever order they come in and whoever made
 * them. */
#ifndef BENCH_FINGERPRINT_H
#define BENCH_FINGERPRINT_H

#include "bench/join_world.h"

#include <stdint.h>

/* Of a multiset of rows: how many, and the sum of their hashes. A row's bytes are the join
 * kernel's: order id, number, customer, ROWTIME, currency, total, status, items, then payment id,
 * amount and method, all as Avro; a row without a payment ends after the items. */
struct fingerprint {
    uint64_t rows;
    uint64_t sum;
};

void fingerprint_add(struct fingerprint *fingerprint, const void *row, size_t size);
/* Of the joined topic as it is committed. */
struct fingerprint fingerprint_joined(struct join_world *world);
/* What a LEFT JOIN adds to an INNER one: the orders whose window of window_ms has closed without a
 * payment. By going through all of them. */
void fingerprint_add_unpaid(struct fingerprint *fingerprint, uint64_t events, uint64_t window_ms);

#endif
