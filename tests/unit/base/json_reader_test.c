/* json_reader_test.c -- what is JSON, what is not, and where it stops being. */
#include "unit.h"

#include "base/json.h"
#include "base/random.h"

#include <inttypes.h>

/* The tokens of a text, a letter each; texts of names, strings and numbers in brackets. */
static const char *tokens(struct str input, struct buf *out)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct json_reader reader;
    json_reader_init(&reader, input, &arena);
    buf_clear(out);
    for (;;) {
        const enum json_token token = json_next(&reader);
        if (token == JSON_END)
            break;
        if (token == JSON_ERROR) {
            buf_printf(out, "!%zu", reader.error_offset);
            assert_int_equal(json_next(&reader), JSON_ERROR);
            break;
        }
        buf_append_byte(out, (uint8_t) ".!{}[]nsd+-0"[token]);
        if (token >= JSON_NAME && token <= JSON_NUMBER)
            buf_printf(out, "<%.*s>", STR_ARGS(reader.text));
    }
    arena_release(&arena);
    return buf_text(out);
}

static void texts_that_are_json(void **state)
{
    static const char *const cases[][2] = {
        {"null", "0"},
        {" \t\r\n true \n", "+"},
        {"false", "-"},
        {"{}", "{}"},
        {"[ ]", "[]"},
        {"[[],{}]", "[[]{}]"},
        {"{\"a\":1,\"b\":[true,null],\"c\":{\"d\":\"e\"}}", "{n<a>d<1>n<b>[+0]n<c>{n<d>s<e>}}"},
        {" { \"a\" : 1 , \"b\" : 2 } ", "{n<a>d<1>n<b>d<2>}"},
        {"-0", "d<-0>"},
        {"[0,-1,1.5,1e9,1E+9,-1.25e-9,123456789012345678901234567890]",
         "[d<0>d<-1>d<1.5>d<1e9>d<1E+9>d<-1.25e-9>d<123456789012345678901234567890>]"},
        {"\"\"", "s<>"},
        {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "s<a\"\\/\b\f\n\r\tz>"},
        {"\"\\u0041\\u00e9\\u20AC\\ud83c\\udf54\"", "s<A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8D\x94>"},
        {"\"\xC3\xA9\xF0\x9F\x8D\x94 and more text after it\x7f\"",
         "s<\xC3\xA9\xF0\x9F\x8D\x94 and more text after it\x7f>"},
        {"{\"\\u006eame\":1}", "{n<name>d<1>}"},
        {"{\"a\":1,\"a\":2}", "{n<a>d<1>n<a>d<2>}"},
        /* Halves of pairs are in the grammar, but not in UTF-8. */
        {"\"\\ud83c\"", "s<\xEF\xBF\xBD>"},
        {"\"\\udf54x\"", "s<\xEF\xBF\xBDx>"},
        {"\"\\ud83c\\ud83c\\udf54\"", "s<\xEF\xBF\xBD\xF0\x9F\x8D\x94>"},
        {"\"\\ud83c\\n\"", "s<\xEF\xBF\xBD\n>"},
    };
    struct buf out = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(tokens(str_from(cases[i][0]), &out), cases[i][1]);
    buf_release(&out);
}

static void texts_that_are_not(void **state)
{
    static const char *const cases[][2] = {
        {"", "!0"},
        {"  ", "!2"},
        {"nul", "!0"},
        {"nullx", "0!4"},
        {"True", "!0"},
        {"NaN", "!0"},
        {"1 2", "d<1>!2"},
        {"{} []", "{}!3"},
        {"[", "[!1"},
        {"[1", "[d<1>!2"},
        {"[1,]", "[d<1>!3"},
        {"[,1]", "[!1"},
        {"[1}", "[d<1>!2"},
        {"{]", "{!1"},
        {"]", "!0"},
        {"{\"a\"}", "{!4"},
        {"{\"a\":}", "{n<a>!5"},
        {"{\"a\":1,}", "{n<a>d<1>!7"},
        {"{\"a\" 1}", "{!5"},
        {"{a:1}", "{!1"},
        {"{1:1}", "{!1"},
        {"{\"a\":1 \"b\":2}", "{n<a>d<1>!7"},
        {"01", "!1"},
        {"-", "!1"},
        {"-a", "!1"},
        {"+1", "!0"},
        {".5", "!0"},
        {"1.", "!2"},
        {"1.e5", "!2"},
        {"1e", "!2"},
        {"1e+", "!3"},
        {"0x10", "d<0>!1"},
        {"'a'", "!0"},
        {"\"abc", "!4"},
        {"\"abc\\", "!5"},
        {"\"abc\\\"", "!6"},
        {"\"a\nb\"", "!2"},
        {"\"a\tb\"", "!2"},
        {"\"\\x41\"", "!1"},
        {"\"ab\\u12g4\"", "!3"},
        {"\"\\u123\"", "!1"},
        {"\"\\u\"", "!1"},
        {"\"\xff\"", "!1"},
        {"\"12345678901\xC3\"", "!12"},
        {"\"\xED\xA0\x80\"", "!1"},
        {"\"\xC0\xAF\"", "!1"},
        {"\xEF\xBB\xBF{}", "!0"},
        {"/**/1", "!0"},
        {"\v1", "!0"},
    };
    struct buf out = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(tokens(str_from(cases[i][0]), &out), cases[i][1]);
    assert_string_equal(tokens((struct str){0}, &out), "!0");
    assert_string_equal(tokens(STR("\"a\0b\""), &out), "!2");
    assert_string_equal(tokens(STR("1\0"), &out), "d<1>!1");
    buf_release(&out);
}

