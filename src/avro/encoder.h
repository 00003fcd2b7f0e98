/* encoder.h -- a compiled encoder: one write for every type of the schema that is written. */
#ifndef AVRO_ENCODER_H
#define AVRO_ENCODER_H

#include "avro/avro.h"

enum write_code {
    WRITE_CONSTANT, /* `constant`: a default, or null */
    WRITE_NOTHING,  /* null itself, when the cell is NULL */
    WRITE_BOOLEAN,
    /* Plain ones, WRITE_INT to WRITE_BYTES. */
    WRITE_INT,
    WRITE_LONG_FROM_INT,
    WRITE_LONG,
    WRITE_DOUBLE,
    WRITE_BYTES,       /* string and bytes */
    WRITE_LONG_MICROS, /* from milliseconds of 64 bits */
    WRITE_TIME_MICROS, /* from milliseconds of 32 bits */
    WRITE_FLOAT,
    WRITE_DOUBLE_FROM_INT,
    WRITE_FIXED,
    WRITE_ENUM,
    WRITE_DECIMAL,
    WRITE_DECIMAL_FIXED,
    WRITE_FIELDS, /* members: into the STRUCT's children, or the root's columns */
    WRITE_ITEMS,  /* members[0] */
    WRITE_ENTRIES /* members[0] the key, members[1] the value */
};

struct write {
    uint8_t code; /* enum write_code */
    /* The union around the type: -1 none, else the branch of null and of the type. A cell may be
     * NULL only when there is a null_branch, or the type is null. */
    int32_t null_branch;
    int32_t branch;
    uint16_t column;
    bool null_is_default; /* a NULL cell that has no null_branch: `constant` */
    bool is_root;         /* WRITE_FIELDS: members take the caller's columns */
    uint32_t member_count;
    const struct write *members;
    const struct avro_node *node;
    const struct type *type;
    struct str constant; /* CONSTANT, and null_is_default */
};

struct avro_encoder {
    struct write root;
};

#endif
