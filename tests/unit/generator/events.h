/* events.h -- orders and payments as they stand in the topics, decoded by the registry's schemas.
 */
#ifndef TESTS_GENERATOR_EVENTS_H
#define TESTS_GENERATOR_EVENTS_H

#include "world.h"

#include "avro/avro.h"
#include "base/map.h"
#include "base/memory.h"

#define EVENT_LINES_MAX 8

struct event_line {
    struct str item_name;
    int32_t quantity;
    double price;
};

/* An order or a payment; each record is one. */
struct event {
    struct str order_id, customer_id, channel, store_id; /* orders */
    struct str payment_id, method;                       /* payments; order_id too */
    struct event_line lines[EVENT_LINES_MAX];
    uint32_t line_count;
    double amount;
    int64_t time_ms;
    int32_t partition;
    int64_t offset;
    uint32_t copy; /* 0 for the first record with these bytes */
};

struct event_list {
    struct event *at;
    size_t count, capacity;
    uint64_t broken;
};

struct events {
    struct registry *registry;
    struct arena arena;
    struct event_list orders, payments;
    struct map seen; /* value bytes to how often */
    bool reading_payments;
};

static inline struct event *events_push(struct event_list *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 1024;
        list->at = memory_realloc(list->at, list->capacity * sizeof(*list->at));
    }
    memset(&list->at[list->count], 0, sizeof(*list->at));
    return &list->at[list->count++];
}

enum { EVENT_ID, EVENT_SECOND_ID, EVENT_AMOUNT, EVENT_TIME, EVENT_WORD, EVENT_ITEMS, EVENT_STORE };

/* One value by its schema id; false when it does not decode. */
static inline bool events_decode(struct events *events, struct str value, struct event *event)
{
    const struct type_field line_fields[] = {{STR_INIT("item_name"), &type_string},
                                             {STR_INIT("quantity"), &type_integer},
                                             {STR_INIT("price"), &type_double}};
    const struct type line = {.kind = TYPE_STRUCT, .field_count = 3, .fields = line_fields};
    const struct type lines = {.kind = TYPE_ARRAY, .item = &line};
    const struct avro_target orders[] = {
        {STR_INIT("order_id"), &type_string, EVENT_ID},
        {STR_INIT("customer_id"), &type_string, EVENT_SECOND_ID},
        {STR_INIT("order_total"), &type_double, EVENT_AMOUNT},
        {STR_INIT("order_time"), &type_timestamp, EVENT_TIME},
        {STR_INIT("channel"), &type_string, EVENT_WORD},
        {STR_INIT("order_items"), &lines, EVENT_ITEMS},
        {STR_INIT("store_id"), &type_string, EVENT_STORE},
    };
    const struct avro_target payments[] = {
        {STR_INIT("order_id"), &type_string, EVENT_ID},
        {STR_INIT("payment_id"), &type_string, EVENT_SECOND_ID},
        {STR_INIT("payment_amount"), &type_double, EVENT_AMOUNT},
        {STR_INIT("payment_time"), &type_timestamp, EVENT_TIME},
        {STR_INIT("payment_method"), &type_string, EVENT_WORD},
    };
    const bool is_payment = events->reading_payments;
    const uint32_t count = is_payment ? 5 : 7;
    const struct avro_target *targets = is_payment ? payments : orders;
    struct column columns[7];
    const struct avro_schema *schema;
    const struct avro_decoder *decoder;
    struct arena *arena = &events->arena;
    int32_t id;
    if (!registry_head_get(value, &id) || registry_by_id(events->registry, id, &schema, NULL) != OK)
        return false;
    for (uint32_t i = 0; i < count; i++)
        column_init(&columns[targets[i].column], targets[i].type, 1, arena);
    assert_ok(avro_decoder_new(arena, schema, NULL, targets, count, false, &decoder, NULL));
    if (avro_decode(decoder, (struct str){value.data + 5, value.size - 5}, columns, 0, arena) != OK)
        return false;
    event->order_id = columns[EVENT_ID].strings[0];
    event->amount = columns[EVENT_AMOUNT].doubles[0];
    event->time_ms = columns[EVENT_TIME].bigints[0];
    if (is_payment) {
        event->payment_id = columns[EVENT_SECOND_ID].strings[0];
        event->method = columns[EVENT_WORD].strings[0];
        return true;
    }
    event->customer_id = columns[EVENT_SECOND_ID].strings[0];
    event->channel = columns[EVENT_WORD].strings[0];
    event->store_id = columns[EVENT_STORE].strings[0];
    event->line_count = columns[EVENT_ITEMS].spans[0].count;
    assert_true(event->line_count <= EVENT_LINES_MAX);
    for (uint32_t i = 0; i < event->line_count; i++) {
        const struct column *fields = columns[EVENT_ITEMS].children[0].children;
        event->lines[i] =
            (struct event_line){fields[0].strings[i], fields[1].integers[i], fields[2].doubles[i]};
    }
    return true;
}

static inline void events_add(void *context, int32_t partition, const struct record *record)
{
    struct events *events = context;
    struct event_list *list = events->reading_payments ? &events->payments : &events->orders;
    struct event event = {.partition = partition, .offset = record->offset};
    if (!events_decode(events, arena_str(&events->arena, record->value), &event)) {
        list->broken++;
        return;
    }
    const struct str key = events->reading_payments ? event.payment_id : event.order_id;
    assert_true(str_equal(record->key, key));
    assert_int_equal(record->timestamp_ms, event.time_ms);
    const uintptr_t before = (uintptr_t)map_get(&events->seen, record->value);
    event.copy = (uint32_t)before;
    map_set(&events->seen, record->value, (void *)(before + 1));
    *events_push(list) = event;
}

static inline void events_read(struct events *events, struct world *world)
{
    *events = (struct events){.registry = world->registry};
    arena_init(&events->arena, 0);
    each_record(world->log, "mcd_orders", events_add, events);
    events->reading_payments = true;
    each_record(world->log, "mcd_payments", events_add, events);
}

static inline void events_release(struct events *events)
{
    map_release(&events->seen);
    arena_release(&events->arena);
    free(events->orders.at);
    free(events->payments.at);
}

#endif
