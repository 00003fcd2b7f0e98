/* format_test.c -- names, refusals, KAFKA, DELIMITED, NONE, KEPT, windows, headers. */
#include "format_help.h"

static void names(void **state)
{
    enum format_kind kind = FORMAT_NONE;
    struct why why;
    assert_int_equal(format_parse(STR("Avro"), &kind, &why), OK);
    assert_int_equal(kind, FORMAT_AVRO);
    assert_string_equal(format_name(FORMAT_DELIMITED), "DELIMITED");
    assert_int_equal(format_parse(STR("JSOM"), &kind, &why), ERR_INVALID);
    assert_non_null(strstr(why.text, "did you mean 'JSON'"));
    assert_int_equal(format_parse(STR("KEPT"), &kind, &why), ERR_INVALID);
    assert_int_equal(format_parse(STR(""), &kind, &why), ERR_INVALID);
    assert_int_equal(kind, FORMAT_AVRO);
}

static void refuses(enum format_kind kind, bool is_key, const struct type *type, const char *words)
{
    const struct format_spec spec = {.kind = kind, .delimiter = ','};
    const struct row_column columns[] = {{.name = STR("K"), .type = type}};
    struct why why;
    assert_int_equal(format_check(&spec, is_key, columns, 1, &why), ERR_INVALID);
    if (!strstr(why.text, words))
        print_message("'%s' lacks '%s'\n", why.text, words);
    assert_non_null(strstr(why.text, words));
}

static void checks(void **state)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *array = type_array(&arena, &type_integer);
    const struct type *map = type_map(&arena, &type_string, &type_double);
    const struct type *integer_map = type_map(&arena, &type_integer, &type_double);
    const struct type_field field = {STR("F"), map};
    const struct type *record = type_struct(&arena, &field, 1);
    refuses(FORMAT_KAFKA, true, &type_boolean, "'KAFKA' format does not support type 'BOOLEAN'");
    refuses(FORMAT_KAFKA, true, type_decimal(&arena, 21, 19), "does not support type 'DECIMAL'");
    refuses(FORMAT_KAFKA, false, array, "does not support type 'ARRAY'");
    refuses(FORMAT_KAFKA, false, record, "does not support type 'STRUCT', column: `K`");
    refuses(FORMAT_DELIMITED, false, map, "'DELIMITED' format does not support type 'MAP'");
    refuses(FORMAT_NONE, true, &type_string, "can only be used when no columns are defined");
    refuses(FORMAT_JSON, true, map, "map keys");
    refuses(FORMAT_AVRO, true, type_array(&arena, map), "map keys");
    refuses(FORMAT_JSON, true, record, "map keys");
    refuses(FORMAT_JSON, false, type_array(&arena, integer_map), "STRING keys");
    refuses(FORMAT_AVRO, false, integer_map, "STRING keys");

    struct why why;
    const struct row_column columns[] = {{.name = STR("A.B"), .type = &type_integer},
                                         {.name = STR("1C"), .type = &type_integer}};
    struct format_spec spec = {.kind = FORMAT_AVRO};
    assert_int_equal(format_check(&spec, false, columns, 1, &why), OK);
    assert_int_equal(format_check(&spec, false, columns, 2, &why), ERR_INVALID);
    assert_non_null(strstr(why.text, "illegal initial character in '1C'"));
    spec = (struct format_spec){.kind = FORMAT_KAFKA};
    assert_int_equal(format_check(&spec, true, columns, 2, &why), ERR_INVALID);
    assert_non_null(strstr(why.text, "only supports a single field"));
    assert_int_equal(format_check(&spec, true, NULL, 0, &why), OK);
    spec = (struct format_spec){.kind = FORMAT_JSON, .unwrapped = true};
    assert_int_equal(format_check(&spec, false, columns, 1, &why), OK);
    assert_int_equal(format_check(&spec, false, columns, 2, &why), ERR_INVALID);
    spec = (struct format_spec){.kind = FORMAT_JSON, .schema_full_name = STR("a.B")};
    assert_int_equal(format_check(&spec, false, columns, 1, &why), ERR_INVALID);
    spec = (struct format_spec){.kind = FORMAT_JSON, .schema_id = 3};
    assert_int_equal(format_check(&spec, false, columns, 1, &why), ERR_INVALID);
    spec = (struct format_spec){.kind = FORMAT_DELIMITED, .delimiter = '"'};
    assert_int_equal(format_check(&spec, false, columns, 1, &why), ERR_INVALID);
    arena_release(&arena);
}

