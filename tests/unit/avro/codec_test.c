/* codec_test.c -- what comes out of bodies and what goes into them, type by type. */
#include "avro_testing.h"

static const char order_schema[] =
    "{\"type\":\"record\",\"name\":\"Order\",\"fields\":["
    "{\"name\":\"order_id\",\"type\":\"string\"},"
    "{\"name\":\"order_no\",\"type\":\"long\"},"
    "{\"name\":\"total\",\"type\":\"double\"},"
    "{\"name\":\"items\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\","
    "\"name\":\"Item\",\"fields\":[{\"name\":\"sku\",\"type\":\"string\"},"
    "{\"name\":\"qty\",\"type\":\"int\"},{\"name\":\"price\",\"type\":\"double\"}]}}},"
    "{\"name\":\"coupon\",\"type\":[\"null\",\"string\"]}]}";

static void put_order(struct buf *body, int item_count, const char *coupon)
{
    put_text(body, "ord-1");
    varint_append(body, 123456789012);
    put_double(body, 12.5);
    if (item_count)
        varint_append(body, item_count);
    for (int i = 0; i < item_count; i++) {
        put_text(body, "SKU");
        varint_append(body, i - 1);
        put_double(body, i * 0.5);
    }
    buf_append_byte(body, 0);
    varint_append(body, coupon ? 1 : 0);
    if (coupon)
        put_text(body, coupon);
}

static void order_comes_out_whole(void **state)
{
    struct bench bench;
    bench_init(&bench, order_schema);
    bench_all_columns(&bench);
    assert_int_equal(bench_decoder(&bench, NULL, false), OK);
    struct buf body = {0};
    for (uint32_t row = 0; row < 3; row++) {
        buf_clear(&body);
        put_order(&body, (int)row, row == 1 ? "WELCOME10" : NULL);
        assert_int_equal(bench_decode(&bench, buf_str(&body), row), OK);
        assert_text(bench.columns[0].strings[row], "ord-1");
        assert_int_equal(bench.columns[1].bigints[row], 123456789012);
        assert_true(bench.columns[2].doubles[row] == 12.5);
        const struct span span = bench.columns[3].spans[row];
        assert_int_equal(span.count, row);
        const struct column *fields = bench.columns[3].children[0].children;
        for (uint32_t i = 0; i < span.count; i++) {
            assert_text(fields[0].strings[span.start + i], "SKU");
            assert_int_equal(fields[1].integers[span.start + i], (int)i - 1);
            assert_true(fields[2].doubles[span.start + i] == i * 0.5);
        }
        assert_int_equal(bench.columns[4].nulls[row], row != 1);
    }
    buf_release(&body);
    bench_release(&bench);
}

static void order_goes_back_the_same(void **state)
{
    struct bench bench;
    bench_init(&bench, order_schema);
    bench_all_columns(&bench);
    assert_int_equal(bench_decoder(&bench, NULL, false), OK);
    assert_int_equal(bench_encoder(&bench, false), OK);
    struct buf body = {0}, again = {0};
    put_order(&body, 3, "X");
    assert_int_equal(bench_decode(&bench, buf_str(&body), 2), OK);
    buf_append_str(&again, STR("before"));
    assert_int_equal(avro_encode(bench.encoder, bench.columns, 2, &again), OK);
    assert_int_equal(again.size, body.size + 6);
    assert_memory_equal(again.data + 6, body.data, body.size);
    buf_release(&body);
    buf_release(&again);
    bench_release(&bench);
}

static void only_wanted_columns_are_touched(void **state)
{
    struct bench bench;
    bench_init(&bench, order_schema);
    struct column *coupon = bench_column(&bench, "COUPON", &type_string);
    struct column *missing = bench_column(&bench, "no_such_field", &type_double);
    assert_int_equal(bench_decoder(&bench, NULL, false), OK);
    struct buf body = {0};
    put_order(&body, 2, "X");
    assert_int_equal(bench_decode(&bench, buf_str(&body), 1), OK);
    assert_text(coupon->strings[1], "X");
    assert_int_equal(missing->nulls[1], 1);
    buf_release(&body);
    bench_release(&bench);
}

