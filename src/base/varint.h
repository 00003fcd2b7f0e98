/* varint.h -- zigzag variable-length integers, as Avro and Kafka's record format share them. */
#ifndef BASE_VARINT_H
#define BASE_VARINT_H

#include "base/buf.h"

#include <stdint.h>

#define VARINT_BYTES_MAX 10

static inline uint64_t varint_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t varint_unzigzag(uint64_t bits)
{
    return (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
}

/* Writes at most VARINT_BYTES_MAX bytes; returns the place after the last. */
static inline uint8_t *varint_put(uint8_t *at, int64_t value)
{
    uint64_t bits = varint_zigzag(value);
    while (bits > 0x7f) {
        *at++ = (uint8_t)(bits | 0x80);
        bits >>= 7;
    }
    *at++ = (uint8_t)bits;
    return at;
}

static inline void varint_append(struct buf *buf, int64_t value)
{
    uint8_t *at = (uint8_t *)buf_reserve(buf, VARINT_BYTES_MAX);
    buf->size += (size_t)(varint_put(at, value) - at);
}

static inline size_t varint_size(int64_t value)
{
    uint64_t bits = varint_zigzag(value);
    size_t size = 1;
    while (bits > 0x7f) {
        bits >>= 7;
        size++;
    }
    return size;
}

const uint8_t *varint_get_slow(const uint8_t *at, const uint8_t *end, int64_t *ret_value);

/* Reads one number from [at, end). Returns the place after it, or NULL when the bytes end inside
 * it, when it is longer than ten bytes or does not fit 64 bits. */
static inline const uint8_t *varint_get(const uint8_t *at, const uint8_t *end, int64_t *ret_value)
{
    if (__builtin_expect(at < end && at[0] < 0x80, 1)) {
        *ret_value = varint_unzigzag(at[0]);
        return at + 1;
    }
    return varint_get_slow(at, end, ret_value);
}

#endif