static void kafka_goes_round(const struct type *type, struct str bytes, const char *row)
{
    struct help help;
    help_init(&help, FORMAT_NONE, FORMAT_KAFKA);
    help_add(&help, COLUMN_VALUE, "V", type);
    assert_int_equal(help_decode_value(&help, bytes), OK);
    assert_string_equal(help_row(&help), row);
    struct str back;
    assert_non_null(help_write(&help, false, &back));
    assert_int_equal(back.size, bytes.size);
    assert_memory_equal(back.data, bytes.data, bytes.size);
    help_release(&help);
}

static void kafka_sizes_are_strict(void **state)
{
    kafka_goes_round(&type_integer, STR("\xff\xff\xff\xfe"), "-2");
    kafka_goes_round(&type_bigint, STR("\0\0\0\0\0\0\1\2"), "258");
    kafka_goes_round(&type_double, STR("\x3f\xf8\0\0\0\0\0\0"), "1.5");
    kafka_goes_round(&type_string, STR("h\xc3\xa9"), "\"h\xc3\xa9\"");
    kafka_goes_round(&type_string, STR(""), "\"\"");
    kafka_goes_round(&type_bytes, STR("!"), "\"IQ==\"");
    const struct type *const types[] = {&type_integer, &type_bigint, &type_double};
    for (size_t i = 0; i < 3; i++) {
        struct help help;
        help_init(&help, FORMAT_NONE, FORMAT_KAFKA);
        help_add(&help, COLUMN_VALUE, "V", types[i]);
        for (size_t size = 0; size < 12; size++) {
            const bool fits = size == (i == 0 ? 4 : 8);
            const struct str bytes = {"\0\0\0\0\0\0\0\0\0\0\0\0", size};
            assert_int_equal(help_decode_value(&help, bytes), fits ? OK : ERR_MALFORMED);
        }
        help_release(&help);
    }
    /* Java's strings have U+FFFD where bytes are no UTF-8. */
    struct help help;
    help_init(&help, FORMAT_NONE, FORMAT_KAFKA);
    help_add(&help, COLUMN_VALUE, "V", &type_string);
    help_reads(&help, "a\xff", "\"a\xef\xbf\xbd\"");
    help_release(&help);
}

