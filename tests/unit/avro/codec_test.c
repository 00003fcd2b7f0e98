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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_comes_out_whole),
        cmocka_unit_test(order_goes_back_the_same),
        cmocka_unit_test(only_wanted_columns_are_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
