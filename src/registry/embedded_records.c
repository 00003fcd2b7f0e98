/* embedded_records.c -- subjects, their versions and their rules, inside a transaction. */
#include "registry/embedded.h"

#include "base/big_endian.h"
#include "base/buf.h"

#define KEY_BYTES_MAX 512

/* A value of `subjects`; host order, as all of LMDB's file is. */
struct version_value {
    int32_t id;
    int32_t is_deleted;
    int64_t registered_ms;
};

static struct str version_key(struct str subject, int32_t version, char key[KEY_BYTES_MAX]);
static bool parse_version_key(struct str key, struct str *ret_subject, int32_t *ret_version);
static enum err read_version(struct str key, struct str stored, struct stored_version *version);

enum err records_versions(struct embedded_registry *registry, struct store_txn *txn,
                          struct str subject, struct arena *arena,
                          struct stored_version **ret_versions, uint32_t *ret_count)
{
    struct store_cursor *cursor = NULL;
    char text[KEY_BYTES_MAX];
    struct str key = version_key(subject, 0, text);
    struct str stored;
    uint32_t count = 0;
    uint32_t capacity = 8;
    struct stored_version *versions = ARENA_ARRAY(arena, struct stored_version, capacity);
    enum err err = store_cursor_open(txn, registry->subjects_database, &cursor);
    if (!err)
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &stored);
    for (; !err; err = store_cursor_move(cursor, STORE_NEXT, &key, &stored)) {
        struct str of;
        struct stored_version version = {0};
        if (!parse_version_key(key, &of, &version.version) || !str_equal(of, subject))
            break;
        err = read_version(key, stored, &version);
        if (err)
            break;
        if (count == capacity) {
            struct stored_version *more =
                ARENA_ARRAY(arena, struct stored_version, 2 * (size_t)capacity);
            memcpy(more, versions, count * sizeof(*versions));
            versions = more;
            capacity *= 2;
        }
        versions[count++] = version;
    }
    store_cursor_close(cursor);
    if (err && err != ERR_NOT_FOUND)
        return err;
    *ret_versions = versions;
    *ret_count = count;
    return OK;
}

enum err records_set_version(struct embedded_registry *registry, struct store_txn *txn,
                             struct str subject, const struct stored_version *version)
{
    char text[KEY_BYTES_MAX];
    const struct version_value value = {.id = version->id,
                                        .is_deleted = version->is_deleted,
                                        .registered_ms = version->registered_ms};
    if (version->version > VERSIONS_MAX)
        return ERR_LIMIT;
    return store_put_checked(txn, registry->subjects_database,
                             version_key(subject, version->version, text),
                             (struct str){(const char *)&value, sizeof(value)});
}

enum err records_drop_version(struct embedded_registry *registry, struct store_txn *txn,
                              struct str subject, int32_t version)
{
    char text[KEY_BYTES_MAX];
    return store_delete(txn, registry->subjects_database, version_key(subject, version, text));
}

static bool passes(const struct registry_filter *filter, struct str subject,
                   const struct stored_version *version)
{
    return (filter->subject.size == 0 || str_equal(filter->subject, subject)) &&
           (filter->id == 0 || filter->id == version->id) &&
           (filter->with_deleted || !version->is_deleted);
}

/* Appends the version to the list, which doubles. */
static void list_add(struct arena *arena, const struct registry_version *version,
                     struct registry_version **versions, size_t *count)
{
    const bool is_full = *count == 0 || (*count >= 16 && (*count & (*count - 1)) == 0);
    if (is_full) {
        struct registry_version *more =
            ARENA_ARRAY(arena, struct registry_version, *count ? *count * 2 : 16);
        if (*count)
            memcpy(more, *versions, *count * sizeof(*more));
        *versions = more;
    }
    (*versions)[(*count)++] = *version;
}

