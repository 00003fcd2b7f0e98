/* utf8.c -- code points to bytes and back. */
#include "base/utf8.h"

#include "base/must.h"

static bool hex4_get(const char *at, const char *end, uint32_t *ret_bits);

char *utf8_put(char *at, uint32_t point)
{
    must(point <= 0x10FFFF);
    must(!utf8_is_surrogate(point));
    if (point < 0x80) {
        *at++ = (char)point;
        return at;
    }
    if (point < 0x800) {
        *at++ = (char)(0xC0 | point >> 6);
        *at++ = (char)(0x80 | (point & 0x3F));
        return at;
    }
    if (point < 0x10000) {
        *at++ = (char)(0xE0 | point >> 12);
        *at++ = (char)(0x80 | (point >> 6 & 0x3F));
        *at++ = (char)(0x80 | (point & 0x3F));
        return at;
    }
    *at++ = (char)(0xF0 | point >> 18);
    *at++ = (char)(0x80 | (point >> 12 & 0x3F));
    *at++ = (char)(0x80 | (point >> 6 & 0x3F));
    *at++ = (char)(0x80 | (point & 0x3F));
    return at;
}

const char *utf8_get(const char *at, const char *end, uint32_t *ret_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: below is overlong */
    if (at >= end)
        return NULL;
    const uint8_t lead = (uint8_t)*at;
    if (lead < 0x80) {
        *ret_point = lead;
        return at + 1;
    }
    const int length = lead >= 0xF8   ? 0
                       : lead >= 0xF0 ? 4
                       : lead >= 0xE0 ? 3
                       : lead >= 0xC0 ? 2
                                      : 0;
    if (length == 0 || end - at < length)
        return NULL;
    uint32_t point = lead & (0x7Fu >> length);
    for (int i = 1; i < length; i++) {
        const uint8_t byte = (uint8_t)at[i];
        if ((byte & 0xC0) != 0x80)
            return NULL;
        point = point << 6 | (byte & 0x3F);
    }
    if (point < least[length] || point > 0x10FFFF || utf8_is_surrogate(point))
        return NULL;
    *ret_point = point;
    return at + length;
}

const char *utf8_get_escape(const char *at, const char *end, uint32_t *ret_point)
{
    uint32_t first = 0;
    if (!hex4_get(at, end, &first))
        return NULL;
    at += 4;
    uint32_t second = 0;
    const bool is_high = first >= 0xD800 && first <= 0xDBFF;
    if (is_high && end - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
        hex4_get(at + 2, end, &second) && second >= 0xDC00 && second <= 0xDFFF) {
        *ret_point = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return at + 6;
    }
    *ret_point = first;
    return at;
}

static bool hex4_get(const char *at, const char *end, uint32_t *ret_bits)
{
    if (end - at < 4)
        return false;
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++) {
        const char c = at[i];
        uint32_t digit = 0;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A') + 10;
        else
            return false;
        bits = bits << 4 | digit;
    }
    *ret_bits = bits;
    return true;
}
