/* schema_test.c -- schema text: what is a schema, its canonical form, fingerprint and identity. */
#include "avro_testing.h"

static void expect_canonical(const char *text, const char *wanted, int64_t fingerprint)
{
    struct avro_schema *schema = schema_of(text);
    struct buf buf = {0};
    avro_schema_canonical(schema, &buf);
    assert_string_equal(buf_text(&buf), wanted);
    if (fingerprint)
        assert_true((int64_t)avro_schema_fingerprint(schema) == fingerprint);
    buf_release(&buf);
    avro_schema_free(schema);
}

/* Vectors of the Avro project's schema-tests.txt. */
static void canonical_form_and_fingerprint(void **state)
{
    expect_canonical("\"null\"", "\"null\"", 7195948357588979594);
    expect_canonical("{\"type\":\"null\"}", "\"null\"", 7195948357588979594);
    expect_canonical("\"boolean\"", "\"boolean\"", -6970731678124411036);
    expect_canonical("\"int\"", "\"int\"", 8247732601305521295);
    expect_canonical("\"long\"", "\"long\"", -3434872931120570953);
    expect_canonical("\"float\"", "\"float\"", 5583340709985441680);
    expect_canonical("\"double\"", "\"double\"", -8181574048448539266);
    expect_canonical("\"bytes\"", "\"bytes\"", 5746618253357095269);
    expect_canonical("\"string\"", "\"string\"", -8142146995180207161);
    expect_canonical("[  ]", "[]", -1241056759729112623);
    expect_canonical("[ \"int\"  ]", "[\"int\"]", -5232228896498058493);
    expect_canonical("[ \"int\" , {\"type\":\"boolean\"} ]", "[\"int\",\"boolean\"]",
                     5392556393470105090);
    expect_canonical("{\"fields\":[], \"type\":\"record\", \"name\":\"foo\"}",
                     "{\"name\":\"foo\",\"type\":\"record\",\"fields\":[]}", -4824392279771201922);
    expect_canonical(
        "{\"fields\":[], \"type\":\"record\", \"name\":\"foo\", \"namespace\":\"x.y\"}",
        "{\"name\":\"x.y.foo\",\"type\":\"record\",\"fields\":[]}", 5916914534497305771);
}

static void canonical_form_drops_what_parsing_does_not_need(void **state)
{
    expect_canonical("{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"a.b\",\"doc\":\"d\","
                     "\"aliases\":[\"Q\"],\"fields\":["
                     "{\"name\":\"e\",\"doc\":\"x\",\"default\":\"A\",\"type\":{\"type\":\"enum\","
                     "\"name\":\"E\",\"symbols\":[\"A\",\"B\"],\"default\":\"A\"}},"
                     "{\"name\":\"f\",\"type\":{\"size\":3,\"type\":\"fixed\",\"name\":\"c.F\","
                     "\"logicalType\":\"decimal\",\"precision\":2}},"
                     "{\"name\":\"e2\",\"type\":\"E\"},"
                     "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"c.F\"}},"
                     "{\"name\":\"l\",\"type\":[\"null\",{\"type\":\"array\",\"items\":\"R\"}]}]}",
                     "{\"name\":\"a.b.R\",\"type\":\"record\",\"fields\":["
                     "{\"name\":\"e\",\"type\":{\"name\":\"a.b.E\",\"type\":\"enum\","
                     "\"symbols\":[\"A\",\"B\"]}},"
                     "{\"name\":\"f\",\"type\":{\"name\":\"c.F\",\"type\":\"fixed\",\"size\":3}},"
                     "{\"name\":\"e2\",\"type\":\"a.b.E\"},"
                     "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"c.F\"}},"
                     "{\"name\":\"l\",\"type\":[\"null\",{\"type\":\"array\","
                     "\"items\":\"a.b.R\"}]}]}",
                     0);
}

static void expect_refused(const char *text, enum err err, const char *words)
{
    struct avro_schema *schema = NULL;
    struct why why = {0};
    assert_int_equal(avro_schema_parse(str_from(text), &schema, &why), err);
    assert_null(schema);
    if (!strstr(why.text, words))
        fail_msg("'%s' is not in '%s'", words, why.text);
}

