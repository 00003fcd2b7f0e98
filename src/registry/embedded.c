/* embedded.c -- the embedded registry: schemas kept in the store, parsed once and for ever. */
#include "registry/embedded.h"

#include "base/buf.h"
#include "base/memory.h"

static enum err open_databases(struct embedded_registry *registry, struct why *why);

enum err registry_embedded_by_id(struct registry *base, int32_t id,
                                 const struct avro_schema **ret_schema, struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
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
        err = registry_fail(why, err);
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
    struct embedded_registry *registry = registry_embedded_of(base);
    struct store_txn *txn = NULL;
    int32_t *ids = NULL;
    uint32_t count = 0;
    struct str text;
    enum err err = subject_check(subject, why);
    if (err)
        return err;
    err = store_begin(registry->store, false, &txn);
    if (!err)
        err = records_versions(registry, txn, subject, arena, &ids, &count);
    if (err) {
        err = registry_fail(why, err);
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
        err = registry_fail(why, ERR_CORRUPT);
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

static enum err embedded_list(struct registry *base, struct arena *arena,
                              struct registry_version **ret_versions, size_t *ret_count,
                              struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct store_txn *txn = NULL;
    enum err err = store_begin(registry->store, false, &txn);
    if (!err)
        err = records_list(registry, txn, arena, ret_versions, ret_count);
    store_abort(txn);
    return err ? registry_fail(why, err) : OK;
}

static enum err embedded_level(struct registry *base, struct str subject,
                               enum compatibility *ret_level, struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct store_txn *txn = NULL;
    enum err err = subject.size ? subject_check(subject, why) : OK;
    if (err)
        return err;
    err = store_begin(registry->store, false, &txn);
    if (!err)
        err = records_level(registry, txn, subject, ret_level);
    store_abort(txn);
    return err ? registry_fail(why, err) : OK;
}

static enum err embedded_set_level(struct registry *base, struct str subject,
                                   enum compatibility level, struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct store_txn *txn = NULL;
    enum err err = subject.size ? subject_check(subject, why) : OK;
    if (err)
        return err;
    if (store_is_read_only(registry->store))
        return registry_fail(why, ERR_DENIED);
    err = store_begin(registry->store, true, &txn);
    if (!err)
        err = records_set_level(registry, txn, subject, level);
    if (!err) {
        err = store_commit(txn);
        txn = NULL;
    }
    store_abort(txn);
    return err ? registry_fail(why, err) : OK;
}

static void embedded_close(struct registry *base)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    for (size_t i = 0; i < registry->schema_capacity; i++)
        avro_schema_free(registry->schemas[i]);
    free(registry->schemas);
    pthread_mutex_destroy(&registry->lock);
    free(registry);
}

static const struct registry_ops embedded_ops = {
    .register_schema = registry_embedded_register,
    .by_id = registry_embedded_by_id,
    .version = embedded_version,
    .check = registry_embedded_check,
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

struct embedded_registry *registry_embedded_of(struct registry *registry)
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

enum err subject_check(struct str subject, struct why *why)
{
    if (subject.size == 0 || subject.size > SUBJECT_BYTES_MAX ||
        memchr(subject.data, '\0', subject.size))
        return why_set(why, ERR_INVALID, "'%.*s' is no name for a subject", STR_ARGS(subject));
    return OK;
}

enum err registry_fail(struct why *why, enum err err)
{
    return why_set(why, err, "the schema registry's store: %s", err_text(err));
}
