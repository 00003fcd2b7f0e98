/* service_test.c -- several engines keep statements of one service in one topic: each in its turn,
 * all run them, under the same numbers. */
#include "fixture.h"

#include "base/big_endian.h"

#include <pthread.h>

#define COMMANDS "_confluent-ksql-test__command_topic"
#define SENDERS 2
#define STATEMENTS_EACH 15
#define FAULTS_EACH 12

static struct world world; /* its engine is the first process */

static int setup(void **state)
{
    world_init(&world);
    world.options.shared = true;
    world.options.instance = STR("one");
    make_topic(&world.base, "t", 1);
    world_open(&world);
    return 0;
}

static int teardown(void **state)
{
    world_release(&world);
    return 0;
}

static struct engine *open_another(bool shared, struct why *why)
{
    struct engine_options options = world.options;
    struct engine *engine = NULL;
    options.log = world.base.inner;
    options.shared = shared;
    return engine_open(&options, &engine, why) == OK ? engine : NULL;
}

static enum err run_at(struct engine *engine, const char *text, struct why *why)
{
    struct arena arena;
    struct session session;
    arena_init(&arena, 0);
    session_init(&session, &arena);
    const enum err err =
        engine_execute(engine, &session, str_from(text), engine_ignore_answer, NULL, why);
    arena_release(&arena);
    return err;
}

static void must_run_at(struct engine *engine, const char *text)
{
    struct why why = {0};
    const enum err err = run_at(engine, text, &why);
    if (err != OK)
        fail_msg("%s: %s: %s", text, err_name(err), why.text);
}

static bool knows(struct engine *engine, const char *name)
{
    struct arena arena;
    struct source source;
    arena_init(&arena, 0);
    const bool known = engine_source(engine, str_from(name), &arena, &source) == OK;
    arena_release(&arena);
    return known;
}

static void wait_known(struct engine *engine, const char *name, bool wanted)
{
    for (int i = 0; i < IDLE_MS; i++) {
        if (knows(engine, name) == wanted)
            return;
        clock_sleep_ms(1);
    }
    fail_msg("'%s' is %s", name, wanted ? "not known" : "still known");
}

static bool has_query(struct engine *engine, const char *id)
{
    struct arena arena;
    struct engine_query *queries;
    uint32_t count;
    bool found = false;
    arena_init(&arena, 0);
    engine_queries(engine, &arena, &queries, &count);
    for (uint32_t i = 0; i < count; i++)
        found |= str_equal(queries[i].id, str_from(id));
    arena_release(&arena);
    return found;
}

static void wait_query(struct engine *engine, const char *id, bool wanted)
{
    for (int i = 0; i < IDLE_MS; i++) {
        if (has_query(engine, id) == wanted)
            return;
        clock_sleep_ms(1);
    }
    fail_msg("query '%s' %s", id, wanted ? "does not run" : "still runs");
}

static int64_t command_count(void)
{
    struct arena arena;
    struct log_topic_info info;
    arena_init(&arena, 0);
    assert_ok(log_describe(world.base.inner, STR(COMMANDS), &arena, &info, NULL));
    const int64_t count = info.partitions[0].end_offset;
    arena_release(&arena);
    return count;
}

#define CREATE(name)                                                                               \
    "CREATE STREAM " name " (k STRING KEY, id STRING) WITH (KAFKA_TOPIC='t',"                      \
    " KEY_FORMAT='KAFKA', VALUE_FORMAT='DELIMITED');"

static void test_all_run_what_one_keeps(void **state)
{
    struct why why = {0};
    struct engine *other = open_another(true, &why);
    assert_non_null(other);
    must_run_at(world.engine, CREATE("a"));
    assert_ok(engine_await_command(other, 0, IDLE_MS, &why));
    assert_true(knows(other, "A"));
    assert_int_equal(engine_await_command(other, 1, 1, &why), ERR_UNAVAILABLE);
    /* At once: it looks what was kept before it answers. */
    must_run_at(other, "CREATE STREAM b AS SELECT * FROM a EMIT CHANGES;");
    wait_query(world.engine, "CSAS_B_1", true);
    assert_true(has_query(other, "CSAS_B_1"));

    struct engine *late = open_another(true, &why);
    assert_non_null(late);
    assert_true(has_query(late, "CSAS_B_1"));
    engine_close(late);

    must_run_at(other, "DROP STREAM b;");
    must_run_at(world.engine, "DROP STREAM a;");
    wait_known(other, "A", false);
    assert_false(has_query(world.engine, "CSAS_B_1"));
    engine_close(other);
}

