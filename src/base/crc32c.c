/* crc32c.c -- the Castagnoli sum, by instruction where there is one, else by table.
 *
 * The sum is a remainder of polynomials over GF(2), bits reflected: bit 0 is the highest power. The
 * instruction takes three cycles but starts anew each cycle, so three neighbouring pieces are
 * summed side by side and put together: a sum followed by n zero bytes is sum × x^(8n) mod P, which
 * is a carry-less product with x^(8n-33) mod P (33: one by reflection, 32 by the instruction that
 * reduces the product). */
#include "base/hash.h"

#include "base/must.h"

#include <pthread.h>

#define POLYNOMIAL_REFLECTED 0x82f63b78u

static uint32_t table[8][256];

static void table_make(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL_REFLECTED : 0);
        table[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++) {
        for (int zeros = 1; zeros < 8; zeros++) {
            const uint32_t crc = table[zeros - 1][i];
            table[zeros][i] = crc >> 8 ^ table[0][crc & 0xff];
        }
    }
}

/* Eight bytes a turn: table[n] is a byte's share when n more bytes follow it. */
uint32_t crc32c_by_table(uint32_t crc, const void *data, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    must(pthread_once(&once, table_make) == 0);
    const uint8_t *at = data;
    crc = ~crc;
    for (; size >= 8; size -= 8, at += 8) {
        crc = table[7][at[0] ^ (crc & 0xff)] ^ table[6][at[1] ^ (crc >> 8 & 0xff)] ^
              table[5][at[2] ^ (crc >> 16 & 0xff)] ^ table[4][at[3] ^ crc >> 24] ^ table[3][at[4]] ^
              table[2][at[5]] ^ table[1][at[6]] ^ table[0][at[7]];
    }
    for (; size > 0; size--)
        crc = crc >> 8 ^ table[0][(crc ^ *at++) & 0xff];
    return ~crc;
}

#ifdef __x86_64__
#include <immintrin.h>

#define BY_INSTRUCTION __attribute__((target("sse4.2,pclmul")))

static inline uint64_t load64(const uint8_t *at)
{
    uint64_t bits = 0;
    memcpy(&bits, at, sizeof(bits));
    return bits;
}

/* sum × multiplier × x^33 mod P. */
BY_INSTRUCTION static inline uint64_t sum_shift(uint64_t sum, uint32_t multiplier)
{
    const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)sum),
                                                 _mm_cvtsi64_si128((int64_t)multiplier), 0);
    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

/* Three pieces of `piece` bytes; by_one and by_two move a sum past one and two of them. */
BY_INSTRUCTION static inline uint64_t sum_three(uint64_t sum, const uint8_t *at, size_t piece,
                                                uint32_t by_one, uint32_t by_two)
{
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t i = 0; i < piece; i += 8) {
        sum = _mm_crc32_u64(sum, load64(at + i));
        second = _mm_crc32_u64(second, load64(at + piece + i));
        third = _mm_crc32_u64(third, load64(at + 2 * piece + i));
    }
    return sum_shift(sum, by_two) ^ sum_shift(second, by_one) ^ third;
}

BY_INSTRUCTION static uint32_t crc32c_by_instruction(uint32_t crc, const uint8_t *at, size_t size)
{
    uint64_t sum = (uint32_t)~crc;
    for (; size >= 3 * 1024; size -= 3 * 1024, at += 3 * 1024)
        sum = sum_three(sum, at, 1024, 0x170076fa, 0xa51b6135);
    for (; size >= 3 * 128; size -= 3 * 128, at += 3 * 128)
        sum = sum_three(sum, at, 128, 0x0d3b6092, 0xb9e02b86);
    for (; size >= 8; size -= 8, at += 8)
        sum = _mm_crc32_u64(sum, load64(at));
    for (; size > 0; size--)
        sum = _mm_crc32_u8((uint32_t)sum, *at++);
    return ~(uint32_t)sum;
}

uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
    if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"))
        return crc32c_by_instruction(crc, data, size);
    return crc32c_by_table(crc, data, size);
}
#else
uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
    return crc32c_by_table(crc, data, size);
}
#endif
