/* shell_test.c -- the parts of the SQL shell that need no server: where statements end, what may
 * stand at the cursor, what is kept of what was typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "cli/sql_complete.h"
#include "cli/sql_history.h"
#include "cli/sql_script.h"
#include "cli/sql_words.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* its fail() hides command.h's, so it comes last */

static void check_next(const char *text, bool is_end, enum split split, const char *statement)
{
    struct split_statement found;
    assert_int_equal(sql_script_next(str_from(text), (struct place){1, 1}, is_end, &found), split);
    if (split == SPLIT_NOTHING)
        return;
    assert_int_equal(found.text.size, strlen(statement));
    assert_memory_equal(found.text.data, statement, found.text.size);
}

static void test_words_end_with_their_line(void **state)
{
    (void)state;
    check_next("SELECT 1;\nhelp", false, SPLIT_WHOLE, "SELECT 1;");
    check_next("help\nSELECT 1;", false, SPLIT_WHOLE, "help");
    check_next("-- x\n  Run Script 'a;b.sql' ; SELECT", false, SPLIT_WHOLE,
               "Run Script 'a;b.sql' ");
    check_next("set cli wrap off", true, SPLIT_WHOLE, "set cli wrap off");
    check_next("set 'cli' = 'x'", true, SPLIT_REST, "set 'cli' = 'x'");
    check_next("hel", true, SPLIT_REST, "hel");
    check_next("helpless", true, SPLIT_REST, "helpless");
    check_next("exit", false, SPLIT_REST, "exit"); /* more of the line may come */
    check_next("output;", false, SPLIT_WHOLE, "output");
    check_next(" -- nothing", true, SPLIT_NOTHING, "");
}

static void test_settings(void **state)
{
    (void)state;
    assert_true(sql_is_setting(STR("SET 'a'='b';")));
    assert_true(sql_is_setting(STR("undefine a")));
    assert_false(sql_is_setting(STR("SETTLE a")));
    assert_false(sql_is_setting(STR("")));
}

/* A server that is away: completion knows the words, and goes on. */
struct fixture {
    struct sql_shell shell;
    struct invocation invocation;
    struct arena arena;
};

static int setup(void **state)
{
    static struct fixture fixture;
    const struct http_client_options options = {.url = STR("http://127.0.0.1:1")};
    fixture = (struct fixture){.shell = {.invocation = &fixture.invocation}};
    arena_init(&fixture.arena, 0);
    properties_init(&fixture.shell.settings, &fixture.arena);
    properties_init(&fixture.shell.variables, &fixture.arena);
    if (http_client_new(&options, &fixture.shell.client, NULL) != OK)
        return -1;
    fixture.shell.names = sql_names_new(&fixture.shell);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    sql_names_free(fixture->shell.names);
    http_client_free(fixture->shell.client);
    arena_release(&fixture->arena);
    return 0;
}

/* All completions with blanks between them. */
static void check_complete(struct fixture *fixture, const char *text, size_t begin,
                           const char *expected)
{
    struct sql_completion completion;
    struct buf words = {0};
    sql_complete(fixture->shell.names, str_from(text), &fixture->arena, &completion);
    for (uint32_t i = 0; i < completion.count; i++)
        buf_printf(&words, "%s%.*s", i > 0 ? " " : "", STR_ARGS(completion.words[i]));
    assert_string_equal(buf_text(&words), expected);
    if (completion.count > 0)
        assert_int_equal(completion.begin, begin);
    buf_release(&words);
}

