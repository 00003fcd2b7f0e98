/* buf.h -- bytes that grow. Owns its memory; never shared between threads. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *data; /* NULL while capacity is 0 */
    size_t size;
    size_t capacity;
};

/* {0} is a valid empty buf too. */
void buf_init(struct buf *buf);
void buf_release(struct buf *buf);
static inline void buf_clear(struct buf *buf)
{
    buf->size = 0;
}

void buf_grow(struct buf *buf, size_t more);

/* Room for `more` bytes past the end; returns where they go. Does not change size. */
static inline char *buf_reserve(struct buf *buf, size_t more)
{
    if (buf->capacity - buf->size < more)
        buf_grow(buf, more);
    return buf->data + buf->size;
}

static inline void buf_append(struct buf *buf, const void *data, size_t size)
{
    if (size == 0)
        return;
    memcpy(buf_reserve(buf, size), data, size);
    buf->size += size;
}

static inline void buf_append_byte(struct buf *buf, uint8_t byte)
{
    *buf_reserve(buf, 1) = (char)byte;
    buf->size++;
}

static inline void buf_append_str(struct buf *buf, struct str text)
{
    buf_append(buf, text.data, text.size);
}

void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
/* Valid until the next change. */
static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->data, buf->size};
}
/* Terminates (uncounted) and returns the text; valid until the next change. */
const char *buf_text(struct buf *buf);

#endif
