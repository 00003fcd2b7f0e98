/* target_mongodb_write.c -- documents and positions into MongoDB.
 *
 * On a replica set or behind mongos all of a write is one transaction: documents, positions, and
 * the check that their epoch is still ours. If a document is refused there, the write is tried
 * without effect, bulk by bulk, to find out which one it is.
 *
 * Elsewhere bulks go first, then the positions. Then a document that may share its _id carries the
 * place of its record, and an older record of the same partition does not replace a newer one: the
 * server finds nothing to replace, tries to insert, and refuses the second document of one _id.
 *
 * A server's word on which document of a bulk it refused is believed only where the counts it
 * gives beside it add up and the document is refused alone, too; else the bulk is written document
 * by document. Nobody is refused for a neighbour's sake. */
#include "base/memory.h"
#include "sink/form.h"
#include "sink/target_mongodb.h"

#define DOCUMENT_BYTES_MAX (16 << 20)
#define CODE_DUPLICATE_KEY 11000

/* One write. */
struct job {
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
struct group {
    struct str database;
    struct str collection;
    uint32_t *indexes;
    uint32_t count;
};

struct failure {
    uint32_t at; /* into what the bulk was given */
    int64_t code;
    bool of_id; /* the _id is there already */
    struct str message;
};

/* What a server says of a bulk that it did not write whole. */
struct report {
    struct failure *failures;
    uint32_t count;
    bool adds_up;
    struct str message; /* when it says nothing of single documents */
};

static void refuse_impossible(struct job *job, uint32_t count);
static struct group *groups_make(struct job *job, uint32_t count, uint32_t *ret_count);
static enum err write_transaction(struct job *job, const struct group *groups, uint32_t count,
                                  bool *ret_written);
static enum err write_group(struct job *job, const struct group *group);
static enum err write_part(struct job *job, const struct group *group, uint32_t first,
                           uint32_t count);
static enum err write_singly(struct job *job, const struct group *group, uint32_t first,
                             uint32_t count);
static enum err bulk_run(struct job *job, const struct group *group, uint32_t first, uint32_t count,
                         mongoc_client_session_t *session, struct report *ret_report);
static enum err bulk_try(struct job *job, const struct group *group, uint32_t first, uint32_t count,
                         struct report *ret_report);
static bool bulk_add(struct job *job, mongoc_bulk_operation_t *bulk, const bson_t *options,
                     const struct document *document, bson_error_t *error);
static void report_read(struct job *job, const struct group *group, uint32_t first, uint32_t count,
                        const bson_t *reply, struct report *report);
static enum err write_positions(struct job *job, mongoc_client_session_t *session);
static mongoc_client_session_t *session_start(struct job *job, enum err *ret_err);

enum err mongodb_write(struct target *target, struct str sink, const struct document *documents,
                       uint32_t count, const struct target_position *positions,
                       uint32_t position_count, struct document_refusal *refusals,
                       uint32_t *ret_refusal_count, struct why *why)
{
    struct mongodb_target *self = mongodb_target(target);
    bson_error_t error;
    if (self->read_only)
        return why_set(why, ERR_DENIED, "MongoDB at %s was opened for reading only", self->address);
    struct job job = {.self = self,
                      .client = mongoc_client_pool_pop(self->pool),
                      .documents = documents,
                      .positions = positions,
                      .position_count = position_count,
                      .sink = sink,
                      .refusals = refusals,
                      .why = why};
    arena_init(&job.arena, 256 << 10);
    job.refused = ARENA_ARRAY(&job.arena, bool, count);
    enum err err = OK;
    bool written = false;
    mongoc_server_description_t *server =
        mongoc_client_select_server(job.client, true, NULL, &error);
    if (!server) {
        err = mongodb_err(self, &error, "write", why);
        goto out;
    }
    const char *kind = mongoc_server_description_type(server);
    job.has_transactions = strcmp(kind, "RSPrimary") == 0 || strcmp(kind, "Mongos") == 0;
    mongoc_server_description_destroy(server);
    refuse_impossible(&job, count);
    uint32_t group_count = 0;
    const struct group *groups = groups_make(&job, count, &group_count);
    if (job.has_transactions && job.refusal_count == 0)
        err = write_transaction(&job, groups, group_count, &written);
    for (uint32_t i = 0; i < group_count && err == OK && !written; i++)
        err = write_group(&job, &groups[i]);
    if (err == OK && !written && job.refusal_count == 0 && job.has_transactions)
        err = why_set(why, ERR_UNAVAILABLE,
                      "MongoDB at %s refuses documents together that it takes one by one",
                      self->address);
    else if (err == OK && !written && job.refusal_count == 0)
        err = write_positions(&job, NULL);
    if (err == OK)
        *ret_refusal_count = job.refusal_count;
out:
    arena_release(&job.arena);
    mongoc_client_pool_push(self->pool, job.client);
    return err;
}

static void refuse(struct job *job, uint32_t index, const char *message, size_t size)
{
    if (job->refused[index])
        return;
    struct document_refusal *refusal = &job->refusals[job->refusal_count++];
    job->refused[index] = true;
    refusal->index = index;
    (void)!why_set(&refusal->why, ERR_INVALID, "MongoDB: %.*s", (int)size, message);
}

/* What no server takes. */
static void refuse_impossible(struct job *job, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct document *document = &job->documents[i];
        const struct str collection = document->collection;
        char text[80];
        if (document->body.size > DOCUMENT_BYTES_MAX)
            refuse(job, i, text,
                   (size_t)snprintf(text, sizeof(text), "document of %zu bytes is larger than %d",
                                    document->body.size, DOCUMENT_BYTES_MAX));
        else if (collection.size == 0 || str_starts_with(collection, STR("system.")) ||
                 str_index(collection, '$') < collection.size ||
                 str_equal(collection, STR(POSITIONS_COLLECTION)))
            refuse(job, i, "no name for a collection", strlen("no name for a collection"));
    }
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
static struct group *groups_make(struct job *job, uint32_t count, uint32_t *ret_count)
{
    struct group *groups = ARENA_ARRAY(&job->arena, struct group, count);
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
                (struct group){.database = document->database,
                               .collection = document->collection,
                               .indexes = ARENA_ARRAY(&job->arena, uint32_t, count)};
        groups[at].indexes[groups[at].count++] = i;
    }
    *ret_count = group_count;
    return groups;
}

