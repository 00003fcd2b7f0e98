/* record_test.c -- record batches: their bytes, there and back, and bytes that lie. */
#include "data/record.h"
#include "unit.h"

#include "base/hash.h"

#include <endian.h>

static void sum_again(char *batch, size_t size)
{
    const uint32_t sum = htobe32(crc32c(0, batch + 21, size - 21));
    memcpy(batch + 17, &sum, sizeof(sum));
}

/* Each field as KIP-98 lays it out, written down by hand. */
static void a_batch_has_these_bytes(void **state)
{
    static const char layout[] = "\0\0\0\0\0\0\0\0"                 /* base offset */
                                 "\0\0\0\x49"                       /* length: 85 - 12 */
                                 "\xff\xff\xff\xff"                 /* partition leader epoch */
                                 "\x02"                             /* magic */
                                 "\xfc\x84\x29\xe3"                 /* CRC32C of what follows */
                                 "\0\0"                             /* attributes */
                                 "\0\0\0\x01"                       /* last offset delta */
                                 "\0\0\0\0\0\0\x03\xe8"             /* first timestamp 1000 */
                                 "\0\0\0\0\0\0\x03\xe8"             /* maximum timestamp 1000 */
                                 "\xff\xff\xff\xff\xff\xff\xff\xff" /* producer id */
                                 "\xff\xff"                         /* producer epoch */
                                 "\xff\xff\xff\xff"                 /* base sequence */
                                 "\0\0\0\x02"                       /* records */
                                 /* 16 bytes follow: attributes, timestamp and offset delta 0, */
                                 "\x20\0\0\0"
                                 /* key, value, two headers of which the second is null. */
                                 "\x02k\x04vw\x04\x02h\x02x\x02n\x01"
                                 /* 6 bytes: timestamp delta -3, offset delta 1, no key, an empty
                                  * value, no headers. */
                                 "\x0c\0\x05\x02\x01\0\0";
    const struct record_header headers[] = {{STR("h"), STR("x"), false}, {STR("n"), {0}, true}};
    const struct record records[] = {
        {.timestamp_ms = 1000,
         .key = STR("k"),
         .value = STR("vw"),
         .headers = headers,
         .header_count = 2},
        {.timestamp_ms = 997, .value = STR("")},
    };
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(record_batch_add(&builder, &records[i]), OK);
    record_batch_finish(&builder);
    assert_int_equal(builder.buf.size, sizeof(layout) - 1);
    assert_memory_equal(builder.buf.data, layout, sizeof(layout) - 1);
    record_batch_builder_release(&builder);
}

#define RECORDS_MAX 200

static uint32_t random_records(struct random *random, struct record *records, struct arena *arena)
{
    const uint32_t count = 1 + (uint32_t)random_below(random, RECORDS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct record *record = &records[i];
        *record = (struct record){.timestamp_ms = random_int64(random)};
        if (random_below(random, 4) > 0)
            record->key = random_text(random, 100, arena);
        if (random_below(random, 4) > 0)
            record->value = random_text(random, 300, arena);
        record->header_count = (uint32_t)random_below(random, 4);
        struct record_header *headers =
            ARENA_ARRAY(arena, struct record_header, record->header_count);
        for (uint32_t j = 0; j < record->header_count; j++) {
            headers[j].name = random_text(random, 10, arena);
            headers[j].is_null = random_below(random, 2);
            if (!headers[j].is_null)
                headers[j].value = random_text(random, 10, arena);
        }
        record->headers = headers;
    }
    return count;
}

static void build(struct record_batch_builder *builder, const struct record *records,
                  uint32_t count)
{
    record_batch_builder_clear(builder);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(record_batch_add(builder, &records[i]), OK);
    record_batch_finish(builder);
}

static void assert_same_text(struct str a, struct str b)
{
    assert_int_equal(a.data == NULL, b.data == NULL);
    assert_true(str_equal(a, b));
}

