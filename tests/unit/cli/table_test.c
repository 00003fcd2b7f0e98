/* table_test.c -- tables that fit, and text that cannot act on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/random.h"
#include "base/utf8.h"
#include "cli/printable.h"
#include "cli/sql_table.h"

#include <locale.h>
#include <wchar.h>

#define ROUNDS 2000

static int setup(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static const char *printable_of(struct buf *buf, struct str text)
{
    buf_clear(buf);
    printable_append(buf, text);
    return buf_text(buf);
}

static void test_printable(void **state)
{
    static const struct {
        struct str text;
        const char *shown;
    } cases[] = {
        {STR_INIT("plain 'text'"), "plain 'text'"},
        {{NULL, 0}, ""},
        {STR_INIT("\x1b[31mred\x07"), "\\x1b[31mred\\x07"},
        {STR_INIT("a\nb\tc\rd\0e"), "a\\nb\\tc\\rd\\x00e"},
        {STR_INIT("\x7f"), "\\x7f"},
        {STR_INIT("\xc2\x9b"
                  "1m"),
         "\\u009b1m"},                                 /* C1 as UTF-8 */
        {STR_INIT("\x9b"), "\\x9b"},                   /* C1 as a byte */
        {STR_INIT("\xe2\x80\xae"), "\\u202e"},         /* turns writing around */
        {STR_INIT("\xe2\x81\xa6"), "\\u2066"},         /* the same, isolated */
        {STR_INIT("\xe2\x80\xa8"), "\\u2028"},         /* ends a line */
        {STR_INIT("\xc0\x8a"), "\\xc0\\x8a"},          /* overlong newline */
        {STR_INIT("\xed\xa0\x80"), "\\xed\\xa0\\x80"}, /* a surrogate */
        {STR_INIT("\xf0\x9f\x8d\x94 \xe4\xb8\xad \xc3\xa9"),
         "\xf0\x9f\x8d\x94 \xe4\xb8\xad \xc3\xa9"},
        {STR_INIT("\xf3\xa0\x81\x81"), "\\U000e0041"}, /* a tag */
        {STR_INIT("cut \xe4\xb8"), "cut \\xe4\\xb8"},
    };
    struct buf buf = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(printable_of(&buf, cases[i].text), cases[i].shown);
    buf_release(&buf);
}

static void test_lines(void **state)
{
    struct buf buf = {0};
    (void)state;
    printable_append_lines(&buf, STR("a\r\n\tb\r\x1b\n"));
    assert_string_equal(buf_text(&buf), "a\n    b\\r\\x1b\n");
    buf_release(&buf);
}

/* What JSON says stays the same, but nothing in it acts. */
static void test_json(void **state)
{
    struct buf buf = {0};
    struct arena arena;
    struct json_reader reader;
    const struct str text = STR("\x7f \xc2\x9b \xe2\x80\xae \xf3\xa0\x81\x81 \xc3\xa9 \x1b \n");
    (void)state;
    arena_init(&arena, 0);
    json_write_string(&buf, text);
    struct buf shown = {0};
    printable_append_json(&shown, buf_str(&buf));
    assert_string_equal(buf_text(&shown),
                        "\"\\u007f \\u009b \\u202e \\udb40\\udc41 \xc3\xa9 \\u001b \\n\"");
    json_reader_init(&reader, buf_str(&shown), &arena);
    assert_int_equal(json_next(&reader), JSON_STRING);
    assert_true(str_equal(reader.text, text));
    buf_clear(&shown);
    printable_append_json(&shown, STR("{\n\t\"a\":\r 1\x0b}"));
    assert_string_equal(buf_text(&shown), "{\"a\": 1}");
    buf_clear(&shown);
    printable_append_json(&shown, STR("\"\xff\""));
    assert_string_equal(buf_text(&shown), "\"\\ufffd\"");
    buf_release(&shown);
    buf_release(&buf);
    arena_release(&arena);
}

static bool is_quiet(struct str text)
{
    const char *at = text.data;
    const char *const end = text.data + text.size;
    while (at < end) {
        uint32_t point;
        at = utf8_get(at, end, &point);
        if (!at || point < 0x20 || (point >= 0x7f && point < 0xa0) || wcwidth((wchar_t)point) < 0)
            return false;
    }
    return true;
}

static void test_random_bytes(void **state)
{
    struct random random;
    struct buf buf = {0};
    (void)state;
    const uint64_t seed = (uint64_t)time(NULL);
    print_message("seed %llu\n", (unsigned long long)seed);
    random.state = seed;
    for (int round = 0; round < ROUNDS; round++) {
        char text[64];
        const size_t size = random_below(&random, sizeof(text) + 1);
        for (size_t i = 0; i < size; i++)
            text[i] = (char)random_next(&random);
        buf_clear(&buf);
        printable_append(&buf, (struct str){text, size});
        assert_true(is_quiet(buf_str(&buf)));
        buf_clear(&buf);
        printable_append_json(&buf, (struct str){text, size});
        assert_true(is_quiet(buf_str(&buf)));
    }
    buf_release(&buf);
}

