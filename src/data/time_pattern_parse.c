/* time_pattern_parse.c -- texts as instants by a compiled pattern, strictly as java.time parses. */
#include "data/time_fields.h"
#include "data/time_pattern.h"
#include "data/zone.h"

/* Where the text was when an optional section began, to go back to. */
struct saved {
    const char *at;
    struct time_fields fields;
    uint32_t end;
};

struct parser {
    const char *at;
    const char *end;
    struct time_fields fields;
    struct saved saved[TIME_PATTERN_DEPTH_MAX];
    uint32_t depth;
};

static bool element_parse(struct parser *parser, const struct element *element);
static bool literal_parse(struct parser *parser, struct str literal);
static bool number_parse(struct parser *parser, const struct element *element);
static bool fraction_parse(struct parser *parser, const struct element *element);
static bool text_parse(struct parser *parser, const struct element *element);
static bool offset_parse(struct parser *parser, const struct element *element);
static bool zone_id_parse(struct parser *parser);
static bool zone_name_parse(struct parser *parser);
static int digit_count(const struct parser *parser, int most);
static bool take_digits(struct parser *parser, int count, int64_t *ret_number);

enum err time_pattern_parse(const struct time_pattern *pattern, struct str text, struct str zone,
                            int64_t *ret_timestamp_ms)
{
    struct parser parser = {.at = text.data, .end = text.data + text.size};
    for (uint32_t i = 0; i < pattern->element_count; i++) {
        const struct element *element = &pattern->elements[i];
        if (element->kind == ELEMENT_OPTIONAL_BEGIN) {
            must(parser.depth < TIME_PATTERN_DEPTH_MAX);
            parser.saved[parser.depth++] =
                (struct saved){.at = parser.at, .fields = parser.fields, .end = element->end};
        } else if (element->kind == ELEMENT_OPTIONAL_END) {
            parser.depth--;
        } else if (!element_parse(&parser, element)) {
            /* An optional section that does not fit is as if it were not there. */
            if (parser.depth == 0)
                return ERR_INVALID;
            const struct saved *saved = &parser.saved[--parser.depth];
            parser.at = saved->at;
            parser.fields = saved->fields;
            i = saved->end;
        }
    }
    if (parser.at != parser.end)
        return ERR_INVALID;
    return time_fields_resolve(&parser.fields, zone, ret_timestamp_ms);
}

static bool element_parse(struct parser *parser, const struct element *element)
{
    switch (element->kind) {
    case ELEMENT_LITERAL:
        return literal_parse(parser, element->literal);
    case ELEMENT_NUMBER:
        return number_parse(parser, element);
    case ELEMENT_YEAR_IN_CENTURY: {
        int64_t year = 0;
        return digit_count(parser, 2) == 2 && take_digits(parser, 2, &year) &&
               time_fields_set(&parser->fields, element->field, 2000 + year);
    }
    case ELEMENT_FRACTION:
        return fraction_parse(parser, element);
    case ELEMENT_TEXT:
        return text_parse(parser, element);
    case ELEMENT_OFFSET:
        return offset_parse(parser, element);
    case ELEMENT_ZONE_ID:
        return zone_id_parse(parser);
    case ELEMENT_ZONE_NAME:
        return zone_name_parse(parser);
    default:
        must_not_reach();
    }
}

/* Without regard to case. */
static bool literal_parse(struct parser *parser, struct str literal)
{
    if (literal.size > (size_t)(parser->end - parser->at) ||
        !str_equal_nocase((struct str){parser->at, literal.size}, literal))
        return false;
    parser->at += literal.size;
    return true;
}

static bool number_parse(struct parser *parser, const struct element *element)
{
    bool is_negative = false;
    bool is_positive = false;
    if (parser->at < parser->end && element->sign != SIGN_NONE) {
        is_negative = *parser->at == '-';
        is_positive = *parser->at == '+' && element->sign == SIGN_EXCEEDS;
        parser->at += is_negative || is_positive;
    }
    int count = digit_count(parser, element->width_max + element->reserved) - element->reserved;
    if (count < element->width_min)
        count = element->width_min;
    if (count > element->width_max)
        count = element->width_max;
    int64_t number = 0;
    if (!take_digits(parser, count, &number))
        return false;
    /* A plus stands where there are more digits than asked for, and must stand there. */
    if (element->sign == SIGN_EXCEEDS && !is_negative &&
        is_positive != (count > element->width_min))
        return false;
    return time_fields_set(&parser->fields, element->field, is_negative ? -number : number);
}

static bool fraction_parse(struct parser *parser, const struct element *element)
{
    int64_t fraction = 0;
    if (!take_digits(parser, element->width_min, &fraction))
        return false;
    for (int i = element->width_min; i < 9; i++)
        fraction *= 10;
    return time_fields_set(&parser->fields, FIELD_NANO, fraction);
}

/* A narrow name says too little to be read: J is three months. */
static bool text_parse(struct parser *parser, const struct element *element)
{
    const struct str *names = NULL;
    int first = 0;
    const int count = time_field_names(element->field, element->style, &names, &first);
    if (element->style == STYLE_NARROW && element->field != FIELD_ERA)
        return false;
    for (int i = 0; i < count; i++)
        if (literal_parse(parser, names[i]))
            return time_fields_set(&parser->fields, element->field, first + i);
    return false;
}

static bool offset_set(struct parser *parser, int64_t offset_ms)
{
    if (parser->fields.has_offset && parser->fields.offset_ms != offset_ms)
        return false;
    parser->fields.has_offset = true;
    parser->fields.offset_ms = offset_ms;
    return true;
}

