/* verify_joined.c -- joined rows against the pairs that must have made them. */
#include "generator/verify.h"

#include <math.h>

enum {
    CUSTOMER_ID,
    ORDER_TOTAL,
    ORDER_ITEMS,
    ORDER_TIME,
    PAYMENT_ID,
    PAYMENT_AMOUNT,
    PAYMENT_METHOD,
    PAYMENT_TIME,
    FIELD_COUNT
};
enum { LINE_NAME, LINE_QUANTITY, LINE_PRICE, LINE_FIELDS };

struct joined_walk {
    const struct slice *slice;
    struct report *report;
    struct value_reader reader;
};

static enum err check_record(void *context, int32_t partition, const struct record *record,
                             struct why *why);
static void row_from_columns(const struct value_reader *reader, struct joined_row *row);
static const char *wrong_field(const struct expected_order *order,
                               const struct expected_payment *payment,
                               const struct joined_row *row);
static bool lines_equal(const struct truth_entry *order, const struct joined_row *row);

enum err verify_joined(struct source *source, struct slice *slice, struct report *report,
                       struct why *why)
{
    static const struct type_field line_fields[LINE_FIELDS] = {
        [LINE_NAME] = {STR_INIT("ITEM_NAME"), &type_string},
        [LINE_QUANTITY] = {STR_INIT("QUANTITY"), &type_bigint},
        [LINE_PRICE] = {STR_INIT("PRICE"), &type_double},
    };
    static const struct type line_type = {
        .kind = TYPE_STRUCT, .field_count = LINE_FIELDS, .fields = line_fields};
    static const struct type lines_type = {.kind = TYPE_ARRAY, .item = &line_type};
    static const struct value_field fields[FIELD_COUNT] = {
        [CUSTOMER_ID] = {"CUSTOMER_ID", &type_string},
        [ORDER_TOTAL] = {"ORDER_TOTAL", &type_double},
        [ORDER_ITEMS] = {"ORDER_ITEMS", &lines_type},
        [ORDER_TIME] = {"ORDER_TIME", &type_timestamp},
        [PAYMENT_ID] = {"PAYMENT_ID", &type_string},
        [PAYMENT_AMOUNT] = {"PAYMENT_AMOUNT", &type_double},
        [PAYMENT_METHOD] = {"PAYMENT_METHOD", &type_string},
        [PAYMENT_TIME] = {"PAYMENT_TIME", &type_timestamp},
    };
    struct joined_walk walk = {.slice = slice, .report = report};
    value_reader_init(&walk.reader, source->options->registry, fields, FIELD_COUNT);
    const enum err err =
        source_walk(source, "MCD_ORDERS_PAYMENTS_JOINED", check_record, &walk, why);
    if (!err)
        joined_finish(slice, report);
    value_reader_release(&walk.reader);
    return err;
}

void joined_row_init(struct joined_row *row)
{
    *row = (struct joined_row){
        .order_total = NAN,
        .payment_amount = NAN,
        .order_time_ms = INT64_MIN,
        .payment_time_ms = INT64_MIN,
    };
}

void joined_check(const struct slice *slice, struct report *report, const struct joined_row *row)
{
    const struct expected_order *order = slice_find(slice, row->order_id);
    struct expected_payment *payment = order ? order->payments : NULL;
    while (payment && !str_equal(payment->entry.payment_id, row->payment_id))
        payment = payment->next;
    report->place.found++;
    if (!payment || joined_count(order, payment) == 0) {
        const struct str key = report_key(report, row->order_id);
        report_add(report, FINDING_UNEXPECTED, 1, "order '%.*s' with payment '%.*s'", STR_ARGS(key),
                   STR_ARGS(row->payment_id));
        return;
    }
    const char *field = wrong_field(order, payment, row);
    if (field)
        report_add(report, FINDING_WRONG, 1, "order '%.*s' with payment '%.*s' has another %s",
                   STR_ARGS(row->order_id), STR_ARGS(row->payment_id), field);
    if (++payment->found > joined_count(order, payment))
        report_add(report, FINDING_DUPLICATED, 1,
                   "order '%.*s' with payment '%.*s' is there %u times instead of %llu",
                   STR_ARGS(row->order_id), STR_ARGS(row->payment_id), payment->found,
                   (unsigned long long)joined_count(order, payment));
}

