/* api_test.c -- routes asked over a socket, on an engine and a log of this process. */
#include "../engine/fixture.h"

#include "api/api.h"
#include "base/clock.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#define PATIENCE_MS 60000

static struct world world;
static struct api *api;
static char dashboard_path[600];

static int setup(void **state)
{
    struct why why = {0};
    (void)state;
    world_init(&world);
    world_open(&world);
    snprintf(dashboard_path, sizeof(dashboard_path), "%s/dashboard.json", world.base.directory);
    FILE *file = fopen(dashboard_path, "w");
    assert_non_null(file);
    fputs("{\"tiles\":[{\"title\":\"T\",\"kind\":\"latest\","
          "\"sql\":\"SELECT id, tags FROM notes EMIT CHANGES;\"}]}",
          file);
    fclose(file);
    const struct api_options options = {.listen = STR("127.0.0.1:0"),
                                        .engine = world.engine,
                                        .log = world.base.log,
                                        .directory = world.base.directory,
                                        .registry = world.registry,
                                        .dashboard_path = dashboard_path};
    if (api_open(&options, &api, &why) != OK)
        fail_msg("%s", why.text);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    api_close(api);
    world_release(&world);
    return 0;
}

/* The whole answer, head and body, as text in the buf. */
static const char *ask(const char *method, const char *path, const char *headers, const char *body,
                       struct buf *answer)
{
    const struct str url = api_url(api);
    struct buf request = {0};
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(strrchr(url.data, ':') + 1, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    buf_printf(&request,
               "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%sContent-Length: "
               "%zu\r\n\r\n%s",
               method, path, headers, strlen(body), body);
    assert_int_equal(send(fd, request.data, request.size, MSG_NOSIGNAL), request.size);
    buf_release(&request);
    buf_clear(answer);
    for (;;) {
        const ssize_t got = recv(fd, buf_reserve(answer, 65536), 65536, 0);
        assert_true(got >= 0);
        if (got == 0)
            break;
        answer->size += (size_t)got;
    }
    close(fd);
    return buf_text(answer);
}

static const char *statement(const char *sql, struct buf *answer)
{
    char body[1024];
    snprintf(body, sizeof(body), "{\"ksql\":\"%s\",\"streamsProperties\":{}}", sql);
    return ask("POST", "/ksql", "", body, answer);
}

static void must_find(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        fail_msg("no %s in: %s", wanted, text);
}

/* What comes in a while: asks until it is there. */
static void await(const char *path, const char *wanted)
{
    struct buf answer = {0};
    const int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * INT64_C(1000000);
    while (!strstr(ask("GET", path, "", "", &answer), wanted)) {
        if (clock_monotonic_ns() > end_ns)
            fail_msg("no %s in: %s", wanted, buf_text(&answer));
        clock_sleep_ms(20);
    }
    buf_release(&answer);
}

static long long number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    if (!at)
        fail_msg("no %s in: %s", name, text);
    return strtoll(at + strlen(name), NULL, 10);
}

/* -- the tests: each goes on where the one before ended -- */

static void statements_make_what_is_shown(void **state)
{
    struct buf answer = {0};
    (void)state;
    must_find(statement("CREATE STREAM notes (id INT KEY, tags ARRAY<STRING>, n BIGINT) WITH "
                        "(KAFKA_TOPIC='notes', PARTITIONS=2, VALUE_FORMAT='JSON');",
                        &answer),
              "\"status\":\"SUCCESS\"");
    must_find(statement("CREATE TABLE sums AS SELECT id, SUM(n) AS total FROM notes GROUP BY id "
                        "EMIT CHANGES;",
                        &answer),
              "\"status\":\"SUCCESS\"");
    must_find(
        statement("INSERT INTO notes (id, tags, n) VALUES (7, ARRAY['a','b\\\"c'], 40);", &answer),
        "HTTP/1.1 200");
    buf_release(&answer);
}

/* A list in a row is a list, not a text with brackets in it. */
static void a_tile_has_its_rows(void **state)
{
    (void)state;
    await("/api/snapshot", ",7,[\"a\",\"b\\\"c\"]]");
    await("/api/snapshot", "\"columns\":[{\"name\":\"ID\",\"type\":\"INTEGER\"},"
                           "{\"name\":\"TAGS\",\"type\":\"ARRAY<STRING>\"}]");
}

