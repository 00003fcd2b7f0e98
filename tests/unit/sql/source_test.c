/* source_test.c -- CREATE STREAM and CREATE TABLE over topics: what they mean, what is refused. */
#include "fixture.h"

static int setup(void **state)
{
    static struct fixture fixture;
    fixture_init(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_release(*state);
    return 0;
}

static void test_row_types(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[][2] = {
        {"CREATE STREAM s (a INT, k STRING KEY, b ARRAY<INT>) WITH (kafka_topic='t', "
         "value_format='JSON')",
         "`K` STRING KEY, `A` INTEGER, `B` ARRAY<INTEGER>"},
        {"CREATE TABLE t (k1 INT PRIMARY KEY, v CENTS, k2 INT PRIMARY KEY) WITH (kafka_topic='t', "
         "format='JSON')",
         "`K1` INTEGER KEY, `K2` INTEGER KEY, `V` BIGINT"},
        {"CREATE STREAM s WITH (kafka_topic='t', value_format='AvRo')",
         "`C1` INTEGER, `C2` STRING"},
        {"CREATE STREAM s WITH (kafka_topic='t', format='avro')",
         "`ROWKEY` INTEGER KEY, `C1` INTEGER, `C2` STRING"},
        {"CREATE STREAM s (k INT KEY) WITH (kafka_topic='t', value_format='avro')",
         "`K` INTEGER KEY, `C1` INTEGER, `C2` STRING"},
        {"CREATE TABLE s (v INT) WITH (kafka_topic='t', key_format='avro', value_format='json')",
         "`ROWKEY` INTEGER KEY, `V` INTEGER"},
        {"CREATE STREAM s (k INT KEY) WITH (kafka_topic='t', value_format='json')",
         "`K` INTEGER KEY"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_must_declare(fixture, cases[i][0]);
        const struct source *source = &fixture->sources[fixture->source_count - 1];
        fixture_assert_row_type(fixture, source->format.row_type, cases[i][1]);
    }
}

static void test_properties(void **state)
{
    struct fixture *fixture = *state;
    const struct statement *statement = fixture_statement(
        fixture, "CREATE STREAM s (k INT KEY, ts STRING, h BYTES HEADER('abc')) WITH ("
                 "kafka_topic='Topic', key_format='DELIMITED', value_format='AVRO', "
                 "key_delimiter='TAB', value_schema_full_name='a.b', wrap_single_value=false, "
                 "timestamp='ts', timestamp_format='yyyy-MM-dd', partitions=3, replicas='1', "
                 "retention_ms=5000, window_type='hopping', window_size='2 seconds')");
    struct source_wish wish;
    assert_int_equal(
        sql_check_source(statement, &fixture->catalog, &fixture->arena, &wish, &fixture->why), OK);
    const struct record_format *format = &wish.source.format;
    assert_true(str_equal(format->topic, STR("Topic")));
    assert_int_equal(format->key.kind, FORMAT_DELIMITED);
    assert_int_equal(format->key.delimiter, '\t');
    assert_true(format->key.unwrapped);
    assert_int_equal(format->value.kind, FORMAT_AVRO);
    assert_true(format->value.unwrapped);
    assert_true(str_equal(format->value.schema_full_name, STR("a.b")));
    assert_int_equal(format->window, WINDOW_HOPPING);
    assert_int_equal(format->window_size_ms, 2000);
    assert_int_equal(format->row_type->columns[2].role, COLUMN_HEADERS);
    assert_true(str_equal(format->row_type->columns[2].header_name, STR("abc")));
    assert_true(str_equal(wish.source.timestamp_column, STR("TS")));
    assert_true(str_equal(wish.source.timestamp_format, STR("yyyy-MM-dd")));
    assert_int_equal(wish.partition_count, 3);
    assert_int_equal(wish.replica_count, 1);
    assert_int_equal(wish.retention_ms, 5000);
    assert_false(wish.topic_must_exist);
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const cases[][2] = {
        {"CREATE STREAM s (a INT) WITH (value_format='JSON')", "KAFKA_TOPIC is missing"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t')", "VALUE_FORMAT is missing"},
        {"CREATE STREAM s (a INT) WITH (kafka_topc='t')", "did you mean 'KAFKA_TOPIC'?"},
        {"CREATE STREAM s (a INT) WITH (query_id='t')", "no meaning in this statement"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', kafka_topic='u')", "twice"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic=5)", "expected a text in quotes"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='')", "not empty"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='JSN')", "did you mean 'JSON'?"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='JSON', key_format='JSON')",
         "cannot stand beside KEY_FORMAT"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='JSON', partitions=0)",
         "expected at least 1"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='JSON', partitions='x')",
         "expected a whole number"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='JSON', wrap_single_value='x')",
         "expected true or false"},
        {"CREATE STREAM s (a INT, b INT) WITH (kafka_topic='t', format='JSON', "
         "wrap_single_value=false)",
         "single value column"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='DELIMITED', "
         "wrap_single_value=true)",
         "does not support WRAP_SINGLE_VALUE"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='JSON', value_delimiter='|')",
         "has no delimiter"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='DELIMITED', "
         "value_delimiter='<~>')",
         "one character, SPACE or TAB"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='DELIMITED', value_delimiter='')",
         "one character, SPACE or TAB"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='JSON', "
         "value_avro_schema_full_name='a')",
         "no schema that could have a name"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='JSON', value_schema_id=3)",
         "cannot both be given"},
        {"CREATE STREAM s (a INT PRIMARY KEY) WITH (kafka_topic='t', format='JSON')",
         "use KEY for streams"},
        {"CREATE TABLE s (a INT KEY) WITH (kafka_topic='t', format='JSON')",
         "use PRIMARY KEY for tables"},
        {"CREATE TABLE s (a INT) WITH (kafka_topic='t', format='JSON')", "needs a PRIMARY KEY"},
        {"CREATE STREAM s (a INT, A INT) WITH (kafka_topic='t', format='JSON')",
         "duplicate column 'A'"},
        {"CREATE STREAM s (rowtime BIGINT) WITH (kafka_topic='t', format='JSON')",
         "reserved column name"},
        {"CREATE STREAM s (a FOO) WITH (kafka_topic='t', format='JSON')", "unknown type 'FOO'"},
        {"CREATE STREAM s WITH (kafka_topic='t', format='JSON')", "does not define any columns"},
        {"CREATE STREAM s WITH (kafka_topic='empty', format='AVRO')", "no schema of the key"},
        {"CREATE STREAM s (h BYTES HEADERS) WITH (kafka_topic='t', format='JSON')",
         "expected ARRAY<STRUCT<`KEY` STRING, `VALUE` BYTES>>"},
        {"CREATE STREAM s (h BYTES HEADER('a'), i BYTES HEADER('a')) WITH (kafka_topic='t', "
         "format='JSON')",
         "already holds"},
        {"CREATE STREAM s (a INT) WITH (kafka_topic='t', format='JSON', window_type='session')",
         "require a key column"},
        {"CREATE STREAM s (a INT KEY) WITH (kafka_topic='t', format='JSON', "
         "window_type='session', window_size='1 second')",
         "should not be set for SESSION"},
        {"CREATE STREAM s (a INT KEY) WITH (kafka_topic='t', format='JSON', "
         "window_type='tumbling')",
         "need WINDOW_SIZE"},
        {"CREATE STREAM s (a INT KEY) WITH (kafka_topic='t', format='JSON', window_size='1 year')",
         "expected a time like"},
        {"CREATE STREAM s (tsx BIGINT) WITH (kafka_topic='t', format='JSON', timestamp='tsy')",
         "did you mean 'TSX'?"},
        {"CREATE STREAM s (ts INT) WITH (kafka_topic='t', format='JSON', timestamp='ts')",
         "is of type INTEGER"},
        {"CREATE STREAM s (ts STRING) WITH (kafka_topic='t', format='JSON', timestamp='ts')",
         "needs TIMESTAMP_FORMAT"},
        {"CREATE STREAM s (ts BIGINT) WITH (kafka_topic='t', format='JSON', timestamp='ts', "
         "timestamp_format='yyyy')",
         "only for columns of type STRING"},
        {"CREATE STREAM s (k MAP<STRING, INT> KEY) WITH (kafka_topic='t', format='JSON')",
         "map keys"},
        {"CREATE STREAM s (k BOOLEAN KEY, v INT) WITH (kafka_topic='t', value_format='JSON')",
         "does not support type 'BOOLEAN'"},
        {"CREATE STREAM s (v INT, w INT) WITH (kafka_topic='t', value_format='KAFKA')",
         "only supports a single field"},
        {"CREATE OR REPLACE SOURCE STREAM s (v INT) WITH (kafka_topic='t', value_format='JSON')",
         "not supported on source streams"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        fixture_assert_refused(fixture, fixture_declare(fixture, cases[i][0]), cases[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_row_types, setup, teardown),
        cmocka_unit_test_setup_teardown(test_properties, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
