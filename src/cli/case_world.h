/* case_world.h -- one case at work; shared by the files that run it. Not for other commands. */
#ifndef CLI_CASE_WORLD_H
#define CLI_CASE_WORLD_H

#include "cli/cases.h"

#define CASE_TOPICS_MAX 64
#define CASE_HEADERS_MAX 16
#define CASE_IDLE_MS 8000

/* A topic that outputs are expected in, and how far it has been read. */
struct case_topic {
    struct str name;
    struct log_topic *topic;
    int64_t *offsets;
    const struct json_node *expected; /* the next output of this topic */
    uint32_t compared;
};

struct case_world {
    struct arena arena;
    struct world world;
    struct log_member *member;
    struct session session;
    const struct json_node *root;
    struct case_topic topics[CASE_TOPICS_MAX];
    uint32_t topic_count;
    bool sinks_are_prepared;
    struct case_result *result;
};

/* Sets the case's outcome and the words for it. */
void case_outcome(struct case_world *run, enum case_outcome outcome, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* A whole number member of an object, or `otherwise`. */
int64_t case_number(const struct json_node *object, const char *name, int64_t otherwise);

/* case_topics.c: the topics and schemas the case begins with: those of declared sources, and then,
 * before the first query, those of sinks. Ids of schemas count in that order. False: the outcome is
 * set. */
bool case_prepare_topics(struct case_world *run, bool sinks, struct why *why);
/* The topic of a declared source, which ksqlDB's test tool makes. */
void case_prepare_source(struct case_world *run, const struct statement *statement);

/* case_records.c: sends the inputs, each to rest, and compares the outputs. False: the outcome is
 * set. */
bool case_run_records(struct case_world *run, struct why *why);
/* Sends the inputs; one of them has to stop a query. Sets the outcome. */
void case_run_to_stop(struct case_world *run, struct why *why);

/* case_compare.c: ksqlDB's own rule for what a case expects: names as they stand or in upper case,
 * a null where nothing is, a DECIMAL also as text. type: of the value, or NULL. */
bool case_value_equal(const struct type *type, const struct json_node *actual,
                      const struct json_node *expected);
/* One side of a record; row_type NULL: nobody knows the topic. */
bool case_side_equal(const struct row_type *row_type, bool is_key, const struct json_node *actual,
                     const struct json_node *expected);

/* case_after.c: sources and topics that must be there afterwards. False: the outcome is set. */
bool case_check_after(struct case_world *run);

#endif