static void topics_say_who_reads_them(void **state)
{
    struct buf answer = {0};
    (void)state;
    const char *text = statement("SHOW TOPICS EXTENDED;", &answer);
    const char *notes = strstr(text, "\"name\":\"notes\"");
    const char *sums = strstr(text, "\"name\":\"SUMS\"");
    assert_non_null(notes);
    assert_non_null(sums);
    assert_int_equal(number_after(notes, "\"consumerGroupCount\":"), 1);
    assert_int_equal(number_after(sums, "\"consumerGroupCount\":"), 0);
    buf_release(&answer);
}

static void the_cluster_is_this_process(void **state)
{
    struct buf answer = {0};
    const long long before_ms = clock_wall_ms();
    (void)state;
    const char *text = ask("GET", "/clusterStatus", "", "", &answer);
    must_find(text, "\"hostAlive\":true");
    must_find(text, "\"activePartitions\":[{\"topic\":\"notes\",\"partition\":");
    assert_true(number_after(text, "\"lastStatusUpdateMs\":") >= before_ms);
    buf_release(&answer);
}

static void the_server_says_what_it_refused(void **state)
{
    struct buf answer = {0};
    (void)state;
    const long long refused = number_after(
        strstr(ask("GET", "/api/pipeline", "", "", &answer), "\"http_refused\""), "\"count\":");
    must_find(ask("GET", "/info", "Origin: http://elsewhere.example\r\n", "", &answer),
              "HTTP/1.1 403");
    must_find(ask("POST", "/ksql", "Sec-Fetch-Site: same-origin\r\nContent-Type: text/plain\r\n",
                  "{}", &answer),
              "HTTP/1.1 415");
    const char *text = ask("GET", "/api/pipeline", "", "", &answer);
    assert_int_equal(number_after(strstr(text, "\"http_refused\""), "\"count\":"), refused + 2);
    must_find(text, "\"name\":\"push_overruns\"");
    must_find(text, "\"name\":\"feed_resets\"");
    buf_release(&answer);
}

static void a_pull_query_has_committed_rows(void **state)
{
    struct buf answer = {0};
    (void)state;
    const int64_t end_ns = clock_monotonic_ns() + PATIENCE_MS * INT64_C(1000000);
    while (!strstr(
        ask("POST", "/query-stream", "", "{\"sql\":\"SELECT * FROM sums WHERE id = 7;\"}", &answer),
        "[7,40]")) {
        if (clock_monotonic_ns() > end_ns)
            fail_msg("no row in: %s", buf_text(&answer));
        clock_sleep_ms(20);
    }
    must_find(ask("POST", "/query", "", "{\"ksql\":\"SELECT nope FROM sums;\"}", &answer),
              "\"error_code\":40001");
    must_find(ask("POST", "/inserts-stream", "", "{\"target\":\"notes\"}\n", &answer),
              "\"error_code\":40004");
    must_find(ask("POST", "/close-query", "", "{\"queryId\":\"nobody\"}", &answer),
              "\"error_code\":40000");
    buf_release(&answer);
}

static void a_dead_letter_goes_back_once(void **state)
{
    static const char one[] = "{\"topic\":\"x-dlq\",\"partition\":0,\"offset\":0}";
    const struct record_header headers[] = {
        {.name = STR("__drivethru.errors.topic"), .value = STR("back")},
        {.name = STR("__drivethru.errors.partition"), .value = STR("0")},
    };
    const struct record letter = {.timestamp_ms = 7,
                                  .key = STR("k"),
                                  .value = STR("v"),
                                  .headers = headers,
                                  .header_count = 2};
    struct producer producer = {.fixture = &world.base};
    struct buf answer = {0};
    (void)state;
    make_topic(&world.base, "back", 1);
    make_topic(&world.base, "x-dlq", 1);
    producer_add_record(&producer, "x-dlq", &letter);
    producer_send(&producer);
    must_find(ask("POST", "/api/dead-letters/replay", "", one, &answer), " 200 ");
    must_find(ask("POST", "/api/dead-letters/replay", "", one, &answer), "\"error_code\":40900");
    assert_text(read_partition(&world.base, "back", 0), STR("k|v|7\n"));
    buf_release(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_make_what_is_shown),
        cmocka_unit_test(a_tile_has_its_rows),
        cmocka_unit_test(topics_say_who_reads_them),
        cmocka_unit_test(the_cluster_is_this_process),
        cmocka_unit_test(the_server_says_what_it_refused),
        cmocka_unit_test(a_pull_query_has_committed_rows),
        cmocka_unit_test(a_dead_letter_goes_back_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
