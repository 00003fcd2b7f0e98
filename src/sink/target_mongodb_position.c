/* target_mongodb_position.c -- how far sinks have come, kept in MongoDB.
 *
 * A position is a document of its own: {"_id":"sink|topic|partition","sink":…,"topic":…,
 * "partition":0,"next_offset":17,"epoch":3}. Who takes it raises its epoch, and a write moves it
 * only where the epoch is still the writer's. */
#include "base/memory.h"
#include "sink/target_mongodb_write.h"

#include <inttypes.h>

/* A position's _id: "sink|topic|partition". */
static void position_id(struct str sink, struct str topic, int64_t partition, struct buf *buf)
{
    buf_clear(buf);
    buf_printf(buf, "%.*s|%.*s|%" PRId64, STR_ARGS(sink), STR_ARGS(topic), partition);
}

static void epoch_set(struct mongodb_target *self, struct str id, int64_t epoch)
{
    pthread_mutex_lock(&self->lock);
    int64_t *known = map_get(&self->epochs, id);
    if (!known) {
        known = memory_alloc(sizeof(*known));
        map_set(&self->epochs, id, known);
    }
    *known = epoch;
    pthread_mutex_unlock(&self->lock);
}

/* 0: it was not taken. */
static int64_t epoch_get(struct mongodb_target *self, struct str id)
{
    pthread_mutex_lock(&self->lock);
    const int64_t *known = map_get(&self->epochs, id);
    const int64_t epoch = known ? *known : 0;
    pthread_mutex_unlock(&self->lock);
    return epoch;
}

void mongodb_epochs_free(struct mongodb_target *self)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&self->epochs, &cursor)) != NULL)
        free(entry->value);
    map_release(&self->epochs);
}

static void take_command(struct str sink, struct str topic, int64_t partition, struct str id,
                         bson_t *command)
{
    bson_t query;
    bson_t update;
    bson_t part;
    BSON_APPEND_UTF8(command, "findAndModify", POSITIONS_COLLECTION);
    BSON_APPEND_DOCUMENT_BEGIN(command, "query", &query);
    bson_append_utf8(&query, "_id", -1, id.data, (int)id.size);
    bson_append_document_end(command, &query);
    BSON_APPEND_DOCUMENT_BEGIN(command, "update", &update);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$inc", &part);
    BSON_APPEND_INT64(&part, "epoch", 1);
    bson_append_document_end(&update, &part);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$setOnInsert", &part);
    bson_append_utf8(&part, "sink", -1, sink.data, (int)sink.size);
    bson_append_utf8(&part, "topic", -1, topic.data, (int)topic.size);
    BSON_APPEND_INT64(&part, "partition", partition);
    BSON_APPEND_INT64(&part, "next_offset", -1);
    bson_append_document_end(&update, &part);
    bson_append_document_end(command, &update);
    BSON_APPEND_BOOL(command, "upsert", true);
    BSON_APPEND_BOOL(command, "new", true);
}

/* `missing` where there is no such number. */
static int64_t number_at(const bson_t *document, const char *path, int64_t missing)
{
    bson_iter_t iter;
    bson_iter_t at;
    if (!bson_iter_init(&iter, document) || !bson_iter_find_descendant(&iter, path, &at))
        return missing;
    return bson_iter_as_int64(&at);
}

/* Raises the epoch of one position, which is made when it is missing. */
static enum err take_one(struct mongodb_target *self, mongoc_client_t *client, struct str sink,
                         struct str topic, int64_t partition, struct str id,
                         int64_t *ret_next_offset, struct why *why)
{
    bson_t command = BSON_INITIALIZER;
    bson_t reply;
    bson_error_t error;
    enum err err = OK;
    take_command(sink, topic, partition, id, &command);
    if (!mongoc_client_write_command_with_opts(client, self->database, &command, NULL, &reply,
                                               &error)) {
        err = mongodb_err(self, &error, "take over a position", why);
    } else {
        const int64_t epoch = number_at(&reply, "value.epoch", 0);
        *ret_next_offset = number_at(&reply, "value.next_offset", -1);
        if (epoch > 0)
            epoch_set(self, id, epoch);
        else
            err = why_set(why, ERR_CORRUPT, "MongoDB at %s: position '%.*s' has no epoch",
                          self->address, STR_ARGS(id));
    }
    bson_destroy(&reply);
    bson_destroy(&command);
    return err;
}

enum err mongodb_take(struct target *target, struct str sink, struct str topic, int32_t partition,
                      int64_t *ret_next_offset, struct why *why)
{
    struct mongodb_target *self = mongodb_target(target);
    if (self->read_only)
        return why_set(why, ERR_DENIED, "MongoDB at %s was opened for reading only", self->address);
    mongoc_client_t *client = mongoc_client_pool_pop(self->pool);
    struct buf id = {0};
    position_id(sink, topic, partition, &id);
    const enum err err =
        take_one(self, client, sink, topic, partition, buf_str(&id), ret_next_offset, why);
    buf_release(&id);
    mongoc_client_pool_push(self->pool, client);
    return err;
}

