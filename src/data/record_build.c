/* record_build.c -- record batches from records. */
#include "data/record.h"

#include "base/big_endian.h"
#include "base/hash.h"
#include "base/varint.h"
#include "data/record_layout.h"

static size_t text_size(struct str text, bool is_null);
static uint8_t *put_text(uint8_t *at, struct str text, bool is_null);

void record_batch_builder_init(struct record_batch_builder *builder)
{
    *builder = (struct record_batch_builder){0};
}

void record_batch_builder_release(struct record_batch_builder *builder)
{
    buf_release(&builder->buf);
    *builder = (struct record_batch_builder){0};
}

void record_batch_builder_clear(struct record_batch_builder *builder)
{
    buf_clear(&builder->buf);
    builder->record_count = 0;
}

enum err record_batch_add(struct record_batch_builder *builder, const struct record *record)
{
    size_t content = record->key.size + record->value.size;
    if (record->header_count > RECORD_HEADERS_MAX)
        return ERR_LIMIT;
    for (uint32_t i = 0; i < record->header_count; i++)
        content += record->headers[i].name.size + record->headers[i].value.size;
    if (content > RECORD_BYTES_MAX)
        return ERR_LIMIT;

    const bool is_first = builder->record_count == 0;
    const int64_t first_ms = is_first ? record->timestamp_ms : builder->first_timestamp_ms;
    /* Wraps where it must, and wraps back when read. */
    const int64_t delta_ms = (int64_t)((uint64_t)record->timestamp_ms - (uint64_t)first_ms);
    const bool has_key = record->key.data;
    const bool has_value = record->value.data;
    size_t size = 1 + varint_size(delta_ms) + varint_size(builder->record_count) +
                  text_size(record->key, !has_key) + text_size(record->value, !has_value) +
                  varint_size(record->header_count);
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct record_header *header = &record->headers[i];
        size += text_size(header->name, false) + text_size(header->value, header->is_null);
    }
    if (is_first) {
        buf_clear(&builder->buf);
        buf_reserve(&builder->buf, RECORD_BATCH_OVERHEAD);
        builder->buf.size = RECORD_BATCH_OVERHEAD;
    }
    if (builder->buf.size + VARINT_BYTES_MAX + size > RECORD_BATCH_BYTES_MAX)
        return ERR_FULL;

    uint8_t *const begin = (uint8_t *)buf_reserve(&builder->buf, VARINT_BYTES_MAX + size);
    uint8_t *at = varint_put(begin, (int64_t)size);
    *at++ = 0;
    at = varint_put(at, delta_ms);
    at = varint_put(at, builder->record_count);
    at = put_text(at, record->key, !has_key);
    at = put_text(at, record->value, !has_value);
    at = varint_put(at, record->header_count);
    for (uint32_t i = 0; i < record->header_count; i++) {
        at = put_text(at, record->headers[i].name, false);
        at = put_text(at, record->headers[i].value, record->headers[i].is_null);
    }
    builder->buf.size += (size_t)(at - begin);
    builder->first_timestamp_ms = first_ms;
    if (is_first || record->timestamp_ms > builder->max_timestamp_ms)
        builder->max_timestamp_ms = record->timestamp_ms;
    builder->record_count++;
    return OK;
}

void record_batch_finish(struct record_batch_builder *builder)
{
    must(builder->record_count > 0);
    char *const data = builder->buf.data;
    const size_t size = builder->buf.size;
    big_endian_put_64(data, 0);
    big_endian_put_32(data + AT_LENGTH, (uint32_t)(size - AT_LEADER_EPOCH));
    big_endian_put_32(data + AT_LEADER_EPOCH, UINT32_MAX);
    data[AT_MAGIC] = MAGIC;
    big_endian_put_16(data + AT_ATTRIBUTES, 0);
    big_endian_put_32(data + AT_LAST_DELTA, builder->record_count - 1);
    big_endian_put_64(data + AT_FIRST_TIMESTAMP, (uint64_t)builder->first_timestamp_ms);
    big_endian_put_64(data + AT_MAX_TIMESTAMP, (uint64_t)builder->max_timestamp_ms);
    big_endian_put_64(data + AT_PRODUCER_ID, UINT64_MAX);
    big_endian_put_16(data + AT_PRODUCER_EPOCH, UINT16_MAX);
    big_endian_put_32(data + AT_BASE_SEQUENCE, UINT32_MAX);
    big_endian_put_32(data + AT_RECORD_COUNT, builder->record_count);
    big_endian_put_32(data + AT_CRC, crc32c(0, data + AT_ATTRIBUTES, size - AT_ATTRIBUTES));
}

struct buf record_batch_take(struct record_batch_builder *builder)
{
    const struct buf buf = builder->buf;
    record_batch_builder_init(builder);
    return buf;
}

void record_batch_set_base_offset(char *batch, int64_t base_offset)
{
    big_endian_put_64(batch, (uint64_t)base_offset);
}

static size_t text_size(struct str text, bool is_null)
{
    return is_null ? 1 : varint_size((int64_t)text.size) + text.size;
}

static uint8_t *put_text(uint8_t *at, struct str text, bool is_null)
{
    if (is_null)
        return varint_put(at, -1);
    at = varint_put(at, (int64_t)text.size);
    if (text.size > 0)
        memcpy(at, text.data, text.size);
    return at + text.size;
}