/* All of it or nothing. *ret_written false with OK: a document is refused. */
static enum err write_transaction(struct job *job, const struct group *groups, uint32_t count,
                                  bool *ret_written)
{
    struct report report = {0};
    bson_error_t error;
    bson_t reply;
    enum err err = OK;
    mongoc_client_session_t *session = session_start(job, &err);
    for (uint32_t i = 0; i < count && err == OK && report.count == 0; i++)
        err = bulk_run(job, &groups[i], 0, groups[i].count, session, &report);
    if (err == OK && report.count == 0)
        err = write_positions(job, session);
    if (err == OK && report.count == 0) {
        if (!mongoc_client_session_commit_transaction(session, &reply, &error)) {
            err = mongodb_err(job->self, &error, "commit", job->why);
            if (err == ERR_INVALID) /* whatever it was, all of it may be done again */
                err = ERR_UNAVAILABLE;
        }
        bson_destroy(&reply);
        *ret_written = err == OK;
    } else if (session) {
        mongoc_client_session_abort_transaction(session, NULL);
    }
    if (session)
        mongoc_client_session_destroy(session);
    return err;
}

static bool is_guarded(const struct job *job, const struct document *document)
{
    return !job->has_transactions && document->may_share_id;
}

/* Where an _id that is there already is no failure, bulks are unordered, and no _id is twice in
 * one. */
static bool is_lenient(const struct job *job, const struct document *document)
{
    return is_guarded(job, document) ||
           (document->write == DOCUMENT_INSERT && !job->has_transactions);
}

/* How many from `first` on have each its own _id. */
static uint32_t count_distinct(const struct job *job, const struct group *group, uint32_t first)
{
    struct map seen = {0};
    uint32_t at = first;
    for (; at < group->count; at++) {
        const struct document *document = &job->documents[group->indexes[at]];
        if (!document->may_share_id || !is_lenient(job, document))
            continue;
        if (map_get(&seen, document->id))
            break;
        map_set(&seen, document->id, &seen);
    }
    map_release(&seen);
    return at - first;
}

