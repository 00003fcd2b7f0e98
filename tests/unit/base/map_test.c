/* map_test.c -- the map against a plain array of the same keys. */
#include "unit.h"

#include "base/map.h"
#include "base/random.h"

#include <inttypes.h>

#define KEYS 500

static struct str key_of(size_t index, char *text)
{
    const int size = snprintf(text, 32, "key-%zu", index);
    return (struct str){text, (size_t)size};
}

static void the_empty_map_holds_nothing(void **state)
{
    struct map map = {0};
    size_t cursor = 0;
    assert_null(map_get(&map, STR("a")));
    assert_null(map_remove(&map, STR("a")));
    assert_null(map_next(&map, &cursor));
    map_release(&map);
}

static void keys_are_copied_and_compared_as_bytes(void **state)
{
    struct map map = {0};
    char key[] = "abc";
    int one = 1, two = 2;
    assert_null(map_set(&map, str_from(key), &one));
    key[0] = 'x';
    assert_ptr_equal(map_get(&map, STR("abc")), &one);
    assert_null(map_get(&map, STR("ABC")));
    assert_null(map_get(&map, STR("ab")));
    assert_null(map_get(&map, STR("abc\0")));
    assert_ptr_equal(map_set(&map, STR("abc"), &two), &one);
    assert_int_equal(map.count, 1);
    assert_null(map_set(&map, (struct str){0}, &one));
    assert_ptr_equal(map_get(&map, STR("")), &one);
    assert_ptr_equal(map_remove(&map, STR("")), &one);
    assert_null(map_get(&map, STR("")));
    map_release(&map);
    assert_int_equal(map.count, 0);
}

static void random_changes_agree_with_an_array(void **state)
{
    struct random random = {99};
    print_message("seed %" PRIu64 "\n", random.state);
    static int values[KEYS];
    void *expected[KEYS] = {0};
    struct map map = {0};
    char text[32];
    size_t count = 0;
    for (int i = 0; i < 100000; i++) {
        const size_t index = random_below(&random, KEYS);
        const struct str key = key_of(index, text);
        if (random_below(&random, 2)) {
            void *value = &values[random_below(&random, KEYS)];
            assert_ptr_equal(map_set(&map, key, value), expected[index]);
            count += !expected[index];
            expected[index] = value;
        } else {
            assert_ptr_equal(map_remove(&map, key), expected[index]);
            count -= expected[index] != NULL;
            expected[index] = NULL;
        }
        const size_t other = random_below(&random, KEYS);
        assert_ptr_equal(map_get(&map, key_of(other, text)), expected[other]);
        assert_int_equal(map.count, count);
    }
    size_t cursor = 0;
    size_t walked = 0;
    for (const struct map_entry *entry; (entry = map_next(&map, &cursor)); walked++)
        assert_ptr_equal(map_get(&map, entry->key), entry->value);
    assert_int_equal(walked, count);
    for (size_t i = 0; i < KEYS; i++)
        assert_ptr_equal(map_get(&map, key_of(i, text)), expected[i]);
    map_release(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_empty_map_holds_nothing),
        cmocka_unit_test(keys_are_copied_and_compared_as_bytes),
        cmocka_unit_test(random_changes_agree_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
