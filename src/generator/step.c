/* step.c -- turns sends into records, batches and truth. */
#include "generator/step.h"

#include "base/hash.h"
#include "base/memory.h"
#include "generator/encode.h"

static void add_order(struct step *step, const struct schedule *schedule, struct send send);
static void add_payment(struct step *step, const struct schedule *schedule, struct send send);
static void add_broken(struct step *step, const struct schedule *schedule, struct send send,
                       bool is_payment, struct record *record);
static void append(struct step *step, bool is_payment, const struct record *record);
static void append_truth(struct step *step, struct str key, struct str value);
static void flush_entries(struct step *step);
static struct record_batch_builder *truth_builder(struct step *step);

void step_init(struct step *step, const struct step_topics *topics)
{
    *step = (struct step){.topics = *topics};
    step->builder_count =
        (uint32_t)(topics->orders->partition_count + topics->payments->partition_count) + 1;
    step->builders = memory_zalloc(step->builder_count * sizeof(*step->builders));
    step->appends = memory_zalloc(step->builder_count * sizeof(*step->appends));
    for (uint32_t i = 0; i < step->builder_count; i++)
        record_batch_builder_init(&step->builders[i]);
    truth_begin(&step->entries);
}

void step_release(struct step *step)
{
    step_clear(step, false);
    for (uint32_t i = 0; i < step->builder_count; i++)
        record_batch_builder_release(&step->builders[i]);
    free(step->builders);
    free(step->appends);
    buf_release(&step->value);
    buf_release(&step->broken);
    buf_release(&step->entries);
    *step = (struct step){0};
}

void step_add(struct step *step, const struct schedule *schedule, struct send send)
{
    must(step->append_count == 0);
    if (send_kind(send) < SEND_PAYMENT)
        add_order(step, schedule, send);
    else
        add_payment(step, schedule, send);
    step->time_ms = send.send_ms;
    step->event_count++;
    if (step->entries.size >= TRUTH_RECORD_BYTES)
        flush_entries(step);
}

void step_finish(struct step *step, const struct truth_position *position)
{
    flush_entries(step);
    truth_write_position(position, &step->value);
    append_truth(step, STR(TRUTH_KEY_POSITION), buf_str(&step->value));
    const uint32_t payments_start = (uint32_t)step->topics.orders->partition_count;
    for (uint32_t i = 0; i < step->builder_count; i++) {
        if (step->builders[i].record_count == 0)
            continue;
        record_batch_finish(&step->builders[i]);
        const struct buf batch = record_batch_take(&step->builders[i]);
        struct log_append *to = &step->appends[step->append_count++];
        *to = (struct log_append){.batch = batch.data, .batch_size = batch.size};
        if (i + 1 == step->builder_count) {
            to->topic = step->topics.truth;
        } else if (i >= payments_start) {
            to->topic = step->topics.payments;
            to->partition = (int32_t)(i - payments_start);
        } else {
            to->topic = step->topics.orders;
            to->partition = (int32_t)i;
        }
    }
}

void step_clear(struct step *step, bool taken)
{
    for (uint32_t i = 0; i < step->append_count && !taken; i++)
        free(step->appends[i].batch);
    for (uint32_t i = 0; i < step->builder_count; i++)
        record_batch_builder_clear(&step->builders[i]);
    step->append_count = 0;
    step->event_count = 0;
    step->order_count = 0;
    step->payment_count = 0;
    truth_begin(&step->entries);
}

static void add_order(struct step *step, const struct schedule *schedule, struct send send)
{
    const uint64_t number = send_number(send);
    struct order order;
    model_order(schedule->seed, number, schedule_order_time_ms(schedule, number), &order);
    buf_clear(&step->value);
    encode_order(&order, step->topics.orders_schema, &step->value);
    struct record record = {
        .timestamp_ms = order.time_ms,
        .key = model_str(&order.order_id),
        .value = buf_str(&step->value),
    };
    if (send_kind(send) == SEND_ORDER_BROKEN) {
        add_broken(step, schedule, send, false, &record);
        return;
    }
    step->order_count += send_kind(send) == SEND_ORDER;
    truth_add_order(&order, &step->entries);
    append(step, false, &record);
}

static void add_payment(struct step *step, const struct schedule *schedule, struct send send)
{
    const uint64_t number = send_number(send);
    const enum send_kind kind = send_kind(send);
    const int64_t order_time_ms = schedule_order_time_ms(schedule, number);
    struct payment payment;
    if (kind >= SEND_ORPHAN) {
        model_orphan(schedule->seed, number, order_time_ms, &payment);
    } else {
        const struct shares *shares = &schedule_epoch(schedule, number)->shares;
        const struct fate fate = model_fate(schedule->seed, number, shares);
        struct order order;
        model_order(schedule->seed, number, order_time_ms, &order);
        model_payment(number, &order, &fate, &payment);
    }
    buf_clear(&step->value);
    encode_payment(&payment, step->topics.payments_schema, &step->value);
    struct record record = {
        .timestamp_ms = payment.time_ms,
        .key = model_str(&payment.payment_id),
        .value = buf_str(&step->value),
    };
    if (kind == SEND_PAYMENT_BROKEN || kind == SEND_ORPHAN_BROKEN) {
        add_broken(step, schedule, send, true, &record);
        return;
    }
    step->payment_count += kind == SEND_PAYMENT || kind == SEND_ORPHAN;
    truth_add_payment(&payment, &step->entries);
    append(step, true, &record);
}

/* With key and time of the good record it stands beside. */
static void add_broken(struct step *step, const struct schedule *schedule, struct send send,
                       bool is_payment, struct record *record)
{
    struct random random = model_random(schedule->seed, send.what, DRAW_BROKEN);
    buf_clear(&step->broken);
    encode_broken(record->value, &random, &step->broken);
    record->value = buf_str(&step->broken);
    truth_add_broken(is_payment, &step->entries);
    append(step, is_payment, record);
}

static void append(struct step *step, bool is_payment, const struct record *record)
{
    const struct log_topic *topic = is_payment ? step->topics.payments : step->topics.orders;
    const uint32_t first = is_payment ? (uint32_t)step->topics.orders->partition_count : 0;
    const uint32_t partition =
        (uint32_t)hash_partition(record->key.data, record->key.size, topic->partition_count);
    /* A step's records are far from a batch's limit, whatever the partition. */
    const enum err err = record_batch_add(&step->builders[first + partition], record);
    must(err == OK);
}

static void flush_entries(struct step *step)
{
    if (step->entries.size > 1)
        append_truth(step, STR(TRUTH_KEY_SENT), buf_str(&step->entries));
    truth_begin(&step->entries);
}

static void append_truth(struct step *step, struct str key, struct str value)
{
    const struct record record = {.timestamp_ms = step->time_ms, .key = key, .value = value};
    const enum err err = record_batch_add(truth_builder(step), &record);
    must(err == OK);
}

static struct record_batch_builder *truth_builder(struct step *step)
{
    return &step->builders[step->builder_count - 1];
}
