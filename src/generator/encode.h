/* encode.h -- orders and payments as the bytes of a record's value. */
#ifndef GENERATOR_ENCODE_H
#define GENERATOR_ENCODE_H

#include "base/buf.h"
#include "generator/model.h"

/* Append the wire format's five bytes and the Avro body, by schemas.h. */
void encode_order(const struct order *order, int32_t schema_id, struct buf *buf);
void encode_payment(const struct payment *payment, int32_t schema_id, struct buf *buf);
/* Appends bytes that no reader may accept, made from a good value's: a wrong magic byte, cut
 * short, a schema id nobody has, or noise. */
void encode_broken(struct str good, struct random *random, struct buf *buf);

#endif
