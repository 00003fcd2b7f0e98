/* sink_test.c -- records of an embedded log through a sink into a SQLite file. */
#include "fixture.h"

static void a_stream_becomes_documents(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS\ncollection=orders");
    make_topic(&f, "ORDERS");
    send_one(&f, "ORDERS", "o1", "{\"TOTAL\":12.5,\"AT\":1767225600500,\"RAW\":\"IQ==\"}");
    start(&f);
    wait_until(&f, 1, 0);
    send_one(&f, "ORDERS", "o2", "{\"TOTAL\":\"NaN\",\"AT\":1767225600000}");
    const struct sink_status status = wait_until(&f, 2, 0);
    assert_int_equal(status.state, SINK_RUNNING);
    assert_int_equal(status.lag_records, 0);
    const char *text = documents(&f, "orders");
    assert_int_equal(count_lines(text), 2);
    assert_non_null(strstr(text, "{\"_id\":{\"$oid\":\"6955b900"));
    assert_non_null(strstr(text, "\"ID\":\"o1\",\"TOTAL\":12.5,\"AT\":{\"$date\":"
                                 "\"2026-01-01T00:00:00.500Z\"},\"RAW\":{\"$binary\":{\"base64\":"
                                 "\"IQ==\",\"subType\":\"00\"}}}"));
    assert_non_null(strstr(text, "\"ID\":\"o2\",\"TOTAL\":{\"$numberDouble\":\"NaN\"},\"AT\":"
                                 "{\"$date\":\"2026-01-01T00:00:00Z\"},\"RAW\":null}"));
    fixture_release(&f);
}

static void idle_is_when_all_is_delivered(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    start(&f);
    for (uint64_t i = 1; i <= 20; i++) {
        struct sink_status status;
        send_one(&f, "ORDERS", "o", "{\"TOTAL\":1}");
        assert_int_equal(sink_wait_idle(f.sink, WAIT_MS), OK);
        sink_get_status(f.sink, &status);
        assert_int_equal(status.documents, i);
    }
    sink_pause(f.sink, true);
    assert_int_equal(sink_wait_idle(f.sink, 20), ERR_AGAIN);
    fixture_release(&f);
}

/* Stopped and started, and even with its position lost: the same documents, none twice. */
static void redelivery_does_no_harm(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    for (int i = 0; i < 20; i++)
        send_one(&f, "ORDERS", "o", "{\"TOTAL\":1}");
    start(&f);
    wait_until(&f, 20, 0);
    stop(&f);
    const char *before = documents(&f, "ORDERS");
    assert_int_equal(count_lines(before), 20);
    send_one(&f, "ORDERS", "o", "{\"TOTAL\":2}");
    start(&f);
    wait_until(&f, 1, 0);
    stop(&f);
    before = documents(&f, "ORDERS");
    const struct target_position lost = {STR("ORDERS"), 0, 0};
    struct document_refusal refusal;
    uint32_t refusal_count = 0;
    assert_int_equal(
        target_write(f.target, STR("docs"), NULL, 0, &lost, 1, &refusal, &refusal_count, &f.why),
        OK);
    start(&f);
    wait_until(&f, 21, 0);
    assert_string_equal(documents(&f, "ORDERS"), before);
    fixture_release(&f);
}

static void a_table_is_kept_by_key(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=T\ncollection=t\ndelete.on.null.values=true");
    f.is_table = true;
    make_topic(&f, "T");
    send_one(&f, "T", "a", "{\"TOTAL\":1}");
    send_one(&f, "T", "b", "{\"TOTAL\":2}");
    send_one(&f, "T", "a", "{\"TOTAL\":3}");
    start(&f);
    wait_until(&f, 3, 0);
    assert_string_equal(documents(&f, "t"),
                        "{\"_id\":\"a\",\"ID\":\"a\",\"TOTAL\":3.0,\"AT\":null,\"RAW\":null}\n"
                        "{\"_id\":\"b\",\"ID\":\"b\",\"TOTAL\":2.0,\"AT\":null,\"RAW\":null}\n");
    const struct record tombstone = {.key = STR("a")};
    send(&f, "T", 0, &tombstone, 1);
    wait_until(&f, 4, 0);
    assert_int_equal(count_lines(documents(&f, "t")), 1);
    fixture_release(&f);
}