static void what_is_no_schema_is_refused_with_its_place(void **state)
{
#define RECORD(fields) "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"
    expect_refused("", ERR_INVALID, "schema is not JSON");
    expect_refused("string", ERR_INVALID, "schema is not JSON");
    expect_refused("{\"type\":\"int\"", ERR_INVALID, "schema is not JSON");
    expect_refused("17", ERR_INVALID, "expected a type");
    expect_refused("\"thing\"", ERR_INVALID, "unknown type 'thing'");
    expect_refused("{}", ERR_INVALID, "no 'type'");
    expect_refused("{\"type\":\"array\"}", ERR_INVALID, "no 'items'");
    expect_refused("{\"type\":\"map\"}", ERR_INVALID, "no 'values'");
    expect_refused("{\"type\":\"record\",\"fields\":[]}", ERR_INVALID, "no 'name'");
    expect_refused("{\"type\":\"record\",\"name\":\"R\"}", ERR_INVALID, "no 'fields'");
    expect_refused("{\"type\":\"record\",\"name\":\"1R\",\"fields\":[]}", ERR_INVALID,
                   "invalid name '1R'");
    expect_refused("{\"type\":\"fixed\",\"name\":\"long\",\"size\":1}", ERR_INVALID,
                   "cannot be redefined");
    expect_refused(RECORD("{\"name\":\"a\"}"), ERR_INVALID, "'a' has no 'type' at /fields/0");
    expect_refused(RECORD("{\"type\":\"int\"}"), ERR_INVALID, "no 'name' at /fields/0");
    expect_refused(RECORD("{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"a\",\"type\":\"int\"}"),
                   ERR_INVALID, "second field 'a' at /fields/1");
    expect_refused(RECORD("{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":[\"null\","
                          "{\"type\":\"array\",\"items\":\"Foo\"}]}"),
                   ERR_INVALID, "unknown type 'Foo' at /fields/1/type/1/items");
    expect_refused("[\"int\",\"int\"]", ERR_INVALID, "second 'int' in a union at /1");
    expect_refused("[\"int\",[\"null\"]]", ERR_INVALID, "union directly in a union at /1");
    expect_refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"A\"]}", ERR_INVALID,
                   "second symbol 'A' at /symbols/1");
    expect_refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"B\"}",
                   ERR_INVALID, "none of its symbols");
    expect_refused("{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}", ERR_INVALID, "'size'");
    expect_refused("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2000000000}", ERR_LIMIT, "'F'");
    expect_refused("[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},"
                   "{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}]",
                   ERR_INVALID, "'F' is defined twice at /1");
}

/* `depth` arrays in each other. */
static void put_nested(struct buf *text, int depth)
{
    for (int i = 0; i < depth; i++)
        buf_append_str(text, STR("{\"type\":\"array\",\"items\":"));
    buf_append_str(text, STR("\"int\""));
    for (int i = 0; i < depth; i++)
        buf_append_byte(text, '}');
}

static void depth_and_size_are_bounded(void **state)
{
    struct buf text = {0};
    struct avro_schema *schema = NULL;
    struct why why = {0};
    put_nested(&text, AVRO_DEPTH_MAX);
    assert_int_equal(avro_schema_parse(buf_str(&text), &schema, &why), OK);
    avro_schema_free(schema);
    schema = NULL;
    buf_clear(&text);
    put_nested(&text, AVRO_DEPTH_MAX + 1);
    assert_int_equal(avro_schema_parse(buf_str(&text), &schema, &why), ERR_LIMIT);
    buf_clear(&text);
    for (int i = 0; i < 300000; i++)
        buf_append_byte(&text, '[');
    assert_int_equal(avro_schema_parse(buf_str(&text), &schema, &why), ERR_INVALID);
    while (text.size <= AVRO_SCHEMA_BYTES_MAX)
        buf_append_byte(&text, ' ');
    assert_int_equal(avro_schema_parse(buf_str(&text), &schema, &why), ERR_LIMIT);
    assert_null(schema);
    buf_release(&text);
}

static void names_follow_their_namespace(void **state)
{
    struct avro_schema *schema =
        schema_of("{\"type\":\"record\",\"name\":\"a.R\",\"namespace\":\"ignored\","
                  "\"aliases\":[\"Old\",\"x.Older\"],\"fields\":["
                  "{\"name\":\"i\",\"type\":{\"type\":\"record\",\"name\":\"I\",\"fields\":["
                  "{\"name\":\"f\",\"aliases\":[\"g\"],\"default\":{\"x\":[1,0.5,null]},"
                  "\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"namespace\":\"\",\"size\":2}},"
                  "{\"name\":\"f2\",\"type\":\"F\"}]}},"
                  "{\"name\":\"i2\",\"type\":\"a.I\"}]}");
    const struct avro_node *root = schema->root;
    assert_text(root->name, "a.R");
    assert_int_equal(root->alias_count, 2);
    assert_text(root->aliases[0], "a.Old");
    assert_text(root->aliases[1], "x.Older");
    const struct avro_node *inner = root->fields[0].node;
    assert_text(inner->name, "a.I");
    assert_ptr_equal(root->fields[1].node, inner);
    assert_text(inner->fields[0].node->name, "F");
    assert_ptr_equal(inner->fields[1].node, inner->fields[0].node);
    assert_text(inner->fields[0].aliases[0], "g");
    assert_true(inner->fields[0].has_default);
    assert_text(inner->fields[0].default_json, "{\"x\":[1,0.5,null]}");
    assert_false(inner->fields[1].has_default);
    avro_schema_free(schema);
}

