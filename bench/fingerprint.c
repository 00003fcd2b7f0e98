/* fingerprint.c -- reads results back and sums the hashes of their rows. */
#include "bench/fingerprint.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/varint.h"
#include "bench/events.h"
#include "format/format.h"

#define READ_BYTES_MAX (1 << 20)

/* The joined topic's columns as join_world_start names them; ROWTIME comes after them. */
enum {
    COLUMN_ID,
    COLUMN_NUMBER,
    COLUMN_CUSTOMER,
    COLUMN_ORDER_TIME,
    COLUMN_CURRENCY,
    COLUMN_TOTAL,
    COLUMN_STATUS,
    COLUMN_ITEMS,
    COLUMN_PAYMENT_ID,
    COLUMN_AMOUNT,
    COLUMN_METHOD
};

void fingerprint_add(struct fingerprint *fingerprint, const void *row, size_t size)
{
    fingerprint->rows++;
    fingerprint->sum += hash64(row, size);
}

static void put_text(struct buf *buf, struct str text)
{
    varint_append(buf, (int64_t)text.size);
    buf_append(buf, text.data, text.size);
}

static void put_double(struct buf *buf, double value)
{
    buf_append(buf, &value, sizeof(value));
}

static void put_items(struct buf *buf, const struct column *items, uint32_t row)
{
    const struct span span = items->spans[row];
    const struct column *fields = items->children[0].children;
    varint_append(buf, span.count);
    for (uint32_t i = span.start; i < span.start + span.count; i++) {
        put_text(buf, fields[0].strings[i]);
        varint_append(buf, fields[1].integers[i]);
        put_double(buf, fields[2].doubles[i]);
    }
    if (span.count > 0)
        varint_append(buf, 0);
}

static void put_row(struct buf *buf, const struct batch *batch, uint32_t row)
{
    const struct column *columns = batch->columns;
    buf_clear(buf);
    put_text(buf, columns[COLUMN_ID].strings[row]);
    varint_append(buf, columns[COLUMN_NUMBER].bigints[row]);
    varint_append(buf, columns[COLUMN_CUSTOMER].bigints[row]);
    varint_append(buf, batch->timestamps[row]);
    put_text(buf, columns[COLUMN_CURRENCY].strings[row]);
    put_double(buf, columns[COLUMN_TOTAL].doubles[row]);
    put_text(buf, columns[COLUMN_STATUS].strings[row]);
    put_items(buf, &columns[COLUMN_ITEMS], row);
    if (columns[COLUMN_PAYMENT_ID].nulls[row])
        return;
    put_text(buf, columns[COLUMN_PAYMENT_ID].strings[row]);
    put_double(buf, columns[COLUMN_AMOUNT].doubles[row]);
    put_text(buf, columns[COLUMN_METHOD].strings[row]);
}

static struct decoder *open_decoder(struct join_world *world, struct arena *arena,
                                    const struct row_type **ret_row_type)
{
    struct source source;
    struct decoder *decoder;
    struct why why = {0};
    must(engine_source_of_topic(world->engine, STR("JOINED"), arena, &source) == OK);
    const struct row_type *row_type = source.format.row_type;
    must(row_type->column_count == COLUMN_METHOD + 1);
    struct column_origin origins[COLUMN_METHOD + 1];
    for (uint16_t i = 0; i <= COLUMN_METHOD; i++)
        origins[i] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = i};
    if (decoder_new(&source.format, origins, COLUMN_METHOD + 1, world->registry, &decoder, &why))
        die(&why);
    *ret_row_type = row_type;
    return decoder;
}

