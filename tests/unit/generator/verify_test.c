/* verify_test.c -- verify finds every loss, copy, change and addition that was planted, and nothing
 * else. The places are written by hand from what stands in the topics. */
#include "events.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/varint.h"
#include "data/time.h"

#define NULLABLE(type) "[\"null\"," type "]"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" NULLABLE(type) ",\"default\":null}"
#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define TIME_TYPE "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}"

#define JOINED "MCD_ORDERS_PAYMENTS_JOINED"
#define JOINED_SCHEMA                                                                                                                                           \
    RECORD(                                                                                                                                                     \
        "J",                                                                                                                                                    \
        FIELD("CUSTOMER_ID", "\"string\"") "," FIELD("ORDER_TOTAL", "\"double\"") "," FIELD(                                                                    \
            "ORDER_ITEMS",                                                                                                                                      \
            "{\"type\":\"array\",\"items\":" NULLABLE(RECORD(                                                                                                   \
                "L",                                                                                                                                            \
                FIELD("ITEM_NAME", "\"string\"") "," FIELD("QUANTITY", "\"int\"") "," FIELD(                                                                    \
                    "PRICE",                                                                                                                                    \
                    "\"double\""))) "}") "," FIELD("ORDER_TIME",                                                                                                \
                                                   TIME_TYPE) "," FIELD("PAYMENT_ID",                                                                           \
                                                                        "\"string\"") "," FIELD("PAYMENT_AMOUNT",                                               \
                                                                                                "\"double\"") "," FIELD("PAYMENT_METHOD",                       \
                                                                                                                        "\"string\"") "," FIELD("PAYMENT_TIME", \
                                                                                                                                                TIME_TYPE))
#define COUNTS_SCHEMA                                                                              \
    RECORD("T", FIELD("ORDERS", "\"long\"") "," FIELD("REVENUE", "\"double\"") "," FIELD(          \
                    "AVERAGE_ORDER_VALUE", "\"double\""))
#define UNPAID_SCHEMA                                                                              \
    RECORD("U", FIELD("CUSTOMER_ID", "\"string\"") "," FIELD(                                      \
                    "ORDER_TOTAL", "\"double\"") "," FIELD("ORDER_TIME", TIME_TYPE))
#define STORY_SCHEMA                                                                                                                            \
    RECORD(                                                                                                                                     \
        "S", FIELD("CUSTOMER_ID", "\"string\"") "," FIELD("ORDER_TOTAL", "\"double\"") "," FIELD("ORDER_TIME", TIME_TYPE) "," FIELD(            \
                 "ORDER_PARTITION",                                                                                                             \
                 "\"int\"") "," FIELD("PAYMENT_ID",                                                                                             \
                                      "\"string\"") "," FIELD("PAYMENT_AMOUNT",                                                                 \
                                                              "\"double\"") "," FIELD("PAYMENT_"                                                \
                                                                                      "METHOD",                                                 \
                                                                                      "\"string"                                                \
                                                                                      "\"") "," FIELD("PAYMENT_TIME",                           \
                                                                                                      TIME_TYPE) "," FIELD("PAYMENT_PARTITION", \
                                                                                                                           "\"int\""))

/* ---- writing places ---- */

/* Collects records of one topic of one partition and appends them. */
struct writer {
    struct world *world;
    const char *topic;
    int32_t schema_id;
    struct record_batch_builder builder;
    struct buf value;
};

static void make_topic(struct world *world, const char *name)
{
    const struct log_topic_config config = {
        .partition_count = 1, .retention_ms = -1, .retention_bytes = -1};
    assert_ok(log_create(world->log, str_from(name), &config, NULL));
}

static void writer_init(struct writer *writer, struct world *world, const char *topic,
                        const char *schema)
{
    char subject[100];
    struct why why = {0};
    *writer = (struct writer){.world = world, .topic = topic};
    record_batch_builder_init(&writer->builder);
    snprintf(subject, sizeof(subject), "%s-value", topic);
    if (registry_register(world->registry, str_from(subject), str_from(schema), &writer->schema_id,
                          &why))
        fail_msg("%s", why.text);
    make_topic(world, topic);
}

