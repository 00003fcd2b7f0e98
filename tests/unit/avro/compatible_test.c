/* compatible_test.c -- who can read whom: every level's matrix, every kind of refusal, its place.
 */
#include "avro_testing.h"

#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define OPTION(name, type, value) "{\"name\":\"" name "\",\"type\":" type ",\"default\":" value "}"

static struct why last_why;

static bool reads(const char *reader, const char *writer)
{
    struct avro_schema *first = schema_of(reader), *second = schema_of(writer);
    last_why = (struct why){0};
    const enum err err = avro_can_read(first, second, &last_why);
    assert_true(err == OK || err == ERR_INCOMPATIBLE);
    avro_schema_free(first);
    avro_schema_free(second);
    return err == OK;
}

static void expect_refusal(const char *reader, const char *writer, const char *words)
{
    assert_false(reads(reader, writer));
    if (strncmp(last_why.text, words, strlen(words)) != 0)
        fail_msg("'%s' does not begin with '%s'", last_why.text, words);
}

/* backward: the new schema reads old data; forward: the old one reads new data. */
static void expect_levels(const char *old, const char *new, bool backward, bool forward)
{
    assert_int_equal(reads(new, old), backward);
    assert_int_equal(reads(old, new), forward);
}

static void the_matrix_of_changes(void **state)
{
    const char *one = RECORD("R", FIELD("a", "\"int\""));
    const char *with_default = RECORD("R", FIELD("a", "\"int\"") "," OPTION("b", "\"int\"", "1"));
    const char *without = RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"int\""));
    expect_levels(one, with_default, true, true);
    expect_levels(one, without, false, true);
    expect_levels(with_default, one, true, true);
    expect_levels(without, one, true, false);
    const char *renamed = RECORD("R", "{\"name\":\"z\",\"type\":\"int\",\"aliases\":[\"a\"]}");
    expect_levels(one, renamed, true, false);
    const char *wide = RECORD("R", FIELD("a", "[\"null\",\"int\"]"));
    expect_levels(one, wide, true, false);
    expect_levels(wide, one, false, true);
    const char *wider = RECORD("R", FIELD("a", "[\"null\",\"int\",\"string\"]"));
    expect_levels(wide, wider, true, false);
    /* A default dropped: fine against the version before, not against the one before that. */
    assert_true(reads(without, with_default));
    assert_false(reads(without, one));
}

static void promotions_and_nothing_else(void **state)
{
    static const char *const kinds[] = {"\"null\"",  "\"boolean\"", "\"int\"",   "\"long\"",
                                        "\"float\"", "\"double\"",  "\"bytes\"", "\"string\""};
    static const char *const allowed[] = {"23", "24", "25", "34", "35", "45", "67", "76"};
    for (int writer = 0; writer < 8; writer++) {
        for (int reader = 0; reader < 8; reader++) {
            bool wanted = writer == reader;
            for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
                wanted |= allowed[i][0] - '0' == writer && allowed[i][1] - '0' == reader;
            assert_int_equal(reads(kinds[reader], kinds[writer]), wanted);
        }
    }
}

static void refusals_name_kind_and_place(void **state)
{
    expect_refusal("\"int\"", "\"string\"", "TYPE_MISMATCH: reader has int, writer has string");
    expect_refusal(RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"int\"")),
                   RECORD("R", FIELD("b", "\"string\"") "," FIELD("a", "\"int\"")),
                   "TYPE_MISMATCH at /fields/1/type: ");
    expect_refusal(RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"int\"")),
                   RECORD("R", FIELD("a", "\"int\"")),
                   "READER_FIELD_MISSING_DEFAULT_VALUE at /fields/1: 'b'");
    expect_refusal(RECORD("R", ""), RECORD("S", ""), "NAME_MISMATCH at /name: ");
    expect_refusal("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}",
                   "{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}",
                   "FIXED_SIZE_MISMATCH at /size: expected 2, found 3");
    expect_refusal("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}",
                   "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\",\"C\"]}",
                   "MISSING_ENUM_SYMBOLS at /symbols: [B, C]");
    expect_refusal("[\"null\",\"int\"]", "[\"null\",\"string\"]",
                   "MISSING_UNION_BRANCH at /1: reader union lacks writer type string");
    expect_refusal("[\"null\",\"int\"]", "\"string\"", "MISSING_UNION_BRANCH: ");
    expect_refusal("\"int\"", "[\"int\",\"string\"]", "TYPE_MISMATCH: ");
    expect_refusal("{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":\"int\"}}",
                   "{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":\"long\"}}",
                   "TYPE_MISMATCH at /values/items: ");
}