static enum err write_group(struct job *job, const struct group *group)
{
    enum err err = OK;
    for (uint32_t first = 0; first < group->count && err == OK;) {
        const uint32_t count = count_distinct(job, group, first);
        err = write_part(job, group, first, count);
        first += count;
    }
    return err;
}

/* Writes what is welcome and refuses the rest. */
static enum err write_part(struct job *job, const struct group *group, uint32_t first,
                           uint32_t count)
{
    const uint32_t end = first + count;
    while (first < end) {
        struct report report = {0};
        enum err err = bulk_try(job, group, first, end - first, &report);
        if (err || report.count == 0)
            return err;
        if (!report.adds_up)
            return write_singly(job, group, first, end - first);
        const uint32_t refusal_count = job->refusal_count;
        uint32_t accused_count = 0;
        uint32_t last = 0;
        for (uint32_t i = 0; i < report.count && err == OK; i++) {
            const struct failure *failure = &report.failures[i];
            const struct document *document = &job->documents[group->indexes[first + failure->at]];
            last = failure->at;
            if (failure->of_id && is_lenient(job, document))
                continue;
            accused_count++;
            err = write_singly(job, group, first + failure->at, 1);
        }
        if (err)
            return err;
        if (job->refusal_count - refusal_count < accused_count)
            return write_singly(job, group, first, end - first);
        const bool is_ordered = job->documents[group->indexes[first]].ordered &&
                                !is_lenient(job, &job->documents[group->indexes[first]]);
        if (!is_ordered)
            return OK;
        first += last + 1;
    }
    return OK;
}

static enum err write_singly(struct job *job, const struct group *group, uint32_t first,
                             uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        struct report report = {0};
        const uint32_t index = group->indexes[i];
        if (job->refused[index])
            continue;
        const enum err err = bulk_try(job, group, i, 1, &report);
        if (err)
            return err;
        if (report.count == 0)
            continue;
        const struct failure *failure = report.failures;
        if (failure && failure->of_id && is_lenient(job, &job->documents[index]))
            continue;
        const struct str message = failure ? failure->message : report.message;
        refuse(job, index, message.data, message.size);
    }
    return OK;
}

/* With transactions: says what would come of it, and leaves nothing behind. */
static enum err bulk_try(struct job *job, const struct group *group, uint32_t first, uint32_t count,
                         struct report *ret_report)
{
    if (!job->has_transactions)
        return bulk_run(job, group, first, count, NULL, ret_report);
    enum err err = OK;
    mongoc_client_session_t *session = session_start(job, &err);
    if (err)
        return err;
    err = bulk_run(job, group, first, count, session, ret_report);
    mongoc_client_session_abort_transaction(session, NULL);
    mongoc_client_session_destroy(session);
    return err;
}

static mongoc_client_session_t *session_start(struct job *job, enum err *ret_err)
{
    bson_error_t error;
    mongoc_client_session_t *session = mongoc_client_start_session(job->client, NULL, &error);
    mongoc_transaction_opt_t *options = mongoc_transaction_opts_new();
    mongoc_transaction_opts_set_write_concern(options,
                                              mongoc_client_get_write_concern(job->client));
    if (!session || !mongoc_client_session_start_transaction(session, options, &error)) {
        *ret_err = mongodb_err(job->self, &error, "begin a transaction", job->why);
        if (session)
            mongoc_client_session_destroy(session);
        session = NULL;
    }
    mongoc_transaction_opts_destroy(options);
    return session;
}

static mongoc_collection_t *collection_get(struct job *job, struct str database,
                                           struct str collection)
{
    const char *name = arena_printf(&job->arena, "%.*s", STR_ARGS(database)).data;
    if (database.size == 0)
        name = job->self->database;
    return mongoc_client_get_collection(
        job->client, name, arena_printf(&job->arena, "%.*s", STR_ARGS(collection)).data);
}

