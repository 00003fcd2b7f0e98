/* embedded_test.c -- the embedded registry: ids, versions, levels, refusals, other processes. */
#include "base/file.h"
#include "base/memory.h"
#include "registry/registry.h"
#include "store/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define assert_ok(call) assert_int_equal((call), OK)
#define FIELD_A "{\"name\":\"a\",\"type\":\"string\"}"
#define FIELD_B "{\"name\":\"b\",\"type\":\"int\"}"
#define FIELD_B_DEFAULT "{\"name\":\"b\",\"type\":\"int\",\"default\":7}"
#define RECORD(fields) "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"
#define ONE RECORD(FIELD_A)
#define TWO RECORD(FIELD_A "," FIELD_B_DEFAULT)
#define BAD RECORD(FIELD_A "," FIELD_B)

struct fixture {
    char directory[64];
    struct store *store;
    struct registry *registry;
};

static void fixture_open(struct fixture *fixture)
{
    const struct store_options options = {0};
    assert_ok(store_open(fixture->directory, &options, &fixture->store, NULL));
    assert_ok(registry_embedded_open(fixture->store, &fixture->registry, NULL));
}

static void fixture_close(struct fixture *fixture)
{
    registry_close(fixture->registry);
    store_close(fixture->store);
}

static void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.directory = "/tmp/drivethru-registry-XXXXXX"};
    assert_non_null(mkdtemp(fixture->directory));
    fixture_open(fixture);
}

static void fixture_release(struct fixture *fixture)
{
    fixture_close(fixture);
    assert_ok(file_remove_tree(fixture->directory, NULL));
}

static int32_t add(struct fixture *fixture, const char *subject, const char *text)
{
    int32_t id = 0;
    struct why why = {0};
    const enum err err =
        registry_register(fixture->registry, str_from(subject), str_from(text), &id, &why);
    if (err)
        print_message("%s: %s\n", err_name(err), why.text);
    assert_ok(err);
    return id;
}

static enum compatibility level_of(struct fixture *fixture, const char *subject)
{
    struct registry_rules rules;
    assert_ok(registry_rules_in_force(fixture->registry, str_from(subject), &rules, NULL));
    return rules.level;
}

static void set_rules(struct fixture *fixture, const char *subject, struct registry_rules rules)
{
    assert_ok(registry_set_rules(fixture->registry, str_from(subject), &rules, NULL));
}

static void set_level(struct fixture *fixture, const char *subject, enum compatibility level)
{
    set_rules(fixture, subject, (struct registry_rules){.has_level = true, .level = level});
}

static void set_mode(struct fixture *fixture, const char *subject, enum registry_mode mode)
{
    set_rules(fixture, subject, (struct registry_rules){.has_mode = true, .mode = mode});
}

static void schemas_get_ids_and_subjects_versions(void **state)
{
    struct fixture fixture;
    struct arena arena;
    (void)state;
    fixture_init(&fixture);
    arena_init(&arena, 0);
    assert_int_equal(add(&fixture, "a-value", ONE), 1);
    assert_int_equal(add(&fixture, "a-value", ONE), 1);
    assert_int_equal(add(&fixture, "a-value", TWO), 2);
    assert_int_equal(add(&fixture, "a-value", ONE), 1); /* no new version */
    assert_int_equal(add(&fixture, "b-value", TWO), 2);
    assert_int_equal(add(&fixture, "a", "\"string\""), 3);
    for (int round = 0; round < 2; round++) {
        struct registry_version version;
        assert_ok(
            registry_get_version(fixture.registry, STR("a-value"), 0, &arena, &version, NULL));
        assert_int_equal(version.version, 2);
        assert_int_equal(version.id, 2);
        assert_true(str_equal(version.text, STR(TWO)));
        assert_ok(
            registry_get_version(fixture.registry, STR("a-value"), 1, &arena, &version, NULL));
        assert_int_equal(version.id, 1);
        struct why why;
        assert_int_equal(
            registry_get_version(fixture.registry, STR("a-value"), 3, &arena, &version, &why),
            ERR_NOT_FOUND);
        assert_int_equal(
            registry_get_version(fixture.registry, STR("a-valu"), 0, &arena, &version, &why),
            ERR_NOT_FOUND);
        const struct avro_schema *schema = NULL;
        const struct avro_schema *again = NULL;
        assert_ok(registry_by_id(fixture.registry, 2, &schema, &why));
        assert_ok(registry_by_id(fixture.registry, 2, &again, &why));
        assert_ptr_equal(schema, again);
        assert_int_equal(schema->root->count, 2);
        assert_int_equal(registry_by_id(fixture.registry, 9, &schema, &why), ERR_UNKNOWN_SCHEMA);
        assert_int_equal(registry_by_id(fixture.registry, -1, &schema, &why), ERR_UNKNOWN_SCHEMA);
        struct registry_version *versions = NULL;
        size_t count = 0;
        const struct registry_filter all = {0};
        assert_ok(registry_list(fixture.registry, &all, &arena, &versions, &count, &why));
        assert_int_equal(count, 4);
        assert_true(str_equal(versions[0].subject, STR("a")));
        assert_true(str_equal(versions[2].subject, STR("a-value")));
        assert_int_equal(versions[2].version, 2);
        fixture_close(&fixture);
        fixture_open(&fixture);
    }
    arena_release(&arena);
    fixture_release(&fixture);
}

