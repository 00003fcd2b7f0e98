/* verify_slice.c -- the truth about the orders of one slice, in memory. */
#include "base/hash.h"
#include "base/memory.h"
#include "generator/verify.h"

#define CAPACITY_FIRST 1024
#define ARENA_BLOCK_SIZE (1 << 20)
#define JOIN_WINDOW_MS (24 * 3600000LL)

static enum err add_record(void *context, int32_t partition, const struct record *record,
                           struct why *why);
static enum err add_entry(struct slice *slice, const struct truth_entry *entry, struct why *why);
static void note_time(struct slice *slice, const struct truth_entry *entry);
static bool add_order(struct slice *slice, struct expected_order *order,
                      const struct truth_entry *entry);
static bool add_payment(struct slice *slice, struct expected_order *order,
                        const struct truth_entry *entry);
static bool entries_equal(const struct truth_entry *a, const struct truth_entry *b);
static struct expected_order *find_or_add(struct slice *slice, struct str order_id, uint64_t hash);
static struct expected_order **place_of(const struct slice *slice, struct str order_id,
                                        uint64_t hash);
static void grow(struct slice *slice);
static bool holds_hash(const struct slice *slice, uint64_t hash);

void slice_init(struct slice *slice, int32_t partition_count, uint32_t bits)
{
    *slice = (struct slice){.bits = bits, .partition_count = partition_count};
    slice->newest_ms = memory_zalloc((size_t)partition_count * sizeof(*slice->newest_ms));
    arena_init(&slice->arena, ARENA_BLOCK_SIZE);
}

void slice_release(struct slice *slice)
{
    arena_release(&slice->arena);
    free(slice->index);
    free(slice->newest_ms);
}

enum err slice_load(struct slice *slice, struct source *source, uint32_t number, struct why *why)
{
    arena_clear(&slice->arena);
    if (slice->index)
        memset(slice->index, 0, slice->capacity * sizeof(*slice->index));
    slice->count = 0;
    slice->number = number;
    slice->newest_of_all_ms = INT64_MIN;
    for (int32_t i = 0; i < slice->partition_count; i++)
        slice->newest_ms[i] = INT64_MIN;
    return source_walk(source, TRUTH_TOPIC, add_record, slice, why);
}

bool slice_has(const struct slice *slice, struct str order_id)
{
    return holds_hash(slice, hash64(order_id.data, order_id.size));
}

struct expected_order *slice_find(const struct slice *slice, struct str order_id)
{
    if (slice->count == 0)
        return NULL;
    return *place_of(slice, order_id, hash64(order_id.data, order_id.size));
}

struct expected_order *slice_next(const struct slice *slice, size_t *cursor)
{
    while (*cursor < slice->capacity) {
        struct expected_order *order = slice->index[(*cursor)++];
        if (order)
            return order;
    }
    return NULL;
}

void slice_clear_found(struct slice *slice)
{
    size_t cursor = 0;
    for (struct expected_order *order; (order = slice_next(slice, &cursor));) {
        order->found = 0;
        order->story = STORY_MISSING;
        for (struct expected_payment *payment = order->payments; payment; payment = payment->next)
            payment->found = 0;
    }
}

int64_t joined_delay_ms(const struct expected_order *order, const struct expected_payment *payment)
{
    return payment->entry.time_ms - order->order.time_ms;
}

uint64_t joined_count(const struct expected_order *order, const struct expected_payment *payment)
{
    if (order->copies == 0)
        return 0;
    const int64_t delay_ms = joined_delay_ms(order, payment);
    if (delay_ms < -JOIN_WINDOW_MS || delay_ms > JOIN_WINDOW_MS)
        return 0;
    return (uint64_t)order->copies * payment->copies;
}

static enum err add_record(void *context, int32_t partition, const struct record *record,
                           struct why *why)
{
    struct slice *slice = context;
    struct truth_reader reader;
    struct truth_entry entry;
    if (!str_equal(record->key, STR(TRUTH_KEY_SENT)))
        return OK;
    enum err err = truth_reader_init(&reader, record->value);
    while (!err && !(err = truth_next(&reader, &entry)))
        err = add_entry(slice, &entry, why);
    return err == ERR_NOT_FOUND ? OK
                                : why_set(why, err, "record %lld of '" TRUTH_TOPIC "' is no truth",
                                          (long long)record->offset);
}

