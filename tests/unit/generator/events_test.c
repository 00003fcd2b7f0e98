/* events_test.c -- what the generator makes is a restaurant chain's day: shares, curve, delays. */
#include "events.h"

#include "base/arena.h"

#include <math.h>

static void assert_share(double found, double wanted, double tolerance)
{
    if (fabs(found - wanted) > tolerance)
        fail_msg("share %g, wanted %g", found, wanted);
}

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static void orders_are_what_a_menu_allows(void **state)
{
    struct generator_options options = busy_options(11);
    struct world world;
    struct events events;
    uint32_t channels[3] = {0};
    world_init(&world);
    options.history_ms = HOUR_MS;
    run_to_end(&world, &options);
    events_read(&events, &world);
    assert_true(events.orders.count > 5000);
    for (size_t i = 0; i < events.orders.count; i++) {
        const struct event *order = &events.orders.at[i];
        double total = 0;
        for (uint32_t j = 0; j < order->line_count; j++)
            total += order->lines[j].quantity * order->lines[j].price;
        assert_true(order->line_count > 0);
        assert_true(fabs(total - order->amount) < 1e-9);
        assert_int_equal(order->partition,
                         hash_partition(order->order_id.data, order->order_id.size, 4));
        channels[0] += str_equal(order->channel, STR("in_store"));
        channels[1] += str_equal(order->channel, STR("drive_thru"));
        channels[2] += str_equal(order->channel, STR("mobile_app"));
    }
    assert_int_equal(channels[0] + channels[1] + channels[2], events.orders.count);
    assert_true(channels[0] > 1000 && channels[1] > 1000 && channels[2] > 500);
    events_release(&events);
    world_release(&world);
}

/* Each payment belongs to its order: same amount, later; delays have a middle and a long tail. */
static void shares_and_delays_are_met(void **state)
{
    struct generator_options options = busy_options(12);
    struct world world;
    struct events events;
    struct map orders = {0};
    size_t order_count = 0, paid = 0, orphans = 0, late = 0, copies = 0;
    world_init(&world);
    options.history_ms = 0;
    options.order_count = 20000;
    run_to_end(&world, &options);
    events_read(&events, &world);
    for (size_t i = 0; i < events.orders.count; i++) {
        struct event *order = &events.orders.at[i];
        copies += order->copy > 0;
        order_count += order->copy == 0;
        map_set(&orders, order->order_id, order);
    }
    double *delays_ms = memory_alloc(events.payments.count * sizeof(*delays_ms));
    for (size_t i = 0; i < events.payments.count; i++) {
        const struct event *payment = &events.payments.at[i];
        const struct event *order = map_get(&orders, payment->order_id);
        copies += payment->copy > 0;
        if (payment->copy > 0)
            continue;
        if (!order) {
            orphans++;
            continue;
        }
        const int64_t delay_ms = payment->time_ms - order->time_ms;
        assert_true(payment->amount == order->amount);
        assert_true(delay_ms > 0 && delay_ms < 24 * HOUR_MS);
        late += delay_ms >= 40 * 60000;
        delays_ms[paid++] = (double)delay_ms;
    }
    qsort(delays_ms, paid, sizeof(*delays_ms), compare_doubles);
    assert_int_equal(order_count, 20000);
    assert_share(1 - (double)paid / 20000, 0.1, 0.01);
    assert_share((double)late / (double)paid, 0.1, 0.01);
    assert_share((double)orphans / 20000, 0.05, 0.006);
    const double events_count = (double)(order_count + paid + orphans);
    assert_share((double)copies / events_count, 0.05, 0.005);
    assert_share((double)(events.orders.broken + events.payments.broken) / events_count, 0.03,
                 0.004);
    assert_true(delays_ms[paid / 2] > 5000 && delays_ms[paid / 2] < 60000);
    assert_true(delays_ms[paid - 1] > HOUR_MS);
    free(delays_ms);
    map_release(&orders);
    events_release(&events);
    world_release(&world);
}

