/* queries_test.c -- the life of queries: one that fails fails alone, pauses hold nobody up. */
#include "fixture.h"

static struct world world;

static int setup(void **state)
{
    world_init(&world);
    world.options.thread_count = 2;
    make_topic(&world.base, "l", 2);
    make_topic(&world.base, "r", 2);
    world_open(&world);
    run(&world, "SET 'auto.offset.reset'='earliest';"
                "CREATE STREAM l (k STRING KEY, id STRING) WITH (KAFKA_TOPIC='l',"
                "  KEY_FORMAT='KAFKA', VALUE_FORMAT='DELIMITED');"
                "CREATE STREAM r (k STRING KEY, id STRING) WITH (KAFKA_TOPIC='r',"
                "  KEY_FORMAT='KAFKA', VALUE_FORMAT='DELIMITED');"
                "CREATE STREAM first AS SELECT * FROM l EMIT CHANGES;"
                "CREATE STREAM other AS SELECT * FROM r EMIT CHANGES;"
                "CREATE STREAM second AS SELECT f.id AS id, r.k AS k FROM first f"
                "  JOIN r WITHIN 1 HOUR ON f.id = r.id EMIT CHANGES;");
    return 0;
}

static int teardown(void **state)
{
    world_release(&world);
    return 0;
}

static struct engine_query query_of(const char *sink)
{
    struct engine_query *queries;
    uint32_t count;
    engine_queries(world.engine, &world.base.arena, &queries, &count);
    for (uint32_t i = 0; i < count; i++)
        if (str_equal(queries[i].sink, str_from(sink)))
            return queries[i];
    fail_msg("no query writes %s", sink);
    return queries[0];
}

/* Waits for what is not an end of all inputs. */
static void wait_for(const char *topic, struct str expected)
{
    for (int i = 0; i < IDLE_MS; i++) {
        if (str_equal(read_sorted(&world.base, topic), expected))
            return;
        clock_sleep_ms(1);
    }
    assert_text(read_sorted(&world.base, topic), expected);
}

static void test_failing_to_start_again_is_a_query_s_own(void **state)
{
    put(&world.base, "l", "a", "x", 1000);
    settle(&world);
    world_close(&world);
    fixture_open(&world.base);
    fixture_join(&world.base);
    assert_ok(log_remove(world.base.log, STR("l"), NULL));
    world_open(&world);
    put(&world.base, "r", "b", "x", 2000);
    wait_for("OTHER", STR("b|x|2000\n"));
    wait_for("SECOND", STR("x|b|2000\n"));
    const struct flow_status failed = query_of("FIRST").status;
    assert_int_equal(failed.state, FLOW_ERROR);
    assert_non_null(strstr(failed.why.text, "'l'"));
    assert_int_equal(query_of("OTHER").status.state, FLOW_RUNNING);
    assert_int_equal(engine_wait_idle(world.engine, IDLE_MS), ERR_ABORTED);
}

static void test_failing_while_it_runs_is_a_query_s_own(void **state)
{
    put(&world.base, "l", "a", "x", 1000);
    settle(&world);
    assert_ok(log_remove(world.base.log, STR("l"), NULL));
    put(&world.base, "r", "b", "x", 2000);
    wait_for("OTHER", STR("b|x|2000\n"));
    wait_for("SECOND", STR("x|b|2000\n"));
    assert_int_equal(query_of("FIRST").status.state, FLOW_ERROR);
}

static void test_a_pause_holds_nobody_up(void **state)
{
    put(&world.base, "l", "a", "x", 1000);
    settle(&world);
    const struct str id = query_of("FIRST").id;
    run(&world, arena_printf(&world.base.arena, "PAUSE %.*s;", STR_ARGS(id)).data);
    put(&world.base, "l", "a", "y", 1500);
    put(&world.base, "r", "b", "x", 2000);
    wait_for("SECOND", STR("x|b|2000\n"));
    assert_text(read_sorted(&world.base, "FIRST"), STR("a|x|1000\n"));
    run(&world, arena_printf(&world.base.arena, "RESUME %.*s;", STR_ARGS(id)).data);
    put(&world.base, "r", "c", "y", 2500);
    settle(&world);
    assert_text(read_sorted(&world.base, "SECOND"), STR("x|b|2000\ny|c|2500\n"));
}