/* A head knows nothing of what lies behind its last column: even when it is not there. */
static void a_head_stops_behind_its_last_column(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"string\"},"
        "{\"name\":\"b\",\"type\":[\"null\",\"long\"]},{\"name\":\"c\",\"type\":\"string\"}]}",
        "[\"null\",{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":"
        "\"string\"},"
        "{\"name\":\"b\",\"type\":[\"null\",\"long\"]},{\"name\":\"c\",\"type\":\"string\"}]}]"};
    for (int in_union = 0; in_union < 2; in_union++) {
        struct bench bench;
        struct buf body = {0};
        bench_init(&bench, schemas[in_union]);
        struct column *b = bench_column(&bench, "b", &type_bigint);
        if (in_union)
            varint_append(&body, 1);
        put_text(&body, "one");
        varint_append(&body, 1);
        varint_append(&body, 77);
        const size_t head = body.size;
        put_text(&body, "three");
        assert_int_equal(avro_decoder_new_head(&bench.arena, bench.schema, bench.targets, 1,
                                               &bench.decoder, &bench.why),
                         OK);
        assert_int_equal(bench_decode(&bench, buf_str(&body), 0), OK);
        assert_int_equal(b->bigints[0], 77);
        assert_int_equal(bench_decode(&bench, (struct str){body.data, head}, 1), OK);
        assert_int_equal(b->bigints[1], 77);
        assert_int_equal(bench_decode(&bench, (struct str){body.data, head - 1}, 1), ERR_MALFORMED);
        assert_int_equal(bench_decoder(&bench, NULL, false), OK);
        assert_int_equal(bench_decode(&bench, (struct str){body.data, head}, 1), ERR_MALFORMED);
        assert_int_equal(bench_decode(&bench, buf_str(&body), 1), OK);
        buf_release(&body);
        bench_release(&bench);
    }
}

static void put_value(struct bench *bench, uint32_t column, uint32_t row, struct value value)
{
    column_set(&bench->columns[column], row, &value, &bench->arena);
}

/* Every SQL type through the schema that is registered for it, twice: with a value and NULL. */
static void every_type_survives_its_registered_schema(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type_field pair[] = {{STR("X"), &type_integer}, {STR("Y"), &type_string}};
    const struct type *structure = type_struct(&arena, pair, 2);
    const struct type *types[] = {
        &type_boolean,
        &type_integer,
        &type_bigint,
        &type_double,
        &type_string,
        &type_bytes,
        &type_date,
        &type_time,
        &type_timestamp,
        type_decimal(&arena, 38, 10),
        type_array(&arena, &type_bigint),
        type_map(&arena, &type_string, &type_double),
        structure,
        type_array(&arena, structure),
        type_map(&arena, &type_string, structure),
        type_array(&arena, type_array(&arena, &type_string)),
    };
    struct value fields[] = {{.integer = -7}, {.is_null = true}};
    struct value one = {.list = {.items = fields, .count = 2}};
    struct value structures[] = {one, VALUE_NULL, one};
    struct value bigints[] = {{.bigint = INT64_MAX}, VALUE_NULL, {.bigint = 0}};
    struct value doubles[] = {{.text = STR("k")}, {.number = 0.1}, {.text = STR("l")}, VALUE_NULL};
    struct value entries[] = {{.text = STR("")}, one};
    struct value texts[] = {{.text = STR("a")}, {.text = STR("")}};
    struct value lists[] = {{.list = {texts, 2}}, {.list = {NULL, 0}}, VALUE_NULL};
    const struct value values[] = {
        {.boolean = true},
        {.integer = INT32_MIN},
        {.bigint = INT64_MIN},
        {.number = -0.0},
        {.text = STR("\xc3\xa4")},
        {.text = STR("\xff\x00")},
        {.integer = -1},
        {.integer = 86399999},
        {.bigint = 1767225600000},
        {.decimal = -decimal_power_of_ten(37) - 5},
        {.list = {bigints, 3}},
        {.list = {doubles, 2}},
        one,
        {.list = {structures, 3}},
        {.list = {entries, 1}},
        {.list = {lists, 3}},
    };
    enum { COUNT = sizeof(types) / sizeof(types[0]) };
    struct row_column columns[COUNT];
    for (int i = 0; i < COUNT; i++)
        columns[i] = (struct row_column){.name = arena_printf(&arena, "C%d", i), .type = types[i]};
    struct buf schema = {0}, body = {0}, again = {0};
    avro_schema_of_columns(columns, COUNT, STR("n.S"), false, &schema);
    struct bench bench;
    bench_init(&bench, buf_text(&schema));
    for (int i = 0; i < COUNT; i++) {
        bench_column(&bench, columns[i].name.data, types[i]);
        put_value(&bench, (uint32_t)i, 0, values[i]);
        bench.columns[i].nulls[1] = 1;
        const struct type *inferred =
            avro_sql_type(bench.schema->root->fields[i].node, false, &arena);
        assert_true(type_equal(inferred, types[i]));
    }
    assert_int_equal(bench_encoder(&bench, false), OK);
    assert_int_equal(bench_decoder(&bench, NULL, false), OK);
    for (uint32_t row = 0; row < 2; row++) {
        buf_clear(&body);
        buf_clear(&again);
        assert_int_equal(avro_encode(bench.encoder, bench.columns, row, &body), OK);
        assert_int_equal(bench_decode(&bench, buf_str(&body), row + 2), OK);
        for (int i = 0; i < COUNT; i++) {
            const struct value found = column_get(&bench.columns[i], row + 2, &arena);
            assert_int_equal(found.is_null, row == 1);
            assert_true(row == 1 || value_equal(types[i], &found, &values[i]));
        }
        assert_int_equal(avro_encode(bench.encoder, bench.columns, row + 2, &again), OK);
        assert_true(str_equal(buf_str(&body), buf_str(&again)));
    }
    buf_release(&schema);
    buf_release(&body);
    buf_release(&again);
    bench_release(&bench);
    arena_release(&arena);
}