static void test_a_statement_is_checked_against_all_kept_before(void **state)
{
    struct why why = {0};
    struct engine *other = open_another(true, &why);
    assert_non_null(other);
    must_run_at(world.engine, CREATE("a"));
    assert_int_equal(run_at(other, CREATE("a"), &why), ERR_EXISTS);
    must_run_at(other, CREATE("b"));
    assert_int_equal(run_at(world.engine, CREATE("b"), &why), ERR_EXISTS);
    assert_int_equal(command_count(), 2);
    engine_close(other);
}

static void test_files_that_all_apply_are_kept_once(void **state)
{
    struct why why = {0};
    struct engine *other = open_another(true, &why);
    const struct str text = STR(CREATE("a") "CREATE STREAM b AS SELECT * FROM a EMIT CHANGES;");
    assert_non_null(other);
    for (int i = 0; i < 2; i++) {
        assert_ok(engine_apply(world.engine, STR("f.sql"), text, engine_ignore_answer, NULL, &why));
        assert_ok(engine_apply(other, STR("f.sql"), text, engine_ignore_answer, NULL, &why));
    }
    assert_int_equal(command_count(), 2);
    engine_close(other);
}

static uint32_t count_topics(const char *prefix)
{
    struct arena arena;
    struct str *names;
    size_t count;
    uint32_t found = 0;
    arena_init(&arena, 0);
    assert_ok(log_list(world.base.inner, &arena, &names, &count, NULL));
    for (size_t i = 0; i < count; i++)
        found += str_starts_with(names[i], str_from(prefix));
    arena_release(&arena);
    return found;
}

static void test_what_a_stopped_query_left_is_removed(void **state)
{
    struct why why = {0};
    struct engine *other = open_another(true, &why);
    assert_non_null(other);
    must_run_at(world.engine, CREATE("a"));
    must_run_at(world.engine, "CREATE TABLE c AS SELECT id, COUNT(*) FROM a GROUP BY id;");
    wait_query(other, "CTAS_C_1", true);
    assert_int_equal(count_topics("_confluent-ksql-test_query_CTAS_C_1-"), 2);
    must_run_at(other, "DROP TABLE c DELETE TOPIC;");
    wait_query(world.engine, "CTAS_C_1", false);
    for (int i = 0; i < IDLE_MS && count_topics("C") > 0; i++)
        clock_sleep_ms(1);
    assert_int_equal(count_topics("_confluent-ksql-test_query_CTAS_C_1-"), 0);
    assert_int_equal(count_topics("C"), 0);
    engine_close(other);
}

/* What SHOW QUERIES says of the first one's states, "RUNNING:1 ". */
static bool take_states(void *context, const struct statement *statement,
                        const struct answer *answer)
{
    struct buf *text = context;
    buf_clear(text);
    if (answer->described && answer->described->count > 0) {
        const struct described_states *states = &answer->described->queries[0].states;
        for (uint32_t i = 0; i < states->count; i++)
            buf_printf(text, "%s:%u ", states->words[i], states->counts[i]);
    }
    return true;
}

static void wait_states(struct engine *engine, const char *wanted)
{
    struct buf text = {0};
    for (int i = 0; i < IDLE_MS; i++) {
        struct arena arena;
        struct session session;
        arena_init(&arena, 0);
        session_init(&session, &arena);
        assert_ok(engine_execute(engine, &session, STR("SHOW QUERIES;"), take_states, &text, NULL));
        arena_release(&arena);
        if (str_equal(buf_str(&text), str_from(wanted)))
            break;
        clock_sleep_ms(1);
    }
    assert_string_equal(buf_text(&text), wanted);
    buf_release(&text);
}

