/* column_json.h -- a column's cell as JSON; how plain values look is the caller's affair. */
#ifndef DATA_COLUMN_JSON_H
#define DATA_COLUMN_JSON_H

#include "base/buf.h"
#include "data/batch.h"

/* Appends a value that is neither null nor a text and has no values in it. */
typedef void column_plain_json(const struct column *column, uint32_t row, struct buf *buf);

/* Appends null, a text, an array, an object of a map or of a struct (names as in its type), and for
 * all values in them likewise; everything else by `plain`. A map's keys that are no texts become
 * the text of their JSON. Nesting is the type's, which is bounded. */
void column_write_json(const struct column *column, uint32_t row, column_plain_json *plain,
                       struct buf *buf);

#endif
