/* embedded.h -- what the embedded registry's own files share; nobody else includes it.
 *
 * In the store, each value with a CRC32C over key and value:
 *     schemas       id (uint64) -> the schema's text as it was registered first
 *     schema_parts  id (uint64) -> {"guid":"...","references":[...],"metadata":{...}}
 *     schema_guids  guid, as text -> id (int32)
 *     schema_ids    fingerprint (uint64, of the canonical form) -> ids (int32 each) that have it
 *     subjects      subject, NUL, version (int32, big-endian) -> struct stored_version
 *     levels        subject, or NUL for all -> compatibility level (uint8)
 *     modes         the same -> mode (uint8)
 * Schemas, once there, stay: the log may hold records that need them, however often their subject
 * is deleted, so what was parsed stays true. What is deleted permanently is a subject's version. */
#ifndef REGISTRY_EMBEDDED_H
#define REGISTRY_EMBEDDED_H

#include "registry/registry.h"
#include "store/store.h"

#include <pthread.h>

#define VERSIONS_MAX 10000

struct embedded_registry {
    struct registry base; /* first */
    struct store *store;
    store_database schemas_database;
    store_database parts_database;
    store_database guids_database;
    store_database ids_database;
    store_database subjects_database;
    store_database levels_database;
    store_database modes_database;
    pthread_mutex_t lock;         /* guards what follows */
    struct avro_schema **schemas; /* by id - 1; NULL: not read yet */
    size_t schema_capacity;
};

/* A version of a subject. */
struct stored_version {
    int32_t version; /* in the store: of the key */
    int32_t id;
    int64_t registered_ms;
    bool is_deleted;
};

/* embedded.c */
struct embedded_registry *registry_embedded_of(struct registry *registry);
MUST_CHECK enum err registry_embedded_by_id(struct registry *base, int32_t id,
                                            const struct avro_schema **ret_schema, struct why *why);
MUST_CHECK enum err subject_check(struct str subject, struct why *why);
/* Words for a failure of the store; hands `err` back. */
enum err registry_fail(struct why *why, enum err err);

/* embedded_register.c: the seam's register_schema, look_up and check. */
MUST_CHECK enum err registry_embedded_look_up(struct registry *base, struct str subject,
                                              const struct registry_draft *draft, bool with_deleted,
                                              struct arena *arena,
                                              struct registry_version *ret_version,
                                              struct why *why);
MUST_CHECK enum err registry_embedded_register(struct registry *base, struct str subject,
                                               const struct registry_draft *draft,
                                               struct arena *arena,
                                               struct registry_version *ret_version,
                                               struct why *why);
MUST_CHECK enum err registry_embedded_check(struct registry *base, struct str subject,
                                            int32_t version, const struct registry_draft *draft,
                                            struct why *why);

/* embedded_erase.c: the seam's erase. */
MUST_CHECK enum err registry_embedded_erase(struct registry *base, struct str subject,
                                            int32_t version, bool permanently, struct arena *arena,
                                            int32_t **ret_versions, size_t *ret_count,
                                            struct why *why);

/* embedded_records.c: subjects and what is said of them, inside a transaction. */

/* All versions of a subject, deleted ones too, ascending, in the arena; count 0: none. */
MUST_CHECK enum err records_versions(struct embedded_registry *registry, struct store_txn *txn,
                                     struct str subject, struct arena *arena,
                                     struct stored_version **ret_versions, uint32_t *ret_count);
MUST_CHECK enum err records_set_version(struct embedded_registry *registry, struct store_txn *txn,
                                        struct str subject, const struct stored_version *version);
MUST_CHECK enum err records_drop_version(struct embedded_registry *registry, struct store_txn *txn,
                                         struct str subject, int32_t version);
/* Versions of all subjects that pass the filter; everything in the arena. */
MUST_CHECK enum err records_list(struct embedded_registry *registry, struct store_txn *txn,
                                 const struct registry_filter *filter, struct arena *arena,
                                 struct registry_version **ret_versions, size_t *ret_count);
MUST_CHECK enum err records_rules(struct embedded_registry *registry, struct store_txn *txn,
                                  struct str subject, struct registry_rules *ret_rules);
MUST_CHECK enum err records_set_rules(struct embedded_registry *registry, struct store_txn *txn,
                                      struct str subject, const struct registry_rules *rules);

/* embedded_schemas.c: schemas, inside a transaction. */

/* Borrowed until the transaction ends. ERR_NOT_FOUND. */
MUST_CHECK enum err schemas_text(struct embedded_registry *registry, struct store_txn *txn,
                                 int32_t id, struct str *ret_text);
/* Text, guid, references and metadata of an id, in the arena. */
MUST_CHECK enum err schemas_read(struct embedded_registry *registry, struct store_txn *txn,
                                 int32_t id, struct arena *arena, struct registry_version *version);
MUST_CHECK enum err schemas_id_of_guid(struct embedded_registry *registry, struct store_txn *txn,
                                       struct str guid, int32_t *ret_id);
/* Ids whose schemas have that fingerprint, in the arena. */
MUST_CHECK enum err schemas_candidates(struct embedded_registry *registry, struct store_txn *txn,
                                       uint64_t fingerprint, struct arena *arena, int32_t **ret_ids,
                                       uint32_t *ret_count);
/* Gives the draft the next id, or the one it says. ERR_EXISTS: that one is another's. */
MUST_CHECK enum err schemas_add(struct embedded_registry *registry, struct store_txn *txn,
                                const struct registry_draft *draft, uint64_t fingerprint,
                                struct str guid, int32_t *ret_id);
/* Texts of all that the references lead to, each after what it refers to itself, in the arena.
 * ERR_INVALID with words: one of them leads to nothing. */
MUST_CHECK enum err schemas_referred(struct embedded_registry *registry, struct store_txn *txn,
                                     const struct registry_reference *references, uint32_t count,
                                     struct arena *arena, struct str **ret_texts,
                                     uint32_t *ret_count, struct why *why);

/* compatibility.c: ERR_INCOMPATIBLE with words when `fresh` may not follow the versions that are
 * there, oldest first, under `level`. */
MUST_CHECK enum err compatibility_check(struct registry *registry, struct str subject,
                                        const struct avro_schema *fresh, enum compatibility level,
                                        const struct stored_version *versions, uint32_t count,
                                        struct why *why);

#endif
