/* events.c -- makes the orders and payments of the benchmarks. */
#include "bench/events.h"
#include "base/varint.h"

const char *const events_order_schema =
    "{\"type\":\"record\",\"name\":\"Order\",\"fields\":["
    "{\"name\":\"order_id\",\"type\":\"string\"},{\"name\":\"order_no\",\"type\":\"long\"},"
    "{\"name\":\"customer\",\"type\":\"long\"},"
    "{\"name\":\"ts\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
    "{\"name\":\"currency\",\"type\":\"string\"},{\"name\":\"total\",\"type\":\"double\"},"
    "{\"name\":\"status\",\"type\":\"string\"},{\"name\":\"channel\",\"type\":\"string\"},"
    "{\"name\":\"addr\",\"type\":\"string\"},{\"name\":\"items\",\"type\":{\"type\":\"array\","
    "\"items\":"
    "{\"type\":\"record\",\"name\":\"Item\",\"fields\":[{\"name\":\"sku\",\"type\":\"string\"},"
    "{\"name\":\"qty\",\"type\":\"int\"},{\"name\":\"price\",\"type\":\"double\"}]}}},"
    "{\"name\":\"coupon\",\"type\":[\"null\",\"string\"]}]}";

const char *const events_payment_schema =
    "{\"type\":\"record\",\"name\":\"Payment\",\"fields\":["
    "{\"name\":\"payment_id\",\"type\":\"string\"},{\"name\":\"order_id\",\"type\":\"string\"},"
    "{\"name\":\"order_no\",\"type\":\"long\"},"
    "{\"name\":\"ts\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
    "{\"name\":\"amount\",\"type\":\"double\"},{\"name\":\"method\",\"type\":\"string\"},"
    "{\"name\":\"status\",\"type\":\"string\"},{\"name\":\"auth\",\"type\":\"string\"}]}";

uint64_t events_key(uint64_t index)
{
    /* Odd factors and shifts to the right can be undone: no two indices give the same key. */
    const uint64_t mask = 0xffffffffffull;
    uint64_t key = (index * 0x9E3779B97F4A7C15ull) & mask;
    key = ((key ^ key >> 21) * 0xBF58476D1CE4E5B9ull) & mask;
    return key ^ key >> 19;
}

void events_key_text(uint64_t key, char text[17])
{
    static const char digits[] = "0123456789abcdef";
    memcpy(text, "ord-", 4);
    for (int i = 0; i < 12; i++)
        text[4 + i] = digits[(key >> (44 - 4 * i)) & 15];
    text[16] = '\0';
}

static void put_text(struct buf *buf, const char *text, size_t size)
{
    varint_append(buf, (int64_t)size);
    buf_append(buf, text, size);
}

static void put_word(struct buf *buf, const char *text)
{
    put_text(buf, text, strlen(text));
}

static void put_double(struct buf *buf, double value)
{
    buf_append(buf, &value, 8);
}

static void put_number(struct buf *buf, const char *prefix, uint64_t number, int digits)
{
    char text[48];
    const size_t size = strlen(prefix);
    memcpy(text, prefix, size);
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        text[size + (size_t)i] = (char)('0' + number % 10);
    put_text(buf, text, size + (size_t)digits);
}

void events_head(struct buf *buf, int32_t schema_id)
{
    const uint32_t id = (uint32_t)schema_id;
    const uint8_t head[5] = {0, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                             (uint8_t)id};
    buf_clear(buf);
    buf_append(buf, head, sizeof(head));
}

void events_order(struct buf *buf, uint64_t key, int64_t time_ms, struct random *random)
{
    static const char *const states[] = {"NEW", "CONFIRMED", "PACKED"};
    static const char *const channels[] = {"web", "mobile", "store"};
    char text[17];
    events_key_text(key, text);
    put_text(buf, text, 16);
    varint_append(buf, (int64_t)key);
    varint_append(buf, (int64_t)random_below(random, 1000000));
    varint_append(buf, time_ms);
    put_word(buf, "EUR");
    put_double(buf, (double)random_below(random, 100000) / 100);
    put_word(buf, states[random_below(random, 3)]);
    put_word(buf, channels[random_below(random, 3)]);
    put_number(buf, "Main Street, Town, ", random_below(random, 99999), 5);
    const uint64_t items = 1 + random_below(random, 5);
    varint_append(buf, (int64_t)items);
    for (uint64_t i = 0; i < items; i++) {
        put_number(buf, "SKU", random_below(random, 999999), 6);
        varint_append(buf, 1 + (int64_t)random_below(random, 5));
        put_double(buf, (double)random_below(random, 10000) / 100);
    }
    varint_append(buf, 0);
    const bool coupon = random_below(random, 4) == 0;
    varint_append(buf, coupon);
    if (coupon)
        put_word(buf, "WELCOME10");
}

void events_payment(struct buf *buf, uint64_t key, int64_t time_ms, struct random *random)
{
    char text[17];
    events_key_text(random_next(random) & 0xffffffffffffull, text);
    memcpy(text, "pay-", 4);
    put_text(buf, text, 16);
    events_key_text(key, text);
    put_text(buf, text, 16);
    varint_append(buf, (int64_t)key);
    varint_append(buf, time_ms);
    put_double(buf, (double)random_below(random, 100000) / 100);
    put_word(buf, "CARD");
    put_word(buf, "AUTHORISED");
    put_word(buf, "auth-00112233");
}

void events_late_payment(struct buf *buf, uint64_t index, uint64_t window, struct random *random,
                         uint64_t *ret_order)
{
    const uint64_t delay = random_below(random, window);
    const uint64_t order = index >= delay ? index - delay : index;
    events_payment(buf, events_key(order), EVENTS_BEGIN_MS + (int64_t)index, random);
    *ret_order = order;
}