/* Positions as they come, in an arena. */
struct position_list {
    struct arena *arena;
    struct target_position *positions;
    uint32_t count;
    uint32_t capacity;
};

static bool on_position(void *context, const bson_t *found)
{
    struct position_list *list = context;
    struct target_position position = {.next_offset = -1};
    bson_iter_t iter;
    if (bson_iter_init_find(&iter, found, "topic") && BSON_ITER_HOLDS_UTF8(&iter))
        position.topic = arena_str(list->arena, str_from(bson_iter_utf8(&iter, NULL)));
    if (bson_iter_init_find(&iter, found, "partition"))
        position.partition = (int32_t)bson_iter_as_int64(&iter);
    if (bson_iter_init_find(&iter, found, "next_offset"))
        position.next_offset = bson_iter_as_int64(&iter);
    if (position.topic.size == 0 || position.next_offset < 0)
        return true;
    list->positions =
        mongodb_grow(list->arena, list->positions, sizeof(position), list->count, &list->capacity);
    list->positions[list->count++] = position;
    return true;
}

enum err mongodb_positions(struct target *target, struct str sink, struct arena *arena,
                           struct target_position **ret_positions, uint32_t *ret_count,
                           struct why *why)
{
    struct mongodb_target *self = mongodb_target(target);
    struct position_list list = {.arena = arena};
    bson_t filter = BSON_INITIALIZER;
    if (sink.size > 0)
        bson_append_utf8(&filter, "sink", -1, sink.data, (int)sink.size);
    const enum err err = mongodb_query(self, str_from(self->database), STR(POSITIONS_COLLECTION),
                                       &filter, NULL, on_position, &list, why);
    bson_destroy(&filter);
    if (err)
        return err;
    *ret_positions = list.positions;
    *ret_count = list.count;
    return OK;
}

/* Adds the move of one position to the bulk. */
static bool move_add(struct mongodb_job *job, mongoc_bulk_operation_t *bulk,
                     const struct target_position *position, struct buf *id, bson_error_t *error)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t change = BSON_INITIALIZER;
    bson_t members;
    position_id(job->sink, position->topic, position->partition, id);
    bson_append_utf8(&filter, "_id", -1, id->data, (int)id->size);
    BSON_APPEND_INT64(&filter, "epoch", epoch_get(job->self, buf_str(id)));
    BSON_APPEND_DOCUMENT_BEGIN(&change, "$set", &members);
    BSON_APPEND_INT64(&members, "next_offset", position->next_offset);
    bson_append_document_end(&change, &members);
    const bool good =
        mongoc_bulk_operation_update_one_with_opts(bulk, &filter, &change, NULL, error);
    bson_destroy(&change);
    bson_destroy(&filter);
    return good;
}

static enum err moves_run(struct mongodb_job *job, mongoc_bulk_operation_t *bulk)
{
    bson_t reply;
    bson_error_t error;
    struct buf id = {0};
    bool good = true;
    for (uint32_t i = 0; i < job->position_count && good; i++)
        good = move_add(job, bulk, &job->positions[i], &id, &error);
    buf_release(&id);
    if (!good)
        return mongodb_err(job->self, &error, "move a position", job->why);
    enum err err = OK;
    if (mongoc_bulk_operation_execute(bulk, &reply, &error) == 0)
        err = mongodb_err(job->self, &error, "move a position", job->why);
    else if (mongodb_reply_number(&reply, "nMatched") != job->position_count)
        err = why_set(job->why, ERR_LOCKED,
                      "another process writes as '%.*s' into MongoDB at %s: stop one of them, "
                      "or give it another 'name'",
                      STR_ARGS(job->sink), job->self->address);
    bson_destroy(&reply);
    return err;
}

enum err mongodb_write_positions(struct mongodb_job *job, mongoc_client_session_t *session)
{
    if (job->position_count == 0)
        return OK;
    bson_t options = BSON_INITIALIZER;
    bson_error_t error;
    enum err err = OK;
    if (session && !mongoc_client_session_append(session, &options, &error)) {
        err = mongodb_err(job->self, &error, "move a position", job->why);
    } else {
        mongoc_collection_t *collection =
            mongoc_client_get_collection(job->client, job->self->database, POSITIONS_COLLECTION);
        mongoc_bulk_operation_t *bulk =
            mongoc_collection_create_bulk_operation_with_opts(collection, &options);
        err = moves_run(job, bulk);
        mongoc_bulk_operation_destroy(bulk);
        mongoc_collection_destroy(collection);
    }
    bson_destroy(&options);
    return err;
}