static enum err add_entry(struct slice *slice, const struct truth_entry *entry, struct why *why)
{
    if (entry->kind == TRUTH_BROKEN)
        return OK;
    note_time(slice, entry);
    const uint64_t hash = hash64(entry->order_id.data, entry->order_id.size);
    if (!holds_hash(slice, hash))
        return OK;
    struct expected_order *order = find_or_add(slice, entry->order_id, hash);
    const int64_t lateness_ms = slice->newest_of_all_ms - entry->time_ms;
    if (lateness_ms > order->lateness_ms)
        order->lateness_ms = lateness_ms;
    const bool fits = entry->kind == TRUTH_ORDER ? add_order(slice, order, entry)
                                                 : add_payment(slice, order, entry);
    return fits ? OK : ERR_CORRUPT;
}

static void note_time(struct slice *slice, const struct truth_entry *entry)
{
    const int32_t partition =
        hash_partition(entry->order_id.data, entry->order_id.size, slice->partition_count);
    if (entry->time_ms > slice->newest_ms[partition])
        slice->newest_ms[partition] = entry->time_ms;
    if (entry->time_ms > slice->newest_of_all_ms)
        slice->newest_of_all_ms = entry->time_ms;
}

/* False when the truth contradicts itself. */
static bool add_order(struct slice *slice, struct expected_order *order,
                      const struct truth_entry *entry)
{
    if (order->copies > 0 && !entries_equal(&order->order, entry))
        return false;
    if (order->copies++ > 0)
        return true;
    order->order = *entry;
    order->order.order_id = order->order_id;
    order->order.customer_id = arena_str(&slice->arena, entry->customer_id);
    return true;
}

static bool add_payment(struct slice *slice, struct expected_order *order,
                        const struct truth_entry *entry)
{
    struct expected_payment *payment = order->payments;
    while (payment && !str_equal(payment->entry.payment_id, entry->payment_id))
        payment = payment->next;
    if (payment) {
        payment->copies++;
        return entries_equal(&payment->entry, entry);
    }
    payment = ARENA_NEW(&slice->arena, struct expected_payment);
    payment->entry = *entry;
    payment->entry.order_id = order->order_id;
    payment->entry.payment_id = arena_str(&slice->arena, entry->payment_id);
    payment->copies = 1;
    payment->next = order->payments;
    order->payments = payment;
    return true;
}

static bool entries_equal(const struct truth_entry *a, const struct truth_entry *b)
{
    return a->time_ms == b->time_ms && a->amount == b->amount && a->channel == b->channel &&
           a->method == b->method && a->line_count == b->line_count &&
           str_equal(a->customer_id, b->customer_id) &&
           memcmp(a->lines, b->lines, a->line_count * sizeof(*a->lines)) == 0;
}

static struct expected_order *find_or_add(struct slice *slice, struct str order_id, uint64_t hash)
{
    if (slice->count * 2 >= slice->capacity)
        grow(slice);
    struct expected_order **order = place_of(slice, order_id, hash);
    if (!*order) {
        *order = ARENA_NEW(&slice->arena, struct expected_order);
        (*order)->order_id = arena_str(&slice->arena, order_id);
        (*order)->hash = hash;
        slice->count++;
    }
    return *order;
}

/* The order's place, or the free one where it would stand. */
static struct expected_order **place_of(const struct slice *slice, struct str order_id,
                                        uint64_t hash)
{
    size_t at = hash & (slice->capacity - 1);
    while (slice->index[at] &&
           (slice->index[at]->hash != hash || !str_equal(slice->index[at]->order_id, order_id)))
        at = (at + 1) & (slice->capacity - 1);
    return &slice->index[at];
}

static void grow(struct slice *slice)
{
    struct expected_order **old = slice->index;
    const size_t old_capacity = slice->capacity;
    slice->capacity = old_capacity ? old_capacity * 2 : CAPACITY_FIRST;
    slice->index = memory_zalloc(slice->capacity * sizeof(*slice->index));
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i])
            *place_of(slice, old[i]->order_id, old[i]->hash) = old[i];
    free(old);
}

static bool holds_hash(const struct slice *slice, uint64_t hash)
{
    return slice->bits == 0 || hash >> (64 - slice->bits) == slice->number;
}
