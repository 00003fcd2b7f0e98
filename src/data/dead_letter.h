/* dead_letter.h -- what the headers of a record that was set aside say.
 *
 * Queries and sinks write them ("__drivethru.errors.*", and "__connect.errors.*" as Kafka Connect
 * names them), behind the original's own, the topic first; tools and the page read them. A
 * dead-letter topic's name ends in "-dlq", unless a connector's settings give it another. */
#ifndef DATA_DEAD_LETTER_H
#define DATA_DEAD_LETTER_H

#include "data/record.h"

/* Borrowed from the record; "?" where it does not say. */
struct dead_letter {
    struct str topic; /* where it came from */
    struct str partition;
    struct str offset;
    struct str reason;
    struct str stage;
    struct str by;      /* the query or the connector */
    bool is_sinks;      /* keyed by sink and place, so that one written twice has one key */
    bool is_short;      /* the original's bytes did not fit and are left out */
    uint32_t own_begin; /* its own headers begin there; the original's come before */
};

bool dead_letter_is_topic(struct str topic);
/* As is_sinks below. */
bool dead_letter_is_sinks(const struct record *record);
/* False: it is no dead letter, and all is "?". */
bool dead_letter_read(const struct record *record, struct dead_letter *ret_letter);
/* The record as it was, headers included, borrowed; and its partition. ERR_CORRUPT: it does not say
 * which. ERR_LIMIT: its bytes were left out. */
MUST_CHECK enum err dead_letter_original(const struct record *record, struct record *ret_original,
                                         int32_t *ret_partition);

#endif
