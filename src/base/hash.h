/* hash.h -- the hashes in use: XXH3 inside, CRC32C on disk, murmur2 for Java's partitioner. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* XXH3, 64 bits. For maps in memory; never stored. */
uint64_t hash64(const void *data, size_t size);
/* XXH3 with a seed. */
uint64_t hash64_seeded(const void *data, size_t size, uint64_t seed);
/* CRC32C (Castagnoli), as in Kafka's record batch; `crc` is 0 or the result so far. By SSE4.2 where
 * the processor has it, else by table. */
uint32_t crc32c(uint32_t crc, const void *data, size_t size);
/* The table's way, for the test that compares them. */
uint32_t crc32c_by_table(uint32_t crc, const void *data, size_t size);
/* murmur2 as org.apache.kafka.common.utils.Utils computes it (seed 0x9747b28c). */
uint32_t murmur2(const void *data, size_t size);
/* Java's default partitioner: (murmur2 & 0x7fffffff) % partition_count. partition_count > 0. */
int32_t hash_partition(const void *key, size_t size, int32_t partition_count);

#endif