static void writer_begin(struct writer *writer)
{
    const uint8_t header[] = {0, 0, 0, 0, (uint8_t)writer->schema_id};
    assert_true(writer->schema_id < 256);
    buf_clear(&writer->value);
    buf_append(&writer->value, header, sizeof(header));
}

static void put_text(struct writer *writer, struct str text)
{
    varint_append(&writer->value, 1);
    varint_append(&writer->value, (int64_t)text.size);
    buf_append_str(&writer->value, text);
}

static void put_double(struct writer *writer, double number)
{
    varint_append(&writer->value, 1);
    buf_append(&writer->value, &number, sizeof(number));
}

static void put_long(struct writer *writer, int64_t number)
{
    varint_append(&writer->value, 1);
    varint_append(&writer->value, number);
}

static void put_null(struct writer *writer)
{
    varint_append(&writer->value, 0);
}

static void writer_add(struct writer *writer, struct str key)
{
    const struct record record = {
        .timestamp_ms = START_MS, .key = key, .value = buf_str(&writer->value)};
    assert_ok(record_batch_add(&writer->builder, &record));
}

static void writer_end(struct writer *writer)
{
    const struct log_member_options options = {.name = STR("test")};
    struct log_member *member = NULL;
    struct log_topic *topic = NULL;
    bool taken = false;
    assert_ok(log_topic_open(writer->world->log, str_from(writer->topic), &topic));
    assert_ok(log_join(writer->world->log, &options, &member, NULL));
    if (writer->builder.record_count > 0) {
        record_batch_finish(&writer->builder);
        const struct buf batch = record_batch_take(&writer->builder);
        const struct log_append append = {
            .topic = topic, .batch = batch.data, .batch_size = batch.size};
        const struct log_step step = {.appends = &append, .append_count = 1};
        assert_ok(log_commit_wait(member, &step, WAIT_MS, &taken));
    }
    log_leave(member);
    record_batch_builder_release(&writer->builder);
    buf_release(&writer->value);
}

static void write_joined(struct writer *writer, const struct event *order,
                         const struct event *payment)
{
    writer_begin(writer);
    put_text(writer, order->customer_id);
    put_double(writer, order->amount);
    varint_append(&writer->value, 1);
    if (order->line_count > 0)
        varint_append(&writer->value, order->line_count);
    for (uint32_t i = 0; i < order->line_count; i++) {
        varint_append(&writer->value, 1);
        put_text(writer, order->lines[i].item_name);
        put_long(writer, order->lines[i].quantity);
        put_double(writer, order->lines[i].price);
    }
    varint_append(&writer->value, 0);
    put_long(writer, order->time_ms);
    put_text(writer, payment->payment_id);
    put_double(writer, payment->amount);
    put_text(writer, payment->method);
    put_long(writer, payment->time_ms);
    writer_add(writer, order->order_id);
}

/* ---- a small world with its true join ---- */

struct pair {
    const struct event *order, *payment;
};

struct scene {
    struct world world;
    struct events events;
    struct pair *pairs;
    size_t pair_count;
    struct arena arena;
    uint64_t slice_bytes_max;
    struct verify_place *places;
    uint32_t place_count;
};