/* In the order of offsets a partition is in the order of sending. */
static void disorder_stays_within_its_bound(void **state)
{
    struct generator_options options = busy_options(13);
    struct world world;
    struct events events;
    size_t disordered = 0;
    world_init(&world);
    options.history_ms = HOUR_MS;
    options.partition_count = 1;
    run_to_end(&world, &options);
    events_read(&events, &world);
    int64_t newest_ms = 0;
    for (size_t i = 0; i < events.orders.count; i++) {
        const int64_t time_ms = events.orders.at[i].time_ms;
        assert_true(time_ms >= newest_ms - options.disorder_ms_max);
        disordered += time_ms < newest_ms;
        newest_ms = time_ms > newest_ms ? time_ms : newest_ms;
    }
    assert_share((double)disordered / (double)events.orders.count, 0.14, 0.03);
    events_release(&events);
    world_release(&world);

    options.disorder_share = 0;
    options.duplicate_share = 0;
    world_init(&world);
    run_to_end(&world, &options);
    events_read(&events, &world);
    for (size_t i = 1; i < events.orders.count; i++)
        assert_true(events.orders.at[i].time_ms >= events.orders.at[i - 1].time_ms);
    events_release(&events);
    world_release(&world);
}

static void a_day_has_three_peaks_and_the_rate_as_its_mean(void **state)
{
    struct generator_options options = busy_options(14);
    struct world world;
    struct events events;
    uint32_t hours[24] = {0};
    world_init(&world);
    options.rate = 0.25;
    options.start_ms = START_MS;
    options.history_ms = 24 * HOUR_MS;
    options.duplicate_share = 0;
    options.malformed_share = 0;
    run_to_end(&world, &options);
    events_read(&events, &world);
    for (size_t i = 0; i < events.orders.count; i++)
        hours[(events.orders.at[i].time_ms - START_MS) / HOUR_MS]++;
    assert_share((double)events.orders.count, 0.25 * 86400, 2);
    assert_true(hours[7] > 1.3 * hours[9] && hours[12] > 1.5 * hours[9]);
    assert_true(hours[12] > 1.5 * hours[15] && hours[18] > 1.5 * hours[15]);
    assert_true(hours[3] * 10 < hours[12]);
    events_release(&events);
    world_release(&world);
}

/* A new rate takes effect from the next order on; payments of earlier orders still fit them. */
static void another_rate_keeps_what_was_promised(void **state)
{
    struct generator_options options = busy_options(15);
    struct world world;
    struct events events;
    struct map orders = {0};
    size_t paid = 0;
    world_init(&world);
    options.live = true;
    options.malformed_share = 0;
    options.orphan_share = 0;
    const double rates[] = {1, 5, 0.5, 2};
    for (int i = 0; i < 4; i++) {
        struct generator *generator = NULL;
        struct generator_progress progress;
        options.rate = rates[i];
        options.unpaid_share = i * 0.1;
        assert_ok(generator_open(&options, world.log, world.registry, &generator, NULL));
        const int64_t now_ms = options.start_ms + (i + 1) * HOUR_MS / 2;
        for (int j = 0; j < 3; j++)
            assert_ok(generator_step(generator, now_ms, WAIT_MS, &progress, NULL));
        assert_true(progress.event_time_ms <= now_ms);
        generator_close(generator);
    }
    events_read(&events, &world);
    for (size_t i = 0; i < events.orders.count; i++)
        map_set(&orders, events.orders.at[i].order_id, &events.orders.at[i]);
    for (size_t i = 0; i < events.payments.count; i++) {
        const struct event *payment = &events.payments.at[i];
        const struct event *order = map_get(&orders, payment->order_id);
        if (!order) /* out of order and not yet sent */
            continue;
        assert_true(payment->amount == order->amount);
        paid++;
    }
    assert_true(paid > events.payments.count * 99 / 100);
    assert_true(paid > 5000);
    map_release(&orders);
    events_release(&events);
    world_release(&world);
}

/* Meson compiles and runs in the build directory; by hand it may be the tree's root. */
static struct str pipeline_schema(const char *name, struct arena *arena)
{
    const struct str here = str_from(__FILE__);
    const size_t root_size = here.size - strlen("tests/unit/generator/events_test.c");
    const struct str path =
        arena_printf(arena, "%.*spipeline/schemas/%s.avsc%c", (int)root_size, here.data, name, 0);
    struct str text = {0};
    struct why why = {0};
    if (file_read(path.data, 1 << 20, arena, &text, &why) &&
        file_read(path.data + root_size, 1 << 20, arena, &text, &why))
        fail_msg("%s", why.text);
    return text;
}

