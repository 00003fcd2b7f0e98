/* mongo_bulk.c -- a tuned loop of libmongoc's bulks over documents that lie ready in memory. */
#include "bench/baseline/mongo_bulk.h"

#include <mongoc/mongoc.h>
#include <time.h>

struct mongo_bulk {
    mongoc_client_t *client;
    bson_t **documents;
    bson_t **filters; /* {"_id":…}, a document */
    uint64_t count;
};

static void check(bool good, const bson_error_t *error, const char *doing)
{
    if (good)
        return;
    fprintf(stderr, "bench: cannot %s: %s\n", doing, error->message);
    exit(1);
}

static mongoc_client_t *client_new(const char *text)
{
    bson_error_t error;
    mongoc_init();
    mongoc_uri_t *uri = mongoc_uri_new_with_error(text, &error);
    check(uri != NULL, &error, "read the URI");
    mongoc_client_t *client = mongoc_client_new_from_uri(uri);
    mongoc_write_concern_t *concern = mongoc_write_concern_new();
    mongoc_write_concern_set_wmajority(concern, -1);
    mongoc_write_concern_set_journal(concern, true);
    mongoc_client_set_write_concern(client, concern);
    mongoc_write_concern_destroy(concern);
    mongoc_uri_destroy(uri);
    return client;
}

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add(struct mongo_bulk *bulk, uint64_t *capacity, const bson_t *found)
{
    bson_iter_t iter;
    bson_error_t error = {.message = "a document has no _id"};
    if (bulk->count == *capacity) {
        *capacity = *capacity * 2 + 1024;
        bulk->documents = bson_realloc(bulk->documents, *capacity * sizeof(*bulk->documents));
        bulk->filters = bson_realloc(bulk->filters, *capacity * sizeof(*bulk->filters));
    }
    bson_t *filter = bson_new();
    check(bson_iter_init_find(&iter, found, "_id") && bson_append_iter(filter, "_id", 3, &iter),
          &error, "load");
    bulk->filters[bulk->count] = filter;
    bulk->documents[bulk->count++] = bson_copy(found);
}

struct mongo_bulk *mongo_bulk_load(const char *uri, const char *database, const char *collection)
{
    struct mongo_bulk *bulk = bson_malloc0(sizeof(*bulk));
    uint64_t capacity = 0;
    const bson_t *found;
    bson_t all = BSON_INITIALIZER;
    bson_error_t error;
    bulk->client = client_new(uri);
    mongoc_collection_t *from = mongoc_client_get_collection(bulk->client, database, collection);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, &all, NULL, NULL);
    while (mongoc_cursor_next(cursor, &found))
        add(bulk, &capacity, found);
    check(!mongoc_cursor_error(cursor, &error), &error, "read documents");
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(from);
    bson_destroy(&all);
    return bulk;
}

uint64_t mongo_bulk_count(const struct mongo_bulk *bulk)
{
    return bulk->count;
}

/* One bulk of the documents in [first, end). */
static void write_some(struct mongo_bulk *bulk, mongoc_collection_t *into,
                       const struct mongo_bulk_way *way, uint64_t first, uint64_t end)
{
    bson_t options = BSON_INITIALIZER;
    bson_t upsert = BSON_INITIALIZER;
    bson_t reply;
    bson_error_t error;
    BSON_APPEND_BOOL(&options, "ordered", way->ordered);
    BSON_APPEND_BOOL(&upsert, "upsert", true);
    BSON_APPEND_BOOL(&upsert, "validate", false);
    mongoc_bulk_operation_t *operation =
        mongoc_collection_create_bulk_operation_with_opts(into, &options);
    for (uint64_t i = first; i < end; i++)
        check(way->inserts ? mongoc_bulk_operation_insert_with_opts(operation, bulk->documents[i],
                                                                    NULL, &error)
                           : mongoc_bulk_operation_replace_one_with_opts(
                                 operation, bulk->filters[i], bulk->documents[i], &upsert, &error),
              &error, "fill a bulk");
    check(mongoc_bulk_operation_execute(operation, &reply, &error) != 0, &error, "write a bulk");
    bson_destroy(&reply);
    mongoc_bulk_operation_destroy(operation);
    bson_destroy(&upsert);
    bson_destroy(&options);
}

struct mongo_bulk_result mongo_bulk_run(struct mongo_bulk *bulk, const char *database,
                                        const struct mongo_bulk_way *way)
{
    mongoc_collection_t *into = mongoc_client_get_collection(bulk->client, database, "documents");
    (void)mongoc_collection_drop(into, NULL);
    const double start = seconds_of(CLOCK_MONOTONIC);
    const double start_cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (uint64_t first = 0; first < bulk->count; first += way->batch_documents) {
        const uint64_t left = bulk->count - first;
        write_some(bulk, into, way, first,
                   first + (left < way->batch_documents ? left : way->batch_documents));
    }
    const struct mongo_bulk_result result = {
        .seconds = seconds_of(CLOCK_MONOTONIC) - start,
        .cpu_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start_cpu,
    };
    mongoc_collection_destroy(into);
    return result;
}

void mongo_bulk_drop(const char *uri, const char *database)
{
    bson_error_t error;
    mongoc_client_t *client = client_new(uri);
    mongoc_database_t *dropped = mongoc_client_get_database(client, database);
    check(mongoc_database_drop(dropped, &error), &error, "drop a database");
    mongoc_database_destroy(dropped);
    mongoc_client_destroy(client);
}

void mongo_bulk_free(struct mongo_bulk *bulk)
{
    for (uint64_t i = 0; i < bulk->count; i++) {
        bson_destroy(bulk->documents[i]);
        bson_destroy(bulk->filters[i]);
    }
    bson_free(bulk->documents);
    bson_free(bulk->filters);
    mongoc_client_destroy(bulk->client);
    bson_free(bulk);
}
