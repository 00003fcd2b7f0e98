/* target_mongodb_report.c -- what a server says of a bulk that it did not write whole. */
#include "sink/target_mongodb_write.h"

#define CODE_DUPLICATE_KEY 11000

int64_t mongodb_reply_number(const bson_t *reply, const char *name)
{
    bson_iter_t iter;
    return bson_iter_init_find(&iter, reply, name) ? bson_iter_as_int64(&iter) : 0;
}

static void failure_read(struct mongodb_job *job, bson_iter_t *error,
                         struct mongodb_failure *failure)
{
    bson_iter_t iter;
    *failure = (struct mongodb_failure){0};
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
static bool counts_add_up(const struct mongodb_job *job, const struct mongodb_group *group,
                          const bson_t *reply, const struct mongodb_report *report)
{
    int64_t expected = (int64_t)group->count - report->count;
    uint32_t end = group->count;
    if (mongodb_is_ordered(job, group)) {
        if (report->count != 1)
            return false;
        end = report->failures[0].at;
        expected = end;
    }
    int64_t deletes = 0;
    for (uint32_t i = 0; i < end; i++)
        deletes += job->documents[group->indexes[i]].write == DOCUMENT_DELETE;
    const int64_t counted =
        mongodb_reply_number(reply, "nInserted") + mongodb_reply_number(reply, "nMatched") +
        mongodb_reply_number(reply, "nUpserted") + mongodb_reply_number(reply, "nRemoved");
    return counted <= expected && counted >= expected - deletes;
}

void mongodb_report_read(struct mongodb_job *job, const struct mongodb_group *group,
                         const bson_t *reply, struct mongodb_report *report)
{
    bson_iter_t iter;
    bson_iter_t errors;
    if (!bson_iter_init_find(&iter, reply, "writeErrors") || !bson_iter_recurse(&iter, &errors))
        return;
    report->failures = ARENA_ARRAY(&job->arena, struct mongodb_failure, group->count);
    bool in_range = true;
    while (bson_iter_next(&errors) && report->count < group->count) {
        struct mongodb_failure *failure = &report->failures[report->count++];
        failure_read(job, &errors, failure);
        in_range &= failure->at < group->count;
    }
    if (group->count == 1) /* it can be no other */
        report->failures[0].at = 0;
    report->adds_up = in_range && counts_add_up(job, group, reply, report);
}