enum err records_list(struct embedded_registry *registry, struct store_txn *txn,
                      const struct registry_filter *filter, struct arena *arena,
                      struct registry_version **ret_versions, size_t *ret_count)
{
    struct store_cursor *cursor = NULL;
    struct registry_version *versions = NULL;
    size_t count = 0;
    char text[KEY_BYTES_MAX];
    struct str key = version_key(filter->subject, 0, text);
    struct str stored;
    enum err err = store_cursor_open(txn, registry->subjects_database, &cursor);
    if (!err)
        err = filter->subject.size > 0 ? store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &stored)
                                       : store_cursor_move(cursor, STORE_FIRST, &key, &stored);
    for (; !err; err = store_cursor_move(cursor, STORE_NEXT, &key, &stored)) {
        struct stored_version at;
        struct registry_version version = {0};
        struct str subject;
        if (!parse_version_key(key, &subject, &at.version) || read_version(key, stored, &at)) {
            err = ERR_CORRUPT;
            break;
        }
        if (filter->subject.size > 0 && !str_equal(subject, filter->subject))
            break;
        if (!passes(filter, subject, &at))
            continue;
        if (schemas_read(registry, txn, at.id, arena, &version)) {
            err = ERR_CORRUPT;
            break;
        }
        version.subject = arena_str(arena, subject);
        version.version = at.version;
        version.registered_ms = at.registered_ms;
        version.is_deleted = at.is_deleted;
        list_add(arena, &version, &versions, &count);
    }
    store_cursor_close(cursor);
    if (err && err != ERR_NOT_FOUND)
        return err;
    *ret_versions = versions;
    *ret_count = count;
    return OK;
}

/* Of the subject itself, or of all. */
static struct str rule_key(struct str subject)
{
    return subject.size ? subject : (struct str){"\0", 1};
}

static enum err read_rule(struct store_txn *txn, store_database database, struct str subject,
                          int last, bool *ret_has, int *ret_value)
{
    struct str value;
    const enum err err = store_get_checked(txn, database, rule_key(subject), &value);
    *ret_has = err == OK;
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    if (value.size != 1 || (uint8_t)value.data[0] > last)
        return ERR_CORRUPT;
    *ret_value = (uint8_t)value.data[0];
    return OK;
}

static enum err write_rule(struct store_txn *txn, store_database database, struct str subject,
                           bool has, int value)
{
    const char byte = (char)value;
    if (has)
        return store_put_checked(txn, database, rule_key(subject), (struct str){&byte, 1});
    const enum err err = store_delete(txn, database, rule_key(subject));
    return err == ERR_NOT_FOUND ? OK : err;
}

enum err records_rules(struct embedded_registry *registry, struct store_txn *txn,
                       struct str subject, struct registry_rules *ret_rules)
{
    struct registry_rules rules = {0};
    int level = 0;
    int mode = 0;
    enum err err = read_rule(txn, registry->levels_database, subject, COMPATIBILITY_FULL_TRANSITIVE,
                             &rules.has_level, &level);
    if (!err)
        err = read_rule(txn, registry->modes_database, subject, REGISTRY_IMPORT, &rules.has_mode,
                        &mode);
    if (err)
        return err;
    rules.level = (enum compatibility)level;
    rules.mode = (enum registry_mode)mode;
    *ret_rules = rules;
    return OK;
}

enum err records_set_rules(struct embedded_registry *registry, struct store_txn *txn,
                           struct str subject, const struct registry_rules *rules)
{
    const enum err err =
        write_rule(txn, registry->levels_database, subject, rules->has_level, (int)rules->level);
    if (err)
        return err;
    return write_rule(txn, registry->modes_database, subject, rules->has_mode, (int)rules->mode);
}

static struct str version_key(struct str subject, int32_t version, char key[KEY_BYTES_MAX])
{
    must(subject.size + 5 <= KEY_BYTES_MAX);
    if (subject.size > 0)
        memcpy(key, subject.data, subject.size);
    key[subject.size] = '\0';
    big_endian_put_32(key + subject.size + 1, (uint32_t)version);
    return (struct str){key, subject.size + 5};
}

static bool parse_version_key(struct str key, struct str *ret_subject, int32_t *ret_version)
{
    if (key.size < 6 || key.data[key.size - 5] != '\0')
        return false;
    *ret_subject = (struct str){key.data, key.size - 5};
    *ret_version = (int32_t)big_endian_get_32(key.data + key.size - 4);
    return *ret_version > 0;
}

static enum err read_version(struct str key, struct str stored, struct stored_version *version)
{
    struct str text;
    struct version_value value;
    const enum err err = store_check_value(key, stored, &text);
    if (err || text.size != sizeof(value))
        return ERR_CORRUPT;
    memcpy(&value, text.data, sizeof(value));
    version->id = value.id;
    version->is_deleted = value.is_deleted != 0;
    version->registered_ms = value.registered_ms;
    return OK;
}