static void assert_same_record(const struct record *a, const struct record *b)
{
    assert_true(a->timestamp_ms == b->timestamp_ms);
    assert_same_text(a->key, b->key);
    assert_same_text(a->value, b->value);
    assert_int_equal(a->header_count, b->header_count);
    for (uint32_t i = 0; i < a->header_count; i++) {
        assert_true(str_equal(a->headers[i].name, b->headers[i].name));
        assert_int_equal(a->headers[i].is_null, b->headers[i].is_null);
        assert_true(str_equal(a->headers[i].value, b->headers[i].value));
    }
}

static void random_batches_go_round(void **state)
{
    struct random random = random_begin("random_batches_go_round");
    struct arena arena;
    arena_init(&arena, 0);
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    static struct record records[RECORDS_MAX];
    static struct record got[RECORDS_MAX];
    for (int round = 0; round < 50; round++) {
        const uint32_t count = random_records(&random, records, &arena);
        const int64_t base = (int64_t)(random_next(&random) >> 2);
        build(&builder, records, count);
        record_batch_set_base_offset(builder.buf.data, base);
        const struct str batch = buf_str(&builder.buf);
        struct record_batch_info info;
        struct why why = {0};
        assert_int_equal(record_batch_check(batch, &info, &why), OK);
        assert_int_equal(info.base_offset, base);
        assert_int_equal(info.last_offset, base + count - 1);
        assert_int_equal(info.record_count, count);
        assert_int_equal(info.size, batch.size);
        assert_true(info.first_timestamp_ms == records[0].timestamp_ms);
        int64_t most = INT64_MIN;
        for (uint32_t i = 0; i < count; i++)
            most = records[i].timestamp_ms > most ? records[i].timestamp_ms : most;
        assert_true(info.max_timestamp_ms == most);

        const uint32_t skip = (uint32_t)random_below(&random, count + 1);
        uint32_t got_count = 0;
        assert_int_equal(record_batch_read(batch, base + skip, got, &got_count, &arena, &why), OK);
        assert_int_equal(got_count, count - skip);
        for (uint32_t i = 0; i < got_count; i++) {
            assert_int_equal(got[i].offset, base + skip + i);
            assert_same_record(&got[i], &records[skip + i]);
        }
        arena_clear(&arena);
    }
    struct buf taken = record_batch_take(&builder);
    assert_true(taken.size > RECORD_BATCH_OVERHEAD);
    assert_int_equal(builder.record_count, 0);
    buf_release(&taken);
    record_batch_builder_release(&builder);
    arena_release(&arena);
}

static void limits_are_kept(void **state)
{
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    char *bytes = test_calloc(1, RECORD_BYTES_MAX + 1);
    struct record record = {.value = {bytes, RECORD_BYTES_MAX + 1}};
    assert_int_equal(record_batch_add(&builder, &record), ERR_LIMIT);
    record.value.size = RECORD_BYTES_MAX;
    enum err err = OK;
    while ((err = record_batch_add(&builder, &record)) == OK)
        assert_true(builder.record_count <= RECORD_BATCH_BYTES_MAX / RECORD_BYTES_MAX);
    assert_int_equal(err, ERR_FULL);
    record_batch_finish(&builder);
    struct record_batch_info info;
    assert_int_equal(record_batch_check(buf_str(&builder.buf), &info, NULL), OK);
    record.value.size = 0;
    record.header_count = RECORD_HEADERS_MAX + 1;
    assert_int_equal(record_batch_add(&builder, &record), ERR_LIMIT);
    record_batch_builder_release(&builder);
    test_free(bytes);
}

/* A batch of three records of which one has headers. */
static struct buf small_batch(void)
{
    const struct record_header header = {STR("name"), STR("value"), false};
    const struct record records[] = {
        {.timestamp_ms = 5, .key = STR("key"), .value = STR("value")},
        {.timestamp_ms = 6, .key = STR("key"), .headers = &header, .header_count = 1},
        {.timestamp_ms = 7, .value = STR("value")}};
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    build(&builder, records, 3);
    return record_batch_take(&builder);
}

