/* resolve_test.c -- the writer's bytes through a reader's schema. */
#include "avro_testing.h"

#define RECORD(fields) "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"

/* Reads one field 'a' of `type`, written as `writer` says, as `reader` says. */
static struct value resolve(struct bench *bench, const char *writer, const char *reader,
                            const struct type *type, struct str bytes)
{
    struct avro_schema *schema = schema_of(reader);
    bench_init(bench, writer);
    bench_column(bench, "a", type);
    if (bench_decoder(bench, schema, false))
        fail_msg("%s", bench->why.text);
    avro_schema_free(schema);
    assert_int_equal(bench_decode(bench, bytes, 0), OK);
    return column_get(&bench->columns[0], 0, &bench->arena);
}

#define A(type) RECORD("{\"name\":\"a\",\"type\":" type "}")

static void promotions(void **state)
{
    struct bench bench;
    struct value value = resolve(&bench, A("\"int\""), A("\"long\""), &type_bigint, STR("\x05"));
    assert_int_equal(value.bigint, -3);
    bench_release(&bench);
    value = resolve(&bench, A("\"int\""), A("\"double\""), &type_double, STR("\x05"));
    assert_true(value.number == -3.0);
    bench_release(&bench);
    /* 2^24 + 1 is no float. */
    value = resolve(&bench, A("\"int\""), A("\"float\""), &type_double, STR("\x82\x80\x80\x10"));
    assert_true(value.number == 16777216.0);
    bench_release(&bench);
    value = resolve(&bench, A("\"float\""), A("\"double\""), &type_double, STR("\0\0\x80\x3f"));
    assert_true(value.number == 1.0);
    bench_release(&bench);
    value = resolve(&bench, A("\"bytes\""), A("\"string\""), &type_string, STR("\x02x"));
    assert_text(value.text, "x");
    assert_int_equal(bench_decode(&bench, STR("\x02\xff"), 0), ERR_MALFORMED);
    bench_release(&bench);
    value = resolve(&bench, A("\"string\""), A("\"bytes\""), &type_bytes, STR("\x02x"));
    assert_text(value.text, "x");
    bench_release(&bench);
}

static void unions(void **state)
{
    struct bench bench;
    struct value value =
        resolve(&bench, A("\"int\""), A("[\"null\",\"long\"]"), &type_bigint, STR("\x02"));
    assert_int_equal(value.bigint, 1);
    bench_release(&bench);
    /* The exact branch comes before an earlier promotion. */
    value = resolve(&bench, A("\"int\""), A("[\"double\",\"int\"]"), &type_integer, STR("\x02"));
    assert_int_equal(value.integer, 1);
    bench_release(&bench);
    value = resolve(&bench, A("[\"int\",\"null\"]"), A("[\"null\",\"long\"]"), &type_bigint,
                    STR("\x02"));
    assert_true(value.is_null);
    assert_int_equal(bench_decode(&bench, STR("\x00\x02"), 0), OK);
    assert_int_equal(bench.columns[0].bigints[0], 1);
    bench_release(&bench);
    value = resolve(&bench, A("[\"int\",\"long\"]"), A("\"long\""), &type_bigint, STR("\x02\x02"));
    assert_int_equal(value.bigint, 1);
    bench_release(&bench);
}

static void enums(void **state)
{
    struct bench bench;
    const char *writer = A("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\",\"B\"]}");
    const char *reader = A("{\"type\":\"enum\",\"name\":\"n.E\",\"symbols\":[\"A\",\"B\"],"
                           "\"default\":\"A\"}");
    struct value value = resolve(&bench, writer, reader, &type_string, STR("\x00"));
    assert_text(value.text, "A");
    assert_int_equal(bench_decode(&bench, STR("\x02"), 0), OK);
    assert_text(bench.columns[0].strings[0], "B");
    bench_release(&bench);
}

static void fields_move_by_name_and_alias(void **state)
{
    struct bench bench;
    const char *writer = RECORD("{\"name\":\"x\",\"type\":\"string\"},"
                                "{\"name\":\"old\",\"type\":\"int\"}");
    const char *reader = RECORD("{\"name\":\"a\",\"type\":\"int\",\"aliases\":[\"old\"]}");
    const struct value value = resolve(&bench, writer, reader, &type_integer, STR("\x04hi\x06"));
    assert_int_equal(value.integer, 3);
    bench_release(&bench);
}