static void what_is_no_schema_or_subject_is_refused(void **state)
{
    struct fixture fixture;
    char long_name[600];
    int32_t id = 0;
    struct why why = {0};
    (void)state;
    fixture_init(&fixture);
    assert_int_equal(registry_register(fixture.registry, STR("s"), STR("{"), &id, &why),
                     ERR_INVALID);
    assert_true(why.text[0] != '\0');
    assert_int_equal(registry_register(fixture.registry, STR(""), STR(ONE), &id, &why),
                     ERR_INVALID);
    assert_int_equal(registry_register(fixture.registry, STR("a\0b"), STR(ONE), &id, &why),
                     ERR_INVALID);
    memset(long_name, 'x', sizeof(long_name));
    const struct str too_long = {long_name, sizeof(long_name)};
    assert_int_equal(registry_register(fixture.registry, too_long, STR(ONE), &id, &why),
                     ERR_INVALID);
    const struct str longest = {long_name, 400};
    assert_ok(registry_register(fixture.registry, longest, STR(ONE), &id, &why));
    assert_int_equal(id, 1);
    fixture_release(&fixture);
}

static void levels_decide_what_is_compatible(void **state)
{
    /* Registered in order: ONE, then TWO; then each level is asked for a third. */
    static const struct {
        enum compatibility level;
        const char *text;
        enum err expected;
    } cases[] = {
        {COMPATIBILITY_NONE, "\"int\"", OK},
        {COMPATIBILITY_BACKWARD, "\"int\"", ERR_INCOMPATIBLE},
        {COMPATIBILITY_BACKWARD, BAD, OK},
        {COMPATIBILITY_BACKWARD_TRANSITIVE, BAD, ERR_INCOMPATIBLE},
        {COMPATIBILITY_FORWARD, RECORD(FIELD_B), ERR_INCOMPATIBLE},
        {COMPATIBILITY_FORWARD, BAD, OK},
        {COMPATIBILITY_FORWARD_TRANSITIVE, RECORD(FIELD_A ",{\"name\":\"c\",\"type\":\"int\"}"),
         OK},
        {COMPATIBILITY_FULL, BAD, OK},
        {COMPATIBILITY_FULL_TRANSITIVE, BAD, ERR_INCOMPATIBLE},
    };
    struct fixture fixture;
    enum compatibility level = COMPATIBILITY_NONE;
    (void)state;
    fixture_init(&fixture);
    add(&fixture, "s", ONE);
    assert_int_equal(level_of(&fixture, "s"), COMPATIBILITY_BACKWARD);
    struct why why = {0};
    int32_t id = 0;
    assert_int_equal(registry_register(fixture.registry, STR("s"), STR(BAD), &id, &why),
                     ERR_INCOMPATIBLE);
    assert_non_null(strstr(why.text, "version 1 of subject 's'"));
    assert_non_null(strstr(why.text, "/fields/1"));
    add(&fixture, "s", TWO);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_level(&fixture, "s", cases[i].level);
        assert_int_equal(level_of(&fixture, "s"), cases[i].level);
        why.text[0] = '\0';
        const struct registry_draft draft = {.text = str_from(cases[i].text)};
        const enum err err = registry_check(fixture.registry, STR("s"), 0, &draft, &why);
        if (err != cases[i].expected)
            print_message("case %zu: %s %s\n", i, err_name(err), why.text);
        assert_int_equal(err, cases[i].expected);
    }
    const struct registry_draft number = {.text = STR("\"int\"")};
    const struct registry_draft bad = {.text = STR(BAD)};
    assert_ok(registry_check(fixture.registry, STR("new"), 0, &number, NULL));
    set_level(&fixture, "", COMPATIBILITY_FULL);
    assert_int_equal(level_of(&fixture, "other"), COMPATIBILITY_FULL);
    assert_int_equal(level_of(&fixture, "s"), COMPATIBILITY_FULL_TRANSITIVE);
    /* against one version only */
    assert_int_equal(registry_check(fixture.registry, STR("s"), 1, &bad, &why), ERR_INCOMPATIBLE);
    assert_ok(registry_check(fixture.registry, STR("s"), 2, &bad, &why));
    assert_int_equal(registry_check(fixture.registry, STR("s"), 7, &bad, &why), ERR_NOT_FOUND);
    for (int i = COMPATIBILITY_NONE; i <= COMPATIBILITY_FULL_TRANSITIVE; i++) {
        assert_ok(compatibility_parse(str_from(compatibility_name((enum compatibility)i)), &level));
        assert_int_equal(level, i);
    }
    assert_int_equal(compatibility_parse(STR("BOTH"), &level), ERR_INVALID);
    fixture_release(&fixture);
}

