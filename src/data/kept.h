/* kept.h -- the kept row: one row as one relocatable byte string, without pointers.
 *
 * Windows, tables and changelogs hold rows like this, so that they can be copied, mapped, spilled
 * and logged as they are. Layout, for the columns asked for, in their order:
 *
 *     null bits, ceil(n / 8) bytes, bit i set: cell i is NULL and has no bytes below
 *     BOOLEAN                         1 byte
 *     INTEGER TIME DATE BIGINT TIMESTAMP  zigzag varint
 *     DOUBLE                          8 bytes, little-endian
 *     DECIMAL                         varint size, big-endian two's complement
 *     STRING BYTES                    varint size, bytes
 *     ARRAY                           varint count, then null bits and cells of the items
 *     MAP                             varint count, then keys and then values, each like ARRAY's
 *     STRUCT                          null bits and cells of the fields
 *
 * There is no version and no length: whoever stores one knows both. Bytes may come from disk, so
 * reading checks every bound. */
#ifndef DATA_KEPT_H
#define DATA_KEPT_H

#include "base/buf.h"
#include "data/batch.h"

/* Appends row `row` of columns columns[indexes[0]], ... to buf. indexes may be NULL: 0, 1, 2, ...
 */
void kept_append(const struct column *columns, const uint16_t *indexes, uint32_t count,
                 uint32_t row, struct buf *buf);
/* Reads a kept row into columns[indexes[0]], ... at `row`. Text is borrowed from `bytes`. Returns
 * ERR_MALFORMED when the bytes are not a row of these types exactly. */
MUST_CHECK enum err kept_read(struct str bytes, struct column *columns, const uint16_t *indexes,
                              uint32_t count, uint32_t row, struct arena *arena);
/* The same for boxed values: types[i] is the type of values[i]. */
void kept_append_values(const struct type *const *types, const struct value *values, uint32_t count,
                        struct buf *buf);
/* Text is borrowed from `bytes`, items live in the arena. */
MUST_CHECK enum err kept_read_values(struct str bytes, const struct type *const *types,
                                     uint32_t count, struct value *ret_values, struct arena *arena);

#endif