static void test_states_are_counted_over_processes(void **state)
{
    struct why why = {0};
    world.options.instance = STR("other");
    struct engine *other = open_another(true, &why);
    assert_non_null(other);
    must_run_at(world.engine, CREATE("a") "CREATE STREAM b AS SELECT * FROM a EMIT CHANGES;");
    wait_query(other, "CSAS_B_1", true);
    wait_states(world.engine, "RUNNING:1 ");
    assert_ok(engine_announce(world.engine, STR("http://one"), &why));
    assert_ok(engine_announce(other, STR("http://other"), &why));
    wait_states(world.engine, "RUNNING:2 ");
    wait_states(other, "RUNNING:2 ");
    must_run_at(other, "PAUSE CSAS_B_1;");
    wait_states(world.engine, "PAUSED:2 ");
    /* It says that it goes. */
    engine_close(other);
    wait_states(world.engine, "PAUSED:1 ");
}

static void test_one_process_has_the_registry(void **state)
{
    struct why why = {0};
    world.options.has_registry = true;
    world.options.instance = STR("one");
    world_open(&world);
    assert_ok(engine_announce(world.engine, STR("http://one"), &why));
    world.options.instance = STR("two");
    struct engine *other = NULL;
    for (int i = 0; i < IDLE_MS && (other = open_another(true, &why)); i++) {
        engine_close(other); /* it has not heard yet */
        clock_sleep_ms(1);
    }
    assert_null(other);
    assert_non_null(strstr(why.text, "http://one"));
    assert_non_null(strstr(why.text, "schema.registry.url"));
    world.options.has_registry = false;
    other = open_another(true, &why);
    assert_non_null(other);
    engine_close(other);
}

static struct engine *open_headless(const char *instance, const char *digest)
{
    struct engine_options options = world.options;
    struct engine *engine = NULL;
    struct why why = {0};
    options.interactive = false;
    options.instance = str_from(instance);
    assert_ok(engine_open(&options, &engine, &why));
    engine_say_files(engine, str_from(digest));
    return engine;
}

static void expect_refusal(struct engine *engine, const char *text, const char *words)
{
    struct why why = {0};
    assert_true(run_at(engine, text, &why) != OK);
    if (!strstr(why.text, words))
        fail_msg("not '%s', but: %s", words, why.text);
}

#define QUERY CREATE("a") "CREATE STREAM b AS SELECT * FROM a EMIT CHANGES;"

static void test_all_run_the_same_files(void **state)
{
    struct why why = {0};
    assert_ok(registry_embedded_open(world.base.store, &world.registry, &why));
    world.options.log = world.base.log;
    world.options.registry = world.registry;
    struct engine *first = open_headless("one", "aa");
    struct engine *same = open_headless("two", "aa");
    struct engine *other = open_headless("three", "bb");
    must_run_at(first, QUERY);
    must_run_at(same, QUERY);
    expect_refusal(other, QUERY, "other files");
    assert_null(open_another(true, &why));
    assert_non_null(strstr(why.text, "runs files"));
    engine_close(first);
    engine_close(same);
    /* Nobody runs those before any more. */
    must_run_at(other, "CREATE STREAM c AS SELECT * FROM a EMIT CHANGES;");
    engine_close(other);
    registry_close(world.registry);
}

static void test_files_and_statements_do_not_mix(void **state)
{
    struct engine *headless = open_headless("two", "aa");
    must_run_at(world.engine, CREATE("a"));
    expect_refusal(headless, QUERY, "interactive");
    engine_close(headless);
}

static int setup_closed(void **state)
{
    world_init(&world);
    world.options.shared = true;
    make_topic(&world.base, "t", 1);
    return 0;
}

#define KEYS 40
#define TABLE_QUERY                                                                                \
    "CREATE STREAM s (k STRING KEY, id STRING) WITH (KAFKA_TOPIC='t4', KEY_FORMAT='KAFKA',"        \
    " VALUE_FORMAT='DELIMITED');"                                                                  \
    "CREATE TABLE c AS SELECT id, COUNT(*) AS n FROM s GROUP BY id;"
#define TABLE_TYPE "`ID` STRING, `N` BIGINT"