struct worker {
    struct fixture *fixture;
    int number;
    pthread_t thread;
    int32_t ids[20];
};

static void *register_many(void *argument)
{
    struct worker *worker = argument;
    for (int i = 0; i < 20; i++) {
        char text[200];
        char subject[32];
        struct why why;
        snprintf(text, sizeof(text), "{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[]}", i);
        snprintf(subject, sizeof(subject), "s%d", i);
        if (registry_register(worker->fixture->registry, str_from(subject), str_from(text),
                              &worker->ids[i], &why))
            worker->ids[i] = -1;
    }
    return NULL;
}

static void threads_agree_on_ids(void **state)
{
    struct fixture fixture;
    struct worker workers[4];
    (void)state;
    fixture_init(&fixture);
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){.fixture = &fixture, .number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, register_many, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < 20; i++) {
        assert_true(workers[0].ids[i] >= 1);
        assert_true(workers[0].ids[i] <= 20);
        for (int j = 1; j < 4; j++)
            assert_int_equal(workers[j].ids[i], workers[0].ids[i]);
    }
    fixture_release(&fixture);
}

static void another_process_sees_and_is_seen(void **state)
{
    struct fixture fixture;
    struct arena arena;
    int ready[2];
    (void)state;
    arena_init(&arena, 0);
    fixture_init(&fixture);
    fixture_close(&fixture); /* an environment must not cross fork */
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        char byte = 0;
        int32_t id = 0;
        struct registry_version version;
        const struct store_options options = {0};
        if (read(ready[0], &byte, 1) != 1 ||
            store_open(fixture.directory, &options, &fixture.store, NULL) ||
            registry_embedded_open(fixture.store, &fixture.registry, NULL) ||
            registry_get_version(fixture.registry, STR("s"), 0, &arena, &version, NULL) ||
            version.id != 1 || registry_register(fixture.registry, STR("s"), STR(TWO), &id, NULL) ||
            id != 2)
            _exit(1);
        fixture_close(&fixture);
        _exit(0);
    }
    fixture_open(&fixture);
    assert_int_equal(add(&fixture, "s", ONE), 1);
    assert_int_equal(write(ready[1], "x", 1), 1);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    const struct avro_schema *schema = NULL;
    assert_ok(registry_by_id(fixture.registry, 2, &schema, NULL));
    struct registry_version version;
    assert_ok(registry_get_version(fixture.registry, STR("s"), 0, &arena, &version, NULL));
    assert_int_equal(version.version, 2);
    close(ready[0]);
    close(ready[1]);
    arena_release(&arena);
    fixture_release(&fixture);
}

