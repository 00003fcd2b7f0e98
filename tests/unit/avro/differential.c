/* differential.c -- libavro's bytes for random values of random schemas, read and written by ours.
 *
 * What libavro writes must decode to what it says it wrote, must skip, and must encode to the same
 * bytes again; and read by another schema it must be what libavro makes of it (which knows neither
 * defaults nor aliases: resolve_test.c has those). DRIVETHRU_SEED repeats a run. Without libavro
 * the test is skipped (exit 77). */
#include "avro_testing.h"
#include "oracle.h"

#include "base/clock.h"

#include <inttypes.h>

#define SCHEMAS 150
#define VALUES 4
#define SKIPPED 77

static uint64_t seed;

#ifndef HAVE_AVRO_C
bool oracle_make(const char *schema, uint64_t value_seed, char **ret_body, size_t *ret_size,
                 char **ret_words)
{
    return false;
}

bool oracle_resolve(const char *writer, const char *reader, const char *body, size_t size,
                    char **ret_words)
{
    return false;
}
#endif

/* Appends a random type; every named one gets a number of its own. */
static void make_type(struct buf *schema, struct random *random, int depth, int *names)
{
    static const char *const plain[] = {"boolean", "int",    "long",  "float",
                                        "double",  "string", "bytes", "string"};
    static const char *const logical[] = {
        "{\"type\":\"int\",\"logicalType\":\"date\"}",
        "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}",
        "{\"type\":\"string\",\"logicalType\":\"uuid\"}"};
    if (random_below(random, 10) == 0) {
        buf_append_str(schema, str_from(logical[random_below(random, 3)]));
        return;
    }
    const uint64_t kind = random_below(random, depth < 4 ? 15 : 9);
    if (kind < 8) {
        buf_printf(schema, "\"%s\"", plain[kind]);
    } else if (kind == 8) {
        buf_printf(schema, "{\"type\":\"fixed\",\"name\":\"N%d\",\"size\":%d}", (*names)++,
                   1 + (int)random_below(random, 40));
    } else if (kind == 9) {
        buf_printf(schema, "{\"type\":\"enum\",\"name\":\"N%d\",\"symbols\":[\"A\",\"BC\",\"D\"]}",
                   (*names)++);
    } else if (kind < 12) {
        buf_printf(schema,
                   kind == 10 ? "{\"type\":\"array\",\"items\":" : "{\"type\":\"map\",\"values\":");
        make_type(schema, random, depth + 1, names);
        buf_append_byte(schema, '}');
    } else if (kind == 12) {
        buf_printf(schema, "{\"type\":\"record\",\"name\":\"N%d\",\"fields\":[", (*names)++);
        const uint64_t count = 1 + random_below(random, 4);
        for (uint64_t i = 0; i < count; i++) {
            buf_printf(schema, "%s{\"name\":\"f%d\",\"type\":", i ? "," : "", (int)i);
            make_type(schema, random, depth + 1, names);
            buf_append_byte(schema, '}');
        }
        buf_append_str(schema, STR("]}"));
    } else {
        /* A union holds no union: take from the plain kinds and below them lists of anything. */
        const bool null_first = kind == 13;
        buf_append_str(schema, null_first ? STR("[\"null\",") : STR("["));
        if (random_below(random, 2)) {
            buf_append_str(schema, STR("{\"type\":\"array\",\"items\":"));
            make_type(schema, random, depth + 1, names);
            buf_append_byte(schema, '}');
        } else {
            buf_printf(schema, "\"%s\"", plain[random_below(random, 8)]);
        }
        buf_append_str(schema, null_first ? STR("]") : STR(",\"null\"]"));
    }
}

/* The same type twice: as it is written, and as a reader may want it (promoted, its fields in
 * another order or left out, its union the other way round or where there was none). */
static void make_pair(struct buf *writer, struct buf *reader, struct random *random, int depth,
                      int *names);

static void append_both(struct buf *writer, struct buf *reader, const char *text)
{
    buf_append_str(writer, str_from(text));
    buf_append_str(reader, str_from(text));
}

static void make_record_pair(struct buf *writer, struct buf *reader, struct random *random,
                             int depth, int *names, const char *name)
{
    struct buf fields[4] = {0};
    const uint64_t count = 1 + random_below(random, 4);
    const uint64_t first = random_below(random, count);
    const uint64_t kept = 1 + random_below(random, count);
    for (int i = 0; i < 2; i++)
        buf_printf(i ? reader : writer, "{\"type\":\"record\",\"name\":\"%s\",\"fields\":[", name);
    for (uint64_t i = 0; i < count; i++) {
        struct buf wanted = {0};
        buf_printf(writer, "%s{\"name\":\"f%d\",\"type\":", i ? "," : "", (int)i);
        make_pair(writer, &wanted, random, depth + 1, names);
        buf_append_byte(writer, '}');
        buf_printf(&fields[i], "{\"name\":\"f%d\",\"type\":%s}", (int)i, buf_text(&wanted));
        buf_release(&wanted);
    }
    for (uint64_t i = 0; i < kept; i++) {
        if (i > 0)
            buf_append_byte(reader, ',');
        buf_append_str(reader, buf_str(&fields[(first + i) % count]));
    }
    for (uint64_t i = 0; i < count; i++)
        buf_release(&fields[i]);
    append_both(writer, reader, "]}");
}

