/* embedded.c -- the embedded registry: schemas kept in the store, parsed once and for ever. */
#include "registry/embedded.h"

#include "base/buf.h"
#include "base/memory.h"

#define REGISTER_TRIES_MAX 16

/* A schema on its way in: parsed, and compared with what is there. */
struct candidate {
    struct avro_schema *schema;
    struct buf identity;
    uint64_t fingerprint;
    struct arena arena;
    int32_t id;      /* 0: no schema like it is known */
    bool registered; /* under this subject */
    int32_t *ids;    /* of the subject's versions */
    uint32_t version_count;
};

static struct embedded_registry *embedded_of(struct registry *registry);
static enum err open_databases(struct embedded_registry *registry, struct why *why);
static enum err check_subject(struct str subject, struct why *why);
static enum err candidate_init(struct candidate *candidate, struct str text, struct why *why);
static void candidate_release(struct candidate *candidate);
static enum err look_up(struct embedded_registry *registry, struct store_txn *txn,
                        struct str subject, struct candidate *candidate, struct why *why);
static enum err check_candidate(struct embedded_registry *registry, struct str subject,
                                struct candidate *candidate, struct why *why);
static enum err add_candidate(struct embedded_registry *registry, struct str subject,
                              struct str text, struct candidate *candidate, struct why *why);
static enum err fail(struct why *why, enum err err);

static enum err embedded_register(struct registry *base, struct str subject, struct str text,
                                  int32_t *ret_id, struct why *why)
{
    struct embedded_registry *registry = embedded_of(base);
    struct candidate candidate;
    enum err err = check_subject(subject, why);
    if (err)
        return err;
    err = candidate_init(&candidate, text, why);
    for (int tries = 0; !err && tries < REGISTER_TRIES_MAX; tries++) {
        err = check_candidate(registry, subject, &candidate, why);
        if (!err && !candidate.registered)
            err = add_candidate(registry, subject, text, &candidate, why);
        if (err != ERR_AGAIN)
            break;
        err = OK; /* another version came in between: check against it */
    }
    if (!err && candidate.id == 0)
        err = why_set(why, ERR_UNAVAILABLE, "subject '%.*s' changes too fast", STR_ARGS(subject));
    if (!err)
        *ret_id = candidate.id;
    candidate_release(&candidate);
    return err;
}

static enum err embedded_by_id(struct registry *base, int32_t id,
                               const struct avro_schema **ret_schema, struct why *why)
{
    struct embedded_registry *registry = embedded_of(base);
    struct avro_schema *schema = NULL;
    struct store_txn *txn = NULL;
    struct str text;
    pthread_mutex_lock(&registry->lock);
    if (id > 0 && (size_t)id <= registry->schema_capacity)
        schema = registry->schemas[id - 1];
    pthread_mutex_unlock(&registry->lock);
    if (schema) {
        *ret_schema = schema;
        return OK;
    }
    enum err err = store_begin(registry->store, false, &txn);
    if (!err)
        err = records_text(registry, txn, id, &text);
    if (err == ERR_NOT_FOUND)
        err = why_set(why, ERR_UNKNOWN_SCHEMA, "no schema has id %d", id);
    else if (err)
        err = fail(why, err);
    else
        err = avro_schema_parse(text, &schema, why);
    store_abort(txn);
    if (err)
        return err;
    pthread_mutex_lock(&registry->lock);
    if ((size_t)id > registry->schema_capacity) {
        const size_t capacity = ((size_t)id + 63) / 64 * 128;
        registry->schemas =
            memory_realloc(registry->schemas, capacity * sizeof(*registry->schemas));
        for (size_t i = registry->schema_capacity; i < capacity; i++)
            registry->schemas[i] = NULL;
        registry->schema_capacity = capacity;
    }
    if (!registry->schemas[id - 1]) {
        registry->schemas[id - 1] = schema;
        schema = NULL;
    }
    *ret_schema = registry->schemas[id - 1];
    pthread_mutex_unlock(&registry->lock);
    avro_schema_free(schema); /* another thread was quicker */
    return OK;
}

static enum err embedded_version(struct registry *base, struct str subject, int32_t version,
                                 struct arena *arena, struct registry_version *ret_version,
                                 struct why *why)
{
    struct embedded_registry *registry = embedded_of(base);
    struct store_txn *txn = NULL;
    int32_t *ids = NULL;
    uint32_t count = 0;
    struct str text;
    enum err err = check_subject(subject, why);
    if (err)
        return err;
    err = store_begin(registry->store, false, &txn);
    if (!err)
        err = records_versions(registry, txn, subject, arena, &ids, &count);
    if (err) {
        err = fail(why, err);
        goto out;
    }
    if (count == 0) {
        err = why_set(why, ERR_NOT_FOUND, "no subject '%.*s'", STR_ARGS(subject));
        goto out;
    }
    if ((uint32_t)version > count) {
        err = why_set(why, ERR_NOT_FOUND, "subject '%.*s' has no version %d", STR_ARGS(subject),
                      version);
        goto out;
    }
    const int32_t wanted = version ? version : (int32_t)count;
    err = records_text(registry, txn, ids[wanted - 1], &text);
    if (err) {
        err = fail(why, ERR_CORRUPT);
        goto out;
    }
    *ret_version = (struct registry_version){.subject = arena_str(arena, subject),
                                             .version = wanted,
                                             .id = ids[wanted - 1],
                                             .text = arena_str(arena, text)};
out:
    store_abort(txn);
    return err;
}