/* "1 2 d3": numbers of a subject's versions, a d before those deleted softly. */
static const char *versions_of(struct fixture *fixture, const char *subject, struct arena *arena)
{
    const struct registry_filter filter = {.subject = str_from(subject), .with_deleted = true};
    struct registry_version *versions = NULL;
    size_t count = 0;
    struct str text = STR("");
    assert_ok(registry_list(fixture->registry, &filter, arena, &versions, &count, NULL));
    for (size_t i = 0; i < count; i++)
        text = arena_printf(arena, "%.*s%s%s%d", STR_ARGS(text), i > 0 ? " " : "",
                            versions[i].is_deleted ? "d" : "", versions[i].version);
    return text.data;
}

static enum err erase(struct fixture *fixture, const char *subject, int32_t version,
                      bool permanently, struct arena *arena)
{
    int32_t *numbers;
    size_t count;
    return registry_erase(fixture->registry, str_from(subject), version, permanently, arena,
                          &numbers, &count, NULL);
}

static void versions_are_deleted_softly_then_for_good(void **state)
{
    struct fixture fixture;
    struct arena arena;
    struct registry_version version;
    const struct avro_schema *schema;
    const struct registry_draft one = {.text = STR(ONE)};
    (void)state;
    fixture_init(&fixture);
    arena_init(&arena, 0);
    assert_int_equal(add(&fixture, "s", ONE), 1);
    assert_int_equal(add(&fixture, "s", TWO), 2);
    assert_int_equal(add(&fixture, "other", ONE), 1);
    set_mode(&fixture, "s", REGISTRY_READWRITE);

    assert_int_equal(erase(&fixture, "s", 2, true, &arena), ERR_EXISTS);
    assert_int_equal(erase(&fixture, "s", 3, false, &arena), ERR_NOT_FOUND);
    assert_int_equal(erase(&fixture, "nobody", 0, false, &arena), ERR_NOT_FOUND);
    assert_ok(erase(&fixture, "s", 2, false, &arena));
    assert_int_equal(erase(&fixture, "s", 2, false, &arena), ERR_EXISTS);
    assert_string_equal(versions_of(&fixture, "s", &arena), "1 d2");
    assert_ok(registry_get_version(fixture.registry, STR("s"), 0, &arena, &version, NULL));
    assert_int_equal(version.version, 1);
    assert_int_equal(registry_get_version(fixture.registry, STR("s"), 2, &arena, &version, NULL),
                     ERR_NOT_FOUND);
    /* What was deleted does not count for compatibility; the same schema comes back as a new
     * version of its old id. */
    assert_int_equal(add(&fixture, "s", TWO), 2);
    assert_string_equal(versions_of(&fixture, "s", &arena), "1 d2 3");

    assert_ok(erase(&fixture, "s", 0, false, &arena));
    assert_string_equal(versions_of(&fixture, "s", &arena), "d1 d2 d3");
    assert_int_equal(
        registry_look_up(fixture.registry, STR("s"), &one, false, &arena, &version, NULL),
        ERR_NOT_FOUND);
    assert_ok(registry_look_up(fixture.registry, STR("s"), &one, true, &arena, &version, NULL));
    assert_true(version.is_deleted);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_string_equal(versions_of(&fixture, "s", &arena), "d1 d2 d3");
    assert_ok(erase(&fixture, "s", 2, true, &arena));
    assert_ok(erase(&fixture, "s", 0, true, &arena));
    assert_string_equal(versions_of(&fixture, "s", &arena), "");
    /* Records in the log may need them. */
    assert_ok(registry_by_id(fixture.registry, 2, &schema, NULL));
    assert_int_equal(add(&fixture, "s", TWO), 2);
    assert_string_equal(versions_of(&fixture, "s", &arena), "1");
    assert_string_equal(versions_of(&fixture, "other", &arena), "1");
    arena_release(&arena);
    fixture_release(&fixture);
}