static void a_nul_that_is_escaped_is_text(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct json_reader reader;
    json_reader_init(&reader, STR("\"a\\u0000b\""), &arena);
    assert_int_equal(json_next(&reader), JSON_STRING);
    assert_str(reader.text, "a\0b");
    arena_release(&arena);
}

static void depth_is_bounded(void **state)
{
    struct buf input = {0};
    struct buf out = {0};
    for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        buf_clear(&input);
        for (int i = 0; i < depth; i++)
            buf_append_str(&input, i % 2 ? STR("{\"a\":") : STR("["));
        buf_append_byte(&input, '1');
        for (int i = depth - 1; i >= 0; i--)
            buf_append_byte(&input, i % 2 ? '}' : ']');
        const char *text = tokens(buf_str(&input), &out);
        assert_int_equal(strchr(text, '!') != NULL, depth > JSON_DEPTH_MAX);
    }
    buf_clear(&input);
    for (int i = 0; i < 1000000; i++)
        buf_append_byte(&input, '[');
    assert_non_null(strchr(tokens(buf_str(&input), &out), '!'));
    buf_release(&input);
    buf_release(&out);
}

static void skipping_returns_the_source(void **state)
{
    static const char *const values[] = {"1",
                                         "-1.5e3",
                                         "true",
                                         "null",
                                         "\"a\\u0041 b\"",
                                         "\"plain\"",
                                         "[ 1, [2] ,{\"x\":3}]",
                                         "{\"a\": {\"b\" :[]}}",
                                         "{}",
                                         "[]"};
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct json_reader reader;
        json_reader_init(&reader, arena_printf(&arena, "{\"v\" : %s , \"w\":7}", values[i]),
                         &arena);
        assert_int_equal(json_next(&reader), JSON_OBJECT_BEGIN);
        assert_int_equal(json_next(&reader), JSON_NAME);
        struct str source = {0};
        assert_int_equal(json_skip(&reader, json_next(&reader), &source), OK);
        assert_true(str_equal(source, str_from(values[i])));
        assert_int_equal(json_next(&reader), JSON_NAME);
        assert_str(reader.text, "w");
        assert_int_equal(json_skip(&reader, json_next(&reader), NULL), OK);
        assert_int_equal(json_next(&reader), JSON_OBJECT_END);
        assert_int_equal(json_next(&reader), JSON_END);
        assert_int_equal(json_next(&reader), JSON_END);
    }
    struct json_reader reader;
    struct str source = {0};
    json_reader_init(&reader, STR("[1,{\"a\":tru}]"), &arena);
    assert_int_equal(json_skip(&reader, json_next(&reader), &source), ERR_MALFORMED);
    assert_null(source.data);
    assert_int_equal(reader.error_offset, 8);
    json_reader_init(&reader, STR("x"), &arena);
    assert_int_equal(json_skip(&reader, json_next(&reader), &source), ERR_MALFORMED);
    arena_release(&arena);
}

/* A flipped byte anywhere makes tokens or an error inside the text, and never reads outside it,
 * which the sanitizer watches: the text lies in a block of exactly its size. */
static void damaged_texts_end(void **state)
{
    static const char text[] =
        "{\"order\":\"\\u00e9\\n\",\"items\":[1,2.5e3,{\"a\":null}],\"\xC3\xA9"
        "\":true,\"long enough for eight at a time\":false}";
    struct random random = {11};
    print_message("seed %" PRIu64 "\n", random.state);
    for (int i = 0; i < 20000; i++) {
        const size_t size = 1 + random_below(&random, sizeof(text) - 1);
        char *copy = malloc(size);
        memcpy(copy, text, size);
        copy[random_below(&random, size)] = (char)random_next(&random);
        struct arena arena;
        arena_init(&arena, 256);
        struct json_reader reader;
        json_reader_init(&reader, (struct str){copy, size}, &arena);
        enum json_token token;
        size_t count = 0;
        while ((token = json_next(&reader)) != JSON_END && token != JSON_ERROR)
            count++;
        assert_true(count <= size);
        if (token == JSON_ERROR)
            assert_true(reader.error_offset <= size);
        arena_release(&arena);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_are_json),           cmocka_unit_test(texts_that_are_not),
        cmocka_unit_test(a_nul_that_is_escaped_is_text), cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(skipping_returns_the_source),   cmocka_unit_test(damaged_texts_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