/* As a query's task would: so many of the last records of each partition of the orders are left. */
static void commit_positions(struct world *world, int64_t behind)
{
    static const char *const names[] = {"mcd_orders", "mcd_payments"};
    const struct log_member_options options = {.name = STR("test")};
    struct log_position positions[64];
    struct log_step step = {.task = STR("CSAS_TEST_1/0/0"), .positions = positions};
    struct log_member *member = NULL;
    struct arena arena;
    bool taken = false;
    arena_init(&arena, 0);
    for (int i = 0; i < 2; i++) {
        struct log_topic *topic = NULL;
        struct log_topic_info info;
        assert_ok(log_topic_open(world->log, str_from(names[i]), &topic));
        assert_ok(log_describe(world->log, topic->name, &arena, &info, NULL));
        for (int32_t p = 0; p < topic->partition_count; p++) {
            const int64_t next_offset = info.partitions[p].end_offset - (i == 0 ? behind : 0);
            assert_true(next_offset > 0);
            positions[step.position_count++] =
                (struct log_position){topic, p, next_offset, next_offset};
        }
    }
    assert_ok(log_join(world->log, &options, &member, NULL));
    assert_ok(log_commit_wait(member, &step, WAIT_MS, &taken));
    log_leave(member);
    arena_release(&arena);
}

static void scene_init(struct scene *scene)
{
    struct generator_options options = busy_options(21);
    *scene = (struct scene){0};
    arena_init(&scene->arena, 0);
    world_init(&scene->world);
    options.history_ms = 0;
    options.order_count = 600;
    run_to_end(&scene->world, &options);
    events_read(&scene->events, &scene->world);
    const struct event_list *orders = &scene->events.orders, *payments = &scene->events.payments;
    scene->pairs = memory_alloc(orders->count * 8 * sizeof(*scene->pairs));
    for (size_t i = 0; i < orders->count; i++)
        for (size_t j = 0; j < payments->count; j++)
            if (str_equal(orders->at[i].order_id, payments->at[j].order_id))
                scene->pairs[scene->pair_count++] = (struct pair){&orders->at[i], &payments->at[j]};
    assert_true(scene->pair_count > 500);
    commit_positions(&scene->world, 0);
}

static void scene_release(struct scene *scene)
{
    free(scene->pairs);
    events_release(&scene->events);
    arena_release(&scene->arena);
    world_release(&scene->world);
}

typedef enum err (*walk_function)(void *context, struct str collection,
                                  bool (*on_document)(void *context, struct str id,
                                                      struct str json),
                                  void *on_context, struct why *why);

static void scene_verify(struct scene *scene, walk_function walk)
{
    const struct verify_options options = {.log = scene->world.log,
                                           .registry = scene->world.registry,
                                           .walk = walk,
                                           .walk_context = scene,
                                           .slice_bytes_max = scene->slice_bytes_max};
    struct why why = {0};
    if (verify_run(&options, &scene->arena, &scene->places, &scene->place_count, &why))
        fail_msg("%s", why.text);
}

static const struct verify_place *place_of(const struct scene *scene, const char *name)
{
    for (uint32_t i = 0; i < scene->place_count; i++)
        if (str_equal(scene->places[i].name, str_from(name)))
            return &scene->places[i];
    fail_msg("no place '%s'", name);
    return NULL;
}

static void assert_place(const struct verify_place *place, uint64_t lost, uint64_t duplicated,
                         uint64_t wrong, uint64_t unexpected)
{
    if (place->lost != lost || place->duplicated != duplicated || place->wrong != wrong ||
        place->unexpected != unexpected) {
        for (uint32_t i = 0; i < place->example_count; i++)
            print_message("%.*s\n", STR_ARGS(place->examples[i]));
        fail_msg("%.*s: expected %d found %d: lost %d duplicated %d wrong %d unexpected %d",
                 STR_ARGS(place->name), (int)place->expected, (int)place->found, (int)place->lost,
                 (int)place->duplicated, (int)place->wrong, (int)place->unexpected);
    }
}

/* ---- tests ---- */

static void without_truth_there_is_nothing_to_compare(void **state)
{
    struct world world;
    struct arena arena;
    struct verify_place *places = NULL;
    uint32_t count = 0;
    struct why why = {0};
    world_init(&world);
    arena_init(&arena, 0);
    const struct verify_options options = {.log = world.log, .registry = world.registry};
    assert_int_equal(verify_run(&options, &arena, &places, &count, &why), ERR_NOT_FOUND);
    assert_true(why.text[0] != '\0');
    arena_release(&arena);
    world_release(&world);
}