static uint64_t count_lines(struct str text)
{
    uint64_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '\n';
    return count;
}

static uint64_t store_bytes(void)
{
    uint64_t used;
    uint64_t free_bytes;
    store_size(world.base.store, &used, &free_bytes);
    return used + free_bytes;
}

/* So many records of a megabyte, of which the log keeps none. */
static void write_and_trim(uint32_t count)
{
    static char value[1 << 20];
    memset(value, 'v', sizeof(value) - 1);
    make_topic(&world.base, "trimmed", 1);
    struct log_topic *topic = open_topic(&world.base, "trimmed");
    for (uint32_t i = 0; i < count; i++) {
        put(&world.base, "trimmed", "k", value, 1000);
        const struct log_trim trim = {.topic = topic, .before_offset = i + 1};
        const struct log_step step = {.trims = &trim, .trim_count = 1};
        bool taken = false;
        assert_ok(log_commit_wait(world.base.member, &step, IDLE_MS, &taken));
    }
}

/* Paused in the middle of what it reads, it holds nothing that the log gives up, and runs no row
 * twice when it goes on. */
static void test_a_pause_gives_records_back(void **state)
{
    const uint32_t count = 20000;
    const uint32_t megabytes = 40;
    const struct str id = query_of("FIRST").id;
    struct producer producer = {.fixture = &world.base};
    for (uint32_t i = 0; i < count; i++)
        producer_add(&producer, "l", "a", arena_printf(&world.base.arena, "%u", i).data, 1000);
    producer_send(&producer);
    run(&world, arena_printf(&world.base.arena, "PAUSE %.*s;", STR_ARGS(id)).data);
    const uint64_t bytes_before = store_bytes();
    write_and_trim(megabytes);
    assert_true(store_bytes() < bytes_before + (megabytes / 2 << 20));
    run(&world, arena_printf(&world.base.arena, "RESUME %.*s;", STR_ARGS(id)).data);
    settle(&world);
    assert_int_equal(count_lines(read_sorted(&world.base, "FIRST")), count);
    const struct flow_status status = query_of("FIRST").status;
    assert_int_equal(counters_get(&status.counters, COUNTER_records_in), count);
}

/* FIRST reads what it writes, by way of another. */
static void test_a_circle_of_queries_goes_on(void **state)
{
    run(&world, "SET 'auto.offset.reset'='earliest';"
                "INSERT INTO l SELECT f.k AS k, 'again' AS id FROM first f"
                "  JOIN r WITHIN 1 MINUTE ON f.k = r.k WHERE f.id <> 'again' EMIT CHANGES;");
    put(&world.base, "l", "a", "x", 1000);
    put(&world.base, "r", "a", "y", 500000);
    put(&world.base, "r", "a", "y", 2000);
    settle(&world);
    assert_text(read_sorted(&world.base, "FIRST"), STR("a|again|2000\na|x|1000\n"));
}

/* timestamp.throw.on.invalid: one without a time that can be read stops its query, which has done
 * nothing with it; else it is set aside. */
