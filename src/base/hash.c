/* hash.c -- XXH3 behind its fence, and Java's murmur2. */
#include "base/hash.h"

#include "base/must.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash64(const void *data, size_t size)
{
    return XXH3_64bits(data, size);
}

uint64_t hash64_seeded(const void *data, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, size, seed);
}

/* MurmurHash2 by Austin Appleby, 32 bits, little-endian; Java counts the length in an int. */
uint32_t murmur2(const void *data, size_t size)
{
    const uint32_t m = 0x5bd1e995;
    const uint8_t *at = data;
    uint32_t h = 0x9747b28c ^ (uint32_t)size;
    for (; size >= 4; size -= 4, at += 4) {
        uint32_t k =
            (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        k *= m;
        k ^= k >> 24;
        h = h * m ^ k * m;
    }
    if (size >= 3)
        h ^= (uint32_t)at[2] << 16;
    if (size >= 2)
        h ^= (uint32_t)at[1] << 8;
    if (size >= 1)
        h = (h ^ at[0]) * m;
    h ^= h >> 13;
    h *= m;
    return h ^ h >> 15;
}

int32_t hash_partition(const void *key, size_t size, int32_t partition_count)
{
    must(partition_count > 0);
    return (int32_t)(murmur2(key, size) & 0x7fffffff) % partition_count;
}
