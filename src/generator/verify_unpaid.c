/* verify_unpaid.c -- the stream of orders nobody paid in time.
 *
 * LEFT JOIN within 30 minutes, grace 5: an order without a payment that near is sent once stream
 * time has passed its time + 35 minutes, where stream time is the newest event among those whose
 * order id falls into the same partition. Near that edge, and for events that were out of order by
 * nearly the grace, the row may or may not be there: such orders are left out. */
#include "base/hash.h"
#include "generator/verify.h"

#define WITHIN_MS (30 * 60000LL)
#define GRACE_MS (5 * 60000LL)
#define EDGE_MS 60000LL

enum { CUSTOMER_ID, ORDER_TOTAL, ORDER_TIME, FIELD_COUNT };

enum wanted { WANTED_NOT, WANTED_PERHAPS, WANTED_SURELY };

struct unpaid_walk {
    const struct slice *slice;
    struct report *report;
    struct value_reader reader;
};

static enum err check_record(void *context, int32_t partition, const struct record *record,
                             struct why *why);
static void check_row(struct unpaid_walk *walk, struct expected_order *order);
static enum wanted wanted_of(const struct slice *slice, const struct expected_order *order);
static void finish(const struct slice *slice, struct report *report, bool is_behind);

enum err verify_unpaid(struct source *source, struct slice *slice, struct report *report,
                       struct why *why)
{
    static const struct value_field fields[FIELD_COUNT] = {
        [CUSTOMER_ID] = {"CUSTOMER_ID", &type_string},
        [ORDER_TOTAL] = {"ORDER_TOTAL", &type_double},
        [ORDER_TIME] = {"ORDER_TIME", &type_timestamp},
    };
    struct unpaid_walk walk = {.slice = slice, .report = report};
    value_reader_init(&walk.reader, source->options->registry, fields, FIELD_COUNT);
    const enum err err = source_walk(source, "UNPAID_ORDERS", check_record, &walk, why);
    if (!err)
        finish(slice, report, source->picture.unread_count > 0);
    value_reader_release(&walk.reader);
    return err;
}

static enum err check_record(void *context, int32_t partition, const struct record *record,
                             struct why *why)
{
    struct unpaid_walk *walk = context;
    if (!slice_has(walk->slice, record->key))
        return OK;
    struct expected_order *order = slice_find(walk->slice, record->key);
    const struct str key = report_key(walk->report, record->key);
    const enum err err = value_read(&walk->reader, record->value, why);
    if (err && err_reaction(err) == REACTION_RETRY)
        return err;
    walk->report->place.found++;
    if (err || !order || wanted_of(walk->slice, order) == WANTED_NOT)
        report_add(walk->report, FINDING_UNEXPECTED, 1, "order '%.*s' at %d/%lld%s", STR_ARGS(key),
                   partition, (long long)record->offset, err ? " cannot be read" : "");
    else
        check_row(walk, order);
    return OK;
}

static void check_row(struct unpaid_walk *walk, struct expected_order *order)
{
    const struct value_reader *reader = &walk->reader;
    if (!str_equal(value_text(reader, CUSTOMER_ID), order->order.customer_id) ||
        value_double(reader, ORDER_TOTAL) != order->order.amount ||
        value_int64(reader, ORDER_TIME) != order->order.time_ms)
        report_add(walk->report, FINDING_WRONG, 1,
                   "order '%.*s' has another customer, total or time", STR_ARGS(order->order_id));
    if (++order->found > order->copies)
        report_add(walk->report, FINDING_DUPLICATED, 1,
                   "order '%.*s' is there %u times instead of %u", STR_ARGS(order->order_id),
                   order->found, order->copies);
}

static enum wanted wanted_of(const struct slice *slice, const struct expected_order *order)
{
    if (order->copies == 0)
        return WANTED_NOT;
    if (order->lateness_ms > GRACE_MS - EDGE_MS)
        return WANTED_PERHAPS;
    for (const struct expected_payment *payment = order->payments; payment;
         payment = payment->next) {
        const int64_t delay_ms = joined_delay_ms(order, payment);
        if (delay_ms >= -WITHIN_MS && delay_ms <= WITHIN_MS)
            return WANTED_NOT;
    }
    const int64_t deadline_ms = order->order.time_ms + WITHIN_MS + GRACE_MS;
    const int32_t partition =
        hash_partition(order->order_id.data, order->order_id.size, slice->partition_count);
    if (deadline_ms < slice->newest_ms[partition] - EDGE_MS)
        return WANTED_SURELY;
    return deadline_ms < slice->newest_of_all_ms ? WANTED_PERHAPS : WANTED_NOT;
}

/* is_behind: the truth knows later events than the query, whose stream time may not be past every
 * deadline yet. */
static void finish(const struct slice *slice, struct report *report, bool is_behind)
{
    size_t cursor = 0;
    for (const struct expected_order *order; (order = slice_next(slice, &cursor));) {
        if (wanted_of(slice, order) != WANTED_SURELY)
            continue;
        report->place.expected += order->copies;
        if (order->found < order->copies)
            report_add(report, is_behind ? FINDING_PENDING : FINDING_LOST,
                       order->copies - order->found, "order '%.*s' is there %u times instead of %u",
                       STR_ARGS(order->order_id), order->found, order->copies);
    }
}
