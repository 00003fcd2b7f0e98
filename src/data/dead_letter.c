/* dead_letter.c -- reads the headers of a record that was set aside. */
#include "data/dead_letter.h"

/* The letter's own header with that ending; the original may be a dead letter itself. */
static const struct record_header *find(const struct record *record, uint32_t own_begin,
                                        struct str ending)
{
    for (uint32_t i = own_begin; i < record->header_count; i++)
        if (str_ends_with(record->headers[i].name, ending))
            return &record->headers[i];
    return NULL;
}

static struct str value(const struct record *record, uint32_t own_begin, struct str ending,
                        struct str or_ending)
{
    const struct record_header *found = find(record, own_begin, ending);
    if (!found && or_ending.size > 0)
        found = find(record, own_begin, or_ending);
    return found && !found->is_null ? found->value : STR("?");
}

/* The last topic header; header_count: there is none. */
static uint32_t own_begin(const struct record *record)
{
    for (uint32_t i = record->header_count; i > 0; i--)
        if (str_equal(record->headers[i - 1].name, STR("__drivethru.errors.topic")) ||
            str_equal(record->headers[i - 1].name, STR("__connect.errors.topic")))
            return i - 1;
    return record->header_count;
}

bool dead_letter_is_topic(struct str topic)
{
    return str_ends_with(topic, STR("-dlq"));
}

bool dead_letter_is_sinks(const struct record *record)
{
    return find(record, own_begin(record), STR("errors.connector.name")) != NULL;
}

bool dead_letter_read(const struct record *record, struct dead_letter *ret_letter)
{
    must(record != NULL);
    const uint32_t begin = own_begin(record);
    *ret_letter = (struct dead_letter){
        .topic = value(record, begin, STR("errors.topic"), STR("")),
        .partition = value(record, begin, STR("errors.partition"), STR("")),
        .offset = value(record, begin, STR("errors.offset"), STR("")),
        .reason = value(record, begin, STR("errors.exception.message"), STR("errors.reason")),
        .stage = value(record, begin, STR("errors.stage"), STR("")),
        .by = value(record, begin, STR("errors.connector.name"), STR("errors.query")),
        .is_sinks = dead_letter_is_sinks(record),
        .is_short = find(record, begin, STR("errors.shortened")) != NULL,
        .own_begin = begin,
    };
    return begin < record->header_count;
}

enum err dead_letter_original(const struct record *record, struct record *ret_original,
                              int32_t *ret_partition)
{
    int64_t partition;
    struct dead_letter letter;
    if (!dead_letter_read(record, &letter) || str_to_int64(letter.partition, &partition) != OK ||
        partition < 0 || partition > INT32_MAX)
        return ERR_CORRUPT;
    if (letter.is_short)
        return ERR_LIMIT;
    struct record original = *record;
    original.header_count = letter.own_begin;
    const struct record_header *key = find(record, letter.own_begin, STR("__drivethru.errors.key"));
    if (key)
        original.key = key->is_null ? (struct str){0} : key->value;
    *ret_original = original;
    *ret_partition = (int32_t)partition;
    return OK;
}
