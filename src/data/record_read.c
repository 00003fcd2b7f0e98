/* record_read.c -- record batches checked, and records out of them. */
#include "data/record.h"

#include "base/big_endian.h"
#include "base/hash.h"
#include "base/varint.h"
#include "data/record_layout.h"

#include <inttypes.h>

#define RECORD_SIZE_MIN 7 /* seven numbers of one byte */

/* What reading one batch needs to know on the way. */
struct batch_reader {
    const uint8_t *at;
    const uint8_t *end;
    struct record_batch_info info;
    bool is_append_time;
    int64_t delta_before; /* of the record before; -1 at the start */
    struct arena *arena;
};

static enum err header_read(struct str batch, struct record_batch_info *ret_info, struct why *why);
static bool record_read(struct batch_reader *reader, int64_t from_offset, struct record *record);
static bool headers_read(struct batch_reader *reader, const uint8_t *at, const uint8_t *end,
                         struct record *record);

enum err record_batch_check(struct str batch, struct record_batch_info *ret_info, struct why *why)
{
    struct record_batch_info info;
    const enum err err = header_read(batch, &info, why);
    if (err != OK)
        return err;
    const uint32_t stored = big_endian_get_32(batch.data + AT_CRC);
    const uint32_t computed = crc32c(0, batch.data + AT_ATTRIBUTES, info.size - AT_ATTRIBUTES);
    if (stored != computed)
        return why_set(why, ERR_CORRUPT,
                       "checksum of record batch at offset %" PRId64 " is %08" PRIx32
                       ", its bytes give %08" PRIx32,
                       info.base_offset, stored, computed);
    *ret_info = info;
    return OK;
}

enum err record_batch_read(struct str batch, int64_t from_offset, struct record *records,
                           uint32_t *ret_count, struct arena *arena, struct why *why)
{
    struct batch_reader reader = {.arena = arena, .delta_before = -1};
    const enum err err = header_read(batch, &reader.info, why);
    if (err != OK)
        return err;
    reader.at = (const uint8_t *)batch.data + RECORD_BATCH_OVERHEAD;
    reader.end = (const uint8_t *)batch.data + reader.info.size;
    reader.is_append_time = batch.data[AT_ATTRIBUTES + 1] & ATTRIBUTE_APPEND_TIME;
    uint32_t count = 0;
    for (uint32_t i = 0; i < reader.info.record_count; i++) {
        if (!record_read(&reader, from_offset, &records[count]))
            return why_set(why, ERR_CORRUPT,
                           "record %" PRIu32 " of batch at offset %" PRId64 " does not decode", i,
                           reader.info.base_offset);
        count += records[count].offset >= from_offset;
    }
    if (reader.at != reader.end)
        return why_set(why, ERR_CORRUPT,
                       "record batch at offset %" PRId64 " has bytes after its last record",
                       reader.info.base_offset);
    *ret_count = count;
    return OK;
}

/* Everything but the sum. */
static enum err header_read(struct str batch, struct record_batch_info *ret_info, struct why *why)
{
    if (batch.size < RECORD_BATCH_OVERHEAD)
        return why_set(why, ERR_CORRUPT, "record batch of %zu bytes is shorter than its header",
                       batch.size);
    const char *const data = batch.data;
    const int64_t base_offset = (int64_t)big_endian_get_64(data);
    if (data[AT_MAGIC] != MAGIC)
        return why_set(why, ERR_CORRUPT,
                       "record batch at offset %" PRId64 " has format %d instead of %d",
                       base_offset, data[AT_MAGIC], MAGIC);
    const uint64_t size = (uint64_t)big_endian_get_32(data + AT_LENGTH) + AT_LEADER_EPOCH;
    if (size < RECORD_BATCH_OVERHEAD || size > RECORD_BATCH_BYTES_MAX || size > batch.size)
        return why_set(why, ERR_CORRUPT,
                       "record batch at offset %" PRId64 " says %" PRIu64 " bytes, there are %zu",
                       base_offset, size, batch.size);
    const uint64_t count = big_endian_get_32(data + AT_RECORD_COUNT);
    const int64_t last_delta = (int32_t)big_endian_get_32(data + AT_LAST_DELTA);
    if (count > (size - RECORD_BATCH_OVERHEAD) / RECORD_SIZE_MIN || last_delta < 0 ||
        (int64_t)count > last_delta + 1)
        return why_set(why, ERR_CORRUPT,
                       "record batch at offset %" PRId64 " says %" PRIu64
                       " records and last offset delta %" PRId64 " in %" PRIu64 " bytes",
                       base_offset, count, last_delta, size);
    if (base_offset < 0 || base_offset > INT64_MAX - last_delta)
        return why_set(why, ERR_CORRUPT, "record batch has base offset %" PRId64, base_offset);
    const int attributes = data[AT_ATTRIBUTES + 1];
    if (attributes & ATTRIBUTE_COMPRESSION)
        return why_set(why, ERR_UNSUPPORTED,
                       "record batch at offset %" PRId64 " is compressed (codec %d)", base_offset,
                       attributes & ATTRIBUTE_COMPRESSION);
    if (attributes & ATTRIBUTE_CONTROL)
        return why_set(why, ERR_UNSUPPORTED,
                       "record batch at offset %" PRId64 " is a control batch", base_offset);
    *ret_info = (struct record_batch_info){
        .base_offset = base_offset,
        .last_offset = base_offset + last_delta,
        .first_timestamp_ms = (int64_t)big_endian_get_64(data + AT_FIRST_TIMESTAMP),
        .max_timestamp_ms = (int64_t)big_endian_get_64(data + AT_MAX_TIMESTAMP),
        .record_count = (uint32_t)count,
        .size = (uint32_t)size,
    };
    return OK;
}