static void make_table(void)
{
    make_topic(&world.base, "t4", 4);
    run(&world, "SET 'auto.offset.reset'='earliest';" TABLE_QUERY);
    for (int i = 0; i < KEYS; i++) {
        char id[20];
        snprintf(id, sizeof(id), "id%d", i);
        put(&world.base, "t4", "k", id, 1000);
    }
    settle(&world);
}

static bool count_rows(void *context, const struct statement *statement,
                       const struct answer *answer)
{
    if (answer->kind == ANSWER_ROWS)
        *(uint32_t *)context += answer->rows->selected_count;
    return true;
}

/* Only the partition is looked into that the key must be in. */
static void test_a_key_is_where_it_is_looked_for(void **state)
{
    uint32_t count = 0;
    make_table();
    for (int i = 0; i < KEYS; i++) {
        char text[80];
        snprintf(text, sizeof(text), "SELECT * FROM c WHERE id = 'id%d';", i);
        count = 0;
        assert_ok(try_to_run(&world, text, count_rows, &count, NULL));
        assert_int_equal(count, 1);
    }
    count = 0;
    assert_ok(try_to_run(&world, "SELECT * FROM c;", count_rows, &count, NULL));
    assert_int_equal(count, KEYS);
    count = 0;
    assert_ok(try_to_run(&world, "SELECT * FROM c LIMIT 3;", count_rows, &count, NULL));
    assert_int_equal(count, 3);
}

static enum err pull_own(const char *partitions, const char *type, uint32_t *ret_count)
{
    struct buf request = {0};
    struct buf rows = {0};
    struct why why = {0};
    buf_printf(&request,
               "{\"sql\":\"SELECT * FROM c;\",\"query\":\"CTAS_C_1\",\"type\":\"%s\","
               "\"partitions\":%s}",
               type, partitions);
    const enum err err = engine_pull_own(world.engine, buf_str(&request), &rows, &why);
    /* The end says how many there are. */
    *ret_count = err == OK ? big_endian_get_32(rows.data + rows.size - 4) : 0;
    if (err != OK)
        assert_true(why.text[0] != '\0');
    buf_release(&request);
    buf_release(&rows);
    return err;
}

static void test_another_process_is_answered_for_partitions(void **state)
{
    static const char *const hostile[] = {"",
                                          "[]",
                                          "{",
                                          "{}",
                                          "{\"partitions\":[]}",
                                          "{\"partitions\":[1e99]}",
                                          "{\"partitions\":[-1]}",
                                          "{\"partitions\":[[]]}",
                                          "{\"sql\":1}"};
    uint32_t count = 0;
    uint32_t total = 0;
    make_table();
    for (int i = 0; i < 4; i++) {
        char partitions[20];
        snprintf(partitions, sizeof(partitions), "[%d]", i);
        assert_ok(pull_own(partitions, TABLE_TYPE, &count));
        assert_true(count < KEYS);
        total += count;
    }
    assert_int_equal(total, KEYS);
    assert_ok(pull_own("[0,1,2,3]", TABLE_TYPE, &count));
    assert_int_equal(count, KEYS);
    assert_int_equal(pull_own("[4]", TABLE_TYPE, &count), ERR_UNAVAILABLE);
    assert_int_equal(pull_own("[0]", "`ID` STRING", &count), ERR_UNAVAILABLE);
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct buf rows = {0};
        assert_int_equal(engine_pull_own(world.engine, str_from(hostile[i]), &rows, NULL),
                         ERR_MALFORMED);
        assert_int_equal(rows.size, 0);
        buf_release(&rows);
    }
}

struct sender {
    struct engine *engine;
    int number;
    int failed_count;
};

/* Names of its own, and those that all senders want. */
static void *send_many(void *context)
{
    struct sender *sender = context;
    for (int i = 0; i < STATEMENTS_EACH; i++) {
        char text[300];
        struct why why = {0};
        snprintf(text, sizeof(text), CREATE("own_%d_%d"), sender->number, i);
        if (run_at(sender->engine, text, &why) != OK) {
            print_message("%s: %s\n", text, why.text);
            sender->failed_count++;
        }
        snprintf(text, sizeof(text), CREATE("common_%d"), i);
        const enum err err = run_at(sender->engine, text, &why);
        if (err != OK && err != ERR_EXISTS) {
            print_message("%s: %s\n", text, why.text);
            sender->failed_count++;
        }
    }
    return NULL;
}