static void places_that_do_not_exist_are_not_reported(void **state)
{
    struct scene scene;
    scene_init(&scene);
    scene_verify(&scene, NULL);
    assert_int_equal(scene.place_count, 0);
    scene_release(&scene);
}

static void the_true_join_is_all_zero(void **state)
{
    struct scene scene;
    struct writer writer;
    scene_init(&scene);
    writer_init(&writer, &scene.world, JOINED, JOINED_SCHEMA);
    for (size_t i = 0; i < scene.pair_count; i++)
        write_joined(&writer, scene.pairs[i].order, scene.pairs[i].payment);
    writer_end(&writer);
    scene_verify(&scene, NULL);
    assert_int_equal(scene.place_count, 1);
    assert_place(place_of(&scene, JOINED), 0, 0, 0, 0);
    assert_int_equal(scene.places[0].expected, scene.pair_count);
    assert_int_equal(scene.places[0].found, scene.pair_count);
    scene_release(&scene);
}

/* Pairs 0 to 4 are left out, 10 to 12 twice, 20 to 29 changed in one field each, and four rows are
 * nobody's. */
static void planted_faults_in_the_join_are_found(void **state)
{
    struct scene scene;
    struct writer writer;
    scene_init(&scene);
    writer_init(&writer, &scene.world, JOINED, JOINED_SCHEMA);
    for (size_t i = 0; i < scene.pair_count; i++) {
        struct event order = *scene.pairs[i].order, payment = *scene.pairs[i].payment;
        if (i < 5)
            continue;
        switch (i) {
        case 20:
            order.amount += 0.01;
            break;
        case 21:
            order.time_ms++;
            break;
        case 22:
            order.customer_id = STR("somebody else");
            break;
        case 23:
            order.lines[0].quantity++;
            break;
        case 24:
            order.lines[0].item_name = STR("Soup");
            break;
        case 25:
            order.lines[0].price += 1;
            break;
        case 26:
            order.line_count--;
            break;
        case 27:
            payment.amount -= 0.01;
            break;
        case 28:
            payment.method = STR("barter");
            break;
        case 29:
            payment.time_ms--;
            break;
        }
        write_joined(&writer, &order, &payment);
        if (i >= 10 && i < 13)
            write_joined(&writer, &order, &payment);
    }
    struct event stranger = *scene.pairs[0].order;
    stranger.order_id = STR("O-of-nobody");
    write_joined(&writer, &stranger, scene.pairs[0].payment);
    write_joined(&writer, scene.pairs[0].order, scene.pairs[100].payment);
    buf_clear(&writer.value);
    buf_append_str(&writer.value, STR("not Avro"));
    writer_add(&writer, scene.pairs[0].order->order_id);
    writer_add(&writer, (struct str){0});
    writer_end(&writer);
    for (int sliced = 0; sliced < 2; sliced++) {
        scene.slice_bytes_max = sliced ? 10000 : 0;
        scene_verify(&scene, NULL);
        const struct verify_place *place = place_of(&scene, JOINED);
        assert_place(place, 5, 3, 10, 4);
        assert_int_equal(place->expected, scene.pair_count);
        assert_int_equal(place->found, scene.pair_count - 5 + 3 + 4);
        assert_int_equal(place->example_count, 8);
    }
    scene_release(&scene);
}

#define BEHIND 20

/* Whether a record of this order is among the last of its partition. */
static bool is_behind(const struct scene *scene, struct str order_id)
{
    const struct event_list *orders = &scene->events.orders;
    int64_t ends[64] = {0};
    for (size_t i = 0; i < orders->count; i++)
        if (orders->at[i].offset >= ends[orders->at[i].partition])
            ends[orders->at[i].partition] = orders->at[i].offset + 1;
    for (size_t i = 0; i < orders->count; i++)
        if (str_equal(orders->at[i].order_id, order_id) &&
            orders->at[i].offset >= ends[orders->at[i].partition] - BEHIND / 2)
            return true;
    return false;
}

