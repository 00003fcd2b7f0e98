/* str_number.c -- numbers and durations from text. */
#include "base/memory.h"
#include "base/str.h"

#include <locale.h>
#include <pthread.h>

static bool double_from_short(struct str text, double *ret_value);
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum err str_to_int64(struct str text, int64_t *ret_value)
{
    size_t i = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+');
    const bool is_negative = i && text.data[0] == '-';
    if (i == text.size)
        return ERR_INVALID;
    int64_t value = 0;
    bool is_beyond = false;
    for (; i < text.size; i++) {
        if (!is_digit(text.data[i]))
            return ERR_INVALID;
        /* Downwards: the smallest number has no positive partner. */
        is_beyond |= __builtin_mul_overflow(value, 10, &value);
        is_beyond |= __builtin_sub_overflow(value, text.data[i] - '0', &value);
    }
    if (is_beyond || (!is_negative && value == INT64_MIN))
        return ERR_OUT_OF_RANGE;
    *ret_value = is_negative ? value : -value;
    return OK;
}

static locale_t locale_c;

static void locale_c_make(void)
{
    locale_c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    must(locale_c != (locale_t)0);
}

enum err str_to_double(struct str text, double *ret_value)
{
    if (double_from_short(text, ret_value))
        return OK;
    const char first = text.size ? text.data[0] : ' ';
    if (first == ' ' || (first >= '\t' && first <= '\r'))
        return ERR_INVALID; /* strtod would skip it */
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    must(pthread_once(&once, locale_c_make) == 0);

    char on_stack[128];
    char *copy = text.size < sizeof(on_stack) ? on_stack : memory_alloc(text.size + 1);
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    char *end = copy;
    const double value = strtod_l(copy, &end, locale_c);
    const bool is_all = end == copy + text.size;
    if (copy != on_stack)
        free(copy);
    if (!is_all)
        return ERR_INVALID;
    *ret_value = value;
    return OK;
}

/* Digits with a point and at most 15 of them: both the digits as a whole number and the power of
 * ten are exact doubles, so one division rounds once and rightly (Clinger 1990). */
static bool double_from_short(struct str text, double *ret_value)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    size_t i = text.size > 0 && text.data[0] == '-';
    if (text.size < i + 1 || text.size > i + 16)
        return false;
    const bool is_negative = i > 0;
    int64_t digits = 0;
    int count = 0;
    int after_point = -1; /* none seen */
    for (; i < text.size; i++) {
        if (text.data[i] == '.' && after_point < 0) {
            after_point = 0;
            continue;
        }
        if (!is_digit(text.data[i]))
            return false;
        digits = digits * 10 + (text.data[i] - '0');
        count++;
        after_point += after_point >= 0;
    }
    if (count == 0 || count > 15)
        return false;
    const double value = (double)digits / powers[after_point > 0 ? after_point : 0];
    *ret_value = is_negative ? -value : value;
    return true;
}

enum err str_to_duration_ms(struct str text, int64_t *ret_duration_ms)
{
    static const struct {
        struct str name;
        int64_t ms;
    } units[] = {
        {{"", 0}, 1000},   {{"ms", 2}, 1},      {{"s", 1}, 1000},
        {{"m", 1}, 60000}, {{"h", 1}, 3600000}, {{"d", 1}, 86400000},
    };
    size_t digits = 0;
    while (digits < text.size && is_digit(text.data[digits]))
        digits++;
    int64_t count = 0;
    if (str_to_int64((struct str){text.data, digits}, &count) != OK)
        return ERR_INVALID;
    const struct str unit = {text.data + digits, text.size - digits};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        int64_t duration_ms = 0;
        if (!str_equal(unit, units[i].name))
            continue;
        if (__builtin_mul_overflow(count, units[i].ms, &duration_ms))
            return ERR_INVALID;
        *ret_duration_ms = duration_ms;
        return OK;
    }
    return ERR_INVALID;
}
