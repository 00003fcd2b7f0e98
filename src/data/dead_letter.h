/* dead_letter.h -- what the headers of a record that was set aside say.
 *
 * Queries and sinks write them ("__drivethru.errors.*", and "__connect.errors.*" as Kafka Connect
 * names them); tools and the page read them. A dead-letter topic's name ends in "-dlq". */
#ifndef DATA_DEAD_LETTER_H
#define DATA_DEAD_LETTER_H

#include "data/record.h"

/* Borrowed from the record; "?" where it does not say. */
struct dead_letter {
    struct str topic; /* where it came from */
    struct str partition;
    struct str offset;
    struct str reason;
    struct str by; /* the query or the connector */
};

bool dead_letter_is_topic(struct str topic);
/* A sink's: keyed by sink and place, so that one written twice has one key. */
bool dead_letter_is_sinks(const struct record *record);
void dead_letter_read(const struct record *record, struct dead_letter *ret_letter);
/* The record as it was, and its partition. ERR_CORRUPT: it does not say which. */
MUST_CHECK enum err dead_letter_original(const struct record *record, struct record *ret_original,
                                         int32_t *ret_partition);

#endif