/* Rows of orders that no query has read yet are pending; the first three are lost all the same, and
 * would all be lost if the orders had been read. */
static void what_was_not_read_yet_is_not_lost(void **state)
{
    struct scene scene;
    struct writer writer, placed;
    uint64_t pending = 0, lost = 0;
    scene_init(&scene);
    writer_init(&writer, &scene.world, JOINED, JOINED_SCHEMA);
    for (size_t i = 0; i < scene.pair_count; i++) {
        const bool left = is_behind(&scene, scene.pairs[i].order->order_id);
        pending += left;
        if (!left && lost < 3 && ++lost)
            continue;
        if (!left)
            write_joined(&writer, scene.pairs[i].order, scene.pairs[i].payment);
    }
    assert_true(pending > 10);
    writer_end(&writer);
    writer_init(&placed, &scene.world, "ORDERS_PLACED", COUNTS_SCHEMA);
    writer_begin(&placed);
    put_long(&placed, (int64_t)scene.events.orders.count - 20);
    put_double(&placed, 100);
    put_double(&placed, 5);
    writer_add(&placed, STR("all"));
    writer_end(&placed);

    commit_positions(&scene.world, BEHIND);
    scene_verify(&scene, NULL);
    assert_place(place_of(&scene, JOINED), lost, 0, 0, 0);
    assert_int_equal(place_of(&scene, JOINED)->pending, pending);
    assert_place(place_of(&scene, "ORDERS_PLACED"), 0, 0, 0, 0);
    assert_int_equal(place_of(&scene, "ORDERS_PLACED")->pending, 1);

    commit_positions(&scene.world, 0);
    scene_verify(&scene, NULL);
    assert_place(place_of(&scene, JOINED), lost + pending, 0, 0, 0);
    assert_int_equal(place_of(&scene, JOINED)->pending, 0);
    assert_place(place_of(&scene, "ORDERS_PLACED"), 0, 0, 1, 0);
    scene_release(&scene);
}

/* Rows of the joined topic as documents, with the same kinds of faults. */
static enum err walk_documents(void *context, struct str collection,
                               bool (*on_document)(void *context, struct str id, struct str json),
                               void *on_context, struct why *why)
{
    const struct scene *scene = context;
    struct buf json = {0};
    assert_true(str_equal(collection, STR("orders_payments")));
    for (size_t i = 3; i < scene->pair_count; i++) {
        const struct event *order = scene->pairs[i].order, *payment = scene->pairs[i].payment;
        char iso[TIME_TEXT_MAX];
        buf_clear(&json);
        buf_printf(&json, "{\"_id\":{\"$oid\":\"%zu\"},\"ORDER_ITEMS\":[", i);
        for (uint32_t j = 0; j < order->line_count; j++)
            buf_printf(&json, "%s{\"ITEM_NAME\":\"%.*s\",\"QUANTITY\":%d,\"PRICE\":%.17g}",
                       j ? "," : "", STR_ARGS(order->lines[j].item_name), order->lines[j].quantity,
                       order->lines[j].price);
        const int iso_size = (int)timestamp_write_iso(order->time_ms, iso);
        buf_printf(&json, "],\"ORDER_TIME\":{\"$date\":\"%.*sZ\"},", iso_size, iso);
        if (i % 2)
            buf_printf(&json, "\"PAYMENT_TIME\":{\"$date\":%lld}", (long long)payment->time_ms);
        else
            buf_printf(&json, "\"PAYMENT_TIME\":{\"$date\":{\"$numberLong\":\"%lld\"}}",
                       (long long)payment->time_ms);
        buf_printf(&json,
                   ",\"ORDER_ID\":\"%.*s\",\"CUSTOMER_ID\":\"%.*s\",\"ORDER_TOTAL\":%.17g,"
                   "\"PAYMENT_ID\":\"%.*s\",\"PAYMENT_AMOUNT\":%.17g,\"PAYMENT_METHOD\":\"%.*s\"}",
                   STR_ARGS(order->order_id), STR_ARGS(order->customer_id),
                   i == 7 ? 1.0 : order->amount, STR_ARGS(payment->payment_id), payment->amount,
                   STR_ARGS(payment->method));
        on_document(on_context, STR("{\"$oid\":\"1\"}"), buf_str(&json));
        if (i == 9)
            on_document(on_context, STR("{\"$oid\":\"2\"}"), buf_str(&json));
    }
    on_document(on_context, STR("{\"$oid\":\"3\"}"), STR("{\"_id\":3,"));
    on_document(on_context, STR("{\"$oid\":\"4\"}"), STR("{\"_id\":4,\"ORDER_ID\":\"none\"}"));
    buf_release(&json);
    return OK;
}

