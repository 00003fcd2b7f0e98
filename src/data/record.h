/* record.h -- records as the log has them, and Kafka's record batch that carries them.
 *
 * Batch layout: Kafka's message format v2 (KIP-98; "Record Batch" in the protocol guide), CRC32C
 * over everything from attributes on. Uncompressed when written here; a compressed one is
 * ERR_UNSUPPORTED. The base offset lies outside the sum, so whoever appends the batch fills it in
 * last. */
#ifndef DATA_RECORD_H
#define DATA_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

#define RECORD_BYTES_MAX (1 << 20)        /* key + value + headers of one record */
#define RECORD_HEADERS_MAX 256            /* headers of one record */
#define RECORD_BATCH_BYTES_MAX (16 << 20) /* one batch */
#define RECORD_BATCH_OVERHEAD 61          /* bytes before the first record */

struct record_header {
    struct str name;
    struct str value;
    bool is_null; /* the value is null */
};

/* Bytes are borrowed from whoever handed the record out. key.data == NULL: no key;
 * value.data == NULL: no value (a tombstone). */
struct record {
    int64_t offset;
    int64_t timestamp_ms;
    struct str key;
    struct str value;
    const struct record_header *headers;
    uint32_t header_count;
};

/* Builds one batch. */
struct record_batch_builder {
    struct buf buf; /* the batch so far */
    int64_t first_timestamp_ms;
    int64_t max_timestamp_ms;
    uint32_t record_count;
};

void record_batch_builder_init(struct record_batch_builder *builder);
void record_batch_builder_release(struct record_batch_builder *builder);
/* Copies the record in; its offset is ignored. ERR_LIMIT when it is larger than RECORD_BYTES_MAX or
 * has too many headers; ERR_FULL when the batch would pass RECORD_BATCH_BYTES_MAX: finish it and
 * add the record to the next. */
MUST_CHECK enum err record_batch_add(struct record_batch_builder *builder,
                                     const struct record *record);
/* Fills in the header and the sum; base offset 0. record_count > 0. Afterwards buf is the batch;
 * take it with record_batch_take or start again with record_batch_builder_clear. */
void record_batch_finish(struct record_batch_builder *builder);
/* Hands the finished batch over, leaves the builder empty; the caller releases the bytes. */
struct buf record_batch_take(struct record_batch_builder *builder);
void record_batch_builder_clear(struct record_batch_builder *builder);

/* What a batch's header says. */
struct record_batch_info {
    int64_t base_offset;
    int64_t last_offset;
    int64_t first_timestamp_ms;
    int64_t max_timestamp_ms;
    uint32_t record_count;
    uint32_t size; /* of the whole batch in bytes */
};

/* Checks size, magic, CRC and counts. ERR_CORRUPT with words, ERR_UNSUPPORTED (compressed,
 * control). Bytes after the batch are left alone: ret_info->size tells where it ends. A cleaned
 * batch has fewer records than offsets. */
MUST_CHECK enum err record_batch_check(struct str batch, struct record_batch_info *ret_info,
                                       struct why *why);
/* Sets the base offset in place: 8 bytes, outside the sum. */
void record_batch_set_base_offset(char *batch, int64_t base_offset);
/* Decodes a checked batch's records with offset >= from_offset into `records` (room for
 * info.record_count). Headers are made in the arena; bytes are borrowed from the batch. `batch` may
 * be the kind of bytes that pass a CRC and still lie: every bound is checked, ERR_CORRUPT. */
MUST_CHECK enum err record_batch_read(struct str batch, int64_t from_offset, struct record *records,
                                      uint32_t *ret_count, struct arena *arena, struct why *why);

#endif
