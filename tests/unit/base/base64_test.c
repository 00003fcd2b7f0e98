/* base64_test.c -- bytes as text and back. */
#include "base/base64.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void decodes(const char *text, const char *wanted)
{
    uint8_t bytes[64];
    size_t size = 0;
    assert_int_equal(base64_decode(str_from(text), bytes, &size), OK);
    assert_int_equal(size, strlen(wanted));
    assert_memory_equal(bytes, wanted, size);
}

/* RFC 4648, section 10. */
static void vectors_of_the_rfc(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct buf buf = {0};
        base64_encode(str_from(pairs[i][0]), &buf);
        assert_string_equal(buf_text(&buf), pairs[i][1]);
        decodes(pairs[i][1], pairs[i][0]);
        buf_release(&buf);
    }
    decodes("Zg", "f");
    decodes("Zm8", "fo");
}

static void refuses_what_is_no_base64(void **state)
{
    static const char *const texts[] = {"Z",    "Z===",  "=",        "==",
                                        "Zg=",  "Zm9v=", "Zm9v====", "Zm 9v",
                                        "Zm9-", "Z=g=",  "Zm8==",    "\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        uint8_t bytes[64];
        size_t size = 7;
        assert_int_equal(base64_decode(str_from(texts[i]), bytes, &size), ERR_INVALID);
        assert_int_equal(size, 7);
    }
}

static void what_is_written_reads_back(void **state)
{
    struct random random = {.state = 20260101};
    print_message("seed %llu\n", (unsigned long long)random.state);
    for (int round = 0; round < 2000; round++) {
        char bytes[200];
        uint8_t back[300];
        const size_t size = random_below(&random, sizeof(bytes));
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)random_next(&random);
        struct buf buf = {0};
        base64_encode((struct str){bytes, size}, &buf);
        size_t back_size = 0;
        assert_int_equal(base64_decode(buf_str(&buf), back, &back_size), OK);
        assert_int_equal(back_size, size);
        assert_memory_equal(back, bytes, size);
        buf_release(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc),
        cmocka_unit_test(refuses_what_is_no_base64),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