static void add_records(struct fingerprint *fingerprint, struct decoder *decoder,
                        const struct row_type *row_type, const struct log_records *records)
{
    struct format_reject rejects[BATCH_ROWS_MAX];
    struct why why = {0};
    struct arena arena;
    struct buf row = {0};
    arena_init(&arena, 1 << 20);
    for (uint32_t at = 0; at < records->count;) {
        uint32_t count = records->count - at;
        uint32_t rejected = 0;
        uint32_t done = 0;
        if (count > BATCH_ROWS_MAX)
            count = BATCH_ROWS_MAX;
        arena_clear(&arena);
        struct batch *batch = batch_new(&arena, row_type, count);
        if (decoder_decode(decoder, records->at + at, count, 0, batch, rejects, &rejected, &done,
                           &why))
            die(&why);
        must(rejected == 0);
        must(done == count);
        for (uint32_t i = 0; i < batch->row_count; i++) {
            put_row(&row, batch, i);
            fingerprint_add(fingerprint, row.data, row.size);
        }
        at += count;
    }
    buf_release(&row);
    arena_release(&arena);
}

struct fingerprint fingerprint_joined(struct join_world *world)
{
    const struct log_member_options options = {.name = STR("fingerprint"), .committed_only = true};
    struct fingerprint fingerprint = {0};
    const struct row_type *row_type;
    struct log_member *member;
    struct log_topic *topic;
    struct why why = {0};
    struct arena arena;
    arena_init(&arena, 0);
    struct decoder *decoder = open_decoder(world, &arena, &row_type);
    if (log_join(world->log, &options, &member, &why))
        die(&why);
    must(log_topic_open(world->log, STR("JOINED"), &topic) == OK);
    int64_t offset = 0;
    for (bool more = true; more;) {
        struct log_records *records;
        if (log_read(member, topic, 0, offset, READ_BYTES_MAX, &records, &why))
            die(&why);
        add_records(&fingerprint, decoder, row_type, records);
        more = records->next_offset > offset;
        offset = records->next_offset;
        log_records_release(records);
    }
    decoder_free(decoder);
    log_leave(member);
    arena_release(&arena);
    return fingerprint;
}

/* The order's bytes up to its items, without channel and address. */
static void add_order(struct fingerprint *fingerprint, const struct buf *order, struct buf *row)
{
    const uint8_t *const begin = (const uint8_t *)order->data;
    const uint8_t *const end = begin + order->size;
    const uint8_t *at = begin;
    int64_t number = 0;
    /* Which fields are texts (their size first), numbers and doubles, and whether a row has them.
     */
    static const char fields[] = "tnnntdtss";
    buf_clear(row);
    for (const char *field = fields; *field; field++) {
        const uint8_t *const from = at;
        if (*field == 'd')
            at += sizeof(double);
        else
            at = varint_get(at, end, &number);
        if (*field == 't' || *field == 's')
            at += number;
        if (*field != 's')
            buf_append(row, from, (size_t)(at - from));
    }
    const uint8_t *const items = at;
    at = varint_get(at, end, &number);
    for (int64_t i = 0, size = 0; i < number; i++) {
        at = varint_get(at, end, &size);
        at = varint_get(at + size, end, &size);
        at += sizeof(double);
    }
    buf_append(row, items, (size_t)(at + 1 - items)); /* and the end of the array */
    fingerprint_add(fingerprint, row->data, row->size);
}

void fingerprint_add_unpaid(struct fingerprint *fingerprint, uint64_t events, uint64_t window_ms)
{
    uint8_t *paid = memory_zalloc(events);
    struct random random = {EVENTS_PAYMENT_SEED};
    struct buf body = {0};
    struct buf row = {0};
    for (uint64_t i = 0; i < events; i++) {
        uint64_t order;
        buf_clear(&body);
        events_late_payment(&body, i, window_ms, &random, &order);
        paid[order] = 1;
    }
    random = (struct random){EVENTS_ORDER_SEED};
    for (uint64_t i = 0; i < events; i++) {
        buf_clear(&body);
        events_order(&body, events_key(i), EVENTS_BEGIN_MS + (int64_t)i, &random);
        /* Closed when the last event of all is later than the window's end. */
        if (!paid[i] && i + window_ms < events - 1)
            add_order(fingerprint, &body, &row);
    }
    buf_release(&row);
    buf_release(&body);
    free(paid);
}