/* What the reader does not name is not there, though the writer has it. */
static void the_readers_fields_are_all_there_are(void **state)
{
    struct bench bench;
    const struct value value =
        resolve(&bench, A("\"int\""), RECORD(""), &type_integer, STR("\x06"));
    assert_true(value.is_null);
    bench_release(&bench);
}

static void defaults_fill_in(void **state)
{
    struct bench bench;
    const char *reader =
        RECORD("{\"name\":\"z\",\"type\":\"int\"},"
               "{\"name\":\"a\",\"default\":[{\"s\":\"x\",\"n\":1},{\"s\":\"y\",\"n\":null}],"
               "\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"I\","
               "\"fields\":[{\"name\":\"s\",\"type\":\"string\"},"
               "{\"name\":\"n\",\"type\":[\"int\",\"null\"]}]}}}");
    const struct type_field fields[] = {{STR("n"), &type_integer}, {STR("s"), &type_string}};
    const struct type item = {.kind = TYPE_STRUCT, .fields = fields, .field_count = 2};
    const struct type list = {.kind = TYPE_ARRAY, .item = &item};
    const struct value value =
        resolve(&bench, RECORD("{\"name\":\"z\",\"type\":\"int\"}"), reader, &list, STR("\x06"));
    assert_int_equal(value.list.count, 2);
    assert_int_equal(value.list.items[0].list.items[0].integer, 1);
    assert_text(value.list.items[0].list.items[1].text, "x");
    assert_true(value.list.items[1].list.items[0].is_null);
    assert_text(value.list.items[1].list.items[1].text, "y");
    assert_int_equal(bench_decode(&bench, STR(""), 0), ERR_MALFORMED);
    assert_int_equal(bench_decode(&bench, STR("\x06\x06"), 0), ERR_MALFORMED);
    bench_release(&bench);
}

static void records_in_lists_are_resolved_too(void **state)
{
    struct bench bench;
#define ITEMS(fields)                                                                              \
    A("{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"I\",\"fields\":[" fields "]}" \
      "}")
    const char *writer =
        ITEMS("{\"name\":\"q\",\"type\":\"int\"},{\"name\":\"s\",\"type\":\"string\"}");
    const char *reader = ITEMS("{\"name\":\"s\",\"type\":\"string\"},"
                               "{\"name\":\"q\",\"type\":\"long\"},"
                               "{\"name\":\"new\",\"type\":\"string\",\"default\":\"d\"}");
    const struct type_field fields[] = {
        {STR("new"), &type_string}, {STR("q"), &type_bigint}, {STR("s"), &type_string}};
    const struct type item = {.kind = TYPE_STRUCT, .fields = fields, .field_count = 3};
    const struct type list = {.kind = TYPE_ARRAY, .item = &item};
    const struct value value =
        resolve(&bench, writer, reader, &list, STR("\x04\x02\x02x\x04\x02y\x00"));
    assert_int_equal(value.list.count, 2);
    for (int i = 0; i < 2; i++) {
        const struct value *row = value.list.items[i].list.items;
        assert_text(row[0].text, "d");
        assert_int_equal(row[1].bigint, i + 1);
        assert_text(row[2].text, i ? "y" : "x");
    }
    bench_release(&bench);
}

static void incompatible_readers_are_refused(void **state)
{
    struct bench bench;
    struct avro_schema *reader = schema_of(A("\"int\""));
    bench_init(&bench, A("\"string\""));
    bench_column(&bench, "a", &type_integer);
    assert_int_equal(bench_decoder(&bench, reader, false), ERR_INCOMPATIBLE);
    assert_non_null(strstr(bench.why.text, "TYPE_MISMATCH at /fields/0/type"));
    bench_release(&bench);
    avro_schema_free(reader);
    /* A default that is none parses, is no incompatibility, and fails where it is needed. */
    reader = schema_of(RECORD("{\"name\":\"a\",\"type\":[\"null\",\"int\"],\"default\":\"null\"}"));
    bench_init(&bench, RECORD(""));
    bench_column(&bench, "a", &type_integer);
    assert_int_equal(bench_decoder(&bench, reader, false), ERR_INCOMPATIBLE);
    assert_non_null(strstr(bench.why.text, "default of field 'a'"));
    bench_release(&bench);
    avro_schema_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promotions),
        cmocka_unit_test(unions),
        cmocka_unit_test(enums),
        cmocka_unit_test(fields_move_by_name_and_alias),
        cmocka_unit_test(the_readers_fields_are_all_there_are),
        cmocka_unit_test(defaults_fill_in),
        cmocka_unit_test(records_in_lists_are_resolved_too),
        cmocka_unit_test(incompatible_readers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
