/* base64.c -- bytes as text and back, three bytes to four letters. */
#include "base/base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int letter_value(char letter);

void base64_encode(struct str bytes, struct buf *buf)
{
    char *at = buf_reserve(buf, (bytes.size + 2) / 3 * 4);
    const char *const begin = at;
    for (size_t i = 0; i < bytes.size; i += 3) {
        const size_t count = bytes.size - i < 3 ? bytes.size - i : 3;
        uint32_t group = 0;
        for (size_t j = 0; j < 3; j++)
            group = group << 8 | (j < count ? (uint8_t)bytes.data[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            *at++ = j <= count ? letters[group >> (18 - 6 * j) & 63] : '=';
    }
    buf->size += (size_t)(at - begin);
}

enum err base64_decode(struct str text, uint8_t *to, size_t *ret_size)
{
    /* Padding fills the last four letters or is left out; it never stands alone. */
    size_t padding = 0;
    while (padding < 2 && text.size > 0 && text.data[text.size - 1] == '=') {
        text.size--;
        padding++;
    }
    const size_t rest = text.size % 4;
    if (rest == 1 || (padding > 0 && rest + padding != 4))
        return ERR_INVALID;
    size_t size = 0;
    uint32_t group = 0;
    for (size_t i = 0; i < text.size; i++) {
        const int value = letter_value(text.data[i]);
        if (value < 0)
            return ERR_INVALID;
        group = group << 6 | (uint32_t)value;
        if (i % 4 == 0)
            continue;
        /* The second letter completes the first byte, the third the second, the fourth the third.
         */
        to[size++] = (uint8_t)(group >> (6 - 2 * (i % 4)));
    }
    *ret_size = size;
    return OK;
}

static int letter_value(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    if (letter == '+')
        return 62;
    return letter == '/' ? 63 : -1;
}