/* Decodes `bytes` of `schema` as a whole into one cell. */
static struct value decode_whole(struct bench *bench, const char *schema, const struct type *type,
                                 struct str bytes)
{
    bench_init(bench, schema);
    bench_column(bench, "any", type);
    assert_int_equal(bench_decoder(bench, NULL, true), OK);
    assert_int_equal(bench_decode(bench, bytes, 0), OK);
    return column_get(&bench->columns[0], 0, &bench->arena);
}

static void expect_text(const char *schema, struct str bytes, const char *wanted)
{
    struct bench bench;
    const struct value value = decode_whole(&bench, schema, &type_string, bytes);
    assert_text(value.text, wanted);
    bench_release(&bench);
}

static void numbers_become_text_as_in_java(void **state)
{
    expect_text("\"boolean\"", STR("\x01"), "true");
    expect_text("\"int\"", STR("\x03"), "-2");
    expect_text("\"long\"", STR("\x80\x01"), "64");
    expect_text("\"double\"", STR("\0\0\0\0\0\0\xf0\x3f"), "1.0");
    expect_text("\"float\"", STR("\xcd\xcc\xcc\x3d"), "0.1");
    expect_text("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", STR("\x02"), "B");
}

static void wider_and_scaled_numbers(void **state)
{
    struct bench bench;
    struct value value = decode_whole(&bench, "\"int\"", &type_bigint, STR("\x03"));
    assert_int_equal(value.bigint, -2);
    bench_release(&bench);
    value = decode_whole(&bench, "[\"int\",\"long\"]", &type_bigint, STR("\x02\x80\x01"));
    assert_int_equal(value.bigint, 64);
    bench_release(&bench);
    value = decode_whole(&bench, "[\"int\",\"long\"]", &type_bigint, STR("\x00\x04"));
    assert_int_equal(value.bigint, 2);
    bench_release(&bench);
    value = decode_whole(&bench, "\"float\"", &type_double, STR("\0\0\x80\x3f"));
    assert_true(value.number == 1.0);
    bench_release(&bench);
    value = decode_whole(&bench, "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}",
                         &type_timestamp, STR("\x01"));
    assert_int_equal(value.bigint, -1);
    bench_release(&bench);
    /* 12.34 of scale 2 in a column of scale 1. */
    const struct type tenths = {.kind = TYPE_DECIMAL, .precision = 4, .scale = 1};
    value = decode_whole(&bench,
                         "{\"type\":\"fixed\",\"name\":\"F\",\"size\":4,"
                         "\"logicalType\":\"decimal\",\"precision\":6,\"scale\":2}",
                         &tenths, STR("\0\0\x04\xd2"));
    assert_true(value.decimal == 123);
    bench_release(&bench);
}

static void the_last_value_of_a_key_counts(void **state)
{
    struct bench bench;
    const struct type map = {.kind = TYPE_MAP, .key = &type_string, .item = &type_integer};
    const struct value value = decode_whole(&bench, "{\"type\":\"map\",\"values\":\"int\"}", &map,
                                            STR("\x06\x02"
                                                "a\x02\x02"
                                                "b\x04\x02"
                                                "a\x06\x00"));
    assert_int_equal(value.list.count, 2);
    assert_text(value.list.items[0].text, "a");
    assert_int_equal(value.list.items[1].integer, 3);
    assert_text(value.list.items[2].text, "b");
    assert_int_equal(value.list.items[3].integer, 2);
    bench_release(&bench);
}

