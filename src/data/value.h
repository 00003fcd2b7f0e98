/* value.h -- one typed value, boxed: for literals, state, functions written for one value. */
#ifndef DATA_VALUE_H
#define DATA_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "data/decimal.h"
#include "data/type.h"

/* Text, items and nested values are borrowed: whoever makes one says for how long. When is_null,
 * the union is not read. Which member counts follows from the type's kind. */
struct value {
    bool is_null;
    union {
        bool boolean;    /* BOOLEAN */
        int32_t integer; /* INTEGER, TIME, DATE */
        int64_t bigint;  /* BIGINT, TIMESTAMP */
        double number;   /* DOUBLE */
        decimal decimal; /* DECIMAL */
        struct str text; /* STRING, BYTES */
        struct {
            /* ARRAY: items. STRUCT: fields in the type's order. MAP: key, value, key, value, ...
             * (2 × count of them), in order of insertion. */
            struct value *items;
            uint32_t count;
        } list;
    };
};

#define VALUE_NULL ((struct value){.is_null = true})

/* A copy that lives in `arena`, all the way down. */
struct value value_copy(struct arena *arena, const struct type *type, const struct value *value);
/* NULL equals NULL here; doubles by value with NaN equal to NaN; maps regardless of order. */
bool value_equal(const struct type *type, const struct value *a, const struct value *b);
/* Total order of two non-NULL values of a comparable type (not ARRAY, MAP, STRUCT): <0, 0, >0. */
int value_compare(const struct type *type, const struct value *a, const struct value *b);
uint64_t value_hash(const struct type *type, const struct value *value);
/* Appends JSON as ksqlDB shows rows: TIMESTAMP as "2026-01-01T00:00:00.000", DATE "2026-01-01",
 * TIME "10:00:00.000", BYTES base64, DECIMAL a plain number, NULL null. */
void value_write_json(const struct type *type, const struct value *value, struct buf *buf);

#endif
