/* truth.c -- writes and reads the entries of mcd_truth. */
#include "generator/truth.h"

#include "base/varint.h"

#define VERSION 1

static void put_text(struct buf *buf, struct str text);
static bool get_byte(struct truth_reader *reader, uint32_t bound, uint32_t *ret_byte);
static bool get_text(struct truth_reader *reader, struct str *ret_text);
static bool get_double(struct truth_reader *reader, double *ret_number);
static bool get_number(struct truth_reader *reader, int64_t *ret_number);
static bool get_order(struct truth_reader *reader, struct truth_entry *entry);
static bool get_payment(struct truth_reader *reader, struct truth_entry *entry);

void truth_begin(struct buf *buf)
{
    buf_clear(buf);
    buf_append_byte(buf, VERSION);
}

void truth_add_order(const struct order *order, struct buf *buf)
{
    buf_append_byte(buf, TRUTH_ORDER);
    varint_append(buf, order->time_ms);
    buf_append(buf, &order->total, sizeof(order->total));
    buf_append_byte(buf, (uint8_t)order->channel);
    put_text(buf, model_str(&order->order_id));
    put_text(buf, model_str(&order->customer_id));
    buf_append_byte(buf, order->line_count);
    for (uint32_t i = 0; i < order->line_count; i++) {
        buf_append_byte(buf, order->lines[i].item);
        buf_append_byte(buf, order->lines[i].quantity);
    }
}

void truth_add_payment(const struct payment *payment, struct buf *buf)
{
    buf_append_byte(buf, TRUTH_PAYMENT);
    varint_append(buf, payment->time_ms);
    buf_append(buf, &payment->amount, sizeof(payment->amount));
    buf_append_byte(buf, (uint8_t)payment->method);
    put_text(buf, model_str(&payment->payment_id));
    put_text(buf, model_str(&payment->order_id));
}

void truth_add_broken(bool is_payment, struct buf *buf)
{
    buf_append_byte(buf, TRUTH_BROKEN);
    buf_append_byte(buf, is_payment);
}

enum err truth_reader_init(struct truth_reader *reader, struct str value)
{
    uint32_t version;
    reader->at = (const uint8_t *)value.data;
    reader->end = reader->at + value.size;
    return get_byte(reader, 256, &version) && version == VERSION ? OK : ERR_CORRUPT;
}

enum err truth_next(struct truth_reader *reader, struct truth_entry *ret_entry)
{
    struct truth_entry entry = {0};
    uint32_t kind, topic;
    bool good = false;
    if (reader->at == reader->end)
        return ERR_NOT_FOUND;
    if (!get_byte(reader, TRUTH_BROKEN + 1, &kind))
        return ERR_CORRUPT;
    entry.kind = (enum truth_kind)kind;
    switch (entry.kind) {
    case TRUTH_ORDER:
        good = get_order(reader, &entry);
        break;
    case TRUTH_PAYMENT:
        good = get_payment(reader, &entry);
        break;
    case TRUTH_BROKEN:
        good = get_byte(reader, 2, &topic);
        break;
    }
    if (!good)
        return ERR_CORRUPT;
    *ret_entry = entry;
    return OK;
}

static bool get_order(struct truth_reader *reader, struct truth_entry *entry)
{
    uint32_t channel, count, item, quantity;
    if (!get_number(reader, &entry->time_ms) || !get_double(reader, &entry->amount) ||
        !get_byte(reader, CHANNEL_COUNT, &channel) || !get_text(reader, &entry->order_id) ||
        !get_text(reader, &entry->customer_id) || !get_byte(reader, ORDER_LINES_MAX + 1, &count))
        return false;
    entry->channel = (enum channel)channel;
    entry->line_count = (uint8_t)count;
    for (uint32_t i = 0; i < count; i++) {
        if (!get_byte(reader, MENU_ITEM_COUNT, &item) || !get_byte(reader, 256, &quantity))
            return false;
        entry->lines[i] = (struct order_line){(uint8_t)item, (uint8_t)quantity};
    }
    return true;
}

static bool get_payment(struct truth_reader *reader, struct truth_entry *entry)
{
    uint32_t method;
    if (!get_number(reader, &entry->time_ms) || !get_double(reader, &entry->amount) ||
        !get_byte(reader, METHOD_COUNT, &method))
        return false;
    entry->method = (enum payment_method)method;
    return get_text(reader, &entry->payment_id) && get_text(reader, &entry->order_id);
}

static void put_text(struct buf *buf, struct str text)
{
    must(text.size <= UINT8_MAX);
    buf_append_byte(buf, (uint8_t)text.size);
    buf_append_str(buf, text);
}

static bool get_byte(struct truth_reader *reader, uint32_t bound, uint32_t *ret_byte)
{
    if (reader->at == reader->end || *reader->at >= bound)
        return false;
    *ret_byte = *reader->at++;
    return true;
}

static bool get_text(struct truth_reader *reader, struct str *ret_text)
{
    uint32_t size;
    if (!get_byte(reader, 256, &size) || (size_t)(reader->end - reader->at) < size)
        return false;
    *ret_text = (struct str){(const char *)reader->at, size};
    reader->at += size;
    return true;
}

static bool get_double(struct truth_reader *reader, double *ret_number)
{
    if ((size_t)(reader->end - reader->at) < sizeof(*ret_number))
        return false;
    memcpy(ret_number, reader->at, sizeof(*ret_number));
    reader->at += sizeof(*ret_number);
    return true;
}

static bool get_number(struct truth_reader *reader, int64_t *ret_number)
{
    const uint8_t *after = varint_get(reader->at, reader->end, ret_number);
    if (!after)
        return false;
    reader->at = after;
    return true;
}
