/* avro_keys_test.c -- sources keyed in AVRO by different schemas still meet, over many partitions.
 */
#include "world.h"

#define ROWS 20

static struct world world;

static void add_key_schema(const char *topic, struct str text)
{
    int32_t id = 0;
    const struct str subject = arena_printf(&world.fixture.arena, "%s-key", topic);
    make_topic(&world.fixture, topic, 4);
    assert_ok(registry_register(world.registry, subject, text, &id, NULL));
}

/* The same keys, in other bytes: each has its schema's id in front, one a branch of its union. */
static int setup(void **state)
{
    world = (struct world){.threads = 2};
    world_init(&world, true);
    add_key_schema("L", STR("\"string\""));
    add_key_schema("R", STR("[\"null\",\"string\"]"));
    (void)ask(&world,
              "CREATE STREAM l (k STRING KEY, v INT) "
              "WITH (kafka_topic='L', key_format='AVRO', value_format='JSON');"
              "CREATE STREAM r (k STRING KEY, w INT) "
              "WITH (kafka_topic='R', key_format='AVRO', value_format='JSON');"
              "CREATE TABLE t (k STRING PRIMARY KEY, w INT) "
              "WITH (kafka_topic='R', key_format='AVRO', value_format='JSON');"
              "CREATE STREAM pairs WITH (key_format='KAFKA', value_format='DELIMITED') AS "
              "SELECT l.k, v, w FROM l JOIN r WITHIN 1 HOUR ON l.k = r.k;"
              "CREATE STREAM looked_up WITH (key_format='KAFKA', value_format='DELIMITED') AS "
              "SELECT l.k, v, w FROM l JOIN t ON l.k = t.k;"
              "CREATE STREAM both WITH (key_format='KAFKA', value_format='DELIMITED') AS "
              "SELECT l.k, v, r.w, t.w FROM l JOIN r WITHIN 1 HOUR ON l.k = r.k "
              "JOIN t ON l.k = t.k;");
    return 0;
}

static int teardown(void **state)
{
    world_release(&world);
    return 0;
}

static void insert(const char *into, int row)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES ('k%02d', %d);", into, row, row);
    (void)ask(&world, sql);
}

/* "key|columns" of all partitions, sorted, without their times. */
static void check(const char *topic, const char *columns)
{
    struct str text = read_sorted(&world.fixture, topic);
    for (int row = 0; row < ROWS; row++) {
        char wanted[64];
        size_t size = (size_t)snprintf(wanted, sizeof(wanted), "k%02d|", row);
        for (const char *at = columns; *at; at++)
            size += (size_t)snprintf(wanted + size, sizeof(wanted) - size, "%s%d",
                                     at > columns ? "," : "", row);
        const size_t end = str_index(text, '\n');
        if (!str_starts_with(text, str_from(wanted)))
            fail_msg("%s: %.*s, not %s", topic, (int)end, text.data, wanted);
        text = (struct str){text.data + end + 1, text.size - end - 1};
    }
    assert_int_equal(text.size, 0);
}

static void test_equal_keys_meet(void **state)
{
    for (int row = 0; row < ROWS; row++)
        insert("r", row);
    assert_ok(engine_wait_idle(world.engine, IDLE_MS));
    for (int row = 0; row < ROWS; row++)
        insert("l", row);
    assert_ok(engine_wait_idle(world.engine, IDLE_MS));
    check("PAIRS", "vw");
    check("LOOKED_UP", "vw");
    check("BOTH", "vww");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_equal_keys_meet, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