static void test_a_bad_time_stops_only_who_asked_for_it(void **state)
{
    run(&world, "CREATE STREAM timed (k STRING KEY, t STRING) WITH (KAFKA_TOPIC='l',"
                "  KEY_FORMAT='KAFKA', VALUE_FORMAT='DELIMITED', TIMESTAMP='t',"
                "  TIMESTAMP_FORMAT='HH:mm:ss');"
                "SET 'auto.offset.reset'='earliest';"
                "CREATE STREAM lenient AS SELECT * FROM timed;"
                "SET 'ksql.timestamp.throw.on.invalid'='true';"
                "CREATE STREAM strict AS SELECT * FROM timed;");
    put(&world.base, "l", "a", "00:00:01", 1000);
    wait_for("STRICT", STR("a|00:00:01|1000\n"));
    put(&world.base, "l", "a", "soon", 2000);
    put(&world.base, "l", "a", "00:00:03", 3000);
    wait_for("LENIENT", STR("a|00:00:01|1000\na|00:00:03|3000\n"));
    for (int i = 0; i < IDLE_MS && query_of("STRICT").status.state != FLOW_ERROR; i++)
        clock_sleep_ms(1);
    const struct flow_status stopped = query_of("STRICT").status;
    assert_int_equal(stopped.state, FLOW_ERROR);
    assert_non_null(strstr(stopped.why.text, "offset 1"));
    assert_text(read_sorted(&world.base, "STRICT"), STR("a|00:00:01|1000\n"));
    assert_int_equal(query_of("LENIENT").status.state, FLOW_RUNNING);
}

/* A state is written in the source's value format. */
static void test_states_fit_the_source_s_format(void **state)
{
    struct why why = {0};
    run(&world, "CREATE TABLE flat AS SELECT k, COUNT(*) AS n, MAX(id) AS m FROM l GROUP BY k;");
    assert_int_equal(try_to_run(&world,
                                "CREATE TABLE deep AS SELECT k, COLLECT_LIST(id) AS ids FROM l "
                                "GROUP BY k;",
                                world_answer, NULL, &why),
                     ERR_INVALID);
    assert_non_null(strstr(why.text, "COLLECT_LIST needs a state"));
}

static bool keep_text(void *context, const struct statement *statement, const struct answer *answer)
{
    if (answer->kind == ANSWER_TEXT)
        buf_append_str(context, answer->text);
    return true;
}

static void test_extended_shows_all_there_is(void **state)
{
    struct buf text = {0};
    put(&world.base, "l", "a", "x", 1000);
    put(&world.base, "l", "a", "one,column,too,many", 1100);
    put(&world.base, "r", "b", "x", 2000);
    settle(&world);
    assert_ok(try_to_run(&world, "SHOW QUERIES EXTENDED;", keep_text, &text, NULL));
    buf_append_byte(&text, '\0');
    const char *const words[] = {"CSAS_SECOND_",
                                 "status       RUNNING",
                                 "sink         SECOND",
                                 "2 rows, ",
                                 "in files",
                                 "stream time  1970-01-01",
                                 "reads        l partition",
                                 "records_in",
                                 "bad_record: dead letters",
                                 "CREATE STREAM second AS"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (!strstr(text.data, words[i]))
            fail_msg("no '%s' in:\n%s", words[i], text.data);
    buf_release(&text);
    assert_text(read_partition(&world.base, "drivethru-dlq", 0),
                STR("a|one,column,too,many|1100\n"));

    /* Once: not again by whoever reads the record a second time. */
    world_restart(&world);
    put(&world.base, "r", "c", "x", 2500);
    settle(&world);
    assert_text(read_partition(&world.base, "drivethru-dlq", 0),
                STR("a|one,column,too,many|1100\n"));

    assert_ok(log_remove(world.base.log, STR("l"), NULL));
    put(&world.base, "r", "b", "y", 3000);
    wait_for("OTHER", STR("b|x|2000\nb|y|3000\nc|x|2500\n"));
    text = (struct buf){0};
    for (int i = 0; i < IDLE_MS && query_of("FIRST").status.state != FLOW_ERROR; i++)
        clock_sleep_ms(1);
    assert_ok(try_to_run(&world, "SHOW QUERIES EXTENDED;", keep_text, &text, NULL));
    buf_append_byte(&text, '\0');
    assert_non_null(strstr(text.data, "status       ERROR: "));
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_failing_to_start_again_is_a_query_s_own, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_failing_while_it_runs_is_a_query_s_own, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_pause_holds_nobody_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_pause_gives_records_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_circle_of_queries_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_bad_time_stops_only_who_asked_for_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_states_fit_the_source_s_format, setup, teardown),
        cmocka_unit_test_setup_teardown(test_extended_shows_all_there_is, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
