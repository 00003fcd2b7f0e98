/* md5.c -- the digest MD5 (RFC 1321). */
#include "base/md5.h"

#include <math.h>

#define BLOCK_BYTES 64

static uint32_t rotate_left(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

/* RFC 1321 defines its 64 constants as the whole part of 2^32 times abs(sin(i + 1)). */
static uint32_t round_constant(unsigned i)
{
    return (uint32_t)(uint64_t)floor(4294967296.0 * fabs(sin((double)i + 1)));
}

static void digest_block(uint32_t state[4], const uint8_t *block, const uint32_t constants[64])
{
    static const uint8_t shifts[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t words[16];
    for (unsigned i = 0; i < 16; i++)
        words[i] = (uint32_t)block[4 * i] | (uint32_t)block[4 * i + 1] << 8 |
                   (uint32_t)block[4 * i + 2] << 16 | (uint32_t)block[4 * i + 3] << 24;

    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (unsigned i = 0; i < 64; i++) {
        const unsigned turn = i / 16;
        uint32_t mix = 0;
        unsigned word = i;
        if (turn == 0) {
            mix = (b & c) | (~b & d);
        } else if (turn == 1) {
            mix = (d & b) | (~d & c);
            word = 5 * i + 1;
        } else if (turn == 2) {
            mix = b ^ c ^ d;
            word = 3 * i + 5;
        } else {
            mix = c ^ (b | ~d);
            word = 7 * i;
        }
        const uint32_t next =
            b + rotate_left(a + mix + constants[i] + words[word % 16], shifts[turn][i % 4]);
        a = d;
        d = c;
        c = b;
        b = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

void md5(struct str bytes, uint8_t ret_digest[MD5_BYTES])
{
    uint32_t constants[64];
    for (unsigned i = 0; i < 64; i++)
        constants[i] = round_constant(i);
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    const uint8_t *at = (const uint8_t *)bytes.data;
    size_t left = bytes.size;
    for (; left >= BLOCK_BYTES; left -= BLOCK_BYTES, at += BLOCK_BYTES)
        digest_block(state, at, constants);

    /* A bit, zeros, and the number of bits, in one block or two. */
    uint8_t tail[2 * BLOCK_BYTES] = {0};
    if (left > 0)
        memcpy(tail, at, left);
    tail[left] = 0x80;
    const size_t tail_size = left < BLOCK_BYTES - 8 ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    const uint64_t bits = (uint64_t)bytes.size * 8;
    for (unsigned i = 0; i < 8; i++)
        tail[tail_size - 8 + i] = (uint8_t)(bits >> (8 * i));
    for (size_t i = 0; i < tail_size; i += BLOCK_BYTES)
        digest_block(state, tail + i, constants);
    for (unsigned i = 0; i < MD5_BYTES; i++)
        ret_digest[i] = (uint8_t)(state[i / 4] >> (8 * (i % 4)));
}