/* The pipeline's files and what the generator registers are the same schemas. */
static void schemas_are_those_of_the_pipeline(void **state)
{
    static const char *const files[] = {"mcd_orders-value.2", "mcd_payments-value"};
    static const char *const names[] = {"mcd_orders-value", "mcd_payments-value"};
    struct generator_options options = busy_options(16);
    struct world world;
    struct arena arena;
    world_init(&world);
    arena_init(&arena, 0);
    options.order_count = 1;
    run_to_end(&world, &options);
    run_to_end(&world, &options);
    for (int i = 0; i < 2; i++) {
        struct registry_version version;
        const struct str text = pipeline_schema(files[i], &arena);
        assert_ok(
            registry_get_version(world.registry, str_from(names[i]), 0, &arena, &version, NULL));
        assert_int_equal(version.version, i == 0 ? 2 : 1);
        assert_true(str_equal(version.text, text));
    }
    struct registry_version first;
    assert_ok(registry_get_version(world.registry, str_from(names[0]), 1, &arena, &first, NULL));
    assert_true(str_equal(first.text, pipeline_schema("mcd_orders-value.1", &arena)));
    arena_release(&arena);
    world_release(&world);
}

static void keep_first(void *context, int32_t partition, const struct record *record)
{
    struct buf *first = context;
    (void)partition;
    if (first->size == 0)
        buf_append_str(first, record->value);
}

/* customer_id, channel and store_id of a body written with one version and read with the other. */
static void read_with(const struct avro_schema *writer, const struct avro_schema *reader,
                      struct str body, struct arena *arena, struct str *ret_texts)
{
    const struct avro_target targets[] = {{STR_INIT("customer_id"), &type_string, 0},
                                          {STR_INIT("channel"), &type_string, 1},
                                          {STR_INIT("store_id"), &type_string, 2}};
    const struct avro_decoder *decoder = NULL;
    struct column columns[3];
    struct why why = {0};
    for (int i = 0; i < 3; i++) {
        column_init(&columns[i], &type_string, 1, arena);
        columns[i].nulls[0] = true;
    }
    if (avro_decoder_new(arena, writer, reader, targets, 3, false, &decoder, &why))
        fail_msg("%s", why.text);
    assert_ok(avro_decode(decoder, body, columns, 0, arena));
    for (int i = 0; i < 3; i++)
        ret_texts[i] = columns[i].nulls[0] ? (struct str){0} : columns[i].strings[0];
}

/* Version 2 is version 1 and two fields with defaults at the end. */
static void either_version_of_an_order_reads_the_other(void **state)
{
    struct generator_options options = busy_options(17);
    const struct avro_schema *schemas[2];
    struct buf value = {0};
    struct world world;
    struct arena arena;
    struct str texts[3], old[3], new[3];
    world_init(&world);
    arena_init(&arena, 0);
    options.order_count = 5;
    options.malformed_share = 0;
    run_to_end(&world, &options);
    for (int i = 0; i < 2; i++) {
        struct registry_version version;
        assert_ok(registry_get_version(world.registry, STR("mcd_orders-value"), i + 1, &arena,
                                       &version, NULL));
        assert_ok(registry_by_id(world.registry, version.id, &schemas[i], NULL));
    }
    assert_ok(avro_can_read(schemas[0], schemas[1], NULL));
    assert_ok(avro_can_read(schemas[1], schemas[0], NULL));
    each_record(world.log, "mcd_orders", keep_first, &value);
    const struct str body = {value.data + 5, value.size - 5};
    read_with(schemas[1], NULL, body, &arena, texts);
    assert_true(texts[0].size > 0 && texts[1].size > 0 && texts[2].size > 0);
    read_with(schemas[1], schemas[0], body, &arena, old);
    assert_true(str_equal(old[0], texts[0]));
    assert_null(old[1].data);
    const struct str first = {body.data, body.size - texts[1].size - texts[2].size - 2};
    read_with(schemas[0], schemas[1], first, &arena, new);
    assert_true(str_equal(new[0], texts[0]));
    assert_true(str_equal(new[1], STR("in_store")));
    assert_true(str_equal(new[2], STR("unknown")));
    buf_release(&value);
    arena_release(&arena);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_are_what_a_menu_allows),
        cmocka_unit_test(shares_and_delays_are_met),
        cmocka_unit_test(disorder_stays_within_its_bound),
        cmocka_unit_test(a_day_has_three_peaks_and_the_rate_as_its_mean),
        cmocka_unit_test(another_rate_keeps_what_was_promised),
        cmocka_unit_test(schemas_are_those_of_the_pipeline),
        cmocka_unit_test(either_version_of_an_order_reads_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
