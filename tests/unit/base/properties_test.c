/* properties_test.c -- java.util.Properties' text, its corners and its limits. */
#include "unit.h"

#include "base/buf.h"
#include "base/properties.h"

struct fixture {
    struct arena arena;
    struct properties properties;
    struct why why;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    arena_init(&fixture->arena, 0);
    properties_init(&fixture->properties, &fixture->arena);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_release(&fixture->arena);
    free(fixture);
    return 0;
}

#define assert_property(fixture, name, value)                                                      \
    do {                                                                                           \
        const struct str *found = properties_get(&(fixture)->properties, STR(name));               \
        assert_non_null(found);                                                                    \
        assert_str(*found, value);                                                                 \
    } while (0)

static void lines_are_read_as_java_reads_them(void **state)
{
    struct fixture *fixture = *state;
    const struct str text = STR("# a comment \\\n"
                                "! another\n"
                                "\n"
                                "a=1\n"
                                "  b : 2 \r\n"
                                "c 3\r"
                                "d\n"
                                "e\t=\t=5\n"
                                "f=a\\\n"
                                "   b\\\r\n"
                                "\tc\n"
                                "g\\=\\:\\ h=x\\ty\\n\\q\\\\\n"
                                "h=\\u00e9\\uD83C\\uDF54\n"
                                "i=even\\\\\n"
                                "j = # no comment\n"
                                "k=\\  two blanks\n"
                                "a=last\n"
                                "=no name\n"
                                "l==\n"
                                "m=cut\\");
    assert_int_equal(properties_parse(&fixture->properties, text, &fixture->why), OK);
    assert_property(fixture, "a", "last");
    assert_property(fixture, "b", "2 ");
    assert_property(fixture, "c", "3");
    assert_property(fixture, "d", "");
    assert_property(fixture, "e", "=5");
    assert_property(fixture, "f", "abc");
    assert_property(fixture, "g=: h", "x\ty\nq\\");
    assert_property(fixture, "h", "\xC3\xA9\xF0\x9F\x8D\x94");
    assert_property(fixture, "i", "even\\");
    assert_property(fixture, "j", "# no comment");
    assert_property(fixture, "k", "  two blanks");
    assert_property(fixture, "", "no name");
    assert_property(fixture, "l", "=");
    assert_property(fixture, "m", "cut");
    assert_int_equal(fixture->properties.count, 14);
    assert_null(properties_get(&fixture->properties, STR("A")));
}

static void lines_are_counted(void **state)
{
    struct fixture *fixture = *state;
    const struct str text = STR("a=1\r\n\n# c\rb=x\\\n  y\nc=3\n");
    assert_int_equal(properties_parse(&fixture->properties, text, &fixture->why), OK);
    assert_int_equal(fixture->properties.items[0].line, 1);
    assert_int_equal(fixture->properties.items[1].line, 4);
    assert_int_equal(fixture->properties.items[2].line, 6);
    assert_str(fixture->properties.items[2].name, "c");
}

static void bad_escapes_are_refused_with_their_place(void **state)
{
    static const char *const bad[] = {"\\u12", "\\u12g4", "\\u", "\\ud83c", "\\udf54", "\\ud83cx"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct str text = arena_printf(&fixture->arena, "good=1\n\nbad=x%s\n", bad[i]);
        assert_int_equal(properties_parse(&fixture->properties, text, &fixture->why), ERR_INVALID);
        assert_int_equal(fixture->why.line, 3);
        assert_int_equal(fixture->why.column, 6);
        assert_true(strlen(fixture->why.text) > 0);
    }
    assert_property(fixture, "good", "1");
    assert_null(properties_get(&fixture->properties, STR("bad")));
    assert_int_equal(properties_parse(&fixture->properties, STR("a=\xff"), &fixture->why),
                     ERR_INVALID);
    assert_int_equal(properties_parse(&fixture->properties, (struct str){0}, NULL), OK);
}

static void size_and_count_are_limited(void **state)
{
    struct fixture *fixture = *state;
    struct buf text = {0};
    for (int i = 0; i < 10000; i++)
        buf_printf(&text, "n%d=%d\n", i, i);
    assert_int_equal(properties_parse(&fixture->properties, buf_str(&text), &fixture->why), OK);
    assert_int_equal(fixture->properties.count, 10000);
    assert_property(fixture, "n9999", "9999");
    assert_int_equal(properties_parse(&fixture->properties, STR("n5=again"), &fixture->why), OK);
    assert_property(fixture, "n5", "again");
    assert_int_equal(properties_parse(&fixture->properties, STR("\none=more"), &fixture->why),
                     ERR_INVALID);
    assert_int_equal(fixture->why.line, 2);
    buf_clear(&text);
    memset(buf_reserve(&text, 1024 * 1024 + 1), '#', 1024 * 1024 + 1);
    text.size = 1024 * 1024;
    assert_int_equal(properties_parse(&fixture->properties, buf_str(&text), &fixture->why), OK);
    text.size++;
    assert_int_equal(properties_parse(&fixture->properties, buf_str(&text), &fixture->why),
                     ERR_INVALID);
    buf_release(&text);
}

static void code_sets_and_replaces(void **state)
{
    struct fixture *fixture = *state;
    char value[] = "1";
    properties_set(&fixture->properties, STR("a"), str_from(value));
    value[0] = 'x';
    assert_property(fixture, "a", "1");
    const struct str *kept = properties_get(&fixture->properties, STR("a"));
    for (int i = 0; i < 100; i++)
        properties_set(&fixture->properties, arena_printf(&fixture->arena, "n%d", i), STR("v"));
    assert_str(*kept, "1");
    properties_set(&fixture->properties, STR("a"), STR("2"));
    assert_property(fixture, "a", "2");
    assert_int_equal(fixture->properties.count, 101);
    assert_int_equal(fixture->properties.items[0].line, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_are_read_as_java_reads_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_escapes_are_refused_with_their_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(size_and_count_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(code_sets_and_replaces, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
