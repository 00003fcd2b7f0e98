/* topic_lows.h -- the earliest that may still come into a topic: the lows its writing tasks said.
 *
 * What every backend keeps in memory of each topic. The backend's lock guards all of it. */
#ifndef LOG_TOPIC_LOWS_H
#define LOG_TOPIC_LOWS_H

#include "log/log.h"

struct topic_lows;

/* Where a writing task stood in one of its inputs when it spoke. */
struct low_input {
    struct topic_lows *topic;
    int32_t partition;
    int64_t next_offset;
};

/* The low one writing task has spoken for. */
struct topic_low {
    char *task; /* from malloc, size in task_size */
    size_t task_size;
    int64_t low_ms;
    bool at_end;
    struct low_input *inputs; /* at_end: from malloc */
    uint32_t input_count;
};

/* Of one topic; {.internal = ...} is one nobody has spoken for. */
struct topic_lows {
    bool internal;
    struct topic_low *lows;
    uint32_t count;
    uint32_t capacity;
    uint64_t look;  /* the last one that asked whether all writers are at their end */
    bool is_at_end; /* and what it found */
};

enum low_news {
    LOW_NEWS,    /* the partition has, or may have, records at or after the offset */
    LOW_NO_NEWS, /* not yet */
    LOW_GONE     /* nor will it ever: the topic was removed */
};

/* Of one log. */
struct lows_board {
    uint64_t looks;
    enum low_news (*look)(const struct lows_board *board, const struct topic_lows *topic,
                          int32_t partition, int64_t next_offset);
};

/* What the task says of the topic now; `inputs` are copied, and needed when it is at their end. */
void topic_lows_set(struct topic_lows *topic, struct str task, const struct log_low *low,
                    const struct low_input *inputs, uint32_t input_count);
/* Nobody waits any more for tasks whose names begin so. */
void topic_lows_forget(struct topic_lows *topic, struct str prefix);
/* After a failure writers begin again further back: each must speak anew. */
void topic_lows_reset(struct topic_lows *topic);
void topic_lows_release(struct topic_lows *topic);
/* struct log_records' low_ms and reached_ms. */
void topic_lows_read(struct lows_board *board, struct topic_lows *topic, int64_t *ret_low_ms,
                     int64_t *ret_reached_ms);

#endif