static void test_many_at_the_same_time(void **state)
{
    struct why why = {0};
    struct engine *other = open_another(true, &why);
    struct sender senders[SENDERS] = {{world.engine, 0, 0}, {other, 1, 0}};
    pthread_t threads[SENDERS];
    assert_non_null(other);
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(senders[i].failed_count, 0);
    }
    assert_int_equal(command_count(), (SENDERS + 1) * STATEMENTS_EACH);
    for (int i = 0; i < STATEMENTS_EACH; i++) {
        char name[40];
        for (int j = 0; j < SENDERS; j++) {
            snprintf(name, sizeof(name), "OWN_%d_%d", j, i);
            wait_known(world.engine, name, true);
            wait_known(other, name, true);
        }
        snprintf(name, sizeof(name), "COMMON_%d", i);
        wait_known(world.engine, name, true);
        wait_known(other, name, true);
    }
    engine_close(other);
}

/* The Nth call of the log fails while statements are kept: each is kept once or not at all, and
 * both processes agree on which. */
static void test_faults(void **state)
{
    static const enum err errs[] = {ERR_AGAIN, ERR_ABORTED, ERR_UNAVAILABLE, ERR_IO};
    static const char *const statements[] = {CREATE("a"), CREATE("b"), "DROP STREAM b;"};
    for (int i = 0; i < 4 * FAULTS_EACH; i++) {
        struct why why = {0};
        world_release(&world);
        world_init(&world);
        make_topic(&world.base, "t", 1);
        const struct log_faulty_plan plan = {.err = errs[i % 4]};
        world.base.log = log_faulty_new(world.base.inner, &plan);
        world_open(&world);
        struct engine *other = open_another(true, &why);
        assert_non_null(other);
        log_faulty_fail(world.base.log, (uint64_t)(i / 4) + 1);
        for (size_t j = 0; j < 3; j++)
            (void)run_at(world.engine, statements[j], &why);
        log_faulty_fail(world.base.log, 0);
        must_run_at(other, CREATE("last"));
        must_run_at(world.engine, CREATE("very_last"));
        wait_known(other, "VERY_LAST", true);
        assert_int_equal(knows(world.engine, "A"), knows(other, "A"));
        assert_int_equal(knows(world.engine, "B"), knows(other, "B"));
        engine_close(other);
    }
}

static void test_records_of_others_are_refused(void **state)
{
    const char *const foreign[] = {
        "{\"statement\":\"CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON');\","
        "\"streamsProperties\":{},\"originalProperties\":{},\"plan\":null,\"version\":18}",
        "{\"version\":1,\"statement\":\"CREATE TYPE x AS INT;\"}",
        "hello",
    };
    for (size_t i = 0; i < 3; i++) {
        struct why why = {0};
        world_release(&world);
        world_init(&world);
        make_topic(&world.base, COMMANDS, 1);
        put(&world.base, COMMANDS, "", foreign[i], 1);
        assert_ok(registry_embedded_open(world.base.store, &world.registry, &why));
        world.options.registry = world.registry;
        assert_null(open_another(true, &why));
        registry_close(world.registry);
        assert_non_null(strstr(why.text, "ksqlDB"));
        assert_non_null(strstr(why.text, "ksql.service.id"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_run_what_one_keeps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_statement_is_checked_against_all_kept_before, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_files_that_all_apply_are_kept_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_a_stopped_query_left_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_states_are_counted_over_processes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_process_has_the_registry, setup_closed, teardown),
        cmocka_unit_test_setup_teardown(test_all_run_the_same_files, setup_closed, teardown),
        cmocka_unit_test_setup_teardown(test_files_and_statements_do_not_mix, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_key_is_where_it_is_looked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_process_is_answered_for_partitions, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_many_at_the_same_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_records_of_others_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
