/* embedded_schemas.c -- schemas in the store: texts, ids, guids, and what they refer to. */
#include "registry/embedded.h"

#include "base/buf.h"
#include "base/json.h"

#define CANDIDATES_MAX 1024

static struct str id_key(const uint64_t *id)
{
    return (struct str){(const char *)id, sizeof(*id)};
}

static enum err parts_read(struct str text, struct arena *arena, struct registry_version *version);

enum err schemas_text(struct embedded_registry *registry, struct store_txn *txn, int32_t id,
                      struct str *ret_text)
{
    const uint64_t key = (uint64_t)id;
    if (id <= 0)
        return ERR_NOT_FOUND;
    return store_get_checked(txn, registry->schemas_database, id_key(&key), ret_text);
}

enum err schemas_read(struct embedded_registry *registry, struct store_txn *txn, int32_t id,
                      struct arena *arena, struct registry_version *version)
{
    const uint64_t key = (uint64_t)id;
    struct str text;
    struct str parts;
    enum err err = schemas_text(registry, txn, id, &text);
    if (!err)
        err = store_get_checked(txn, registry->parts_database, id_key(&key), &parts);
    if (err)
        return err;
    version->id = id;
    version->text = arena_str(arena, text);
    return parts_read(arena_str(arena, parts), arena, version);
}

enum err schemas_id_of_guid(struct embedded_registry *registry, struct store_txn *txn,
                            struct str guid, int32_t *ret_id)
{
    struct str value;
    if (guid.size != REGISTRY_GUID_BYTES)
        return ERR_NOT_FOUND;
    const enum err err = store_get_checked(txn, registry->guids_database, guid, &value);
    if (err || value.size != sizeof(*ret_id))
        return err ? err : ERR_CORRUPT;
    memcpy(ret_id, value.data, sizeof(*ret_id));
    return OK;
}

enum err schemas_candidates(struct embedded_registry *registry, struct store_txn *txn,
                            uint64_t fingerprint, struct arena *arena, int32_t **ret_ids,
                            uint32_t *ret_count)
{
    struct str value;
    const enum err err =
        store_get_checked(txn, registry->ids_database, id_key(&fingerprint), &value);
    if (err && err != ERR_NOT_FOUND)
        return err;
    const size_t size = err ? 0 : value.size;
    if (size % sizeof(int32_t))
        return ERR_CORRUPT;
    *ret_count = (uint32_t)(size / sizeof(int32_t));
    *ret_ids = size ? arena_copy(arena, value.data, size) : NULL;
    return OK;
}

static enum err next_id(struct embedded_registry *registry, struct store_txn *txn, uint64_t *ret_id)
{
    struct store_cursor *cursor = NULL;
    struct str key;
    struct str value;
    uint64_t last = 0;
    enum err err = store_cursor_open(txn, registry->schemas_database, &cursor);
    if (!err)
        err = store_cursor_move(cursor, STORE_LAST, &key, &value);
    if (!err && key.size == sizeof(last))
        memcpy(&last, key.data, sizeof(last));
    store_cursor_close(cursor);
    if (err && err != ERR_NOT_FOUND)
        return err;
    if (last >= INT32_MAX)
        return ERR_LIMIT;
    *ret_id = last + 1;
    return OK;
}

static void parts_write(const struct registry_draft *draft, struct str guid, struct buf *buf)
{
    buf_append_str(buf, STR("{\"guid\":"));
    json_write_string(buf, guid);
    for (uint32_t i = 0; i < draft->reference_count; i++) {
        const struct registry_reference *reference = &draft->references[i];
        buf_append_str(buf, i == 0 ? STR(",\"references\":[") : STR(","));
        buf_append_str(buf, STR("{\"name\":"));
        json_write_string(buf, reference->name);
        buf_append_str(buf, STR(",\"subject\":"));
        json_write_string(buf, reference->subject);
        buf_printf(buf, ",\"version\":%d}", reference->version);
    }
    if (draft->reference_count > 0)
        buf_append_byte(buf, ']');
    if (draft->metadata.size > 0) {
        buf_append_str(buf, STR(",\"metadata\":"));
        buf_append_str(buf, draft->metadata);
    }
    buf_append_byte(buf, '}');
}

static enum err add_candidate(struct embedded_registry *registry, struct store_txn *txn,
                              uint64_t fingerprint, int32_t id)
{
    struct str value;
    struct buf ids = {0};
    enum err err = store_get_checked(txn, registry->ids_database, id_key(&fingerprint), &value);
    if (!err)
        buf_append_str(&ids, value);
    buf_append(&ids, &id, sizeof(id));
    if (err == ERR_NOT_FOUND)
        err = OK;
    if (!err && ids.size > CANDIDATES_MAX * sizeof(id))
        err = ERR_LIMIT;
    if (!err)
        err = store_put_checked(txn, registry->ids_database, id_key(&fingerprint), buf_str(&ids));
    buf_release(&ids);
    return err;
}