static void test_complete(void **state)
{
    struct fixture *fixture = *state;
    check_complete(fixture, "SEL", 0, "SELECT");
    check_complete(fixture, "sel", 0, "select");
    check_complete(fixture, "SELECT 1;\n de", 11, "define describe");
    check_complete(fixture, "SHOW T", 5, "TABLES TOPICS TYPES");
    check_complete(fixture, "help cr", 5, "create stream create table create type");
    check_complete(fixture, "output J", 7, "JSON");
    check_complete(fixture, "set cli ", 8, "COLUMN-WIDTH WRAP");
    check_complete(fixture, "SELECT * FROM S EMIT CH", 21, "CHANGES");
    check_complete(fixture, "SELECT * FROM ", 14, "");
    check_complete(fixture, "terminate ", 10, "ALL");
    check_complete(fixture, "run ", 4, "SCRIPT");
    check_complete(fixture, "SELECT 'SEL", 8, "");
    check_complete(fixture, "", 0,
                   "CREATE DEFINE DESCRIBE DROP EXPLAIN INSERT LIST PAUSE PRINT RESUME SELECT SET "
                   "SHOW TERMINATE UNDEFINE UNSET clear exit help history output quit request "
                   "pipelining run script "
                   "server set cli spool version");
}

static void test_complete_files(void **state)
{
    struct fixture *fixture = *state;
    char directory[] = "/tmp/drivethru-shell-XXXXXX";
    char text[128];
    assert_non_null(mkdtemp(directory));
    snprintf(text, sizeof(text), "%s/report.sql", directory);
    FILE *file = fopen(text, "w");
    assert_non_null(file);
    fclose(file);
    snprintf(text, sizeof(text), "run script '%s/re", directory);
    struct sql_completion completion;
    sql_complete(fixture->shell.names, str_from(text), &fixture->arena, &completion);
    assert_int_equal(completion.count, 1);
    assert_true(str_ends_with(completion.words[0], STR("/report.sql")));
    assert_string_equal(completion.ending, "'");
    assert_int_equal(file_remove_tree(directory, NULL), OK);
}

static void test_history(void **state)
{
    struct fixture *fixture = *state;
    char directory[] = "/tmp/drivethru-shell-XXXXXX";
    struct str *entries;
    uint32_t count;
    struct stat status;
    assert_non_null(mkdtemp(directory));
    const char *path = arena_printf(&fixture->arena, "%s/history", directory).data;
    sql_history_load(path, &fixture->arena, &entries, &count);
    assert_int_equal(count, 0);
    sql_history_append(path, STR("SELECT 'a\\n'\nFROM B;"));
    assert_int_equal(chmod(path, 0644), 0);
    sql_history_append(path, STR("\\"));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    sql_history_load(path, &fixture->arena, &entries, &count);
    assert_int_equal(count, 2);
    assert_string_equal(entries[0].data, "SELECT 'a\\n'\nFROM B;");
    assert_string_equal(entries[1].data, "\\");
    /* A file that has grown is cut to the newest entries. */
    for (int i = 0; i < 2 * SQL_HISTORY_ENTRIES_MAX; i++)
        sql_history_append(path, arena_printf(&fixture->arena, "%d", i));
    sql_history_load(path, &fixture->arena, &entries, &count);
    assert_int_equal(count, SQL_HISTORY_ENTRIES_MAX);
    assert_string_equal(entries[0].data, "2000");
    sql_history_append(path, STR("last"));
    struct str text;
    assert_int_equal(file_read(path, 1 << 20, &fixture->arena, &text, NULL), OK);
    assert_true(str_starts_with(text, STR("2000\n2001\n")));
    assert_true(str_ends_with(text, STR("3999\nlast\n")));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    /* Somebody's link is not followed. */
    const char *link = arena_printf(&fixture->arena, "%s/link", directory).data;
    assert_int_equal(symlink(path, link), 0);
    sql_history_append(link, STR("not here"));
    assert_int_equal(file_read(path, 1 << 20, &fixture->arena, &text, NULL), OK);
    assert_true(str_ends_with(text, STR("last\n")));
    assert_int_equal(file_remove_tree(directory, NULL), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_end_with_their_line),
        cmocka_unit_test(test_settings),
        cmocka_unit_test_setup_teardown(test_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(test_complete_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_history, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
