/* hostile_test.c -- bodies made to hurt: every one is refused in its own way and in little memory.
 */
#include "avro_testing.h"

#include "base/clock.h"

#include <inttypes.h>
#include <math.h>

#define RECORD(fields) "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define LIST RECORD(FIELD("v", "\"int\"") "," FIELD("next", "[\"null\",\"R\"]"))

static const char rich_schema[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"s\",\"type\":\"string\"},{\"name\":\"l\",\"type\":\"long\"},{\"name\":\"i\","
    "\"type\":\"int\"},"
    "{\"name\":\"f\",\"type\":\"float\"},{\"name\":\"d\",\"type\":\"double\"},{\"name\":\"b\","
    "\"type\":\"boolean\"},"
    "{\"name\":\"y\",\"type\":\"bytes\"},{\"name\":\"u\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"x\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}},"
    "{\"name\":\"a\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"I\","
    "\"fields\":["
    "{\"name\":\"k\",\"type\":\"string\"},{\"name\":\"n\",\"type\":[\"int\",\"null\"]}]}}},"
    "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"long\"}},"
    "{\"name\":\"p\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":6,"
    "\"scale\":2}}]}";

static void put_rich(struct buf *body)
{
    put_text(body, "text that is longer than sixteen bytes, \xc3\xa4\xe2\x82\xac");
    varint_append(body, INT64_MIN);
    varint_append(body, INT32_MIN);
    buf_append(body, "\0\0\x80\x3f", 4);
    put_double(body, NAN);
    buf_append_byte(body, 1);
    put_text(body, "\xff");
    varint_append(body, 1);
    put_text(body, "u");
    buf_append(body, "xyz", 3);
    varint_append(body, 1);
    /* Two blocks, the first with its size. */
    varint_append(body, -2);
    varint_append(body, 8);
    put_text(body, "k");
    varint_append(body, 1);
    put_text(body, "k2");
    varint_append(body, 0);
    varint_append(body, 3);
    buf_append_byte(body, 0);
    varint_append(body, 1);
    put_text(body, "only");
    varint_append(body, 300);
    buf_append_byte(body, 0);
    buf_append(body, "\x04\x01\x00", 3);
}

/* Three programs for one body: all columns, none (all skipped by steps), one in the middle. */
enum { ALL, NONE, SOME, PROGRAMS };

static void open_program(struct bench *bench, const char *schema, int program)
{
    bench_init(bench, schema);
    if (program == ALL)
        bench_all_columns(bench);
    if (program == SOME)
        bench_column(bench, "u", &type_string);
    assert_int_equal(bench_decoder(bench, NULL, false), OK);
}

static void bodies_cut_anywhere_are_malformed(void **state)
{
    for (int program = 0; program < PROGRAMS; program++) {
        struct bench bench;
        struct buf body = {0};
        open_program(&bench, rich_schema, program);
        put_rich(&body);
        assert_int_equal(bench_decode(&bench, buf_str(&body), 0), OK);
        for (size_t size = 0; size < body.size; size++)
            assert_int_equal(bench_decode(&bench, (struct str){body.data, size}, 0), ERR_MALFORMED);
        buf_append_byte(&body, 0);
        assert_int_equal(bench_decode(&bench, buf_str(&body), 0), ERR_MALFORMED);
        buf_release(&body);
        bench_release(&bench);
    }
}

/* Flips bits and overwrites bytes of a good body; whatever happens, it happens within bounds. */
static void random_damage_is_survived(void **state)
{
    struct random random = {.state = (uint64_t)clock_monotonic_ns()};
    print_message("seed %" PRIu64 "\n", random.state);
    for (int program = 0; program < PROGRAMS; program++) {
        struct bench bench;
        struct buf body = {0};
        open_program(&bench, rich_schema, program);
        for (int i = 0; i < 3000; i++) {
            buf_clear(&body);
            put_rich(&body);
            for (uint64_t j = 0; j <= random_below(&random, 3); j++)
                body.data[random_below(&random, body.size)] ^= (char)random_next(&random);
            body.size -= random_below(&random, 8) == 0 ? random_below(&random, body.size) : 0;
            char *copy = malloc(body.size);
            memcpy(copy, body.data, body.size);
            const enum err err = avro_decode(bench.decoder, (struct str){copy, body.size},
                                             bench.columns, 0, &bench.arena);
            assert_true(err == OK || err == ERR_MALFORMED || err == ERR_LIMIT);
            free(copy);
        }
        buf_release(&body);
        bench_release(&bench);
    }
}

