/* type.h -- SQL types and row types: immutable, shared, compared by structure. */
#ifndef DATA_TYPE_H
#define DATA_TYPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

enum type_kind {
    TYPE_BOOLEAN,
    TYPE_INTEGER, /* 32 bits */
    TYPE_BIGINT,  /* 64 bits */
    TYPE_DECIMAL, /* precision, scale */
    TYPE_DOUBLE,
    TYPE_STRING, /* UTF-8 */
    TYPE_BYTES,
    TYPE_TIME,      /* milliseconds of the day, 32 bits */
    TYPE_DATE,      /* days since 1970-01-01, 32 bits */
    TYPE_TIMESTAMP, /* milliseconds since 1970-01-01 UTC, 64 bits */
    TYPE_ARRAY,     /* item */
    TYPE_MAP,       /* key, item (the value) */
    TYPE_STRUCT,    /* fields */
    TYPE_KIND_COUNT
};

#define TYPE_DEPTH_MAX 64

struct type_field {
    struct str name;
    const struct type *type;
};

/* Lives as long as the arena it was made in; the basic ones below are static. */
struct type {
    enum type_kind kind;
    uint8_t precision; /* DECIMAL */
    uint8_t scale;
    uint32_t field_count;            /* STRUCT */
    const struct type_field *fields; /* STRUCT */
    const struct type *key;          /* MAP */
    const struct type *item;         /* ARRAY, MAP */
};

extern const struct type type_boolean, type_integer, type_bigint, type_double, type_string,
    type_bytes, type_time, type_date, type_timestamp;

const struct type *type_decimal(struct arena *arena, int precision, int scale);
const struct type *type_array(struct arena *arena, const struct type *item);
const struct type *type_map(struct arena *arena, const struct type *key, const struct type *item);
/* Copies the fields and their names. */
const struct type *type_struct(struct arena *arena, const struct type_field *fields,
                               uint32_t field_count);
/* A copy that lives in `arena`, names too. */
const struct type *type_copy(struct arena *arena, const struct type *type);

/* Same structure; STRUCT fields by name and order. */
bool type_equal(const struct type *a, const struct type *b);
bool type_is_numeric(const struct type *type);
/* ksqlDB's text: "ARRAY<STRUCT<`ITEM` STRING, `PRICE` DOUBLE>>", "DECIMAL(4, 2)". */
void type_format(const struct type *type, struct buf *buf);
/* The same in an arena, for messages. */
struct str type_text(const struct type *type, struct arena *arena);

enum column_role { COLUMN_KEY, COLUMN_VALUE, COLUMN_HEADERS, COLUMN_PSEUDO };

/* One column of a row type. */
struct row_column {
    struct str name;
    const struct type *type;
    enum column_role role;
    struct str header_name; /* COLUMN_HEADERS of one header; size 0: all headers */
};

/* The shape of rows: key columns first, then values; immutable. */
struct row_type {
    uint32_t column_count;
    const struct row_column *columns;
};

#define ROW_TYPE_COLUMNS_MAX 4096

/* Copies columns and names into the arena. */
const struct row_type *row_type_new(struct arena *arena, const struct row_column *columns,
                                    uint32_t column_count);
/* Exact name; -1 when there is none. */
int row_type_find(const struct row_type *row_type, struct str name);
uint32_t row_type_key_count(const struct row_type *row_type);
uint32_t row_type_value_count(const struct row_type *row_type);
/* "`ID` STRING KEY, `TOTAL` DOUBLE". */
void row_type_format(const struct row_type *row_type, struct buf *buf);

#endif
