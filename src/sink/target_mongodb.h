/* target_mongodb.h -- the MongoDB target's inside, which its files share. Inside sink/ only. */
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

/* Before libmongoc is used; once is enough. [any] */
void mongodb_initialise(void);
/* The way back from the base. */
struct mongodb_target *mongodb_target(struct target *target);

/* target_mongodb_error.c: what an error of libmongoc means, with its words. */
enum err mongodb_err(const struct mongodb_target *self, const bson_error_t *error,
                     const char *doing, struct why *why);
/* Whether a server's error code says that it may go better later. */
bool mongodb_is_passing(int64_t code);

/* target_mongodb_find.c: runs a query and shows each document, which is borrowed for the call;
 * stops when on_found says false. */
enum err mongodb_query(struct mongodb_target *self, struct str database, struct str collection,
                       const bson_t *filter, const bson_t *options,
                       bool (*on_found)(void *context, const bson_t *found), void *context,
                       struct why *why);

/* Room for one more item of `size` bytes behind `count`, in an arena. */
void *mongodb_grow(struct arena *arena, void *items, size_t size, uint32_t count,
                   uint32_t *capacity);

/* The target's calls, as target.h has them. target_mongodb_write.c */
enum err mongodb_write(struct target *target, struct str sink, const struct document *documents,
                       uint32_t count, const struct target_position *positions,
                       uint32_t position_count, struct document_refusal *refusals,
                       uint32_t *ret_refusal_count, struct why *why);
/* target_mongodb_position.c */
enum err mongodb_take(struct target *target, struct str sink, struct str topic, int32_t partition,
                      int64_t *ret_next_offset, struct why *why);
enum err mongodb_positions(struct target *target, struct str sink, struct arena *arena,
                           struct target_position **ret_positions, uint32_t *ret_count,
                           struct why *why);
void mongodb_epochs_free(struct mongodb_target *self);
/* target_mongodb_find.c */
enum err mongodb_find(struct target *target, const struct document_query *query,
                      struct arena *arena, struct found_document **ret_documents,
                      uint32_t *ret_count, struct why *why);
enum err mongodb_walk(struct target *target, struct str collection,
                      bool (*on_document)(void *context, struct str id, struct str json),
                      void *context, struct why *why);

#endif
