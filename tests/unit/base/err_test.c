/* err_test.c -- failures, their words, assertions and counters. */
#include "unit.h"

#include "base/counters.h"
#include "base/err.h"

static void every_failure_has_name_text_and_reaction(void **state)
{
    for (int i = 0; i < ERR_COUNT; i++) {
        const enum err err = (enum err)i;
        assert_int_equal(strncmp(err_name(err), "ERR_", 4), 0);
        assert_true(strlen(err_text(err)) > 0);
        assert_int_equal(err_reaction(err) == REACTION_NONE, err == OK);
    }
    assert_string_equal(err_name(ERR_NOT_FOUND), "ERR_NOT_FOUND");
    assert_string_equal(err_text(ERR_NOT_FOUND), "not found");
    assert_int_equal(err_reaction(ERR_MALFORMED), REACTION_DEAD_LETTER);
    assert_int_equal(err_reaction(ERR_CLOSED), REACTION_STOP);
}

static void words_are_set_and_prefixed(void **state)
{
    struct why why = {.line = 9, .column = 9};
    assert_int_equal(why_set(&why, ERR_NOT_FOUND, "no topic '%s'", "T"), ERR_NOT_FOUND);
    assert_string_equal(why.text, "no topic 'T'");
    assert_int_equal(why.line, 0);
    assert_int_equal(why_set_at(&why, ERR_INVALID, 3, 14, "no column '%s'", "C"), ERR_INVALID);
    assert_int_equal(why.line, 3);
    assert_int_equal(why.column, 14);
    why_prefix(&why, "cannot start query '%s'", "Q");
    assert_string_equal(why.text, "cannot start query 'Q': no column 'C'");
    assert_int_equal(why.line, 3);
    why_set(&why, ERR_INVALID, "again: %s", why.text);
    assert_string_equal(why.text, "again: cannot start query 'Q': no column 'C'");
    assert_int_equal(why_set(NULL, ERR_LIMIT, "nobody reads '%s'", "this"), ERR_LIMIT);
    why_prefix(NULL, "nobody reads this");
}

static void words_are_cut_and_terminated(void **state)
{
    struct why why = {0};
    why_set(&why, ERR_INVALID, "%5000d", 1);
    assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
    why_prefix(&why, "%5000d", 1);
    assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
    why_set(&why, ERR_INVALID, "%997d", 1);
    why_prefix(&why, "ab");
    assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
    assert_int_equal(strncmp(why.text, "ab: ", 4), 0);
}

static void break_a_promise(void)
{
    must(1 + 1 == 3);
}

static void a_broken_promise_aborts_and_says_which(void **state)
{
    char text[4000];
    const int status = stderr_of(break_a_promise, text, sizeof(text));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "err_test.c:"));
    assert_non_null(strstr(text, "1 + 1 == 3"));
}

static void counters_count_apart(void **state)
{
    struct counters counters = {0};
    counters_add(&counters, COUNTER_steps, 3);
    counters_add(&counters, COUNTER_steps, 4);
    assert_int_equal(counters_get(&counters, COUNTER_steps), 7);
    assert_int_equal(counters_get(&counters, COUNTER_rebuilds), 0);
    assert_string_equal(counter_name(COUNTER_dead_letters), "dead_letters");
    for (int i = 0; i < COUNTER_COUNT; i++)
        assert_true(strlen(counter_help((enum counter)i)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failure_has_name_text_and_reaction),
        cmocka_unit_test(words_are_set_and_prefixed),
        cmocka_unit_test(words_are_cut_and_terminated),
        cmocka_unit_test(a_broken_promise_aborts_and_says_which),
        cmocka_unit_test(counters_count_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