static void names_are_compared_unqualified_or_by_alias(void **state)
{
    assert_true(reads(RECORD("a.R", ""), RECORD("b.R", "")));
    assert_true(reads("{\"type\":\"record\",\"name\":\"a.New\",\"aliases\":[\"b.Old\"],"
                      "\"fields\":[]}",
                      RECORD("b.Old", "")));
    assert_false(reads("{\"type\":\"record\",\"name\":\"a.New\",\"aliases\":[\"Old\"],"
                       "\"fields\":[]}",
                       RECORD("b.Old", "")));
}

static void enums_and_unions(void **state)
{
    const char *more = "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}";
    const char *less = "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}";
    const char *safe = "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"A\"}";
    assert_true(reads(more, less));
    assert_false(reads(less, more));
    assert_true(reads(safe, more));
    assert_true(reads("\"long\"", "[\"int\",\"long\"]"));
    assert_true(reads("[\"null\",\"double\"]", "\"int\""));
    assert_true(reads("[\"long\",\"string\"]", "[\"bytes\",\"int\"]"));
    /* A field of an enum with a default needs none of its own. */
    assert_true(reads(RECORD("R", FIELD("e", "{\"type\":\"enum\",\"name\":\"E\","
                                             "\"symbols\":[\"A\"],\"default\":\"A\"}")),
                      RECORD("R", "")));
}

static void logical_types_and_bad_defaults_do_not_matter(void **state)
{
    assert_true(reads("\"long\"", "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}"));
    assert_true(reads(RECORD("R", OPTION("a", "[\"null\",\"int\"]", "\"null\"")), RECORD("R", "")));
}

static void two_fields_for_one_are_refused(void **state)
{
    expect_refusal(RECORD("R", "{\"name\":\"a\",\"type\":\"int\",\"aliases\":[\"b\"]}"),
                   RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"int\"")),
                   "NAME_MISMATCH at /fields/0: ");
}

static void recursive_schemas(void **state)
{
#define LIST(type) RECORD("L", FIELD("v", type) "," FIELD("next", "[\"null\",\"L\"]"))
    assert_true(reads(LIST("\"long\""), LIST("\"int\"")));
    expect_refusal(LIST("\"int\""), LIST("\"long\""), "TYPE_MISMATCH at /fields/0/type: ");
    /* The same list, unrolled once: a pair that meets itself through another name. */
    assert_true(reads(
        LIST("\"int\""),
        RECORD("x.L",
               FIELD("v", "\"int\"") "," FIELD(
                   "next", "[\"null\"," RECORD("y.L", FIELD("v", "\"int\"") "," FIELD(
                                                          "next", "[\"null\",\"x.L\"]")) "]"))));
}

/* Thirty records that each hold the next three times: 3^30 pairs unless each is compared once. */
static void pairs_are_compared_once(void **state)
{
    struct buf text = {0};
    for (int i = 0; i < 30; i++)
        buf_printf(
            &text,
            "{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[{\"name\":\"a\",\"type\":", i);
    buf_append_str(&text, STR("\"int\""));
    for (int i = 29; i >= 0; i--) {
        buf_append_byte(&text, '}');
        if (i < 29)
            buf_printf(&text,
                       ",{\"name\":\"b\",\"type\":\"R%d\"},{\"name\":\"c\",\"type\":\"R%d\"}",
                       i + 1, i + 1);
        buf_append_str(&text, STR("]}"));
    }
    assert_true(reads(buf_text(&text), buf_text(&text)));
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrix_of_changes),
        cmocka_unit_test(promotions_and_nothing_else),
        cmocka_unit_test(refusals_name_kind_and_place),
        cmocka_unit_test(names_are_compared_unqualified_or_by_alias),
        cmocka_unit_test(enums_and_unions),
        cmocka_unit_test(logical_types_and_bad_defaults_do_not_matter),
        cmocka_unit_test(two_fields_for_one_are_refused),
        cmocka_unit_test(recursive_schemas),
        cmocka_unit_test(pairs_are_compared_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
