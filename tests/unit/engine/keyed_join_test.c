/* keyed_join_test.c -- a join whose windows keep its sources' Avro values as they came. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/varint.h"
#include "engine/engine.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#define IDLE_MS 20000
#define SCHEMA                                                                                     \
    "{\"type\":\"record\",\"name\":\"Event\",\"fields\":["                                         \
    "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"n\",\"type\":\"long\"},"                    \
    "{\"name\":\"tags\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}]}"

struct world {
    char directory[64];
    struct arena arena;
    struct store *store;
    struct log *log;
    struct registry *registry;
    struct engine *engine;
    struct log_member *member;
    struct session session;
    int32_t schema_id;
    uint64_t memory_max;
    char windows[96];
};

static void world_open(struct world *world)
{
    struct why why = {0};
    const struct store_options store = {.unsynced = true};
    const struct log_embedded_options log = {.commit_interval_ms = LOG_COMMIT_AT_ONCE,
                                             .runs_queries = true,
                                             .directory = world->directory};
    assert_int_equal(store_open(world->directory, &store, &world->store, &why), OK);
    assert_int_equal(log_embedded_open(world->store, &log, &world->log, &why), OK);
    assert_int_equal(registry_embedded_open(world->store, &world->registry, &why), OK);
    const struct engine_options options = {.log = world->log,
                                           .registry = world->registry,
                                           .service_id = STR("test_"),
                                           .interactive = true,
                                           .thread_count = 1,
                                           .memory_max = world->memory_max,
                                           .window_directory = world->windows};
    assert_int_equal(engine_open(&options, &world->engine, &why), OK);
    const struct log_member_options member = {.name = STR("test"), .committed_only = true};
    assert_int_equal(log_join(world->log, &member, &world->member, &why), OK);
}

static void world_close(struct world *world)
{
    log_leave(world->member);
    engine_close(world->engine);
    registry_close(world->registry);
    log_close(world->log);
    store_close(world->store);
}

static void make_source(struct world *world, struct str topic, struct str subject)
{
    const struct log_topic_config config = {
        .partition_count = 1, .retention_ms = -1, .retention_bytes = -1};
    struct why why = {0};
    assert_int_equal(log_create(world->log, topic, &config, &why), OK);
    assert_int_equal(
        registry_register(world->registry, subject, STR(SCHEMA), &world->schema_id, &why), OK);
}

static bool ignore(void *context, const struct statement *statement, const struct answer *answer)
{
    (void)context, (void)statement, (void)answer;
    return true;
}

static void execute(struct world *world, const char *text)
{
    struct why why = {0};
    const enum err err =
        engine_execute(world->engine, &world->session, str_from(text), ignore, NULL, &why);
    if (err)
        fail_msg("%s", why.text);
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.directory = "/tmp/drivethru-keyed-XXXXXX"};
    assert_non_null(mkdtemp(world.directory));
    snprintf(world.windows, sizeof(world.windows), "%s/windows", world.directory);
    arena_init(&world.arena, 0);
    session_init(&world.session, &world.arena);
    world_open(&world);
    make_source(&world, STR("l"), STR("l-value"));
    make_source(&world, STR("r"), STR("r-value"));
    execute(&world, "SET 'auto.offset.reset'='earliest';"
                    "CREATE STREAM l (k STRING KEY, id STRING, n BIGINT, tags ARRAY<STRING>)"
                    " WITH (KAFKA_TOPIC='l', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO');"
                    "CREATE STREAM r (k STRING KEY, id STRING, n BIGINT, tags ARRAY<STRING>)"
                    " WITH (KAFKA_TOPIC='r', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO');");
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    struct why why = {0};
    world_close(world);
    arena_release(&world->arena);
    return file_remove_tree(world->directory, &why) == OK ? 0 : 1;
}

/* The value {id, 7, [id, id]}; broken: without its last bytes. */
static void append_value(const struct world *world, const char *id, bool broken, struct buf *buf)
{
    buf_append(buf, "\0\0\0\0", 4);
    buf_append_byte(buf, (uint8_t)world->schema_id);
    const size_t size = strlen(id);
    for (int i = 0; i < 3; i++) {
        varint_append(buf, (int64_t)size);
        buf_append(buf, id, size);
        if (i == 0) {
            varint_append(buf, 7);
            varint_append(buf, 2);
        }
    }
    buf_append_byte(buf, 0);
    if (broken)
        buf->size -= 2;
}

