/* zone_rules.c -- the POSIX TZ text: what holds in a zone after its last recorded transition. */
#include "data/time.h"
#include "data/zone_file.h"

#define DAY_S 86400
#define RULE_HOURS_MAX 167 /* RFC 8536 3.3.1 */

struct rule_reader {
    const char *at;
    const char *end;
};

static bool take(struct rule_reader *reader, char wanted);
static bool read_number(struct rule_reader *reader, int most, int *ret_number);
static bool read_name(struct rule_reader *reader, char *ret_name);
static bool read_time(struct rule_reader *reader, int32_t *ret_time_s);
static bool read_rule(struct rule_reader *reader, struct zone_rule *ret_rule);
static int64_t rule_local_s(const struct zone_rule *rule, int64_t year);

/* rules := name time [ name [ time ] [ "," rule "," rule ] ]; a time here counts west as positive
 */
enum err zone_rules_parse(struct str text, struct zone_file *file)
{
    struct rule_reader reader = {text.data, text.data + text.size};
    struct zone_period winter = {0};
    struct zone_period summer = {0};
    if (!read_name(&reader, winter.abbreviation) || !read_time(&reader, &winter.offset_s))
        return ERR_MALFORMED;
    winter.offset_s = -winter.offset_s;
    const bool has_summer = reader.at < reader.end;
    if (has_summer) {
        if (!read_name(&reader, summer.abbreviation))
            return ERR_MALFORMED;
        summer.offset_s = winter.offset_s + 3600;
        if (reader.at < reader.end && *reader.at != ',') {
            if (!read_time(&reader, &summer.offset_s))
                return ERR_MALFORMED;
            summer.offset_s = -summer.offset_s;
        }
        if (!take(&reader, ',') || !read_rule(&reader, &file->summer_begin) ||
            !take(&reader, ',') || !read_rule(&reader, &file->winter_begin))
            return ERR_MALFORMED;
    }
    if (reader.at != reader.end)
        return ERR_MALFORMED;
    file->winter = winter;
    file->summer = summer;
    file->has_summer = has_summer;
    file->has_rules = true;
    return OK;
}

const struct zone_period *zone_rules_at(const struct zone_file *file, int64_t timestamp_s)
{
    must(file->has_rules);
    if (!file->has_summer)
        return &file->winter;
    const int64_t local_s = timestamp_s + file->winter.offset_s;
    const int64_t days = local_s / DAY_S - (local_s % DAY_S < 0);
    const int64_t year = civil_from_days(days).year;
    const int64_t begin = rule_local_s(&file->summer_begin, year) - file->winter.offset_s;
    const int64_t end = rule_local_s(&file->winter_begin, year) - file->summer.offset_s;
    /* South of the equator summer spans the new year. */
    const bool is_summer = begin < end ? timestamp_s >= begin && timestamp_s < end
                                       : timestamp_s >= begin || timestamp_s < end;
    return is_summer ? &file->summer : &file->winter;
}

/* Local seconds since 1970 of a year's change. */
static int64_t rule_local_s(const struct zone_rule *rule, int64_t year)
{
    const int64_t first = civil_to_days(year, 1, 1);
    if (rule->kind == RULE_DAY)
        return (first + rule->day) * DAY_S + rule->time_s;
    if (rule->kind == RULE_JULIAN) {
        /* Day 1 to 365, 29 February is never counted. */
        const bool is_leap = civil_days_in_month(year, 2) == 29;
        return (first + rule->day - 1 + (is_leap && rule->day >= 60)) * DAY_S + rule->time_s;
    }
    const int64_t month_first = civil_to_days(year, rule->month, 1);
    const int64_t weekday = ((month_first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = (rule->day - weekday + 7) % 7 + 7 * (rule->week - 1);
    if (day >= civil_days_in_month(year, rule->month))
        day -= 7; /* week 5 means the last one */
    return (month_first + day) * DAY_S + rule->time_s;
}

static bool take(struct rule_reader *reader, char wanted)
{
    if (reader->at == reader->end || *reader->at != wanted)
        return false;
    reader->at++;
    return true;
}

static bool read_number(struct rule_reader *reader, int most, int *ret_number)
{
    int number = 0;
    const char *const begin = reader->at;
    for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
        number = number * 10 + (*reader->at - '0');
        if (number > most)
            return false;
    }
    *ret_number = number;
    return reader->at > begin;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* name := letter+ | "<" (anything but ">")+ ">" */
static bool read_name(struct rule_reader *reader, char *ret_name)
{
    const bool quoted = take(reader, '<');
    size_t size = 0;
    for (; reader->at < reader->end; reader->at++) {
        if (quoted ? *reader->at == '>' : !is_letter(*reader->at))
            break;
        if (size + 1 == ZONE_ABBREVIATION_MAX)
            return false;
        ret_name[size++] = *reader->at;
    }
    ret_name[size] = 0;
    return size > 0 && (!quoted || take(reader, '>'));
}

/* time := [ sign ] hours [ ":" minutes [ ":" seconds ] ] */
static bool read_time(struct rule_reader *reader, int32_t *ret_time_s)
{
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    const bool is_negative = take(reader, '-');
    if (!is_negative)
        (void)take(reader, '+');
    if (!read_number(reader, RULE_HOURS_MAX, &hours))
        return false;
    if (take(reader, ':')) {
        if (!read_number(reader, 59, &minutes))
            return false;
        if (take(reader, ':') && !read_number(reader, 59, &seconds))
            return false;
    }
    const int32_t time_s = hours * 3600 + minutes * 60 + seconds;
    *ret_time_s = is_negative ? -time_s : time_s;
    return true;
}

/* rule := ( "J" day | day | "M" month "." week "." weekday ) [ "/" time ] */
static bool read_rule(struct rule_reader *reader, struct zone_rule *ret_rule)
{
    struct zone_rule rule = {.kind = RULE_DAY, .time_s = 2 * 3600};
    if (take(reader, 'M')) {
        rule.kind = RULE_WEEK;
        if (!read_number(reader, 12, &rule.month) || rule.month < 1 || !take(reader, '.') ||
            !read_number(reader, 5, &rule.week) || rule.week < 1 || !take(reader, '.') ||
            !read_number(reader, 6, &rule.day))
            return false;
    } else {
        if (take(reader, 'J'))
            rule.kind = RULE_JULIAN;
        if (!read_number(reader, 365, &rule.day) || (rule.kind == RULE_JULIAN && rule.day < 1))
            return false;
    }
    if (take(reader, '/') && !read_time(reader, &rule.time_s))
        return false;
    *ret_rule = rule;
    return true;
}
