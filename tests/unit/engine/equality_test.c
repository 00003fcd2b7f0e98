/* equality_test.c -- the same SQL over the same input gives the same rows, whatever the number of
 * partitions and workers, the size of batches, and whether rows are fed step by step or all lie
 * there: of a stream the same rows, of a table the same final state. No row is later than its
 * query's grace. */
#include "fixture.h"

#include "base/map.h"

enum { DISORDER_MS = 2000, KEYS = 24 };

static const char *const sources =
    "SET 'auto.offset.reset'='earliest';"
    "CREATE STREAM l (k STRING KEY, id STRING, v STRING, n BIGINT, a ARRAY<INT>)"
    "  WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON');"
    "CREATE STREAM r (k STRING KEY, id STRING, v STRING, n BIGINT, a ARRAY<INT>)"
    "  WITH (KAFKA_TOPIC='r', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON');"
    "CREATE STREAM s (k STRING KEY, id STRING, v STRING, n BIGINT, a ARRAY<INT>)"
    "  WITH (KAFKA_TOPIC='s', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON');"
    "CREATE TABLE t (k STRING PRIMARY KEY, id STRING, v STRING, n BIGINT, a ARRAY<INT>)"
    "  WITH (KAFKA_TOPIC='t', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON');";

/* What is compared: each statement's sink is its name. */
static const struct {
    const char *sink;
    enum {
        ROWS,
        STATE,
        STATE_OF_STATE
    } kind; /* a table's table: ROWTIME too says what passed by */
    const char *query;
} cases[] = {
    {"INNER_REKEYED", ROWS,
     "SELECT l.id AS id, l.v AS lv, r.v AS rv FROM l"
     "  JOIN r WITHIN 10 SECONDS ON l.id = r.id"},
    {"INNER_KEYED", ROWS,
     "SELECT l.k AS k, l.v AS lv, r.v AS rv FROM l"
     "  JOIN r WITHIN (3 SECONDS, 1 SECOND) GRACE PERIOD 3 SECONDS ON l.k = r.k"},
    {"LEFT_REKEYED", ROWS,
     "SELECT l.id AS id, l.v AS lv, r.v AS rv FROM l"
     "  LEFT JOIN r WITHIN 3 SECONDS GRACE PERIOD 3 SECONDS ON l.id = r.id"},
    {"LEFT_KEYED", ROWS,
     "SELECT l.k AS k, l.v AS lv, r.v AS rv FROM l"
     "  LEFT JOIN r WITHIN 3 SECONDS GRACE PERIOD 3 SECONDS ON l.k = r.k"},
    {"RIGHT_REKEYED", ROWS,
     "SELECT r.id AS id, l.v AS lv, r.v AS rv FROM l"
     "  RIGHT JOIN r WITHIN (2500 MILLISECONDS, 3 SECONDS) GRACE PERIOD 3 SECONDS ON l.id = r.id"},
    {"FULL_REKEYED", ROWS,
     "SELECT ROWKEY, l.v AS lv, r.v AS rv FROM l"
     "  FULL JOIN r WITHIN 3 SECONDS GRACE PERIOD 3 SECONDS ON l.id = r.id"},
    {"TUMBLING", STATE,
     "SELECT id, COUNT(*) AS c, SUM(n) AS s, MIN(n) AS low, MAX(n) AS high FROM l"
     "  WINDOW TUMBLING (SIZE 3 SECONDS, GRACE PERIOD 3 SECONDS) GROUP BY id"},
    {"HOPPING", STATE,
     "SELECT id, COUNT(*) AS c, SUM(n) AS s FROM l"
     "  WINDOW HOPPING (SIZE 6 SECONDS, ADVANCE BY 2 SECONDS, GRACE PERIOD 3 SECONDS) GROUP BY id"},
    {"TOTALS", STATE, "SELECT id, COUNT(*) AS c, SUM(n) AS s, MAX(n) AS high FROM l GROUP BY id"},
    {"LATEST", STATE,
     "SELECT k, LATEST_BY_OFFSET(v) AS v, EARLIEST_BY_OFFSET(v) AS first,"
     "  COLLECT_LIST(n) AS list FROM l GROUP BY k"},
    {"TABLE_JOIN", ROWS, "SELECT s.k AS k, s.v AS sv, t.v AS tv FROM s JOIN t ON s.k = t.k"},
    {"TABLE_LEFT_JOIN", ROWS,
     "SELECT s.id AS id, s.v AS sv, t.v AS tv FROM s LEFT JOIN t ON s.id = t.k"},
    {"EXPLODED", ROWS, "SELECT k, v, EXPLODE(a) AS item FROM l"},
    {"REKEYED", ROWS, "SELECT id, v, n FROM l WHERE n % 7 <> 0 PARTITION BY id"},
    /* Queries over what others make. */
    {"REKEYED_TUMBLING", STATE,
     "SELECT id, COUNT(*) AS c, SUM(n) AS s FROM rekeyed"
     "  WINDOW TUMBLING (SIZE 1 SECOND, GRACE PERIOD 3 SECONDS) GROUP BY id"},
    {"JOINED_TUMBLING", STATE,
     "SELECT rv, COUNT(*) AS c FROM inner_rekeyed"
     "  WINDOW TUMBLING (SIZE 1 SECOND, GRACE PERIOD 3 SECONDS) GROUP BY rv"},
    {"ITEMS", STATE, "SELECT item, COUNT(*) AS c FROM exploded GROUP BY item"},
    {"TOTALS_BY_COUNT", STATE_OF_STATE,
     "SELECT c, COUNT(*) AS ids, SUM(s) AS total FROM totals GROUP BY c HAVING COUNT(*) > 0"},
    {"CHAINED_JOIN", ROWS,
     "SELECT x.rv AS rv, x.id AS id, x.lv AS lv, r.n AS rn FROM inner_rekeyed x"
     "  LEFT JOIN r WITHIN 3 SECONDS GRACE PERIOD 3 SECONDS ON x.rv = r.v"},
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

struct event {
    const char *topic;
    char key[16];
    char value[128]; /* empty: a deletion */
    int64_t timestamp_ms;
};

struct input {
    struct event *events;
    uint32_t count;
};

struct variant {
    int32_t partitions;
    uint32_t workers;
    uint32_t batch_rows;
    bool is_live; /* queries run while rows come, and are stopped and started again on the way */
};

/* l and r are out of order, s and t are not: a table's row counts from its time on. */
static void make_events(struct random *random, uint32_t count, struct input *ret_input)
{
    enum { LAST_KEYS = 128 };
    static const char *const topics[] = {"l", "r", "s", "t"};
    struct event *events = memory_zalloc((count + LAST_KEYS) * sizeof(*events));
    int64_t now_ms = 1000000;
    for (uint32_t i = 0; i < count; i++) {
        struct event *event = &events[i];
        const uint32_t topic = (uint32_t)random_below(random, 4);
        now_ms += 1 + (int64_t)random_below(random, 200);
        event->topic = topics[topic];
        event->timestamp_ms = now_ms;
        if (topic < 2 && random_below(random, 3) == 0)
            event->timestamp_ms -= (int64_t)random_below(random, DISORDER_MS);
        snprintf(event->key, sizeof(event->key), "k%u", (unsigned)random_below(random, KEYS));
        if (topic == 3 && random_below(random, 5) == 0)
            continue;
        snprintf(event->value, sizeof(event->value),
                 "{\"id\":\"k%u\",\"v\":\"v%u\",\"n\":%u,\"a\":[%u,%u]}",
                 (unsigned)random_below(random, KEYS), i, (unsigned)random_below(random, 1000),
                 (unsigned)random_below(random, 5), (unsigned)random_below(random, 5));
    }
    /* Far later, a row for every partition: whoever waits for time to pass waits no more. */
    for (uint32_t i = 0; i < LAST_KEYS; i++) {
        struct event *event = &events[count + i];
        event->topic = i < LAST_KEYS / 2 ? "l" : "r";
        event->timestamp_ms = now_ms + 3600000;
        snprintf(event->key, sizeof(event->key), "last%u", i % (LAST_KEYS / 2));
        snprintf(event->value, sizeof(event->value),
                 "{\"id\":\"%s\",\"v\":\"end%u\",\"n\":1,\"a\":[]}", event->key, i);
    }
    *ret_input = (struct input){.events = events, .count = count + LAST_KEYS};
}

static void send(struct world *world, const struct event *events, uint32_t count)
{
    struct producer producer = {.fixture = &world->base};
    for (uint32_t i = 0; i < count; i++)
        producer_add(&producer, events[i].topic, events[i].key,
                     events[i].value[0] ? events[i].value : NULL, events[i].timestamp_ms);
    producer_send(&producer);
}

/* The last record of each key, if it is not a deletion: lines of a topic are in order. */
static struct str final_state(struct world *world, int index)
{
    const char *topic = cases[index].sink;
    struct fixture *fixture = &world->base;
    struct buf all = {0};
    for (int32_t i = 0; i < open_topic(fixture, topic)->partition_count; i++) {
        const struct str text = read_partition(fixture, topic, i);
        struct map last = {0};
        for (size_t at = 0; at < text.size;) {
            const struct str rest = {text.data + at, text.size - at};
            const struct str line = {rest.data, str_index(rest, '\n') + 1};
            const struct str key = {line.data, str_index(line, '|') + 1};
            struct str *kept = map_get(&last, key);
            if (!kept) {
                kept = ARENA_NEW(&fixture->arena, struct str);
                (void)map_set(&last, key, kept);
            }
            *kept = line;
            at += line.size;
        }
        size_t cursor = 0;
        const struct map_entry *entry;
        while ((entry = map_next(&last, &cursor)) != NULL) {
            struct str line = *(const struct str *)entry->value;
            if (line.data[entry->key.size] == '|')
                continue;
            while (cases[index].kind == STATE_OF_STATE && line.data[line.size - 1] != '|')
                line.size--;
            buf_append_str(&all, line);
            if (cases[index].kind == STATE_OF_STATE)
                buf_append_byte(&all, '\n');
        }
        map_release(&last);
    }
    const struct str sorted = sort_lines(fixture, buf_str(&all));
    buf_release(&all);
    return sorted;
}

static void run_queries(struct world *world)
{
    run(world, sources);
    for (int i = 0; i < CASES; i++) {
        char text[1024];
        snprintf(text, sizeof(text),
                 "SET 'auto.offset.reset'='earliest'; CREATE %s %s WITH (KEY_FORMAT='KAFKA', "
                 "VALUE_FORMAT='JSON') AS %s EMIT CHANGES;",
                 cases[i].kind == ROWS ? "STREAM" : "TABLE", cases[i].sink, cases[i].query);
        run(world, text);
    }
}

static void feed(struct world *world, const struct input *input, struct random *random)
{
    uint32_t at = 0;
    while (at < input->count) {
        uint32_t count = 1 + (uint32_t)random_below(random, 40);
        if (count > input->count - at)
            count = input->count - at;
        send(world, input->events + at, count);
        at += count;
        if (random_below(random, 4) == 0)
            settle(world);
        if (random_below(random, 10) == 0)
            world_restart(world);
    }
}

/* All queries find everything there at once. */
static void catch_up(struct world *world, const struct input *input)
{
    world_close(world);
    fixture_open(&world->base);
    fixture_join(&world->base);
    for (uint32_t at = 0; at < input->count; at += 1000)
        send(world, input->events + at, input->count - at < 1000 ? input->count - at : 1000);
    world_open(world);
}

static void run_variant(const struct variant *variant, const struct input *input,
                        struct random *random, struct arena *arena, struct str *ret_results)
{
    struct world world;
    world_init(&world);
    world.options.thread_count = variant->workers;
    world.options.batch_rows = variant->batch_rows;
    static const char *const topics[] = {"l", "r", "s", "t"};
    for (int i = 0; i < 4; i++)
        make_topic(&world.base, topics[i], variant->partitions);
    world_open(&world);
    run_queries(&world);
    if (variant->is_live)
        feed(&world, input, random);
    else
        catch_up(&world, input);
    settle(&world);
    for (int i = 0; i < CASES; i++)
        ret_results[i] =
            arena_str(arena, cases[i].kind == ROWS ? read_sorted(&world.base, cases[i].sink)
                                                   : final_state(&world, i));
    world_release(&world);
}

static struct str take_line(struct str *text)
{
    const struct str line = {text->data, text->size > 0 ? str_index(*text, '\n') + 1 : 0};
    *text = (struct str){text->data + line.size, text->size - line.size};
    return line;
}

/* The first lines that only one of two sorted texts has. */
static void print_difference(struct str found, struct str expected)
{
    struct str a = take_line(&found);
    struct str b = take_line(&expected);
    for (int printed = 0; printed < 6 && (a.size > 0 || b.size > 0);) {
        const int order = a.size == 0 ? 1 : b.size == 0 ? -1 : str_compare(a, b);
        if (order != 0) {
            print_message("  %s %.*s", order < 0 ? "found" : "lost ", STR_ARGS(order < 0 ? a : b));
            printed++;
        }
        if (order <= 0)
            a = take_line(&found);
        if (order >= 0)
            b = take_line(&expected);
    }
}

static void compare(const struct variant *variant, const struct str *found,
                    const struct str *expected)
{
    bool same = true;
    for (int i = 0; i < CASES; i++) {
        if (str_equal(found[i], expected[i]))
            continue;
        same = false;
        print_message("%s differs: %d partitions, %u workers, batches of %u, %s\n", cases[i].sink,
                      variant->partitions, variant->workers, variant->batch_rows,
                      variant->is_live ? "live" : "catching up");
        print_difference(found[i], expected[i]);
    }
    assert_true(same);
}

static void test_all_variants(void **state)
{
    const uint64_t seed = (uint64_t)clock_monotonic_ns();
    print_message("seed %llu\n", (unsigned long long)seed);
    struct random random = {.state = seed};
    struct input input;
    make_events(&random, 300, &input);
    struct arena arena;
    arena_init(&arena, 0);
    struct str expected[CASES];
    const struct variant plain = {.partitions = 1, .workers = 1, .batch_rows = 1024};
    run_variant(&plain, &input, &random, &arena, expected);
    for (int i = 0; i < CASES; i++)
        if (expected[i].size < 100)
            fail_msg("%s has hardly a row:\n%.*s", cases[i].sink, STR_ARGS(expected[i]));
    static const uint32_t batches[] = {1, 7, 1024};
    for (int32_t partitions = 1; partitions <= 4; partitions *= 2)
        for (uint32_t workers = 1; workers <= 2; workers++)
            for (int batch = 0; batch < 3; batch++)
                for (int live = 0; live < 2; live++) {
                    const struct variant variant = {.partitions = partitions,
                                                    .workers = workers,
                                                    .batch_rows = batches[batch],
                                                    .is_live = live};
                    struct str found[CASES];
                    run_variant(&variant, &input, &random, &arena, found);
                    compare(&variant, found, expected);
                }
    arena_release(&arena);
    free(input.events);
}

/* Much more than one turn of a task: whoever runs ahead has the time to. */
static void test_long_catch_up(void **state)
{
    const uint64_t seed = (uint64_t)clock_monotonic_ns();
    print_message("seed %llu\n", (unsigned long long)seed);
    struct random random = {.state = seed};
    struct input input;
    make_events(&random, 30000, &input);
    struct arena arena;
    arena_init(&arena, 0);
    struct str expected[CASES];
    struct str found[CASES];
    const struct variant plain = {.partitions = 1, .workers = 1, .batch_rows = 1024};
    const struct variant wide = {.partitions = 4, .workers = 2, .batch_rows = 1024};
    run_variant(&plain, &input, &random, &arena, expected);
    run_variant(&wide, &input, &random, &arena, found);
    compare(&wide, found, expected);
    arena_release(&arena);
    free(input.events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_variants),
        cmocka_unit_test(test_long_catch_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
