/* headers_test.c -- what is made of a record has the record's headers. */
#include "world.h"

static struct world world;

static int setup(void **state)
{
    world = (struct world){.threads = 1};
    world_init(&world, true);
    return 0;
}

static int teardown(void **state)
{
    world_release(&world);
    return 0;
}

/* One header named `name`; its value is "1". NULL: none. */
static void put_with_header(const char *topic, const char *key, const char *value, const char *name)
{
    const struct record_header header = {.name = str_from(name), .value = STR("1")};
    const struct record record = {.timestamp_ms = 1000,
                                  .key = str_from(key),
                                  .value = str_from(value),
                                  .headers = &header,
                                  .header_count = name != NULL};
    struct producer producer = {.fixture = &world.fixture};
    producer_add_record(&producer, topic, &record);
    producer_send(&producer);
    assert_ok(engine_wait_idle(world.engine, IDLE_MS));
}

/* "value[header=value ...]" of each record of a topic's only partition, a line each. */
static struct str records_of(const char *topic)
{
    struct buf text = {0};
    struct log_records *records = NULL;
    assert_ok(log_read(world.fixture.member, open_topic(&world.fixture, topic), 0, 0, 1 << 20,
                       &records, NULL));
    for (uint32_t i = 0; i < records->count; i++) {
        const struct record *record = &records->at[i];
        buf_printf(&text, "%.*s[", STR_ARGS(record->value));
        for (uint32_t j = 0; j < record->header_count; j++)
            buf_printf(&text, "%s%.*s=%.*s", j > 0 ? " " : "", STR_ARGS(record->headers[j].name),
                       STR_ARGS(record->headers[j].value));
        buf_printf(&text, "]\n");
    }
    log_records_release(records);
    const struct str lines = arena_str(&world.fixture.arena, buf_str(&text));
    buf_release(&text);
    return lines;
}

static void make_stream(void)
{
    (void)ask(&world,
              "CREATE STREAM s (k STRING KEY, g STRING, n INT, h BYTES HEADER('a')) "
              "WITH (kafka_topic='S', key_format='KAFKA', value_format='JSON', partitions=1);");
}

static void test_rows_keep_their_headers(void **state)
{
    make_stream();
    (void)ask(&world, "CREATE STREAM o AS SELECT k, n + 1 AS m, LEN(h) AS l FROM s WHERE n > 0;");
    put_with_header("S", "x", "{\"N\":1}", "a");
    put_with_header("S", "x", "{\"N\":0}", "a");
    put_with_header("S", "x", "{\"N\":2}", NULL);
    put_with_header("S", "x", "{\"N\":3}", "b");
    assert_text(records_of("O"), STR("{\"M\":2,\"L\":1}[a=1]\n"
                                     "{\"M\":3,\"L\":null}[]\n"
                                     "{\"M\":4,\"L\":null}[b=1]\n"));
}

static void test_exploded_and_rekeyed_rows_too(void **state)
{
    make_stream();
    (void)ask(&world, "CREATE STREAM o AS SELECT g, EXPLODE(ARRAY[n, n + 1]) AS m FROM s "
                      "PARTITION BY g;");
    put_with_header("S", "x", "{\"G\":\"y\",\"N\":1}", "a");
    assert_text(records_of("O"), STR("{\"M\":1}[a=1]\n"
                                     "{\"M\":2}[a=1]\n"));
}

/* A group's change has those of the row that made it. */
static void test_changes_of_groups_too(void **state)
{
    make_stream();
    (void)ask(&world, "CREATE TABLE o AS SELECT g, SUM(n) AS m FROM s GROUP BY g;");
    put_with_header("S", "x", "{\"G\":\"y\",\"N\":1}", "a");
    put_with_header("S", "x", "{\"G\":\"y\",\"N\":2}", "b");
    put_with_header("S", "x", "{\"G\":\"y\",\"N\":3}", NULL);
    assert_text(records_of("O"), STR("{\"M\":1}[a=1]\n"
                                     "{\"M\":3}[b=1]\n"
                                     "{\"M\":6}[]\n"));
}

/* ... and what is taken from one group and added to another has those of the row that moved. */
static void test_moves_between_groups_too(void **state)
{
    (void)ask(&world,
              "CREATE TABLE t (k STRING PRIMARY KEY, g STRING, n INT) "
              "WITH (kafka_topic='T', key_format='KAFKA', value_format='JSON', partitions=1);"
              "CREATE TABLE o AS SELECT g, SUM(n) AS m FROM t GROUP BY g;");
    put_with_header("T", "x", "{\"G\":\"y\",\"N\":1}", "a");
    put_with_header("T", "x", "{\"G\":\"z\",\"N\":2}", "b");
    assert_text(records_of("O"), STR("{\"M\":1}[a=1]\n"
                                     "{\"M\":0}[b=1]\n"
                                     "{\"M\":2}[b=1]\n"));
}

/* A pair has those of the row that found its partner. */
static void test_pairs_have_the_later_row_s(void **state)
{
    make_stream();
    (void)ask(&world,
              "CREATE STREAM r (k STRING KEY, v INT) "
              "WITH (kafka_topic='R', key_format='KAFKA', value_format='JSON', partitions=1);"
              "CREATE STREAM o AS SELECT s.k, n, v FROM s JOIN r WITHIN 1 SECOND ON s.k = r.k;"
              "CREATE STREAM p AS SELECT s.g, n, v FROM s LEFT JOIN r WITHIN 1 SECOND "
              "ON s.g = r.k;");
    put_with_header("S", "x", "{\"G\":\"x\",\"N\":1}", "a");
    put_with_header("R", "x", "{\"V\":2}", "b");
    assert_text(records_of("O"), STR("{\"N\":1,\"V\":2}[b=1]\n"));
    assert_text(records_of("P"), STR("{\"N\":1,\"V\":null}[a=1]\n"
                                     "{\"N\":1,\"V\":2}[b=1]\n"));
}

static void test_joins_with_tables_have_the_changed_row_s(void **state)
{
    make_stream();
    (void)ask(&world,
              "CREATE TABLE t (k STRING PRIMARY KEY, v INT) "
              "WITH (kafka_topic='T', key_format='KAFKA', value_format='JSON', partitions=1);"
              "CREATE TABLE u (k STRING PRIMARY KEY, w INT) "
              "WITH (kafka_topic='U', key_format='KAFKA', value_format='JSON', partitions=1);"
              "CREATE STREAM o AS SELECT s.k, n, v FROM s JOIN t ON s.k = t.k;"
              "CREATE TABLE p AS SELECT t.k, v, w FROM t JOIN u ON t.k = u.k;");
    put_with_header("T", "x", "{\"V\":1}", "a");
    put_with_header("U", "x", "{\"W\":2}", "b");
    put_with_header("S", "x", "{\"N\":3}", "c");
    assert_text(records_of("O"), STR("{\"N\":3,\"V\":1}[c=1]\n"));
    assert_text(records_of("P"), STR("{\"V\":1,\"W\":2}[b=1]\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_keep_their_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exploded_and_rekeyed_rows_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes_of_groups_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_moves_between_groups_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pairs_have_the_later_row_s, setup, teardown),
        cmocka_unit_test_setup_teardown(test_joins_with_tables_have_the_changed_row_s, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
