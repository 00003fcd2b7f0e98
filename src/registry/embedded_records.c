/* embedded_records.c -- the registry's databases, inside a transaction. */
#include "registry/embedded.h"

#include "base/buf.h"

#include <endian.h>

#define KEY_BYTES_MAX (SUBJECT_BYTES_MAX + 5)
#define CANDIDATES_MAX 1024

static struct str version_key(struct str subject, int32_t version, char key[KEY_BYTES_MAX]);
static bool parse_version_key(struct str key, struct str *ret_subject, int32_t *ret_version);
static enum err read_id(struct str key, struct str stored, int32_t *ret_id);
static struct str level_key(struct str subject);

enum err records_versions(struct embedded_registry *registry, struct store_txn *txn,
                          struct str subject, struct arena *arena, int32_t **ret_ids,
                          uint32_t *ret_count)
{
    struct store_cursor *cursor = NULL;
    char text[KEY_BYTES_MAX];
    struct str key = version_key(subject, 0, text);
    struct str stored;
    uint32_t count = 0;
    uint32_t capacity = 8;
    int32_t *ids = ARENA_ARRAY(arena, int32_t, capacity);
    enum err err = store_cursor_open(txn, registry->subjects_database, &cursor);
    if (!err)
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &stored);
    for (; !err; err = store_cursor_move(cursor, STORE_NEXT, &key, &stored)) {
        struct str of;
        int32_t version = 0;
        if (!parse_version_key(key, &of, &version) || !str_equal(of, subject))
            break;
        if (count == capacity) {
            int32_t *more = ARENA_ARRAY(arena, int32_t, 2 * (size_t)capacity);
            memcpy(more, ids, count * sizeof(*ids));
            ids = more;
            capacity *= 2;
        }
        err = version == (int32_t)count + 1 ? read_id(key, stored, &ids[count]) : ERR_CORRUPT;
        if (err)
            break;
        count++;
    }
    store_cursor_close(cursor);
    if (err && err != ERR_NOT_FOUND)
        return err;
    *ret_ids = ids;
    *ret_count = count;
    return OK;
}

enum err records_text(struct embedded_registry *registry, struct store_txn *txn, int32_t id,
                      struct str *ret_text)
{
    const uint64_t key = (uint64_t)id;
    if (id <= 0)
        return ERR_NOT_FOUND;
    return store_get_checked(txn, registry->schemas_database,
                             (struct str){(const char *)&key, sizeof(key)}, ret_text);
}

enum err records_candidates(struct embedded_registry *registry, struct store_txn *txn,
                            uint64_t fingerprint, struct arena *arena, int32_t **ret_ids,
                            uint32_t *ret_count)
{
    struct str value;
    const enum err err =
        store_get_checked(txn, registry->ids_database,
                          (struct str){(const char *)&fingerprint, sizeof(fingerprint)}, &value);
    if (err && err != ERR_NOT_FOUND)
        return err;
    const size_t size = err ? 0 : value.size;
    if (size % sizeof(int32_t))
        return ERR_CORRUPT;
    *ret_count = (uint32_t)(size / sizeof(int32_t));
    *ret_ids = size ? arena_copy(arena, value.data, size) : NULL;
    return OK;
}

enum err records_add_schema(struct embedded_registry *registry, struct store_txn *txn,
                            struct str text, uint64_t fingerprint, int32_t *ret_id)
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
    const uint64_t next = last + 1;
    const int32_t id = (int32_t)next;
    err = store_put_checked(txn, registry->schemas_database,
                            (struct str){(const char *)&next, sizeof(next)}, text);
    if (err)
        return err;

    const struct str print = {(const char *)&fingerprint, sizeof(fingerprint)};
    struct buf ids = {0};
    err = store_get_checked(txn, registry->ids_database, print, &value);
    if (!err)
        buf_append_str(&ids, value);
    buf_append(&ids, &id, sizeof(id));
    if (err == ERR_NOT_FOUND)
        err = OK;
    if (!err && ids.size > CANDIDATES_MAX * sizeof(id))
        err = ERR_LIMIT;
    if (!err)
        err = store_put_checked(txn, registry->ids_database, print, buf_str(&ids));
    buf_release(&ids);
    if (!err)
        *ret_id = id;
    return err;
}