static bool offset_parse(struct parser *parser, const struct element *element)
{
    const enum offset_form form = element->offset_form;
    const bool is_gmt = form == OFFSET_GMT;
    const bool is_literal = literal_parse(parser, element->literal);
    if (is_literal && !is_gmt)
        return offset_set(parser, 0);
    if (is_gmt && !is_literal)
        return false;
    if (parser->at == parser->end || (*parser->at != '+' && *parser->at != '-'))
        return is_gmt && offset_set(parser, 0);

    const bool has_colons =
        is_gmt || form == OFFSET_HH_COLON_MM || form == OFFSET_HH_COLON_MM_OPTIONAL_SS;
    const int parts_min = form == OFFSET_HH_OPTIONAL_MM || is_gmt ? 1 : 2;
    const bool has_seconds =
        form == OFFSET_HHMM_OPTIONAL_SS || form == OFFSET_HH_COLON_MM_OPTIONAL_SS || is_gmt;
    const bool is_negative = *parser->at++ == '-';
    int64_t parts[3] = {0};
    for (int i = 0; i < 2 + has_seconds; i++) {
        const char *const before = parser->at;
        if ((i > 0 && has_colons && !literal_parse(parser, STR(":"))) ||
            !take_digits(parser, 2, &parts[i])) {
            if (i < parts_min)
                return false;
            parser->at = before;
            break;
        }
    }
    const int64_t offset_s = parts[0] * 3600 + parts[1] * 60 + parts[2];
    if (parts[1] > 59 || parts[2] > 59 || offset_s > INT64_C(18) * 3600)
        return false;
    return offset_set(parser, (is_negative ? -offset_s : offset_s) * 1000);
}

/* The longest run of what zone ids are made of. */
static bool zone_id_parse(struct parser *parser)
{
    const char *at = parser->at;
    for (; at < parser->end; at++) {
        const char c = *at;
        if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' &&
            c != '/' && c != '+' && c != '-' && c != ':')
            break;
    }
    const struct str zone = {parser->at, (size_t)(at - parser->at)};
    int64_t offset_ms = 0;
    if (zone.size == 0 || zone_offset_ms(zone, 0, &offset_ms) != OK)
        return false;
    parser->fields.zone = zone;
    parser->at = at;
    return true;
}

/* Names that Java knows and zoneinfo does not have, and those it has with another meaning. */
static bool zone_name_parse(struct parser *parser)
{
    static const struct {
        struct str name;
        struct str zone;
    } names[] = {
        {{"ACST", 4}, {"Australia/Adelaide", 18}}, {{"AEDT", 4}, {"Australia/Sydney", 16}},
        {{"AEST", 4}, {"Australia/Sydney", 16}},   {{"AKDT", 4}, {"America/Anchorage", 17}},
        {{"AKST", 4}, {"America/Anchorage", 17}},  {{"AWST", 4}, {"Australia/Perth", 15}},
        {{"BST", 3}, {"Europe/London", 13}},       {{"CDT", 3}, {"America/Chicago", 15}},
        {{"CEST", 4}, {"Europe/Paris", 12}},       {{"CET", 3}, {"Europe/Paris", 12}},
        {{"CST", 3}, {"America/Chicago", 15}},     {{"EDT", 3}, {"America/New_York", 16}},
        {{"EEST", 4}, {"Europe/Bucharest", 16}},   {{"EET", 3}, {"Europe/Bucharest", 16}},
        {{"EST", 3}, {"America/New_York", 16}},    {{"HST", 3}, {"Pacific/Honolulu", 16}},
        {{"IST", 3}, {"Asia/Kolkata", 12}},        {{"JST", 3}, {"Asia/Tokyo", 10}},
        {{"KST", 3}, {"Asia/Seoul", 10}},          {{"MDT", 3}, {"America/Denver", 14}},
        {{"MSK", 3}, {"Europe/Moscow", 13}},       {{"MST", 3}, {"America/Denver", 14}},
        {{"NZDT", 4}, {"Pacific/Auckland", 16}},   {{"NZST", 4}, {"Pacific/Auckland", 16}},
        {{"PDT", 3}, {"America/Los_Angeles", 19}}, {{"PST", 3}, {"America/Los_Angeles", 19}},
        {{"WEST", 4}, {"Europe/Lisbon", 13}},      {{"WET", 3}, {"Europe/Lisbon", 13}},
    };
    const char *at = parser->at;
    while (at < parser->end && ((*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z')))
        at++;
    const struct str word = {parser->at, (size_t)(at - parser->at)};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!str_equal_nocase(names[i].name, word))
            continue;
        parser->fields.zone = names[i].zone;
        parser->at = at;
        return true;
    }
    return zone_id_parse(parser);
}

static int digit_count(const struct parser *parser, int most)
{
    int count = 0;
    while (count < most && parser->at + count < parser->end && parser->at[count] >= '0' &&
           parser->at[count] <= '9')
        count++;
    return count;
}

/* Exactly `count` digits, at most 19: more than a field can hold is found when it is set. */
static bool take_digits(struct parser *parser, int count, int64_t *ret_number)
{
    if (digit_count(parser, count) != count)
        return false;
    int64_t number = 0;
    for (int i = 0; i < count; i++) {
        const int digit = parser->at[i] - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return false;
    }
    parser->at += count;
    *ret_number = number;
    return true;
}
