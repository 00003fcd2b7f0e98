/* target_mongodb.h -- the MongoDB target's inside, which its two files share. Inside sink/ only. */
#ifndef SINK_TARGET_MONGODB_H
#define SINK_TARGET_MONGODB_H

#include "base/buf.h"
#include "base/map.h"
#include "sink/target.h"

#include <mongoc/mongoc.h>
#include <pthread.h>

#define POSITIONS_COLLECTION "drivethru_positions"
/* Where documents cannot be written in one transaction with the position, those that may share an
 * _id have a member that says which record made them: {"from":"topic/partition","offset":n}. */
#define ORIGIN_MEMBER "_drivethru"

struct mongodb_target {
    struct target base;
    mongoc_client_pool_t *pool; /* for any thread */
    char *database;
    char *address; /* hosts and ports, for words: never the URI, which has the password in it */
    bool read_only;
    pthread_mutex_t lock; /* what is below */
    struct map epochs;    /* of positions that were taken: their _id to an int64_t * */
};

/* What an error of libmongoc means, with its words. */
enum err mongodb_err(const struct mongodb_target *self, const bson_error_t *error,
                     const char *doing, struct why *why);
/* Whether a server's error code says that it may go better later. */
bool mongodb_is_passing(int64_t code);
/* A position's _id: "sink|topic|partition". */
void mongodb_position_id(struct str sink, struct str topic, int64_t partition, struct buf *buf);

/* target_mongodb_write.c */
enum err mongodb_write(struct target *target, struct str sink, const struct document *documents,
                       uint32_t count, const struct target_position *positions,
                       uint32_t position_count, struct document_refusal *refusals,
                       uint32_t *ret_refusal_count, struct why *why);

/* The way back from the base. */
struct mongodb_target *mongodb_target(struct target *target);

#endif
