/* zone.c -- time zones by name: fixed offsets and the system's zone files, each read once. */
#include "data/zone.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/time.h"
#include "data/zone_file.h"

#include <pthread.h>
#include <stdatomic.h>

#define ZONE_DIRECTORY "/usr/share/zoneinfo/"
#define ZONE_FILE_BYTES_MAX (256 << 10)
#define ZONES_MAX 2000
#define OFFSET_MAX_MS (18 * INT64_C(3600000)) /* java.time.ZoneOffset's limit */

/* A zone that was read. Never freed, never changed: readers walk the list without a lock. */
struct zone {
    struct zone *next;
    struct str name;
    struct zone_file file;
    struct arena arena;
};

static struct {
    _Atomic(struct zone *) first;
    pthread_mutex_t lock; /* held to add a zone */
    uint32_t count;
} zones = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool offset_of_name(struct str name, int64_t *ret_offset_ms);
static enum err zone_find(struct str name, const struct zone **ret_zone);
static const struct zone *zone_look_up(struct str name);
static enum err zone_load(struct str name, struct zone **ret_zone);
static bool is_zone_name(struct str name);
static const struct zone_period *period_at(const struct zone *zone, int64_t timestamp_ms);
static int64_t offset_at(const struct zone *zone, int64_t local_ms, int64_t less_ms);

enum err zone_offset_ms(struct str zone, int64_t timestamp_ms, int64_t *ret_offset_ms)
{
    if (offset_of_name(zone, ret_offset_ms))
        return OK;
    const struct zone *found = NULL;
    const enum err err = zone_find(zone, &found);
    if (err != OK)
        return err;
    *ret_offset_ms = period_at(found, timestamp_ms)->offset_s * INT64_C(1000);
    return OK;
}

/* Where clocks go back both offsets fit and the earlier one is meant; where they go forward neither
 * fits, and the one before makes the time as much later as the clock jumped: java.time's choice. */
enum err zone_offset_of_local_ms(struct str zone, int64_t local_ms, int64_t *ret_offset_ms)
{
    if (offset_of_name(zone, ret_offset_ms))
        return OK;
    const struct zone *found = NULL;
    const enum err err = zone_find(zone, &found);
    if (err != OK)
        return err;
    const int64_t before = offset_at(found, local_ms, TIME_DAY_MS);
    const int64_t after = offset_at(found, local_ms, -TIME_DAY_MS);
    const bool before_fits = offset_at(found, local_ms, before) == before;
    const bool after_fits = offset_at(found, local_ms, after) == after;
    *ret_offset_ms = before_fits || !after_fits ? before : after;
    return OK;
}

enum err zone_moment_at(struct str zone, int64_t timestamp_ms, struct zone_moment *ret_moment)
{
    struct zone_moment moment = {0};
    if (offset_of_name(zone, &moment.offset_ms)) {
        const struct str text = zone.size == 0 ? STR("UTC") : zone;
        const size_t size = text.size < ZONE_ABBREVIATION_MAX ? text.size : 0;
        memcpy(moment.abbreviation, text.data, size);
        *ret_moment = moment;
        return OK;
    }
    const struct zone *found = NULL;
    const enum err err = zone_find(zone, &found);
    if (err != OK)
        return err;
    const struct zone_period *period = period_at(found, timestamp_ms);
    moment.offset_ms = period->offset_s * INT64_C(1000);
    memcpy(moment.abbreviation, period->abbreviation, sizeof(moment.abbreviation));
    *ret_moment = moment;
    return OK;
}

static bool two_digits(struct str text, size_t at, int *ret_number)
{
    if (at + 2 > text.size || text.data[at] < '0' || text.data[at] > '9' ||
        text.data[at + 1] < '0' || text.data[at + 1] > '9')
        return false;
    *ret_number = (text.data[at] - '0') * 10 + (text.data[at + 1] - '0');
    return true;
}

/* offset := "Z" | sign ( digit | hh | hhmm | hhmmss | hh:mm | hh:mm:ss ) */
bool zone_offset_read(struct str text, int64_t *ret_offset_ms)
{
    if (text.size == 1 && (text.data[0] == 'Z' || text.data[0] == 'z')) {
        *ret_offset_ms = 0;
        return true;
    }
    if (text.size < 2 || (text.data[0] != '+' && text.data[0] != '-'))
        return false;
    int parts[3] = {0};
    if (text.size == 2) {
        if (text.data[1] < '0' || text.data[1] > '9')
            return false;
        parts[0] = text.data[1] - '0';
    } else {
        const size_t colon = text.size > 3 && text.data[3] == ':';
        size_t at = 1;
        for (int i = 0; i < 3 && at < text.size; i++) {
            if (i > 0 && colon && text.data[at++] != ':')
                return false;
            if (!two_digits(text, at, &parts[i]))
                return false;
            at += 2;
        }
        if (at != text.size)
            return false;
    }
    const int64_t offset_ms =
        parts[0] * INT64_C(3600000) + parts[1] * INT64_C(60000) + parts[2] * INT64_C(1000);
    if (parts[1] > 59 || parts[2] > 59 || offset_ms > OFFSET_MAX_MS)
        return false;
    *ret_offset_ms = text.data[0] == '-' ? -offset_ms : offset_ms;
    return true;
}

