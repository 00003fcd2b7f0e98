/* csv.h -- documents as comma-separated values (RFC 4180). Inside api/. */
#ifndef API_CSV_H
#define API_CSV_H

#include "base/buf.h"
#include "sink/sink.h"

/* A column a member of any document, in the order they turn up; nested values as JSON. A text that
 * a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage return) gets
 * an apostrophe before it. ERR_CORRUPT: a document is no JSON object. */
MUST_CHECK enum err csv_write(const struct found_document *documents, uint32_t count,
                              struct arena *arena, struct buf *buf, struct why *why);

#endif
