/* verify_story.c -- the table of what is known of one order: its latest row must know all. */
#include "base/hash.h"
#include "generator/verify.h"

#include <math.h>

#define TOPIC "ORDER_STORY"

enum {
    CUSTOMER_ID,
    ORDER_TOTAL,
    ORDER_TIME,
    ORDER_PARTITION,
    PAYMENT_ID,
    PAYMENT_AMOUNT,
    PAYMENT_METHOD,
    PAYMENT_TIME,
    PAYMENT_PARTITION,
    FIELD_COUNT
};

struct story_walk {
    const struct picture *picture;
    const struct slice *slice;
    struct report *report;
    struct value_reader reader;
    int32_t payments_partition_count;
};

static enum err note_record(void *context, int32_t partition, const struct record *record,
                            struct why *why);
static const char *wrong_field(const struct story_walk *walk, const struct expected_order *order);
static const char *wrong_order_field(const struct story_walk *walk,
                                     const struct expected_order *order);
static const char *wrong_payment_field(const struct story_walk *walk,
                                       const struct expected_order *order);
static void finish(const struct slice *slice, struct report *report);

enum err verify_story(struct source *source, struct slice *slice, struct report *report,
                      struct why *why)
{
    static const struct value_field fields[FIELD_COUNT] = {
        [CUSTOMER_ID] = {"CUSTOMER_ID", &type_string},
        [ORDER_TOTAL] = {"ORDER_TOTAL", &type_double},
        [ORDER_TIME] = {"ORDER_TIME", &type_timestamp},
        [ORDER_PARTITION] = {"ORDER_PARTITION", &type_bigint},
        [PAYMENT_ID] = {"PAYMENT_ID", &type_string},
        [PAYMENT_AMOUNT] = {"PAYMENT_AMOUNT", &type_double},
        [PAYMENT_METHOD] = {"PAYMENT_METHOD", &type_string},
        [PAYMENT_TIME] = {"PAYMENT_TIME", &type_timestamp},
        [PAYMENT_PARTITION] = {"PAYMENT_PARTITION", &type_bigint},
    };
    struct story_walk walk = {.picture = &source->picture, .slice = slice, .report = report};
    struct log_topic *payments;
    if (log_topic_open(source->options->log, STR("mcd_payments"), &payments) != OK)
        return why_set(why, ERR_NOT_FOUND, "no topic 'mcd_payments'");
    walk.payments_partition_count = payments->partition_count;
    value_reader_init(&walk.reader, source->options->registry, fields, FIELD_COUNT);
    const enum err err = source_walk(source, TOPIC, note_record, &walk, why);
    if (!err)
        finish(slice, report);
    value_reader_release(&walk.reader);
    return err;
}

/* A later row of the same key takes the place of the one before. */
static enum err note_record(void *context, int32_t partition, const struct record *record,
                            struct why *why)
{
    struct story_walk *walk = context;
    if (!slice_has(walk->slice, record->key))
        return OK;
    struct expected_order *order = slice_find(walk->slice, record->key);
    if (picture_is_newer(walk->picture, TOPIC, partition, record)) {
        if (order)
            order->is_unread = true;
        return OK;
    }
    if (!order) {
        const struct str key = report_key(walk->report, record->key);
        report_add(walk->report, FINDING_UNEXPECTED, 1, "order '%.*s'", STR_ARGS(key));
        return OK;
    }
    if (!record->value.data) {
        order->story = STORY_MISSING;
        return OK;
    }
    const enum err err = value_read(&walk->reader, record->value, why);
    if (err && err_reaction(err) == REACTION_RETRY)
        return err;
    order->story_field = err ? "value (it cannot be read)" : wrong_field(walk, order);
    order->story = order->story_field ? STORY_WRONG : STORY_RIGHT;
    return OK;
}

/* NULL: all is as it should be. */
static const char *wrong_field(const struct story_walk *walk, const struct expected_order *order)
{
    const char *field = wrong_order_field(walk, order);
    return field ? field : wrong_payment_field(walk, order);
}

static const char *wrong_order_field(const struct story_walk *walk,
                                     const struct expected_order *order)
{
    const struct value_reader *reader = &walk->reader;
    const struct str customer_id = value_text(reader, CUSTOMER_ID);
    const double total = value_double(reader, ORDER_TOTAL);
    const int64_t time_ms = value_int64(reader, ORDER_TIME);
    const int64_t partition = value_int64(reader, ORDER_PARTITION);
    if (order->copies == 0)
        return customer_id.data || !isnan(total) || time_ms != INT64_MIN || partition != INT64_MIN
                   ? "order, which never was"
                   : NULL;
    if (!str_equal(customer_id, order->order.customer_id))
        return "CUSTOMER_ID";
    if (total != order->order.amount)
        return "ORDER_TOTAL";
    if (time_ms != order->order.time_ms)
        return "ORDER_TIME";
    return partition == hash_partition(order->order_id.data, order->order_id.size,
                                       walk->slice->partition_count)
               ? NULL
               : "ORDER_PARTITION";
}

/* With several payments the latest depends on the order of reading: any of them is right. */
static const char *wrong_payment_field(const struct story_walk *walk,
                                       const struct expected_order *order)
{
    const struct value_reader *reader = &walk->reader;
    const struct str payment_id = value_text(reader, PAYMENT_ID);
    const struct expected_payment *payment = order->payments;
    while (payment && !str_equal(payment->entry.payment_id, payment_id))
        payment = payment->next;
    if (!payment)
        return payment_id.data || order->payments ? "PAYMENT_ID" : NULL;
    const struct truth_entry *entry = &payment->entry;
    if (value_double(reader, PAYMENT_AMOUNT) != entry->amount)
        return "PAYMENT_AMOUNT";
    if (!str_equal(value_text(reader, PAYMENT_METHOD), method_names[entry->method]))
        return "PAYMENT_METHOD";
    if (value_int64(reader, PAYMENT_TIME) != entry->time_ms)
        return "PAYMENT_TIME";
    return value_int64(reader, PAYMENT_PARTITION) ==
                   hash_partition(payment_id.data, payment_id.size, walk->payments_partition_count)
               ? NULL
               : "PAYMENT_PARTITION";
}

static void finish(const struct slice *slice, struct report *report)
{
    size_t cursor = 0;
    for (const struct expected_order *order; (order = slice_next(slice, &cursor));) {
        report->place.expected++;
        report->place.found += order->story != STORY_MISSING;
        if (order->story == STORY_MISSING)
            report_add(report, order->is_unread ? FINDING_PENDING : FINDING_LOST, 1, "order '%.*s'",
                       STR_ARGS(order->order_id));
        else if (order->story == STORY_WRONG)
            report_add(report, order->is_unread ? FINDING_PENDING : FINDING_WRONG, 1,
                       "order '%.*s' has another %s", STR_ARGS(order->order_id),
                       order->story_field);
    }
}
