/* insert_test.c -- INSERT INTO ... VALUES over a topic whose schemas somebody else registered. */
#include "world.h"

static struct world world;

#define FIRST_FIELDS                                                                               \
    "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"total\",\"type\":\"double\"}"

static const struct str first_schema = STR_INIT(
    "{\"type\":\"record\",\"name\":\"Order\",\"namespace\":\"shop\",\"fields\":[" FIRST_FIELDS
    "]}");
static const struct str second_schema = STR_INIT(
    "{\"type\":\"record\",\"name\":\"Order\",\"namespace\":\"shop\",\"fields\":[" FIRST_FIELDS
    ",{\"name\":\"channel\",\"type\":\"string\",\"default\":\"in_store\"}]}");

static int32_t add_version(struct str text)
{
    int32_t id = 0;
    struct why why = {0};
    if (registry_register(world.registry, STR("T-value"), text, &id, &why) != OK)
        fail_msg("%s", why.text);
    return id;
}

static int setup(void **state)
{
    world = (struct world){.threads = 1};
    world_init(&world, true);
    make_topic(&world.fixture, "T", 1);
    return 0;
}

static int teardown(void **state)
{
    world_release(&world);
    return 0;
}

/* The id of the schema that record `index` of T is written in. */
static int32_t schema_of_record(uint32_t index)
{
    struct log_records *records = NULL;
    assert_ok(log_read(world.fixture.member, open_topic(&world.fixture, "T"), 0, 0, 1 << 20,
                       &records, NULL));
    assert_true(index < records->count);
    const struct str value = records->at[index].value;
    assert_true(value.size > 5);
    const int32_t id = (uint8_t)value.data[3] << 8 | (uint8_t)value.data[4];
    log_records_release(records);
    return id;
}

static struct why refusal_of(const char *sql)
{
    struct buf text = {0};
    struct why why = {0};
    assert_int_not_equal(
        engine_execute(world.engine, &world.session, str_from(sql), take_rows, &text, &why), OK);
    buf_release(&text);
    return why;
}

/* The record is called otherwise than ksqlDB's own, and has a field the stream does not know. */
static void test_rows_are_written_in_the_subject_s_schema(void **state)
{
    (void)add_version(first_schema);
    const int32_t second = add_version(second_schema);
    (void)ask(&world, "CREATE STREAM s (id STRING, total DOUBLE) "
                      "WITH (kafka_topic='T', key_format='KAFKA', value_format='AVRO');"
                      "INSERT INTO s VALUES ('a', 1.5);");
    assert_int_equal(schema_of_record(0), second);
    assert_text(ask(&world, "CREATE STREAM all_of_it WITH (kafka_topic='T', value_format='AVRO');"
                            "SELECT id, total, channel FROM all_of_it EMIT CHANGES LIMIT 1;"),
                STR("\"a\",1.5,\"in_store\"\n"));
    struct registry_version latest;
    assert_ok(registry_get_version(world.registry, STR("T-value"), 0, &world.fixture.arena, &latest,
                                   NULL));
    assert_int_equal(latest.version, 2);
}

static void test_what_the_schema_cannot_hold_is_refused(void **state)
{
    (void)add_version(first_schema);
    (void)ask(&world, "CREATE STREAM s (id STRING, total DOUBLE, note STRING) "
                      "WITH (kafka_topic='T', key_format='KAFKA', value_format='AVRO');"
                      "CREATE STREAM r (id STRING, total DOUBLE) "
                      "WITH (kafka_topic='T', key_format='KAFKA', value_format='AVRO');");
    struct why why = refusal_of("INSERT INTO s VALUES ('a', 1.5, 'x');");
    assert_non_null(strstr(why.text, "no field for column 'NOTE'"));
    why = refusal_of("INSERT INTO r (total) VALUES (1.5);");
    assert_non_null(strstr(why.text, "cannot be written"));
}

/* Records of two versions side by side: who knows only the first one's columns reads both, who
 * knows the second one's gets the default, or NULL for a column that he declares himself. */
static void test_versions_mix_on_a_topic(void **state)
{
    const int32_t ids[] = {add_version(first_schema), add_version(second_schema)};
    for (int i = 0; i < 2; i++) {
        char sql[256];
        snprintf(sql, sizeof(sql),
                 "CREATE STREAM v%d WITH (kafka_topic='T', value_format='AVRO', "
                 "value_schema_id=%d);",
                 i + 1, ids[i]);
        (void)ask(&world, sql);
    }
    (void)ask(&world, "INSERT INTO v1 (`id`, `total`) VALUES ('a', 1);"
                      "INSERT INTO v2 (`id`, `total`, `channel`) VALUES ('b', 2, 'drive_thru');"
                      "INSERT INTO v1 (`id`, `total`) VALUES ('c', 3);");
    assert_int_equal(schema_of_record(0), ids[0]);
    assert_int_equal(schema_of_record(1), ids[1]);
    (void)ask(&world, "CREATE STREAM old (id STRING, total DOUBLE) "
                      "WITH (kafka_topic='T', value_format='AVRO');"
                      "CREATE STREAM new (id STRING, channel STRING) "
                      "WITH (kafka_topic='T', value_format='AVRO');");
    assert_text(ask(&world, "SELECT * FROM old EMIT CHANGES LIMIT 3;"),
                STR("\"a\",1.0\n\"b\",2.0\n\"c\",3.0\n"));
    assert_text(ask(&world, "SELECT id, COALESCE(channel, '-') FROM new EMIT CHANGES LIMIT 3;"),
                STR("\"a\",\"-\"\n\"b\",\"drive_thru\"\n\"c\",\"-\"\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_are_written_in_the_subject_s_schema, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_the_schema_cannot_hold_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_versions_mix_on_a_topic, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
