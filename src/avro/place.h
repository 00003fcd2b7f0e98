/* place.h -- where in a schema a walk is: a chain up to the root, printed as a JSON pointer. */
#ifndef AVRO_PLACE_H
#define AVRO_PLACE_H

#include "base/buf.h"

#define PLACE_CHAIN_MAX 1024

struct place {
    const struct place *up; /* NULL: the root */
    const char *name;       /* NULL: `index` of an array */
    size_t index;
    int depth; /* types around this one */
};

/* Appends " at /fields/2/type", nothing for the root (RFC 6901). */
void place_write(const struct place *place, struct buf *buf);

#endif
