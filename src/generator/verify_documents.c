/* verify_documents.c -- documents of the sink, each one joined row as JSON. */
#include "base/json.h"
#include "generator/verify.h"

#include "data/time.h"

#include <math.h>

struct document_walk {
    struct source *source;
    const struct slice *slice;
    struct report *report;
    struct arena arena; /* of one document */
};

static bool check_document(void *context, struct str id, struct str json);
static bool read_document(struct json_reader *reader, struct joined_row *row);
static bool read_member(struct json_reader *reader, struct str name, struct joined_row *row);
static bool read_lines(struct json_reader *reader, struct joined_row *row);
static bool read_line(struct json_reader *reader, struct joined_line *line);
static bool read_text(struct json_reader *reader, struct str *text);
static bool read_number(struct json_reader *reader, double *number);
static bool read_date(struct json_reader *reader, int64_t *time_ms);
static bool date_value(struct json_reader *reader, int64_t *time_ms);

enum err verify_documents(struct source *source, struct slice *slice, struct report *report,
                          struct why *why)
{
    const struct verify_options *options = source->options;
    struct document_walk walk = {.source = source, .slice = slice, .report = report};
    arena_init(&walk.arena, 0);
    source->progress_told = -1;
    source_tell(source, VERIFY_COLLECTION, 0);
    const enum err err =
        options->walk(options->walk_context, STR(VERIFY_COLLECTION), check_document, &walk, why);
    if (!err) {
        joined_finish(slice, report);
        source_tell(source, VERIFY_COLLECTION, 1);
    }
    arena_release(&walk.arena);
    return err;
}

static bool check_document(void *context, struct str id, struct str json)
{
    struct document_walk *walk = context;
    struct json_reader reader;
    struct joined_row row;
    arena_clear(&walk->arena);
    joined_row_init(&row);
    json_reader_init(&reader, json, &walk->arena);
    const bool good = read_document(&reader, &row);
    /* One that cannot be read is counted with the slice its text falls into, to be counted once. */
    if (!slice_has(walk->slice, good ? row.order_id : json))
        return true;
    if (good) {
        joined_check(walk->slice, walk->report, &row);
        return true;
    }
    const struct str key = report_key(walk->report, id);
    walk->report->place.found++;
    report_add(walk->report, FINDING_UNEXPECTED, 1, "document %.*s cannot be read", STR_ARGS(key));
    return true;
}

static bool read_document(struct json_reader *reader, struct joined_row *row)
{
    if (json_next(reader) != JSON_OBJECT_BEGIN)
        return false;
    for (;;) {
        const enum json_token token = json_next(reader);
        if (token == JSON_OBJECT_END)
            return json_next(reader) == JSON_END;
        if (token != JSON_NAME || !read_member(reader, reader->text, row))
            return false;
    }
}

static bool read_member(struct json_reader *reader, struct str name, struct joined_row *row)
{
    if (str_equal(name, STR("ORDER_ID")))
        return read_text(reader, &row->order_id);
    if (str_equal(name, STR("CUSTOMER_ID")))
        return read_text(reader, &row->customer_id);
    if (str_equal(name, STR("ORDER_TOTAL")))
        return read_number(reader, &row->order_total);
    if (str_equal(name, STR("ORDER_ITEMS")))
        return read_lines(reader, row);
    if (str_equal(name, STR("ORDER_TIME")))
        return read_date(reader, &row->order_time_ms);
    if (str_equal(name, STR("PAYMENT_ID")))
        return read_text(reader, &row->payment_id);
    if (str_equal(name, STR("PAYMENT_AMOUNT")))
        return read_number(reader, &row->payment_amount);
    if (str_equal(name, STR("PAYMENT_METHOD")))
        return read_text(reader, &row->payment_method);
    if (str_equal(name, STR("PAYMENT_TIME")))
        return read_date(reader, &row->payment_time_ms);
    return json_skip(reader, json_next(reader), NULL) == OK;
}

static bool read_lines(struct json_reader *reader, struct joined_row *row)
{
    const enum json_token first = json_next(reader);
    if (first == JSON_NULL)
        return true;
    if (first != JSON_ARRAY_BEGIN)
        return false;
    for (;;) {
        struct joined_line line = {.quantity = INT64_MIN, .price = NAN};
        const enum json_token token = json_next(reader);
        if (token == JSON_ARRAY_END)
            return true;
        if (token == JSON_OBJECT_BEGIN ? !read_line(reader, &line) : token != JSON_NULL)
            return false;
        if (row->line_count < ORDER_LINES_MAX)
            row->lines[row->line_count] = line;
        row->line_count++;
    }
}

static bool read_line(struct json_reader *reader, struct joined_line *line)
{
    for (;;) {
        const enum json_token token = json_next(reader);
        if (token == JSON_OBJECT_END)
            return true;
        if (token != JSON_NAME)
            return false;
        const struct str name = reader->text;
        bool good;
        if (str_equal(name, STR("ITEM_NAME"))) {
            good = read_text(reader, &line->item_name);
        } else if (str_equal(name, STR("QUANTITY"))) {
            double quantity = NAN;
            good = read_number(reader, &quantity);
            if (fabs(quantity) < 1e15)
                line->quantity = (int64_t)quantity;
        } else if (str_equal(name, STR("PRICE"))) {
            good = read_number(reader, &line->price);
        } else {
            good = json_skip(reader, json_next(reader), NULL) == OK;
        }
        if (!good)
            return false;
    }
}

/* null leaves what the row was begun with. */
static bool read_text(struct json_reader *reader, struct str *text)
{
    const enum json_token token = json_next(reader);
    if (token == JSON_STRING)
        *text = reader->text;
    return token == JSON_STRING || token == JSON_NULL;
}

static bool read_number(struct json_reader *reader, double *number)
{
    const enum json_token token = json_next(reader);
    return token == JSON_NULL ||
           (token == JSON_NUMBER && str_to_double(reader->text, number) == OK);
}

/* Extended JSON: {"$date": ISO text}, or milliseconds as {"$numberLong": text} or a bare number. */
static bool read_date(struct json_reader *reader, int64_t *time_ms)
{
    const enum json_token token = json_next(reader);
    if (token == JSON_NULL)
        return true;
    return token == JSON_OBJECT_BEGIN && json_next(reader) == JSON_NAME &&
           str_equal(reader->text, STR("$date")) && date_value(reader, time_ms) &&
           json_next(reader) == JSON_OBJECT_END;
}

static bool date_value(struct json_reader *reader, int64_t *time_ms)
{
    switch (json_next(reader)) {
    case JSON_STRING:
        return timestamp_parse_iso(reader->text, time_ms) == OK;
    case JSON_NUMBER:
        return str_to_int64(reader->text, time_ms) == OK;
    case JSON_OBJECT_BEGIN:
        return json_next(reader) == JSON_NAME && str_equal(reader->text, STR("$numberLong")) &&
               json_next(reader) == JSON_STRING && str_to_int64(reader->text, time_ms) == OK &&
               json_next(reader) == JSON_OBJECT_END;
    default:
        return false;
    }
}