/* A plain type and one it may be promoted to. */
static void make_plain_pair(struct buf *writer, struct buf *reader, struct random *random)
{
    static const char *const ladder[] = {"int", "long", "float", "double"};
    static const char *const others[] = {"boolean", "string", "bytes"};
    if (random_below(random, 3) == 0) {
        const char *type = others[random_below(random, 3)];
        buf_printf(writer, "\"%s\"", type);
        buf_printf(reader, "\"%s\"", type);
        return;
    }
    const uint64_t from = random_below(random, 4);
    buf_printf(writer, "\"%s\"", ladder[from]);
    buf_printf(reader, "\"%s\"", ladder[from + random_below(random, 4 - from)]);
}

static void make_pair(struct buf *writer, struct buf *reader, struct random *random, int depth,
                      int *names)
{
    char name[16];
    struct buf written = {0};
    struct buf wanted = {0};
    const uint64_t kind = random_below(random, depth < 4 ? 8 : 3);
    switch (kind) {
    case 3:
    case 4:
        append_both(writer, reader,
                    kind == 3 ? "{\"type\":\"array\",\"items\":" : "{\"type\":\"map\",\"values\":");
        make_pair(writer, reader, random, depth + 1, names);
        append_both(writer, reader, "}");
        return;
    case 5:
        snprintf(name, sizeof(name), "N%d", (*names)++);
        make_record_pair(writer, reader, random, depth, names, name);
        return;
    case 6: /* optional in both */
        make_plain_pair(&written, &wanted, random);
        buf_printf(writer, random_below(random, 2) ? "[\"null\",%s]" : "[%s,\"null\"]",
                   buf_text(&written));
        buf_printf(reader, random_below(random, 2) ? "[\"null\",%s]" : "[%s,\"null\"]",
                   buf_text(&wanted));
        break;
    case 7: /* optional for the reader only */
        make_plain_pair(&written, &wanted, random);
        buf_append_str(writer, buf_str(&written));
        buf_printf(reader, "[\"null\",%s]", buf_text(&wanted));
        break;
    default:
        make_plain_pair(writer, reader, random);
    }
    buf_release(&written);
    buf_release(&wanted);
}

static void make_schema(struct buf *schema, struct random *random)
{
    int names = 0;
    buf_append_str(schema, STR("{\"type\":\"record\",\"name\":\"Top\",\"fields\":["));
    const uint64_t count = 1 + random_below(random, 8);
    for (uint64_t i = 0; i < count; i++) {
        buf_printf(schema, "%s{\"name\":\"c%d\",\"type\":", i ? "," : "", (int)i);
        make_type(schema, random, 0, &names);
        buf_append_byte(schema, '}');
    }
    buf_append_str(schema, STR("]}"));
}

static void describe_list(const struct type *type, const struct value *value, struct buf *words);

/* In the oracle's words. */
static void describe(const struct type *type, const struct value *value, struct buf *words)
{
    if (value->is_null) {
        buf_append_byte(words, 'N');
        return;
    }
    switch (type->kind) {
    case TYPE_BOOLEAN:
        buf_append_byte(words, value->boolean ? 'T' : 'F');
        return;
    case TYPE_DATE:
    case TYPE_INTEGER:
        buf_printf(words, "%" PRId32, value->integer);
        return;
    case TYPE_TIMESTAMP:
    case TYPE_BIGINT:
        buf_printf(words, "%" PRId64, value->bigint);
        return;
    case TYPE_DOUBLE:
        buf_printf(words, "%a", value->number);
        return;
    case TYPE_STRING:
    case TYPE_BYTES:
        buf_append_byte(words, 'x');
        for (size_t i = 0; i < value->text.size; i++)
            buf_printf(words, "%02x", (uint8_t)value->text.data[i]);
        return;
    default:
        describe_list(type, value, words);
    }
}

static void describe_list(const struct type *type, const struct value *value, struct buf *words)
{
    const bool map = type->kind == TYPE_MAP, array = type->kind == TYPE_ARRAY;
    buf_append_byte(words, map ? '{' : array ? '[' : '(');
    for (uint32_t i = 0; i < value->list.count; i++) {
        if (i > 0)
            buf_append_byte(words, ',');
        if (map) {
            describe(type->key, &value->list.items[2 * i], words);
            buf_append_byte(words, '=');
        }
        const struct type *item = map || array ? type->item : type->fields[i].type;
        describe(item, &value->list.items[map ? 2 * i + 1 : i], words);
    }
    buf_append_byte(words, map ? '}' : array ? ']' : ')');
}

