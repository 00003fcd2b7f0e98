/* extended_json.h -- cells as MongoDB Extended JSON (v2, relaxed). Inside sink/ only.
 *
 * TIMESTAMP, DATE and TIME are dates, DECIMAL {"$numberDecimal":"1.50"}, BYTES {"$binary":...},
 * numbers plain, a NaN or an infinity {"$numberDouble":"NaN"}. */
#ifndef SINK_EXTENDED_JSON_H
#define SINK_EXTENDED_JSON_H

#include "data/batch.h"

/* Appends a cell; NULL is null. */
void extended_json_write(const struct column *column, uint32_t row, struct buf *buf);
/* Appends {"$date":"2026-01-01T00:00:00Z"}. */
void extended_json_write_date(int64_t timestamp_ms, struct buf *buf);

#endif
