/* window_row.h -- a window's row as bytes: varint (offset - its segment's first), varint key size,
 * varint value size, key, value. They never leave memory, so reading trusts them. */
#ifndef FLOW_WINDOW_ROW_H
#define FLOW_WINDOW_ROW_H

#include "base/must.h"
#include "base/varint.h"
#include "flow/window.h"

static inline size_t window_row_size_max(struct str key, struct str value)
{
    return 3 * VARINT_BYTES_MAX + key.size + value.size;
}

/* Returns its size. */
static inline size_t window_row_write(char *row, int64_t offset_delta, struct str key,
                                      struct str value)
{
    uint8_t *at = (uint8_t *)row;
    at = varint_put(at, offset_delta);
    at = varint_put(at, (int64_t)key.size);
    at = varint_put(at, (int64_t)value.size);
    if (key.size > 0)
        memcpy(at, key.data, key.size);
    at += key.size;
    if (value.size > 0)
        memcpy(at, value.data, value.size);
    at += value.size;
    return (size_t)((char *)at - row);
}

static inline const uint8_t *window_row_number(const uint8_t *at, int64_t *ret_number)
{
    const uint8_t *after = varint_get(at, at + VARINT_BYTES_MAX, ret_number);
    must(after != NULL);
    return after;
}

static inline struct window_row window_row_read(const char *row, int64_t first_offset)
{
    const uint8_t *at = (const uint8_t *)row;
    int64_t delta = 0;
    int64_t key_size = 0;
    int64_t value_size = 0;
    at = window_row_number(at, &delta);
    at = window_row_number(at, &key_size);
    at = window_row_number(at, &value_size);
    return (struct window_row){.key = {(const char *)at, (size_t)key_size},
                               .value = {(const char *)at + key_size, (size_t)value_size},
                               .offset = first_offset + delta};
}

#endif
