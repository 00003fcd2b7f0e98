/* kept_bytes.h -- the parts of a kept row, for the two that walk one: columns and boxed values.
 *
 * Inside data/ only. Readers return false, or NULL, when the bytes do not hold what is asked. */
#ifndef DATA_KEPT_BYTES_H
#define DATA_KEPT_BYTES_H

#include "base/buf.h"
#include "base/varint.h"
#include "data/decimal.h"
#include "data/type.h"

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "doubles are copied as they lie");

struct kept_reader {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t cells_left; /* cells that arrays and maps may still ask memory for */
};

/* An item that is NULL takes one bit here and a whole cell a column in memory, STRUCTs many:
 * hostile bytes could ask for thousands of times their size. So all arrays and maps of one row
 * together get eight cells a byte (what items that are not NULL can need at most) and these beside.
 */
#define KEPT_NULL_CELLS_MAX (1u << 24)

static inline struct kept_reader kept_reader_make(struct str bytes)
{
    const uint8_t *at = (const uint8_t *)(bytes.data ? bytes.data : "");
    return (struct kept_reader){.at = at,
                                .end = at + bytes.size,
                                .cells_left = 8 * (uint64_t)bytes.size + KEPT_NULL_CELLS_MAX};
}

/* A copy without a call for the short texts that most cells are: two words that overlap. */
static inline void kept_copy(uint8_t *to, const char *from, size_t size)
{
    if (size > 16) {
        memcpy(to, from, size);
    } else if (size >= 8) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        memcpy(to, from, 4);
        memcpy(to + size - 4, from + size - 4, 4);
    } else {
        for (size_t i = 0; i < size; i++)
            to[i] = (uint8_t)from[i];
    }
}

/* Appends `count` null bits, all clear; returns where they stand. */
static inline size_t kept_bits_append(struct buf *buf, uint32_t count)
{
    const size_t at = buf->size;
    const size_t size = ((size_t)count + 7) / 8;
    if (size == 1)
        *buf_reserve(buf, 1) = 0;
    else if (size > 1)
        memset(buf_reserve(buf, size), 0, size);
    buf->size += size;
    return at;
}

static inline void kept_bit_set(struct buf *buf, size_t bits, uint32_t i)
{
    buf->data[bits + i / 8] |= (char)(1 << (i % 8));
}

static inline const uint8_t *kept_bits_read(struct kept_reader *reader, uint32_t count)
{
    const size_t size = ((size_t)count + 7) / 8;
    if (size > (size_t)(reader->end - reader->at))
        return NULL;
    const uint8_t *bits = reader->at;
    /* Bits past the last cell are clear, so that a row has one form only. */
    if (count % 8 != 0 && bits[size - 1] >> (count % 8) != 0)
        return NULL;
    reader->at += size;
    return bits;
}

static inline bool kept_bit(const uint8_t *bits, uint32_t i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

static inline bool kept_number_read(struct kept_reader *reader, int64_t *ret_number)
{
    const uint8_t *at = varint_get(reader->at, reader->end, ret_number);
    if (!at)
        return false;
    reader->at = at;
    return true;
}

static inline bool kept_boolean_read(struct kept_reader *reader, uint8_t *ret_boolean)
{
    if (reader->at == reader->end || *reader->at > 1)
        return false;
    *ret_boolean = *reader->at++;
    return true;
}

static inline void kept_double_append(struct buf *buf, double number)
{
    memcpy(buf_reserve(buf, sizeof(number)), &number, sizeof(number));
    buf->size += sizeof(number);
}

static inline bool kept_double_read(struct kept_reader *reader, double *ret_number)
{
    if (sizeof(*ret_number) > (size_t)(reader->end - reader->at))
        return false;
    memcpy(ret_number, reader->at, sizeof(*ret_number));
    reader->at += sizeof(*ret_number);
    return true;
}

static inline void kept_text_append(struct buf *buf, struct str text)
{
    uint8_t *at = (uint8_t *)buf_reserve(buf, text.size + VARINT_BYTES_MAX);
    uint8_t *const after = varint_put(at, (int64_t)text.size);
    kept_copy(after, text.data, text.size);
    buf->size += (size_t)(after - at) + text.size;
}

static inline bool kept_text_read(struct kept_reader *reader, struct str *ret_text)
{
    int64_t size = 0;
    if (!kept_number_read(reader, &size) || size < 0 || size > reader->end - reader->at)
        return false;
    *ret_text = (struct str){(const char *)reader->at, (size_t)size};
    reader->at += size;
    return true;
}

static inline void kept_decimal_append(struct buf *buf, decimal value)
{
    uint8_t *at = (uint8_t *)buf_reserve(buf, 1 + 16);
    const size_t size = decimal_to_bytes(value, at + 1);
    varint_put(at, (int64_t)size); /* one byte: size is at most 16 */
    buf->size += 1 + size;
}

static inline bool kept_decimal_read(struct kept_reader *reader, int precision, decimal *ret_value)
{
    struct str bytes = {0};
    if (!kept_text_read(reader, &bytes))
        return false;
    return decimal_from_bytes((const uint8_t *)bytes.data, bytes.size, precision, ret_value) == OK;
}

/* How many items an ARRAY or MAP of `type` has, checked against the bytes and cells left. */
bool kept_count_read(struct kept_reader *reader, const struct type *type, uint32_t *ret_count);

#endif