static void logical_types_by_avro_and_by_connect(void **state)
{
    static const struct {
        const char *text;
        enum avro_logical logical;
        int precision, scale;
    } cases[] = {
        {"{\"type\":\"int\",\"logicalType\":\"date\"}", AVRO_DATE, 0, 0},
        {"{\"type\":\"int\",\"logicalType\":\"time-millis\"}", AVRO_TIME_MILLIS, 0, 0},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", AVRO_TIMESTAMP_MILLIS, 0, 0},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", AVRO_TIMESTAMP_MICROS, 0, 0},
        {"{\"type\":\"long\",\"logicalType\":\"time-micros\"}", AVRO_TIME_MICROS, 0, 0},
        {"{\"type\":\"string\",\"logicalType\":\"uuid\"}", AVRO_LOGICAL_NONE, 0, 0},
        {"{\"type\":\"string\",\"logicalType\":\"date\"}", AVRO_LOGICAL_NONE, 0, 0},
        {"{\"type\":\"long\"}", AVRO_LOGICAL_NONE, 0, 0},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}",
         AVRO_DECIMAL, 4, 2},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":5}",
         AVRO_LOGICAL_NONE, 0, 0},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":4,\"logicalType\":\"decimal\","
         "\"precision\":9}",
         AVRO_DECIMAL, 9, 0},
        {"{\"type\":\"int\",\"connect.name\":\"org.apache.kafka.connect.data.Date\"}", AVRO_DATE, 0,
         0},
        {"{\"type\":\"int\",\"connect.name\":\"org.apache.kafka.connect.data.Time\"}",
         AVRO_TIME_MILLIS, 0, 0},
        {"{\"type\":\"long\",\"connect.name\":\"org.apache.kafka.connect.data.Timestamp\"}",
         AVRO_TIMESTAMP_MILLIS, 0, 0},
        {"{\"type\":\"bytes\",\"connect.name\":\"org.apache.kafka.connect.data.Decimal\","
         "\"connect.parameters\":{\"scale\":\"3\",\"connect.decimal.precision\":\"7\"}}",
         AVRO_DECIMAL, 7, 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct avro_schema *schema = schema_of(cases[i].text);
        assert_int_equal(schema->root->logical, cases[i].logical);
        assert_int_equal(schema->root->precision, cases[i].precision);
        assert_int_equal(schema->root->scale, cases[i].scale);
        avro_schema_free(schema);
    }
}

static bool same_identity(const char *a, const char *b)
{
    struct avro_schema *first = schema_of(a), *second = schema_of(b);
    struct buf texts[2] = {0};
    avro_schema_identity(first, &texts[0]);
    avro_schema_identity(second, &texts[1]);
    const bool same = str_equal(buf_str(&texts[0]), buf_str(&texts[1]));
    avro_schema_free(first);
    avro_schema_free(second);
    buf_release(&texts[0]);
    buf_release(&texts[1]);
    return same;
}

static void identity_is_what_has_meaning(void **state)
{
    assert_true(same_identity("\"int\"", " {\"type\" : \"int\"} "));
    assert_true(same_identity("\"int\"", "{\"type\":{\"type\":\"int\"}}"));
    assert_true(
        same_identity("{\"type\":\"fixed\",\"name\":\"a.F\",\"size\":1}",
                      "{\"size\":1,\"name\":\"F\",\"namespace\":\"a\",\"type\":\"fixed\"}"));
    assert_true(
        same_identity("{\"type\":\"int\",\"a\":1,\"b\":2}", "{\"type\":\"int\",\"b\":2,\"a\":1}"));
    assert_false(same_identity("\"int\"", "{\"type\":\"int\",\"logicalType\":\"date\"}"));
    assert_false(same_identity(RECORD("{\"name\":\"a\",\"type\":\"int\",\"default\":1}"),
                               RECORD("{\"name\":\"a\",\"type\":\"int\",\"default\":2}")));
    assert_false(same_identity(RECORD("{\"name\":\"a\",\"type\":\"int\",\"default\":1}"),
                               RECORD("{\"name\":\"a\",\"type\":\"int\"}")));
    assert_false(same_identity(RECORD("{\"name\":\"a\",\"type\":\"int\",\"aliases\":[\"b\"]}"),
                               RECORD("{\"name\":\"a\",\"type\":\"int\"}")));
    assert_false(same_identity(RECORD("{\"name\":\"a\",\"type\":\"int\",\"doc\":\"b\"}"),
                               RECORD("{\"name\":\"a\",\"type\":\"int\"}")));
}