static void delimited_is_csv(void **state)
{
    struct help help;
    help_init(&help, FORMAT_NONE, FORMAT_DELIMITED);
    help_add(&help, COLUMN_VALUE, "A", &type_string);
    help_add(&help, COLUMN_VALUE, "B", &type_integer);
    help_add(&help, COLUMN_VALUE, "C", type_decimal(&help.arena, 6, 2));
    help_add(&help, COLUMN_VALUE, "D", &type_boolean);
    help_reads(&help, "x,1,2.5,TRUE", "\"x\"|1|2.50|true");
    assert_string_equal(help_write(&help, false, NULL), "x,1,2.50,true");
    help_reads(&help, "\"x,\"\"y\nz\" ,\"1\",,no\r\nnext line", "\"x,\\\"y\\nz\"|1|null|false");
    assert_string_equal(help_write(&help, false, NULL), "\"x,\"\"y\nz\",1,,false");
    help_reads(&help, "\r\n\n,,,", "null|null|null|null");
    assert_string_equal(help_write(&help, false, NULL), ",,,");
    help_reads(&help, " x ,1,2,true", "\" x \"|1|2.00|true");
    assert_string_equal(help_write(&help, false, NULL), "\" x \",1,2.00,true");
    help_reads(&help, "-x,-1,-2,true", "\"-x\"|-1|-2.00|true");
    assert_string_equal(help_write(&help, false, NULL), "\"-x\",-1,-2.00,true");
    static const char *const texts[] = {"",
                                        "\n\r\n",
                                        "x,1,2.5",
                                        "x,1,2.5,true,",
                                        "x,y,2.5,true",
                                        "x,1,2.555,true",
                                        "\"x,1,2.5,true",
                                        "\"x\"y,1,2.5,true",
                                        "x,1.0,2,true",
                                        "x, 1,2,true"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        help_rejects(&help, texts[i]);
    help_release(&help);
}

static void delimiters(void **state)
{
    static const char delimiters[] = " \t;|";
    for (const char *at = delimiters; *at; at++) {
        struct help help;
        char text[20];
        help_init(&help, FORMAT_NONE, FORMAT_DELIMITED);
        help.format.value.delimiter = *at;
        help_add(&help, COLUMN_VALUE, "A", &type_string);
        help_add(&help, COLUMN_VALUE, "B", &type_double);
        help_add(&help, COLUMN_VALUE, "C", &type_bytes);
        snprintf(text, sizeof(text), "a,b%c1.5%cIQ==", *at, *at);
        help_reads(&help, text, "\"a,b\"|1.5|\"IQ==\"");
        assert_string_equal(help_write(&help, false, NULL), text);
        help_release(&help);
    }
}

static void keys_with_several_columns_are_records(void **state)
{
    struct help help;
    help_init(&help, FORMAT_JSON, FORMAT_NONE);
    help_add(&help, COLUMN_KEY, "K", &type_integer);
    help_add(&help, COLUMN_KEY, "K2", &type_string);
    const struct record record = {.key = STR("{\"K\":null,\"k2\":\"b\"}")};
    assert_int_equal(help_decode(&help, &record), OK);
    assert_string_equal(help_row(&help), "null|\"b\"");
    assert_string_equal(help_write(&help, true, NULL), "{\"K\":null,\"K2\":\"b\"}");
    assert_null(help_write(&help, false, NULL));
    const struct record bad = {.key = STR("7")};
    assert_int_equal(help_decode(&help, &bad), ERR_MALFORMED);
    assert_true(help.reject.in_key);
    help_release(&help);
}

static void keys_of_one_column_are_bare(void **state)
{
    struct help help;
    help_init(&help, FORMAT_JSON, FORMAT_JSON);
    help_add(&help, COLUMN_KEY, "K", &type_string);
    help_add(&help, COLUMN_VALUE, "V", &type_integer);
    struct record record = {.key = STR("\"a\""), .value = STR("{\"V\":1}")};
    assert_int_equal(help_decode(&help, &record), OK);
    assert_string_equal(help_row(&help), "\"a\"|1");
    assert_string_equal(help_write(&help, true, NULL), "\"a\"");
    record.key = (struct str){0};
    assert_int_equal(help_decode(&help, &record), OK);
    assert_string_equal(help_row(&help), "null|1");
    assert_null(help_write(&help, true, NULL));
    help_release(&help);
}

static void window_keys(void **state)
{
    struct help help;
    help_init(&help, FORMAT_KAFKA, FORMAT_NONE);
    help_add(&help, COLUMN_KEY, "K", &type_string);
    help.format.window = WINDOW_TUMBLING;
    help.format.window_size_ms = 1000;
    const struct record record = {.key = STR("ab\0\0\0\0\0\0\1\2")};
    assert_int_equal(help_decode(&help, &record), OK);
    assert_string_equal(help_row(&help), "\"ab\"");
    assert_int_equal(help.batch->window_starts[0], 258);
    assert_int_equal(help.batch->window_ends[0], 1258);
    struct str back;
    assert_non_null(help_write(&help, true, &back));
    assert_int_equal(back.size, record.key.size);
    assert_memory_equal(back.data, record.key.data, back.size);
    for (size_t size = 0; size < 8; size++) {
        const struct record cut = {.key = {record.key.data, size}};
        assert_int_equal(help_decode(&help, &cut), ERR_MALFORMED);
        assert_true(help.reject.in_key);
    }
    const struct record far = {.key = STR("\x7f\xff\xff\xff\xff\xff\xff\xff")};
    assert_int_equal(help_decode(&help, &far), ERR_MALFORMED);
    help_release(&help);
}

static void session_keys(void **state)
{
    struct help help;
    help_init(&help, FORMAT_KAFKA, FORMAT_NONE);
    help_add(&help, COLUMN_KEY, "K", &type_string);
    help.format.window = WINDOW_SESSION;
    const struct record record = {.key = STR("a\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\x05")};
    assert_int_equal(help_decode(&help, &record), OK);
    assert_string_equal(help_row(&help), "\"a\"");
    assert_int_equal(help.batch->window_starts[0], 5);
    assert_int_equal(help.batch->window_ends[0], 9);
    struct str back;
    assert_non_null(help_write(&help, true, &back));
    assert_int_equal(back.size, record.key.size);
    assert_memory_equal(back.data, record.key.data, back.size);
    const struct record cut = {.key = {record.key.data, 15}};
    assert_int_equal(help_decode(&help, &cut), ERR_MALFORMED);
    help_release(&help);
}

static void headers(void **state)
{
    struct help help;
    help_init(&help, FORMAT_NONE, FORMAT_JSON);
    const struct type_field fields[] = {{STR("KEY"), &type_string}, {STR("VALUE"), &type_bytes}};
    help_add(&help, COLUMN_VALUE, "V", &type_integer);
    help_add(&help, COLUMN_HEADERS, "H",
             type_array(&help.arena, type_struct(&help.arena, fields, 2)));
    help_add(&help, COLUMN_HEADERS, "ABC", &type_bytes);
    help.columns[2].header_name = STR("abc");
    const struct record_header list[] = {
        {STR("abc"), STR("?"), false}, {STR("x"), {0}, true}, {STR("abc"), STR("!"), false}};
    struct record record = {.value = STR("{\"V\":1}"), .headers = list, .header_count = 3};
    assert_int_equal(help_decode(&help, &record), OK);
    assert_string_equal(help_row(&help),
                        "1|[{\"KEY\":\"abc\",\"VALUE\":\"Pw==\"},{\"KEY\":\"x\",\"VALUE\":null},"
                        "{\"KEY\":\"abc\",\"VALUE\":\"IQ==\"}]|\"IQ==\"");
    record.header_count = 0;
    assert_int_equal(help_decode(&help, &record), OK);
    assert_string_equal(help_row(&help), "1|[]|null");
    help_release(&help);
}

/* Wanted columns only, in the order asked for, one of them twice; pseudo columns. */
static void origins(void **state)
{
    static const enum format_kind kinds[] = {FORMAT_JSON, FORMAT_DELIMITED, FORMAT_KEPT};
    static const char *const values[] = {"{\"C\":3,\"A\":1,\"B\":\"b\"}", "1,b,3",
                                         "\0\x02\x02"
                                         "b\x06"};
    static const size_t value_sizes[] = {21, 5, 5};
    for (size_t i = 0; i < 3; i++) {
        struct help help;
        help_init(&help, FORMAT_NONE, kinds[i]);
        help_add(&help, COLUMN_VALUE, "A", &type_integer);
        help_add(&help, COLUMN_VALUE, "B", &type_string);
        help_add(&help, COLUMN_VALUE, "C", &type_integer);
        const struct column_origin list[] = {{ORIGIN_COLUMN, 2},     {ORIGIN_ROWTIME, 0},
                                             {ORIGIN_COLUMN, 0},     {ORIGIN_ROWPARTITION, 0},
                                             {ORIGIN_COLUMN, 2},     {ORIGIN_ROWOFFSET, 0},
                                             {ORIGIN_WINDOWSTART, 0}};
        const struct type *const types[] = {&type_integer, &type_bigint,  &type_integer,
                                            &type_integer, &type_integer, &type_bigint,
                                            &type_bigint};
        struct row_column columns[7];
        for (size_t j = 0; j < 7; j++)
            columns[j] = (struct row_column){.name = STR("X"), .type = types[j]};
        const struct row_type row_type = {7, columns};
        struct batch *batch = batch_new(&help.arena, &row_type, 2);
        assert_int_equal(decoder_new(&help.format, list, 7, NULL, &help.decoder, &help.why), OK);
        const struct record record = {
            .offset = 42, .timestamp_ms = 1000, .value = {values[i], value_sizes[i]}};
        uint32_t rejects = 0;
        uint32_t done = 0;
        assert_int_equal(decoder_decode(help.decoder, &record, 1, 5, batch, &help.reject, &rejects,
                                        &done, &help.why),
                         OK);
        assert_int_equal(batch->row_count, 1);
        assert_int_equal(batch->columns[0].integers[0], 3);
        assert_int_equal(batch->columns[1].bigints[0], 1000);
        assert_int_equal(batch->columns[2].integers[0], 1);
        assert_int_equal(batch->columns[3].integers[0], 5);
        assert_int_equal(batch->columns[4].integers[0], 3);
        assert_int_equal(batch->columns[5].bigints[0], 42);
        assert_int_equal(batch->columns[6].nulls[0], 1);
        help_release(&help);
    }
}

static void rejects_keep_their_places(void **state)
{
    struct help help;
    help_init(&help, FORMAT_NONE, FORMAT_JSON);
    help_add(&help, COLUMN_VALUE, "V", &type_integer);
    const struct column_origin origin = {ORIGIN_COLUMN, 0};
    assert_int_equal(decoder_new(&help.format, &origin, 1, NULL, &help.decoder, &help.why), OK);
    const struct record records[] = {{.value = STR("{\"V\":0}")},
                                     {.value = STR("x")},
                                     {.value = STR("{\"V\":2}")},
                                     {.value = STR("{\"V\":true}")},
                                     {.value = STR("{\"V\":4}")}};
    struct format_reject list[5];
    struct batch *batch = batch_new(&help.arena, &help.row_type, 8);
    uint32_t reject_count = 0;
    uint32_t done = 0;
    assert_int_equal(
        decoder_decode(help.decoder, records, 5, 0, batch, list, &reject_count, &done, &help.why),
        OK);
    assert_int_equal(done, 5);
    assert_int_equal(reject_count, 2);
    assert_int_equal(list[0].record, 1);
    assert_int_equal(list[1].record, 3);
    assert_non_null(strstr(list[1].why.text, "'V': true is no INTEGER"));
    assert_int_equal(batch->row_count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(batch->columns[0].integers[i], 2 * i);
    help_release(&help);
}

static void kept_rows(void **state)
{
    struct help help;
    help_init(&help, FORMAT_KAFKA, FORMAT_JSON);
    help_add(&help, COLUMN_KEY, "K", &type_string);
    help_add(&help, COLUMN_VALUE, "A", &type_double);
    help_add(&help, COLUMN_VALUE, "L", type_array(&help.arena, &type_string));
    const struct record record = {.key = STR("k"), .value = STR("{\"A\":1.5,\"L\":[\"x\",null]}")};
    assert_int_equal(help_decode(&help, &record), OK);
    help.format.value.kind = FORMAT_KEPT;
    struct str kept;
    assert_non_null(help_write(&help, false, &kept));
    decoder_free(help.decoder);
    help.decoder = NULL;
    const struct record back = {.key = STR("k"), .value = kept};
    assert_int_equal(help_decode(&help, &back), OK);
    assert_string_equal(help_row(&help), "\"k\"|1.5|[\"x\",null]");
    for (size_t size = 0; size < kept.size; size++) {
        const struct record cut = {.key = STR("k"), .value = {kept.data, size}};
        assert_int_equal(help_decode(&help, &cut), ERR_MALFORMED);
    }
    help_release(&help);
}

static void shown(struct str bytes, const char *text)
{
    struct buf buf = {0};
    format_show(bytes, false, NULL, &buf);
    assert_string_equal(buf_text(&buf), text);
    buf_release(&buf);
}

static void shows_what_it_can(void **state)
{
    shown(STR("{\"a\":1}"), "{\"a\":1}");
    shown(STR("plain \"text\""), "\"plain \\\"text\\\"\"");
    shown(STR("\0\1\xff"), "\"0x0001ff\"");
    shown(STR("\x1b[31m"), "\"0x1b5b33316d\"");
    shown(STR(""), "\"\"");
    struct buf buf = {0};
    format_show((struct str){0}, true, NULL, &buf);
    assert_string_equal(buf_text(&buf), "null");
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(checks),
        cmocka_unit_test(kafka_sizes_are_strict),
        cmocka_unit_test(delimited_is_csv),
        cmocka_unit_test(delimiters),
        cmocka_unit_test(keys_with_several_columns_are_records),
        cmocka_unit_test(keys_of_one_column_are_bare),
        cmocka_unit_test(window_keys),
        cmocka_unit_test(session_keys),
        cmocka_unit_test(headers),
        cmocka_unit_test(origins),
        cmocka_unit_test(rejects_keep_their_places),
        cmocka_unit_test(kept_rows),
        cmocka_unit_test(shows_what_it_can),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