/* A thousand entries of 300 keys, so that the table of keys is the large one. */
static void many_keys_stay_apart(void **state)
{
    struct bench bench;
    struct buf body = {0};
    varint_append(&body, 1000);
    for (int i = 0; i < 1000; i++) {
        struct buf key = {0};
        buf_printf(&key, "key-%d", i % 300);
        put_text(&body, buf_text(&key));
        varint_append(&body, i);
        buf_release(&key);
    }
    buf_append_byte(&body, 0);
    const struct type map = {.kind = TYPE_MAP, .key = &type_string, .item = &type_integer};
    const struct value value =
        decode_whole(&bench, "{\"type\":\"map\",\"values\":\"int\"}", &map, buf_str(&body));
    assert_int_equal(value.list.count, 300);
    for (int i = 0; i < 300; i++)
        assert_int_equal(value.list.items[2 * i + 1].integer, i < 100 ? 900 + i : 600 + i);
    buf_release(&body);
    bench_release(&bench);
}

static void a_root_in_a_union(void **state)
{
    struct bench bench;
    bench_init(&bench, "[\"null\",{\"type\":\"record\",\"name\":\"R\",\"fields\":["
                       "{\"name\":\"a\",\"type\":\"int\"}]}]");
    struct column *column = bench_column(&bench, "A", &type_integer);
    assert_int_equal(bench_decoder(&bench, NULL, false), OK);
    assert_int_equal(bench_encoder(&bench, false), OK);
    assert_int_equal(bench_decode(&bench, STR("\x02\x0a"), 0), OK);
    assert_int_equal(column->integers[0], 5);
    assert_int_equal(bench_decode(&bench, STR("\x00"), 1), OK);
    assert_int_equal(column->nulls[1], 1);
    struct buf body = {0};
    assert_int_equal(avro_encode(bench.encoder, bench.columns, 0, &body), OK);
    assert_text(buf_str(&body), "\x02\x0a");
    buf_release(&body);
    bench_release(&bench);
}

static void names_match_exactly_first(void **state)
{
    struct bench bench;
    bench_init(&bench, "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
                       "{\"name\":\"id\",\"type\":\"int\"},{\"name\":\"ID\",\"type\":\"int\"}]}");
    struct column *other = bench_column(&bench, "Id", &type_integer);
    struct column *exact = bench_column(&bench, "id", &type_integer);
    assert_int_equal(bench_decoder(&bench, NULL, false), OK);
    assert_int_equal(bench_encoder(&bench, false), OK);
    assert_int_equal(bench_decode(&bench, STR("\x02\x04"), 0), OK);
    assert_int_equal(exact->integers[0], 1);
    assert_int_equal(other->integers[0], 2);
    struct buf body = {0};
    assert_int_equal(avro_encode(bench.encoder, bench.columns, 0, &body), OK);
    assert_text(buf_str(&body), "\x02\x04");
    buf_release(&body);
    bench_release(&bench);
}

static void what_does_not_fit_is_incompatible(void **state)
{
    static const struct {
        const char *field;
        const struct type *type;
    } cases[] = {
        {"\"string\"", &type_integer},
        {"\"long\"", &type_integer},
        {"\"int\"", &type_date},
        {"\"int\"", &type_boolean},
        {"\"bytes\"", &type_string},
        {"\"string\"", &type_bytes},
        {"[\"int\",\"string\"]", &type_integer},
        {"{\"type\":\"array\",\"items\":\"int\"}", &type_string},
        {"{\"type\":\"map\",\"values\":\"int\"}", &type_string},
        {"{\"type\":\"record\",\"name\":\"I\",\"fields\":[]}", &type_string},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf schema = {0};
        buf_printf(&schema,
                   "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"abc\","
                   "\"type\":%s}]}",
                   cases[i].field);
        struct bench bench;
        bench_init(&bench, buf_text(&schema));
        bench_column(&bench, "ABC", cases[i].type);
        assert_int_equal(bench_decoder(&bench, NULL, false), ERR_INCOMPATIBLE);
        if (!strstr(bench.why.text, "field 'abc': cannot read"))
            fail_msg("%s", bench.why.text);
        buf_release(&schema);
        bench_release(&bench);
    }
}