static enum err walk_nothing(void *context, struct str collection,
                             bool (*on_document)(void *context, struct str id, struct str json),
                             void *on_context, struct why *why)
{
    return why_set(why, ERR_NOT_FOUND, "no collection");
}

static void planted_faults_in_documents_are_found(void **state)
{
    struct scene scene;
    scene_init(&scene);
    scene_verify(&scene, walk_nothing);
    assert_int_equal(scene.place_count, 0);
    for (int sliced = 0; sliced < 2; sliced++) {
        scene.slice_bytes_max = sliced ? 10000 : 0;
        scene_verify(&scene, walk_documents);
        assert_int_equal(scene.place_count, 1);
        assert_place(place_of(&scene, "orders_payments"), 3, 1, 1, 2);
    }
    scene_release(&scene);
}

static void write_counts(struct writer *writer, struct str key, uint64_t orders, double revenue)
{
    writer_begin(writer);
    put_long(writer, (int64_t)orders);
    put_double(writer, revenue);
    put_double(writer, revenue / (double)orders);
    writer_add(writer, key);
}

/* The latest row of a key counts, and only that. */
static void counting_tables_are_compared_by_their_latest_rows(void **state)
{
    for (int fault = 0; fault < 3; fault++) {
        struct scene scene;
        struct writer placed, minutes;
        double revenue = 0;
        scene_init(&scene);
        const struct event_list *orders = &scene.events.orders;
        writer_init(&placed, &scene.world, "ORDERS_PLACED", COUNTS_SCHEMA);
        writer_init(&minutes, &scene.world, "ORDERS_PLACED_PER_MINUTE", COUNTS_SCHEMA);
        uint64_t *counts = memory_zalloc(1440 * sizeof(*counts));
        double *sums = memory_zalloc(1440 * sizeof(*sums));
        const int64_t day_ms = START_MS;
        for (size_t i = 0; i < orders->count; i++) {
            const int64_t minute = (orders->at[i].time_ms - day_ms) / 60000;
            assert_true(minute >= 0 && minute < 1440);
            counts[minute]++;
            sums[minute] += orders->at[i].amount;
            revenue += orders->at[i].amount;
            write_counts(&placed, STR("all"), i + 1, revenue);
        }
        if (fault == 1)
            write_counts(&placed, STR("all"), orders->count + 1, revenue);
        int left_out = fault == 2;
        for (int minute = 0; minute < 1440; minute++) {
            char key[11] = "all";
            const uint64_t start = (uint64_t)(day_ms + minute * 60000LL);
            for (int i = 0; i < 8; i++)
                key[3 + i] = (char)(start >> (56 - 8 * i));
            const bool wanted = counts[minute] > 0 && left_out-- <= 0;
            if (wanted)
                write_counts(&minutes, (struct str){key, sizeof(key)}, counts[minute],
                             sums[minute]);
            else if (minute == 1 && fault == 2)
                write_counts(&minutes, (struct str){key, sizeof(key)}, 1, 1);
        }
        writer_end(&placed);
        writer_end(&minutes);
        scene.slice_bytes_max = fault ? 5000 : 0;
        scene_verify(&scene, NULL);
        assert_int_equal(scene.place_count, 2);
        assert_place(place_of(&scene, "ORDERS_PLACED"), 0, 0, fault == 1, 0);
        const struct verify_place *place = place_of(&scene, "ORDERS_PLACED_PER_MINUTE");
        assert_place(place, fault == 2, 0, 0, fault == 2);
        if (fault == 2)
            assert_non_null(
                strstr(place->examples[0].data, "key 'all in the window of 2026-01-01T"));
        free(counts);
        free(sums);
        scene_release(&scene);
    }
}