static enum err embedded_check(struct registry *base, struct str subject, struct str text,
                               struct why *why)
{
    struct embedded_registry *registry = embedded_of(base);
    struct candidate candidate;
    enum err err = check_subject(subject, why);
    if (err)
        return err;
    err = candidate_init(&candidate, text, why);
    if (!err)
        err = check_candidate(registry, subject, &candidate, why);
    candidate_release(&candidate);
    return err;
}

static enum err embedded_list(struct registry *base, struct arena *arena,
                              struct registry_version **ret_versions, size_t *ret_count,
                              struct why *why)
{
    struct embedded_registry *registry = embedded_of(base);
    struct store_txn *txn = NULL;
    enum err err = store_begin(registry->store, false, &txn);
    if (!err)
        err = records_list(registry, txn, arena, ret_versions, ret_count);
    store_abort(txn);
    return err ? fail(why, err) : OK;
}

static enum err embedded_level(struct registry *base, struct str subject,
                               enum compatibility *ret_level, struct why *why)
{
    struct embedded_registry *registry = embedded_of(base);
    struct store_txn *txn = NULL;
    enum err err = subject.size ? check_subject(subject, why) : OK;
    if (err)
        return err;
    err = store_begin(registry->store, false, &txn);
    if (!err)
        err = records_level(registry, txn, subject, ret_level);
    store_abort(txn);
    return err ? fail(why, err) : OK;
}

static enum err embedded_set_level(struct registry *base, struct str subject,
                                   enum compatibility level, struct why *why)
{
    struct embedded_registry *registry = embedded_of(base);
    struct store_txn *txn = NULL;
    enum err err = subject.size ? check_subject(subject, why) : OK;
    if (err)
        return err;
    if (store_is_read_only(registry->store))
        return fail(why, ERR_DENIED);
    err = store_begin(registry->store, true, &txn);
    if (!err)
        err = records_set_level(registry, txn, subject, level);
    if (!err) {
        err = store_commit(txn);
        txn = NULL;
    }
    store_abort(txn);
    return err ? fail(why, err) : OK;
}

static void embedded_close(struct registry *base)
{
    struct embedded_registry *registry = embedded_of(base);
    for (size_t i = 0; i < registry->schema_capacity; i++)
        avro_schema_free(registry->schemas[i]);
    free(registry->schemas);
    pthread_mutex_destroy(&registry->lock);
    free(registry);
}

static const struct registry_ops embedded_ops = {
    .register_schema = embedded_register,
    .by_id = embedded_by_id,
    .version = embedded_version,
    .check = embedded_check,
    .list = embedded_list,
    .level = embedded_level,
    .set_level = embedded_set_level,
    .close = embedded_close,
};

enum err registry_embedded_open(struct store *store, struct registry **ret_registry,
                                struct why *why)
{
    must(store != NULL);
    must(ret_registry != NULL);
    struct embedded_registry *registry = MEMORY_NEW(struct embedded_registry);
    registry->base.ops = &embedded_ops;
    registry->store = store;
    pthread_mutex_init(&registry->lock, NULL);
    const enum err err = open_databases(registry, why);
    if (err) {
        embedded_close(&registry->base);
        return err;
    }
    *ret_registry = &registry->base;
    return OK;
}

static struct embedded_registry *embedded_of(struct registry *registry)
{
    must(registry != NULL);
    must(registry->ops == &embedded_ops);
    return (struct embedded_registry *)registry;
}

/* Reads first, so that a registry that is there already costs no transaction. */
static enum err open_databases(struct embedded_registry *registry, struct why *why)
{
    const struct {
        struct str name;
        enum store_key key;
        store_database *database;
    } databases[] = {
        {STR("schemas"), STORE_KEY_INTEGER, &registry->schemas_database},
        {STR("schema_ids"), STORE_KEY_INTEGER, &registry->ids_database},
        {STR("subjects"), STORE_KEY_BYTES, &registry->subjects_database},
        {STR("levels"), STORE_KEY_BYTES, &registry->levels_database},
    };
    const size_t count = sizeof(databases) / sizeof(databases[0]);
    const int passes = store_is_read_only(registry->store) ? 1 : 2;
    enum err err = ERR_NOT_FOUND;
    for (int pass = 0; pass < passes && err == ERR_NOT_FOUND; pass++) {
        struct store_txn *txn = NULL;
        err = store_begin(registry->store, pass == 1, &txn);
        for (size_t i = 0; i < count && !err; i++)
            err = store_database_open(txn, databases[i].name, databases[i].key,
                                      databases[i].database);
        if (!err && pass == 1) {
            err = store_commit(txn);
            txn = NULL;
        }
        store_abort(txn);
    }
    return err ? why_set(why, err, "cannot open the schema registry: %s", err_text(err)) : OK;
}

