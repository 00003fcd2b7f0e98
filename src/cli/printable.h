/* printable.h -- text of others, made so that it cannot act on a terminal.
 *
 * What moves the cursor, ends a line, turns writing around or is no character at all is shown as an
 * escape instead: C0 and DEL, C1, line and paragraph separators, marks and overrides of direction,
 * tags, unassigned code points, and bytes that are no UTF-8. Widths are in columns of a terminal
 * and need a UTF-8 locale (LC_CTYPE). */
#ifndef CLI_PRINTABLE_H
#define CLI_PRINTABLE_H

#include "base/buf.h"

/* Appends the text on one line: "a\tb", "\x1b[2J", "\u202e". */
void printable_append(struct buf *buf, struct str text);
/* The same for text of many lines: '\n' stays, a tab becomes blanks, '\r' before '\n' goes. */
void printable_append_lines(struct buf *buf, struct str text);
/* Appends well-formed JSON on one line, with JSON's own escapes: it still says the same. */
void printable_append_json(struct buf *buf, struct str json);

/* The same into a file, with a line's end behind it where the text has none. */
void printable_put(FILE *file, struct str text);
void printable_put_lines(FILE *file, struct str text);
void printable_put_json(FILE *file, struct str json);

/* Columns that text made by printable_append takes. */
size_t printable_width(struct str text);
/* Bytes of such a text that fit into `width` columns: whole characters, at least one. */
size_t printable_fit(struct str text, size_t width);

#endif