enum err records_add_version(struct embedded_registry *registry, struct store_txn *txn,
                             struct str subject, int32_t version, int32_t id)
{
    char text[KEY_BYTES_MAX];
    if (version > VERSIONS_MAX)
        return ERR_LIMIT;
    return store_put_checked(txn, registry->subjects_database, version_key(subject, version, text),
                             (struct str){(const char *)&id, sizeof(id)});
}

enum err records_level(struct embedded_registry *registry, struct store_txn *txn,
                       struct str subject, enum compatibility *ret_level)
{
    struct str value;
    enum err err = store_get_checked(txn, registry->levels_database, level_key(subject), &value);
    if (err == ERR_NOT_FOUND && subject.size)
        err = store_get_checked(txn, registry->levels_database, level_key(STR("")), &value);
    if (err == ERR_NOT_FOUND) {
        *ret_level = COMPATIBILITY_BACKWARD;
        return OK;
    }
    if (err)
        return err;
    if (value.size != 1 || (uint8_t)value.data[0] > COMPATIBILITY_FULL_TRANSITIVE)
        return ERR_CORRUPT;
    *ret_level = (enum compatibility)(uint8_t)value.data[0];
    return OK;
}

enum err records_set_level(struct embedded_registry *registry, struct store_txn *txn,
                           struct str subject, enum compatibility level)
{
    const char byte = (char)level;
    return store_put_checked(txn, registry->levels_database, level_key(subject),
                             (struct str){&byte, 1});
}

enum err records_list(struct embedded_registry *registry, struct store_txn *txn,
                      struct arena *arena, struct registry_version **ret_versions,
                      size_t *ret_count)
{
    struct store_cursor *cursor = NULL;
    struct registry_version *versions = NULL;
    size_t count = 0;
    size_t capacity = 0;
    struct str key;
    struct str stored;
    enum err err = store_cursor_open(txn, registry->subjects_database, &cursor);
    if (!err)
        err = store_cursor_move(cursor, STORE_FIRST, &key, &stored);
    for (; !err; err = store_cursor_move(cursor, STORE_NEXT, &key, &stored)) {
        struct registry_version version = {0};
        struct str subject;
        struct str text;
        if (!parse_version_key(key, &subject, &version.version))
            err = ERR_CORRUPT;
        if (!err)
            err = read_id(key, stored, &version.id);
        if (!err)
            err = records_text(registry, txn, version.id, &text);
        if (err) {
            err = ERR_CORRUPT;
            break;
        }
        version.subject = arena_str(arena, subject);
        version.text = arena_str(arena, text);
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            struct registry_version *more = ARENA_ARRAY(arena, struct registry_version, capacity);
            if (count)
                memcpy(more, versions, count * sizeof(*versions));
            versions = more;
        }
        versions[count++] = version;
    }
    store_cursor_close(cursor);
    if (err != ERR_NOT_FOUND)
        return err;
    *ret_versions = versions;
    *ret_count = count;
    return OK;
}

static struct str version_key(struct str subject, int32_t version, char key[KEY_BYTES_MAX])
{
    must(subject.size <= SUBJECT_BYTES_MAX);
    const uint32_t number = htobe32((uint32_t)version);
    memcpy(key, subject.data, subject.size);
    key[subject.size] = '\0';
    memcpy(key + subject.size + 1, &number, sizeof(number));
    return (struct str){key, subject.size + 5};
}

static bool parse_version_key(struct str key, struct str *ret_subject, int32_t *ret_version)
{
    uint32_t number;
    if (key.size < 6 || key.data[key.size - 5] != '\0')
        return false;
    memcpy(&number, key.data + key.size - 4, sizeof(number));
    *ret_subject = (struct str){key.data, key.size - 5};
    *ret_version = (int32_t)be32toh(number);
    return *ret_version > 0;
}

static enum err read_id(struct str key, struct str stored, int32_t *ret_id)
{
    struct str value;
    const enum err err = store_check_value(key, stored, &value);
    if (err || value.size != sizeof(*ret_id))
        return ERR_CORRUPT;
    memcpy(ret_id, value.data, sizeof(*ret_id));
    return OK;
}

static struct str level_key(struct str subject)
{
    return subject.size ? subject : (struct str){"\0", 1};
}