/* OK with an empty report: all is written. */
static enum err bulk_run(struct job *job, const struct group *group, uint32_t first, uint32_t count,
                         mongoc_client_session_t *session, struct report *ret_report)
{
    const struct document *leading = &job->documents[group->indexes[first]];
    mongoc_collection_t *collection = collection_get(job, group->database, group->collection);
    bson_t options = BSON_INITIALIZER;
    bson_t upsert = BSON_INITIALIZER;
    bson_t reply;
    bson_error_t error = {0};
    enum err err = OK;
    BSON_APPEND_BOOL(&options, "ordered", leading->ordered && !is_lenient(job, leading));
    if (session && !mongoc_client_session_append(session, &options, &error))
        err = mongodb_err(job->self, &error, "write", job->why);
    BSON_APPEND_BOOL(&upsert, "upsert", true);
    BSON_APPEND_BOOL(&upsert, "validate", false);
    mongoc_bulk_operation_t *bulk =
        mongoc_collection_create_bulk_operation_with_opts(collection, &options);
    for (uint32_t i = first; i < first + count && err == OK; i++)
        if (!bulk_add(job, bulk, &upsert, &job->documents[group->indexes[i]], &error))
            err = mongodb_err(job->self, &error, "write", job->why);
    if (err == OK) {
        if (mongoc_bulk_operation_execute(bulk, &reply, &error) == 0) {
            report_read(job, group, first, count, &reply, ret_report);
            for (uint32_t i = 0; i < ret_report->count; i++)
                if (mongodb_is_passing(ret_report->failures[i].code))
                    err = ERR_UNAVAILABLE;
            if (ret_report->count == 0 || err)
                err = mongodb_err(job->self, &error, "write", job->why);
        }
        bson_destroy(&reply);
    }
    /* It took the bulk for what is no bulk: a document may be to blame. */
    if (err == ERR_INVALID) {
        ret_report->count = 1;
        ret_report->message = arena_str(&job->arena, str_from(error.message));
        err = OK;
    }
    mongoc_bulk_operation_destroy(bulk);
    bson_destroy(&upsert);
    bson_destroy(&options);
    mongoc_collection_destroy(collection);
    return err;
}

/* {"_id":…} and, where it is guarded, that no newer record of the partition has been there. */
static void filter_make(struct job *job, const struct document *document, struct str from,
                        struct buf *buf)
{
    const size_t opened = form_bson.open_document(document->id, buf);
    if (is_guarded(job, document)) {
        bson_t other = BSON_INITIALIZER;
        bson_t any;
        bson_t one;
        bson_t bound;
        BSON_APPEND_ARRAY_BEGIN(&other, "$or", &any);
        BSON_APPEND_DOCUMENT_BEGIN(&any, "0", &one);
        BSON_APPEND_DOCUMENT_BEGIN(&one, ORIGIN_MEMBER ".from", &bound);
        bson_append_utf8(&bound, "$ne", -1, from.data, (int)from.size);
        bson_append_document_end(&one, &bound);
        bson_append_document_end(&any, &one);
        BSON_APPEND_DOCUMENT_BEGIN(&any, "1", &one);
        BSON_APPEND_DOCUMENT_BEGIN(&one, ORIGIN_MEMBER ".offset", &bound);
        BSON_APPEND_INT64(&bound, "$lte", document->offset);
        bson_append_document_end(&one, &bound);
        bson_append_document_end(&any, &one);
        bson_append_array_end(&other, &any);
        /* Its elements: without size and final zero. */
        buf_append(buf, bson_get_data(&other) + 4, other.len - 5);
        bson_destroy(&other);
    }
    form_bson.close(opened, buf);
}

/* The member that says which record a document is from. */
static void append_origin(const struct document *document, struct str from, struct buf *buf)
{
    bson_t member = BSON_INITIALIZER;
    bson_t origin;
    BSON_APPEND_DOCUMENT_BEGIN(&member, ORIGIN_MEMBER, &origin);
    bson_append_utf8(&origin, "from", -1, from.data, (int)from.size);
    BSON_APPEND_INT64(&origin, "offset", document->offset);
    bson_append_document_end(&member, &origin);
    buf_append(buf, bson_get_data(&member) + 4, member.len - 5);
    bson_destroy(&member);
}

/* The body's elements, without its _id where `changes`. */
static void append_elements(struct job *job, const struct document *document, bool changes,
                            struct str from, struct buf *buf)
{
    const size_t before = 4 + (changes ? document->id.size : 0);
    buf_append(buf, document->body.data + before, document->body.size - before - 1);
    if (is_guarded(job, document))
        append_origin(document, from, buf);
}

