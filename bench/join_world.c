/* join_world.c -- opens, fills and starts what the join benchmarks measure. */
#include "bench/join_world.h"
#include "bench/events.h"

#define FILL_RECORDS 1000
#define COMMIT_TIMEOUT_MS 60000

void die(const struct why *why)
{
    fprintf(stderr, "bench: %s\n", why->text);
    exit(1);
}

void join_world_open(struct join_world *world, const char *directory, int64_t commit_interval_ms)
{
    struct why why = {0};
    const struct store_options store = {.unsynced = false};
    const struct log_embedded_options log = {
        .commit_interval_ms = commit_interval_ms, .runs_queries = true, .directory = directory};
    *world = (struct join_world){0};
    arena_init(&world->arena, 0);
    session_init(&world->session, &world->arena);
    if (store_open(directory, &store, &world->store, &why) ||
        log_embedded_open(world->store, &log, &world->log, &why) ||
        registry_embedded_open(world->store, &world->registry, &why))
        die(&why);
}

void join_world_close(struct join_world *world)
{
    engine_close(world->engine);
    registry_close(world->registry);
    log_close(world->log);
    store_close(world->store);
    arena_release(&world->arena);
}

static struct log_topic *make_topic(struct join_world *world, bool payments, int32_t *ret_id)
{
    struct why why = {0};
    struct log_topic *topic;
    const struct str name = payments ? STR("payments") : STR("orders");
    const struct str subject = payments ? STR("payments-value") : STR("orders-value");
    const char *schema = payments ? events_payment_schema : events_order_schema;
    const struct log_topic_config config = {
        .partition_count = 1, .retention_ms = -1, .retention_bytes = -1};
    if (registry_register(world->registry, subject, str_from(schema), ret_id, &why) ||
        log_create(world->log, name, &config, &why))
        die(&why);
    must(log_topic_open(world->log, name, &topic) == OK);
    return topic;
}

void join_world_topics(struct join_world *world)
{
    int32_t id;
    make_topic(world, false, &id);
    make_topic(world, true, &id);
}

static void flush(struct log_member *member, struct log_topic *topic,
                  struct record_batch_builder *builder)
{
    bool taken;
    record_batch_finish(builder);
    const struct log_append append = {
        .topic = topic, .batch = builder->buf.data, .batch_size = builder->buf.size};
    const struct log_step step = {.appends = &append, .append_count = 1};
    must(log_commit_wait(member, &step, COMMIT_TIMEOUT_MS, &taken) == OK);
    builder->buf = (struct buf){0};
    record_batch_builder_clear(builder);
}

static void fill_topic(struct join_world *world, bool payments, bool keyed, uint64_t events,
                       uint64_t window)
{
    struct why why = {0};
    const struct log_member_options options = {.name = STR("fill")};
    struct log_member *member;
    struct record_batch_builder builder;
    struct random random = {payments ? EVENTS_PAYMENT_SEED : EVENTS_ORDER_SEED};
    struct buf value = {0};
    int32_t id;
    struct log_topic *topic = make_topic(world, payments, &id);
    if (log_join(world->log, &options, &member, &why))
        die(&why);
    record_batch_builder_init(&builder);
    for (uint64_t i = 0; i < events; i++) {
        char key[17];
        uint64_t order = i;
        const int64_t time_ms = EVENTS_BEGIN_MS + (int64_t)i;
        events_head(&value, id);
        if (payments)
            events_late_payment(&value, i, window, &random, &order);
        else
            events_order(&value, events_key(order), time_ms, &random);
        events_key_text(events_key(order), key);
        const struct record record = {.timestamp_ms = time_ms,
                                      .key = keyed ? (struct str){key, 16} : (struct str){0},
                                      .value = buf_str(&value)};
        must(record_batch_add(&builder, &record) == OK);
        if (builder.record_count == FILL_RECORDS || i + 1 == events)
            flush(member, topic, &builder);
    }
    record_batch_builder_release(&builder);
    buf_release(&value);
    log_leave(member);
}

void join_world_fill(struct join_world *world, enum join_shape shape, uint64_t events,
                     uint64_t window)
{
    fill_topic(world, false, shape != SHAPE_REKEYED, events, window);
    fill_topic(world, true, shape != SHAPE_REKEYED, events, window);
}