enum err schemas_add(struct embedded_registry *registry, struct store_txn *txn,
                     const struct registry_draft *draft, uint64_t fingerprint, struct str guid,
                     int32_t *ret_id)
{
    uint64_t key = (uint64_t)draft->id;
    struct str there;
    enum err err = OK;
    if (draft->id == 0)
        err = next_id(registry, txn, &key);
    else if (store_get(txn, registry->schemas_database, id_key(&key), &there) == OK)
        err = ERR_EXISTS;
    if (err)
        return err;
    const int32_t id = (int32_t)key;
    struct buf parts = {0};
    parts_write(draft, guid, &parts);
    err = store_put_checked(txn, registry->schemas_database, id_key(&key), draft->text);
    if (!err)
        err = store_put_checked(txn, registry->parts_database, id_key(&key), buf_str(&parts));
    if (!err)
        err = store_put_checked(txn, registry->guids_database, guid,
                                (struct str){(const char *)&id, sizeof(id)});
    if (!err)
        err = add_candidate(registry, txn, fingerprint, id);
    buf_release(&parts);
    if (!err)
        *ret_id = id;
    return err;
}

/* What has been met on the way through references. */
struct walk {
    struct embedded_registry *registry;
    struct store_txn *txn;
    struct arena *arena;
    struct why *why;
    struct registry_reference met[REGISTRY_REFERENCES_MAX];
    uint32_t met_count;
    struct str *texts;
    uint32_t text_count;
};

static bool walk_meets(struct walk *walk, const struct registry_reference *reference)
{
    for (uint32_t i = 0; i < walk->met_count; i++)
        if (walk->met[i].version == reference->version &&
            str_equal(walk->met[i].subject, reference->subject))
            return false;
    if (walk->met_count < REGISTRY_REFERENCES_MAX)
        walk->met[walk->met_count] = *reference;
    walk->met_count++;
    return true;
}

static enum err walk_find(struct walk *walk, const struct registry_reference *reference,
                          struct registry_version *ret_version)
{
    struct stored_version *versions = NULL;
    uint32_t count = 0;
    enum err err = registry_is_subject(reference->subject) ? OK : ERR_NOT_FOUND;
    if (!err)
        err = records_versions(walk->registry, walk->txn, reference->subject, walk->arena,
                               &versions, &count);
    for (uint32_t i = 0; i < count && !err; i++)
        if (versions[i].version == reference->version)
            return schemas_read(walk->registry, walk->txn, versions[i].id, walk->arena,
                                ret_version);
    return err ? err : ERR_NOT_FOUND;
}

/* Each reference adds to what was met, so the depth is bounded too. */
static enum err walk_all(struct walk *walk, const struct registry_reference *references,
                         uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct registry_version version = {0};
        if (!walk_meets(walk, &references[i]))
            continue;
        if (walk->met_count > REGISTRY_REFERENCES_MAX)
            return why_set(walk->why, ERR_LIMIT, "more than %d references",
                           REGISTRY_REFERENCES_MAX);
        enum err err = walk_find(walk, &references[i], &version);
        if (err == ERR_NOT_FOUND)
            return why_set(walk->why, ERR_INVALID,
                           "no schema reference found for subject '%.*s' and version %d",
                           STR_ARGS(references[i].subject), references[i].version);
        if (err)
            return registry_fail(walk->why, err);
        err = walk_all(walk, version.references, version.reference_count);
        if (err)
            return err;
        walk->texts[walk->text_count++] = version.text;
    }
    return OK;
}

enum err schemas_referred(struct embedded_registry *registry, struct store_txn *txn,
                          const struct registry_reference *references, uint32_t count,
                          struct arena *arena, struct str **ret_texts, uint32_t *ret_count,
                          struct why *why)
{
    *ret_count = 0;
    if (count == 0)
        return OK;
    struct walk *walk = ARENA_NEW(arena, struct walk);
    walk->registry = registry;
    walk->txn = txn;
    walk->arena = arena;
    walk->why = why;
    walk->texts = ARENA_ARRAY(arena, struct str, REGISTRY_REFERENCES_MAX);
    const enum err err = walk_all(walk, references, count);
    *ret_texts = walk->texts;
    *ret_count = walk->text_count;
    return err;
}

/* What parts_write wrote. */
static enum err parts_read(struct str text, struct arena *arena, struct registry_version *version)
{
    struct json_reader reader;
    enum json_token token;
    version->references = NULL;
    version->reference_count = 0;
    version->metadata = (struct str){0};
    json_reader_init(&reader, text, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return ERR_CORRUPT;
    while ((token = json_next(&reader)) == JSON_NAME) {
        const struct str name = reader.text;
        token = json_next(&reader);
        enum err err = OK;
        if (str_equal(name, STR("guid")))
            version->guid = reader.text;
        else if (str_equal(name, STR("references")))
            err = registry_read_references(&reader, arena, &version->references,
                                           &version->reference_count);
        else
            err = json_skip(&reader, token, &version->metadata);
        if (err)
            return ERR_CORRUPT;
    }
    return token == JSON_OBJECT_END ? OK : ERR_CORRUPT;
}
