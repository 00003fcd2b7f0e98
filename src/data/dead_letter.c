/* dead_letter.c -- reads the headers of a record that was set aside. */
#include "data/dead_letter.h"

static const struct record_header *find(const struct record *record, struct str ending)
{
    for (uint32_t i = 0; i < record->header_count; i++)
        if (str_ends_with(record->headers[i].name, ending))
            return &record->headers[i];
    return NULL;
}

static struct str value(const struct record *record, struct str ending, struct str or_ending)
{
    const struct record_header *found = find(record, ending);
    if (!found && or_ending.size > 0)
        found = find(record, or_ending);
    return found && !found->is_null ? found->value : STR("?");
}

bool dead_letter_is_topic(struct str topic)
{
    return str_ends_with(topic, STR("-dlq"));
}

bool dead_letter_is_sinks(const struct record *record)
{
    return find(record, STR("errors.connector.name")) != NULL;
}

void dead_letter_read(const struct record *record, struct dead_letter *ret_letter)
{
    must(record != NULL);
    *ret_letter = (struct dead_letter){
        .topic = value(record, STR("errors.topic"), STR("")),
        .partition = value(record, STR("errors.partition"), STR("")),
        .offset = value(record, STR("errors.offset"), STR("")),
        .reason = value(record, STR("errors.exception.message"), STR("errors.reason")),
        .by = value(record, STR("errors.connector.name"), STR("errors.query")),
    };
}

enum err dead_letter_original(const struct record *record, struct record *ret_original,
                              int32_t *ret_partition)
{
    int64_t partition;
    const struct record_header *key = find(record, STR("__drivethru.errors.key"));
    if (str_to_int64(value(record, STR("errors.partition"), STR("")), &partition) != OK ||
        partition < 0 || partition > INT32_MAX)
        return ERR_CORRUPT;
    struct record original = {
        .timestamp_ms = record->timestamp_ms, .key = record->key, .value = record->value};
    if (key)
        original.key = key->is_null ? (struct str){0} : key->value;
    *ret_original = original;
    *ret_partition = (int32_t)partition;
    return OK;
}
