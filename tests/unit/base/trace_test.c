/* trace_test.c -- the lines people read, and what data cannot do to them. */
#include "unit.h"

#include "base/trace.h"

static void trace_hostile(void)
{
    trace(TRACE_WARNING, "sink", "%s", "a\nb\tc\rd\x1b[2J\x7f \xC3\xA9 \xC2\x9b \x9b end");
}

static void trace_levels(void)
{
    trace(TRACE_DEBUG, "engine", "not this");
    trace(TRACE_INFO, "engine", "this");
    trace_set_level(TRACE_ERROR);
    trace(TRACE_INFO, "engine", "not this");
    trace(TRACE_ERROR, "engine", "this too");
    trace_set_level(TRACE_DEBUG);
    trace(TRACE_DEBUG, "engine", "and this");
}

static void trace_long(void)
{
    trace(TRACE_INFO, "a-component-with-a-name-longer-than-anyone-would-give-it", "%0100000d", 0);
}

static void trace_long_and_hostile(void)
{
    char text[8000];
    memset(text, 1, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    trace(TRACE_INFO, "sink", "%s", text);
}

static void control_characters_are_escaped(void **state)
{
    char text[1000];
    assert_int_equal(stderr_of(trace_hostile, text, sizeof(text)), 0);
    assert_non_null(strstr(text, "Z warning sink a\\nb\\tc\\x0dd\\x1b[2J\\x7f \xC3\xA9 \\xc2\\x9b "
                                 "\\x9b end\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void a_line_begins_with_the_time(void **state)
{
    char text[1000];
    assert_int_equal(stderr_of(trace_hostile, text, sizeof(text)), 0);
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        if (form[i] == 'd')
            assert_in_range(text[i], '0', '9');
        else
            assert_int_equal(text[i], form[i]);
    }
}

static void levels_choose(void **state)
{
    char text[1000];
    assert_int_equal(stderr_of(trace_levels, text, sizeof(text)), 0);
    assert_null(strstr(text, "not this"));
    assert_non_null(strstr(text, " info engine this\n"));
    assert_non_null(strstr(text, " error engine this too\n"));
    assert_non_null(strstr(text, " debug engine and this\n"));
}

static void long_texts_are_cut(void **state)
{
    static char text[100000];
    assert_int_equal(stderr_of(trace_long, text, sizeof(text)), 0);
    assert_in_range(strlen(text), 4000, 4300);
    assert_int_equal(text[strlen(text) - 1], '\n');
    assert_int_equal(stderr_of(trace_long_and_hostile, text, sizeof(text)), 0);
    assert_in_range(strlen(text), 4 * 4000, 4 * 4300);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test(a_line_begins_with_the_time),
        cmocka_unit_test(levels_choose),
        cmocka_unit_test(long_texts_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
