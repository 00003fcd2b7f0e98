/* case_bytes.h -- what the files between the JSON of a case and the bytes of a format share. */
#ifndef CLI_CASE_BYTES_H
#define CLI_CASE_BYTES_H

#include "cli/cases.h"

/* The side's format; with one of the record's. */
const struct format_spec *case_side_spec(const struct case_side *side);
/* How many columns the side has, and where the first is. */
uint32_t case_side_columns(const struct case_side *side, uint16_t *ret_first);

struct avro_node;
/* case_avro.c: a value as the schema writes it, without a head. ERR_INVALID: it is none. */
MUST_CHECK enum err case_encode_avro(const struct avro_node *schema, const struct json_node *node,
                                     struct buf *buf);

#endif