static void test_widths(void **state)
{
    (void)state;
    assert_int_equal(printable_width((struct str){0}), 0);
    assert_int_equal(printable_fit((struct str){0}, 3), 0);
    assert_int_equal(printable_width(STR("abc")), 3);
    assert_int_equal(printable_width(STR("\xe4\xb8\xad\xe6\x96\x87")), 4);
    assert_int_equal(printable_width(STR("e\xcc\x81")), 1);
    assert_int_equal(printable_fit(STR("\xe4\xb8\xad\xe6\x96\x87"), 3), 3);
    assert_int_equal(printable_fit(STR("\xe4\xb8\xad"), 1), 3); /* at least one character */
    assert_int_equal(printable_fit(STR("abc"), 9), 3);
}

struct drawn {
    struct buf text;
    struct sql_table table;
};

static void draw(struct drawn *drawn, const struct sql_table_style *style,
                 const struct sql_column *columns, uint32_t column_count, const struct str *cells,
                 uint32_t row_count)
{
    *drawn = (struct drawn){0};
    sql_table_init(&drawn->table, columns, column_count);
    for (uint32_t r = 0; r < row_count; r++)
        sql_table_add(&drawn->table, cells + (size_t)r * column_count);
    sql_table_flush(&drawn->table, style, &drawn->text);
}

static void drawn_release(struct drawn *drawn)
{
    sql_table_release(&drawn->table);
    buf_release(&drawn->text);
}

static const struct sql_column two[] = {{.name = STR_INIT("ID"), .is_right = true},
                                        {.name = STR_INIT("ITEM")}};

static void test_fits(void **state)
{
    const struct str cells[] = {STR("1"), STR("fries"), STR("1000"), STR("\xe4\xb8\xad\n")};
    const struct sql_table_style style = {.width = 40};
    struct drawn drawn;
    (void)state;
    draw(&drawn, &style, two, 2, cells, 2);
    assert_string_equal(buf_text(&drawn.text), "  ID | ITEM\n"
                                               "-----+------\n"
                                               "   1 | fries\n"
                                               "1000 | \xe4\xb8\xad\\n\n");
    drawn_release(&drawn);
}

static void test_wraps(void **state)
{
    const struct str cells[] = {STR("1"), STR("two burgers and a very long_word_indeed")};
    struct sql_table_style style = {.width = 20};
    struct drawn drawn;
    (void)state;
    draw(&drawn, &style, two, 2, cells, 1);
    assert_string_equal(buf_text(&drawn.text), "ID | ITEM\n"
                                               "---+----------------\n"
                                               " 1 | two burgers and\n"
                                               "   | a very long_wor\n"
                                               "   | d_indeed\n");
    drawn_release(&drawn);
    style.is_cut = true;
    draw(&drawn, &style, two, 2, cells, 1);
    assert_string_equal(buf_text(&drawn.text), "ID | ITEM\n"
                                               "---+----------------\n"
                                               " 1 | two burgers an\xe2\x80\xa6\n");
    drawn_release(&drawn);
}

static void test_vertical(void **state)
{
    struct sql_column columns[6] = {{.name = STR_INIT("A_RATHER_LONG_NAME")}};
    struct str cells[6];
    const struct sql_table_style style = {.width = 40};
    struct drawn drawn;
    (void)state;
    for (int i = 0; i < 6; i++) {
        if (i > 0)
            columns[i] = (struct sql_column){.name = STR("COLUMN_NAME")};
        cells[i] = STR("a value that is twenty");
    }
    draw(&drawn, &style, columns, 6, cells, 1);
    assert_memory_equal(drawn.text.data,
                        "--- 1 ---\n"
                        "A_RATHER_LONG_NAME | a value that is\n"
                        "                   | twenty\n"
                        "COLUMN_NAME        | a value that is\n",
                        strlen("--- 1 ---\n"
                               "A_RATHER_LONG_NAME | a value that is\n"
                               "                   | twenty\n"
                               "COLUMN_NAME        | a value that is\n"));
    drawn_release(&drawn);
}

