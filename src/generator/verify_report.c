/* verify_report.c -- numbers and examples of one place. */
#include "data/time.h"
#include "generator/verify.h"

#include <math.h>

#define EXAMPLES_OF_A_KIND_MAX 2
#define RELATIVE_TOLERANCE 1e-9
#define KEY_BYTES_SHOWN_MAX 40

static const char *const finding_words[FINDING_COUNT] = {"pending", "lost", "duplicated", "wrong",
                                                         "unexpected"};

void report_init(struct report *report, struct str name, struct arena *arena)
{
    *report = (struct report){.place.name = arena_str(arena, name), .arena = arena};
}

void report_add(struct report *report, enum finding finding, uint64_t count, const char *format,
                ...)
{
    struct verify_place *place = &report->place;
    uint64_t *const counters[FINDING_COUNT] = {&place->pending, &place->lost, &place->duplicated,
                                               &place->wrong, &place->unexpected};
    *counters[finding] += count;
    if (count == 0 || report->examples[finding] == EXAMPLES_OF_A_KIND_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    const struct str words = arena_vprintf(report->arena, format, arguments);
    va_end(arguments);
    report->examples[finding]++;
    place->examples[place->example_count++] =
        arena_printf(report->arena, "%s: %.*s", finding_words[finding], STR_ARGS(words));
}

/* "all in the window of 2026-01-31T10:05:00.000": text and eight bytes of the window's start. Size
 * 0: the key is not such a one. */
static struct str window_key(struct report *report, struct str key)
{
    const size_t text_size = key.size - sizeof(int64_t);
    if (key.size <= sizeof(int64_t) || text_size > KEY_BYTES_SHOWN_MAX ||
        key.data[text_size] != 0 || !str_is_utf8((struct str){key.data, text_size}))
        return (struct str){0};
    char iso[TIME_TEXT_MAX];
    int64_t start_ms = 0;
    for (size_t i = text_size; i < key.size; i++)
        start_ms = start_ms << 8 | (unsigned char)key.data[i];
    const int iso_size = (int)timestamp_write_iso(start_ms, iso);
    const int size =
        snprintf(report->key_text, sizeof(report->key_text), "%.*s in the window of %.*s",
                 (int)text_size, key.data, iso_size, iso);
    return (struct str){report->key_text, (size_t)size};
}

struct str report_key(struct report *report, struct str key)
{
    static const char digits[] = "0123456789abcdef";
    const size_t size = key.size < KEY_BYTES_SHOWN_MAX ? key.size : KEY_BYTES_SHOWN_MAX;
    char *text = report->key_text;
    const struct str windowed = window_key(report, key);
    if (windowed.size > 0)
        return windowed;
    bool is_text = str_is_utf8(key);
    for (size_t i = 0; i < key.size && is_text; i++)
        is_text = (unsigned char)key.data[i] >= ' ';
    if (is_text && size > 0)
        memcpy(text, key.data, size);
    if (is_text)
        return (struct str){text, size};
    text[0] = '0';
    text[1] = 'x';
    for (size_t i = 0; i < size; i++) {
        text[2 + 2 * i] = digits[(unsigned char)key.data[i] >> 4];
        text[3 + 2 * i] = digits[key.data[i] & 15];
    }
    return (struct str){text, 2 + 2 * size};
}

bool verify_equal(double a, double b)
{
    return fabs(a - b) <= RELATIVE_TOLERANCE * fmax(fabs(a), fabs(b));
}