static void modes_say_what_may_be_done(void **state)
{
    struct fixture fixture;
    struct arena arena;
    struct registry_version version;
    struct registry_rules rules;
    int32_t id = 0;
    struct why why = {0};
    (void)state;
    fixture_init(&fixture);
    arena_init(&arena, 0);
    add(&fixture, "s", ONE);
    set_mode(&fixture, "s", REGISTRY_READONLY);
    assert_int_equal(registry_register(fixture.registry, STR("s"), STR(TWO), &id, &why),
                     ERR_DENIED);
    assert_non_null(strstr(why.text, "read-only"));
    assert_int_equal(erase(&fixture, "s", 0, false, &arena), ERR_DENIED);
    assert_int_equal(add(&fixture, "s", ONE), 1); /* what is there is found */
    set_mode(&fixture, "", REGISTRY_READONLY_OVERRIDE);
    set_mode(&fixture, "s", REGISTRY_READWRITE);
    assert_int_equal(registry_register(fixture.registry, STR("s"), STR(TWO), &id, &why),
                     ERR_DENIED);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_ok(registry_rules_in_force(fixture.registry, STR("s"), &rules, NULL));
    assert_int_equal(rules.mode, REGISTRY_READONLY_OVERRIDE);
    set_rules(&fixture, "", (struct registry_rules){0});
    assert_int_equal(add(&fixture, "s", TWO), 2);

    const struct registry_draft numbered = {.text = STR("\"int\""), .id = 700, .version = 12};
    assert_int_equal(
        registry_register_draft(fixture.registry, STR("i"), &numbered, &arena, &version, &why),
        ERR_DENIED);
    set_mode(&fixture, "i", REGISTRY_IMPORT);
    assert_ok(
        registry_register_draft(fixture.registry, STR("i"), &numbered, &arena, &version, &why));
    assert_int_equal(version.id, 700);
    assert_int_equal(version.version, 12);
    const struct registry_draft taken = {.text = STR("\"long\""), .id = 700};
    assert_int_equal(
        registry_register_draft(fixture.registry, STR("i"), &taken, &arena, &version, &why),
        ERR_EXISTS);
    const struct registry_draft two = {.text = STR(TWO), .id = 701};
    assert_int_equal(
        registry_register_draft(fixture.registry, STR("i"), &two, &arena, &version, &why),
        ERR_EXISTS); /* it has id 2 */
    assert_int_equal(add(&fixture, "after", "\"bytes\""), 701);
    const struct registry_draft skips = {.text = STR("\"double\""), .version = 3};
    assert_int_equal(
        registry_register_draft(fixture.registry, STR("after"), &skips, &arena, &version, &why),
        ERR_INVALID);
    arena_release(&arena);
    fixture_release(&fixture);
}

#define USES_R                                                                                     \
    "{\"type\":\"record\",\"name\":\"U\",\"fields\":[{\"name\":\"r\",\"type\":\"R\"},"             \
    "{\"name\":\"more\",\"type\":{\"type\":\"array\",\"items\":\"R\"}}]}"
#define USES_U "{\"type\":\"map\",\"values\":\"U\"}"

