/* verify_tallies.h -- inside verify: the tables that count over all orders. */
#ifndef GENERATOR_VERIFY_TALLIES_H
#define GENERATOR_VERIFY_TALLIES_H

#include "generator/verify.h"

#define TALLY_FIELDS_MAX 3

enum tally {
    TALLY_PLACED,
    TALLY_PLACED_MINUTES,
    TALLY_PAID,
    TALLY_PAID_MINUTES,
    TALLY_METHODS,
    TALLY_CHANNELS,
    TALLY_DELAY,
    TALLY_HISTOGRAM,
    TALLY_ITEMS,
    TALLY_COUNT
};

/* Fields: first a count, then a sum; AVERAGE_... is sum / count, ..._MAX the greatest. */
struct tally_shape {
    const char *topic;
    const char *fields[TALLY_FIELDS_MAX];
    uint32_t field_count;
};
extern const struct tally_shape tally_shapes[TALLY_COUNT];

/* One key of one table: what the truth wants, and what the topic says last. */
struct tally_row {
    double wanted[TALLY_FIELDS_MAX];
    bool is_uncertain; /* depends on when late events came */
    bool has_moved;    /* while verify looked */
    bool is_found;
    bool is_unreadable;
    double found[TALLY_FIELDS_MAX]; /* NaN: NULL */
};

struct tallies {
    struct arena arena;
    struct map rows[TALLY_COUNT]; /* by the record's key, byte for byte */
};

#endif
