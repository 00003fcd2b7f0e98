/* data_time.c -- patterns, texts, zones and zone files from any bytes: first a byte that says
 * which, then parts between zero bytes. */
#include "data/time.h"
#include "data/zone_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str next_part(struct str *rest)
{
    const size_t size = str_index(*rest, '\0');
    const struct str part = {rest->data, size};
    const size_t skip = size < rest->size ? size + 1 : size;
    *rest = (struct str){rest->data + skip, rest->size - skip};
    return part;
}

static void pattern_parses(struct str rest, struct arena *arena)
{
    const struct time_pattern *pattern = NULL;
    struct why why;
    if (time_pattern_compile(next_part(&rest), arena, &pattern, &why) != OK)
        return;
    const struct str zone = next_part(&rest);
    int64_t timestamp_ms = 0;
    if (time_pattern_parse(pattern, rest, zone, &timestamp_ms) != OK)
        return;
    struct str text = {0};
    if (time_pattern_format(pattern, timestamp_ms, zone, arena, &text) == OK)
        (void)!time_pattern_parse(pattern, text, zone, &timestamp_ms);
}

static void iso_goes_round(struct str text, struct arena *arena)
{
    int64_t timestamp_ms = 0;
    int64_t again_ms = 0;
    if (timestamp_parse_iso(text, &timestamp_ms) == OK) {
        must(timestamp_parse_iso(timestamp_format_iso(timestamp_ms, arena), &again_ms) == OK);
        must(again_ms == timestamp_ms);
    }
    int32_t number = 0;
    int32_t again = 0;
    if (date_parse_iso(text, &number) == OK) {
        must(date_parse_iso(date_format_iso(number, arena), &again) == OK);
        must(again == number);
    }
    if (time_parse_iso(text, &number) == OK) {
        must(time_parse_iso(time_format_iso(number, arena), &again) == OK);
        must(again == number);
    }
    (void)!zone_offset_ms(text, 0, &timestamp_ms);
}

static void zone_reads(struct str bytes, struct arena *arena)
{
    struct zone_file file;
    if (zone_file_parse(bytes, arena, &file) == OK)
        for (int64_t at = INT64_MIN / 1000; at < INT64_MAX / 1001; at += INT64_MAX / 10007)
            must(zone_file_at(&file, at));
    struct zone_file rules = {0};
    if (zone_rules_parse(bytes, &rules) == OK)
        for (int64_t at = -4000000000; at < 8000000000; at += 1000000007)
            must(zone_rules_at(&rules, at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct str rest = {(const char *)data + 1, size - 1};
    struct arena arena;
    arena_init(&arena, 0);
    if (data[0] % 3 == 0)
        pattern_parses(rest, &arena);
    else if (data[0] % 3 == 1)
        iso_goes_round(rest, &arena);
    else
        zone_reads(rest, &arena);
    arena_release(&arena);
    return 0;
}
