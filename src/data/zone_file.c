/* zone_file.c -- reading compiled zone files.
 *
 * A file (RFC 8536) holds a header and a block of 32-bit times for old readers, then a header and a
 * block of 64-bit times, then the POSIX TZ text that holds after the last of them between two
 * newlines. A block: transition times, a period's index for each, periods of six bytes (offset,
 * summer time or not, where its abbreviation starts), abbreviations, leap seconds, indicators. */
#include "data/zone_file.h"

#include "base/big_endian.h"

#define HEADER_SIZE 44
#define PERIOD_SIZE 6
#define TRANSITIONS_MAX 10000

struct block {
    uint32_t indicator_utc_count;
    uint32_t indicator_standard_count;
    uint32_t leap_count;
    uint32_t transition_count;
    uint32_t period_count;
    uint32_t abbreviation_size;
};

static bool block_read(struct str bytes, struct block *ret_block);
static uint64_t block_size(const struct block *block, size_t time_size);
static bool transitions_read(const char *at, const struct block *block, struct arena *arena,
                             struct zone_file *file);
static bool periods_read(const char *at, const struct block *block, struct arena *arena,
                         struct zone_file *file);

enum err zone_file_parse(struct str bytes, struct arena *arena, struct zone_file *ret_file)
{
    struct block block;
    if (!block_read(bytes, &block) || bytes.data[4] < '2')
        return ERR_MALFORMED;
    const uint64_t skip = HEADER_SIZE + block_size(&block, 4);
    if (skip > bytes.size)
        return ERR_MALFORMED;
    struct str rest = {bytes.data + skip, bytes.size - skip};
    if (!block_read(rest, &block))
        return ERR_MALFORMED;
    const uint64_t size = HEADER_SIZE + block_size(&block, 8);
    if (size > rest.size || block.period_count == 0 || block.transition_count > TRANSITIONS_MAX)
        return ERR_MALFORMED;

    struct zone_file file = {0};
    const char *const times = rest.data + HEADER_SIZE;
    const char *const periods = times + (size_t)block.transition_count * 9;
    if (!transitions_read(times, &block, arena, &file) ||
        !periods_read(periods, &block, arena, &file))
        return ERR_MALFORMED;

    rest = (struct str){rest.data + size, rest.size - size};
    if (rest.size >= 2 && rest.data[0] == '\n') {
        struct str rules = {rest.data + 1, rest.size - 1};
        rules.size = str_index(rules, '\n');
        if (rules.size > 0 && zone_rules_parse(rules, &file) != OK)
            return ERR_MALFORMED;
    }
    *ret_file = file;
    return OK;
}

const struct zone_period *zone_file_at(const struct zone_file *file, int64_t timestamp_s)
{
    /* How many transitions are not after the instant. */
    uint32_t low = 0;
    uint32_t high = file->transition_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (file->transitions[middle] <= timestamp_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == file->transition_count && file->has_rules)
        return zone_rules_at(file, timestamp_s);
    return low == 0 ? &file->periods[0] : &file->periods[file->period_of[low - 1]];
}

static bool block_read(struct str bytes, struct block *ret_block)
{
    if (bytes.size < HEADER_SIZE || memcmp(bytes.data, "TZif", 4) != 0)
        return false;
    *ret_block = (struct block){
        .indicator_utc_count = big_endian_get_32(bytes.data + 20),
        .indicator_standard_count = big_endian_get_32(bytes.data + 24),
        .leap_count = big_endian_get_32(bytes.data + 28),
        .transition_count = big_endian_get_32(bytes.data + 32),
        .period_count = big_endian_get_32(bytes.data + 36),
        .abbreviation_size = big_endian_get_32(bytes.data + 40),
    };
    return true;
}

/* The counts are 32 bits wide, so the sum cannot overflow. */
static uint64_t block_size(const struct block *block, size_t time_size)
{
    return (uint64_t)block->transition_count * (time_size + 1) +
           (uint64_t)block->period_count * PERIOD_SIZE + block->abbreviation_size +
           (uint64_t)block->leap_count * (time_size + 4) + block->indicator_standard_count +
           block->indicator_utc_count;
}

static bool transitions_read(const char *at, const struct block *block, struct arena *arena,
                             struct zone_file *file)
{
    const uint32_t count = block->transition_count;
    int64_t *transitions = ARENA_ARRAY(arena, int64_t, count);
    uint8_t *period_of = ARENA_ARRAY(arena, uint8_t, count);
    for (uint32_t i = 0; i < count; i++) {
        transitions[i] = (int64_t)big_endian_get_64(at + (size_t)i * 8);
        period_of[i] = (uint8_t)at[(size_t)count * 8 + i];
        if (period_of[i] >= block->period_count || (i > 0 && transitions[i] <= transitions[i - 1]))
            return false;
    }
    file->transition_count = count;
    file->transitions = transitions;
    file->period_of = period_of;
    return true;
}

static bool periods_read(const char *at, const struct block *block, struct arena *arena,
                         struct zone_file *file)
{
    const uint32_t count = block->period_count;
    if (count > 256)
        return false;
    const char *const names = at + (size_t)count * PERIOD_SIZE;
    struct zone_period *periods = ARENA_ARRAY(arena, struct zone_period, count);
    for (uint32_t i = 0; i < count; i++, at += PERIOD_SIZE) {
        periods[i].offset_s = (int32_t)big_endian_get_32(at);
        if (periods[i].offset_s < -93599 || periods[i].offset_s > 93599)
            return false;
        for (uint32_t from = (uint8_t)at[5], size = 0;
             from < block->abbreviation_size && names[from] != 0; from++, size++) {
            if (size + 1 == ZONE_ABBREVIATION_MAX)
                return false;
            periods[i].abbreviation[size] = names[from];
        }
    }
    file->period_count = count;
    file->periods = periods;
    return true;
}