/* {"$set":{…},"$setOnInsert":{…}}; an operator without members is left out. */
static void changes_make(struct job *job, const struct document *document, struct str from,
                         struct buf *buf)
{
    const bool is_update = document->write == DOCUMENT_UPDATE;
    const size_t opened = form_bson.open_document((struct str){0}, buf);
    struct buf elements = {0};
    append_elements(job, document, true, from, &elements);
    if (elements.size == 0) /* nothing but an _id */
        buf_append_str(&elements, document->id);
    const size_t inside =
        form_bson.open_object(is_update ? STR("$set\0") : STR("$setOnInsert\0"), buf);
    buf_append(buf, elements.data, elements.size);
    form_bson.close(inside, buf);
    if (is_update && document->on_insert.size > 0) {
        const size_t at = form_bson.open_object(STR("$setOnInsert\0"), buf);
        buf_append_str(buf, document->on_insert);
        form_bson.close(at, buf);
    }
    form_bson.close(opened, buf);
    buf_release(&elements);
}

/* The bulk copies what it is given. */
static bool bulk_add(struct job *job, mongoc_bulk_operation_t *bulk, const bson_t *options,
                     const struct document *document, bson_error_t *error)
{
    struct buf filter_bytes = {0};
    struct buf bytes = {0};
    struct str from = {0};
    bson_t filter;
    bson_t body;
    bool good = false;
    if (is_guarded(job, document))
        from = arena_printf(&job->arena, "%.*s/%d", STR_ARGS(document->topic), document->partition);
    filter_make(job, document, from, &filter_bytes);
    must(bson_init_static(&filter, (const uint8_t *)filter_bytes.data, filter_bytes.size));
    const bool is_insert = document->write == DOCUMENT_INSERT && !job->has_transactions;
    if (document->write == DOCUMENT_DELETE) {
        good = mongoc_bulk_operation_remove_one_with_opts(bulk, &filter, NULL, error);
        goto out;
    }
    struct str whole = document->body;
    if (document->write == DOCUMENT_UPDATE || (document->write == DOCUMENT_INSERT && !is_insert)) {
        changes_make(job, document, from, &bytes);
        whole = buf_str(&bytes);
    } else if (is_guarded(job, document)) {
        const size_t opened = form_bson.open_document((struct str){0}, &bytes);
        append_elements(job, document, false, from, &bytes);
        form_bson.close(opened, &bytes);
        whole = buf_str(&bytes);
    }
    must(bson_init_static(&body, (const uint8_t *)whole.data, whole.size));
    if (is_insert)
        good = mongoc_bulk_operation_insert_with_opts(bulk, &body, NULL, error);
    else if (document->write == DOCUMENT_REPLACE)
        good = mongoc_bulk_operation_replace_one_with_opts(bulk, &filter, &body, options, error);
    else
        good = mongoc_bulk_operation_update_one_with_opts(bulk, &filter, &body, options, error);
out:
    buf_release(&filter_bytes);
    buf_release(&bytes);
    return good;
}

static int64_t reply_number(const bson_t *reply, const char *name)
{
    bson_iter_t iter;
    return bson_iter_init_find(&iter, reply, name) ? bson_iter_as_int64(&iter) : 0;
}

static void failure_read(struct job *job, bson_iter_t *error, struct failure *failure)
{
    bson_iter_t iter;
    *failure = (struct failure){0};
    if (!BSON_ITER_HOLDS_DOCUMENT(error) || !bson_iter_recurse(error, &iter))
        return;
    while (bson_iter_next(&iter)) {
        const char *name = bson_iter_key(&iter);
        if (strcmp(name, "index") == 0)
            failure->at = (uint32_t)bson_iter_as_int64(&iter);
        else if (strcmp(name, "code") == 0)
            failure->code = bson_iter_as_int64(&iter);
        else if (strcmp(name, "errmsg") == 0 && BSON_ITER_HOLDS_UTF8(&iter))
            failure->message = arena_str(&job->arena, str_from(bson_iter_utf8(&iter, NULL)));
    }
    failure->of_id = failure->code == CODE_DUPLICATE_KEY && failure->message.size > 0 &&
                     strstr(failure->message.data, "index: _id_") != NULL;
}