/* One field of a type, decoded into its column and skipped: both must say the same. */
static void expect(const char *field_type, const void *bytes, size_t size, enum err wanted)
{
    struct buf schema = {0};
    buf_printf(&schema,
               "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
               "{\"name\":\"a\",\"type\":%s}]}",
               field_type);
    for (int program = ALL; program <= NONE; program++) {
        struct bench bench;
        open_program(&bench, buf_text(&schema), program);
        const enum err err = bench_decode(&bench, (struct str){bytes, size}, 0);
        if (err != wanted)
            fail_msg("%s, program %d: %s instead of %s", field_type, program, err_name(err),
                     err_name(wanted));
        bench_release(&bench);
    }
    buf_release(&schema);
}

static void expect_body(const char *field_type, const struct buf *body, enum err wanted)
{
    expect(field_type, body->data, body->size, wanted);
}

#define ARRAY_OF(type) "{\"type\":\"array\",\"items\":" type "}"
#define MAP_OF(type) "{\"type\":\"map\",\"values\":" type "}"

static void numbers(void **state)
{
    expect("\"long\"", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10, OK);
    expect("\"long\"", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 10, ERR_MALFORMED);
    expect("\"long\"", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, ERR_MALFORMED);
    expect("\"long\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, ERR_MALFORMED);
    expect("\"int\"", "\xff\xff\xff\xff\x0f", 5, OK);
    expect("\"int\"", "\x80\x80\x80\x80\x10", 5, ERR_MALFORMED);
    expect("\"boolean\"", "\x02", 1, ERR_MALFORMED);
    expect("\"double\"", "\0\0\0\0\0\0\xf8\x7f", 8, OK);
    expect("\"double\"", "\0\0\0\0\0\0\xf0\xff", 8, OK);
    expect("\"float\"", "\0\0\xc0\x7f", 4, OK);
}

/* Every length of number, alone at the end of the body and with bytes behind it. */
static void numbers_of_every_length(void **state)
{
    struct bench bench;
    bench_init(&bench, RECORD(FIELD("a", "\"long\"") "," FIELD("b", "\"bytes\"")));
    bench_all_columns(&bench);
    assert_int_equal(bench_decoder(&bench, NULL, false), OK);
    for (int bits = 0; bits < 64; bits++) {
        const int64_t values[] = {(int64_t)(1ull << bits), (int64_t)(0 - (1ull << bits)),
                                  (int64_t)((1ull << bits) - 1)};
        for (int i = 0; i < 6; i++) {
            struct buf body = {0};
            varint_append(&body, values[i / 2]);
            put_text(&body, i % 2 ? "sixteen bytes ff" : "");
            assert_int_equal(bench_decode(&bench, buf_str(&body), 0), OK);
            assert_true(bench.columns[0].bigints[0] == values[i / 2]);
            buf_release(&body);
        }
    }
    bench_release(&bench);
}

static void lengths(void **state)
{
    struct buf body = {0};
    varint_append(&body, -1);
    expect_body("\"string\"", &body, ERR_MALFORMED);
    expect_body("\"bytes\"", &body, ERR_MALFORMED);
    buf_clear(&body);
    varint_append(&body, (int64_t)1 << 40);
    expect_body("\"string\"", &body, ERR_MALFORMED);
    expect_body("\"bytes\"", &body, ERR_MALFORMED);
    buf_clear(&body);
    varint_append(&body, INT64_MAX);
    expect_body("\"string\"", &body, ERR_MALFORMED);
    buf_release(&body);
}

static void text_must_be_utf8(void **state)
{
    static const char *const bad[] = {"\xff",     "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe2\x82", "a\x80"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        /* At every place of texts short and long, with and without something behind them. */
        for (size_t before = 0; before < 40; before += 13) {
            for (size_t after = 0; after < 20; after += 19) {
                struct buf text = {0}, body = {0};
                for (size_t j = 0; j < before; j++)
                    buf_append_byte(&text, 'a');
                buf_append(&text, bad[i], strlen(bad[i]));
                for (size_t j = 0; j < after; j++)
                    buf_append_byte(&text, 'z');
                put_text(&body, buf_text(&text));
                expect_body("\"string\"", &body, ERR_MALFORMED);
                buf_release(&text);
                buf_release(&body);
            }
        }
    }
    expect("\"string\"", "\x06\xe2\x82\xac", 4, OK);
    expect("\"bytes\"", "\x02\xff", 2, OK);
    expect(MAP_OF("\"int\""), "\x02\x02\xff\x02\x00", 5, ERR_MALFORMED);
}

/* Text of every size up to 40 with one bad byte at every place, in one program. */
static void one_bad_byte_anywhere_is_seen(void **state)
{
    struct bench bench;
    bench_init(&bench, RECORD(FIELD("a", "\"string\"") "," FIELD("b", "\"bytes\"")));
    bench_all_columns(&bench);
    assert_int_equal(bench_decoder(&bench, NULL, false), OK);
    for (int tail = 0; tail < 2; tail++) {
        for (size_t size = 0; size <= 40; size++) {
            for (size_t place = 0; place <= size; place++) {
                struct buf body = {0};
                varint_append(&body, (int64_t)size);
                for (size_t i = 0; i < size; i++)
                    buf_append_byte(&body, i == place ? 0x80 : 'a');
                put_text(&body, tail ? "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" : "");
                assert_int_equal(bench_decode(&bench, buf_str(&body), 0),
                                 place < size ? ERR_MALFORMED : OK);
                buf_release(&body);
            }
        }
    }
    bench_release(&bench);
}

static void indexes(void **state)
{
    const char *letters = "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}";
    expect(letters, "\x02", 1, OK);
    expect(letters, "\x04", 1, ERR_MALFORMED);
    expect(letters, "\x01", 1, ERR_MALFORMED);
    expect("[\"null\",\"int\"]", "\x04\x02", 2, ERR_MALFORMED);
    expect("[\"null\",\"int\"]", "\x01", 1, ERR_MALFORMED);
    expect("[\"null\",\"int\",\"string\"]", "\x06\x02", 2, ERR_MALFORMED);
}

static void blocks(void **state)
{
    const char *ints = ARRAY_OF("\"int\"");
    expect(ints, "\x04\x02\x04\x00", 4, OK);
    expect(ints, "\x03\x04\x02\x04\x00", 5, OK);            /* -2 items in 2 bytes */
    expect(ints, "\x03\x02\x02\x04\x00", 5, ERR_MALFORMED); /* ... in 1 byte */
    expect(ints, "\x03\x06\x02\x04\x00", 5, ERR_MALFORMED); /* ... in 3 bytes */
    expect(ints, "\x03\x05\x02\x04\x00", 5, ERR_MALFORMED); /* ... in -3 bytes */
    expect(ints, "\x03\x7e\x02\x04\x00", 5, ERR_MALFORMED); /* ... in 63 bytes */
    struct buf body = {0};
    varint_append(&body, INT64_MIN);
    buf_append(&body, "\x02\x02\x00", 3);
    expect_body(ints, &body, ERR_MALFORMED);
    buf_clear(&body);
    varint_append(&body, 1000000000);
    buf_append(&body, "\x02\x02\x00", 3);
    expect_body(ints, &body, ERR_MALFORMED);
    expect_body(MAP_OF("\"null\""), &body, ERR_MALFORMED);
    buf_release(&body);
}

static void values_without_bytes_are_counted(void **state)
{
    struct buf body = {0};
    varint_append(&body, 1000000000);
    buf_append_byte(&body, 0);
    expect_body(ARRAY_OF("\"null\""), &body, ERR_LIMIT);
    expect_body(ARRAY_OF("{\"type\":\"record\",\"name\":\"Z\",\"fields\":[]}"), &body, ERR_LIMIT);
    expect_body(ARRAY_OF("{\"type\":\"fixed\",\"name\":\"Z\",\"size\":0}"), &body, ERR_LIMIT);
    buf_clear(&body);
    varint_append(&body, AVRO_ZERO_WIDTH_ITEMS_MAX);
    buf_append_byte(&body, 0);
    expect_body(ARRAY_OF("\"null\""), &body, OK);
    /* Two blocks that are too much together. */
    body.size--;
    varint_append(&body, 1);
    buf_append_byte(&body, 0);
    expect_body(ARRAY_OF("\"null\""), &body, ERR_LIMIT);
    buf_release(&body);
}

/* Records without bytes that hold each other, 2^40 of them in a body of none. */
static void records_without_bytes_end(void **state)
{
    struct buf text = {0};
    for (int i = 0; i < 40; i++)
        buf_printf(
            &text,
            "{\"type\":\"record\",\"name\":\"Z%d\",\"fields\":[{\"name\":\"a\",\"type\":", i);
    buf_append_str(&text, STR("\"null\""));
    for (int i = 39; i >= 0; i--) {
        buf_append_byte(&text, '}');
        if (i < 39)
            buf_printf(&text, ",{\"name\":\"b\",\"type\":\"Z%d\"}", i + 1);
        buf_append_str(&text, STR("]}"));
    }
    expect(buf_text(&text), "", 0, ERR_LIMIT);
    buf_release(&text);
}

static void depth_is_bounded(void **state)
{
    struct buf body = {0};
    for (int i = 0; i < 500000; i++)
        buf_append(&body, "\x02\x02", 2);
    buf_append(&body, "\x02\x00", 2);
    for (int program = NONE; program <= SOME; program++) {
        struct bench bench;
        bench_init(&bench, LIST);
        if (program == SOME)
            bench_column(&bench, "v", &type_integer);
        assert_int_equal(bench_decoder(&bench, NULL, false), OK);
        assert_int_equal(bench_decode(&bench, buf_str(&body), 0), ERR_LIMIT);
        /* Twenty of them are fine. */
        assert_int_equal(bench_decode(&bench, (struct str){body.data + body.size - 40, 40}, 0), OK);
        bench_release(&bench);
    }
    buf_release(&body);
}

/* Types that hold themselves are read as far as the target goes; deeper is skipped. */
static void recursive_writers_are_read_as_far_as_wanted(void **state)
{
    struct bench bench;
    bench_init(&bench, LIST);
    const struct type_field inner[] = {{STR("v"), &type_integer}};
    const struct type *node = type_struct(&bench.arena, inner, 1);
    bench_column(&bench, "v", &type_integer);
    struct column *next = bench_column(&bench, "next", node);
    assert_int_equal(bench_decoder(&bench, NULL, false), OK);
    assert_int_equal(bench_decode(&bench, (struct str){"\x02\x02\x04\x02\x06\x00", 6}, 0), OK);
    assert_int_equal(next->children[0].integers[0], 2);
    assert_int_equal(bench_decode(&bench, (struct str){"\x02\x00", 2}, 0), OK);
    assert_int_equal(next->nulls[0], 1);
    bench_release(&bench);
}

/* A list of records, each link two levels deep: there is one length up to which all are read. */
static void depth_ends_at_64(void **state)
{
    struct bench bench;
    struct buf body = {0};
    open_program(&bench, LIST, NONE);
    int deepest = 0;
    for (int links = 0; links < 100; links++) {
        buf_clear(&body);
        for (int i = 0; i < links; i++)
            buf_append(&body, "\x02\x02", 2);
        buf_append(&body, "\x02\x00", 2);
        const enum err err = bench_decode(&bench, buf_str(&body), 0);
        assert_true(err == OK || err == ERR_LIMIT);
        assert_true(err == OK || links > deepest);
        if (err == OK) {
            assert_int_equal(deepest, links == 0 ? 0 : links - 1); /* none was refused before */
            deepest = links;
        }
    }
    /* What a program skips in a straight line, at most 8 levels, is not counted. */
    assert_true(2 * (deepest + 1) >= AVRO_DEPTH_MAX);
    assert_true(2 * deepest <= AVRO_DEPTH_MAX + 8);
    buf_release(&body);
    bench_release(&bench);
}

static void large_bodies_are_refused(void **state)
{
    struct buf body = {0};
    varint_append(&body, AVRO_MESSAGE_BYTES_MAX);
    memset(buf_reserve(&body, AVRO_MESSAGE_BYTES_MAX), 'a', AVRO_MESSAGE_BYTES_MAX);
    body.size += AVRO_MESSAGE_BYTES_MAX;
    expect_body("\"string\"", &body, ERR_LIMIT);
    buf_release(&body);
}

/* A body may not make the arena take more than four times its size and a megabyte. */
static void memory_is_bounded(void **state)
{
    static const char *const items[] = {"\"string\"", "\"boolean\"", ARRAY_OF("\"string\""),
                                        "{\"type\":\"record\",\"name\":\"I\",\"fields\":["
                                        "{\"name\":\"s\",\"type\":\"string\"},"
                                        "{\"name\":\"t\",\"type\":[\"null\",\"string\"]},"
                                        "{\"name\":\"a\",\"type\":{\"type\":\"array\","
                                        "\"items\":\"string\"}}]}",
                                        "{\"type\":\"map\",\"values\":\"boolean\"}"};
    const size_t sizes[] = {1000, 100000, 1000000};
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        struct buf schema = {0};
        buf_printf(&schema,
                   "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\","
                   "\"type\":{\"type\":\"array\",\"items\":%s}}]}",
                   items[i]);
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            struct bench bench;
            struct buf body = {0};
            open_program(&bench, buf_text(&schema), ALL);
            /* Items of nothing but zeros, as many as there is room for. */
            const int64_t width = i == 3 ? 3 : 1;
            varint_append(&body, (int64_t)sizes[j] / width);
            memset(buf_reserve(&body, sizes[j]), 0, sizes[j]);
            body.size += sizes[j] / (size_t)width * (size_t)width;
            buf_append_byte(&body, 0);
            struct arena arena;
            arena_init(&arena, 0);
            const enum err err =
                avro_decode(bench.decoder, buf_str(&body), bench.columns, 0, &arena);
            assert_true(err == OK || err == ERR_LIMIT);
            assert_true(arena.bytes <= 4 * body.size + (1 << 20) + (1 << 16));
            arena_release(&arena);
            buf_release(&body);
            bench_release(&bench);
        }
        buf_release(&schema);
    }
}

