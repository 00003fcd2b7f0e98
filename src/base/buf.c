/* buf.c -- growth of buffers: by doubling, so that appending stays linear. */
#include "base/buf.h"

#include "base/memory.h"

#define CAPACITY_MIN 64

void buf_init(struct buf *buf)
{
    *buf = (struct buf){0};
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

void buf_grow(struct buf *buf, size_t more)
{
    must(more <= SIZE_MAX / 2 - buf->size);
    const size_t needed = buf->size + more;
    size_t capacity = buf->capacity ? buf->capacity : CAPACITY_MIN;
    while (capacity < needed)
        capacity *= 2;
    buf->data = memory_realloc(buf->data, capacity);
    buf->capacity = capacity;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(buf, format, arguments);
    va_end(arguments);
}

void buf_vprintf(struct buf *buf, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    must(size >= 0);
    vsnprintf(buf_reserve(buf, (size_t)size + 1), (size_t)size + 1, format, arguments);
    buf->size += (size_t)size;
}

const char *buf_text(struct buf *buf)
{
    *buf_reserve(buf, 1) = '\0';
    return buf->data;
}