static void add(const struct world *world, struct record_batch_builder *builder, struct str key,
                const char *id, bool broken)
{
    struct buf value = {0};
    append_value(world, id, broken, &value);
    const struct record record = {.timestamp_ms = 1000, .key = key, .value = buf_str(&value)};
    assert_int_equal(record_batch_add(builder, &record), OK);
    buf_release(&value);
}

static void send(struct world *world, struct str topic, struct record_batch_builder *builder)
{
    struct log_topic *handle;
    bool taken;
    record_batch_finish(builder);
    struct buf batch = record_batch_take(builder);
    assert_int_equal(log_topic_open(world->log, topic, &handle), OK);
    const struct log_append append = {
        .topic = handle, .batch = batch.data, .batch_size = batch.size};
    const struct log_step step = {.appends = &append, .append_count = 1};
    assert_int_equal(log_commit_wait(world->member, &step, IDLE_MS, &taken), OK);
    assert_int_equal(engine_wait_idle(world->engine, IDLE_MS), OK);
}

/* Records of one batch, a letter each: its key and its id's beginning; capitals are broken. */
static void put(struct world *world, struct str topic, const char *letters, const char *rest)
{
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    for (const char *letter = letters; *letter; letter++) {
        char key = *letter;
        const bool broken = key >= 'A' && key <= 'Z';
        if (broken)
            key = (char)(key - 'A' + 'a');
        char id[16];
        snprintf(id, sizeof(id), "%c%s", *letter, rest);
        add(world, &builder, (struct str){&key, 1}, id, broken);
    }
    send(world, topic, &builder);
}

/* The values of topic J as JSON, a line each. */
static const char *joined(struct world *world)
{
    struct buf text = {0};
    struct why why = {0};
    struct log_topic *topic;
    struct log_records *records;
    bool more = true;
    assert_int_equal(log_topic_open(world->log, STR("J"), &topic), OK);
    for (int64_t offset = 0; more; offset = records->next_offset, log_records_release(records)) {
        assert_int_equal(log_read(world->member, topic, 0, offset, 1 << 20, &records, &why), OK);
        for (uint32_t i = 0; i < records->count; i++) {
            format_show(records->at[i].value, false, world->registry, &text);
            buf_append_byte(&text, '\n');
        }
        more = records->count > 0;
    }
    const char *copy = arena_str(&world->arena, buf_str(&text)).data;
    buf_release(&text);
    return copy ? copy : "";
}

#define ROW(left, right)                                                                           \
    "{\"LID\":\"" left "\",\"RID\":\"" right "\",\"COPY\":\"" left "\",\"TAGS\":[\"" right         \
    "\",\"" right "\"],\"N\":7}\n"

static void test_broken_records_are_no_partners(void **state)
{
    struct world *world = *state;
    execute(world, "CREATE STREAM j AS SELECT l.k AS k, l.id AS lid, r.id AS rid, l.id AS copy,"
                   " r.tags AS tags, l.n AS n FROM l INNER JOIN r WITHIN 1 MINUTE"
                   " GRACE PERIOD 1 MINUTE ON l.k = r.k;");
    put(world, STR("l"), "aBcDe", "1");
    put(world, STR("r"), "eDcba", "2");
    assert_string_equal(joined(world), ROW("e1", "e2") ROW("c1", "c2") ROW("a1", "a2"));
}

