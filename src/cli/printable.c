/* printable.c -- text of others, made so that it cannot act on a terminal. */
#include "cli/printable.h"

#include "base/utf8.h"

#include <wchar.h>

#define TAB_COLUMNS 4

/* Marks and overrides of direction are invisible and let a text read as another. */
static bool is_safe(uint32_t point)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } unsafe[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
                  {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
                  {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
    for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
        if (point >= unsafe[i].first && point <= unsafe[i].last)
            return false;
    return wcwidth((wchar_t)point) >= 0;
}

/* Reads one character; false: the byte at `at` begins none. */
static bool read_point(const char *at, const char *end, const char **ret_next, uint32_t *ret_point)
{
    const char *next = utf8_get(at, end, ret_point);
    *ret_next = next ? next : at + 1;
    return next != NULL;
}

static void append_escape(struct buf *buf, uint32_t point, bool is_byte)
{
    if (point == '\n' || point == '\t' || point == '\r')
        buf_printf(buf, "\\%c", point == '\n' ? 'n' : point == '\t' ? 't' : 'r');
    else if (is_byte || point < 0x80)
        buf_printf(buf, "\\x%02x", point);
    else
        buf_printf(buf, point > 0xffff ? "\\U%08x" : "\\u%04x", point);
}

static void append(struct buf *buf, struct str text, bool lines)
{
    const char *at = text.size > 0 ? text.data : "";
    const char *const end = at + text.size;
    while (at < end) {
        const char *next;
        uint32_t point;
        const bool is_point = read_point(at, end, &next, &point);
        if (lines && *at == '\t')
            buf_append(buf, "        ", TAB_COLUMNS);
        else if (lines && *at == '\r' && next < end && *next == '\n')
            ;
        else if ((lines && *at == '\n') || (is_point && is_safe(point)))
            buf_append(buf, at, (size_t)(next - at));
        else
            append_escape(buf, is_point ? point : (uint8_t)*at, !is_point);
        at = next;
    }
}

void printable_append(struct buf *buf, struct str text)
{
    append(buf, text, false);
}

void printable_append_lines(struct buf *buf, struct str text)
{
    append(buf, text, true);
}

void printable_append_json(struct buf *buf, struct str json)
{
    const char *at = json.size > 0 ? json.data : "";
    const char *const end = at + json.size;
    while (at < end) {
        const char *next;
        uint32_t point;
        if (!read_point(at, end, &next, &point)) {
            buf_append_str(buf, STR("\\ufffd"));
        } else if (point < 0x20) {
            ; /* blanks between tokens: inside of strings JSON allows none */
        } else if (is_safe(point)) {
            buf_append(buf, at, (size_t)(next - at));
        } else if (point <= 0xffff) {
            buf_printf(buf, "\\u%04x", point);
        } else {
            const uint32_t pair = point - 0x10000;
            buf_printf(buf, "\\u%04x\\u%04x", 0xd800 + (pair >> 10), 0xdc00 + (pair & 0x3ff));
        }
        at = next;
    }
}

static void put(FILE *file, struct str text, void (*append_it)(struct buf *buf, struct str text))
{
    struct buf shown = {0};
    append_it(&shown, text);
    if (shown.size == 0 || shown.data[shown.size - 1] != '\n')
        buf_append_byte(&shown, '\n');
    fwrite(shown.data, 1, shown.size, file);
    buf_release(&shown);
}

void printable_put(FILE *file, struct str text)
{
    put(file, text, printable_append);
}

void printable_put_lines(FILE *file, struct str text)
{
    put(file, text, printable_append_lines);
}

void printable_put_json(FILE *file, struct str json)
{
    put(file, json, printable_append_json);
}

static size_t point_width(uint32_t point)
{
    const int width = wcwidth((wchar_t)point);
    return width > 0 ? (size_t)width : 0;
}

size_t printable_width(struct str text)
{
    const char *at = text.size > 0 ? text.data : "";
    const char *const end = at + text.size;
    size_t width = 0;
    while (at < end) {
        uint32_t point = 0;
        (void)read_point(at, end, &at, &point);
        width += point_width(point);
    }
    return width;
}

size_t printable_fit(struct str text, size_t width)
{
    const char *const begin = text.size > 0 ? text.data : "";
    const char *const end = begin + text.size;
    const char *at = begin;
    size_t used = 0;
    while (at < end) {
        const char *next;
        uint32_t point = 0;
        (void)read_point(at, end, &next, &point);
        used += point_width(point);
        if (used > width && at > begin)
            break;
        at = next;
    }
    return (size_t)(at - begin);
}
