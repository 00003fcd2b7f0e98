/* target_mongodb_bulk.c -- one bulk, and the transaction it may be part of. */
#include "sink/target_mongodb_write.h"

static mongoc_collection_t *collection_get(struct mongodb_job *job, struct str database,
                                           struct str collection);
static enum err bulk_fill(struct mongodb_job *job, const struct mongodb_group *group,
                          mongoc_bulk_operation_t *bulk, bson_error_t *error);
static enum err bulk_execute(struct mongodb_job *job, const struct mongodb_group *group,
                             mongoc_bulk_operation_t *bulk, struct mongodb_report *ret_report,
                             bson_error_t *error);

enum err mongodb_bulk_run(struct mongodb_job *job, const struct mongodb_group *group,
                          mongoc_client_session_t *session, struct mongodb_report *ret_report)
{
    bson_t options = BSON_INITIALIZER;
    bson_error_t error;
    enum err err = OK;
    BSON_APPEND_BOOL(&options, "ordered", mongodb_is_ordered(job, group));
    if (session && !mongoc_client_session_append(session, &options, &error)) {
        err = mongodb_err(job->self, &error, "write", job->why);
    } else {
        mongoc_collection_t *collection = collection_get(job, group->database, group->collection);
        mongoc_bulk_operation_t *bulk =
            mongoc_collection_create_bulk_operation_with_opts(collection, &options);
        err = bulk_fill(job, group, bulk, &error);
        if (err == OK)
            err = bulk_execute(job, group, bulk, ret_report, &error);
        mongoc_bulk_operation_destroy(bulk);
        mongoc_collection_destroy(collection);
        /* It took the bulk for what is no bulk: a document may be to blame. */
        if (err == ERR_INVALID) {
            ret_report->count = 1;
            ret_report->message = arena_str(&job->arena, str_from(error.message));
            err = OK;
        }
    }
    bson_destroy(&options);
    return err;
}

static mongoc_collection_t *collection_get(struct mongodb_job *job, struct str database,
                                           struct str collection)
{
    const char *name = arena_printf(&job->arena, "%.*s", STR_ARGS(database)).data;
    if (database.size == 0)
        name = job->self->database;
    return mongoc_client_get_collection(
        job->client, name, arena_printf(&job->arena, "%.*s", STR_ARGS(collection)).data);
}

static enum err bulk_fill(struct mongodb_job *job, const struct mongodb_group *group,
                          mongoc_bulk_operation_t *bulk, bson_error_t *error)
{
    bson_t upsert = BSON_INITIALIZER;
    bool good = true;
    BSON_APPEND_BOOL(&upsert, "upsert", true);
    BSON_APPEND_BOOL(&upsert, "validate", false);
    for (uint32_t i = 0; i < group->count && good; i++)
        good = mongodb_bulk_add(job, bulk, &upsert, &job->documents[group->indexes[i]], error);
    bson_destroy(&upsert);
    return good ? OK : mongodb_err(job->self, error, "write", job->why);
}

static enum err bulk_execute(struct mongodb_job *job, const struct mongodb_group *group,
                             mongoc_bulk_operation_t *bulk, struct mongodb_report *ret_report,
                             bson_error_t *error)
{
    bson_t reply;
    enum err err = OK;
    if (mongoc_bulk_operation_execute(bulk, &reply, error) == 0) {
        mongodb_report_read(job, group, &reply, ret_report);
        bool is_passing = false;
        for (uint32_t i = 0; i < ret_report->count; i++)
            is_passing |= mongodb_is_passing(ret_report->failures[i].code);
        if (ret_report->count == 0 || is_passing)
            err = mongodb_err(job->self, error, "write", job->why);
    }
    bson_destroy(&reply);
    return err;
}

mongoc_client_session_t *mongodb_session_start(struct mongodb_job *job, enum err *ret_err)
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