static void schemas_refer_to_others(void **state)
{
    struct fixture fixture;
    struct arena arena;
    struct registry_version version;
    const struct avro_schema *schema;
    struct why why = {0};
    const struct registry_reference to_r[] = {{STR("R"), STR("r"), 1}};
    const struct registry_reference to_both[] = {{STR("R"), STR("r"), 1}, {STR("U"), STR("u"), 1}};
    const struct registry_reference to_none[] = {{STR("R"), STR("r"), 9}};
    const struct registry_draft uses_r = {
        .text = STR(USES_R), .references = to_r, .reference_count = 1};
    const struct registry_draft uses_u = {
        .text = STR(USES_U), .references = to_both, .reference_count = 2};
    const struct registry_draft lost = {
        .text = STR(USES_R), .references = to_none, .reference_count = 1};
    (void)state;
    fixture_init(&fixture);
    arena_init(&arena, 0);
    add(&fixture, "r", ONE);
    assert_int_equal(
        registry_register_draft(fixture.registry, STR("u"), &lost, &arena, &version, &why),
        ERR_INVALID);
    assert_non_null(strstr(why.text, "subject 'r' and version 9"));
    assert_ok(registry_register_draft(fixture.registry, STR("u"), &uses_r, &arena, &version, &why));
    assert_int_equal(version.id, 2);
    assert_int_equal(version.reference_count, 1);
    assert_ok(registry_register_draft(fixture.registry, STR("m"), &uses_u, &arena, &version, &why));
    assert_ok(registry_register_draft(fixture.registry, STR("m"), &uses_u, &arena, &version, &why));
    assert_int_equal(version.version, 1);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_ok(registry_by_id(fixture.registry, version.id, &schema, &why));
    assert_int_equal(schema->root->kind, AVRO_MAP);
    assert_int_equal(schema->root->item->fields[1].node->item->fields[0].node->kind, AVRO_STRING);
    assert_int_equal(erase(&fixture, "r", 0, false, &arena), ERR_LOCKED);
    assert_ok(erase(&fixture, "m", 0, false, &arena));
    assert_ok(erase(&fixture, "u", 1, false, &arena));
    assert_ok(erase(&fixture, "r", 0, false, &arena));
    assert_ok(registry_by_id(fixture.registry, 2, &schema, &why));
    arena_release(&arena);
    fixture_release(&fixture);
}

static void guids_are_of_the_schema(void **state)
{
    struct fixture fixture;
    struct arena arena;
    struct registry_version first, other, spaced;
    struct registry_version *found;
    size_t count;
    const struct registry_draft int_draft = {.text = STR("\"int\"")};
    const struct registry_draft same = {.text = STR(" {\"type\" : \"int\"} ")};
    const struct registry_draft tagged = {.text = STR("\"int\""),
                                          .metadata = STR("{\"properties\":{\"a\":\"b\"}}")};
    (void)state;
    fixture_init(&fixture);
    arena_init(&arena, 0);
    add(&fixture, "before", ONE);
    assert_ok(
        registry_register_draft(fixture.registry, STR("s"), &int_draft, &arena, &first, NULL));
    assert_ok(registry_register_draft(fixture.registry, STR("t"), &same, &arena, &spaced, NULL));
    assert_ok(registry_register_draft(fixture.registry, STR("s"), &tagged, &arena, &other, NULL));
    assert_int_equal(first.id, spaced.id);
    assert_true(str_equal(first.guid, spaced.guid));
    assert_int_equal(first.guid.size, REGISTRY_GUID_BYTES);
    assert_int_not_equal(other.id, first.id);
    assert_false(str_equal(first.guid, other.guid));
    assert_true(str_equal(other.metadata, tagged.metadata));
    /* md5 of "int" in quotes */
    assert_true(str_equal(first.guid, STR("ef524ea1-b91e-7317-3d93-8ade36c1db32")));
    const struct registry_filter by_guid = {.guid = first.guid};
    assert_ok(registry_list(fixture.registry, &by_guid, &arena, &found, &count, NULL));
    assert_int_equal(count, 2);
    assert_int_equal(found[0].id, first.id);
    const struct registry_filter nobodys = {.guid = STR("00000000-0000-0000-0000-000000000000")};
    assert_ok(registry_list(fixture.registry, &nobodys, &arena, &found, &count, NULL));
    assert_int_equal(count, 0);
    arena_release(&arena);
    fixture_release(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_get_ids_and_subjects_versions),
        cmocka_unit_test(versions_are_deleted_softly_then_for_good),
        cmocka_unit_test(modes_say_what_may_be_done),
        cmocka_unit_test(schemas_refer_to_others),
        cmocka_unit_test(guids_are_of_the_schema),
        cmocka_unit_test(what_is_no_schema_or_subject_is_refused),
        cmocka_unit_test(levels_decide_what_is_compatible),
        cmocka_unit_test(threads_agree_on_ids),
        cmocka_unit_test(another_process_sees_and_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
