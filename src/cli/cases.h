/* cases.h -- ksqlDB's own case files, run through the real engine. */
#ifndef CLI_CASES_H
#define CLI_CASES_H

#include "cli/json_tree.h"
#include "cli/world.h"

#define CASES_MAX 20000

/* One case with {FORMAT} and {CONFIG} replaced. */
struct case_text {
    struct str id; /* "joins.json: aliased join condition (AVRO)" */
    const struct json_node *root;
};

enum case_outcome { CASE_PASSED, CASE_FAILED, CASE_NOT_RUN };

/* Written by the process that ran the case, read by the one that counts. */
struct case_result {
    enum case_outcome outcome;
    bool is_negative;
    char reason[240];
};

/* case_file.c: appends the file's cases; texts live in the arena. */
MUST_CHECK enum err cases_load(const char *path, struct arena *arena, struct case_text *cases,
                               uint32_t *count, struct why *why);

/* case_run.c: runs one case in a directory of its own. */
void case_run(const struct case_text *text, const char *directory, struct case_result *ret_result);

/* case_bytes.c: one side of a record. */
struct case_side {
    const struct record_format *format; /* NULL: nobody knows the topic; JSON */
    bool is_key;
    struct registry *registry;
    struct arena *arena;
};
/* JSON to bytes; a JSON null is no bytes. ERR_INVALID, ERR_UNSUPPORTED with words. */
MUST_CHECK enum err case_encode(const struct case_side *side, const struct json_node *node,
                                struct str *ret_bytes, struct why *why);
/* A record's side as JSON. */
MUST_CHECK enum err case_decode(const struct case_side *side, const struct record *record,
                                struct json_node **ret_node, struct why *why);

#endif