void joined_finish(const struct slice *slice, struct report *report)
{
    size_t cursor = 0;
    for (const struct expected_order *order; (order = slice_next(slice, &cursor));) {
        for (const struct expected_payment *payment = order->payments; payment;
             payment = payment->next) {
            const uint64_t expected = joined_count(order, payment);
            report->place.expected += expected;
            if (payment->found < expected)
                report_add(report, order->is_unread ? FINDING_PENDING : FINDING_LOST,
                           expected - payment->found,
                           "order '%.*s' with payment '%.*s' is there %u times instead of %llu",
                           STR_ARGS(order->order_id), STR_ARGS(payment->entry.payment_id),
                           payment->found, (unsigned long long)expected);
        }
    }
}

static enum err check_record(void *context, int32_t partition, const struct record *record,
                             struct why *why)
{
    struct joined_walk *walk = context;
    if (!slice_has(walk->slice, record->key))
        return OK;
    const enum err err = value_read(&walk->reader, record->value, why);
    if (err && err_reaction(err) == REACTION_RETRY)
        return err;
    struct joined_row row;
    joined_row_init(&row);
    row.order_id = record->key;
    if (err) {
        const struct str key = report_key(walk->report, record->key);
        walk->report->place.found++;
        report_add(walk->report, FINDING_UNEXPECTED, 1, "order '%.*s' at %d/%lld cannot be read",
                   STR_ARGS(key), partition, (long long)record->offset);
        return OK;
    }
    row_from_columns(&walk->reader, &row);
    joined_check(walk->slice, walk->report, &row);
    return OK;
}

static void row_from_columns(const struct value_reader *reader, struct joined_row *row)
{
    const struct column *items = &reader->columns[ORDER_ITEMS];
    row->customer_id = value_text(reader, CUSTOMER_ID);
    row->order_total = value_double(reader, ORDER_TOTAL);
    row->order_time_ms = value_int64(reader, ORDER_TIME);
    row->payment_id = value_text(reader, PAYMENT_ID);
    row->payment_amount = value_double(reader, PAYMENT_AMOUNT);
    row->payment_method = value_text(reader, PAYMENT_METHOD);
    row->payment_time_ms = value_int64(reader, PAYMENT_TIME);
    if (items->nulls[0])
        return;
    const struct span span = items->spans[0];
    const struct column *lines = items->children[0].children;
    row->line_count = span.count;
    for (uint32_t i = 0; i < span.count && i < ORDER_LINES_MAX; i++) {
        const uint32_t at = span.start + i;
        struct joined_line *line = &row->lines[i];
        *line = (struct joined_line){.quantity = INT64_MIN, .price = NAN};
        if (items->children[0].nulls[at])
            continue;
        if (!lines[LINE_NAME].nulls[at])
            line->item_name = lines[LINE_NAME].strings[at];
        if (!lines[LINE_QUANTITY].nulls[at])
            line->quantity = lines[LINE_QUANTITY].bigints[at];
        if (!lines[LINE_PRICE].nulls[at])
            line->price = lines[LINE_PRICE].doubles[at];
    }
}

/* NULL: all is as it should be. */
static const char *wrong_field(const struct expected_order *order,
                               const struct expected_payment *payment, const struct joined_row *row)
{
    const struct truth_entry *placed = &order->order;
    const struct truth_entry *paid = &payment->entry;
    if (!str_equal(row->customer_id, placed->customer_id))
        return "CUSTOMER_ID";
    if (row->order_total != placed->amount)
        return "ORDER_TOTAL";
    if (row->order_time_ms != placed->time_ms)
        return "ORDER_TIME";
    if (!lines_equal(placed, row))
        return "ORDER_ITEMS";
    if (row->payment_amount != paid->amount)
        return "PAYMENT_AMOUNT";
    if (!str_equal(row->payment_method, method_names[paid->method]))
        return "PAYMENT_METHOD";
    return row->payment_time_ms == paid->time_ms ? NULL : "PAYMENT_TIME";
}

static bool lines_equal(const struct truth_entry *order, const struct joined_row *row)
{
    if (row->line_count != order->line_count)
        return false;
    for (uint32_t i = 0; i < order->line_count; i++) {
        const struct joined_line *line = &row->lines[i];
        const struct menu_item *item = &menu[order->lines[i].item];
        if (!str_equal(line->item_name, item->name) || line->quantity != order->lines[i].quantity ||
            line->price != (double)item->price_cents / 100)
            return false;
    }
    return true;
}