void join_world_fill_orders(struct join_world *world, uint64_t events)
{
    int32_t id;
    fill_topic(world, false, true, events, 0);
    make_topic(world, true, &id);
}

static bool ignore(void *context, const struct statement *statement, const struct answer *answer)
{
    (void)context, (void)statement, (void)answer;
    return true;
}

static void execute(struct join_world *world, const char *text)
{
    struct why why = {0};
    if (engine_execute(world->engine, &world->session, str_from(text), ignore, NULL, &why))
        die(&why);
}

void join_world_start(struct join_world *world, enum join_shape shape, uint64_t window_ms)
{
    struct why why = {0};
    char text[4000];
    const bool keyed = shape != SHAPE_REKEYED;
    const char *declared = keyed ? "k STRING KEY, " : "";
    const char *key = keyed ? "k" : "order_id";
    const struct engine_options options = {.log = world->log,
                                           .registry = world->registry,
                                           .service_id = STR("bench_"),
                                           .interactive = true,
                                           .thread_count = 1};
    if (engine_open(&options, &world->engine, &why))
        die(&why);
    snprintf(
        text, sizeof(text),
        "SET 'auto.offset.reset'='earliest';"
        "CREATE STREAM IF NOT EXISTS orders (%sorder_id STRING, order_no BIGINT, customer BIGINT,"
        " ts TIMESTAMP, currency STRING, total DOUBLE, status STRING,"
        " items ARRAY<STRUCT<sku STRING, qty INT, price DOUBLE>>) WITH (KAFKA_TOPIC='orders',"
        " KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO', TIMESTAMP='ts');"
        "CREATE STREAM IF NOT EXISTS payments (%spayment_id STRING, order_id STRING, ts TIMESTAMP,"
        " amount DOUBLE, method STRING) WITH (KAFKA_TOPIC='payments', KEY_FORMAT='KAFKA',"
        " VALUE_FORMAT='AVRO', TIMESTAMP='ts');",
        declared, declared);
    execute(world, text);
    snprintf(text, sizeof(text),
             "CREATE STREAM IF NOT EXISTS joined AS SELECT o.%s AS id, o.order_no AS order_no,"
             " o.customer AS customer, o.ts AS order_time, o.currency AS currency,"
             " o.total AS total, o.status AS status, o.items AS items,"
             " p.payment_id AS payment_id, p.amount AS amount, p.method AS method"
             " FROM orders o %s JOIN payments p WITHIN (0 SECONDS, %llu MILLISECONDS)"
             " GRACE PERIOD 0 SECONDS ON o.%s = p.%s;",
             key, shape == SHAPE_LEFT ? "LEFT" : "INNER", (unsigned long long)window_ms, key, key);
    execute(world, text);
}

static const struct flow_status *query_status(struct join_world *world, struct arena *arena)
{
    struct engine_query *queries;
    uint32_t count;
    engine_queries(world->engine, arena, &queries, &count);
    must(count == 1);
    if (queries[0].status.state == FLOW_ERROR)
        die(&queries[0].status.why);
    return &queries[0].status;
}

uint64_t join_world_progress(struct join_world *world)
{
    struct arena arena;
    uint64_t records = 0;
    arena_init(&arena, 0);
    const struct flow_status *status = query_status(world, &arena);
    for (uint32_t p = 0; p < status->position_count; p++)
        if (str_equal(status->positions[p].topic, STR("orders")) ||
            str_equal(status->positions[p].topic, STR("payments")))
            records += (uint64_t)status->positions[p].next_offset;
    arena_release(&arena);
    return records;
}

uint64_t join_world_joined(struct join_world *world)
{
    struct log_topic_info info;
    struct arena arena;
    arena_init(&arena, 0);
    must(log_describe(world->log, STR("JOINED"), &arena, &info, NULL) == OK);
    const uint64_t joined = (uint64_t)info.partitions[0].end_offset;
    arena_release(&arena);
    return joined;
}

void join_world_state(struct join_world *world, uint64_t *ret_bytes, uint64_t *ret_rows)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct flow_status *status = query_status(world, &arena);
    *ret_bytes = status->state_bytes;
    *ret_rows = status->state_rows;
    arena_release(&arena);
}
