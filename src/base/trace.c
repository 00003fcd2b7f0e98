/* trace.c -- one write a line, so that threads do not mix theirs. */
#include "base/trace.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#define TEXT_BYTES_MAX 4096
#define ESCAPE_BYTES_MAX 4 /* "\x1b" */
#define HEAD_BYTES_MAX 128

static _Atomic int level_written = TRACE_INFO;

static size_t line_begin(char *line, enum trace_level level, const char *component);
static size_t text_escape(char *at, const char *text);
static void line_write(const char *line, size_t size);

void trace_set_level(enum trace_level level)
{
    atomic_store_explicit(&level_written, (int)level, memory_order_relaxed);
}

void trace(enum trace_level level, const char *component, const char *format, ...)
{
    if ((int)level > atomic_load_explicit(&level_written, memory_order_relaxed))
        return;
    char text[TEXT_BYTES_MAX] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    char line[HEAD_BYTES_MAX + TEXT_BYTES_MAX * ESCAPE_BYTES_MAX + 1];
    size_t size = line_begin(line, level, component);
    size += text_escape(line + size, text);
    line[size++] = '\n';
    line_write(line, size);
}

/* At most HEAD_BYTES_MAX - 1 bytes: "2026-01-01T00:00:00.000Z warning engine ". */
static size_t line_begin(char *line, enum trace_level level, const char *component)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    must((unsigned)level < sizeof(names) / sizeof(names[0]));
    const int64_t now_ms = clock_wall_ms();
    const time_t seconds = (time_t)(now_ms / 1000);
    struct tm date;
    gmtime_r(&seconds, &date);
    const int size =
        snprintf(line, HEAD_BYTES_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s %.40s ",
                 date.tm_year + 1900, date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min,
                 date.tm_sec, (int)(now_ms % 1000), names[level], component);
    must(size > 0);
    must(size < HEAD_BYTES_MAX);
    return (size_t)size;
}

/* Escapes what moves a terminal or ends a line: C0, DEL, the C1 controls (also as UTF-8), and
 * bytes that are no UTF-8, which old terminals take for C1. */
static size_t text_escape(char *at, const char *text)
{
    const char *const begin = at;
    const char *const end = text + strlen(text);
    while (text < end) {
        uint32_t point = 0;
        const char *next = utf8_get(text, end, &point);
        const bool is_control = point < 0x20 || (point >= 0x7f && point <= 0x9f);
        if (next && !is_control) {
            memcpy(at, text, (size_t)(next - text));
            at += next - text;
            text = next;
            continue;
        }
        if (*text == '\n' || *text == '\t') {
            *at++ = '\\';
            *at++ = *text == '\n' ? 'n' : 't';
        } else {
            static const char digits[] = "0123456789abcdef";
            const uint8_t byte = (uint8_t)*text;
            *at++ = '\\';
            *at++ = 'x';
            *at++ = digits[byte >> 4];
            *at++ = digits[byte & 15];
        }
        text++;
    }
    return (size_t)(at - begin);
}

/* A trace that cannot be written has nobody to be told to. */
static void line_write(const char *line, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(STDERR_FILENO, line, size);
        if (written <= 0)
            return;
        line += written;
        size -= (size_t)written;
    }
}
