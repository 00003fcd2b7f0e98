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

/* The 7-bit groups of up to eight bytes, the top bit of each already gone, pushed together. */
static inline uint64_t varint_gather(uint64_t word)
{
    word = (word & 0x007f007f007f007full) | ((word & 0x7f007f007f007f00ull) >> 1);
    word = (word & 0x00003fff00003fffull) | ((word & 0x3fff00003fff0000ull) >> 2);
    return (word & 0x000000000fffffffull) | ((word & 0x0fffffff00000000ull) >> 4);
}

/* Reads one number from [at, end). Returns the place after it, or NULL when the bytes end inside
 * it, when it is longer than ten bytes or does not fit 64 bits. Numbers of up to eight bytes that
 * do not stand at the very end are taken at once, without a loop. */
static inline const uint8_t *varint_get(const uint8_t *at, const uint8_t *end, int64_t *ret_value)
{
    if (__builtin_expect(end - at >= 8, 1)) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        if (!(word & 0x80)) {
            *ret_value = varint_unzigzag(word & 0x7f);
            return at + 1;
        }
        const uint64_t stops = ~word & 0x8080808080808080ull;
        if (__builtin_expect(stops != 0, 1)) {
            const int bits = __builtin_ctzll(stops) + 1;
            word &= 0x7f7f7f7f7f7f7f7full & (~0ull >> (64 - bits));
            *ret_value = varint_unzigzag(varint_gather(word));
            return at + bits / 8;
        }
    }
    int64_t value = 0;
    at = varint_get_slow(at, end, &value);
    if (at)
        *ret_value = value;
    return at;
}

#endif