static void changed_bytes_are_found(void **state)
{
    struct buf batch = small_batch();
    struct record_batch_info info;
    for (size_t size = 0; size < batch.size; size++) {
        char *copy = test_malloc(size);
        memcpy(copy, batch.data, size);
        assert_int_equal(record_batch_check((struct str){copy, size}, &info, NULL), ERR_CORRUPT);
        test_free(copy);
    }
    /* Base offset and leader epoch lie outside the sum. */
    for (size_t at = 8; at < batch.size; at++) {
        if (at >= 12 && at < 16)
            continue;
        for (int bit = 0; bit < 8; bit++) {
            batch.data[at] ^= (char)(1 << bit);
            assert_int_not_equal(record_batch_check(buf_str(&batch), &info, NULL), OK);
            batch.data[at] ^= (char)(1 << bit);
        }
    }
    assert_int_equal(record_batch_check(buf_str(&batch), &info, NULL), OK);
    buf_append(&batch, "more", 4);
    assert_int_equal(record_batch_check(buf_str(&batch), &info, NULL), OK);
    assert_int_equal(info.size, batch.size - 4);
    buf_release(&batch);
}

/* Bytes that pass the sum and lie: read as something within bounds, or refused. */
static void lying_batches_are_survived(void **state)
{
    struct random random = random_begin("lying_batches_are_survived");
    struct buf batch = small_batch();
    struct arena arena;
    arena_init(&arena, 0);
    uint32_t refused = 0;
    for (int round = 0; round < 20000; round++) {
        const size_t size =
            RECORD_BATCH_OVERHEAD + random_below(&random, batch.size - RECORD_BATCH_OVERHEAD + 1);
        char *copy = test_malloc(size);
        memcpy(copy, batch.data, size);
        const uint32_t length = htobe32((uint32_t)size - 12);
        memcpy(copy + 8, &length, sizeof(length));
        for (uint64_t i = random_below(&random, 3); i < 3; i++)
            copy[21 + random_below(&random, size - 21)] = (char)random_next(&random);
        sum_again(copy, size);
        const struct str lying = {copy, size};
        struct record_batch_info info;
        struct why why = {0};
        enum err err = record_batch_check(lying, &info, &why);
        if (err == OK) {
            struct record *records = test_malloc(info.record_count * sizeof(*records) + 1);
            uint32_t count = 0;
            err = record_batch_read(lying, 0, records, &count, &arena, &why);
            for (uint32_t i = 0; err == OK && i < count; i++) {
                const struct str parts[] = {records[i].key, records[i].value};
                for (size_t j = 0; j < 2; j++)
                    if (parts[j].data)
                        assert_true(parts[j].data >= copy &&
                                    parts[j].data + parts[j].size <= copy + size);
            }
            test_free(records);
        }
        if (err != OK)
            assert_true(why.text[0] != 0);
        refused += err != OK;
        test_free(copy);
        arena_clear(&arena);
    }
    assert_true(refused > 1000);
    buf_release(&batch);
    arena_release(&arena);
}

static void foreign_batches_are_named(void **state)
{
    struct buf batch = small_batch();
    struct record_batch_info info;
    struct why why = {0};
    batch.data[22] = 4; /* zstd */
    sum_again(batch.data, batch.size);
    assert_int_equal(record_batch_check(buf_str(&batch), &info, &why), ERR_UNSUPPORTED);
    assert_non_null(strstr(why.text, "compressed"));
    batch.data[22] = 0x20;
    sum_again(batch.data, batch.size);
    assert_int_equal(record_batch_check(buf_str(&batch), &info, &why), ERR_UNSUPPORTED);
    assert_non_null(strstr(why.text, "control"));

    /* The log's append time takes the place of the records' own. */
    batch.data[22] = 0x08;
    sum_again(batch.data, batch.size);
    struct arena arena;
    arena_init(&arena, 0);
    struct record records[3];
    uint32_t count = 0;
    assert_int_equal(record_batch_read(buf_str(&batch), 0, records, &count, &arena, &why), OK);
    assert_int_equal(count, 3);
    assert_int_equal(records[0].timestamp_ms, 7);
    batch.data[16] = 1;
    assert_int_equal(record_batch_check(buf_str(&batch), &info, &why), ERR_CORRUPT);
    arena_release(&arena);
    buf_release(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_has_these_bytes),
        cmocka_unit_test(random_batches_go_round),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(changed_bytes_are_found),
        cmocka_unit_test(lying_batches_are_survived),
        cmocka_unit_test(foreign_batches_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
