/* str.c -- comparing and cutting text. */
#include "base/str.h"

#include "base/utf8.h"

#define NEAREST_SIZE_MAX 64

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t distance(struct str a, struct str b);

bool str_equal_nocase(struct str a, struct str b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++) {
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    }
    return true;
}

int str_compare(struct str a, struct str b)
{
    const size_t shorter = a.size < b.size ? a.size : b.size;
    const int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

bool str_starts_with(struct str text, struct str prefix)
{
    return text.size >= prefix.size && str_equal((struct str){text.data, prefix.size}, prefix);
}

bool str_ends_with(struct str text, struct str suffix)
{
    if (suffix.size == 0)
        return true;
    return text.size >= suffix.size &&
           memcmp(text.data + text.size - suffix.size, suffix.data, suffix.size) == 0;
}

size_t str_index(struct str text, char byte)
{
    const char *at = text.size ? memchr(text.data, byte, text.size) : NULL;
    return at ? (size_t)(at - text.data) : text.size;
}

struct str str_trim(struct str text)
{
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    return text;
}

struct str str_nearest(struct str wanted, const struct str *candidates, size_t count)
{
    struct str nearest = {0};
    size_t least = wanted.size / 3 > 1 ? wanted.size / 3 : 1;
    for (size_t i = 0; i < count; i++) {
        const size_t steps = distance(wanted, candidates[i]);
        /* The first of those equally near, but one step nearer beats it. */
        if (steps > least || (nearest.size > 0 && steps == least))
            continue;
        nearest = candidates[i];
        least = steps;
    }
    return nearest;
}

/* Optimal string alignment: insertions, deletions, replacements and swaps of neighbours, no part
 * edited twice (Damerau 1964, Levenshtein 1965). row[i % 3][j] is the distance of the first i bytes
 * of a from the first j bytes of b. Texts beyond the limit are near to nothing. */
static size_t distance(struct str a, struct str b)
{
    if (a.size > NEAREST_SIZE_MAX || b.size > NEAREST_SIZE_MAX)
        return SIZE_MAX;
    size_t row[3][NEAREST_SIZE_MAX + 1];
    for (size_t j = 0; j <= b.size; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        size_t *now = row[i % 3];
        const size_t *before = row[(i + 2) % 3];
        const size_t *swapped = row[(i + 1) % 3];
        const char left = lower(a.data[i - 1]);
        now[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            const char right = lower(b.data[j - 1]);
            size_t steps = before[j - 1] + (left != right);
            if (before[j] + 1 < steps)
                steps = before[j] + 1;
            if (now[j - 1] + 1 < steps)
                steps = now[j - 1] + 1;
            if (i > 1 && j > 1 && left == lower(b.data[j - 2]) && right == lower(a.data[i - 2]) &&
                swapped[j - 2] + 1 < steps)
                steps = swapped[j - 2] + 1;
            now[j] = steps;
        }
    }
    return row[a.size % 3][b.size];
}

bool str_is_utf8(struct str text)
{
    const char *at = text.data;
    const char *const end = at + text.size;
    while (at < end) {
        uint64_t eight = 0;
        while (end - at >= 8) {
            memcpy(&eight, at, 8);
            if (eight & 0x8080808080808080u)
                break;
            at += 8;
        }
        uint32_t point = 0;
        if (at < end && !(at = utf8_get(at, end, &point)))
            return false;
    }
    return true;
}