static void windows_are_part_of_the_id(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=T\nvalue.projection.type=allowlist\nvalue.projection.list=TOTAL\n"
                     "field.renamer.mapping=[{\"oldName\":\"value.TOTAL\",\"newName\":\"sum\"}]");
    f.is_table = true;
    f.window = WINDOW_TUMBLING;
    make_topic(&f, "T");
    const struct record record = {.key = STR("a\0\0\0\0\0\0\x03\xe8"),
                                  .value = STR("{\"TOTAL\":1}")};
    send(&f, "T", 1, &record, 1);
    start(&f);
    wait_until(&f, 1, 0);
    assert_string_equal(
        documents(&f, "T"),
        "{\"_id\":{\"ID\":\"a\",\"WINDOWSTART\":{\"$date\":\"1970-01-01T00:00:01Z\"},"
        "\"WINDOWEND\":{\"$date\":\"1970-01-01T00:00:02Z\"}},\"ID\":\"a\",\"WINDOWSTART\":"
        "{\"$date\":\"1970-01-01T00:00:01Z\"},\"WINDOWEND\":{\"$date\":\"1970-01-01T00:00:02Z\"},"
        "\"sum\":1.0}\n");
    fixture_release(&f);
}

static void id_strategies(void **state)
{
    static const char *const pairs[][2] = {
        {"FullKey", "{\"_id\":\"o1\","},
        {"KafkaMetaDataStrategy", "{\"_id\":\"ORDERS#0#0\","},
        {"PartialKey", "{\"_id\":{\"ID\":\"o1\"},"},
        {"PartialValue", "{\"_id\":{\"TOTAL\":1.0},"},
        {"BsonOid", "{\"_id\":{\"$oid\":\"6955b900"},
        {"Uuid", "{\"_id\":\"bef9d3e8-bdc0-8614-ba7a-9481be8a4258\","},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct fixture f;
        fixture_init(&f, "topics=ORDERS\n"
                         "document.id.strategy.partial.key.projection.type=AllowList\n"
                         "document.id.strategy.partial.key.projection.list=ID\n"
                         "document.id.strategy.partial.value.projection.type=BlockList\n"
                         "document.id.strategy.partial.value.projection.list=AT,RAW\n");
        properties_set(&f.properties, STR("document.id.strategy"), str_from(pairs[i][0]));
        make_topic(&f, "ORDERS");
        send_one(&f, "ORDERS", "o1", "{\"TOTAL\":1}");
        start(&f);
        wait_until(&f, 1, 0);
        const char *text = documents(&f, "ORDERS");
        if (strncmp(text, pairs[i][1], strlen(pairs[i][1])) != 0)
            fail_msg("%s: %s", pairs[i][0], text);
        fixture_release(&f);
    }
    struct fixture f;
    fixture_init(&f, "topics=ORDERS\ndocument.id.strategy=ProvidedInValue");
    make_topic(&f, "ORDERS");
    start(&f);
    assert_non_null(strstr(wait_for_state(&f, SINK_FAILED).why.text, "has no column _id"));
    fixture_release(&f);
}

