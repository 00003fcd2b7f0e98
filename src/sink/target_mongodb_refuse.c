/* target_mongodb_refuse.c -- bulks written so that every document a server does not want is found,
 * and nobody is refused for a neighbour's sake.
 *
 * A server's word on which document of a bulk it refused is believed only where the counts it
 * gives beside it add up and the document is refused alone, too; else the bulk is written document
 * by document. */
#include "sink/target_mongodb_write.h"

#define DOCUMENT_BYTES_MAX (16 << 20)

static enum err write_part(struct mongodb_job *job, const struct mongodb_group *part);
static enum err write_accused(struct mongodb_job *job, const struct mongodb_group *part,
                              const struct mongodb_report *report, bool *ret_are_guilty);
static enum err write_singly(struct mongodb_job *job, const struct mongodb_group *part);
static enum err bulk_try(struct mongodb_job *job, const struct mongodb_group *part,
                         struct mongodb_report *ret_report);

static void refuse(struct mongodb_job *job, uint32_t index, const char *message, size_t size)
{
    if (job->refused[index])
        return;
    struct document_refusal *refusal = &job->refusals[job->refusal_count++];
    job->refused[index] = true;
    refusal->index = index;
    (void)!why_set(&refusal->why, ERR_INVALID, "MongoDB: %.*s", (int)size, message);
}

void mongodb_refuse_impossible(struct mongodb_job *job, uint32_t count)
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

/* A group of some of its documents. */
static struct mongodb_group part_of(const struct mongodb_group *group, uint32_t first,
                                    uint32_t count)
{
    struct mongodb_group part = *group;
    part.indexes += first;
    part.count = count;
    return part;
}

/* How many from `first` on have each its own _id. */
static uint32_t count_distinct(const struct mongodb_job *job, const struct mongodb_group *group,
                               uint32_t first)
{
    struct map seen = {0};
    uint32_t at = first;
    for (; at < group->count; at++) {
        const struct document *document = &job->documents[group->indexes[at]];
        if (!document->may_share_id || !mongodb_is_lenient(job, document))
            continue;
        if (map_get(&seen, document->id))
            break;
        map_set(&seen, document->id, &seen);
    }
    map_release(&seen);
    return at - first;
}

enum err mongodb_write_group(struct mongodb_job *job, const struct mongodb_group *group)
{
    enum err err = OK;
    for (uint32_t first = 0; first < group->count && err == OK;) {
        const uint32_t count = count_distinct(job, group, first);
        const struct mongodb_group part = part_of(group, first, count);
        err = write_part(job, &part);
        first += count;
    }
    return err;
}

/* Writes what is welcome and refuses the rest. */
static enum err write_part(struct mongodb_job *job, const struct mongodb_group *part)
{
    for (uint32_t done = 0; done < part->count;) {
        const struct mongodb_group rest = part_of(part, done, part->count - done);
        struct mongodb_report report = {0};
        bool are_guilty = false;
        enum err err = bulk_try(job, &rest, &report);
        if (err || report.count == 0)
            return err;
        if (report.adds_up)
            err = write_accused(job, &rest, &report, &are_guilty);
        if (err)
            return err;
        if (!are_guilty)
            return write_singly(job, &rest);
        if (!mongodb_is_ordered(job, &rest))
            return OK;
        done += report.failures[report.count - 1].at + 1;
    }
    return OK;
}

/* *ret_are_guilty: each is refused alone, too. */
static enum err write_accused(struct mongodb_job *job, const struct mongodb_group *part,
                              const struct mongodb_report *report, bool *ret_are_guilty)
{
    const uint32_t refusal_count = job->refusal_count;
    uint32_t accused_count = 0;
    for (uint32_t i = 0; i < report->count; i++) {
        const struct mongodb_failure *failure = &report->failures[i];
        const struct mongodb_group accused = part_of(part, failure->at, 1);
        if (failure->of_id && mongodb_is_lenient(job, &job->documents[accused.indexes[0]]))
            continue;
        accused_count++;
        const enum err err = write_singly(job, &accused);
        if (err)
            return err;
    }
    *ret_are_guilty = job->refusal_count - refusal_count == accused_count;
    return OK;
}

static enum err write_singly(struct mongodb_job *job, const struct mongodb_group *part)
{
    for (uint32_t i = 0; i < part->count; i++) {
        struct mongodb_report report = {0};
        const struct mongodb_group one = part_of(part, i, 1);
        const uint32_t index = one.indexes[0];
        if (job->refused[index])
            continue;
        const enum err err = bulk_try(job, &one, &report);
        if (err)
            return err;
        if (report.count == 0)
            continue;
        const struct mongodb_failure *failure = report.failures;
        if (failure && failure->of_id && mongodb_is_lenient(job, &job->documents[index]))
            continue;
        const struct str message = failure ? failure->message : report.message;
        refuse(job, index, message.data, message.size);
    }
    return OK;
}

/* With transactions: says what would come of it, and leaves nothing behind. */
static enum err bulk_try(struct mongodb_job *job, const struct mongodb_group *part,
                         struct mongodb_report *ret_report)
{
    if (!job->has_transactions)
        return mongodb_bulk_run(job, part, NULL, ret_report);
    enum err err = OK;
    mongoc_client_session_t *session = mongodb_session_start(job, &err);
    if (err)
        return err;
    err = mongodb_bulk_run(job, part, session, ret_report);
    mongoc_client_session_abort_transaction(session, NULL);
    mongoc_client_session_destroy(session);
    return err;
}