/* Each write that took place is counted once, but deletes that found nothing. */
static bool counts_add_up(const struct job *job, const struct group *group, uint32_t first,
                          uint32_t count, const bson_t *reply, const struct report *report,
                          bool is_ordered)
{
    int64_t expected = (int64_t)count - report->count;
    uint32_t end = count;
    if (is_ordered) {
        if (report->count != 1)
            return false;
        end = report->failures[0].at;
        expected = end;
    }
    int64_t deletes = 0;
    for (uint32_t i = 0; i < end; i++)
        deletes += job->documents[group->indexes[first + i]].write == DOCUMENT_DELETE;
    const int64_t counted = reply_number(reply, "nInserted") + reply_number(reply, "nMatched") +
                            reply_number(reply, "nUpserted") + reply_number(reply, "nRemoved");
    return counted <= expected && counted >= expected - deletes;
}

static void report_read(struct job *job, const struct group *group, uint32_t first, uint32_t count,
                        const bson_t *reply, struct report *report)
{
    const struct document *leading = &job->documents[group->indexes[first]];
    const bool is_ordered = leading->ordered && !is_lenient(job, leading);
    bson_iter_t iter;
    bson_iter_t errors;
    if (!bson_iter_init_find(&iter, reply, "writeErrors") || !bson_iter_recurse(&iter, &errors))
        return;
    report->failures = ARENA_ARRAY(&job->arena, struct failure, count);
    bool in_range = true;
    while (bson_iter_next(&errors) && report->count < count) {
        struct failure *failure = &report->failures[report->count++];
        failure_read(job, &errors, failure);
        in_range &= failure->at < count;
    }
    report->adds_up =
        in_range && counts_add_up(job, group, first, count, reply, report, is_ordered);
    if (count == 1 && report->count == 1)
        report->failures[0].at = 0;
}

/* Moves the positions where their epoch is ours. ERR_LOCKED: it is not. */
static enum err write_positions(struct job *job, mongoc_client_session_t *session)
{
    struct mongodb_target *self = job->self;
    if (job->position_count == 0)
        return OK;
    mongoc_collection_t *collection =
        mongoc_client_get_collection(job->client, self->database, POSITIONS_COLLECTION);
    bson_t options = BSON_INITIALIZER;
    bson_t reply;
    bson_error_t error;
    struct buf id = {0};
    enum err err = OK;
    if (session && !mongoc_client_session_append(session, &options, &error))
        err = mongodb_err(self, &error, "move a position", job->why);
    mongoc_bulk_operation_t *bulk =
        mongoc_collection_create_bulk_operation_with_opts(collection, &options);
    for (uint32_t i = 0; i < job->position_count && err == OK; i++) {
        const struct target_position *position = &job->positions[i];
        mongodb_position_id(job->sink, position->topic, position->partition, &id);
        pthread_mutex_lock(&self->lock);
        const int64_t *epoch = map_get(&self->epochs, buf_str(&id));
        bson_t *filter = bson_new();
        bson_append_utf8(filter, "_id", -1, id.data, (int)id.size);
        BSON_APPEND_INT64(filter, "epoch", epoch ? *epoch : 0);
        pthread_mutex_unlock(&self->lock);
        bson_t *change =
            BCON_NEW("$set", "{", "next_offset", BCON_INT64(position->next_offset), "}");
        if (!mongoc_bulk_operation_update_one_with_opts(bulk, filter, change, NULL, &error))
            err = mongodb_err(self, &error, "move a position", job->why);
        bson_destroy(change);
        bson_destroy(filter);
    }
    if (err == OK) {
        if (mongoc_bulk_operation_execute(bulk, &reply, &error) == 0)
            err = mongodb_err(self, &error, "move a position", job->why);
        else if (reply_number(&reply, "nMatched") != job->position_count)
            err = why_set(job->why, ERR_LOCKED,
                          "another process writes as '%.*s' into MongoDB at %s: stop one of them, "
                          "or give it another 'name'",
                          STR_ARGS(job->sink), self->address);
        bson_destroy(&reply);
    }
    buf_release(&id);
    mongoc_bulk_operation_destroy(bulk);
    bson_destroy(&options);
    mongoc_collection_destroy(collection);
    return err;
}