/* Nothing above may take long: the worst body of each kind, timed by the processor's clock. */
static void a_bad_body_costs_little(void **state)
{
    struct bench bench;
    struct buf body = {0};
    open_program(&bench, rich_schema, ALL);
    put_rich(&body);
    const int64_t start_ns = clock_cpu_ns();
    for (size_t size = 0; size < body.size; size++)
        assert_int_equal(avro_decode(bench.decoder, (struct str){body.data, size}, bench.columns, 0,
                                     &bench.arena),
                         ERR_MALFORMED);
    assert_true((clock_cpu_ns() - start_ns) / (int64_t)body.size < 1000000);
    buf_release(&body);
    bench_release(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_cut_anywhere_are_malformed),
        cmocka_unit_test(random_damage_is_survived),
        cmocka_unit_test(numbers),
        cmocka_unit_test(numbers_of_every_length),
        cmocka_unit_test(lengths),
        cmocka_unit_test(text_must_be_utf8),
        cmocka_unit_test(one_bad_byte_anywhere_is_seen),
        cmocka_unit_test(indexes),
        cmocka_unit_test(blocks),
        cmocka_unit_test(values_without_bytes_are_counted),
        cmocka_unit_test(records_without_bytes_end),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(depth_ends_at_64),
        cmocka_unit_test(recursive_writers_are_read_as_far_as_wanted),
        cmocka_unit_test(large_bodies_are_refused),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(a_bad_body_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