/* The window is read back from the log, what was set aside then included. */
static void test_a_restart_finds_the_same_partners(void **state)
{
    struct world *world = *state;
    execute(world, "CREATE STREAM j AS SELECT l.k AS k, l.id AS lid, r.id AS rid, l.id AS copy,"
                   " r.tags AS tags, l.n AS n FROM l INNER JOIN r WITHIN 1 MINUTE"
                   " GRACE PERIOD 1 MINUTE ON l.k = r.k;");
    put(world, STR("l"), "AbCdd", "1");
    world_close(world);
    world_open(world);
    put(world, STR("r"), "abcDd", "2");
    assert_string_equal(joined(world), ROW("b1", "b2") ROW("d1", "d2") ROW("d1", "d2"));
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines in order. */
static const char *sorted(struct world *world, struct str given)
{
    char *text = arena_alloc(&world->arena, given.size + 1);
    memcpy(text, given.data, given.size);
    text[given.size] = '\0';
    size_t count = 0;
    for (const char *at = text; *at; at++)
        count += *at == '\n';
    char **lines = ARENA_ARRAY(&world->arena, char *, count + 1);
    char *rest = text;
    for (size_t i = 0; i < count; i++)
        lines[i] = strtok_r(i ? NULL : text, "\n", &rest);
    qsort(lines, count, sizeof(*lines), compare_lines);
    struct buf buf = {0};
    for (size_t i = 0; i < count; i++)
        buf_printf(&buf, "%s\n", lines[i]);
    const char *copy = arena_str(&world->arena, buf_str(&buf)).data;
    buf_release(&buf);
    return copy ? copy : "";
}

enum { KEYS = 3000, ROUNDS = 30, ROUND_RECORDS = 400 };

/* What the windows hold: for each key the numbers of its good records, as they came. */
struct model {
    uint32_t *numbers[2][KEYS];
    uint32_t counts[2][KEYS];
    struct buf rows;
};

static void model_add(struct model *model, uint32_t side, uint32_t key, uint32_t number)
{
    for (uint32_t i = 0; i < model->counts[1 - side][key]; i++) {
        const uint32_t other = model->numbers[1 - side][key][i];
        const uint32_t left = side == 0 ? number : other;
        const uint32_t right = side == 0 ? other : number;
        buf_printf(&model->rows,
                   "{\"LID\":\"l%064u\",\"RID\":\"r%064u\",\"COPY\":\"l%064u\","
                   "\"TAGS\":[\"r%064u\",\"r%064u\"],\"N\":7}\n",
                   left, right, left, right, right);
    }
    uint32_t *count = &model->counts[side][key];
    model->numbers[side][key] =
        memory_realloc(model->numbers[side][key], (*count + 1) * sizeof(uint32_t));
    model->numbers[side][key][(*count)++] = number;
}

/* One batch to a side; broken: records that are set aside are among them. */
static void put_random(struct world *world, struct model *model, struct random *random,
                       uint32_t side, uint32_t *number, bool broken)
{
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    for (int i = 0; i < ROUND_RECORDS; i++, (*number)++) {
        const uint32_t key = (uint32_t)random_below(random, KEYS);
        const bool is_broken = broken && random_below(random, 10) == 0;
        char key_text[16];
        char id[80];
        snprintf(key_text, sizeof(key_text), "k%u", key);
        snprintf(id, sizeof(id), "%c%064u", side == 0 ? 'l' : 'r', *number);
        add(world, &builder, str_from(key_text), id, is_broken);
        if (!is_broken)
            model_add(model, side, key, *number);
    }
    send(world, side == 0 ? STR("l") : STR("r"), &builder);
}

/* Rows of windows that were read back come from the log when a partner turns up, many segments of
 * them; with and without records that were set aside, and where they do not fit into memory. */
static void restart_at_random(struct world *world, uint64_t seed, uint64_t memory_max)
{
    static struct model model;
    struct random random = {seed};
    uint32_t number = 0;
    model = (struct model){0};
    print_message("seed %llu, memory.max %llu\n", (unsigned long long)seed,
                  (unsigned long long)memory_max);
    world_close(world);
    world->memory_max = memory_max;
    world_open(world);
    execute(world, "CREATE STREAM j AS SELECT l.k AS k, l.id AS lid, r.id AS rid, l.id AS copy,"
                   " r.tags AS tags, l.n AS n FROM l INNER JOIN r WITHIN 1 MINUTE"
                   " GRACE PERIOD 1 MINUTE ON l.k = r.k;");
    const uint64_t broken_from = random_below(&random, ROUNDS);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        put_random(world, &model, &random, (uint32_t)random_below(&random, 2), &number,
                   round >= broken_from);
        if (random_below(&random, 3) == 0) {
            world_close(world);
            world_open(world);
        }
    }
    assert_string_equal(sorted(world, str_from(joined(world))),
                        sorted(world, buf_str(&model.rows)));
    for (uint32_t i = 0; i < 2 * KEYS; i++)
        free(model.numbers[i / KEYS][i % KEYS]);
    buf_release(&model.rows);
}

static void test_restarts_at_random(void **state)
{
    restart_at_random(*state, (uint64_t)clock_wall_ms(), 0);
}

/* Less than the rows need; the index has room. */
static void test_restarts_at_random_within_little_memory(void **state)
{
    restart_at_random(*state, (uint64_t)clock_wall_ms(), 900 << 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_broken_records_are_no_partners, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_restart_finds_the_same_partners, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restarts_at_random, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restarts_at_random_within_little_memory, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
