/* arena_test.c -- arenas and buffers. */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"

static void allocations_are_aligned_and_apart(void **state)
{
    struct arena arena;
    arena_init(&arena, 256);
    assert_non_null(arena_alloc(&arena, 0));
    unsigned char *pieces[100];
    for (size_t i = 0; i < 100; i++) {
        pieces[i] = arena_alloc(&arena, i);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < 100; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_equal(pieces[i][j], i);
    }
    arena_release(&arena);
    assert_int_equal(arena.bytes, 0);
}

static void a_large_piece_leaves_the_newest_block_in_use(void **state)
{
    struct arena arena;
    arena_init(&arena, 1024);
    char *first = arena_alloc(&arena, 16);
    char *large = arena_alloc(&arena, 100000);
    memset(large, 1, 100000);
    assert_ptr_equal(arena_alloc(&arena, 16), first + 16);
    assert_true(arena.bytes >= 101024);
    arena_release(&arena);
}

static void clear_keeps_one_block(void **state)
{
    struct arena arena;
    arena_init(&arena, 1024);
    arena_clear(&arena);
    assert_int_equal(arena.bytes, 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            memset(arena_alloc(&arena, 100), round, 100);
        arena_alloc(&arena, 5000);
        arena_clear(&arena);
        assert_in_range(arena.bytes, 1024, 1100);
    }
    const size_t bytes = arena.bytes;
    arena_alloc(&arena, 1000);
    assert_int_equal(arena.bytes, bytes);
    arena_release(&arena);
}

static void clear_after_an_oversized_first_piece(void **state)
{
    struct arena arena;
    arena_init(&arena, 1024);
    memset(arena_alloc(&arena, 50000), 1, 50000);
    memset(arena_alloc(&arena, 10), 1, 10);
    arena_clear(&arena);
    assert_true(arena.bytes < 2000);
    memset(arena_alloc(&arena, 10), 1, 10);
    arena_release(&arena);
}

static void text_is_copied_and_terminated(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    char source[] = "abc";
    const struct str copy = arena_str(&arena, (struct str){source, 2});
    source[0] = 'x';
    assert_string_equal(copy.data, "ab");
    assert_int_equal(copy.size, 2);
    const struct str empty = arena_str(&arena, (struct str){0});
    assert_int_equal(empty.size, 0);
    assert_string_equal(empty.data, "");
    assert_str(arena_printf(&arena, "%s-%d", "order", 7), "order-7");
    const struct str wide = arena_printf(&arena, "%20000d", 1);
    assert_int_equal(wide.size, 20000);
    assert_int_equal(wide.data[19999], '1');
    const int *zeros = ARENA_ARRAY(&arena, int, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(zeros[i], 0);
    assert_memory_equal(arena_copy(&arena, "\0\1\2", 3), "\0\1\2", 3);
    assert_non_null(arena_copy(&arena, NULL, 0));
    arena_release(&arena);
}

static void array_that_overflows(void)
{
    struct arena arena;
    arena_init(&arena, 0);
    arena_array(&arena, 16, SIZE_MAX / 8);
}

static void alloc_that_overflows(void)
{
    struct arena arena;
    arena_init(&arena, 0);
    arena_alloc(&arena, SIZE_MAX - 3);
}

static void sizes_that_overflow_abort(void **state)
{
    char text[4000];
    int status = stderr_of(array_that_overflows, text, sizeof(text));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "this must hold"));
    status = stderr_of(alloc_that_overflows, text, sizeof(text));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void buf_grows_and_keeps_what_it_has(void **state)
{
    struct buf buf = {0};
    buf_append(&buf, NULL, 0);
    assert_null(buf.data);
    for (int i = 0; i < 10000; i++)
        buf_append_byte(&buf, (uint8_t)i);
    assert_int_equal(buf.size, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal((uint8_t)buf.data[i], (uint8_t)i);
    buf_clear(&buf);
    buf_append_str(&buf, STR("abc"));
    buf_printf(&buf, "%d%%", 50);
    assert_str(buf_str(&buf), "abc50%");
    assert_string_equal(buf_text(&buf), "abc50%");
    assert_int_equal(buf.size, 6);
    buf_release(&buf);
    assert_null(buf.data);
    buf_init(&buf);
    assert_string_equal(buf_text(&buf), "");
    buf_release(&buf);
}

static void memory_of_no_size_is_memory(void **state)
{
    void *data = memory_alloc(0);
    assert_non_null(data);
    data = memory_realloc(data, 0);
    assert_non_null(data);
    free(data);
    char *text = memory_strdup("text");
    assert_string_equal(text, "text");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_and_apart),
        cmocka_unit_test(a_large_piece_leaves_the_newest_block_in_use),
        cmocka_unit_test(clear_keeps_one_block),
        cmocka_unit_test(clear_after_an_oversized_first_piece),
        cmocka_unit_test(text_is_copied_and_terminated),
        cmocka_unit_test(sizes_that_overflow_abort),
        cmocka_unit_test(buf_grows_and_keeps_what_it_has),
        cmocka_unit_test(memory_of_no_size_is_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