static bool is_paid_within(const struct scene *scene, const struct event *order, int64_t within_ms)
{
    for (size_t i = 0; i < scene->pair_count; i++)
        if (str_equal(scene->pairs[i].order->order_id, order->order_id) &&
            scene->pairs[i].payment->time_ms - order->time_ms <= within_ms)
            return true;
    return false;
}

/* With late payments hours after the last order, every unpaid order's deadline has passed. */
static void unpaid_orders_are_there_once_a_copy(void **state)
{
    for (int fault = 0; fault < 2; fault++) {
        struct scene scene;
        struct writer writer;
        uint64_t lost = 0, written = 0, unexpected = 0;
        scene_init(&scene);
        writer_init(&writer, &scene.world, "UNPAID_ORDERS", UNPAID_SCHEMA);
        for (size_t i = 0; i < scene.events.orders.count; i++) {
            const struct event *order = &scene.events.orders.at[i];
            const bool is_paid = is_paid_within(&scene, order, HOUR_MS / 2);
            if (is_paid && !(fault && unexpected == 0))
                continue;
            unexpected += is_paid;
            if (!is_paid && fault && lost == 0 && ++lost)
                continue;
            writer_begin(&writer);
            put_text(&writer, order->customer_id);
            put_double(&writer, order->amount);
            put_long(&writer, order->time_ms);
            writer_add(&writer, order->order_id);
            written++;
        }
        assert_true(written > 50);
        writer_end(&writer);
        scene_verify(&scene, NULL);
        assert_place(place_of(&scene, "UNPAID_ORDERS"), lost, 0, 0, unexpected);
        assert_int_equal(lost, fault);
        assert_int_equal(unexpected, fault);
        scene_release(&scene);
    }
}

static void write_story(struct writer *writer, const struct event *order,
                        const struct event *payment)
{
    writer_begin(writer);
    if (order) {
        put_text(writer, order->customer_id);
        put_double(writer, order->amount);
        put_long(writer, order->time_ms);
        put_long(writer, order->partition);
    }
    for (int i = 0; i < 4 && !order; i++)
        put_null(writer);
    if (payment) {
        put_text(writer, payment->payment_id);
        put_double(writer, payment->amount);
        put_text(writer, payment->method);
        put_long(writer, payment->time_ms);
        put_long(writer, payment->partition);
    }
    for (int i = 0; i < 5 && !payment; i++)
        put_null(writer);
    writer_add(writer, order ? order->order_id : payment->order_id);
}

