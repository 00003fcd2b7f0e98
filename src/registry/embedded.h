/* embedded.h -- what the embedded registry's own files share; nobody else includes it.
 *
 * In the store, each value with a CRC32C over key and value:
 *     schemas     id (uint64) -> the schema's text as it was registered first
 *     schema_ids  fingerprint (uint64, of the canonical form) -> ids (int32 each) that have it
 *     subjects    subject, NUL, version (int32, big-endian) -> id (int32)
 *     levels      subject, or NUL for all -> compatibility level (uint8)
 * Nothing is ever changed or deleted but a level, so what was read stays true. */
#ifndef REGISTRY_EMBEDDED_H
#define REGISTRY_EMBEDDED_H

#include "registry/registry.h"
#include "store/store.h"

#include <pthread.h>

#define SUBJECT_BYTES_MAX 400
#define VERSIONS_MAX 10000

struct embedded_registry {
    struct registry base; /* first */
    struct store *store;
    store_database schemas_database;
    store_database ids_database;
    store_database subjects_database;
    store_database levels_database;
    pthread_mutex_t lock;         /* guards what follows */
    struct avro_schema **schemas; /* by id - 1; NULL: not read yet */
    size_t schema_capacity;
};

/* embedded.c */
struct embedded_registry *registry_embedded_of(struct registry *registry);
MUST_CHECK enum err registry_embedded_by_id(struct registry *base, int32_t id,
                                            const struct avro_schema **ret_schema, struct why *why);
MUST_CHECK enum err subject_check(struct str subject, struct why *why);
/* Words for a failure of the store; hands `err` back. */
enum err registry_fail(struct why *why, enum err err);

/* embedded_register.c: the seam's register_schema and check. */
MUST_CHECK enum err registry_embedded_register(struct registry *base, struct str subject,
                                               struct str text, int32_t *ret_id, struct why *why);
MUST_CHECK enum err registry_embedded_check(struct registry *base, struct str subject,
                                            struct str text, struct why *why);

/* embedded_records.c: what is kept, read and written inside a transaction. */

/* Ids of all versions of a subject, ascending, in the arena; count 0 when there is none. */
MUST_CHECK enum err records_versions(struct embedded_registry *registry, struct store_txn *txn,
                                     struct str subject, struct arena *arena, int32_t **ret_ids,
                                     uint32_t *ret_count);
/* Borrowed until the transaction ends. ERR_NOT_FOUND. */
MUST_CHECK enum err records_text(struct embedded_registry *registry, struct store_txn *txn,
                                 int32_t id, struct str *ret_text);
/* Ids whose schemas have that fingerprint, in the arena. */
MUST_CHECK enum err records_candidates(struct embedded_registry *registry, struct store_txn *txn,
                                       uint64_t fingerprint, struct arena *arena, int32_t **ret_ids,
                                       uint32_t *ret_count);
/* Gives the text the next id. */
MUST_CHECK enum err records_add_schema(struct embedded_registry *registry, struct store_txn *txn,
                                       struct str text, uint64_t fingerprint, int32_t *ret_id);
MUST_CHECK enum err records_add_version(struct embedded_registry *registry, struct store_txn *txn,
                                        struct str subject, int32_t version, int32_t id);
/* Of the subject itself, or the default for all. */
MUST_CHECK enum err records_level(struct embedded_registry *registry, struct store_txn *txn,
                                  struct str subject, enum compatibility *ret_level);
MUST_CHECK enum err records_set_level(struct embedded_registry *registry, struct store_txn *txn,
                                      struct str subject, enum compatibility level);
/* All versions of all subjects; everything in the arena. */
MUST_CHECK enum err records_list(struct embedded_registry *registry, struct store_txn *txn,
                                 struct arena *arena, struct registry_version **ret_versions,
                                 size_t *ret_count);

/* compatibility.c: ERR_INCOMPATIBLE with words when `fresh` may not follow the versions that are
 * there, under `level`. */
MUST_CHECK enum err compatibility_check(struct registry *registry, struct str subject,
                                        const struct avro_schema *fresh, enum compatibility level,
                                        const int32_t *ids, uint32_t count, struct why *why);

#endif
