/* provider_test.c -- placeholders in values: the environment, properties files, directories. */
#include "unit.h"

#include "base/file.h"
#include "base/provider.h"

#include <sys/stat.h>

struct fixture {
    struct arena arena;
    char directory[64];
    struct why why;
};

static void write_file(struct fixture *fixture, const char *name, const char *text)
{
    const char *path = arena_printf(&fixture->arena, "%s/%s", fixture->directory, name).data;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    arena_init(&fixture->arena, 0);
    snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/drivethru-provider-XXXXXX");
    *state = fixture;
    if (!mkdtemp(fixture->directory))
        return -1;
    write_file(fixture, "secrets.properties", "user=a\\u00e9\nkey:with=colon\nempty=\nk\\:2=two\n");
    write_file(fixture, "broken.properties", "secret-word=\\uZZZZ\n");
    write_file(fixture, "password", "pass word\n");
    write_file(fixture, "again", "${env:DRIVETHRU_TEST_VALUE}");
    setenv("DRIVETHRU_TEST_VALUE", "from env", 1);
    unsetenv("DRIVETHRU_TEST_MISSING");
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    const enum err err = file_remove_tree(fixture->directory, &fixture->why);
    arena_release(&fixture->arena);
    free(fixture);
    return err ? -1 : 0;
}

/* "DIR" in a text is the fixture's directory. */
static struct str with_directory(struct fixture *fixture, const char *text)
{
    const char *at = strstr(text, "DIR");
    if (!at)
        return str_from(text);
    return arena_printf(&fixture->arena, "%.*s%s%s", (int)(at - text), text, fixture->directory,
                        at + 3);
}

static void placeholders_become_what_they_stand_for(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        const char *value;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"${env:DRIVETHRU_TEST_VALUE}", "from env"},
        {"a ${env:DRIVETHRU_TEST_VALUE}-${env:DRIVETHRU_TEST_VALUE} z", "a from env-from env z"},
        {"${file:DIR/secrets.properties:user}", "a\xc3\xa9"},
        {"${file:DIR/secrets.properties:empty}", ""},
        {"<${file:DIR/secrets.properties:k:2}>", "<two>"},
        {"${directory:DIR:password}", "pass word"},
        /* once only, as in Kafka */
        {"${directory:DIR:again}", "${env:DRIVETHRU_TEST_VALUE}"},
        /* what is none of ours stays */
        {"${NAME}", "${NAME}"},
        {"${vault:a:b}", "${vault:a:b}"},
        {"$ { ${ $", "$ { ${ $"},
        {"$${env:DRIVETHRU_TEST_VALUE}}", "$from env}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str value;
        const struct str text = with_directory(fixture, cases[i].text);
        assert_int_equal(provider_resolve(text, &fixture->arena, &value, &fixture->why), OK);
        assert_true(str_equal(value, str_from(cases[i].value)));
    }
}

static void what_stands_for_nothing_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        enum err err;
        const char *words;
    } cases[] = {
        {"${env:DRIVETHRU_TEST_MISSING}", ERR_NOT_FOUND, "DRIVETHRU_TEST_MISSING"},
        {"${file:DIR/secrets.properties:nobody}", ERR_NOT_FOUND, "nobody"},
        {"${file:DIR/no.such:key}", ERR_NOT_FOUND, "no.such"},
        {"${file:DIR/broken.properties:secret-word}", ERR_INVALID, "broken.properties"},
        {"${directory:DIR:missing}", ERR_NOT_FOUND, "missing"},
        {"${directory:DIR:../password}", ERR_INVALID, "no name of a file"},
        {"${directory:DIR/x:..}", ERR_INVALID, "no name of a file"},
        {"${env:OPEN", ERR_INVALID, "without its '}'"},
        {"${env:}", ERR_INVALID, "${file:PATH:KEY}"},
        {"${file:only-a-path}", ERR_INVALID, "${file:PATH:KEY}"},
        {"${directory::x}", ERR_INVALID, "${directory:DIR:FILE}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str value = STR("untouched");
        const struct str text = with_directory(fixture, cases[i].text);
        assert_int_equal(provider_resolve(text, &fixture->arena, &value, &fixture->why),
                         cases[i].err);
        assert_non_null(strstr(fixture->why.text, cases[i].words));
        assert_str(value, "untouched");
    }
}

static void properties_remember_what_was_provided(void **state)
{
    struct fixture *fixture = *state;
    struct properties properties, copy;
    properties_init(&properties, &fixture->arena);
    properties_init(&copy, &fixture->arena);
    properties_set(&properties, STR("a"), STR("1"));
    properties_set(&properties, STR("b"), STR("<${env:DRIVETHRU_TEST_VALUE}>"));
    assert_int_equal(provider_resolve_all(&properties, &fixture->why), OK);
    properties_copy(&copy, &properties);
    assert_str(copy.items[0].value, "1");
    assert_false(copy.items[0].is_provided);
    assert_str(copy.items[1].value, "<from env>");
    assert_true(copy.items[1].is_provided);
    properties_set(&copy, STR("b"), STR("2"));
    assert_false(copy.items[1].is_provided);

    properties_set(&properties, STR("c.d"), STR("${env:DRIVETHRU_TEST_MISSING}"));
    assert_int_equal(provider_resolve_all(&properties, &fixture->why), ERR_NOT_FOUND);
    assert_non_null(strstr(fixture->why.text, "'c.d'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(placeholders_become_what_they_stand_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_stands_for_nothing_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(properties_remember_what_was_provided, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