static void stories_know_both_sides(void **state)
{
    struct scene scene;
    struct writer writer;
    struct map latest = {0};
    scene_init(&scene);
    writer_init(&writer, &scene.world, "ORDER_STORY", STORY_SCHEMA);
    for (size_t i = 0; i < scene.events.orders.count; i++)
        write_story(&writer, &scene.events.orders.at[i], NULL);
    for (size_t i = 0; i < scene.pair_count; i++)
        map_set(&latest, scene.pairs[i].order->order_id, &scene.pairs[i]);
    size_t wrong = 0, lost = 0;
    for (size_t i = 0; i < scene.events.payments.count; i++) {
        const struct event *payment = &scene.events.payments.at[i];
        const struct pair *pair = map_get(&latest, payment->order_id);
        const struct event *order = pair ? pair->order : NULL;
        if (payment->copy > 0)
            continue;
        if (!order && lost == 0 && ++lost) /* an orphan's story is left out */
            continue;
        if (order && wrong == 0 && ++wrong) /* an order's does not hear of its payment */
            continue;
        write_story(&writer, order, payment);
    }
    assert_int_equal(wrong + lost, 2);
    writer_end(&writer);
    scene_verify(&scene, NULL);
    assert_place(place_of(&scene, "ORDER_STORY"), lost, 0, wrong, 0);
    map_release(&latest);
    scene_release(&scene);
}

/* Bytes that are no truth: an error with words, whatever they are. */
static void a_truth_of_noise_is_refused_without_harm(void **state)
{
    struct random random = {(uint64_t)clock_monotonic_ns()};
    print_message("seed %llu\n", (unsigned long long)random.state);
    int refused = 0;
    for (int round = 0; round < 60; round++) {
        static const char good[] = "\1\1\2\0\0\0\0\0\0\0\0\1\3O-1\3C-1\2\1\1\2\1"
                                   "\2\4\0\0\0\0\0\0\0\0\1\3P-1\3O-1\3\1";
        struct scene scene = {0};
        struct writer writer;
        arena_init(&scene.arena, 0);
        world_init(&scene.world);
        make_topic(&scene.world, "mcd_orders");
        make_topic(&scene.world, "mcd_payments");
        writer_init(&writer, &scene.world, "mcd_truth", COUNTS_SCHEMA);
        buf_append(&writer.value, good, sizeof(good) - 1);
        const uint64_t changes = round == 0 ? 0 : 1 + random_below(&random, 3);
        for (uint64_t i = 0; i < changes; i++)
            writer.value.data[random_below(&random, writer.value.size)] =
                (char)random_next(&random);
        if (round % 3 == 1)
            writer.value.size = random_below(&random, writer.value.size);
        writer_add(&writer, STR("sent"));
        for (uint64_t left = round % 2 ? random_below(&random, 200) : 0; left > 0; left--)
            buf_append_byte(&writer.value, (uint8_t)random_next(&random));
        writer_add(&writer, STR("position"));
        writer_end(&writer);
        struct generator_options options = busy_options(1);
        struct generator *generator = NULL;
        struct why why = {0};
        const struct verify_options verify = {.log = scene.world.log,
                                              .registry = scene.world.registry};
        const enum err err =
            verify_run(&verify, &scene.arena, &scene.places, &scene.place_count, &why);
        assert_true(err == ERR_CORRUPT || err == OK);
        assert_true(round > 0 || err == OK);
        assert_true(err == OK || why.text[0]);
        refused += err == ERR_CORRUPT;
        assert_int_equal(
            generator_open(&options, scene.world.log, scene.world.registry, &generator, &why),
            ERR_CORRUPT);
        arena_release(&scene.arena);
        world_release(&scene.world);
    }
    assert_true(refused > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_truth_there_is_nothing_to_compare),
        cmocka_unit_test(places_that_do_not_exist_are_not_reported),
        cmocka_unit_test(the_true_join_is_all_zero),
        cmocka_unit_test(planted_faults_in_the_join_are_found),
        cmocka_unit_test(what_was_not_read_yet_is_not_lost),
        cmocka_unit_test(planted_faults_in_documents_are_found),
        cmocka_unit_test(counting_tables_are_compared_by_their_latest_rows),
        cmocka_unit_test(unpaid_orders_are_there_once_a_copy),
        cmocka_unit_test(stories_know_both_sides),
        cmocka_unit_test(a_truth_of_noise_is_refused_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