/* Rows that come later keep the layout, and need not be cut where nothing limits them. */
static void test_later_rows(void **state)
{
    const struct sql_column wide[] = {{.name = STR("ID"), .is_right = true},
                                      {.name = STR("ITEM"), .width_wish = 8}};
    const struct str first[] = {STR("1"), STR("a")};
    const struct str second[] = {STR("2"), STR("a longer one")};
    struct sql_table_style style = {.width = 15};
    struct drawn drawn;
    (void)state;
    draw(&drawn, &style, wide, 2, first, 1);
    sql_table_add(&drawn.table, second);
    sql_table_flush(&drawn.table, &style, &drawn.text);
    assert_string_equal(buf_text(&drawn.text), "ID | ITEM\n"
                                               "---+---------\n"
                                               " 1 | a\n"
                                               " 2 | a longer\n"
                                               "   | one\n");
    /* Another width of the terminal begins with the names again. */
    buf_clear(&drawn.text);
    style.width = 40;
    sql_table_add(&drawn.table, second);
    sql_table_flush(&drawn.table, &style, &drawn.text);
    assert_string_equal(buf_text(&drawn.text), "ID | ITEM\n"
                                               "---+-------------\n"
                                               " 2 | a longer one\n");
    drawn_release(&drawn);
    style = (struct sql_table_style){.width = 0};
    draw(&drawn, &style, two, 2, first, 1);
    sql_table_add(&drawn.table, second);
    sql_table_flush(&drawn.table, &style, &drawn.text);
    assert_string_equal(buf_text(&drawn.text), "ID | ITEM\n"
                                               "---+-----\n"
                                               " 1 | a\n"
                                               " 2 | a longer one\n");
    drawn_release(&drawn);
}

static void test_column_width(void **state)
{
    const struct str cells[] = {STR("1"), STR("two burgers")};
    const struct sql_table_style style = {.width = 80, .column_width = 5};
    struct drawn drawn;
    (void)state;
    draw(&drawn, &style, two, 2, cells, 1);
    assert_string_equal(buf_text(&drawn.text), "   ID | ITEM\n"
                                               "------+------\n"
                                               "    1 | two\n"
                                               "      | burge\n"
                                               "      | rs\n");
    drawn_release(&drawn);
}

/* No line is wider than the terminal, whatever is in the cells. */
static void test_random_tables(void **state)
{
    struct random random;
    (void)state;
    const uint64_t seed = (uint64_t)time(NULL);
    print_message("seed %llu\n", (unsigned long long)seed);
    random.state = seed;
    for (int round = 0; round < ROUNDS; round++) {
        static const char *const pieces[] = {"a",       "long_word_",   " ",    "\n",
                                             "\x1b[2J", "\xe4\xb8\xad", "\xff", "e\xcc\x81"};
        const uint32_t columns_count = 1 + (uint32_t)random_below(&random, 9);
        const struct sql_table_style style = {.width = 20 + (uint32_t)random_below(&random, 100),
                                              .is_cut = random_below(&random, 2) == 0};
        struct sql_column columns[9];
        struct str cells[9];
        struct buf text[9] = {0};
        struct drawn drawn;
        for (uint32_t c = 0; c < columns_count; c++) {
            columns[c] = (struct sql_column){.name = STR("NAME"),
                                             .is_right = random_below(&random, 2) == 0,
                                             .width_wish = (uint32_t)random_below(&random, 30)};
            for (uint64_t n = random_below(&random, 40); n > 0; n--)
                buf_append_str(
                    &text[c],
                    str_from(pieces[random_below(&random, sizeof(pieces) / sizeof(pieces[0]))]));
            cells[c] = buf_str(&text[c]);
        }
        draw(&drawn, &style, columns, columns_count, cells, 1);
        struct str rest = buf_str(&drawn.text);
        while (rest.size > 0) {
            const struct str line = {rest.data, str_index(rest, '\n')};
            assert_true(line.size < rest.size);
            assert_true(printable_width(line) <= style.width);
            rest = (struct str){rest.data + line.size + 1, rest.size - line.size - 1};
        }
        drawn_release(&drawn);
        for (uint32_t c = 0; c < columns_count; c++)
            buf_release(&text[c]);
    }
}

static void test_huge_cell(void **state)
{
    const struct sql_table_style style = {.width = 0};
    struct buf text = {0};
    struct drawn drawn;
    (void)state;
    for (int i = 0; i < SQL_TABLE_CELL_BYTES_MAX * 2; i++)
        buf_append_byte(&text, 'x');
    const struct str cells[] = {STR("1"), buf_str(&text)};
    draw(&drawn, &style, two, 2, cells, 1);
    assert_true(drawn.text.size < 3 * SQL_TABLE_CELL_BYTES_MAX);
    assert_true(str_ends_with(buf_str(&drawn.text), STR("x\xe2\x80\xa6\n")));
    drawn_release(&drawn);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printable),     cmocka_unit_test(test_lines),
        cmocka_unit_test(test_json),          cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_widths),        cmocka_unit_test(test_fits),
        cmocka_unit_test(test_wraps),         cmocka_unit_test(test_vertical),
        cmocka_unit_test(test_later_rows),    cmocka_unit_test(test_column_width),
        cmocka_unit_test(test_random_tables), cmocka_unit_test(test_huge_cell),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
