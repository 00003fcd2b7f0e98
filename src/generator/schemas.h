/* schemas.h -- the Avro schemas the generator writes with. */
#ifndef GENERATOR_SCHEMAS_H
#define GENERATOR_SCHEMAS_H

#include "base/str.h"

/* Version 1 of orders: without channel and store_id. Nothing is written with it any more. */
extern const struct str schema_orders_first;
/* pipeline/schemas/mcd_orders-value.avsc and mcd_payments-value.avsc, byte for byte. */
extern const struct str schema_orders;
extern const struct str schema_payments;

#endif
