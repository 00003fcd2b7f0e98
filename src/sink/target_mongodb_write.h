/* target_mongodb_write.h -- one write into MongoDB, which several files do together. Inside the
 * MongoDB target only. [sink] */
#ifndef SINK_TARGET_MONGODB_WRITE_H
#define SINK_TARGET_MONGODB_WRITE_H

#include "sink/target_mongodb.h"

/* One write. */
struct mongodb_job {
    struct mongodb_target *self;
    mongoc_client_t *client;
    struct arena arena;
    const struct document *documents;
    const struct target_position *positions;
    uint32_t position_count;
    struct str sink;
    bool has_transactions;
    bool *refused; /* a document: it is known not to be welcome */
    struct document_refusal *refusals;
    uint32_t refusal_count;
    struct why *why;
};

/* Documents of one collection, as indexes into the job's. */
struct mongodb_group {
    struct str database;
    struct str collection;
    uint32_t *indexes;
    uint32_t count;
};

struct mongodb_failure {
    uint32_t at; /* into what the bulk was given */
    int64_t code;
    bool of_id; /* the _id is there already */
    struct str message;
};

/* What a server says of a bulk that it did not write whole. */
struct mongodb_report {
    struct mongodb_failure *failures;
    uint32_t count;
    bool adds_up;
    struct str message; /* when it says nothing of single documents */
};

/* target_mongodb_bulk.c: writes a group as one bulk, in the session's transaction if there is one
 * (else NULL). OK with an empty report: all is written. */
enum err mongodb_bulk_run(struct mongodb_job *job, const struct mongodb_group *group,
                          mongoc_client_session_t *session, struct mongodb_report *ret_report);
/* A session with a transaction; NULL and *ret_err when there can be none. */
mongoc_client_session_t *mongodb_session_start(struct mongodb_job *job, enum err *ret_err);

/* target_mongodb_document.c: adds one document to a bulk, which copies what it is given. */
bool mongodb_bulk_add(struct mongodb_job *job, mongoc_bulk_operation_t *bulk, const bson_t *options,
                      const struct document *document, bson_error_t *error);
/* Whether it must not replace what a newer record wrote. */
bool mongodb_is_guarded(const struct mongodb_job *job, const struct document *document);
/* Where an _id that is there already is no failure, bulks are unordered, and no _id is twice in
 * one. */
bool mongodb_is_lenient(const struct mongodb_job *job, const struct document *document);

/* Whether a group's bulk stops at the first failure. */
bool mongodb_is_ordered(const struct mongodb_job *job, const struct mongodb_group *group);

/* target_mongodb_report.c: reads what the server answered to a bulk. */
void mongodb_report_read(struct mongodb_job *job, const struct mongodb_group *group,
                         const bson_t *reply, struct mongodb_report *report);
/* 0 where it has none of that name. */
int64_t mongodb_reply_number(const bson_t *reply, const char *name);

/* target_mongodb_refuse.c: refuses what no server takes. */
void mongodb_refuse_impossible(struct mongodb_job *job, uint32_t count);
/* Writes what is welcome of a group and refuses the rest; with transactions nothing stays written.
 */
enum err mongodb_write_group(struct mongodb_job *job, const struct mongodb_group *group);

/* target_mongodb_position.c: moves the positions where their epoch is ours. ERR_LOCKED: it is
 * not. */
enum err mongodb_write_positions(struct mongodb_job *job, mongoc_client_session_t *session);

#endif
