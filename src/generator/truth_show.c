/* truth_show.c -- a record of mcd_truth as JSON text, for people. */
#include "base/json.h"
#include "data/time.h"
#include "generator/generator.h"
#include "generator/truth.h"

static bool show_sent(struct str value, struct buf *buf);
static void show_entry(const struct truth_entry *entry, struct buf *buf);
static bool show_position(struct str value, struct buf *buf);
static void write_member(const char *before, struct str text, struct buf *buf);
static void write_time(const char *before, int64_t time_ms, struct buf *buf);

bool generator_show_truth(struct str topic, struct str key, struct str value, struct buf *buf)
{
    if (!str_equal(topic, STR(TRUTH_TOPIC)) || !value.data)
        return false;
    const size_t size = buf->size;
    const bool is_shown = str_equal(key, STR(TRUTH_KEY_SENT))       ? show_sent(value, buf)
                          : str_equal(key, STR(TRUTH_KEY_POSITION)) ? show_position(value, buf)
                                                                    : false;
    if (!is_shown)
        buf->size = size;
    return is_shown;
}

/* A record has up to thousands of entries: how many there are, the first and the last. */
static bool show_sent(struct str value, struct buf *buf)
{
    struct truth_reader reader;
    struct truth_entry entry = {0};
    uint64_t counts[TRUTH_BROKEN + 1] = {0};
    uint64_t count = 0;
    if (truth_reader_init(&reader, value) != OK)
        return false;
    buf_append_str(buf, STR("{\"first\":"));
    enum err err;
    while ((err = truth_next(&reader, &entry)) == OK) {
        if (count++ == 0)
            show_entry(&entry, buf);
        counts[entry.kind]++;
    }
    if (err != ERR_NOT_FOUND || count == 0)
        return false;
    buf_append_str(buf, STR(",\"last\":"));
    show_entry(&entry, buf);
    buf_printf(buf, ",\"orders\":%llu,\"payments\":%llu,\"broken\":%llu}",
               (unsigned long long)counts[TRUTH_ORDER], (unsigned long long)counts[TRUTH_PAYMENT],
               (unsigned long long)counts[TRUTH_BROKEN]);
    return true;
}

static void show_entry(const struct truth_entry *entry, struct buf *buf)
{
    if (entry->kind == TRUTH_BROKEN) {
        buf_append_str(buf, STR("\"broken bytes\""));
        return;
    }
    const bool is_order = entry->kind == TRUTH_ORDER;
    if (!is_order)
        write_member("{\"payment_id\":", entry->payment_id, buf);
    write_member(is_order ? "{\"order_id\":" : ",\"order_id\":", entry->order_id, buf);
    if (is_order)
        write_member(",\"customer_id\":", entry->customer_id, buf);
    write_time(",\"time\":", entry->time_ms, buf);
    buf_printf(buf, ",\"amount\":%.2f}", entry->amount);
}

static bool show_position(struct str value, struct buf *buf)
{
    struct truth_position position;
    if (truth_read_position(value, &position) != OK)
        return false;
    write_time("{\"start\":", position.start_ms, buf);
    buf_printf(buf,
               ",\"seed\":%llu,\"next_order\":%llu,\"orders\":%llu,\"payments\":%llu,"
               "\"events\":%llu}",
               (unsigned long long)position.seed, (unsigned long long)position.next_number,
               (unsigned long long)position.orders, (unsigned long long)position.payments,
               (unsigned long long)position.events);
    return true;
}

static void write_member(const char *before, struct str text, struct buf *buf)
{
    buf_append_str(buf, str_from(before));
    json_write_string(buf, text);
}

static void write_time(const char *before, int64_t time_ms, struct buf *buf)
{
    struct arena arena;
    arena_init(&arena, 0);
    write_member(before, timestamp_format_iso(time_ms, &arena), buf);
    arena_release(&arena);
}