/* Its own identity, and one canonical form for both. */
static void identity_is_a_schema_again(void **state)
{
    static const char *const texts[] = {
        "\"string\"",
        "[\"null\",{\"type\":\"map\",\"values\":{\"type\":\"long\",\"x\":\"\\u00e4\\\"\"}}]",
        "{\"type\":\"fixed\",\"name\":\"F\",\"size\":1,\"fields\":[{\"items\":\"x\"}]}",
        "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n\",\"fields\":["
        "{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"namespace\":\"\","
        "\"size\":2}},{\"name\":\"g\",\"type\":\"F\"},{\"name\":\"h\",\"type\":[\"null\",\"R\"],"
        "\"default\":null}]}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct avro_schema *schema = schema_of(texts[i]);
        struct buf identity = {0}, first = {0}, second = {0};
        avro_schema_identity(schema, &identity);
        assert_true(same_identity(texts[i], buf_text(&identity)));
        struct avro_schema *again = schema_of(buf_text(&identity));
        avro_schema_canonical(schema, &first);
        avro_schema_canonical(again, &second);
        assert_string_equal(buf_text(&first), buf_text(&second));
        avro_schema_free(schema);
        avro_schema_free(again);
        buf_release(&identity);
        buf_release(&first);
        buf_release(&second);
    }
}

static void sql_types(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"\"boolean\"", "BOOLEAN"},
        {"\"int\"", "INTEGER"},
        {"\"float\"", "DOUBLE"},
        {"[\"string\",\"null\"]", "STRING"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[]}", "STRING"},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", "BYTES"},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}",
         "DECIMAL(4, 2)"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", "BIGINT"},
        {"{\"type\":\"map\",\"values\":[\"null\",\"int\"]}", "MAP<STRING, INTEGER>"},
        {"{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"E\","
         "\"connect.internal.type\":\"MapEntry\",\"fields\":["
         "{\"name\":\"key\",\"type\":[\"null\",\"string\"]},"
         "{\"name\":\"value\",\"type\":[\"null\",\"long\"]}]}}",
         "MAP<STRING, BIGINT>"},
        {RECORD("{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"u\",\"type\":[\"int\",\"long\"]},"
                "{\"name\":\"b\",\"type\":{\"type\":\"array\",\"items\":\"double\"}}"),
         "STRUCT<`A` INTEGER, `B` ARRAY<DOUBLE>>"},
        {"\"null\"", NULL},
        {"[\"int\",\"string\"]", NULL},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct avro_schema *schema = schema_of(cases[i].text);
        const struct type *type = avro_sql_type(schema->root, true, &arena);
        if (cases[i].wanted)
            assert_text(type_text(type, &arena), cases[i].wanted);
        else
            assert_null(type);
        avro_schema_free(schema);
    }
    arena_release(&arena);
}

/* Twenty records, each with ten fields of the next: a tree of 10^20, and one without an end. */
static void types_without_an_end_are_left_out(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct buf text = {0};
    for (int i = 0; i < 20; i++) {
        buf_printf(&text, "{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[", i);
        buf_printf(&text, "{\"name\":\"f0\",\"type\":");
    }
    buf_append_str(&text, STR("\"int\""));
    for (int i = 19; i >= 0; i--) {
        buf_append_byte(&text, '}');
        for (int j = 1; j < 10 && i < 19; j++)
            buf_printf(&text, ",{\"name\":\"f%d\",\"type\":\"R%d\"}", j, i + 1);
        buf_append_str(&text, STR("]}"));
    }
    struct avro_schema *schema = schema_of(buf_text(&text));
    assert_null(avro_sql_type(schema->root, false, &arena));
    avro_schema_free(schema);
    schema = schema_of(RECORD("{\"name\":\"v\",\"type\":\"int\"},"
                              "{\"name\":\"next\",\"type\":[\"null\",\"R\"]}"));
    assert_text(type_text(avro_sql_type(schema->root, false, &arena), &arena),
                "STRUCT<`v` INTEGER>");
    avro_schema_free(schema);
    buf_release(&text);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_form_and_fingerprint),
        cmocka_unit_test(canonical_form_drops_what_parsing_does_not_need),
        cmocka_unit_test(what_is_no_schema_is_refused_with_its_place),
        cmocka_unit_test(depth_and_size_are_bounded),
        cmocka_unit_test(names_follow_their_namespace),
        cmocka_unit_test(logical_types_by_avro_and_by_connect),
        cmocka_unit_test(identity_is_what_has_meaning),
        cmocka_unit_test(identity_is_a_schema_again),
        cmocka_unit_test(sql_types),
        cmocka_unit_test(types_without_an_end_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