/* name := offset | ( "UTC" | "GMT" | "UT" ) [ offset ], or nothing, which is UTC */
static bool offset_of_name(struct str name, int64_t *ret_offset_ms)
{
    static const struct str prefixes[] = {{"UTC", 3}, {"GMT", 3}, {"UT", 2}};
    if (name.size == 0) {
        *ret_offset_ms = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        const size_t size = prefixes[i].size;
        if (name.size < size || !str_equal_nocase((struct str){name.data, size}, prefixes[i]))
            continue;
        const struct str rest = {name.data + size, name.size - size};
        if (rest.size > 0)
            return rest.data[0] != 'Z' && zone_offset_read(rest, ret_offset_ms);
        *ret_offset_ms = 0;
        return true;
    }
    return zone_offset_read(name, ret_offset_ms);
}

static enum err zone_find(struct str name, const struct zone **ret_zone)
{
    const struct zone *zone = zone_look_up(name);
    if (zone) {
        *ret_zone = zone;
        return OK;
    }
    if (!is_zone_name(name))
        return ERR_NOT_FOUND;
    pthread_mutex_lock(&zones.lock);
    enum err err = OK;
    zone = zone_look_up(name);
    if (!zone && zones.count == ZONES_MAX)
        err = ERR_NOT_FOUND;
    if (!zone && err == OK) {
        struct zone *loaded = NULL;
        err = zone_load(name, &loaded);
        if (err == OK) {
            loaded->next = atomic_load_explicit(&zones.first, memory_order_relaxed);
            atomic_store_explicit(&zones.first, loaded, memory_order_release);
            zones.count++;
            zone = loaded;
        }
    }
    pthread_mutex_unlock(&zones.lock);
    if (err == OK)
        *ret_zone = zone;
    return err;
}

static const struct zone *zone_look_up(struct str name)
{
    const struct zone *zone = atomic_load_explicit(&zones.first, memory_order_acquire);
    while (zone && !str_equal(zone->name, name))
        zone = zone->next;
    return zone;
}

static enum err zone_load(struct str name, struct zone **ret_zone)
{
    char path[sizeof(ZONE_DIRECTORY) + ZONE_NAME_MAX];
    const size_t directory_size = sizeof(ZONE_DIRECTORY) - 1;
    must(name.size <= ZONE_NAME_MAX);
    memcpy(path, ZONE_DIRECTORY, directory_size);
    memcpy(path + directory_size, name.data, name.size);
    path[directory_size + name.size] = 0;

    struct zone *zone = MEMORY_NEW(struct zone);
    arena_init(&zone->arena, 0);
    struct str bytes = {0};
    enum err err = file_read(path, ZONE_FILE_BYTES_MAX, &zone->arena, &bytes, NULL);
    if (err == OK)
        err = zone_file_parse(bytes, &zone->arena, &zone->file);
    if (err != OK) {
        arena_release(&zone->arena);
        free(zone);
        return ERR_NOT_FOUND;
    }
    zone->name = arena_str(&zone->arena, name);
    *ret_zone = zone;
    return OK;
}

/* Letters, digits, '_', '+', '-' and inner slashes: nothing that leads out of the directory. */
static bool is_zone_name(struct str name)
{
    if (name.size == 0 || name.size > ZONE_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        const char c = name.data[i];
        const bool is_word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                             (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
        const bool is_inner_slash =
            c == '/' && i > 0 && i + 1 < name.size && name.data[i - 1] != '/';
        if (!is_word && !is_inner_slash)
            return false;
    }
    return true;
}

static const struct zone_period *period_at(const struct zone *zone, int64_t timestamp_ms)
{
    const int64_t seconds = timestamp_ms / 1000 - (timestamp_ms % 1000 < 0);
    return zone_file_at(&zone->file, seconds);
}

/* The offset at local_ms - less_ms; instants at the ends of time stay there. */
static int64_t offset_at(const struct zone *zone, int64_t local_ms, int64_t less_ms)
{
    int64_t timestamp_ms;
    if (__builtin_sub_overflow(local_ms, less_ms, &timestamp_ms))
        timestamp_ms = local_ms;
    return period_at(zone, timestamp_ms)->offset_s * INT64_C(1000);
}
