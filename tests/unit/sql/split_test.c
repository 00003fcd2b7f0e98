/* split_test.c -- where statements end. */
#include "fixture.h"

static void check(const char *text, enum split split, const char *statement, size_t end)
{
    struct split_statement found;
    assert_int_equal(sql_split(str_from(text), (struct place){1, 1}, &found), split);
    assert_int_equal(found.text.size, strlen(statement));
    if (found.text.size > 0)
        assert_memory_equal(found.text.data, statement, found.text.size);
    assert_int_equal(found.end, end);
}

static void test_split(void **state)
{
    (void)state;
    check("", SPLIT_NOTHING, "", 0);
    check(" -- a; \n /* b; */ ", SPLIT_NOTHING, "", 18);
    check("a;b;", SPLIT_WHOLE, "a;", 2);
    check(" /* x */ a 'b;''c' `d;` \"e;\" -- f;\n;g", SPLIT_WHOLE, "a 'b;''c' `d;` \"e;\" -- f;\n;",
          36);
    check("a b", SPLIT_REST, "a b", 3);
    check("a 'b;", SPLIT_OPEN, "a 'b;", 5);
    check("a `b;", SPLIT_OPEN, "a `b;", 5);
    check("a /* b;", SPLIT_OPEN, "a /* b;", 7);
    check("'", SPLIT_OPEN, "'", 1);
    check("/*", SPLIT_OPEN, "/*", 2);
    /* No SQL, but a statement's end all the same. */
    check("# \xe4\xb8\xad ? ${x 1.2a \x01;b", SPLIT_WHOLE, "# \xe4\xb8\xad ? ${x 1.2a \x01;", 19);
    check("\xff;", SPLIT_WHOLE, "\xff;", 2);
}

static void test_places(void **state)
{
    struct split_statement found;
    (void)state;
    const struct str text = STR("\n -- x\n  a\n \xc3\xa9 'b\n';c");
    assert_int_equal(sql_split(text, (struct place){5, 3}, &found), SPLIT_WHOLE);
    assert_int_equal(found.place.line, 7);
    assert_int_equal(found.place.column, 3);
    assert_int_equal(found.end_place.line, 9);
    assert_int_equal(found.end_place.column, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_split), cmocka_unit_test(test_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