static void write_models(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=U,I\ntopic.override.U.writemodel.strategy=UpdateOneTimestamps\n"
                     "topic.override.I.writemodel.strategy=InsertOneDefaultStrategy\n"
                     "document.id.strategy=FullKey\ndocument.key.columns=false\n"
                     "value.projection.type=allowlist\nvalue.projection.list=TOTAL\n");
    make_topic(&f, "U");
    make_topic(&f, "I");
    const struct record records[] = {
        {.timestamp_ms = 1000, .key = STR("a"), .value = STR("{\"TOTAL\":1}")},
        {.timestamp_ms = 2000, .key = STR("a"), .value = STR("{\"TOTAL\":2}")}};
    send(&f, "U", 0, records, 2);
    send(&f, "I", 0, records, 2);
    start(&f);
    wait_until(&f, 4, 0);
    assert_string_equal(documents(&f, "U"),
                        "{\"_id\":\"a\",\"TOTAL\":2.0,\"_modifiedTS\":{\"$date\":"
                        "\"1970-01-01T00:00:02Z\"},\"_insertedTS\":{\"$date\":"
                        "\"1970-01-01T00:00:01Z\"}}\n");
    assert_string_equal(documents(&f, "I"), "{\"_id\":\"a\",\"TOTAL\":1.0}\n");
    fixture_release(&f);
}

static void bad_records_become_dead_letters(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    const struct record_header header = {STR("own"), STR("mine"), false};
    const struct record records[] = {
        {.key = STR("a"), .value = STR("{\"TOTAL\":1}")},
        {.key = STR("b"), .value = STR("not json"), .headers = &header, .header_count = 1},
        {.key = STR("c"), .value = STR("{\"TOTAL\":true}")},
        {.key = STR("d")},
        {.key = STR("e"), .value = STR("{\"TOTAL\":2}")}};
    send(&f, "ORDERS", 1, records, 5);
    start(&f);
    assert_int_equal(wait_until(&f, 2, 3).state, SINK_RUNNING);
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 2);
    const char *text = letters(&f, "docs-dlq");
    assert_int_equal(count_lines(text), 3);
    /* The original's headers come first, unchanged. */
    assert_non_null(strstr(text, "docs/ORDERS/1/1|not json|mine|"));
    assert_non_null(strstr(text, "|b\n"));
    assert_non_null(
        strstr(text, "docs/ORDERS/1/2|{\"TOTAL\":true}|'TOTAL': true is no DOUBLE|c\n"));
    assert_non_null(strstr(text, "docs/ORDERS/1/3||the record has no value"));
    fixture_release(&f);
}

static void the_largest_record_becomes_a_dead_letter_too(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    char *text = test_malloc(RECORD_BYTES_MAX);
    memset(text, 'x', RECORD_BYTES_MAX);
    const struct record record = {.value = {text, RECORD_BYTES_MAX}};
    send(&f, "ORDERS", 0, &record, 1);
    test_free(text);
    start(&f);
    wait_until(&f, 0, 1);
    assert_non_null(strstr(letters(&f, "docs-dlq"), "docs/ORDERS/0/0||"));
    fixture_release(&f);
}

static void without_tolerance_the_sink_fails_at_the_record(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS\nerrors.tolerance=none");
    make_topic(&f, "ORDERS");
    const struct record records[] = {{.key = STR("a"), .value = STR("{\"TOTAL\":1}")},
                                     {.key = STR("b"), .value = STR("not json")},
                                     {.key = STR("c"), .value = STR("{\"TOTAL\":2}")}};
    send(&f, "ORDERS", 0, records, 3);
    start(&f);
    const struct sink_status status = wait_for_state(&f, SINK_FAILED);
    assert_non_null(strstr(status.why.text, "offset 1 of 'ORDERS'"));
    assert_int_equal(status.documents, 1);
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 1);
    stop(&f);
    properties_set(&f.properties, STR("errors.tolerance"), STR("all"));
    start(&f);
    wait_until(&f, 1, 1);
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 2);
    fixture_release(&f);
}

static void topics_may_come_later(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics.regex=LATE.*");
    start(&f);
    clock_sleep_ms(20);
    make_topic(&f, "LATE_ONE");
    make_topic(&f, "TOO_LATE");
    send_one(&f, "LATE_ONE", "o", "{\"TOTAL\":1}");
    send_one(&f, "TOO_LATE", "o", "{\"TOTAL\":1}");
    wait_until(&f, 1, 0);
    assert_int_equal(count_lines(documents(&f, "LATE_ONE")), 1);
    fixture_release(&f);
}

