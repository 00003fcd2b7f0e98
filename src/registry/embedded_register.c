/* embedded_register.c -- registration: a schema on its way in, found, checked or added. */
#include "registry/embedded.h"

#include "base/buf.h"

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

static enum err candidate_init(struct candidate *candidate, struct str text, struct why *why);
static void candidate_release(struct candidate *candidate);
static enum err look_up(struct embedded_registry *registry, struct store_txn *txn,
                        struct str subject, struct candidate *candidate, struct why *why);
static enum err check_candidate(struct embedded_registry *registry, struct str subject,
                                struct candidate *candidate, struct why *why);
static enum err add_candidate(struct embedded_registry *registry, struct str subject,
                              struct str text, struct candidate *candidate, struct why *why);

enum err registry_embedded_register(struct registry *base, struct str subject, struct str text,
                                    int32_t *ret_id, struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct candidate candidate;
    enum err err = subject_check(subject, why);
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

enum err registry_embedded_check(struct registry *base, struct str subject, struct str text,
                                 struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct candidate candidate;
    enum err err = subject_check(subject, why);
    if (err)
        return err;
    err = candidate_init(&candidate, text, why);
    if (!err)
        err = check_candidate(registry, subject, &candidate, why);
    candidate_release(&candidate);
    return err;
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
        return registry_fail(why, err);
    for (uint32_t i = 0; i < same_count && !candidate->id; i++) {
        const struct avro_schema *schema = NULL;
        struct buf identity = {0};
        err = registry_embedded_by_id(&registry->base, same[i], &schema, why);
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
        err = registry_fail(why, err);
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
        return registry_fail(why, ERR_DENIED);
    const uint32_t version_count = candidate->version_count;
    struct store_txn *txn = NULL;
    enum err err = store_begin(registry->store, true, &txn);
    if (err)
        return registry_fail(why, err);
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
        err = registry_fail(why, err);
out:
    store_abort(txn);
    return err;
}
