/* cell_text.h -- one cell as plain text and back, as JSON's strings and DELIMITED's fields have it.
 *
 * Inside format/ only. TIME, DATE and TIMESTAMP are whole numbers, BYTES base64. */
#ifndef FORMAT_CELL_TEXT_H
#define FORMAT_CELL_TEXT_H

#include "data/batch.h"

/* Sets a cell that is no ARRAY, MAP or STRUCT; a STRING borrows the text. ERR_MALFORMED. */
MUST_CHECK enum err cell_from_text(struct column *column, uint32_t row, struct str text,
                                   struct arena *arena);
/* Sets a cell of a numeric type or a time from a number's text; a fraction is cut off, as Java's
 * Number.longValue does, where the type has none. ERR_MALFORMED, also when it does not fit. */
MUST_CHECK enum err cell_from_number(struct column *column, uint32_t row, struct str text);
/* Appends the text of a cell that is not NULL, without quotes. */
void cell_to_text(const struct column *column, uint32_t row, struct buf *buf);
/* The text with U+FFFD for what is no UTF-8, as Java reads strings; the text itself when all is. */
struct str text_repair(struct str text, struct arena *arena);

#endif