static void a_topic_made_anew_is_read_from_its_start(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS\ndocument.id.strategy=FullKey");
    make_topic(&f, "ORDERS");
    send_one(&f, "ORDERS", "a", "{\"TOTAL\":1}");
    send_one(&f, "ORDERS", "b", "{\"TOTAL\":1}");
    start(&f);
    wait_until(&f, 2, 0);
    assert_int_equal(log_remove(f.log, STR("ORDERS"), &f.why), OK);
    clock_sleep_ms(300);
    make_topic(&f, "ORDERS");
    send_one(&f, "ORDERS", "c", "{\"TOTAL\":1}");
    send_one(&f, "ORDERS", "d", "{\"TOTAL\":1}");
    send_one(&f, "ORDERS", "e", "{\"TOTAL\":1}");
    wait_until(&f, 5, 0);
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 5);
    fixture_release(&f);
}

static void unknown_topics_go_by_converters(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=RAW\nkey.converter=org.apache.kafka.connect.storage.StringConverter\n"
                     "value.converter=org.apache.kafka.connect.json.JsonConverter\n"
                     "document.id.strategy=FullKey");
    f.is_known = false;
    make_topic(&f, "RAW");
    send_one(&f, "RAW", "k", "{\"a\": [1, {\"b\": null}], \"_id\": 5, \"c\": \"x\"}");
    send_one(&f, "RAW", "l", "[1]");
    start(&f);
    wait_until(&f, 1, 1);
    assert_string_equal(documents(&f, "RAW"),
                        "{\"_id\":\"k\",\"KEY\":\"k\",\"a\":[1,{\"b\":null}],\"c\":\"x\"}\n");
    fixture_release(&f);
}

static void a_paused_sink_reads_nothing(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    start(&f);
    sink_pause(f.sink, true);
    wait_for_state(&f, SINK_PAUSED);
    send_one(&f, "ORDERS", "o", "{\"TOTAL\":1}");
    clock_sleep_ms(50);
    assert_int_equal(wait_for_state(&f, SINK_PAUSED).documents, 0);
    sink_pause(f.sink, false);
    assert_int_equal(wait_until(&f, 1, 0).state, SINK_RUNNING);
    fixture_release(&f);
}

/* The log learns how far the sink is, under the name retention asks for. */
static void the_position_is_held_in_the_log(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    send_one(&f, "ORDERS", "o", "{\"TOTAL\":1}");
    start(&f);
    wait_until(&f, 1, 0);
    const struct log_member_options options = {.name = STR("test")};
    struct log_member *member = NULL;
    struct log_task_state task = {0};
    assert_int_equal(log_join(f.log, &options, &member, &f.why), OK);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(log_load(member, STR("sink/docs"), NULL, 0, &f.arena, &task, &f.why), OK);
        if (task.exists && task.positions[0].next_offset == 1)
            break;
        clock_sleep_ms(10);
    }
    assert_true(task.exists);
    assert_int_equal(task.position_count, 2);
    assert_int_equal(task.positions[0].next_offset, 1);
    assert_int_equal(task.positions[0].from_offset, 1);
    log_leave(member);
    fixture_release(&f);
}

int main(void)
{
    trace_set_level(TRACE_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_becomes_documents),
        cmocka_unit_test(idle_is_when_all_is_delivered),
        cmocka_unit_test(redelivery_does_no_harm),
        cmocka_unit_test(a_table_is_kept_by_key),
        cmocka_unit_test(windows_are_part_of_the_id),
        cmocka_unit_test(id_strategies),
        cmocka_unit_test(write_models),
        cmocka_unit_test(bad_records_become_dead_letters),
        cmocka_unit_test(the_largest_record_becomes_a_dead_letter_too),
        cmocka_unit_test(without_tolerance_the_sink_fails_at_the_record),
        cmocka_unit_test(topics_may_come_later),
        cmocka_unit_test(a_topic_made_anew_is_read_from_its_start),
        cmocka_unit_test(unknown_topics_go_by_converters),
        cmocka_unit_test(a_paused_sink_reads_nothing),
        cmocka_unit_test(the_position_is_held_in_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
