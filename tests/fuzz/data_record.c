/* data_record.c -- record batches of any bytes, with the sum made right; what is read is built
 * and read again. */
#include "data/record.h"

#include "base/hash.h"
#include "base/memory.h"

#include <endian.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void goes_round(const struct record *records, uint32_t count, struct arena *arena)
{
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    for (uint32_t i = 0; i < count; i++)
        must(record_batch_add(&builder, &records[i]) == OK);
    record_batch_finish(&builder);
    struct record_batch_info info;
    must(record_batch_check(buf_str(&builder.buf), &info, NULL) == OK);
    must(info.record_count == count);
    struct record *again = ARENA_ARRAY(arena, struct record, count);
    uint32_t again_count = 0;
    must(record_batch_read(buf_str(&builder.buf), 0, again, &again_count, arena, NULL) == OK);
    must(again_count == count);
    for (uint32_t i = 0; i < count; i++) {
        must(again[i].offset == i);
        must(again[i].timestamp_ms == records[i].timestamp_ms);
        must(str_equal(again[i].key, records[i].key));
        must(!again[i].value.data == !records[i].value.data);
        must(str_equal(again[i].value, records[i].value));
        must(again[i].header_count == records[i].header_count);
    }
    record_batch_builder_release(&builder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_batch_info info;
    struct why why;
    (void)!record_batch_check((struct str){(const char *)data, size}, &info, &why);
    if (size < RECORD_BATCH_OVERHEAD)
        return 0;
    char *batch = memory_alloc(size);
    memcpy(batch, data, size);
    const uint32_t length = htobe32((uint32_t)size - 12);
    memcpy(batch + 8, &length, sizeof(length));
    const uint32_t sum = htobe32(crc32c(0, batch + 21, size - 21));
    memcpy(batch + 17, &sum, sizeof(sum));

    struct arena arena;
    arena_init(&arena, 0);
    const struct str bytes = {batch, size};
    if (record_batch_check(bytes, &info, &why) == OK) {
        struct record *records = ARENA_ARRAY(&arena, struct record, info.record_count);
        uint32_t count = 0;
        const enum err err = record_batch_read(bytes, INT64_MIN, records, &count, &arena, &why);
        must(err == OK || err == ERR_CORRUPT);
        if (err == OK && count > 0)
            goes_round(records, count, &arena);
    }
    arena_release(&arena);
    free(batch);
    return 0;
}
