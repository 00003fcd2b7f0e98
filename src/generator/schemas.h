/* schemas.h -- the Avro schemas the generator writes with. */
#ifndef GENERATOR_SCHEMAS_H
#define GENERATOR_SCHEMAS_H

#include "base/str.h"

/* The files of pipeline/schemas, byte for byte. Version 1 of orders has no channel and store_id;
 * nothing is written with it any more. */
extern const struct str schema_orders_first;
extern const struct str schema_orders;
extern const struct str schema_payments;

#endif
