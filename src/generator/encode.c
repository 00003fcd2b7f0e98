/* encode.c -- Avro by hand: two schemas that are known beforehand need no program. */
#include "generator/encode.h"

#include "base/varint.h"
#include "registry/registry.h"

#define NOISE_SIZE_MAX 40

static void put_head(struct buf *buf, int32_t schema_id);
static void put_text(struct buf *buf, struct str text);
static void put_double(struct buf *buf, double number);

void encode_order(const struct order *order, int32_t schema_id, struct buf *buf)
{
    put_head(buf, schema_id);
    put_text(buf, model_str(&order->order_id));
    put_text(buf, model_str(&order->customer_id));
    put_double(buf, order->total);
    varint_append(buf, order->line_count);
    for (uint32_t i = 0; i < order->line_count; i++) {
        const struct menu_item *item = &menu[order->lines[i].item];
        put_text(buf, item->name);
        varint_append(buf, order->lines[i].quantity);
        put_double(buf, (double)item->price_cents / 100);
    }
    varint_append(buf, 0);
    varint_append(buf, order->time_ms);
    put_text(buf, channel_names[order->channel]);
    put_text(buf, model_str(&order->store_id));
}

void encode_payment(const struct payment *payment, int32_t schema_id, struct buf *buf)
{
    put_head(buf, schema_id);
    put_text(buf, model_str(&payment->payment_id));
    put_text(buf, model_str(&payment->order_id));
    put_double(buf, payment->amount);
    put_text(buf, method_names[payment->method]);
    varint_append(buf, payment->time_ms);
}

/* A proper beginning of an Avro body never decodes: reading it takes the same steps as reading the
 * whole, and the last of them finds no bytes. */
void encode_broken(struct str good, struct random *random, struct buf *buf)
{
    must(good.size > REGISTRY_HEAD_SIZE);
    const size_t start = buf->size;
    switch (random_below(random, 4)) {
    case 0:
        buf_append_str(buf, good);
        buf->data[start] = 'M';
        break;
    case 1:
        buf_append(buf, good.data, 1 + random_below(random, good.size - 1));
        break;
    case 2:
        buf_append_str(buf, good);
        buf->data[start + 1] = 0x7f;
        break;
    default:
        buf_append_byte(buf, (uint8_t)(0x80 | random_below(random, 128)));
        for (uint64_t left = random_below(random, NOISE_SIZE_MAX); left > 0; left--)
            buf_append_byte(buf, (uint8_t)random_next(random));
        break;
    }
}

static void put_head(struct buf *buf, int32_t schema_id)
{
    uint8_t head[REGISTRY_HEAD_SIZE];
    registry_head_put(head, schema_id);
    buf_append(buf, head, sizeof(head));
}

static void put_text(struct buf *buf, struct str text)
{
    varint_append(buf, (int64_t)text.size);
    buf_append_str(buf, text);
}

static void put_double(struct buf *buf, double number)
{
    buf_append(buf, &number, sizeof(number));
}
