/* scalar_test.c -- scalar functions: numbers, text, bytes, times. */
#include "expressions.h"

#include "base/random.h"

#include <time.h>

static void rounding(void **state)
{
    assert_shown(CALL("ROUND", number(1.5)), "BIGINT 2");
    assert_shown(CALL("ROUND", number(-1.5)), "BIGINT -1");
    assert_shown(CALL("ROUND", number(0.285), integer(2)), "DOUBLE 0.29");
    assert_shown(CALL("ROUND", number(-0.285), integer(2)), "DOUBLE -0.28");
    assert_shown(CALL("ROUND", number(155), integer(-1)), "DOUBLE 160.0");
    assert_shown(CALL("ROUND", number(1e300), integer(2)), "DOUBLE 1.0E300");
    assert_shown(CALL("ROUND", number(1e-300), integer(2)), "DOUBLE 0.0");
    assert_shown(CALL("ROUND", fixed("9.56", 4, 2)), "DECIMAL(2, 0) 10");
    assert_shown(CALL("ROUND", fixed("99.56", 4, 2)), "DECIMAL(2, 0) null !");
    assert_shown(CALL("ROUND", fixed("-2.555", 4, 3), integer(2)), "DECIMAL(4, 3) -2.550");
    assert_shown(CALL("ROUND", fixed("12345678987654321.5", 33, 16)),
                 "DECIMAL(17, 0) 12345678987654322");
    assert_shown(CALL("TRUNC", number(-1.7)), "BIGINT -1");
    assert_shown(CALL("TRUNC", number(12345.678), integer(-2)), "DOUBLE 12300.0");
    assert_shown(CALL("TRUNC", number(1.234567), integer(10)), "DOUBLE 1.234567");
    assert_shown(CALL("TRUNC", fixed("-1.99", 3, 2)), "DECIMAL(1, 0) -1");
    assert_shown(CALL("CEIL", fixed("-1.1", 2, 1)), "DECIMAL(2, 1) -1.0");
    assert_shown(CALL("CEIL", fixed("9.1", 2, 1)), "DECIMAL(2, 1) null !");
    assert_shown(CALL("CEIL", number(1.1)), "DOUBLE 2.0");
    assert_shown(CALL("FLOOR", number(-1.1)), "DOUBLE -2.0");
    assert_shown(CALL("FLOOR", integer(3)), "INTEGER 3");
    assert_shown(CALL("ROUND", typed_null(&type_double), integer(1)), "DOUBLE null");
}

static void numbers(void **state)
{
    assert_shown(CALL("ABS", integer(INT32_MIN)), "INTEGER -2147483648");
    assert_shown(CALL("ABS", fixed("-3.2", 2, 1)), "DECIMAL(2, 1) 3.2");
    assert_shown(CALL("SIGN", number(-0.5)), "INTEGER -1");
    assert_shown(CALL("SQRT", integer(9)), "DOUBLE 3.0");
    assert_shown(CALL("POWER", integer(15), integer(-1)), "DOUBLE 0.06666666666666667");
    assert_shown(CALL("LN", integer(-1)), "DOUBLE \"NaN\"");
    assert_shown(CALL("LOG", integer(13)), "DOUBLE 2.5649493574615367");
    assert_shown(CALL("LOG", integer(0)), "DOUBLE \"-Infinity\"");
    assert_shown(CALL("LOG", integer(2), integer(8)), "DOUBLE 3.0");
    assert_shown(CALL("ASIN", integer(2)), "DOUBLE \"NaN\"");
    assert_shown(CALL("ROUND", CALL("DEGREES", integer(2)), integer(6)), "DOUBLE 114.591559");
    assert_shown(CALL("GENERATE_SERIES", integer(4), integer(0)), "ARRAY<INTEGER> [4,3,2,1,0]");
    assert_shown(CALL("GENERATE_SERIES", bigint(-2), bigint(1), integer(2)),
                 "ARRAY<BIGINT> [-2,0]");
    assert_shown(CALL("GENERATE_SERIES", bigint(0), bigint(INT64_MAX), integer(1)),
                 "ARRAY<BIGINT> null !");
    assert_shown(CALL("GENERATE_SERIES", bigint(0), bigint(2), integer(0)), "ARRAY<BIGINT> null !");
    assert_shown(CALL("GEO_DISTANCE", number(37.4439), number(-122.1663), number(51.5257),
                      number(-0.1122), text("MI")),
                 "DOUBLE 5365.659729188262");
}

