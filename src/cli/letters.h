/* letters.h -- the dead letters of a topic, each once. */
#ifndef CLI_LETTERS_H
#define CLI_LETTERS_H

#include "base/map.h"
#include "cli/world.h"
#include "data/dead_letter.h"

/* Borrowed from the reader until the next letter. */
struct letter {
    const struct record *record;
    int32_t partition;       /* where it lies itself */
    struct dead_letter says; /* its headers */
    bool is_sent_back;
};

/* All that is in it belongs to one thread. */
struct letters {
    struct world *world;
    struct arena arena;
    struct log_topic *topic;
    struct log_topic_info info;
    struct log_member *member;
    struct str task;                /* holds how far letters were sent back */
    struct log_position *positions; /* a partition */
    struct map seen;                /* keys of a sink's letters */
    struct log_records *records;
    uint32_t index;
    int32_t partition;
    int64_t offset;
};

/* Letters up to what is committed now. ERR_NOT_FOUND: no such topic. Released by letters_release
 * in any case. */
MUST_CHECK enum err letters_open(struct world *world, struct str topic, struct letters *letters,
                                 struct why *why);
/* ERR_NOT_FOUND at the end. A sink's letter that was written twice comes once; records that are no
 * dead letters do not come at all. */
MUST_CHECK enum err letters_next(struct letters *letters, struct letter *ret_letter,
                                 struct why *why);
void letters_release(struct letters *letters);
/* Whether a topic's first record is a dead letter. */
bool letters_are_in(struct world *world, struct str topic);

#endif
