/* sessions_test.c -- session windows against a model: rows in any order, through restarts. */
#include "world.h"

#define KEYS 4
#define GAP_MS 10
#define TIME_MAX 400

/* Rows at each moment, and their sum. */
struct model {
    int counts[KEYS][TIME_MAX];
    int sums[KEYS][TIME_MAX];
};

static void add_sessions_of(const struct model *model, int key, struct buf *text)
{
    int start = -1, end = -1, count = 0, sum = 0;
    for (int at = 0; at <= TIME_MAX; at++) {
        const bool is_row = at < TIME_MAX && model->counts[key][at] > 0;
        if (start >= 0 && (at == TIME_MAX || (is_row && at - end > GAP_MS))) {
            buf_printf(text, "\"k%d\",%d,%d,%d,%d\n", key, start, end, count, sum);
            start = -1;
        }
        if (!is_row)
            continue;
        if (start < 0) {
            start = at;
            count = sum = 0;
        }
        end = at;
        count += model->counts[key][at];
        sum += model->sums[key][at];
    }
}

/* Moments at most the gap apart are one session. */
static struct str sessions_of(struct world *world, const struct model *model)
{
    struct buf text = {0};
    for (int key = 0; key < KEYS; key++)
        add_sessions_of(model, key, &text);
    const struct str lines =
        sort_lines(&world->fixture, arena_str(&world->fixture.arena, buf_str(&text)));
    buf_release(&text);
    return lines;
}

static void put_rows(struct world *world, struct model *model, struct random *random)
{
    struct producer producer = {.fixture = &world->fixture};
    const int rows = 1 + (int)random_below(random, 30);
    for (int i = 0; i < rows; i++) {
        const int key = (int)random_below(random, KEYS);
        const int at = (int)random_below(random, TIME_MAX);
        const int number = (int)random_below(random, 100);
        char name[16];
        char value[32];
        snprintf(name, sizeof(name), "k%d", key);
        snprintf(value, sizeof(value), "{\"N\":%d}", number);
        producer_add(&producer, "S", name, value, at);
        model->counts[key][at]++;
        model->sums[key][at] += number;
    }
    producer_send(&producer);
}

static void try_sessions(struct random *random)
{
    struct world world = {.threads = 1 + (uint32_t)random_below(random, 2)};
    struct model model = {0};
    world_init(&world, random_below(random, 2) == 0);
    (void)ask(
        &world,
        "CREATE STREAM s (k STRING KEY, n INT) WITH (kafka_topic='S', value_format='JSON', "
        "partitions=2);"
        "CREATE TABLE t AS SELECT k, WINDOWSTART AS ws, WINDOWEND AS we, COUNT(*) AS c, "
        "SUM(n) AS s FROM s WINDOW SESSION (10 MILLISECONDS, GRACE PERIOD 1 DAY) GROUP BY k;");
    for (int round = 0; round < 6; round++) {
        put_rows(&world, &model, random);
        if (random_below(random, 3) == 0) {
            world_close(&world);
            world_open(&world);
        }
        assert_ok(engine_wait_idle(world.engine, IDLE_MS));
        assert_text(ask(&world, "SELECT k, ws, we, c, s FROM t;"), sessions_of(&world, &model));
    }
    world_release(&world);
}

static void test_random_rows(void **state)
{
    const uint64_t seed = (uint64_t)clock_monotonic_ns();
    struct random random = {.state = seed};
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int again = 0; again < 8; again++)
        try_sessions(&random);
}

/* A row is late when the session it would be in ended before stream time less grace and gap;
 * sessions that are over for longer are forgotten. */
static void test_late_rows(void **state)
{
    static const int64_t times[] = {100, 108, 115, 130, 115, 105, 130};
    struct world world = {.threads = 1};
    world_init(&world, true);
    (void)ask(
        &world,
        "CREATE STREAM s (k STRING KEY, n INT) WITH (kafka_topic='S', value_format='JSON', "
        "partitions=1);"
        "CREATE TABLE t AS SELECT k, WINDOWSTART AS ws, WINDOWEND AS we, COUNT(*) AS c FROM s "
        "WINDOW SESSION (10 MILLISECONDS, GRACE PERIOD 5 MILLISECONDS) GROUP BY k;");
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        put(&world.fixture, "S", "a", "{\"N\":1}", times[i]);
    assert_ok(engine_wait_idle(world.engine, IDLE_MS));
    assert_text(ask(&world, "SELECT k, ws, we, c FROM t;"),
                STR("\"a\",100,115,5\n\"a\",130,130,2\n"));
    put(&world.fixture, "S", "b", "{\"N\":1}", 1000);
    put(&world.fixture, "S", "a", "{\"N\":1}", 900);
    assert_ok(engine_wait_idle(world.engine, IDLE_MS));
    assert_text(ask(&world, "SELECT k, ws, we, c FROM t;"), STR("\"b\",1000,1000,1\n"));
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_rows),
        cmocka_unit_test(test_late_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
