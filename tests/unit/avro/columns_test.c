/* columns_test.c -- the schemas that are registered for columns, to the letter. */
#include "avro_testing.h"

static const struct str full_name = {"io.confluent.ksql.avro_schemas.KsqlDataSourceSchema", 51};

static void expect(const struct row_column *columns, uint32_t count, bool whole, const char *wanted)
{
    struct buf buf = {0};
    avro_schema_of_columns(columns, count, full_name, whole, &buf);
    assert_string_equal(buf_text(&buf), wanted);
    avro_schema_free(schema_of(buf_text(&buf)));
    buf_release(&buf);
}

#define HEAD                                                                                       \
    "{\"type\":\"record\",\"name\":\"KsqlDataSourceSchema\","                                      \
    "\"namespace\":\"io.confluent.ksql.avro_schemas\",\"fields\":["
#define TAIL "],\"connect.name\":\"io.confluent.ksql.avro_schemas.KsqlDataSourceSchema\"}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":[\"null\"," type "],\"default\":null}"

static void basic_columns(void **state)
{
    const struct row_column columns[] = {
        {.name = STR("B"), .type = &type_boolean}, {.name = STR("I"), .type = &type_integer},
        {.name = STR("L"), .type = &type_bigint},  {.name = STR("D"), .type = &type_double},
        {.name = STR("S"), .type = &type_string},  {.name = STR("Y"), .type = &type_bytes},
    };
    expect(
        columns, 6, false,
        HEAD FIELD("B", "\"boolean\"") "," FIELD("I", "\"int\"") "," FIELD(
            "L", "\"long\"") "," FIELD("D",
                                       "\"double\"") "," FIELD("S",
                                                               "\"string\"") "," FIELD("Y",
                                                                                       "\"bytes\"")
            TAIL);
}

static void logical_columns(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct row_column columns[] = {
        {.name = STR("P"), .type = type_decimal(&arena, 4, 2)},
        {.name = STR("D"), .type = &type_date},
        {.name = STR("T"), .type = &type_time},
        {.name = STR("M"), .type = &type_timestamp},
    };
#define CONNECT(type, name, logical)                                                               \
    "{\"type\":\"" type "\",\"connect.version\":1,"                                                \
    "\"connect.name\":\"org.apache.kafka.connect.data." name "\",\"logicalType\":\"" logical "\"}"
    expect(
        columns, 4, false,
        HEAD FIELD(
            "P",
            "{\"type\":\"bytes\",\"scale\":2,\"precision\":4,\"connect.version\":1,"
            "\"connect.parameters\":{\"scale\":\"2\","
            "\"connect.decimal.precision\":\"4\"},"
            "\"connect.name\":\"org.apache.kafka.connect.data.Decimal\","
            "\"logicalType\":\"decimal\"}") "," FIELD("D",
                                                      CONNECT(
                                                          "int", "Date",
                                                          "date")) "," FIELD("T",
                                                                             CONNECT(
                                                                                 "int", "Time",
                                                                                 "time-millis")) "," FIELD("M",
                                                                                                           CONNECT(
                                                                                                               "long",
                                                                                                               "Timestamp",
                                                                                                               "timestamp-millis"))
            TAIL);
    arena_release(&arena);
}

static void nested_columns(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type_field inner[] = {{STR("X"), &type_integer}};
    const struct type *structure = type_struct(&arena, inner, 1);
    const struct type *map = type_map(&arena, &type_string, &type_bigint);
    const struct row_column columns[] = {
        {.name = STR("FOO"), .type = structure},
        {.name = STR("A"), .type = type_array(&arena, &type_string)},
        {.name = STR("M"), .type = map},
    };
#define FULL "io.confluent.ksql.avro_schemas.KsqlDataSourceSchema"
    expect(
        columns, 3, false,
        HEAD FIELD(
            "FOO",
            "{\"type\":\"record\",\"name\":\"KsqlDataSourceSchema_FOO\","
            "\"fields\":[" FIELD(
                "X",
                "\"int\"") "],"
                           "\"connect.name\":\"" FULL
                           "_FOO\"}") "," FIELD("A",
                                                "{\"type\":\"array\",\"items\":[\"null\","
                                                "\"string\"]}") "," FIELD("M",
                                                                          "{\"type\":\"array\","
                                                                          "\"items\":{\"type\":"
                                                                          "\"record\","
                                                                          "\"name\":"
                                                                          "\"KsqlDataSourceSchem"
                                                                          "a_M\",\"fields\":"
                                                                          "[" FIELD(
                                                                              "key",
                                                                              "\"st"
                                                                              "ring"
                                                                              "\"") "," FIELD("valu"
                                                                                              "e",
                                                                                              "\"lo"
                                                                                              "ng"
                                                                                              "\"") "],"
                                                                                                    "\"con"
                                                                                                    "nect."
                                                                                                    "inter"
                                                                                                    "nal."
                                                                                                    "type"
                                                                                                    "\":"
                                                                                                    "\"Map"
                                                                                                    "Entry"
                                                                                                    "\"},"
                                                                                                    "\"con"
                                                                                                    "nect."
                                                                                                    "name"
                                                                                                    "\":"
                                                                                                    "\"" FULL
                                                                                                    "_M\""
                                                                                                    "}")
            TAIL);
    arena_release(&arena);
}

static void whole_values(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct row_column plain = {.name = STR("FOO"), .type = &type_boolean};
    expect(&plain, 1, true, "\"boolean\"");
    const struct row_column list = {.name = STR("FOO"), .type = type_array(&arena, &type_bigint)};
    expect(&list, 1, true, "{\"type\":\"array\",\"items\":[\"null\",\"long\"]}");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(basic_columns),
        cmocka_unit_test(logical_columns),
        cmocka_unit_test(nested_columns),
        cmocka_unit_test(whole_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
