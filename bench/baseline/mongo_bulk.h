/* mongo_bulk.h -- the least work a MongoDB sink can be: a loop of libmongoc's bulks over documents
 * that lie ready in memory. */
#ifndef BENCH_MONGO_BULK_H
#define BENCH_MONGO_BULK_H

#include <stdbool.h>
#include <stdint.h>

struct mongo_bulk;

/* How a loop writes. */
struct mongo_bulk_way {
    uint32_t batch_documents; /* a bulk */
    bool ordered;
    bool inserts; /* insert, else replace by _id with upsert, as a sink that may redeliver must */
};

struct mongo_bulk_result {
    double seconds;
    double cpu_seconds; /* of this process */
};

/* Reads all documents of a collection into memory; ends the program on any error, as all of these
 * do. w=majority and journal=true. Freed by mongo_bulk_free. */
struct mongo_bulk *mongo_bulk_load(const char *uri, const char *database, const char *collection);
uint64_t mongo_bulk_count(const struct mongo_bulk *bulk);
/* Writes them into a collection that is dropped first. */
struct mongo_bulk_result mongo_bulk_run(struct mongo_bulk *bulk, const char *database,
                                        const struct mongo_bulk_way *way);
/* Drops a whole database. */
void mongo_bulk_drop(const char *uri, const char *database);
void mongo_bulk_free(struct mongo_bulk *bulk);

#endif