static void cutting_text(void **state)
{
    assert_shown(CALL("SUBSTRING", text("some_string"), integer(6), integer(3)), "STRING \"str\"");
    assert_shown(CALL("SUBSTRING", text("another"), integer(-3)), "STRING \"her\"");
    assert_shown(CALL("SUBSTRING", text("abc"), integer(0)), "STRING \"abc\"");
    assert_shown(CALL("SUBSTRING", text("abc"), integer(9)), "STRING \"\"");
    assert_shown(CALL("SUBSTRING", text("abc"), integer(2), integer(-5)), "STRING \"\"");
    assert_shown(CALL("SUBSTRING", text("abc"), integer(INT32_MIN), integer(INT32_MAX)),
                 "STRING \"abc\"");
    assert_shown(CALL("SUBSTRING", text("\xc3\xa9t\xc3\xa9"), integer(2)), "STRING \"t\xc3\xa9\"");
    assert_shown(CALL("SUBSTRING", text("abc"), null()), "STRING null");
    assert_shown(CALL("LEN", text("\xc3\xa9t\xc3\xa9")), "INTEGER 3");
    assert_shown(CALL("LEN", CALL("TO_BYTES", text("\xc3\xa9"), text("utf8"))), "INTEGER 2");
    assert_shown(CALL("TRIM", text(" \t a b \n")), "STRING \"a b\"");
    assert_shown(CALL("UCASE", text("gr\xc3\xbc\xc3\x9f")), "STRING \"GR\xc3\x9c\xc3\x9f\"");
    assert_shown(CALL("LCASE", text("MiXeD\xff")), "STRING \"mixed\xef\xbf\xbd\"");
    assert_shown(CALL("INITCAP", text("the   Quick br0wn fOx")),
                 "STRING \"The   Quick Br0wn Fox\"");
    assert_shown(CALL("LPAD", text("foo"), integer(7), text("Bar")), "STRING \"BarBfoo\"");
    assert_shown(CALL("RPAD", text("foo"), integer(2), text("Bar")), "STRING \"fo\"");
    assert_shown(CALL("RPAD", text("foo"), integer(-1), text("Bar")), "STRING null");
    assert_shown(CALL("LPAD", text("foo"), integer(9), text("")), "STRING null");
    assert_shown(CALL("LPAD", text("foo"), integer(INT32_MAX), text("x")), "STRING null !");
    assert_shown(CALL("CHR", text("\\ud820\\udeb8")), "STRING \"\xf0\x98\x8a\xb8\"");
    assert_shown(CALL("CHR", integer(75)), "STRING \"K\"");
    assert_shown(CALL("CHR", integer(0xd800)), "STRING null");
    assert_shown(CALL("CHR", text("\\u00")), "STRING null");
}

static void joining_and_splitting(void **state)
{
    assert_shown(CALL("CONCAT", text("a"), null(), text("b")), "STRING \"ab\"");
    assert_shown(CALL("||", text("a"), typed_null(&type_string)), "STRING \"a\"");
    assert_shown(CALL("CONCAT_WS", text("-"), text("a"), null(), text(""), text("b")),
                 "STRING \"a--b\"");
    assert_shown(CALL("CONCAT_WS", typed_null(&type_string), text("a"), text("b")), "STRING null");
    assert_shown(CALL("REPLACE", text("anaconda"), text("a"), text("oo")),
                 "STRING \"oonoocondoo\"");
    assert_shown(CALL("REPLACE", text("ab"), text(""), text("-")), "STRING \"-a-b-\"");
    assert_shown(CALL("REPLACE", text("ab"), text("b"), text("")), "STRING \"a\"");
    assert_shown(CALL("SPLIT", text("..a."), text(".")), "ARRAY<STRING> [\"\",\"\",\"a\",\"\"]");
    assert_shown(CALL("SPLIT", text("a\xc3\xa9"), text("")), "ARRAY<STRING> [\"a\",\"\xc3\xa9\"]");
    assert_shown(CALL("SPLIT", text(""), text("")), "ARRAY<STRING> [\"\"]");
    assert_shown(CALL("SPLIT_TO_MAP", text("a:1/b:/c/a:2"), text("/"), text(":")),
                 "MAP<STRING, STRING> {\"a\":\"2\",\"b\":\"\"}");
    assert_shown(CALL("INSTR", text("corporate floor"), text("or")), "INTEGER 2");
    assert_shown(CALL("INSTR", text("corporate floor"), text("or"), integer(3), integer(2)),
                 "INTEGER 14");
    assert_shown(CALL("INSTR", text("corporate floor"), text("or"), integer(-4), integer(2)),
                 "INTEGER 2");
    assert_shown(CALL("INSTR", text("short"), text("or"), integer(-4), integer(2)), "INTEGER 0");
    assert_shown(CALL("INSTR", text("short"), text("or"), integer(INT32_MIN)), "INTEGER 0");
    assert_shown(CALL("FIELD", text("b"), text("a"), text("b")), "INTEGER 2");
    assert_shown(CALL("ELT", integer(2), text("a"), text("b")), "STRING \"b\"");
    assert_shown(CALL("ELT", integer(3), text("a"), text("b")), "STRING null");
}

