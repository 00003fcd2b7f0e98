/* time_text.c -- times and their texts, for the bodies that format and parse them. */
#include "functions/time_text.h"

#include "data/time.h"

struct kept_pattern {
    struct str text;
    const struct time_pattern *pattern;
};

static enum err pattern_get(struct call *call, struct str text,
                            const struct time_pattern **ret_pattern)
{
    struct kept_pattern *kept = call->memory;
    if (kept == NULL || !str_equal(kept->text, text)) {
        const struct time_pattern *pattern = NULL;
        const enum err err = time_pattern_compile(text, call->arena, &pattern, NULL);
        if (err != OK)
            return err;
        kept = ARENA_NEW(call->arena, struct kept_pattern);
        *kept = (struct kept_pattern){.text = text, .pattern = pattern};
        call->memory = kept;
    }
    *ret_pattern = kept->pattern;
    return OK;
}

enum err time_text_parse(struct call *call, struct str text, struct str pattern, struct str zone,
                         int64_t *ret_timestamp_ms)
{
    const struct time_pattern *compiled = NULL;
    const enum err err = pattern_get(call, pattern, &compiled);
    if (err != OK)
        return err;
    return time_pattern_parse(compiled, text, zone, ret_timestamp_ms);
}

enum err time_text_format(struct call *call, int64_t timestamp_ms, struct str pattern,
                          struct str zone, struct str *ret_text)
{
    const struct time_pattern *compiled = NULL;
    const enum err err = pattern_get(call, pattern, &compiled);
    if (err != OK)
        return err;
    return time_pattern_format(compiled, timestamp_ms, zone, call->arena, ret_text);
}

enum err time_unit_ms(struct str unit, int64_t *ret_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"MILLISECONDS", 1},
                 {"SECONDS", 1000},
                 {"MINUTES", 60000},
                 {"HOURS", 3600000},
                 {"DAYS", TIME_DAY_MS}};
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        const struct str many = str_from(units[i].name);
        const struct str one = {many.data, many.size - 1};
        if (str_equal_nocase(unit, many) || str_equal_nocase(unit, one)) {
            *ret_ms = units[i].ms;
            return OK;
        }
    }
    return ERR_INVALID;
}
