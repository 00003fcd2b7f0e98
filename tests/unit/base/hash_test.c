/* hash_test.c -- hashes by known values, and variable-length integers. */
#include "unit.h"

#include "base/hash.h"
#include "base/random.h"
#include "base/varint.h"

#include <inttypes.h>

/* The values of Kafka's own UtilsTest. */
static void murmur2_is_javas(void **state)
{
    static const struct {
        const char *key;
        int32_t hash;
    } cases[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal((int32_t)murmur2(cases[i].key, strlen(cases[i].key)), cases[i].hash);
    /* toPositive clears the sign, it does not negate. */
    assert_int_equal(hash_partition("21", 2, 100), (-973932308 & 0x7fffffff) % 100);
    assert_int_equal(hash_partition("abc", 3, 6), 479470107 % 6);
    assert_int_equal(hash_partition("abc", 3, 1), 0);
    assert_int_equal(hash_partition(NULL, 0, 1), 0);
}

/* RFC 3720 B.4 and the usual check value. */
static void crc32c_is_castagnolis(void **state)
{
    uint8_t bytes[32] = {0};
    assert_int_equal(crc32c(0, NULL, 0), 0);
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(crc32c(0, bytes, 32), 0x8A9136AA);
    memset(bytes, 0xff, 32);
    assert_int_equal(crc32c(0, bytes, 32), 0x62A8AB43);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    assert_int_equal(crc32c(0, bytes, 32), 0x46DD794E);
    assert_int_equal(crc32c_by_table(0, bytes, 32), 0x46DD794E);
}

static void crc32c_by_instruction_and_table_agree(void **state)
{
    struct random random = {42};
    print_message("seed %" PRIu64 "\n", random.state);
    static uint8_t bytes[20000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)random_next(&random);
    for (int i = 0; i < 2000; i++) {
        const size_t begin = random_below(&random, 64);
        const size_t size = i < 500 ? (size_t)i : random_below(&random, sizeof(bytes) - 64);
        const uint32_t first = (uint32_t)random_next(&random);
        const uint32_t by_table = crc32c_by_table(first, bytes + begin, size);
        assert_int_equal(crc32c(first, bytes + begin, size), by_table);
        const size_t cut = random_below(&random, size + 1);
        const uint32_t part = crc32c(first, bytes + begin, cut);
        assert_int_equal(crc32c(part, bytes + begin + cut, size - cut), by_table);
    }
}

static void hash64_depends_on_bytes_and_seed(void **state)
{
    /* XXH3's published value of nothing. */
    assert_true(hash64("", 0) == 0x2D06800538D394C2u);
    assert_true(hash64("a", 1) != hash64("b", 1));
    assert_true(hash64("a", 1) == hash64_seeded("a", 1, 0));
    assert_true(hash64("a", 1) != hash64_seeded("a", 1, 1));
}

static void varints_go_there_and_back(void **state)
{
    struct random random = {7};
    print_message("seed %" PRIu64 "\n", random.state);
    for (int i = 0; i < 20000; i++) {
        int64_t value = (int64_t)(random_next(&random) >> random_below(&random, 64));
        if (random_below(&random, 2))
            value = -value;
        if (i < 2)
            value = i ? INT64_MAX : INT64_MIN;
        uint8_t bytes[VARINT_BYTES_MAX];
        const uint8_t *const end = varint_put(bytes, value);
        assert_int_equal(end - bytes, varint_size(value));
        int64_t back = 0;
        assert_ptr_equal(varint_get(bytes, end, &back), end);
        assert_true(back == value);
        for (const uint8_t *cut = bytes; cut < end; cut++)
            assert_null(varint_get(bytes, cut, &back));
        struct buf buf = {0};
        varint_append(&buf, value);
        assert_int_equal(buf.size, end - bytes);
        assert_memory_equal(buf.data, bytes, buf.size);
        buf_release(&buf);
    }
}

static void varints_that_are_none(void **state)
{
    int64_t value = 4711;
    const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    assert_null(varint_get(endless, endless + sizeof(endless), &value));
    const uint8_t beyond[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    assert_null(varint_get(beyond, beyond + sizeof(beyond), &value));
    const uint8_t eleven[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
    assert_null(varint_get(eleven, eleven + sizeof(eleven), &value));
    assert_int_equal(value, 4711);
    const uint8_t padded[] = {0x82, 0x00};
    assert_ptr_equal(varint_get(padded, padded + 2, &value), padded + 2);
    assert_int_equal(value, 1);
}

/* SplitMix64's published first numbers of seed 1234567. */
static void random_numbers_repeat(void **state)
{
    struct random random = {1234567};
    assert_true(random_next(&random) == 6457827717110365317u);
    assert_true(random_next(&random) == 3203168211198807973u);
    for (int i = 0; i < 1000; i++) {
        assert_true(random_below(&random, 3) < 3);
        const double unit = random_unit(&random);
        assert_true(unit >= 0 && unit < 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(murmur2_is_javas),
        cmocka_unit_test(crc32c_is_castagnolis),
        cmocka_unit_test(crc32c_by_instruction_and_table_agree),
        cmocka_unit_test(hash64_depends_on_bytes_and_seed),
        cmocka_unit_test(varints_go_there_and_back),
        cmocka_unit_test(varints_that_are_none),
        cmocka_unit_test(random_numbers_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
