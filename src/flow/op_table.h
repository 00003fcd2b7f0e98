/* op_table.h -- what a join asks of the table below it. */
#ifndef FLOW_OP_TABLE_H
#define FLOW_OP_TABLE_H

#include "flow/operator.h"
#include "flow/state_row.h"

/* What its table's bytes mean; lives as long as the operator. */
const struct state_shape *op_table_shape(const struct operator* op);

#endif