static enum err check_subject(struct str subject, struct why *why)
{
    if (subject.size == 0 || subject.size > SUBJECT_BYTES_MAX ||
        memchr(subject.data, '\0', subject.size))
        return why_set(why, ERR_INVALID, "'%.*s' is no name for a subject", STR_ARGS(subject));
    return OK;
}

static enum err candidate_init(struct candidate *candidate, struct str text, struct why *why)
{
    *candidate = (struct candidate){0};
    arena_init(&candidate->arena, 0);
    const enum err err = avro_schema_parse(text, &candidate->schema, why);
    if (err)
        return err;
    avro_schema_identity(candidate->schema, &candidate->identity);
    candidate->fingerprint = avro_schema_fingerprint(candidate->schema);
    return OK;
}

static void candidate_release(struct candidate *candidate)
{
    avro_schema_free(candidate->schema);
    buf_release(&candidate->identity);
    arena_release(&candidate->arena);
}

/* Which id the schema has, if any, and whether the subject has it. Schemas of one identity have
 * one canonical form, so only those of the same fingerprint need to be looked at. */
static enum err look_up(struct embedded_registry *registry, struct store_txn *txn,
                        struct str subject, struct candidate *candidate, struct why *why)
{
    int32_t *same = NULL;
    uint32_t same_count = 0;
    candidate->id = 0;
    candidate->registered = false;
    arena_clear(&candidate->arena);
    enum err err = records_versions(registry, txn, subject, &candidate->arena, &candidate->ids,
                                    &candidate->version_count);
    if (!err)
        err = records_candidates(registry, txn, candidate->fingerprint, &candidate->arena, &same,
                                 &same_count);
    if (err)
        return fail(why, err);
    for (uint32_t i = 0; i < same_count && !candidate->id; i++) {
        const struct avro_schema *schema = NULL;
        struct buf identity = {0};
        err = embedded_by_id(&registry->base, same[i], &schema, why);
        if (err)
            return err;
        avro_schema_identity(schema, &identity);
        if (str_equal(buf_str(&identity), buf_str(&candidate->identity)))
            candidate->id = same[i];
        buf_release(&identity);
    }
    for (uint32_t i = 0; i < candidate->version_count && candidate->id; i++)
        candidate->registered |= candidate->ids[i] == candidate->id;
    return OK;
}

static enum err check_candidate(struct embedded_registry *registry, struct str subject,
                                struct candidate *candidate, struct why *why)
{
    struct store_txn *txn = NULL;
    enum compatibility level = COMPATIBILITY_BACKWARD;
    enum err err = store_begin(registry->store, false, &txn);
    if (!err)
        err = records_level(registry, txn, subject, &level);
    if (err)
        err = fail(why, err);
    else
        err = look_up(registry, txn, subject, candidate, why);
    store_abort(txn);
    if (err || candidate->registered)
        return err;
    return compatibility_check(&registry->base, subject, candidate->schema, level, candidate->ids,
                               candidate->version_count, why);
}

/* Looks again inside the write transaction. ERR_AGAIN: the subject has changed since the check,
 * which is not done here, for everybody who writes would wait for it. */
static enum err add_candidate(struct embedded_registry *registry, struct str subject,
                              struct str text, struct candidate *candidate, struct why *why)
{
    if (store_is_read_only(registry->store))
        return fail(why, ERR_DENIED);
    const uint32_t version_count = candidate->version_count;
    struct store_txn *txn = NULL;
    enum err err = store_begin(registry->store, true, &txn);
    if (err)
        return fail(why, err);
    err = look_up(registry, txn, subject, candidate, why);
    if (err || candidate->registered)
        goto out;
    if (candidate->version_count != version_count) {
        err = ERR_AGAIN;
        candidate->id = 0;
        goto out;
    }
    if (!candidate->id)
        err = records_add_schema(registry, txn, text, candidate->fingerprint, &candidate->id);
    if (!err)
        err =
            records_add_version(registry, txn, subject, (int32_t)version_count + 1, candidate->id);
    if (!err) {
        err = store_commit(txn);
        txn = NULL;
    }
    if (err)
        err = fail(why, err);
out:
    store_abort(txn);
    return err;
}

static enum err fail(struct why *why, enum err err)
{
    return why_set(why, err, "the schema registry's store: %s", err_text(err));
}
