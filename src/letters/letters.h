/* letters.h -- the dead letters of a topic, each once, and sending them back. The room's door.
 *
 * How far letters were sent back is kept in the log as task "dlq/<topic>": its positions say before
 * which offset all were, its marks which single ones behind. Copies and that are one step, and one
 * lock in the data directory is held from the look to the commit: a letter is sent back once,
 * whoever asks, however often, and whoever is killed. Two data directories that use one Kafka
 * cluster have two locks. */
#ifndef LETTERS_LETTERS_H
#define LETTERS_LETTERS_H

#include "base/map.h"
#include "data/dead_letter.h"
#include "log/log.h"

#define LETTERS_SINGLE_MAX 128 /* sent back one by one, out of order */

/* Borrowed from the reader until the next letter. */
struct letter {
    const struct record *record;
    int32_t partition;       /* where it lies itself */
    struct dead_letter says; /* its headers */
    bool is_sent_back;
};

/* A letter's own place; kept as it is. */
struct letter_place {
    int64_t partition;
    int64_t offset;
};

/* All that is in it belongs to one thread. */
struct letters {
    struct log *log;
    struct arena arena;
    struct log_topic *topic;
    struct log_topic_info info;
    struct log_member *member;
    struct str task;                /* holds how far letters were sent back */
    struct log_position *positions; /* a partition */
    struct letter_place single[LETTERS_SINGLE_MAX];
    uint32_t single_count;
    struct map seen; /* keys of a sink's letters */
    struct log_records *records;
    uint32_t index;
    int32_t partition;
    int64_t offset;
};

/* Letters up to what is committed now. ERR_NOT_FOUND: no such topic. Released by letters_release
 * in any case. */
MUST_CHECK enum err letters_open(struct log *log, struct str topic, struct letters *letters,
                                 struct why *why);
/* ERR_NOT_FOUND at the end. A sink's letter that was written twice comes once; records that are no
 * dead letters do not come at all. */
MUST_CHECK enum err letters_next(struct letters *letters, struct letter *ret_letter,
                                 struct why *why);
/* The letter at a place; of a sink's that was written twice the first. ERR_NOT_FOUND: there is
 * none. Before the first letters_next, and instead of it. */
MUST_CHECK enum err letters_find(struct letters *letters, int32_t partition, int64_t offset,
                                 struct letter *ret_letter, struct why *why);
void letters_release(struct letters *letters);
/* Whether a topic's first record is a dead letter. */
bool letters_are_in(struct log *log, struct str topic);

/* Sends back all letters that were not yet: keys, values, times and headers as they were, to the
 * partitions they came from. *ret_sent: how many, also on failure; *ret_short: how many were too
 * large to keep. `directory` is the data directory. ERR_LOCKED: others are at it. [any] */
MUST_CHECK enum err letters_replay(struct log *log, const char *directory, struct str topic,
                                   uint64_t *ret_sent, uint64_t *ret_short, struct why *why);
/* The same for one. ERR_NOT_FOUND: no such letter, or no topic to send it to; ERR_EXISTS: it was
 * sent back already; ERR_LIMIT: it was too large to keep, or too many were sent back one by one;
 * ERR_CORRUPT: it does not say where to. */
MUST_CHECK enum err letters_replay_one(struct log *log, const char *directory, struct str topic,
                                       int32_t partition, int64_t offset, struct why *why);

#endif