static void fields_without_a_column_get_their_default(void **state)
{
    struct bench bench;
    bench_init(&bench,
               "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
               "{\"name\":\"a\",\"type\":\"int\"},"
               "{\"name\":\"i\",\"type\":\"int\",\"default\":-2},"
               "{\"name\":\"s\",\"type\":\"string\",\"default\":\"x\"},"
               "{\"name\":\"y\",\"type\":\"bytes\",\"default\":\"\\u00ff\"},"
               "{\"name\":\"d\",\"type\":\"double\",\"default\":1},"
               "{\"name\":\"n\",\"type\":[\"string\",\"null\"]},"
               "{\"name\":\"u\",\"type\":[\"null\",\"int\"],\"default\":null},"
               "{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":\"int\"},\"default\":[1]},"
               "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"int\"},\"default\":{}}"
               "]}");
    bench_column(&bench, "a", &type_integer)->integers[0] = 1;
    assert_int_equal(bench_encoder(&bench, false), OK);
    struct buf body = {0};
    assert_int_equal(avro_encode(bench.encoder, bench.columns, 0, &body), OK);
    const struct str wanted = STR("\x02\x03\x02x\x02\xff\0\0\0\0\0\0\xf0\x3f\x02\x00\x02\x02\0\0");
    assert_true(str_equal(buf_str(&body), wanted));
    /* A NULL where the schema takes none is the default too. */
    bench_column(&bench, "i", &type_integer)->nulls[0] = 1;
    bench_column(&bench, "s", &type_string)->nulls[0] = 1;
    assert_int_equal(bench_encoder(&bench, false), OK);
    buf_clear(&body);
    assert_int_equal(avro_encode(bench.encoder, bench.columns, 0, &body), OK);
    assert_true(str_equal(buf_str(&body), wanted));
    buf_release(&body);
    bench_release(&bench);
    bench_init(&bench, "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
                       "{\"name\":\"b\",\"type\":\"int\"}]}");
    assert_int_equal(bench_encoder(&bench, false), ERR_INCOMPATIBLE);
    assert_non_null(strstr(bench.why.text, "field 'b' is required"));
    bench_release(&bench);
}

static void cells_that_cannot_be_written_leave_the_buffer_alone(void **state)
{
    static const struct {
        const char *schema;
        const struct type *type;
        struct value value;
    } cases[] = {
        {"\"string\"", &type_string, {.is_null = true}},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}",
         &type_string,
         {.text = {"B", 1}}},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", &type_bytes, {.text = {"B", 1}}},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}",
         &type_timestamp,
         {.bigint = INT64_MAX}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf schema = {0}, body = {0};
        buf_printf(&schema,
                   "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
                   "{\"name\":\"first\",\"type\":\"int\"},"
                   "{\"name\":\"a\",\"type\":%s}]}",
                   cases[i].schema);
        struct bench bench;
        bench_init(&bench, buf_text(&schema));
        bench_column(&bench, "first", &type_integer)->integers[0] = 1;
        bench_column(&bench, "a", cases[i].type);
        put_value(&bench, 1, 0, cases[i].value);
        assert_int_equal(bench_encoder(&bench, false), OK);
        buf_append_str(&body, STR("old"));
        assert_int_equal(avro_encode(bench.encoder, bench.columns, 0, &body), ERR_INVALID);
        assert_text(buf_str(&body), "old");
        buf_release(&schema);
        buf_release(&body);
        bench_release(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_comes_out_whole),
        cmocka_unit_test(order_goes_back_the_same),
        cmocka_unit_test(only_wanted_columns_are_touched),
        cmocka_unit_test(a_head_stops_behind_its_last_column),
        cmocka_unit_test(every_type_survives_its_registered_schema),
        cmocka_unit_test(numbers_become_text_as_in_java),
        cmocka_unit_test(wider_and_scaled_numbers),
        cmocka_unit_test(the_last_value_of_a_key_counts),
        cmocka_unit_test(many_keys_stay_apart),
        cmocka_unit_test(a_root_in_a_union),
        cmocka_unit_test(names_match_exactly_first),
        cmocka_unit_test(what_does_not_fit_is_incompatible),
        cmocka_unit_test(fields_without_a_column_get_their_default),
        cmocka_unit_test(cells_that_cannot_be_written_leave_the_buffer_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