/* Sizes and deltas mostly take one or two bytes; only longer numbers are worth a call. */
static inline const uint8_t *get_number(const uint8_t *at, const uint8_t *end, int64_t *ret_number)
{
    if (end - at >= 2 && at[0] >= 0x80 && at[1] < 0x80) {
        *ret_number = varint_unzigzag((uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7);
        return at + 2;
    }
    return varint_get(at, end, ret_number);
}

/* Size -1 is null when `may_be_null`. NULL when the bytes do not hold it. */
static inline const uint8_t *get_text(const uint8_t *at, const uint8_t *end, bool may_be_null,
                                      struct str *ret_text)
{
    int64_t size = 0;
    at = get_number(at, end, &size);
    if (!at || size < -1 || size > end - at || (size == -1 && !may_be_null))
        return NULL;
    if (size == -1) {
        *ret_text = (struct str){0};
        return at;
    }
    *ret_text = (struct str){(const char *)at, (size_t)size};
    return at + size;
}

/* Of a record before from_offset only its place is read. */
static bool record_read(struct batch_reader *reader, int64_t from_offset, struct record *record)
{
    int64_t size = 0;
    const uint8_t *at = get_number(reader->at, reader->end, &size);
    if (!at || size < RECORD_SIZE_MIN - 1 || size > reader->end - at)
        return false;
    const uint8_t *const end = at + size;
    at++; /* attributes: none are defined */
    int64_t delta_ms = 0;
    int64_t delta = 0;
    at = get_number(at, end, &delta_ms);
    if (at)
        at = get_number(at, end, &delta);
    if (!at)
        return false;
    if (delta <= reader->delta_before ||
        delta > reader->info.last_offset - reader->info.base_offset)
        return false;
    reader->delta_before = delta;
    reader->at = end;
    record->offset = reader->info.base_offset + delta;
    if (record->offset < from_offset)
        return true;

    record->timestamp_ms =
        reader->is_append_time
            ? reader->info.max_timestamp_ms
            : (int64_t)((uint64_t)reader->info.first_timestamp_ms + (uint64_t)delta_ms);
    at = get_text(at, end, true, &record->key);
    if (at)
        at = get_text(at, end, true, &record->value);
    return at && headers_read(reader, at, end, record);
}

static bool headers_read(struct batch_reader *reader, const uint8_t *at, const uint8_t *end,
                         struct record *record)
{
    int64_t count = 0;
    at = get_number(at, end, &count);
    /* A header has two sizes at least. */
    if (!at || count < 0 || count > RECORD_HEADERS_MAX || count > (end - at) / 2)
        return false;
    record->headers = NULL;
    record->header_count = (uint32_t)count;
    if (count == 0)
        return at == end;
    struct record_header *headers = arena_alloc(reader->arena, (size_t)count * sizeof(*headers));
    for (int64_t i = 0; i < count; i++) {
        at = get_text(at, end, false, &headers[i].name);
        if (at)
            at = get_text(at, end, true, &headers[i].value);
        if (!at)
            return false;
        headers[i].is_null = !headers[i].value.data;
    }
    record->headers = headers;
    return at == end;
}
