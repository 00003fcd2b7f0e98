/* position.c -- writes and reads the generator's position. */
#include "generator/truth.h"

#include <math.h>

#define VERSION 1
#define HEAD_NUMBERS 9
#define EPOCH_NUMBERS 10

static void put_number(struct buf *buf, uint64_t number);
static void put_double(struct buf *buf, double number);
static uint64_t get_number(const char *at, size_t index);
static double get_double(const char *at, size_t index);
static void read_epoch(const char *at, struct epoch *epoch);
static bool epochs_are_sane(const struct truth_position *position);

void truth_write_position(const struct truth_position *position, struct buf *buf)
{
    buf_clear(buf);
    buf_append_byte(buf, VERSION);
    put_number(buf, position->seed);
    put_number(buf, (uint64_t)position->start_ms);
    put_number(buf, position->next_number);
    put_number(buf, (uint64_t)position->last.send_ms);
    put_number(buf, position->last.what);
    put_number(buf, position->orders);
    put_number(buf, position->payments);
    put_number(buf, position->events);
    put_number(buf, position->epoch_count);
    for (uint32_t i = 0; i < position->epoch_count; i++) {
        const struct epoch *epoch = &position->epochs[i];
        put_number(buf, epoch->first_number);
        put_number(buf, (uint64_t)epoch->base_ms);
        put_double(buf, epoch->rate);
        put_double(buf, epoch->shares.unpaid);
        put_double(buf, epoch->shares.late);
        put_double(buf, epoch->shares.disorder);
        put_double(buf, epoch->shares.duplicate);
        put_double(buf, epoch->shares.orphan);
        put_double(buf, epoch->shares.malformed);
        put_number(buf, (uint64_t)epoch->shares.disorder_ms_max);
    }
}

enum err truth_read_position(struct str value, struct truth_position *ret_position)
{
    const char *at = value.data + 1;
    if (value.size < 1 + HEAD_NUMBERS * 8 || value.data[0] != VERSION)
        return ERR_CORRUPT;
    const uint64_t epoch_count = get_number(at, 8);
    if (epoch_count < 1 || epoch_count > EPOCHS_MAX ||
        value.size != 1 + (HEAD_NUMBERS + EPOCH_NUMBERS * epoch_count) * 8)
        return ERR_CORRUPT;
    struct truth_position position = {
        .seed = get_number(at, 0),
        .start_ms = (int64_t)get_number(at, 1),
        .next_number = get_number(at, 2),
        .last = {(int64_t)get_number(at, 3), get_number(at, 4)},
        .orders = get_number(at, 5),
        .payments = get_number(at, 6),
        .events = get_number(at, 7),
        .epoch_count = (uint32_t)epoch_count,
    };
    for (uint32_t i = 0; i < epoch_count; i++)
        read_epoch(at + (HEAD_NUMBERS + EPOCH_NUMBERS * i) * 8, &position.epochs[i]);
    if (!epochs_are_sane(&position))
        return ERR_CORRUPT;
    *ret_position = position;
    return OK;
}

static void read_epoch(const char *at, struct epoch *epoch)
{
    epoch->first_number = get_number(at, 0);
    epoch->base_ms = (int64_t)get_number(at, 1);
    epoch->rate = get_double(at, 2);
    epoch->shares.unpaid = get_double(at, 3);
    epoch->shares.late = get_double(at, 4);
    epoch->shares.disorder = get_double(at, 5);
    epoch->shares.duplicate = get_double(at, 6);
    epoch->shares.orphan = get_double(at, 7);
    epoch->shares.malformed = get_double(at, 8);
    epoch->shares.disorder_ms_max = (int64_t)get_number(at, 9);
}

static bool epochs_are_sane(const struct truth_position *position)
{
    for (uint32_t i = 0; i < position->epoch_count; i++) {
        const struct epoch *epoch = &position->epochs[i];
        if (!(epoch->rate > 0) || !isfinite(epoch->rate) || epoch->shares.disorder_ms_max < 0 ||
            epoch->first_number > position->next_number ||
            (i > 0 && epoch->first_number <= position->epochs[i - 1].first_number))
            return false;
    }
    return true;
}

static void put_number(struct buf *buf, uint64_t number)
{
    buf_append(buf, &number, sizeof(number));
}

static void put_double(struct buf *buf, double number)
{
    buf_append(buf, &number, sizeof(number));
}

static uint64_t get_number(const char *at, size_t index)
{
    uint64_t number;
    memcpy(&number, at + index * 8, sizeof(number));
    return number;
}

static double get_double(const char *at, size_t index)
{
    double number;
    memcpy(&number, at + index * 8, sizeof(number));
    return number;
}
