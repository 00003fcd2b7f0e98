/* varint.c -- numbers of more than one byte. */
#include "base/varint.h"

const uint8_t *varint_get_slow(const uint8_t *at, const uint8_t *end, int64_t *ret_value)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX && at < end; i++) {
        const uint8_t byte = *at++;
        /* The tenth byte holds bit 63 alone. */
        if (i == VARINT_BYTES_MAX - 1 && byte > 1)
            return NULL;
        bits |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *ret_value = varint_unzigzag(bits);
            return at;
        }
    }
    return NULL;
}