static void regular_expressions(void **state)
{
    assert_shown(CALL("REGEXP_EXTRACT", text("test."), text("some_test_string")),
                 "STRING \"test_\"");
    assert_shown(CALL("REGEXP_EXTRACT", text("(a)|(b)"), text("b"), integer(1)), "STRING null");
    assert_shown(CALL("REGEXP_EXTRACT", text("(.*) (.*)"), text("hello there"), integer(2)),
                 "STRING \"there\"");
    assert_shown(CALL("REGEXP_EXTRACT", text("("), text("x")), "STRING null !");
    assert_shown(
        CALL("REGEXP_EXTRACT_ALL", text("(\\w+) (\\w*)"), text("apurva mehta agavra "), integer(2)),
        "ARRAY<STRING> [\"mehta\",\"\"]");
    assert_shown(CALL("REGEXP_EXTRACT_ALL", text("x*"), text("axb")),
                 "ARRAY<STRING> [\"\",\"x\",\"\",\"\"]");
    assert_shown(CALL("REGEXP_REPLACE", text("abc-12"), text("(\\w)(\\d)"), text("$2\\$$1")),
                 "STRING \"abc-2$1\"");
    assert_shown(CALL("REGEXP_REPLACE", text("ab"), text("a"), text("$9")), "STRING null !");
    assert_shown(CALL("REGEXP_SPLIT_TO_ARRAY", text("aabcda"), text("(ab|cd)")),
                 "ARRAY<STRING> [\"a\",\"\",\"a\"]");
    assert_shown(CALL("REGEXP_SPLIT_TO_ARRAY", text("zxy"), text("")),
                 "ARRAY<STRING> [\"z\",\"x\",\"y\"]");
    /* A pattern that would take for ever gives up. */
    assert_shown(CALL("REGEXP_EXTRACT", text("(a+)+$"),
                      text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")),
                 "STRING null !");
    assert_shown(CALL("REGEXP_EXTRACT", text("a"),
                      text("\xff"
                           "a")),
                 "STRING \"a\"");
}

static void bytes_and_encodings(void **state)
{
    static const struct {
        const char *hex, *ascii, *base64;
    } cases[] = {
        {"4578616d706C6521", "\"Example!\"", "\"RXhhbXBsZSE=\""},
        {"0x578616d706C6521", "\"\\u0005xample!\"", "\"BXhhbXBsZSE=\""},
        {"x''", "\"\"", "\"\""},
        {"X'", "null !", "null !"},
        {"578616d706C6521", "null !", "null !"},
        {"0x0x", "null !", "null !"},
        {"c39c62",
         "\"\xef\xbf\xbd\xef\xbf\xbd"
         "b\"",
         "\"w5xi\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_string_equal(shown(CALL("ENCODE", text(cases[i].hex), text("hex"), text("ascii"))) +
                                7,
                            cases[i].ascii);
        assert_string_equal(shown(CALL("ENCODE", text(cases[i].hex), text("hex"), text("base64"))) +
                                7,
                            cases[i].base64);
    }
    assert_shown(CALL("FROM_BYTES", CALL("TO_BYTES", text("1ab2"), text("hex")), text("hex")),
                 "STRING \"1AB2\"");
    assert_shown(CALL("INT_FROM_BYTES", CALL("TO_BYTES", text("e5070000"), text("hex")),
                      text("LITTLE_ENDIAN")),
                 "INTEGER 2021");
    assert_shown(CALL("BIGINT_FROM_BYTES", CALL("TO_BYTES", text("000000012a05f200"), text("hex"))),
                 "BIGINT 5000000000");
    assert_shown(CALL("INT_FROM_BYTES", CALL("TO_BYTES", text("e507"), text("hex"))),
                 "INTEGER null !");
    assert_shown(CALL("MD5", text("")), "STRING \"d41d8cd98f00b204e9800998ecf8427e\"");
    assert_shown(
        CALL("MD5", text("12345678901234567890123456789012345678901234567890123456789012345678901"
                         "234567890")),
        "STRING \"57edf4a22be3c955ac49da2e2107b67a\"");
    assert_shown(CALL("MD5", text("r1")), "STRING \"7c92cf1eee8d99cc85f8355a3d6e4b86\"");
    struct expr *uuid = NULL;
    assert_int_equal(expr_call(&arena, STR("UUID"), NULL, 0, nowhere, &uuid, &why), OK);
    assert_int_equal(strlen(shown(uuid)), strlen("STRING \"\"") + 36);
}

static void times(void **state)
{
    assert_shown(CALL("PARSE_TIMESTAMP", text("2019-08-27T13:31:09.2+0000"),
                      text("yyyy-MM-dd'T'HH:mm:ss.SX")),
                 "TIMESTAMP \"2019-08-27T13:31:09.200\"");
    assert_shown(CALL("STRINGTOTIMESTAMP", text("nonsense"), text("yyyy")), "BIGINT null !");
    assert_shown(CALL("STRINGTOTIMESTAMP", text("2020"), text("{")), "BIGINT null !");
    assert_shown(CALL("TIMESTAMPTOSTRING", bigint(1526075913000), text("yyyy-MM-dd HH:mm:ss zzz"),
                      text("America/Los_Angeles")),
                 "STRING \"2018-05-11 14:58:33 PDT\"");
    assert_shown(CALL("FORMAT_TIMESTAMP", text("2018-05-11T21:58:33"), text("HH:mm")),
                 "STRING \"21:58\"");
    assert_shown(CALL("PARSE_DATE", text("01-JAN-2022"), text("dd-MMM-yyyy")),
                 "DATE \"2022-01-01\"");
    assert_shown(CALL("PARSE_DATE", text("2003-12-24-01-01"), text("yyyy-MM-dd")),
                 "DATE \"2003-12-24\"");
    assert_shown(CALL("PARSE_DATE", text("2003"), text("yyyy-MM-dd")), "DATE null !");
    assert_shown(CALL("PARSE_DATE", text("2003"), text("{")), "DATE null !");
    assert_shown(CALL("STRINGTODATE", text("2003-12-24-01"), text("yyyy-MM-dd")), "INTEGER null !");
    assert_shown(CALL("DATETOSTRING", integer(-1), text("dd-MM-yyyy'Sophia'")),
                 "STRING \"31-12-1969Sophia\"");
    assert_shown(CALL("PARSE_TIME", text("01:00:00 Pm"), text("hh:mm:ss a")),
                 "TIME \"13:00:00.000\"");
    assert_shown(CALL("FORMAT_TIME", text("13:00"), text("hh a")), "STRING \"01 PM\"");
    assert_shown(CALL("TIMESTAMPADD", text("MILLISECONDS"), integer(-5), text("1970-01-01")),
                 "TIMESTAMP \"1969-12-31T23:59:59.995\"");
    assert_shown(CALL("TIMESTAMPSUB", text("day"), integer(1), text("1970-01-02")),
                 "TIMESTAMP \"1970-01-01T00:00:00.000\"");
    assert_shown(CALL("TIMESTAMPADD", text("WEEKS"), integer(1), text("1970-01-02")),
                 "TIMESTAMP null !");
    assert_shown(CALL("DATESUB", text("DAYS"), integer(10), text("1970-01-06")),
                 "DATE \"1969-12-27\"");
    assert_shown(CALL("TIMESUB", text("HOURS"), integer(25), text("00:30")),
                 "TIME \"23:30:00.000\"");
    assert_shown(CALL("TIMEADD", text("DAYS"), integer(INT32_MIN), text("00:30")),
                 "TIME \"00:30:00.000\"");
    assert_shown(
        CALL("UNIX_TIMESTAMP", CALL("CONVERT_TZ", CALL("FROM_UNIXTIME", bigint(1589234313000)),
                                    text("America/Los_Angeles"), text("America/New_York"))),
        "BIGINT 1589245113000");
    assert_shown(CALL("CONVERT_TZ", text("2020-01-01"), text("Nowhere/At_All"), text("UTC")),
                 "TIMESTAMP null !");
    assert_shown(CALL("FROM_DAYS", integer(-10)), "DATE \"1969-12-22\"");
    assert_shown(CALL("UNIX_DATE", text("1970-01-11")), "INTEGER 10");
}

static void masks_and_urls(void **state)
{
    assert_shown(CALL("MASK", text("My Test $123")), "STRING \"Xx-Xxxx--nnn\"");
    assert_shown(CALL("MASK", text("My Test $123"), text("Y"), null(), text("?"), text("!")),
                 "STRING \"Yy!Yest!!???\"");
    assert_shown(CALL("MASK_KEEP_RIGHT", text("4111-1111"), integer(2)), "STRING \"nnnn-nn11\"");
    assert_shown(CALL("MASK_LEFT", text("abc"), integer(9)), "STRING \"xxx\"");
    assert_shown(CALL("MASK_RIGHT", text("abc"), integer(1)), "STRING \"abx\"");
    assert_shown(CALL("MASK_KEEP_LEFT", text("abc"), integer(-1)), "STRING null !");
    const char *url = "http://test@confluent.io:8080/nested/path?q=2&a=x%20y#frag";
    assert_shown(CALL("URL_EXTRACT_HOST", text(url)), "STRING \"confluent.io\"");
    assert_shown(CALL("URL_EXTRACT_PORT", text(url)), "INTEGER 8080");
    assert_shown(CALL("URL_EXTRACT_PATH", text(url)), "STRING \"/nested/path\"");
    assert_shown(CALL("URL_EXTRACT_PROTOCOL", text(url)), "STRING \"http\"");
    assert_shown(CALL("URL_EXTRACT_QUERY", text(url)), "STRING \"q=2&a=x y\"");
    assert_shown(CALL("URL_EXTRACT_FRAGMENT", text(url)), "STRING \"frag\"");
    assert_shown(CALL("URL_EXTRACT_PARAMETER", text(url), text("a")), "STRING \"x y\"");
    assert_shown(CALL("URL_EXTRACT_PARAMETER", text(url), text("b")), "STRING null");
    assert_shown(CALL("URL_EXTRACT_QUERY", text("http://a/b")), "STRING null");
    assert_shown(CALL("URL_EXTRACT_HOST", text("not a url")), "STRING null !");
    assert_shown(CALL("URL_ENCODE_PARAM", text("?foo $bar")), "STRING \"%3Ffoo+%24bar\"");
    assert_shown(CALL("URL_DECODE_PARAM", text("a+%")), "STRING null !");
}

/* Whatever bytes come: every function of texts and numbers ends, and says NULL or a value. */
static void any_bytes_will_do(void **state)
{
    static const char alphabet[] = "a1 .-:/%$\\\"'{}[]()*+,xu0\xc3\xa9\xff\x00";
    struct random random = {.state = (uint64_t)time(NULL)};
    print_message("seed %llu\n", (unsigned long long)random.state);
    for (int round = 0; round < 300; round++) {
        struct expr *args[3];
        for (int i = 0; i < 3; i++) {
            struct buf buf = {0};
            const uint64_t size = random_below(&random, 12);
            for (uint64_t k = 0; k < size; k++)
                buf_append_byte(&buf, (uint8_t)alphabet[random_below(&random, sizeof(alphabet))]);
            args[i] =
                expr_literal(&arena, &type_string, (struct value){.text = buf_str(&buf)}, nowhere);
            buf_release(&buf);
        }
        int ran = 0;
        for (uint32_t f = 0; f < function_count(); f++)
            for (uint32_t count = 1; count <= 3; count++) {
                struct expr *expr = NULL;
                struct expr *mixed[3] = {args[0], args[1], args[2]};
                if (round % 2 && count > 1)
                    mixed[1] = integer((int32_t)random_next(&random));
                if (function_at(f)->kind == FUNCTION_AGGREGATE ||
                    expr_call(&arena, function_at(f)->name, mixed, count, nowhere, &expr, NULL) !=
                        OK)
                    continue;
                assert_non_null(shown(expr));
                ran++;
            }
        assert_true(ran > 20);
        arena_clear(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rounding),
        TEST(numbers),
        TEST(cutting_text),
        TEST(joining_and_splitting),
        TEST(regular_expressions),
        TEST(bytes_and_encodings),
        TEST(times),
        TEST(masks_and_urls),
        TEST(any_bytes_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
