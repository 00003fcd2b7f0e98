/* embedded.c -- the embedded registry: schemas kept in the store, parsed once and for ever. */
#include "registry/embedded.h"

#include "base/buf.h"
#include "base/memory.h"

static enum err open_databases(struct embedded_registry *registry, struct why *why);
static enum err read_schema(struct embedded_registry *registry, int32_t id,
                            struct avro_schema **ret_schema, struct why *why);

enum err registry_embedded_by_id(struct registry *base, int32_t id,
                                 const struct avro_schema **ret_schema, struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct avro_schema *schema = NULL;
    pthread_mutex_lock(&registry->lock);
    if (id > 0 && (size_t)id <= registry->schema_capacity)
        schema = registry->schemas[id - 1];
    pthread_mutex_unlock(&registry->lock);
    if (schema) {
        *ret_schema = schema;
        return OK;
    }
    const enum err err = read_schema(registry, id, &schema, why);
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

static enum err read_schema(struct embedded_registry *registry, int32_t id,
                            struct avro_schema **ret_schema, struct why *why)
{
    struct registry_version version = {0};
    struct str *texts = NULL;
    uint32_t text_count = 0;
    struct store_txn *txn = NULL;
    struct arena arena;
    arena_init(&arena, 0);
    enum err err = store_begin(registry->store, false, &txn);
    if (!err)
        err = schemas_read(registry, txn, id, &arena, &version);
    if (err == ERR_NOT_FOUND)
        err = why_set(why, ERR_UNKNOWN_SCHEMA, "no schema has id %d", id);
    else if (err)
        err = registry_fail(why, err);
    else
        err = schemas_referred(registry, txn, version.references, version.reference_count, &arena,
                               &texts, &text_count, why);
    store_abort(txn);
    if (!err)
        err = avro_schema_parse_with(version.text, texts, text_count, ret_schema, why);
    arena_release(&arena);
    return err;
}

/* The one version that the filter names: none or one. */
static enum err read_version(struct embedded_registry *registry, struct store_txn *txn,
                             const struct registry_filter *filter, struct arena *arena,
                             struct registry_version **ret_versions, size_t *ret_count)
{
    struct stored_version *stored = NULL;
    uint32_t count = 0;
    const enum err err = records_versions(registry, txn, filter->subject, arena, &stored, &count);
    const bool latest = filter->version == REGISTRY_LATEST;
    while (!err && count > 0 &&
           ((stored[count - 1].is_deleted && !filter->with_deleted) ||
            (!latest && stored[count - 1].version != filter->version)))
        count--;
    *ret_count = 0;
    if (err || count == 0)
        return err;
    const struct stored_version *found = &stored[count - 1];
    struct registry_version *version = ARENA_NEW(arena, struct registry_version);
    version->subject = arena_str(arena, filter->subject);
    version->version = found->version;
    version->registered_ms = found->registered_ms;
    version->is_deleted = found->is_deleted;
    *ret_versions = version;
    *ret_count = 1;
    return schemas_read(registry, txn, found->id, arena, version) ? ERR_CORRUPT : OK;
}

static enum err embedded_list(struct registry *base, const struct registry_filter *filter,
                              struct arena *arena, struct registry_version **ret_versions,
                              size_t *ret_count, struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct registry_filter wanted = *filter;
    struct store_txn *txn = NULL;
    enum err err = filter->subject.size > 0 ? subject_check(filter->subject, why) : OK;
    if (err)
        return err;
    err = store_begin(registry->store, false, &txn);
    if (!err && filter->guid.size > 0)
        err = schemas_id_of_guid(registry, txn, filter->guid, &wanted.id);
    if (!err && wanted.version != 0)
        err = read_version(registry, txn, &wanted, arena, ret_versions, ret_count);
    else if (!err)
        err = records_list(registry, txn, &wanted, arena, ret_versions, ret_count);
    store_abort(txn);
    if (err == ERR_NOT_FOUND) { /* nobody has the guid */
        *ret_count = 0;
        return OK;
    }
    return err ? registry_fail(why, err) : OK;
}

static enum err embedded_rules(struct registry *base, struct str subject,
                               struct registry_rules *ret_rules, struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct store_txn *txn = NULL;
    enum err err = subject.size ? subject_check(subject, why) : OK;
    if (err)
        return err;
    err = store_begin(registry->store, false, &txn);
    if (!err)
        err = records_rules(registry, txn, subject, ret_rules);
    store_abort(txn);
    return err ? registry_fail(why, err) : OK;
}

static enum err embedded_set_rules(struct registry *base, struct str subject,
                                   const struct registry_rules *rules, struct why *why)
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
        err = records_set_rules(registry, txn, subject, rules);
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
    .look_up = registry_embedded_look_up,
    .check = registry_embedded_check,
    .list = embedded_list,
    .erase = registry_embedded_erase,
    .rules = embedded_rules,
    .set_rules = embedded_set_rules,
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
        {STR("schema_parts"), STORE_KEY_INTEGER, &registry->parts_database},
        {STR("schema_guids"), STORE_KEY_BYTES, &registry->guids_database},
        {STR("schema_ids"), STORE_KEY_INTEGER, &registry->ids_database},
        {STR("subjects"), STORE_KEY_BYTES, &registry->subjects_database},
        {STR("levels"), STORE_KEY_BYTES, &registry->levels_database},
        {STR("modes"), STORE_KEY_BYTES, &registry->modes_database},
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
    if (!registry_is_subject(subject))
        return why_set(why, ERR_INVALID, "'%.*s' is no name for a subject", STR_ARGS(subject));
    return OK;
}

enum err registry_fail(struct why *why, enum err err)
{
    return why_set(why, err, "the schema registry's store: %s", err_text(err));
}
