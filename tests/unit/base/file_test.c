/* file_test.c -- files and directories in a temporary directory. */
#include "unit.h"

#include "base/file.h"

#include <sys/stat.h>

struct fixture {
    struct arena arena;
    char directory[64];
    struct why why;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    arena_init(&fixture->arena, 0);
    snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/drivethru-file-XXXXXX");
    *state = fixture;
    return mkdtemp(fixture->directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    const enum err err = file_remove_tree(fixture->directory, &fixture->why);
    arena_release(&fixture->arena);
    free(fixture);
    return err ? -1 : 0;
}

static const char *path_of(struct fixture *fixture, const char *name)
{
    return arena_printf(&fixture->arena, "%s/%s", fixture->directory, name).data;
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void files_are_read_whole_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    struct str text = {0};
    const char *path = path_of(fixture, "a");
    write_file(path, "a\0b", 3);
    assert_int_equal(file_read(path, 3, &fixture->arena, &text, &fixture->why), OK);
    assert_str(text, "a\0b");
    assert_int_equal(text.data[3], '\0');
    text = (struct str){0};
    assert_int_equal(file_read(path, 2, &fixture->arena, &text, &fixture->why), ERR_LIMIT);
    assert_null(text.data);
    assert_non_null(strstr(fixture->why.text, path));

    const size_t size = 300000;
    char *large = calloc(1, size);
    large[size - 1] = 'x';
    write_file(path, large, size);
    assert_int_equal(file_read(path, size, &fixture->arena, &text, &fixture->why), OK);
    assert_int_equal(text.size, size);
    assert_memory_equal(text.data, large, size);
    free(large);
    write_file(path, "", 0);
    assert_int_equal(file_read(path, 0, &fixture->arena, &text, &fixture->why), OK);
    assert_int_equal(text.size, 0);
    assert_string_equal(text.data, "");
}

static void files_that_cannot_be_read_say_why(void **state)
{
    struct fixture *fixture = *state;
    struct str text = {0};
    const char *path = path_of(fixture, "missing");
    assert_int_equal(file_read(path, 9, &fixture->arena, &text, &fixture->why), ERR_NOT_FOUND);
    assert_non_null(strstr(fixture->why.text, path));
    assert_int_equal(file_read(fixture->directory, 9, &fixture->arena, &text, NULL), ERR_IO);
    assert_null(text.data);
}

static void directories_are_made_with_their_parents(void **state)
{
    struct fixture *fixture = *state;
    const char *path = path_of(fixture, "x/y//z/");
    assert_int_equal(file_make_directory(path, &fixture->why), OK);
    assert_int_equal(file_make_directory(path, &fixture->why), OK);
    struct stat status;
    assert_int_equal(stat(path_of(fixture, "x/y/z"), &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    write_file(path_of(fixture, "file"), "", 0);
    assert_int_equal(file_make_directory(path_of(fixture, "file"), &fixture->why), ERR_EXISTS);
    assert_int_not_equal(file_make_directory(path_of(fixture, "file/x"), &fixture->why), OK);
    assert_int_not_equal(file_make_directory("", &fixture->why), OK);
}

static void names_are_listed_in_order(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"b.sql", "a.sql", "B.sql", "c.avsc", "a.sql.bak"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        write_file(path_of(fixture, names[i]), "", 0);
    struct str *found = NULL;
    size_t count = 0;
    assert_int_equal(
        file_list(fixture->directory, STR(".sql"), &fixture->arena, &found, &count, &fixture->why),
        OK);
    assert_int_equal(count, 3);
    assert_str(found[0], "B.sql");
    assert_str(found[1], "a.sql");
    assert_str(found[2], "b.sql");
    assert_int_equal(
        file_list(fixture->directory, STR(""), &fixture->arena, &found, &count, &fixture->why), OK);
    assert_int_equal(count, 5);
    assert_int_equal(
        file_list(fixture->directory, STR(".x"), &fixture->arena, &found, &count, &fixture->why),
        OK);
    assert_int_equal(count, 0);
    assert_int_equal(file_list(path_of(fixture, "none"), STR(""), &fixture->arena, &found, &count,
                               &fixture->why),
                     ERR_NOT_FOUND);
}

static void trees_are_removed_but_not_what_links_point_to(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(file_make_directory(path_of(fixture, "tree/deep/er"), NULL), OK);
    assert_int_equal(file_make_directory(path_of(fixture, "kept"), NULL), OK);
    write_file(path_of(fixture, "tree/deep/file"), "x", 1);
    write_file(path_of(fixture, "kept/file"), "x", 1);
    assert_int_equal(symlink(path_of(fixture, "kept"), path_of(fixture, "tree/link")), 0);
    assert_int_equal(file_remove_tree(path_of(fixture, "tree"), &fixture->why), OK);
    struct stat status;
    assert_int_not_equal(stat(path_of(fixture, "tree"), &status), 0);
    assert_int_equal(stat(path_of(fixture, "kept/file"), &status), 0);
    assert_int_equal(file_remove_tree(path_of(fixture, "tree"), &fixture->why), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_read_whole_or_not_at_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read_say_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(directories_are_made_with_their_parents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_listed_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(trees_are_removed_but_not_what_links_point_to, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