static void describe_row(struct bench *bench, uint32_t row, struct buf *words)
{
    buf_append_byte(words, '(');
    for (uint32_t i = 0; i < bench->count; i++) {
        const struct value value = column_get(&bench->columns[i], row, &bench->arena);
        if (i > 0)
            buf_append_byte(words, ',');
        describe(bench->columns[i].type, &value, words);
    }
    buf_append_byte(words, ')');
}

static void compare_value(struct bench *bench, const struct bench *skipper, const char *schema,
                          uint64_t value_seed, uint32_t row)
{
    char *body, *words;
    size_t size;
    struct buf found = {0}, again = {0};
    assert_true(oracle_make(schema, value_seed, &body, &size, &words));
    const struct str bytes = {body, size};
    assert_int_equal(avro_decode(bench->decoder, bytes, bench->columns, row, &bench->arena), OK);
    describe_row(bench, row, &found);
    assert_string_equal(buf_text(&found), words);
    assert_int_equal(avro_encode(bench->encoder, bench->columns, row, &again), OK);
    assert_true(str_equal(buf_str(&again), bytes));
    assert_int_equal(avro_decode(skipper->decoder, bytes, NULL, 0, &bench->arena), OK);
    if (size > 0)
        assert_int_equal(
            avro_decode(skipper->decoder, (struct str){body, size - 1}, NULL, 0, &bench->arena),
            ERR_MALFORMED);
    buf_release(&found);
    buf_release(&again);
    free(body);
    free(words);
}

static void libavro_writes_what_we_read_and_write(void **state)
{
    struct random random = {.state = seed};
    print_message("seed %" PRIu64 " (DRIVETHRU_SEED)\n", seed);
    for (int i = 0; i < SCHEMAS; i++) {
        struct buf text = {0};
        struct bench bench, skipper;
        make_schema(&text, &random);
        bench_init(&bench, buf_text(&text));
        bench_init(&skipper, buf_text(&text));
        bench_all_columns(&bench);
        assert_int_equal(bench_decoder(&bench, NULL, false), OK);
        assert_int_equal(bench_decoder(&skipper, NULL, false), OK);
        assert_int_equal(bench_encoder(&bench, false), OK);
        for (uint32_t j = 0; j < VALUES; j++)
            compare_value(&bench, &skipper, buf_text(&text), random_next(&random), j % ROWS);
        bench_release(&bench);
        bench_release(&skipper);
        buf_release(&text);
    }
}

static void compare_resolved(struct bench *bench, const char *writer, const char *reader,
                             uint64_t value_seed)
{
    char *body, *words, *wanted = NULL;
    size_t size;
    struct buf found = {0};
    assert_true(oracle_make(writer, value_seed, &body, &size, &words));
    assert_true(oracle_resolve(writer, reader, body, size, &wanted));
    assert_int_equal(
        avro_decode(bench->decoder, (struct str){body, size}, bench->columns, 0, &bench->arena),
        OK);
    describe_row(bench, 0, &found);
    if (strcmp(buf_text(&found), wanted) != 0)
        fail_msg("%s\nread by %s\nis %s\nnot %s", writer, reader, wanted, buf_text(&found));
    buf_release(&found);
    free(body);
    free(words);
    free(wanted);
}

static void libavro_resolves_as_we_do(void **state)
{
    struct random random = {.state = seed + 1};
    print_message("seed %" PRIu64 " (DRIVETHRU_SEED)\n", seed);
    for (int i = 0; i < SCHEMAS; i++) {
        struct buf writer = {0}, reader = {0};
        struct bench bench;
        int names = 0;
        make_record_pair(&writer, &reader, &random, 0, &names, "Top");
        struct avro_schema *written = schema_of(buf_text(&writer));
        bench_init(&bench, buf_text(&reader));
        bench_all_columns(&bench);
        assert_int_equal(avro_can_read(bench.schema, written, NULL), OK);
        assert_int_equal(avro_decoder_new(&bench.arena, written, bench.schema, bench.targets,
                                          bench.count, false, &bench.decoder, &bench.why),
                         OK);
        for (uint32_t j = 0; j < VALUES; j++)
            compare_resolved(&bench, buf_text(&writer), buf_text(&reader), random_next(&random));
        bench_release(&bench);
        avro_schema_free(written);
        buf_release(&writer);
        buf_release(&reader);
    }
}

int main(void)
{
#ifndef HAVE_AVRO_C
    print_message("libavro is not here: skipped\n");
    return SKIPPED;
#endif
    const char *wanted = getenv("DRIVETHRU_SEED");
    seed = wanted ? strtoull(wanted, NULL, 10) : (uint64_t)clock_monotonic_ns();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libavro_writes_what_we_read_and_write),
        cmocka_unit_test(libavro_resolves_as_we_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
