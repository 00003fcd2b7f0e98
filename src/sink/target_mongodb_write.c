/* target_mongodb_write.c -- documents and positions into MongoDB.
 *
 * On a replica set or behind mongos all of a write is one transaction: documents, positions, and
 * the check that their epoch is still ours. If a document is refused there, the write is tried
 * without effect, bulk by bulk, to find out which one it is.
 *
 * Elsewhere bulks go first, then the positions. Then a document that may share its _id carries the
 * place of its record, and an older record of the same partition does not replace a newer one: the
 * server finds nothing to replace, tries to insert, and refuses the second document of one _id. */
#include "sink/target_mongodb_write.h"

#include "base/memory.h"

static enum err server_learn(struct mongodb_job *job);
static enum err job_write(struct mongodb_job *job, uint32_t count);
static struct mongodb_group *groups_make(struct mongodb_job *job, uint32_t count,
                                         uint32_t *ret_count);
static enum err write_transaction(struct mongodb_job *job, const struct mongodb_group *groups,
                                  uint32_t count, bool *ret_written);
static enum err commit(struct mongodb_job *job, mongoc_client_session_t *session);

enum err mongodb_write(struct target *target, struct str sink, const struct document *documents,
                       uint32_t count, const struct target_position *positions,
                       uint32_t position_count, struct document_refusal *refusals,
                       uint32_t *ret_refusal_count, struct why *why)
{
    struct mongodb_target *self = mongodb_target(target);
    if (self->read_only)
        return why_set(why, ERR_DENIED, "MongoDB at %s was opened for reading only", self->address);
    struct mongodb_job job = {.self = self,
                              .client = mongoc_client_pool_pop(self->pool),
                              .documents = documents,
                              .positions = positions,
                              .position_count = position_count,
                              .sink = sink,
                              .refusals = refusals,
                              .why = why};
    arena_init(&job.arena, 256 << 10);
    job.refused = ARENA_ARRAY(&job.arena, bool, count);
    enum err err = server_learn(&job);
    if (err == OK)
        err = job_write(&job, count);
    if (err == OK)
        *ret_refusal_count = job.refusal_count;
    arena_release(&job.arena);
    mongoc_client_pool_push(self->pool, job.client);
    return err;
}

static enum err server_learn(struct mongodb_job *job)
{
    bson_error_t error;
    mongoc_server_description_t *server =
        mongoc_client_select_server(job->client, true, NULL, &error);
    if (!server)
        return mongodb_err(job->self, &error, "write", job->why);
    const char *kind = mongoc_server_description_type(server);
    job->has_transactions = strcmp(kind, "RSPrimary") == 0 || strcmp(kind, "Mongos") == 0;
    mongoc_server_description_destroy(server);
    return OK;
}

/* Positions move only where nothing is refused. */
static enum err job_write(struct mongodb_job *job, uint32_t count)
{
    uint32_t group_count = 0;
    bool written = false;
    enum err err = OK;
    mongodb_refuse_impossible(job, count);
    const struct mongodb_group *groups = groups_make(job, count, &group_count);
    if (job->has_transactions && job->refusal_count == 0)
        err = write_transaction(job, groups, group_count, &written);
    if (err || written)
        return err;
    for (uint32_t i = 0; i < group_count && err == OK; i++)
        err = mongodb_write_group(job, &groups[i]);
    if (err || job->refusal_count > 0)
        return err;
    if (job->has_transactions)
        return why_set(job->why, ERR_UNAVAILABLE,
                       "MongoDB at %s refuses documents together that it takes one by one",
                       job->self->address);
    return mongodb_write_positions(job, NULL);
}

/* Whether a later write of the same _id leaves nothing of it. Called from the last to the first. */
static bool is_overwritten(struct map *later, const struct document *document, struct buf *key)
{
    static char whole;
    static char part;
    if (!document->may_share_id)
        return false;
    buf_clear(key);
    buf_append_str(key, document->database);
    buf_append_byte(key, 0);
    buf_append_str(key, document->collection);
    buf_append_byte(key, 0);
    buf_append_str(key, document->id);
    const bool replaces = document->write == DOCUMENT_REPLACE || document->write == DOCUMENT_DELETE;
    const bool overwritten = map_get(later, buf_str(key)) == &whole;
    if (!overwritten)
        map_set(later, buf_str(key), replaces ? &whole : &part);
    return overwritten;
}

/* By collection, in the order given. */
static struct mongodb_group *groups_make(struct mongodb_job *job, uint32_t count,
                                         uint32_t *ret_count)
{
    struct mongodb_group *groups = ARENA_ARRAY(&job->arena, struct mongodb_group, count);
    bool *skipped = ARENA_ARRAY(&job->arena, bool, count);
    uint32_t group_count = 0;
    struct map later = {0};
    struct buf key = {0};
    for (uint32_t i = count; i-- > 0;)
        skipped[i] = job->refused[i] || is_overwritten(&later, &job->documents[i], &key);
    map_release(&later);
    buf_release(&key);
    for (uint32_t i = 0; i < count; i++) {
        const struct document *document = &job->documents[i];
        uint32_t at = 0;
        while (at < group_count && (!str_equal(groups[at].collection, document->collection) ||
                                    !str_equal(groups[at].database, document->database)))
            at++;
        if (skipped[i])
            continue;
        if (at == group_count)
            groups[group_count++] =
                (struct mongodb_group){.database = document->database,
                                       .collection = document->collection,
                                       .indexes = ARENA_ARRAY(&job->arena, uint32_t, count)};
        groups[at].indexes[groups[at].count++] = i;
    }
    *ret_count = group_count;
    return groups;
}

/* All of it or nothing. *ret_written false with OK: a document is refused. */
static enum err write_transaction(struct mongodb_job *job, const struct mongodb_group *groups,
                                  uint32_t count, bool *ret_written)
{
    struct mongodb_report report = {0};
    enum err err = OK;
    mongoc_client_session_t *session = mongodb_session_start(job, &err);
    if (err)
        return err;
    for (uint32_t i = 0; i < count && err == OK && report.count == 0; i++)
        err = mongodb_bulk_run(job, &groups[i], session, &report);
    if (err == OK && report.count == 0)
        err = mongodb_write_positions(job, session);
    if (err == OK && report.count == 0) {
        err = commit(job, session);
        *ret_written = err == OK;
    } else {
        mongoc_client_session_abort_transaction(session, NULL);
    }
    mongoc_client_session_destroy(session);
    return err;
}

static enum err commit(struct mongodb_job *job, mongoc_client_session_t *session)
{
    bson_error_t error;
    bson_t reply;
    enum err err = OK;
    if (!mongoc_client_session_commit_transaction(session, &reply, &error)) {
        err = mongodb_err(job->self, &error, "commit", job->why);
        if (err == ERR_INVALID) /* whatever it was, all of it may be done again */
            err = ERR_UNAVAILABLE;
    }
    bson_destroy(&reply);
    return err;
}
