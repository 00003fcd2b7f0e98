/* tables_join_test.c -- joins of two tables against a model: random changes of both sides, grouped
 * on top, through restarts. */
#include "world.h"

#define LEFT_KEYS 12
#define RIGHT_KEYS 5

struct join_case {
    const char *join;
    bool is_foreign;
    bool left_alone; /* rows without a partner are there too */
    bool right_alone;
};

static const struct join_case joins[] = {
    {"a JOIN b ON a.k = b.k", false, false, false},
    {"a LEFT JOIN b ON a.k = b.k", false, true, false},
    {"a RIGHT JOIN b ON a.k = b.k", false, false, true},
    {"a FULL OUTER JOIN b ON a.k = b.k", false, true, true},
    {"a JOIN b ON a.fk = b.k", true, false, false},
    {"a LEFT JOIN b ON a.fk = b.k", true, true, false},
};

/* What the tables hold; 0: no row. fk 0: NULL. */
struct model {
    int numbers[LEFT_KEYS];
    int foreign_keys[LEFT_KEYS];
    int names[LEFT_KEYS];
};

static void change(struct producer *producer, struct model *model, struct random *random,
                   int64_t timestamp_ms)
{
    char key[16];
    char value[64];
    const bool is_left = random_below(random, 2) == 0;
    const bool is_deletion = random_below(random, 4) == 0;
    if (is_left) {
        const int i = (int)random_below(random, LEFT_KEYS);
        model->numbers[i] = is_deletion ? 0 : 1 + (int)random_below(random, 9);
        model->foreign_keys[i] = (int)random_below(random, RIGHT_KEYS + 1);
        snprintf(key, sizeof(key), "k%d", i);
        snprintf(value, sizeof(value), "{\"N\":%d%s%.0d%s}", model->numbers[i],
                 model->foreign_keys[i] ? ",\"FK\":\"k" : "", model->foreign_keys[i],
                 model->foreign_keys[i] ? "\"" : "");
    } else {
        const int i = (int)random_below(random, RIGHT_KEYS + 1);
        model->names[i] = is_deletion ? 0 : 1 + (int)random_below(random, 3);
        snprintf(key, sizeof(key), "k%d", i);
        snprintf(value, sizeof(value), "{\"NAME\":%d}", model->names[i]);
    }
    producer_add(producer, is_left ? "A" : "B", key, is_deletion ? NULL : value, timestamp_ms);
}

static struct str first_line(struct str lines)
{
    return (struct str){lines.data, str_index(lines, '\n') + 1};
}

/* NUMBERED's row of the key that the first line begins with. */
static struct str find(struct world *world, struct str lines)
{
    const struct str key = {lines.data + 1, str_index(lines, ',') - 2};
    return ask(world,
               arena_printf(&world->fixture.arena,
                            "SELECT k, n, name FROM numbered WHERE k = '%.*s';", STR_ARGS(key))
                   .data);
}

/* What must come of it: rows, and sums by name. */
static void expect(struct world *world, const struct join_case *join, const struct model *model)
{
    struct buf rows = {0};
    struct buf sums = {0};
    int counts[4] = {0};
    int totals[4] = {0};
    for (int i = 0; i < LEFT_KEYS; i++) {
        const int partner = join->is_foreign ? model->foreign_keys[i] : i;
        const bool is_null = join->is_foreign && partner == 0;
        const int name = is_null ? 0 : model->names[partner];
        const int number = model->numbers[i];
        const bool there = (number && name) || (number && join->left_alone) ||
                           (name && join->right_alone && !number);
        if (!there)
            continue;
        buf_printf(&rows, "\"k%d\",", i);
        buf_printf(&rows, number ? "%d," : "null,", number);
        buf_printf(&rows, name ? "%d\n" : "null\n", name);
        counts[name]++;
        totals[name] += number;
    }
    for (int name = 1; name < 4; name++)
        if (counts[name] > 0)
            buf_printf(&sums, "%d,%d,%d\n", name, counts[name], totals[name]);
    assert_ok(engine_wait_idle(world->engine, IDLE_MS));
    const struct str wanted_rows =
        sort_lines(&world->fixture, arena_str(&world->fixture.arena, buf_str(&rows)));
    assert_text(ask(world, "SELECT k, n, name FROM copy;"), wanted_rows);
    assert_text(ask(world, "SELECT k, n, name FROM j;"), wanted_rows);
    const struct str with_number = ask(world, "SELECT k, n, name FROM j WHERE n IS NOT NULL;");
    assert_text(ask(world, "SELECT k, n, name FROM numbered;"), with_number);
    if (with_number.size > 0)
        assert_text(find(world, with_number), first_line(with_number));
    /* A group that all rows have left stays, with nothing in it. */
    const struct str wanted_sums =
        sort_lines(&world->fixture, arena_str(&world->fixture.arena, buf_str(&sums)));
    assert_text(ask(world, "SELECT name, c, s FROM sums WHERE c > 0;"), wanted_sums);
    buf_release(&rows);
    buf_release(&sums);
}

static void try_join(const struct join_case *join, struct random *random)
{
    struct world world = {.threads = 1 + (uint32_t)random_below(random, 2)};
    struct model model = {0};
    const int partitions = 1 + (int)random_below(random, 3);
    world_init(&world, random_below(random, 2) == 0);
    const char *key = join->left_alone && join->right_alone ? "ROWKEY"
                      : join->right_alone                   ? "b.k"
                                                            : "a.k";
    char text[1024];
    snprintf(text, sizeof(text),
             "CREATE TABLE a (k STRING PRIMARY KEY, n INT, fk STRING) WITH (kafka_topic='A', "
             "value_format='JSON', partitions=%d);"
             "CREATE TABLE b (k STRING PRIMARY KEY, name INT) WITH (kafka_topic='B', "
             "value_format='JSON', partitions=%d);"
             "CREATE TABLE j AS SELECT %s AS k, n, name FROM %s;"
             "CREATE TABLE copy AS SELECT * FROM j;"
             "CREATE TABLE numbered AS SELECT %s AS k, name, n FROM %s WHERE n IS NOT NULL;"
             "CREATE TABLE sums AS SELECT name, COUNT(*) AS c, SUM(n) AS s FROM %s GROUP BY name;",
             partitions, partitions, key, join->join, key, join->join, join->join);
    (void)ask(&world, text);
    for (int round = 0; round < 6; round++) {
        struct producer producer = {.fixture = &world.fixture};
        const int changes = 1 + (int)random_below(random, 40);
        for (int i = 0; i < changes; i++)
            change(&producer, &model, random, round * 1000 + i);
        producer_send(&producer);
        if (random_below(random, 3) == 0) {
            world_close(&world);
            world_open(&world);
        }
        expect(&world, join, &model);
    }
    world_release(&world);
}

static void test_random_changes(void **state)
{
    const uint64_t seed = (uint64_t)clock_monotonic_ns();
    struct random random = {.state = seed};
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++)
        for (int again = 0; again < 3; again++)
            try_join(&joins[i], &random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
