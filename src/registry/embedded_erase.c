/* embedded_erase.c -- deletes versions: softly, so that they can be found; then for good. */
#include "registry/embedded.h"

static enum err check_mode(struct embedded_registry *registry, struct str subject, struct why *why)
{
    struct registry_rules rules;
    if (store_is_read_only(registry->store))
        return registry_fail(why, ERR_DENIED);
    const enum err err = registry_rules_in_force(&registry->base, subject, &rules, why);
    if (err)
        return err;
    if (rules.mode == REGISTRY_READONLY || rules.mode == REGISTRY_READONLY_OVERRIDE)
        return why_set(why, ERR_DENIED, "subject '%.*s' is in read-only mode", STR_ARGS(subject));
    return OK;
}

/* ERR_LOCKED when a schema that is in use refers to the version. */
static enum err check_references(const struct registry_version *all, size_t count,
                                 struct str subject, int32_t version, struct why *why)
{
    for (size_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < all[i].reference_count; j++)
            if (all[i].references[j].version == version &&
                str_equal(all[i].references[j].subject, subject))
                return why_set(why, ERR_LOCKED,
                               "version %d of subject '%.*s' is referred to by '%.*s'", version,
                               STR_ARGS(subject), STR_ARGS(all[i].subject));
    return OK;
}

/* Picks what is to be deleted: of one version (or, 0, all), those in the state they must be in. A
 * subject whose last version is deleted softly is itself. */
static enum err pick(struct str subject, int32_t version, bool permanently,
                     const struct stored_version *versions, uint32_t count,
                     struct stored_version *picked, uint32_t *ret_count, struct why *why)
{
    uint32_t found = 0;
    uint32_t others = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (version > 0 && versions[i].version != version)
            continue;
        if (versions[i].is_deleted == permanently)
            picked[found++] = versions[i];
        else
            others++;
    }
    if (found + others == 0)
        return why_set(why, ERR_NOT_FOUND,
                       version > 0 ? "subject '%.*s' has no version %d" : "no subject '%.*s'",
                       STR_ARGS(subject), version);
    if (permanently && others > 0)
        return why_set(why, ERR_EXISTS, "subject '%.*s' was not deleted first", STR_ARGS(subject));
    if (found == 0)
        return why_set(why, ERR_EXISTS, "subject '%.*s' was deleted softly", STR_ARGS(subject));
    *ret_count = found;
    return OK;
}

static enum err erase_picked(struct embedded_registry *registry, struct store_txn *txn,
                             struct str subject, struct stored_version *picked, uint32_t count,
                             bool permanently)
{
    enum err err = OK;
    for (uint32_t i = 0; i < count && !err; i++) {
        picked[i].is_deleted = true;
        err = permanently ? records_drop_version(registry, txn, subject, picked[i].version)
                          : records_set_version(registry, txn, subject, &picked[i]);
    }
    return err;
}

static enum err erase_in(struct embedded_registry *registry, struct store_txn *txn,
                         struct str subject, int32_t version, bool permanently, struct arena *arena,
                         int32_t **ret_versions, size_t *ret_count, struct why *why)
{
    const struct registry_filter filter = {0};
    const struct registry_rules no_rules = {0};
    struct stored_version *versions = NULL;
    struct registry_version *all = NULL;
    size_t all_count = 0;
    uint32_t count = 0;
    enum err err = records_versions(registry, txn, subject, arena, &versions, &count);
    if (!err)
        err = records_list(registry, txn, &filter, arena, &all, &all_count);
    if (err)
        return registry_fail(why, err);
    struct stored_version *picked = ARENA_ARRAY(arena, struct stored_version, count + 1);
    err = pick(subject, version, permanently, versions, count, picked, &count, why);
    for (uint32_t i = 0; i < count && !err; i++)
        err = check_references(all, all_count, subject, picked[i].version, why);
    if (err)
        return err;
    err = erase_picked(registry, txn, subject, picked, count, permanently);
    if (!err && version == 0)
        err = records_set_rules(registry, txn, subject, &no_rules);
    if (err)
        return registry_fail(why, err);
    int32_t *numbers = ARENA_ARRAY(arena, int32_t, count);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = picked[i].version;
    *ret_versions = numbers;
    *ret_count = count;
    return OK;
}

enum err registry_embedded_erase(struct registry *base, struct str subject, int32_t version,
                                 bool permanently, struct arena *arena, int32_t **ret_versions,
                                 size_t *ret_count, struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct store_txn *txn = NULL;
    int32_t *versions = NULL;
    size_t count = 0;
    enum err err = subject_check(subject, why);
    if (!err)
        err = check_mode(registry, subject, why);
    if (err)
        return err;
    err = store_begin(registry->store, true, &txn);
    if (err)
        return registry_fail(why, err);
    err = erase_in(registry, txn, subject, version, permanently, arena, &versions, &count, why);
    if (!err) {
        err = store_commit(txn);
        txn = NULL;
        if (err)
            err = registry_fail(why, err);
    }
    store_abort(txn);
    if (err)
        return err;
    *ret_versions = versions;
    *ret_count = count;
    return OK;
}
